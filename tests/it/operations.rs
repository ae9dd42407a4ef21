//! Every operation of the API, walked through its own description: who may, who may not, what hostile
//! input gets, and that the description itself stays as it was published.

use serde_json::Value;
use shiryan_kernel::role::Role::{self, Admin, Bank, Command, Hospital, Medic, Physician};

use crate::support::app::{Client, TestApp, new_key};

both!(each_role_may_what_the_table_says, hostile_bodies_are_refused, hostile_paths_and_queries_are_refused);

const ALL: &[Role] = &[Admin, Command, Medic, Hospital, Bank, Physician];
const NO_HOSPITAL: &[Role] = &[Admin, Command, Medic, Bank, Physician];
const RESERVE: &[Role] = &[Admin, Command, Bank, Physician];
const DONORS: &[Role] = &[Admin, Medic, Bank, Physician];
const SCREENING: &[Role] = &[Medic, Bank, Physician];

/// Who may do what. A new operation is a new line.
pub const TABLE: &[(&str, &str, &[Role])] = &[
    ("GET", "/users", &[Admin]),
    ("POST", "/users", &[Admin]),
    ("POST", "/users/{id}/reset", &[Admin]),
    ("POST", "/users/{id}/disable", &[Admin]),
    ("POST", "/users/{id}/enable", &[Admin]),
    ("POST", "/users/{id}/address", &[Admin]),
    ("POST", "/users/own/address", ALL),
    ("GET", "/sessions", ALL),
    ("DELETE", "/sessions/{id}", ALL),
    ("GET", "/units", NO_HOSPITAL),
    ("GET", "/audit/lines", &[Admin]),
    ("GET", "/audit/chain", &[Admin]),
    ("POST", "/audit/verifications", &[Admin]),
    ("GET", "/messages", &[Admin]),
    ("POST", "/messages/{id}/retry", &[Admin]),
    ("POST", "/places/imports", &[Admin]),
    ("POST", "/units", &[Admin]),
    ("GET", "/facilities", ALL),
    ("POST", "/facilities", &[Admin]),
    ("POST", "/facilities/{id}/location", &[Admin]),
    ("GET", "/donors", DONORS),
    ("POST", "/donors", &[Admin, Medic, Bank]),
    ("POST", "/donors/search", DONORS),
    ("GET", "/donors/export", SCREENING),
    ("GET", "/deferrals/export", SCREENING),
    ("GET", "/donations/export", SCREENING),
    ("GET", "/donors/{id}", DONORS),
    ("PATCH", "/donors/{id}", &[Admin, Medic, Bank]),
    ("POST", "/donors/{id}/identity", SCREENING),
    ("POST", "/broken-glass", SCREENING),
    ("GET", "/broken-glass", &[Physician]),
    ("POST", "/broken-glass/{id}/review", &[Physician]),
    ("POST", "/donors/{id}/erase", &[Admin, Physician]),
    ("POST", "/donors/{id}/trace", &[Physician]),
    ("POST", "/donors/{id}/consents", SCREENING),
    ("GET", "/donors/{id}/consents", DONORS),
    ("POST", "/donors/{id}/antigens", &[Bank, Physician]),
    ("GET", "/donors/{id}/antigens", &[Bank, Physician]),
    ("POST", "/donors/{id}/titres", &[Bank, Physician]),
    ("GET", "/donors/{id}/titres", &[Bank, Physician]),
    ("GET", "/donors/{id}/emergency-panel", &[Bank, Physician]),
    ("POST", "/donors/{id}/typings", &[Bank, Physician]),
    ("GET", "/donors/{id}/typings", &[Bank, Physician]),
    ("POST", "/donors/{id}/typings/resolve", &[Physician]),
    ("POST", "/donors/{id}/pause", &[Admin, Medic, Bank]),
    ("POST", "/donors/{id}/resume", &[Admin, Medic, Bank]),
    ("POST", "/donors/{id}/deceased", &[Admin, Medic, Bank]),
    ("POST", "/merges", &[Bank, Physician]),
    ("GET", "/merges", &[Bank, Physician]),
    ("POST", "/merges/{id}/undo", &[Bank, Physician]),
    ("GET", "/reviews", &[Bank, Physician]),
    ("POST", "/reviews/{id}/identities", &[Bank, Physician]),
    ("POST", "/reviews/{id}/different", &[Bank, Physician]),
    ("GET", "/donors/{id}/eligibility", SCREENING),
    ("GET", "/donors/{id}/deferrals", SCREENING),
    ("GET", "/policies", DONORS),
    ("POST", "/policies/{id}/preview", &[Physician]),
    ("POST", "/policies/{id}/adopt", &[Admin, Physician]),
    ("POST", "/key-changes", &[Admin]),
    ("GET", "/jobs/{id}", ALL),
    ("POST", "/deferrals/{id}/end", SCREENING),
    ("POST", "/deferrals/{id}/correct", SCREENING),
    ("POST", "/deferrals/{id}/withdraw", SCREENING),
    ("GET", "/donors/{id}/givings", SCREENING),
    ("POST", "/givings/{id}/correct", SCREENING),
    ("POST", "/donors/{id}/allowances", &[Physician]),
    ("GET", "/donors/{id}/allowances", &[Physician]),
    ("GET", "/donors/{id}/decisions", &[Physician]),
    ("POST", "/exports", SCREENING),
    ("GET", "/approvals", DONORS),
    ("GET", "/approvals/{id}", DONORS),
    ("POST", "/approvals/{id}/approve", &[Admin, Bank, Physician]),
    ("POST", "/approvals/{id}/refuse", &[Admin, Bank, Physician]),
    ("POST", "/eligibility/preview", SCREENING),
    ("POST", "/donors/{id}/deferrals", SCREENING),
    ("GET", "/availability", &[Command, Medic, Hospital, Bank, Physician]),
    ("GET", "/branches", ALL),
    ("GET", "/activities", NO_HOSPITAL),
    ("POST", "/activities", &[Admin, Command, Medic]),
    ("GET", "/activities/report", NO_HOSPITAL),
    ("GET", "/activities/{id}", NO_HOSPITAL),
    ("PATCH", "/activities/{id}", &[Admin, Command, Medic]),
    ("POST", "/activities/{id}/approve", &[Admin, Command]),
    ("POST", "/activities/{id}/start", &[Admin, Command, Medic]),
    ("POST", "/activities/{id}/done", &[Admin, Command, Medic]),
    ("POST", "/activities/{id}/cancel", &[Admin, Command, Medic]),
    ("GET", "/activities/{id}/people", &[Medic]),
    ("POST", "/activities/{id}/people", &[Medic]),
    ("POST", "/activities/{id}/people/remove", &[Medic]),
    ("POST", "/assignability", &[Command]),
    ("GET", "/activities/{id}/links", NO_HOSPITAL),
    ("POST", "/activities/{id}/links", &[Admin, Command, Medic]),
    ("POST", "/activities/{id}/links/remove", &[Admin, Command, Medic]),
    ("POST", "/units/{id}/absences", &[Admin, Command, Medic]),
    ("GET", "/units/{id}/absences", &[Admin, Command, Medic]),
    ("POST", "/absences/{id}/withdraw", &[Admin, Command, Medic]),
    ("GET", "/calendar", NO_HOSPITAL),
    ("POST", "/calendar/months", &[Admin, Command]),
    ("POST", "/calendar-feeds", NO_HOSPITAL),
    ("GET", "/calendar-feeds", NO_HOSPITAL),
    ("POST", "/calendar-feeds/{id}/end", NO_HOSPITAL),
    ("POST", "/closures", &[Command, Bank]),
    ("GET", "/closures", ALL),
    ("POST", "/requests/{id}/rest", &[Hospital]),
    ("GET", "/stock/trace", &[Bank, Physician]),
    ("POST", "/stock/recalls", &[Bank, Physician]),
    ("POST", "/stock/units/{id}/harm", &[Hospital]),
    ("GET", "/stock/harms", &[Bank, Physician]),
    ("POST", "/stock/units/{id}/divide", &[Bank]),
    ("GET", "/stock/shelf", &[Hospital, Bank]),
    ("POST", "/stock/pars", &[Hospital, Bank]),
    ("POST", "/stock/confirmations", &[Hospital]),
    ("POST", "/stock/counts", &[Bank]),
    ("GET", "/stock/counts", &[Bank]),
    ("GET", "/stock/counts/{id}", &[Bank]),
    ("POST", "/stock/counts/{id}/found", &[Bank]),
    ("POST", "/stock/counts/{id}/lost", &[Bank]),
    ("GET", "/stock/strays", &[Bank]),
    ("POST", "/stock/strays/{id}/explain", &[Bank]),
    ("POST", "/requests/{id}/emergency-issue", &[Bank]),
    ("GET", "/emergency-issues", &[Bank, Physician]),
    ("POST", "/emergency-issues/{id}/confirm", &[Bank, Physician]),
    ("POST", "/emergency-issues/{id}/review", &[Bank, Physician]),
    ("POST", "/incidents", &[Command, Bank]),
    ("GET", "/incidents", &[Command, Bank, Physician]),
    ("POST", "/incidents/{id}/end", &[Command, Bank]),
    ("POST", "/closures/{id}/end", &[Command, Bank]),
    ("GET", "/drives", NO_HOSPITAL),
    ("GET", "/drives/{id}", NO_HOSPITAL),
    ("POST", "/drives", &[Medic, Bank]),
    ("POST", "/drives/series", &[Medic, Bank]),
    ("POST", "/drives/preview", &[Medic, Bank]),
    ("POST", "/drives/{id}/copy", &[Medic, Bank]),
    ("POST", "/drives/{id}/publish", &[Medic, Bank]),
    ("POST", "/drives/{id}/close", &[Medic, Bank]),
    ("POST", "/drives/{id}/reopen", &[Medic, Bank]),
    ("POST", "/drives/{id}/check-ins", &[Medic, Bank]),
    ("GET", "/drives/{id}/check-ins", &[Medic, Bank]),
    ("POST", "/visits/{id}/screening", &[Medic, Bank]),
    ("GET", "/visits/{id}/screening", &[Physician]),
    ("POST", "/visits/{id}/consent", &[Medic, Bank]),
    ("POST", "/visits/{id}/leave", &[Medic, Bank]),
    ("POST", "/visits/{id}/collection", &[Medic, Bank]),
    ("POST", "/visits/{id}/depart", &[Medic, Bank]),
    ("POST", "/visits/{id}/reactions", &[Medic, Bank]),
    ("GET", "/drives/{id}/reactions", &[Medic, Bank]),
    ("POST", "/reactions/{id}/called", &[Medic, Bank]),
    ("GET", "/donations/kinds", &[Bank, Physician]),
    ("POST", "/donations/{id}/information", &[Medic, Bank, Physician]),
    ("GET", "/questionnaire", &[Medic, Bank, Physician]),
    ("POST", "/drives/{id}/preparation", &[Medic, Bank]),
    ("POST", "/drives/{id}/laboratory-clock", &[Medic, Bank]),
    ("GET", "/drives/{id}/laboratory-clock", &[Medic, Bank]),
    ("POST", "/drives/{id}/arrival", &[Bank]),
    ("GET", "/drives/{id}/board", &[Medic, Bank]),
    ("GET", "/drives/{id}/outcome", &[Command, Medic, Bank, Physician]),
    ("POST", "/drives/{id}/close-out", &[Medic, Bank]),
    ("POST", "/drives/{id}/roster", &[Medic, Bank, Physician]),
    ("POST", "/drives/{id}/dins", &[Medic, Bank]),
    ("GET", "/drives/{id}/dins", &[Medic, Bank]),
    ("POST", "/drives/{id}/dins/spoil", &[Medic, Bank]),
    ("POST", "/appointments/{id}/links", &[Medic, Bank]),
    ("POST", "/drives/{id}/links", &[Medic, Bank]),
    ("POST", "/donations/{id}/links", &[Medic, Bank]),
    ("POST", "/blueprints", &[Medic, Bank]),
    ("GET", "/blueprints", &[Medic, Bank]),
    ("POST", "/blueprints/{id}/drives", &[Medic, Bank]),
    ("POST", "/blueprints/{id}/end", &[Medic, Bank]),
    ("POST", "/drives/{id}/cancel", &[Medic, Bank]),
    ("POST", "/drives/{id}/invitations", &[Medic, Bank]),
    ("GET", "/calls/due", &[Medic, Bank]),
    ("POST", "/donors/{id}/calls", &[Medic, Bank]),
    ("GET", "/drives/{id}/messages", &[Medic, Bank]),
    ("GET", "/drives/{id}/clashes", &[Medic, Bank]),
    ("GET", "/drives/{id}/slots", &[Medic, Bank]),
    ("GET", "/drives/{id}/appointments", &[Medic, Bank]),
    ("POST", "/drives/{id}/appointments", &[Medic, Bank]),
    ("POST", "/drives/{id}/waiting", &[Medic, Bank]),
    ("GET", "/drives/{id}/waiting", &[Medic, Bank]),
    ("POST", "/waiting/{id}/leave", &[Medic, Bank]),
    ("POST", "/appointments/{id}/move", &[Medic, Bank]),
    ("POST", "/appointments/{id}/swap", &[Medic, Bank]),
    ("POST", "/appointments/{id}/accept", &[Medic, Bank]),
    ("POST", "/appointments/{id}/cancel", &[Medic, Bank]),
    ("POST", "/donations", &[Medic, Bank]),
    ("GET", "/stock/units", &[Hospital, Bank, Physician]),
    ("POST", "/stock/units", &[Bank]),
    ("GET", "/stock/units/{id}", &[Bank, Physician]),
    ("POST", "/stock/units/{id}/block", &[Bank, Physician]),
    ("POST", "/stock/units/{id}/clear", &[Physician]),
    ("POST", "/stock/units/{id}/correct", &[Physician]),
    ("POST", "/stock/units/{id}/discard", &[Bank]),
    ("POST", "/stock/units/{id}/release", &[Bank]),
    ("POST", "/laboratory/results", &[Bank]),
    ("GET", "/laboratory/results", &[Bank, Physician]),
    ("GET", "/laboratory/waiting", &[Bank]),
    ("GET", "/laboratory/look-back", &[Bank, Physician]),
    ("POST", "/transfers", &[Bank]),
    ("GET", "/transfers", &[Bank]),
    ("GET", "/transfers/{id}", &[Bank]),
    ("POST", "/transfers/{id}/receive", &[Bank]),
    ("POST", "/transfers/{id}/lost", &[Bank]),
    ("GET", "/stock/summary", &[Admin, Command, Hospital, Bank, Physician]),
    ("POST", "/stock/units/{id}/transfused", &[Hospital]),
    ("POST", "/stock/units/{id}/returned", &[Hospital]),
    ("POST", "/stock/units/{id}/discarded", &[Hospital]),
    ("POST", "/stock/units/{id}/take-back", &[Bank]),
    ("POST", "/stock/units/{id}/attributes", &[Bank]),
    ("POST", "/stock/units/{id}/untested-issue", &[Physician]),
    ("GET", "/untested-issues", &[Hospital, Bank, Physician]),
    ("POST", "/untested-issues/{id}/authorise", &[Physician]),
    ("POST", "/untested-issues/{id}/check", &[Hospital]),
    ("POST", "/untested-issues/{id}/give", &[Hospital]),
    ("POST", "/untested-issues/{id}/withdraw", &[Bank, Physician]),
    ("POST", "/untested-issues/{id}/follow-up", &[Physician]),
    ("POST", "/packs", &[Hospital]),
    ("GET", "/packs", &[Hospital, Bank, Physician]),
    ("GET", "/packs/{id}", &[Hospital, Bank, Physician]),
    ("POST", "/packs/{id}/next", &[Hospital]),
    ("POST", "/packs/{id}/stop", &[Hospital, Bank]),
    ("POST", "/standing-orders", &[Hospital]),
    ("GET", "/standing-orders", &[Hospital, Bank, Physician]),
    ("GET", "/standing-orders/{id}", &[Hospital, Bank, Physician]),
    ("POST", "/standing-orders/{id}/pause", &[Hospital]),
    ("POST", "/standing-orders/{id}/resume", &[Hospital]),
    ("POST", "/standing-orders/{id}/end", &[Hospital]),
    ("POST", "/requests", &[Hospital]),
    ("GET", "/requests", &[Hospital, Bank, Physician]),
    ("GET", "/requests/{id}", &[Hospital, Bank, Physician]),
    ("GET", "/requests/{id}/candidates", &[Bank]),
    ("POST", "/requests/{id}/accept", &[Bank]),
    ("POST", "/requests/{id}/refuse", &[Bank]),
    ("POST", "/requests/{id}/rhd-policy", &[Physician]),
    ("POST", "/requests/{id}/cancel", &[Hospital]),
    ("POST", "/requests/{id}/reserve", &[Bank]),
    ("POST", "/requests/{id}/free", &[Bank]),
    ("POST", "/requests/{id}/issue", &[Bank]),
    ("POST", "/requests/{id}/receive", &[Hospital]),
    ("GET", "/reserve", RESERVE),
    ("GET", "/reserve/levels", RESERVE),
    ("GET", "/reserve/changes", RESERVE),
    ("GET", "/reserve/living", RESERVE),
    ("GET", "/projections", RESERVE),
    ("POST", "/scenarios", &[Command, Bank]),
    ("GET", "/scenarios", RESERVE),
    ("GET", "/scenarios/compare", RESERVE),
    ("POST", "/scenarios/{id}/end", &[Command, Bank]),
    // Last: it ends the session that the test's tokens stand on.
    ("DELETE", "/sessions/current", ALL),
];

/// Open to everybody: they are how one signs in, and what a secret address opens.
const OPEN: &[(&str, &str)] = &[
    ("POST", "/sessions"),
    ("POST", "/sessions/refresh"),
    ("POST", "/sessions/second-factor"),
    ("GET", "/calendars/{secret}"),
];

pub fn operations() -> Vec<(String, String)> {
    let doc: Value = serde_json::from_str(&shiryan::app::description().to_json().unwrap()).unwrap();
    let mut found = Vec::new();
    for (path, item) in doc["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys().filter(|key| *key != "parameters") {
            let short = path.strip_prefix("/api/v1").unwrap_or_else(|| panic!("{path} is not under /api/v1"));
            found.push((method.to_uppercase(), short.to_owned()));
        }
    }
    found.sort();
    found
}

#[test]
fn the_table_names_every_operation_and_no_other() {
    let mut known: Vec<(String, String)> = TABLE
        .iter()
        .map(|(method, path, _)| (*method, *path))
        .chain(OPEN.iter().copied())
        .map(|(method, path)| (method.to_owned(), path.to_owned()))
        .collect();
    known.sort();
    assert_eq!(operations(), known);
}

#[test]
fn the_description_is_the_published_one() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/openapi.json");
    let doc: Value = serde_json::from_str(&shiryan::app::description().to_json().unwrap()).unwrap();
    assert!(doc["openapi"].as_str().unwrap().starts_with("3.1"));
    for (path, item) in doc["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            assert!(operation["summary"].is_string(), "{method} {path} says nothing of itself");
            assert!(operation["tags"][0].is_string(), "{method} {path} has no tag");
        }
    }
    let names = doc["components"]["schemas"].as_object().unwrap();
    let mut missing = Vec::new();
    references(&doc, &mut |name| {
        if !names.contains_key(name) {
            missing.push(name.to_owned());
        }
    });
    assert!(missing.is_empty(), "named and not described: {missing:?}");
    let text = format!("{}\n", serde_json::to_string_pretty(&doc).unwrap());
    if std::env::var_os("SHIRYAN_WRITE_SNAPSHOTS").is_some() {
        std::fs::write(path, &text).unwrap();
    }
    let published = std::fs::read_to_string(path).unwrap_or_default();
    assert!(published == text, "the API changed: look at it, then run with SHIRYAN_WRITE_SNAPSHOTS=1");
}

fn references(value: &Value, seen: &mut impl FnMut(&str)) {
    match value {
        Value::Object(members) => members.iter().for_each(|(name, value)| match value.as_str() {
            Some(text) if name == "$ref" => seen(text.rsplit('/').next().unwrap()),
            _ => references(value, seen),
        }),
        Value::Array(items) => items.iter().for_each(|item| references(item, seen)),
        _ => {}
    }
}

/// Of two types that are described under one name the description shows one for both, and says nothing of it.
#[test]
fn each_type_is_described_under_a_name_of_its_own() {
    let mut taken: std::collections::BTreeMap<String, String> = std::collections::BTreeMap::new();
    let mut twice = Vec::new();
    for source in crate::arrows::sources() {
        let mut lines = source.text.lines().map(str::trim_start);
        while let Some(line) = lines.next() {
            let is_described = line.starts_with("#[derive(") && line.contains("ToSchema");
            if !is_described && !line.ends_with("word! {") {
                continue;
            }
            let mut own = None;
            let named = lines.by_ref().find_map(|line| {
                own = own.take().or_else(|| {
                    Some(line.split_once("#[schema(as = ")?.1.split([')', ',']).next()?.to_owned())
                });
                let (_, rest) = line.split_once("struct ").or_else(|| line.split_once("enum "))?;
                (!line.starts_with(['#', '/']))
                    .then(|| rest.split([' ', '<', '(', ';']).next().unwrap().to_owned())
            });
            let name = own.or(named).unwrap();
            if let Some(first) = taken.insert(name.clone(), source.path.clone()) {
                twice.push(format!("{name}: {first} and {}", source.path));
            }
        }
    }
    assert!(taken.len() > 300, "the types are found: {}", taken.len());
    assert!(twice.is_empty(), "{twice:#?}");
}

pub fn takes_body(method: &str) -> bool {
    ["POST", "PATCH"].contains(&method)
}

fn send(client: &Client, method: &str, path: &str, body: &[u8]) -> crate::support::app::Reply {
    let path = format!("/api/v1{}", path.replace("{id}", "0123456789ABC"));
    let body = takes_body(method).then(|| body.to_vec());
    client.send(method, &path, &[("idempotency-key", &new_key()), ("if-match", "\"1\"")], body)
}

fn each_role_may_what_the_table_says(app: TestApp) {
    for (method, path, roles) in TABLE {
        let anonymous = send(&app.anonymous(), method, path, b"{}");
        assert_eq!(anonymous.problem(401), "unauthenticated", "{method} {path}");
        for role in ALL.iter().copied() {
            let reply = send(&app.client(role), method, path, b"{}");
            if roles.contains(&role) {
                let alone = reply.status == 403 && reply.json()["code"] == "second_person_required";
                let is_taken = alone || ![401, 403, 405].contains(&reply.status);
                assert!(is_taken, "{role} {method} {path}: {}", reply.text);
                assert!(reply.status < 500, "{role} {method} {path}: {}", reply.text);
            } else {
                assert_eq!(reply.problem(403), "forbidden", "{role} {method} {path}");
            }
        }
    }
}

fn hostile_bodies_are_refused(app: TestApp) {
    let huge = vec![b' '; 10 << 20];
    let deep = "[".repeat(100_000);
    let bodies: [(&[u8], &[&str]); 9] = [
        (b"", &["malformed_json"]),
        (b"{", &["malformed_json"]),
        (b"null", &["wrong_type"]),
        (b"\"text\"", &["wrong_type"]),
        (b"{\"no_such_field\": 1}", &["unknown_field", "missing_field"]),
        (b"\xff\xfe{}", &["malformed_json", "bad_text"]),
        (b"{\"a\": \"\\ud800\"}", &["malformed_json", "bad_text", "unknown_field"]),
        (deep.as_bytes(), &["malformed_json", "wrong_type"]),
        (&huge, &["body_too_large"]),
    ];
    for (method, path, roles) in TABLE.iter().filter(|(method, _, _)| takes_body(method)) {
        let client = app.client(roles[0]);
        for (body, codes) in bodies {
            let reply = send(&client, method, path, body);
            let start = String::from_utf8_lossy(&body[..body.len().min(30)]).into_owned();
            assert!((400..500).contains(&reply.status), "{method} {path} {start}: {}", reply.text);
            let code = reply.problem(reply.status);
            assert!(codes.contains(&code.as_str()) || code == "not_found", "{method} {path} {start}: {code}");
        }
        let path = format!("/api/v1{}", path.replace("{id}", "0123456789ABC"));
        let form = [
            ("content-type", "application/x-www-form-urlencoded"),
            ("idempotency-key", "12345678"),
            ("if-match", "\"1\""),
        ];
        let reply = client.send(method, &path, &form, Some(b"a=b".to_vec()));
        assert!(["unsupported_media_type", "not_found"].contains(&reply.problem(reply.status).as_str()));
    }
}

fn hostile_paths_and_queries_are_refused(app: TestApp) {
    for (method, path, roles) in TABLE.iter().filter(|(method, _, _)| *method == "GET") {
        let client = app.client(roles[0]);
        for id in ["0", "not-an-id", "ZZZZZZZZZZZZZ", "%00", "%ff", "🩸", &"9".repeat(5_000)] {
            if path.contains("{id}") {
                let reply =
                    client.send(method, &format!("/api/v1{}", path.replace("{id}", &encode(id))), &[], None);
                assert!([400, 404, 414].contains(&reply.status), "{path} {id}: {}", reply.text);
            }
        }
        for query in
            ["no_such_key=1", "limit=0", "limit=-1", "limit=1e9", "cursor=forged", "cursor=%00", "%ff=1"]
        {
            let reply = send(&client, method, &format!("{path}?{query}"), b"");
            assert!((400..500).contains(&reply.status), "{path}?{query}: {} {}", reply.status, reply.text);
            reply.problem(reply.status);
        }
    }
    let nobody = app.client(Admin).get("/api/v1/no-such-thing");
    assert_eq!(nobody.problem(404), "not_found");
    let wrong = app.client(Admin).send("PUT", "/api/v1/units", &[], None);
    assert_eq!(wrong.problem(405), "method_not_allowed");
    assert_eq!(wrong.headers["allow"], "GET, POST");
}

/// Percent-encodes what a URI cannot hold; leaves what is encoded.
fn encode(text: &str) -> String {
    text.bytes()
        .map(
            |byte| {
                if byte.is_ascii_graphic() { char::from(byte).to_string() } else { format!("%{byte:02X}") }
            },
        )
        .collect()
}
