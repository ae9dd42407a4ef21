//! Access tokens: one pinned algorithm (HS256), a key id, every claim required, ten minutes at most.

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

/// Makes and reads access tokens.
#[derive(Clone)]
pub struct Tokens {
    kid: String,
    encoding: EncodingKey,
    decoding: DecodingKey,
    rules: Validation,
    minutes: i64,
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[sealed]")
    }
}

impl Tokens {
    #[must_use]
    pub fn new(vault: &Vault, minutes: i64) -> Self {
        let key = vault.purpose("access-tokens/1");
        Self {
            kid: hex(&vault.purpose("access-tokens/1/id")).chars().take(8).collect(),
            encoding: EncodingKey::from_secret(&key),
            decoding: DecodingKey::from_secret(&key),
            rules: rules(),
            minutes,
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
        let header = Header { kid: Some(self.kid.clone()), ..Header::new(Algorithm::HS256) };
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
        jsonwebtoken::encode(&header, &claims, &self.encoding).map_err(Problem::internal)
    }

    /// # Errors
    /// `token_expired`, or `token_invalid` for anything else that is wrong with it.
    pub fn read(&self, token: &str, now: Moment) -> Result<Principal> {
        let invalid = || Problem::new(Code::TokenInvalid);
        let data =
            jsonwebtoken::decode::<Claims>(token, &self.decoding, &self.rules).map_err(|_| invalid())?;
        if data.header.kid.as_deref() != Some(self.kid.as_str()) {
            return Err(invalid());
        }
        let claims = data.claims;
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
            let header = Header { kid: Some(ours.kid.clone()), ..Header::new(algorithm) };
            jsonwebtoken::encode(&header, claims, &ours.encoding).unwrap()
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
