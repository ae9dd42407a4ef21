//! A problem as a page.

use askama::Template;
use shiryan_kernel::{Code, Problem};

use super::Frame;
use crate::http::guard::PageFace;
use crate::texts::{self, Lang, ProblemText};

/// Goes into the app's data, so that problems outside the API are pages.
pub const FACE: PageFace = PageFace(|lang, problem, status| face(lang, problem, status.as_u16()));

/// Whether a problem is told above the form that caused it: it is the sender's to put right.
#[must_use]
pub fn is_for_the_form(problem: &Problem) -> bool {
    problem.cause.is_none()
        && !matches!(problem.code, Code::NotFound | Code::Forbidden | Code::Unauthenticated)
}

/// A problem in words; that of its first field where one is at fault.
#[must_use]
pub fn told(lang: Lang, problem: &Problem) -> ProblemText {
    texts::problem(lang, problem.errors.first().map_or(problem.code, |error| error.code))
}

#[derive(Template)]
#[template(path = "problem.html")]
struct Page {
    frame: Frame,
    detail: String,
    code: &'static str,
    status: u16,
}

fn face(lang: Lang, problem: &Problem, status: u16) -> String {
    let text = texts::problem(lang, problem.code);
    let page =
        Page { frame: Frame::bare(lang, text.title), detail: text.detail, code: problem.code.code(), status };
    // The template holds nothing that can fail; if it did, the code alone is still an answer.
    page.render().unwrap_or_else(|_| problem.code.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_problem_is_a_page_in_both_languages() {
        for code in Code::ALL {
            for lang in Lang::ALL.iter().copied() {
                let html = face(lang, &Problem::new(*code), 409);
                assert!(html.contains(&format!(
                    "<html lang=\"{}\" dir=\"{}\"",
                    lang.tag(),
                    lang.direction()
                )));
                assert!(html.contains(code.code()), "{code}");
                assert!(!html.contains("problem-"), "{code}: {html}");
            }
        }
    }
}
