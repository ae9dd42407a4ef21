//! Whom to call, and what came of calls.

use diesel::prelude::*;
use serde_json::{Value, json};
use shiryan::db::tables::calls;
use shiryan_kernel::ids::DonorId;
use shiryan_kernel::role::Role::{self, Bank, Medic};
use shiryan_kernel::status::{CallOutcome, DonorStatus};

use super::drives::{donor, willing};
use super::pages::{led, signed_in};
use super::support::app::TestApp;
use super::support::reserve::{everything_changed, write};

both!(
    whoever_was_reached_longest_ago_is_named_first,
    nobody_is_named_before_the_day_or_against_their_wish,
    a_medic_calls_the_own_people,
    what_came_of_a_call_is_noted_by_page,
    the_page_is_narrowed_by_unit_within_the_own_scope,
    erasing_a_donor_forgets_the_calls,
);

fn due(app: &TestApp, role: Role, query: &str) -> Vec<(String, Value)> {
    let list = app.client(role).get(&format!("/api/v1/calls/due{query}")).expect(200);
    let rows = list["items"].as_array().unwrap().iter();
    rows.map(|row| (row["donor"].as_str().unwrap().to_owned(), row["outcome"].clone())).collect()
}

fn ids(app: &TestApp, role: Role, query: &str) -> Vec<String> {
    due(app, role, query).into_iter().map(|(id, _)| id).collect()
}

fn called(app: &TestApp, role: Role, donor: DonorId, outcome: &str) -> u16 {
    app.client(role).post(&format!("/api/v1/donors/{donor}/calls"), &json!({"outcome": outcome})).status
}

fn names(donors: &[DonorId]) -> Vec<String> {
    donors.iter().map(ToString::to_string).collect()
}

fn whoever_was_reached_longest_ago_is_named_first(app: TestApp) {
    let [a, b, c] = [willing(&app), willing(&app), willing(&app)];
    write(&app, everything_changed);
    assert_eq!(ids(&app, Medic, ""), names(&[a, b, c]));
    assert_eq!(called(&app, Medic, a, "no_answer"), 201);
    app.clock.advance(chrono::Duration::minutes(1));
    assert_eq!(called(&app, Medic, b, "later"), 201);
    assert_eq!(ids(&app, Medic, ""), names(&[c, a, b]), "never reached first, then the longest ago");
    app.clock.advance(chrono::Duration::minutes(1));
    assert_eq!(called(&app, Bank, a, "will_come"), 201);
    assert_eq!(
        due(&app, Medic, ""),
        [(c, Value::Null), (b, json!("later")), (a, json!("will_come"))].map(|(id, v)| (id.to_string(), v)),
        "the last call counts"
    );
}

fn nobody_is_named_before_the_day_or_against_their_wish(app: TestApp) {
    let company = app.places.company;
    let [today, never] = [willing(&app), willing(&app)];
    donor(&app, company, DonorStatus::Active, Some(("2026-11-25", None)));
    donor(&app, company, DonorStatus::Active, Some(("2026-01-01", Some("2026-11-23"))));
    donor(&app, company, DonorStatus::Paused, Some(("2026-01-01", None)));
    write(&app, everything_changed);
    assert_eq!(ids(&app, Medic, ""), names(&[today, never]), "24 November");
    assert_eq!(called(&app, Medic, never, "no_more_calls"), 201);
    assert_eq!(ids(&app, Medic, ""), names(&[today]));
    let donor = app.client(Medic).get(&format!("/api/v1/donors/{never}")).expect(200);
    assert_eq!(donor["may_call"], false);
    assert_eq!(called(&app, Medic, never, "later"), 409, "who wants no calls is not called");
    assert_eq!(called(&app, Medic, today, "yes"), 422);
    assert_eq!(ids(&app, Medic, "?blood_group=o_neg"), [""; 0], "of no known group");
    assert_eq!(app.client(Medic).get("/api/v1/calls/due?blood_group=z").status, 422);
}

fn a_medic_calls_the_own_people(app: TestApp) {
    let own = willing(&app);
    let other = donor(&app, app.places.other_unit, DonorStatus::Active, Some(("2026-01-01", None)));
    write(&app, everything_changed);
    assert_eq!(ids(&app, Medic, ""), names(&[own]));
    assert_eq!(ids(&app, Bank, ""), names(&[own, other]));
    assert_eq!(ids(&app, Bank, &format!("?unit={}", app.places.other_unit)), names(&[other]));
    assert_eq!(ids(&app, Medic, &format!("?unit={}", app.places.company)), names(&[own]));
    for unit in [app.places.other_unit.to_string(), "0000000000001".into()] {
        let asked = app.client(Medic).get(&format!("/api/v1/calls/due?unit={unit}"));
        assert_eq!(asked.status, 404, "there or not, it is outside");
    }
    assert_eq!(called(&app, Medic, other, "later"), 404);
}

fn what_came_of_a_call_is_noted_by_page(app: TestApp) {
    let one = willing(&app);
    write(&app, everything_changed);
    let mut medic = signed_in(&app, Medic);
    led(&medic.submit("/language", &[("lang", "en"), ("back", "/")]));
    let page = medic.get("/call").text;
    assert!(page.contains("Never") && page.contains("Wants no more calls"));
    let action = format!("/donors/{one}/called");
    let none = medic.submit(&action, &[("outcome", ""), ("group", "")]);
    assert_eq!(none.status, 422, "nothing was chosen");
    assert!(none.text.contains(&format!("action=\"{action}\"")));
    let noted = medic.submit(&action, &[("outcome", "no_answer"), ("group", "")]);
    assert_eq!(led(&noted), "/call");
    assert!(medic.get("/call").text.contains("24 November 2026: No answer"));
    assert_eq!(led(&medic.submit(&action, &[("outcome", "later"), ("group", "o_neg")])), "/call?group=o_neg");
    led(&medic.submit("/language", &[("lang", "ar"), ("back", "/")]));
    assert!(medic.get("/call").text.contains("يُسأل لاحقًا"));
    assert_eq!(signed_in(&app, Role::Command).submit(&action, &[("outcome", "later")]).status, 403);
}

fn the_page_is_narrowed_by_unit_within_the_own_scope(app: TestApp) {
    let own = willing(&app);
    let above = donor(&app, app.places.battalion, DonorStatus::Active, Some(("2026-01-01", None)));
    let other = donor(&app, app.places.other_unit, DonorStatus::Active, Some(("2026-01-01", None)));
    write(&app, everything_changed);
    let named = |page: &str| [own, above, other].map(|id| page.contains(&format!("href=\"/donors/{id}\"")));
    let offered = |page: &str| {
        [app.places.battalion, app.places.company, app.places.other_unit]
            .map(|unit| page.contains(&format!("<option value=\"{unit}\"")))
    };
    let of = |unit: shiryan_kernel::ids::UnitId| format!("/call?unit={unit}");
    let (company, strange) = (of(app.places.company), of(app.places.other_unit));
    let mut bank = signed_in(&app, Bank);
    let all = bank.get("/call").text;
    assert_eq!((named(&all), offered(&all)), ([true; 3], [true; 3]));
    let page = bank.get(&company).text;
    assert_eq!(named(&page), [true, false, false], "{page}");
    assert!(page.contains(&format!("<option value=\"{}\" selected>", app.places.company)));
    assert_eq!(named(&bank.get(&of(app.places.battalion)).text), [true, true, false], "and those below it");
    assert_eq!(named(&bank.get(&format!("{strange}&group=")).text), [false, false, true]);
    assert_eq!(named(&bank.get(&format!("{strange}&group=o_neg")).text), [false; 3]);
    let mut medic = signed_in(&app, Medic);
    let page = medic.get("/call").text;
    assert!(!named(&page)[2] && !offered(&page)[2], "{page}");
    assert_eq!(medic.get(&strange).status, 404, "there or not, it is outside");
    assert_eq!(medic.get("/call?unit=0000000000001").status, 404);
    assert_eq!(medic.get("/call?unit=x").status, 422);
    // What is noted leads back to the same choice.
    let action = format!("/donors/{own}/called");
    let unit = app.places.company.to_string();
    assert!(medic.get(&company).text.contains(&format!("name=\"unit\" value=\"{unit}\"")));
    let fields = [("outcome", "later"), ("group", ""), ("unit", unit.as_str())];
    assert_eq!(led(&medic.submit(&action, &fields)), company);
}

fn erasing_a_donor_forgets_the_calls(app: TestApp) {
    let [one, other] = ["MS-81", "MS-82"].map(|number| {
        let form = json!({
            "first_name": "سامي", "family_name": "الكناري", "sex": "male", "birth_date": "1994-05-20",
            "service_number": number, "unit": app.places.company, "weight_kg": 82.0, "height_cm": 177,
        });
        let made = app.client(Medic).post("/api/v1/donors", &form).expect(201);
        made["id"].as_str().unwrap().parse::<DonorId>().unwrap()
    });
    for donor in [one, other] {
        assert_eq!(called(&app, Bank, donor, "later"), 201);
    }
    let erase = format!("/api/v1/donors/{one}/erase");
    app.client(Role::Physician).post(&erase, &json!({"reason": "donor_asked"})).expect(200);
    assert_eq!(called(&app, Bank, one, "later"), 409);
    let left: Vec<(DonorId, CallOutcome)> = app
        .house
        .db
        .read_now(|conn| Ok(calls::table.select((calls::donor, calls::outcome)).load(conn)?))
        .unwrap();
    assert_eq!(left, [(other, CallOutcome::Later)]);
}
