//! Booking a place over HTTP, beside a bare booking of two statements measured in the same run.
//!
//! `cargo bench --bench booking` makes a demo's world in SQLite in a temporary directory, plans large drives in it, and
//! books donors who gave before into the earliest place, each with a key of its own: rules, audit, feed and key in one
//! durable write. Beside it a bare actix handler does the conditional update and the insert, in a process of its own,
//! through the same writer. Rounds take turns, with 32 and with 256 clients on the same two cores.
//!
//! `cargo bench --bench booking -- beside` books while another process takes a register of a million donors into the same
//! database, as `shiryan import donors` does: two seconds of every ten eight clients book as fast as they are answered.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::as_conversions)]

mod program;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::AtomicUsize;
use std::time::{Duration, Instant};

use actix_web::{App, HttpResponse, HttpServer, web};
use chrono::NaiveDate;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use shiryan::db::tables::{appointments, giving_windows, givings, slots, units};
use shiryan::eligibility::{self, ImportOptions};
use shiryan::http::House;
use shiryan_kernel::blood::DonationType;
use shiryan_kernel::ids::{DonorId, DriveId, SlotId, UnitId};
use shiryan_kernel::status::AppointmentStatus;
use shiryan_kernel::time::plus_days;

use program::{Round, Running, agent, load, make, open, register, sign_in, start, start_bare};

const ROUNDS: usize = 3;
const ROUND: Duration = Duration::from_secs(2);
/// Clients at once, and bookings a second that are wanted of them, with the slowest hundredth in milliseconds.
const LOADS: [(usize, f64, f64); 2] = [(32, 5_000.0, 20.0), (256, 8_000.0, 50.0)];
/// Drives lie on so many days, every second for the bare booking.
const DAYS: i64 = 60;
const BARE: &str = "--bare";
/// Rows of the register that is taken in beside bookings, who books then, how long nobody does between rounds, and the
/// slowest hundredth that is wanted, in milliseconds.
const ROWS: u64 = 1_000_000;
const BESIDE: usize = 8;
const PAUSE: Duration = Duration::from_secs(8);
const SLOWEST: f64 = 250.0;
const IMPORT: &str = "--import";

fn main() {
    // `cargo test --benches` asks for nothing here.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    if let Some(at) = std::env::args().position(|argument| argument == BARE) {
        serve_bare(Path::new(&std::env::args().nth(at + 1).unwrap()));
        return;
    }
    if let Some(at) = std::env::args().position(|argument| argument == IMPORT) {
        take_in(Path::new(&std::env::args().nth(at + 1).unwrap()));
        return;
    }
    if std::env::args().any(|argument| argument == "beside") {
        beside();
        return;
    }
    let home = tempfile::tempdir().unwrap();
    make(home.path());
    let house = open(home.path());
    let (running, api) = start(home.path());
    let token = sign_in(api, "bank");
    let pairs = [0, 1].map(|odd| Pairs::plan(&house, api, &token, odd));
    let (beside, bare) = start_bare(home.path(), BARE);
    println!("{} and {} bookings can be made", pairs[0].all.len(), pairs[1].all.len());
    for (clients, wanted, slowest) in LOADS {
        let ours = |pair: &Pair, n: usize| request(pair, n, &token);
        let limit = |pair: &Pair, _: usize| {
            let body = serde_json::to_string(pair).unwrap();
            format!(
                "POST / HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            )
        };
        let mut rounds: Vec<(Round, Round)> = (0..ROUNDS)
            .map(|_| (pairs[1].load(bare, clients, &limit), pairs[0].load(api, clients, &ours)))
            .collect();
        rounds.sort_by(|a, b| (a.1.rate / a.0.rate).total_cmp(&(b.1.rate / b.0.rate)));
        for (limit, ours) in &rounds {
            println!("  {clients} clients: {ours}; bare {limit}");
        }
        let (limit, ours) = &rounds[ROUNDS / 2];
        println!(
            "{clients} clients: {:.0} bookings a second, {:.2} × of {wanted} (target ≥ 1); {:.2} × the bare booking \
             (target ≥ 0.3); p99 {:.2} × of {slowest} ms (target ≤ 1); slowest {:.1} × the median (target ≤ 10)",
            ours.rate,
            ours.rate / wanted,
            ours.rate / limit.rate,
            ours.at(0.99) / slowest,
            ours.at(1.0) / ours.at(0.5)
        );
    }
    drop((running, beside));
}

fn request(pair: &Pair, n: usize, token: &str) -> String {
    let body = format!("{{\"donor\":\"{}\"}}", pair.donor);
    format!(
        "POST /api/v1/drives/{}/appointments HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\
         content-type: application/json\r\nidempotency-key: bench-{n:08}\r\ncontent-length: {}\r\n\r\n{body}",
        pair.drive,
        body.len()
    )
}

/// Bookings while a register is taken in.
fn beside() {
    let home = tempfile::tempdir().unwrap();
    make(home.path());
    register::write_register(&home.path().join(REGISTER), ROWS);
    let house = open(home.path());
    let (running, api) = start(home.path());
    let token = sign_in(api, "bank");
    let pairs = Pairs::plan(&house, api, &token, 0);
    drop(house);
    let ours = |pair: &Pair, n: usize| request(pair, n, &token);
    println!("alone: {}", pairs.load(api, BESIDE, &ours));
    let (mut import, started) = start_import(home.path());
    let mut rounds = Vec::new();
    while import.0.try_wait().unwrap().is_none() {
        let round = pairs.load(api, BESIDE, &ours);
        println!("  after {:.0} s: {round}", started.elapsed().as_secs_f64());
        rounds.push(round);
        let paused = Instant::now();
        while paused.elapsed() < PAUSE && import.0.try_wait().unwrap().is_none() {
            std::thread::sleep(Duration::from_millis(50));
        }
    }
    assert!(import.0.wait().unwrap().success());
    let rate = ROWS as f64 / started.elapsed().as_secs_f64();
    // The last round may have outlived the import.
    rounds.pop();
    let worst = rounds.iter().map(|round| round.at(0.99)).fold(0.0, f64::max);
    println!(
        "beside an import of {ROWS} rows, {rate:.0} a second: slowest hundredth of the worst of {} rounds {worst:.1} ms, \
         {:.2} × of {SLOWEST} ms (target ≤ 1)",
        rounds.len(),
        worst / SLOWEST
    );
    drop(running);
}

const REGISTER: &str = "register.csv";

fn start_import(home: &Path) -> (Running, Instant) {
    let mut command = std::process::Command::new(std::env::current_exe().unwrap());
    (Running(command.arg(IMPORT).arg(home).spawn().unwrap()), Instant::now())
}

fn take_in(home: &Path) {
    let house = open(home);
    let options = ImportOptions { accept_key_on_disk: true, ..ImportOptions::default() };
    let file = home.join(REGISTER);
    let report = eligibility::import_donors(&house.db, &house.vault, &house.rules, &file, &options, |_| ());
    // A few of the invented numbers are those of the demo's donors.
    let rejected = report.unwrap().rejected;
    assert!(rejected < ROWS / 1_000, "{rejected}");
}

/// Somebody who may be booked, and where.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Pair {
    drive: DriveId,
    /// Of the bare booking.
    slot: SlotId,
    donor: DonorId,
}

struct Pairs {
    all: Vec<Pair>,
    next: AtomicUsize,
}

impl Pairs {
    /// Plans drives of as many places as there are donors for every second day to come, and pairs them.
    fn plan(house: &House, api: SocketAddr, token: &str, odd: i64) -> Self {
        let unit: UnitId = house
            .db
            .read_now(|conn| Ok(units::table.select(units::id).order(units::id).first(conn)?))
            .unwrap();
        let agent = agent();
        let mut all = Vec::new();
        for n in (3..3 + DAYS).filter(|n| n % 2 == odd) {
            let day = plus_days(house.today(), n);
            let mut donors = eligible(house, day).into_iter().peekable();
            while donors.peek().is_some() {
                let form = serde_json::json!({
                    "place": "bench", "governorate": "PS-RBH", "date": day, "from": "08:00", "to": "16:00",
                    "slot_minutes": 30, "beds": 200, "unit": unit,
                });
                let mut made = agent
                    .post(format!("http://{api}/api/v1/drives"))
                    .header("authorization", format!("Bearer {token}"))
                    .header("idempotency-key", format!("bench-drive-{n:04}-{}", all.len()))
                    .send_json(form)
                    .unwrap();
                let seen: serde_json::Value = made.body_mut().read_json().unwrap();
                let drive: DriveId = seen["id"].as_str().unwrap_or_else(|| panic!("{seen}")).parse().unwrap();
                let places: Vec<(SlotId, i32)> = house
                    .db
                    .read_now(|conn| {
                        let of = slots::table.filter(slots::drive.eq(drive)).order(slots::starts_at);
                        Ok(of.select((slots::id, slots::capacity)).load(conn)?)
                    })
                    .unwrap();
                for (slot, capacity) in places {
                    all.extend(donors.by_ref().take(capacity as usize).map(|donor| Pair {
                        drive,
                        slot,
                        donor,
                    }));
                }
            }
        }
        Self { all, next: AtomicUsize::new(0) }
    }

    fn load(
        &self,
        to: SocketAddr,
        clients: usize,
        write: &(impl Fn(&Pair, usize) -> String + Sync),
    ) -> Round {
        // A duty of the demo's may lie near: refused.
        load(to, (clients, ROUND), (&self.all, &self.next), (201, 409), write)
    }
}

/// Donors who gave before and may give whole blood on a day.
fn eligible(house: &House, day: NaiveDate) -> Vec<DonorId> {
    let until = giving_windows::until_on.is_null().or(giving_windows::until_on.ge(day));
    house
        .db
        .read_now(|conn| {
            Ok(giving_windows::table
                .filter(giving_windows::donation_type.eq(DonationType::WholeBlood))
                .filter(giving_windows::from_on.le(day))
                .filter(until)
                .filter(giving_windows::donor.eq_any(givings::table.select(givings::donor)))
                .select(giving_windows::donor)
                .distinct()
                .load(conn)?)
        })
        .unwrap()
}

/// The limit: no token, no middleware, no rules; a place is taken and an appointment written.
fn serve_bare(home: &Path) {
    let house = web::Data::new(open(home));
    actix_web::rt::System::new().block_on(async move {
        let make = move || App::new().app_data(house.clone()).route("/", web::post().to(bare));
        let server = HttpServer::new(make).workers(2).bind("127.0.0.1:0").unwrap();
        println!("{}", server.addrs()[0]);
        server.run().await.unwrap();
    });
}

async fn bare(house: web::Data<House>, pair: web::Json<Pair>) -> HttpResponse {
    let Pair { drive, slot, donor } = pair.into_inner();
    let booked = house.db.write_guarded(shiryan::db::Lane::Actor(1), move |tx| {
        let (id, now) = (tx.id(), tx.now.naive_utc());
        let taken = diesel::update(slots::table.find(slot))
            .filter(slots::booked.lt(slots::capacity))
            .set(slots::booked.eq(slots::booked + 1))
            .execute(tx.conn)?;
        assert_eq!(taken, 1);
        diesel::insert_into(appointments::table)
            .values((
                appointments::id.eq(id),
                appointments::drive.eq(drive),
                appointments::slot.eq(slot),
                appointments::donor.eq(donor),
                appointments::status.eq(AppointmentStatus::Proposed),
                appointments::donation_type.eq(DonationType::WholeBlood),
                appointments::first_timer.eq(false),
                appointments::created_at.eq(now),
                appointments::created_by.eq(None::<i64>),
                appointments::changed_at.eq(now),
                appointments::version.eq(1_i64),
            ))
            .execute(tx.conn)?;
        Ok(id)
    });
    let id = booked.await.unwrap();
    HttpResponse::Created().json(serde_json::json!({"id": id.to_string()}))
}
