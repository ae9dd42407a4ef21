//! Shelves, flows and donors for the reserve: a small world whose figures can be worked out by hand.

use chrono::NaiveDate;
use diesel::prelude::*;
use shiryan::db::tables::{blood_units, daily_flows, donors, giving_windows, reserve_levels};
use shiryan::db::{Lane, Tx, feed};
use shiryan::projections::Area;
use shiryan_kernel::blood::{BloodGroup, Component};
use shiryan_kernel::ids::FacilityId;
use shiryan_kernel::level::Level;

use super::app::TestApp;

/// The day on which every test begins.
pub fn day(ahead: i64) -> NaiveDate {
    let today: NaiveDate = "2026-11-24".parse().unwrap();
    today + chrono::Duration::days(ahead)
}

pub fn write(app: &TestApp, f: impl Fn(&mut Tx) + Send + 'static) {
    app.house
        .db
        .write_now(Lane::System, move |tx| {
            f(tx);
            everything_changed(tx);
            Ok(())
        })
        .unwrap();
}

/// Tells those who follow the feed to look at everything again: what a test writes straight into the tables is told by
/// nobody else.
pub fn everything_changed(tx: &mut Tx) {
    for entity in ["blood_unit", "donor", "facility", "flow"] {
        feed::append_span(tx, entity, i64::MIN, i64::MAX, "test").unwrap();
    }
}

/// `count` units of a component and group in this state, good through `expires_on`.
pub fn units(
    tx: &mut Tx,
    at: FacilityId,
    what: (&str, &str),
    status: &str,
    expires_on: NaiveDate,
    count: u32,
) {
    for _ in 0..count {
        let id = tx.id();
        diesel::insert_into(blood_units::table)
            .values((
                blood_units::id.eq(id),
                blood_units::din.eq(format!("T{id}")),
                blood_units::component.eq(what.0),
                blood_units::division.eq(0),
                blood_units::blood_group.eq(Some(what.1)),
                blood_units::volume_ml.eq(300),
                blood_units::status.eq(status),
                blood_units::facility.eq(at.0),
                blood_units::collected_on.eq(day(-3)),
                blood_units::expires_at.eq(expires_on.and_hms_opt(20, 59, 0).unwrap()),
                blood_units::expires_on.eq(expires_on),
                blood_units::changed_at.eq(tx.now.naive_utc()),
                blood_units::version.eq(1_i64),
            ))
            .execute(tx.conn)
            .unwrap();
    }
}

/// What moved in a governorate on a day.
pub fn flow(tx: &mut Tx, governorate: &str, what: (&str, &str), on: NaiveDate, received: i32, issued: i32) {
    diesel::insert_into(daily_flows::table)
        .values((
            daily_flows::governorate.eq(governorate),
            daily_flows::component.eq(what.0),
            daily_flows::blood_group.eq(what.1),
            daily_flows::flow_on.eq(on),
            daily_flows::received.eq(received),
            daily_flows::from_drives.eq(0),
            daily_flows::issued.eq(issued),
            daily_flows::expired.eq(0),
        ))
        .execute(tx.conn)
        .unwrap();
}

/// A donor of a group who may give this type from that day on.
pub fn donor(
    tx: &mut Tx,
    group: Option<&str>,
    governorate: &str,
    status: &str,
    window: (&str, NaiveDate),
) -> i64 {
    let id = tx.id();
    diesel::insert_into(donors::table)
        .values((
            donors::id.eq(id),
            donors::status.eq(status),
            donors::blood_group.eq(group),
            donors::group_evidence.eq(if group.is_some() { "confirmed" } else { "unknown" }),
            donors::governorate.eq(Some(governorate)),
            donors::screened.eq(true),
            donors::donor_key.eq(if status == "erased" { Vec::new() } else { vec![0_u8; 8] }),
            donors::key_version.eq(1),
            donors::created_at.eq(tx.now.naive_utc()),
            donors::version.eq(1_i64),
        ))
        .execute(tx.conn)
        .unwrap();
    give(tx, id, 0, window.0, window.1, None);
    id
}

/// One more window of a donor.
pub fn give(tx: &mut Tx, donor: i64, place: i32, donation: &str, from: NaiveDate, until: Option<NaiveDate>) {
    diesel::insert_into(giving_windows::table)
        .values((
            giving_windows::donor.eq(donor),
            giving_windows::donation_type.eq(donation),
            giving_windows::place.eq(place),
            giving_windows::from_on.eq(from),
            giving_windows::until_on.eq(until),
            giving_windows::rule_set.eq("test"),
        ))
        .execute(tx.conn)
        .unwrap();
}

/// Red cells of a group stand at this level in an area, as the ledger of levels has it.
pub fn stands(app: &TestApp, area: Area, group: BloodGroup, level: Level) {
    let write = move |tx: &mut Tx| {
        let key = (area.key(), Component::RedCells, group);
        diesel::delete(reserve_levels::table.find(key)).execute(tx.conn)?;
        let row = (
            reserve_levels::area.eq(area.key()),
            reserve_levels::component.eq(Component::RedCells),
            reserve_levels::blood_group.eq(group),
            reserve_levels::seen.eq(level),
            reserve_levels::seen_since.eq(tx.now.naive_utc()),
            reserve_levels::level.eq(level),
            reserve_levels::level_since.eq(tx.now.naive_utc()),
            reserve_levels::version.eq(1_i64),
        );
        Ok(diesel::insert_into(reserve_levels::table).values(row).execute(tx.conn)?)
    };
    app.house.db.write_now(Lane::System, write).unwrap();
}
