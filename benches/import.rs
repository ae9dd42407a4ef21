//! A register of donors, taken into SQLite at size: how fast, how flat, in how much memory.
//!
//! `cargo bench --bench import [-- ROWS]` writes registers of 200 000, 400 000 and 1 000 000 invented donors (two exact
//! keys and a phone each, some with a last donation) into a temporary directory, imports each in a process of its own
//! and prints:
//! - rows a second over the whole file
//! - the rate over its last 100 000 rows, as a ratio to that over its first (flat: ≥ 0.9)
//! - resident memory past the last tenth, against that past the first (≤ 20 MB more)
//! - the whole as a ratio to a dry run of the same file: reading, checking and sealing, nothing written

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::as_conversions)]

mod program;

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

use shiryan::app::{self, Migrate, World};
use shiryan::eligibility::{self, ImportOptions};
use shiryan::settings::{Flags, Settings};
use shiryan::sheets::Manner;
use shiryan_kernel::time::SystemClock;

use program::register::write_register;

/// The program's own.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const SIZES: [u64; 3] = [200_000, 400_000, 1_000_000];
/// Rows between two looks.
const STEP: u64 = 100_000;
const TAKE: &str = "--take";

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    // `cargo test --benches` asks for nothing here.
    if arguments.iter().any(|argument| argument == "--test") {
        return;
    }
    if let Some(at) = arguments.iter().position(|argument| argument == TAKE) {
        let rate = take(Path::new(&arguments[at + 1]), Path::new(&arguments[at + 2]), &arguments[at + 3]);
        std::fs::write(Path::new(&arguments[at + 1]).join(&arguments[at + 3]), rate.to_string()).unwrap();
        return;
    }
    let asked: Vec<u64> = arguments.iter().filter_map(|argument| argument.parse().ok()).collect();
    for rows in if asked.is_empty() { SIZES.to_vec() } else { asked } {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("register.csv");
        write_register(&file, rows);
        println!("{rows} rows, {:.0} MB", std::fs::metadata(&file).unwrap().len() as f64 / 1e6);
        let [dry, real] = ["dry", "real"].map(|how| {
            let mut command = Command::new(std::env::current_exe().unwrap());
            let done = command.arg(TAKE).args([home.path(), &file]).arg(how).status().unwrap();
            assert!(done.success());
            std::fs::read_to_string(home.path().join(how)).unwrap().parse::<f64>().unwrap()
        });
        println!("  {:.2} × a dry run", real / dry);
    }
}

/// Imports a register into a new installation and prints what it took.
fn take(home: &Path, file: &Path, how: &str) -> f64 {
    let environment =
        [("SHIRYAN_DATA_DIR".to_owned(), home.join(format!("data-{how}")).display().to_string())];
    let settings = Settings::load(None, environment, &Flags::default()).unwrap();
    let house = app::open(settings, World::Live, Migrate::Now, Arc::new(SystemClock)).unwrap();
    let options = ImportOptions {
        manner: Manner { dry_run: how == "dry", ..Manner::default() },
        accept_key_on_disk: true,
        ..ImportOptions::default()
    };
    let (started, mut last) = (Instant::now(), Instant::now());
    let (mut seen, mut next) = (0, STEP);
    let mut rates = Vec::new();
    let mut resident = Vec::new();
    let report = eligibility::import_donors(&house.db, &house.vault, &house.rules, file, &options, |now| {
        if now.rows >= next {
            rates.push((now.rows - seen) as f64 / last.elapsed().as_secs_f64());
            resident.push(resident_mb());
            last = Instant::now();
            (seen, next) = (now.rows, now.rows + STEP);
        }
    })
    .unwrap();
    assert_eq!(report.rejected, 0);
    let rate = report.rows as f64 / started.elapsed().as_secs_f64();
    println!(
        "  {how}: {rate:.0} rows a second; last 100 000 against the first {:.2} ×; memory {:.0} MB, then {:.0} MB",
        rates[rates.len() - 1] / rates[0],
        resident[0],
        resident[resident.len() - 1]
    );
    rate
}

/// Resident memory of this process, in MB.
fn resident_mb() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<f64>().unwrap() / 1024.0
}
