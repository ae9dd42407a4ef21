//! The guide to the API, followed request by request over a demo's world: what comes back is what docs/api.md shows.
//!
//! A block of `sh` holds what a reader types, a block of `http` after it what came back of its last request. The status and
//! the fields that are shown must be those of the answer: words, truth values and `null` as they stand, anything else (ids,
//! moments, names, numbers, what `…` cuts short) by its kind. A list is shown by its first items, an object by some of its
//! fields. `SHIRYAN_WRITE_SNAPSHOTS=1` writes what came back into the page, an empty block whole, others by the fields that
//! they show.

mod shell;
mod shown;

use actix_web::web;
use shiryan::app::{self, World};
use shiryan::cli::demo::{self, Shape};
use shiryan::http::House;
use shiryan::settings::{Flags, Settings};
use shiryan::vault::{RootKey, Vault};

use self::shell::{Asked, Shell};
use super::support::app::{Client, Reply, Served};
use super::support::databases::{Fresh, Kind, Migrated};

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/api.md");
/// Small enough to be made in seconds; its shelves hold something of the common groups.
const WORLD: Shape = Shape { donors: 6_000, days: 120, seed: 1 };

/// A demo's world at half past eight on a Tuesday in Hebron, served.
fn world(database: &Migrated) -> (web::Data<House>, Served) {
    database.clock.set("2026-11-24T06:30:00Z".parse().unwrap());
    let said = [("SHIRYAN__SERVER__LISTEN".to_owned(), "127.0.0.1:0".to_owned())];
    let mut settings = Settings::load(None, said, &Flags::default()).unwrap();
    settings.without_metrics();
    let vault = Vault::new(RootKey::from_bytes([9; 32]));
    let house = app::house(settings, World::Demo, database.db.clone(), vault, false).unwrap();
    demo::make(&house, WORLD, "shiryan-demo").unwrap();
    house.names.warm(&house.db, &house.vault).unwrap();
    let house = web::Data::new(house);
    let served = Served::start(&house);
    (house, served)
}

/// On SQLite alone, as the demo is: the operations themselves are tested on both databases.
#[test]
fn the_guide_is_as_the_program_answers() {
    let database = Migrated::fresh(Kind::Sqlite);
    let writes = std::env::var_os("SHIRYAN_WRITE_SNAPSHOTS").is_some();
    let (house, served) = world(&database);
    let client = Client::to(served.url());
    let page = std::fs::read_to_string(PAGE).unwrap();
    let mut shell = Shell::new(database.clock.clone(), house.zone);
    let (mut written, mut reply, mut answers) = (String::new(), None, 0);
    for part in parts(&page) {
        match part {
            Part::Words(words) => written.push_str(words),
            Part::Typed { text } => {
                written.push_str(&format!("```sh\n{text}```\n"));
                reply = shell.run(text, &|asked| ask(&house, &client, asked)).or(reply);
            }
            Part::Answered { text, line } => {
                let reply = reply.take().unwrap_or_else(|| panic!("line {line}: nothing was asked"));
                let seen = shown::told(&reply, text);
                if !writes {
                    shown::compare(text, &reply)
                        .unwrap_or_else(|why| panic!("docs/api.md:{line}: {why}\n{seen}"));
                }
                written.push_str(&format!("```http\n{seen}```\n"));
                answers += 1;
            }
        }
    }
    assert!(answers > 40, "{answers} answers");
    if writes {
        std::fs::write(PAGE, written).unwrap();
    }
}

/// Sends a request, once no work that was asked for waits.
fn ask(house: &House, client: &Client, asked: &Asked) -> Reply {
    app::work_off(house).unwrap();
    let headers: Vec<(&str, &str)> =
        asked.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    client.send(&asked.method, &asked.path, &headers, asked.body.clone().map(String::into_bytes))
}

enum Part<'a> {
    Words(&'a str),
    Typed { text: &'a str },
    Answered { text: &'a str, line: usize },
}

/// A page by its fenced blocks of `sh` and `http`, and what is between them.
fn parts(page: &str) -> Vec<Part<'_>> {
    let (mut parts, mut rest, mut line) = (Vec::new(), page, 1);
    let lines = |text: &str| text.bytes().filter(|byte| *byte == b'\n').count();
    while let Some((at, fence)) =
        ["```sh\n", "```http\n"].iter().filter_map(|fence| Some((rest.find(fence)?, *fence))).min()
    {
        let (before, block) = rest.split_at(at);
        let block = &block[fence.len()..];
        let end =
            if block.starts_with("```\n") { 0 } else { block.find("\n```\n").expect("a block ends") + 1 };
        let text = &block[..end];
        parts.push(Part::Words(before));
        line += lines(before);
        parts.push(if fence.contains("sh") { Part::Typed { text } } else { Part::Answered { text, line } });
        line += lines(text) + 2;
        rest = &block[end + "```\n".len()..];
    }
    parts.push(Part::Words(rest));
    parts
}
