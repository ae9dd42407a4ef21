//! A request issued by scan: the bags that leave are the ones that are held for it, all of them and no other.

use serde_json::{Value, json};
use shiryan::app::World;
use shiryan_kernel::blood::{BloodGroup, Component};
use shiryan_kernel::role::Role;
use shiryan_kernel::status::UnitStatus;

use super::pages::{check, led, signed_in};
use super::support::app::TestApp;
use super::support::databases::{Fresh, Kind};
use super::support::requests::{accepted, act, ask, bags, of_facility, reserve, status};
use super::support::rows::whole;
use super::support::shelf::{Bag, din};

both!(
    what_leaves_is_what_is_held,
    a_box_is_scanned_on_the_page_of_its_request,
    what_takes_two_people_takes_two_by_scan,
);

fn label(sequence: u32, component: &str) -> Value {
    json!({"din": din(sequence), "component": component, "division": 0})
}

/// Field and code of a refusal.
fn fault(said: &Value) -> (&str, &str) {
    let error = &said["errors"][0];
    (error["field"].as_str().unwrap(), error["code"].as_str().unwrap())
}

fn what_leaves_is_what_is_held(app: TestApp) {
    let units = bags(&app, BloodGroup::ANeg, 1, 3);
    // The plasma of the same donation has the same number.
    Bag { component: Component::Plasma, blood_group: Some(BloodGroup::ANeg), ..Bag::new(&app, 1) }.put(&app);
    let (one, other) = (accepted(&app, &ask(2)), accepted(&app, &ask(1)));
    reserve(&app, &one, &units[..2]).expect(200);
    reserve(&app, &other, &units[2..]).expect(200);
    let bank = app.client(Role::Bank);
    let issue = |scanned: &[Value]| act(&bank, &one, "issue", &json!({"scanned": scanned}));
    let (first, second) = (label(1, "red_cells"), label(2, "red_cells"));
    for (scanned, expected) in [
        (vec![first.clone(), label(3, "red_cells")], ("scanned[1]", "unknown_reference")),
        (vec![label(1, "plasma"), second.clone()], ("scanned[0]", "unknown_reference")),
        (vec![label(9, "red_cells")], ("scanned[0]", "unknown_reference")),
        (vec![first.clone(), first.clone(), second.clone()], ("scanned[1]", "invalid_value")),
        (vec![first.clone()], ("scanned", "missing_field")),
        (vec![], ("scanned", "missing_field")),
    ] {
        let said = issue(&scanned).expect(422);
        assert_eq!(fault(&said), expected, "{scanned:?}");
        assert!(units.iter().all(|unit| status(&app, *unit) == UnitStatus::Reserved), "{scanned:?}");
    }
    assert_eq!(
        issue(std::slice::from_ref(&first)).expect(422)["unit"],
        json!(units[1]),
        "which is not there"
    );
    let done = issue(&[second, first]).expect(200);
    assert_eq!((&done["state"], done["units"].as_array().unwrap().len()), (&json!("issued"), 2));
    assert_eq!(
        units.iter().map(|unit| status(&app, *unit)).collect::<Vec<_>>(),
        [UnitStatus::Issued, UnitStatus::Issued, UnitStatus::Reserved]
    );
    assert!(whole(&app, "audit_lines").contains("scanned"), "the record says how it was issued");
    assert_eq!(issue(&[label(1, "red_cells")]).problem(409), "state_conflict");
    // A hold whose time is up is no hold.
    app.clock.advance(chrono::Duration::days(5));
    let late = act(&app.client(Role::Bank), &other, "issue", &json!({"scanned": [label(3, "red_cells")]}));
    assert_eq!(late.problem(409), "state_conflict");
}

fn a_box_is_scanned_on_the_page_of_its_request(app: TestApp) {
    let units = bags(&app, BloodGroup::ANeg, 1, 2);
    bags(&app, BloodGroup::ANeg, 3, 1);
    let id = accepted(&app, &ask(2));
    reserve(&app, &id, &units).expect(200);
    let page = format!("/requests/{id}");
    let mut bank = signed_in(&app, Role::Bank);
    let shown = bank.get(&page);
    check(&shown, "en");
    assert!(shown.text.contains("Issue by scan"), "{}", shown.text);
    let scan = format!("{page}/issue-scanned");
    let [one, two, three] = [1, 2, 3].map(|sequence| din(sequence).barcode());
    for (field, text) in [
        ("red_cells", String::new()),
        ("red_cells", format!("{one}\r\n{three}\r\n")),
        ("red_cells", one.clone()),
        ("plasma", format!("{one}\r\n{two}")),
        ("red_cells", format!("{one}\r\n{two}\r\n=<E9999V00")),
    ] {
        let refused = bank.submit(&scan, &[(field, &text)]);
        assert_eq!(refused.status, 422, "{text}: {}", refused.text);
        assert!(refused.text.contains("role=\"alert\""), "{text}");
        check(&refused, "en");
        assert!(
            field == "plasma" || refused.text.contains(text.lines().next().unwrap_or_default()),
            "{text}"
        );
        assert!(units.iter().all(|unit| status(&app, *unit) == UnitStatus::Reserved), "{text}");
    }
    assert_eq!(signed_in(&app, Role::Hospital).submit(&scan, &[("red_cells", &one)]).status, 403);
    let scanned = format!("{two}\r\n{}\r\n", din(1).printed());
    assert_eq!(led(&bank.submit(&scan, &[("red_cells", &scanned)])), page);
    assert!(units.iter().all(|unit| status(&app, *unit) == UnitStatus::Issued));
    assert!(!bank.get(&page).text.contains("Issue by scan"), "nothing is held");
}

/// A house in which RhD-negative blood for an RhD-positive patient takes two people, and which knows products.
struct Sparing(TestApp);

impl Fresh for Sparing {
    fn fresh(kind: Kind) -> Self {
        let settings = [
            ("SHIRYAN__STOCK__SECOND_PERSON_FOR", "second_person_for_child,spare_rhd_negative"),
            ("SHIRYAN__STOCK__COMPONENT_CODES", "E0336=red_cells,E0701=plasma"),
        ];
        Self(TestApp::with(kind, World::Live, &settings))
    }
}

fn what_takes_two_people_takes_two_by_scan(Sparing(app): Sparing) {
    let unit = bags(&app, BloodGroup::ONeg, 1, 1);
    let mut form = ask(1);
    form["blood_group"] = json!("o_pos");
    form["urgency"] = json!("routine");
    let id = accepted(&app, &form);
    let held = json!({"units": unit, "reason": "لا توجد وحدة موجبة"});
    act(&app.client(Role::Bank), &id, "reserve", &held).expect(200);
    let scanned = json!({"scanned": [label(1, "red_cells")]});
    assert_eq!(act(&app.client(Role::Bank), &id, "issue", &scanned).problem(403), "second_person_required");
    let mut bank = signed_in(&app, Role::Bank);
    let scan = format!("/requests/{id}/issue-scanned");
    // The label of its product says what a bag is, whatever field it was scanned into.
    let wrong = format!("{}\n=<E0701V00", din(1).barcode());
    assert_eq!(bank.submit(&scan, &[("red_cells", &wrong)]).status, 422);
    let right = format!("{}\n=<E0336V00", din(1).barcode());
    assert_eq!(bank.submit(&scan, &[("red_cells", &right)]).status, 403, "whoever held it");
    assert_eq!(status(&app, unit[0]), UnitStatus::Reserved);
    let other = of_facility(&app, Role::Bank, app.places.bank, "bank-beside");
    act(&other, &id, "issue", &scanned).expect(200);
    assert_eq!(status(&app, unit[0]), UnitStatus::Issued);
}
