//! `Actor<Right>` in a handler's signature: the API reads the bearer token, and no cookie.

use std::future::{Ready, ready};

use actix_web::http::header::AUTHORIZATION;
use actix_web::{FromRequest, HttpRequest, dev::Payload, web};
use shiryan_kernel::{Code, Problem, Result};

use super::House;
use super::problem::Refusal;
use crate::accounts::{Actor, Principal, Right};

impl<R: Right> FromRequest for Actor<R> {
    type Error = Refusal;
    type Future = Ready<Result<Self, Refusal>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(bearer(request).and_then(Self::of).map_err(Refusal))
    }
}

/// Who the bearer token says is asking.
///
/// # Errors
/// `unauthenticated` without one, `token_invalid`, `token_expired`.
pub fn bearer(request: &HttpRequest) -> Result<Principal> {
    let house = request.app_data::<web::Data<House>>().ok_or_else(|| Problem::new(Code::NotReady))?;
    let mut headers = request.headers().get_all(AUTHORIZATION);
    let (Some(header), None) = (headers.next(), headers.next()) else {
        return Err(Problem::new(Code::Unauthenticated));
    };
    let text = header.to_str().map_err(|_| Problem::new(Code::TokenInvalid))?;
    let token = text
        .split_once(' ')
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim())
        .ok_or_else(|| Problem::new(Code::Unauthenticated))?;
    house.sessions.bearer(token)
}
