//! An answer as the guide shows it.

use serde_json::{Map, Value};

use crate::support::app::Reply;

/// Headers that tell something where they are.
const HEADERS: [&str; 6] =
    ["content-type", "content-language", "content-disposition", "etag", "location", "retry-after"];
const WIDTH: usize = 116;
/// Longer words are cut short: tokens, cursors.
const LONG: usize = 40;

/// A block's status line, headers and body.
struct Block<'a> {
    status: &'a str,
    headers: Vec<(&'a str, &'a str)>,
    body: &'a str,
}

fn read(text: &str) -> Block<'_> {
    let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
    let mut lines = head.lines();
    let status = lines.next().unwrap_or_default();
    Block { status, headers: lines.map(|line| line.split_once(": ").unwrap()).collect(), body }
}

fn status(reply: &Reply) -> String {
    let status = ureq::http::StatusCode::from_u16(reply.status).unwrap();
    format!("HTTP/1.1 {} {}", reply.status, status.canonical_reason().unwrap())
}

/// What of an answer is not as it is shown.
pub fn compare(text: &str, reply: &Reply) -> Result<(), String> {
    let shown = read(text);
    let came = status(reply);
    if shown.status != came {
        return Err(format!("{came:?}, not {:?}", shown.status));
    }
    for (name, value) in shown.headers {
        let came = reply.headers.get(name).and_then(|came| came.to_str().ok());
        let came = came.ok_or_else(|| format!("no header {name}"))?;
        if came != value && !value.bytes().any(|byte| byte.is_ascii_digit()) {
            return Err(format!("{name}: {came:?}, not {value:?}"));
        }
    }
    match serde_json::from_str::<Value>(shown.body) {
        Ok(body) => same(&body, &reply.json(), "the answer"),
        Err(_) if shown.body.lines().next() == reply.text.lines().next() => Ok(()),
        Err(_) => Err(format!("{:?} is not what came", shown.body)),
    }
}

fn same(shown: &Value, came: &Value, place: &str) -> Result<(), String> {
    match (shown, came) {
        (Value::Object(shown), Value::Object(came)) => shown.iter().try_for_each(|(key, value)| {
            let came = came.get(key).ok_or_else(|| format!("{place} has no {key}"))?;
            same(value, came, &format!("{place}.{key}"))
        }),
        (Value::Array(shown), Value::Array(came)) if shown.is_empty() == came.is_empty() => {
            shown.iter().enumerate().try_for_each(|(at, value)| {
                let came = came.get(at).ok_or_else(|| format!("{place} has no item {at}"))?;
                same(value, came, &format!("{place}[{at}]"))
            })
        }
        (Value::String(word), Value::String(came)) if word == came || !is_word(word) => Ok(()),
        (Value::Number(_), Value::Number(_)) => Ok(()),
        _ if shown == came => Ok(()),
        _ => Err(format!("{place} is {came}, not {shown}")),
    }
}

/// A code: it stands for itself in every world.
fn is_word(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

/// An answer as the page is to show it, by what it shows now.
pub fn told(reply: &Reply, now: &str) -> String {
    let before = read(now);
    let mut told = format!("{}\n", status(reply));
    for name in HEADERS {
        let wanted = if now.is_empty() {
            reply.headers.get(name).is_some_and(|value| value != "application/json")
        } else {
            before.headers.iter().any(|(shown, _)| *shown == name)
        };
        if wanted && let Some(value) = reply.headers.get(name) {
            told.push_str(&format!("{name}: {}\n", value.to_str().unwrap()));
        }
    }
    let Ok(came) = serde_json::from_str::<Value>(&reply.text) else {
        let text: String = reply.text.lines().take(2).map(|line| format!("{line}\n")).collect();
        return if text.is_empty() { told } else { format!("{told}\n{text}") };
    };
    let shape = serde_json::from_str(before.body).ok();
    format!("{told}\n{}\n", laid_out(&cut(came, shape.as_ref()), 0))
}

/// What of an answer is shown: the fields of `shape`, or all of them; so many items as there, or the first.
fn cut(came: Value, shape: Option<&Value>) -> Value {
    match (came, shape) {
        (Value::Object(came), Some(Value::Object(shape))) => {
            let kept = shape
                .iter()
                .filter_map(|(key, shape)| Some((key.clone(), cut(came.get(key)?.clone(), Some(shape)))));
            Value::Object(kept.collect())
        }
        (Value::Object(came), _) => {
            let all = came.into_iter().map(|(key, value)| (key, cut(value, None)));
            Value::Object(all.collect::<Map<_, _>>())
        }
        (Value::Array(came), shape) => {
            let shapes = shape.and_then(Value::as_array);
            let count = shapes.map_or(1, |shapes| shapes.len().max(1));
            let item = |(at, value): (usize, Value)| cut(value, shapes.and_then(|shapes| shapes.get(at)));
            Value::Array(came.into_iter().take(count).enumerate().map(item).collect())
        }
        (Value::String(text), _) if text.len() > LONG && text.is_ascii() && !text.contains([' ', '/']) => {
            Value::String(format!("{}…", &text[..20]))
        }
        (came, _) => came,
    }
}

/// JSON in lines of readable width: what fits into one is one.
fn laid_out(value: &Value, indent: usize) -> String {
    let flat = flat(value);
    let (open, close, items): (_, _, Vec<String>) = match value {
        _ if indent + flat.chars().count() <= WIDTH => return flat,
        Value::Object(fields) => {
            let field =
                |(key, value): (&String, &Value)| format!("{}: {}", quoted(key), laid_out(value, indent + 2));
            ('{', '}', fields.iter().map(field).collect())
        }
        Value::Array(items) => ('[', ']', items.iter().map(|item| laid_out(item, indent + 2)).collect()),
        _ => return flat,
    };
    let pad = " ".repeat(indent + 2);
    format!("{open}\n{pad}{}\n{}{close}", items.join(&format!(",\n{pad}")), " ".repeat(indent))
}

fn flat(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let field = |(key, value): (&String, &Value)| format!("{}: {}", quoted(key), flat(value));
            format!("{{{}}}", fields.iter().map(field).collect::<Vec<_>>().join(", "))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(flat).collect::<Vec<_>>().join(", ")),
        other => other.to_string(),
    }
}

fn quoted(key: &str) -> String {
    Value::from(key).to_string()
}
