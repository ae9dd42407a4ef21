//! Bars that follow from deferrals.
//!
//! Each counts from its own base event. An unknown base is open-ended and needs the physician; the
//! day of entry is never a base. A cause that ends by an event (pregnancy now) stays shut until that
//! event, and may be followed by another that counts from it.

use chrono::NaiveDate;
use shiryan_kernel::blood::DonationType;
use shiryan_kernel::time::plus_days;

use super::bar::{Bar, Why, allowed_for, less_allowed};
use super::catalogue::{Catalogue, Entry, Kind, Scope};
use super::facts::{DeferralFact, DonorFacts};
use super::reason::Severity;

/// Bars of every deferral for `asked`.
pub(super) fn bars<'a>(
    catalogue: &'a Catalogue,
    donor: &'a DonorFacts,
    asked: DonationType,
    bars: &mut Vec<Bar<'a>>,
) {
    for fact in &donor.deferrals {
        match catalogue.get(&fact.code) {
            None => {
                let why = Why::UnknownCause(fact);
                bars.push(Bar { until: fact.withdrawn_on, ..Bar::always(Severity::HardStop, why) });
            }
            Some(entry) => cause(catalogue, donor, fact, entry, asked, bars),
        }
    }
}

fn cause<'a>(
    catalogue: &'a Catalogue,
    donor: &'a DonorFacts,
    fact: &'a DeferralFact,
    entry: &'a Entry,
    asked: DonationType,
    bars: &mut Vec<Bar<'a>>,
) {
    if let (true, Some(ended), Some(next)) = (entry.ends_by_event(), fact.ended_on, &entry.then) {
        let next = catalogue.get(next);
        bars.extend(next.and_then(|next| counted_from(ended, fact, next, asked)));
    }
    if entry.scope == Scope::Visit || !entry.applies.to(asked) {
        return;
    }
    let mut hard = |until: Option<NaiveDate>| {
        let until = earlier(until, fact.withdrawn_on);
        bars.push(Bar { until, ..Bar::always(Severity::HardStop, Why::Cause(entry, fact)) });
    };
    let needs_physician = match entry.kind {
        Kind::Permanent => {
            hard(None);
            false
        }
        Kind::Temporary if entry.ends_by_event() => {
            hard(fact.ended_on);
            false
        }
        Kind::Temporary | Kind::Physician => {
            let (known, complete) = end(fact, entry);
            if known.is_some() {
                hard(known);
            }
            entry.kind == Kind::Physician || !complete
        }
    };
    if needs_physician {
        let allowed = allowed_for(&donor.allowances, &entry.code, Some(fact));
        for (from, until) in less_allowed((NaiveDate::MIN, fact.withdrawn_on), allowed, &donor.givings) {
            bars.push(Bar { why: Why::Cause(entry, fact), severity: Severity::NeedsPhysician, from, until });
        }
    }
}

/// The bar of a cause that began on the day on which another was closed by its event.
fn counted_from<'a>(
    base: NaiveDate,
    fact: &'a DeferralFact,
    entry: &'a Entry,
    asked: DonationType,
) -> Option<Bar<'a>> {
    let end = entry.days_by_base().map(|days| plus_days(base, i64::from(days))).max()?;
    let until = earlier(Some(end), fact.withdrawn_on);
    let bar = Bar { until, ..Bar::always(Severity::HardStop, Why::Cause(entry, fact)) };
    entry.applies.to(asked).then_some(bar)
}

/// The latest end over the bases that are known, and whether all are.
fn end(fact: &DeferralFact, entry: &Entry) -> (Option<NaiveDate>, bool) {
    let stated = [fact.base, fact.second_base];
    let mut known = None;
    let mut complete = true;
    for (days, base) in entry.days_by_base().zip(stated) {
        match base {
            Some(base) => known = known.max(Some(plus_days(base, i64::from(days)))),
            None => complete = false,
        }
    }
    (known, complete)
}

fn earlier(one: Option<NaiveDate>, other: Option<NaiveDate>) -> Option<NaiveDate> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}
