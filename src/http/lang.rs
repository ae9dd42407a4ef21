//! The language of a request: the person's own, else the page's switch, else `Accept-Language`, else
//! Arabic.

use std::future::{Ready, ready};

use actix_web::{
    FromRequest, HttpMessage, HttpRequest,
    dev::Payload,
    http::header::{self, HeaderMap},
};

use crate::texts::Lang;

/// The cookie that the switch on a page sets (`ar` or `en`).
pub const COOKIE: &str = "lang";

/// The language to answer in. A room that knows the person's own puts a [`Lang`] into the request's
/// extensions; it then holds for problems too.
#[derive(Debug, Clone, Copy)]
pub struct Speak(pub Lang);

impl FromRequest for Speak {
    type Error = std::convert::Infallible;
    type Future = Ready<Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let own = request.extensions().get::<Lang>().copied();
        ready(Ok(Self(own.unwrap_or_else(|| asked(request.headers())))))
    }
}

/// What the headers alone ask for.
#[must_use]
pub fn asked(headers: &HeaderMap) -> Lang {
    switched(headers).or_else(|| accepted(headers)).unwrap_or_default()
}

fn switched(headers: &HeaderMap) -> Option<Lang> {
    let cookies = headers.get_all(header::COOKIE).filter_map(|value| value.to_str().ok());
    cookies
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(name, value)| (name == COOKIE).then(|| Lang::parse(value))?)
}

fn accepted(headers: &HeaderMap) -> Option<Lang> {
    headers.get(header::ACCEPT_LANGUAGE)?.to_str().ok().and_then(Lang::accepted)
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn the_switch_wins_over_the_browser_and_arabic_is_the_rest() {
        let asked_by = |cookie: &str, accept: &str| {
            let request = TestRequest::default()
                .insert_header((header::COOKIE, cookie))
                .insert_header((header::ACCEPT_LANGUAGE, accept))
                .to_http_request();
            asked(request.headers())
        };
        assert_eq!(asked_by("a=b; lang=ar", "en"), Lang::Ar);
        assert_eq!(asked_by("lang=fr", "en"), Lang::En);
        assert_eq!(asked_by("", "de"), Lang::Ar);
    }
}
