//! One part of a person's name: own, father's, grandfather's or family name.

use unicode_normalization::UnicodeNormalization;

use super::is_hidden;
use crate::problem::{Code, Problem, Result};

const LONGEST: usize = 60;
/// Vowel signs and accents that may stand on one letter after composing.
const MARKS_ON_A_LETTER: usize = 3;

/// A name part of 1 to 60 characters in one script: letters, single spaces, hyphens, apostrophes.
/// Stored in compatibility form (NFKC), which turns the presentation forms of old systems back into
/// letters.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PersonName(String);
super::sealed_debug!(PersonName);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Script {
    Arabic,
    Latin,
    Hebrew,
    Greek,
    Cyrillic,
    Armenian,
}

impl PersonName {
    /// # Errors
    /// `name_invalid` for an empty or too long part, digits, signs, letters of two scripts, and
    /// everything that cannot be seen.
    pub fn parse(text: &str) -> Result<Self> {
        Self::read(text).ok_or_else(|| Problem::new(Code::NameInvalid))
    }

    /// A part in Latin letters, beside the one in the person's own script.
    ///
    /// # Errors
    /// As [`Self::parse`]; `name_invalid` for another script too.
    pub fn parse_latin(text: &str) -> Result<Self> {
        let latin = |name: &Self| name.0.chars().filter_map(script_of).all(|script| script == Script::Latin);
        Self::read(text).filter(latin).ok_or_else(|| Problem::new(Code::NameInvalid))
    }

    fn read(text: &str) -> Option<Self> {
        if text.len() > LONGEST * 12 || text.chars().any(is_hidden) {
            return None;
        }
        let composed: String = text.nfkc().map(plain_sign).collect();
        let name = composed.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
        let sound = !name.is_empty() && name.chars().count() <= LONGEST && is_name(&name);
        sound.then_some(Self(name))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Hyphens and apostrophes of many keyboards as one each.
const fn plain_sign(c: char) -> char {
    match c {
        '\u{2010}'..='\u{2013}' | '\u{2212}' => '-',
        '\u{2018}' | '\u{2019}' | '\u{2bc}' | '\u{2bb}' | '\u{2be}' | '\u{2bf}' | '`' | '\u{b4}' => '\'',
        other => other,
    }
}

fn is_name(name: &str) -> bool {
    let mut script = None;
    let mut marks = 0;
    let mut before = ' ';
    for c in name.chars() {
        if is_mark(c) {
            marks += 1;
            let on_a_letter = before.is_alphabetic() || is_mark(before);
            if !on_a_letter || marks > MARKS_ON_A_LETTER {
                return false;
            }
        } else if let Some(of) = script_of(c) {
            marks = 0;
            if *script.get_or_insert(of) != of {
                return false;
            }
        } else {
            marks = 0;
            let apart = !(before == ' ' || before == '-');
            if !(c == '\'' || c == ' ' || c == '-' && apart) {
                return false;
            }
            if c == ' ' && before == '-' {
                return false;
            }
        }
        before = c;
    }
    script.is_some() && before != '-'
}

/// Vowel signs of Arabic, points of Hebrew, accents that no composed letter holds.
const fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{33f}' | '\u{5b0}'..='\u{5bd}' | '\u{5c1}' | '\u{5c2}'
        | '\u{64b}'..='\u{655}' | '\u{670}')
}

fn script_of(c: char) -> Option<Script> {
    if !c.is_alphabetic() {
        return None;
    }
    match c {
        '\u{620}'..='\u{6d3}' | '\u{6d5}' | '\u{6ee}'..='\u{6ff}' | '\u{750}'..='\u{77f}' => {
            Some(Script::Arabic)
        }
        'A'..='Z' | 'a'..='z' | '\u{c0}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}' => Some(Script::Latin),
        '\u{5d0}'..='\u{5ea}' => Some(Script::Hebrew),
        '\u{370}'..='\u{3ff}' | '\u{1f00}'..='\u{1fff}' => Some(Script::Greek),
        '\u{400}'..='\u{52f}' => Some(Script::Cyrillic),
        '\u{531}'..='\u{587}' => Some(Script::Armenian),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_latin_part_is_latin() {
        for good in ["Layla", "Abu-Ali", "ʿAbd al-Raḥmān"] {
            assert!(PersonName::parse_latin(good).is_ok(), "{good}");
        }
        for bad in ["ليلى", "Лайла", "", "Layla ليلى", "L4"] {
            assert_eq!(PersonName::parse_latin(bad).unwrap_err().code, Code::NameInvalid, "{bad}");
        }
    }

    #[test]
    fn names_of_the_country_are_read() {
        for (typed, kept) in [
            ("  عبد   الله ", "عبد الله"),
            ("أبو عليّ", "أبو عليّ"),
            ("محمّـــد", "محمّـــد"),
            ("ﻣﺤﻤﺪ", "محمد"),
            ("O’Brien", "O'Brien"),
            ("Abu‑Ali", "Abu-Ali"),
            ("Sana'", "Sana'"),
            ("ʿAbd al-Raḥmān", "'Abd al-Raḥmān"),
            ("Jose\u{301}", "José"),
            ("לוי", "לוי"),
        ] {
            assert_eq!(PersonName::parse(typed).unwrap().as_str(), kept, "{typed:?}");
        }
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for text in [
            "",
            "   ",
            "'",
            "-",
            "-ali",
            "ali-",
            "a - b",
            "a--b",
            "Ali3",
            "علي٣",
            "علي۳",
            "a@b",
            "=cmd",
            "+x",
            "x\0",
            "a\tb",
            "a\nb",
            "\u{202e}ilA",
            "A\u{200b}li",
            "عل\u{200d}ي",
            "\u{feff}علي",
            "Аli",
            "محمدAli",
            "\u{64b}علي",
            "😀",
            "a;b",
            "<b>",
            "\u{301}a",
            "a\u{301}\u{302}\u{303}\u{304}\u{305}",
            "\u{e000}",
        ] {
            assert_eq!(PersonName::parse(text).unwrap_err().code, Code::NameInvalid, "{text:?}");
        }
        assert!(PersonName::parse(&"ع".repeat(60)).is_ok());
        assert!(PersonName::parse(&"ع".repeat(61)).is_err());
        assert!(PersonName::parse(&"ﷺ".repeat(60)).is_err());
    }

    proptest! {
        #[test]
        fn a_parsed_name_parses_to_itself(
            text in prop_oneof![any::<String>(), "[ء-ي ً-ْa-zA-Zé'’-]{0,20}", "[\u{600}-\u{6ff}\u{fb50}-\u{feff}]{0,8}"],
        ) {
            if let Ok(name) = PersonName::parse(&text) {
                prop_assert_eq!(&PersonName::parse(name.as_str()).unwrap(), &name);
            }
        }
    }
}
