//! Days in the columns that bulk work fills.

use std::str::FromStr;

use chrono::{NaiveDate, NaiveDateTime};
use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::pg::Pg;
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types::{Date, Text, Timestamp};
use diesel::sqlite::Sqlite;

/// A civil day, written by the million: for SQLite chrono reads its pattern anew for each value of the
/// plain type, which costs more than to bind it. The text is the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, AsExpression, FromSqlRow)]
#[diesel(sql_type = Date)]
pub struct Day(pub NaiveDate);

impl ToSql<Date, Sqlite> for Day {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(self.0.to_string());
        Ok(IsNull::No)
    }
}

impl ToSql<Date, Pg> for Day {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        ToSql::<Date, Pg>::to_sql(&self.0, out)
    }
}

impl<DB: Backend> FromSql<Date, DB> for Day
where
    NaiveDate: FromSql<Date, DB>,
{
    fn from_sql(bytes: DB::RawValue<'_>) -> deserialize::Result<Self> {
        NaiveDate::from_sql(bytes).map(Self)
    }
}

/// A day that is read by the million and never written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, FromSqlRow)]
pub struct ReadDay(pub NaiveDate);

impl FromSql<Date, Sqlite> for ReadDay {
    fn from_sql(mut value: <Sqlite as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        Ok(Self(read(value.read_text())?))
    }
}

impl FromSql<Date, Pg> for ReadDay {
    fn from_sql(value: <Pg as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        <NaiveDate as FromSql<Date, Pg>>::from_sql(value).map(Self)
    }
}

/// A word that is read by the million and never written: the plain type copies its text for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, FromSqlRow)]
pub struct ReadWord<T>(pub T);

impl<T: FromStr> FromSql<Text, Sqlite> for ReadWord<T> {
    fn from_sql(mut value: <Sqlite as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        word(value.read_text())
    }
}

impl<T: FromStr> FromSql<Text, Pg> for ReadWord<T> {
    fn from_sql(value: <Pg as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        word(std::str::from_utf8(value.as_bytes())?)
    }
}

fn word<T: FromStr>(text: &str) -> deserialize::Result<ReadWord<T>> {
    text.parse().map(ReadWord).map_err(|_| format!("{text:?} is no {}", std::any::type_name::<T>()).into())
}

/// A moment that is read by the thousand and never written: for SQLite chrono tries one pattern after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, FromSqlRow)]
pub struct ReadMoment(pub NaiveDateTime);

impl FromSql<Timestamp, Sqlite> for ReadMoment {
    fn from_sql(mut value: <Sqlite as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        if let Some(at) = plain(value.read_text()) {
            return Ok(Self(at));
        }
        <NaiveDateTime as FromSql<Timestamp, Sqlite>>::from_sql(value).map(Self)
    }
}

impl FromSql<Timestamp, Pg> for ReadMoment {
    fn from_sql(value: <Pg as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        <NaiveDateTime as FromSql<Timestamp, Pg>>::from_sql(value).map(Self)
    }
}

/// `2026-11-23 08:00:00`, with parts of a second or none, by its places.
fn plain(text: &str) -> Option<NaiveDateTime> {
    let is = |at: usize, sign: &str| text.get(at..at + 1) == Some(sign);
    let day =
        read(text.get(..10)?).ok().filter(|_| is(4, "-") && is(10, " ") && is(13, ":") && is(16, ":"))?;
    let figure = |from, to| {
        let part = text.get(from..to).filter(|part| part.bytes().all(|byte| byte.is_ascii_digit()))?;
        part.parse::<u32>().ok()
    };
    let nanos = match text.get(19..)? {
        "" => 0,
        _ if !is(19, ".") || text.len() > 29 => return None,
        part => figure(20, text.len())? * 10_u32.pow(u32::try_from(10 - part.len()).ok()?),
    };
    day.and_hms_nano_opt(figure(11, 13)?, figure(14, 16)?, figure(17, 19)?, nanos)
}

/// `2026-11-23` by its places, whatever else is a day by the slower way.
fn read(text: &str) -> Result<NaiveDate, chrono::ParseError> {
    let part = |from, to| text.get(from..to).filter(|part| part.bytes().all(|byte| byte.is_ascii_digit()));
    let figure = |from, to| part(from, to).and_then(|part| part.parse::<u16>().ok());
    let is_plain = text.len() == 10 && text.get(4..5) == Some("-") && text.get(7..8) == Some("-");
    let plain = figure(0, 4).zip(figure(5, 7)).zip(figure(8, 10)).filter(|_| is_plain);
    let day = plain.and_then(|((year, month), day)| {
        NaiveDate::from_ymd_opt(i32::from(year), u32::from(month), u32::from(day))
    });
    day.map_or_else(|| text.parse(), Ok)
}

#[cfg(test)]
mod tests {
    use chrono::{Days, Timelike};

    use super::*;

    #[test]
    fn every_day_is_read_as_chrono_reads_it() {
        let first: NaiveDate = "1899-12-25".parse().unwrap();
        for n in 0..80_000 {
            let day = first + Days::new(n);
            assert_eq!(read(&day.to_string()), Ok(day));
        }
        for text in ["", "2026-02-29", "2026-13-01", "2026-1-1", "+2026-01-01", "2026/01/01", "2026-01-01 "] {
            assert_eq!(read(text).ok(), text.parse().ok(), "{text}");
        }
        assert_eq!(read("+12026-01-01").ok(), "+12026-01-01".parse().ok());
    }

    #[test]
    fn a_moment_is_read_as_it_is_written() {
        let first: NaiveDateTime = "2026-11-23T00:00:00".parse().unwrap();
        for n in 0..5_000 {
            let at = first + chrono::Duration::nanoseconds(n * 17_283_945_678_901);
            let at = at.with_nanosecond(u32::try_from(n * 123_457 % 1_000_000_000).unwrap()).unwrap();
            assert_eq!(plain(&at.format("%F %T%.f").to_string()), Some(at), "{at}");
        }
        assert_eq!(plain("2026-11-23 08:00:00.5"), first.with_hour(8).unwrap().with_nanosecond(500_000_000));
        for text in [
            "",
            "2026-11-23",
            "2026-11-23T08:00:00",
            "2026-11-23 08:00",
            "2026-11-23 24:00:00",
            "2026-11-23 08:00:00.",
            "2026-11-23 08:00:00.1234567890",
            "2026-11-23 08:00:0x",
            "2026-11-23 08:00:00Z",
            "٢٠٢٦-11-23 08:00:00",
        ] {
            assert_eq!(plain(text), None, "{text}");
        }
    }
}
