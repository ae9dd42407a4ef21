//! Series out of the rows of a file.
//!
//! The caller reads the file; rows come in, series come out, or every fault with its row. The first
//! column is `date` (civil) or `day` (a running number); a column `dow` gives the weekday of numbered
//! days; each other column is a series. Rows may come in any order; a day that is not there is a gap,
//! as is an empty cell: neither is a zero. Refused: a day twice, a negative count, a span past
//! [`MAX_DAYS`].

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate, Weekday};

use crate::number::wide;
use crate::series::{Axis, MAX_DAYS, Series};

/// At most this many faults are told at once.
pub const MAX_FAULTS: usize = 100;

/// What is wrong with a row or a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SeriesFault {
    #[error("the first column is neither `date` nor `day`")]
    FirstColumnUnknown,
    #[error("no column holds a series")]
    NoSeries,
    #[error("two columns share this name")]
    ColumnRepeated,
    #[error("no rows")]
    Empty,
    #[error("more or fewer cells than the header")]
    CellCount,
    #[error("not a date (YYYY-MM-DD)")]
    DateBad,
    #[error("not a day number")]
    DayBad,
    #[error("this day stands in an earlier row")]
    DayRepeated,
    #[error("not a weekday")]
    WeekdayBad,
    #[error("the weekday does not follow from the other rows")]
    WeekdayOutOfStep,
    #[error("not a count: a number from 0 up is expected, or an empty cell")]
    CountBad,
    #[error("the days span more than {MAX_DAYS} days")]
    TooLong,
}

impl SeriesFault {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::FirstColumnUnknown => "first_column_unknown",
            Self::NoSeries => "no_series",
            Self::ColumnRepeated => "column_repeated",
            Self::Empty => "empty",
            Self::CellCount => "cell_count",
            Self::DateBad => "date_bad",
            Self::DayBad => "day_bad",
            Self::DayRepeated => "day_repeated",
            Self::WeekdayBad => "weekday_bad",
            Self::WeekdayOutOfStep => "weekday_out_of_step",
            Self::CountBad => "count_bad",
            Self::TooLong => "too_long",
        }
    }
}

/// A fault and where it stands.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("row {row}, column {column}: {fault}")]
pub struct RowFault {
    /// 0 is the header, 1 the first row after it.
    pub row: usize,
    /// The column's name; empty when the whole row is meant.
    pub column: String,
    pub fault: SeriesFault,
}

/// The series of one file, in the order of their columns.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    pub series: Vec<(String, Series)>,
}

impl Table {
    /// Reads a header and its rows (cells as text, surrounding blanks ignored), in any order of days.
    ///
    /// # Errors
    /// The first [`MAX_FAULTS`] faults, each with its row and column; nothing is read by half.
    pub fn parse<S: AsRef<str>>(
        header: &[S],
        rows: impl IntoIterator<Item = Vec<S>>,
    ) -> Result<Self, Vec<RowFault>> {
        let layout = Layout::of(header).map_err(|fault| vec![fault])?;
        let mut reader = Reader { layout, days: BTreeMap::new(), anchor: None, faults: Vec::new() };
        for (row, cells) in (1..).zip(rows) {
            if reader.faults.len() >= MAX_FAULTS {
                break;
            }
            let cells: Vec<&str> = cells.iter().map(|cell| cell.as_ref().trim()).collect();
            if let Err((column, fault)) = reader.row(&cells) {
                reader.faults.push(RowFault { row, column, fault });
            }
        }
        reader.finish()
    }

    /// The series of a column, or the first one when no name is given.
    #[must_use]
    pub fn column(&self, name: Option<&str>) -> Option<&Series> {
        self.series.iter().find(|(own, _)| name.is_none_or(|name| name == own)).map(|(_, series)| series)
    }
}

enum Column {
    Weekday,
    Counts(String),
}

struct Layout {
    dated: bool,
    columns: Vec<Column>,
}

impl Layout {
    fn of<S: AsRef<str>>(header: &[S]) -> Result<Self, RowFault> {
        let fault = |column: &str, fault| RowFault { row: 0, column: column.to_owned(), fault };
        let mut names = header.iter().map(|name| name.as_ref().trim().trim_start_matches('\u{feff}'));
        let first = names.next().unwrap_or_default();
        let dated = match first {
            "date" => true,
            "day" => false,
            other => return Err(fault(other, SeriesFault::FirstColumnUnknown)),
        };
        let mut seen = std::collections::BTreeSet::from([first]);
        let mut columns = Vec::new();
        for name in names {
            if !seen.insert(name) {
                return Err(fault(name, SeriesFault::ColumnRepeated));
            }
            columns.push(if name == "dow" { Column::Weekday } else { Column::Counts(name.to_owned()) });
        }
        if !columns.iter().any(|column| matches!(column, Column::Counts(_))) {
            return Err(fault("", SeriesFault::NoSeries));
        }
        Ok(Self { dated, columns })
    }
}

struct Reader {
    layout: Layout,
    /// Day number (from the common era when dated) to the counts in column order.
    days: BTreeMap<i64, Vec<Option<f64>>>,
    /// A numbered day whose weekday was told.
    anchor: Option<(i64, Weekday)>,
    faults: Vec<RowFault>,
}

impl Reader {
    fn row(&mut self, cells: &[&str]) -> Result<(), (String, SeriesFault)> {
        let Some((first, rest)) = cells.split_first().filter(|(_, r)| r.len() == self.layout.columns.len())
        else {
            return Err((String::new(), SeriesFault::CellCount));
        };
        let (name, day) = if self.layout.dated {
            (
                "date",
                parse_date(first).map(|date| i64::from(date.num_days_from_ce())).ok_or(SeriesFault::DateBad),
            )
        } else {
            ("day", first.parse::<i64>().map_err(|_| SeriesFault::DayBad))
        };
        let day = day.map_err(|fault| (name.to_owned(), fault))?;
        let mut counts = Vec::new();
        for (column, cell) in self.layout.columns.iter().zip(rest) {
            match column {
                Column::Counts(name) => {
                    let count = parse_count(cell).ok_or_else(|| (name.clone(), SeriesFault::CountBad))?;
                    counts.push(count);
                }
                Column::Weekday => {
                    let told =
                        parse_weekday(cell).ok_or_else(|| ("dow".to_owned(), SeriesFault::WeekdayBad))?;
                    let (known, weekday) = match self.anchor {
                        _ if self.layout.dated => (day, weekday_of(day)),
                        Some(anchor) => anchor,
                        None => *self.anchor.insert((day, told)),
                    };
                    if step(weekday, i128::from(day) - i128::from(known)) != told {
                        return Err(("dow".to_owned(), SeriesFault::WeekdayOutOfStep));
                    }
                }
            }
        }
        if self.days.contains_key(&day) {
            return Err((name.to_owned(), SeriesFault::DayRepeated));
        }
        self.days.insert(day, counts);
        Ok(())
    }

    fn finish(mut self) -> Result<Table, Vec<RowFault>> {
        let fault = |fault| RowFault { row: 0, column: String::new(), fault };
        if let (Some((first, _)), Some((last, _))) = (self.days.first_key_value(), self.days.last_key_value())
        {
            if i128::from(*last) - i128::from(*first) >= i128::from(wide(MAX_DAYS)) {
                self.faults.push(fault(SeriesFault::TooLong));
            }
        } else if self.faults.is_empty() {
            self.faults.push(fault(SeriesFault::Empty));
        }
        let (Some((&first, _)), Some((&last, _)), true) =
            (self.days.first_key_value(), self.days.last_key_value(), self.faults.is_empty())
        else {
            return Err(self.faults);
        };
        let axis = if self.layout.dated {
            let date = i32::try_from(first).ok().and_then(NaiveDate::from_num_days_from_ce_opt);
            Axis::Dated(date.ok_or_else(|| vec![fault(SeriesFault::DateBad)])?)
        } else {
            let weekday =
                self.anchor.map(|(day, weekday)| step(weekday, i128::from(first) - i128::from(day)));
            Axis::Numbered { first, weekday }
        };
        let names = self.layout.columns.into_iter().filter_map(|column| match column {
            Column::Counts(name) => Some(name),
            Column::Weekday => None,
        });
        let days = self.days;
        let count = |day: i64, at: usize| days.get(&day).and_then(|counts| counts.get(at).copied().flatten());
        let series = names
            .enumerate()
            .map(|(at, name)| (name, Series::new(axis, (first..=last).map(|day| count(day, at)))))
            .collect();
        Ok(Table { series })
    }
}

fn weekday_of(day_from_ce: i64) -> Weekday {
    // Day 1 of the common era was a Monday.
    step(Weekday::Mon, i128::from(day_from_ce) - 1)
}

fn step(from: Weekday, days: i128) -> Weekday {
    (0..days.rem_euclid(7)).fold(from, |day, _| day.succ())
}

pub(crate) fn parse_date(text: &str) -> Option<NaiveDate> {
    let strict = text.len() == 10 && text.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    strict.then(|| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()).flatten()
}

/// `Some(None)` for an empty cell.
fn parse_count(text: &str) -> Option<Option<f64>> {
    if text.is_empty() {
        return Some(None);
    }
    let plain = text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let count = text.parse::<f64>().ok().filter(|n| plain && *n <= 1e9)?;
    Some(Some(count))
}

/// Whole and three-letter English names, and the one- and two-letter forms that hospitals write
/// (`M T W Th F S Sn`, also `Tu Sa Su`), in any case.
fn parse_weekday(text: &str) -> Option<Weekday> {
    match text.to_ascii_lowercase().as_str() {
        "m" => Some(Weekday::Mon),
        "t" | "tu" => Some(Weekday::Tue),
        "w" => Some(Weekday::Wed),
        "th" => Some(Weekday::Thu),
        "f" => Some(Weekday::Fri),
        "s" | "sa" => Some(Weekday::Sat),
        "sn" | "su" => Some(Weekday::Sun),
        name => name.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use SeriesFault as F;

    fn parse(text: &str) -> Result<Table, Vec<RowFault>> {
        let mut lines = text.lines().map(|line| line.split(',').collect::<Vec<_>>());
        Table::parse(&lines.next().unwrap_or_default(), lines)
    }

    fn faults(text: &str) -> Vec<(usize, String, F)> {
        parse(text).unwrap_err().into_iter().map(|f| (f.row, f.column, f.fault)).collect()
    }

    #[test]
    fn dated_rows_in_any_order_with_gaps() {
        let table =
            parse("date,whole_blood,plasma\n2024-03-05,7,\n2024-03-02, 4.0 ,1\n2024-03-03,5,2").unwrap();
        let series = table.column(None).unwrap();
        assert_eq!(series.counts(), [Some(4.0), Some(5.0), None, Some(7.0)]);
        assert_eq!(series.axis(), Axis::Dated(NaiveDate::from_ymd_opt(2024, 3, 2).unwrap()));
        assert_eq!((series.weekday(0), series.weekday(9)), (Some(Weekday::Sat), Some(Weekday::Mon)));
        assert_eq!((series.phase(0), series.phase(2)), (5, 0));
        assert_eq!(series.last_date(), NaiveDate::from_ymd_opt(2024, 3, 5));
        assert_eq!(table.column(Some("plasma")).unwrap().counts(), [Some(1.0), Some(2.0), None, None]);
        assert_eq!(table.column(Some("cryo")), None);
    }

    #[test]
    fn numbered_rows_with_and_without_weekdays() {
        let series = parse("day,dow,used\n3,S,9\n2,F,8").unwrap().column(Some("used")).unwrap().clone();
        assert_eq!(series.axis(), Axis::Numbered { first: 2, weekday: Some(Weekday::Fri) });
        assert_eq!(series.phase(1), 5);
        let bare = parse("day,used\n2,8").unwrap().column(None).unwrap().clone();
        assert_eq!((bare.weekday(0), bare.phase(0), bare.phase(8)), (None, 0, 1));
    }

    #[test]
    fn every_fault_with_its_row_and_column() {
        let at = |row, column: &str, fault| (row, column.to_owned(), fault);
        assert_eq!(faults("when,a\n1,1"), [at(0, "when", F::FirstColumnUnknown)]);
        assert_eq!(faults("date,dow"), [at(0, "", F::NoSeries)]);
        assert_eq!(faults("date,a,a"), [at(0, "a", F::ColumnRepeated)]);
        assert_eq!(faults("date,a"), [at(0, "", F::Empty)]);
        assert_eq!(
            faults(
                "date,a\n2024-02-30,1\n2024-3-1,1\n2024-03-01\n2024-03-01,-1\n2024-03-01,1e3\n2024-03-02,1\n2024-03-02,1"
            ),
            [
                at(1, "date", F::DateBad),
                at(2, "date", F::DateBad),
                at(3, "", F::CellCount),
                at(4, "a", F::CountBad),
                at(5, "a", F::CountBad),
                at(7, "date", F::DayRepeated),
            ]
        );
        assert_eq!(faults("date,a\n0001-01-01,1\n9999-01-01,1"), [at(0, "", F::TooLong)]);
        assert_eq!(faults(&format!("day,a\n{},1\n{},1", i64::MIN, i64::MAX)), [at(0, "", F::TooLong)]);
        assert_eq!(
            faults("day,dow,a\n1,M,1\n2,W,1\n3,Q,1"),
            [at(2, "dow", F::WeekdayOutOfStep), at(3, "dow", F::WeekdayBad)]
        );
        assert_eq!(faults("date,dow,a\n2024-03-02,S,1\n2024-03-03,M,1"), [at(2, "dow", F::WeekdayOutOfStep)]);
        assert_eq!(faults(&format!("day,a\n{}", "x,1\n".repeat(500))).len(), MAX_FAULTS);
    }

    proptest::proptest! {
        #[test]
        fn no_text_breaks_the_reader(text in "(date|day|x)(,(dow|a|é))*\n([0-9Mé,.\n-]{0,60})") {
            let _read = parse(&text);
        }
    }
}
