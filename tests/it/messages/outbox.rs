//! Queued once, sent once, lost never.

use chrono::Duration;
use mail_parser::HeaderValue;
use serde_json::json;
use shiryan::db::Size;
use shiryan::db::{Db, Lane};
use shiryan::mail::Ways;
use shiryan::messages::{About, Terms, claim, forget_old, rules::Quiet, waiting};
use shiryan::{app, drives};
use shiryan_kernel::role::Role;
use shiryan_kernel::time::clock_time;

use super::{Mail, PLACE, address, book, defer, donor, drive, keep, morning, outbox, parsed, told};
use crate::support::app::TestApp;
use crate::support::{at_once, wait};

both!(
    a_notice_is_queued_once_whoever_looks,
    the_letter_says_what_to_do_and_nothing_else,
    it_is_said_in_the_readers_language,
    a_holder_who_dies_loses_no_message,
    each_of_many_leaves_once_though_several_send,
    what_is_possible_again_is_not_told,
    whoever_is_erased_has_nothing_waiting,
    what_became_of_a_message_is_forgotten_in_time,
    a_letter_in_a_file_is_one_file_however_often_it_is_tried,
);

fn a_notice_is_queued_once_whoever_looks(app: TestApp) {
    let drive = drive(&app);
    let held: Vec<(String, String)> = (0..4)
        .map(|n| {
            let donor = donor(&app, n, json!({}));
            let appointment = book(&app, &drive, &donor);
            (donor, appointment)
        })
        .collect();
    assert_eq!(keep(&app), 0);
    for (donor, _) in held.iter().take(3) {
        defer(&app, donor);
    }
    assert!(told(&app, &drive).iter().all(|(_, told)| told.is_null()));
    // Several instances share PostgreSQL; SQLite has one program that serves, and others beside it.
    let queued = at_once(3, |n| {
        let db = if n == 0 {
            app.house.db.clone()
        } else {
            Db::open(app.house.db.target(), Size(2), app.clock.clone()).unwrap()
        };
        drives::tell_impossible(&db, &app.house.vault, app.house.zone).unwrap()
    });
    assert_eq!(queued.iter().sum::<usize>(), 3, "{queued:?}");
    assert_eq!(keep(&app), 0);
    let rows = told(&app, &drive);
    for (n, (_, appointment)) in held.iter().enumerate() {
        let said = &rows.iter().find(|(id, _)| id == appointment).unwrap().1;
        assert_eq!(*said, if n < 3 { json!("queued") } else { json!(null) });
    }
    morning(&app);
    let mail = Mail::new();
    assert_eq!(mail.deliver(&app).sent, 3);
    assert_eq!(mail.deliver(&app).sent, 0);
    assert_eq!(keep(&app), 0);
    let sent = told(&app, &drive).into_iter().filter(|(_, told)| told == "sent").count();
    assert_eq!((sent, mail.letters().len()), (3, 3));
}

fn the_letter_says_what_to_do_and_nothing_else(app: TestApp) {
    let drive = drive(&app);
    let donor = donor(&app, 1, json!({}));
    book(&app, &drive, &donor);
    defer(&app, &donor);
    keep(&app);
    morning(&app);
    let mail = Mail::new();
    mail.deliver(&app);
    let letters = mail.letters();
    let letter = parsed(&letters[0]);
    assert_eq!(letter.subject(), Some("موعدك"));
    assert_eq!(address(&letters[0]), "canary1@reader.example");
    assert_eq!(letter.from().unwrap().first().unwrap().address(), Some("appointments@force.example"));
    let text = letter.body_text(0).unwrap();
    assert!(
        text.contains("لا يمكن أن يتم الموعد المرتَّب لك يوم \u{2068}الثلاثاء 1 كانون الأول 2026\u{2069}"),
        "{text}"
    );
    assert!(text.contains("\u{2068}09:00\u{2069}"), "{text}");
    let html = letter.body_html(0).unwrap();
    assert!(html.contains("<html lang=\"ar\" dir=\"rtl\">") && html.contains("الثلاثاء"), "{html}");
    assert_eq!(letter.header("Auto-Submitted"), Some(&HeaderValue::Text("auto-generated".into())));
    assert_eq!(letter.attachment_count(), 0);
    // Neither the whole letter nor the outbox says who, where, why or which drive.
    let whole = format!("{}{text}{html}", String::from_utf8_lossy(&letters[0])).to_lowercase();
    let rows = crate::support::rows::whole(&app, "messages");
    for secret in
        ["ياسر", "الكناري", PLACE, "p-hiv", "ms-1", "b1-c1", "blood", "shiryan", &drive.to_lowercase()]
    {
        assert!(!whole.contains(secret), "the letter: {secret}");
        assert!(!rows.contains(secret), "the outbox: {secret}");
    }
    assert!(!whole.contains(&donor.to_lowercase()));
    assert!(!rows.contains("canary") && !rows.contains("reader.example"), "{rows}");
}

fn it_is_said_in_the_readers_language(app: TestApp) {
    let drive = drive(&app);
    for (n, language) in ["en", "ar"].into_iter().enumerate() {
        let donor = donor(&app, n, json!({"language": language}));
        book(&app, &drive, &donor);
        defer(&app, &donor);
    }
    keep(&app);
    morning(&app);
    let mail = Mail::new();
    mail.deliver(&app);
    let letters = mail.letters();
    let of = |reader: &str| letters.iter().find(|letter| address(letter).starts_with(reader)).unwrap();
    let english = parsed(of("canary0"));
    assert_eq!(english.subject(), Some("Your appointment"));
    assert!(english.body_text(0).unwrap().contains("\u{2068}Tuesday 1 December 2026\u{2069}"));
    assert!(english.body_html(0).unwrap().contains("<html lang=\"en\" dir=\"ltr\">"));
    assert_eq!(parsed(of("canary1")).subject(), Some("موعدك"));
}

/// Claims as a process does that dies before it sends.
pub(super) fn claim_and_die(app: &TestApp) -> bool {
    let (vault, zone) = (app.house.vault.clone(), app.house.zone);
    let night = Quiet { from: clock_time("21:00").unwrap(), until: clock_time("08:00").unwrap() };
    let terms = Terms {
        origin: None,
        zone,
        ways: Ways { mail: true, text: false },
        resting: Ways::default(),
        quiet: night,
        a_day: 4,
        most: 12,
    };
    let claimed = app.house.db.write_now(Lane::System, move |tx| {
        let at = tx.now + Duration::days(7);
        Ok(claim(tx, &vault, terms, |_, _, _| Ok(Some(About { at, entry: None, doors: Vec::new() })))?
            .is_some())
    });
    claimed.unwrap()
}

fn a_holder_who_dies_loses_no_message(app: TestApp) {
    let drive = drive(&app);
    let donor = donor(&app, 1, json!({}));
    book(&app, &drive, &donor);
    defer(&app, &donor);
    keep(&app);
    morning(&app);
    let mail = Mail::new();
    for _ in 0..2 {
        assert!(claim_and_die(&app));
        assert!(!claim_and_die(&app), "nobody takes what somebody holds");
        assert_eq!(mail.deliver(&app).sent, 0);
        assert_eq!(told(&app, &drive)[0].1, "queued");
        app.clock.advance(Duration::minutes(16));
    }
    assert_eq!(mail.deliver(&app).sent, 1);
    assert_eq!(mail.letters().len(), 1);
    assert_eq!(told(&app, &drive)[0].1, "sent");
}

fn each_of_many_leaves_once_though_several_send(app: TestApp) {
    let drives = [drive(&app), drive(&app)];
    for n in 0..16 {
        let donor = donor(&app, n, json!({}));
        book(&app, &drives[n % 2], &donor);
        defer(&app, &donor);
    }
    assert_eq!(keep(&app), 16);
    morning(&app);
    let mail = Mail::new();
    let sent = at_once(4, |_| wait(app::deliver(&app.house, &mail.post)).unwrap().sent);
    assert_eq!(sent.iter().sum::<usize>(), 16, "{sent:?}");
    let mut readers: Vec<String> = mail.letters().iter().map(|letter| address(letter)).collect();
    readers.sort();
    readers.dedup();
    assert_eq!(readers.len(), 16);
}

fn what_is_possible_again_is_not_told(app: TestApp) {
    let drive = drive(&app);
    let donor = donor(&app, 1, json!({}));
    book(&app, &drive, &donor);
    let path = format!("/api/v1/donors/{donor}/pause");
    let medic = app.client(Role::Medic);
    medic.post(&path, &json!({"until": "2026-12-05"})).expect(200);
    assert_eq!(keep(&app), 1);
    medic.post(&format!("/api/v1/donors/{donor}/resume"), &json!({})).expect(200);
    morning(&app);
    let mail = Mail::new();
    assert_eq!(mail.deliver(&app).sent, 0);
    assert!(outbox(&app).is_empty() && told(&app, &drive)[0].1.is_null());
    // Impossible once more, it is told.
    defer(&app, &donor);
    assert_eq!(keep(&app), 1);
    assert_eq!(mail.deliver(&app).sent, 1);
}

fn whoever_is_erased_has_nothing_waiting(app: TestApp) {
    let drive = drive(&app);
    let donor = donor(&app, 1, json!({}));
    book(&app, &drive, &donor);
    defer(&app, &donor);
    keep(&app);
    assert_eq!(outbox(&app).len(), 1);
    let path = format!("/api/v1/donors/{donor}/erase");
    app.client(Role::Physician).post(&path, &json!({"reason": "donor_asked"})).expect(200);
    assert!(outbox(&app).is_empty());
    assert_eq!(keep(&app), 0);
}

fn what_became_of_a_message_is_forgotten_in_time(app: TestApp) {
    let drive = drive(&app);
    let donor = donor(&app, 1, json!({}));
    book(&app, &drive, &donor);
    defer(&app, &donor);
    keep(&app);
    let forget = || app.house.db.write_now(Lane::Bulk, forget_old).unwrap();
    let count = || app.house.db.read_now(waiting).unwrap();
    assert_eq!((count(), forget()), (1, 0));
    morning(&app);
    Mail::new().deliver(&app);
    assert_eq!(count(), 0);
    // It ended on 24 November and was of use until nine on 1 December.
    app.clock.advance(Duration::days(97));
    assert_eq!(forget(), 0);
    app.clock.advance(Duration::minutes(1));
    assert_eq!(forget(), 1);
    assert!(outbox(&app).is_empty());
}

fn a_letter_in_a_file_is_one_file_however_often_it_is_tried(app: TestApp) {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("letters");
    let environment = [
        ("SHIRYAN__MAIL__TRANSPORT", "file"),
        ("SHIRYAN__MAIL__FROM", "appointments@force.example"),
        ("SHIRYAN__MAIL__DIR", dir.to_str().unwrap()),
    ];
    let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let settings = shiryan::settings::Settings::load(None, environment, &Default::default()).unwrap();
    let post = shiryan::mail::Post::open(&settings).unwrap();
    let drive = drive(&app);
    let donor = donor(&app, 1, json!({}));
    book(&app, &drive, &donor);
    defer(&app, &donor);
    keep(&app);
    morning(&app);
    assert_eq!(wait(app::deliver(&app.house, &post)).unwrap().sent, 1);
    let files = || -> Vec<std::path::PathBuf> {
        std::fs::read_dir(&dir).unwrap().map(|entry| entry.unwrap().path()).collect()
    };
    let first = files();
    assert_eq!(first.len(), 1);
    let text = std::fs::read(&first[0]).unwrap();
    assert_eq!(address(&text), "canary1@reader.example");
    let id = parsed(&text).message_id().unwrap().to_owned();
    assert!(first[0].ends_with(format!("{}.eml", id.split('@').next().unwrap())), "{id} {first:?}");
    use std::os::unix::fs::PermissionsExt;
    assert_eq!(std::fs::metadata(&first[0]).unwrap().permissions().mode() & 0o77, 0);
}
