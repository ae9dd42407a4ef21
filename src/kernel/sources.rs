//! The tables that the domain's authors hand over, read in tests when they lie beside the checkout.

use std::io::Write;

/// Parses `../shared/domain/{name}`.
pub fn domain(name: &str) -> Option<serde_json::Value> {
    read("domain", name).map(|text| serde_json::from_str(&text).unwrap())
}

/// The text of `../shared/data/{name}`.
pub fn data(name: &str) -> Option<String> {
    read("data", name)
}

/// Searches from the workspace upward; says loudly when the file is absent.
fn read(folder: &str, name: &str) -> Option<String> {
    let start = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let found = start
        .ancestors()
        .find_map(|above| std::fs::read_to_string(above.join("shared").join(folder).join(name)).ok());
    if found.is_none() {
        // Straight to the handle: a passing test's own output is swallowed.
        let _ = writeln!(std::io::stderr(), "SKIPPED: shared/{folder}/{name} is not beside this checkout");
    }
    found
}

/// The donation type that a short code of the tables means.
pub fn donation(short: &str) -> crate::blood::DonationType {
    use crate::blood::DonationType;
    match short {
        "WB" => DonationType::WholeBlood,
        "2R" => DonationType::DoubleRedCells,
        "PL" => DonationType::PlateletApheresis,
        "PA" => DonationType::PlasmaApheresis,
        other => panic!("{other} is no donation type"),
    }
}
