//! Cursors of keyset pages: sealed, so that they tell nothing and cannot be made up.
//!
//! A cursor holds the sort key of the last row that was shown. It is bound to the list and its filters (the
//! *purpose*, [`Query::list`](super::Query::list)) and is good for a day.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Serialize, de::DeserializeOwned};
use shiryan_kernel::{Code, Problem, Result, time::Moment};

use crate::vault::Cipher;

/// How long a cursor is good.
pub const GOOD_FOR: chrono::Duration = chrono::Duration::days(1);

const STAMP: usize = 8;
/// The longest cursor that is worth opening, in characters.
const LONGEST: usize = 4_096;

/// Seals and opens cursors with one key.
#[derive(Clone)]
pub struct Cursors(Cipher);

impl std::fmt::Debug for Cursors {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Cursors([sealed])")
    }
}

impl Cursors {
    #[must_use]
    pub fn new(key: [u8; 32]) -> Self {
        Self(Cipher::new(key))
    }

    /// Seals the sort key of the last row shown.
    ///
    /// # Errors
    /// `internal` when the key cannot be written as JSON.
    pub fn seal(&self, last: &impl Serialize, purpose: &str, now: Moment) -> Result<String> {
        let mut plain = now.timestamp().to_be_bytes().to_vec();
        serde_json::to_writer(&mut plain, last).map_err(Problem::internal)?;
        Ok(URL_SAFE_NO_PAD.encode(self.0.seal(purpose.as_bytes(), &plain)))
    }

    /// Opens a cursor of the same list.
    ///
    /// # Errors
    /// `cursor_invalid` when it is stale, altered, sealed with another key or for another list.
    pub fn open<T: DeserializeOwned>(&self, cursor: &str, purpose: &str, now: Moment) -> Result<T> {
        self.unseal(cursor, purpose, now).ok_or_else(|| Problem::new(Code::CursorInvalid))
    }

    fn unseal<T: DeserializeOwned>(&self, cursor: &str, purpose: &str, now: Moment) -> Option<T> {
        if cursor.len() > LONGEST {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
        let plain = self.0.open(purpose.as_bytes(), &bytes)?;
        let (stamp, last) = plain.split_first_chunk::<STAMP>()?;
        let sealed_at = Moment::from_timestamp(i64::from_be_bytes(*stamp), 0)?;
        if now.signed_duration_since(sealed_at) > GOOD_FOR {
            return None;
        }
        serde_json::from_slice(last).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Moment {
        "2026-11-23T08:00:00Z".parse().unwrap()
    }

    fn code<T: std::fmt::Debug>(opened: Result<T>) -> Code {
        opened.unwrap_err().code
    }

    #[test]
    fn what_is_sealed_opens_for_the_same_list_for_a_day() {
        let cursors = Cursors::new([7; 32]);
        let sealed = cursors.seal(&(12_i64, "x"), "/donors?", now()).unwrap();
        let opened: (i64, String) = cursors.open(&sealed, "/donors?", now() + GOOD_FOR).unwrap();
        assert_eq!(opened, (12, "x".to_owned()));
        let stale = now() + GOOD_FOR + chrono::Duration::seconds(1);
        assert_eq!(code(cursors.open::<(i64, String)>(&sealed, "/donors?", stale)), Code::CursorInvalid);
    }

    #[test]
    fn forged_foreign_and_broken_cursors_are_refused() {
        let cursors = Cursors::new([7; 32]);
        let sealed = cursors.seal(&12_i64, "/donors?", now()).unwrap();
        assert_eq!(code(cursors.open::<i64>(&sealed, "/users?", now())), Code::CursorInvalid);
        assert_eq!(code(cursors.open::<String>(&sealed, "/donors?", now())), Code::CursorInvalid);
        let other = Cursors::new([8; 32]);
        assert_eq!(code(other.open::<i64>(&sealed, "/donors?", now())), Code::CursorInvalid);
        for place in 0..sealed.len() {
            let mut bytes = sealed.clone().into_bytes();
            bytes[place] = if bytes[place] == b'A' { b'B' } else { b'A' };
            let forged = String::from_utf8(bytes).unwrap();
            assert_eq!(code(cursors.open::<i64>(&forged, "/donors?", now())), Code::CursorInvalid, "{place}");
        }
        for text in ["", "=", "AAAA", "كلام", &"A".repeat(5_000)] {
            assert_eq!(code(cursors.open::<i64>(text, "/donors?", now())), Code::CursorInvalid);
        }
    }

    #[test]
    fn two_cursors_of_one_row_differ() {
        let cursors = Cursors::new([7; 32]);
        assert_ne!(cursors.seal(&1, "p", now()).unwrap(), cursors.seal(&1, "p", now()).unwrap());
    }
}
