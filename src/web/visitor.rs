//! Whose browser asks: read from the cookie, checked against the database at every request.
//!
//! Over TLS the cookies carry the prefix `__Host-` and are `Secure`. Without it, which is on this
//! machine alone, they carry neither: a client that keeps to the letter sends no `Secure` cookie over
//! plain HTTP, and nothing would be gained.

use std::future::Future;
use std::pin::Pin;

use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::{FromRequest, HttpMessage, HttpRequest, dev::Payload, web};
use shiryan_kernel::role::Role;
use shiryan_kernel::{Code, Problem, Result};

use super::form::{self, Secret};
use crate::accounts::{Actor, Principal, Right};
use crate::http::{House, Refusal, Speak, lang};
use crate::texts::Lang;
use crate::vault::random_token;

const SESSION: &str = "session";
const BEFORE: &str = "sign-in";

/// Whoever looks at a page, signed in or not.
#[derive(Debug)]
pub struct Visitor {
    pub lang: Lang,
    /// Who is signed in.
    pub principal: Option<Principal>,
    /// Path and query of the page, to come back to.
    pub at: String,
    pub(super) secret: Secret,
    /// A first visit: the cookie that its forms are bound to.
    pub(super) fresh: Option<String>,
    pub(super) jar: Jar,
}

impl Visitor {
    /// Who is signed in, if the role holds the right.
    ///
    /// # Errors
    /// `unauthenticated`, `forbidden`.
    pub fn seat<R: Right>(&self) -> Result<Actor<R>> {
        Actor::of(self.principal.clone().ok_or_else(|| Problem::new(Code::Unauthenticated))?)
    }

    #[must_use]
    pub fn role(&self) -> Option<Role> {
        self.principal.as_ref().map(|principal| principal.role)
    }

    /// The cookie of a sign-in that was just made, and the end of the one before it.
    #[must_use]
    pub fn signed_in(&self, secret: &str) -> [Cookie<'static>; 2] {
        [self.jar.cookie(SESSION, secret), self.jar.end(BEFORE)]
    }

    #[must_use]
    pub fn signed_out(&self) -> Cookie<'static> {
        self.jar.end(SESSION)
    }

    /// The cookie of the language that was switched to.
    #[must_use]
    pub fn switched(&self, lang: Lang) -> Cookie<'static> {
        let mut cookie = Cookie::new(lang::COOKIE, lang.tag());
        self.jar.dress(&mut cookie);
        cookie.set_max_age(Duration::days(365));
        cookie
    }

    async fn of(request: HttpRequest) -> Result<Self> {
        let house = request.app_data::<web::Data<House>>().ok_or_else(|| Problem::new(Code::NotReady))?;
        let jar = Jar { secure: house.settings.is_secure() || request.app_config().secure() };
        let session = match jar.read(&request, SESSION) {
            Some(cookie) => house.sessions.browser(cookie).await?,
            None => None,
        };
        let own = session.as_ref().and_then(|session| Lang::parse(session.language.as_deref()?));
        if let Some(own) = own {
            request.extensions_mut().insert(own);
        }
        let Ok(Speak(lang)) = Speak::extract(&request).await;
        let at = request.uri().path_and_query().map_or("/", |at| at.as_str()).to_owned();
        let (principal, secret, fresh) = match session {
            Some(session) => (Some(session.principal), form::of_session(&session.csrf)?, None),
            None => {
                let held = jar.read(&request, BEFORE);
                let fresh = if held.is_none() { Some(random_token()) } else { None };
                let cookie = held.or_else(|| fresh.clone()).unwrap_or_default();
                (None, form::before_sign_in(&house.vault, &cookie), fresh)
            }
        };
        Ok(Self { lang, principal, at, secret, fresh, jar })
    }

    /// The cookie that a first visit is given.
    pub(super) fn first_cookie(&self) -> Option<Cookie<'static>> {
        self.fresh.as_deref().map(|fresh| self.jar.cookie(BEFORE, fresh))
    }
}

impl FromRequest for Visitor {
    type Error = Refusal;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Refusal>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move { Self::of(request).await.map_err(Refusal) })
    }
}

/// A page's caller who holds the right `R`.
#[derive(Debug)]
pub struct Seated<R: Right> {
    pub visitor: Visitor,
    pub by: Actor<R>,
}

impl<R: Right> FromRequest for Seated<R> {
    type Error = Refusal;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Refusal>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let visitor = Visitor::of(request).await?;
            let by = visitor.seat()?;
            Ok(Self { visitor, by })
        })
    }
}

/// Whether a browser that is signed in sent this request.
pub async fn is_seated(request: &HttpRequest) -> bool {
    Visitor::of(request.clone()).await.is_ok_and(|visitor| visitor.principal.is_some())
}

/// How this installation names and dresses its cookies.
#[derive(Debug, Clone, Copy)]
pub(super) struct Jar {
    secure: bool,
}

impl Jar {
    fn name(self, name: &str) -> String {
        if self.secure { format!("__Host-{name}") } else { name.to_owned() }
    }

    /// A cookie that is there exactly once: a second one of the name was put there by somebody else.
    fn read(self, request: &HttpRequest, name: &str) -> Option<String> {
        let name = self.name(name);
        let cookies = request.cookies().ok()?;
        let mut found = cookies.iter().filter(|cookie| cookie.name() == name);
        match (found.next(), found.next()) {
            (Some(cookie), None) if !cookie.value().is_empty() => Some(cookie.value().to_owned()),
            _ => None,
        }
    }

    fn cookie(self, name: &str, value: &str) -> Cookie<'static> {
        let mut cookie = Cookie::new(self.name(name), value.to_owned());
        self.dress(&mut cookie);
        cookie
    }

    fn end(self, name: &str) -> Cookie<'static> {
        let mut cookie = self.cookie(name, "");
        cookie.make_removal();
        cookie
    }

    fn dress(self, cookie: &mut Cookie<'static>) {
        cookie.set_path("/");
        cookie.set_http_only(true);
        cookie.set_same_site(SameSite::Strict);
        if self.secure {
            cookie.set_secure(true);
        }
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn over_tls_a_cookie_belongs_to_this_host_alone() {
        let cookie = Jar { secure: true }.cookie(SESSION, "x").to_string();
        assert_eq!(cookie, "__Host-session=x; HttpOnly; SameSite=Strict; Secure; Path=/");
        let cookie = Jar { secure: false }.cookie(SESSION, "x").to_string();
        assert_eq!(cookie, "session=x; HttpOnly; SameSite=Strict; Path=/");
        assert!(Jar { secure: true }.end(SESSION).to_string().contains("Max-Age=0"));
    }

    #[test]
    fn a_cookie_that_comes_twice_is_nobodys() {
        let read = |secure, line: &str| {
            let request = TestRequest::get().insert_header(("cookie", line)).to_http_request();
            Jar { secure }.read(&request, SESSION)
        };
        assert_eq!(read(false, "session=a; lang=en"), Some("a".into()));
        assert_eq!(read(false, "session=a; session=b"), None);
        assert_eq!(read(false, "session="), None);
        assert_eq!(read(true, "session=a"), None);
        assert_eq!(read(true, "__Host-session=a"), Some("a".into()));
    }
}
