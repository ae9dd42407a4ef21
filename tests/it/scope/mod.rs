//! What lies outside one's scope is not there: the same answer, byte for byte, as for what never was. Walked through the
//! description, with a real object of every kind and somebody who may do the thing and must not know of the object.

mod made;
mod named;
mod table;
mod world;

use std::collections::BTreeSet;

use diesel::dsl::max;
use diesel::prelude::*;
use serde_json::{Value, json};
use shiryan::db::tables::feed;
use shiryan_kernel::role::Role;

use self::named::Names;
use self::table::{ROWS, Reach, Row};
use self::world::{Object, Stand, World};
use crate::operations::{TABLE, operations, takes_body};
use crate::support::app::{Client, Reply, TestApp, new_key};
use crate::support::shelf::din;

both!(
    what_lies_outside_the_scope_is_not_there_and_what_lies_inside_is,
    what_a_body_names_outside_the_scope_is_not_there_either,
    a_label_that_is_scanned_tells_nothing_of_a_bag_elsewhere,
);

/// What no object has.
const ABSENT: &str = "0123456789ABC";
/// There for whoever holds the address.
const BY_SECRET: (&str, &str) = ("GET", "/calendars/{secret}");

fn roles_of(row: &Row) -> &'static [Role] {
    let known = TABLE.iter().find(|(method, path, _)| (*method, *path) == (row.method, row.path));
    known.unwrap_or_else(|| panic!("no operation is {} {}", row.method, row.path)).2
}

#[test]
fn each_operation_with_an_object_says_whom_it_is_kept_from() {
    let described: BTreeSet<(String, String)> =
        operations().into_iter().filter(|(_, path)| path.contains('{')).collect();
    let mut known: BTreeSet<(String, String)> =
        ROWS.iter().map(|row| (row.method.to_owned(), row.path.to_owned())).collect();
    known.insert((BY_SECRET.0.to_owned(), BY_SECRET.1.to_owned()));
    let (missing, vain): (Vec<_>, Vec<_>) =
        (described.difference(&known).collect(), known.difference(&described).collect());
    assert!(missing.is_empty() && vain.is_empty(), "without a row: {missing:?}; of no operation: {vain:?}");
    for row in ROWS {
        for role in roles_of(row) {
            let said = row.reach.iter().filter(|(known, _)| known == role).count();
            assert_eq!(said, 1, "{role} {} {}", row.method, row.path);
        }
    }
}

fn call(client: &Client, row: &Row, id: &str, body: &[u8]) -> Reply {
    let path = format!("/api/v1{}", row.path.replace("{id}", id));
    let body = takes_body(row.method).then(|| body.to_vec());
    client.send(row.method, &path, &[("idempotency-key", &new_key()), ("if-match", "\"1\"")], body)
}

/// The last fact that anybody made.
fn facts(app: &TestApp) -> Option<i64> {
    app.house.db.read_now(|conn| Ok(feed::table.select(max(feed::seq)).first(conn)?)).unwrap()
}

/// All that a caller can tell two answers apart by.
fn told(reply: &Reply) -> (u16, Vec<(String, String)>, String) {
    let own = ["date", "x-request-id"];
    let headers = reply.headers.iter().filter(|(name, _)| !own.contains(&name.as_str()));
    let mut headers: Vec<(String, String)> = headers
        .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect();
    headers.sort();
    (reply.status, headers, reply.text.clone())
}

/// Who may do such a thing and must not know of this one, and to whom it is there.
fn divided(role: Role, reach: Reach) -> (&'static [Stand], &'static [Stand]) {
    use Stand::{Beside, Far, Near, Own};
    match (reach, role) {
        (Reach::Unit | Reach::Hospital, _) => (&[Far], &[Own, Beside]),
        (Reach::Shelf, _) => (&[Near, Far], &[Own, Beside]),
        (Reach::Region, _) => (&[Far], &[Own, Near]),
        (Reach::Person, Role::Medic | Role::Hospital | Role::Bank) => (&[Beside, Far], &[Own]),
        (Reach::Person, _) => (&[Beside], &[Own]),
        (Reach::Never, _) => (&[Own, Beside], &[]),
        (Reach::House(_), _) => (&[], &[Own, Far]),
    }
}

fn what_lies_outside_the_scope_is_not_there_and_what_lies_inside_is(app: TestApp) {
    let world = World::of(&app);
    let mut wrong = Vec::new();
    for row in ROWS {
        let valid = (row.body)(&world).to_string().into_bytes();
        for role in Role::ALL.iter().copied() {
            let may = roles_of(row).contains(&role);
            let reach = row.reach.iter().find(|(known, _)| *known == role).map(|(_, reach)| *reach);
            let strangers = if may { divided(role, reach.unwrap()).0 } else { &[Stand::Own][..] };
            for stand in strangers {
                let client = world.client(role, *stand).keeping();
                // Who may not do it at all is refused before anything is read.
                for body in [&valid[..], b"{}"].into_iter().take(if may { 2 } else { 1 }) {
                    let id = world.id(row.object, role);
                    let before = facts(&app);
                    let foreign = call(&client, row, &id, body);
                    let is_changed = facts(&app) != before;
                    let absent = call(&client, row, ABSENT, body);
                    let expected: &[u16] = match (may, body == b"{}") {
                        (false, _) => &[403],
                        (true, false) => &[404],
                        // Nothing is looked for with what says nothing.
                        (true, true) => &[400, 404, 422],
                    };
                    if is_changed || told(&foreign) != told(&absent) || !expected.contains(&foreign.status) {
                        let what = format!("{stand:?} {role} {} {}", row.method, row.path);
                        wrong.push(format!("{what}\n  there:  {}\n  absent: {}", foreign.text, absent.text));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for row in ROWS {
        let body = (row.body)(&world).to_string().into_bytes();
        for role in roles_of(row).iter().copied() {
            let (_, reach) = row.reach.iter().find(|(known, _)| *known == role).unwrap();
            for stand in divided(role, *reach).1 {
                let client = world.client(role, *stand).keeping();
                let reply = call(&client, row, &world.id(row.object, role), &body);
                if [400, 404].contains(&reply.status) || reply.status >= 500 {
                    let what = format!("{stand:?} {role} {} {}", row.method, row.path);
                    wrong.push(format!("{what}: {}", reply.text));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // A calendar is there for whoever holds its address, and for nobody who guesses.
    let secret = world.id(Object::Secret, Role::Command);
    let read = |secret: &str| app.anonymous().get(&format!("/api/v1/calendars/{secret}"));
    assert_eq!(read(&secret).status, 200);
    assert_eq!(read(&secret.chars().rev().collect::<String>()).problem(404), "not_found");
}

/// Every field of a body or query that names an object, as the description has it.
fn naming() -> BTreeSet<(String, String, String)> {
    let doc: Value = serde_json::from_str(&shiryan::app::description().to_json().unwrap()).unwrap();
    let mut found = BTreeSet::new();
    for (path, item) in doc["paths"].as_object().unwrap() {
        let path = path.strip_prefix("/api/v1").unwrap();
        for (method, operation) in item.as_object().unwrap() {
            let mut fields = Vec::new();
            for (_, content) in operation["requestBody"]["content"].as_object().into_iter().flatten() {
                ids_in(&doc, &content["schema"], "", &mut fields);
            }
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                if parameter["in"] == "query" {
                    let name = format!("?{}", parameter["name"].as_str().unwrap());
                    ids_in(&doc, &parameter["schema"], &name, &mut fields);
                }
            }
            found.extend(fields.into_iter().map(|field| (method.to_uppercase(), path.to_owned(), field)));
        }
    }
    found
}

/// Fields of a schema whose type is an id, and numbers of donations.
fn ids_in(doc: &Value, schema: &Value, path: &str, found: &mut Vec<String>) {
    if let Some("din" | "dins[]") = path.trim_start_matches('?').rsplit('.').next() {
        found.push(path.to_owned());
        return;
    }
    if let Some(name) = schema["$ref"].as_str().and_then(|name| name.rsplit('/').next()) {
        if name.ends_with("Id") {
            found.push(path.to_owned());
        } else {
            ids_in(doc, &doc["components"]["schemas"][name], path, found);
        }
        return;
    }
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        let field_path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        ids_in(doc, field, &field_path, found);
    }
    if schema["items"].is_object() {
        ids_in(doc, &schema["items"], &format!("{path}[]"), found);
    }
    for choice in ["oneOf", "anyOf", "allOf"] {
        for schema in schema[choice].as_array().into_iter().flatten() {
            ids_in(doc, schema, path, found);
        }
    }
}

#[test]
fn each_field_that_names_an_object_says_who_may_name_what() {
    let known: BTreeSet<(String, String, String)> = named::ROWS
        .iter()
        .map(|row| (row.method.to_owned(), row.path.to_owned(), row.field.to_owned()))
        .collect();
    assert_eq!(known.len(), named::ROWS.len(), "each once");
    let bare = named::ROWS.iter().filter(|row| matches!(row.names, Names::Any("")));
    assert_eq!(bare.count(), 0, "whoever may name any says why");
    assert_eq!(naming(), known);
}

/// What is asked with an id in its field, and answered, with the id taken out.
fn ask(world: &World, client: &Client, row: &named::Row, role: Role, id: &str) -> Reply {
    let at = row.at.map(|at| world.id(at, role)).unwrap_or_default();
    let path = format!("/api/v1{}", row.path.replace("{id}", &at));
    let with = (row.with)(world, id);
    let (path, body) = match with.as_str() {
        Some(query) => (format!("{path}?{query}"), None),
        None => (path, Some(with.to_string().into_bytes())),
    };
    let version = match row.method {
        "PATCH" => format!("\"{}\"", client.get(&path).expect(200)["version"]),
        _ => "\"1\"".to_owned(),
    };
    let headers = [("idempotency-key", &*new_key()), ("if-match", &version)];
    let reply = client.send(row.method, &path, &headers, body);
    Reply { text: reply.text.replace(id, "ID"), ..reply }
}

fn what_a_body_names_outside_the_scope_is_not_there_either(app: TestApp) {
    let world = World::of(&app);
    let mut wrong = Vec::new();
    for row in named::ROWS {
        let Names::Scoped { by: (role, stand), foreign, own } = row.names else { continue };
        let client = world.client(role, stand);
        let number = din(999).to_string();
        let nothing = match foreign {
            Object::FarDin | Object::FarNumber | Object::FarLabel => &*number,
            _ => ABSENT,
        };
        let told_of = |id: &str| {
            let reply = ask(&world, &client, row, role, id);
            let (status, mut headers, text) = told(&reply);
            // As long as the id that was taken out.
            headers.retain(|(name, _)| name != "content-length");
            (status, headers, text)
        };
        let absent = told_of(nothing);
        let before = facts(&app);
        let outside = told_of(&world.id(foreign, role));
        let is_alike = outside == absent && facts(&app) == before;
        let inside = told_of(&world.id(own, role));
        if !is_alike || inside == outside || inside.0 >= 500 {
            let what = format!("{role} {} {} {}", row.method, row.path, row.field);
            let [outside, absent, inside] = [outside, absent, inside].map(|told| told.2);
            wrong.push(format!("{what}\n  outside: {outside}\n  absent:  {absent}\n  inside:  {inside}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The same without ids, of which each answer has new ones.
fn without_ids(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|name, _| !["id", "count"].contains(&name.as_str()));
            fields.values_mut().for_each(without_ids);
        }
        Value::Array(items) => items.iter_mut().for_each(without_ids),
        _ => {}
    }
}

fn a_label_that_is_scanned_tells_nothing_of_a_bag_elsewhere(app: TestApp) {
    let world = World::of(&app);
    let label: fn(&str) -> Value = |number| json!({"units": [{"din": number, "component": "red_cells"}]});
    let dins: fn(&str) -> Value = |number| json!({"dins": [number]});
    let (transfer, request) =
        (world.id(Object::Transfer, Role::Bank), world.id(Object::OnItsWay, Role::Hospital));
    let scans = [
        (Role::Bank, "/api/v1/stock/counts".to_owned()),
        (Role::Bank, format!("/api/v1/transfers/{transfer}/receive")),
        (Role::Hospital, format!("/api/v1/requests/{request}/receive")),
    ];
    for (role, path) in scans {
        let scan = if role == Role::Hospital { dins } else { label };
        let told = |number: &str| {
            let reply = world.client(role, Stand::Own).post(&path, &scan(number));
            assert!([200, 201].contains(&reply.status), "{path}: {}", reply.text);
            let mut said: Value = serde_json::from_str(&reply.text.replace(number, "DIN")).unwrap();
            without_ids(&mut said);
            said
        };
        let (elsewhere, nowhere) = (world.id(Object::FarLabel, role), din(999).to_string());
        assert_eq!(told(&elsewhere), told(&nowhere), "{path}");
    }
}
