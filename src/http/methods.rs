//! 405 with `Allow`: handlers that are declared by method answer 404 to every other method, so the app's default
//! service asks the API description which methods a path has. A path that is declared as it stands has its own
//! methods alone, whatever path with an id it looks like.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use actix_web::{HttpRequest, Route, dev::ServiceRequest, web};
use shiryan_kernel::{Code, Problem};
use utoipa::openapi::{OpenApi, PathItem};

use super::problem::{Answer, Refusal};

/// The methods of every described path.
#[derive(Debug, Clone, Default)]
pub struct Methods(Vec<(Vec<Segment>, BTreeSet<&'static str>)>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Segment {
    Fixed(String),
    /// As it is written.
    Any(String),
}

impl Methods {
    #[must_use]
    pub fn of(doc: &OpenApi) -> Self {
        doc.paths.paths.iter().fold(Self::default(), |methods, (path, item)| methods.and(path, allowed(item)))
    }

    /// With a path that the description does not hold, such as a page's.
    #[must_use]
    pub fn and(mut self, path: &str, methods: impl IntoIterator<Item = &'static str>) -> Self {
        let template = path.split('/').map(|part| match part.starts_with('{') {
            true => Segment::Any(part.to_owned()),
            false => Segment::Fixed(part.to_owned()),
        });
        self.0.push((template.collect(), methods.into_iter().collect()));
        self
    }

    /// Each path's pattern, to be found by a path.
    #[must_use]
    pub fn patterns(&self) -> Patterns {
        let mut router = matchit::Router::new();
        for (template, _) in &self.0 {
            let parts: Vec<&str> = template.iter().map(Segment::written).collect();
            let pattern = parts.join("/");
            let place = |(place, segment): (usize, &Segment)| match segment {
                Segment::Fixed(text) => text.clone(),
                Segment::Any(_) => format!("{{p{place}}}"),
            };
            let shape: Vec<String> = template.iter().enumerate().map(place).collect();
            // One that is there already is another method's: it goes by the name of the first.
            router.insert(shape.join("/"), Arc::from(pattern)).ok();
        }
        Patterns(Arc::new(router))
    }

    /// What an unanswered request is told: `method_not_allowed` when the path takes other methods,
    /// else `not_found`.
    #[must_use]
    pub fn missed(&self, method: &str, path: &str) -> Problem {
        let parts: Vec<&str> = path.split('/').collect();
        let fitting = self.0.iter().filter(|(template, _)| fits(template, &parts));
        let named = |template: &[Segment]| template.iter().all(|segment| segment.text().is_some());
        let own = fitting.clone().find(|(template, _)| named(template));
        let allowed: BTreeSet<&str> = match own {
            Some((_, methods)) => methods.clone(),
            None => fitting.flat_map(|(_, methods)| methods.iter().copied()).collect(),
        };
        if allowed.is_empty() || allowed.contains(method) {
            return Problem::new(Code::NotFound);
        }
        let allow: Vec<&str> = allowed.into_iter().collect();
        Problem::new(Code::MethodNotAllowed).with("allow", allow.join(", "))
    }

    /// The paths that look like another one with an id, which would take their other methods.
    #[must_use]
    pub fn alike(&self) -> Alike {
        let named = self.0.iter().filter_map(|(template, methods)| {
            let parts: Option<Vec<&str>> = template.iter().map(Segment::text).collect();
            parts.map(|parts| (template, parts, methods))
        });
        let alike = named.filter(|(template, parts, _)| {
            self.0.iter().any(|(other, _)| other != *template && fits(other, parts))
        });
        Alike(Arc::new(alike.map(|(_, parts, methods)| (parts.join("/"), methods.clone())).collect()))
    }
}

impl Segment {
    fn text(&self) -> Option<&str> {
        match self {
            Self::Fixed(text) => Some(text),
            Self::Any(_) => None,
        }
    }

    fn written(&self) -> &str {
        let (Self::Fixed(text) | Self::Any(text)) = self;
        text
    }
}

/// The pattern of every path that is answered; put into the app's data.
#[derive(Debug, Clone)]
pub struct Patterns(Arc<matchit::Router<Arc<str>>>);

/// The pattern of a request's path. The framework would try every pattern in turn to tell it.
#[must_use]
pub fn pattern(request: &HttpRequest) -> Option<Arc<str>> {
    let known = request.app_data().and_then(|Patterns(router)| router.at(request.path()).ok());
    known.map(|found| found.value.clone()).or_else(|| request.match_pattern().map(Arc::from))
}

/// See [`Methods::alike`]; put into the app's data.
#[derive(Debug, Clone)]
pub struct Alike(Arc<HashMap<String, BTreeSet<&'static str>>>);

/// What a request is told whose path is declared as it stands and takes other methods, before it reaches the handler of
/// the path that it looks like.
#[must_use]
pub fn not_own(request: &ServiceRequest) -> Option<Problem> {
    let Alike(paths) = request.app_data()?;
    let methods = paths.get(request.path()).filter(|methods| !methods.contains(request.method().as_str()))?;
    let allow: Vec<&str> = methods.iter().copied().collect();
    Some(Problem::new(Code::MethodNotAllowed).with("allow", allow.join(", ")))
}

fn fits(template: &[Segment], parts: &[&str]) -> bool {
    template.len() == parts.len()
        && template.iter().zip(parts).all(|(segment, part)| match segment {
            Segment::Fixed(text) => text == part,
            Segment::Any(_) => !part.is_empty(),
        })
}

/// The methods that are described of a path.
#[must_use]
pub fn allowed(item: &PathItem) -> BTreeSet<&'static str> {
    [
        ("GET", item.get.is_some()),
        ("PUT", item.put.is_some()),
        ("POST", item.post.is_some()),
        ("DELETE", item.delete.is_some()),
        ("PATCH", item.patch.is_some()),
        ("HEAD", item.head.is_some()),
        ("OPTIONS", item.options.is_some()),
    ]
    .into_iter()
    .filter_map(|(method, there)| there.then_some(method))
    .collect()
}

/// The app's default service.
pub fn fallback(methods: Arc<Methods>) -> Route {
    web::to(move |request: HttpRequest| {
        let missed = methods.missed(request.method().as_str(), request.path());
        async move { Answer::<actix_web::HttpResponse>::Err(Refusal(missed)) }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_path_names_its_methods_and_an_unknown_one_is_not_found() {
        let methods = Methods::default()
            .and("/api/v1/users", ["POST", "GET"])
            .and("/api/v1/users/{id}", ["GET"])
            .and("/api/v1/users/current", ["DELETE"]);
        let told = |method: &str, path: &str| {
            let problem = methods.missed(method, path);
            (problem.code, problem.facts.first().map(|(_, allow)| allow.clone()))
        };
        assert_eq!(told("PUT", "/api/v1/users"), (Code::MethodNotAllowed, Some("GET, POST".into())));
        assert_eq!(told("PUT", "/api/v1/users/current"), (Code::MethodNotAllowed, Some("DELETE".into())));
        assert_eq!(told("POST", "/api/v1/users/7"), (Code::MethodNotAllowed, Some("GET".into())));
        assert_eq!(told("POST", "/api/v1/users/"), (Code::NotFound, None));
        assert_eq!(told("GET", "/api/v1/nothing"), (Code::NotFound, None));
        // The handler itself was there and said no more: its own affair.
        assert_eq!(told("GET", "/api/v1/users"), (Code::NotFound, None));
    }

    #[test]
    fn only_what_looks_like_a_path_with_an_id_is_kept_from_it() {
        let methods = Methods::default()
            .and("/users", ["POST", "GET"])
            .and("/users/{id}", ["GET"])
            .and("/users/{id}/end", ["POST"])
            .and("/users/current", ["DELETE"]);
        let Alike(paths) = methods.alike();
        assert_eq!(
            paths.iter().collect::<Vec<_>>(),
            [(&"/users/current".to_owned(), &BTreeSet::from(["DELETE"]))]
        );
    }
}
