//! What a working day asks, all at once and for long: reads, searches, what is available, projections, pages, and writes.
//!
//! `cargo bench --bench mixed` lets 32 clients ask a demo's world (20 000 donors, two years) for ten minutes
//! (`SHIRYAN_MIXED_MINUTES`), each at once after it was answered, and prints how many of each kind were answered how fast,
//! and the program's resident memory minute by minute. It fails at the first answer of 500 and above, at any 4xx but a
//! question too many of the hospital, and when memory at the end is over a tenth and 16 MB more than after the first fifth.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::as_conversions)]

mod program;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::RwLock;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rand::RngExt;
use rand::rngs::StdRng;
use serde_json::{Value, json};
use shiryan_kernel::din::Din;
use shiryan_kernel::time::{Clock, SystemClock, Zone};

use program::{Line, make, sign_in, start};

const CLIENTS: usize = 32;
const ROLES: [&str; 4] = ["bank", "medic", "hospital", "command"];
/// How often each kind is asked for.
const MIX: [(&str, u32); 14] = [
    ("a donor", 20),
    ("eligibility", 12),
    ("search", 10),
    ("donors, a page", 8),
    ("units, a page", 8),
    ("calendar", 6),
    ("stock in sum", 5),
    ("reserve", 5),
    ("drives", 4),
    ("projection", 3),
    ("available", 1),
    ("page of signing in", 6),
    ("donor registered", 6),
    ("unit delivered, released, requested, accepted", 3),
];

/// What everybody knows.
struct World {
    api: SocketAddr,
    tokens: RwLock<BTreeMap<&'static str, String>>,
    donors: Vec<String>,
    company: String,
    next: AtomicU32,
    over: AtomicUsize,
}

/// Milliseconds of each answer by kind, and how many were too many questions.
#[derive(Default)]
struct Heard {
    took: BTreeMap<&'static str, Vec<f64>>,
    too_many: usize,
}

fn main() {
    // `cargo test --benches` asks for nothing here.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let minutes = std::env::var("SHIRYAN_MIXED_MINUTES").map_or(10.0, |said| said.parse().unwrap());
    let time = Duration::from_secs_f64(60.0 * minutes);
    let home = tempfile::tempdir().unwrap();
    make(home.path());
    let (running, api) = start(home.path());
    let world = World::look(api);
    let started = Instant::now();
    let mut resident = Vec::new();
    let heard: Vec<Heard> = std::thread::scope(|scope| {
        let world = &world;
        let clients: Vec<_> = (0..CLIENTS).map(|n| scope.spawn(move || work(world, n))).collect();
        while started.elapsed() < time && world.over.load(Ordering::Relaxed) == 0 {
            std::thread::sleep(Duration::from_secs(1));
            let second = started.elapsed().as_secs();
            if second.is_multiple_of(300) {
                world.sign_in();
            }
            if second.is_multiple_of(60) || started.elapsed() >= time {
                resident.push(resident_mb(running.0.id()));
            }
        }
        world.over.fetch_add(1, Ordering::Relaxed);
        clients.into_iter().map(|client| client.join().unwrap()).collect()
    });
    let spent = started.elapsed().as_secs_f64();
    report(heard, spent);
    let line: Vec<String> = resident.iter().map(|mb| format!("{mb:.1}")).collect();
    println!("resident memory, minute by minute: {} MB", line.join(", "));
    let (early, late) = (resident[resident.len() / 5], resident[resident.len() - 1]);
    assert!(late <= early * 1.1 + 16.0, "memory grew from {early:.1} to {late:.1} MB");
}

fn report(heard: Vec<Heard>, spent: f64) {
    let mut all: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    let mut too_many = 0;
    for one in heard {
        too_many += one.too_many;
        one.took.into_iter().for_each(|(kind, took)| all.entry(kind).or_default().extend(took));
    }
    let count: usize = all.values().map(Vec::len).sum();
    println!(
        "{count} answers in {spent:.0} s, {:.0} a second; none of 500 and above; {too_many} questions too many",
        count as f64 / spent
    );
    for (kind, mut took) in all {
        took.sort_by(f64::total_cmp);
        let at = |share: f64| took[((took.len() - 1) as f64 * share) as usize];
        println!(
            "{kind}: {} answers, median {:.1} ms, p99 {:.1}, slowest {:.1}",
            took.len(),
            at(0.5),
            at(0.99),
            at(1.0)
        );
    }
}

fn resident_mb(process: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<f64>().unwrap() / 1024.0
}

impl World {
    fn look(api: SocketAddr) -> Self {
        let mut world = Self {
            api,
            tokens: RwLock::default(),
            donors: Vec::new(),
            company: String::new(),
            next: AtomicU32::new(1),
            over: AtomicUsize::new(0),
        };
        world.sign_in();
        let mut line = Line::to(api);
        let mut ids = |role, path: &str| -> Vec<String> {
            let (status, body) = line.hear(&world.request(role, "GET", path, None));
            assert_eq!(status, 200, "{path}");
            let body: Value = serde_json::from_slice(&body).unwrap();
            body["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|row| row["id"].as_str().unwrap().to_owned())
                .collect()
        };
        let donors = ids("medic", "/api/v1/donors?limit=200");
        let units = ids("medic", "/api/v1/units?limit=200");
        world.donors = donors;
        world.company = units.last().unwrap().clone();
        world
    }

    fn sign_in(&self) {
        let fresh = ROLES.into_iter().map(|role| (role, sign_in(self.api, role))).collect();
        *self.tokens.write().unwrap() = fresh;
    }

    fn request(&self, role: &str, method: &str, path: &str, body: Option<&Value>) -> String {
        let token = self.tokens.read().unwrap()[role].clone();
        let key = self.next.fetch_add(1, Ordering::Relaxed);
        let body = body.map(Value::to_string).unwrap_or_default();
        format!(
            "{method} {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\nidempotency-key: mixed-{key:08}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )
    }
}

/// One client, until the time is over.
fn work(world: &World, n: usize) -> Heard {
    let mut heard = Heard::default();
    let mut rng: StdRng = rand::make_rng();
    let mut line = Line::to(world.api);
    let all: u32 = MIX.iter().map(|(_, often)| often).sum();
    while world.over.load(Ordering::Relaxed) == 0 {
        let mut drawn = rng.random_range(0..all);
        let kind = MIX.iter().find(|(_, often)| {
            let is = drawn < *often;
            drawn = drawn.saturating_sub(*often);
            is
        });
        let kind = kind.unwrap().0;
        let asked = Instant::now();
        let done = ask(world, kind, &mut line, &mut rng);
        match done {
            Ok(()) => heard.took.entry(kind).or_default().push(asked.elapsed().as_secs_f64() * 1e3),
            Err((429, _)) if kind == "available" => heard.too_many += 1,
            Err((status, text)) => {
                world.over.fetch_add(1, Ordering::Relaxed);
                panic!("client {n}: {kind}: {status} {text}");
            }
        }
    }
    heard
}

/// One piece of work; the status and the text of what was not answered as it should be.
fn ask(world: &World, kind: &str, line: &mut Line, rng: &mut StdRng) -> Result<(), (u16, String)> {
    let donor = &world.donors[rng.random_range(0..world.donors.len())];
    let mut send = |role, method, path: &str, body: Option<Value>| {
        let (status, text) = line.hear(&world.request(role, method, path, body.as_ref()));
        if (200..300).contains(&status) {
            return Ok(serde_json::from_slice::<Value>(&text).unwrap_or_default());
        }
        Err((status, String::from_utf8_lossy(&text).into_owned()))
    };
    let path = |rest: &str| format!("/api/v1/{rest}");
    match kind {
        "a donor" => send("medic", "GET", &path(&format!("donors/{donor}")), None)?,
        "eligibility" => send("medic", "GET", &path(&format!("donors/{donor}/eligibility")), None)?,
        "search" => {
            let names = ["مح", "أحمد", "خالد", "سا", "نجا", "عبد"];
            let name = names[rng.random_range(0..names.len())];
            send("medic", "POST", &path("donors/search"), Some(json!({"name": name})))?
        }
        "donors, a page" => send("bank", "GET", &path("donors?limit=50"), None)?,
        "units, a page" => send("bank", "GET", &path("stock/units?limit=50"), None)?,
        "calendar" => {
            let today = Zone::default().date(SystemClock.now());
            let to = today + chrono::Days::new(27);
            send("medic", "GET", &path(&format!("calendar?from={today}&to={to}")), None)?
        }
        "stock in sum" => send("bank", "GET", &path("stock/summary"), None)?,
        "reserve" => send("command", "GET", &path("reserve"), None)?,
        "drives" => send("medic", "GET", &path("drives?limit=50"), None)?,
        "projection" => send("command", "GET", &path("projections?component=red_cells&group=o_neg"), None)?,
        "available" => send(
            "hospital",
            "GET",
            &path("availability?recipient_group=a_pos&group_evidence=confirmed&component=red_cells"),
            None,
        )?,
        "page of signing in" => send("bank", "GET", "/sign-in", None)?,
        "donor registered" => {
            let number = world.next.fetch_add(1, Ordering::Relaxed);
            let form = json!({"first_name": "سالم", "family_name": "النجار", "sex": "male", "birth_date": "1996-02-10",
                "service_number": format!("MIX-{number}"), "unit": world.company, "governorate": "PS-RBH",
                "weight_kg": 85.0, "height_cm": 180});
            send("medic", "POST", &path("donors"), Some(form))?
        }
        _ => {
            let number = world.next.fetch_add(1, Ordering::Relaxed);
            let today = Zone::default().date(SystemClock.now());
            let din = Din::compose("A7777", 26, number % 1_000_000).unwrap();
            let label = json!({"din": din.to_string(), "component": "red_cells", "blood_group": "a_neg", "volume_ml": 280,
                "collected_on": today, "expires_on": today + chrono::Days::new(30)});
            let bag = send("bank", "POST", &path("stock/units"), Some(label))?;
            let bag = bag["id"].as_str().unwrap().to_owned();
            send("bank", "POST", &path(&format!("stock/units/{bag}/release")), Some(json!({})))?;
            let form = json!({"patient": format!("M-{number}"), "blood_group": "a_neg", "group_evidence": "confirmed",
                "component": "red_cells", "units": 1, "urgency": "routine"});
            let asked = send("hospital", "POST", &path("requests"), Some(form))?;
            let request = asked["id"].as_str().unwrap().to_owned();
            send("bank", "POST", &path(&format!("requests/{request}/accept")), Some(json!({})))?
        }
    };
    Ok(())
}
