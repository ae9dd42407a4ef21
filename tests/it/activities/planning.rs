//! Planning activities, and who sees how much of them.

use serde_json::{Value, json};
use shiryan_kernel::ids::UnitId;
use shiryan_kernel::role::Role;

use super::{ACTIVITIES, PLACE, form, ids, with};
use crate::support::app::{TestApp, new_key};

both!(
    the_ten_branches_are_told_to_all,
    an_activity_is_planned_once,
    a_drive_is_not_planned_here,
    an_activity_that_makes_no_sense_is_refused_field_by_field,
    a_medic_plans_for_the_own_units_alone,
    the_place_is_for_the_own_unit_and_for_command,
    lists_hold_what_touches_the_days,
    lists_go_on_among_activities_that_start_together,
);

fn the_ten_branches_are_told_to_all(app: TestApp) {
    for role in Role::ALL {
        let branches = app.client(*role).get("/api/v1/branches").expect(200);
        let branches = branches.as_array().unwrap();
        assert_eq!(branches.len(), 10, "{role}");
        assert_eq!(branches[2]["code"], "blood_donation");
        assert_eq!(branches[2]["name_ar"], "التبرع بالدم");
        assert_eq!(branches[8]["usual_loads"][0]["code"], "parade_standing");
    }
    assert_eq!(app.anonymous().get("/api/v1/branches").problem(401), "unauthenticated");
}

fn an_activity_is_planned_once(app: TestApp) {
    let command = app.client(Role::Command);
    let (key, form) = (new_key(), form(app.places.other_unit));
    let made = command.post_as(&key, ACTIVITIES, &form).expect(201);
    assert_eq!(made["status"], "approved");
    assert_eq!(command.post_as(&key, ACTIVITIES, &form).expect(201), made);
    let page = command.get(ACTIVITIES).expect(200);
    let expected = json!({
        "id": made["id"], "version": 1, "branch": "farmers", "status": "approved", "governorate": "PS-RBH",
        "from": "2026-11-27", "to": "2026-11-27", "title": "قطاف الزيتون", "place": PLACE,
        "starts_at": "2026-11-27T06:00:00Z", "ends_at": "2026-11-27T12:00:00Z",
        "unit": app.places.other_unit, "units": [], "loads": ["hazard_height_machine", "heavy_labour"],
        "facts": {"crop": "زيتون"}, "outcomes": {},
    });
    assert_eq!(page, json!({"items": [expected], "next": null}));
}

fn a_drive_is_not_planned_here(app: TestApp) {
    let drive = with(form(app.places.company), json!({"branch": "blood_donation"}));
    let refused = app.client(Role::Medic).post(ACTIVITIES, &drive).expect(422);
    assert_eq!(refused["errors"][0]["field"], "branch");
    assert_eq!(refused["use"], "POST /api/v1/drives");
    assert!(ids(&app.client(Role::Admin), "").is_empty());
}

fn an_activity_that_makes_no_sense_is_refused_field_by_field(app: TestApp) {
    let admin = app.client(Role::Admin);
    let refused = |fields: Value| {
        let problem = admin.post(ACTIVITIES, &with(form(app.places.company), fields)).expect(422);
        let errors = problem["errors"].as_array().unwrap().clone();
        errors.iter().map(|error| error["field"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let all = json!({"title": "", "place": "\u{200b}", "ends_at": "2026-11-27T08:00:00+02:00"});
    assert_eq!(refused(all), ["title", "place", "ends_at"]);
    assert_eq!(refused(json!({"ends_at": "2027-02-01T08:00:00Z"})), ["ends_at"]);
    assert_eq!(refused(json!({"starts_at": "1990-01-01T08:00:00Z"})), ["starts_at"]);
    assert_eq!(refused(json!({"starts_at": "2026-11-27T08:00:00"})), ["starts_at"]);
    assert_eq!(refused(json!({"unit": UnitId(5)})), ["unit"]);
    assert_eq!(refused(json!({"branch": "weddings"})), ["branch"]);
    assert_eq!(admin.get(&format!("{ACTIVITIES}?from=+99999-01-01")).problem(422), "invalid_value");
    assert_eq!(admin.get(&format!("{ACTIVITIES}?from=2999-01-01")).problem(422), "invalid_request");
    assert!(ids(&admin, "").is_empty());
}

fn a_medic_plans_for_the_own_units_alone(app: TestApp) {
    let medic = app.client(Role::Medic);
    for own in [app.places.battalion, app.places.company] {
        let made = medic.post(ACTIVITIES, &form(own)).expect(201);
        assert_eq!(made["status"], "proposed");
    }
    let refused = medic.post(ACTIVITIES, &form(app.places.other_unit)).expect(422);
    assert_eq!(refused["errors"][0]["code"], "unknown_reference");
    for role in [Role::Hospital, Role::Bank, Role::Physician] {
        let refused = app.client(role).post(ACTIVITIES, &form(app.places.company));
        assert_eq!(refused.problem(403), "forbidden", "{role}");
    }
}

fn the_place_is_for_the_own_unit_and_for_command(app: TestApp) {
    let command = app.client(Role::Command);
    command.post(ACTIVITIES, &form(app.places.other_unit)).expect(201);
    let place = |role| app.client(role).get(ACTIVITIES).expect(200)["items"][0]["place"].clone();
    assert_eq!(place(Role::Command), PLACE);
    assert_eq!(place(Role::Admin), PLACE);
    for role in [Role::Medic, Role::Bank, Role::Physician] {
        assert_eq!(place(role), Value::Null, "{role}");
    }
    assert_eq!(app.client(Role::Hospital).get(ACTIVITIES).problem(403), "forbidden");
    let own = with(form(app.places.company), json!({"starts_at": "2026-11-26T08:00:00Z"}));
    command.post(ACTIVITIES, &own).expect(201);
    assert_eq!(place(Role::Medic), PLACE, "the earlier one is the medic's own");
}

fn lists_hold_what_touches_the_days(app: TestApp) {
    let command = app.client(Role::Command);
    let make = |fields: Value| {
        command.post(ACTIVITIES, &with(form(app.places.company), fields)).expect(201)["id"].clone()
    };
    let day = make(json!({"branch": "band", "facts": {"event": "عيد"}}));
    let season = make(json!({
        "starts_at": "2026-10-01T00:00:00+03:00", "ends_at": "2026-11-26T00:00:00+02:00",
        "governorate": "PS-HBN",
    }));
    let found = |query: &str| json!(ids(&command, query));
    assert_eq!(found(""), json!([season, day]));
    assert_eq!(found("from=2026-11-25"), json!([season, day]));
    assert_eq!(found("from=2026-11-26"), json!([day]), "the season ended as the day began");
    assert_eq!(found("from=2026-11-25&to=2026-11-25"), json!([season]));
    assert_eq!(found("to=2026-09-30"), json!([]));
    assert_eq!(found("to=2026-10-01"), json!([season]));
    assert_eq!(found("branch=band"), json!([day]));
    assert_eq!(found("governorate=PS-HBN"), json!([season]));
}

fn lists_go_on_among_activities_that_start_together(app: TestApp) {
    let command = app.client(Role::Command);
    let made: Vec<Value> = (0..5)
        .map(|_| command.post(ACTIVITIES, &form(app.places.company)).expect(201)["id"].clone())
        .collect();
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = command.get(&format!("{ACTIVITIES}?limit=2{cursor}")).expect(200);
        seen.extend(page["items"].as_array().unwrap().iter().map(|item| item["id"].clone()));
        let Some(next) = page["next"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(seen, made);
    let page = command.get(&format!("{ACTIVITIES}?limit=2")).expect(200);
    let next = page["next"].as_str().unwrap();
    let foreign = command.get(&format!("{ACTIVITIES}?branch=band&cursor={next}"));
    assert_eq!(foreign.problem(400), "cursor_invalid");
}
