//! Several records of one person: the most restrictive of everything.

use proptest::collection::vec;
use proptest::prelude::*;
use shiryan_kernel::blood::BloodGroup;

use super::properties::{any_day, at_earliest, deferral, donation_type, donor, giving};
use super::*;
use crate::eligibility::merged::unite;

/// As a merge reads a record: allowances of before it count no more.
fn before_merge(donor: &DonorFacts) -> DonorFacts {
    DonorFacts { allowances: Vec::new(), ..donor.clone() }
}

fn merged(one: &DonorFacts, other: &DonorFacts) -> DonorFacts {
    unite(vec![before_merge(one), before_merge(other)])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn a_merge_never_makes_anyone_eligible_earlier(
        one in donor(), other in donor(), same in any::<bool>(), asked in donation_type(), on in any_day(),
    ) {
        // Half of the pairs agree on who the person is, as most duplicates do.
        let other = if same {
            let (sex, birth_date) = (one.sex, one.birth_date);
            DonorFacts { sex, birth_date, status: DonorStatus::Active, ..other }
        } else {
            other
        };
        let day = at_earliest(&ask(&merged(&one, &other), asked, on));
        prop_assert!(day >= at_earliest(&ask(&one, asked, on)));
        prop_assert!(day >= at_earliest(&ask(&other, asked, on)));
    }

    /// A history told in two records is the history told in one.
    #[test]
    fn a_merge_is_the_union(
        person in donor(), more in (vec(giving(), 0..6), vec(deferral(), 0..3)), cut in (0_usize..6, 0_usize..3),
        asked in donation_type(), on in any_day(),
    ) {
        let mut whole = before_merge(&person);
        // First-time status and a declared count are each record's own.
        (whole.never_screened_here, whole.declared) = (true, None);
        let mut days = std::collections::BTreeSet::new();
        (whole.givings, whole.deferrals) = more;
        whole.givings.retain(|giving| days.insert((giving.on, giving.donation_type)));
        let (mut one, mut other) = (whole.clone(), whole.clone());
        other.givings = one.givings.split_off(cut.0.min(whole.givings.len()));
        other.deferrals = one.deferrals.split_off(cut.1.min(whole.deferrals.len()));
        prop_assert_eq!(ask(&merged(&one, &other), asked, on), ask(&whole, asked, on));
        // Whatever both tell of counts once.
        prop_assert_eq!(ask(&merged(&whole, &one), asked, on), ask(&whole, asked, on));
    }

    #[test]
    fn no_order_of_records_matters(
        one in donor(), other in donor(), third in donor(), asked in donation_type(), on in any_day(),
    ) {
        let forth = unite(vec![one.clone(), other.clone(), third.clone()]);
        let back = unite(vec![third, other, one]);
        prop_assert_eq!(ask(&forth, asked, on), ask(&back, asked, on));
    }
}

#[test]
fn what_differs_is_unknown() {
    let (man, woman) = (regular(Sex::Male), regular(Sex::Female));
    let on = day0();
    let decision = ask(&merged(&man, &woman), DonationType::WholeBlood, on);
    assert!(codes(&decision).contains(&"SEX-UNKNOWN"));
    let older = DonorFacts { birth_date: Some(date("1990-02-10")), ..man.clone() };
    let unknown = DonorFacts { birth_date: None, ..man.clone() };
    for other in [older, unknown] {
        let decision = ask(&merged(&man, &other), DonationType::WholeBlood, on);
        assert!(codes(&decision).contains(&"BIRTH-DATE-UNKNOWN"), "{decision:?}");
    }
    assert!(ask(&merged(&man, &man), DonationType::WholeBlood, on).reasons.is_empty());
}

#[test]
fn typed_groups_that_differ_are_a_discrepancy_and_declared_ones_are_not() {
    let typed = |group| DonorFacts { typed_group: group, ..regular(Sex::Male) };
    let discrepant = |one, other| {
        let decision = ask(&merged(&typed(one), &typed(other)), DonationType::WholeBlood, day0());
        codes(&decision).contains(&"GROUP-DISCREPANCY")
    };
    assert!(discrepant(Some(BloodGroup::APos), Some(BloodGroup::ONeg)));
    assert!(!discrepant(Some(BloodGroup::APos), Some(BloodGroup::APos)));
    assert!(!discrepant(Some(BloodGroup::APos), None));
}

#[test]
fn one_giving_in_two_registers_counts_once_and_two_count_twice() {
    let on = day(-100);
    let told = |volume_ml, lost| {
        let giving =
            Giving { volume_ml, red_cells_lost_ml: lost, ..Giving::completed(on, DonationType::WholeBlood) };
        DonorFacts { givings: vec![giving], ..regular(Sex::Male) }
    };
    let both = merged(&told(Some(450), Some(0)), &told(None, None));
    assert_eq!(both.givings.len(), 1);
    let twice = DonorFacts { givings: vec![both.givings[0].clone(); 2], ..regular(Sex::Male) };
    assert_eq!(merged(&twice, &told(None, None)).givings.len(), 2, "each record's own stay");
    let plasma = |volume_ml| {
        let giving = Giving { volume_ml, ..Giving::completed(on, DonationType::PlasmaApheresis) };
        DonorFacts { givings: vec![giving], ..regular(Sex::Male) }
    };
    assert_eq!(merged(&plasma(Some(600)), &plasma(None)).givings.len(), 2, "the volume counts");
}

#[test]
fn an_alias_itself_gives_nothing_and_a_pause_of_either_holds_for_both() {
    let alias = DonorFacts { is_alias: true, ..merged(&regular(Sex::Male), &regular(Sex::Male)) };
    assert_eq!(codes(&ask(&alias, DonationType::WholeBlood, day0())), ["UNDER-REVIEW"]);
    assert!(windows(default_set(), catalogue(), &alias, day0()).is_empty());
    let paused =
        DonorFacts { status: DonorStatus::Paused, paused_until: Some(day(30)), ..regular(Sex::Male) };
    let decision = ask(&merged(&regular(Sex::Male), &paused), DonationType::WholeBlood, day0());
    assert_eq!((codes(&decision), decision.earliest), (vec!["PAUSED"], Some(day(30))));
}
