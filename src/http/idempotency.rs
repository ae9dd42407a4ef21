//! The `Idempotency-Key` of a request that makes a fact.
//!
//! The key alone is the caller's; with it go the route and a fingerprint of method, path and body, so that the
//! same key with another request is told apart. Bodies are never kept.

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpRequest, dev::Payload};
use sha2::{Digest, Sha256};
use shiryan_kernel::{Code, Problem, Result, ids::UserId};

use super::{json::Body, methods, problem::Refusal};
use crate::db::once;

/// The header, parsed: 8 to 64 visible ASCII characters, exactly once.
#[derive(Debug, Clone)]
pub struct IdempotencyKey {
    key: String,
    route: String,
    target: [u8; 32],
}

impl IdempotencyKey {
    /// What [`db::write_once`](crate::db::Db::write_once) needs to know a repeated request by.
    #[must_use]
    pub fn of<T>(&self, principal: UserId, body: &Body<T>) -> once::Request {
        self.over(principal, &body.digest)
    }

    /// The same, of a request that has no body.
    #[must_use]
    pub fn bare(&self, principal: UserId) -> once::Request {
        self.over(principal, &[])
    }

    fn over(&self, principal: UserId, body: &[u8]) -> once::Request {
        let fingerprint = Sha256::new().chain_update(self.target).chain_update(body).finalize().to_vec();
        once::Request {
            principal: principal.0,
            route: self.route.clone(),
            key: self.key.clone(),
            fingerprint,
        }
    }
}

impl FromRequest for IdempotencyKey {
    type Error = Refusal;
    type Future = Ready<Result<Self, Refusal>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let pattern = methods::pattern(request).unwrap_or_default();
        let read = key(request).map(|key| Self {
            key,
            route: format!("{} {pattern}", request.method()),
            target: Sha256::digest(format!("{} {}", request.method(), request.uri())).into(),
        });
        ready(read.map_err(Refusal))
    }
}

fn key(request: &HttpRequest) -> Result<String> {
    let mut values = request.headers().get_all("idempotency-key");
    let Some(value) = values.next() else { return Err(Problem::new(Code::IdempotencyKeyMissing)) };
    let bytes = value.as_bytes();
    let sound = (8..=64).contains(&bytes.len()) && bytes.iter().all(u8::is_ascii_graphic);
    match (sound, values.next(), value.to_str()) {
        (true, None, Ok(text)) => Ok(text.to_owned()),
        _ => Err(Problem::new(Code::IdempotencyKeyInvalid)),
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn read(uri: &str, keys: &[&str]) -> Result<IdempotencyKey> {
        let mut request = TestRequest::post().uri(uri);
        for key in keys {
            request = request.append_header(("Idempotency-Key", *key));
        }
        let request = request.to_http_request();
        IdempotencyKey::from_request(&request, &mut Payload::None).into_inner().map_err(|refusal| refusal.0)
    }

    #[test]
    fn a_key_is_eight_to_sixty_four_visible_characters_once() {
        assert!(read("/", &["12345678"]).is_ok());
        assert!(read("/", &[&"x".repeat(64)]).is_ok());
        assert_eq!(read("/", &[]).unwrap_err().code, Code::IdempotencyKeyMissing);
        let long = "x".repeat(65);
        for keys in
            [&["1234567"][..], &["1234 5678"], &[long.as_str()], &["12345678", "12345678"], &["مفتاح-طويل"]]
        {
            assert_eq!(read("/", keys).unwrap_err().code, Code::IdempotencyKeyInvalid, "{keys:?}");
        }
    }

    #[test]
    fn the_fingerprint_tells_paths_and_bodies_apart() {
        let body = |text: &[u8]| Body { value: (), digest: Sha256::digest(text).into() };
        let one = read("/drives/1", &["12345678"]).unwrap();
        let two = read("/drives/2", &["12345678"]).unwrap();
        let print = |key: &IdempotencyKey, text| key.of(UserId(1), &body(text)).fingerprint;
        assert_eq!(print(&one, b"{}"), print(&one, b"{}"));
        assert_ne!(print(&one, b"{}"), print(&one, b"{ }"));
        assert_ne!(print(&one, b"{}"), print(&two, b"{}"));
        assert_ne!(print(&one, b""), one.bare(UserId(1)).fingerprint);
    }
}
