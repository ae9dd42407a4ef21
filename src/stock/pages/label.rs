//! The label of a unit, to be printed and stuck on the bag.
//!
//! It says in both languages what is in the bag, and how the bag stands: one that may not be issued says so larger than
//! anything else. A product code of ISBT 128, which is licensed, is not on it.

use actix_web::web;
use askama::Template;
use shiryan_kernel::ids::BloodUnitId;
use shiryan_kernel::isbt;
use shiryan_kernel::status::UnitStatus;
use shiryan_kernel::{Code, Problem};

use crate::accounts::{Actor, TraceUnits};
use crate::http::{Answer, House, NoQuery, PathId};
use crate::places;
use crate::stock;
use crate::texts::Lang;
use crate::web::{Bars, Frame, Group, Say, Time, Visitor};

/// A text in both languages.
struct Both {
    ar: String,
    en: String,
}

impl Both {
    fn word(list: &str, code: &str) -> Self {
        Self { ar: Say(Lang::Ar).word(list, code), en: Say(Lang::En).word(list, code) }
    }

    fn text(id: &str) -> Self {
        Self { ar: Say(Lang::Ar).text(id), en: Say(Lang::En).text(id) }
    }
}

struct Grouped {
    group: Group,
    name: Both,
    code: String,
    bars: Bars,
}

#[derive(Template)]
#[template(path = "label.html")]
struct Page {
    frame: Frame,
    din: String,
    din_bars: Bars,
    group: Option<Grouped>,
    no_group: Both,
    component: Both,
    division: Option<i32>,
    volume_ml: i32,
    attributes: Vec<Both>,
    collected_word: Both,
    collected: String,
    expires_word: Both,
    expires: String,
    expires_at: Time,
    expires_code: String,
    expires_bars: Bars,
    facility: Both,
    status: Both,
    /// Why it may not be issued like any other; none of a unit that may.
    warning: Option<Both>,
}

/// The label of a unit that the visitor may trace.
pub async fn label(
    house: web::Data<House>,
    visitor: Visitor,
    id: PathId<BloodUnitId>,
    _query: NoQuery,
) -> Answer {
    let by: Actor<TraceUnits> = visitor.seat()?;
    let (who, vault) = (by.clone(), house.vault.clone());
    let (unit, place) = house
        .db
        .read(move |conn| {
            let (unit, _) = stock::trace(conn, &vault, &who, id.0)?;
            let place = places::facility(conn, unit.facility)?;
            Ok((unit, place))
        })
        .await?;
    if matches!(unit.status, UnitStatus::Transfused | UnitStatus::Divided) {
        // There is no bag any more.
        return Err(Problem::new(Code::NotFound).into());
    }
    let zone = house.zone;
    let is_untested = unit.status == UnitStatus::EmergencyUntested;
    let group = match unit.blood_group {
        Some(group) => {
            let code = isbt::group_code(group, is_untested);
            let bars = Bars::of(&code)?;
            Some(Grouped { group: Group(group), name: Both::word("blood-group", group.code()), code, bars })
        }
        None => None,
    };
    let warning = match unit.status {
        UnitStatus::Released | UnitStatus::Reserved | UnitStatus::Issued => None,
        UnitStatus::EmergencyUntested => Some(Both::text("unit-warning-emergency-untested")),
        _ => Some(Both::text("label-not-for-issue")),
    };
    let frame = Frame::of(&house, &visitor, "label-title");
    let expires_code = isbt::expiry_code(unit.expires_at(), zone);
    let page = Page {
        din: unit.din.printed(),
        din_bars: Bars::of(&unit.din.barcode())?,
        group,
        no_group: Both::text("label-no-group"),
        component: Both::word("component", unit.component.code()),
        division: (unit.division > 0).then_some(unit.division),
        volume_ml: unit.volume_ml,
        attributes: unit.attributes.list().iter().map(|one| Both::word("attribute", one.code())).collect(),
        collected_word: Both::text("label-collected"),
        collected: unit.collected_on.to_string(),
        expires_word: Both::text("label-expires"),
        expires: zone.date(unit.expires_at()).to_string(),
        expires_at: Time(unit.expires_at(), zone),
        expires_bars: Bars::of(&expires_code)?,
        expires_code,
        facility: Both { ar: place.name_ar, en: place.name_en },
        status: Both::word("unit-status", unit.status.code()),
        warning,
        frame,
    };
    Ok(visitor.page(&page)?)
}
