//! The program is killed at random moments while sixteen clients write. Each sends again, under the same key, what was not
//! answered. Whatever was acknowledged is there once, every promise holds, and the record verifies.
//!
//! `SHIRYAN_KILLS` says how often (10 unless said); the long form is `.ci/long`'s.

mod balancer;
mod clients;
mod facts;

use std::net::{SocketAddr, TcpListener};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use chrono::{DurationRound, NaiveDateTime, TimeDelta};
use diesel::prelude::*;
use rand::RngExt;
use shiryan::accounts::{Principal, Tokens};
use shiryan::db::tables::{drive_hours, drive_types, slots};
use shiryan::db::{Lane, Target};
use shiryan::vault::{RootKey, Vault};
use shiryan_kernel::blood::DonationType;
use shiryan_kernel::ids::DriveId;
use shiryan_kernel::role::Role;
use shiryan_kernel::time::{Clock, SystemClock};

use self::balancer::Balancer;
use super::cli::{Served, shiryan};
use crate::support::app::{Client, Places, people};
use crate::support::databases::{Kind, Migrated, on};
use crate::support::rows;
use crate::support::smtp::{Answer, CERTIFICATE, MailServer, Step};

both!(what_was_acknowledged_outlives_every_kill);

#[test]
fn two_instances_restarted_in_turn_drop_nothing_lose_nothing_and_do_nothing_twice() {
    on(Kind::Postgres, restart_in_turn);
}

const CLIENTS: usize = 16;
/// How long an instance goes on after it was told to stop: many looks of the balancer, on a machine that is busy.
const LINGER: Duration = Duration::from_secs(2);
/// Places of one drive; each is filled to the last.
const PLACES: i32 = 24;

/// An installation whose program is killed.
struct Installation {
    at: Migrated,
    home: tempfile::TempDir,
    vault: Vault,
    tokens: Tokens,
    /// One for each instance.
    addresses: [SocketAddr; 2],
    places: Places,
    users: Vec<(Role, Principal)>,
    drives: Vec<DriveId>,
    /// Bags that were released; two requests ask for each.
    shelf: Mutex<Vec<String>>,
    tickets: AtomicUsize,
    is_over: AtomicBool,
    /// Takes every letter, and a moment for each.
    mail: MailServer,
}

impl Installation {
    fn new(at: Migrated, drives: usize) -> Self {
        at.clock.set(SystemClock.now());
        let home = tempfile::tempdir().unwrap();
        let vault =
            Vault::new(RootKey::read_or_make(&home.path().join("shiryan-data.keys/root.key")).unwrap());
        let (places, users) = people(&at.db, &vault);
        let drives = at.db.write_now(Lane::System, move |tx| {
            (0..drives)
                .map(|_| {
                    let slot = rows::slot(tx, PLACES)?;
                    let of = slots::table.find(slot).select((slots::drive, slots::starts_at));
                    let (drive, starts): (DriveId, NaiveDateTime) = of.first(tx.conn)?;
                    let kind = drive_types::donation_type.eq(DonationType::WholeBlood);
                    let row = (drive_types::drive.eq(drive), kind);
                    diesel::insert_into(drive_types::table).values(row).execute(tx.conn)?;
                    let hour = starts.duration_trunc(TimeDelta::hours(1)).unwrap();
                    diesel::insert_into(drive_hours::table)
                        .values((
                            drive_hours::drive.eq(drive),
                            drive_hours::starts_at.eq(hour),
                            drive_hours::first_timers.eq(0),
                            drive_hours::most_first_timers.eq(2 * PLACES),
                        ))
                        .execute(tx.conn)?;
                    Ok(drive)
                })
                .collect::<shiryan_kernel::Result<Vec<_>>>()
        });
        let listeners = [0, 1].map(|_| TcpListener::bind("127.0.0.1:0").unwrap());
        let addresses = listeners.map(|listener| listener.local_addr().unwrap());
        Self {
            tokens: Tokens::new(&vault, 10),
            addresses,
            drives: drives.unwrap(),
            shelf: Mutex::default(),
            tickets: AtomicUsize::new(0),
            is_over: AtomicBool::new(false),
            mail: MailServer::start(|step| {
                if matches!(step, Step::Letter(_)) {
                    std::thread::sleep(Duration::from_millis(10));
                }
                Answer::Take
            }),
            at,
            home,
            vault,
            places,
            users,
        }
    }

    fn url(&self) -> String {
        match self.at.db.target() {
            Target::Sqlite(path) => format!("sqlite://{}", path.display()),
            Target::Postgres(url) => url.clone(),
        }
    }

    fn start(&self, instance: usize) -> Served {
        let address = self.addresses[instance].to_string();
        let mut command =
            shiryan(self.home.path(), &["serve", "--listen", &address, "--database", &self.url()]);
        let log = self.home.path().join("log");
        let log = std::fs::OpenOptions::new().create(true).append(true).open(log).unwrap();
        command.stderr(log).env("SHIRYAN__LOG__LEVEL", "warn");
        command.env("SHIRYAN__SERVER__LINGER_SECONDS", LINGER.as_secs().to_string());
        // Letters leave at any hour of the test: it is quiet in the one that begins twelve hours from now.
        let quiet = |hours: i64| (SystemClock.now() + TimeDelta::hours(hours)).format("%H:00").to_string();
        for (name, value) in [
            ("TRANSPORT", "smtp".to_owned()),
            ("FROM", "appointments@force.example".to_owned()),
            ("HOST", "localhost".to_owned()),
            ("PORT", self.mail.address.port().to_string()),
            ("CA", CERTIFICATE.to_owned()),
            ("QUIET_FROM", quiet(12)),
            ("QUIET_UNTIL", quiet(13)),
        ] {
            command.env(format!("SHIRYAN__MAIL__{name}"), value);
        }
        let mut served = Served::run(command);
        served.line("Pages:");
        served
    }

    /// Of somebody in this role, made now.
    fn token(&self, role: Role) -> String {
        let principal = &self.users.iter().find(|(known, _)| *known == role).unwrap().1;
        self.tokens.make(principal, SystemClock.now()).unwrap()
    }

    /// Whoever asks this instance and no other.
    fn direct(&self, instance: usize) -> Client {
        Client::to(format!("http://{}", self.addresses[instance]))
    }
}

fn kills() -> usize {
    std::env::var("SHIRYAN_KILLS").map_or(10, |said| said.parse().unwrap())
}

fn what_was_acknowledged_outlives_every_kill(at: Migrated) {
    let (kind, kills, started) = (at.kind, kills(), Instant::now());
    let house = Installation::new(at, kills * 4);
    let (written, served) = std::thread::scope(|scope| {
        let house = &house;
        let mut served = house.start(0);
        let clients: Vec<_> =
            (0..CLIENTS).map(|n| scope.spawn(move || clients::write(house, n, house.direct(0)))).collect();
        for _ in 0..kills {
            // A program looks for letters a second after it has started: some kills are to meet one under way.
            std::thread::sleep(Duration::from_millis(rand::rng().random_range(20..2_000)));
            served.kill();
            served = house.start(0);
        }
        house.is_over.store(true, Ordering::SeqCst);
        let written: Vec<_> = clients.into_iter().map(|client| client.join().unwrap()).collect();
        (written, served)
    });
    let unanswered: usize = written.iter().map(|one| one.unanswered).sum();
    let all: Vec<_> = written.into_iter().flat_map(|one| one.done).collect();
    assert!(unanswered > 0, "no kill met a request");
    facts::each_is_answered_again_as_before(&house, &all);
    let (letters, twice) = facts::each_letter_left(&house, &all);
    // What was under way at a kill is sent again: one for each at most.
    assert!(twice <= kills, "{twice} letters left twice");
    served.stop();
    facts::each_is_there_once(&house, &all);
    facts::promises_hold(&house);
    let links = facts::the_record_verifies(&house);
    println!(
        "{kind:?}: {kills} kills; {} writes acknowledged ({}); {unanswered} requests broke off and were sent again; none \
         lost, none twice; {letters} letters left, {twice} of them twice; the chain is whole with {links} links; {} s",
        all.len(),
        facts::by_kind(&all),
        started.elapsed().as_secs()
    );
}

/// Lets clients and the balancer go, also when the test fails.
struct End<'a>(&'a Installation, &'a Balancer);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.is_over.store(true, Ordering::SeqCst);
        self.1.close();
    }
}

/// Two programs on one database behind one address. Clients keep their connections, as browsers do.
fn restart_in_turn(at: Migrated) {
    let house = Installation::new(at, 60);
    let balancer = Balancer::before(&house.addresses);
    let (written, served) = std::thread::scope(|scope| {
        let (house, balancer) = (&house, &balancer);
        let _end = End(house, balancer);
        let mut served = [house.start(0), house.start(1)].map(Some);
        scope.spawn(move || balancer.look());
        scope.spawn(move || balancer.serve());
        balancer.wait_for(0);
        balancer.wait_for(1);
        let client = Client::to(balancer.url());
        let clients: Vec<_> = (0..CLIENTS)
            .map(|n| {
                let client = client.clone().keeping();
                scope.spawn(move || clients::write(house, n, client))
            })
            .collect();
        for instance in [0, 1, 0, 1] {
            std::thread::sleep(Duration::from_millis(1_000));
            let took = served[instance].take().unwrap().stop();
            assert!((LINGER..LINGER + Duration::from_secs(8)).contains(&took), "{took:?}");
            served[instance] = Some(house.start(instance));
            balancer.wait_for(instance);
        }
        house.is_over.store(true, Ordering::SeqCst);
        let written: Vec<_> = clients.into_iter().map(|client| client.join().unwrap()).collect();
        (written, served)
    });
    let unanswered: usize = written.iter().map(|one| one.unanswered).sum();
    let put_off: usize = written.iter().map(|one| one.put_off).sum();
    let all: Vec<_> = written.into_iter().flat_map(|one| one.done).collect();
    println!("4 restarts: {} writes acknowledged, {unanswered} broke off, {put_off} were put off", all.len());
    assert!(all.len() > 100, "they wrote");
    assert_eq!(unanswered, 0, "a request was dropped");
    facts::each_is_answered_again_as_before(&house, &all);
    let (letters, twice) = facts::each_letter_left(&house, &all);
    assert_eq!(twice, 0, "two instances sent the same of {letters}");
    for served in served.into_iter().flatten() {
        served.stop();
    }
    facts::each_is_there_once(&house, &all);
    facts::promises_hold(&house);
    facts::the_record_verifies(&house);
}
