//! Rows that a test needs before its story begins, written straight into the tables.

use chrono::NaiveDate;
use diesel::prelude::*;
use shiryan::db::tables::{activities, drives, givings, slots, units};
use shiryan::db::{Lane, Tx};
use shiryan_kernel::Result;
use shiryan_kernel::blood::DonationType;
use shiryan_kernel::ids::DonorId;

/// An open drive of a new unit with one slot of so many places; answers the slot's id.
pub fn slot(tx: &mut Tx, capacity: i32) -> Result<i64> {
    let (unit, drive, slot) = (tx.id(), tx.id(), tx.id());
    let now = tx.now.naive_utc();
    let (starts, ends) = (now + chrono::Duration::hours(8), now + chrono::Duration::hours(12));
    diesel::insert_into(units::table)
        .values((
            units::id.eq(unit),
            units::code.eq(format!("u{unit}")),
            units::name_ar.eq("وحدة"),
            units::name_en.eq("A unit"),
            units::governorate.eq("PS-RBH"),
            units::created_at.eq(now),
        ))
        .execute(tx.conn)?;
    diesel::insert_into(activities::table)
        .values((
            activities::id.eq(drive),
            activities::branch.eq("blood_donation"),
            activities::status.eq("approved"),
            activities::title.eq(vec![0_u8; 8]),
            activities::details.eq(vec![0_u8; 8]),
            activities::governorate.eq("PS-RBH"),
            activities::starts_at.eq(starts),
            activities::ends_at.eq(ends),
            activities::unit_id.eq(unit),
            activities::created_at.eq(now),
            activities::version.eq(1_i64),
        ))
        .execute(tx.conn)?;
    diesel::insert_into(drives::table)
        .values((
            drives::id.eq(drive),
            drives::walk_ins.eq(0),
            drives::outdoor.eq(false),
            drives::status.eq("open"),
            drives::slot_minutes.eq(30),
            drives::beds.eq(4),
        ))
        .execute(tx.conn)?;
    diesel::insert_into(slots::table)
        .values((
            slots::id.eq(slot),
            slots::drive.eq(drive),
            slots::starts_at.eq(starts),
            slots::capacity.eq(capacity),
            slots::booked.eq(0),
            slots::for_women.eq(false),
            slots::walk_ins.eq(0),
            slots::walked_in.eq(0),
        ))
        .execute(tx.conn)?;
    Ok(slot)
}

/// A whole table as text, sealed cells in hexadecimal.
pub fn whole(app: &super::app::TestApp, table: &str) -> String {
    use diesel::sql_types::Text;
    #[derive(QueryableByName)]
    struct Line {
        #[diesel(sql_type = Text)]
        line: String,
    }
    let query = match app.kind {
        super::databases::Kind::Postgres => format!("SELECT t::text AS line FROM {table} AS t"),
        super::databases::Kind::Sqlite => {
            let columns = app.house.db.read_now(|conn| {
                let names = format!("SELECT name AS line FROM pragma_table_info('{table}')");
                let names: Vec<Line> = diesel::sql_query(names).load(conn)?;
                let quoted = names.iter().map(|name| format!("quote({})", name.line));
                Ok(quoted.collect::<Vec<_>>().join(" || ',' || "))
            });
            format!("SELECT {} AS line FROM {table}", columns.unwrap())
        }
    };
    let lines: Vec<Line> = app.house.db.read_now(|conn| Ok(diesel::sql_query(query).load(conn)?)).unwrap();
    assert!(!lines.is_empty(), "{table} has rows");
    lines.into_iter().map(|line| line.line.to_lowercase() + "\n").collect()
}

/// An old giving, so that the donor is not counted among those who give for the first time.
pub fn gave(tx: &mut Tx, donor: DonorId) -> Result<()> {
    let long_ago: NaiveDate = "2024-01-01".parse().unwrap();
    diesel::insert_into(givings::table)
        .values((
            givings::id.eq(tx.id()),
            givings::donor.eq(donor),
            givings::given_on.eq(long_ago),
            givings::donation_type.eq(DonationType::WholeBlood),
            givings::volume_ml.eq(450),
            givings::red_cells_lost.eq(true),
            givings::source.eq("import"),
            givings::voided.eq(false),
            givings::recorded_at.eq(tx.now.naive_utc()),
        ))
        .execute(tx.conn)?;
    Ok(())
}

/// The same in a transaction of its own, of a donor as an answer names it.
pub fn gave_before(app: &super::app::TestApp, donor: &str) {
    let donor: DonorId = donor.parse().unwrap();
    app.house.db.write_now(Lane::System, move |tx| gave(tx, donor)).unwrap();
}
