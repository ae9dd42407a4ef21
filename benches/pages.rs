//! First pages over the register of a large force: what a page costs and what it weighs.
//!
//! `cargo bench --bench pages` makes a demo's world of 200 000 donors, signs in as each of the three, asks for their pages
//! one after the other over one connection, and prints of each the CPU of the whole program (user and system) for a page,
//! from the request to its last byte, against 5 ms (target ≤ 1), and what it weighs, plain and compressed, against 60 kB
//! (target ≤ 1; the week 40 kB). Beside them an answer that does nothing.
//!
//! `SHIRYAN_BENCH_DONORS` sets another number of donors.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::as_conversions)]

mod program;

use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use program::{Line, Running, agent, demo};

const ROUNDS: u32 = 200;
/// What costs so little is asked for so often, for the system counts in hundredths of a second.
const NOTHING_ROUNDS: u32 = 20_000;
/// Of a second.
const TICK_MS: f64 = 10.0;
/// Who asks for what, and what it may weigh.
const PAGES: [(&str, &str, f64); 8] = [
    ("command", "/", 60_000.0),
    ("command", "/where", 60_000.0),
    ("command", "/ahead", 60_000.0),
    ("medic", "/", 40_000.0),
    ("hospital", "/", 60_000.0),
    ("hospital", "/requests", 60_000.0),
    ("bank", "/bank", 60_000.0),
    ("bank", "/requests", 60_000.0),
];

fn main() {
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let donors = std::env::var("SHIRYAN_BENCH_DONORS").unwrap_or_else(|_| "200000".to_owned());
    let home = tempfile::tempdir().unwrap();
    let began = Instant::now();
    let mut make = demo(home.path());
    make.args(["--donors", &donors, "--only-make"]).stdout(Stdio::null());
    assert!(make.status().unwrap().success());
    println!("a world of {donors} donors in {:.0} s", began.elapsed().as_secs_f64());
    let (running, at) = start(home.path(), &donors);
    let nothing = cost(&running, at, "/healthz", "", NOTHING_ROUNDS);
    println!("nothing but an answer: {:.3} ms of CPU", nothing.0);
    let mut sessions: Vec<(&str, String)> = Vec::new();
    for (who, path, most) in PAGES {
        let cookie = match sessions.iter().find(|(known, _)| *known == who) {
            Some((_, cookie)) => cookie.clone(),
            None => {
                let cookie = sign_in(at, who);
                sessions.push((who, cookie.clone()));
                cookie
            }
        };
        let (cpu, median, plain) = cost(&running, at, path, &cookie, ROUNDS);
        let packed = weight(at, path, &cookie);
        println!(
            "{who} {path}: {cpu:.2} ms of CPU, {:.2} × of 5 ms (target ≤ 1), {:.1} × nothing; {median:.1} ms; \
             {:.1} kB, {:.2} × of {:.0} kB (target ≤ 1), {:.1} kB packed",
            cpu / 5.0,
            cpu / nothing.0,
            plain as f64 / 1e3,
            plain as f64 / most,
            most / 1e3,
            packed as f64 / 1e3
        );
    }
}

fn start(home: &Path, donors: &str) -> (Running, SocketAddr) {
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut command = demo(home);
    command.args(["--donors", donors, "--listen", &address.to_string()]).stdout(Stdio::null());
    let (running, agent) = (Running(command.spawn().unwrap()), agent());
    while !agent.get(format!("http://{address}/readyz")).call().is_ok_and(|answer| answer.status() == 200) {
        std::thread::sleep(Duration::from_millis(20));
    }
    // The roster is built, names are opened, and what passed its date is written: that is the day's work, not a page's.
    std::thread::sleep(Duration::from_secs(90));
    (running, address)
}

/// CPU and wall time of a page in milliseconds, and its bytes.
fn cost(running: &Running, at: SocketAddr, path: &str, cookie: &str, rounds: u32) -> (f64, f64, usize) {
    let request =
        format!("GET {path} HTTP/1.1\r\nhost: {at}\r\naccept: text/html\r\ncookie: {cookie}\r\n\r\n");
    let mut line = Line::to(at);
    let mut ask = || {
        let (status, body) = line.hear(&request);
        assert_eq!(status, 200, "{path}: {}", String::from_utf8_lossy(&body));
        body.len()
    };
    let bytes = (0..10).map(|_| ask()).next_back().unwrap();
    let before = ticks(running);
    let mut took: Vec<f64> = (0..rounds)
        .map(|_| {
            let began = Instant::now();
            ask();
            began.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    let cpu = (ticks(running) - before) * TICK_MS / f64::from(rounds);
    took.sort_by(f64::total_cmp);
    (cpu, took[took.len() / 2], bytes)
}

/// Bytes of a page as a browser asks for it.
fn weight(at: SocketAddr, path: &str, cookie: &str) -> usize {
    let mut answer = agent()
        .get(format!("http://{at}{path}"))
        .header("cookie", cookie)
        .header("accept-encoding", "gzip")
        .call()
        .unwrap();
    answer.body_mut().read_to_vec().unwrap().len()
}

fn ticks(running: &Running) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", running.0.id())).unwrap();
    let rest: Vec<&str> = stat.rsplit(") ").next().unwrap().split(' ').collect();
    rest[11].parse::<f64>().unwrap() + rest[12].parse::<f64>().unwrap()
}

/// The cookie of a browser that somebody of the demo's signed in with.
fn sign_in(at: SocketAddr, who: &str) -> String {
    let mut door = agent().get(format!("http://{at}/sign-in")).call().unwrap();
    let before = cookie(&door);
    let html = door.body_mut().read_to_string().unwrap();
    let token = html.split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let answer = agent()
        .post(format!("http://{at}/sign-in"))
        .config()
        .max_redirects(0)
        .build()
        .header("origin", format!("http://{at}"))
        .header("cookie", before)
        .content_type("application/x-www-form-urlencoded")
        .send(format!("csrf={token}&username={who}&password=shiryan-demo"))
        .unwrap();
    assert_eq!(answer.status(), 303, "{who}");
    cookie(&answer)
}

fn cookie(answer: &ureq::http::Response<ureq::Body>) -> String {
    let set = answer.headers().get_all("set-cookie").iter().map(|value| value.to_str().unwrap());
    let pairs: Vec<&str> = set.map(|value| value.split(';').next().unwrap()).collect();
    pairs.into_iter().filter(|pair| !pair.ends_with('=')).collect::<Vec<_>>().join("; ")
}
