//! The day of a drive, over HTTP, on both databases.

mod check_in;

use serde_json::{Value, json};
use shiryan::db::Lane;
use shiryan::donors::NewDonor;
use shiryan::eligibility::{self, GivingSource, NewGiving};
use shiryan_kernel::blood::{DonationType, Sex};
use shiryan_kernel::ids::{DonorId, UnitId};
use shiryan_kernel::role::Role;

use crate::support::app::{Client, Reply, TestApp};

/// 09:00 to 11:30 in Hebron: 07:00 to 09:30 in UTC. The clock stands at half past nine.
const DAY: &str = "2026-12-01";
const MORNING: &str = "2026-12-01T07:30:00Z";

/// A drive of the company with five slots of `beds`, and the clock inside it.
fn drive(app: &TestApp, beds: u32) -> String {
    let form = json!({
        "place": "قاعة", "governorate": "PS-RBH", "date": DAY, "from": "09:00", "to": "11:30",
        "slot_minutes": 30, "beds": beds, "unit": app.places.company,
    });
    let made = app.client(Role::Bank).post("/api/v1/drives", &form).expect(201);
    made["id"].as_str().unwrap().to_owned()
}

fn morning(app: &TestApp) {
    app.clock.set(MORNING.parse().unwrap());
}

/// A healthy man of 30 in a unit, who gave in January.
fn healthy(app: &TestApp, unit: UnitId) -> DonorId {
    let (vault, book) = (app.house.vault.clone(), app.house.rules.clone());
    let bank = app.principal(Role::Bank);
    let new = NewDonor {
        sex: Some(Sex::Male),
        birth_date: Some("1996-02-10".parse().unwrap()),
        weight_kg: Some(85.0),
        height_cm: Some(180.0),
        unit: Some(unit),
        declared_12_months: Some(0),
        ..NewDonor::default()
    };
    let made = app.house.db.write_now(Lane::System, move |tx| {
        let id = eligibility::enrol(tx, &vault, &book, &bank, &new)?.id;
        let gave = NewGiving {
            donor: id,
            on: "2026-01-15".parse().unwrap(),
            donation_type: DonationType::WholeBlood,
            volume_ml: Some(450),
            red_cells_lost: false,
            source: GivingSource::Donation,
        };
        eligibility::record_giving(tx, &vault, &book, &gave)?;
        Ok(id)
    });
    made.unwrap()
}

fn donor(app: &TestApp) -> DonorId {
    healthy(app, app.places.company)
}

fn medic(app: &TestApp) -> Client {
    app.client(Role::Medic)
}

fn book(app: &TestApp, drive: &str, donor: DonorId) -> Value {
    medic(app).post(&format!("/api/v1/drives/{drive}/appointments"), &json!({"donor": donor})).expect(201)
}

fn with(mut form: Value, fields: Value) -> Value {
    form.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    form
}

/// Fields and codes of a refused form.
fn faults(reply: &Reply) -> Vec<(String, String)> {
    let problem = reply.expect(422);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    problem["errors"].as_array().unwrap().iter().map(|e| (text(&e["field"]), text(&e["code"]))).collect()
}

fn identity() -> Value {
    json!({"name_and_birth_date_stated": true, "document_seen": true})
}

fn comes(app: &TestApp, drive: &str, donor: DonorId, fields: Value) -> Reply {
    let form = with(json!({"donor": donor, "identity": identity()}), fields);
    medic(app).post(&format!("/api/v1/drives/{drive}/check-ins"), &form)
}

/// Checks somebody in without an appointment; the check-in's id.
fn came(app: &TestApp, drive: &str, donor: DonorId) -> String {
    comes(app, drive, donor, json!({})).expect(201)["id"].as_str().unwrap().to_owned()
}

fn day_of(client: &Client, drive: &str) -> Value {
    client.get(&format!("/api/v1/drives/{drive}/day")).expect(200)
}
