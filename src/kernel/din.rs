//! The donation identification number of ISBT 128: 13 characters that name one donation.
//!
//! A facility's five characters, two of the year, six of a sequence. The check character and the flags
//! are not part of it: they are compared when they come with it and then dropped. A number is scanned
//! or typed, never guessed: lower case and any wrong check are refused.

use diesel::sql_types::Text;

use crate::problem::{Code, Problem, Result};

const LENGTH: usize = 13;
const FIN_LENGTH: usize = 5;
const CHECK_CHARACTERS: &[u8; 37] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ*";

/// A facility that exists nowhere, until the national blood bank's own is configured.
pub const FICTITIOUS_FIN: &str = "A9999";

/// A donation identification number without its check character.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    diesel::expression::AsExpression,
    diesel::deserialize::FromSqlRow,
)]
#[diesel(sql_type = Text)]
pub struct Din([u8; LENGTH]);

spelled!(Din, "a donation identification number of 13 characters");

impl Din {
    /// Reads 13 characters, 14 with the check character (spaces between allowed), or the bar code: `=`,
    /// the number, two flag digits. Flags of type 3 (60 to 96) hold the check and are compared; flags
    /// of the other types (00 to 59) say nothing of it.
    ///
    /// # Errors
    /// `din_invalid` for any other form, and for a check that does not agree.
    pub fn parse(text: &str) -> Result<Self> {
        Self::read(text).ok_or_else(|| Problem::new(Code::DinInvalid))
    }

    /// Builds a number from a facility (five characters), the year's last two digits and a sequence.
    ///
    /// # Errors
    /// `din_invalid` when a part does not fit its width.
    pub fn compose(fin: &str, year: u32, sequence: u32) -> Result<Self> {
        if fin.len() != FIN_LENGTH || year > 99 || sequence > 999_999 {
            return Err(Problem::new(Code::DinInvalid));
        }
        Self::parse(&format!("{fin}{year:02}{sequence:06}"))
    }

    fn read(text: &str) -> Option<Self> {
        let text = text.trim_matches(' ');
        if let Some(scanned) = text.strip_prefix('=') {
            let (number, flags) = scanned.split_at_checked(LENGTH)?;
            let din = Self::bare(number)?;
            let all_digits = flags.len() == 2 && flags.bytes().all(|byte| byte.is_ascii_digit());
            let agrees = match flags.parse::<u8>().ok().filter(|_| all_digits)? {
                0..60 => true,
                flags @ 60..=96 => flags == din.flags(),
                _ => false,
            };
            return agrees.then_some(din);
        }
        let plain: String = text.chars().filter(|c| *c != ' ').collect();
        let (number, check) = plain.split_at_checked(LENGTH)?;
        let din = Self::bare(number)?;
        let mut check = check.chars();
        match (check.next(), check.next()) {
            (None, _) => Some(din),
            (Some(given), None) if given == din.check_character() => Some(din),
            _ => None,
        }
    }

    fn bare(number: &str) -> Option<Self> {
        let bytes: [u8; LENGTH] = number.as_bytes().try_into().ok()?;
        let [facility, rest @ ..] = &bytes;
        let facility_ok = matches!(facility, b'1'..=b'9' | b'A'..=b'N' | b'P'..=b'Z');
        (facility_ok && rest.iter().all(u8::is_ascii_digit)).then_some(Self(bytes))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        // Holds ASCII alone, so the empty text never comes.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// The facility's five characters.
    #[must_use]
    pub fn fin(&self) -> &str {
        self.as_str().get(..FIN_LENGTH).unwrap_or_default()
    }

    /// The year's last two digits, and the sequence within it.
    #[must_use]
    pub fn year_and_sequence(&self) -> (u32, u32) {
        let number = |range: std::ops::Range<usize>| {
            self.as_str().get(range).and_then(|digits| digits.parse().ok()).unwrap_or(0)
        };
        (number(5..7), number(7..LENGTH))
    }

    /// The character that people compare by eye.
    #[must_use]
    pub fn check_character(&self) -> char {
        let place = check_value(self.as_str()).map_or(0, usize::from);
        CHECK_CHARACTERS.get(place).copied().map_or('*', char::from)
    }

    /// The flags of type 3: 60 and the check's value.
    #[must_use]
    pub fn flags(&self) -> u8 {
        60 + check_value(self.as_str()).unwrap_or(0)
    }

    /// The bar code's content, 16 characters with flags of type 3.
    #[must_use]
    pub fn barcode(&self) -> String {
        format!("={}{:02}", self.as_str(), self.flags())
    }

    /// As printed beside the bar code: facility, year, sequence, check character.
    #[must_use]
    pub fn printed(&self) -> String {
        let text = self.as_str();
        let part = |range: std::ops::Range<usize>| text.get(range).unwrap_or_default();
        format!("{} {} {} {}", part(0..5), part(5..7), part(7..13), self.check_character())
    }
}

/// The check value of any text of digits and capitals, 0 to 36 (modulo 37, weights by doubling);
/// none when another character is in it. ISBT 128 Standard Technical Specification, appendix A.
#[must_use]
pub fn check_value(text: &str) -> Option<u8> {
    let mut sum: u32 = 0;
    for byte in text.bytes() {
        let value = CHECK_CHARACTERS.iter().position(|known| *known == byte)?;
        sum = (sum + u32::try_from(value).ok()?) * 2 % 37;
    }
    u8::try_from((38 - sum) % 37).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources;
    use proptest::prelude::*;

    #[test]
    fn transposed_digits_are_caught() {
        let din = Din::parse("A999926123456T").unwrap();
        assert_eq!((din.check_character(), din.flags()), ('T', 89));
        assert!(Din::parse("A999926132456T").is_err());
        assert!(Din::parse("=A99992613245689").is_err());
        assert_eq!(din.printed(), "A9999 26 123456 T");
        assert_eq!(Din::parse(&din.printed()).unwrap(), din);
    }

    #[test]
    fn other_flags_are_carried_without_a_check() {
        for flags in ["00", "01", "59"] {
            assert!(Din::parse(&format!("=A999926123456{flags}")).is_ok(), "{flags}");
        }
        for flags in ["97", "99", "+1", "8", "899", "", "٨٩"] {
            assert!(Din::parse(&format!("=A999926123456{flags}")).is_err(), "{flags}");
        }
    }

    #[test]
    fn parts_are_composed_and_bounded() {
        let din = Din::compose(FICTITIOUS_FIN, 26, 17).unwrap();
        assert_eq!(din.as_str(), "A999926000017");
        assert_eq!(din.fin(), FICTITIOUS_FIN);
        assert!(Din::compose("A999", 26, 17).is_err());
        assert!(Din::compose("A9999", 100, 17).is_err());
        assert!(Din::compose("A9999", 26, 1_000_000).is_err());
    }

    #[test]
    fn the_vectors_agree() {
        let Some(vectors) = sources::domain("vectors.json") else { return };
        for row in vectors["din"].as_array().unwrap() {
            let text = row["din"].as_str().unwrap();
            let check = row["check"].as_str().unwrap();
            let barcode = row["barcode"].as_str().unwrap();
            let din = Din::parse(text).unwrap();
            assert_eq!(din.check_character().to_string(), check, "{text}");
            assert_eq!(u64::from(check_value(text).unwrap()), row["value"].as_u64().unwrap(), "{text}");
            assert_eq!(din.flags().to_string(), row["flags3"].as_str().unwrap(), "{text}");
            assert_eq!(din.barcode(), barcode);
            assert_eq!(Din::parse(barcode).unwrap(), din);
            assert_eq!(Din::parse(&format!("{text}{check}")).unwrap(), din);
        }
        for row in vectors["check_only"].as_array().unwrap() {
            let value = check_value(row["din"].as_str().unwrap()).unwrap();
            assert_eq!(u64::from(value), row["value"].as_u64().unwrap());
            assert_eq!((60 + value).to_string(), row["flags3"].as_str().unwrap());
        }
        for text in vectors["din_invalid"].as_array().unwrap() {
            let text = text.as_str().unwrap();
            assert_eq!(Din::parse(text).unwrap_err().code, Code::DinInvalid, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,20}", flags in "=?[A-Z0-9]{13}\\PC{0,3}") {
            let _ = Din::parse(&text);
            let _ = Din::parse(&flags);
        }

        #[test]
        fn one_wrong_digit_is_always_caught(
            year in 0u32..100, sequence in 0u32..1_000_000, place in 1usize..13, step in 1u8..10,
        ) {
            let din = Din::compose(FICTITIOUS_FIN, year, sequence).unwrap();
            let mut wrong = din.as_str().as_bytes().to_vec();
            wrong[place] = b'0' + (wrong[place] - b'0' + step) % 10;
            let text = format!("{}{}", String::from_utf8(wrong).unwrap(), din.check_character());
            prop_assert!(Din::parse(&text).is_err());
        }
    }
}
