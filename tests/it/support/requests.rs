//! Steps of requests, as hospitals and blood banks take them.

use serde_json::{Value, json};
use shiryan::accounts::{self, Hashed, NewUser, Principal, Username};
use shiryan::db::Lane;
use shiryan::places::{self, NewFacility, PlaceName};
use shiryan::stock;
use shiryan_kernel::blood::BloodGroup;
use shiryan_kernel::ids::{BloodUnitId, FacilityId, SessionId, UserId};
use shiryan_kernel::place::Governorate;
use shiryan_kernel::role::Role;
use shiryan_kernel::status::{FacilityKind, UnitStatus};
use shiryan_kernel::text::ShortCode;

use super::app::{Client, PASSWORD, Reply, TestApp};
use super::shelf::{Bag, put_all};

pub fn ask(units: i32) -> Value {
    json!({"patient": "P-17", "blood_group": "a_neg", "group_evidence": "confirmed", "component": "red_cells",
        "units": units, "urgency": "urgent"})
}

pub fn submit(client: &Client, form: &Value) -> String {
    client.post("/api/v1/requests", form).expect(201)["id"].as_str().unwrap().to_owned()
}

pub fn act(client: &Client, id: &str, verb: &str, form: &Value) -> Reply {
    client.post(&format!("/api/v1/requests/{id}/{verb}"), form)
}

pub fn report(client: &Client, unit: BloodUnitId, verb: &str) -> Reply {
    client.post(&format!("/api/v1/stock/units/{unit}/{verb}"), &json!({}))
}

/// Gives a unit back that was so many minutes out of controlled storage, or nobody knows how many.
pub fn give_back(client: &Client, unit: BloodUnitId, minutes: Option<i64>) -> Reply {
    client.post(&format!("/api/v1/stock/units/{unit}/returned"), &json!({"minutes_out_of_control": minutes}))
}

/// A request of the hospital that the blood bank has taken.
pub fn accepted(app: &TestApp, form: &Value) -> String {
    let id = submit(&app.client(Role::Hospital), form);
    act(&app.client(Role::Bank), &id, "accept", &json!({})).expect(200);
    id
}

pub fn reserve(app: &TestApp, id: &str, units: &[BloodUnitId]) -> Reply {
    act(&app.client(Role::Bank), id, "reserve", &json!({"units": units}))
}

pub fn seen(app: &TestApp, id: &str) -> Value {
    app.client(Role::Hospital).get(&format!("/api/v1/requests/{id}")).expect(200)
}

pub fn status(app: &TestApp, id: BloodUnitId) -> UnitStatus {
    app.house.db.read_now(|conn| stock::unit(conn, id)).unwrap().status
}

pub fn bags(app: &TestApp, group: BloodGroup, from: u32, count: u32) -> Vec<BloodUnitId> {
    let bag = |n| Bag { blood_group: Some(group), ..Bag::new(app, n) };
    put_all(app, (from..from + count).map(bag).collect())
}

/// Somebody who acts for this facility.
pub fn of_facility(app: &TestApp, role: Role, facility: FacilityId, name: &str) -> Client {
    made_by(app, None, (role, facility), name)
}

/// Somebody who acts for this facility, his account made by `maker` or by nobody.
pub fn made_by(
    app: &TestApp,
    maker: Option<UserId>,
    (role, facility): (Role, FacilityId),
    name: &str,
) -> Client {
    let hash: Hashed = accounts::hash_now(PASSWORD).unwrap();
    let (vault, username) = (app.house.vault.clone(), Username::parse(name).unwrap());
    let new = NewUser { username, role, facility: Some(facility), units: Vec::new() };
    let made = app.house.db.write_now(Lane::System, move |tx| match maker {
        Some(maker) => accounts::create(tx, &vault, maker, &new, &hash),
        None => accounts::ensure_user(tx, &vault, &new, &hash),
    });
    let user = made.unwrap();
    let principal = Principal { user, role, session: SessionId(user.0), facility: Some(facility) };
    app.with_token(&app.house.sessions.tokens.make(&principal, app.house.db.now()).unwrap())
}

/// Somebody of a blood bank that is made for him.
pub fn another_bank(app: &TestApp, governorate: Governorate, name: &str) -> Client {
    another(app, (FacilityKind::BloodBank, Role::Bank), governorate, name)
}

/// Somebody of a hospital that is made for him.
pub fn another_hospital(app: &TestApp, governorate: Governorate, name: &str) -> Client {
    another(app, (FacilityKind::Hospital, Role::Hospital), governorate, name)
}

fn another(
    app: &TestApp,
    (kind, role): (FacilityKind, Role),
    governorate: Governorate,
    name: &str,
) -> Client {
    of_facility(app, role, facility(app, kind, governorate, name), name)
}

/// A blood bank or a hospital.
pub fn facility(app: &TestApp, kind: FacilityKind, governorate: Governorate, name: &str) -> FacilityId {
    let vault = app.house.vault.clone();
    let place = |text| PlaceName::parse(text).unwrap();
    let new = NewFacility {
        code: ShortCode::parse(name).unwrap(),
        kind,
        name_ar: place("مؤسسة"),
        name_en: place(name),
        governorate,
    };
    let made =
        app.house.db.write_now(Lane::System, move |tx| places::create_facility(tx, &vault, None, &new));
    made.unwrap()
}
