//! A register of invented donors, in the form that `shiryan import donors` reads.

use std::io::{BufWriter, Write};
use std::path::Path;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// Two exact keys and a phone each, some with a last donation.
pub fn write_register(path: &Path, rows: u64) {
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
