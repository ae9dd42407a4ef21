//! Free text of a bounded length, on one line or several.

use unicode_normalization::UnicodeNormalization;

use super::is_hidden;
use crate::problem::{Code, Problem, Result};

/// Free text of 1 to `MAX` characters (NFC), trimmed; `LINES` says whether it may break lines.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PlainText<const MAX: usize, const LINES: bool = false>(String);

/// Free text of several lines.
pub type Note<const MAX: usize> = PlainText<MAX, true>;

impl<const MAX: usize, const LINES: bool> PlainText<MAX, LINES> {
    /// # Errors
    /// `bad_text` when nothing is left after trimming or when something cannot be seen;
    /// `out_of_range` when it is longer than `MAX` characters.
    pub fn parse(text: &str) -> Result<Self> {
        // Composing can shorten a text to a third at most; what is longer than that is not looked at.
        if text.len() > MAX.saturating_mul(4).saturating_mul(3) {
            return Err(Problem::new(Code::OutOfRange));
        }
        let text = if LINES { text.replace("\r\n", "\n") } else { text.to_owned() };
        if text.chars().any(|c| is_hidden(c) && !(LINES && c == '\n')) {
            return Err(Problem::new(Code::BadText));
        }
        let text: String = text.trim().nfc().collect();
        if text.is_empty() {
            return Err(Problem::new(Code::BadText));
        }
        if text.chars().count() > MAX {
            return Err(Problem::new(Code::OutOfRange));
        }
        Ok(Self(text))
    }

    /// An empty field is no text.
    ///
    /// # Errors
    /// As [`Self::parse`].
    pub fn optional(text: &str) -> Result<Option<Self>> {
        if text.trim_matches(' ').is_empty() { Ok(None) } else { Self::parse(text).map(Some) }
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    #[must_use]
    pub fn into_string(self) -> String {
        self.0
    }
}

impl<const MAX: usize, const LINES: bool> std::fmt::Debug for PlainText<MAX, LINES> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[sealed]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type Line = PlainText<10>;

    #[test]
    fn lengths_are_of_characters() {
        assert_eq!(Line::parse("  قطاف زيت ").unwrap().as_str(), "قطاف زيت");
        assert_eq!(Line::parse(&"ز".repeat(10)).unwrap().as_str().chars().count(), 10);
        assert_eq!(Line::parse(&"ز".repeat(11)).unwrap_err().code, Code::OutOfRange);
        assert_eq!(Line::parse(&"x".repeat(100_000)).unwrap_err().code, Code::OutOfRange);
    }

    #[test]
    fn what_is_not_seen_is_refused() {
        for text in [
            "",
            "  ",
            "a\0b",
            "a\u{202e}b",
            "a\u{200b}b",
            "\u{feff}a",
            "a\tb",
            "a\nb",
            "a\u{2028}b",
            "\u{fffd}",
        ] {
            assert_eq!(Line::parse(text).unwrap_err().code, Code::BadText, "{text:?}");
        }
        assert_eq!(Note::<10>::parse("a\r\nb").unwrap().as_str(), "a\nb");
        assert!(Note::<10>::parse("a\rb").is_err());
    }

    #[test]
    fn an_empty_field_is_no_text() {
        assert_eq!(Line::optional("  ").unwrap(), None);
        assert!(Line::optional("\u{200b}").is_err());
    }

    proptest! {
        #[test]
        fn parsed_text_parses_to_itself(text in any::<String>()) {
            if let Ok(parsed) = PlainText::<40>::parse(&text) {
                prop_assert_eq!(&PlainText::<40>::parse(parsed.as_str()).unwrap(), &parsed);
            }
            if let Ok(parsed) = Note::<40>::parse(&text) {
                prop_assert_eq!(&Note::<40>::parse(parsed.as_str()).unwrap(), &parsed);
            }
        }
    }
}
