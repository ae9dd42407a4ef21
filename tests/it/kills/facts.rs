//! What must be so after the last kill.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use diesel::prelude::*;
use mail_parser::MessageParser;
use shiryan::db::tables::{
    appointments, audit_lines, blood_requests, blood_units, donations, donors, messages, slots,
};
use shiryan::db::{Lane, Target};
use shiryan_kernel::ids::SlotId;
use shiryan_kernel::message::MessageState;
use shiryan_kernel::time::{Clock, SystemClock};

use super::clients::Done;
use super::{CLIENTS, Installation};
use crate::cli::shiryan;
use crate::everything;
use crate::support::at_once;

/// The same key gets the same answer, though the program that gave it is dead.
pub fn each_is_answered_again_as_before(house: &Installation, all: &[Done]) {
    at_once(CLIENTS, |n| {
        for done in all.iter().skip(n).step_by(CLIENTS) {
            let sent = Some(done.body.to_string().into_bytes());
            let keyed = [("idempotency-key", done.key.as_str())];
            let reply =
                house.direct(0).holding(&house.token(done.role)).send("POST", &done.path, &keyed, sent);
            assert_eq!((reply.status, &reply.text), (done.status, &done.text), "{}", done.path);
        }
    });
}

/// Every booking's letter left, once it was its turn; how many letters left, and how many of those twice. What a program held
/// that was killed is let go here, as a quarter of an hour would.
pub fn each_letter_left(house: &Installation, all: &[Done]) -> (usize, usize) {
    let count = |open: &'static [MessageState]| -> i64 {
        let of = messages::state.eq_any(open);
        house.at.db.read_now(|conn| Ok(messages::table.filter(of).count().get_result(conn)?)).unwrap()
    };
    let started = Instant::now();
    let until = |open: &'static [MessageState]| {
        while count(open) > 0 {
            assert!(started.elapsed() < Duration::from_secs(300), "{} letters wait", count(open));
            std::thread::sleep(Duration::from_millis(200));
        }
    };
    until(&[MessageState::Queued]);
    // Whoever lives is through with what it held.
    std::thread::sleep(Duration::from_secs(3));
    house
        .at
        .db
        .write_now(Lane::System, move |tx| {
            let held = diesel::update(messages::table.filter(messages::state.eq(MessageState::Claimed)));
            let past = SystemClock.now().naive_utc() - TimeDelta::seconds(1);
            Ok(held.set(messages::claimed_until.eq(past)).execute(tx.conn)?)
        })
        .unwrap();
    until(&[MessageState::Queued, MessageState::Claimed]);
    let came = house.mail.came().letters;
    let mut times: BTreeMap<String, usize> = BTreeMap::new();
    for letter in &came {
        let read = MessageParser::default().parse(letter).unwrap();
        *times.entry(read.message_id().unwrap().to_owned()).or_default() += 1;
    }
    let sent: i64 = house
        .at
        .db
        .read_now(|conn| {
            Ok(messages::table.filter(messages::state.eq(MessageState::Sent)).count().get_result(conn)?)
        })
        .unwrap();
    let booked = all.iter().filter(|done| done.action == "drives.booked").count();
    assert_eq!((times.len(), usize::try_from(sent).unwrap()), (booked, booked), "one letter of each booking");
    (came.len(), came.len() - times.len())
}

/// Rows and lines of the record are those that were acknowledged, no more and no fewer.
pub fn each_is_there_once(house: &Installation, all: &[Done]) {
    let mut expected: BTreeMap<(&str, String), i64> = BTreeMap::new();
    for done in all {
        *expected.entry((done.action, done.subject.clone())).or_default() += 1;
    }
    let actions: Vec<&str> = counted(all).into_keys().collect();
    let read = house.at.db.read_now(|conn| {
        let mut found = Vec::new();
        for action in &actions {
            let of = audit_lines::table.filter(audit_lines::action.eq(*action));
            let subjects: Vec<Option<String>> = of.select(audit_lines::subject).load(conn)?;
            found.extend(subjects.into_iter().map(|subject| (*action, subject.unwrap())));
        }
        let rows = [
            ("donors.registered", donors::table.count().get_result::<i64>(conn)?),
            ("drives.booked", appointments::table.count().get_result(conn)?),
            ("donations.recorded", donations::table.count().get_result(conn)?),
            ("requests.submitted", blood_requests::table.count().get_result(conn)?),
        ];
        let bags: i64 = blood_units::table.count().get_result(conn)?;
        Ok((found, rows, bags))
    });
    let (found, rows, bags) = read.unwrap();
    let mut lines: BTreeMap<(&str, String), i64> = BTreeMap::new();
    for line in found {
        *lines.entry(line).or_default() += 1;
    }
    let lost: Vec<_> = expected.iter().filter(|(key, times)| lines.get(*key) != Some(*times)).collect();
    let more: Vec<_> = lines.iter().filter(|(key, times)| expected.get(*key) != Some(*times)).collect();
    assert!(lost.is_empty() && more.is_empty(), "lost {lost:?}, more {more:?}");
    let counts = counted(all);
    for (action, rows) in rows {
        assert_eq!(rows, counts[action], "{action}");
    }
    assert_eq!(bags, counts["stock.delivered"] + counts["donations.recorded"], "one bag of each donation");
}

/// What [`everything`] watches over, and no place given twice.
pub fn promises_hold(house: &Installation) {
    everything::promises_hold(&house.at.db, &house.vault);
    let read = house.at.db.read_now(|conn| {
        let places: Vec<(SlotId, i32, i32)> =
            slots::table.select((slots::id, slots::booked, slots::capacity)).load(conn)?;
        let taken: Vec<SlotId> = appointments::table.select(appointments::slot).load(conn)?;
        Ok((places, taken))
    });
    let (places, taken) = read.unwrap();
    for (slot, booked, capacity) in places {
        let live = taken.iter().filter(|of| **of == slot).count();
        assert_eq!(usize::try_from(booked).unwrap(), live, "{slot}");
        assert!(booked <= capacity, "{slot} is overbooked");
    }
}

/// The record is whole, and so is the file.
pub fn the_record_verifies(house: &Installation) -> i64 {
    let arguments = ["audit", "verify", "--database", &house.url()];
    let verified = shiryan(house.home.path(), &arguments).output().unwrap();
    let said = String::from_utf8(verified.stdout).unwrap();
    assert!(verified.status.success(), "{said} {}", String::from_utf8_lossy(&verified.stderr));
    let links: i64 = said
        .lines()
        .next()
        .unwrap()
        .chars()
        .filter(char::is_ascii_digit)
        .collect::<String>()
        .parse()
        .unwrap();
    let lines = house.at.db.read_now(|conn| Ok(audit_lines::table.count().get_result::<i64>(conn)?));
    assert_eq!(links, lines.unwrap(), "each line is chained");
    if let Target::Sqlite(path) = house.at.db.target() {
        #[derive(QueryableByName)]
        struct Said {
            #[diesel(sql_type = diesel::sql_types::Text)]
            integrity_check: String,
        }
        let mut conn = diesel::SqliteConnection::establish(path.to_str().unwrap()).unwrap();
        let said: Vec<Said> = diesel::sql_query("PRAGMA integrity_check").load(&mut conn).unwrap();
        assert_eq!(said[0].integrity_check, "ok");
    }
    links
}

fn counted(all: &[Done]) -> BTreeMap<&'static str, i64> {
    let mut counts = BTreeMap::new();
    for done in all {
        *counts.entry(done.action).or_default() += 1;
    }
    counts
}

/// How many of each kind, for a person.
pub fn by_kind(all: &[Done]) -> String {
    counted(all).iter().map(|(action, count)| format!("{action} {count}")).collect::<Vec<_>>().join(", ")
}
