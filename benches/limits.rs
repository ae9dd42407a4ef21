//! The foundation's limits, each as a ratio to a limit measured in the same run.
//!
//! `cargo bench --bench limits` makes a demo's world in a temporary directory and prints:
//! - a point read through the API against a bare actix handler that does the same Diesel read (≥ 0.9)
//! - from the start of the process to ready with that world, against one second (≤ 1)
//! - resident memory 30 s after ready, one sign-in and one page, against 60 MB (≤ 1)

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::as_conversions)]

mod program;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use actix_web::{App, HttpResponse, HttpServer, web};
use shiryan::accounts::Principal;
use shiryan::donors::{self, Scope};
use shiryan_kernel::ids::{DonorId, SessionId, UserId};
use shiryan_kernel::role::Role;

use program::{Line, agent, make, open, sign_in, start, start_bare};

const ROUNDS: usize = 7;
const ROUND: Duration = Duration::from_secs(2);
const CLIENTS: usize = 8;
const BARE: &str = "--bare";

fn main() {
    // `cargo test --benches` asks for nothing here.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    // The bare handler runs in a process of its own, as the program does.
    if let Some(at) = std::env::args().position(|argument| argument == BARE) {
        serve_bare(Path::new(&std::env::args().nth(at + 1).unwrap()));
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let made = Instant::now();
    make(home.path());
    println!("demo world made in {:.1} s", made.elapsed().as_secs_f64());
    point_read(home.path());
    start_and_memory(home.path());
}

fn someone() -> Principal {
    Principal { user: UserId(1), role: Role::Admin, session: SessionId(1), facility: None }
}

/// Requests a second, alternating between the two servers so that both see the same machine.
fn point_read(home: &Path) {
    let house = open(home);
    let token = house.sessions.tokens.make(&someone(), house.db.now()).unwrap();
    let donor = house
        .db
        .read_now(|conn| {
            let scope = Scope::of(conn, &someone())?;
            Ok(donors::list(conn, &scope, donors::Filter::default(), 0, 1)?.remove(0).id)
        })
        .unwrap();
    let (running, api) = start(home);
    let (beside, bare) = start_bare(home, BARE);
    let through_api =
        format!("GET /api/v1/donors/{donor} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\r\n");
    let through_bare = format!("GET /{donor} HTTP/1.1\r\nhost: x\r\n\r\n");
    load(api, &through_api, Duration::from_millis(500));
    load(bare, &through_bare, Duration::from_millis(500));
    let mut ratios: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let limit = load(bare, &through_bare, ROUND);
            let ours = load(api, &through_api, ROUND);
            println!("  point read: api {ours:.0}/s, bare handler {limit:.0}/s");
            ours / limit
        })
        .collect();
    ratios.sort_by(f64::total_cmp);
    println!("point read: {:.2} × the bare handler (median of {ROUNDS}; target ≥ 0.9)", ratios[ROUNDS / 2]);
    drop((running, beside));
}

/// What the API shows of a donor.
#[derive(serde::Serialize)]
struct Bare {
    id: DonorId,
    status: shiryan_kernel::status::DonorStatus,
    sex: Option<shiryan_kernel::blood::Sex>,
    birth_band: Option<i32>,
    blood_group: Option<shiryan_kernel::blood::BloodGroup>,
    group_evidence: shiryan_kernel::blood::GroupEvidence,
    unit: Option<shiryan_kernel::ids::UnitId>,
    governorate: Option<shiryan_kernel::place::Governorate>,
    weight_kg: Option<f64>,
    height_cm: Option<f64>,
    screened: bool,
    version: i64,
}

/// The limit: no token, no middleware, no problem; the same read of the same row.
fn serve_bare(home: &Path) {
    let house = web::Data::new(open(home));
    actix_web::rt::System::new().block_on(async move {
        let make = move || App::new().app_data(house.clone()).route("/{id}", web::get().to(bare));
        let server = HttpServer::new(make).workers(2).bind("127.0.0.1:0").unwrap();
        println!("{}", server.addrs()[0]);
        server.run().await.unwrap();
    });
}

async fn bare(house: web::Data<shiryan::http::House>, id: web::Path<String>) -> HttpResponse {
    let id: DonorId = id.parse().unwrap();
    let db = house.db.clone();
    let read = web::block(move || {
        db.read_now(|conn| {
            let scope = Scope::of(conn, &someone())?;
            donors::donor(conn, &scope, id)
        })
    });
    let donor = read.await.unwrap().unwrap();
    HttpResponse::Ok().json(Bare {
        id: donor.id,
        status: donor.status,
        sex: donor.sex,
        birth_band: donor.birth_band,
        blood_group: donor.blood_group,
        group_evidence: donor.group_evidence,
        unit: donor.unit,
        governorate: donor.governorate,
        weight_kg: donor.weight_kg,
        height_cm: donor.height_cm,
        screened: donor.screened,
        version: donor.version,
    })
}

/// Requests a second over a few connections that are kept.
fn load(address: SocketAddr, request: &str, time: Duration) -> f64 {
    let (stop, count) = (AtomicBool::new(false), AtomicU64::new(0));
    let started = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| {
                let mut line = Line::to(address);
                while !stop.load(Ordering::Relaxed) {
                    assert_eq!(line.ask(request), 200);
                    count.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        std::thread::sleep(time);
        stop.store(true, Ordering::Relaxed);
    });
    count.load(Ordering::Relaxed) as f64 / started.elapsed().as_secs_f64()
}

fn start_and_memory(home: &Path) {
    let mut starts = Vec::new();
    let mut last = None;
    for _ in 0..5 {
        drop(last.take());
        let started = Instant::now();
        last = Some(start(home));
        starts.push(started.elapsed().as_secs_f64());
    }
    starts.sort_by(f64::total_cmp);
    println!("start to ready: {:.3} × one second (median of 5; target ≤ 1)", starts[2]);

    let (running, address) = last.unwrap();
    let (agent, base) = (agent(), format!("http://{address}"));
    sign_in(address, "command");
    assert_eq!(agent.get(format!("{base}/")).call().unwrap().status(), 200);
    std::thread::sleep(Duration::from_secs(30));
    let status = std::fs::read_to_string(format!("/proc/{}/status", running.0.id())).unwrap();
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    let kib: f64 = resident.trim().trim_end_matches(" kB").trim().parse().unwrap();
    println!("resident memory: {:.1} MB, {:.2} × 60 MB (target ≤ 1)", kib / 1024.0, kib / 1024.0 / 60.0);
}
