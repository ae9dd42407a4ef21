//! The frame around every page: language and direction, the way to the content, the pages of a role,
//! the switch of language, the way out. `templates/base.html` draws it.

use actix_web::http::header;
use actix_web::{HttpResponse, HttpResponseBuilder};
use askama::Template;
use shiryan_kernel::role::Role;
use shiryan_kernel::{Code, Problem, Result};

use super::show::Say;
use super::{Visitor, assets};
use crate::http::{House, problem};
use crate::texts::Lang;

/// A page that stands in the frame's list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tab {
    pub address: &'static str,
    pub text: String,
    pub current: bool,
}

/// What `base.html` needs.
#[derive(Debug)]
pub struct Frame {
    pub say: Say,
    /// The page's question: its title and first heading.
    pub title: String,
    pub sheet: String,
    pub icon: String,
    pub is_demo: bool,
    /// The role of whoever is signed in, in words.
    pub who: Option<String>,
    /// The token of this page's forms; a page without one has none.
    pub csrf: Option<String>,
    /// Where the switch of language comes back to.
    pub at: String,
    pub tabs: Vec<Tab>,
}

impl Frame {
    /// The frame of a visitor's page, titled by the text `title`.
    #[must_use]
    pub fn of(house: &House, visitor: &Visitor, title: &str) -> Self {
        let say = Say(visitor.lang);
        Self {
            who: visitor.role().map(|role| say.word("role", role.code())),
            csrf: Some(visitor.secret.token()),
            is_demo: house.is_demo,
            at: visitor.at.clone(),
            tabs: tabs(say, visitor.role(), &visitor.at),
            ..Self::bare(visitor.lang, say.text(title))
        }
    }

    /// Where the page's table is to be had as a file.
    #[must_use]
    pub fn as_file(&self, format: &str) -> String {
        let sign = if self.at.contains('?') { '&' } else { '?' };
        format!("{}{sign}format={format}", self.at)
    }

    /// The frame of a page that knows nobody.
    #[must_use]
    pub(super) fn bare(lang: Lang, title: String) -> Self {
        Self {
            say: Say(lang),
            title,
            sheet: assets::address("base.css"),
            icon: assets::address("mark.svg"),
            is_demo: false,
            who: None,
            csrf: None,
            at: "/".to_owned(),
            tabs: Vec::new(),
        }
    }
}

fn tabs(say: Say, role: Option<Role>, at: &str) -> Vec<Tab> {
    let Some(role) = role else { return Vec::new() };
    let path = at.split('?').next().unwrap_or_default();
    let own: &[(&str, &str)] = match role {
        Role::Medic => &[
            ("/", "page-week"),
            ("/drives", "page-drives"),
            ("/donors", "page-donors"),
            ("/call", "page-call"),
            ("/programme", "page-programme"),
            ("/approvals", "page-approvals"),
        ],
        Role::Hospital => &[
            ("/", "page-shelf"),
            ("/find", "page-find"),
            ("/requests", "page-requests"),
            ("/units", "page-units"),
        ],
        Role::Bank => &[
            ("/", "page-reserve"),
            ("/where", "page-where"),
            ("/ahead", "page-ahead"),
            ("/emergency", "page-emergency"),
            ("/bank", "page-bank"),
            ("/units", "page-units"),
            ("/shelves", "page-shelf"),
            ("/requests", "page-requests"),
            ("/find", "page-find"),
            ("/week", "page-week"),
            ("/panel", "page-panel"),
            ("/donors", "page-donors"),
            ("/approvals", "page-approvals"),
        ],
        Role::Physician => &[
            ("/", "page-reserve"),
            ("/where", "page-where"),
            ("/ahead", "page-ahead"),
            ("/units", "page-units"),
            ("/laboratory", "page-laboratory"),
            ("/shelves", "page-shelf"),
            ("/requests", "page-requests"),
            ("/panel", "page-panel"),
            ("/rules", "page-rules"),
            ("/approvals", "page-approvals"),
        ],
        Role::Command => &[
            ("/", "page-reserve"),
            ("/where", "page-where"),
            ("/ahead", "page-ahead"),
            ("/working", "page-working"),
            ("/emergency", "page-emergency"),
            ("/programme", "page-programme"),
            ("/shelves", "page-shelf"),
        ],
        Role::Admin => &[
            ("/", "page-reserve"),
            ("/people", "page-people"),
            ("/places", "page-places"),
            ("/rules", "page-rules"),
            ("/approvals", "page-approvals"),
            ("/record", "page-record"),
            ("/outbox", "page-outbox"),
            ("/where", "page-where"),
            ("/ahead", "page-ahead"),
            ("/programme", "page-programme"),
            ("/shelves", "page-shelf"),
        ],
    };
    own.iter()
        .chain(&[("/docs", "page-docs")])
        .map(|(address, text)| Tab { address, text: say.text(text), current: *address == path })
        .collect()
}

/// On to another page, which a reload then shows again without sending the form twice.
#[must_use]
pub fn go(to: &str) -> HttpResponse {
    HttpResponse::SeeOther().insert_header((header::LOCATION, to)).finish()
}

impl Visitor {
    /// A page as a response.
    ///
    /// # Errors
    /// `internal` when the template fails.
    pub fn page(&self, page: &impl Template) -> Result<HttpResponse> {
        self.dressed(HttpResponse::Ok(), page)
    }

    /// A page that says why a form was not taken, with the status of that problem.
    ///
    /// # Errors
    /// `internal` when the template fails.
    pub fn page_of(&self, problem: Code, page: &impl Template) -> Result<HttpResponse> {
        self.dressed(HttpResponse::build(problem::status(problem)), page)
    }

    fn dressed(&self, mut response: HttpResponseBuilder, page: &impl Template) -> Result<HttpResponse> {
        let html = page.render().map_err(Problem::internal)?;
        // Under `no-referrer` a browser hides the origin of a form, and the form would be refused.
        response.insert_header((header::REFERRER_POLICY, "same-origin"));
        response.insert_header((header::CONTENT_LANGUAGE, self.lang.tag()));
        response.insert_header((header::VARY, "accept-language, cookie"));
        if let Some(cookie) = self.first_cookie() {
            response.cookie(cookie);
        }
        Ok(response.content_type("text/html; charset=utf-8").body(html))
    }
}
