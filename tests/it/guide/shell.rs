//! As much of a shell as the guide uses: `curl`, names for parts of the last answer, `date`, a file written out.

use std::collections::BTreeMap;
use std::iter::Peekable;
use std::str::Chars;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Duration, Utc};
use serde_json::Value;
use shiryan_kernel::time::{Clock, SettableClock, Zone};

use crate::support::app::{Reply, new_key};

/// A request that was typed.
#[derive(Debug)]
pub struct Asked {
    pub method: String,
    /// With its query.
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub body: Option<String>,
}

pub struct Shell {
    names: BTreeMap<String, String>,
    files: BTreeMap<String, String>,
    last: Value,
    clock: Arc<SettableClock>,
    zone: Zone,
}

type Typed<'a> = Peekable<Chars<'a>>;

impl Shell {
    pub fn new(clock: Arc<SettableClock>, zone: Zone) -> Self {
        let names = BTreeMap::from([("api".to_owned(), "/api/v1".to_owned())]);
        Self { names, files: BTreeMap::new(), last: Value::Null, clock, zone }
    }

    /// Does what a block says; the answer to its last request.
    pub fn run(&mut self, block: &str, ask: &dyn Fn(&Asked) -> Reply) -> Option<Reply> {
        let (mut typed, mut reply) = (block.chars().peekable(), None);
        while typed.peek().is_some() {
            let words = self.command(&mut typed);
            match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
                // The reader's own shell is told how to keep an answer, and where the service is.
                [] | ["of()" | "export", ..] => {}
                [set] if set.starts_with("api=") => {}
                [set] if set.contains('=') => {
                    let (name, value) = set.split_once('=').unwrap();
                    assert!(!value.is_empty() && value != "null", "{name} of {}", self.last);
                    self.names.insert(name.to_owned(), value.to_owned());
                }
                ["cat", ">", name, "<<END"] => {
                    let rest: String = typed.by_ref().collect();
                    let (content, after) = rest.split_once("END\n").expect("a file ends");
                    assert!(after.is_empty(), "a file ends its block");
                    self.files.insert(name.to_owned(), content.to_owned());
                }
                ["for", _, "in", ref turns @ .., "do"] => {
                    let rest: String = typed.by_ref().collect();
                    let (body, after) = rest.split_once("done\n").expect("a loop ends");
                    assert!(after.is_empty(), "a loop ends its block");
                    turns.iter().for_each(|_| reply = self.run(body, ask));
                }
                ["sleep", seconds] => self.clock.advance(Duration::seconds(seconds.parse().unwrap())),
                ["test", one, "=", other] => assert_eq!(one, other),
                ["curl", ref said @ ..] => {
                    let answer = ask(&asked(said));
                    self.last = serde_json::from_str(&answer.text).unwrap_or_default();
                    reply = Some(answer);
                }
                ref other => panic!("not understood: {other:?}"),
            }
        }
        reply
    }

    /// The words of the next command: up to the end of its line, or to where its answer is kept.
    fn command(&self, typed: &mut Typed) -> Vec<String> {
        let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
        while let Some(sign) = typed.next() {
            match (quote, sign) {
                (Some(open), sign) if open == sign => quote = None,
                (None, '\'' | '"') => {
                    quote = Some(sign);
                    word.get_or_insert_default();
                }
                (Some('\''), sign) => word.get_or_insert_default().push(sign),
                (_, '\\') => match typed.next() {
                    Some('\n') | None => {}
                    Some(sign) => word.get_or_insert_default().push(sign),
                },
                (_, '$') => word.get_or_insert_default().push_str(&self.expand(typed)),
                (Some(_), sign) => word.get_or_insert_default().push(sign),
                (None, '\n') => break,
                (None, ' ') => words.extend(word.take()),
                (None, '|' | '#' | '{') if word.is_none() => {
                    typed.by_ref().find(|sign| *sign == '\n');
                    break;
                }
                (None, sign) => word.get_or_insert_default().push(sign),
            }
        }
        words.extend(word);
        words
    }

    /// What stands behind a `$`.
    fn expand(&self, typed: &mut Typed) -> String {
        if typed.next_if_eq(&'(').is_some() {
            let mut depth = 1;
            let command: String = typed
                .take_while(|sign| {
                    depth += i32::from(*sign == '(') - i32::from(*sign == ')');
                    depth > 0
                })
                .collect();
            return self.said(&command);
        }
        let mut name = String::new();
        while let Some(sign) = typed.next_if(|sign| sign.is_ascii_alphanumeric() || *sign == '_') {
            name.push(sign);
        }
        self.names.get(&name).unwrap_or_else(|| panic!("${name} is not known")).clone()
    }

    /// What a command within `$(…)` says.
    fn said(&self, command: &str) -> String {
        let words = self.command(&mut command.chars().peekable());
        match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            ["of", path] => match at(&self.last, path) {
                Value::String(text) => text,
                other => other.to_string(),
            },
            ["date", "+%s%N"] => new_key(),
            ["date", form] => self.clock.now().with_timezone(&self.zone.0).format(&form[1..]).to_string(),
            ["date", "-d", offset, form] => {
                self.later(offset).with_timezone(&self.zone.0).format(&form[1..]).to_string()
            }
            ["date", "-u", "-d", offset, form] => self.later(offset).format(&form[1..]).to_string(),
            ["base64", "-w0", name] => STANDARD.encode(&self.files[name]),
            ref other => panic!("not understood: {other:?}"),
        }
    }

    /// The moment that is so far from now as `-20 minutes` or `28 days` say.
    fn later(&self, offset: &str) -> DateTime<Utc> {
        let (count, of) = offset.split_once(' ').unwrap();
        let count: i64 = count.parse().unwrap();
        self.clock.now()
            + match of {
                "minutes" => Duration::minutes(count),
                "days" => Duration::days(count),
                other => panic!("not understood: {other}"),
            }
    }
}

/// The request of a `curl`.
fn asked(said: &[&str]) -> Asked {
    let mut asked = Asked { method: String::new(), path: String::new(), headers: Vec::new(), body: None };
    let mut said = said.iter().copied();
    while let Some(word) = said.next() {
        match word {
            "-si" => {}
            "-X" => asked.method = said.next().unwrap().to_owned(),
            "-d" => asked.body = said.next().map(str::to_owned),
            "-H" => {
                let (name, value) = said.next().unwrap().split_once(": ").unwrap();
                asked.headers.push((name.to_owned(), value.to_owned()));
            }
            path => {
                assert!(path.starts_with("/api/") && asked.path.is_empty(), "{path}");
                asked.path = path.to_owned();
            }
        }
    }
    if asked.method.is_empty() {
        asked.method = if asked.body.is_some() { "POST" } else { "GET" }.to_owned();
    }
    asked
}

/// What is at a path such as `.items[0].id`, or `.items[] | select(.code == "B-1") | .id`.
fn at(value: &Value, path: &str) -> Value {
    let Some((list, (key, wanted, path))) = path.split_once("[] | select(.").and_then(|(list, rest)| {
        let (key, rest) = rest.split_once(" == \"")?;
        let (wanted, path) = rest.split_once("\") | ")?;
        Some((list, (key, wanted, path)))
    }) else {
        let keys = path.split(['.', '[', ']']).filter(|key| !key.is_empty());
        let found = keys.fold(value, |value, key| match key.parse::<usize>() {
            Ok(index) => &value[index],
            Err(_) => &value[key],
        });
        return found.clone();
    };
    let items = at(value, list);
    let found = items.as_array().unwrap().iter().find(|item| item[key] == wanted);
    at(found.unwrap_or_else(|| panic!("no {wanted}")), path)
}
