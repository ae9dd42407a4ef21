//! The file that a calendar program reads (RFC 5545): when something is on, and nothing else.
//!
//! No title, place, unit or branch: such files are copied to telephones and to servers of others. `UID` stays,
//! `SEQUENCE` grows with each change, what was called off says so, and the zone's own rules go along.

use chrono::{Duration, NaiveDate, NaiveDateTime, Offset, TimeZone};
use chrono_tz::{OffsetComponents, OffsetName, Tz};
use icalendar::{Calendar, Class, Component, Event, EventStatus, Property};
use shiryan_kernel::status::ActivityStatus;
use shiryan_kernel::time::{Moment, Zone, plus_days};

use crate::activities::Seen;
use crate::mail::calendar::on_one_line;

/// Writes the file; `title` stands for every entry alike.
pub fn write(zone: Zone, title: &str, span: (Moment, Moment), now: Moment, seen: &[Seen]) -> String {
    let mut calendar = Calendar::empty();
    for (name, value) in [
        ("VERSION", "2.0"),
        ("PRODID", "-//Activities//EN"),
        ("CALSCALE", "GREGORIAN"),
        ("METHOD", "PUBLISH"),
    ] {
        calendar.append_property(Property::new(name, value));
    }
    for seen in seen {
        calendar.push(event(zone, title, now, seen));
    }
    // The library has no word for a zone: its rules go before the first entry.
    let file = calendar.to_string();
    let at = file.find("BEGIN:VEVENT").or_else(|| file.find("END:VCALENDAR")).unwrap_or(file.len());
    let (head, rest) = file.split_at(at);
    format!("{head}{}{rest}", rules(zone.0, span))
}

fn event(zone: Zone, title: &str, now: Moment, seen: &Seen) -> Event {
    let status = match seen.status {
        ActivityStatus::Proposed => EventStatus::Tentative,
        ActivityStatus::Cancelled => EventStatus::Cancelled,
        _ => EventStatus::Confirmed,
    };
    let mut event = Event::new();
    event
        .uid(&format!("{}@shiryan", seen.id))
        .timestamp(now)
        .sequence(u32::try_from(seen.version - 1).unwrap_or(0))
        .summary(&on_one_line(title))
        .description(&seen.id.to_string())
        .status(status)
        .class(Class::Private);
    match &seen.open {
        Some(open) => event.append_property(local("DTSTART", zone.0, open.starts_at)).append_property(local(
            "DTEND",
            zone.0,
            open.ends_at,
        )),
        None => event
            .append_property(civil("DTSTART", seen.on.0))
            .append_property(civil("DTEND", plus_days(seen.on.1, 1))),
    };
    event.done()
}

fn local(name: &str, zone: Tz, at: Moment) -> Property {
    let written = at.with_timezone(&zone).naive_local().format("%Y%m%dT%H%M%S").to_string();
    Property::new(name, written).add_parameter("TZID", zone.name()).done()
}

fn civil(name: &str, day: NaiveDate) -> Property {
    Property::new(name, day.format("%Y%m%d").to_string()).add_parameter("VALUE", "DATE").done()
}

/// The rules of a zone for a span: what held at its beginning, and each change of the clock within it.
fn rules(zone: Tz, (from, until): (Moment, Moment)) -> String {
    let first = observance(zone, from, from);
    let changes = changes(zone, from, until).into_iter();
    let rest: String =
        changes.map(|change| observance(zone, change, change - Duration::seconds(1))).collect();
    format!("BEGIN:VTIMEZONE\r\nTZID:{}\r\n{first}{rest}END:VTIMEZONE\r\n", zone.name())
}

/// What holds from a moment on; `before` is a moment of what held before.
fn observance(zone: Tz, from: Moment, before: Moment) -> String {
    let at = |moment: Moment| zone.offset_from_utc_datetime(&moment.naive_utc());
    let (new, old) = (at(from), at(before));
    let kind = if new.dst_offset().is_zero() { "STANDARD" } else { "DAYLIGHT" };
    let local: NaiveDateTime = from.naive_utc() + old.fix();
    format!(
        "BEGIN:{kind}\r\nDTSTART:{}\r\nTZOFFSETFROM:{}\r\nTZOFFSETTO:{}\r\nTZNAME:{}\r\nEND:{kind}\r\n",
        local.format("%Y%m%dT%H%M%S"),
        offset(old.fix().local_minus_utc()),
        offset(new.fix().local_minus_utc()),
        new.abbreviation().unwrap_or(zone.name()),
    )
}

fn offset(seconds: i32) -> String {
    let (sign, minutes) = (if seconds < 0 { '-' } else { '+' }, seconds.abs() / 60);
    format!("{sign}{:02}{:02}", minutes / 60, minutes % 60)
}

/// The moments in a span at which the clock changes, to the minute.
fn changes(zone: Tz, from: Moment, until: Moment) -> Vec<Moment> {
    let at = |moment: Moment| zone.offset_from_utc_datetime(&moment.naive_utc()).fix();
    let mut found = Vec::new();
    let mut day = from;
    while day < until {
        let next = day + Duration::days(1);
        if at(day) != at(next) {
            let (mut before, mut after) = (0, 24 * 60);
            while after - before > 1 {
                let middle = i64::midpoint(before, after);
                if at(day + Duration::minutes(middle)) == at(day) { before = middle } else { after = middle }
            }
            let change = day + Duration::minutes(after);
            found.push(change);
        }
        day = next;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Moment {
        text.parse().unwrap()
    }

    /// In 2022 the clocks of Hebron went on on 27 March and back on 29 October at two in the morning.
    #[test]
    fn the_changes_of_2022_are_found() {
        let found = changes(Tz::Asia__Hebron, at("2022-01-01T00:00:00Z"), at("2023-01-01T00:00:00Z"));
        assert_eq!(found, [at("2022-03-26T22:00:00Z"), at("2022-10-28T23:00:00Z")]);
        assert!(changes(Tz::UTC, at("2022-01-01T00:00:00Z"), at("2023-01-01T00:00:00Z")).is_empty());
    }

    #[test]
    fn the_zone_goes_along_with_each_change_of_its_clock() {
        let span = (at("2022-01-01T00:00:00Z"), at("2023-01-01T00:00:00Z"));
        let file = write(Zone::default(), "x", span, at("2022-01-01T00:00:00Z"), &[]);
        let zone = file.split("BEGIN:VTIMEZONE").nth(1).unwrap();
        assert_eq!(zone.matches("BEGIN:STANDARD").count(), 2, "{file}");
        assert_eq!(zone.matches("BEGIN:DAYLIGHT").count(), 1, "{file}");
        assert!(zone.contains("TZOFFSETFROM:+0300\r\nTZOFFSETTO:+0200"), "{file}");
        assert!(zone.contains("DTSTART:20221029T020000"), "{file}");
        assert_eq!(offset(-12_600), "-0330");
    }
}
