//! An appointment as a calendar file (RFC 5545, 5546): when, and nothing else.
//!
//! The same `UID` each time, a `SEQUENCE` that only grows; `METHOD:CANCEL` takes back what `METHOD:PUBLISH` gave.
//! Moments are in UTC, so no zone's rules go along.

use icalendar::{Calendar, Class, Component, Event, EventLike, EventStatus, Property};
use lettre::message::Mailbox;
use shiryan_kernel::time::Moment;

/// Words as a calendar's file holds them: the library escapes no carriage return, and readers take it for a line's end.
#[must_use]
pub fn on_one_line(text: &str) -> String {
    text.replace(char::is_control, " ")
}

/// An entry in the reader's calendar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The left side of the `UID`.
    pub uid: String,
    pub sequence: u32,
    pub begins: Moment,
    pub ends: Moment,
    pub is_cancelled: bool,
}

impl Entry {
    /// What the file asks the reader's calendar to do.
    #[must_use]
    pub const fn method(&self) -> &'static str {
        if self.is_cancelled { "CANCEL" } else { "PUBLISH" }
    }

    /// The file.
    #[must_use]
    pub fn write(&self, summary: &str, from: &Mailbox, now: Moment) -> String {
        let status = if self.is_cancelled { EventStatus::Cancelled } else { EventStatus::Confirmed };
        let event = Event::new()
            .uid(&format!("{}@{}", self.uid, from.email.domain()))
            .timestamp(now)
            .sequence(self.sequence)
            .summary(&on_one_line(summary))
            .starts(self.begins)
            .ends(self.ends)
            .status(status)
            .class(Class::Private)
            .append_property(Property::new("ORGANIZER", format!("mailto:{}", from.email)))
            .done();
        let mut calendar = Calendar::from(event);
        // The library's own would name it.
        calendar.properties = [
            ("VERSION", "2.0"),
            ("PRODID", "-//Appointments//EN"),
            ("CALSCALE", "GREGORIAN"),
            ("METHOD", self.method()),
        ]
        .map(|(name, value)| Property::new(name, value))
        .into();
        calendar.to_string()
    }
}
