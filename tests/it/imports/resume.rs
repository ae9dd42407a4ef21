//! An import that was interrupted goes on behind the last row that is durable.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use diesel::prelude::*;
use shiryan::db::Target;
use shiryan::db::tables::{givings, meta};
use shiryan::eligibility::{self, ImportOptions, import_donations};
use shiryan::sheets::{ImportError, Manner, Progress, Report};

use super::donations::world;
use super::{At, HEADER, Migrated, figures, refused};

both!(
    donations_go_on_where_they_stopped,
    rejects_that_were_not_written_any_more_are_written_then,
    donors_go_on_where_they_stopped,
);

fn manner(resume: bool) -> Manner {
    Manner { resume, ..Manner::default() }
}

/// Stops after the first transaction, as a power cut would.
fn stop(now: Progress) {
    assert!(now.rows == 0, "the power is cut");
}

fn interrupted(take: impl FnOnce() -> Result<Report, ImportError>) {
    assert!(catch_unwind(AssertUnwindSafe(take)).is_err());
}

/// More rows than one transaction takes, every fiftieth of them at fault.
fn history(at: &At) -> std::path::PathBuf {
    let mut text = "service_number,national_id,given_on,donation_type,volume_ml\n".to_owned();
    let first: chrono::NaiveDate = "2000-01-01".parse().unwrap();
    for n in 0..4_500_u64 {
        let on = first + chrono::Days::new(n);
        let kind = if n % 50 == 7 { "tea" } else { "whole_blood" };
        text.push_str(&format!("S-{},,{on},{kind},450\n", 1 + n % 2));
    }
    at.file("history.csv", &text)
}

fn take(at: &At, path: &Path, resume: bool) -> Result<Report, ImportError> {
    import_donations(&at.db, &at.vault, &at.book, path, &manner(resume), |_| {})
}

fn given(at: &At) -> i64 {
    at.db.read_now(|conn| Ok(givings::table.count().get_result(conn)?)).unwrap()
}

/// How many files the database knows to be under way.
fn under_way(at: &At) -> i64 {
    at.db
        .read_now(|conn| Ok(meta::table.filter(meta::key.like("import:%")).count().get_result(conn)?))
        .unwrap()
}

fn lines_at_fault() -> Vec<(u64, String)> {
    let at_fault = (0..4_500).filter(|n| n % 50 == 7);
    at_fault.map(|n| (n + 2, "donation_type:invalid_value".to_owned())).collect()
}

fn donations_go_on_where_they_stopped(at: Migrated) {
    let at = world(at);
    let path = history(&at);
    assert!(take(&at, &path, true).unwrap_err().to_string().contains("nothing to go on with"));
    let before = given(&at);
    interrupted(|| import_donations(&at.db, &at.vault, &at.book, &path, &manner(false), stop));
    let begun = given(&at) - before;
    assert!(0 < begun && begun < 4_410, "{begun}");
    let said = take(&at, &path, false).unwrap_err().to_string();
    assert!(said.contains("--resume") && said.contains(" rows"), "{said}");
    // Another file is another import.
    let other = at.file("other.csv", &std::fs::read_to_string(&path).unwrap().replace("2000-", "1999-"));
    assert!(matches!(take(&at, &other, true), Err(ImportError::NotBegun { .. })));
    assert_eq!((given(&at) - before, under_way(&at)), (begun, 1));
    let report = take(&at, &path, true).unwrap();
    assert_eq!(figures(&report), [4_500, 4_410, 0, 90]);
    assert_eq!(refused(&report), lines_at_fault());
    assert_eq!((given(&at) - before, under_way(&at)), (4_410, 0));
    assert_eq!(figures(&take(&at, &path, false).unwrap()), [4_500, 0, 4_410, 90]);
}

fn rejects_that_were_not_written_any_more_are_written_then(at: Migrated) {
    let at = world(at);
    let path = history(&at);
    interrupted(|| import_donations(&at.db, &at.vault, &at.book, &path, &manner(false), stop));
    std::fs::remove_file(path.with_extension("rejects.csv")).unwrap();
    let report = take(&at, &path, true).unwrap();
    assert_eq!(figures(&report), [4_500, 4_410, 0, 90]);
    assert_eq!(refused(&report), lines_at_fault());
}

fn donors_go_on_where_they_stopped(at: Migrated) {
    let at = At::new(at);
    let rows = if matches!(at.db.target(), Target::Sqlite(_)) { 33_000 } else { 4_200 };
    let mut text = format!("{HEADER}\n");
    for n in 0..rows {
        // The first row again, far behind it.
        let number = if n == rows - 1 { 0 } else { n };
        text.push_str(&format!("S-{number},,,,,,,,,,,,,,,,,\n"));
    }
    let path = at.file("register.csv", &text);
    let options = |resume| ImportOptions { manner: manner(resume), ..ImportOptions::default() };
    interrupted(|| eligibility::import_donors(&at.db, &at.vault, &at.book, &path, &options(false), stop));
    let begun = at.counts()[0];
    assert!(0 < begun && begun < rows - 1, "{begun}");
    assert!(matches!(at.donors(&path, options(false)), Err(ImportError::Begun { .. })));
    let report = at.donors(&path, options(true)).unwrap();
    let all = u64::try_from(rows).unwrap();
    assert_eq!(figures(&report), [all, all - 1, 0, 1]);
    assert_eq!(refused(&report), [(all + 1, "service_number:donor_already_registered".to_owned())]);
    assert_eq!((at.counts()[0], under_way(&at)), (rows - 1, 0));
}
