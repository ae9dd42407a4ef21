//! Parsers of what comes from outside, given every seed and what grows from the seeds by chance.
//!
//! `SHIRYAN_FUZZ` says how many grow for each target (3 000 unless said), `SHIRYAN_FUZZ_MINUTES` after how long it is enough.
//! The long form is that of `fuzz/`, where coverage leads those of `words` from the same seeds: `.ci/long fuzz`.

mod targets;
mod words;

use std::path::Path;
use std::time::{Duration, Instant};

use proptest::prelude::*;

type Target = (&'static str, fn(&[u8]));

/// Each target by its name, as its seeds' folder has it.
const TARGETS: [Target; 8] = [
    ("din", words::din),
    ("names", words::names),
    ("phones", words::phones),
    ("csv", targets::csv),
    ("books", targets::books),
    ("cursors", targets::cursors),
    ("tokens", targets::tokens),
    ("calendars", targets::calendars),
];

/// Grown at once.
const SLICE: u64 = 10_000;

/// The seeds of a target.
fn seeds(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/fuzz/seeds").join(target);
    let mut files: Vec<_> = folder.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.into_iter().map(|file| std::fs::read(file).unwrap()).collect()
}

/// A seed of which a part is taken out, and other bytes or a part of a seed put in.
fn grown(seeds: Vec<Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    let part = prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..12),
        "\\PC{0,6}".prop_map(String::into_bytes),
        proptest::sample::select(seeds.clone()),
    ];
    let seed = proptest::sample::select(seeds);
    (seed, part, any::<proptest::sample::Index>(), 0_usize..12).prop_map(|(mut seed, part, at, gone)| {
        let at = at.index(seed.len() + 1);
        let end = (at + gone).min(seed.len());
        seed.splice(at..end, part);
        seed
    })
}

#[test]
fn no_parser_fails_on_its_seeds_or_on_what_grows_from_them() {
    let said = |name: &str| std::env::var(name).ok().map(|said| said.parse::<u64>().unwrap());
    let most = said("SHIRYAN_FUZZ").unwrap_or(3_000);
    let long = said("SHIRYAN_FUZZ_MINUTES").map(|minutes| Duration::from_secs(60 * minutes));
    std::thread::scope(|scope| {
        for (name, target) in TARGETS {
            scope.spawn(move || grow(name, target, most, long));
        }
    });
}

/// Until so many were tried or the time is over.
fn grow(name: &str, target: fn(&[u8]), most: u64, long: Option<Duration>) {
    let seeds = seeds(name);
    assert!(!seeds.is_empty(), "{name}");
    seeds.iter().for_each(|seed| target(seed));
    let (started, mut done) = (Instant::now(), 0);
    while done < most && long.is_none_or(|long| started.elapsed() < long) {
        let cases = SLICE.min(most - done);
        let cases_now = u32::try_from(cases).unwrap();
        let config =
            ProptestConfig { cases: cases_now, failure_persistence: None, ..ProptestConfig::default() };
        proptest!(config, |(data in grown(seeds.clone()))| target(&data));
        done += cases;
    }
    println!("{name}: {done} executions from {} seeds in {} s", seeds.len(), started.elapsed().as_secs());
}
