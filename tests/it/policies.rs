//! Rule sets: which there are, and a preview of what another would change.

use chrono::NaiveDate;
use serde_json::{Value, json};
use shiryan::app;
use shiryan::db::{Lane, Tx};
use shiryan::eligibility::{self, GivingSource, NewGiving};
use shiryan::jobs;
use shiryan_kernel::blood::DonationType;
use shiryan_kernel::role::Role;
use shiryan_kernel::time::plus_days;

use super::support::app::TestApp;

both!(
    the_rule_sets_are_listed,
    a_preview_tells_who_may_give_earlier_and_by_how_many_days,
    work_that_nobody_holds_any_more_is_taken_up_again,
    a_job_is_seen_by_whoever_asked_alone,
    what_does_not_open_keeps_nobody_waiting,
);

fn donor(app: &TestApp, n: u32, given: Option<NaiveDate>) -> String {
    let body = json!({
        "first_name": "كريم", "family_name": "نصار", "sex": "male", "birth_date": "1990-01-15",
        "service_number": format!("PP-{n}"), "unit": app.places.company, "weight_kg": 80.0, "height_cm": 178,
    });
    let made = app.client(Role::Bank).post("/api/v1/donors", &body).expect(201);
    let donor = made["id"].as_str().unwrap().to_owned();
    if let Some(on) = given {
        let new = NewGiving {
            donor: donor.parse().unwrap(),
            on,
            donation_type: DonationType::WholeBlood,
            volume_ml: Some(450),
            red_cells_lost: false,
            source: GivingSource::Donation,
        };
        let (vault, book) = (app.house.vault.clone(), app.house.rules.clone());
        let write = move |tx: &mut Tx| eligibility::record_giving(tx, &vault, &book, &new);
        app.house.db.write_now(Lane::System, write).unwrap();
    }
    donor
}

fn ask(app: &TestApp, code: &str) -> String {
    let path = format!("/api/v1/policies/{code}/preview");
    let queued = app.client(Role::Physician).post(&path, &json!({})).expect(202);
    queued["job"].as_str().unwrap().to_owned()
}

fn job(app: &TestApp, id: &str) -> Value {
    app.client(Role::Physician).get(&format!("/api/v1/jobs/{id}")).expect(200)
}

fn the_rule_sets_are_listed(app: TestApp) {
    let list = app.client(Role::Medic).get("/api/v1/policies").expect(200);
    let items = list["items"].as_array().unwrap();
    let codes: Vec<&str> = items.iter().map(|set| set["code"].as_str().unwrap()).collect();
    for code in ["default", "who_2012", "edqm", "jpac_3_6", "lebanon_2015", "arc_us"] {
        assert!(codes.contains(&code), "{code}");
    }
    let current: Vec<&Value> = items.iter().filter(|set| set["in_force"] == true).collect();
    assert_eq!((current.len(), &current[0]["code"]), (1, &json!("default")));
}

fn a_preview_tells_who_may_give_earlier_and_by_how_many_days(app: TestApp) {
    let today = app.house.today();
    let gave = donor(&app, 1, Some(plus_days(today, -10)));
    donor(&app, 2, None);
    let path = "/api/v1/policies/arc_us/preview";
    let physician = app.client(Role::Physician);
    assert_eq!(physician.post("/api/v1/policies/no_such/preview", &json!({})).problem(404), "not_found");
    let wrong = physician.post(path, &json!({"version": 99})).expect(422);
    assert_eq!(wrong["errors"][0]["field"], "version");
    let id = ask(&app, "arc_us");
    assert_eq!(job(&app, &id)["state"], "queued");
    assert_eq!(app::work_off(&app.house).unwrap(), 1);
    let told = job(&app, &id);
    assert_eq!((&told["state"], &told["done"], &told["of"]), (&json!("done"), &json!(2), &json!(2)));
    let result = &told["result"];
    assert_eq!(result["before"]["code"], "default");
    assert_eq!((&result["after"]["code"], &result["donors"]), (&json!("arc_us"), &json!(2)));
    let whole_blood = &result["by_type"]["whole_blood"];
    assert_eq!(whole_blood["by_days"], json!({"-28": 1}), "84 days become 56: {whole_blood}");
    let named = result["most"].as_array().unwrap().iter().any(|moved| {
        moved["donor"] == gave.as_str() && moved["donation_type"] == "whole_blood" && moved["days"] == 28
    });
    assert!(named, "{result}");
    assert_eq!(app::work_off(&app.house).unwrap(), 0, "nothing waits any more");
}

fn work_that_nobody_holds_any_more_is_taken_up_again(app: TestApp) {
    donor(&app, 1, None);
    let id = ask(&app, "arc_us");
    let take = || {
        let vault = app.house.vault.clone();
        app.house.db.write_now(Lane::System, move |tx| jobs::take(tx, &vault)).unwrap()
    };
    let dead = take().unwrap();
    assert!(take().is_none(), "it is held");
    assert_eq!(job(&app, &id)["state"], "running");
    app.clock.advance(chrono::Duration::seconds(61));
    let alive = take().unwrap();
    let late = app.house.db.write_now(Lane::System, move |tx| jobs::progress(tx, &dead, 1, 1));
    assert_eq!(late.unwrap_err().code, shiryan_kernel::Code::StateConflict, "it is somebody else's now");
    app.house.db.write_now(Lane::System, move |tx| jobs::progress(tx, &alive, 1, 1)).unwrap();
    for _ in 0..2 {
        app.clock.advance(chrono::Duration::seconds(61));
        take();
    }
    assert_eq!(job(&app, &id)["state"], "failed", "begun three times and never ended");
}

fn a_job_is_seen_by_whoever_asked_alone(app: TestApp) {
    let id = ask(&app, "who_2012");
    let other = app.colleague(Role::Physician, "another", None);
    assert_eq!(other.get(&format!("/api/v1/jobs/{id}")).problem(404), "not_found");
}

/// A damaged donor has no window, a damaged job fails; everybody else is served.
fn what_does_not_open_keeps_nobody_waiting(app: TestApp) {
    use diesel::prelude::*;
    use shiryan::db::tables::{donor_identities, giving_windows, jobs as rows};
    use shiryan_kernel::ids::DonorId;
    let [damaged, whole] = [1, 2].map(|n| donor(&app, n, None).parse::<DonorId>().unwrap());
    let [first, second] = ["arc_us", "who_2012"].map(|code| ask(&app, code));
    let broken: shiryan_kernel::ids::JobId = first.parse().unwrap();
    let write = move |tx: &mut Tx| {
        diesel::update(donor_identities::table.find(damaged.0))
            .set(donor_identities::birth_date.eq(vec![7_u8; 72]))
            .execute(tx.conn)?;
        diesel::update(rows::table.find(broken.0)).set(rows::request.eq(vec![7_u8; 72])).execute(tx.conn)?;
        Ok(())
    };
    app.house.db.write_now(Lane::System, write).unwrap();
    app.clock.advance(chrono::Duration::days(1));
    app::daily(&app.house, |_| {}).unwrap();
    let windows = |donor: DonorId| {
        let of = giving_windows::table.filter(giving_windows::donor.eq(donor)).count();
        app.house.db.read_now(|conn| Ok(of.get_result::<i64>(conn)?)).unwrap()
    };
    assert_eq!((windows(damaged), windows(whole) > 0), (0, true));
    assert_eq!(app::work_off(&app.house).unwrap(), 1);
    assert_eq!(job(&app, &first)["state"], "failed");
    let told = job(&app, &second);
    assert_eq!((&told["state"], &told["result"]["unreadable"]), (&json!("done"), &json!(1)));
}
