//! Deciding for a million donors: how long the rules alone take.
//!
//! `cargo bench --bench eligibility` makes facts of a million donors in memory (history, deferrals, bodies of
//! many shapes), works out their windows of giving on two threads, and prints the time against five seconds.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::as_conversions)]

use std::time::Instant;

use chrono::NaiveDate;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rayon::prelude::*;
use shiryan::eligibility::{DeferralFact, DonorFacts, Giving, Rulebook, windows};
use shiryan_kernel::blood::{DonationType, Sex};
use shiryan_kernel::time::{Zone, plus_days};

const DONORS: u64 = 1_000_000;

fn main() {
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let book = Rulebook::load(None, "default", Zone::default()).unwrap();
    let today: NaiveDate = "2026-11-25".parse().unwrap();
    let rule_set = book.in_force(today).unwrap();
    let codes: Vec<String> = book.catalogue().entries().map(|entry| entry.code.clone()).collect();
    let donors: Vec<DonorFacts> = (0..DONORS).map(|n| donor(n, today, &codes)).collect();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
    let began = Instant::now();
    let open: usize = pool.install(|| {
        donors.par_iter().map(|donor| windows(rule_set, book.catalogue(), donor, today).len()).sum()
    });
    let took = began.elapsed().as_secs_f64();
    println!("windows of {DONORS} donors: {took:.2} s, {:.2} x of 5 s ({open} windows)", took / 5.0);
}

fn donor(n: u64, today: NaiveDate, codes: &[String]) -> DonorFacts {
    let mut random = StdRng::seed_from_u64(n);
    let sex = if random.random_bool(0.9) { Sex::Male } else { Sex::Female };
    let mut facts = DonorFacts {
        sex: Some(sex),
        birth_date: Some(plus_days(today, -random.random_range(6_500..22_000))),
        weight_kg: Some(random.random_range(50.0..100.0)),
        height_cm: Some(random.random_range(155.0..190.0)),
        never_screened_here: random.random_bool(0.3),
        ..DonorFacts::unknown()
    };
    for _ in 0..random.random_range(0..8) {
        let donation_type = match random.random_range(0..10) {
            0 => DonationType::PlateletApheresis,
            1 => DonationType::PlasmaApheresis,
            _ => DonationType::WholeBlood,
        };
        facts.givings.push(Giving::completed(plus_days(today, -random.random_range(0..800)), donation_type));
    }
    if random.random_bool(0.15) {
        let code = codes[random.random_range(0..codes.len())].clone();
        let day = plus_days(today, -random.random_range(0..400));
        facts.deferrals.push(DeferralFact::new(code, Some(day), day));
    }
    facts
}
