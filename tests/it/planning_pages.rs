//! Planning a drive by its pages: a form, what it would be, then the drive and what may be done with it.

use serde_json::json;
use shiryan_kernel::role::Role;

use super::drives::willing;
use super::pages::{Browser, check, led, signed_in, speak};
use super::support::app::TestApp;

both!(
    a_drive_is_looked_at_and_then_planned,
    many_days_are_planned_at_once_and_say_what_is_in_the_way,
    a_blueprint_fills_the_form,
    a_form_at_fault_comes_back_with_what_was_written,
    a_drive_is_opened_closed_copied_and_called_off,
    a_drive_of_others_is_not_found,
);

const NEW: &str = "/drives/new";

fn form(app: &TestApp) -> Vec<(&'static str, String)> {
    [
        ("title", "حملة الوادي"),
        ("governorate", "PS-RBH"),
        ("place", "قاعة"),
        ("date", "2026-12-01"),
        ("from", "09:00"),
        ("to", "12:00"),
        ("slot_minutes", "30"),
        ("beds", "2"),
        ("walk_ins", "0"),
        ("donation_types.whole_blood", "on"),
    ]
    .map(|(name, value)| (name, value.to_owned()))
    .into_iter()
    .chain([("unit", app.places.company.to_string())])
    .collect()
}

fn with(mut form: Vec<(&'static str, String)>, more: &[(&'static str, &str)]) -> Vec<(&'static str, String)> {
    for (name, value) in more {
        form.retain(|(known, _)| known != name);
        form.push((name, (*value).to_owned()));
    }
    form
}

fn send(browser: &mut Browser, form: &[(&'static str, String)], act: &str) -> super::support::app::Reply {
    let mut fields: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
    fields.push(("do", act));
    browser.submit(NEW, &fields)
}

fn a_drive_is_looked_at_and_then_planned(app: TestApp) {
    willing(&app);
    let mut medic = signed_in(&app, Role::Medic);
    check(&medic.get(NEW), "en");
    let form = form(&app);
    for language in ["ar", "en"] {
        speak(&mut medic, language);
        check(&medic.get(NEW), language);
        let seen = send(&mut medic, &form, "preview");
        assert_eq!(seen.status, 200);
        check(&seen, language);
        assert!(seen.text.contains("id=\"seen\"") && seen.text.contains(">12</td>"), "{}", seen.text);
        assert!(seen.text.contains("value=\"حملة الوادي\"") && seen.text.contains("value=\"save\""));
    }
    let list =
        || app.client(Role::Medic).get("/api/v1/drives").expect(200)["items"].as_array().unwrap().len();
    assert_eq!(list(), 0, "a look writes nothing");
    let page = led(&send(&mut medic, &form, "save"));
    assert_eq!(list(), 1);
    for language in ["ar", "en"] {
        speak(&mut medic, language);
        let drive = medic.get(&page);
        check(&drive, language);
        assert_eq!(drive.text.matches("dir=\"ltr\">0/2</bdi>").count(), 6, "{}", drive.text);
        assert!(drive.text.contains("حملة الوادي") && drive.text.contains("قاعة"));
    }
    assert!(medic.get("/drives").text.contains(&format!("href=\"{page}\"")));
}

fn many_days_are_planned_at_once_and_say_what_is_in_the_way(app: TestApp) {
    let command = app.client(Role::Command);
    let away = json!({"kind": "alert", "from": "2026-12-08", "until": "2026-12-08"});
    command.post(&format!("/api/v1/units/{}/absences", app.places.battalion), &away).expect(201);
    let work = json!({
        "branch": "farmers", "title": "قطاف", "governorate": "PS-RBH", "starts_at": "2026-12-01T08:00:00+02:00",
        "ends_at": "2026-12-01T14:00:00+02:00", "unit": app.places.company, "facts": {"crop": "زيتون"},
    });
    command.post("/api/v1/activities", &work).expect(201);
    let closed = json!({"governorate": "PS-RBH", "from": "2026-12-04T00:00:00+02:00", "until": "2026-12-05T00:00:00+02:00"});
    command.post("/api/v1/closures", &closed).expect(201);
    let mut medic = signed_in(&app, Role::Medic);
    let form = with(
        form(&app),
        &[("last", "2026-12-11"), ("weekdays.tuesday", "on"), ("weekdays.friday", "on"), ("to", "14:00")],
    );
    for (language, absent, prayer, busy, roads) in [
        ("ar", "الوحدة", "صلاة الجمعة", "مساعدة المزارعين", "طرق مغلقة"),
        ("en", "The unit is not there on this day", "Friday prayer", "Whoever takes part", "Roads closed"),
    ] {
        speak(&mut medic, language);
        let seen = send(&mut medic, &form, "preview");
        check(&seen, language);
        let preview = seen.text.split("id=\"seen\"").nth(1).unwrap();
        assert_eq!(preview.matches("<th scope=\"row\">").count(), 4, "four days: {preview}");
        for said in [absent, prayer, busy, roads] {
            assert!(preview.contains(said), "{said}: {preview}");
        }
    }
    assert_eq!(led(&send(&mut medic, &form, "save")), "/week?from=2026-12-01");
    let drives = app.client(Role::Medic).get("/api/v1/drives").expect(200);
    assert_eq!(drives["items"].as_array().unwrap().len(), 3, "not on the day of the alert");
}

fn a_blueprint_fills_the_form(app: TestApp) {
    let mut medic = signed_in(&app, Role::Medic);
    let form = with(
        form(&app),
        &[("name", "صباح الثلاثاء"), ("beds", "7"), ("women.from", "09:00"), ("women.to", "10:00")],
    );
    let kept = led(&send(&mut medic, &form, "keep"));
    let again = medic.get(&kept);
    check(&again, "en");
    for said in ["value=\"7\"", "value=\"قاعة\"", "صباح الثلاثاء", "name=\"women.to\" value=\"10:00\""]
    {
        assert!(again.text.contains(said), "{said}: {}", again.text);
    }
    let nameless = send(&mut medic, &with(form.clone(), &[("name", "")]), "keep");
    assert_eq!(nameless.status, 422);
    assert!(nameless.text.contains("Name of the blueprint:"), "{}", nameless.text);
}

fn a_form_at_fault_comes_back_with_what_was_written(app: TestApp) {
    let mut medic = signed_in(&app, Role::Medic);
    let wrong = with(form(&app), &[("beds", "٥٠٠"), ("date", ""), ("place", "")]);
    for (act, language) in [("preview", "ar"), ("save", "en")] {
        speak(&mut medic, language);
        let again = send(&mut medic, &wrong, act);
        assert_eq!(again.status, 422, "{}", again.text);
        check(&again, language);
        assert!(again.text.contains("value=\"٥٠٠\"") && again.text.contains("role=\"alert\""));
    }
    let full = with(form(&app), &[("beds", "500"), ("place", "")]);
    let again = send(&mut medic, &full, "save");
    assert_eq!(again.text.matches("aria-invalid").count(), 2, "{}", again.text);
    // Another's unit is none that may be planned for.
    let other = app.places.other_unit.to_string();
    assert_eq!(send(&mut medic, &with(form(&app), &[("unit", &other)]), "save").status, 422);
    assert!(!medic.get(NEW).text.contains(&other));
}

fn a_drive_is_opened_closed_copied_and_called_off(app: TestApp) {
    let mut medic = signed_in(&app, Role::Medic);
    let page = led(&send(&mut medic, &with(form(&app), &[("draft", "on")]), "save"));
    let steps = |medic: &mut Browser| -> Vec<bool> {
        let html = medic.get(&page).text;
        ["publish", "close", "reopen", "cancel"]
            .map(|step| html.contains(&format!("action=\"{page}/{step}\"")))
            .to_vec()
    };
    assert_eq!(steps(&mut medic), [true, false, false, true]);
    led(&medic.submit(&format!("{page}/publish"), &[]));
    assert_eq!(steps(&mut medic), [false, true, false, true]);
    led(&medic.submit(&format!("{page}/close"), &[]));
    led(&medic.submit(&format!("{page}/reopen"), &[]));
    let refused = medic.submit(&format!("{page}/publish"), &[]);
    assert_eq!(refused.status, 409);
    check(&refused, "en");
    let copied = led(&medic.submit(&format!("{page}/copy"), &[("date", "2026-12-15")]));
    assert!(medic.get(&copied).text.contains("15 December 2026"));
    assert_eq!(medic.submit(&format!("{page}/copy"), &[]).status, 422);
    assert_eq!(medic.submit(&format!("{page}/cancel"), &[]).status, 422, "the box is not ticked");
    assert_eq!(steps(&mut medic), [false, true, false, true]);
    led(&medic.submit(&format!("{page}/cancel"), &[("sure", "on")]));
    assert_eq!(steps(&mut medic), [false; 4]);
    check(&medic.get(&page), "en");
}

fn a_drive_of_others_is_not_found(app: TestApp) {
    let mut bank = signed_in(&app, Role::Bank);
    let other = app.places.other_unit.to_string();
    let page = led(&send(&mut bank, &with(form(&app), &[("unit", &other)]), "save"));
    check(&bank.get(&page), "en");
    let mut medic = signed_in(&app, Role::Medic);
    assert_eq!(medic.get(&page).status, 404);
    for step in ["publish", "close", "cancel", "copy"] {
        let reply = medic.submit(&format!("{page}/{step}"), &[("sure", "on"), ("date", "2026-12-02")]);
        assert_eq!(reply.status, 404, "{step}");
    }
    for role in [Role::Admin, Role::Command, Role::Hospital, Role::Physician] {
        let mut browser = signed_in(&app, role);
        assert_eq!(browser.get(&page).status, 403, "{role}");
        assert_eq!(browser.get(NEW).status, 403, "{role}");
        assert_eq!(browser.submit(&format!("{page}/close"), &[]).status, 403, "{role}");
    }
}
