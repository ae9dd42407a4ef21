//! Through a real mail server: what it takes, refuses, puts off, and what a silence means.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::Duration;
use serde_json::json;
use shiryan::app::{self, Delivered};
use shiryan::mail::Post;
use shiryan::messages::rules::pause;
use shiryan::settings::{Flags, Settings};

use super::{address, book, defer, donor, drive, keep, morning, outbox, parsed, told};
use crate::support::app::TestApp;
use crate::support::smtp::{Answer, CERTIFICATE, MailServer, Step};
use crate::support::wait;

both!(
    a_letter_arrives_whole_and_in_arabic,
    a_server_that_does_not_know_the_reader_is_believed,
    a_server_that_puts_strangers_off_is_tried_again,
    a_server_that_falls_silent_may_have_taken_it,
    a_house_that_cannot_send_blames_no_reader,
    what_never_leaves_is_told_in_person,
);

/// The house's way to that server.
fn post(server: &MailServer, changes: &[(&str, &str)]) -> Post {
    let home = tempfile::tempdir().unwrap();
    let password = home.path().join("password");
    std::fs::write(&password, "seven grey herons\n").unwrap();
    let port = server.address.port().to_string();
    let mut environment = vec![
        ("TRANSPORT", "smtp"),
        ("FROM", "appointments@force.example"),
        ("HOST", "localhost"),
        ("PORT", &port),
        ("CA", CERTIFICATE),
        ("USER", "shiryan"),
        ("PASSWORD_FILE", password.to_str().unwrap()),
        ("TIMEOUT_SECONDS", "1"),
    ];
    environment.extend(changes);
    let environment =
        environment.into_iter().map(|(name, value)| (format!("SHIRYAN__MAIL__{name}"), value.to_owned()));
    Post::open(&Settings::load(None, environment, &Flags::default()).unwrap()).unwrap()
}

fn deliver(app: &TestApp, post: &Post) -> Delivered {
    wait(app::deliver(&app.house, post)).unwrap()
}

/// One appointment that became impossible, its notice queued, at nine in the morning; the drive.
fn one_waits(app: &TestApp) -> String {
    let drive = drive(app);
    let donor = donor(app, 1, json!({}));
    book(app, &drive, &donor);
    defer(app, &donor);
    assert_eq!(keep(app), 1);
    morning(app);
    drive
}

fn a_letter_arrives_whole_and_in_arabic(app: TestApp) {
    let drive = one_waits(&app);
    let server = MailServer::start(|_| Answer::Take);
    assert_eq!(deliver(&app, &post(&server, &[])), Delivered { sent: 1, is_shut: false });
    assert_eq!(told(&app, &drive)[0].1, "sent");
    let came = server.came();
    assert_eq!(came.letters.len(), 1);
    let letter = &came.letters[0];
    assert!(letter.is_ascii(), "every server takes it");
    assert!(letter.split(|byte| *byte == b'\n').all(|line| line.len() <= 998));
    assert_eq!(address(letter), "canary1@reader.example");
    let read = parsed(letter);
    assert_eq!(read.subject(), Some("موعدك"));
    assert!(read.body_text(0).unwrap().contains("فلا داعي للحضور في ذلك الوقت"));
    assert!(read.body_html(0).unwrap().contains("فلا داعي للحضور في ذلك الوقت"));
    assert!(read.date().is_some() && read.message_id().unwrap().ends_with("@force.example"));
    // Who we are and whom we write to is said behind TLS alone.
    let commands = came.commands;
    assert_eq!(commands[..3], ["EHLO force.example", "STARTTLS", "EHLO force.example"]);
    let given = commands[3].strip_prefix("AUTH PLAIN ").unwrap();
    assert_eq!(STANDARD.decode(given).unwrap(), b"\0shiryan\0seven grey herons");
    assert_eq!(
        commands[4..],
        ["MAIL FROM:<appointments@force.example>", "RCPT TO:<canary1@reader.example>", "DATA", "QUIT"]
    );
}

fn a_server_that_does_not_know_the_reader_is_believed(app: TestApp) {
    let drive = one_waits(&app);
    let server = MailServer::start(|step| match step {
        Step::Rcpt(..) => Answer::Say("550 5.1.1 <canary1@reader.example> is not here"),
        _ => Answer::Take,
    });
    let post = post(&server, &[]);
    assert_eq!(deliver(&app, &post), Delivered { sent: 0, is_shut: false });
    assert_eq!(outbox(&app), [("unsent".to_owned(), Some("refused".to_owned()))]);
    assert_eq!(told(&app, &drive)[0].1, "in_person");
    let rows = crate::support::rows::whole(&app, "messages");
    assert!(rows.contains("smtp_550") && !rows.contains("canary"), "{rows}");
    app.clock.advance(Duration::hours(5));
    deliver(&app, &post);
    assert!(server.came().letters.is_empty());
}

fn a_server_that_puts_strangers_off_is_tried_again(app: TestApp) {
    let drive = one_waits(&app);
    let server = MailServer::start(|step| match step {
        Step::Rcpt(_, 0 | 1) => Answer::Say("450 4.2.0 greylisted, come back later"),
        Step::Letter(0) => Answer::Say("451 4.3.0 not now"),
        _ => Answer::Take,
    });
    let post = post(&server, &[]);
    for minutes in [1, 3, 9] {
        assert_eq!(deliver(&app, &post), Delivered::default());
        assert_eq!(told(&app, &drive)[0].1, "queued");
        app.clock.advance(Duration::seconds(minutes * 60 - 1));
        assert_eq!(deliver(&app, &post), Delivered::default(), "not before its pause is over");
        app.clock.advance(Duration::seconds(1));
    }
    assert_eq!(deliver(&app, &post).sent, 1);
    let letters = server.came().letters;
    assert_eq!(letters.len(), 2);
    assert_eq!(parsed(&letters[0]).message_id(), parsed(&letters[1]).message_id());
    assert_eq!(told(&app, &drive)[0].1, "sent");
}

fn a_server_that_falls_silent_may_have_taken_it(app: TestApp) {
    let drive = one_waits(&app);
    let server = MailServer::start(|step| match step {
        Step::Letter(0) => Answer::Hang,
        Step::Letter(1) => Answer::Close,
        _ => Answer::Take,
    });
    let post = post(&server, &[]);
    for minutes in [1, 3] {
        assert_eq!(deliver(&app, &post), Delivered::default());
        assert_eq!(told(&app, &drive)[0].1, "queued");
        app.clock.advance(Duration::minutes(minutes));
    }
    assert_eq!(deliver(&app, &post).sent, 1);
    let letters = server.came().letters;
    let ids: Vec<_> = letters.iter().map(|letter| parsed(letter).message_id().unwrap().to_owned()).collect();
    assert_eq!(ids.len(), 3);
    assert!(ids.iter().all(|id| *id == ids[0]), "the reader's program shows it once: {ids:?}");
}

fn a_house_that_cannot_send_blames_no_reader(app: TestApp) {
    let drive = one_waits(&app);
    let shut = Delivered { sent: 0, is_shut: true };
    let refusing = MailServer::start(|step| match step {
        Step::Auth(_) => Answer::Say("535 5.7.8 wrong"),
        _ => Answer::Take,
    });
    let silent = MailServer::start(|_| Answer::Hang);
    let stranger = MailServer::start(|step| match step {
        Step::Mail => Answer::Say("553 5.7.1 not your name"),
        _ => Answer::Take,
    });
    let gone = MailServer::start(|_| Answer::Take);
    let nobody = post(&gone, &[]);
    drop(gone);
    for (way, minutes) in [
        (post(&refusing, &[]), 1),
        (post(&silent, &[]), 3),
        (post(&stranger, &[]), 9),
        // A certificate that nobody trusts.
        (post(&stranger, &[("CA", "")]), 27),
        (nobody, 81),
    ] {
        assert_eq!(deliver(&app, &way), shut);
        assert_eq!(told(&app, &drive)[0].1, "queued");
        app.clock.advance(Duration::minutes(minutes));
    }
    for server in [&refusing, &silent, &stranger] {
        assert!(server.came().letters.is_empty());
        assert!(!server.came().commands.iter().any(|command| command.contains("canary")));
    }
    let server = MailServer::start(|_| Answer::Take);
    assert_eq!(deliver(&app, &post(&server, &[])).sent, 1);
}

fn what_never_leaves_is_told_in_person(app: TestApp) {
    let drive = one_waits(&app);
    let server = MailServer::start(|step| match step {
        Step::Rcpt(..) => Answer::Say("452 4.2.2 the mailbox is full"),
        _ => Answer::Take,
    });
    let post = post(&server, &[]);
    for tries in 1..=11 {
        assert_eq!(deliver(&app, &post), Delivered::default());
        assert_eq!(told(&app, &drive)[0].1, "queued", "after {tries} tries");
        app.clock.advance(pause(tries));
        wait_until_day(&app);
    }
    assert_eq!(deliver(&app, &post), Delivered::default());
    assert_eq!(outbox(&app), [("unsent".to_owned(), Some("unreachable".to_owned()))]);
    assert_eq!(told(&app, &drive)[0].1, "in_person");
}

/// Moves the clock on while it is night in Hebron.
fn wait_until_day(app: &TestApp) {
    use chrono::Timelike;
    while !(9..20).contains(&app.house.db.now().with_timezone(&app.house.zone.0).hour()) {
        app.clock.advance(Duration::hours(1));
    }
}
