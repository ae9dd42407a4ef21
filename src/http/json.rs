//! JSON bodies: `application/json` (or `application/merge-patch+json` of a `PATCH`), at most 256 KiB, one
//! document, no field that nobody declared.
//!
//! Types of bodies carry `#[serde(deny_unknown_fields)]`. Whatever comes, the answer is a problem with
//! its own code and, where it can be told, the field's path; nothing panics.

use std::{future::Future, pin::Pin, time::Duration};

use actix_web::{
    FromRequest, HttpMessage, HttpRequest,
    dev::Payload,
    http::{Method, header},
    web::{Bytes, BytesMut},
};
use futures_util::StreamExt;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use shiryan_kernel::{Code, Problem, Result};

use super::{problem::Refusal, query::refuse_query, serde_fault};

/// The most that a JSON body may weigh, in bytes.
pub const LIMIT: usize = 256 * 1024;

/// What is still read of a refused body, so that a client that is writing gets to read the answer.
const DRAINED: usize = 16 * 1024 * 1024;

/// How long a body may take to arrive, and how long a refused one is still read.
const ARRIVES_WITHIN: Duration = Duration::from_secs(30);
const DRAINED_WITHIN: Duration = Duration::from_secs(5);

/// The body or query of what needs none.
#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

/// A parsed body, with the digest of its raw bytes for [`IdempotencyKey`](super::IdempotencyKey).
#[derive(Debug)]
pub struct Body<T> {
    pub value: T,
    pub(super) digest: [u8; 32],
}

impl<T> Body<T> {
    #[must_use]
    pub fn into_inner(self) -> T {
        self.value
    }
}

impl<T: DeserializeOwned + 'static> FromRequest for Body<T> {
    type Error = Refusal;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Refusal>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let form = check_form(request);
        let mut payload = payload.take();
        Box::pin(async move {
            if let Err(problem) = form {
                drain(&mut payload).await;
                return Err(problem.into());
            }
            let bytes = tokio::time::timeout(ARRIVES_WITHIN, read(&mut payload))
                .await
                .map_err(|_| Problem::new(Code::MalformedJson))??;
            Ok(Self { value: parse(&bytes)?, digest: Sha256::digest(&bytes).into() })
        })
    }
}

fn check_form(request: &HttpRequest) -> Result<()> {
    refuse_query(request)?;
    let kind = request.content_type().to_ascii_lowercase();
    let json = kind == "application/json"
        || (kind == "application/merge-patch+json" && request.method() == Method::PATCH);
    let charset =
        request.mime_type().ok().flatten().and_then(|mime| mime.get_param("charset").map(|c| c == "utf-8"));
    if !json || charset == Some(false) {
        return Err(Problem::new(Code::UnsupportedMediaType));
    }
    let told = request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    if told.and_then(|text| text.parse().ok()).is_some_and(|length: u64| length > u64_limit()) {
        return Err(too_large());
    }
    Ok(())
}

fn u64_limit() -> u64 {
    u64::try_from(LIMIT).unwrap_or(u64::MAX)
}

fn too_large() -> Problem {
    Problem::new(Code::BodyTooLarge).with("limit_bytes", LIMIT)
}

/// Reads a body of unknown length, giving up as soon as it is over the limit.
async fn read(payload: &mut Payload) -> Result<Bytes> {
    let mut body = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| Problem::new(Code::MalformedJson))?;
        if body.len() + chunk.len() > LIMIT {
            drain(payload).await;
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

/// Throws away what still comes, up to a bound: closing at once resets the connection, and the
/// client would lose the answer.
async fn drain(payload: &mut Payload) {
    let mut left = DRAINED;
    let reading = async {
        while let Some(Ok(chunk)) = payload.next().await {
            left = left.saturating_sub(chunk.len());
            if left == 0 {
                return;
            }
        }
    };
    // Past the time the client gets its answer all the same.
    let _ = tokio::time::timeout(DRAINED_WITHIN, reading).await;
}

/// Parses one JSON document.
///
/// # Errors
/// `malformed_json`, `unknown_field`, `missing_field`, `wrong_type`, `invalid_value`, or the code that
/// the type itself gave.
pub fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    let text = std::str::from_utf8(bytes).map_err(|_| Problem::new(Code::MalformedJson))?;
    let mut json = serde_json::Deserializer::from_str(text);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        if !error.inner().is_data() {
            return Problem::new(Code::MalformedJson);
        }
        let message = error.inner().to_string();
        serde_fault::problem(serde_fault::field(error.path(), &message), serde_fault::code(&message))
    })?;
    json.end().map_err(|_| Problem::new(Code::MalformedJson))?;
    Ok(value)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::Deserialize;
    use shiryan_kernel::{blood::BloodGroup, ids::UnitId};

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code)]
    struct Inner {
        count: u8,
        group: Option<BloodGroup>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(try_from = "i64")]
    struct Small;

    impl TryFrom<i64> for Small {
        type Error = Problem;
        fn try_from(n: i64) -> Result<Self> {
            if n < 10 { Ok(Self) } else { Err(Problem::new(Code::OutOfRange)) }
        }
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code)]
    struct Outer {
        name: String,
        unit: Option<UnitId>,
        #[serde(default)]
        items: Vec<Inner>,
        small: Option<Small>,
        on: Option<chrono::NaiveDate>,
    }

    #[test]
    fn each_fault_has_its_field_and_its_code() {
        for (text, code, field) in [
            ("", Code::MalformedJson, ""),
            ("{", Code::MalformedJson, ""),
            (r#"{"name":"a"} x"#, Code::MalformedJson, ""),
            (r#"{"name":"\ud800"}"#, Code::MalformedJson, ""),
            (r#"{"name":"a","name":"b"}"#, Code::MalformedJson, "name"),
            ("[]", Code::WrongType, ""),
            ("7", Code::WrongType, ""),
            ("{}", Code::MissingField, "name"),
            (r#"{"name":5}"#, Code::WrongType, "name"),
            (r#"{"name":null}"#, Code::WrongType, "name"),
            (r#"{"name":"a","colour":1}"#, Code::UnknownField, "colour"),
            (r#"{"name":"a","items":[{"count":1},{"count":300}]}"#, Code::InvalidValue, "items[1].count"),
            (r#"{"name":"a","items":[{}]}"#, Code::MissingField, "items[0].count"),
            (r#"{"name":"a","items":[{"count":1,"x":1}]}"#, Code::UnknownField, "items[0].x"),
            (r#"{"name":"a","items":[{"count":1,"group":"o+"}]}"#, Code::InvalidValue, "items[0].group"),
            (r#"{"name":"a","unit":"nope"}"#, Code::InvalidValue, "unit"),
            (r#"{"name":"a","small":11}"#, Code::OutOfRange, "small"),
            (r#"{"name":"a","on":"2026-02-30"}"#, Code::InvalidValue, "on"),
        ] {
            let problem = parse::<Outer>(text.as_bytes()).unwrap_err();
            assert_eq!(problem.code, code, "{text}");
            let told = problem.errors.first().map_or("", |error| error.field.as_str());
            assert_eq!(told, field, "{text}");
        }
        assert!(parse::<Outer>(br#"{"name":"a","items":[{"count":1,"group":"ab_neg"}]}"#).is_ok());
        assert_eq!(parse::<Outer>(b"{\"name\":\"\xff\"}").unwrap_err().code, Code::MalformedJson);
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(parse::<serde_json::Value>(deep.as_bytes()).unwrap_err().code, Code::MalformedJson);
    }

    #[test]
    fn a_field_name_of_the_caller_is_cut() {
        let text = format!(r#"{{"name":"a","{}":1}}"#, "ك".repeat(5_000));
        let problem = parse::<Outer>(text.as_bytes()).unwrap_err();
        assert_eq!(problem.errors[0].field.chars().count(), 120);
    }

    proptest! {
        #[test]
        fn any_bytes_are_parsed_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse::<Outer>(&bytes);
        }
    }
}
