//! What a select offers.

use super::Say;

/// One value of a select.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    pub code: String,
    pub text: String,
    pub chosen: bool,
}

impl Choice {
    /// The values of a closed list in words.
    #[must_use]
    pub fn words(say: Say, list: &str, codes: impl Iterator<Item = &'static str>, chosen: &str) -> Vec<Self> {
        let choice =
            |code: &str| Self { code: code.to_owned(), text: say.word(list, code), chosen: code == chosen };
        codes.map(choice).collect()
    }
}
