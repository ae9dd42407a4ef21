//! Forms as data: each field with its label, what it holds and whether it is at fault. `templates/inputs.html` draws
//! them, so that every form of every page looks, reads and fails alike.
//!
//! A field's label is the text `<list>-<name>`; the problem of a form that was not taken is told above it, by field.

use std::collections::BTreeMap;
use std::str::FromStr;

use serde::Deserialize;
use shiryan_kernel::problem::Faults;
use shiryan_kernel::{Code, Problem, Result};

use super::{Choice, Say};
use crate::texts;

/// What a form sent, by the names of its fields. An empty field says nothing.
#[derive(Clone, Default, Deserialize)]
#[serde(transparent)]
pub struct Fields(BTreeMap<String, String>);

impl std::fmt::Debug for Fields {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[sealed]")
    }
}

impl Fields {
    /// A form filled in beforehand.
    #[must_use]
    pub fn of<const N: usize>(fields: [(&str, String); N]) -> Self {
        Self(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }

    pub fn set(&mut self, name: impl Into<String>, value: impl ToString) {
        self.0.insert(name.into(), value.to_string());
    }

    /// Every field and what stands in it.
    pub fn all(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The others.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.0.remove(name);
        self
    }

    /// What stands in a field, as it was sent.
    #[must_use]
    pub fn raw(&self, name: &str) -> &str {
        self.0.get(name).map(String::as_str).unwrap_or_default()
    }

    /// What stands in a field, without the spaces around it.
    #[must_use]
    pub fn written(&self, name: &str) -> &str {
        self.0.get(name).map(|text| text.trim()).unwrap_or_default()
    }

    /// The same; none of an empty one.
    #[must_use]
    pub fn said(&self, name: &str) -> Option<&str> {
        Some(self.written(name)).filter(|text| !text.is_empty())
    }

    /// Whether a box is ticked.
    #[must_use]
    pub fn is(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// The rest of each ticked name that begins so and a dot.
    pub fn ticked<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        let begin = format!("{name}.");
        self.0.keys().filter_map(move |key| key.strip_prefix(&begin))
    }

    /// A number, an id or a code; none of an empty field, a fault of one that is none. Arabic-Indic digits are digits.
    pub fn read<T: FromStr>(&self, faults: &mut Faults, name: &str) -> Option<T> {
        let text = self.said(name)?;
        let read = western(text).parse().map_err(|_| Problem::new(Code::InvalidValue));
        faults.keep(name, read)
    }

    /// The same of a field that must say something.
    pub fn need<T: FromStr>(&self, faults: &mut Faults, name: &str) -> Option<T> {
        if self.said(name).is_none() {
            faults.add(name, Code::MissingField);
            return None;
        }
        self.read(faults, name)
    }

    /// A field that a type of its own reads; none of an empty one.
    pub fn may<T>(&self, faults: &mut Faults, name: &str, parse: impl Fn(&str) -> Result<T>) -> Option<T> {
        self.said(name).and_then(|text| faults.keep(name, parse(text)))
    }

    /// Every box ticked under a name, as codes.
    pub fn codes<T: FromStr>(&self, faults: &mut Faults, name: &str) -> Vec<T> {
        let read = |code: &str| code.parse().map_err(|_| Problem::new(Code::InvalidValue));
        self.ticked(name).filter_map(|code| faults.keep(name, read(code))).collect()
    }
}

/// The text with Western digits.
#[must_use]
pub fn western(text: &str) -> String {
    let digit = |c: char| match c {
        '\u{660}'..='\u{669}' => char::from_digit(u32::from(c) - 0x660, 10),
        '\u{6F0}'..='\u{6F9}' => char::from_digit(u32::from(c) - 0x6F0, 10),
        '\u{66B}' => Some('.'),
        _ => None,
    };
    text.chars().map(|c| digit(c).unwrap_or(c)).collect()
}

/// What a field holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    Text {
        most: usize,
        is_code: bool,
    },
    /// Its limits, as they are shown beside it.
    Number {
        least: String,
        most: String,
    },
    Date,
    Time,
    Moment,
    Area,
    Tick,
    /// A list that opens; the first choice may be empty.
    Choice(Vec<Choice>),
    /// Boxes, each ticked by itself.
    Ticks(Vec<Choice>),
    /// Neither is chosen beforehand; with `since`, the day that a yes counts from, as it was written.
    YesNo {
        since: Option<String>,
    },
}

/// A field of a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input {
    pub name: String,
    pub label: String,
    pub kind: Kind,
    pub value: String,
    pub hint: Option<String>,
    pub is_needed: bool,
    pub is_wrong: bool,
}

impl Input {
    #[must_use]
    pub fn needed(self) -> Self {
        Self { is_needed: true, ..self }
    }

    #[must_use]
    pub fn hint(self, hint: String) -> Self {
        Self { hint: Some(hint), ..self }
    }

    /// With a label of its own.
    #[must_use]
    pub fn called(self, label: String) -> Self {
        Self { label, ..self }
    }
}

/// A part of a form under a heading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    pub legend: String,
    pub inputs: Vec<Input>,
}

/// What fields are made with: their words, what stands in them, and the problem of the form that was not taken.
#[derive(Debug, Clone, Copy)]
pub struct Sheet<'a> {
    pub say: Say,
    /// Labels are `<list>-<name>`.
    pub list: &'static str,
    pub fields: &'a Fields,
    pub problem: Option<&'a Problem>,
}

impl Sheet<'_> {
    fn input(&self, name: &str, kind: Kind) -> Input {
        let errors = self.problem.map(|problem| problem.errors.as_slice()).unwrap_or_default();
        let stem = stem(name);
        Input {
            name: name.to_owned(),
            label: self.say.word(self.list, stem),
            value: self.fields.written(name).to_owned(),
            is_wrong: errors.iter().any(|error| [name, stem].contains(&own(&error.field))),
            kind,
            hint: None,
            is_needed: false,
        }
    }

    #[must_use]
    pub fn line(&self, name: &str, most: usize) -> Input {
        self.input(name, Kind::Text { most, is_code: false })
    }

    /// A number or code, written from left to right.
    #[must_use]
    pub fn code(&self, name: &str, most: usize) -> Input {
        self.input(name, Kind::Text { most, is_code: true })
    }

    /// A number between two limits, which stand beside it.
    #[must_use]
    pub fn number(&self, name: &str, (least, most): (i32, i32)) -> Input {
        self.between(name, least, most)
    }

    /// The same with limits of any kind; an empty one is not shown.
    #[must_use]
    pub fn between(&self, name: &str, least: impl ToString, most: impl ToString) -> Input {
        self.input(name, Kind::Number { least: least.to_string(), most: most.to_string() })
    }

    #[must_use]
    pub fn date(&self, name: &str) -> Input {
        self.input(name, Kind::Date)
    }

    #[must_use]
    pub fn time(&self, name: &str) -> Input {
        self.input(name, Kind::Time)
    }

    #[must_use]
    pub fn area(&self, name: &str) -> Input {
        self.input(name, Kind::Area)
    }

    #[must_use]
    pub fn tick(&self, name: &str) -> Input {
        let value = if self.fields.is(name) { "on".to_owned() } else { String::new() };
        Input { value, ..self.input(name, Kind::Tick) }
    }

    #[must_use]
    pub fn yes_no(&self, name: &str) -> Input {
        self.input(name, Kind::YesNo { since: None }).needed()
    }

    /// A question whose yes counts from a day: `since.<name>`.
    #[must_use]
    pub fn yes_since(&self, name: &str) -> Input {
        let since = self.fields.written(&format!("since.{name}")).to_owned();
        self.input(name, Kind::YesNo { since: Some(since) }).needed()
    }

    /// A list that opens, of a closed list of words.
    #[must_use]
    pub fn words(&self, name: &str, list: &str, codes: impl Iterator<Item = &'static str>) -> Input {
        self.choice(name, Choice::words(self.say, list, codes, self.fields.written(name)))
    }

    #[must_use]
    pub fn choice(&self, name: &str, choices: Vec<Choice>) -> Input {
        self.input(name, Kind::Choice(choices))
    }

    /// Boxes of a closed list of words.
    #[must_use]
    pub fn boxes<'a>(&self, name: &str, list: &str, codes: impl IntoIterator<Item = &'a str>) -> Input {
        let choice = |code: &str| Choice {
            code: code.to_owned(),
            text: self.say.word(list, code),
            chosen: self.fields.is(&format!("{name}.{code}")),
        };
        self.input(name, Kind::Ticks(codes.into_iter().map(choice).collect()))
    }
}

/// The name of a field at fault on the form: `targets[0].units` is `targets`, `drive.from` is `from`.
fn own(field: &str) -> &str {
    let field = field.strip_prefix("drive.").or_else(|| field.strip_prefix("days.")).unwrap_or(field);
    field.split('[').next().unwrap_or(field)
}

/// The name before the first dot: `women.from` is labelled as `women`.
fn stem(name: &str) -> &str {
    name.split('.').next().unwrap_or(name)
}

/// What is said above a form, or a page, of a step that was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    pub title: String,
    pub details: Vec<String>,
}

impl Said {
    /// A problem in words; each field at fault by its label of `list`.
    #[must_use]
    pub fn of(say: Say, list: &str, problem: &Problem) -> Self {
        let whole = texts::problem(say.0, problem.code);
        let detail_of_all =
            (problem.errors.is_empty() || problem.code != Code::InvalidRequest).then_some(whole.detail);
        let detail = |error: &shiryan_kernel::problem::FieldError| {
            let field = own(&error.field);
            let label = say.word(list, stem(field));
            let what = texts::problem(say.0, error.code).title;
            if label.starts_with(list) { what } else { format!("{label}: {what}") }
        };
        Self {
            title: whole.title,
            details: detail_of_all.into_iter().chain(problem.errors.iter().map(detail)).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::texts::Lang;

    #[test]
    fn digits_of_either_kind_are_read() {
        let fields =
            Fields::of([("n", " ٣٠ ".to_owned()), ("x", "12,5".to_owned()), ("d", "١٢٫٥".to_owned())]);
        let mut faults = Faults::none();
        assert_eq!(fields.need::<i32>(&mut faults, "n"), Some(30));
        assert_eq!(fields.read::<f64>(&mut faults, "d"), Some(12.5));
        assert_eq!(fields.read::<i32>(&mut faults, "empty"), None);
        assert!(faults.settle().is_ok());
        let mut faults = Faults::none();
        assert_eq!(fields.read::<f64>(&mut faults, "x"), None);
        assert_eq!(fields.need::<i32>(&mut faults, "empty"), None);
        let told = faults.settle().unwrap_err();
        let told: Vec<_> = told.errors.iter().map(|error| (error.field.as_str(), error.code)).collect();
        assert_eq!(told, [("x", Code::InvalidValue), ("empty", Code::MissingField)]);
    }

    #[test]
    fn a_field_at_fault_is_marked_and_told_by_its_label() {
        let problem = Problem::field("drive.targets[2].units", Code::OutOfRange);
        assert_eq!(own("drive.targets[2].units"), "targets");
        let fields = Fields::default();
        let sheet =
            Sheet { say: Say(Lang::En), list: "request-field", fields: &fields, problem: Some(&problem) };
        assert!(sheet.line("targets", 9).is_wrong && !sheet.line("units", 9).is_wrong);
        let said = Said::of(Say(Lang::En), "request-field", &Problem::field("units", Code::OutOfRange));
        assert!(said.details[0].contains(": "), "{said:?}");
    }

    #[test]
    fn what_was_written_is_not_shown_to_a_log() {
        let fields = Fields::of([("name", "سر".to_owned())]);
        assert_eq!(format!("{fields:?}"), "[sealed]");
    }
}
