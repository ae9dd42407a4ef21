//! Access tokens: one pinned algorithm (HS256), a key id, every claim required, ten minutes at most. The key is another each
//! week; that of the week before still reads, so that nobody is shut out when it turns.

use std::sync::{Arc, Mutex, PoisonError};

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use shiryan_kernel::ids::{FacilityId, SessionId, UserId};
use shiryan_kernel::role::Role;
use shiryan_kernel::time::Moment;
use shiryan_kernel::{Code, Problem, Result};

use super::Principal;
use crate::vault::{Vault, hex};

const ISSUER: &str = "shiryan";
const AUDIENCE: &str = "shiryan-api";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Claims {
    iss: String,
    aud: String,
    sub: UserId,
    sid: SessionId,
    role: Role,
    facility: Option<FacilityId>,
    iat: i64,
    nbf: i64,
    exp: i64,
}

/// Seconds for which a key signs.
const KEY_SECONDS: i64 = 7 * 86_400;

/// Makes and reads access tokens.
#[derive(Clone)]
pub struct Tokens {
    vault: Vault,
    /// The keys that live.
    keys: Arc<Mutex<Option<Arc<Keys>>>>,
    rules: Validation,
    minutes: i64,
}

/// The key that signs, and the one before it.
struct Keys {
    /// In which they live.
    week: i64,
    now: Key,
    before: Key,
}

struct Key {
    kid: String,
    encoding: EncodingKey,
    decoding: DecodingKey,
}

impl Key {
    fn of(vault: &Vault, week: i64) -> Self {
        let label = format!("access-tokens/{week}");
        let secret = vault.purpose(&label);
        Self {
            kid: hex(&vault.purpose(&format!("{label}/id"))).chars().take(8).collect(),
            encoding: EncodingKey::from_secret(&secret),
            decoding: DecodingKey::from_secret(&secret),
        }
    }
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[sealed]")
    }
}

impl Tokens {
    #[must_use]
    pub fn new(vault: &Vault, minutes: i64) -> Self {
        Self { vault: vault.clone(), keys: Arc::default(), rules: rules(), minutes }
    }

    fn keys(&self, now: Moment) -> Arc<Keys> {
        let week = now.timestamp().div_euclid(KEY_SECONDS);
        let mut kept = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        match kept.as_ref().filter(|keys| keys.week == week) {
            Some(keys) => keys.clone(),
            None => {
                let [now, before] = [week, week - 1].map(|week| Key::of(&self.vault, week));
                let keys = Arc::new(Keys { week, now, before });
                *kept = Some(keys.clone());
                keys
            }
        }
    }

    /// Seconds that a token lives.
    #[must_use]
    pub const fn seconds(&self) -> i64 {
        self.minutes * 60
    }

    /// # Errors
    /// `internal` alone.
    pub fn make(&self, principal: &Principal, now: Moment) -> Result<String> {
        let keys = self.keys(now);
        let header = Header { kid: Some(keys.now.kid.clone()), ..Header::new(Algorithm::HS256) };
        let claims = Claims {
            iss: ISSUER.into(),
            aud: AUDIENCE.into(),
            sub: principal.user,
            sid: principal.session,
            role: principal.role,
            facility: principal.facility,
            iat: now.timestamp(),
            nbf: now.timestamp(),
            exp: now.timestamp() + self.seconds(),
        };
        jsonwebtoken::encode(&header, &claims, &keys.now.encoding).map_err(Problem::internal)
    }

    /// # Errors
    /// `token_expired`, or `token_invalid` for anything else that is wrong with it.
    pub fn read(&self, token: &str, now: Moment) -> Result<Principal> {
        let invalid = || Problem::new(Code::TokenInvalid);
        let keys = self.keys(now);
        let kid = jsonwebtoken::decode_header(token).map_err(|_| invalid())?.kid;
        let key = [&keys.now, &keys.before].into_iter().find(|key| kid.as_ref() == Some(&key.kid));
        let decoding = &key.ok_or_else(invalid)?.decoding;
        let claims =
            jsonwebtoken::decode::<Claims>(token, decoding, &self.rules).map_err(|_| invalid())?.claims;
        let at = now.timestamp();
        if at >= claims.exp {
            return Err(Problem::new(Code::TokenExpired));
        }
        if at < claims.nbf || claims.iat != claims.nbf || claims.exp - claims.iat != self.seconds() {
            return Err(invalid());
        }
        Ok(Principal { user: claims.sub, role: claims.role, session: claims.sid, facility: claims.facility })
    }
}

/// The one algorithm, and every claim required. The clock is ours, not the library's, so times are
/// compared by the reader.
fn rules() -> Validation {
    let mut rules = Validation::new(Algorithm::HS256);
    rules.set_issuer(&[ISSUER]);
    rules.set_audience(&[AUDIENCE]);
    rules.set_required_spec_claims(&["exp", "nbf", "iss", "aud", "sub"]);
    rules.validate_exp = false;
    rules.validate_nbf = false;
    rules
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vault::RootKey;
    use chrono::Duration;

    fn tokens(root: u8) -> Tokens {
        Tokens::new(&Vault::new(RootKey::from_bytes([root; 32])), 10)
    }

    fn someone() -> Principal {
        Principal { user: UserId(1), role: Role::Medic, session: SessionId(2), facility: None }
    }

    fn now() -> Moment {
        "2026-11-24T10:00:00Z".parse().unwrap()
    }

    #[test]
    fn what_was_made_is_read_until_it_expires() {
        let token = tokens(1).make(&someone(), now()).unwrap();
        assert_eq!(tokens(1).read(&token, now()).unwrap(), someone());
        assert_eq!(tokens(1).read(&token, now() + Duration::seconds(599)).unwrap(), someone());
        let late = tokens(1).read(&token, now() + Duration::seconds(600)).unwrap_err();
        assert_eq!(late.code, Code::TokenExpired);
        let early = tokens(1).read(&token, now() - Duration::seconds(1)).unwrap_err();
        assert_eq!(early.code, Code::TokenInvalid);
    }

    /// A key signs for a week; what it signed in its last minute is read until it expires, and the key before that reads
    /// nothing any more.
    #[test]
    fn two_keys_live_and_the_third_is_dead() {
        let turn =
            Moment::from_timestamp(now().timestamp() / KEY_SECONDS * KEY_SECONDS + KEY_SECONDS, 0).unwrap();
        let ours = tokens(1);
        let last = ours.make(&someone(), turn - Duration::seconds(1)).unwrap();
        let first = ours.make(&someone(), turn).unwrap();
        let kid = |token: &str| jsonwebtoken::decode_header(token).unwrap().kid;
        assert_ne!(kid(&last), kid(&first));
        assert_eq!(ours.read(&last, turn + Duration::seconds(500)).unwrap(), someone());
        assert_eq!(ours.read(&first, turn).unwrap(), someone());
        // A week on it is not its age alone that stops it: its key is unknown.
        let next = turn + Duration::seconds(KEY_SECONDS);
        assert_eq!(ours.read(&last, next).unwrap_err().code, Code::TokenInvalid);
        assert_eq!(ours.read(&first, next).unwrap_err().code, Code::TokenExpired);
    }

    #[test]
    fn forged_tokens_are_refused() {
        let token = tokens(1).make(&someone(), now()).unwrap();
        assert_eq!(tokens(2).read(&token, now()).unwrap_err().code, Code::TokenInvalid);
        for at in 0..token.len() {
            let mut forged = token.clone().into_bytes();
            forged[at] = if forged[at] == b'A' { b'B' } else { b'A' };
            let forged = String::from_utf8(forged).unwrap();
            if let Ok(read) = tokens(1).read(&forged, now()) {
                // The last character of a base64 signature may carry unused bits.
                assert_eq!((at, &read), (token.len() - 1, &someone()));
            }
        }
        for bad in ["", "x", "a.b.c", "eyJhbGciOiJub25lIn0.e30."] {
            assert_eq!(tokens(1).read(bad, now()).unwrap_err().code, Code::TokenInvalid);
        }
    }

    #[test]
    fn another_algorithm_or_a_missing_claim_is_refused() {
        let ours = tokens(1);
        let claims = serde_json::json!({"iss": ISSUER, "aud": AUDIENCE, "sub": UserId(1), "sid": SessionId(2),
            "role": "admin", "facility": null, "iat": now().timestamp(), "nbf": now().timestamp(),
            "exp": now().timestamp() + 600});
        let make = |algorithm, claims: &serde_json::Value| {
            let keys = ours.keys(now());
            let header = Header { kid: Some(keys.now.kid.clone()), ..Header::new(algorithm) };
            jsonwebtoken::encode(&header, claims, &keys.now.encoding).unwrap()
        };
        assert!(ours.read(&make(Algorithm::HS256, &claims), now()).is_ok());
        assert!(ours.read(&make(Algorithm::HS512, &claims), now()).is_err());
        for name in ["iss", "aud", "sub", "sid", "role", "iat", "nbf", "exp"] {
            let mut without = claims.clone();
            without.as_object_mut().unwrap().remove(name);
            assert!(ours.read(&make(Algorithm::HS256, &without), now()).is_err(), "{name}");
        }
    }
}
