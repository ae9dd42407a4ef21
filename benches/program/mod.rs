//! The program beside a bench: over a demo's world in a directory of its own, asked over plain sockets.

#![allow(dead_code, reason = "each bench takes what it needs")]

pub mod register;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use shiryan::app::{self, Migrate, World};
use shiryan::http::House;
use shiryan::settings::{Flags, Settings};
use shiryan_kernel::time::SystemClock;

/// A program that ends with the bench.
pub struct Running(pub Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// `shiryan demo` over a world of its own.
pub fn demo(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_shiryan"));
    command
        .arg("demo")
        .env("SHIRYAN_DATA_DIR", home.join("data"))
        .env("SHIRYAN__METRICS__LISTEN", "127.0.0.1:0");
    command.stderr(Stdio::null());
    command
}

/// Makes the world and stops.
pub fn make(home: &Path) {
    assert!(demo(home).arg("--only-make").stdout(Stdio::null()).status().unwrap().success());
}

/// The installation that the demo made, opened beside the program.
pub fn open(home: &Path) -> House {
    let environment = [("SHIRYAN_DATA_DIR".to_owned(), home.join("data").display().to_string())];
    let settings = Settings::load(None, environment, &Flags::default()).unwrap();
    app::open(settings, World::Demo, Migrate::Now, Arc::new(SystemClock)).unwrap()
}

/// Starts the program over the world that is there; returns once it is ready.
pub fn start(home: &Path) -> (Running, SocketAddr) {
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let child = demo(home).args(["--listen", &address.to_string()]).stdout(Stdio::null()).spawn();
    let (running, started, agent) = (Running(child.unwrap()), Instant::now(), agent());
    while !agent.get(format!("http://{address}/readyz")).call().is_ok_and(|answer| answer.status() == 200) {
        std::thread::sleep(Duration::from_millis(2));
        assert!(started.elapsed() < Duration::from_secs(30), "never ready");
    }
    (running, address)
}

/// This bench again in a process of its own, which prints the address that it serves.
pub fn start_bare(home: &Path, argument: &str) -> (Running, SocketAddr) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    let mut running = Running(command.arg(argument).arg(home).stdout(Stdio::piped()).spawn().unwrap());
    let mut line = String::new();
    BufReader::new(running.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    (running, line.trim().parse().unwrap())
}

pub fn agent() -> ureq::Agent {
    ureq::Agent::config_builder().http_status_as_error(false).build().into()
}

/// A token of somebody of the demo's.
pub fn sign_in(api: SocketAddr, username: &str) -> String {
    let form = serde_json::json!({"username": username, "password": "shiryan-demo"});
    let mut answer = agent().post(format!("http://{api}/api/v1/sessions")).send_json(form).unwrap();
    let seen: serde_json::Value = answer.body_mut().read_json().unwrap();
    seen["access_token"].as_str().unwrap_or_else(|| panic!("{seen}")).to_owned()
}

/// A connection that is kept.
pub struct Line {
    stream: TcpStream,
    reader: BufReader<TcpStream>,
}

impl Line {
    pub fn to(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        let reader = BufReader::new(stream.try_clone().unwrap());
        Self { stream, reader }
    }

    /// Asks, and answers the status once the whole reply is there.
    pub fn ask(&mut self, request: &str) -> u16 {
        self.hear(request).0
    }

    /// The same with the reply's body.
    pub fn hear(&mut self, request: &str) -> (u16, Vec<u8>) {
        self.stream.write_all(request.as_bytes()).unwrap();
        let (mut length, mut line) = (0, String::new());
        self.reader.read_line(&mut line).unwrap();
        let status =
            line.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or_else(|| panic!("{line}"));
        loop {
            line.clear();
            self.reader.read_line(&mut line).unwrap();
            if line == "\r\n" {
                break;
            }
            if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
        }
        let mut body = vec![0; length];
        self.reader.read_exact(&mut body).unwrap();
        (status, body)
    }
}

/// What came of a round: how many a second were taken and how long each took, in milliseconds and in order.
pub struct Round {
    pub rate: f64,
    pub refused: usize,
    took: Vec<f64>,
}

impl Round {
    pub fn at(&self, share: f64) -> f64 {
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

/// So many clients ask as fast as they are answered, for `time`; each takes the next of `all`. `taken` and `refused` are
/// the statuses that count.
pub fn load<T: Sync>(
    to: SocketAddr,
    (clients, time): (usize, Duration),
    (all, next): (&[T], &AtomicUsize),
    (taken, refused): (u16, u16),
    write: &(impl Fn(&T, usize) -> String + Sync),
) -> Round {
    let started = Instant::now();
    let heard: Vec<(Vec<f64>, usize)> = std::thread::scope(|scope| {
        let spawn = |_| {
            scope.spawn(move || {
                let mut line = Line::to(to);
                let (mut took, mut refusals) = (Vec::new(), 0);
                while started.elapsed() < time {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    let request = write(all.get(n).expect("more to ask for"), n);
                    let asked = Instant::now();
                    match line.ask(&request) {
                        status if status == taken => took.push(asked.elapsed().as_secs_f64() * 1e3),
                        status if status == refused => refusals += 1,
                        status => panic!("{status}"),
                    }
                }
                (took, refusals)
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
