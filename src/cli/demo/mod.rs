//! `shiryan demo`: a believable world of invented people, and the service over it.
//!
//! The same arguments on the same civil day give the same world, so a second start takes the one that is
//! there. It refuses a database that it did not make.

mod calendar;
mod history;
mod people;
mod places;
mod requests;
mod results;
mod schedule;
mod write;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use actix_web::web;
use chrono::{Days, NaiveDate};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use rand::SeedableRng;
use rand::rngs::StdRng;
use shiryan_kernel::ids::{SessionId, UnitId, UserId};
use shiryan_kernel::place::Governorate;
use shiryan_kernel::role::Role;
use shiryan_kernel::time::SystemClock;
use shiryan_kernel::{Problem, Result};

use super::{Common, serve, start_log};
use crate::accounts::{self, NewUser, Principal, Username};
use crate::app::{self, Migrate, World};
use crate::db::{Lane, meta, migrate};
use crate::http::House;
use crate::settings::{Flags, Settings};
use write::{Ids, Written};

/// Where the demo keeps its world, apart from real work.
const DIR: &str = "shiryan-demo";
/// Public: for a demo that listens on this machine alone.
const PASSWORD: &str = "shiryan-demo";
/// Under which the world's arguments are kept, once it is whole.
const ARGUMENTS: &str = "demo_arguments";

/// The accounts of a demo.
const ACCOUNTS: [(&str, Role); 8] = [
    ("admin", Role::Admin),
    ("command", Role::Command),
    ("medic", Role::Medic),
    ("hospital", Role::Hospital),
    ("bank", Role::Bank),
    ("bank2", Role::Bank),
    ("physician", Role::Physician),
    ("physician2", Role::Physician),
];

/// Whose it is that tests for the blood bank, and who asks and answers for units.
#[derive(Debug, Clone)]
struct People {
    tester: UserId,
    hospital: Principal,
    bank: Principal,
}

/// Which world is invented.
#[derive(Debug, Clone, Copy, Args)]
pub struct Shape {
    /// How many donors to invent
    #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(100..=1_000_000))]
    pub donors: u32,
    /// How many days of history to live
    #[arg(long, default_value_t = 730, value_parser = clap::value_parser!(u32).range(60..=1_500))]
    pub days: u32,
    /// Another seed, another world
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}

#[derive(Debug, Args)]
pub struct Demo {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    shape: Shape,
    /// The password of every account
    #[arg(long)]
    password: Option<String>,
    /// Where to listen, such as 127.0.0.1:8080
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// Makes the world and ends
    #[arg(long)]
    only_make: bool,
}

impl Demo {
    pub fn run(&self) -> Result<(), String> {
        let started = Instant::now();
        let settings = self.settings()?;
        let _traces = start_log(&settings)?;
        let house = self.house(&settings)?;
        self.introduce();
        if self.only_make {
            return Ok(());
        }
        serve::run_house(web::Data::new(house), started, |_| {})
    }

    fn settings(&self) -> Result<Settings, String> {
        let chosen = std::env::var_os("SHIRYAN_DATA_DIR").is_some() || self.common.config.is_some();
        let flags = Flags {
            database: self.common.database.clone(),
            listen: self.listen,
            data_dir: (!chosen).then(|| PathBuf::from(DIR)),
        };
        let settings = self.common.settings_with(&flags)?;
        if self.password.is_none() && !settings.server.listen.ip().is_loopback() {
            return Err("a demo that others can reach needs --password".into());
        }
        if let Some(password) = &self.password {
            accounts::Hasher::new(settings.accounts.password_characters)
                .check(password)
                .map_err(|problem| format!("--password: {}", problem.code))?;
        }
        Ok(settings)
    }

    /// Opens the world that is there, or makes one.
    fn house(&self, settings: &Settings) -> Result<House, String> {
        let open = || app::open(settings.clone(), World::Demo, Migrate::Now, Arc::new(SystemClock));
        let mut house = open().map_err(|error| error.0)?;
        let wanted = self.arguments(house.today());
        let found = house.db.read_now(|conn| meta::get(conn, ARGUMENTS)).map_err(said)?;
        if found.as_deref() == Some(wanted.as_str()) {
            return Ok(house);
        }
        let target = house.db.target().clone();
        drop(house);
        // The world is the demo's own: `open` has seen to that.
        migrate::revert(&target).map_err(said)?;
        house = open().map_err(|error| error.0)?;
        make(&house, self.shape, self.password()).map_err(said)?;
        house.db.write_now(Lane::System, move |tx| meta::put(tx.conn, ARGUMENTS, &wanted)).map_err(said)?;
        Ok(house)
    }

    fn arguments(&self, today: NaiveDate) -> String {
        let password = crate::vault::hex(&crate::vault::sha256(self.password().as_bytes()));
        let Shape { donors, days, seed } = self.shape;
        format!("{today} donors={donors} days={days} seed={seed} {password}")
    }

    fn password(&self) -> &str {
        self.password.as_deref().unwrap_or(PASSWORD)
    }

    fn introduce(&self) {
        let names: Vec<&str> = ACCOUNTS.iter().map(|(name, _)| *name).collect();
        println!("A demo of invented people. Nothing in it is real.");
        println!("Accounts: {}", names.join(" "));
        println!("Password: {}", self.password());
    }
}

/// Invents a world in an empty database, and gives each account this password.
///
/// # Errors
/// The database's.
pub fn make(house: &House, shape: Shape, password: &str) -> Result<()> {
    let (today, ids) = (house.today(), Ids::new());
    let first_day = today.checked_sub_days(Days::new(u64::from(shape.days))).unwrap_or(today);
    let mut rng = StdRng::seed_from_u64(shape.seed);
    let mut written = Written::default();
    let count = usize::try_from(shape.donors).map_err(Problem::internal)?;

    let bar = step("places and people", shape.donors.into());
    let mut people = people::people(count, &places::units(), today, &mut rng);
    let history = history::live(&mut people, today, shape.days, &mut rng);
    write::places(house, &mut written)?;
    write::donors(house, &bar, &people, first_day, &ids, &mut written)?;
    bar.finish();

    let bar = step("drives and activities", 0);
    let drives = schedule::past_drives(house, &bar, &history, &people, today, &written, &mut rng)?;
    schedule::coming_drives(house, &bar, &people, today, &written, &mut rng)?;
    schedule::activities(house, &bar, today, &written, &mut rng)?;
    bar.finish();

    let size = history.gifts.len() * 2 + history.bags.len() * 3 + history.flows.len();
    let bar = step("donations and stock", u64::try_from(size).unwrap_or(0));
    let gifts = write::gifts(house, &bar, &history, &drives, &ids, &written)?;
    write::bags(house, &bar, &history, &gifts, &ids, &written, &mut rng)?;
    write::flows(house, &bar, &history, &drives)?;
    bar.finish();

    let bar = step("eligibility", shape.donors.into());
    write::deferrals(house, &bar, today, &written, &mut rng)?;
    app::daily(house, |done| bar.set_position(done))?;
    bar.finish();
    let people = accounts(house, &written, password)?;
    results::write(house, people.tester)?;
    requests::write(house, &people.hospital, &people.bank)
}

/// Makes the accounts.
fn accounts(house: &House, written: &Written, password: &str) -> Result<People> {
    let hash = accounts::hash_now(password)?;
    let seat = Governorate::RamallahAlBireh;
    let (hospital, bank) = (written.hospitals.get(&seat).copied(), written.banks.get(&seat).copied());
    let scope = places::units().iter().position(|unit| unit.code == "RBH");
    let unit: Option<UnitId> = scope.and_then(|n| written.units.get(n).copied());
    let vault = house.vault.clone();
    house.db.write_now(Lane::System, move |tx| {
        let (mut tester, mut seats) = (None, HashMap::new());
        for (name, role) in ACCOUNTS {
            let facility = match role {
                Role::Hospital => hospital,
                Role::Bank => bank,
                _ => None,
            };
            let units = if role == Role::Medic { unit.into_iter().collect() } else { Vec::new() };
            let new = NewUser { username: Username::parse(name)?, role, facility, units };
            let user = accounts::ensure_user(tx, &vault, &new, &hash)?;
            seats.entry(role).or_insert(Principal { user, role, session: SessionId(0), facility });
            // The last of the bank: `bank` releases what `bank2` found clear.
            tester = if role == Role::Bank { Some(user) } else { tester };
        }
        let mut seat = |role| seats.remove(&role).ok_or_else(|| Problem::internal("a demo has every role"));
        let tester = tester.ok_or_else(|| Problem::internal("a demo has a blood bank"))?;
        Ok(People { tester, hospital: seat(Role::Hospital)?, bank: seat(Role::Bank)? })
    })
}

fn step(name: &'static str, length: u64) -> ProgressBar {
    let bar = ProgressBar::new(length);
    let style = if length == 0 { "{msg:24} {pos}" } else { "{msg:24} {bar:32} {percent:>3} %" };
    if let Ok(style) = ProgressStyle::with_template(style) {
        bar.set_style(style);
    }
    bar.set_message(name);
    bar
}

fn said(problem: Problem) -> String {
    problem.cause.unwrap_or_else(|| problem.code.to_string())
}
