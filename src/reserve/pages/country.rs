//! Where is it? One group of one component, governorate by governorate: tiles that lie as the governorates do, and the
//! same as a list, worst first. Each stands by its own shelf alone; closed roads are drawn.

use actix_web::web;
use askama::Template;
use serde::Deserialize;
use shiryan_kernel::blood::{BloodGroup, Component};
use shiryan_kernel::place::Governorate;
use shiryan_kernel::{Code, Problem};

use super::view::{self, Row, Scale};
use super::{NAMED, silent};
use crate::accounts::{Actor, SeeReserve};
use crate::db::off_loop;
use crate::http::{Answer, House, Query};
use crate::places::closures::{self, Closure, Roads};
use crate::projections::COMPONENTS;
use crate::reserve::{self, Ask, By, Cell};
use crate::sheets::Format;
use crate::web::{Choice, Frame, Group, Say, Table, Time, Visitor};

/// What the page is asked by its filters.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    group: Option<BloodGroup>,
    component: Option<Component>,
    /// The list as a file.
    format: Option<Format>,
}

/// One governorate.
struct Place {
    /// Row and column of its tile.
    lies: (u8, u8),
    name: String,
    region: &'static str,
    region_name: String,
    row: Row,
    /// Every road out of it is closed.
    is_cut: bool,
    /// What closed roads leave of its region, in words.
    roads: Option<String>,
}

#[derive(Template)]
#[template(path = "where.html")]
struct Page {
    frame: Frame,
    at: Time,
    day: String,
    group: Group,
    group_name: String,
    groups: Vec<Choice>,
    component: Component,
    component_name: String,
    components: Vec<Choice>,
    scale: Scale,
    /// From north to south.
    tiles: Vec<Place>,
    /// Worst first.
    places: Vec<Place>,
    silent: Vec<String>,
    silent_more: i64,
}

pub async fn country(house: web::Data<House>, visitor: Visitor, asked: Query<Asked>) -> Answer {
    let _by: Actor<SeeReserve> = visitor.seat()?;
    let group = asked.group.unwrap_or(BloodGroup::ONeg);
    let component = asked.component.unwrap_or(Component::RedCells);
    if !COMPONENTS.contains(&component) {
        return Err(Problem::field("component", Code::InvalidValue).into());
    }
    let (zone, sources) = (house.zone, house.reserve.clone());
    let ask = Ask { by: By::Governorate, within: None, component: Some(component), group: Some(group) };
    let read = off_loop(move || {
        let picture = reserve::picture(&sources, &ask)?;
        let closed = sources.db.read_now(|conn| closures::list_at(conn, picture.as_of))?;
        Ok((picture, closed))
    });
    let (picture, closed) = read.await?;
    let now = picture.as_of;
    let frame = Frame::of(&house, &visitor, "where-title");
    let say = frame.say;
    let scale = Scale::of(&house.levels.bands, component);
    let place = |cell: &Cell| place(say, scale, cell, &closed);
    let mut cells = picture.cells;
    let mut tiles: Vec<Place> = cells.iter().filter_map(place).collect();
    tiles.sort_by_key(|tile| tile.lies);
    view::worst_first(&mut cells);
    let (silent, silent_more) = silent(visitor.lang, &picture.silent, NAMED);
    let page = Page {
        at: Time(now, zone),
        day: say.day(zone.date(now)),
        group: Group(group),
        group_name: say.word("blood-group", group.code()),
        groups: Choice::words(say, "blood-group", BloodGroup::ALL.iter().map(|own| own.code()), group.code()),
        component,
        component_name: say.word("component", component.code()),
        components: Choice::words(
            say,
            "component",
            COMPONENTS.iter().map(|own| own.code()),
            component.code(),
        ),
        scale,
        tiles,
        places: cells.iter().filter_map(place).collect(),
        silent,
        silent_more,
        frame,
    };
    match asked.format {
        Some(format) => visitor.file(&house, format, table(say, &page.places)).await,
        None => Ok(visitor.page(&page)?),
    }
}

fn table(say: Say, places: &[Place]) -> Table {
    let headings = ["governorate", "region", "cover", "level", "units", "expiring", "demand"];
    let cells = |place: &Place| {
        let Row { days, level_word, units, expiring, demand, .. } = &place.row;
        let mut cells = vec![place.name.clone(), place.region_name.clone(), days.clone(), level_word.clone()];
        cells.extend([units.to_string(), expiring.to_string(), demand.clone()]);
        cells
    };
    Table {
        name: "where",
        header: headings.map(|id| say.text(&format!("column-{id}"))).into(),
        rows: places.iter().map(cells).collect(),
    }
}

fn place(say: Say, scale: Scale, cell: &Cell, closed: &[Closure]) -> Option<Place> {
    let governorate = cell.area.members().next()?;
    let (is_cut, roads) = left(say, governorate, closed);
    Some(Place {
        lies: governorate.tile(),
        name: say.word("governorate", governorate.code()),
        region: governorate.region().code(),
        region_name: say.word("region", governorate.region().code()),
        row: Row::of(say, scale, cell),
        is_cut,
        roads,
    })
}

/// Whether a governorate is cut off, and what it still reaches where that is not its whole region.
fn left(say: Say, governorate: Governorate, closed: &[Closure]) -> (bool, Option<String>) {
    let reached = Roads::but(closed).reach(governorate);
    let others = governorate.region().members().count();
    let is_shut = closed.iter().any(|own| own.governorate == governorate && own.other.is_none());
    if is_shut || (reached.len() == 1 && others > 1) {
        return (true, Some(say.text("where-cut")));
    }
    if reached.len() == others {
        return (false, None);
    }
    let names: Vec<String> = reached
        .into_iter()
        .filter(|own| *own != governorate)
        .map(|own| say.word("governorate", own.code()))
        .collect();
    let names = names.join(&format!("{} ", say.text("list-comma")));
    (false, Some(say.with("where-reaches", &[("names", &names)])))
}

#[cfg(test)]
mod tests {
    use shiryan_kernel::ids::ClosureId;

    use super::*;
    use crate::texts::Lang;

    fn closure(governorate: Governorate, other: Option<Governorate>) -> Closure {
        Closure {
            id: ClosureId(1),
            governorate,
            other,
            from: Default::default(),
            until: None,
            is_ended: false,
        }
    }

    #[test]
    fn closed_roads_cut_off_or_leave_a_part() {
        let say = Say(Lang::En);
        let closed = [
            closure(Governorate::Jenin, None),
            closure(Governorate::Jerusalem, None),
            closure(Governorate::DeirAlBalah, Some(Governorate::KhanYunis)),
            closure(Governorate::DeirAlBalah, Some(Governorate::Rafah)),
        ];
        for cut in [Governorate::Jenin, Governorate::Jerusalem, Governorate::DeirAlBalah] {
            assert_eq!(left(say, cut, &closed), (true, Some(say.text("where-cut"))), "{cut}");
        }
        assert_eq!(left(say, Governorate::Hebron, &closed), (false, None));
        let rafah = left(say, Governorate::Rafah, &closed);
        assert_eq!(rafah, (false, Some("Reaches only Khan Yunis".to_owned())));
    }

    #[test]
    fn no_two_tiles_lie_upon_each_other() {
        let mut lie: Vec<(u8, u8)> = Governorate::ALL.iter().map(|own| own.tile()).collect();
        lie.sort_unstable();
        lie.dedup();
        assert_eq!(lie.len(), Governorate::ALL.len());
        assert!(lie.iter().all(|(row, column)| *row < 10 && *column < 4), "the sheet has so many places");
    }
}
