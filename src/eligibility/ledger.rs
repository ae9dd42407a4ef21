//! The ledgers of deferrals and givings, read: lines are appended, never changed, and what stands is what
//! follows from the lines that were written by a day.
//!
//! A correction replaces what its deferral said, from the day on which it was written; a withdrawal ends
//! it on that day. A replay of an earlier day reads neither.

use chrono::{NaiveDate, NaiveDateTime};
use shiryan_kernel::ids::{DeferralId, GivingId};

use super::facts::{DeferralFact, Giving};
use super::record::GivingSource;

/// What a line says of its deferral.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    Entered,
    /// The event came that closes an open cause.
    Ended,
    /// It was other than entered.
    Corrected,
    /// It never was.
    Withdrawn,
}

/// A line of the ledger of deferrals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeferralLine {
    pub id: DeferralId,
    /// The deferral that it is about; its own id where it was entered.
    pub about: DeferralId,
    pub event: Event,
    /// The cause and its days as this line says; `recorded_on` is the line's own day.
    pub says: DeferralFact,
}

/// A deferral as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StandingDeferral {
    pub id: DeferralId,
    pub fact: DeferralFact,
    /// Day of the last correction.
    pub corrected_on: Option<NaiveDate>,
    /// How many lines say so: a request to change it names the number that it saw.
    pub lines: usize,
}

impl StandingDeferral {
    /// The day from which what a line said of it is over: it was withdrawn or corrected, or its event came later.
    pub fn over_since(&self, said: &DeferralFact) -> Option<NaiveDate> {
        let ended_on = self.fact.ended_on.filter(|_| said.ended_on.is_none());
        self.fact.withdrawn_on.or(self.corrected_on).or(ended_on)
    }
}

/// What stands by the lines of up to `known_by`, or by all; oldest first.
pub fn standing_deferrals(lines: &[DeferralLine], known_by: Option<NaiveDate>) -> Vec<StandingDeferral> {
    let known = || lines.iter().filter(|line| known_by.is_none_or(|day| line.says.recorded_on <= day));
    let entered = known().filter(|line| line.event == Event::Entered);
    let mut standing: Vec<StandingDeferral> = entered
        .map(|line| StandingDeferral { id: line.id, fact: line.says.clone(), corrected_on: None, lines: 1 })
        .collect();
    for line in known().filter(|line| line.event != Event::Entered) {
        let Some(of) = standing.iter_mut().find(|of| of.id == line.about) else { continue };
        of.lines += 1;
        match line.event {
            Event::Entered => {}
            Event::Ended => of.fact.ended_on = line.says.ended_on,
            Event::Corrected => {
                let DeferralFact { withdrawn_on, noted_on, .. } = of.fact;
                of.fact = DeferralFact { withdrawn_on, noted_on, ..line.says.clone() };
                of.corrected_on = Some(line.says.recorded_on);
            }
            Event::Withdrawn => {
                of.fact.withdrawn_on = of.fact.withdrawn_on.or(Some(line.says.recorded_on));
            }
        }
    }
    standing
}

/// A line of the ledger of givings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivingLine {
    pub id: GivingId,
    /// The line that it replaces.
    pub corrects: Option<GivingId>,
    /// Says that there was no giving.
    pub voided: bool,
    pub source: GivingSource,
    pub says: Giving,
    /// UTC.
    pub recorded_at: NaiveDateTime,
}

/// The givings that count by the lines written before a moment, or by all: lines that no later line
/// replaces, and that do not say that there was none.
pub fn standing_givings(lines: Vec<GivingLine>, before: Option<NaiveDateTime>) -> Vec<GivingLine> {
    let mut known = lines;
    known.retain(|line| before.is_none_or(|moment| line.recorded_at < moment));
    let replaced: Vec<GivingId> = known.iter().filter_map(|line| line.corrects).collect();
    known.retain(|line| !line.voided && !replaced.contains(&line.id));
    known
}

#[cfg(test)]
mod tests {
    use super::*;
    use shiryan_kernel::blood::DonationType;

    fn day(n: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 3, n).unwrap()
    }

    fn line(id: i64, about: i64, event: Event, on: u32, base: Option<NaiveDate>) -> DeferralLine {
        let says = DeferralFact::new("TAT", base, day(on));
        DeferralLine { id: DeferralId(id), about: DeferralId(about), event, says }
    }

    #[test]
    fn a_correction_counts_from_the_day_on_which_it_was_written() {
        let lines = [
            line(1, 1, Event::Entered, 2, None),
            line(2, 1, Event::Corrected, 5, Some(day(1))),
            line(3, 3, Event::Entered, 6, None),
            line(4, 1, Event::Withdrawn, 9, None),
        ];
        assert!(standing_deferrals(&lines, Some(day(1))).is_empty());
        let fact = |known_by| standing_deferrals(&lines, known_by).remove(0);
        assert_eq!((fact(Some(day(4))).fact.base, fact(Some(day(4))).lines), (None, 1));
        assert_eq!((fact(Some(day(5))).fact.base, fact(Some(day(5))).lines), (Some(day(1)), 2));
        assert_eq!(fact(Some(day(8))).fact.withdrawn_on, None);
        let last = fact(None);
        assert_eq!((last.fact.withdrawn_on, last.corrected_on, last.lines), (Some(day(9)), Some(day(5)), 3));
        // A corrected deferral is newly known on the day of correction: an older leave does not cover it.
        assert_eq!(last.fact.recorded_on, day(5));
        assert_eq!(standing_deferrals(&lines, None).len(), 2);
    }

    #[test]
    fn an_event_written_before_its_deferral_by_a_slower_clock_is_read_after_it() {
        let lines = [line(1, 2, Event::Withdrawn, 3, None), line(2, 2, Event::Entered, 3, None)];
        assert_eq!(standing_deferrals(&lines, None)[0].fact.withdrawn_on, Some(day(3)));
    }

    #[test]
    fn a_corrected_giving_counts_once_and_a_voided_one_not() {
        let line = |id, corrects: Option<i64>, voided, on: u32, recorded: u32| GivingLine {
            id: GivingId(id),
            corrects: corrects.map(GivingId),
            voided,
            source: GivingSource::Import,
            says: Giving::completed(day(on), DonationType::WholeBlood),
            recorded_at: day(recorded).and_time(chrono::NaiveTime::MIN),
        };
        let lines = vec![
            line(1, None, false, 1, 1),
            line(2, Some(1), false, 4, 6),
            line(3, None, false, 8, 8),
            line(4, Some(3), true, 8, 10),
        ];
        let days = |by: Option<NaiveDate>| {
            let before = by.map(|day| day.succ_opt().unwrap().and_time(chrono::NaiveTime::MIN));
            let standing = standing_givings(lines.clone(), before);
            standing.iter().map(|line| line.says.on).collect::<Vec<_>>()
        };
        assert_eq!(days(Some(day(5))), [day(1)]);
        assert_eq!(days(Some(day(9))), [day(4), day(8)]);
        assert_eq!(days(None), [day(4)]);
    }
}
