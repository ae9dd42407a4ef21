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

use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use shiryan::app::{self, Migrate, World};
use shiryan::eligibility::{self, ImportOptions};
use shiryan::settings::{Flags, Settings};
use shiryan::sheets::Manner;
use shiryan_kernel::time::SystemClock;

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

fn write_register(path: &Path, rows: u64) {
    const NAMES: [&str; 12] =
        ["محمد", "أحمد", "خالد", "عمر", "يوسف", "إبراهيم", "حسن", "علي", "سامر", "طارق", "نضال", "بلال"];
    const FAMILIES: [&str; 8] = ["الخطيب", "النجار", "حداد", "عودة", "زيدان", "الشريف", "سلامة", "منصور"];
    const GROUPS: [&str; 8] = ["A+", "O+", "B+", "O-", "A-", "AB+", "B-", "AB-"];
    const PLACES: [&str; 4] = ["PS-RBH", "PS-NBS", "PS-HBN", "PS-JEN"];
    let mut rng = StdRng::seed_from_u64(7);
    let mut file = BufWriter::new(std::fs::File::create(path).unwrap());
    writeln!(
        file,
        "service_number,national_id,first_name,father_name,grandfather_name,family_name,sex,birth_date,\
         blood_group,unit,governorate,phone,email,weight_kg,height_cm,last_donation_date,last_donation_type,\
         donations_last_12_months"
    )
    .unwrap();
    // Each number once, in no order: registers are not sorted by national id.
    for row in 0..rows {
        let number = (row * 7_654_321 + 1_234_567) % 99_999_989;
        let mut pick = |of: &[&'static str]| of[rng.random_range(0..of.len())];
        let names = [pick(&NAMES), pick(&NAMES), pick(&NAMES), pick(&FAMILIES)].join(",");
        let (group, place) = (pick(&GROUPS), pick(&PLACES));
        let (year, month, day) =
            (rng.random_range(1962..2006), rng.random_range(1..=12), rng.random_range(1..=28));
        let given = if rng.random_bool(0.3) {
            format!("2026-{:02}-{day:02},whole_blood", rng.random_range(1..=9))
        } else {
            ",".to_owned()
        };
        writeln!(
            file,
            "S-{row},{},{names},male,{year}-{month:02}-{day:02},{group},,{place},059{:07},,{},{},{given},1",
            with_check_digit(number),
            rng.random_range(0..10_000_000),
            rng.random_range(50..110),
            rng.random_range(150..200),
        )
        .unwrap();
    }
    file.flush().unwrap();
}

/// Eight digits and the check digit that agrees with them.
fn with_check_digit(eight: u64) -> String {
    let digits = format!("{eight:08}");
    let sum: u64 = digits
        .bytes()
        .zip([1, 2].into_iter().cycle())
        .map(|(digit, weight)| u64::from(digit - b'0') * weight)
        .map(|product| product / 10 + product % 10)
        .sum();
    format!("{digits}{}", (10 - sum % 10) % 10)
}
