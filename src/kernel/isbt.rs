//! What a bar code on a bag says: the data structures of ISBT 128 that the service reads.
//!
//! Structures only: the product-code table is licensed and is not here. A structure, a group or a date
//! that is unknown is refused, never guessed.

use chrono::{NaiveDate, NaiveTime};

use crate::blood::BloodGroup;
use crate::din::Din;
use crate::problem::{Code, Problem, Result};
use crate::time::{Moment, Zone};

/// One scanned code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scan {
    /// `=` and a facility: the donation identification number.
    Donation(Din),
    /// `=%ggre`: ABO and RhD.
    Group { group: BloodGroup, emergency_only: bool },
    /// `=>cyyjjj` or `&>cyyjjjhhmm`.
    Expires(Stamp),
    /// `=*cyyjjj` or `&*cyyjjjhhmm`.
    Collected(Stamp),
    /// `=<` and eight characters: product description, kind of collection, division.
    Product { code: String, collection: char, division: String },
}

/// A civil date, with a time when the code carries one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    pub date: NaiveDate,
    pub time: Option<NaiveTime>,
}

impl Stamp {
    /// The moment it stands for as an expiry: a date alone ends at 23:59 local.
    #[must_use]
    pub fn last_moment(&self, zone: Zone) -> Moment {
        self.time.map_or_else(|| zone.end_of(self.date), |time| zone.moment(self.date, time))
    }
}

impl Scan {
    /// Reads one scanned code.
    ///
    /// # Errors
    /// `din_invalid` for a donation number whose form or check is wrong, `date_invalid` for a day that
    /// the year does not have, `invalid_value` for everything else.
    pub fn parse(text: &str) -> Result<Self> {
        let bad = || Problem::new(Code::InvalidValue);
        let text = text.trim_matches(' ');
        if let Some(rest) = text.strip_prefix("=%") {
            return group(rest).ok_or_else(bad);
        }
        if let Some(rest) = text.strip_prefix("=>") {
            return stamp(rest, false).map(Self::Expires);
        }
        if let Some(rest) = text.strip_prefix("&>") {
            return stamp(rest, true).map(Self::Expires);
        }
        if let Some(rest) = text.strip_prefix("=*") {
            return stamp(rest, false).map(Self::Collected);
        }
        if let Some(rest) = text.strip_prefix("&*") {
            return stamp(rest, true).map(Self::Collected);
        }
        if let Some(rest) = text.strip_prefix("=<") {
            return product(rest).ok_or_else(bad);
        }
        match text.strip_prefix('=').and_then(|rest| rest.chars().next()) {
            Some(first) if first.is_ascii_alphanumeric() => Din::parse(text).map(Self::Donation),
            _ => Err(bad()),
        }
    }
}

fn group(rest: &str) -> Option<Scan> {
    let (gg, phenotype) = rest.split_at_checked(2)?;
    if phenotype.len() != 2 || !phenotype.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    let group = BloodGroup::from_isbt(gg)?;
    let [default_use, _] = group.isbt_codes();
    Some(Scan::Group { group, emergency_only: gg != default_use })
}

fn product(rest: &str) -> Option<Scan> {
    let (code, tail) = rest.split_at_checked(5)?;
    let (collection, division) = tail.split_at_checked(1)?;
    let [first, digits @ ..] = code.as_bytes() else { return None };
    let well_formed = first.is_ascii_uppercase()
        && digits.iter().all(u8::is_ascii_digit)
        && division.len() == 2
        && division.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let collection = collection.chars().next().filter(char::is_ascii_alphanumeric)?;
    well_formed.then(|| Scan::Product { code: code.to_owned(), collection, division: division.to_owned() })
}

fn stamp(rest: &str, with_time: bool) -> Result<Stamp> {
    let bad = || Problem::new(Code::InvalidValue);
    let wanted = if with_time { 10 } else { 6 };
    if rest.len() != wanted || !rest.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(bad());
    }
    let part = |range: std::ops::Range<usize>| rest.get(range).and_then(|part| part.parse::<u32>().ok());
    let (Some(0), Some(year), Some(day)) = (part(0..1), part(1..3), part(3..6)) else {
        return Err(bad()); // only this century is on a bag
    };
    let year = i32::try_from(2_000 + year).map_err(|_| bad())?;
    let date = NaiveDate::from_yo_opt(year, day).ok_or_else(|| Problem::new(Code::DateInvalid))?;
    let time = match with_time {
        false => None,
        true => Some(
            part(6..8)
                .zip(part(8..10))
                .and_then(|(hour, minute)| NaiveTime::from_hms_opt(hour, minute, 0))
                .ok_or_else(|| Problem::new(Code::DateInvalid))?,
        ),
    };
    Ok(Stamp { date, time })
}

/// The content of the bar code of a group, `=%gg00`: for the usual use, or for emergency use only.
#[must_use]
pub fn group_code(group: BloodGroup, emergency_only: bool) -> String {
    let [usual, emergency] = group.isbt_codes();
    format!("=%{}00", if emergency_only { emergency } else { usual })
}

/// The content of the bar code of an expiry, `&>cyyjjjhhmm` in local time.
#[must_use]
pub fn expiry_code(last: Moment, zone: Zone) -> String {
    last.with_timezone(&zone.0).format("&>0%y%j%H%M").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn groups_are_read_with_their_use() {
        let group = |text: &str| Scan::parse(text).unwrap();
        assert_eq!(group("=%5100"), Scan::Group { group: BloodGroup::OPos, emergency_only: false });
        assert_eq!(group("=%9200"), Scan::Group { group: BloodGroup::ONeg, emergency_only: true });
        // A widely copied decoder takes 24 to 31 for AB RhD positive.
        assert_eq!(group("=%2800"), Scan::Group { group: BloodGroup::AbNeg, emergency_only: false });
        for text in ["=%2900", "=%51", "=%510", "=%51000", "=%Mi00", "=%٥١00"] {
            assert_eq!(Scan::parse(text).unwrap_err().code, Code::InvalidValue, "{text}");
        }
    }

    #[test]
    fn dates_are_read_and_days_that_are_not_there_refused() {
        assert_eq!(
            Scan::parse("&>0263271430").unwrap(),
            Scan::Expires(Stamp {
                date: date("2026-11-23"),
                time: Some(NaiveTime::from_hms_opt(14, 30, 0).unwrap())
            })
        );
        assert_eq!(
            Scan::parse("=*024366").unwrap(),
            Scan::Collected(Stamp { date: date("2024-12-31"), time: None })
        );
        for text in ["=>026366", "=>026000", "&>0263272460", "&>0263272400"] {
            assert_eq!(Scan::parse(text).unwrap_err().code, Code::DateInvalid, "{text}");
        }
        for text in ["=>02632", "=>0263271", "=>926327", "&>026327", "=>+26327"] {
            assert_eq!(Scan::parse(text).unwrap_err().code, Code::InvalidValue, "{text}");
        }
    }

    #[test]
    fn a_date_alone_ends_before_local_midnight() {
        let stamp = Stamp { date: date("2026-11-23"), time: None };
        assert_eq!(stamp.last_moment(Zone::default()).to_rfc3339(), "2026-11-23T21:59:00+00:00");
    }

    #[test]
    fn numbers_and_products_are_told_apart() {
        let din = Din::parse("A999926000001").unwrap();
        assert_eq!(Scan::parse("=A99992600000168").unwrap(), Scan::Donation(din));
        assert_eq!(Scan::parse("=A99992600000167").unwrap_err().code, Code::DinInvalid);
        assert_eq!(
            Scan::parse("=<E0336V00").unwrap(),
            Scan::Product { code: "E0336".into(), collection: 'V', division: "00".into() }
        );
        for text in ["", "=", "&", "=;12345", "=<E0336V0", "=<e0336V00", "E0336"] {
            assert!(Scan::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_vectors_agree() {
        let Some(vectors) = sources::domain("vectors.json") else { return };
        for row in vectors["expiry"].as_array().unwrap() {
            let read = Scan::parse(row["code"].as_str().unwrap());
            let Some(expected) = row["date"].as_str() else {
                assert_eq!(read.unwrap_err().code, Code::DateInvalid);
                continue;
            };
            let Scan::Expires(stamp) = read.unwrap() else { panic!("no expiry") };
            assert_eq!(stamp.date, date(expected));
            let local = stamp.last_moment(Zone::default()).with_timezone(&Zone::default().0);
            assert_eq!(local.format("%H:%M").to_string(), row["time"].as_str().unwrap());
        }
        for (code, name) in vectors["abo_examples"].as_object().unwrap() {
            let expected = BloodGroup::from_import(name.as_str().unwrap()).unwrap();
            assert!(matches!(Scan::parse(code).unwrap(), Scan::Group { group, .. } if group == expected));
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "[=&]?[%><*;A-Z0-9]?\\PC{0,16}") {
            let _ = Scan::parse(&text);
        }
    }

    #[test]
    fn what_is_written_is_read() {
        for group in BloodGroup::ALL {
            for emergency_only in [false, true] {
                let read = Scan::parse(&group_code(*group, emergency_only)).unwrap();
                assert_eq!(read, Scan::Group { group: *group, emergency_only });
            }
        }
        assert_eq!(group_code(BloodGroup::AbNeg, false), "=%2800");
        let zone = Zone::default();
        let last = zone.end_of(date("2026-12-31"));
        assert_eq!(expiry_code(last, zone), "&>0263652359");
        let Scan::Expires(stamp) = Scan::parse(&expiry_code(last, zone)).unwrap() else {
            panic!("no expiry")
        };
        assert_eq!(stamp.last_moment(zone), last);
    }
}
