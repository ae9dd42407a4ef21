//! Telephone numbers: one spelling to dial, one key to find.
//!
//! A Palestinian subscriber may be written under either country code, so both give the same number.
//! Numbering: mobiles 59 and 56, fixed lines of which the second digit is 2 (22, 42, 82, 92) under
//! +970; other mobiles of the 5 range and other fixed lines under +972 (residents of Jerusalem).

use super::{digits, is_gap};
use crate::problem::{Code, Problem, Result};

/// A telephone number in E.164.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Phone(String);
super::sealed_debug!(Phone);

impl Phone {
    /// Reads a national number (`0599123456`, `022951234`, or a mobile that lost its zero) or an
    /// international one (`+…`, `00…`, or 970 and 972 without either).
    ///
    /// # Errors
    /// `phone_invalid` for everything else.
    pub fn parse(text: &str) -> Result<Self> {
        read(text).map(Self).ok_or_else(|| Problem::new(Code::PhoneInvalid))
    }

    /// `+` and up to 15 digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What two spellings of one subscriber share: the national number (8 digits fixed, 9 mobile)
    /// here, E.164 with its plus sign abroad.
    #[must_use]
    pub fn key(&self) -> &str {
        self.0.strip_prefix("+970").or_else(|| self.0.strip_prefix("+972")).unwrap_or(&self.0)
    }
}

fn read(text: &str) -> Option<String> {
    let plain: String = digits(text).chars().filter(|c| !is_gap(*c)).collect();
    let (international, number) = match plain.strip_prefix('+').or_else(|| plain.strip_prefix("00")) {
        Some(number) => (true, number),
        None => (false, plain.as_str()),
    };
    if !(8..=15).contains(&number.len()) || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let here = number.strip_prefix("970").or_else(|| number.strip_prefix("972"));
    match (here, international) {
        (Some(national), true) => own(national.strip_prefix('0').unwrap_or(national)),
        (Some(national), false) if number.len() >= 11 => own(national),
        (None, true) => (!number.starts_with('0')).then(|| format!("+{number}")),
        (_, false) => match number.strip_prefix('0') {
            Some(national) => own(national),
            None if number.len() == 9 => own(number).filter(|_| number.starts_with('5')),
            None => None,
        },
    }
}

/// E.164 of a national number without its leading zero.
fn own(national: &str) -> Option<String> {
    let country = match (national.len(), national.as_bytes()) {
        (9, [b'5', b'6' | b'9', ..]) | (8, [b'2' | b'4' | b'8' | b'9', b'2', ..]) => "970",
        (9, [b'5', _, ..]) | (8, [b'2' | b'3' | b'4' | b'8' | b'9', b'3'..=b'9', ..]) => "972",
        _ => return None,
    };
    Some(format!("+{country}{national}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources;

    #[test]
    fn the_vectors_agree() {
        let Some(vectors) = sources::domain("vectors.json") else { return };
        for row in vectors["phones"].as_array().unwrap() {
            let phone = Phone::parse(row["input"].as_str().unwrap()).unwrap();
            assert_eq!(phone.as_str(), row["e164"].as_str().unwrap());
            assert_eq!(phone.key(), row["key"].as_str().unwrap());
        }
    }

    #[test]
    fn spellings_of_one_subscriber_share_number_and_key() {
        for text in
            ["0599123456", "599123456", "970599123456", "+970 (0)599 123-456", "00972599123456", "۰۵۹۹۱۲۳۴۵۶"]
        {
            assert_eq!(Phone::parse(text).unwrap().as_str(), "+970599123456", "{text}");
        }
        assert_eq!(Phone::parse("026281234").unwrap().as_str(), "+97226281234");
    }

    #[test]
    fn a_number_abroad_never_shares_a_key_with_one_here() {
        // +599 is another country's code; its digits are those of a mobile here.
        let abroad = Phone::parse("+599123456").unwrap();
        assert_eq!(abroad.key(), "+599123456");
        assert_eq!(Phone::parse("+962791234567").unwrap().key(), "+962791234567");
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for text in [
            "",
            "0",
            "059912345",
            "05991234567",
            "+",
            "+0599123456",
            "++970599123456",
            "0599-CALL",
            "22951234",
            "+9705991234567",
            "0799123456",
            "101",
            "\u{202d}0599123456\u{202c}",
            "+1234567890123456",
        ] {
            assert_eq!(Phone::parse(text).unwrap_err().code, Code::PhoneInvalid, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn a_parsed_number_parses_to_itself(text in "\\PC{0,20}|[+0]{0,2}(970|972)?[0-9 ٠-٩-]{7,14}") {
            if let Ok(phone) = Phone::parse(&text) {
                proptest::prop_assert_eq!(&Phone::parse(phone.as_str()).unwrap(), &phone);
            }
        }
    }
}
