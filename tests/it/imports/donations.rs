//! Donations of the past: matched by keyed tags, counted once, followed by their windows.

use chrono::NaiveDate;
use diesel::prelude::*;
use shiryan::db::tables::{audit_lines, donor_tags, donors, giving_windows, givings};
use shiryan::eligibility::{self, GivingSource, ImportOptions, NewGiving, import_donations};
use shiryan::sheets::{Manner, Report};
use shiryan_kernel::blood::DonationType;
use shiryan_kernel::ids::DonorId;
use shiryan_kernel::text::ServiceNumber;

use super::{At, HEADER, Migrated, figures, refused};

both!(
    donations_are_taken_once_and_faults_are_written_back,
    a_dry_run_of_donations_says_the_same_and_changes_nothing,
    a4_a_donation_of_the_past_closes_windows_and_proves_no_screening,
    what_was_collected_here_is_not_counted_twice,
    a_record_that_waits_for_review_owns_no_number,
);

pub type WindowRow = (i64, String, i32, NaiveDate, Option<NaiveDate>, String);

const COLUMNS: &str = "service_number,national_id,given_on,donation_type,volume_ml";

pub fn world(at: Migrated) -> At {
    let at = At::new(at);
    let register = format!(
        "{HEADER}\n\
         S-1,400123451,محمد,,,الخطيب,male,1990-05-01,O-,,,,,80,178,2026-09-01,whole_blood,\n\
         S-2,,ليلى,,,حمدان,female,1992-01-01,A+,,,,,70,170,,,\n\
         ,400123469,سمير,,,عودة,male,1991-01-01,A+,,,,,,,,,\n"
    );
    let report = at.donors(&at.file("register.csv", &register), ImportOptions::default()).unwrap();
    assert_eq!(figures(&report), [3, 3, 0, 0]);
    at
}

fn take(at: &At, rows: &str, dry_run: bool) -> Report {
    let path = at.file("given.csv", &format!("{COLUMNS}\n{rows}"));
    import_donations(&at.db, &at.vault, &at.book, &path, &Manner { dry_run, ..Manner::default() }, |_| {})
        .unwrap()
}

pub fn donor(at: &At, number: &str) -> DonorId {
    let tag = at.vault.tag("svc", ServiceNumber::parse(number).unwrap().as_str());
    at.db
        .read_now(|conn| {
            Ok(donor_tags::table.filter(donor_tags::tag.eq(tag)).select(donor_tags::donor).first(conn)?)
        })
        .unwrap()
}

fn lines(at: &At) -> Vec<(i64, NaiveDate, String, i32)> {
    at.db
        .read_now(|conn| {
            Ok(givings::table
                .order((givings::donor, givings::given_on))
                .select((givings::donor, givings::given_on, givings::donation_type, givings::volume_ml))
                .load(conn)?)
        })
        .unwrap()
}

pub fn windows(at: &At) -> Vec<WindowRow> {
    at.db
        .read_now(|conn| {
            let order = (giving_windows::donor, giving_windows::donation_type, giving_windows::place);
            Ok(giving_windows::table.order(order).load(conn)?)
        })
        .unwrap()
}

const ROWS: &str = "S-1,400123451,2026-03-01,whole_blood,450\n\
    S-1,,2026-03-01,whole_blood,450\n\
    S-1,,2026-09-01,دم كامل,450\n\
    ,400123469,2026-02-01,plasma_apheresis,600\n\
    ,٤٠٠١٢٣٤٦٩,2026-02-01,plasma_apheresis,650\n\
    S-2,,2026-01-10,platelet_apheresis,\n\
    S-9,,2026-01-10,whole_blood,450\n\
    S-2,400123451,2026-01-10,whole_blood,450\n\
    S-2,400999999,2026-01-10,whole_blood,450\n\
    S-2,,1991-12-31,whole_blood,450\n\
    S-2,,2030-01-01,tea,0\n\
    ,,2026-01-10,whole_blood,\n\
    S-2,,,,\n\
    S-2,,2026-01-10\n";

fn faults() -> Vec<(u64, &'static str)> {
    vec![
        (6, "volume_ml:state_conflict"),
        (8, "service_number:unknown_reference"),
        (9, "national_id:invalid_value"),
        (10, "national_id:unknown_reference"),
        (11, "given_on:out_of_range"),
        (12, "given_on:out_of_range donation_type:invalid_value volume_ml:out_of_range"),
        (13, "national_id:missing_field"),
        (14, "given_on:missing_field donation_type:missing_field"),
        (15, "row:invalid_request donation_type:missing_field"),
    ]
}

fn donations_are_taken_once_and_faults_are_written_back(at: Migrated) {
    let at = world(at);
    let report = take(&at, ROWS, false);
    assert_eq!(figures(&report), [14, 3, 2, 9]);
    let found = refused(&report);
    assert_eq!(found.iter().map(|(line, errors)| (*line, errors.as_str())).collect::<Vec<_>>(), faults());
    let written = lines(&at);
    assert_eq!(written.len(), 4, "{written:?}");
    let again = take(&at, ROWS, false);
    assert_eq!(figures(&again), [14, 0, 5, 9]);
    assert_eq!(lines(&at), written);
    let noted: Vec<(String, String)> = at
        .db
        .read_now(|conn| {
            let of = audit_lines::table.filter(audit_lines::action.eq("donations.imported"));
            Ok(of.order(audit_lines::id).select((audit_lines::action, audit_lines::detail)).load(conn)?)
        })
        .unwrap();
    assert_eq!(noted.len(), 2);
    assert!(noted[0].1.contains('3') && noted[0].1.contains('9'), "{noted:?}");
}

fn a_dry_run_of_donations_says_the_same_and_changes_nothing(at: Migrated) {
    let at = world(at);
    let (counts, before) = (at.counts(), windows(&at));
    let tried = take(&at, ROWS, true);
    let tried_refusals = refused(&tried);
    assert_eq!((at.counts(), windows(&at)), (counts, before));
    let done = take(&at, ROWS, false);
    assert_eq!((&tried, tried_refusals), (&done, refused(&done)));
    assert_ne!(at.counts(), counts);
}

fn a4_a_donation_of_the_past_closes_windows_and_proves_no_screening(at: Migrated) {
    let at = world(at);
    let before = windows(&at);
    let today = at.book.today(at.db.now());
    let yesterday = today.pred_opt().unwrap();
    let report = take(&at, &format!("S-2,,{yesterday},whole_blood,450\n"), false);
    assert_eq!(figures(&report), [1, 1, 0, 0]);
    let (id, whole) = (donor(&at, "S-2").0, "whole_blood");
    let opens = |all: &[WindowRow]| all.iter().find(|row| row.0 == id && row.1 == whole).map(|row| row.3);
    assert_eq!(opens(&before), Some(today));
    assert!(opens(&windows(&at)).is_none_or(|from| from > today));
    let screened: Vec<bool> =
        at.db.read_now(|conn| Ok(donors::table.select(donors::screened).load(conn)?)).unwrap();
    assert!(!screened.contains(&true));
    // What was written is what a decision says.
    let (book, written) = (std::sync::Arc::new(at.book.clone()), windows(&at));
    eligibility::rewrite_all_windows(&at.db, &at.vault, &book, |_| {}).unwrap();
    assert_eq!(windows(&at), written);
}

fn what_was_collected_here_is_not_counted_twice(at: Migrated) {
    let at = world(at);
    assert_eq!(figures(&take(&at, "S-2,,2026-01-10,whole_blood,450\n", false)), [1, 1, 0, 0]);
    // Given here as well, and found there under the same day and kind.
    let (vault, book, id) = (at.vault.clone(), at.book.clone(), donor(&at, "S-2"));
    at.db
        .write_now(shiryan::db::Lane::System, move |tx| {
            let new = NewGiving {
                donor: id,
                on: "2026-05-10".parse().unwrap(),
                donation_type: DonationType::WholeBlood,
                volume_ml: Some(470),
                red_cells_lost: false,
                source: GivingSource::Donation,
            };
            eligibility::record_giving(tx, &vault, &book, &new)
        })
        .unwrap();
    let report = take(&at, "S-2,,2026-05-10,whole_blood,470\nS-2,,2026-05-10,whole_blood,\n", false);
    assert_eq!(figures(&report), [2, 0, 2, 0]);
    assert_eq!(lines(&at).len(), 3);
}

fn a_record_that_waits_for_review_owns_no_number(at: Migrated) {
    let at = world(at);
    let id = donor(&at, "S-2");
    at.db
        .write_now(shiryan::db::Lane::System, move |tx| {
            let of = donor_tags::table.filter(donor_tags::donor.eq(id));
            diesel::update(of).set(donor_tags::claim.eq(id.0)).execute(tx.conn)?;
            Ok(())
        })
        .unwrap();
    let report = take(&at, "S-2,,2026-01-10,whole_blood,450\n", false);
    assert_eq!(refused(&report), [(2, "service_number:unknown_reference".to_owned())]);
}
