//! What moved day by day, as series to forecast from. Pure.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use shiryan_forecast::{Axis, Series};
use shiryan_kernel::place::Governorate;
use shiryan_kernel::time::plus_days;

use super::PARTS_DAYS;
use super::silence::Silences;
use super::store::Flow;

/// Receipts that no drive brought and issues by day, from the first day on which anything moved through yesterday. A day
/// on which a member was not heard of has what is usual there; where those make up most of the area, it is a gap.
pub fn series(flows: &[&Flow], silences: &Silences, today: NaiveDate) -> Option<(Series, Series)> {
    let first = flows.iter().map(|flow| flow.on).min()?;
    let days = usize::try_from(today.signed_duration_since(first).num_days()).ok()?;
    let at = |day: NaiveDate| usize::try_from(day.signed_duration_since(first).num_days()).ok();
    let mut members: BTreeMap<Governorate, Vec<[f64; 2]>> = BTreeMap::new();
    for flow in flows {
        let own = members.entry(flow.governorate).or_insert_with(|| vec![[0.0; 2]; days]);
        if let Some([into, out]) = own.get_mut(at(flow.on)?) {
            *into += f64::from(flow.received - flow.from_drives);
            *out += f64::from(flow.issued);
        }
    }
    let (mut sums, mut missing, mut usual) = (vec![[0.0; 2]; days], vec![[0.0; 2]; days], [0.0; 2]);
    let since = plus_days(today, -PARTS_DAYS).max(first);
    for (member, own) in members {
        let heard = f64::from(silences.heard(member, since, today).max(1));
        let recent = own.iter().skip(at(since).unwrap_or(0));
        let of_member = recent.fold([0.0; 2], |sum, day| add(sum, *day)).map(|sum| sum / heard);
        usual = add(usual, of_member);
        let dates = first.iter_days();
        for (((sum, missing), day), date) in sums.iter_mut().zip(&mut missing).zip(own).zip(dates) {
            if silences.has(member, date) {
                *missing = add(*missing, of_member);
            } else {
                *sum = add(*sum, day);
            }
        }
    }
    let counts = |which: fn([f64; 2]) -> f64| {
        let day = |(sum, missing): (&[f64; 2], &[f64; 2])| {
            (which(*missing) <= which(usual) / 2.0).then_some(which(*sum) + which(*missing))
        };
        Series::new(Axis::Dated(first), sums.iter().zip(&missing).map(day).collect::<Vec<_>>())
    };
    Some((counts(|[into, _]| into), counts(|[_, out]| out)))
}

fn add(one: [f64; 2], other: [f64; 2]) -> [f64; 2] {
    let ([into, out], [more_into, more_out]) = (one, other);
    [into + more_into, out + more_out]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flow(governorate: Governorate, on: &str, received: i32, issued: i32) -> Flow {
        Flow { governorate, on: on.parse().unwrap(), received: received + 2, from_drives: 2, issued }
    }

    fn day(ago: i64) -> NaiveDate {
        plus_days("2026-11-24".parse().unwrap(), -ago)
    }

    fn moved(flows: &[Flow]) -> Silences {
        Silences::of(flows.iter().map(|flow| (flow.governorate, flow.on)), day(0))
    }

    fn both(flows: &[Flow]) -> (Series, Series) {
        series(&flows.iter().collect::<Vec<_>>(), &moved(flows), day(0)).unwrap()
    }

    #[test]
    fn days_of_members_add_up_and_a_day_without_a_movement_is_a_zero() {
        let flows = [
            flow(Governorate::Bethlehem, "2026-11-20", 3, 1),
            flow(Governorate::Hebron, "2026-11-20", 4, 0),
            flow(Governorate::Hebron, "2026-11-22", 0, 5),
        ];
        let (supply, demand) = both(&flows);
        assert_eq!(supply.counts(), [Some(7.0), Some(0.0), Some(0.0), Some(0.0)]);
        assert_eq!(demand.counts(), [Some(1.0), Some(0.0), Some(5.0), Some(0.0)]);
        assert_eq!(supply.last_date(), "2026-11-23".parse().ok());
        assert!(series(&[], &Silences::default(), day(0)).is_none());
    }

    /// Hebron asks for two a day and Bethlehem for one; of the one that fell silent its usual is taken, and where that is
    /// most of what is asked for the day is unknown.
    #[test]
    fn a_member_that_fell_silent_is_its_usual_or_a_gap_and_never_a_zero() {
        let of = |governorate, units, last: i64| {
            (last..=60).map(move |ago| flow(governorate, &day(ago).to_string(), units, units))
        };
        let small: Vec<Flow> =
            of(Governorate::Hebron, 2, 1).chain(of(Governorate::Bethlehem, 1, 11)).collect();
        for series in [both(&small).0, both(&small).1] {
            assert!(series.counts().iter().all(|count| *count == Some(3.0)), "{series:?}");
        }
        let large: Vec<Flow> =
            of(Governorate::Hebron, 2, 11).chain(of(Governorate::Bethlehem, 1, 1)).collect();
        let (_, demand) = both(&large);
        let (known, unknown) = demand.counts().split_at(50);
        assert!(known.iter().all(|count| *count == Some(3.0)) && unknown.iter().all(Option::is_none));
        assert_eq!(unknown.len(), 10);
    }
}
