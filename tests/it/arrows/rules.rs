//! What a source file may name, given the map. Each rule is tried below on text that breaks it.

use super::paths;

/// A source file by its path below `src/`.
#[derive(Debug)]
pub struct Source {
    pub path: String,
    pub text: String,
}

/// The rooms, in the order in which they may be built upon.
#[derive(Debug)]
pub struct Map {
    pub rooms: Vec<String>,
}

impl Map {
    /// Reads the list in the doc comment of `src/lib.rs`: lines of "- `room` what it is for", with
    /// several rooms on one line parted by "; ".
    pub fn read(lib: &str) -> Self {
        let rooms = lib
            .lines()
            .filter_map(|line| line.strip_prefix("//! - "))
            .flat_map(|line| line.split("; "))
            .filter_map(|entry| entry.strip_prefix('`')?.split_once('`').map(|(room, _)| room.to_owned()))
            .collect();
        Self { rooms }
    }

    fn place(&self, room: &str) -> Option<usize> {
        self.rooms.iter().position(|known| known == room)
    }
}

/// Rooms without a subject collect everything.
const SUBJECTLESS: [&str; 7] = ["util", "utils", "helper", "helpers", "common", "misc", "shared"];

/// Words by which a pure rule would reach for the world.
const WORLD: [&str; 12] = [
    "diesel",
    "shiryan_schema",
    "actix_web",
    "actix_http",
    "tokio",
    "Db",
    "Tx",
    "Conn",
    "Clock",
    "SystemClock",
    "SettableClock",
    "SystemTime",
];

/// Puts everything together, above every room.
const ROOF: [&str; 2] = ["app", "cli"];

/// What is wrong with a file; `packages` are those below every room.
pub fn complaints(map: &Map, packages: &[&str], source: &Source) -> Vec<String> {
    let module = module(&source.path);
    let named = paths::read(&module, &source.text);
    let mut found = Vec::new();
    let mut say = |text: String| found.push(format!("src/{}: {text}", source.path));

    for name in module.iter().filter(|name| SUBJECTLESS.contains(name)) {
        say(format!("`{name}` names no subject"));
    }
    for path in &named.paths {
        let clock = matches!(&path[..], [.., of, now] if now == "now" && ["Utc", "Local", "SystemTime"].contains(&of.as_str()));
        if clock && module != ["kernel", "time"] {
            say(format!("`{}`: `now` is an argument", path.join("::")));
        }
    }
    let Some((&room, inside)) = module.split_first() else { return found };
    let knows = |word: &str| named.words.iter().any(|known| known == word);
    if room != "http" && knows("StatusCode") {
        say("only http knows status codes".into());
    }
    if room == "forecast" || inside.contains(&"rules") {
        for word in WORLD.iter().filter(|word| knows(word)) {
            say(format!("`{word}` in pure rules"));
        }
        for path in named.paths.iter().filter(|path| reaches_world(path)) {
            say(format!("`{}` in pure rules", path.join("::")));
        }
    }
    if packages.contains(&room) {
        return found;
    }
    let Some(place) = map.place(room) else {
        say(format!("the room `{room}` is not on the map in src/lib.rs"));
        return found;
    };
    let front = ["api", "pages"].into_iter().find(|front| inside.contains(front));
    if front.is_some() && knows("shiryan_schema") {
        say("the top floor does not know the tables".into());
    }
    for path in &named.paths {
        let Some(segments) = of_this_package(path) else { continue };
        let text = path.join("::");
        let to = segments.first().filter(|to| map.place(to).is_some() && **to != room);
        if let Some(to) = to {
            let below = map.place(to).is_some_and(|other| other < place);
            let from_the_top = front.is_some() && !ROOF.contains(&to.as_str());
            if !below && !from_the_top {
                say(format!("`{text}`: {to} does not stand before {room}"));
            }
        }
        if front.is_some()
            && segments.iter().any(|part| ["store", "schema", "tables"].contains(&part.as_str()))
        {
            say(format!("`{text}`: the top floor calls use cases, never a store or table"));
        }
        let named_front = segments.iter().find(|part| ["api", "pages"].contains(&part.as_str()));
        if let Some(named_front) = named_front {
            let own = front == Some(named_front.as_str()) && to.is_none();
            if !own && !ROOF[..1].contains(&room) {
                say(format!("`{text}`: only app names api and pages"));
            }
        }
    }
    found
}

/// The module of a file.
fn module(path: &str) -> Vec<&str> {
    let path = path.trim_end_matches(".rs");
    path.split('/').filter(|part| !["mod", "lib", "main"].contains(part)).collect()
}

/// The segments below the root of a path into this package. A bare `store::find` is one too: its module
/// is a child of the file's.
fn of_this_package(path: &[String]) -> Option<&[String]> {
    match path.split_first()? {
        (first, rest) if first == "crate" => Some(rest),
        (first, _) if ["api", "pages", "store", "tables"].contains(&first.as_str()) => Some(path),
        _ => None,
    }
}

fn reaches_world(path: &[String]) -> bool {
    of_this_package(path).is_some_and(|segments| {
        segments.first().is_some_and(|room| room == "db" || room == "settings")
            || segments.iter().any(|part| part == "store")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIB: &str = "//! The map.\n//!\n//! - `db` the doors\n//! - `donors` see `db`; and more\n\
                       //! - `drives` bookings\n//! - `http` server\n//! - `web` pages\n\
                       //! - `app` puts it together; `cli` commands\n\npub mod db;\n";

    fn said(path: &str, text: &str) -> Vec<String> {
        let source = Source { path: path.into(), text: text.into() };
        complaints(&Map::read(LIB), &["kernel", "forecast"], &source)
    }

    #[track_caller]
    fn refused(path: &str, text: &str, why: &str) {
        let said = said(path, text);
        assert!(said.len() == 1 && said[0].contains(why), "{path}: {text}: {said:?}");
    }

    #[track_caller]
    fn allowed(path: &str, text: &str) {
        assert_eq!(said(path, text), Vec::<String>::new(), "{path}: {text}");
    }

    #[test]
    fn the_map_is_read() {
        assert_eq!(Map::read(LIB).rooms, ["db", "donors", "drives", "http", "web", "app", "cli"]);
    }

    #[test]
    fn a_room_imports_what_stands_before_it() {
        allowed("drives/mod.rs", "use crate::{db::Db, donors};");
        allowed("drives/book.rs", "use super::store; use crate::drives::rules::fits;");
        allowed("app.rs", "use crate::{donors::api, web, donors::pages};");
        refused("donors/mod.rs", "use crate::{db::Db, drives::book};", "drives does not stand before donors");
        refused("donors/mod.rs", "fn f() { crate::drives::book() }", "drives does not stand before donors");
        refused("donors/store.rs", "use super::super::drives;", "drives does not stand before donors");
        refused("donors/store.rs", "use super::super::{db, http};", "http does not stand before donors");
        refused("db/mod.rs", "pub use crate::cli::run;", "cli does not stand before db");
        refused("app.rs", "use crate::cli;", "cli does not stand before app");
    }

    #[test]
    fn rules_are_pure() {
        allowed("donors/rules.rs", "use shiryan_kernel::blood::BloodGroup; use super::Window;");
        refused("donors/rules.rs", "use diesel::prelude::*;", "`diesel` in pure rules");
        refused("donors/rules.rs", "use super::store::Row;", "in pure rules");
        refused("donors/rules/age.rs", "use crate::db::meta;", "in pure rules");
        refused(
            "donors/rules.rs",
            "fn f(clock: &dyn shiryan_kernel::time::Clock) {}",
            "`Clock` in pure rules",
        );
        refused("forecast/cover.rs", "use actix_web::web;", "`actix_web` in pure rules");
    }

    #[test]
    fn the_top_floor_calls_use_cases() {
        allowed(
            "donors/api.rs",
            "use crate::http::Json; use crate::donors::{self, Donor}; use crate::drives;",
        );
        allowed("donors/api/list.rs", "use super::Shown; use crate::donors::api::Shown as S;");
        refused("donors/api.rs", "use super::store;", "never a store");
        refused("donors/api.rs", "use crate::db::tables::donors as rows;", "never a store");
        refused("donors/pages.rs", "use shiryan_schema::Conn;", "does not know the tables");
        refused("donors/pages.rs", "use super::api::Shown;", "only app names");
        refused("donors/api.rs", "use crate::drives::api::Shown;", "only app names");
        refused("donors/api.rs", "use crate::app::State;", "app does not stand before donors");
        refused("donors/mod.rs", "pub mod api; pub use api::routes;", "only app names");
        refused("cli/serve.rs", "use crate::donors::api;", "only app names");
    }

    #[test]
    fn words_that_belong_to_one_room() {
        allowed("http/problem.rs", "use actix_web::http::StatusCode;");
        refused("donors/mod.rs", "use actix_web::http::StatusCode;", "status codes");
        allowed("kernel/time.rs", "fn now() { Utc::now() }");
        refused("kernel/ids.rs", "fn f() { chrono::Utc::now() }", "an argument");
        refused("donors/mod.rs", "fn f() { SystemTime::now() }", "an argument");
    }

    #[test]
    fn rooms_have_a_subject_and_stand_on_the_map() {
        refused("donors/helpers.rs", "", "names no subject");
        refused("kernel/common/mod.rs", "", "names no subject");
        refused("outbox/mod.rs", "", "not on the map");
        allowed("main.rs", "fn main() { shiryan::cli::main() }");
    }
}
