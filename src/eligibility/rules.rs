//! The decision: may this donor give this, on this day, and if not, from when and why.
//!
//! Pure: rule set, catalogue, facts and day in, explained answer out. The giving windows are read
//! off the same bars, so that the roster and a decision cannot disagree.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::Serialize;
use shiryan_kernel::blood::DonationType;

use super::bar::{Bar, Why, first_free, next_bar};
use super::catalogue::{Catalogue, Kind};
use super::facts::DonorFacts;
use super::history::Past;
use super::policy::{Measure, RuleSet};
use super::reason::{Outcome, Reason, RuleCode, RuleSetStamp};
use super::{deferral, history, person};

/// How many windows ahead are told per donation type.
pub const WINDOWS_AHEAD: usize = 2;

/// The whole answer. Holds sealed causes: what leaves the room goes through `view`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Decision {
    pub donation_type: DonationType,
    pub on: NaiveDate,
    pub outcome: Outcome,
    /// First day from `on` on which a yes is expected as things stand; absent while open-ended.
    pub earliest: Option<NaiveDate>,
    /// Strongest first. Warnings stand beside a yes too.
    pub reasons: Vec<Reason>,
    pub rule_set: RuleSetStamp,
}

/// Days on which giving is allowed as things stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Window {
    pub from: NaiveDate,
    /// Last day; open-ended when absent.
    pub until: Option<NaiveDate>,
}

impl Window {
    #[must_use]
    pub fn holds(&self, day: NaiveDate) -> bool {
        self.from <= day && self.until.is_none_or(|until| day <= until)
    }
}

/// Decides for one donation type on one civil day.
#[must_use]
pub fn decide(
    rule_set: &RuleSet,
    catalogue: &Catalogue,
    donor: &DonorFacts,
    asked: DonationType,
    on: NaiveDate,
) -> Decision {
    let past = Past::of(rule_set, donor);
    let mut bars = Vec::with_capacity(16);
    fill(rule_set, catalogue, donor, &past, asked, &mut bars);
    let standing = bars.iter().filter(|bar| bar.covers(on));
    let mut reasons: Vec<Reason> = standing.map(|bar| explain(rule_set, bar)).collect();
    reasons.sort_unstable();
    reasons.dedup();
    Decision {
        donation_type: asked,
        on,
        outcome: Outcome::of(reasons.iter()),
        earliest: first_free(&bars, on),
        reasons,
        rule_set: RuleSetStamp { code: rule_set.code.clone(), version: rule_set.version },
    }
}

/// At most two windows ahead per donation type, from `from` on.
#[must_use]
pub fn windows(
    rule_set: &RuleSet,
    catalogue: &Catalogue,
    donor: &DonorFacts,
    from: NaiveDate,
) -> Vec<(DonationType, Window)> {
    let past = Past::of(rule_set, donor);
    let mut found = Vec::new();
    let mut bars = Vec::with_capacity(16);
    for asked in DonationType::ALL.iter().filter(|asked| rule_set.offered.contains(asked)) {
        fill(rule_set, catalogue, donor, &past, *asked, &mut bars);
        let mut day = Some(from);
        for _ in 0..WINDOWS_AHEAD {
            let Some(opens) = day.and_then(|day| first_free(&bars, day)) else { break };
            let shuts = next_bar(&bars, opens);
            found.push((*asked, Window { from: opens, until: shuts.and_then(|shuts| shuts.pred_opt()) }));
            day = shuts;
        }
    }
    found
}

/// Every bar for `asked`, in the place of what `bars` held.
fn fill<'a>(
    rule_set: &'a RuleSet,
    catalogue: &'a Catalogue,
    donor: &'a DonorFacts,
    past: &Past,
    asked: DonationType,
    bars: &mut Vec<Bar<'a>>,
) {
    bars.clear();
    history::bars(rule_set, donor, past, asked, bars);
    deferral::bars(catalogue, donor, asked, bars);
    person::bars(rule_set, donor, past, asked, bars);
}

fn is_for_good(bar: &Bar<'_>) -> bool {
    let permanent = match bar.why {
        Why::Cause(entry, _) => entry.kind == Kind::Permanent,
        Why::Rule(code) => matches!(code, RuleCode::Deceased | RuleCode::Erased),
        _ => false,
    };
    permanent && bar.until.is_none()
}

fn explain(rule_set: &RuleSet, bar: &Bar<'_>) -> Reason {
    let by_rule = |code: RuleCode, facts: Vec<(&'static str, String)>| Reason {
        severity: bar.severity,
        code: code.code().to_owned(),
        until: bar.until,
        for_good: is_for_good(bar),
        visibility: code.visibility(),
        source: rule_set.source.clone(),
        facts: facts.into_iter().collect(),
    };
    match &bar.why {
        Why::Rule(code) => by_rule(*code, Vec::new()),
        Why::Figure(code, name, figure) => by_rule(*code, vec![(name, figure.to_string())]),
        Why::Past { code, on, counts_as, days } => by_rule(
            *code,
            vec![
                ("given_on", on.to_string()),
                ("counts_as", counts_as.to_string()),
                ("days", days.to_string()),
            ],
        ),
        Why::Cap(cap) => {
            let code = match cap.measure {
                Measure::RedCellUnits => RuleCode::CapRedCells,
                Measure::Donations => RuleCode::CapDonations,
                Measure::PlasmaMl => RuleCode::CapPlasma,
            };
            by_rule(code, vec![("cap", cap.code.clone()), ("window_days", cap.window_days.to_string())])
        }
        Why::UnknownCause(fact) => {
            by_rule(RuleCode::DeferralUnknown, vec![("recorded_on", fact.recorded_on.to_string())])
        }
        Why::Cause(entry, fact) => {
            let mut facts = BTreeMap::from([("recorded_on", fact.recorded_on.to_string())]);
            let base = if entry.code == fact.code { fact.base } else { fact.ended_on };
            if entry.bases() > 0 {
                facts.insert("base", base.map_or_else(|| "unknown".to_owned(), |base| base.to_string()));
            }
            Reason {
                severity: bar.severity,
                code: entry.code.clone(),
                until: bar.until,
                for_good: is_for_good(bar),
                visibility: entry.visibility,
                source: entry.source.clone(),
                facts,
            }
        }
    }
}
