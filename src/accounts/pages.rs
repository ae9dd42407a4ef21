//! The pages of signing in and out, of a second factor's enrolment, of one's own sign-ins, and the switch of language.

mod own;
mod people;

use actix_web::web;
use askama::Template;
use serde::Deserialize;
use shiryan_kernel::Code;

use super::{Enrolment, SignIn};
use crate::http::{Answer, House, Nothing, Peer};
use crate::texts::{self, Lang, ProblemText};
use crate::web::{Frame, Posted, Square, Visitor, go};

/// Adds the pages; the sign-in page itself is also the first page of whoever is not signed in.
pub fn pages(config: &mut web::ServiceConfig) {
    config
        .route("/people", web::get().to(people::people))
        .route("/people", web::post().to(people::make))
        .route("/people/address", web::post().to(people::address))
        .route("/people/reset", web::post().to(people::reset))
        .route("/people/{id}/disable", web::post().to(people::disable))
        .route("/people/{id}/enable", web::post().to(people::enable))
        .route("/sign-ins", web::get().to(own::sign_ins))
        .route("/sign-ins/{id}/end", web::post().to(own::end))
        .route("/sign-in", web::get().to(ask))
        .route("/sign-in", web::post().to(sign_in))
        .route("/sign-out", web::post().to(sign_out))
        .route("/language", web::post().to(switch));
}

/// Which field a person goes on with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Focus {
    Username,
    Password,
    New,
    Code,
}

#[derive(Template)]
#[template(path = "sign_in.html")]
struct Page {
    frame: Frame,
    said: Option<ProblemText>,
    username: String,
    asks_new: bool,
    /// Fewest characters of a new password.
    shortest: i64,
    focus: Focus,
    asks_code: bool,
    enrolment: Option<Shared>,
}

/// What a device is given to share, as a page shows it.
struct Shared {
    /// In groups of four.
    secret: String,
    uri: String,
    /// A drawing of the address, made here of squares alone.
    picture: Square,
}

impl Shared {
    fn of(enrolment: Enrolment) -> Self {
        let Enrolment { secret, uri } = enrolment;
        let picture = Square::of(&uri);
        let groups: Vec<String> =
            secret.chars().collect::<Vec<_>>().chunks(4).map(|four| four.iter().collect()).collect();
        Self { secret: groups.join(" "), uri, picture }
    }
}

/// The recovery codes, shown this once.
#[derive(Template)]
#[template(path = "recovery.html")]
struct Recovery {
    frame: Frame,
    codes: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Credentials {
    username: String,
    password: String,
    new_password: Option<String>,
    code: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Switch {
    lang: Lang,
    back: String,
}

/// The sign-in page.
///
/// # Errors
/// `internal` alone.
pub fn sign_in_page(house: &House, visitor: &Visitor) -> Answer {
    let page = Page {
        frame: Frame { at: "/".to_owned(), ..Frame::of(house, visitor, "sign-in-title") },
        said: None,
        username: String::new(),
        asks_new: false,
        shortest: shortest(house),
        focus: Focus::Username,
        asks_code: false,
        enrolment: None,
    };
    Ok(visitor.page(&page)?)
}

fn shortest(house: &House) -> i64 {
    i64::try_from(house.settings.accounts.password_characters).unwrap_or(i64::MAX)
}

async fn ask(house: web::Data<House>, visitor: Visitor) -> Answer {
    if visitor.principal.is_some() { Ok(go("/")) } else { sign_in_page(&house, &visitor) }
}

async fn sign_in(house: web::Data<House>, Peer(from): Peer, posted: Posted<Credentials>) -> Answer {
    let Posted { visitor, form: Credentials { username, password, new_password, code }, .. } = posted;
    let asked_new = new_password.is_some();
    let code = code.filter(|code| !code.trim().is_empty());
    let again = password.clone();
    let offered = SignIn { username: username.clone(), password, new_password, code, from };
    let problem = match house.sessions.begin_browser(offered).await {
        Ok(session) => {
            if let Some(before) = &visitor.principal {
                house.sessions.end(before).await?;
            }
            let mut response = match session.recovery_codes {
                None => go("/"),
                Some(codes) => {
                    let frame = Frame { at: "/".to_owned(), ..Frame::of(&house, &visitor, "recovery-title") };
                    visitor.page(&Recovery { frame, codes })?
                }
            };
            for cookie in visitor.signed_in(&session.cookie) {
                response.add_cookie(&cookie).map_err(shiryan_kernel::Problem::internal)?;
            }
            return Ok(response);
        }
        Err(problem) if problem.cause.is_some() => return Err(problem.into()),
        Err(problem) => problem,
    };
    let enrolment = match problem.code {
        Code::SecondFactorMissing => Some(house.sessions.enrol(username.clone(), again, from).await?),
        _ => None,
    };
    // A wrong field is told by its own words.
    let of_new = problem.errors.iter().find(|error| error.field == "new_password");
    let (code, focus) = match of_new {
        Some(error) => (error.code, Focus::New),
        None => (problem.code, focus_of(problem.code)),
    };
    let page = Page {
        frame: Frame { at: "/".to_owned(), ..Frame::of(&house, &visitor, "sign-in-title") },
        said: Some(match (of_new, code) {
            (Some(_), Code::InvalidValue) => same_password(visitor.lang),
            _ => texts::problem(visitor.lang, code),
        }),
        username,
        asks_new: asked_new || focus == Focus::New,
        shortest: shortest(&house),
        asks_code: focus == Focus::Code,
        focus,
        enrolment: enrolment.map(Shared::of),
    };
    Ok(visitor.page_of(problem.code, &page)?)
}

const fn focus_of(code: Code) -> Focus {
    match code {
        Code::PasswordChangeRequired => Focus::New,
        Code::SecondFactorMissing | Code::SecondFactorRequired | Code::SecondFactorInvalid => Focus::Code,
        _ => Focus::Password,
    }
}

/// The new password is the old one.
fn same_password(lang: Lang) -> ProblemText {
    let say = |id| texts::say(lang, id, &[]);
    ProblemText { title: say("sign-in-same"), detail: say("sign-in-same.detail") }
}

async fn sign_out(house: web::Data<House>, posted: Posted<Nothing>) -> Answer {
    let Posted { visitor, form: Nothing {}, .. } = posted;
    if let Some(principal) = &visitor.principal {
        house.sessions.end(principal).await?;
    }
    let mut response = go("/");
    response.add_cookie(&visitor.signed_out()).map_err(shiryan_kernel::Problem::internal)?;
    Ok(response)
}

async fn switch(house: web::Data<House>, posted: Posted<Switch>) -> Answer {
    let Posted { visitor, form: Switch { lang, back }, .. } = posted;
    if let Some(principal) = &visitor.principal {
        house.sessions.choose_language(principal, lang.tag()).await?;
    }
    let mut response = go(if is_here(&back) { &back } else { "/" });
    response.add_cookie(&visitor.switched(lang)).map_err(shiryan_kernel::Problem::internal)?;
    Ok(response)
}

/// Whether an address is a path of this site: a browser reads `//host` and `/\host` as another.
fn is_here(address: &str) -> bool {
    let mut bytes = address.bytes();
    bytes.next() == Some(b'/')
        && !matches!(bytes.next(), Some(b'/' | b'\\'))
        && address.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_back_stays_on_this_site() {
        for good in ["/", "/?region=gaza_north&component=plasma", "/sign-in"] {
            assert!(is_here(good), "{good}");
        }
        for bad in ["", "//evil.example", "/\\evil.example", "https://evil.example", "/a\r\nb", "/ب", "x"] {
            assert!(!is_here(bad), "{bad}");
        }
    }
}
