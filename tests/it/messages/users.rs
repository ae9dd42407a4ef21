//! Letters to users: that there is something to look at, never what.

use diesel::prelude::*;
use serde_json::{Value, json};
use shiryan::db::tables::{blood_units, user_addresses};
use shiryan::reserve::levels;
use shiryan_kernel::role::Role::{self, Admin, Bank, Command, Hospital, Medic};

use super::{Mail, address, morning, outbox, parsed};
use crate::pages::{led, signed_in};
use crate::support::app::{Reply, TestApp};
use crate::support::requests::{accepted, act, ask};
use crate::support::reserve::{day, flow, units, write};
use crate::support::rows::whole;

both!(
    a_hospital_is_told_once_that_something_moved,
    command_is_told_that_a_level_changed,
    whoever_is_reset_is_told_and_whoever_is_shut_is_not,
    an_address_is_sealed_and_may_be_forgotten,
    an_administrator_sets_addresses_by_page,
);

fn written_to(app: &TestApp, role: Role, email: &str) {
    app.client(role).post("/api/v1/users/own/address", &json!({"email": email})).expect(200);
}

fn words(letter: &[u8]) -> String {
    let parsed = parsed(letter);
    assert_eq!(parsed.attachment_count(), 0);
    format!("{}\n{}", parsed.subject().unwrap(), parsed.body_text(0).unwrap())
}

fn a_hospital_is_told_once_that_something_moved(app: TestApp) {
    written_to(&app, Hospital, "canary@ward.example");
    let mail = Mail::new();
    let id = accepted(&app, &ask(2));
    assert_eq!(act(&app.client(Bank), &id, "refuse", &json!({"reason": "nothing_fits"})).status, 200);
    assert_eq!(mail.deliver(&app).sent, 1, "two steps, one letter: nobody is quiet who watches");
    let letters = mail.letters();
    assert_eq!(address(&letters[0]), "canary@ward.example");
    let text = words(&letters[0]);
    assert!(text.contains("هناك ما يستدعي النظر") && text.contains("https://here.example/"), "{text}");
    for never in ["P-17", &id, "red_cells", "دم", "كريات", "رام الله", "مستشفى"] {
        assert!(!text.contains(never), "{never}: {text}");
    }
    accepted(&app, &ask(1));
    assert_eq!(mail.deliver(&app).sent, 1, "the next step is told again");
    // What the hospital does itself is not told to it.
    let own = app.client(Hospital).post("/api/v1/requests", &ask(1)).expect(201)["id"].clone();
    act(&app.client(Hospital), own.as_str().unwrap(), "cancel", &json!({})).expect(200);
    assert_eq!(mail.deliver(&app).sent, 0);
}

fn command_is_told_that_a_level_changed(app: TestApp) {
    written_to(&app, Command, "canary@duty.example");
    let o_neg = ("red_cells", "o_neg");
    let bank = app.places.bank;
    let stock = |count| write(&app, move |tx| units(tx, bank, o_neg, "released", day(40), count));
    write(&app, move |tx| (1..=28).for_each(|ago| flow(tx, "PS-RBH", o_neg, day(-ago), 2, 2)));
    stock(20);
    let watch = || levels::watch(&app.house.reserve, &app.house.vault).unwrap();
    let mail = Mail::new();
    assert!(watch() > 0);
    let first = outbox(&app).len();
    mail.deliver(&app);
    write(&app, |tx| {
        diesel::delete(blood_units::table).execute(tx.conn).unwrap();
        crate::support::reserve::everything_changed(tx);
    });
    stock(2);
    app.clock.advance(chrono::Duration::minutes(1));
    assert!(watch() > 0);
    assert_eq!(outbox(&app).len(), first + 1, "many cells, one letter");
    assert_eq!(mail.deliver(&app).sent, 1);
    let text = words(mail.letters().last().unwrap());
    for never in ["O", "دم", "رام الله", "أحمر", "احتياط"] {
        assert!(!text.split("https").next().unwrap().contains(never), "{never}: {text}");
    }
}

fn whoever_is_reset_is_told_and_whoever_is_shut_is_not(app: TestApp) {
    written_to(&app, Medic, "canary@field.example");
    let user = app.principal(Medic).user;
    let change = |verb: &str, form: Value| -> Reply {
        app.client(Admin).post(&format!("/api/v1/users/{user}/{verb}"), &form)
    };
    let mail = Mail::new();
    morning(&app);
    change("reset", json!({"password": "four olive trees"})).expect(200);
    assert_eq!(mail.deliver(&app).sent, 1);
    assert!(words(&mail.letters()[0]).contains("تغيّر حسابك"));
    change("disable", json!({})).expect(200);
    assert_eq!(mail.deliver(&app).sent, 0);
    assert_eq!(outbox(&app).last().unwrap().1.as_deref(), Some("no_address"));
    change("enable", json!({})).expect(200);
    assert_eq!(mail.deliver(&app).sent, 1);
}

fn an_address_is_sealed_and_may_be_forgotten(app: TestApp) {
    written_to(&app, Hospital, "Canary@Ward.example");
    let kept = || whole(&app, "user_addresses").to_lowercase();
    assert!(!kept().contains("canary") && !kept().contains("ward"));
    assert!(!whole(&app, "audit_lines").to_lowercase().contains("canary"));
    let set = |form: Value| app.client(Hospital).post("/api/v1/users/own/address", &form);
    assert_eq!(set(json!({"email": "x"})).problem(422), "invalid_request");
    assert_eq!(set(json!({})).status, 400, "left out is not null");
    assert_eq!(set(json!({"email": "a@b.example\r\nBcc: c@d.example"})).status, 422);
    set(json!({"email": null})).expect(200);
    let rows: i64 =
        app.house.db.read_now(|conn| Ok(user_addresses::table.count().get_result(conn)?)).unwrap();
    assert_eq!(rows, 0);
    accepted(&app, &ask(1));
    assert_eq!(Mail::new().deliver(&app).sent, 0);
    let nobody = app.client(Admin).post("/api/v1/users/0000000000001/address", &json!({"email": null}));
    assert_eq!(nobody.problem(404), "not_found");
}

fn an_administrator_sets_addresses_by_page(app: TestApp) {
    let mut admin = signed_in(&app, Admin);
    let user = app.principal(Hospital).user.to_string();
    let set = |admin: &mut crate::pages::Browser, email: &str| {
        admin.submit("/people/address", &[("user", &user), ("email", email)])
    };
    assert_eq!(set(&mut admin, "not an address").status, 422);
    assert_eq!(led(&set(&mut admin, "canary@ward.example")), "/people");
    accepted(&app, &ask(1));
    let mail = Mail::new();
    assert_eq!(mail.deliver(&app).sent, 1);
    assert_eq!(address(&mail.letters()[0]), "canary@ward.example");
    assert!(!admin.get("/people").text.contains("canary"), "nobody reads it again");
    assert_eq!(led(&set(&mut admin, "")), "/people");
    accepted(&app, &ask(2));
    assert_eq!(mail.deliver(&app).sent, 0);
    assert_eq!(signed_in(&app, Command).submit("/people/address", &[("user", &user)]).status, 403);
}
