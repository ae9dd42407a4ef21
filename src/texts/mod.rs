//! Every word that a person reads, in Arabic and English, from `locales/`.
//!
//! Ids are `area-thing-state`, `problem-<code>` and `reason-<code>`, codes with hyphens. No room
//! builds a sentence by joining pieces; one that needs a number or a name gives it as an argument.
//! Arguments are not wrapped in direction marks: pages isolate foreign text with `<bdi>`.

mod lang;

use std::{borrow::Cow, collections::HashMap};

use chrono::{Datelike, NaiveDate};
use fluent_templates::{Loader, static_loader};
use shiryan_kernel::Code;

pub use fluent_templates::fluent_bundle::FluentValue as Value;
pub use lang::Lang;

static_loader! {
    static LOCALES = {
        locales: "./locales",
        fallback_language: "ar",
        customise: |bundle| bundle.set_use_isolating(false),
    };
}

/// What a problem is called, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProblemText {
    pub title: String,
    pub detail: String,
}

/// The text `id` (or `id.attribute`) with its arguments; a text that English lacks comes in Arabic,
/// one that both lack is its own id, so that the gap is seen and nothing fails.
#[must_use]
pub fn say(lang: Lang, id: &str, args: &[(&'static str, Value<'_>)]) -> String {
    let found = if args.is_empty() {
        LOCALES.try_lookup(lang.id(), id)
    } else {
        let args: HashMap<Cow<'static, str>, Value<'_>> =
            args.iter().map(|(name, value)| (Cow::Borrowed(*name), value.clone())).collect();
        LOCALES.try_lookup_complete(lang.id(), id, Some(&args))
    };
    found.unwrap_or_else(|| id.to_owned())
}

/// Whether `lang` itself has the text, without falling back to the other.
#[must_use]
pub fn has(lang: Lang, id: &str) -> bool {
    match LOCALES.lookup_single_language::<&str>(lang.id(), id, None) {
        Ok(_) => true,
        // It is there, but wants its arguments; the error's type has no public name.
        Err(error) => error.to_string().starts_with("Fluent errors"),
    }
}

/// The words of a problem.
#[must_use]
pub fn problem(lang: Lang, code: Code) -> ProblemText {
    let id = coded("problem", code.code());
    ProblemText { title: say(lang, &id, &[]), detail: say(lang, &format!("{id}.detail"), &[]) }
}

/// The words of a reason of the rules (`eligibility` and others keep their codes).
#[must_use]
pub fn reason(lang: Lang, code: &str) -> String {
    say(lang, &coded("reason", code), &[])
}

/// The words of a value of a closed list: `word(lang, "component", "red_cells")`.
#[must_use]
pub fn word(lang: Lang, list: &str, code: &str) -> String {
    say(lang, &coded(list, code), &[])
}

/// Weekday and civil date, such as «الاثنين 23 تشرين الثاني 2026».
#[must_use]
pub fn day(lang: Lang, date: NaiveDate) -> String {
    let weekday = say(lang, &format!("weekday-{}", date.weekday().num_days_from_sunday()), &[]);
    let month = say(lang, &format!("month-{}", date.month()), &[]);
    let (day, year) = (date.day().to_string(), date.year().to_string());
    let args = [("weekday", weekday), ("day", day), ("month", month), ("year", year)];
    say(lang, "day-long", &args.map(|(name, value)| (name, Value::from(value))))
}

/// Day and month, such as «23 تشرين الثاني».
#[must_use]
pub fn short_day(lang: Lang, date: NaiveDate) -> String {
    let month = say(lang, &format!("month-{}", date.month()), &[]);
    say(lang, "day-short", &[("day", Value::from(date.day().to_string())), ("month", Value::from(month))])
}

/// Weekday and day of the month, such as «الاثنين 23».
#[must_use]
pub fn week_day(lang: Lang, date: NaiveDate) -> String {
    let weekday = say(lang, &format!("weekday-{}", date.weekday().num_days_from_sunday()), &[]);
    format!("{weekday} {}", date.day())
}

/// A foreign word for a text without markup: it keeps its own direction and leaves the one around it alone.
#[must_use]
pub fn isolated(word: &str) -> String {
    format!("\u{2068}{word}\u{2069}")
}

/// `problem` and `slot_full` make `problem-slot-full`: Fluent ids hold letters, digits and hyphens.
fn coded(kind: &str, code: &str) -> String {
    let mut id = String::with_capacity(kind.len() + 1 + code.len());
    id.push_str(kind);
    id.push('-');
    id.extend(code.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }));
    id
}

#[cfg(test)]
mod tests {
    use shiryan_kernel::{
        blood::{BloodGroup, Component, DonationType},
        place::{Governorate, Region},
    };

    use super::*;

    #[test]
    fn every_problem_has_its_words_in_both_languages() {
        for code in Code::ALL {
            let id = coded("problem", code.code());
            for lang in Lang::ALL.iter().copied() {
                assert!(has(lang, &id), "{lang:?} has no {id}");
                assert!(has(lang, &format!("{id}.detail")), "{lang:?} has no {id}.detail");
            }
            assert_ne!(problem(Lang::Ar, *code).title, problem(Lang::En, *code).title);
            assert!(!problem(Lang::Ar, *code).title.is_ascii());
            assert!(problem(Lang::En, *code).title.is_ascii());
        }
    }

    #[test]
    fn every_problem_has_a_line_in_the_docs() {
        let docs = include_str!("../../docs/problems.md");
        for code in Code::ALL {
            let lines = docs.lines().filter(|line| line.starts_with(&format!("| `{code}` | "))).count();
            assert_eq!(lines, 1, "docs/problems.md has {lines} lines for {code}");
        }
        assert_eq!(docs.lines().filter(|line| line.starts_with("| `")).count(), Code::ALL.len());
    }

    #[test]
    fn every_word_on_the_wire_can_be_said() {
        let mut ids = Vec::new();
        ids.extend(BloodGroup::ALL.iter().map(|x| coded("blood-group", x.code())));
        ids.extend(Component::ALL.iter().map(|x| coded("component", x.code())));
        ids.extend(DonationType::ALL.iter().map(|x| coded("donation-type", x.code())));
        ids.extend(Governorate::ALL.iter().map(|x| coded("governorate", x.code())));
        ids.extend(Region::ALL.iter().map(|x| coded("region", x.code())));
        for id in ids {
            for lang in Lang::ALL.iter().copied() {
                assert!(has(lang, &id), "{lang:?} has no {id}");
            }
        }
    }

    #[test]
    fn both_languages_have_the_same_ids() {
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/locales");
        let files = |lang: &str| {
            let entries = std::fs::read_dir(format!("{root}/{lang}")).unwrap();
            let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
            names.sort();
            names.into_iter().map(|name| name.into_string().unwrap()).collect::<Vec<_>>()
        };
        assert_eq!(files("ar"), files("en"));
        for file in files("ar") {
            let ids = |lang: &str| {
                let path = format!("{root}/{lang}/{file}");
                let text = std::fs::read_to_string(path).unwrap();
                text.lines()
                    .filter(|line| line.starts_with(|c: char| c.is_ascii_lowercase()))
                    .filter_map(|line| line.split_once(" =").map(|(id, _)| id.to_owned()))
                    .collect::<Vec<_>>()
            };
            assert_eq!(ids("ar"), ids("en"), "{file}");
            assert!(!ids("ar").is_empty(), "{file}");
        }
    }

    #[test]
    fn an_unknown_id_is_said_as_itself() {
        assert_eq!(say(Lang::En, "no-such-thing", &[]), "no-such-thing");
        assert_eq!(coded("reason", "P-HIV"), "reason-p-hiv");
    }

    #[test]
    fn the_words_that_are_avoided_do_not_come() {
        for lang in ["ar", "en"] {
            for entry in std::fs::read_dir(format!("{}/locales/{lang}", env!("CARGO_MANIFEST_DIR"))).unwrap()
            {
                let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
                for avoided in ["استدعاء", "تخلّف", "مُجازة", "فصادة"] {
                    assert!(!text.contains(avoided), "{lang}: {avoided}");
                }
            }
        }
    }
}
