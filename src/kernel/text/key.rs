//! The key by which names are found: one spelling for all that a clerk might type.
//!
//! Keys only gather candidates. Nobody is taken for somebody else by a key.

use unicode_normalization::UnicodeNormalization;

use super::digit;

/// The search key of a name: compatibility form without vowel signs, tatweel, hamza and accents; one
/// form of alef, yeh, heh, kaf and waw (Lucene's `ArabicNormalizer`, and the Persian letters); ASCII
/// digits; lower case; `عبد ال…`, `أبو …` joined and `ابن` as `بن`; words with one space between.
#[must_use]
pub fn name_key(text: &str) -> String {
    let lowered: String = text.nfkd().flat_map(char::to_lowercase).collect();
    // Marks that a dropped character kept apart come in their order.
    let folded: String = lowered.nfkd().filter_map(fold).nfkd().collect();
    let mut key = String::with_capacity(folded.len());
    let mut open = String::new();
    for word in folded.split(' ').filter(|word| !word.is_empty()) {
        let word = if word == "ابن" { "بن" } else { word };
        if !joins(&open, word) {
            put(&mut key, &open);
            open.clear();
        }
        open.push_str(word);
    }
    put(&mut key, &open);
    key
}

/// The search key of a family name, found with and without its article: `الخطيب` as `خطيب`.
#[must_use]
pub fn family_key(text: &str) -> String {
    let key = name_key(text);
    match key.strip_prefix("ال") {
        Some(rest) if rest.chars().count() >= 2 => rest.to_owned(),
        _ => key,
    }
}

/// Whether the open word takes the next one into itself.
fn joins(open: &str, next: &str) -> bool {
    let last = open.trim_start_matches("ابو");
    !open.is_empty() && (last.is_empty() || last == "عبد" && next.starts_with("ال"))
}

fn put(key: &mut String, word: &str) {
    if !key.is_empty() && !word.is_empty() {
        key.push(' ');
    }
    key.push_str(word);
}

fn fold(c: char) -> Option<char> {
    match c {
        // tatweel, hamza, vowel signs, marks of recitation, accents, apostrophes
        '\u{640}'
        | '\u{621}'
        | '\u{610}'..='\u{61a}'
        | '\u{64b}'..='\u{65f}'
        | '\u{670}'
        | '\u{674}'
        | '\u{6d6}'..='\u{6ed}'
        | '\u{300}'..='\u{36f}'
        | '\u{2b0}'..='\u{2ff}'
        | '\''
        | '\u{2018}'
        | '\u{2019}'
        | '`' => None,
        '\u{671}'..='\u{673}' => Some('ا'),
        'ى' | '\u{6cc}' | '\u{6cd}' | '\u{6d0}' | '\u{6d2}' => Some('ي'),
        'ة' | '\u{6be}' | '\u{6c1}' | '\u{6c3}' | '\u{6d5}' => Some('ه'),
        '\u{6a9}' | '\u{6aa}' => Some('ك'),
        '\u{6c6}' | '\u{6c7}' | '\u{6cb}' => Some('و'),
        'ı' => Some('i'),
        other if super::is_hidden(other) => None,
        other if other.is_alphanumeric() => Some(digit(other)),
        _ => Some(' '),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources;
    use proptest::prelude::*;

    #[test]
    fn the_vectors_agree() {
        let Some(vectors) = sources::domain("vectors.json") else { return };
        for (typed, key) in vectors["name_keys"].as_object().unwrap() {
            assert_eq!(name_key(typed), key.as_str().unwrap(), "{typed}");
        }
    }

    #[test]
    fn spellings_of_one_name_share_a_key() {
        for same in [
            &["أبو علي", "ابوعلي", "ابو على", "أبو  عليّ"][..],
            &["عبد الرحمن", "عبدالرحمٰن", "عبد‌الرحمن"],
            &["مؤمن", "مومن"],
            &["ابن سينا", "بن سينا", "إبن سينا"],
            &["کریم", "كريم", "ﻛﺮﻳﻢ"],
            &["فاطمة", "فاطمه", "فاطمۃ"],
            &["José", "jose", "JOSE\u{301}"],
            &["al-Ra'i", "Al Rai", "AL‑RA’I"],
            &["أبو عبد الله", "ابوعبدالله", "ابو عبدالله"],
            // Marks come in their order, whatever stood between them.
            &["s\u{739}'\u{736}", "s\u{736}\u{739}"],
        ] {
            let keys: Vec<String> = same.iter().map(|name| name_key(name)).collect();
            assert!(keys.iter().all(|key| *key == keys[0]), "{keys:?}");
        }
        assert_ne!(name_key("معبد الخالدي"), name_key("معبدالخالدي"));
        assert_ne!(name_key("محمد"), name_key("محمود"));
    }

    #[test]
    fn families_are_found_without_their_article() {
        assert_eq!(family_key("الخطيب"), family_key("خطيب"));
        assert_eq!(family_key("آل ياسين"), "ال ياسين".strip_prefix("ال").unwrap());
        assert_eq!(family_key("ال"), "ال");
    }

    proptest! {
        #[test]
        fn a_key_is_its_own_key(text in prop_oneof![any::<String>(), "(ابو |أبو |عبد |ال|ابن |علي ?|الله ?){0,6}"]) {
            let key = name_key(&text);
            prop_assert_eq!(name_key(&key), key);
        }
    }
}
