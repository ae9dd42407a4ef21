//! The second factor of a sign-in: a code of a device that shares a secret with us (RFC 6238: SHA-1, six digits, 30
//! seconds), or one of ten recovery codes. It is asked of whoever has one, and whoever may open an identity must have one.
//!
//! A code is good once. The secret is sealed; of recovery codes only digests are kept: 80 random bits need no slow hash.

use chrono::NaiveDateTime;
use shiryan_kernel::ids::UserId;
use shiryan_kernel::role::Role;
use shiryan_kernel::{Code, Problem, Result};
use totp_rs::{Builder, Secret, Totp};

use super::rights::{OpenIdentity, Right};
use super::store::second as store;
use crate::audit::{self, Line};
use crate::db::{Conn, Tx};
use crate::vault::{Place, Vault, sha256};

/// Recovery codes that one enrolment gives.
const RECOVERY: usize = 10;
/// Without letters that look like others; 32 of them are five bits each.
const LETTERS: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz023456789";
/// Letters of a recovery code.
const LENGTH: usize = 16;

/// What a device is given to share: shown this once.
pub struct Enrolment {
    /// Base 32, to be typed.
    pub secret: String,
    /// The same as an `otpauth` address, to be scanned.
    pub uri: String,
}

impl std::fmt::Debug for Enrolment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[sealed]")
    }
}

/// Whether this role must have a second factor.
#[must_use]
pub fn must_have(role: Role) -> bool {
    OpenIdentity::ROLES.contains(&role)
}

const fn place(user: UserId) -> Place {
    Place::of("second_factors", "secret", user.0)
}

fn totp(secret: Vec<u8>) -> Result<Totp> {
    Builder::new().with_secret(secret).build().map_err(|error| Problem::internal(format!("{error:?}")))
}

/// A second factor in the record of changes.
const FACTOR: audit::Thing = audit::Thing {
    name: "second_factor",
    tables: &[("second_factors", "user_id"), ("recovery_codes", "user_id")],
};

/// Begins an enrolment, in the place of one that was begun and never confirmed.
///
/// # Errors
/// `state_conflict` where a second factor stands.
pub fn begin(tx: &mut Tx, vault: &Vault, user: UserId, name: &str) -> Result<Enrolment> {
    let secret: [u8; 20] = rand::random();
    let sealed = vault.house().seal(place(user), &secret);
    let seen = audit::seen(tx.conn, vault, &FACTOR, user.0)?;
    if !store::put(tx, user, &sealed)? {
        return Err(Problem::new(Code::StateConflict));
    }
    seen.record(tx, vault, Line::new(Some(user), "accounts.second_factor_begun").on(user))?;
    let secret = Secret::new_stack(secret).to_base32();
    let uri = format!("otpauth://totp/Shiryan:{name}?secret={secret}&issuer=Shiryan");
    Ok(Enrolment { secret, uri })
}

/// Asks for what is due beside the password. Answers the recovery codes once, where this code confirms an enrolment.
///
/// # Errors
/// `second_factor_missing` where the role needs one and none stands; `second_factor_required` where no code was given;
/// `second_factor_invalid`.
pub fn check(
    tx: &mut Tx,
    vault: &Vault,
    user: UserId,
    is_due: bool,
    code: Option<&str>,
) -> Result<Option<Vec<String>>> {
    let Some(factor) = store::of(tx.conn, user)? else {
        return if is_due { Err(Problem::new(Code::SecondFactorMissing)) } else { Ok(None) };
    };
    let Some(code) = code else {
        return match (factor.is_confirmed, is_due) {
            (true, _) => Err(Problem::new(Code::SecondFactorRequired)),
            (false, true) => Err(Problem::new(Code::SecondFactorMissing)),
            (false, false) => Ok(None),
        };
    };
    let wrong = || Problem::new(Code::SecondFactorInvalid);
    let letters = letters_of(code);
    if factor.is_confirmed && letters.len() == LENGTH {
        let seen = audit::seen(tx.conn, vault, &FACTOR, user.0)?;
        if !store::use_recovery(tx, user, &sha256(letters.as_bytes()))? {
            return Err(wrong());
        }
        let line = Line::new(Some(user), "accounts.recovery_code_used").on(user);
        let left = store::recovery_left(tx.conn, user)?;
        seen.record(tx, vault, line.with("left", left).alert())?;
        return Ok(None);
    }
    let step = step(vault, user, &factor.secret, code, tx.now.naive_utc())?.ok_or_else(wrong)?;
    if !store::use_step(tx, user, step)? {
        return Err(wrong());
    }
    if factor.is_confirmed {
        return Ok(None);
    }
    let codes: Vec<String> = (0..RECOVERY).map(|_| recovery_code()).collect();
    let digests: Vec<Vec<u8>> = codes.iter().map(|code| sha256(letters_of(code).as_bytes())).collect();
    let seen = audit::seen(tx.conn, vault, &FACTOR, user.0)?;
    store::confirm(tx, user, &digests)?;
    seen.record(tx, vault, Line::new(Some(user), "accounts.second_factor_enrolled").on(user))?;
    Ok(Some(codes))
}

/// The same on the command line, which only reads: a code is good there if no sign-in used it before.
///
/// # Errors
/// As [`check`]; `ask` is called for a code where one is due.
pub fn check_now(
    conn: &mut Conn,
    vault: &Vault,
    user: UserId,
    (is_due, now): (bool, NaiveDateTime),
    ask: &dyn Fn() -> Result<String>,
) -> Result<()> {
    let Some(factor) = store::of(conn, user)?.filter(|factor| factor.is_confirmed) else {
        return if is_due { Err(Problem::new(Code::SecondFactorMissing)) } else { Ok(()) };
    };
    let step = step(vault, user, &factor.secret, &ask()?, now)?;
    if step.is_some_and(|step| step > factor.last_step) {
        Ok(())
    } else {
        Err(Problem::new(Code::SecondFactorInvalid))
    }
}

/// The time step of which this is the code, up to one to either side of now.
fn step(vault: &Vault, user: UserId, sealed: &[u8], code: &str, now: NaiveDateTime) -> Result<Option<i64>> {
    let digits: String = code.chars().filter(|one| !one.is_whitespace()).collect();
    let seconds = u64::try_from(now.and_utc().timestamp()).map_err(Problem::internal)?;
    let totp = totp(vault.house().open(place(user), sealed)?)?;
    totp.check(&digits, seconds).map(|step| i64::try_from(step).map_err(Problem::internal)).transpose()
}

/// Seals secrets under another root.
///
/// # Errors
/// As any write.
pub fn reseal(tx: &mut Tx, old: &Vault, new: &Vault, after: i64, limit: i64) -> Result<Option<i64>> {
    let rows = store::after(tx.conn, after, limit)?;
    let last = rows.last().map(|(user, _)| user.0);
    for (user, secret) in rows {
        store::put_secret(tx, user, &new.reseal(old, place(user), &secret))?;
    }
    Ok(last)
}

/// Four by four, so that it can be read out and typed.
fn recovery_code() -> String {
    let bits: [u8; LENGTH] = rand::random();
    let mut code = String::with_capacity(LENGTH + 3);
    for (n, bits) in bits.iter().enumerate() {
        if n > 0 && n.is_multiple_of(4) {
            code.push('-');
        }
        code.push(LETTERS.get(usize::from(bits % 32)).copied().map_or('a', char::from));
    }
    code
}

/// What a person typed, without what only helps the eye.
fn letters_of(code: &str) -> String {
    code.chars().filter(char::is_ascii_alphanumeric).map(|one| one.to_ascii_lowercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B, cut to six digits.
    #[test]
    fn codes_are_those_of_the_standard() {
        let totp = totp(b"12345678901234567890".to_vec()).unwrap();
        for (seconds, code) in
            [(59, "287082"), (1_111_111_109, "081804"), (1_234_567_890, "005924"), (20_000_000_000, "353130")]
        {
            assert_eq!(totp.generate(seconds).to_string(), code);
            assert_eq!(totp.check(code, seconds + 30), Some(seconds / 30), "a step late");
            assert_eq!(totp.check(code, seconds + 90), None);
        }
    }

    #[test]
    fn a_recovery_code_is_read_however_it_is_typed() {
        let code = recovery_code();
        assert_eq!(code.len(), LENGTH + 3);
        assert_eq!(letters_of(&code.to_uppercase().replace('-', " ")), code.replace('-', ""));
        assert_ne!(code, recovery_code());
        let mut letters = LETTERS.to_vec();
        letters.sort_unstable();
        letters.dedup();
        assert_eq!(letters.len(), 32);
    }
}
