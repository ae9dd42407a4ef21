//! The nine-digit identity number.

use super::{digits, is_gap};
use crate::problem::{Code, Problem, Result};

/// Nine digits. A check digit that does not agree is a warning for a second person, never a refusal:
/// older and temporary numbers do not follow it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NationalId(String);
super::sealed_debug!(NationalId);

impl NationalId {
    /// Reads nine digits of any of the three scripts, with spaces or hyphens between.
    ///
    /// # Errors
    /// `national_id_invalid` for any other length or character, and for nine zeros.
    pub fn parse(text: &str) -> Result<Self> {
        let plain: String = digits(text).chars().filter(|c| !is_gap(*c)).collect();
        let nine = plain.len() == 9 && plain.bytes().all(|byte| byte.is_ascii_digit());
        if nine && plain != "000000000" {
            Ok(Self(plain))
        } else {
            Err(Problem::new(Code::NationalIdInvalid))
        }
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the check digit agrees: weights 1 and 2 in turn from the left, digits of each product
    /// summed, modulo 10.
    #[must_use]
    pub fn check_agrees(&self) -> bool {
        let sum: u32 = self
            .0
            .chars()
            .filter_map(|c| c.to_digit(10))
            .zip([1, 2].into_iter().cycle())
            .map(|(digit, weight)| digit * weight)
            .map(|product| product / 10 + product % 10)
            .sum();
        sum.is_multiple_of(10)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources;

    #[test]
    fn the_vectors_agree() {
        let Some(vectors) = sources::domain("vectors.json") else { return };
        for text in vectors["ps_id_valid"].as_array().unwrap() {
            assert!(NationalId::parse(text.as_str().unwrap()).unwrap().check_agrees(), "{text}");
        }
        for text in vectors["ps_id_invalid"].as_array().unwrap() {
            let agrees = NationalId::parse(text.as_str().unwrap()).is_ok_and(|id| id.check_agrees());
            assert!(!agrees, "{text}");
        }
    }

    #[test]
    fn form_refuses_and_check_only_warns() {
        assert_eq!(NationalId::parse("٤٠٠-١٢٣ ٤٥١").unwrap().as_str(), "400123451");
        assert_eq!(NationalId::parse("۴۰۰۱۲۳۴۵۱").unwrap().as_str(), "400123451");
        assert!(!NationalId::parse("400123450").unwrap().check_agrees());
        for text in
            ["", "12345678", "1234567890", "00000000A", "000000000", "+40012345", "４００１２３４５１"]
        {
            assert_eq!(NationalId::parse(text).unwrap_err().code, Code::NationalIdInvalid, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn a_parsed_number_parses_to_itself(text in "\\PC{0,14}|[0-9٠-٩ -]{8,13}") {
            if let Ok(id) = NationalId::parse(&text) {
                proptest::prop_assert_eq!(&NationalId::parse(id.as_str()).unwrap(), &id);
            }
        }
    }
}
