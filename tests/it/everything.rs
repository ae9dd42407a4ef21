//! Several people take every step that there is with units, at random, and after each one what was promised holds: tests,
//! division, transfers, requests, packs, recalls, incidents, counts, blood before its tests, and time that passes.

use std::cell::RefCell;
use std::collections::BTreeMap;

use diesel::prelude::*;
use rand::prelude::*;
use serde_json::{Value, json};
use shiryan::accounts::{self, Hashed, NewUser, Principal, Username};
use shiryan::db::tables::{
    blood_requests, blood_units, daily_flows, donations, emergency_issues, packs, reservations,
    unit_movements, untested_issues,
};
use shiryan::db::{Conn, Db, Lane};
use shiryan::laboratory::{self, Panel};
use shiryan::places::{self, NewFacility, PlaceName};
use shiryan::vault::Vault;
use shiryan::{requests, roster, stock};
use shiryan_kernel::blood::Component;
use shiryan_kernel::din::Din;
use shiryan_kernel::ids::{BloodUnitId, DonationId, DonorId, FacilityId, RequestId, SessionId};
use shiryan_kernel::laboratory::Marker;
use shiryan_kernel::place::Governorate;
use shiryan_kernel::role::Role;
use shiryan_kernel::status::{FacilityKind, MoveReason, PackState, RequestState, UnitStatus, UntestedState};
use shiryan_kernel::text::ShortCode;

use super::operations;
use super::support::app::{Client, PASSWORD, Reply, TestApp};
use super::support::shelf::din;

both!(whatever_people_do_every_promise_holds);

/// Steps of the walk.
const TURNS: usize = 1_400;
/// An id that nothing has.
const NOBODYS: &str = "0123456789ABC";
/// A request for which units may be held.
const TAKEN: &[RequestState] = &[RequestState::Accepted, RequestState::Reserved];
/// Who gives, each once in a while.
const DONORS: u32 = 14;

/// Who acts, by name; tokens are short-lived, people stay.
struct People(BTreeMap<&'static str, Principal>);

impl People {
    fn of(app: &TestApp) -> Self {
        let hash: Hashed = accounts::hash_now(PASSWORD).unwrap();
        let other = other_bank(app);
        let mut known = BTreeMap::new();
        for (name, role, facility) in [
            ("bank", Role::Bank, Some(app.places.bank)),
            ("partner", Role::Bank, Some(app.places.bank)),
            ("laboratory", Role::Bank, Some(app.places.bank)),
            ("other", Role::Bank, Some(other)),
            ("hospital", Role::Hospital, Some(app.places.hospital)),
            ("nurse", Role::Hospital, Some(app.places.hospital)),
            ("physician", Role::Physician, None),
            ("second", Role::Physician, None),
        ] {
            let username = Username::parse(&format!("walker-{name}")).unwrap();
            let new = NewUser { username, role, facility, units: Vec::new() };
            let (vault, hash) = (app.house.vault.clone(), hash.clone());
            let make = move |tx: &mut shiryan::db::Tx| accounts::ensure_user(tx, &vault, &new, &hash);
            let user = app.house.db.write_now(Lane::System, make).unwrap();
            known.insert(name, Principal { user, role, session: SessionId(user.0), facility });
        }
        Self(known)
    }

    fn as_(&self, app: &TestApp, name: &str) -> Client {
        app.with_token(&app.house.sessions.tokens.make(&self.0[name], app.house.db.now()).unwrap())
    }

    fn other_bank(&self) -> FacilityId {
        self.0["other"].facility.unwrap()
    }
}

fn other_bank(app: &TestApp) -> FacilityId {
    let place = |text| PlaceName::parse(text).unwrap();
    let (vault, new) = (
        app.house.vault.clone(),
        NewFacility {
            code: ShortCode::parse("OTHER").unwrap(),
            kind: FacilityKind::BloodBank,
            name_ar: place("بنك دم"),
            name_en: place("Other"),
            governorate: Governorate::RamallahAlBireh,
        },
    );
    app.house.db.write_now(Lane::System, move |tx| places::create_facility(tx, &vault, None, &new)).unwrap()
}

fn donor(app: &TestApp, n: u32) -> DonorId {
    let form = json!({
        "first_name": "ياسر", "family_name": "البيطار", "sex": "male", "birth_date": "1996-02-10",
        "service_number": format!("MS-{n}"), "unit": app.places.company, "weight_kg": 85.0, "height_cm": 180,
    });
    let made = app.client(Role::Bank).post("/api/v1/donors", &form).expect(201);
    let donor: DonorId = serde_json::from_value(made["id"].clone()).unwrap();
    app.house
        .db
        .write_now(Lane::System, move |tx| {
            use shiryan::db::tables::donors;
            let typed = (donors::blood_group.eq("a_pos"), donors::group_evidence.eq("confirmed"));
            Ok(diesel::update(donors::table.find(donor.0)).set(typed).execute(tx.conn)?)
        })
        .unwrap();
    donor
}

/// The walk: what was made so far, and how often each kind of step was taken.
struct Walk<'a> {
    app: &'a TestApp,
    people: People,
    random: StdRng,
    donors: Vec<DonorId>,
    numbers: u32,
    taken: BTreeMap<&'static str, (u32, u32)>,
    /// Operations, and whether each went through at least once.
    asked: RefCell<BTreeMap<String, bool>>,
}

impl Walk<'_> {
    fn as_(&self, name: &str) -> Client {
        self.people.as_(self.app, name)
    }

    /// Takes a step, and notes of which operation it was whether it ever went through.
    fn post(&self, who: &str, path: &str, form: &Value) -> Reply {
        let reply = self.as_(who).post(path, form);
        let is_id = |part: &str| {
            part.len() == 13 && part.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit())
        };
        let parts =
            path.trim_start_matches("/api/v1").split('/').map(|part| if is_id(part) { "{id}" } else { part });
        let operation = parts.collect::<Vec<_>>().join("/");
        *self.asked.borrow_mut().entry(operation).or_default() |= reply.status < 300;
        reply
    }

    fn read<T>(&self, f: impl FnOnce(&mut Conn) -> shiryan_kernel::Result<T>) -> T {
        self.app.house.db.read_now(f).unwrap()
    }

    /// A unit, more often than not one that stands in this state.
    fn unit(&mut self, likely: UnitStatus) -> Option<BloodUnitId> {
        let all: Vec<(BloodUnitId, UnitStatus)> = self.read(|conn| {
            Ok(blood_units::table
                .order(blood_units::id)
                .select((blood_units::id, blood_units::status))
                .load(conn)?)
        });
        let such: Vec<BloodUnitId> = all.iter().filter(|unit| unit.1 == likely).map(|unit| unit.0).collect();
        if self.random.random_bool(0.9) && !such.is_empty() {
            return such.choose(&mut self.random).copied();
        }
        all.choose(&mut self.random).map(|unit| unit.0)
    }

    fn number(&mut self) -> Din {
        din(self.random.random_range(1..=self.numbers.max(1)))
    }

    /// A request, more often than not one that stands in one of these states.
    fn request(&mut self, likely: &[RequestState]) -> String {
        let all: Vec<(RequestId, RequestState)> = self.read(|conn| {
            let all = blood_requests::table.order(blood_requests::id);
            Ok(all.select((blood_requests::id, blood_requests::state)).load(conn)?)
        });
        let such: Vec<RequestId> =
            all.iter().filter(|row| likely.contains(&row.1)).map(|row| row.0).collect();
        let found = if self.random.random_bool(0.9) && !such.is_empty() {
            such.choose(&mut self.random).copied()
        } else {
            all.choose(&mut self.random).map(|row| row.0)
        };
        found.map_or_else(|| NOBODYS.to_owned(), |id| id.to_string())
    }

    fn label(&mut self, likely: UnitStatus) -> Value {
        let Some(id) = self.unit(likely) else { return json!([]) };
        let unit = self.read(|conn| stock::unit(conn, id));
        json!([{"din": unit.din, "component": unit.component, "division": unit.division}])
    }

    fn note(&mut self, step: &'static str, reply: &Reply) {
        assert!(reply.status < 500, "{step}: {}", reply.text);
        let taken = self.taken.entry(step).or_default();
        if reply.status < 300 { taken.0 += 1 } else { taken.1 += 1 }
    }

    fn step(&mut self, turn: usize) {
        let (step, reply) = match self.random.random_range(0..42) {
            0..=2 => self.donate(),
            3 => self.deliver(),
            4..=6 => self.test(),
            7..=9 => self.on_unit("release", "partner", UnitStatus::Quarantine, &json!({})),
            10 => self.divide(),
            11 => self.on_unit("block", "bank", UnitStatus::Released, &json!({"reason": "damaged"})),
            12 => self.on_unit("clear", "second", UnitStatus::Blocked, &json!({"note": "x"})),
            13 if turn.is_multiple_of(3) => {
                self.on_unit("discard", "bank", UnitStatus::Blocked, &json!({"reason": "damaged"}))
            }
            13 | 14 => self.send(),
            15 => self.take_in(),
            16 | 17 => self.ask(),
            18 | 19 => self.on_request("accept", "bank", &[RequestState::Submitted], &json!({})),
            20..=22 => self.hold(),
            23 => self.on_request("issue", "bank", &[RequestState::Reserved], &json!({})),
            24 => self.arrive(),
            25 | 37 | 38 => self.fate(),
            26 => self.pack(),
            27 | 28 => self.untested(),
            29 => self.hold(),
            30 => self.count(),
            31 if turn.is_multiple_of(4) => self.recall(),
            31 => self.incident(),
            32 => self.emergency(),
            33 => self.process(),
            34 => self.policy(),
            35 => self.standing(),
            36 => self.correct(),
            39 => self.look_into(),
            40 => self.beside(),
            _ => return self.time(turn),
        };
        self.note(step, &reply);
    }

    fn donate(&mut self) -> (&'static str, Reply) {
        self.numbers += 1;
        let donor = *self.donors.choose(&mut self.random).unwrap();
        let components = if self.random.random_bool(0.5) {
            json!(["whole_blood"])
        } else {
            json!(["red_cells", "plasma"])
        };
        let form = json!({"donor": donor, "donation_type": "whole_blood", "din": din(self.numbers), "volume_ml": 450,
            "collected_at": self.app.house.db.now(), "components": components});
        ("donate", self.post("bank", "/api/v1/donations", &form))
    }

    fn deliver(&mut self) -> (&'static str, Reply) {
        let today = self.app.house.today();
        let sequence = self.random.random_range(1..60);
        let foreign = Din::compose("A8888", 26, sequence).unwrap();
        let form = json!({"din": foreign.to_string(), "component": "red_cells", "blood_group": "a_pos",
            "volume_ml": 280, "collected_on": today, "expires_on": today + chrono::Duration::days(30)});
        ("deliver", self.post("bank", "/api/v1/stock/units", &form))
    }

    /// Mostly a whole panel that is clear, sometimes one marker that is not, or what follows of it.
    fn test(&mut self) -> (&'static str, Reply) {
        let (number, today) = (self.number(), self.app.house.today());
        let line = |marker: Marker, stage: &str, finding: &str| json!({"marker": marker, "stage": stage, "finding": finding, "tested_on": today});
        let results = match self.random.random_range(0..12) {
            0 => vec![line(Marker::Hiv, "screening", "reactive")],
            1 => {
                vec![line(Marker::Hiv, "repeat", "non_reactive"), line(Marker::Hiv, "repeat", "non_reactive")]
            }
            2 => vec![line(Marker::Hiv, "confirmation", "reactive")],
            _ => Marker::MANDATORY.map(|marker| line(marker, "screening", "non_reactive")).into(),
        };
        let form = json!({"din": number, "results": results});
        ("test", self.post("laboratory", "/api/v1/laboratory/results", &form))
    }

    fn on_unit(
        &mut self,
        verb: &'static str,
        who: &str,
        likely: UnitStatus,
        form: &Value,
    ) -> (&'static str, Reply) {
        let id = self.unit(likely).map_or_else(|| NOBODYS.to_owned(), |id| id.to_string());
        (verb, self.post(who, &format!("/api/v1/stock/units/{id}/{verb}"), form))
    }

    /// What is done to a unit in quarantine.
    fn process(&mut self) -> (&'static str, Reply) {
        let added = ["irradiated", "leucodepleted", "cmv_negative"].choose(&mut self.random).unwrap();
        self.on_unit("attributes", "bank", UnitStatus::Quarantine, &json!({"attributes": [added]}))
    }

    /// Refusals, and RhD-positive units for an RhD-negative patient.
    fn policy(&mut self) -> (&'static str, Reply) {
        if self.random.random_bool(0.6) {
            let form = json!({"reason": "nothing_fits"});
            return self.on_request(
                "refuse",
                "bank",
                &[RequestState::Submitted, RequestState::Accepted],
                &form,
            );
        }
        let form = json!({"has_anti_d": false, "is_transfused_chronically": false, "reason": "x"});
        let negative: Vec<RequestId> = self.read(|conn| {
            let open = blood_requests::table
                .filter(blood_requests::blood_group.eq("a_neg"))
                .filter(blood_requests::state.eq_any(TAKEN.iter().map(|state| state.code())));
            Ok(open.order(blood_requests::id).select(blood_requests::id).load(conn)?)
        });
        let Some(id) = negative.choose(&mut self.random) else { return self.ask() };
        ("rhd-policy", self.post("physician", &format!("/api/v1/requests/{id}/rhd-policy"), &form))
    }

    /// What is asked for again and again, and its end.
    fn standing(&mut self) -> (&'static str, Reply) {
        let listed = self.as_("hospital").get("/api/v1/standing-orders").expect(200)["items"].clone();
        let running = listed.as_array().unwrap().iter().find(|one| one["state"] == "active").cloned();
        match running {
            Some(order) if self.random.random_bool(0.3) => {
                let path = format!("/api/v1/standing-orders/{}/end", order["id"].as_str().unwrap());
                ("standing_end", self.post("hospital", &path, &json!({})))
            }
            _ => {
                let today = self.app.house.today();
                let form = json!({"patient": "TH", "blood_group": "a_pos", "group_evidence": "confirmed",
                    "component": "red_cells", "units": 1, "every_days": 7, "due_at": "09:00",
                    "first_on": today, "last_on": today + chrono::Duration::days(60)});
                ("standing", self.post("hospital", "/api/v1/standing-orders", &form))
            }
        }
    }

    /// What was told of an end is taken back; a hospital throws a unit away; a par is set; a typing is found.
    fn correct(&mut self) -> (&'static str, Reply) {
        match self.random.random_range(0..4) {
            0 => self.on_unit("correct", "physician", UnitStatus::Transfused, &json!({"note": "x"})),
            1 => self.on_unit("correct", "physician", UnitStatus::Discarded, &json!({"note": "x"})),
            2 => self.on_unit("discarded", "hospital", UnitStatus::Issued, &json!({"reason": "not_used"})),
            _ => {
                let donor = *self.donors.choose(&mut self.random).unwrap();
                let group = if self.random.random_bool(0.98) { "a_pos" } else { "o_pos" };
                let form = json!({"blood_group": group, "sample": format!("W-{}", self.random.random_range(0..9)),
                    "typed_on": self.app.house.today()});
                ("type", self.post("laboratory", &format!("/api/v1/donors/{donor}/typings"), &form))
            }
        }
    }

    /// The first id of a list, and what it says.
    fn listed(&self, who: &str, path: &str) -> Option<(String, Value)> {
        let list = self.as_(who).get(path).expect(200)["items"].clone();
        let one =
            list.as_array().unwrap().choose(&mut StdRng::seed_from_u64(u64::from(self.numbers))).cloned()?;
        Some((one["id"].as_str().unwrap().to_owned(), one))
    }

    /// What nobody understood at once is looked into: strays, what never arrived, emergencies, results that were wrong.
    fn look_into(&mut self) -> (&'static str, Reply) {
        let note = json!({"note": "x"});
        let found = match self.random.random_range(0..5) {
            0 => self.listed("bank", "/api/v1/stock/strays").map(|(id, _)| {
                ("explain", self.post("bank", &format!("/api/v1/stock/strays/{id}/explain"), &note))
            }),
            1 => self.listed("bank", "/api/v1/transfers?state=discrepancy").map(|(id, _)| {
                ("transfer_lost", self.post("bank", &format!("/api/v1/transfers/{id}/lost"), &note))
            }),
            2 => self.listed("bank", "/api/v1/emergency-issues").map(|(id, _)| {
                let finding = json!({"finding": "x"});
                ("review", self.post("second", &format!("/api/v1/emergency-issues/{id}/review"), &finding))
            }),
            3 => self.listed("bank", "/api/v1/incidents").map(|(id, _)| {
                ("incident_end", self.post("bank", &format!("/api/v1/incidents/{id}/end"), &json!({})))
            }),
            _ => {
                let number = self.number();
                let path = format!("/api/v1/laboratory/results?din={number}");
                let known = self.as_("bank").get(&path);
                let lines = if known.status == 200 { known.json()["items"].clone() } else { json!([]) };
                lines.as_array().unwrap().iter().find(|line| line["corrected"] == false).map(|line| {
                    let again = json!({"marker": line["marker"], "stage": line["stage"], "finding": "non_reactive",
                        "tested_on": self.app.house.today(), "corrects": line["id"], "reason": "x"});
                    let form = json!({"din": number, "results": [again]});
                    ("correct_result", self.post("partner", "/api/v1/laboratory/results", &form))
                })
            }
        };
        found.unwrap_or_else(|| self.ask())
    }

    /// What is told and kept beside: a donor's word, a shelf's level, a standing order that rests.
    fn beside(&mut self) -> (&'static str, Reply) {
        match self.random.random_range(0..4) {
            0 => {
                let given: Vec<i64> = self.read(|conn| {
                    Ok(donations::table.order(donations::id).select(donations::id).load(conn)?)
                });
                let Some(id) = given.choose(&mut self.random) else { return self.ask() };
                let path = format!("/api/v1/donations/{}/information", DonationId(*id));
                ("information", self.post("bank", &path, &json!({})))
            }
            1 => {
                let form = json!({"component": "red_cells", "blood_group": "a_pos", "units": 4});
                ("par", self.post("hospital", "/api/v1/stock/pars", &form))
            }
            2 => {
                let here = self.read(|conn| {
                    Ok(blood_units::table
                        .filter(blood_units::facility.eq(self.app.places.hospital))
                        .filter(blood_units::status.eq(UnitStatus::Issued))
                        .count()
                        .get_result::<i64>(conn)?)
                });
                (
                    "confirm_shelf",
                    self.post("hospital", "/api/v1/stock/confirmations", &json!({"units": here})),
                )
            }
            _ => {
                let Some((id, order)) = self.listed("hospital", "/api/v1/standing-orders") else {
                    return self.standing();
                };
                let verb = if order["state"] == "paused" { "resume" } else { "pause" };
                (verb, self.post("hospital", &format!("/api/v1/standing-orders/{id}/{verb}"), &json!({})))
            }
        }
    }

    fn divide(&mut self) -> (&'static str, Reply) {
        let Some(id) = self.unit(UnitStatus::Quarantine) else { return self.deliver() };
        let unit = self.read(|conn| stock::unit(conn, id));
        let (first, second) = match unit.component {
            Component::WholeBlood => ("red_cells", "plasma"),
            component => (component.code(), component.code()),
        };
        let divided =
            |component, n, volume_ml| json!({"component": component, "division": n, "volume_ml": volume_ml});
        let n = i32::from(first == second);
        let half = unit.volume_ml / 2;
        let rest = unit.volume_ml - 2 * half + self.random.random_range(0..2);
        let parts = json!([divided(first, n, half), divided(second, 2 * n, half)]);
        let form = json!({"parts": parts, "rest_ml": rest});
        ("divide", self.post("bank", &format!("/api/v1/stock/units/{id}/divide"), &form))
    }

    fn send(&mut self) -> (&'static str, Reply) {
        let units = self.label(UnitStatus::Released);
        let (who, to) = if self.random.random_bool(0.6) {
            ("bank", self.people.other_bank())
        } else {
            ("other", self.app.places.bank)
        };
        ("send", self.post(who, "/api/v1/transfers", &json!({"to": to, "units": units})))
    }

    fn take_in(&mut self) -> (&'static str, Reply) {
        let who = if self.random.random_bool(0.6) { "other" } else { "partner" };
        let open = self.as_(who).get("/api/v1/transfers?state=under_way").expect(200);
        let open = open["items"].as_array().unwrap();
        let Some(transfer) = open.choose(&mut self.random) else { return self.send() };
        let id = transfer["id"].as_str().unwrap().to_owned();
        let units = self.label(UnitStatus::InTransit);
        ("take_in", self.post(who, &format!("/api/v1/transfers/{id}/receive"), &json!({"units": units})))
    }

    fn ask(&mut self) -> (&'static str, Reply) {
        let component = ["red_cells", "red_cells", "plasma", "whole_blood"].choose(&mut self.random).unwrap();
        let group = ["a_pos", "a_pos", "ab_pos", "ab_pos", "a_neg"].choose(&mut self.random).unwrap();
        let urgency = ["emergency", "emergency", "urgent"].choose(&mut self.random).unwrap();
        let patient = format!("P-{}", self.random.random_range(0..4));
        let form = json!({"patient": patient, "blood_group": group, "group_evidence": "confirmed",
            "component": component, "units": self.random.random_range(1..4), "urgency": urgency,
            "sex": "male", "age_band": "from_18_to_50"});
        let mut form = form;
        if self.random.random_bool(0.2) {
            form["lines"] = json!([{"component": "cryoprecipitate", "units": 1}]);
        }
        ("ask", self.post("hospital", "/api/v1/requests", &form))
    }

    fn on_request(
        &mut self,
        verb: &'static str,
        who: &str,
        likely: &[RequestState],
        form: &Value,
    ) -> (&'static str, Reply) {
        let id = self.request(likely);
        (verb, self.post(who, &format!("/api/v1/requests/{id}/{verb}"), form))
    }

    fn hold(&mut self) -> (&'static str, Reply) {
        let (id, first) = self.fitting(TAKEN);
        let unit = if first.is_null() || self.random.random_bool(0.1) {
            json!(self.unit(UnitStatus::Released))
        } else {
            first
        };
        let verb = if self.random.random_bool(0.85) { "reserve" } else { "free" };
        let mut form = json!({"units": [unit]});
        if verb == "reserve" && self.random.random_bool(0.5) {
            form["reason"] = json!("x");
        }
        (verb, self.post("bank", &format!("/api/v1/requests/{id}/{verb}"), &form))
    }

    /// A few looks for a request for which something lies here, and the unit that comes first.
    fn fitting(&mut self, likely: &[RequestState]) -> (String, Value) {
        let (mut id, mut first) = (String::new(), Value::Null);
        for _ in 0..5 {
            id = self.request(likely);
            let fitting = self.as_("bank").get(&format!("/api/v1/requests/{id}/candidates"));
            if fitting.status == 200 {
                first = fitting.json()["candidates"][0]["id"].clone();
            }
            if !first.is_null() {
                break;
            }
        }
        (id, first)
    }

    fn arrive(&mut self) -> (&'static str, Reply) {
        // At most a hundred labels: every foreign number, and the last of our own.
        let foreign = (1..60).map(|n| Din::compose("A8888", 26, n).unwrap());
        let own = (1..=self.numbers).rev().take(40).map(din);
        let all: Vec<Din> = own.chain(foreign).collect();
        match self.random.random_range(0..8) {
            0 => self.on_request("cancel", "hospital", TAKEN, &json!({})),
            1 => self.on_request("rest", "hospital", &[RequestState::Issued], &json!({})),
            _ => self.on_request("receive", "hospital", &[RequestState::Issued], &json!({"dins": all})),
        }
    }

    fn fate(&mut self) -> (&'static str, Reply) {
        match self.random.random_range(0..5) {
            4 => self.on_unit("discarded", "hospital", UnitStatus::Issued, &json!({"reason": "not_used"})),
            0 => self.on_unit("transfused", "hospital", UnitStatus::Issued, &json!({})),
            1 => self.on_unit(
                "returned",
                "hospital",
                UnitStatus::Issued,
                &json!({"minutes_out_of_control": 5}),
            ),
            2 => self.on_unit("take-back", "bank", UnitStatus::Returned, &json!({})),
            _ => self.on_unit(
                "harm",
                "hospital",
                UnitStatus::Transfused,
                &json!({"kind": "reaction", "note": "x"}),
            ),
        }
    }

    fn pack(&mut self) -> (&'static str, Reply) {
        let running = self.as_("hospital").get("/api/v1/packs?state=running").expect(200)["items"].clone();
        let Some(pack) = running.as_array().unwrap().first() else {
            let form = json!({"patient": "MT", "blood_group": "a_pos", "group_evidence": "confirmed"});
            return ("pack", self.post("hospital", "/api/v1/packs", &form));
        };
        let (id, round) = (pack["id"].as_str().unwrap().to_owned(), pack["round"].as_i64().unwrap());
        if self.random.random_bool(0.4) {
            let form = json!({"round": round + 1});
            return ("next", self.post("hospital", &format!("/api/v1/packs/{id}/next"), &form));
        }
        let who = if self.random.random_bool(0.7) { "hospital" } else { "bank" };
        ("stop", self.post(who, &format!("/api/v1/packs/{id}/stop"), &json!({})))
    }

    fn untested(&mut self) -> (&'static str, Reply) {
        let listed =
            self.as_("physician").get("/api/v1/untested-issues?limit=200").expect(200)["items"].clone();
        let open: Vec<Value> = listed
            .as_array()
            .unwrap()
            .iter()
            .filter(|one| {
                ["asked", "authorised", "checked", "given"].contains(&one["state"].as_str().unwrap())
            })
            .cloned()
            .collect();
        let Some(one) = open.choose(&mut self.random).filter(|_| self.random.random_bool(0.75)) else {
            let request =
                self.request(&[RequestState::Submitted, RequestState::Accepted, RequestState::Issued]);
            let form = json!({"request": request, "rapid_tests": [], "reason": "x"});
            return self.on_unit("untested-issue", "physician", UnitStatus::Quarantine, &form);
        };
        let (id, din) = (one["id"].as_str().unwrap(), &one["din"]);
        let path = |verb: &str| format!("/api/v1/untested-issues/{id}/{verb}");
        if self.random.random_bool(0.1) {
            return ("withdraw", self.post("bank", &path("withdraw"), &json!({})));
        }
        let patient = (0..4).map(|n| json!(format!("P-{n}"))).collect::<Vec<_>>();
        let request = one["request"].as_str().unwrap();
        let asked = self.as_("hospital").get(&format!("/api/v1/requests/{request}")).expect(200);
        let patient =
            if self.random.random_bool(0.9) { asked["patient"].clone() } else { patient[0].clone() };
        let bed = json!({"din": din, "patient": patient});
        match one["state"].as_str().unwrap() {
            "asked" => ("authorise", self.post("second", &path("authorise"), &json!({}))),
            "authorised" => ("check", self.post("hospital", &path("check"), &bed)),
            "checked" => ("give", self.post("nurse", &path("give"), &bed)),
            _ => ("follow-up", self.post("second", &path("follow-up"), &json!({"note": "x"}))),
        }
    }

    fn count(&mut self) -> (&'static str, Reply) {
        let open =
            self.as_("bank").get("/api/v1/stock/counts?state=discrepancy").expect(200)["items"].clone();
        for count in open.as_array().unwrap() {
            let path = format!("/api/v1/stock/counts/{}", count["id"].as_str().unwrap());
            let missing = self.as_("bank").get(&path).expect(200)["missing"].clone();
            let waits = |missed: &&Value| missed["outcome"].is_null();
            if let Some(missed) = missing.as_array().unwrap().iter().find(waits) {
                let units = json!([missed["id"]]);
                return if self.random.random_bool(0.7) {
                    ("found", self.post("bank", &format!("{path}/found"), &json!({"units": units})))
                } else {
                    let form = json!({"units": units, "note": "x"});
                    ("lost", self.post("partner", &format!("{path}/lost"), &form))
                };
            }
        }
        let here: Vec<(Din, Component, i32)> = self.read(|conn| {
            let there = blood_units::table.filter(blood_units::facility.eq(self.app.places.bank));
            Ok(there.select((blood_units::din, blood_units::component, blood_units::division)).load(conn)?)
        });
        let random = &mut self.random;
        let scanned: Vec<Value> = here
            .into_iter()
            .filter(|_| random.random_bool(0.85))
            .map(|(din, component, division)| json!({"din": din, "component": component, "division": division}))
            .collect();
        ("count", self.post("bank", "/api/v1/stock/counts", &json!({"units": scanned})))
    }

    fn recall(&mut self) -> (&'static str, Reply) {
        let form = if self.random.random_bool(0.5) {
            json!({"din": self.number(), "reason": "recall"})
        } else {
            json!({"donor": self.donors.choose(&mut self.random), "reason": "donor_linked"})
        };
        ("recall", self.post("physician", "/api/v1/stock/recalls", &form))
    }

    fn incident(&mut self) -> (&'static str, Reply) {
        let until = self.app.house.db.now() + chrono::Duration::hours(6);
        let form = json!({"governorate": Governorate::RamallahAlBireh, "until": until, "reason": "x"});
        ("incident", self.post("bank", "/api/v1/incidents", &form))
    }

    /// One person holds, and more often than not a second one confirms before the hour is over.
    fn emergency(&mut self) -> (&'static str, Reply) {
        let (id, first) = self.fitting(&[RequestState::Submitted, RequestState::Accepted]);
        let unit = if first.is_null() { json!(self.unit(UnitStatus::Released)) } else { first };
        let form = json!({"units": [unit], "reason": "x"});
        let asked = self.post("bank", &format!("/api/v1/requests/{id}/emergency-issue"), &form);
        if asked.status != 201 || self.random.random_bool(0.2) {
            return ("emergency-issue", asked);
        }
        self.note("emergency-issue", &asked);
        let path = format!("/api/v1/emergency-issues/{}/confirm", asked.json()["id"].as_str().unwrap());
        let who = if self.random.random_bool(0.8) { "partner" } else { "bank" };
        ("confirm", self.post(who, &path, &json!({})))
    }

    /// Hours pass, and the house does what it does each minute.
    fn time(&mut self, turn: usize) {
        let hours = if turn.is_multiple_of(50) { 24 * 6 } else { 5 };
        self.app.clock.advance(chrono::Duration::hours(hours));
        let (zone, vault) = (self.app.house.zone, self.app.house.vault.clone());
        self.app
            .house
            .db
            .write_now(Lane::Bulk, move |tx| {
                stock::expire_due(tx, &vault, zone, 1_000)?;
                requests::standing::make_due(tx, &vault, zone, 1_000)?;
                requests::end_stale(tx, &vault, 1_000)
            })
            .unwrap();
        self.taken.entry("time").or_default().0 += 1;
    }
}

fn whatever_people_do_every_promise_holds(app: TestApp) {
    let people = People::of(&app);
    let donors = (1..=DONORS).map(|n| donor(&app, n)).collect();
    let mut walk = Walk {
        app: &app,
        people,
        random: StdRng::seed_from_u64(0x5eed_0a15),
        donors,
        numbers: 0,
        taken: BTreeMap::new(),
        asked: RefCell::default(),
    };
    for turn in 0..TURNS {
        walk.step(turn);
        promises_hold(&app.house.db, &app.house.vault);
        let differences = roster::check(&app.house.roster, &app.house.db, app.house.zone).unwrap();
        assert_eq!(differences, [], "the roster counts what is there");
    }
    // Every operation that changes a unit, a request or what they rest on is in the walk.
    let asked = walk.asked.borrow();
    for (method, operation, _) in operations::TABLE {
        let rooms = [
            "/stock",
            "/requests",
            "/transfers",
            "/standing-orders",
            "/packs",
            "/untested-issues",
            "/emergency-issues",
            "/incidents",
            "/laboratory/results",
            "/donations",
        ];
        let is_of_a_unit = rooms.iter().any(|room| operation.starts_with(room));
        if *method == "POST" && is_of_a_unit && *operation != "/donations/{id}/links" {
            assert!(asked.contains_key(*operation), "nobody takes {operation}: {asked:?}");
        }
    }
    for step in [
        "donate",
        "deliver",
        "test",
        "release",
        "divide",
        "block",
        "clear",
        "send",
        "take_in",
        "ask",
        "accept",
        "reserve",
        "issue",
        "receive",
        "pack",
        "next",
        "stop",
        "untested-issue",
        "count",
        "recall",
        "incident",
        "emergency-issue",
        "attributes",
        "refuse",
        "rhd-policy",
        "standing",
        "correct",
        "discarded",
        "type",
        "time",
    ] {
        let done = walk.taken.get(step).map_or(0, |taken| taken.0);
        assert!(done > 0, "no {step} went through: {:?}", walk.taken);
    }
}

type Step = (BloodUnitId, Option<UnitStatus>, UnitStatus, FacilityId);
/// Unit and state, who asked, who authorised, who checked, who gave.
type Issue = (BloodUnitId, UntestedState, i64, Option<i64>, Option<i64>, Option<i64>);
type Bag = (BloodUnitId, Din, UnitStatus, FacilityId, i32, Component);

/// What must be so at any moment, whatever came before.
pub fn promises_hold(db: &Db, vault: &Vault) {
    db.read_now(|conn| {
        let steps: Vec<Step> = unit_movements::table
            .order(unit_movements::id)
            .select((
                unit_movements::blood_unit,
                unit_movements::from_status,
                unit_movements::to_status,
                unit_movements::facility,
            ))
            .load(conn)?;
        let bags: Vec<Bag> = blood_units::table
            .select((
                blood_units::id,
                blood_units::din,
                blood_units::status,
                blood_units::facility,
                blood_units::volume_ml,
                blood_units::component,
            ))
            .load(conn)?;
        every_bag_is_where_its_steps_lead(&steps, &bags);
        the_day_counts_what_left_and_came(conn, &steps)?;
        no_mass_is_won(conn, &bags)?;
        holds_are_single_and_no_more_than_asked(conn, &bags)?;
        no_emergency_by_one_alone(conn)?;
        nothing_suspect_can_be_issued(conn, vault, &bags)?;
        untested_has_its_own_path(conn, &steps, &bags)?;
        a_stopped_pack_holds_nothing(conn)
    })
    .unwrap();
}

/// Each step is of the table, the chain has no gap, and the last one says where the bag is and how it stands.
fn every_bag_is_where_its_steps_lead(steps: &[Step], bags: &[Bag]) {
    let mut stands: BTreeMap<BloodUnitId, (UnitStatus, FacilityId)> = BTreeMap::new();
    for (unit, from, to, facility) in steps {
        assert_eq!(*from, stands.get(unit).map(|at| at.0), "the chain of {unit} has a gap");
        if let Some(from) = from {
            let is_taken_back = stock::rules::may_be_corrected(*from) && *to == UnitStatus::Blocked;
            assert!(from == to || is_taken_back || stock::rules::may_follow(*from, *to), "{from} to {to}");
        } else {
            assert_eq!(*to, UnitStatus::Quarantine, "born in quarantine");
        }
        stands.insert(*unit, (*to, *facility));
    }
    assert_eq!(stands.len(), bags.len());
    for (id, _, status, facility, ..) in bags {
        assert_eq!(stands[id], (*status, *facility), "{id}");
    }
}

/// What was received and issued by the days' flows is what the steps say: blood before its tests is in neither.
fn the_day_counts_what_left_and_came(conn: &mut Conn, steps: &[Step]) -> shiryan_kernel::Result<()> {
    let flows: Vec<(i32, i32)> =
        daily_flows::table.select((daily_flows::received, daily_flows::issued)).load(conn)?;
    let count = |from, to| steps.iter().filter(|step| step.1 == Some(from) && step.2 == to).count();
    let sum = |of: fn(&(i32, i32)) -> i32| usize::try_from(flows.iter().map(of).sum::<i32>()).unwrap();
    assert_eq!(sum(|day| day.0), count(UnitStatus::Quarantine, UnitStatus::Released), "received");
    assert_eq!(sum(|day| day.1), count(UnitStatus::Reserved, UnitStatus::Issued), "issued");
    Ok(())
}

/// What came of one number never holds more than what was born of the needle.
fn no_mass_is_won(conn: &mut Conn, bags: &[Bag]) -> shiryan_kernel::Result<()> {
    let born = [MoveReason::Collected, MoveReason::Delivered];
    let roots: Vec<(BloodUnitId, MoveReason)> = unit_movements::table
        .filter(unit_movements::from_status.is_null())
        .select((unit_movements::blood_unit, unit_movements::reason))
        .load(conn)?;
    let roots: BTreeMap<BloodUnitId, bool> =
        roots.into_iter().map(|(id, why)| (id, born.contains(&why))).collect();
    let mut held: BTreeMap<Din, (i32, i32)> = BTreeMap::new();
    for (id, din, status, _, volume, _) in bags {
        let (drawn, now) = held.entry(*din).or_default();
        *drawn += if roots[id] { *volume } else { 0 };
        *now += if *status == UnitStatus::Divided { 0 } else { *volume };
    }
    for (din, (drawn, now)) in held {
        assert!(now <= drawn, "{din} holds {now} mL of {drawn}");
    }
    Ok(())
}

fn holds_are_single_and_no_more_than_asked(conn: &mut Conn, bags: &[Bag]) -> shiryan_kernel::Result<()> {
    let stands: BTreeMap<BloodUnitId, UnitStatus> = bags.iter().map(|bag| (bag.0, bag.2)).collect();
    let holds: Vec<(i64, BloodUnitId, Option<String>)> = reservations::table
        .select((reservations::request, reservations::blood_unit, reservations::outcome))
        .load(conn)?;
    let mut live: Vec<BloodUnitId> =
        holds.iter().filter(|hold| hold.2.is_none()).map(|hold| hold.1).collect();
    for unit in &live {
        // A hold on what was stopped ends within the minute; until then it hands nothing out.
        assert_ne!(stands[unit], UnitStatus::Issued, "{unit} is out and held");
    }
    let count = live.len();
    live.sort_unstable();
    live.dedup();
    assert_eq!(live.len(), count, "one live hold to a unit");
    for (unit, status) in &stands {
        if *status == UnitStatus::Reserved {
            assert!(live.contains(unit), "{unit} is reserved for nobody");
        }
    }
    let asked: Vec<(i64, i32)> =
        blood_requests::table.select((blood_requests::id, blood_requests::units)).load(conn)?;
    for (request, asked) in asked {
        let met = holds
            .iter()
            .filter(|hold| hold.0 == request && matches!(hold.2.as_deref(), None | Some("issued")));
        assert!(met.count() <= usize::try_from(asked).unwrap(), "more than asked");
    }
    Ok(())
}

fn no_emergency_by_one_alone(conn: &mut Conn) -> shiryan_kernel::Result<()> {
    let alone: i64 = reservations::table
        .inner_join(emergency_issues::table.on(reservations::emergency.eq(emergency_issues::id.nullable())))
        .filter(reservations::outcome.eq("issued"))
        .filter(emergency_issues::confirmed_by.is_null())
        .count()
        .get_result(conn)?;
    assert_eq!(alone, 0);
    Ok(())
}

/// While anything that a donor gave may be infected, no unit of the donor may be issued, is held or is out unused.
fn nothing_suspect_can_be_issued(conn: &mut Conn, vault: &Vault, bags: &[Bag]) -> shiryan_kernel::Result<()> {
    let given: Vec<(DonorId, Din)> =
        donations::table.select((donations::donor, donations::din)).load(conn)?;
    let numbers: Vec<Din> = given.iter().map(|row| row.1).collect();
    let panels = laboratory::panels(conn, vault, &Marker::MANDATORY, &numbers)?;
    let mut by_donor: BTreeMap<DonorId, Vec<(Din, &Panel)>> = BTreeMap::new();
    for ((donor, din), panel) in given.iter().zip(&panels) {
        by_donor.entry(*donor).or_default().push((*din, panel));
    }
    for of in by_donor.values() {
        let is_suspect = of.iter().any(|(_, panel)| panel.is_suspect());
        for (_, din, status, ..) in bags.iter().filter(|bag| of.iter().any(|(din, _)| *din == bag.1)) {
            let panel = of.iter().find(|(own, _)| own == din).unwrap().1;
            let is_in_use = matches!(
                status,
                UnitStatus::Released
                    | UnitStatus::Reserved
                    | UnitStatus::Issued
                    | UnitStatus::Returned
                    | UnitStatus::EmergencyUntested
            );
            assert!(!(is_suspect && is_in_use), "{din} is {status} and may be infected");
            if matches!(status, UnitStatus::Released | UnitStatus::Reserved | UnitStatus::Issued) {
                assert!(panel.is_free() && panel.missing().next().is_none(), "{din} is {status} untested");
            }
        }
    }
    Ok(())
}

/// Whoever is `emergency_untested`, or was when the patient got it, was authorised by two physicians, and nothing leads from
/// there to a shelf.
fn untested_has_its_own_path(conn: &mut Conn, steps: &[Step], bags: &[Bag]) -> shiryan_kernel::Result<()> {
    let rows: Vec<Issue> = untested_issues::table
        .filter(untested_issues::state.ne(UntestedState::Withdrawn))
        .select((
            untested_issues::blood_unit,
            untested_issues::state,
            untested_issues::asked_by,
            untested_issues::authorised_by,
            untested_issues::checked_by,
            untested_issues::given_by,
        ))
        .load(conn)?;
    for (_, _, asked, authorised, checked, given) in &rows {
        assert_ne!(Some(*asked), *authorised);
        assert!(given.is_none() || given != checked);
    }
    for (id, _, status, ..) in bags.iter().filter(|bag| bag.2 == UnitStatus::EmergencyUntested) {
        let own = rows.iter().find(|row| row.0 == *id);
        let stands =
            own.is_some_and(|row| matches!(row.1, UntestedState::Authorised | UntestedState::Checked));
        assert!(stands, "{id} is {status} by nobody");
    }
    for (unit, from, to, _) in steps.iter().filter(|step| step.1 == Some(UnitStatus::EmergencyUntested)) {
        assert!(
            !matches!(to, UnitStatus::Released | UnitStatus::Reserved | UnitStatus::Issued),
            "{from:?} to {to}"
        );
        if *to == UnitStatus::Transfused {
            let own = rows.iter().find(|row| row.0 == *unit).unwrap();
            assert!(own.3.is_some() && own.4.is_some() && own.5.is_some(), "{unit} was given by one alone");
        }
    }
    Ok(())
}

fn a_stopped_pack_holds_nothing(conn: &mut Conn) -> shiryan_kernel::Result<()> {
    let stopped: Vec<(i64, RequestState)> = blood_requests::table
        .inner_join(packs::table)
        .filter(packs::state.eq(PackState::Stopped))
        .select((blood_requests::id, blood_requests::state))
        .load(conn)?;
    for (request, state) in stopped {
        assert!(!requests::rules::before_issue().contains(&state), "a line of a stopped pack is {state}");
        let live: i64 = reservations::table
            .filter(reservations::request.eq(request))
            .filter(reservations::ended_at.is_null())
            .count()
            .get_result(conn)?;
        assert_eq!(live, 0);
    }
    Ok(())
}
