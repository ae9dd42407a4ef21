//! Each branch through its whole life: planned, amended, approved, under way, done; or called off.

use diesel::prelude::*;
use serde_json::{Value, json};
use shiryan::db::on_each;
use shiryan::db::tables::activities;
use shiryan_kernel::branch::Branch;
use shiryan_kernel::ids::UnitId;
use shiryan_kernel::role::Role;

use super::{ACTIVITIES, PLACE, form, with};
use crate::support::app::{Client, TestApp, new_key};

both!(
    each_branch_lives_its_whole_life,
    a_branch_tells_what_it_records,
    what_is_approved_has_what_its_branch_needs,
    a_step_leads_nowhere_from_the_wrong_state,
    an_amendment_is_laid_over_what_was_seen,
    a_medic_changes_nothing_that_was_approved,
    whom_a_visit_is_for_is_told_to_those_who_need_it,
    units_that_take_part_see_the_place,
    others_activities_are_not_touched,
    what_a_branch_records_is_sealed,
);

/// Facts with which an activity of the branch may be approved, and what came of it.
fn told(branch: Branch) -> (Value, Value) {
    match branch {
        Branch::Construction => (
            json!({"works": "سقف", "stage": "structure", "household": "دار الكناري", "site": "حيّ الكناري"}),
            json!({"houses_built": 1, "houses_repaired": 0}),
        ),
        Branch::Farmers => (
            json!({"crop": "زيتون", "groves": 3, "needs": ["سلالم", "مفارش"], "partners": ["الجمعية"]}),
            json!({"trees_planted": 40, "sacks_picked": 12, "sacks_moved": 12}),
        ),
        Branch::Orphans | Branch::ElderlyDisabled => (
            json!({"institution": "دار الكناري", "services": "يوم ترفيهي"}),
            json!({"people_reached": 45, "next_visit": "2026-12-24"}),
        ),
        Branch::Families => (
            json!({"household": "دار الكناري", "services": "زيارة"}),
            json!({"people_reached": 5, "next_visit": "2027-01-24"}),
        ),
        Branch::Volunteering => {
            (json!({"kind": "cemetery"}), json!({"volunteers": 30, "citizens_joined": 18}))
        }
        Branch::Religious => {
            (json!({"occasion": "المولد", "hijri_date": "1448-03-12"}), json!({"people_reached": 300}))
        }
        Branch::Band => (json!({"event": "عيد", "programme": "نشيد"}), json!({"people_reached": 900})),
        Branch::Ceremonies => (json!({"kind": "funeral", "honour_guard": 12}), json!({"hours": 36})),
        Branch::BloodDonation => (json!({"partners": ["البلدية"]}), json!({})),
    }
}

fn make(client: &Client, unit: UnitId, branch: Branch) -> String {
    let form = with(form(unit), json!({"branch": branch, "facts": told(branch).0}));
    client.post(ACTIVITIES, &form).expect(201)["id"].as_str().unwrap().to_owned()
}

fn at(id: &str) -> String {
    format!("{ACTIVITIES}/{id}")
}

fn step(client: &Client, id: &str, name: &str, status: u16) -> Value {
    client.post(&format!("{ACTIVITIES}/{id}/{name}"), &json!({})).expect(status)
}

/// To the morning of the activities of these tests.
fn to_the_day(app: &TestApp) {
    app.clock.set("2026-11-27T07:00:00Z".parse().unwrap());
}

fn others() -> impl Iterator<Item = Branch> {
    Branch::ALL.iter().copied().filter(|branch| *branch != Branch::BloodDonation)
}

fn each_branch_lives_its_whole_life(app: TestApp) {
    let clients = (app.client(Role::Medic), app.client(Role::Command));
    let made: Vec<(Branch, String)> =
        others().map(|branch| (branch, make(&clients.0, app.places.company, branch))).collect();
    for (_, id) in &made {
        assert_eq!(step(&clients.1, id, "approve", 200)["status"], "approved");
        let early = step(&clients.0, id, "start", 409);
        assert_eq!((&early["state"], &early["on"]), (&json!("approved"), &json!("2026-11-27")));
    }
    to_the_day(&app);
    let (medic, command) = (app.client(Role::Medic), app.client(Role::Command));
    for (branch, id) in made {
        let (facts, outcomes) = told(branch);
        let early = medic.patch(&at(&id), 2, &json!({"outcomes": outcomes})).expect(409);
        assert_eq!(early["errors"][0]["field"], "outcomes", "nothing came of {branch} yet");
        assert_eq!(step(&medic, &id, "start", 200), json!({"id": id, "status": "under_way"}));
        let amended = medic.patch(&at(&id), 3, &json!({"outcomes": outcomes})).expect(200);
        assert_eq!(amended, json!({"id": id, "version": 4, "status": "under_way"}));
        let key = new_key();
        let done = format!("{ACTIVITIES}/{id}/done");
        let first = medic.post_as(&key, &done, &json!({"expected_status": "under_way"})).expect(200);
        assert_eq!(medic.post_as(&key, &done, &json!({"expected_status": "under_way"})).expect(200), first);
        let late = json!({"outcomes": {"hours": 77, "cost_note": "وقود"}});
        medic.patch(&at(&id), 5, &late).expect(200);
        for client in [&medic, &command] {
            let seen = client.get(&at(&id)).expect(200);
            assert_eq!((&seen["status"], &seen["version"]), (&json!("done"), &json!(6)), "{branch}");
            assert_eq!(seen["facts"], facts, "{branch}");
            let outcomes = with(outcomes.clone(), json!({"hours": 77, "cost_note": "وقود"}));
            assert_eq!(seen["outcomes"], outcomes, "{branch}");
        }
        assert_eq!(step(&command, &id, "cancel", 409)["state"], "done");
    }
}

fn a_branch_tells_what_it_records(app: TestApp) {
    let branches = app.client(Role::Hospital).get("/api/v1/branches").expect(200);
    let families = &branches[5];
    assert_eq!(families["code"], "families");
    let household = &families["facts"][1];
    assert_eq!(
        *household,
        json!({"code": "household", "name_ar": "الأسرة", "name_en": "Household", "kind": "name",
            "confidential": true, "needed": ["institution"], "choices": []})
    );
    let stage = &branches[0]["facts"][1];
    assert_eq!((&stage["kind"], &stage["needed"]), (&json!("choice"), &json!([])));
    assert_eq!(stage["choices"][3]["code"], "handed_over");
    assert_eq!(branches[2]["outcomes"][0]["code"], "people_reached", "drives have the common ones");
}

fn what_is_approved_has_what_its_branch_needs(app: TestApp) {
    let (medic, command) = (app.client(Role::Medic), app.client(Role::Command));
    for branch in others() {
        let bare = with(form(app.places.company), json!({"branch": branch, "facts": {}}));
        let refused = command.post(ACTIVITIES, &bare).expect(422);
        assert_eq!(refused["errors"][0]["code"], "missing_field", "{branch}");
        let made = medic.post(ACTIVITIES, &bare).expect(201);
        let id = made["id"].as_str().unwrap();
        let lacks = step(&command, id, "approve", 422);
        assert_eq!(lacks["errors"], refused["errors"], "{branch}");
        medic.patch(&at(id), 1, &json!({"facts": told(branch).0})).expect(200);
        step(&command, id, "approve", 200);
        let field = lacks["errors"][0]["field"].as_str().unwrap().strip_prefix("facts.").unwrap().to_owned();
        let taken = |name: &str| medic.patch(&at(id), 3, &json!({"facts": {name: null}}));
        if branch != Branch::Families {
            assert_eq!(taken(&field).expect(422)["errors"], json!([lacks["errors"][0]]), "{branch}");
        }
    }
}

fn a_step_leads_nowhere_from_the_wrong_state(app: TestApp) {
    let (medic, command) = (app.client(Role::Medic), app.client(Role::Command));
    let id = make(&medic, app.places.company, Branch::Farmers);
    for name in ["start", "done"] {
        assert_eq!(step(&medic, &id, name, 409)["state"], "proposed", "{name}");
    }
    assert_eq!(medic.post(&format!("{}/approve", at(&id)), &json!({})).problem(403), "forbidden");
    let expected = json!({"expected_status": "approved"});
    assert_eq!(command.post(&format!("{}/cancel", at(&id)), &expected).problem(409), "state_conflict");
    step(&medic, &id, "cancel", 200);
    for name in ["approve", "start", "done", "cancel"] {
        assert_eq!(step(&command, &id, name, 409)["state"], "cancelled", "{name}");
    }
    let amended = medic.patch(&at(&id), 2, &json!({"title": "آخر"})).expect(409);
    assert_eq!(amended["state"], "cancelled");
}

fn an_amendment_is_laid_over_what_was_seen(app: TestApp) {
    let medic = app.client(Role::Medic);
    let id = make(&medic, app.places.company, Branch::Farmers);
    let read = medic.get(&at(&id));
    assert_eq!(read.headers["etag"], "\"1\"");
    assert_eq!(read.json()["facts"]["groves"], 3);
    let new = json!({
        "title": "نقل المحصول", "place": null, "governorate": "PS-HBN", "ends_at": "2026-11-27T15:00:00+02:00",
        "units": [app.places.battalion], "loads": ["heavy_labour"], "facts": {"groves": null, "crop": "عنب"},
    });
    assert_eq!(medic.patch(&at(&id), 1, &new).expect(200)["version"], 2);
    assert_eq!(medic.patch(&at(&id), 1, &new).problem(412), "version_stale");
    assert_eq!(medic.patch(&at(&id), 2, &new).expect(200)["version"], 2, "nothing differs");
    let body = json!({}).to_string().into_bytes();
    assert_eq!(medic.send("PATCH", &at(&id), &[], Some(body)).problem(428), "if_match_missing");
    let seen = medic.get(&at(&id)).expect(200);
    for (field, value) in new.as_object().unwrap().iter().filter(|(field, _)| *field != "ends_at") {
        if field != "facts" {
            assert_eq!(seen[field], *value, "{field}");
        }
    }
    assert_eq!(seen["ends_at"], "2026-11-27T13:00:00Z");
    assert_eq!(seen["facts"], json!({"crop": "عنب", "needs": ["سلالم", "مفارش"], "partners": ["الجمعية"]}));
    let bad = json!({
        "title": null, "starts_at": null, "loads": ["vehicle_duty", "vehicle_duty"],
    });
    let fields = |reply: Value| {
        let errors = reply["errors"].as_array().unwrap().clone();
        errors.iter().map(|error| error["field"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(fields(medic.patch(&at(&id), 2, &bad).expect(422)), ["title", "starts_at", "loads"]);
    let bad = json!({"ends_at": "2026-11-27T07:00:00+02:00", "facts": {"crop": 1, "no_such": 1}});
    let refused = fields(medic.patch(&at(&id), 2, &bad).expect(422));
    assert_eq!(refused, ["ends_at", "facts.crop", "facts.no_such"]);
    for units in [
        json!([app.places.other_unit]),
        json!([app.places.company]),
        json!([app.places.battalion, app.places.battalion]),
        json!([UnitId(9)]),
    ] {
        let refused = medic.patch(&at(&id), 2, &json!({"units": units})).expect(422);
        assert!(refused["errors"][0]["field"].as_str().unwrap().starts_with("units["), "{units}");
    }
    assert_eq!(medic.get(&at(&id)).expect(200), seen, "nothing changed");
}

fn a_medic_changes_nothing_that_was_approved(app: TestApp) {
    let (medic, command) = (app.client(Role::Medic), app.client(Role::Command));
    let id = make(&medic, app.places.company, Branch::Farmers);
    step(&command, &id, "approve", 200);
    let later = json!({"ends_at": "2026-11-27T16:00:00+02:00"});
    let refused = medic.patch(&at(&id), 2, &later).expect(409);
    assert_eq!((&refused["state"], &refused["errors"][0]["field"]), (&json!("approved"), &json!("ends_at")));
    assert_eq!(medic.patch(&at(&id), 2, &json!({"loads": []})).problem(409), "state_conflict");
    medic.patch(&at(&id), 2, &json!({"facts": {"groves": 4}, "place": "كرم آخر"})).expect(200);
    command.patch(&at(&id), 3, &later).expect(200);
    assert_eq!(command.get(&at(&id)).expect(200)["ends_at"], "2026-11-27T14:00:00Z");
}

fn whom_a_visit_is_for_is_told_to_those_who_need_it(app: TestApp) {
    let command = app.client(Role::Command);
    for branch in others().filter(|branch| branch.is_confidential()) {
        let other = make(&command, app.places.other_unit, branch);
        let own = make(&command, app.places.company, branch);
        for (role, sees_own, sees_other) in [
            (Role::Command, true, true),
            (Role::Medic, true, false),
            (Role::Admin, false, false),
            (Role::Bank, false, false),
            (Role::Physician, false, false),
        ] {
            for (id, sees) in [(&own, sees_own), (&other, sees_other)] {
                let one = app.client(role).get(&at(id));
                let list = app.client(role).get(&format!("{ACTIVITIES}?branch={branch}"));
                let seen = one.expect(200);
                assert_eq!(seen["title"] != Value::Null, sees, "{role} {branch}");
                assert_eq!(one.text.contains("الكناري"), sees, "{role} {branch}");
                assert_eq!(list.text.contains("الكناري"), sees_own || sees_other, "{role} {branch}");
                assert_eq!(seen["from"], "2026-11-27", "the day is for all");
            }
        }
        assert_eq!(app.client(Role::Hospital).get(&at(&own)).problem(403), "forbidden");
    }
    let farm = make(&command, app.places.other_unit, Branch::Farmers);
    let seen = app.client(Role::Bank).get(&at(&farm)).expect(200);
    assert_eq!((&seen["place"], &seen["facts"]["crop"]), (&Value::Null, &json!("زيتون")));
}

fn units_that_take_part_see_the_place(app: TestApp) {
    let command = app.client(Role::Command);
    let id = make(&command, app.places.other_unit, Branch::Families);
    let medic = app.client(Role::Medic);
    assert_eq!(medic.get(&at(&id)).expect(200)["place"], Value::Null);
    command.patch(&at(&id), 1, &json!({"units": [app.places.company]})).expect(200);
    let seen = medic.get(&at(&id)).expect(200);
    assert_eq!((&seen["place"], &seen["units"]), (&json!(PLACE), &json!([app.places.company])));
    assert_eq!(
        medic.patch(&at(&id), 2, &json!({"title": "آخر"})).problem(404),
        "not_found",
        "it runs nothing"
    );
}

fn others_activities_are_not_touched(app: TestApp) {
    let (medic, admin) = (app.client(Role::Medic), app.client(Role::Admin));
    let farm = make(&app.client(Role::Command), app.places.other_unit, Branch::Farmers);
    let visit = make(&app.client(Role::Command), app.places.other_unit, Branch::Orphans);
    let drive = json!({
        "place": PLACE, "governorate": "PS-RBH", "date": "2026-11-30", "from": "09:00", "to": "11:30",
        "slot_minutes": 30, "beds": 2, "unit": app.places.company,
    });
    let drive = medic.post("/api/v1/drives", &drive).expect(201)["id"].as_str().unwrap().to_owned();
    for (client, id) in [(&medic, &farm), (&admin, &visit), (&admin, &drive)] {
        assert_eq!(client.patch(&at(id), 1, &json!({"title": "آخر"})).problem(404), "not_found");
        assert_eq!(step(client, id, "start", 404)["code"], "not_found");
        assert_eq!(step(client, id, "cancel", 404)["code"], "not_found");
    }
    step(&admin, &farm, "cancel", 200);
    let refused = step(&medic, &drive, "cancel", 422);
    assert_eq!(refused["use"], "POST /api/v1/drives");
    medic.patch(&at(&drive), 1, &json!({"facts": {"partners": ["البلدية"]}})).expect(200);
    let refused = medic.patch(&at(&drive), 2, &json!({"governorate": "PS-HBN"})).expect(422);
    assert_eq!(refused["errors"][0]["field"], "governorate");
    let shown = app.client(Role::Bank).get(&at(&drive)).expect(200);
    assert_eq!(shown["facts"], json!({"partners": ["البلدية"]}));
    assert_eq!(app.client(Role::Command).get(&at(&drive)).expect(200)["facts"], Value::Null);
}

fn what_a_branch_records_is_sealed(app: TestApp) {
    make(&app.client(Role::Command), app.places.company, Branch::Families);
    let stored: Vec<(Vec<u8>, Vec<u8>)> = app
        .house
        .db
        .read_now(|conn| {
            Ok(on_each!(conn => c, activities::table.select((activities::details, activities::title)).load(c))?)
        })
        .unwrap();
    let (details, _) = &stored[0];
    assert!(!String::from_utf8_lossy(details).contains("الكناري"));
    assert!(!String::from_utf8_lossy(details).contains("household"));
    let lines = crate::support::rows::whole(&app, "audit_lines");
    assert!(!lines.contains("الكناري"), "{lines}");
}
