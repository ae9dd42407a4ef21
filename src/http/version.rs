//! Versions of records that people amend: `ETag` goes out, `If-Match` comes in, so that nobody overwrites what
//! they have not seen.

use std::future::{Ready, ready};

use actix_web::http::header::{ETag, EntityTag, IF_MATCH};
use actix_web::{FromRequest, HttpRequest, dev::Payload};
use shiryan_kernel::{Code, Problem, Result};

use super::problem::Refusal;

/// The header that names a record's version: `ETag: "7"`.
#[must_use]
pub fn etag(version: i64) -> ETag {
    ETag(EntityTag::new_strong(version.to_string()))
}

/// The version that the caller has seen: one strong tag in `If-Match`, as [`etag`] gave it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IfMatch(pub i64);

impl FromRequest for IfMatch {
    type Error = Refusal;
    type Future = Ready<Result<Self, Refusal>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(seen(request).map(Self).map_err(Refusal))
    }
}

/// `if_match_missing` without the header or with `*`; `version_stale` for what is none of our tags: it can
/// match no version.
fn seen(request: &HttpRequest) -> Result<i64> {
    let mut values = request.headers().get_all(IF_MATCH);
    let value = values.next().map(|value| value.to_str().unwrap_or_default().trim());
    let (Some(text), None) = (value.filter(|text| *text != "*"), values.next()) else {
        return Err(Problem::new(Code::IfMatchMissing));
    };
    let digits = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    let version = digits.filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
    version.and_then(|digits| digits.parse().ok()).ok_or_else(|| Problem::new(Code::VersionStale))
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn read(values: &[&str]) -> Result<i64, Code> {
        let mut request = TestRequest::patch();
        for value in values {
            request = request.append_header((IF_MATCH, *value));
        }
        seen(&request.to_http_request()).map_err(|problem| problem.code)
    }

    #[test]
    fn one_strong_tag_of_ours_is_a_version() {
        assert_eq!(read(&["\"7\""]), Ok(7));
        for absent in [&[][..], &["*"], &["\"7\"", "\"8\""]] {
            assert_eq!(read(absent), Err(Code::IfMatchMissing), "{absent:?}");
        }
        for other in
            ["7", "W/\"7\"", "\"\"", "\"-7\"", "\"7\", \"8\"", "\"seven\"", "\"99999999999999999999\""]
        {
            assert_eq!(read(&[other]), Err(Code::VersionStale), "{other}");
        }
    }
}
