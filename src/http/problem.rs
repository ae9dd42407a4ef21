//! Problems as `application/problem+json` (RFC 9457), in the caller's language.
//!
//! A handler returns `Err(problem.into())`. The response carries the problem itself, and
//! [`guard::door`](super::guard::door) words it last, when the language is known. The cause of a fault goes
//! to the log and never into a body.

use actix_web::{
    HttpResponse, HttpResponseBuilder, ResponseError,
    http::{
        StatusCode,
        header::{self, HeaderValue},
    },
};
use serde::Serialize;
use shiryan_kernel::{Code, Problem};

use crate::texts::{self, Lang};

/// What every handler returns.
pub type Answer<T = HttpResponse> = Result<T, Refusal>;

/// A problem on its way out.
#[derive(Debug)]
pub struct Refusal(pub Problem);

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl From<Code> for Refusal {
    fn from(code: Code) -> Self {
        Self(Problem::new(code))
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.code.fmt(f)
    }
}

impl ResponseError for Refusal {
    fn status_code(&self) -> StatusCode {
        status(self.0.code)
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = render(&self.0, Lang::default());
        response.extensions_mut().insert(self.0.clone());
        response
    }
}

/// The body of a problem.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Problem)]
pub struct ProblemBody {
    /// `/problems/` and the code.
    #[serde(rename = "type")]
    pub kind: String,
    /// What happened, in the caller's language.
    pub title: String,
    pub status: u16,
    /// Stable; programs branch on it.
    pub code: Code,
    /// What to do about it, in the caller's language.
    pub detail: String,
    /// Every field at fault.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldBody>,
    /// Dates and codes that explain, each under its own name.
    #[serde(flatten)]
    pub facts: std::collections::BTreeMap<&'static str, String>,
}

/// One field at fault.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = ProblemField)]
pub struct FieldBody {
    /// Path in the body (`donor.phone`, `items[2].code`) or the query's key.
    pub field: String,
    pub code: Code,
    pub message: String,
}

const RESERVED: [&str; 6] = ["type", "title", "status", "code", "detail", "errors"];

impl ProblemBody {
    #[must_use]
    pub fn new(problem: &Problem, lang: Lang) -> Self {
        let text = texts::problem(lang, problem.code);
        let facts = problem.facts.iter().filter(|(name, _)| !RESERVED.contains(name));
        Self {
            kind: format!("/problems/{}", problem.code),
            title: text.title,
            status: status(problem.code).as_u16(),
            code: problem.code,
            detail: text.detail,
            errors: problem
                .errors
                .iter()
                .map(|error| FieldBody {
                    field: error.field.clone(),
                    code: error.code,
                    message: texts::problem(lang, error.code).title,
                })
                .collect(),
            facts: facts.cloned().collect(),
        }
    }
}

/// The whole response: status, the headers that the status asks for, and the worded body.
#[must_use]
pub fn render(problem: &Problem, lang: Lang) -> HttpResponse {
    let mut response = start(problem, lang);
    response.content_type("application/problem+json");
    match serde_json::to_vec(&ProblemBody::new(problem, lang)) {
        Ok(body) => response.body(body),
        Err(_) => response.finish(),
    }
}

/// Status and headers of a problem, its body still open (a page words it in HTML).
pub(super) fn start(problem: &Problem, lang: Lang) -> HttpResponseBuilder {
    let mut response = HttpResponse::build(status(problem.code));
    response.insert_header((header::CONTENT_LANGUAGE, lang.tag()));
    response.insert_header((header::VARY, "accept-language, cookie"));
    let fact = |name| problem.facts.iter().find(|(known, _)| *known == name).map(|(_, text)| text);
    match problem.code {
        Code::Busy | Code::NotReady | Code::SearchWarming | Code::IdempotencyInProgress => {
            response.insert_header((header::RETRY_AFTER, seconds(fact("retry_after"), 1)));
        }
        Code::TooManyRequests => {
            response.insert_header((header::RETRY_AFTER, seconds(fact("retry_after"), 60)));
        }
        Code::Unauthenticated => {
            response.insert_header((header::WWW_AUTHENTICATE, "Bearer"));
        }
        Code::TokenInvalid | Code::TokenExpired => {
            response.insert_header((header::WWW_AUTHENTICATE, "Bearer error=\"invalid_token\""));
        }
        Code::MethodNotAllowed => {
            if let Some(allow) = fact("allow").and_then(|text| HeaderValue::from_str(text).ok()) {
                response.insert_header((header::ALLOW, allow));
            }
        }
        _ => {}
    }
    response
}

fn seconds(fact: Option<&String>, otherwise: u32) -> u32 {
    fact.and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

/// The status of each code: 400 when the form is wrong, 422 when the form is right and the sense is
/// not, 409 when the state of things forbids it.
#[must_use]
pub const fn status(code: Code) -> StatusCode {
    match code {
        Code::MalformedJson
        | Code::UnknownField
        | Code::UnknownParameter
        | Code::MissingField
        | Code::WrongType
        | Code::CursorInvalid
        | Code::IdempotencyKeyMissing
        | Code::IdempotencyKeyInvalid => StatusCode::BAD_REQUEST,
        Code::Unauthenticated
        | Code::TokenInvalid
        | Code::TokenExpired
        | Code::BadCredentials
        | Code::SecondFactorInvalid
        | Code::RefreshInvalid
        | Code::RefreshReused => StatusCode::UNAUTHORIZED,
        Code::PasswordChangeRequired
        | Code::SecondFactorMissing
        | Code::SecondFactorRequired
        | Code::Forbidden
        | Code::SecondPersonRequired
        | Code::CrossSiteRefused => StatusCode::FORBIDDEN,
        Code::NotFound => StatusCode::NOT_FOUND,
        Code::IfMatchMissing => StatusCode::PRECONDITION_REQUIRED,
        Code::VersionStale => StatusCode::PRECONDITION_FAILED,
        Code::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        Code::IdempotencyInProgress
        | Code::StateConflict
        | Code::CountDiffers
        | Code::CodeTaken
        | Code::DonorAlreadyRegistered
        | Code::DonorUnbookable
        | Code::NotEligible
        | Code::AlreadyBooked
        | Code::SlotFull
        | Code::SlotForWomen
        | Code::FirstTimersFull
        | Code::TypeNotCollected
        | Code::DriveFull
        | Code::DriveClosed
        | Code::UnitAbsent
        | Code::DutyConflict
        | Code::DinUsed
        | Code::DinMismatch
        | Code::NotPrepared
        | Code::NotBalanced
        | Code::GroupUnknown
        | Code::GroupDiscrepancy
        | Code::UnitExpired
        | Code::TestsMissing
        | Code::TestsReactive
        | Code::RhdPolicyForbids
        | Code::UnitIncompatible => StatusCode::CONFLICT,
        Code::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Code::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Code::InvalidValue
        | Code::OutOfRange
        | Code::BadText
        | Code::InvalidRequest
        | Code::IdempotencyKeyReused
        | Code::UnknownReference
        | Code::DinInvalid
        | Code::PasswordTooShort
        | Code::PasswordTooCommon
        | Code::NationalIdInvalid
        | Code::PhoneInvalid
        | Code::EmailInvalid
        | Code::NameInvalid
        | Code::DateInvalid => StatusCode::UNPROCESSABLE_ENTITY,
        Code::TooManyRequests => StatusCode::TOO_MANY_REQUESTS,
        Code::IdentityDamaged | Code::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        Code::Busy | Code::NotReady | Code::SearchWarming => StatusCode::SERVICE_UNAVAILABLE,
    }
}

/// The code for a status that the framework gave on its own.
pub(super) fn code_of(status: StatusCode) -> Code {
    match status {
        StatusCode::UNAUTHORIZED => Code::Unauthenticated,
        StatusCode::FORBIDDEN => Code::Forbidden,
        StatusCode::NOT_FOUND => Code::NotFound,
        StatusCode::METHOD_NOT_ALLOWED => Code::MethodNotAllowed,
        StatusCode::PAYLOAD_TOO_LARGE => Code::BodyTooLarge,
        StatusCode::UNSUPPORTED_MEDIA_TYPE => Code::UnsupportedMediaType,
        StatusCode::TOO_MANY_REQUESTS => Code::TooManyRequests,
        StatusCode::SERVICE_UNAVAILABLE => Code::NotReady,
        status if status.is_client_error() => Code::InvalidRequest,
        _ => Code::Internal,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_docs_give_each_code_the_status_that_is_sent() {
        let docs = include_str!("../../docs/problems.md");
        for code in Code::ALL {
            let line = format!("| `{code}` | {} |", status(*code).as_u16());
            assert!(docs.contains(&line), "docs/problems.md lacks {line}");
        }
    }

    #[test]
    fn a_fact_never_replaces_a_member_of_the_body() {
        let problem = Problem::new(Code::SlotFull).with("status", "200").with("on", "2026-03-01");
        let body = serde_json::to_value(ProblemBody::new(&problem, Lang::En)).unwrap();
        assert_eq!(body["status"], 409);
        assert_eq!(body["on"], "2026-03-01");
        assert_eq!(body["title"], "This time is full");
        assert!(body.get("errors").is_none());
    }

    #[test]
    fn a_cause_is_never_in_the_body() {
        let problem = Problem::internal("password=hunter2");
        let body = serde_json::to_string(&ProblemBody::new(&problem, Lang::Ar)).unwrap();
        assert!(!body.contains("hunter2"));
        assert!(body.contains("internal"));
    }

    #[test]
    fn waiting_problems_say_how_long() {
        for (problem, expected) in [
            (Problem::new(Code::Busy), "1"),
            (Problem::new(Code::TooManyRequests), "60"),
            (Problem::new(Code::TooManyRequests).with("retry_after", 7), "7"),
        ] {
            let response = render(&problem, Lang::En);
            assert_eq!(response.headers().get(header::RETRY_AFTER).unwrap(), expected);
        }
    }
}
