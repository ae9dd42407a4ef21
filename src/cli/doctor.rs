//! `shiryan doctor`: whether this installation is as it should be. It makes nothing and changes nothing, beside a server too.
//!
//! Each line is `ok`, `look` (something to think about) or `bad` (it will not work, or not safely); with a `bad` one the
//! exit code is 2.

use std::net::{TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use diesel::prelude::*;
use diesel::sql_types::{Text, Timestamp};
use shiryan_kernel::time::{Clock, Moment, SystemClock, Zone};

use super::Common;
use crate::app;
use crate::audit::{self, Verdict};
use crate::db::{Conn, Db, meta};
use crate::eligibility::{self, Rulebook};
use crate::mail::Post;
use crate::places::calendar::Calendar;
use crate::reserve::Levels;
use crate::roster::{Roster, check};
use crate::settings::{KeyPlace, Settings, Transport};
use crate::vault::Vault;

/// Two clocks that differ by more are not one.
const APART: chrono::Duration = chrono::Duration::seconds(5);
/// So far ahead the tables of Hijri months should reach.
const AHEAD_DAYS: i64 = 365;

#[derive(Debug, Args)]
pub struct Doctor {
    #[command(flatten)]
    common: Common,
}

/// What one look found.
enum Found {
    Ok(String),
    Look(String),
    Bad(String),
}

use Found::{Bad, Look, Ok as Good};

/// Lines as they come, and whether one was bad.
#[derive(Default)]
struct Report {
    bad: usize,
    look: usize,
}

impl Report {
    fn say(&mut self, about: &str, found: Found) {
        let (mark, text) = match found {
            Good(text) => ("ok  ", text),
            Look(text) => {
                self.look += 1;
                ("look", text)
            }
            Bad(text) => {
                self.bad += 1;
                ("bad ", text)
            }
        };
        println!("{mark}  {about}: {text}");
    }
}

impl Doctor {
    pub fn run(&self) -> Result<(), String> {
        let mut report = Report::default();
        let settings = match self.common.settings(None) {
            Ok(settings) => settings,
            Err(why) => {
                report.say("configuration", Bad(why));
                return Err("nothing else can be looked at before the configuration is right".into());
            }
        };
        report.say("configuration", Good("every key is known and in its range".into()));
        let now = SystemClock.now();
        report.say("rules", rules(&settings, now));
        report.say("calendar", calendar(&settings, now));
        report.say(
            "levels",
            told(Levels::load(settings.levels_file()).map(drop), "the levels of the reserve are read"),
        );
        report.say("mail", mail(&settings));
        report.say("backup", backup(&settings));
        report.say("record", heads(&settings));
        report.say("key", key(&settings));
        match app::look(&settings, Arc::new(SystemClock)) {
            Err(error) => report.say("database", Bad(error.0)),
            Ok((db, vault)) => {
                open(&mut report, &db, &vault, now);
                report.say("roster", roster(&db, Zone(settings.place.zone)));
            }
        }
        if report.bad > 0 {
            return Err(format!("{} things are bad, {} to look at", report.bad, report.look));
        }
        println!("Nothing is bad, {} to look at.", report.look);
        Ok(())
    }
}

fn told(outcome: Result<(), String>, good: &str) -> Found {
    outcome.map_or_else(Bad, |()| Good(good.to_owned()))
}

fn rules(settings: &Settings, now: Moment) -> Found {
    let zone = Zone(settings.place.zone);
    let book = Rulebook::load(settings.policies_dir(), &settings.eligibility.rule_set, zone);
    let book = match book.and_then(|book| as_approved(settings, book)) {
        Ok(book) => book,
        Err(why) => return Bad(why),
    };
    if let Some(set) = book.waiting().first() {
        let (code, version) = (&set.code, set.version);
        let what = if book.refused().contains(set) {
            "differs from what was approved"
        } else {
            "waits for two people"
        };
        return Look(format!("{code} {version} {what}: it is not decided by"));
    }
    match book.in_force(zone.date(now)) {
        Err(problem) => Bad(format!("no rule set is in force today: {}", problem.code)),
        Ok(set) if set.signed_by.is_empty() => {
            Look(format!("{} {} is in force, and no physician has signed it", set.code, set.version))
        }
        Ok(set) => Good(format!("{} {} is in force, signed by {}", set.code, set.version, set.signed_by)),
    }
}

/// What was put in force, where a database is there to say so.
fn as_approved(settings: &Settings, book: Rulebook) -> Result<Rulebook, String> {
    let Ok((db, vault)) = app::look(settings, Arc::new(SystemClock)) else { return Ok(book) };
    let approved = db.read_now(|conn| eligibility::adopted(conn, &vault));
    book.adopt(&approved.map_err(|problem| problem.cause.unwrap_or_else(|| problem.code.to_string()))?)
}

fn calendar(settings: &Settings, now: Moment) -> Found {
    let calendar = match Calendar::load(settings.calendar_dir()) {
        Ok(calendar) => calendar,
        Err(why) => return Bad(why),
    };
    let day = shiryan_kernel::time::plus_days(Zone(settings.place.zone).date(now), AHEAD_DAYS);
    if calendar.hijri().date(day).is_some() {
        Good(format!("Hijri months are known beyond {day}"))
    } else {
        Look(format!(
            "Hijri months are not known as far as {day}: Ramadan and feasts of that time are not seen"
        ))
    }
}

/// Whether letters could leave: the server is greeted, nothing is sent.
fn mail(settings: &Settings) -> Found {
    if let Err(why) = Post::open(settings) {
        return Bad(why);
    }
    let mail = &settings.mail;
    match mail.transport {
        Transport::None => Look("no letters leave: whoever is to be told is told in person".into()),
        Transport::File => Look(format!("letters go to files in {}", settings.mail_dir().display())),
        Transport::Smtp => {
            let place = format!("{}:{}", mail.host, mail.port);
            let wait = Duration::from_secs(mail.timeout_seconds.min(10));
            let reached = (mail.host.as_str(), mail.port)
                .to_socket_addrs()
                .and_then(|mut found| found.next().ok_or_else(|| std::io::ErrorKind::NotFound.into()))
                .and_then(|address| TcpStream::connect_timeout(&address, wait));
            match reached {
                Ok(_) => Good(format!("{place} answers")),
                Err(error) => Bad(format!("{place}: {error}; letters wait until it answers")),
            }
        }
    }
}

fn backup(settings: &Settings) -> Found {
    if settings.backup.recipient.is_empty() {
        Look("backup.recipient is not set: no backup can be made".into())
    } else {
        Good("backups go to a recipient".into())
    }
}

fn heads(settings: &Settings) -> Found {
    match settings.audit_heads() {
        None => Look("audit.heads is not set: the head stands in the log alone".into()),
        Some(file) => match std::fs::OpenOptions::new().append(true).open(&file) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Bad(format!("{}: {error}", file.display()))
            }
            _ => Good(format!("the head leaves to {}", file.display())),
        },
    }
}

fn key(settings: &Settings) -> Found {
    let place = match settings.key_place() {
        Ok(place) => place,
        Err(error) => return Bad(error.0),
    };
    let path = place.path().display();
    match &place {
        KeyPlace::Passphrase(_) => Good("a passphrase: nothing on any disk opens the database".into()),
        KeyPlace::Credential(_) => Good(format!("a credential, {path}")),
        KeyPlace::File(_) if app::is_key_beside(settings, &place) => {
            Look(format!("key_on_same_disk: {path} lies on the disk of the data; who takes one takes both"))
        }
        KeyPlace::File(_) => Good(format!("{path}, on another disk than the data")),
    }
}

fn open(report: &mut Report, db: &Db, vault: &Vault, now: Moment) {
    let label = db.target().label();
    let world = db.read_now(app::is_live);
    report.say(
        "database",
        match world {
            Err(problem) => Bad(problem.cause.unwrap_or_else(|| problem.code.to_string())),
            Ok(true) => Good(format!("{label}, at the present schema, under this root key")),
            Ok(false) => Look(format!("{label}: not for real work")),
        },
    );
    report.say("pages of the database", pages(db));
    report.say("clock", clock(db, now));
    report.say("record's chain", chain(db, vault));
}

#[derive(QueryableByName)]
struct Said {
    #[diesel(sql_type = Text)]
    quick_check: String,
}

fn pages(db: &Db) -> Found {
    let read = db.read_now(|conn| match conn {
        Conn::Sqlite(conn) => {
            let said: Vec<Said> = diesel::sql_query("PRAGMA quick_check(1)").load(conn)?;
            Ok(said.into_iter().next().map(|said| said.quick_check))
        }
        Conn::Pg(_) => Ok(None),
    });
    match read {
        Ok(None) => Good("the server sees to them".into()),
        Ok(Some(said)) if said == "ok" => Good("sound".into()),
        Ok(Some(said)) => Bad(format!("{said}: stop, and restore a backup")),
        Err(problem) => Bad(problem.cause.unwrap_or_else(|| problem.code.to_string())),
    }
}

#[derive(QueryableByName)]
struct Told {
    #[diesel(sql_type = Timestamp)]
    at: chrono::NaiveDateTime,
}

/// This clock beside the database's and beside the last moment at which a server stood on it.
fn clock(db: &Db, now: Moment) -> Found {
    let read = db.read_now(|conn| {
        let pulse = meta::get(conn, app::PULSE)?;
        let theirs = match conn {
            Conn::Sqlite(_) => None,
            Conn::Pg(conn) => {
                let asked = "SELECT (clock_timestamp() AT TIME ZONE 'UTC')::timestamp AS at";
                diesel::sql_query(asked).load::<Told>(conn)?.into_iter().next().map(|told| told.at)
            }
        };
        Ok((pulse, theirs))
    });
    let (pulse, theirs) = match read {
        Ok(read) => read,
        Err(problem) => return Bad(problem.cause.unwrap_or_else(|| problem.code.to_string())),
    };
    if let Some(last) = pulse.and_then(|text| text.parse::<Moment>().ok())
        && last > now + APART
    {
        return Bad(format!(
            "it is {now} here, and a server stood on this database at {last}: set the clock"
        ));
    }
    match theirs {
        Some(theirs) if (theirs - now.naive_utc()).abs() > APART => {
            Bad(format!("it is {now} here and {theirs} at the database's server: set both by one source"))
        }
        _ => Good(format!("{now}")),
    }
}

/// Counts in memory, built and followed for a moment, beside the tables.
fn roster(db: &Db, zone: Zone) -> Found {
    let roster = Roster::default();
    match roster.build(db, zone).and_then(|()| check(&roster, db, zone)) {
        Err(problem) => Bad(problem.cause.unwrap_or_else(|| problem.code.to_string())),
        Ok(differences) if differences.is_empty() => Good("counts in memory are those of the tables".into()),
        Ok(differences) => {
            Bad(format!("{} rows are counted wrong in memory: see shiryan roster", differences.len()))
        }
    }
}

fn chain(db: &Db, vault: &Vault) -> Found {
    let read = db.read_now(|conn| Ok((audit::verify(conn, vault)?, audit::loose(conn)?)));
    match read {
        Err(problem) => Bad(problem.cause.unwrap_or_else(|| problem.code.to_string())),
        Ok((Verdict::Broken(link), _)) => Bad(format!("broken at link {link}")),
        Ok((Verdict::Whole(_), 1..)) => Bad("lines are said to be chained, and no link holds them".into()),
        Ok((Verdict::Whole(links), _)) => Good(format!("whole, {links} links")),
    }
}
