//! No order of bookings, moves, swaps, cancellations, lapses and offers from the waiting list exceeds a capacity, counts
//! a place twice or leaves one that nobody holds.

use chrono::Duration;
use diesel::prelude::*;
use serde_json::json;
use shiryan::db::tables::{appointments, drive_hours, slots};
use shiryan::drives;
use shiryan_kernel::ids::{AppointmentId, DonorId, DriveId};
use shiryan_kernel::role::Role;
use shiryan_kernel::status::AppointmentStatus;
use shiryan_kernel::time::Moment;

use super::{DRIVES, book_now, plan, slots_of, willing};
use crate::support::app::TestApp;

both!(no_order_of_steps_breaks_the_count,);

/// A small generator whose numbers are the same each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % n
    }
}

fn live(app: &TestApp, drive: DriveId) -> Vec<AppointmentId> {
    let read = |conn: &mut shiryan::db::Conn| {
        Ok(appointments::table
            .filter(appointments::drive.eq(drive))
            .filter(appointments::status.eq("proposed").or(appointments::status.eq("booked")))
            .order(appointments::id)
            .select(appointments::id)
            .load(conn)?)
    };
    app.house.db.read_now(read).unwrap()
}

/// Each slot holds as many as it says and no more than it takes; each hour counts the new donors who are live in it;
/// nobody is in the drive twice.
fn assert_whole(app: &TestApp, drive: DriveId, step: &str) {
    type Row = (i64, DonorId, AppointmentStatus, bool);
    let read = |conn: &mut shiryan::db::Conn| {
        let rows: Vec<Row> = appointments::table
            .filter(appointments::drive.eq(drive))
            .select((
                appointments::slot,
                appointments::donor,
                appointments::status,
                appointments::first_timer,
            ))
            .load(conn)?;
        let places: Vec<(i64, chrono::NaiveDateTime, i32, i32)> = slots::table
            .filter(slots::drive.eq(drive))
            .select((slots::id, slots::starts_at, slots::capacity, slots::booked))
            .load(conn)?;
        let hours: Vec<(chrono::NaiveDateTime, i32, i32)> = drive_hours::table
            .filter(drive_hours::drive.eq(drive))
            .select((drive_hours::starts_at, drive_hours::first_timers, drive_hours::most_first_timers))
            .load(conn)?;
        Ok((rows, places, hours))
    };
    let (rows, places, hours) = app.house.db.read_now(read).unwrap();
    let held: Vec<&Row> = rows.iter().filter(|(_, _, status, _)| status.is_live()).collect();
    for (slot, _, capacity, booked) in &places {
        let here = held.iter().filter(|(at, ..)| at == slot).count();
        assert_eq!(i32::try_from(here).unwrap(), *booked, "{step}");
        assert!(booked <= capacity, "{step}");
    }
    for (hour, first_timers, most) in &hours {
        let in_hour = |slot: &i64| {
            let at = places.iter().find(|(id, ..)| id == slot).unwrap().1;
            (*hour..*hour + Duration::hours(1)).contains(&at)
        };
        let new = held.iter().filter(|(slot, _, _, first)| *first && in_hour(slot)).count();
        assert_eq!(i32::try_from(new).unwrap(), *first_timers, "{step}");
        assert!(first_timers <= most, "{step}");
    }
    let mut donors: Vec<DonorId> = held.iter().map(|(_, donor, ..)| *donor).collect();
    donors.sort_unstable();
    donors.dedup();
    assert_eq!(donors.len(), held.len(), "{step}: nobody is there twice");
}

fn no_order_of_steps_breaks_the_count(app: TestApp) {
    let start: Moment = app.house.db.now();
    for seed in 1..=3 {
        app.clock.set(start);
        let mut dice = Dice(seed);
        let drive = plan(&app, json!({"beds": 2}));
        let donors: Vec<DonorId> =
            (0..14).map(|n| if n % 3 == 0 { super::terms::newcomer(&app) } else { willing(&app) }).collect();
        let slots = slots_of(&app.client(Role::Bank), drive);
        for turn in 0..60 {
            let donor = donors[dice.below(donors.len())];
            let held = live(&app, drive);
            let any = |dice: &mut Dice| held.get(dice.below(held.len().max(1))).copied();
            let bank = app.client(Role::Bank);
            let step = match dice.below(9) {
                0..=2 => {
                    let _ = book_now(&app, drive, donor, None);
                    "booked"
                }
                3 => {
                    let (from, to) = (any(&mut dice), slots[dice.below(slots.len())]["id"].clone());
                    if let Some(id) = from {
                        bank.post(&format!("/api/v1/appointments/{id}/move"), &json!({"slot": to}));
                    }
                    "moved"
                }
                4 => {
                    if let (Some(one), Some(other)) = (any(&mut dice), any(&mut dice)) {
                        bank.post(&format!("/api/v1/appointments/{one}/swap"), &json!({"with": other}));
                    }
                    "swapped"
                }
                5 => {
                    if let Some(id) = any(&mut dice) {
                        bank.post(&format!("/api/v1/appointments/{id}/cancel"), &json!({}));
                    }
                    "cancelled"
                }
                6 => {
                    bank.post(&format!("{DRIVES}/{drive}/waiting"), &json!({"donor": donor}));
                    "waits"
                }
                7 => {
                    drives::offer_places(&app.house.db, &app.house.vault, app.house.zone).unwrap();
                    "offered"
                }
                _ => {
                    if let Some(id) = any(&mut dice) {
                        bank.post(&format!("/api/v1/appointments/{id}/accept"), &json!({}));
                    }
                    "accepted"
                }
            };
            assert_whole(&app, drive, &format!("seed {seed}, turn {turn}: {step}"));
        }
        // Two days before, what nobody accepted goes back; then the drive is called off with all the rest.
        app.clock.set("2026-11-29T09:30:00Z".parse().unwrap());
        drives::lapse(&app.house.db, &app.house.vault).unwrap();
        assert_whole(&app, drive, "lapsed");
        app.client(Role::Bank).post(&format!("{DRIVES}/{drive}/cancel"), &json!({})).expect(200);
        assert_whole(&app, drive, "called off");
        assert!(live(&app, drive).is_empty());
    }
}
