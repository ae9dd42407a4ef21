//! The roster: counting donors in memory, building it, and the reserve told from it over HTTP.
//!
//! `cargo bench --bench roster` puts a million donors into SQLite in a temporary directory and prints:
//! - building the roster, a million giving windows, against 0.3 s (target ≤ 1), and the memory that it takes
//! - donors who may give on three days in every group and governorate (128 cells), against 15 µs (target ≤ 1) and
//!   beside the same question asked in SQL
//! - the same, all cells of a component with units, demand and levels, from what is kept
//! - `GET /reserve?by=governorate&component=red_cells` through the program over a demo's world, 32 connections, against
//!   30 000 a second (target ≥ 1) and beside a handler that does nothing but check the same token; asked for with gzip as
//!   every browser does, and without, which moves twenty times the bytes
//! - the same while a donor is registered twenty times a second
//!
//! `SHIRYAN_BENCH_DONORS` sets another million.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::as_conversions)]

mod program;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use diesel::prelude::*;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use shiryan::app::{self, Migrate, World};
use shiryan::db::tables::{donors, giving_windows};
use shiryan::db::{Lane, Tx, insert_all};
use shiryan::http::House;
use shiryan::reserve::{self, Ask, By};
use shiryan::settings::{Flags, Settings};
use shiryan_kernel::blood::{BloodGroup, Component, DonationType, GroupEvidence};
use shiryan_kernel::ids::DonorId;
use shiryan_kernel::place::Governorate;
use shiryan_kernel::status::DonorStatus;
use shiryan_kernel::time::{SystemClock, plus_days};

use program::{Line, load, make, open, sign_in, start, start_bare};

/// As the program has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const BARE: &str = "bare-hello";
const SLICE: usize = 8_192;
const ROUNDS: usize = 101;
const CLIENTS: usize = 32;
/// What changes a second, in the round that is so.
const CHANGES: u32 = 20;
const ROUND: Duration = Duration::from_secs(3);

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if arguments.iter().any(|argument| argument == "--test") {
        return;
    }
    if arguments.get(1).is_some_and(|first| first == BARE) {
        serve_bare(std::path::Path::new(&arguments[2]));
        return;
    }
    in_process();
    over_http();
}

fn in_process() {
    let count: usize =
        std::env::var("SHIRYAN_BENCH_DONORS").map_or(1_000_000, |text| text.parse().expect("a number"));
    let home = tempfile::tempdir().unwrap();
    let environment = [("SHIRYAN_DATA_DIR".to_owned(), home.path().join("data").display().to_string())];
    let settings = Settings::load(None, environment, &Flags::default()).unwrap();
    let house = app::open(settings, World::Live, Migrate::Now, Arc::new(SystemClock)).unwrap();
    put(&house, count);
    let before = resident();
    let started = Instant::now();
    house.roster.build(&house.db, house.zone).unwrap();
    let took = started.elapsed().as_secs_f64();
    let windows: usize = house
        .roster
        .look(&house.db, house.zone, |index| index.donors.all().map(|(_, own)| own.windows.len()).sum())
        .unwrap();
    let each = took / (windows as f64 / 1e6);
    println!(
        "built of {count} donors and {windows} windows in {took:.2} s: {each:.2} s a million windows, {:.2} × of 0.3 s \
         (target ≤ 1); {:.0} bytes a donor",
        each / 0.3,
        (resident() - before) as f64 / count as f64
    );
    counting(&house);
    let sources = &house.reserve;
    let ask = Ask { by: By::Governorate, within: None, component: Some(Component::RedCells), group: None };
    let whole = median(|| assert_eq!(reserve::picture(sources, &ask).unwrap().cells.len(), 128));
    println!(
        "the reserve's 128 cells with units, demand and levels, from what is kept: {:.1} µs",
        whole * 1e6
    );
}

fn counting(house: &House) {
    let today = house.today();
    let days = [0, 3, 7].map(|ahead| plus_days(today, ahead));
    let ask = || -> [u64; 3] {
        let mut sums = [0_u64; 3];
        house
            .roster
            .glance(&house.db, |index| {
                for (_, _, on) in index.donors.open(DonationType::WholeBlood, days) {
                    sums.iter_mut().zip(on).for_each(|(sum, own)| *sum += u64::from(own));
                }
            })
            .expect("fresh");
        sums
    };
    let mut told = [0; 3];
    let ours = median(|| {
        house.roster.look(&house.db, house.zone, |_| ()).unwrap();
        told = ask();
    });
    let mut asked = [0; 3];
    let began = Instant::now();
    for (day, sum) in days.into_iter().zip(&mut asked) {
        let rows: Vec<(Option<BloodGroup>, Option<Governorate>, i64)> = house
            .db
            .read_now(|conn| {
                Ok(giving_windows::table
                    .inner_join(donors::table)
                    .group_by((donors::blood_group, donors::governorate))
                    .select((donors::blood_group, donors::governorate, diesel::dsl::count_star()))
                    .filter(donors::status.eq(DonorStatus::Active))
                    .filter(giving_windows::donation_type.eq(DonationType::WholeBlood))
                    .filter(giving_windows::from_on.le(day))
                    .filter(giving_windows::until_on.is_null().or(giving_windows::until_on.ge(day)))
                    .load(conn)?)
            })
            .unwrap();
        *sum = rows.iter().map(|(.., count)| *count as u64).sum();
    }
    let sql = began.elapsed().as_secs_f64();
    assert_eq!(told, asked, "both count the same");
    println!(
        "128 cells × 3 days: {:.1} µs, {:.2} × of 15 µs (target ≤ 1); the same in SQL {:.0} ms, {:.0} times as long",
        ours * 1e6,
        ours / 15e-6,
        sql * 1e3,
        sql / ours
    );
}

fn over_http() {
    let home = tempfile::tempdir().unwrap();
    make(home.path());
    let (running, api) = start(home.path());
    let token = sign_in(api, "command");
    let (beside, bare) = start_bare(home.path(), BARE);
    let ask = |path: &str, with: &str| {
        format!("GET {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n{with}\r\n")
    };
    let path = "/api/v1/reserve?by=governorate&component=red_cells";
    let (plain, reserve) = (ask(path, ""), ask(path, "accept-encoding: gzip\r\n"));
    let hello = ask("/", "");
    let all = vec![(); 2_000_000];
    // After a start what passed its date meanwhile is written, and levels change: an answer holds once that is done.
    std::thread::sleep(Duration::from_secs(45));
    let mut line = Line::to(api);
    println!("  an answer holds: {}", line.hear(&plain) == line.hear(&plain));
    println!("  it weighs {} bytes, {} with gzip", line.hear(&plain).1.len(), line.hear(&reserve).1.len());
    let round = |to, request: &String| {
        let next = AtomicUsize::new(0);
        load(to, (CLIENTS, ROUND), (&all, &next), (200, 0), &|(), _| request.clone())
    };
    round(api, &reserve);
    let (limit, ours) = (round(bare, &hello), round(api, &reserve));
    println!("  hello with the token checked: {limit}\n  reserve by governorate: {ours}");
    println!(
        "reserve over HTTP: {:.0} a second, {:.2} × of 30 000 (target ≥ 1), {:.2} × hello; p99 {:.2} ms, {:.2} × of 2 ms \
         (target ≤ 1)",
        ours.rate,
        ours.rate / 30_000.0,
        ours.rate / limit.rate,
        ours.at(0.99),
        ours.at(0.99) / 2.0
    );
    println!("without gzip: {}", round(api, &plain));
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| change(api, &is_over));
        println!("while something changes {CHANGES} times a second: {}", round(api, &reserve));
        is_over.store(true, Ordering::Relaxed);
    });
    drop((running, beside));
}

/// Registers donors, each of whom the reserve counts.
fn change(api: std::net::SocketAddr, is_over: &AtomicBool) {
    let token = sign_in(api, "bank");
    let mut line = Line::to(api);
    for n in 0.. {
        if is_over.load(Ordering::Relaxed) {
            return;
        }
        let body = format!(
            r#"{{"first_name":"سالم","family_name":"حمدان","sex":"male","birth_date":"1996-02-10","service_number":"R-{n}","governorate":"PS-RBH"}}"#
        );
        let request = format!(
            "POST /api/v1/donors HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\n\
             idempotency-key: roster-bench-{n}\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        let (status, said) = line.hear(&request);
        assert_eq!(status, 201, "{}", String::from_utf8_lossy(&said));
        std::thread::sleep(Duration::from_secs(1) / CHANGES);
    }
}

/// The limit: the token is checked, and nothing else is done.
fn serve_bare(home: &std::path::Path) {
    let house = web::Data::new(open(home));
    actix_web::rt::System::new().block_on(async move {
        let make = move || App::new().app_data(house.clone()).route("/", web::get().to(hello));
        let server = HttpServer::new(make).workers(2).bind("127.0.0.1:0").unwrap();
        println!("{}", server.addrs()[0]);
        server.run().await.unwrap();
    });
}

async fn hello(house: web::Data<House>, request: HttpRequest) -> HttpResponse {
    let header = request.headers().get("authorization").and_then(|value| value.to_str().ok()).unwrap();
    let who = house.sessions.tokens.read(header.strip_prefix("Bearer ").unwrap(), house.db.now()).unwrap();
    HttpResponse::Ok().body(who.role.code())
}

fn put(house: &House, count: usize) {
    let mut random = StdRng::seed_from_u64(7);
    let today = house.today();
    let started = Instant::now();
    for first in (0..count).step_by(SLICE) {
        let seed: u64 = random.random();
        let many = SLICE.min(count - first);
        let insert = move |tx: &mut Tx| {
            let mut random = StdRng::seed_from_u64(seed);
            let (mut people, mut windows) = (Vec::with_capacity(many), Vec::new());
            for _ in 0..many {
                let id = DonorId(tx.id());
                people.push((
                    donors::id.eq(id),
                    donors::status.eq(DonorStatus::Active),
                    donors::blood_group.eq(*BloodGroup::ALL.choose(&mut random).unwrap()),
                    donors::group_evidence.eq(GroupEvidence::Confirmed),
                    donors::governorate.eq(*Governorate::ALL.choose(&mut random).unwrap()),
                    donors::screened.eq(true),
                    donors::donor_key.eq(vec![0_u8; 8]),
                    donors::key_version.eq(1),
                    donors::created_at.eq(tx.now.naive_utc()),
                    donors::version.eq(1_i64),
                ));
                for donation in DonationType::ALL {
                    windows.push((
                        giving_windows::donor.eq(id),
                        giving_windows::donation_type.eq(*donation),
                        giving_windows::place.eq(0),
                        giving_windows::from_on.eq(plus_days(today, random.random_range(-300..120))),
                        giving_windows::rule_set.eq("bench"),
                    ));
                }
            }
            insert_all!(tx.conn => donors::table, people)?;
            insert_all!(tx.conn => giving_windows::table, windows)?;
            Ok(())
        };
        house.db.write_now(Lane::Bulk, insert).unwrap();
    }
    println!("{count} donors in {:.0} s", started.elapsed().as_secs_f64());
}

/// Bytes of this process that lie in memory.
fn resident() -> usize {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap();
    text.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4_096
}

fn median(mut work: impl FnMut()) -> f64 {
    let mut times: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let began = Instant::now();
            work();
            began.elapsed().as_secs_f64()
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}
