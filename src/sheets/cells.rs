//! Cells: what people's programs do to a text, undone.
//!
//! A cell that a spreadsheet would run as a formula is written with an apostrophe before it, and read
//! without: nothing is lost on the way there and back.

use chrono::NaiveDate;
use shiryan_kernel::text::digits;
use shiryan_kernel::{Code, Problem, Result};

/// Signs at which a spreadsheet begins to compute, and the guard itself.
const GUARDED: [char; 7] = ['=', '+', '-', '@', '\t', '\r', '\''];

/// The cell as it may stand in a file that a spreadsheet opens.
#[must_use]
pub fn guarded(cell: &str) -> String {
    if cell.starts_with(GUARDED) { format!("'{cell}") } else { cell.to_owned() }
}

/// The cell as it was meant: without blanks at its ends and without the guard.
#[must_use]
pub fn plain(cell: &str) -> &str {
    let cell = cell.trim_matches(|c: char| c == ' ' || c == '\u{a0}');
    match cell.strip_prefix('\'') {
        Some(rest) if rest.starts_with(GUARDED) => rest,
        _ => cell,
    }
}

/// Words of a closed list and names of columns compare in lower case, without vowel signs and with one
/// kind of gap.
#[must_use]
pub fn folded(name: &str) -> String {
    plain(name)
        .chars()
        .filter(|c| !matches!(c, '\u{feff}' | '\u{640}' | '\u{64b}'..='\u{652}'))
        .map(|c| match c {
            ' ' | '-' => '_',
            'أ' | 'إ' | 'آ' => 'ا',
            other => other.to_ascii_lowercase(),
        })
        .collect()
}

/// A civil date: `YYYY-MM-DD` or `YYYY/MM/DD`, digits of any of three scripts. Day and month in another
/// order are refused: nobody can tell them apart.
///
/// # Errors
/// `date_invalid`.
pub fn civil_date(text: &str) -> Result<NaiveDate> {
    let bad = || Problem::new(Code::DateInvalid);
    let text = digits(text).replace('/', "-");
    let shape = text.len() == 10
        && text.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    if !shape {
        return Err(bad());
    }
    text.parse().map_err(|_| bad())
}

/// A whole number from 0 up.
///
/// # Errors
/// `invalid_value` for signs, fractions and words; `out_of_range` past four digits.
pub fn whole(text: &str) -> Result<u16> {
    let text = digits(text);
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Problem::new(Code::InvalidValue));
    }
    if text.len() > 4 {
        return Err(Problem::new(Code::OutOfRange));
    }
    text.parse().map_err(|_| Problem::new(Code::OutOfRange))
}

/// Yes or no, in English or Arabic.
///
/// # Errors
/// `invalid_value` for anything else.
pub fn yes_no(text: &str) -> Result<bool> {
    match folded(text).as_str() {
        "yes" | "y" | "نعم" => Ok(true),
        "no" | "n" | "لا" => Ok(false),
        _ => Err(Problem::new(Code::InvalidValue)),
    }
}

/// A number with a point, a comma or an Arabic separator before its fraction.
///
/// # Errors
/// `invalid_value` for anything else.
pub fn decimal(text: &str) -> Result<f64> {
    let text = digits(text).replace(['٫', ','], ".");
    let plain = (1..=20).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
        && text.bytes().filter(|byte| *byte == b'.').count() <= 1;
    text.parse().ok().filter(|_| plain).ok_or_else(|| Problem::new(Code::InvalidValue))
}
