//! What a letter lets its reader do: links of one purpose each, the head that a mail program follows, the own card.

use chrono::Duration;
use diesel::prelude::*;
use serde_json::json;
use shiryan::db::tables::{blood_units, links};
use shiryan::eligibility;
use shiryan_kernel::role::Role;
use shiryan_kernel::status::UnitStatus;

use super::{DRIVES, Mail, book, defer, donor, drive, morning, outbox, parsed, proposed};
use crate::driveday;
use crate::pages::{Browser, check, form, token};
use crate::support::app::{Reply, TestApp};
use crate::support::rows::whole;

both!(
    a_proposal_is_accepted_by_its_letter,
    a_letter_moves_an_appointment_and_gives_it_back,
    a_letter_looked_at_does_nothing_and_its_links_stand_nowhere_in_clear,
    one_click_ends_all_letters,
    a_donor_pauses_by_a_letter,
    a11_whoever_came_may_speak_alike,
    a11_whoever_came_reads_the_same_advice,
    a_card_says_no_more_than_a_donor_may_read_alone,
    whoever_may_give_again_is_told_once,
    donors_are_invited_by_group_each_once,
    groups_are_invited_to_hours_of_their_own,
    an_address_opens_so_many_links_a_minute,
);

const HERE: &str = "https://here.example";

/// What the links of a letter say, and their paths.
fn doors(letter: &[u8]) -> Vec<(String, String)> {
    let text = parsed(letter).body_text(0).unwrap().replace("\r\n", "\n");
    let lines: Vec<&str> = text.lines().collect();
    let address = |line: &&str| line.strip_prefix(HERE).map(ToOwned::to_owned);
    lines
        .windows(2)
        .filter_map(|pair| Some((pair[0].trim_end_matches(':').to_owned(), address(&pair[1])?)))
        .collect()
}

pub(super) fn door(letter: &[u8], label: &str) -> String {
    let found = doors(letter);
    let door = found.iter().find(|(said, _)| said == label);
    door.unwrap_or_else(|| panic!("{label}: {found:?}")).1.clone()
}

pub(super) fn look(app: &TestApp, path: &str) -> Reply {
    let page = Browser::new(app).get(path);
    check(&page, "en");
    page
}

pub(super) fn act(app: &TestApp, path: &str, fields: &[(&str, &str)]) -> Reply {
    let mut browser = Browser::new(app);
    let token = token(&browser.get(path));
    let origin = browser.origin.clone();
    browser.send("POST", path, &[("origin", &origin)], Some(form(&token, fields)))
}

fn english(app: &TestApp, n: usize) -> String {
    donor(app, n, json!({"language": "en"}))
}

fn accept(app: &TestApp, appointment: &str) {
    app.client(Role::Medic)
        .post(&format!("/api/v1/appointments/{appointment}/accept"), &json!({}))
        .expect(200);
}

fn appointments(app: &TestApp, drive: &str) -> Vec<(String, String)> {
    let page = app.client(Role::Medic).get(&format!("{DRIVES}/{drive}/appointments")).expect(200);
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    page["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (text(&row["status"]), text(&row["starts_at"])))
        .collect()
}

fn a_proposal_is_accepted_by_its_letter(app: TestApp) {
    let drive = drive(&app);
    proposed(&app, &drive, &english(&app, 1));
    morning(&app);
    let mail = Mail::new();
    assert_eq!(mail.deliver(&app).sent, 1);
    let letter = mail.letters().remove(0);
    assert_eq!(parsed(&letter).subject(), Some("A time is proposed to you"));
    let said: Vec<String> = doors(&letter).into_iter().map(|(said, _)| said).collect();
    assert_eq!(
        said,
        [
            "Yes, I will come",
            "Choose another time",
            "I cannot come",
            "Pause for a while",
            "Stop these messages"
        ]
    );
    let html = parsed(&letter).body_html(0).unwrap().into_owned();
    let yes = door(&letter, "Yes, I will come");
    assert!(html.contains(&format!("<a href=\"{HERE}{yes}\">Yes, I will come</a>")), "{html}");
    assert!(look(&app, &yes).text.contains("You are offered an appointment"));
    assert_eq!(appointments(&app, &drive)[0].0, "proposed");
    assert_eq!(act(&app, &yes, &[]).status, 200);
    assert_eq!(appointments(&app, &drive)[0].0, "booked");
    assert_eq!(look(&app, &yes).status, 404, "once");
    // The confirmation follows.
    assert_eq!(mail.deliver(&app).sent, 1);
}

fn a_letter_moves_an_appointment_and_gives_it_back(app: TestApp) {
    let drive = drive(&app);
    accept(&app, &book(&app, &drive, &english(&app, 1)));
    morning(&app);
    let mail = Mail::new();
    assert_eq!(mail.deliver(&app).sent, 1);
    let letter = mail.letters().remove(0);
    let move_it = door(&letter, "Choose another time");
    let page = look(&app, &move_it).text;
    let slots: Vec<&str> =
        page.split("<option value=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    assert_eq!(slots.len(), 4, "all but its own: {page}");
    assert!(!page.contains(super::PLACE), "the place stands behind the link from two days before");
    assert_eq!(act(&app, &move_it, &[]).status, 422, "no time was chosen, and the link is as good as before");
    let moved = act(&app, &move_it, &[("slot", slots[3])]);
    assert_eq!(moved.status, 200, "{}", moved.text);
    check(&moved, "en");
    assert_eq!(appointments(&app, &drive), [("booked".to_owned(), "2026-12-01T09:00:00Z".to_owned())]);
    assert_eq!(act(&app, &move_it, &[("slot", slots[0])]).status, 404, "once");
    // The old one is nobody's to give back.
    assert_eq!(look(&app, &door(&letter, "I cannot come")).status, 404);
    assert_eq!(mail.deliver(&app).sent, 1, "one letter says so");
    assert_eq!(act(&app, &door(&mail.letters()[1], "I cannot come"), &[]).status, 200);
    assert!(appointments(&app, &drive).is_empty());
}

fn a_letter_looked_at_does_nothing_and_its_links_stand_nowhere_in_clear(app: TestApp) {
    let drive = drive(&app);
    accept(&app, &book(&app, &drive, &english(&app, 1)));
    morning(&app);
    let mail = Mail::new();
    mail.deliver(&app);
    let letter = mail.letters().remove(0);
    let rows = whole(&app, "links") + &whole(&app, "audit_lines") + &whole(&app, "messages");
    for (said, path) in doors(&letter) {
        let secret = path.trim_start_matches("/l/");
        assert_eq!(secret.len(), 32, "{said}");
        assert!(!rows.contains(secret), "{said}");
        for _ in 0..2 {
            let page = look(&app, &path);
            assert_eq!(
                (page.status, page.headers["cache-control"].to_str().unwrap()),
                (200, "no-store"),
                "{said}"
            );
        }
        Browser::new(&app).send("HEAD", &path, &[], None);
    }
    let used: i64 = app
        .house
        .db
        .read_now(|conn| Ok(links::table.filter(links::used_at.is_not_null()).count().get_result(conn)?))
        .unwrap();
    assert_eq!((used, appointments(&app, &drive)[0].0.as_str()), (0, "booked"));
}

fn one_click_ends_all_letters(app: TestApp) {
    let drive = drive(&app);
    accept(&app, &book(&app, &drive, &english(&app, 1)));
    morning(&app);
    let mail = Mail::new();
    mail.deliver(&app);
    let letter = mail.letters().remove(0);
    let raw = String::from_utf8(letter.clone()).unwrap().replace("\r\n ", "");
    let header = |name: &str| {
        let line = raw.lines().find(|line| line.starts_with(&format!("{name}: ")));
        line.unwrap_or_else(|| panic!("{name}: {raw}")).split_once(": ").unwrap().1.to_owned()
    };
    assert_eq!(header("List-Unsubscribe-Post"), "List-Unsubscribe=One-Click");
    let address = header("List-Unsubscribe");
    let path = address.trim_matches(['<', '>']).strip_prefix(HERE).unwrap().to_owned();
    assert!(path.starts_with("/u/"));
    let ask = |path: &str, body: &str| {
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        app.anonymous().send("POST", path, &headers, Some(body.as_bytes().to_vec()))
    };
    // Whoever opens it is asked, a scanner does nothing, and another body neither.
    let opened = app.anonymous().get(&path);
    assert_eq!(
        (opened.status, opened.headers["location"].to_str().unwrap()),
        (303, path.replace("/u/", "/l/").as_str())
    );
    assert!(ask(&path, "List-Unsubscribe=Maybe").status >= 400);
    let unknown = ask(&format!("/u/{}", "0".repeat(32)), "List-Unsubscribe=One-Click");
    let done = ask(&path, "List-Unsubscribe=One-Click");
    assert_eq!((done.status, unknown.status, &done.text), (200, 200, &unknown.text));
    assert_eq!(ask(&path, "List-Unsubscribe=One-Click").status, 200, "a program may ask twice");
    app.client(Role::Medic).post(&format!("{DRIVES}/{drive}/cancel"), &json!({})).expect(200);
    assert_eq!(mail.deliver(&app).sent, 0);
    assert!(
        outbox(&app).contains(&("unsent".to_owned(), Some("not_wished".to_owned()))),
        "{:?}",
        outbox(&app)
    );
    // An appointment's own link is none that ends letters.
    let other = english(&app, 2);
    let drive = self::drive(&app);
    accept(&app, &book(&app, &drive, &other));
    mail.deliver(&app);
    let letter = mail.letters().pop().unwrap();
    let cancel = door(&letter, "I cannot come").replace("/l/", "/u/");
    assert_eq!(ask(&cancel, "List-Unsubscribe=One-Click").status, 200);
    assert_eq!(appointments(&app, &drive).len(), 1);
    // By hand it is asked before it is done.
    let stop = door(&letter, "Stop these messages");
    assert!(look(&app, &stop).text.contains("Stop all messages"));
    assert_eq!(act(&app, &stop, &[]).status, 200);
    let donor = app.client(Role::Medic).get(&format!("/api/v1/donors/{other}")).expect(200);
    assert_eq!((&donor["may_email"], &donor["may_text"]), (&json!(false), &json!(false)), "{donor}");
}

fn a_donor_pauses_by_a_letter(app: TestApp) {
    let drive = drive(&app);
    let id = english(&app, 1);
    accept(&app, &book(&app, &drive, &id));
    morning(&app);
    let mail = Mail::new();
    mail.deliver(&app);
    let pause = door(&mail.letters()[0], "Pause for a while");
    assert!(look(&app, &pause).text.contains("name=\"until\""));
    for wrong in ["", "2026-11-24"] {
        assert!(act(&app, &pause, &[("until", wrong)]).status >= 400, "{wrong}");
    }
    let paused = act(&app, &pause, &[("until", "2027-02-01")]);
    assert_eq!(paused.status, 200, "{}", paused.text);
    check(&paused, "en");
    let donor = app.client(Role::Medic).get(&format!("/api/v1/donors/{id}")).expect(200);
    assert_eq!(donor["status"], "paused");
}

/// The letters to two who came to a drive: one gave, one left.
fn thanks(app: &TestApp) -> Vec<Vec<u8>> {
    let drive = driveday::drive(app, json!({}));
    app.clock.set(driveday::morning());
    driveday::prepare(app, &drive);
    let (gave, left) = (english(app, 1), english(app, 2));
    let visit = driveday::ready_of(app, &drive, gave.parse().unwrap());
    let bank = driveday::bank(app);
    driveday::numbers(app, &drive);
    bank.post(&format!("{visit}/collection"), &driveday::drawing(app, 1)).expect(201);
    let other = driveday::there(app, &drive, left.parse().unwrap());
    bank.post(&format!("{other}/leave"), &json!({})).expect(200);
    app.clock.advance(Duration::hours(5));
    let mail = Mail::new();
    assert_eq!(mail.deliver(app).sent, 2);
    mail.letters()
}

fn a11_whoever_came_may_speak_alike(app: TestApp) {
    let letters = thanks(&app);
    let labels = |letter: &[u8]| doors(letter).into_iter().map(|(said, _)| said).collect::<Vec<_>>();
    assert_eq!(labels(&letters[0]), labels(&letters[1]));
    let blocked = || -> i64 {
        let count = |conn: &mut shiryan::db::Conn| {
            Ok(blood_units::table
                .filter(blood_units::status.eq(UnitStatus::Blocked))
                .count()
                .get_result(conn)?)
        };
        app.house.db.read_now(count).unwrap()
    };
    let mut answers = Vec::new();
    for (n, letter) in [(2, &letters[1]), (1, &letters[0])] {
        let to = super::address(letter);
        let speak = door(letter, "Something came up since");
        let page = look(&app, &speak).text;
        let said = act(&app, &speak, &[]);
        assert_eq!(said.status, 200);
        let plain = |html: &str| {
            html.split("<main").nth(1).unwrap().split("name=\"csrf\"").next().unwrap().to_owned()
        };
        answers.push((plain(&page), plain(&said.text)));
        assert_eq!(blocked() > 0, to.contains("canary1") || n == 1, "{to}");
    }
    assert_eq!(answers[0], answers[1]);
}

fn a11_whoever_came_reads_the_same_advice(app: TestApp) {
    let letters = thanks(&app);
    let doors: Vec<String> = letters.iter().map(|letter| door(letter, "What does you good now")).collect();
    let read = |path: &str, language: &'static str| {
        let mut browser = Browser::new(&app);
        browser.language = language;
        let page = browser.get(path);
        assert_eq!(page.status, 200);
        check(&page, language);
        page.text.split("<main").nth(1).unwrap().split("</main>").next().unwrap().to_owned()
    };
    for (language, said) in [
        ("en", ["Drink more", "lie down at once", "press on it for five minutes", "For 24 hours", "101"]),
        ("ar", ["شرب الماء", "الاستلقاء فورًا", "خمس دقائق", "لأربع وعشرين ساعة", "101"]),
    ] {
        let pages: Vec<String> = doors.iter().map(|path| read(path, language)).collect();
        assert_eq!(pages[0], pages[1], "whoever gave reads what the other reads");
        assert_eq!(pages[0], read(&doors[0], language), "it may be read again");
        for said in said {
            assert!(pages[0].contains(said), "{said}: {}", pages[0]);
        }
        for never in ["blood", "donat", "donor", "HIV", "<form", "تبرع", "الدم", "الكناري"] {
            assert!(!pages[0].to_lowercase().contains(never), "{never}: {}", pages[0]);
        }
    }
    assert_eq!(act(&app, &doors[0], &[]).status, 404, "there is nothing to do");
    app.clock.advance(Duration::days(15));
    assert_eq!(look(&app, &doors[1]).status, 404, "its time is over");
}

fn a_card_says_no_more_than_a_donor_may_read_alone(app: TestApp) {
    let drive = driveday::drive(&app, json!({}));
    app.clock.set(driveday::morning());
    driveday::prepare(&app, &drive);
    let id = english(&app, 1);
    let visit = driveday::there(&app, &drive, id.parse().unwrap());
    driveday::bank(&app).post(&format!("{visit}/leave"), &json!({})).expect(200);
    app.clock.advance(Duration::hours(5));
    let mail = Mail::new();
    assert_eq!(mail.deliver(&app).sent, 1);
    let card = door(&mail.letters()[0], "Your own page");
    let before = look(&app, &card).text;
    assert!(before.contains("not confirmed yet") && before.contains(&id), "{before}");
    assert!(before.contains("<b>today</b>") && !before.contains("الكناري"), "{before}");
    assert_eq!(act(&app, &card, &[]).status, 404, "there is nothing to do");
    assert_eq!(look(&app, &card).status, 200, "it may be looked at again");
    // A cause that only a physician tells, and one that anybody may read: neither is told by the page.
    defer(&app, &id);
    let after = look(&app, &card).text;
    assert!(after.contains("ask whoever arranged it with you"), "{after}");
    for never in ["HIV", "deferral", "physician"] {
        assert!(!after.contains(never), "{never}");
    }
}

fn whoever_may_give_again_is_told_once(app: TestApp) {
    let drive = driveday::drive(&app, json!({}));
    app.clock.set(driveday::morning());
    driveday::prepare(&app, &drive);
    driveday::numbers(&app, &drive);
    let (able, deferred) = (english(&app, 1), english(&app, 2));
    for (sequence, donor) in [(1, &able), (2, &deferred)] {
        let visit = driveday::ready_of(&app, &drive, donor.parse().unwrap());
        let drawn = driveday::drawing(&app, sequence);
        driveday::bank(&app).post(&format!("{visit}/collection"), &drawn).expect(201);
    }
    defer(&app, &deferred);
    let mail = Mail::new();
    app.clock.advance(Duration::hours(6));
    mail.deliver(&app);
    let thanks = mail.letters().len();
    let tell = || eligibility::tell_ready(&app.house.db, &app.house.vault, app.house.zone).unwrap();
    for days in [40, 43] {
        app.clock.advance(Duration::days(days));
        assert_eq!(tell(), 0, "not yet");
    }
    app.clock.advance(Duration::days(1));
    assert_eq!((tell(), tell()), (1, 0), "the day has come, of whoever may give alone");
    assert_eq!(mail.deliver(&app).sent, 1);
    let letter = mail.letters().remove(thanks);
    assert!(super::address(&letter).contains("canary1"));
    assert_eq!(parsed(&letter).subject(), Some("You may come again"));
    app.clock.advance(Duration::days(3));
    assert_eq!((tell(), mail.deliver(&app).sent), (0, 0));
}

fn donors_are_invited_by_group_each_once(app: TestApp) {
    let drive = drive(&app);
    let group = |n: usize, group: &str| donor(&app, n, json!({"language": "en", "blood_group": group}));
    group(1, "o_neg");
    let booked = group(2, "o_neg");
    group(3, "a_pos");
    donor(&app, 4, json!({"blood_group": "o_neg", "may_email": false}));
    proposed(&app, &drive, &booked);
    let path = format!("{DRIVES}/{drive}/invitations");
    let ask = |form: serde_json::Value| app.client(Role::Medic).post(&path, &form);
    for wrong in [json!({"blood_groups": ["o_neg"], "most": 0}), json!({"blood_groups": [], "most": 201})] {
        assert_eq!(ask(wrong).status, 422);
    }
    let form = json!({"blood_groups": ["o_neg"], "most": 50});
    assert_eq!(ask(form.clone()).expect(201)["queued"], 1);
    assert_eq!(ask(form).expect(201)["queued"], 0, "nobody is asked twice");
    for role in [Role::Command, Role::Hospital, Role::Physician, Role::Admin] {
        assert_eq!(
            app.client(role).post(&path, &json!({"blood_groups": [], "most": 1})).status,
            403,
            "{role}"
        );
    }
    morning(&app);
    let mail = Mail::new();
    assert_eq!(mail.deliver(&app).sent, 2, "the invitation, and the other's proposal");
    let letters = mail.letters();
    let letter = letters.iter().find(|letter| parsed(letter).subject() == Some("You are invited")).unwrap();
    assert!(super::address(letter).contains("canary1"));
    let choose = door(letter, "Choose a time");
    let page = look(&app, &choose).text;
    let slot = page.split("<option value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    assert_eq!(act(&app, &choose, &[("slot", &slot)]).status, 200);
    assert!(appointments(&app, &drive).iter().any(|(status, _)| status == "booked"));
}

fn groups_are_invited_to_hours_of_their_own(app: TestApp) {
    let drive = drive(&app);
    let group = |n: usize, group: &str| donor(&app, n, json!({"language": "en", "blood_group": group}));
    for (n, own) in [(1, "o_neg"), (2, "a_pos"), (3, "a_pos")] {
        group(n, own);
    }
    let path = format!("{DRIVES}/{drive}/invitations");
    let ask = |form: serde_json::Value| app.client(Role::Medic).post(&path, &form);
    let of = |group: &str, from: &str, to: &str, most: i64| json!({"blood_groups": [group], "from": from, "to": to, "most": most});
    for (wrong, field, code) in [
        (of("o_neg", "9", "10:00", 5), "from", "invalid_value"),
        (of("o_neg", "09:00", "24:00", 5), "to", "invalid_value"),
        (of("o_neg", "11:00", "10:00", 5), "to", "out_of_range"),
        (of("o_neg", "10:00", "10:00", 5), "to", "out_of_range"),
        (of("o_neg", "20:00", "21:00", 5), "from", "out_of_range"),
        (json!({"blood_groups": [], "from": "09:00", "most": 5}), "to", "missing_field"),
        (json!({"blood_groups": [], "to": "09:00", "most": 5}), "from", "missing_field"),
    ] {
        let refused = ask(wrong);
        assert_eq!(refused.status, 422, "{}", refused.text);
        let error = &refused.json()["errors"][0];
        assert_eq!((error["field"].as_str(), error["code"].as_str()), (Some(field), Some(code)));
    }
    assert_eq!(ask(of("o_neg", "09:00", "09:30", 5)).expect(201)["queued"], 1);
    assert_eq!(ask(of("a_pos", "09:30", "10:30", 5)).expect(201)["queued"], 2);
    morning(&app);
    let mail = Mail::new();
    assert_eq!(mail.deliver(&app).sent, 3);
    let letters = mail.letters();
    let offered = |letter: &[u8]| -> Vec<String> {
        let page = look(&app, &door(letter, "Choose a time")).text;
        let options =
            page.split("<option value=").skip(1).map(|rest| rest.split("</option>").next().unwrap());
        let hours = ["09:00", "09:30", "10:00", "10:30", "11:00"];
        let told =
            options.map(|option| hours.iter().filter(|hour| option.contains(**hour)).copied().collect());
        told.collect()
    };
    for letter in &letters {
        let text = parsed(letter).body_text(0).unwrap().into_owned();
        assert!(!text.contains("09:") && !text.contains("10:"), "the hour of nobody's slot (B5): {text}");
        let first = super::address(letter).contains("canary1");
        let meant: &[&str] = if first { &["09:00"] } else { &["09:30", "10:00"] };
        assert_eq!(offered(letter), meant);
    }
    // Once nothing is free in those hours, every free time is offered.
    for n in [4, 5] {
        book(&app, &drive, &group(n, "b_pos"));
    }
    let first = letters.iter().find(|letter| super::address(letter).contains("canary1")).unwrap();
    assert_eq!(offered(first), ["09:30", "10:00", "10:30", "11:00"]);
}

fn an_address_opens_so_many_links_a_minute(app: TestApp) {
    let anybody = app.anonymous();
    let open = || anybody.get("/l/AAAAAAAAAAAAAAAAAAAAAA").status;
    assert!((0..240).all(|_| open() == 404));
    assert_eq!(open(), 429);
    let click =
        anybody.send("POST", "/u/AAAAAAAAAAAAAAAAAAAAAA", &[], Some(b"List-Unsubscribe=One-Click".to_vec()));
    assert_eq!(click.status, 200, "whoever wants no more letters is not turned away");
    app.clock.advance(chrono::Duration::minutes(1));
    assert_eq!(open(), 404);
}
