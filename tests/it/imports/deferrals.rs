//! Deferrals of another register: none is lost, none counts from the day of entry, none comes back.

use chrono::NaiveDate;
use diesel::prelude::*;
use shiryan::accounts::{self, NewUser, Principal, Username};
use shiryan::db::Lane;
use shiryan::db::tables::{deferrals, donors};
use shiryan::eligibility::{self, DeferralFact, NewDeferral, import_deferrals};
use shiryan::sheets::{Manner, Report};
use shiryan_kernel::blood::DonationType;
use shiryan_kernel::ids::{DonorId, SessionId};
use shiryan_kernel::role::Role;
use shiryan_kernel::time::plus_days;

use super::donations::{donor, windows, world};
use super::{At, Migrated, figures, refused};

both!(
    deferrals_are_taken_once_and_faults_are_written_back,
    a_dry_run_of_deferrals_says_the_same_and_changes_nothing,
    a2_an_imported_deferral_counts_from_its_base,
    a_deferral_that_is_over_is_not_the_one_that_came_later,
    a4_deferrals_are_not_lost_and_prove_no_screening,
    an_imported_deferral_is_known_from_the_day_of_import,
);

fn take(at: &At, rows: &str, dry_run: bool) -> Report {
    let columns = "service_number,national_id,code,base,second_base,ended_on,recorded_on";
    let path = at.file("deferred.csv", &format!("{columns}\n{rows}"));
    import_deferrals(&at.db, &at.vault, &at.book, &path, &Manner { dry_run, ..Manner::default() }, |_| {})
        .unwrap()
}

fn count(at: &At) -> i64 {
    at.db.read_now(|conn| Ok(deferrals::table.count().get_result(conn)?)).unwrap()
}

fn facts(at: &At, donor: DonorId) -> Vec<DeferralFact> {
    at.db
        .read_now(|conn| Ok(eligibility::facts_of(conn, &at.vault, &at.book, donor, None)?.deferrals))
        .unwrap()
}

/// First day of the donor's windows for whole blood.
fn opens(at: &At, donor: DonorId) -> Option<NaiveDate> {
    windows(at).iter().find(|row| row.0 == donor.0 && row.1 == "whole_blood").map(|row| row.3)
}

const ROWS: &str = "S-1,400123451,TAT,2026-10-01,,,2026-10-02\n\
    S-1,,tat,2026-10-01,,,2026-10-02\n\
    S-1,,TAT,2026-10-01,,,\n\
    S-1,,TAT,2026-10-03,,,2026-10-02\n\
    S-2,,PREG-NOW,,,2026-03-01,\n\
    S-2,,ABX,2026-09-01,2026-09-03,,\n\
    ,400123469,TAT,,,,2025-01-01\n\
    ,400123469,TAT,,,,2025-06-01\n\
    S-9,,TAT,2026-10-01,,,\n\
    S-2,400123451,TAT,2026-10-01,,,\n\
    S-2,,NOTHING,2026-10-01,,,\n\
    S-2,,TAT,2030-01-01,2026-01-01,2026-01-01,2030-01-01\n\
    S-2,,LACT,2026-03-01,,2026-02-01,\n\
    ,,,,,,\n";

fn deferrals_are_taken_once_and_faults_are_written_back(at: Migrated) {
    let at = world(at);
    let report = take(&at, ROWS, false);
    let expected = [
        (10, "service_number:unknown_reference"),
        (11, "national_id:invalid_value"),
        (12, "code:unknown_reference"),
        (
            13,
            "recorded_on:out_of_range base:out_of_range second_base:invalid_value \
             ended_on:invalid_value",
        ),
        (14, "ended_on:out_of_range"),
        (15, "national_id:missing_field code:missing_field"),
    ];
    let found = refused(&report);
    let found: Vec<_> = found.iter().map(|(line, errors)| (*line, errors.as_str())).collect();
    assert_eq!(found, expected);
    assert_eq!(figures(&report), [14, 6, 2, 6]);
    assert_eq!(count(&at), 6);
    let again = take(&at, ROWS, false);
    assert_eq!((figures(&again), count(&at)), ([14, 0, 8, 6], 6));
    // What the physician entered is the same deferral.
    let (vault, book, id) = (at.vault.clone(), at.book.clone(), donor(&at, "S-2"));
    let base = Some("2026-08-08".parse().unwrap());
    at.db
        .write_now(Lane::System, move |tx| {
            let new = NewDeferral { donor: id, code: "TAT".into(), base, second_base: None, ended_on: None };
            eligibility::defer(tx, &vault, &book, None, &new)
        })
        .unwrap();
    assert_eq!(figures(&take(&at, "S-2,,TAT,2026-08-08,,,2026-08-09\n", false)), [1, 0, 1, 0]);
}

/// A cause without a day that is over by now may have come again.
fn a_deferral_that_is_over_is_not_the_one_that_came_later(at: Migrated) {
    let at = world(at);
    let id = donor(&at, "S-2");
    assert_eq!(figures(&take(&at, "S-2,,PREG-NOW,,,,\n", false)), [1, 1, 0, 0]);
    assert_eq!(figures(&take(&at, "S-2,,PREG-NOW,,,,2026-08-09\n", false)), [1, 0, 1, 0], "it stands");
    let (vault, book) = (at.vault.clone(), at.book.clone());
    at.db
        .write_now(Lane::System, move |tx| {
            let physician = Principal {
                user: accounts::ensure_user(
                    tx,
                    &vault,
                    &NewUser {
                        username: Username::parse("doctor").unwrap(),
                        role: Role::Physician,
                        facility: None,
                        units: Vec::new(),
                    },
                    &accounts::hash_now("four olive trees")?,
                )?,
                role: Role::Physician,
                session: SessionId(1),
                facility: None,
            };
            let there = eligibility::list_deferrals(tx.conn, &vault, &book, &physician, id, 0)?;
            let on = "2026-09-01".parse().unwrap();
            eligibility::end_deferral(tx, &vault, &book, &physician, there[0].id, on)
        })
        .unwrap();
    let before = count(&at);
    // Noted before it ended, it is the old one; noted later, or nobody knows when, it is another.
    assert_eq!(figures(&take(&at, "S-2,,PREG-NOW,,,,2026-08-09\n", false)), [1, 0, 1, 0]);
    assert_eq!(figures(&take(&at, "S-2,,PREG-NOW,,,,2026-11-01\n", false)), [1, 1, 0, 0]);
    assert_eq!((count(&at), opens(&at, id)), (before + 1, None));
}

fn a_dry_run_of_deferrals_says_the_same_and_changes_nothing(at: Migrated) {
    let at = world(at);
    let (counts, before) = (at.counts(), windows(&at));
    let tried = take(&at, ROWS, true);
    let tried_refusals = refused(&tried);
    assert_eq!((at.counts(), windows(&at), count(&at)), (counts, before, 0));
    let done = take(&at, ROWS, false);
    assert_eq!((&tried, tried_refusals), (&done, refused(&done)));
}

fn a2_an_imported_deferral_counts_from_its_base(at: Migrated) {
    let at = world(at);
    let id = donor(&at, "S-2");
    let base = "2026-11-01".parse().unwrap();
    take(&at, "S-2,,TAT,2026-11-01,,,\n", false);
    assert_eq!(opens(&at, id), Some(plus_days(base, 182)));
    // One whose base nobody knows is open-ended.
    take(&at, "S-2,,TAT,,,,2020-01-01\n", false);
    assert_eq!(opens(&at, id), None);
}

fn a4_deferrals_are_not_lost_and_prove_no_screening(at: Migrated) {
    let at = world(at);
    let catalogue = at.book.catalogue();
    let rows: String =
        catalogue.entries().map(|entry| format!("S-2,,{},,,,2025-01-01\n", entry.code)).collect();
    let causes = u64::try_from(rows.lines().count()).unwrap();
    assert_eq!(figures(&take(&at, &rows, false)), [causes, causes, 0, 0]);
    let known = facts(&at, donor(&at, "S-2"));
    assert!(catalogue.entries().all(|entry| known.iter().any(|fact| fact.code == entry.code)));
    let screened: Vec<bool> =
        at.db.read_now(|conn| Ok(donors::table.select(donors::screened).load(conn)?)).unwrap();
    assert!(!screened.contains(&true));
}

fn an_imported_deferral_is_known_from_the_day_of_import(at: Migrated) {
    let at = world(at);
    let id = donor(&at, "S-2");
    let today = at.book.today(at.db.now());
    take(&at, "S-2,,TAT,2026-10-01,,,2026-10-02\n", false);
    let fact = facts(&at, id).remove(0);
    assert_eq!((fact.recorded_on, fact.noted_on), (today, Some("2026-10-02".parse().unwrap())));
    let decide = |on: NaiveDate| {
        at.db
            .read_now(|conn| {
                let asked = DonationType::WholeBlood;
                eligibility::decide_for(conn, &at.vault, &at.book, id, asked, on, today)
            })
            .unwrap()
    };
    let bars = |on| decide(on).reasons.iter().any(|reason| reason.code == "TAT");
    assert!(bars(today) && !bars(today.pred_opt().unwrap()));
}
