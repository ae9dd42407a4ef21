//! A calendar of the days that move counts: public holidays, Ramadan, the two Eids, a country's feasts.
//!
//! It is made of days that the caller knows, or of a file: the caller reads it, rows come in, a calendar comes out,
//! or every fault with its row. Columns are
//! `date`, `kind` and, for people, `name`. Kinds with a meaning of their own are `public_holiday`,
//! `ramadan_first`, `eid_al_fitr` and `eid_al_adha`; any other kind is a feast with effects around it. A day
//! may stand there under several kinds. Lunar days are taken as they stand: a sighting can differ by one.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, NaiveDate};

use crate::rows::{MAX_FAULTS, parse_date};

/// At most this many kinds beside the four known ones: each takes columns of the regression.
pub const MAX_FEASTS: usize = 8;
/// The longest name of a kind, in bytes.
const MAX_KIND: usize = 40;

/// What is wrong with a row or the header of a calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CalendarFault {
    #[error("a calendar has the columns `date` and `kind`")]
    ColumnsUnknown,
    #[error("more or fewer cells than the header")]
    CellCount,
    #[error("not a date (YYYY-MM-DD)")]
    DateBad,
    #[error("not a kind: small letters, digits and `_`, at most {MAX_KIND}")]
    KindBad,
    #[error("more than {MAX_FEASTS} kinds beside the known ones")]
    KindsTooMany,
}

impl CalendarFault {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::ColumnsUnknown => "columns_unknown",
            Self::CellCount => "cell_count",
            Self::DateBad => "date_bad",
            Self::KindBad => "kind_bad",
            Self::KindsTooMany => "kinds_too_many",
        }
    }
}

/// A fault and where it stands.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("row {row}, column {column}: {fault}")]
pub struct MarkFault {
    /// 0 is the header, 1 the first row after it.
    pub row: usize,
    /// The column's name; empty when the whole row is meant.
    pub column: &'static str,
    pub fault: CalendarFault,
}

/// Days of one kind, sorted, counted from the common era.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(crate) struct Days(Vec<i32>);

/// Farther than this, a day is not near any other.
const FAR: i32 = 1_000;

impl Days {
    fn of(days: BTreeSet<i32>) -> Self {
        Self(days.into_iter().collect())
    }

    /// Days since the latest of them, that day itself being 0; far when there is none before.
    pub(crate) fn since(&self, day: i32) -> i32 {
        let next = self.0.partition_point(|known| *known <= day);
        let last = next.checked_sub(1).and_then(|at| self.0.get(at));
        last.map_or(FAR, |last| day.saturating_sub(*last).min(FAR))
    }

    /// Days until the next of them, never 0; far when there is none after.
    pub(crate) fn until(&self, day: i32) -> i32 {
        let next = self.0.get(self.0.partition_point(|known| *known <= day));
        next.map_or(FAR, |next| next.saturating_sub(day).min(FAR))
    }

    pub(crate) fn hold(&self, day: i32) -> bool {
        self.0.binary_search(&day).is_ok()
    }
}

/// What a day is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Occasion {
    /// A public holiday, or another day of a feast than its first.
    Free,
    /// The first day of Ramadan, no free day.
    RamadanFirst,
    /// The first day of the feast; it is free too.
    EidAlFitr,
    /// Likewise.
    EidAlAdha,
}

/// The days of a calendar by kind. The empty one knows nothing, and nothing is guessed in its place.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Calendar {
    /// Whatever kind it has, a day listed as free or feast.
    pub(crate) free: Days,
    pub(crate) ramadan: Days,
    pub(crate) fitr: Days,
    pub(crate) adha: Days,
    pub(crate) feasts: Vec<Days>,
    /// What is believed of its days before any was seen.
    pub(crate) counted: Counted,
}

/// What a series counts, as far as something is believed of its feasts before it has seen one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Counted {
    /// Nobody says: no day is believed to differ.
    #[default]
    Anything,
    /// Blood that is given: published effects of the fast and its feasts on donations.
    Given,
    /// Blood that is asked for: next to nothing, but that less is operated on feasts.
    Asked,
}

impl Calendar {
    /// The same days, of a series that counts this.
    #[must_use]
    pub fn of_counts(&self, counted: Counted) -> Self {
        Self { counted, ..self.clone() }
    }

    /// Of days that are known otherwise than from a file, in any order.
    #[must_use]
    pub fn of(days: impl IntoIterator<Item = (NaiveDate, Occasion)>) -> Self {
        let days: BTreeSet<(Occasion, i32)> =
            days.into_iter().map(|(day, occasion)| (occasion, day.num_days_from_ce())).collect();
        let all = |wanted: &[Occasion]| {
            Days::of(days.iter().filter(|(own, _)| wanted.contains(own)).map(|(_, day)| *day).collect())
        };
        Self {
            free: all(&[Occasion::Free, Occasion::EidAlFitr, Occasion::EidAlAdha]),
            ramadan: all(&[Occasion::RamadanFirst]),
            fitr: all(&[Occasion::EidAlFitr]),
            adha: all(&[Occasion::EidAlAdha]),
            feasts: Vec::new(),
            counted: Counted::default(),
        }
    }

    /// Reads a header and its rows (cells as text, surrounding blanks ignored), in any order.
    ///
    /// # Errors
    /// The first [`MAX_FAULTS`] faults, each with its row and column; nothing is read by half.
    pub fn parse<S: AsRef<str>>(
        header: &[S],
        rows: impl IntoIterator<Item = Vec<S>>,
    ) -> Result<Self, Vec<MarkFault>> {
        let names: Vec<&str> =
            header.iter().map(|name| name.as_ref().trim().trim_start_matches('\u{feff}')).collect();
        let place = |wanted: &str| names.iter().position(|name| *name == wanted);
        let (Some(date_at), Some(kind_at)) = (place("date"), place("kind")) else {
            return Err(vec![MarkFault { row: 0, column: "", fault: CalendarFault::ColumnsUnknown }]);
        };
        let (mut marks, mut faults) = (BTreeMap::<String, BTreeSet<i32>>::new(), Vec::new());
        for (row, cells) in (1..).zip(rows) {
            if faults.len() >= MAX_FAULTS {
                break;
            }
            let cells: Vec<&str> = cells.iter().map(|cell| cell.as_ref().trim()).collect();
            match mark(&cells, names.len(), date_at, kind_at) {
                Ok((kind, day)) => drop(marks.entry(kind.to_owned()).or_default().insert(day)),
                Err((column, fault)) => faults.push(MarkFault { row, column, fault }),
            }
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        let free = marks
            .iter()
            .filter(|(kind, _)| *kind != "ramadan_first")
            .flat_map(|(_, days)| days.iter().copied())
            .collect();
        drop(marks.remove("public_holiday"));
        let mut take = |kind: &str| Days::of(marks.remove(kind).unwrap_or_default());
        let (ramadan, fitr, adha) = (take("ramadan_first"), take("eid_al_fitr"), take("eid_al_adha"));
        if marks.len() > MAX_FEASTS {
            return Err(vec![MarkFault { row: 0, column: "kind", fault: CalendarFault::KindsTooMany }]);
        }
        let feasts = marks.into_values().map(Days::of).collect();
        Ok(Self { free: Days::of(free), ramadan, fitr, adha, feasts, counted: Counted::default() })
    }

    /// Whether it names no day at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.free.0.is_empty() && self.ramadan.0.is_empty()
    }
}

fn mark<'a>(
    cells: &[&'a str],
    width: usize,
    date_at: usize,
    kind_at: usize,
) -> Result<(&'a str, i32), (&'static str, CalendarFault)> {
    let (Some(date), Some(kind), true) = (cells.get(date_at), cells.get(kind_at), cells.len() == width)
    else {
        return Err(("", CalendarFault::CellCount));
    };
    let day = parse_date(date).ok_or(("date", CalendarFault::DateBad))?.num_days_from_ce();
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    let good = (1..=MAX_KIND).contains(&kind.len()) && kind.bytes().all(plain);
    if good { Ok((kind, day)) } else { Err(("kind", CalendarFault::KindBad)) }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn parse(text: &str) -> Result<Calendar, Vec<MarkFault>> {
        let mut lines = text.lines().map(|line| line.split(',').collect::<Vec<_>>());
        Calendar::parse(&lines.next().unwrap_or_default(), lines)
    }

    fn day(text: &str) -> i32 {
        text.parse::<NaiveDate>().unwrap().num_days_from_ce()
    }

    #[test]
    fn days_know_how_near_they_are() {
        let calendar = parse(
            "date,kind,name\n2024-04-10,eid_al_fitr,Eid\n2024-03-11,ramadan_first,R\n2024-04-10,public_holiday,Eid\n\
             2024-02-10,new_moon,N\n2023-03-23,ramadan_first,R",
        )
        .unwrap();
        let ramadan = &calendar.ramadan;
        assert_eq!((ramadan.since(day("2024-03-11")), ramadan.since(day("2024-03-10"))), (0, 353));
        assert_eq!((ramadan.until(day("2024-03-01")), ramadan.until(day("2024-03-11"))), (10, FAR));
        assert_eq!(ramadan.since(day("2023-03-22")), FAR);
        assert!(calendar.free.hold(day("2024-04-10")) && calendar.free.hold(day("2024-02-10")));
        assert!(!calendar.free.hold(day("2024-03-11")), "a first fast day is no free day");
        assert_eq!((calendar.feasts.len(), calendar.is_empty()), (1, false));
        assert!(parse("kind,date").unwrap().is_empty());
    }

    #[test]
    fn days_known_otherwise_are_the_days_of_a_file() {
        let read = parse(
            "date,kind\n2024-03-11,ramadan_first\n2024-04-10,eid_al_fitr\n2024-04-11,public_holiday\n\
             2024-06-16,eid_al_adha",
        );
        use Occasion::{EidAlAdha, EidAlFitr, Free, RamadanFirst};
        let told = [
            ("2024-06-16", EidAlAdha),
            ("2024-04-11", Free),
            ("2024-04-10", EidAlFitr),
            ("2024-03-11", RamadanFirst),
        ];
        assert_eq!(Ok(Calendar::of(told.map(|(day, occasion)| (day.parse().unwrap(), occasion)))), read);
        assert!(Calendar::of([]).is_empty());
    }

    #[test]
    fn every_fault_with_its_row_and_column() {
        let faults = |text: &str| -> Vec<_> {
            parse(text).unwrap_err().into_iter().map(|f| (f.row, f.column, f.fault)).collect()
        };
        use CalendarFault as F;
        assert_eq!(faults("day,kind"), [(0, "", F::ColumnsUnknown)]);
        assert_eq!(
            faults("date,kind\n2024-02-30,eid\n2024-02-01\n2024-02-01,\n2024-02-01,Two words"),
            [
                (1, "date", F::DateBad),
                (2, "", F::CellCount),
                (3, "kind", F::KindBad),
                (4, "kind", F::KindBad)
            ]
        );
        let many: String = (0..9).map(|n| format!("\n2024-02-01,feast_{n}")).collect();
        assert_eq!(faults(&format!("date,kind{many}")), [(0, "kind", F::KindsTooMany)]);
        assert_eq!(faults(&format!("date,kind{}", "\nx,y".repeat(500))).len(), MAX_FAULTS);
    }
}
