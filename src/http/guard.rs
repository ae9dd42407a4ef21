//! The middleware that every answer passes: wording of problems, security headers, request ids, the log.
//!
//! The log holds route patterns only, never a path or a query: paths hold ids, queries hold filters.
//! A panic in a handler, an unknown route and an error of the framework all leave as problems.

use std::{future::poll_fn, panic::AssertUnwindSafe, pin::pin, sync::Arc, time::Instant};

use actix_http::ConnectionType;
use actix_web::{
    Error, HttpMessage, HttpRequest, HttpResponse,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    error::InternalError,
    http::{
        Method, StatusCode,
        header::{self, HeaderName, HeaderValue},
    },
    middleware::Next,
    web,
};
use shiryan_kernel::{Code, Problem, Result};
use tracing_actix_web::{RequestId, RootSpanBuilder};

use super::{
    House,
    health::Pulse,
    lang, methods,
    problem::{self, Refusal},
};
use crate::texts::Lang;

/// How pages word a problem in HTML; put into the app's data by the room that has pages.
#[derive(Clone, Copy)]
pub struct PageFace(pub fn(Lang, &Problem, StatusCode) -> String);

const CSP: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
    form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Set where the handler did not set its own. A page with a form sets `Referrer-Policy: same-origin`:
/// under `no-referrer` browsers send `Origin: null` with a form, and [`from_here`] would refuse it.
const HEADERS: [(HeaderName, HeaderValue); 7] = [
    (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(CSP)),
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (header::CROSS_ORIGIN_OPENER_POLICY, HeaderValue::from_static("same-origin")),
    (header::CROSS_ORIGIN_EMBEDDER_POLICY, HeaderValue::from_static("require-corp")),
    (header::CROSS_ORIGIN_RESOURCE_POLICY, HeaderValue::from_static("same-origin")),
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
];

/// What must be known of a request before it is gone.
struct Asker {
    lang: Lang,
    api: bool,
    html: bool,
    tls: bool,
    id: Option<HeaderValue>,
    face: Option<PageFace>,
    pulse: Option<Arc<Pulse>>,
}

impl Asker {
    fn of(request: &ServiceRequest) -> Self {
        let accept = request.headers().get(header::ACCEPT).and_then(|value| value.to_str().ok());
        Self {
            lang: lang::asked(request.headers()),
            api: request.path().starts_with("/api/"),
            html: accept.is_some_and(|text| text.contains("text/html")),
            tls: request.app_config().secure(),
            id: request
                .extensions()
                .get::<RequestId>()
                .and_then(|id| HeaderValue::from_str(&id.to_string()).ok()),
            face: request.app_data::<PageFace>().copied(),
            pulse: request.app_data::<web::Data<House>>().map(|house| Arc::clone(&house.pulse)),
        }
    }

    fn word(&self, problem: &Problem) -> HttpResponse {
        match self.face {
            Some(PageFace(face)) if self.html && !self.api => problem::start(problem, self.lang)
                .content_type("text/html; charset=utf-8")
                .body(face(self.lang, problem, problem::status(problem.code))),
            _ => problem::render(problem, self.lang),
        }
    }

    /// Sets what every answer carries.
    fn harden<B>(&self, response: &mut HttpResponse<B>) {
        // Whoever goes on here would meet a closed door: the next connection is to lead elsewhere.
        if self.pulse.as_ref().is_some_and(|pulse| pulse.is_leaving()) {
            response.head_mut().set_connection_type(ConnectionType::Close);
        }
        let headers = response.headers_mut();
        for (name, value) in HEADERS {
            if !headers.contains_key(&name) {
                headers.insert(name, value);
            }
        }
        if self.tls {
            headers.insert(
                header::STRICT_TRANSPORT_SECURITY,
                HeaderValue::from_static("max-age=31536000; includeSubDomains"),
            );
        }
        if let Some(id) = &self.id {
            headers.insert(REQUEST_ID, id.clone());
        }
    }
}

/// The outermost middleware but for compression, metrics and tracing:
/// `.wrap(from_fn(guard::door))`.
///
/// # Errors
/// Only with a response inside: what an inner middleware failed with, worded.
pub async fn door(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let mut asker = Asker::of(&request);
    let (method, started) = (method_label(request.method()), Instant::now());
    let outcome = match methods::not_own(&request) {
        Some(problem) => Some(Err(Refusal(problem).into())),
        None => unpanicked(async move { next.call(request).await }).await,
    };
    let outcome = match outcome {
        Some(Ok(response)) => {
            if let Some(own) = response.request().extensions().get::<Lang>() {
                asker.lang = *own;
            }
            Ok(settle(&asker, response.map_into_boxed_body()))
        }
        Some(Err(error)) => {
            let refusal = match error.as_error::<Refusal>() {
                Some(Refusal(problem)) => problem.clone(),
                None => Problem::new(problem::code_of(error.as_response_error().status_code())),
            };
            Err(fail(&asker, &refusal))
        }
        None => Err(fail(&asker, &Problem::internal("a handler panicked"))),
    };
    let status = match &outcome {
        Ok(response) => response.status(),
        Err(error) => error.as_response_error().status_code(),
    };
    let micros = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
    tracing::debug!(target: "shiryan::access", method, status = status.as_u16(), micros, "answered");
    outcome
}

/// Words the response if it is a problem, and sets the headers.
fn settle(asker: &Asker, mut response: ServiceResponse) -> ServiceResponse {
    let told = response.response_mut().extensions_mut().remove::<Problem>();
    let bare = told.is_none() && asker.api && is_bare_failure(response.response());
    let problem = match told {
        Some(problem) => Some(problem),
        None if bare => Some(Problem::new(problem::code_of(response.status()))),
        None => None,
    };
    if let Some(problem) = problem {
        log_cause(asker, &problem);
        let kept: Vec<HeaderValue> = response.headers().get_all(header::SET_COOKIE).cloned().collect();
        let mut worded = asker.word(&problem);
        for cookie in kept {
            worded.headers_mut().append(header::SET_COOKIE, cookie);
        }
        response = response.into_response(worded);
    }
    asker.harden(response.response_mut());
    response
}

/// An error that the framework answered by itself, in plain text or without a body.
fn is_bare_failure(response: &HttpResponse) -> bool {
    let kind = response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let failed = response.status().is_client_error() || response.status().is_server_error();
    failed && !kind.is_some_and(|kind| kind.contains("json"))
}

fn fail(asker: &Asker, problem: &Problem) -> Error {
    log_cause(asker, problem);
    let mut response = asker.word(problem);
    asker.harden(&mut response);
    InternalError::from_response(Refusal(problem.clone()), response).into()
}

/// The request's id goes with it: the caller has the same in a header.
fn log_cause(asker: &Asker, problem: &Problem) {
    if let Some(cause) = &problem.cause {
        let request_id = asker.id.as_ref().and_then(|id| id.to_str().ok());
        let code = problem.code.code();
        if problem::status(problem.code).is_server_error() {
            tracing::error!(code, request_id, cause, "a request failed");
        } else {
            tracing::debug!(code, request_id, cause, "a request was refused");
        }
    }
}

/// The future's output, or `None` when it panicked.
async fn unpanicked<T>(future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    poll_fn(|context| match std::panic::catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))) {
        Ok(poll) => poll.map(Some),
        Err(_) => std::task::Poll::Ready(None),
    })
    .await
}

/// A method from a closed list, for labels and logs.
#[must_use]
pub const fn method_label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "OTHER",
    }
}

/// That a form was sent from a page of this very site: `Sec-Fetch-Site` where the browser gives it,
/// else `Origin` against `own` (`server.origin`), or the host that was asked for when that is not set.
///
/// # Errors
/// `cross_site_refused` for another site, and when the request tells neither.
pub fn from_here(request: &HttpRequest, own: Option<&str>) -> Result<()> {
    let text = |name: HeaderName| request.headers().get(name).and_then(|value| value.to_str().ok());
    let here = match (text(HeaderName::from_static("sec-fetch-site")), text(header::ORIGIN), own) {
        (Some(site), _, _) => site == "same-origin",
        (None, Some(origin), Some(own)) => origin.eq_ignore_ascii_case(own),
        (None, Some(origin), None) => {
            let connection = request.connection_info();
            origin.split_once("://").is_some_and(|(_, host)| host.eq_ignore_ascii_case(connection.host()))
        }
        (None, None, _) => false,
    };
    if here { Ok(()) } else { Err(Problem::new(Code::CrossSiteRefused)) }
}

/// Builds the span of a request: method, route pattern, status and request id, and nothing else.
pub struct Spans;

impl RootSpanBuilder for Spans {
    fn on_request_start(request: &ServiceRequest) -> tracing::Span {
        // At the level of detail: a span for every request costs a twentieth of a point read. Its values
        // are worked out only where it is wanted.
        tracing::debug_span!(
            "request",
            method = method_label(request.method()),
            route = methods::pattern(request.request()).as_deref().unwrap_or("unmatched"),
            request_id = request.extensions().get::<RequestId>().map(ToString::to_string),
            status = tracing::field::Empty,
        )
    }

    fn on_request_end<B: MessageBody>(span: tracing::Span, outcome: &Result<ServiceResponse<B>, Error>) {
        let status = match outcome {
            Ok(response) => response.status(),
            Err(error) => error.as_response_error().status_code(),
        };
        span.record("status", status.as_u16());
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn only_forms_of_this_site_pass() {
        let told = |headers: &[(&'static str, &'static str)]| {
            let mut request = TestRequest::post().insert_header(("host", "blood.example:8443"));
            for header in headers {
                request = request.insert_header(*header);
            }
            from_here(&request.to_http_request(), None).is_ok()
        };
        assert!(told(&[("sec-fetch-site", "same-origin")]));
        assert!(told(&[("origin", "https://blood.example:8443")]));
        for headers in [
            &[][..],
            &[("sec-fetch-site", "cross-site"), ("origin", "https://blood.example:8443")],
            &[("sec-fetch-site", "same-site")],
            &[("sec-fetch-site", "none")],
            &[("origin", "null")],
            &[("origin", "https://blood.example")],
            &[("origin", "https://evil.example")],
        ] {
            assert!(!told(headers), "{headers:?}");
        }
        let proxied =
            TestRequest::post().insert_header(("origin", "https://blood.example")).to_http_request();
        assert!(from_here(&proxied, Some("https://blood.example")).is_ok());
        assert!(from_here(&proxied, Some("https://other.example")).is_err());
    }
}
