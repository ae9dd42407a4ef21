//! Drives, over HTTP and as use cases, on both databases.

mod booking;
mod changing;
mod planning;
mod races;
mod sequences;
mod series;
mod terms;

use chrono::NaiveDate;
use diesel::prelude::*;
use serde_json::{Value, json};
use shiryan::db::tables::{appointments, donors, giving_windows, slots};
use shiryan::db::{Isolation, Lane, once};
use shiryan::drives::{self, Booked, NewBooking};
use shiryan_kernel::Result;
use shiryan_kernel::blood::DonationType;
use shiryan_kernel::ids::{AppointmentId, DonorId, DriveId, SlotId, UnitId};
use shiryan_kernel::role::Role;
use shiryan_kernel::status::{AppointmentStatus, DonorStatus};

use crate::support::app::{Client, TestApp, new_key};
use crate::support::{rows, wait};

const DRIVES: &str = "/api/v1/drives";
/// A week after the clock of a test.
const DAY: &str = "2026-12-01";
const CANARY: &str = "ساحة الكناري";

fn form(unit: UnitId) -> Value {
    json!({
        "title": format!("حملة {CANARY}"), "place": CANARY, "governorate": "PS-RBH", "date": DAY,
        "from": "09:00", "to": "11:30", "slot_minutes": 30, "beds": 2, "unit": unit,
    })
}

fn with(mut form: Value, fields: Value) -> Value {
    form.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    form
}

fn plan(app: &TestApp, fields: Value) -> DriveId {
    let made = app.client(Role::Bank).post(DRIVES, &with(form(app.places.company), fields)).expect(201);
    made["id"].as_str().unwrap().parse().unwrap()
}

/// Five slots of two places.
fn usual(app: &TestApp) -> DriveId {
    plan(app, json!({}))
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// A donor of a unit, and the days on which they may give whole blood.
pub fn donor(
    app: &TestApp,
    unit: UnitId,
    status: DonorStatus,
    window: Option<(&str, Option<&str>)>,
) -> DonorId {
    let window = window.map(|(from, until)| (day(from), until.map(day)));
    let written = app.house.db.write_now(Lane::System, move |tx| {
        let id = DonorId(tx.id());
        diesel::insert_into(donors::table)
            .values((
                donors::id.eq(id),
                donors::status.eq(status),
                donors::group_evidence.eq("unknown"),
                donors::unit_id.eq(unit),
                donors::screened.eq(true),
                donors::donor_key.eq(if status == DonorStatus::Erased { Vec::new() } else { vec![0_u8; 8] }),
                donors::key_version.eq(1),
                donors::created_at.eq(tx.now.naive_utc()),
                donors::version.eq(1_i64),
            ))
            .execute(tx.conn)?;
        // Who gave before is not counted among those who give for the first time.
        rows::gave(tx, id)?;
        if let Some((from, until)) = window {
            diesel::insert_into(giving_windows::table)
                .values((
                    giving_windows::donor.eq(id),
                    giving_windows::donation_type.eq(DonationType::WholeBlood),
                    giving_windows::place.eq(0),
                    giving_windows::from_on.eq(from),
                    giving_windows::until_on.eq(until),
                    giving_windows::rule_set.eq("default"),
                ))
                .execute(tx.conn)?;
        }
        Ok(id)
    });
    written.unwrap()
}

/// A donor of the medic's scope who may give on any day of these tests.
pub fn willing(app: &TestApp) -> DonorId {
    donor(app, app.places.company, DonorStatus::Active, Some(("2026-01-01", None)))
}

fn ready(app: &TestApp, count: usize) -> Vec<DonorId> {
    (0..count).map(|_| willing(app)).collect()
}

fn appointments_of(drive: DriveId) -> String {
    format!("{DRIVES}/{drive}/appointments")
}

fn slots_of(client: &Client, drive: DriveId) -> Vec<Value> {
    let list = client.get(&format!("{DRIVES}/{drive}/slots")).expect(200);
    list["items"].as_array().unwrap().clone()
}

fn book_now(app: &TestApp, drive: DriveId, donor: DonorId, slot: Option<SlotId>) -> Result<Booked> {
    let (vault, by, zone) = (app.house.vault.clone(), app.principal(Role::Bank), app.house.zone);
    let request = once::Request {
        principal: by.user.0,
        route: "POST /drives/{id}/appointments".into(),
        key: new_key(),
        fingerprint: vec![0; 32],
    };
    wait(app.house.db.write_once(Isolation::Guarded, Lane::Actor(donor.0), request, move |tx| {
        drives::book(tx, &vault, zone, &by, NewBooking { drive, donor, slot, given: None, despite: None })
    }))
}

fn cancel_now(app: &TestApp, id: AppointmentId) -> Result<AppointmentStatus> {
    let (vault, by) = (app.house.vault.clone(), app.principal(Role::Bank));
    wait(
        app.house.db.write_guarded(Lane::Actor(id.0), move |tx| {
            Ok(drives::cancel(tx, &vault, &by, id, None)?.status)
        }),
    )
}

/// Slot by slot: places said to be taken, appointments that take one, places in all.
fn counts(app: &TestApp, drive: DriveId) -> Vec<(i32, i64, i32)> {
    app.house
        .db
        .read_now(|conn| {
            let rows: Vec<(i64, i32, i32)> = slots::table
                .filter(slots::drive.eq(drive))
                .order(slots::starts_at)
                .select((slots::id, slots::booked, slots::capacity))
                .load(conn)?;
            rows.into_iter()
                .map(|(id, booked, capacity)| {
                    let live = appointments::table
                        .filter(appointments::slot.eq(id))
                        .filter(appointments::status.ne(AppointmentStatus::Cancelled))
                        .count()
                        .get_result(conn)?;
                    Ok((booked, live, capacity))
                })
                .collect()
        })
        .unwrap()
}

#[track_caller]
fn assert_sound(app: &TestApp, drive: DriveId, taken: i64) {
    let counts = counts(app, drive);
    for (booked, live, capacity) in &counts {
        assert_eq!(i64::from(*booked), *live, "{counts:?}");
        assert!(booked <= capacity, "{counts:?}");
    }
    assert_eq!(counts.iter().map(|(_, live, _)| live).sum::<i64>(), taken, "{counts:?}");
}
