//! What must hold for any donor.

use chrono::NaiveDate;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use shiryan_kernel::blood::{DonationType, Sex};
use shiryan_kernel::status::DonorStatus;

use super::*;

pub(super) fn any_day() -> impl Strategy<Value = NaiveDate> {
    (-500_i64..500).prop_map(day)
}

pub(super) fn donation_type() -> impl Strategy<Value = DonationType> {
    proptest::sample::select(DonationType::ALL)
}

pub(super) fn giving() -> impl Strategy<Value = Giving> {
    let volumes = (option::of(0_u16..900), option::of(0_u16..400));
    (any_day(), donation_type(), any::<bool>(), volumes).prop_map(
        |(on, donation_type, completed, (volume_ml, red_cells_lost_ml))| Giving {
            on,
            donation_type,
            completed,
            volume_ml,
            red_cells_lost_ml,
        },
    )
}

fn code() -> impl Strategy<Value = String> {
    let mut codes: Vec<String> = catalogue().entries().map(|entry| entry.code.clone()).collect();
    codes.push("NO-SUCH".to_owned());
    proptest::sample::select(codes)
}

pub(super) fn deferral() -> impl Strategy<Value = DeferralFact> {
    let days = (option::of(any_day()), option::of(any_day()), option::of(any_day()), option::of(any_day()));
    (code(), any_day(), days).prop_map(|(code, recorded_on, (base, second_base, ended_on, withdrawn_on))| {
        DeferralFact { second_base, ended_on, withdrawn_on, ..DeferralFact::new(code, base, recorded_on) }
    })
}

fn allowance() -> impl Strategy<Value = Allowance> {
    let code = prop_oneof![code(), Just("AGE-REGULAR".to_owned()), Just("AGE-FIRST-TIME".to_owned())];
    (code, any_day()).prop_map(|(code, on)| Allowance { code, on, at: None })
}

pub(super) fn donor() -> impl Strategy<Value = DonorFacts> {
    let person = (
        option::of(proptest::sample::select(Sex::ALL)),
        option::of((-26_000_i64..-5_800).prop_map(day)),
        option::of(40.0_f64..110.0),
        option::of(140.0_f64..200.0),
    );
    let standing = (
        prop_oneof![8 => Just(DonorStatus::Active), 1 => proptest::sample::select(DonorStatus::ALL)],
        option::of(any_day()),
        any::<bool>(),
        option::of((0_u16..6, any_day()).prop_map(|(count, on)| Declared { count, on })),
    );
    let events = (vec(giving(), 0..8), vec(deferral(), 0..2), vec(allowance(), 0..3));
    (person, standing, events).prop_map(|(person, standing, events)| DonorFacts {
        sex: person.0,
        birth_date: person.1,
        weight_kg: person.2,
        height_cm: person.3,
        status: standing.0,
        paused_until: standing.1,
        never_screened_here: standing.2,
        declared: standing.3,
        group_discrepancy: false,
        givings: events.0,
        deferrals: events.1,
        allowances: events.2,
        ..DonorFacts::unknown()
    })
}

/// Open-ended is later than every day.
pub(super) fn at_earliest(decision: &Decision) -> NaiveDate {
    decision.earliest.unwrap_or(NaiveDate::MAX)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn a_decision_is_yes_exactly_within_the_windows(donor in donor(), from in any_day()) {
        let (set, catalogue) = (default_set(), catalogue());
        let ahead = windows(set, catalogue, &donor, from);
        for asked in DonationType::ALL {
            let own: Vec<Window> =
                ahead.iter().filter(|(given, _)| given == asked).map(|(_, window)| *window).collect();
            prop_assert!(own.len() <= WINDOWS_AHEAD);
            let covered = own.get(WINDOWS_AHEAD - 1).and_then(|last| last.until).unwrap_or(NaiveDate::MAX);
            for n in 0..400 {
                let on = plus_days(from, n);
                if on > covered {
                    break;
                }
                let yes = decide(set, catalogue, &donor, *asked, on).outcome == Outcome::Eligible;
                prop_assert_eq!(yes, own.iter().any(|window| window.holds(on)), "{} {}", asked, on);
            }
        }
    }

    #[test]
    fn the_earliest_day_is_a_yes_and_no_earlier_one_is(
        donor in donor(), asked in donation_type(), on in any_day(),
    ) {
        let (set, catalogue) = (default_set(), catalogue());
        let decision = decide(set, catalogue, &donor, asked, on);
        let yes = |on| decide(set, catalogue, &donor, asked, on).outcome == Outcome::Eligible;
        match decision.earliest {
            Some(earliest) => {
                prop_assert!(earliest >= on && yes(earliest));
                let between = on.iter_days().take_while(|day| *day < earliest).take(400);
                for day in between {
                    prop_assert!(!yes(day), "{}", day);
                }
            }
            None => prop_assert!(!(0..400).any(|n| yes(plus_days(on, n)))),
        }
        prop_assert_eq!(decision.outcome == Outcome::Eligible, decision.earliest == Some(on));
    }

    #[test]
    fn adding_a_deferral_never_makes_an_earlier_day(
        donor in donor(), more in deferral(), asked in donation_type(), on in any_day(),
    ) {
        let before = ask(&donor, asked, on);
        let mut after = donor;
        after.deferrals.push(more);
        prop_assert!(at_earliest(&ask(&after, asked, on)) >= at_earliest(&before));
    }

    /// But for what makes a donor regular: a dated donation in place of a declared one, or a first one.
    #[test]
    fn adding_a_donation_never_makes_an_earlier_day(
        donor in donor(), more in giving(), asked in donation_type(), on in any_day(),
    ) {
        let mut donor = donor;
        donor.declared = None;
        donor.never_screened_here = true;
        let before = ask(&donor, asked, on);
        donor.givings.push(more);
        prop_assert!(at_earliest(&ask(&donor, asked, on)) >= at_earliest(&before));
    }

    #[test]
    fn the_order_of_history_does_not_matter(
        donor in donor(), turn in 0_usize..8, asked in donation_type(), on in any_day(),
    ) {
        let mut other = donor.clone();
        let turn_by = |len: usize| if len == 0 { 0 } else { turn % len };
        let (givings, deferrals) = (turn_by(other.givings.len()), turn_by(other.deferrals.len()));
        other.givings.rotate_left(givings);
        other.givings.reverse();
        other.deferrals.rotate_left(deferrals);
        other.allowances.reverse();
        prop_assert_eq!(ask(&donor, asked, on), ask(&other, asked, on));
    }

    /// With no new event, time alone takes a yes away only by age or by no longer being regular.
    #[test]
    fn a_yes_stays_a_yes(donor in donor(), asked in donation_type(), on in any_day(), later in 1_i64..1500) {
        let mut donor = donor;
        donor.givings.retain(|giving| giving.on <= on);
        if ask(&donor, asked, on).outcome == Outcome::Eligible {
            let then = ask(&donor, asked, plus_days(on, later));
            let by_time = ["AGE-REGULAR", "AGE-FIRST-TIME", "FIRST-TIME-DOUBLE-RED-CELLS"];
            let bars: Vec<&Reason> =
                then.reasons.iter().filter(|reason| reason.severity != Severity::Warning).collect();
            prop_assert!(bars.iter().all(|bar| by_time.contains(&bar.code.as_str())), "{:?}", bars);
        }
    }

    #[test]
    fn no_reader_but_the_physician_learns_a_sealed_code(donor in donor(), asked in donation_type(), on in any_day()) {
        let decision = ask(&donor, asked, on);
        let sealed: Vec<&Reason> =
            decision.reasons.iter().filter(|reason| reason.visibility == Visibility::Sealed).collect();
        let mut bare = decision.clone();
        bare.reasons.retain(|reason| reason.visibility != Visibility::Sealed);
        for viewer in Viewer::ALL.iter().copied().filter(|viewer| !viewer.sees(Visibility::Sealed)) {
            let seen = serde_json::to_string(&view(&decision, viewer)).unwrap();
            for reason in &sealed {
                let quoted = format!("\"{}\"", reason.code);
                prop_assert!(!seen.contains(&quoted), "{}", seen);
            }
            // any other sealed cause in its place reads the same
            let mut other = bare.clone();
            other.reasons.extend(sealed.first().map(|reason| Reason {
                code: "P-TSE".to_owned(), until: None, for_good: true, ..(*reason).clone()
            }));
            other.earliest = if sealed.is_empty() { decision.earliest } else { None };
            other.outcome = Outcome::of(other.reasons.iter());
            prop_assert_eq!(seen, serde_json::to_string(&view(&other, viewer)).unwrap());
        }
    }
}
