//! Rest after a drive, and what command learns.

use chrono::Duration;
use shiryan_kernel::blood::DonationType;
use shiryan_kernel::branch::PhysicalLoad;
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
