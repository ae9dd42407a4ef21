//! The API's description (OpenAPI 3.1) and the page that shows it.
//!
//! Handlers are collected by `utoipa-actix-web`; [`finish`] adds what holds for all of them. Description and
//! page are open in a demo, else for those who are signed in: the [`Gate`] decides.

use std::{future::Future, sync::Arc};

use actix_web::{HttpRequest, HttpResponse, web};
use futures_util::{FutureExt, future::LocalBoxFuture};
use shiryan_kernel::{Code, Problem};
use utoipa::{
    Modify, OpenApi,
    openapi::{
        ObjectBuilder, OpenApi as Doc, Ref, RefOr, ResponseBuilder, Schema, Type,
        content::Content,
        path::{Operation, Parameter},
        security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};

use super::problem::{Answer, FieldBody, ProblemBody};

/// Where the description is served.
pub const DESCRIPTION: &str = "/api/v1/openapi.json";

/// What the description says before any handler is collected:
/// `App::new().into_utoipa_app().openapi(ApiDoc::openapi())`.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Shiryan",
        description = "Blood donation: donors, drives, stock, the strategic reserve and its projections.\n\n\
            Refusals are `application/problem+json` with stable codes. Lists are keyset pages \
            (`limit`, `cursor`). Requests that make a fact carry an `Idempotency-Key`.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
        contact()
    ),
    // What is named by a parameter alone is not collected.
    components(schemas(ProblemBody, FieldBody, crate::sheets::Format)),
    security(("bearer" = [])),
    modifiers(&Bearer)
)]
pub struct ApiDoc;

struct Bearer;

impl Modify for Bearer {
    fn modify(&self, doc: &mut Doc) {
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("JWT")
            .description(Some("The access token of `POST /api/v1/sessions`."))
            .build();
        let components = doc.components.get_or_insert_default();
        components.add_security_scheme("bearer", SecurityScheme::Http(scheme));
    }
}

/// Completes a collected description: every operation may answer with a problem, and headers say what they take.
#[must_use]
pub fn finish(mut doc: Doc) -> Doc {
    for item in doc.paths.paths.values_mut() {
        let operations = [
            &mut item.get,
            &mut item.put,
            &mut item.post,
            &mut item.delete,
            &mut item.patch,
            &mut item.head,
            &mut item.options,
        ];
        for operation in operations.into_iter().flatten() {
            with_problem(operation);
            operation.parameters.iter_mut().flatten().for_each(with_form);
        }
    }
    doc
}

fn with_problem(operation: &mut Operation) {
    let problem = ResponseBuilder::new()
        .description("A problem; `code` says which.")
        .content("application/problem+json", Content::new(Some(Ref::from_schema_name("Problem"))))
        .build();
    operation.responses.responses.entry("default".to_owned()).or_insert(RefOr::T(problem));
}

/// The headers that many operations take.
fn with_form(parameter: &mut RefOr<Parameter>) {
    let RefOr::T(parameter) = parameter else { return };
    let text = ObjectBuilder::new().schema_type(Type::String);
    let form = match parameter.name.as_str() {
        "Idempotency-Key" => text.min_length(Some(8)).max_length(Some(64)).pattern(Some("^[!-~]+$")),
        "If-Match" => text.pattern(Some("^\"[0-9]+\"$")),
        _ => return,
    };
    parameter.schema = Some(RefOr::T(Schema::Object(form.build())));
}

/// Who may read the description.
#[derive(Clone)]
pub struct Gate(Arc<dyn Fn(HttpRequest) -> LocalBoxFuture<'static, bool> + Send + Sync>);

impl Gate {
    /// Everybody: in a demo.
    #[must_use]
    pub fn open() -> Self {
        Self::when(|_| std::future::ready(true))
    }

    /// Those whose request passes the check, such as a signed-in person's.
    pub fn when<F: Future<Output = bool> + 'static>(
        check: impl Fn(HttpRequest) -> F + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(move |request| check(request).boxed_local()))
    }

    async fn pass(&self, request: HttpRequest) -> Answer<()> {
        if (self.0)(request).await { Ok(()) } else { Err(Code::Unauthenticated.into()) }
    }
}

/// The finished description, put into the app's data once every handler is collected:
/// `.app_data(Description::of(&doc))`.
#[derive(Clone)]
pub struct Description(Result<web::Bytes, String>);

impl Description {
    #[must_use]
    pub fn of(doc: &Doc) -> Self {
        Self(doc.to_json().map(web::Bytes::from).map_err(|error| error.to_string()))
    }
}

/// Adds the description and, with the feature `swagger`, its page at `/api/docs`. Call it before the
/// scope `/api/v1` is added: a scope answers for everything below it.
pub fn serve(config: &mut web::ServiceConfig, gate: Gate) {
    let page_gate = gate.clone();
    let description = web::get().to(move |request: HttpRequest| {
        let gate = gate.clone();
        async move {
            gate.pass(request.clone()).await?;
            let Some(Description(text)) = request.app_data().cloned() else {
                return Err(Problem::new(Code::NotReady).into());
            };
            let text = text.map_err(Problem::internal)?;
            Answer::Ok(HttpResponse::Ok().content_type("application/json").body(text))
        }
    });
    config.service(web::resource(DESCRIPTION).route(description));
    page(config, page_gate);
}

#[cfg(not(feature = "swagger"))]
fn page(_: &mut web::ServiceConfig, _: Gate) {}

/// Swagger UI styles itself inline and asks for the description.
#[cfg(feature = "swagger")]
const PAGE_CSP: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

#[cfg(feature = "swagger")]
fn page(config: &mut web::ServiceConfig, gate: Gate) {
    use actix_web::http::header;
    use utoipa_swagger_ui::Config;

    let settings = Arc::new(Config::from(DESCRIPTION));
    config.service(web::redirect("/api/docs", "/api/docs/"));
    let file = web::get().to(move |request: HttpRequest, path: web::Path<String>| {
        let (gate, settings) = (gate.clone(), Arc::clone(&settings));
        async move {
            gate.pass(request).await?;
            let found = utoipa_swagger_ui::serve(&path, settings).map_err(Problem::internal)?;
            let file = found.ok_or(Problem::new(Code::NotFound))?;
            let mut response = HttpResponse::Ok();
            response
                .insert_header((header::CONTENT_SECURITY_POLICY, PAGE_CSP))
                .content_type(file.content_type);
            if file.gzpipped {
                response.insert_header(header::ContentEncoding::Gzip);
            }
            Answer::Ok(response.body(file.bytes.into_owned()))
        }
    });
    config.service(web::resource("/api/docs/{file:.*}").route(file));
}
