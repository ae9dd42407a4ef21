//! Which room answers an operation: looked up in one tree, where the framework would try every pattern of every room in turn.

use std::collections::{BTreeMap, HashMap};

use actix_web::guard::GuardContext;
use actix_web::{App, http::Method};
use utoipa_actix_web::service_config::ServiceConfig;
use utoipa_actix_web::{AppExt, scope};

use super::methods::allowed;

/// What adds the operations of a room.
pub type Room = fn(&mut ServiceConfig);

/// Where each operation is answered.
#[derive(Debug)]
pub struct Rooms(matchit::Router<HashMap<&'static str, usize>>);

/// What was found of a request, kept with it: every room asks.
#[derive(Debug, Clone, Copy)]
struct Found(Option<usize>);

impl Rooms {
    /// From what the rooms describe.
    #[must_use]
    pub fn of(rooms: &[Room]) -> Self {
        let mut paths: BTreeMap<String, HashMap<&'static str, usize>> = BTreeMap::new();
        for (place, room) in rooms.iter().enumerate() {
            let described = App::new().into_utoipa_app().service(scope::scope("").configure(*room));
            let (_, doc) = described.split_for_parts();
            for (path, item) in &doc.paths.paths {
                let methods = allowed(item).into_iter().map(|method| (method, place));
                paths.entry(shape(path)).or_default().extend(methods);
            }
        }
        let mut router = matchit::Router::new();
        for (path, methods) in paths {
            // No two are alike, and a name beside a parameter goes before it.
            if let Err(error) = router.insert(&path, methods) {
                tracing::error!(path, cause = %error, "an operation that nobody can reach");
            }
        }
        Self(router)
    }

    /// Whether the room at this place answers the request, whose path begins with `under`.
    #[must_use]
    pub fn leads(&self, to: usize, under: &str, context: &GuardContext<'_>) -> bool {
        let known = context.req_data().get::<Found>().copied();
        let Found(found) = known.unwrap_or_else(|| {
            let head = context.head();
            let path = head.uri.path().strip_prefix(under);
            let found = Found(path.and_then(|path| self.find(&head.method, path)));
            context.req_data_mut().insert(found);
            found
        });
        found == Some(to)
    }

    fn find(&self, method: &Method, path: &str) -> Option<usize> {
        self.0.at(path).ok()?.value.get(method.as_str()).copied()
    }
}

/// A path with its parameters named by where they stand: `/donors/{id}/a` and `/donors/{donor}/a` are one.
fn shape(path: &str) -> String {
    let part = |(place, part): (usize, &str)| match part.starts_with('{') {
        true => format!("{{p{place}}}"),
        false => part.to_owned(),
    };
    path.split('/').enumerate().map(part).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use actix_web::{HttpResponse, Responder, get, post};

    use super::*;

    #[utoipa::path]
    #[get("/donors/{id}")]
    async fn donor() -> impl Responder {
        HttpResponse::Ok()
    }

    #[utoipa::path]
    #[get("/donors/export")]
    async fn export() -> impl Responder {
        HttpResponse::Ok()
    }

    #[utoipa::path]
    #[post("/donors/{donor}")]
    async fn amend() -> impl Responder {
        HttpResponse::Ok()
    }

    #[test]
    fn a_name_goes_before_a_parameter_and_each_method_has_its_room() {
        let rooms = Rooms::of(&[
            |config| {
                config.service(donor);
            },
            |config| {
                config.service(export).service(amend);
            },
        ]);
        assert_eq!(rooms.find(&Method::GET, "/donors/7"), Some(0));
        assert_eq!(rooms.find(&Method::GET, "/donors/export"), Some(1));
        assert_eq!(rooms.find(&Method::POST, "/donors/7"), Some(1));
        for (method, path) in
            [(Method::PUT, "/donors/7"), (Method::GET, "/donors"), (Method::GET, "/donors/7/")]
        {
            assert_eq!(rooms.find(&method, path), None, "{method} {path}");
        }
    }
}
