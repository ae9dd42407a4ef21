//! Pure decisions about a donation: what is made of it, and what cannot be true of one.

pub mod day;

use chrono::Duration;
use shiryan_kernel::blood::{Component, DonationType};
use shiryan_kernel::problem::Faults;
use shiryan_kernel::shelf::{Additive, Keeping};
use shiryan_kernel::status::Drawn;
use shiryan_kernel::time::{Moment, Zone};
use shiryan_kernel::{Code, Problem, Result};

use super::collect::NewDrawing;
use crate::stock::NewUnit;

/// What a donor says of the use of the blood, of one length.
pub const USE: &str = "use it";
pub const DO_NOT_USE: &str = "do not";

/// The most that one visit takes, in mL; a greater figure is a slip of the pen.
pub const MOST_ML: i32 = crate::stock::rules::MOST_ML;
/// How long after the needle a donation may still be entered, in days.
pub const LATEST_ENTRY_DAYS: i64 = 30;
/// Bags into which an apheresis is divided at most.
const MOST_BAGS: usize = 3;

/// A piece of a donation: its component, and its number where the donation gives several (else 0).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Piece {
    pub component: Component,
    pub division: i32,
}

/// What a donation becomes: `asked`, or what its type becomes unless somebody asks otherwise
/// (`usual` for whole blood).
///
/// Whole blood stays whole, or is parted into different components, of which plasma and cryoprecipitate
/// exclude each other. An apheresis gives its own component in up to three bags; double red cells give
/// two.
///
/// # Errors
/// `invalid_value` of `components` for anything else.
pub fn made_of(
    donation_type: DonationType,
    asked: Option<&[Component]>,
    usual: &[Component],
) -> Result<Vec<Piece>> {
    let own = match donation_type {
        DonationType::WholeBlood => return parted(asked.unwrap_or(usual)),
        DonationType::DoubleRedCells => &[Component::RedCells, Component::RedCells][..],
        DonationType::PlateletApheresis => &[Component::Platelets][..],
        DonationType::PlasmaApheresis => &[Component::Plasma][..],
    };
    let bags = asked.unwrap_or(own);
    let fits = own.first().is_some_and(|one| !bags.is_empty() && bags.iter().all(|bag| bag == one));
    let counted = match donation_type {
        DonationType::DoubleRedCells => bags.len() == own.len(),
        _ => bags.len() <= MOST_BAGS,
    };
    if !fits || !counted {
        return Err(wrong_components());
    }
    let divided = bags.len() > 1;
    let pieces = (1..).zip(bags).map(|(number, component)| Piece {
        component: *component,
        division: if divided { number } else { 0 },
    });
    Ok(pieces.collect())
}

fn parted(components: &[Component]) -> Result<Vec<Piece>> {
    let has = |component| components.contains(&component);
    let mut distinct = components.to_vec();
    distinct.sort_unstable();
    distinct.dedup();
    let whole_and_parts = has(Component::WholeBlood) && components.len() > 1;
    let plasma_twice = has(Component::Plasma) && has(Component::Cryoprecipitate);
    if components.is_empty() || distinct.len() != components.len() || whole_and_parts || plasma_twice {
        return Err(wrong_components());
    }
    Ok(components.iter().map(|component| Piece { component: *component, division: 0 }).collect())
}

fn wrong_components() -> Problem {
    Problem::field("components", Code::InvalidValue)
}

/// Volume of a component parted from whole blood when nobody has weighed the bag, in mL: the lower end
/// of the usual range. Circular of Information for the Use of Human Blood and Blood Components, 2021.
const fn usual_ml(component: Component) -> i32 {
    match component {
        Component::WholeBlood => 450,
        Component::RedCells => 300,
        Component::Platelets => 40,
        Component::Plasma => 200,
        Component::Cryoprecipitate => 5,
    }
}

/// The units that the pieces of a donation become. Whole blood keeps the whole volume, an apheresis parts
/// it evenly, a parted component is taken at its usual volume and never above what was collected. The
/// last good moment is 23:59 of the last civil day on which what the bag holds keeps.
#[must_use]
pub fn units(
    pieces: &[Piece],
    donation_type: DonationType,
    volume_ml: i32,
    (collected_at, zone): (Moment, Zone),
    (keeping, additive): (&Keeping, Option<Additive>),
) -> Vec<NewUnit> {
    let count = i32::try_from(pieces.len()).unwrap_or(i32::MAX).max(1);
    let collected_on = zone.date(collected_at);
    let volume = |component| match (donation_type, component) {
        (DonationType::WholeBlood, Component::WholeBlood) => volume_ml,
        (DonationType::WholeBlood, parted) => usual_ml(parted).min(volume_ml),
        _ => (volume_ml / count).max(1),
    };
    let made = pieces.iter().map(|piece| NewUnit {
        component: piece.component,
        division: piece.division,
        volume_ml: volume(piece.component),
        expires_at: zone.end_of(keeping.expires(piece.component, additive, collected_on)),
    });
    made.collect()
}

/// Refuses what cannot be true of a donation entered at `now`.
///
/// # Errors
/// `out_of_range` of `volume_ml` outside 1 to 1000, and of `collected_at` in the future or more than 30
/// days ago; all at once.
pub fn check_figures(volume_ml: i32, collected_at: Moment, now: Moment) -> Result<()> {
    let mut faults = shiryan_kernel::problem::Faults::none();
    if !(1..=MOST_ML).contains(&volume_ml) {
        faults.add("volume_ml", Code::OutOfRange);
    }
    if collected_at > now || collected_at < now - Duration::days(LATEST_ENTRY_DAYS) {
        faults.add("collected_at", Code::OutOfRange);
    }
    faults.settle()
}

/// Refuses what cannot be true of a drawing told at `now`.
///
/// # Errors
/// `out_of_range` of `bag_expires_on` before the day, of `ended_at` before the begin or to come, of `volume_ml` outside 1
/// to 1000 (0 where nothing was drawn); all at once.
pub fn check_drawing(new: &NewDrawing, zone: Zone, now: Moment) -> Result<()> {
    let mut faults = Faults::none();
    if new.bag_expires_on < zone.date(new.began_at) {
        faults.add("bag_expires_on", Code::OutOfRange);
    }
    if new.ended_at < new.began_at || new.ended_at > now {
        faults.add("ended_at", Code::OutOfRange);
    }
    let least = i32::from(new.outcome != Drawn::Failed);
    if !(least..=MOST_ML).contains(&new.volume_ml) {
        faults.add("volume_ml", Code::OutOfRange);
    }
    faults.settle()
}

#[cfg(test)]
mod tests {
    use Component::*;

    use super::*;

    fn made(donation_type: DonationType, asked: Option<&[Component]>) -> Result<Vec<(Component, i32)>> {
        let pieces = made_of(donation_type, asked, &[WholeBlood])?;
        Ok(pieces.into_iter().map(|piece| (piece.component, piece.division)).collect())
    }

    #[test]
    fn a_donation_becomes_what_its_type_gives() {
        use DonationType::*;
        for (donation_type, asked, expected) in [
            (DonationType::WholeBlood, None, vec![(Component::WholeBlood, 0)]),
            (DonationType::WholeBlood, Some(&[RedCells, Plasma][..]), vec![(RedCells, 0), (Plasma, 0)]),
            (
                DonationType::WholeBlood,
                Some(&[RedCells, Platelets, Cryoprecipitate][..]),
                vec![(RedCells, 0), (Platelets, 0), (Cryoprecipitate, 0)],
            ),
            (DoubleRedCells, None, vec![(RedCells, 1), (RedCells, 2)]),
            (PlateletApheresis, None, vec![(Platelets, 0)]),
            (PlateletApheresis, Some(&[Platelets, Platelets][..]), vec![(Platelets, 1), (Platelets, 2)]),
            (PlasmaApheresis, Some(&[Plasma; 3][..]), vec![(Plasma, 1), (Plasma, 2), (Plasma, 3)]),
        ] {
            assert_eq!(made(donation_type, asked).unwrap(), expected);
        }
        let usual = made_of(DonationType::WholeBlood, None, &[RedCells, Plasma]).unwrap();
        assert_eq!(usual.len(), 2);
    }

    #[test]
    fn nothing_else_is_made_of_it() {
        use DonationType::*;
        for (donation_type, asked) in [
            (DonationType::WholeBlood, &[][..]),
            (DonationType::WholeBlood, &[Component::WholeBlood, RedCells]),
            (DonationType::WholeBlood, &[RedCells, RedCells]),
            (DonationType::WholeBlood, &[Plasma, Cryoprecipitate]),
            (DoubleRedCells, &[RedCells]),
            (DoubleRedCells, &[RedCells; 3]),
            (DoubleRedCells, &[Plasma, Plasma]),
            (PlateletApheresis, &[Plasma]),
            (PlateletApheresis, &[Platelets; 4]),
            (PlasmaApheresis, &[]),
        ] {
            let refused = made(donation_type, Some(asked)).unwrap_err();
            assert_eq!(refused.errors[0].field, "components");
            assert_eq!(refused.errors[0].code, Code::InvalidValue);
        }
    }

    #[test]
    fn volumes_never_exceed_what_was_collected_and_days_end_at_midnight() {
        let (zone, at) = (Zone::default(), "2026-03-01T06:00:00Z".parse().unwrap());
        let keeping = Keeping { bags: Additive::AsSagm, ..Keeping::default() };
        let of = |donation_type, asked: Option<&[Component]>, volume| {
            let pieces = made_of(donation_type, asked, &[WholeBlood]).unwrap();
            let additive = Some(if asked.is_some() { Additive::AsSagm } else { Additive::Cpda1 });
            let units = units(&pieces, donation_type, volume, (at, zone), (&keeping, additive));
            units.into_iter().map(|unit| (unit.volume_ml, unit.expires_at)).collect::<Vec<_>>()
        };
        let end = |date: &str| zone.end_of(date.parse().unwrap());
        assert_eq!(of(DonationType::WholeBlood, None, 450), [(450, end("2026-04-05"))]);
        let parted = of(DonationType::WholeBlood, Some(&[RedCells, Platelets]), 250);
        assert_eq!(parted, [(250, end("2026-04-12")), (40, end("2026-03-06"))]);
        let double = of(DonationType::DoubleRedCells, None, 361);
        assert_eq!(double, [(180, end("2026-04-05")), (180, end("2026-04-05"))]);
        assert_eq!(of(DonationType::PlasmaApheresis, Some(&[Plasma; 3]), 2)[0].0, 1);
    }

    #[test]
    fn what_cannot_be_true_is_refused_at_once() {
        let now: Moment = "2026-03-31T06:00:00Z".parse().unwrap();
        let fields = |volume, at: Moment| -> Vec<String> {
            let checked = check_figures(volume, at, now);
            checked.err().map(|p| p.errors.into_iter().map(|e| e.field).collect()).unwrap_or_default()
        };
        assert!(fields(450, now).is_empty());
        assert!(fields(1, now - Duration::days(30)).is_empty());
        assert_eq!(fields(450, now + Duration::seconds(1)), ["collected_at"]);
        assert_eq!(fields(450, now - Duration::days(30) - Duration::seconds(1)), ["collected_at"]);
        assert_eq!(fields(0, now + Duration::days(1)), ["volume_ml", "collected_at"]);
        assert_eq!(fields(1_001, now), ["volume_ml"]);
    }
}
