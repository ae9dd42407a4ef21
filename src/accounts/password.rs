//! Passwords: argon2id (19 MiB, 2 passes: the OWASP recommendation of 2023), on bounded permits.
//!
//! Hashing costs 15 ms of a core, so attempts are counted before any is hashed, and an unknown name
//! costs the same as a wrong password.

use std::collections::HashSet;
use std::sync::{Arc, LazyLock};

use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordHasher, PasswordVerifier};
use shiryan_kernel::{Code, Problem, Result};
use tokio::sync::Semaphore;

use crate::db::off_loop;

/// How many hash at once.
const PERMITS: usize = 2;
/// No longer than this is hashed.
const LONGEST: usize = 128;
/// Passwords that guessing starts with, of eight letters and more, in lower case and in order: the most frequent of those
/// that leaked, as zxcvbn 3.1 lists them (MIT), and words of the house.
const COMMON: &str = include_str!("../../config/common_passwords.txt");

static KNOWN: LazyLock<HashSet<&'static str>> = LazyLock::new(|| COMMON.lines().collect());

/// Whether guessing would come to it soon: on the list, or so without what is put before and behind.
fn is_common(lower: &str) -> bool {
    let core = lower.trim_matches(|one: char| !one.is_alphabetic());
    KNOWN.contains(lower) || KNOWN.contains(core) || (2..=4).any(|times| repeated(lower, times))
}

/// Whether it is one of the list so many times over.
fn repeated(lower: &str, times: usize) -> bool {
    let Some(once) = lower.get(..lower.len() / times) else { return false };
    once.repeat(times) == lower && KNOWN.contains(once)
}

/// A password's hash, as the database keeps it.
#[derive(Clone)]
pub struct Hashed(pub(super) String);

impl std::fmt::Debug for Hashed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[sealed]")
    }
}

/// Hashes and verifies off the event loop.
#[derive(Debug, Clone)]
pub struct Hasher {
    permits: Arc<Semaphore>,
    shortest: usize,
}

impl Hasher {
    #[must_use]
    pub fn new(shortest: usize) -> Self {
        Self { permits: Arc::new(Semaphore::new(PERMITS)), shortest }
    }

    /// # Errors
    /// `password_too_short`, `password_too_common`, or `out_of_range` when over 128 bytes.
    pub fn check(&self, password: &str) -> Result<()> {
        if password.chars().count() < self.shortest {
            return Err(Problem::new(Code::PasswordTooShort));
        }
        if password.len() > LONGEST {
            return Err(Problem::new(Code::OutOfRange));
        }
        let lower = password.to_lowercase();
        let mut kinds = lower.chars().collect::<Vec<_>>();
        kinds.sort_unstable();
        kinds.dedup();
        if is_common(&lower) || kinds.len() < 4 {
            return Err(Problem::new(Code::PasswordTooCommon));
        }
        Ok(())
    }

    /// # Errors
    /// As [`Hasher::check`].
    pub async fn hash(&self, password: String) -> Result<Hashed> {
        self.check(&password)?;
        let _permit = self.permits.acquire().await.map_err(Problem::internal)?;
        off_loop(move || hash_now(&password)).await
    }

    /// Whether the password is the one that was hashed. With no hash (an unknown name) it takes as long
    /// and says no.
    ///
    /// # Errors
    /// `internal` alone.
    pub async fn verify(&self, password: String, hashed: Option<Hashed>) -> Result<bool> {
        if password.len() > LONGEST {
            return Ok(false);
        }
        let _permit = self.permits.acquire().await.map_err(Problem::internal)?;
        off_loop(move || verify_now(&password, hashed.as_ref())).await
    }
}

/// Hashes on this thread: for commands, which have no event loop to spare.
///
/// # Errors
/// `internal` alone.
pub fn hash_now(password: &str) -> Result<Hashed> {
    let hash = Argon2::default().hash_password(password.as_bytes()).map_err(Problem::internal)?;
    Ok(Hashed(hash.to_string()))
}

/// As [`Hasher::verify`], on this thread.
///
/// # Errors
/// `internal` alone.
pub fn verify_now(password: &str, hashed: Option<&Hashed>) -> Result<bool> {
    let Some(hashed) = hashed else {
        hash_now(password)?;
        return Ok(false);
    };
    let parsed = PasswordHash::new(&hashed.0).map_err(Problem::internal)?;
    Ok(Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weak_passwords_are_refused() {
        let hasher = Hasher::new(12);
        for (password, code) in [
            ("short", Code::PasswordTooShort),
            ("Administrator", Code::PasswordTooCommon),
            ("Administrator2026!", Code::PasswordTooCommon),
            ("!!1ChangeMe99..", Code::PasswordTooCommon),
            ("footballfootball", Code::PasswordTooCommon),
            ("abababababab", Code::PasswordTooCommon),
        ] {
            assert_eq!(hasher.check(password).unwrap_err().code, code, "{password}");
        }
        assert!(hasher.check(&"x1yz".repeat(40)).is_err());
        assert!(hasher.check("زيتون وبحر 1936").is_ok());
    }

    #[tokio::test]
    async fn the_right_password_and_no_other() {
        let hasher = Hasher::new(12);
        let hashed = hasher.hash("four olive trees".into()).await.unwrap();
        assert!(hashed.0.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(hasher.verify("four olive trees".into(), Some(hashed.clone())).await.unwrap());
        assert!(!hasher.verify("five olive trees".into(), Some(hashed)).await.unwrap());
        assert!(!hasher.verify("four olive trees".into(), None).await.unwrap());
    }
}
