//! What came of activities, by branch and unit.

use serde_json::{Value, json};
use shiryan_kernel::ids::UnitId;
use shiryan_kernel::role::Role;

use super::{ACTIVITIES, form, with};
use crate::support::app::TestApp;

both!(
    a_report_sums_by_branch_and_unit,
    a_report_counts_what_its_reader_may_see,
    a_report_comes_as_a_file,
    a_report_that_makes_no_sense_is_refused,
);

/// An activity of one morning that was held and reached so many, or that is still planned.
fn held(app: &TestApp, unit: UnitId, branch: &str, day: &str, reached: Option<u32>) {
    let command = app.client(Role::Command);
    let facts = match branch {
        "farmers" => json!({"crop": "زيتون"}),
        _ => json!({"household": "دار"}),
    };
    let fields = json!({
        "branch": branch, "facts": facts, "starts_at": format!("{day}T06:00:00Z"), "ends_at": format!("{day}T12:00:00Z"),
    });
    let made = command.post(ACTIVITIES, &with(form(unit), fields)).expect(201);
    let path = format!("{ACTIVITIES}/{}", made["id"].as_str().unwrap());
    if let Some(reached) = reached {
        command.post(&format!("{path}/start"), &json!({})).expect(200);
        let outcomes = json!({"outcomes": {"people_reached": reached, "hours": 10, "cost_note": format!("وقود {reached}")}});
        command.patch(&path, 2, &outcomes).expect(200);
        command.post(&format!("{path}/done"), &json!({})).expect(200);
    }
}

fn world(app: &TestApp) {
    held(app, app.places.company, "farmers", "2026-11-20", Some(30));
    held(app, app.places.company, "farmers", "2026-11-22", Some(12));
    held(app, app.places.company, "farmers", "2026-11-30", None);
    held(app, app.places.other_unit, "farmers", "2026-11-21", Some(7));
    held(app, app.places.other_unit, "families", "2026-11-21", Some(5));
    held(app, app.places.company, "farmers", "2026-12-01", None);
}

fn ask(app: &TestApp, role: Role, query: &str) -> Vec<Value> {
    let path = format!("{ACTIVITIES}/report?from=2026-11-20&to=2026-11-30{query}");
    app.client(role).get(&path).expect(200)["items"].as_array().unwrap().clone()
}

/// Branch, unit, planned, held, reached.
fn told(lines: &[Value]) -> Vec<Value> {
    let line = |l: &Value| json!([l["branch"], l["unit_code"], l["planned"], l["held"], l["people_reached"]]);
    lines.iter().map(line).collect()
}

fn a_report_sums_by_branch_and_unit(app: TestApp) {
    world(&app);
    let lines = ask(&app, Role::Command, "");
    let expected = [
        json!(["farmers", "B1-C1", 1, 2, 42]),
        json!(["farmers", "B2", 0, 1, 7]),
        json!(["families", "B2", 0, 1, 5]),
    ];
    assert_eq!(told(&lines), expected);
    assert_eq!((&lines[0]["hours"], &lines[0]["cancelled"]), (&json!(20), &json!(0)));
    assert_eq!(lines[0]["cost_notes"], json!(["وقود 30", "وقود 12"]));
    let battalion = format!("&unit={}", app.places.battalion);
    assert_eq!(told(&ask(&app, Role::Command, &battalion)), [json!(["farmers", "B1-C1", 1, 2, 42])]);
    assert_eq!(told(&ask(&app, Role::Command, "&branch=families")), [json!(["families", "B2", 0, 1, 5])]);
    assert!(ask(&app, Role::Command, "&branch=band").is_empty());
}

fn a_report_counts_what_its_reader_may_see(app: TestApp) {
    world(&app);
    let drive = json!({
        "place": "قاعة", "governorate": "PS-RBH", "date": "2026-11-30", "from": "09:00", "to": "11:30",
        "slot_minutes": 30, "beds": 2, "unit": app.places.company,
    });
    app.client(Role::Bank).post("/api/v1/drives", &drive).expect(201);
    for (role, visits, drives) in [
        (Role::Command, true, false),
        (Role::Admin, false, false),
        (Role::Physician, false, false),
        (Role::Bank, false, true),
        (Role::Medic, false, true),
    ] {
        let lines = ask(&app, role, "");
        let has = |branch: &str| lines.iter().any(|line| line["branch"] == branch);
        assert_eq!((has("families"), has("blood_donation")), (visits, drives), "{role}");
        assert!(has("farmers"), "{role}");
    }
    let path = format!("{ACTIVITIES}/report?from=2026-11-20&to=2026-11-30");
    assert_eq!(app.client(Role::Hospital).get(&path).problem(403), "forbidden");
}

fn a_report_comes_as_a_file(app: TestApp) {
    world(&app);
    let path = format!("{ACTIVITIES}/report?from=2026-11-20&to=2026-11-30&branch=farmers&format=");
    let (kind, bytes) = app.client(Role::Command).get_file(&format!("{path}csv"));
    assert_eq!(kind, "text/csv; charset=utf-8");
    let text = String::from_utf8(bytes).unwrap();
    let lines: Vec<&str> = text.trim_start_matches('\u{feff}').lines().collect();
    assert_eq!(
        lines[0],
        "branch,branch_ar,unit,unit_ar,planned,held,cancelled,people_reached,hours,cost_notes,from,to"
    );
    assert_eq!(
        lines[1],
        "farmers,مساعدة المزارعين,B1-C1,وحدة,1,2,0,42,20,وقود 30 · وقود 12,2026-11-20,2026-11-30"
    );
    assert_eq!(lines.len(), 3);
    let (kind, bytes) = app.client(Role::Command).get_file(&format!("{path}xlsx"));
    assert!(kind.contains("spreadsheetml") && bytes.starts_with(b"PK"), "{kind}");
}

fn a_report_that_makes_no_sense_is_refused(app: TestApp) {
    let command = app.client(Role::Command);
    for (query, field) in [
        ("from=2026-11-30&to=2026-11-20", "to"),
        ("from=2026-01-01&to=2027-02-05", "to"),
        ("from=1999-12-31&to=2000-01-05", "from"),
    ] {
        let refused = command.get(&format!("{ACTIVITIES}/report?{query}")).expect(422);
        assert_eq!(refused["errors"][0]["field"], field, "{query}");
    }
    assert_eq!(command.get(&format!("{ACTIVITIES}/report?from=2026-11-20")).status, 400);
    command.get(&format!("{ACTIVITIES}/report?from=2026-01-01&to=2027-02-04")).expect(200);
}
