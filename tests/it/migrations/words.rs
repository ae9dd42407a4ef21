//! Closed lists in the database are the kernel's words, code for code.

use std::collections::BTreeMap;

use shiryan::donors::Purpose;
use shiryan::reserve::published::Band;
use shiryan_kernel::antigen::{Antigen, TitreMethod};
use shiryan_kernel::blood::{AgeBand, BloodGroup, Component, DonationType, GroupEvidence, Sex};
use shiryan_kernel::branch::{Branch, PhysicalLoad};
use shiryan_kernel::consent::{ConsentKind, ConsentWay};
use shiryan_kernel::laboratory::Marker;
use shiryan_kernel::level::Level;
use shiryan_kernel::message::{MessageState, Template, Unsent};
use shiryan_kernel::place::{Governorate, Region};
use shiryan_kernel::role::Role;
use shiryan_kernel::shelf::Additive;
use shiryan_kernel::status::{
    AbsenceKind, ActivityStatus, AppointmentStatus, ApprovalKind, ApprovalState, CallOutcome, CountState,
    DinState, DonorKind, DonorStatus, Drawn, DriveStatus, EmergencyState, FacilityKind, HoldEnd, JobKind,
    JobState, LinkKind, LinkVerb, MissEnd, MoveReason, PackState, ReactionGrade, ReactionKind, RefusalReason,
    ReportKind, RequestState, ReviewGround, ReviewState, StandingState, TransferEnd, TransferState,
    UnitStatus, UntestedState, Urgency, VisitState, WaitingState,
};

use super::schema;

macro_rules! codes {
    ($word:ty) => {
        <$word>::ALL.iter().map(|word| word.code()).collect()
    };
}

/// The word that a column holds, by its name, or by its table and name where tables differ.
fn word(table: &str, column: &str) -> Option<Vec<&'static str>> {
    Some(match (table, column) {
        (_, "blood_group") => codes!(BloodGroup),
        (_, "branch") => codes!(Branch),
        (_, "component") => codes!(Component),
        (_, "donation_type") => codes!(DonationType),
        (_, "governorate") | ("closures", "other") => codes!(Governorate),
        (_, "group_evidence") => codes!(GroupEvidence),
        ("incidents" | "level_changes", "region") => codes!(Region),
        ("reserve_levels", "level" | "seen") | ("level_changes", "level" | "was") => codes!(Level),
        ("published_cells", "band") => codes!(Band),
        (_, "physical_load") => codes!(PhysicalLoad),
        (_, "role") => codes!(Role),
        (_, "sex") => codes!(Sex),
        ("waiting_list", "state") => codes!(WaitingState),
        ("activity_links", "kind") => codes!(LinkKind),
        ("unit_absences", "kind") => codes!(AbsenceKind),
        ("activities", "status") => codes!(ActivityStatus),
        ("appointments", "status") => codes!(AppointmentStatus),
        ("approvals", "kind") => codes!(ApprovalKind),
        ("approvals", "state") => codes!(ApprovalState),
        ("blood_units", "status") | ("unit_movements", "from_status" | "to_status") => codes!(UnitStatus),
        ("transfers", "state") => codes!(TransferState),
        ("blood_units", "additive") => codes!(Additive),
        ("transfer_units", "left_as") => codes!(UnitStatus),
        ("transfer_units", "outcome") => codes!(TransferEnd),
        ("blood_requests", "state") => codes!(RequestState),
        ("blood_requests", "refusal") => codes!(RefusalReason),
        ("blood_requests", "urgency") => codes!(Urgency),
        ("blood_requests" | "standing_orders", "age_band") => codes!(AgeBand),
        ("standing_orders", "state") => codes!(StandingState),
        ("packs", "state") => codes!(PackState),
        ("untested_issues", "state") => codes!(UntestedState),
        ("hospital_reports", "kind") => codes!(ReportKind),
        ("stock_counts", "state") => codes!(CountState),
        ("count_misses", "outcome") => codes!(MissEnd),
        ("emergency_issues", "state") => codes!(EmergencyState),
        ("reservations", "outcome") => codes!(HoldEnd),
        ("unit_movements", "reason") => codes!(MoveReason),
        ("broken_glass", "purpose") => codes!(Purpose),
        ("donors", "status") => codes!(DonorStatus),
        ("drives", "status") => codes!(DriveStatus),
        ("visits", "state") => codes!(VisitState),
        ("links", "verb") => codes!(LinkVerb),
        ("calls", "outcome") => codes!(CallOutcome),
        ("collections", "outcome") => codes!(Drawn),
        ("drive_dins", "state") => codes!(DinState),
        ("reactions", "kind") => codes!(ReactionKind),
        ("reactions", "grade") => codes!(ReactionGrade),
        ("facilities", "kind") => codes!(FacilityKind),
        ("antigen_results", "antigen") => codes!(Antigen),
        ("reviews", "ground") => codes!(ReviewGround),
        ("reviews", "state") => codes!(ReviewState),
        ("titres", "method") => codes!(TitreMethod),
        ("messages", "reason") => codes!(Unsent),
        ("messages", "state") => codes!(MessageState),
        ("test_results", "marker") => codes!(Marker),
        ("messages", "template") => codes!(Template),
        ("jobs", "kind") => codes!(JobKind),
        ("jobs", "state") => codes!(JobState),
        ("consents", "kind") => codes!(ConsentKind),
        ("consents", "way") => codes!(ConsentWay),
        ("donors", "kind") | ("donations", "given_as") => codes!(DonorKind),
        (_, "language") => codes!(shiryan::texts::Lang),
        _ => return None,
    })
}

/// Lists that one room keeps to itself; no word of the kernel stands behind them.
const OF_ONE_ROOM: [(&str, &str); 4] =
    [("counted_days", "what"), ("donor_tags", "field"), ("givings", "source"), ("sessions", "kind")];

/// `CHECK (column IN ('a', 'b'))` or `CHECK (column = 'a' OR column = 'b')` by table and column.
fn lists(sql: &str) -> BTreeMap<(String, String), Vec<String>> {
    let mut found = BTreeMap::new();
    for table in sql.split("CREATE TABLE ").skip(1) {
        let (name, body) = table.split_once(" (").unwrap();
        let body = body.split(';').next().unwrap();
        for check in body.split("CHECK (").skip(1) {
            let column: String = check.chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect();
            let rest = &check[column.len()..];
            let codes = match rest.strip_prefix(" IN (") {
                Some(list) => quoted(list.split_once(')').unwrap().0.split(',')),
                None => chained(&column, rest),
            };
            if let Some(codes) = codes {
                found.insert((name.to_owned(), column), codes);
            }
        }
    }
    found
}

fn quoted<'a>(words: impl Iterator<Item = &'a str>) -> Option<Vec<String>> {
    words.map(|word| Some(word.trim().strip_prefix('\'')?.strip_suffix('\'')?.to_owned())).collect()
}

/// The words of ` = 'a' OR column = 'b')` after the column's name.
fn chained(column: &str, rest: &str) -> Option<Vec<String>> {
    let chain = rest.strip_prefix(" = ")?.split_once(')')?.0;
    let words: Vec<&str> = chain.split("OR").collect();
    if words.len() < 3 {
        return None;
    }
    let (first, later) = words.split_first()?;
    let later: Option<Vec<_>> =
        later.iter().map(|w| w.trim().strip_prefix(column)?.strip_prefix(" = ")).collect();
    quoted(std::iter::once(*first).chain(later?))
}

#[test]
fn lists_in_the_database_are_the_kernels_words() {
    for kind in ["sqlite", "postgres"] {
        let lists = lists(&super::up(kind));
        assert!(lists.len() > 20, "the lists are found");
        for ((table, column), codes) in &lists {
            match word(table, column) {
                Some(word) => assert_eq!(*codes, word, "{kind}: {table}.{column}"),
                None => assert!(
                    OF_ONE_ROOM.contains(&(table, column)),
                    "{kind}: say in this file which word {table}.{column} holds"
                ),
            }
        }
        for column in schema::declared() {
            let place = (column.table, column.name);
            assert!(
                word(&place.0, &place.1).is_none() || lists.contains_key(&place),
                "{kind}: {}.{} takes any text",
                place.0,
                place.1
            );
        }
    }
}

#[test]
fn a_list_is_read() {
    let sql = "CREATE TABLE a (\n x TEXT CHECK (x IN ('p',\n 'q')),\n n INTEGER CHECK (n IN (0, 1)),\n \
               y TEXT CHECK (y = 'p' OR y = 'q'\n OR y = 'r'),\n z TEXT CHECK (z = 'p' OR y = 'q' OR z = 'r'),\n \
               CHECK ((x IN ('p')) = (n = 0))\n);\nCREATE INDEX i ON a (x) WHERE x IN ('p');";
    let expected = BTreeMap::from([
        (("a".into(), "x".into()), vec!["p".into(), "q".into()]),
        (("a".into(), "y".into()), vec!["p".into(), "q".into(), "r".into()]),
    ]);
    assert_eq!(lists(sql), expected);
}
