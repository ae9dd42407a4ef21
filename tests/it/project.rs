//! `shiryan project` on series out of files.

use std::path::{Path, PathBuf};
use std::process::Command;

fn run(home: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_shiryan"))
        .arg("project")
        .args(arguments)
        .current_dir(home)
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

/// Ten a day on working days and none on Friday, for two years.
fn write(home: &Path) {
    let first: chrono::NaiveDate = "2024-01-01".parse().unwrap();
    let (mut dated, mut numbered) = (String::from("date,given,other\n"), String::from("day,dow,used\n"));
    for (n, day) in first.iter_days().take(730).enumerate() {
        let friday = chrono::Datelike::weekday(&day) == chrono::Weekday::Fri;
        dated += &format!("{day},{},1\n", if friday { 0 } else { 10 });
        let name = ["M", "Tu", "W", "Th", "F", "Sa", "Su"][n % 7];
        numbered += &format!("{},{name},{}\n", n + 1, if friday { 7 } else { 8 });
    }
    std::fs::write(home.join("supply.csv"), dated).unwrap();
    std::fs::write(home.join("demand.csv"), numbered).unwrap();
}

#[test]
fn two_series_become_a_table() {
    let home = tempfile::tempdir().unwrap();
    write(home.path());
    let files = ["--supply", "supply.csv:given", "--demand", "demand.csv", "--days", "21", "--stock", "40"];
    let (code, said, error) = run(home.path(), &files);
    assert_eq!(code, Some(0), "{error}");
    // Sixty a week come, fifty-five go; the days go on from the last date, Fridays without supply.
    assert!(said.contains("Red cells from 2025-12-31, 21 days, 40 units on the shelf"), "{said}");
    let friday = said.lines().find(|line| line.starts_with("2026-01-02 Fri")).unwrap();
    let figures: Vec<&str> = friday.split_whitespace().collect();
    assert_eq!(figures[2..8], ["0", "0", "0", "7", "7", "7"], "{friday}");
    assert!(said.contains("supply in 21 days: 180 expected"), "{said}");
    assert!(said.contains("demand in 21 days: 165 expected"), "{said}");
    assert_eq!(run(home.path(), &files).1, said);
}

#[test]
fn mistakes_are_named() {
    let home = tempfile::tempdir().unwrap();
    write(home.path());
    std::fs::write(home.path().join("bad.csv"), "date,x\n2024-01-01,many\n2024-01-01,2\n").unwrap();
    for (supply, demand, parts) in [
        ("supply.csv:none", "demand.csv", &["supply.csv", "none", "given, other"][..]),
        ("absent.csv", "demand.csv", &["absent.csv"]),
        ("supply.csv", "bad.csv", &["bad.csv", "row 1", "x"]),
    ] {
        let (code, _, said) = run(home.path(), &["--supply", supply, "--demand", demand]);
        assert_eq!(code, Some(2));
        assert!(parts.iter().all(|part| said.contains(part)), "{said}");
    }
    let (code, _, said) =
        run(home.path(), &["--supply", "supply.csv", "--demand", "demand.csv", "--component", "milk"]);
    assert!(code == Some(2) && said.contains("red_cells"), "{said}");
}

#[test]
fn real_series_give_a_sensible_table() {
    let mut at: PathBuf = env!("CARGO_MANIFEST_DIR").into();
    let data = loop {
        if at.join("shared/data").is_dir() {
            break at.join("shared/data");
        }
        if !at.pop() {
            eprintln!("NOT TRIED: ../shared/data is not here");
            return;
        }
    };
    let home = tempfile::tempdir().unwrap();
    let (supply, demand) = (data.join("my_national_abo_daily.csv"), data.join("us_platelets_used_daily.csv"));
    let files = ["--supply", supply.to_str().unwrap(), "--demand", demand.to_str().unwrap()];
    let (code, said, error) = run(home.path(), &[&files[..], &["--component", "platelets"]].concat());
    assert_eq!(code, Some(0), "{error}");
    assert!(said.contains("2025-01-01 Wed") && said.contains("different sizes"), "{said}");
    for name in ["supply", "demand"] {
        let line = said.lines().find(|line| line.starts_with(&format!("{name}, judged"))).unwrap();
        let held = line.split("totals held ").nth(1).unwrap().split(' ').next().unwrap();
        assert!((65..=95).contains(&held.parse::<u32>().unwrap()), "{line}");
    }
}
