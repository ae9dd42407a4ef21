//! Donors' own links: one donor, one thing, one act, once; looking does nothing, and nothing says who it is.

use chrono::Duration;
use diesel::prelude::*;
use serde_json::{Value, json};
use shiryan::db::tables::{blood_units, links};
use shiryan_kernel::ids::DonorId;
use shiryan_kernel::role::Role;
use shiryan_kernel::status::DonorStatus;

use super::drives::{donor, willing};
use super::pages::{Browser, form, token};
use super::support::app::{Client, Reply, TestApp};
use super::support::rows;
use super::support::shelf::din;

both!(
    b10_a_link_acts_by_a_form_and_never_by_being_looked_at,
    b10_a_link_is_used_once_and_over_in_time,
    one_of_many_who_press_at_once_acts,
    a_donor_gives_an_appointment_back,
    a_donor_takes_a_place_by_choosing_a_time,
    b5_the_place_is_told_two_days_before,
    b10_a_donor_tells_and_nobody_learns_why,
    links_are_made_for_those_whom_one_may_book,
    erasing_a_donor_forgets_the_links,
);

const PLACE: &str = "ساحة الكناري";

fn bank(app: &TestApp) -> Client {
    app.client(Role::Bank)
}

/// Five slots of two places on 1 December; its path.
fn drive(app: &TestApp) -> String {
    let form = json!({
        "place": PLACE, "governorate": "PS-RBH", "date": "2026-12-01", "from": "09:00", "to": "11:30",
        "slot_minutes": 30, "beds": 2, "unit": app.places.company,
    });
    let made = bank(app).post("/api/v1/drives", &form).expect(201);
    format!("/api/v1/drives/{}", made["id"].as_str().unwrap())
}

fn book(app: &TestApp, drive: &str, donor: DonorId) -> String {
    let booked = bank(app).post(&format!("{drive}/appointments"), &json!({"donor": donor})).expect(201);
    format!("/api/v1/appointments/{}", booked["id"].as_str().unwrap())
}

/// The path of a link.
fn link(app: &TestApp, path: &str, body: &Value) -> String {
    let made = bank(app).post(&format!("{path}/links"), body).expect(201);
    let url = made["url"].as_str().unwrap();
    url[url.find("/l/").unwrap()..].to_owned()
}

fn look(app: &TestApp, path: &str) -> Reply {
    Browser::new(app).get(path)
}

/// Sends the page's form, as a browser without a script does.
fn press(app: &TestApp, path: &str, fields: &[(&str, &str)]) -> Reply {
    let mut browser = Browser::new(app);
    let token = token(&browser.get("/"));
    let origin = browser.origin.clone();
    browser.send("POST", path, &[("origin", &origin)], Some(form(&token, fields)))
}

fn status(app: &TestApp, drive: &str) -> Vec<String> {
    let page = bank(app).get(&format!("{drive}/appointments")).expect(200);
    page["items"].as_array().unwrap().iter().map(|row| row["status"].as_str().unwrap().to_owned()).collect()
}

fn b10_a_link_acts_by_a_form_and_never_by_being_looked_at(app: TestApp) {
    let drive = drive(&app);
    let appointment = book(&app, &drive, willing(&app));
    let path = link(&app, &appointment, &json!({"verb": "accept"}));
    for _ in 0..3 {
        let page = look(&app, &path);
        assert_eq!(page.status, 200);
        assert!(page.text.contains("You are offered an appointment"), "{}", page.text);
        assert_eq!(page.headers.get("cache-control").unwrap(), "no-store");
        for word in ["blood", "unit", PLACE] {
            assert!(!page.text.contains(word), "{word}");
        }
        app.anonymous().send("HEAD", &path, &[], None);
    }
    assert_eq!(status(&app, &drive), ["proposed"]);
    let mut reader = Browser::new(&app);
    reader.language = "ar";
    let arabic = reader.get(&path);
    assert!(arabic.text.contains("عُرض عليك موعد"), "{}", arabic.text);
    // Without the form's own token nothing is done.
    let bare = app.anonymous().send(
        "POST",
        &path,
        &[("content-type", "application/x-www-form-urlencoded"), ("accept", "text/html")],
        Some(b"a=b".to_vec()),
    );
    assert!((400..500).contains(&bare.status), "{}", bare.status);
    assert_eq!(status(&app, &drive), ["proposed"]);
    let done = press(&app, &path, &[]);
    assert_eq!(done.status, 200, "{}", done.text);
    assert!(done.text.contains("Your appointment is booked"));
    assert_eq!(status(&app, &drive), ["booked"]);
}

fn b10_a_link_is_used_once_and_over_in_time(app: TestApp) {
    let drive = drive(&app);
    let appointment = book(&app, &drive, willing(&app));
    let [used, other] = [(), ()].map(|()| link(&app, &appointment, &json!({"verb": "accept"})));
    press(&app, &used, &[]);
    let unknown = look(&app, "/l/0123456789abcdef");
    let plain =
        |reply: &Reply| reply.text.lines().filter(|line| !line.contains("value=")).collect::<String>();
    for again in [look(&app, &used), press(&app, &used, &[])] {
        assert_eq!(again.status, 404);
        assert_eq!(plain(&again), plain(&unknown), "used and unknown alike");
    }
    // The other one has nothing to accept any more: nothing is done, and it says so.
    assert_eq!(press(&app, &other, &[]).status, 409);
    let late = book(&app, &drive, willing(&app));
    let late = link(&app, &late, &json!({"verb": "accept"}));
    app.clock.advance(Duration::days(6));
    assert_eq!(look(&app, &late).status, 404);
    assert_eq!(press(&app, &late, &[]).status, 404);
    let read = |conn: &mut shiryan::db::Conn| {
        Ok(links::table.filter(links::used_at.is_not_null()).count().get_result::<i64>(conn)?)
    };
    assert_eq!(app.house.db.read_now(read).unwrap(), 1);
    let secret = used.rsplit('/').next().unwrap();
    assert!(!rows::whole(&app, "links").contains(secret), "kept as its digest");
}

fn one_of_many_who_press_at_once_acts(app: TestApp) {
    let drive = drive(&app);
    let path = link(&app, &drive, &json!({"donor": willing(&app)}));
    let slots = bank(&app).get(&format!("{drive}/slots")).expect(200);
    let slot = slots["items"][0]["id"].as_str().unwrap();
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let tries: Vec<_> =
            (0..6).map(|_| scope.spawn(|| press(&app, &path, &[("slot", slot)]).status)).collect();
        tries.into_iter().map(|attempt| attempt.join().unwrap()).collect()
    });
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    assert!(statuses.iter().all(|status| [200, 404].contains(status)), "{statuses:?}");
    assert_eq!(status(&app, &drive), ["booked"]);
}

fn a_donor_gives_an_appointment_back(app: TestApp) {
    let drive = drive(&app);
    let appointment = book(&app, &drive, willing(&app));
    bank(&app).post(&format!("{appointment}/accept"), &json!({})).expect(200);
    let path = link(&app, &appointment, &json!({"verb": "cancel"}));
    assert!(press(&app, &path, &[]).text.contains("given back"));
    assert_eq!(status(&app, &drive), Vec::<String>::new());
    let again = bank(&app).post(&format!("{appointment}/links"), &json!({"verb": "cancel"}));
    assert_eq!((again.problem(409), &again.json()["state"]), ("state_conflict".into(), &json!("cancelled")));
}

fn a_donor_takes_a_place_by_choosing_a_time(app: TestApp) {
    let drive = drive(&app);
    let id = willing(&app);
    let path = link(&app, &drive, &json!({"donor": id}));
    let page = look(&app, &path);
    assert_eq!(page.text.matches("<option").count(), 5);
    let slots = bank(&app).get(&format!("{drive}/slots")).expect(200);
    let slot = slots["items"][1]["id"].as_str().unwrap();
    let unchosen = press(&app, &path, &[]);
    assert_eq!(unchosen.status, 422, "{}", unchosen.text);
    let done = press(&app, &path, &[("slot", slot)]);
    assert!(done.text.contains("Your appointment is on"), "{}", done.text);
    assert_eq!(status(&app, &drive), ["booked"], "the donor asked: nobody need accept");
    // Whoever may not give then is told no more than that.
    let other = donor(&app, app.places.company, DonorStatus::Active, Some(("2027-01-01", None)));
    let path = link(&app, &drive, &json!({"donor": other}));
    let refused = press(&app, &path, &[("slot", slot)]);
    assert_eq!(refused.status, 409);
    assert!(refused.text.contains("role=\"alert\""));
    assert_eq!(look(&app, &path).status, 200, "nothing was done, and the link is good still");
}

fn b5_the_place_is_told_two_days_before(app: TestApp) {
    let drive = drive(&app);
    let appointment = book(&app, &drive, willing(&app));
    bank(&app).post(&format!("{appointment}/accept"), &json!({})).expect(200);
    let path = link(&app, &appointment, &json!({"verb": "cancel"}));
    let starts = "2026-12-01T07:00:00Z".parse::<chrono::DateTime<chrono::Utc>>().unwrap();
    app.clock.set(starts - Duration::hours(48) - Duration::seconds(1));
    assert!(!look(&app, &path).text.contains(PLACE));
    app.clock.set(starts - Duration::hours(48));
    assert!(look(&app, &path).text.contains(PLACE));
}

fn b10_a_donor_tells_and_nobody_learns_why(app: TestApp) {
    let person = json!({
        "first_name": "سامي", "family_name": "الكناري", "sex": "male", "birth_date": "1994-05-20",
        "service_number": "MS-79", "unit": app.places.company, "weight_kg": 82.0, "height_cm": 177,
    });
    let id = app.client(Role::Medic).post("/api/v1/donors", &person).expect(201)["id"].clone();
    let form = json!({
        "donor": id, "donation_type": "whole_blood", "din": din(1), "volume_ml": 450,
        "collected_at": app.house.db.now(),
    });
    let made = bank(&app).post("/api/v1/donations", &form).expect(201);
    let donation = made["id"].as_str().unwrap().to_owned();
    let path = link(&app, &format!("/api/v1/donations/{donation}"), &json!({}));
    let page = look(&app, &path);
    assert_eq!(page.status, 200);
    assert_eq!(press(&app, &path, &[]).status, 200);
    let read =
        |conn: &mut shiryan::db::Conn| Ok(blood_units::table.select(blood_units::status).load(conn)?);
    let statuses: Vec<String> = app.house.db.read_now(read).unwrap();
    assert_eq!(statuses, ["blocked"]);
    assert_eq!(press(&app, &path, &[]).status, 404);
    app.clock.advance(Duration::days(15));
    let late = bank(&app).post(&format!("/api/v1/donations/{donation}/links"), &json!({}));
    assert_eq!(late.status, 422, "{}", late.text);
}

fn links_are_made_for_those_whom_one_may_book(app: TestApp) {
    let drive = drive(&app);
    let id = willing(&app);
    let appointment = book(&app, &drive, id);
    for verb in ["book", "tell"] {
        let refused = bank(&app).post(&format!("{appointment}/links"), &json!({"verb": verb})).expect(422);
        assert_eq!(refused["errors"][0]["field"], "verb");
    }
    let theirs = donor(&app, app.places.other_unit, DonorStatus::Active, Some(("2026-01-01", None)));
    let medic = app.client(Role::Medic);
    assert_eq!(medic.post(&format!("{drive}/links"), &json!({"donor": theirs})).problem(404), "not_found");
    let paused = donor(&app, app.places.company, DonorStatus::Paused, Some(("2026-01-01", None)));
    assert_eq!(
        medic.post(&format!("{drive}/links"), &json!({"donor": paused})).problem(409),
        "donor_unbookable"
    );
    let twice = [(), ()]
        .map(|()| medic.post_as("0123456789", &format!("{drive}/links"), &json!({"donor": id})).expect(201));
    assert_eq!(twice[0], twice[1], "the same request, the same address");
    app.clock.advance(Duration::days(8));
    let over = app.client(Role::Medic).post(&format!("{drive}/links"), &json!({"donor": id}));
    assert_eq!(over.problem(409), "drive_closed");
}

fn erasing_a_donor_forgets_the_links(app: TestApp) {
    let form = json!({
        "first_name": "سامي", "family_name": "الكناري", "sex": "male", "birth_date": "1994-05-20",
        "service_number": "MS-78", "unit": app.places.company, "weight_kg": 82.0, "height_cm": 177,
    });
    let made = app.client(Role::Medic).post("/api/v1/donors", &form).expect(201);
    let id = made["id"].as_str().unwrap().to_owned();
    let drive = drive(&app);
    let path = link(&app, &drive, &json!({"donor": id}));
    assert_eq!(look(&app, &path).status, 200);
    let erase = format!("/api/v1/donors/{id}/erase");
    app.client(Role::Physician).post(&erase, &json!({"reason": "donor_asked"})).expect(200);
    assert_eq!(look(&app, &path).status, 404);
    let left = app.house.db.read_now(|conn| Ok(links::table.count().get_result::<i64>(conn)?));
    assert_eq!(left.unwrap(), 0);
}
