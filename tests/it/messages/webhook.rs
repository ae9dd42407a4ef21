//! Short messages by a gateway: what it gets, that it can trust it, and what it answers.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::Duration;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use shiryan::app::{self, Delivered};
use shiryan::mail::Post;
use shiryan::settings::{Flags, Settings};

use super::{book, defer, donor, drive, keep, morning, outbox, told};
use crate::support::app::TestApp;
use crate::support::wait;

both!(
    a_short_message_is_signed_and_says_nothing_else,
    mail_comes_first_and_a_no_is_a_no,
    what_a_gateway_answers_is_told_apart,
    nobody_leads_a_number_elsewhere,
);

const SECRET: &str = "seven grey herons under four olive trees";

/// One request: headers by name, and the body.
type Request = (Vec<(String, String)>, String);

/// A gateway on loopback that answers each request with the next of `answers`, the last for ever.
struct Gateway {
    address: SocketAddr,
    came: Arc<Mutex<Vec<Request>>>,
}

impl Gateway {
    fn start(answers: &'static [&'static str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (address, came) = (listener.local_addr().unwrap(), Arc::new(Mutex::new(Vec::new())));
        let kept = came.clone();
        // It ends with the test's process.
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = BufReader::new(stream.unwrap());
                let mut lines = Vec::new();
                loop {
                    let mut line = String::new();
                    if stream.read_line(&mut line).unwrap() == 0 || line == "\r\n" {
                        break;
                    }
                    lines.push(line.trim_end().to_owned());
                }
                let headers: Vec<(String, String)> = lines
                    .iter()
                    .skip(1)
                    .map(|line| line.split_once(": ").unwrap())
                    .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
                    .collect();
                let length =
                    headers.iter().find(|(name, _)| name == "content-length").unwrap().1.parse().unwrap();
                let mut body = vec![0; length];
                stream.read_exact(&mut body).unwrap();
                let nth = {
                    let mut kept = kept.lock().unwrap();
                    kept.push((headers, String::from_utf8(body).unwrap()));
                    kept.len() - 1
                };
                let answer = answers.get(nth).or(answers.last()).unwrap();
                let said = format!("HTTP/1.1 {answer}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
                stream.get_mut().write_all(said.as_bytes()).unwrap();
            }
        });
        Self { address, came }
    }

    fn post(&self) -> Post {
        let home = tempfile::tempdir().unwrap();
        let secret = home.path().join("secret");
        std::fs::write(&secret, format!("{SECRET}\n")).unwrap();
        let environment = [
            ("WEBHOOK__URL", format!("http://{}/texts", self.address)),
            ("WEBHOOK__KEY_FILE", secret.to_str().unwrap().to_owned()),
            ("MAIL__TRANSPORT", "file".to_owned()),
            ("MAIL__FROM", "appointments@force.example".to_owned()),
            ("MAIL__DIR", home.path().join("letters").to_str().unwrap().to_owned()),
        ];
        let environment = environment.map(|(name, value)| (format!("SHIRYAN__{name}"), value));
        let settings = Settings::load(None, environment, &Flags::default()).unwrap();
        let post = Post::open(&settings).unwrap();
        // The directory of letters stays for as long as the post is used.
        drop(home.keep());
        post
    }

    fn came(&self) -> Vec<Request> {
        self.came.lock().unwrap().clone()
    }
}

fn deliver(app: &TestApp, post: &Post) -> Delivered {
    wait(app::deliver(&app.house, post)).unwrap()
}

fn off(app: &TestApp, drive: &str, n: usize, fields: Value) {
    let donor = donor(app, n, fields);
    book(app, drive, &donor);
    defer(app, &donor);
}

/// Whoever reads short messages alone.
fn by_phone() -> Value {
    json!({"may_email": null, "may_text": true, "phone": "0599741852"})
}

fn a_short_message_is_signed_and_says_nothing_else(app: TestApp) {
    let drive = drive(&app);
    off(&app, &drive, 1, by_phone());
    keep(&app);
    morning(&app);
    let gateway = Gateway::start(&["202 Accepted"]);
    assert_eq!(deliver(&app, &gateway.post()), Delivered { sent: 1, is_shut: false });
    assert_eq!(told(&app, &drive)[0].1, "sent");
    let (headers, body) = gateway.came().remove(0);
    let header = |name: &str| headers.iter().find(|(known, _)| known == name).unwrap().1.clone();
    let said: Value = serde_json::from_str(&body).unwrap();
    let text = "موعدك يوم الثلاثاء 1 كانون الأول 2026 الساعة 09:00 لا يمكن أن يتم كما كان مقررًا، فلا داعي للحضور. \
        سيتحدث معك من رتَّبه.";
    let id = header("webhook-id");
    assert_eq!(said, json!({"id": id, "to": "+970599741852", "language": "ar", "text": text}));
    assert_eq!(header("webhook-timestamp"), app.house.db.now().timestamp().to_string());
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(format!("{id}.{}.{body}", header("webhook-timestamp")).as_bytes());
    let signature = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
    assert_eq!(header("webhook-signature"), signature);
    assert!(!headers.iter().any(|(_, value)| value.to_lowercase().contains("shiryan")), "{headers:?}");
    let rows = crate::support::rows::whole(&app, "messages");
    assert!(!rows.contains("599741852"));
}

fn mail_comes_first_and_a_no_is_a_no(app: TestApp) {
    let drive = drive(&app);
    off(&app, &drive, 1, json!({"may_text": true, "phone": "0599741852"}));
    off(&app, &drive, 2, json!({"may_text": true, "phone": "0599741853", "email": null}));
    off(&app, &drive, 3, json!({"may_email": null, "may_text": false, "phone": "0599741854"}));
    off(&app, &drive, 4, json!({"may_email": null, "may_text": true}));
    keep(&app);
    morning(&app);
    let gateway = Gateway::start(&["200 OK"]);
    assert_eq!(deliver(&app, &gateway.post()).sent, 2);
    let numbers: Vec<Value> = gateway
        .came()
        .iter()
        .map(|(_, body)| serde_json::from_str::<Value>(body).unwrap()["to"].clone())
        .collect();
    assert_eq!(numbers, ["+970599741853"]);
    let said = |state: &str, reason: Option<&str>| (state.to_owned(), reason.map(ToOwned::to_owned));
    let expected = [
        said("sent", None),
        said("sent", None),
        said("unsent", Some("not_wished")),
        said("unsent", Some("no_address")),
    ];
    assert_eq!(outbox(&app), expected);
}

fn what_a_gateway_answers_is_told_apart(app: TestApp) {
    let drive = drive(&app);
    off(&app, &drive, 1, by_phone());
    keep(&app);
    morning(&app);
    let gateway = Gateway::start(&[
        "503 Service Unavailable",
        "429 Too Many Requests",
        "401 Unauthorized",
        "404 Not Found",
        "422 Unprocessable Content",
    ]);
    let post = gateway.post();
    for (minutes, is_shut) in [(1, false), (3, false), (9, true), (27, true)] {
        assert_eq!(deliver(&app, &post), Delivered { sent: 0, is_shut });
        assert_eq!(told(&app, &drive)[0].1, "queued");
        app.clock.advance(Duration::minutes(minutes));
    }
    // While the gateway is shut, mail goes on.
    assert_eq!(deliver(&app, &post), Delivered::default());
    assert_eq!(outbox(&app), [("unsent".to_owned(), Some("refused".to_owned()))]);
    let ids: Vec<Value> = gateway
        .came()
        .iter()
        .map(|(_, body)| serde_json::from_str::<Value>(body).unwrap()["id"].clone())
        .collect();
    assert_eq!(ids.len(), 5);
    assert!(ids.iter().all(|id| *id == ids[0]), "a gateway can tell that it is one message");
}

fn nobody_leads_a_number_elsewhere(app: TestApp) {
    let drive = drive(&app);
    off(&app, &drive, 1, by_phone());
    off(&app, &drive, 2, json!({}));
    keep(&app);
    morning(&app);
    let gateway = Gateway::start(&["307 Temporary Redirect\r\nlocation: http://127.0.0.1:1/elsewhere"]);
    // The text stays here; the letter of the other leaves all the same.
    assert_eq!(deliver(&app, &gateway.post()), Delivered { sent: 1, is_shut: true });
    assert_eq!(gateway.came().len(), 1);
    let states: Vec<String> = outbox(&app).into_iter().map(|(state, _)| state).collect();
    assert_eq!(states, ["queued", "sent"]);
}
