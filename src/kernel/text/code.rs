//! Codes that an administration gives: service numbers of persons, codes of units and facilities.

use diesel::sql_types::Text;

use super::digits;
use crate::problem::{Code, Problem, Result};

const LONGEST_SERVICE_NUMBER: usize = 20;
const LONGEST_CODE: usize = 32;

/// A service number: 1 to 20 capitals, digits and hyphens, the first no hyphen. Personal.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServiceNumber(String);
super::sealed_debug!(ServiceNumber);

impl ServiceNumber {
    /// Reads letters of either case and digits of any of the three scripts.
    ///
    /// # Errors
    /// `out_of_range` when it is longer than 20, `invalid_value` for every other character.
    pub fn parse(text: &str) -> Result<Self> {
        let plain = digits(text.trim_matches(' ')).to_ascii_uppercase();
        spell(plain, LONGEST_SERVICE_NUMBER, |byte| byte == b'-').map(Self)
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The code of a unit or a facility: `[A-Z0-9][A-Z0-9._-]{0,31}`. Not personal.
#[derive(
    Debug,
    Clone,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    diesel::expression::AsExpression,
    diesel::deserialize::FromSqlRow,
)]
#[diesel(sql_type = Text)]
pub struct ShortCode(String);

spelled!(ShortCode, "a code of capitals, digits, dots, hyphens and low lines, at most 32");

impl ShortCode {
    /// Reads letters of either case.
    ///
    /// # Errors
    /// `out_of_range` when it is longer than 32, `invalid_value` for every other character.
    pub fn parse(text: &str) -> Result<Self> {
        let plain = text.trim_matches(' ').to_ascii_uppercase();
        spell(plain, LONGEST_CODE, |byte| b"._-".contains(&byte)).map(Self)
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn spell(plain: String, longest: usize, sign: fn(u8) -> bool) -> Result<String> {
    let begins = plain.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric());
    if !begins || !plain.bytes().all(|byte| byte.is_ascii_alphanumeric() || sign(byte)) {
        return Err(Problem::new(Code::InvalidValue));
    }
    if plain.len() > longest {
        return Err(Problem::new(Code::OutOfRange));
    }
    Ok(plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn case_and_script_of_digits_do_not_matter() {
        assert_eq!(ServiceNumber::parse(" n-١٧ ").unwrap().as_str(), "N-17");
        assert_eq!(ShortCode::parse("bn-3.a_1").unwrap().as_str(), "BN-3.A_1");
    }

    #[test]
    fn other_characters_and_lengths_are_refused() {
        for text in ["", "-1", "=1", "N 17", "N_17", "ن17", "N\u{200b}17"] {
            assert_eq!(ServiceNumber::parse(text).unwrap_err().code, Code::InvalidValue, "{text}");
        }
        for text in ["", ".A", "_A", "A B", "ك1", "A/B", "A\n", "١"] {
            assert_eq!(ShortCode::parse(text).unwrap_err().code, Code::InvalidValue, "{text}");
        }
        assert!(ServiceNumber::parse(&"1".repeat(20)).is_ok());
        assert_eq!(ServiceNumber::parse(&"1".repeat(21)).unwrap_err().code, Code::OutOfRange);
        assert!(ShortCode::parse(&"A".repeat(32)).is_ok());
        assert_eq!(ShortCode::parse(&"A".repeat(33)).unwrap_err().code, Code::OutOfRange);
    }

    proptest! {
        #[test]
        fn parsed_codes_parse_to_themselves(text in "\\PC{0,24}|[a-z0-9٠-٩._-]{1,36}") {
            if let Ok(number) = ServiceNumber::parse(&text) {
                prop_assert_eq!(&ServiceNumber::parse(number.as_str()).unwrap(), &number);
            }
            if let Ok(code) = ShortCode::parse(&text) {
                prop_assert_eq!(&ShortCode::parse(code.as_str()).unwrap(), &code);
            }
        }
    }
}
