//! Forms: sent from a page of this site, with the token of whoever was shown that page.
//!
//! A signed-in person's token stands in the session; before sign-in it is bound to a cookie by a key of
//! the house, so that nobody else can make one. A page shows it under a new mask each time: pages are
//! compressed, and a constant secret beside reflected text could be guessed from their length.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use actix_web::web::{Bytes, Data};
use actix_web::{FromRequest, HttpMessage, HttpRequest, dev::Payload};
use hmac::{Hmac, KeyInit, Mac};
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use shiryan_kernel::ids::UserId;
use shiryan_kernel::{Code, Problem, Result};

use super::{Fields, Visitor};
use crate::db::once;
use crate::http::{House, Refusal, guard, methods, query};
use crate::vault::{Vault, hex, unhex};

/// The field that carries the token.
pub(super) const FIELD: &str = "csrf";
/// The most that a form may weigh, in bytes.
const LIMIT: usize = 32 * 1024;
const ARRIVES_WITHIN: Duration = Duration::from_secs(30);

/// What a form's token is made of.
pub(super) struct Secret([u8; 32]);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[sealed]")
    }
}

/// The secret of a session.
pub(super) fn of_session(csrf: &str) -> Result<Secret> {
    let bytes = unhex(csrf).and_then(|bytes| bytes.try_into().ok());
    bytes.map(Secret).ok_or_else(|| Problem::internal("a session's form token has another length"))
}

/// The secret of a browser that nobody has signed in with.
pub(super) fn before_sign_in(vault: &Vault, cookie: &str) -> Secret {
    let mut block = [0; 64];
    block.split_at_mut(32).0.copy_from_slice(&vault.purpose("sign-in-form"));
    let mut mac = <Hmac<Sha256> as KeyInit>::new(&block.into());
    mac.update(cookie.as_bytes());
    Secret(mac.finalize().into_bytes().into())
}

impl Secret {
    /// The token for one page.
    pub(super) fn token(&self) -> String {
        let mask: [u8; 32] = rand::random();
        hex(&mask) + &hex(&mixed(&mask, &self.0))
    }

    pub(super) fn made(&self, token: &str) -> bool {
        let Some(bytes) = unhex(token).filter(|bytes| bytes.len() == 64) else { return false };
        let (mask, masked) = bytes.split_at(32);
        // Every byte is looked at, whichever differs first.
        mixed(mask, masked).iter().zip(&self.0).fold(0, |differs, (a, b)| differs | (a ^ b)) == 0
    }
}

fn mixed(a: &[u8], b: &[u8]) -> Vec<u8> {
    a.iter().zip(b).map(|(a, b)| a ^ b).collect()
}

/// What stands in a field; nothing where the form has none of it.
#[must_use]
pub fn field<'a>(form: &'a Fields, name: &str) -> &'a str {
    form.written(name)
}

/// A form that came from one of our pages, and who sent it. Its type carries
/// `#[serde(deny_unknown_fields)]` and does not know the token.
#[derive(Debug)]
pub struct Posted<T> {
    pub visitor: Visitor,
    pub form: T,
    pub print: Print,
}

/// By what a form is known when it comes again, as after an impatient second press: the page it stood on (whose
/// token is like no other), where it went, and what it said.
#[derive(Debug, Clone)]
pub struct Print {
    route: String,
    digest: [u8; 32],
}

impl Print {
    fn of(request: &HttpRequest, body: &[u8]) -> Self {
        Self::of_digest(
            request,
            Sha256::new().chain_update(request.path()).chain_update([0]).chain_update(body),
        )
    }

    /// The same of a form with a file.
    pub(super) fn of_parts<'a>(
        request: &HttpRequest,
        fields: impl Iterator<Item = (&'a str, &'a str)>,
        file: &[u8],
    ) -> Self {
        let mut digest = Sha256::new().chain_update(request.path());
        for text in fields.flat_map(|(name, value)| [name, value]) {
            digest = digest.chain_update([0]).chain_update(text);
        }
        Self::of_digest(request, digest.chain_update([0]).chain_update(file))
    }

    fn of_digest(request: &HttpRequest, digest: Sha256) -> Self {
        let route = methods::pattern(request).unwrap_or_default();
        Self { route: format!("{} {route}", request.method()), digest: digest.finalize().into() }
    }

    /// What [`House::once`] needs to know it again.
    #[must_use]
    pub fn by(&self, principal: UserId) -> once::Request {
        once::Request {
            principal: principal.0,
            route: self.route.clone(),
            key: hex(&self.digest),
            fingerprint: self.digest.to_vec(),
        }
    }
}

impl<T: DeserializeOwned + 'static> FromRequest for Posted<T> {
    type Error = Refusal;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Refusal>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        let body = Bytes::from_request(&request, payload);
        Box::pin(async move {
            check_origin(&request)?;
            if !request.content_type().eq_ignore_ascii_case("application/x-www-form-urlencoded") {
                return Err(Code::UnsupportedMediaType.into());
            }
            let visitor = Visitor::extract(&request).await?;
            let body = tokio::time::timeout(ARRIVES_WITHIN, body)
                .await
                .map_err(|_| Problem::new(Code::InvalidRequest))?
                .map_err(|_| Problem::new(Code::InvalidRequest))?;
            let form = open(&body, &visitor.secret)?;
            Ok(Self { visitor, form, print: Print::of(&request, &body) })
        })
    }
}

pub(super) fn check_origin(request: &HttpRequest) -> Result<()> {
    let house = request.app_data::<Data<House>>().ok_or_else(|| Problem::new(Code::NotReady))?;
    guard::from_here(request, house.settings.named_origin())
}

/// The form's own fields, once its token is found good.
fn open<T: DeserializeOwned>(body: &[u8], secret: &Secret) -> Result<T> {
    if body.len() > LIMIT {
        return Err(Problem::new(Code::BodyTooLarge).with("limit_bytes", LIMIT));
    }
    let mut rest = form_urlencoded::Serializer::new(String::new());
    let mut tokens = Vec::new();
    for (name, value) in form_urlencoded::parse(body) {
        if name == FIELD {
            tokens.push(value);
        } else {
            rest.append_pair(&name, &value);
        }
    }
    match tokens.as_slice() {
        [token] if secret.made(token) => query::parse_form(&rest.finish()),
        _ => Err(Problem::new(Code::CrossSiteRefused)),
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::vault::RootKey;

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Name {
        name: String,
    }

    fn vault(root: u8) -> Vault {
        Vault::new(RootKey::from_bytes([root; 32]))
    }

    #[test]
    fn a_token_is_good_for_its_own_cookie_and_key_alone() {
        let secret = before_sign_in(&vault(1), "cookie");
        let token = secret.token();
        assert!(secret.made(&token));
        assert_ne!(token, secret.token(), "each page has a mask of its own");
        assert!(!before_sign_in(&vault(1), "cooki").made(&token));
        assert!(!before_sign_in(&vault(2), "cookie").made(&token));
        for bad in ["", "00", "zz", &token[2..], &"0".repeat(128)] {
            assert!(!secret.made(bad), "{bad}");
        }
    }

    #[test]
    fn a_form_is_read_only_with_one_good_token() {
        let secret = before_sign_in(&vault(1), "cookie");
        let token = secret.token();
        let told = |body: String| open::<Name>(body.as_bytes(), &secret).map_err(|problem| problem.code);
        assert_eq!(told(format!("csrf={token}&name=%D8%B3")), Ok(Name { name: "س".into() }));
        assert_eq!(told("name=a".into()), Err(Code::CrossSiteRefused));
        assert_eq!(told(format!("csrf={token}&csrf={token}&name=a")), Err(Code::CrossSiteRefused));
        assert_eq!(told(format!("csrf={}&name=a", &token[1..])), Err(Code::CrossSiteRefused));
        assert_eq!(told(format!("csrf={token}&name=a&more=b")), Err(Code::UnknownParameter));
        assert_eq!(told(format!("csrf={token}&name={}", "a".repeat(LIMIT))), Err(Code::BodyTooLarge));
    }
}
