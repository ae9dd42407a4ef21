//! Rest after a drive, and what command learns.

use chrono::Duration;
use shiryan_kernel::Code;
use shiryan_kernel::blood::DonationType;
use shiryan_kernel::branch::{DespiteRest, PhysicalLoad, RestMode};
use shiryan_kernel::time::Zone;

use super::*;

fn rest(collected: &[DonationType]) -> Rest {
    Rest { since: Zone::default().start_of(day0()), collected: collected.to_vec() }
}

#[test]
fn b2_the_rest_is_the_longest_of_what_the_drive_collects() {
    let both = rest(&[DonationType::WholeBlood, DonationType::DoubleRedCells]);
    let load = [PhysicalLoad::HazardHeightMachine];
    let at = |hours| assignability(std::slice::from_ref(&both), &load, both.since + Duration::hours(hours));
    assert_eq!(at(47), Assignability::NotAssignable);
    assert_eq!(at(48), Assignability::Assignable);
    let platelets = rest(&[DonationType::PlateletApheresis]);
    assert_eq!(platelets.over(PhysicalLoad::HeavyLabour), platelets.since + Duration::hours(12));
}

#[test]
fn b2_loads_and_drives_add_up_and_the_donor_card_stays_private() {
    let one = rest(&[DonationType::WholeBlood]);
    let later = Rest { since: one.since + Duration::hours(20), ..one.clone() };
    let at = one.since + Duration::hours(30);
    let parade = [PhysicalLoad::ParadeStanding];
    assert_eq!(assignability(std::slice::from_ref(&one), &parade, at), Assignability::Assignable);
    assert_eq!(assignability(&[one.clone(), later], &parade, at), Assignability::NotAssignable);
    let crew = [PhysicalLoad::ParadeStanding, PhysicalLoad::FlyCrew];
    assert_eq!(assignability(std::slice::from_ref(&one), &crew, at), Assignability::NotAssignable);
    let march = [PhysicalLoad::FitnessTestMarch];
    assert_eq!(assignability(&[one], &march, at), Assignability::Assignable);
    assert_eq!(assignability(&[], &crew, at), Assignability::Assignable);
}

#[test]
fn a_duty_clashes_from_the_drives_day_to_the_end_of_the_rest() {
    let end = Zone::default().start_of(day0()) + Duration::hours(14);
    let collected = vec![DonationType::WholeBlood];
    let visit = Visit { from: Zone::default().start_of(day0()), rest: Rest { since: end, collected } };
    let second = Duration::seconds(1);
    let mode =
        |loads: &[PhysicalLoad], starts, ends| visit.clash(loads, (starts, ends)).map(|clash| clash.mode);
    for load in PhysicalLoad::ALL {
        let (over, loads) = (visit.rest.over(*load), [*load]);
        let expected = Some(load.mode()).filter(|mode| *mode != RestMode::DonorCardOnly);
        assert_eq!(mode(&loads, over - second, over + second), expected, "{load}: the rest's last second");
        assert_eq!(mode(&loads, over, over + second), None, "{load}: it is over");
        let day = visit.from;
        assert_eq!(mode(&loads, day - second, day + second), expected, "{load}: on the day itself");
        assert_eq!(mode(&loads, day - second, day), None, "{load}: the day before");
        assert_eq!(mode(&loads, day - second, over + second), expected, "{load}: all the while");
    }
    let both = [PhysicalLoad::HeavyLabour, PhysicalLoad::HazardHeightMachine];
    let clash = visit.clash(&both, (end, end + second)).unwrap();
    assert_eq!(clash, Clash { mode: RestMode::Block, load: PhysicalLoad::HazardHeightMachine });
    assert_eq!(visit.clash(&[], (end, end + second)), None);
}

#[test]
fn a_reason_passes_a_warning_and_nothing_else() {
    let clash = |load: PhysicalLoad| Some(Clash { mode: load.mode(), load });
    let (warns, blocks) = (clash(PhysicalLoad::HeavyLabour), clash(PhysicalLoad::VehicleDuty));
    let refused = |clash, despite| heed(clash, despite).err().map(|problem| (problem.code, problem.facts));
    let told = |mode: &str, load: &str| vec![("mode", mode.to_owned()), ("load", load.to_owned())];
    assert_eq!(refused(None, None), None);
    assert_eq!(refused(warns, Some(DespiteRest::LightWork)), None);
    assert_eq!(refused(warns, None), Some((Code::DutyConflict, told("warn", "heavy_labour"))));
    for despite in DespiteRest::ALL {
        let expected = Some((Code::DutyConflict, told("block", "vehicle_duty")));
        assert_eq!(refused(blocks, Some(*despite)), expected, "{despite}");
    }
}
