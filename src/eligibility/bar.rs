//! A bar: days on which one reason stands. A decision and the giving windows read the same bars.

use chrono::NaiveDate;
use shiryan_kernel::blood::DonationType;

use super::catalogue::Entry;
use super::facts::{Allowance, DeferralFact, Giving};
use super::policy::Cap;
use super::reason::{RuleCode, Severity};

/// What stands behind a bar.
#[derive(Debug, Clone)]
pub(super) enum Why<'a> {
    Rule(RuleCode),
    /// A past donation, what it counts as and the days from it.
    Past {
        code: RuleCode,
        on: NaiveDate,
        counts_as: DonationType,
        days: u16,
    },
    Cap(&'a Cap),
    /// A figure that explains, such as the bag that fits.
    Figure(RuleCode, &'static str, i64),
    Cause(&'a Entry, &'a DeferralFact),
    UnknownCause(&'a DeferralFact),
}

/// `[from, until)` in civil days; open-ended without `until`.
#[derive(Debug, Clone)]
pub(super) struct Bar<'a> {
    pub why: Why<'a>,
    pub severity: Severity,
    pub from: NaiveDate,
    pub until: Option<NaiveDate>,
}

impl<'a> Bar<'a> {
    pub const fn always(severity: Severity, why: Why<'a>) -> Self {
        Self { why, severity, from: NaiveDate::MIN, until: None }
    }

    pub const fn before(day: NaiveDate, severity: Severity, why: Why<'a>) -> Self {
        Self { why, severity, from: NaiveDate::MIN, until: Some(day) }
    }

    pub fn covers(&self, day: NaiveDate) -> bool {
        self.from <= day && self.until.is_none_or(|until| day < until)
    }

    /// Whether it keeps the donor from giving.
    pub fn blocks(&self) -> bool {
        self.severity != Severity::Warning
    }
}

/// The first day from `day` on that no blocking bar covers; none if the last is open-ended.
pub(super) fn first_free(bars: &[Bar<'_>], day: NaiveDate) -> Option<NaiveDate> {
    let mut day = day;
    loop {
        let Some(bar) = bars.iter().find(|bar| bar.blocks() && bar.covers(day)) else { return Some(day) };
        day = bar.until?;
    }
}

/// The first day after `day` on which a blocking bar begins.
pub(super) fn next_bar(bars: &[Bar<'_>], day: NaiveDate) -> Option<NaiveDate> {
    bars.iter().filter(|bar| bar.blocks() && bar.from > day).map(|bar| bar.from).min()
}

/// Days `[from, until)` that need a physician, less those that the medical officer has allowed: each
/// allowance opens the days from its own until the next giving.
pub(super) fn less_allowed(
    span: (NaiveDate, Option<NaiveDate>),
    allowed: impl Iterator<Item = NaiveDate>,
    givings: &[Giving],
) -> Vec<(NaiveDate, Option<NaiveDate>)> {
    let mut allowed: Vec<NaiveDate> = allowed.collect();
    allowed.sort_unstable();
    let mut pieces = Vec::new();
    let (mut from, until) = span;
    for opens in allowed {
        let within = until.is_none_or(|until| opens < until);
        if !within {
            break;
        }
        if from < opens {
            pieces.push((from, Some(opens)));
        }
        let used = givings.iter().map(|giving| giving.on).filter(|on| *on >= opens).min();
        match used {
            Some(used) => from = from.max(used),
            None => return pieces,
        }
    }
    if until.is_none_or(|until| from < until) {
        pieces.push((from, until));
    }
    pieces
}

/// The days of the allowances for `code` that were given once the matter was known: on a later day, or later on
/// the same one.
pub(super) fn allowed_for<'a>(
    allowances: &'a [Allowance],
    code: &'a str,
    known: Option<&'a DeferralFact>,
) -> impl Iterator<Item = NaiveDate> + 'a {
    let came_after = move |allowance: &&Allowance| {
        known.is_none_or(|fact| match (allowance.at, fact.recorded_at) {
            (Some(allowed), Some(recorded)) => allowed >= recorded,
            _ => allowance.on >= fact.recorded_on,
        })
    };
    allowances
        .iter()
        .filter(move |allowance| allowance.code == code)
        .filter(came_after)
        .map(|allowance| allowance.on)
}
