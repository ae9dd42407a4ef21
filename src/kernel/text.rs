//! Text that people type: names, phones, numbers. Parsed at the door, trusted after.
//!
//! Control characters, direction marks and characters without width are refused everywhere: they make
//! two different texts look alike, or a text read otherwise than it is stored. Personal texts print
//! `[sealed]` for `Debug` and have no `Display`: to open one is to write `as_str()`.

mod code;
mod email;
mod key;
mod name;
mod national_id;
mod phone;
mod plain;
mod skeleton;

pub use code::{ServiceNumber, ShortCode};
pub use email::Email;
pub use key::{family_key, name_key};
pub use name::PersonName;
pub use national_id::NationalId;
pub use phone::Phone;
pub use plain::{Note, PlainText};
pub use skeleton::name_skeleton;

/// `Debug` that shows nothing.
macro_rules! sealed_debug {
    ($($name:ident),+) => {$(
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("[sealed]")
            }
        }
    )+};
}
use sealed_debug;

/// Arabic-Indic (٠ to ٩) and Persian (۰ to ۹) digits as ASCII; everything else as it is.
#[must_use]
pub fn digits(text: &str) -> String {
    text.chars().map(digit).collect()
}

fn digit(c: char) -> char {
    let from = |zero: char| u32::from(c).checked_sub(u32::from(zero)).filter(|step| *step < 10);
    from('\u{660}').or_else(|| from('\u{6f0}')).and_then(|step| char::from_digit(step, 10)).unwrap_or(c)
}

/// What is not seen: control characters, direction marks, characters without width, separators of
/// lines and paragraphs, selectors and tags, and the sign of a broken decoding.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
            | '\u{ffa0}' | '\u{fff0}'..='\u{ffff}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// Whether a character only separates the digits of a number that people write.
const fn is_gap(c: char) -> bool {
    matches!(
        c,
        ' ' | '\u{a0}' | '\u{202f}' | '-' | '\u{2010}'..='\u{2013}' | '\u{2212}' | '.' | '/' | '(' | ')'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_of_three_scripts_are_one() {
        assert_eq!(digits("٠٥٩٩ ۱۲۳ 456"), "0599 123 456");
        assert_eq!(digits("no digit"), "no digit");
    }

    #[test]
    fn nothing_personal_is_printed() {
        let printed = [
            format!("{:?}", PersonName::parse("محمد").unwrap()),
            format!("{:?}", NationalId::parse("400123451").unwrap()),
            format!("{:?}", Phone::parse("0599123456").unwrap()),
            format!("{:?}", Email::parse("a@example.org").unwrap()),
            format!("{:?}", ServiceNumber::parse("N-17").unwrap()),
            format!("{:?}", PlainText::<80>::parse("a remark").unwrap()),
        ];
        assert!(printed.iter().all(|text| text == "[sealed]"), "{printed:?}");
    }
}
