//! Searching a million names, each figure beside a limit measured in the same run.
//!
//! `cargo bench --bench search` seals invented donors into SQLite in a temporary directory and prints:
//! - from a start to an index that can be searched, against opening the same sealed names and no more, on as
//!   many threads; and in seconds (target ≤ 5 per million)
//! - what the index, and the building of it, adds to resident memory for each donor, against 150 bytes (≤ 1)
//! - the slowest hundredth of searches in process, of beginnings as they are typed, against 5 ms (≤ 1); and the
//!   mean against reading every donor's keys
//!
//! `SHIRYAN_BENCH_DONORS` sets another number of donors.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::as_conversions)]

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use diesel::prelude::*;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rayon::prelude::*;
use shiryan::app::{self, Migrate, World};
use shiryan::db::Lane;
use shiryan::db::tables::{donor_identities, donors as donors_table};
use shiryan::donors::{self, FullName, Names, NewDonor, Prepared, Words};
use shiryan::http::House;
use shiryan::settings::{Flags, Settings};
use shiryan::vault::Place;
use shiryan_kernel::ids::DonorId;
use shiryan_kernel::text::{PersonName, family_key, name_key};
use shiryan_kernel::time::SystemClock;

const ROUNDS: usize = 3;
const SEARCHES: usize = 4_000;
/// Different given names, and families, as a register of a million has.
const GIVEN: usize = 4_000;
const FAMILIES: usize = 60_000;

fn main() {
    // `cargo test --benches` asks for nothing here.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let count: usize =
        std::env::var("SHIRYAN_BENCH_DONORS").map_or(1_000_000, |text| text.parse().expect("a number"));
    let home = tempfile::tempdir().unwrap();
    let environment = [("SHIRYAN_DATA_DIR".to_owned(), home.path().join("data").display().to_string())];
    let settings = Settings::load(None, environment, &Flags::default()).unwrap();
    let house = app::open(settings, World::Live, Migrate::Now, std::sync::Arc::new(SystemClock)).unwrap();
    let mut rng = StdRng::seed_from_u64(7);
    let people = People::new(&mut rng);
    let made = Instant::now();
    let names: Vec<[String; 4]> = (0..count).map(|_| people.name(&mut rng)).collect();
    write(&house, &names);
    println!("{count} donors sealed in {:.0} s", made.elapsed().as_secs_f64());

    let millions = count as f64 / 1e6;
    let opening = median((0..ROUNDS).map(|_| open_alone(&house)).collect());
    let before = resident();
    let index = Names::default();
    index.warm(&house.db, &house.vault).unwrap();
    let bytes = (resident() - before).max(0.0) / count as f64;
    println!("memory: {bytes:.0} bytes a donor, {:.2} × 150 (target ≤ 1)", bytes / 150.0);
    let warming =
        median((0..ROUNDS).map(|_| timed(|| index.warm(&house.db, &house.vault).unwrap())).collect());
    println!(
        "warm: {warming:.2} s, {:.2} s per million (target ≤ 5); {:.2} × opening the names alone ({opening:.2} s)",
        warming / millions,
        warming / opening
    );
    search(&index, &names, &mut rng);
}

/// Names as often as they come in life: the n-th most common 1/n as often as the first.
struct People {
    given: Vec<String>,
    families: Vec<String>,
    weights: [Vec<f64>; 2],
}

impl People {
    fn new(rng: &mut StdRng) -> Self {
        const LETTERS: [char; 26] = [
            'ا', 'ب', 'ت', 'ج', 'ح', 'خ', 'د', 'ر', 'ز', 'س', 'ش', 'ص', 'ط', 'ع', 'غ', 'ف', 'ق', 'ك', 'ل',
            'م', 'ن', 'ه', 'و', 'ي', 'ا', 'م',
        ];
        let mut word = |least: usize| -> String {
            let letters = rng.random_range(least..least + 4);
            (0..letters).map(|_| LETTERS[rng.random_range(0..LETTERS.len())]).collect()
        };
        let mut some = |count, least| -> Vec<String> {
            let mut words: Vec<String> = Vec::new();
            while words.len() < count {
                words.push(word(least));
            }
            words
        };
        let cumulative = |count: usize| {
            (1..=count)
                .scan(0.0, |sum, n| {
                    *sum += 1.0 / n as f64;
                    Some(*sum)
                })
                .collect()
        };
        Self {
            given: some(GIVEN, 3),
            families: some(FAMILIES, 4),
            weights: [cumulative(GIVEN), cumulative(FAMILIES)],
        }
    }

    fn name(&self, rng: &mut StdRng) -> [String; 4] {
        let mut pick = |words: &[String], weights: &[f64]| {
            let at = rng.random_range(0.0..weights[weights.len() - 1]);
            words[weights.partition_point(|weight| *weight < at)].clone()
        };
        let mut given = || pick(&self.given, &self.weights[0]);
        let [first, father, grandfather] = [given(), given(), given()];
        let family = pick(&self.families, &self.weights[1]);
        let family = if rng.random_bool(0.5) { format!("ال{family}") } else { family };
        [first, father, grandfather, family]
    }
}

fn write(house: &House, names: &[[String; 4]]) {
    for slice in names.chunks(4_096) {
        let at = house.db.now().naive_utc();
        let prepared: Vec<Prepared> = slice
            .iter()
            .map(|name| {
                let part = |at: usize| PersonName::parse(&name[at]).ok();
                let name =
                    FullName { first: part(0), father: part(1), grandfather: part(2), family: part(3) };
                let new = NewDonor { name, ..NewDonor::default() };
                donors::prepare(&house.vault, DonorId(house.db.id()), None, at, &new)
            })
            .collect();
        let batch = donors::Batch::of(prepared);
        let write = move |tx: &mut shiryan::db::Tx<'_>| donors::insert(tx.conn, &batch);
        house.db.write_now(Lane::Bulk, write).unwrap();
    }
}

/// What no index can do without: every row read, every key and name unsealed.
fn open_alone(house: &House) -> f64 {
    type Sealed = (i64, Vec<u8>, Option<Vec<u8>>);
    let read = |after: i64| -> Vec<Sealed> {
        let rows = donor_identities::table
            .inner_join(donors_table::table)
            .filter(donors_table::id.gt(after))
            .order(donors_table::id)
            .limit(4_096)
            .select((donors_table::id, donors_table::donor_key, donor_identities::name));
        house.db.read_now(|conn| Ok(rows.load(conn)?)).unwrap()
    };
    timed(|| {
        let mut after = 0;
        let mut letters = 0;
        loop {
            let rows = read(after);
            let Some(last) = rows.last() else { break };
            after = last.0;
            let open = |(id, key, name): &Sealed| {
                let key = house.vault.donor_key(*id, key).unwrap();
                let place = Place::of("donor_identities", "name", *id);
                key.open_text(place, name.as_deref().unwrap()).unwrap().len()
            };
            letters += rows.par_iter().map(open).sum::<usize>();
        }
        assert!(letters > 0);
    })
}

fn search(index: &Names, names: &[[String; 4]], rng: &mut StdRng) {
    let typed: Vec<String> = (0..SEARCHES)
        .map(|_| {
            let name = &names[rng.random_range(0..names.len())];
            // As it is typed: from two letters on, one word or two.
            let part = |text: &str, rng: &mut StdRng| -> String {
                let letters = text.chars().count();
                text.chars().take(rng.random_range(2..=letters.max(2))).collect()
            };
            let first = part(&name[rng.random_range(0..4)], rng);
            if rng.random_bool(0.5) { format!("{first} {}", part(&name[3], rng)) } else { first }
        })
        // The article alone is no search.
        .filter(|text| Words::parse(text).is_ok())
        .collect();
    let mut times = Vec::with_capacity(typed.len());
    let mut hits = 0;
    for text in &typed {
        let started = Instant::now();
        let words = Words::parse(text).unwrap();
        hits += index.find(&words, None, DonorId(0), 51).unwrap().len();
        times.push(started.elapsed().as_secs_f64());
    }
    assert!(hits >= typed.len(), "everybody searched for is there");
    times.sort_by(f64::total_cmp);
    let (p50, p99) = (times[times.len() / 2], times[times.len() * 99 / 100]);
    let worst = times[times.len() - 1];
    println!(
        "search: p50 {:.3} ms, p99 {:.2} ms, worst {:.2} ms; p99 {:.2} × 5 ms (target ≤ 1)",
        p50 * 1e3,
        p99 * 1e3,
        worst * 1e3,
        p99 / 5e-3
    );
    let keys: Vec<Vec<String>> =
        names.iter().map(|name| name.iter().map(|part| name_key(part)).collect()).collect();
    let reading: Vec<f64> = typed[..20].iter().map(|text| read_all(&keys, text)).collect();
    let (mean, all) = (mean(&times), mean(&reading));
    println!(
        "search: mean {:.3} ms, {:.4} × reading every name ({:.1} ms)",
        mean * 1e3,
        mean / all,
        all * 1e3
    );
}

/// The same question to a list of keys.
fn read_all(names: &[Vec<String>], text: &str) -> f64 {
    timed(|| {
        let text = name_key(text);
        let words: Vec<(&str, String)> = text.split(' ').map(|word| (word, family_key(word))).collect();
        let has = |name: &Vec<String>| {
            words.iter().all(|(word, family)| {
                name.iter().any(|part| part.starts_with(word)) || family_key(&name[3]).starts_with(family)
            })
        };
        assert!(names.iter().filter(|name| has(name)).count() > 0);
    })
}

fn timed(work: impl FnOnce()) -> f64 {
    let started = Instant::now();
    work();
    started.elapsed().max(Duration::from_nanos(1)).as_secs_f64()
}

fn mean(times: &[f64]) -> f64 {
    times.iter().sum::<f64>() / times.len() as f64
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// Resident memory in bytes.
fn resident() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let fields: BTreeMap<&str, &str> = status.lines().filter_map(|line| line.split_once(':')).collect();
    let kib: f64 = fields["VmRSS"].trim().trim_end_matches(" kB").trim().parse().unwrap();
    kib * 1024.0
}
