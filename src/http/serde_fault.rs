//! What serde refused, as a field and a code.
//!
//! Serde only gives words, so its fixed phrases are read here, in one place, each pinned by a test. A type whose
//! `Deserialize` fails with a [`Problem`] (its `Display` is its code) keeps that code.

use shiryan_kernel::{Code, Problem};

/// Field paths are cut here: they can be the caller's own text.
const LONGEST_FIELD: usize = 120;

/// The code behind serde's message.
pub(super) fn code(message: &str) -> Code {
    let message = message.split(" at line ").next().unwrap_or(message);
    if let Ok(code) = message.parse() {
        return code;
    }
    if message.starts_with("invalid length") && message.contains("expected struct") {
        return Code::WrongType; // a list where an object is expected
    }
    let phrases = [
        ("unknown field", Code::UnknownField),
        ("missing field", Code::MissingField),
        ("duplicate field", Code::MalformedJson),
        ("invalid type", Code::WrongType),
    ];
    phrases
        .into_iter()
        .find(|(phrase, _)| message.starts_with(phrase))
        .map_or(Code::InvalidValue, |(_, code)| code)
}

/// The full path of the field: serde names a missing or doubled field in its message, not in its path.
pub(super) fn field(path: &serde_path_to_error::Path, message: &str) -> String {
    let path = path.to_string();
    let mut field = if path == "." { String::new() } else { path };
    if message.starts_with("missing field") || message.starts_with("duplicate field") {
        let name = message.split('`').nth(1).unwrap_or_default();
        if !field.is_empty() {
            field.push('.');
        }
        field.push_str(name);
    }
    if field.chars().count() > LONGEST_FIELD {
        field = field.chars().take(LONGEST_FIELD).collect();
    }
    field
}

/// A problem whose own code is that of its one field; without a field it stands alone.
pub(super) fn problem(field: String, code: Code) -> Problem {
    let problem = Problem::new(code);
    if field.is_empty() { problem } else { problem.about(field, code) }
}
