//! Booking a place over HTTP, beside a bare booking of two statements measured in the same run.
//!
//! `cargo bench --bench booking` makes a demo's world in SQLite in a temporary directory, plans large drives in it, and
//! books donors who gave before into the earliest place, each with a key of its own: rules, audit, feed and key in one
//! durable write. Beside it a bare actix handler does the conditional update and the insert, in a process of its own,
//! through the same writer. Rounds take turns, with 32 and with 256 clients on the same two cores.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::as_conversions)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use actix_web::{App, HttpResponse, HttpServer, web};
use chrono::NaiveDate;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use shiryan::app::{self, Migrate, World};
use shiryan::db::tables::{appointments, giving_windows, givings, slots, units};
use shiryan::http::House;
use shiryan::settings::{Flags, Settings};
use shiryan_kernel::blood::DonationType;
use shiryan_kernel::ids::{DonorId, DriveId, SlotId, UnitId};
use shiryan_kernel::status::AppointmentStatus;
use shiryan_kernel::time::{SystemClock, plus_days};

const ROUNDS: usize = 3;
const ROUND: Duration = Duration::from_secs(2);
/// Clients at once, and bookings a second that are wanted of them, with the slowest hundredth in milliseconds.
const LOADS: [(usize, f64, f64); 2] = [(32, 5_000.0, 20.0), (256, 8_000.0, 50.0)];
/// Drives lie on so many days, every second for the bare booking.
const DAYS: i64 = 60;
const BARE: &str = "--bare";

fn main() {
    // `cargo test --benches` asks for nothing here.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    if let Some(at) = std::env::args().position(|argument| argument == BARE) {
        serve_bare(Path::new(&std::env::args().nth(at + 1).unwrap()));
        return;
    }
    let home = tempfile::tempdir().unwrap();
    assert!(demo(home.path()).arg("--only-make").stdout(Stdio::null()).status().unwrap().success());
    let house = open(home.path());
    let (running, api) = start(home.path());
    let token = sign_in(api);
    let pairs = [0, 1].map(|odd| Pairs::plan(&house, api, &token, odd));
    let (beside, bare) = start_bare(home.path());
    println!("{} and {} bookings can be made", pairs[0].all.len(), pairs[1].all.len());
    for (clients, wanted, slowest) in LOADS {
        let ours = |pair: &Pair, n: usize| {
            let body = format!("{{\"donor\":\"{}\"}}", pair.donor);
            format!(
                "POST /api/v1/drives/{}/appointments HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\
                 content-type: application/json\r\nidempotency-key: bench-{n:08}\r\ncontent-length: {}\r\n\r\n{body}",
                pair.drive,
                body.len()
            )
        };
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

/// What came of a round: bookings a second and how long each took, in milliseconds and in order.
struct Round {
    rate: f64,
    refused: usize,
    took: Vec<f64>,
}

impl Round {
    fn at(&self, share: f64) -> f64 {
        self.took[((self.took.len() - 1) as f64 * share) as usize]
    }
}

impl std::fmt::Display for Round {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { rate, refused, .. } = self;
        let (half, most, slowest) = (self.at(0.5), self.at(0.99), self.at(1.0));
        write!(f, "{rate:.0}/s, median {half:.1} ms, p99 {most:.1}, slowest {slowest:.1}, {refused} refused")
    }
}

impl Pairs {
    /// Plans drives of as many places as there are donors for every second day to come, and pairs them.
    fn plan(house: &House, api: SocketAddr, token: &str, odd: i64) -> Self {
        let unit: UnitId = house
            .db
            .read_now(|conn| Ok(units::table.select(units::id).order(units::id).first(conn)?))
            .unwrap();
        let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
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
        let started = Instant::now();
        let heard: Vec<(Vec<f64>, usize)> = std::thread::scope(|scope| {
            let spawn = |_| {
                scope.spawn(move || {
                    let mut stream = TcpStream::connect(to).unwrap();
                    stream.set_nodelay(true).unwrap();
                    let mut reader = BufReader::new(stream.try_clone().unwrap());
                    let (mut took, mut refused) = (Vec::new(), 0);
                    while started.elapsed() < ROUND {
                        let n = self.next.fetch_add(1, Ordering::Relaxed);
                        let pair = self.all.get(n).expect("more donors and days");
                        let asked = Instant::now();
                        stream.write_all(write(pair, n).as_bytes()).unwrap();
                        match read_answer(&mut reader) {
                            201 => took.push(asked.elapsed().as_secs_f64() * 1e3),
                            // A duty of the demo's lies near.
                            409 => refused += 1,
                            status => panic!("{status}"),
                        }
                    }
                    (took, refused)
                })
            };
            let running: Vec<_> = (0..clients).map(spawn).collect();
            running.into_iter().map(|client| client.join().unwrap()).collect()
        });
        let time = started.elapsed().as_secs_f64();
        let refused = heard.iter().map(|(_, refused)| refused).sum();
        let mut took: Vec<f64> = heard.into_iter().flat_map(|(took, _)| took).collect();
        took.sort_by(f64::total_cmp);
        Round { rate: took.len() as f64 / time, refused, took }
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

fn demo(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_shiryan"));
    command.arg("demo").env("SHIRYAN_DATA_DIR", home.join("data")).env("SHIRYAN__METRICS__LISTEN", "");
    command.stderr(Stdio::null());
    command
}

/// The installation that the demo made, opened beside the program.
fn open(home: &Path) -> House {
    let environment = [("SHIRYAN_DATA_DIR".to_owned(), home.join("data").display().to_string())];
    let settings = Settings::load(None, environment, &Flags::default()).unwrap();
    app::open(settings, World::Demo, Migrate::Now, Arc::new(SystemClock)).unwrap()
}

fn start(home: &Path) -> (Running, SocketAddr) {
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let child = demo(home).args(["--listen", &address.to_string()]).stdout(Stdio::null()).spawn();
    let (running, started) = (Running(child.unwrap()), Instant::now());
    let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
    while !agent.get(format!("http://{address}/readyz")).call().is_ok_and(|answer| answer.status() == 200) {
        std::thread::sleep(Duration::from_millis(5));
        assert!(started.elapsed() < Duration::from_secs(30), "never ready");
    }
    (running, address)
}

fn sign_in(api: SocketAddr) -> String {
    let form = serde_json::json!({"username": "bank", "password": "shiryan-demo"});
    let mut answer = ureq::post(format!("http://{api}/api/v1/sessions")).send_json(form).unwrap();
    let seen: serde_json::Value = answer.body_mut().read_json().unwrap();
    seen["access_token"].as_str().unwrap().to_owned()
}

fn start_bare(home: &Path) -> (Running, SocketAddr) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    let mut running = Running(command.arg(BARE).arg(home).stdout(Stdio::piped()).spawn().unwrap());
    let mut line = String::new();
    BufReader::new(running.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    (running, line.trim().parse().unwrap())
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

fn read_answer(reader: &mut BufReader<TcpStream>) -> u16 {
    let (mut length, mut line) = (0, String::new());
    reader.read_line(&mut line).unwrap();
    let status =
        line.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or_else(|| panic!("{line}"));
    loop {
        line.clear();
        reader.read_line(&mut line).unwrap();
        if line == "\r\n" {
            break;
        }
        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    status
}

struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
