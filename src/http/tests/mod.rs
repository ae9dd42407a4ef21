//! A small app behind the real door: what a caller sees when things go wrong.

mod live;

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use actix_web::{
    App, Error, HttpMessage, HttpRequest, HttpResponse,
    body::MessageBody,
    dev::{ServiceFactory, ServiceRequest, ServiceResponse},
    get,
    http::header,
    middleware::from_fn,
    post,
    test::{self, TestRequest},
    web,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use shiryan_kernel::{
    Code, Problem,
    blood::BloodGroup,
    ids::{DonorId, UserId},
};
use tracing_actix_web::TracingLogger;
use utoipa::{IntoParams, OpenApi, ToSchema};
use utoipa_actix_web::{AppExt, scope};

use super::{
    Answer, Body, IdempotencyKey, Limit, PathId, Query, Speak, guard,
    methods::{self, Methods},
    openapi::{self, ApiDoc, Gate},
};
use crate::texts::Lang;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewThing {
    name: String,
    group: Option<BloodGroup>,
}

#[derive(Debug, Serialize, ToSchema)]
struct Thing {
    name: String,
    group: Option<BloodGroup>,
    route: String,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct Filter {
    group: Option<BloodGroup>,
    #[serde(default)]
    limit: Limit,
}

/// Makes a thing.
#[utoipa::path(request_body = NewThing, responses((status = 201, description = "Made", body = Thing)))]
#[post("/things")]
async fn make(key: IdempotencyKey, body: Body<NewThing>) -> Answer {
    let request = key.of(UserId(1), &body);
    let NewThing { name, group } = body.into_inner();
    Ok(HttpResponse::Created().json(Thing { name, group, route: request.route }))
}

/// Lists things.
#[utoipa::path(params(Filter), responses((status = 200, description = "The filters", body = String)))]
#[get("/things")]
async fn list(query: Query<Filter>) -> Answer {
    Ok(HttpResponse::Ok().json((query.group, query.limit.get(), query.list())))
}

/// One thing.
#[utoipa::path(params(("id" = DonorId, Path)), responses((status = 200, description = "It", body = String)))]
#[get("/things/{id}")]
async fn one(id: PathId<DonorId>, lang: Speak) -> Answer {
    Ok(HttpResponse::Ok().json((id.0, lang.0)))
}

/// Sorts them.
#[utoipa::path(responses((status = 204, description = "Done")))]
#[post("/things/sorted")]
async fn sort() -> Answer {
    Ok(HttpResponse::NoContent().finish())
}

/// Fails in the way that is asked for.
#[utoipa::path(responses((status = 200, description = "Never")))]
#[get("/fail/{id}")]
async fn fail(request: HttpRequest, way: web::Path<String>) -> Answer {
    match way.as_str() {
        "panic" => panic!("on purpose"),
        "internal" => Err(Problem::internal("the disk said secret-cause").into()),
        "own" => {
            request.extensions_mut().insert(Lang::En);
            Err(Code::SlotFull.into())
        }
        "busy" => Err(Problem::new(Code::Busy).with("retry_after", 3).into()),
        _ => Ok(HttpResponse::BadRequest().body("plain words of the framework")),
    }
}

async fn page() -> Answer {
    Err(Code::Forbidden.into())
}

fn face(lang: Lang, problem: &Problem, _: actix_web::http::StatusCode) -> String {
    format!("<html lang={}>{}</html>", lang.tag(), problem.code)
}

fn app(
    gate: Gate,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody + use<>>,
        Error = Error,
        InitError = (),
    > + use<>,
> {
    let (app, doc) = App::new()
        .configure(|config| openapi::serve(config, gate))
        .into_utoipa_app()
        .openapi(ApiDoc::openapi())
        .service(scope::scope("/api/v1").service(make).service(list).service(sort).service(one).service(fail))
        .split_for_parts();
    let doc = openapi::finish(doc);
    app.app_data(openapi::Description::of(&doc))
        .route("/page", web::get().to(page))
        .app_data(guard::PageFace(face))
        .app_data(Methods::of(&doc).alike())
        .default_service(methods::fallback(Arc::new(Methods::of(&doc))))
        .wrap(from_fn(guard::door))
        .wrap(TracingLogger::<guard::Spans>::new())
}

/// Sends a request and gives status, headers and body.
async fn send(request: TestRequest) -> (u16, header::HeaderMap, String) {
    let service = test::init_service(app(Gate::open())).await;
    let (status, headers, body) = match test::try_call_service(&service, request.to_request()).await {
        Ok(response) => {
            let (status, headers) = (response.status(), response.headers().clone());
            (status, headers, test::read_body(response).await)
        }
        Err(error) => {
            let response = error.error_response();
            let (status, headers) = (response.status(), response.headers().clone());
            let body = actix_web::body::to_bytes(response.into_body()).await.unwrap();
            (status, headers, body)
        }
    };
    (status.as_u16(), headers, String::from_utf8_lossy(&body).into_owned())
}

/// Sends a request that is refused; gives status, code and the first field.
async fn refused(request: TestRequest) -> (u16, String, String) {
    let (status, headers, body) = send(request).await;
    assert_eq!(headers.get(header::CONTENT_TYPE).unwrap(), "application/problem+json", "{body}");
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(body["status"], status);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    assert_eq!(text(&body["type"]), format!("/problems/{}", text(&body["code"])));
    (status, text(&body["code"]), text(&body["errors"][0]["field"]))
}

fn posted(body: &'static str) -> TestRequest {
    TestRequest::post()
        .uri("/api/v1/things")
        .insert_header(("idempotency-key", "a-key-of-mine"))
        .insert_header((header::CONTENT_TYPE, "application/json; charset=utf-8"))
        .set_payload(body)
}

#[actix_web::test]
async fn a_good_request_is_answered_and_hardened() {
    let (status, headers, body) = send(posted(r#"{"name":"شريان","group":"o_neg"}"#)).await;
    assert_eq!(status, 201, "{body}");
    let thing: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(thing["route"], "POST /api/v1/things");
    for name in [
        "content-security-policy",
        "x-content-type-options",
        "referrer-policy",
        "cross-origin-opener-policy",
        "cross-origin-resource-policy",
        "x-request-id",
    ] {
        assert!(headers.contains_key(name), "{name}");
    }
    assert_eq!(headers.get(header::CACHE_CONTROL).unwrap(), "no-store");
}

#[actix_web::test]
async fn bad_bodies_each_have_their_problem() {
    for (body, status, code, field) in [
        ("{", 400, "malformed_json", ""),
        (r#"{"name":"\udfff"}"#, 400, "malformed_json", ""),
        (r#"{"name":"a","x":1}"#, 400, "unknown_field", "x"),
        (r#"{"name":7}"#, 400, "wrong_type", "name"),
        (r#"{}"#, 400, "missing_field", "name"),
        (r#"{"name":"a","group":"O-"}"#, 422, "invalid_value", "group"),
    ] {
        assert_eq!(refused(posted(body)).await, (status, code.into(), field.into()), "{body}");
    }
    let text = posted("{}").insert_header((header::CONTENT_TYPE, "text/plain"));
    assert_eq!(refused(text).await.1, "unsupported_media_type");
    let latin = posted("{}").insert_header((header::CONTENT_TYPE, "application/json; charset=latin1"));
    assert_eq!(refused(latin).await.1, "unsupported_media_type");
    let bytes = posted("").set_payload(&b"{\"name\":\"\xff\xfe\"}"[..]);
    assert_eq!(refused(bytes).await.1, "malformed_json");
    // No Content-Length here, as with a chunked body.
    let large = posted("").set_payload(vec![b' '; 300 * 1024]);
    assert_eq!(refused(large).await, (413, "body_too_large".into(), String::new()));
    let told = posted("{}").insert_header((header::CONTENT_LENGTH, "10485760"));
    assert_eq!(refused(told).await.0, 413);
}

#[actix_web::test]
async fn idempotency_keys_are_asked_for() {
    let bare = TestRequest::post().uri("/api/v1/things").set_json(serde_json::json!({"name": "a"}));
    assert_eq!(refused(bare).await, (400, "idempotency_key_missing".into(), String::new()));
    let short = posted(r#"{"name":"a"}"#).insert_header(("idempotency-key", "short"));
    assert_eq!(refused(short).await.1, "idempotency_key_invalid");
}

#[actix_web::test]
async fn queries_and_ids_are_strict() {
    let (status, _, body) = send(TestRequest::get().uri("/api/v1/things?group=ab_neg&limit=7")).await;
    assert_eq!((status, body.as_str()), (200, r#"["ab_neg",7,"/api/v1/things?group=ab_neg"]"#));
    for (query, status, code, field) in [
        ("colour=red", 400, "unknown_parameter", "colour"),
        ("limit=201", 422, "out_of_range", "limit"),
        ("limit=1&limit=2", 400, "unknown_parameter", "limit"),
        ("group=o+", 422, "invalid_value", "group"),
        ("group=%ff", 422, "bad_text", "group"),
    ] {
        let uri = format!("/api/v1/things?{query}");
        assert_eq!(
            refused(TestRequest::get().uri(&uri)).await,
            (status, code.into(), field.into()),
            "{query}"
        );
    }
    for id in ["7", "ZZZZZZZZZZZZZ", "%ff%fe", "..%2f..%2fetc", "%D8%B4"] {
        let uri = format!("/api/v1/things/{id}");
        assert_eq!(refused(TestRequest::get().uri(&uri)).await.1, "not_found", "{id}");
    }
    assert_eq!(send(TestRequest::get().uri("/api/v1/things/0000000000001")).await.0, 200);
}

#[actix_web::test]
async fn wrong_methods_and_unknown_routes_are_told_apart() {
    let (status, headers, _) = send(TestRequest::put().uri("/api/v1/things")).await;
    assert_eq!(status, 405);
    assert_eq!(headers.get(header::ALLOW).unwrap(), "GET, POST");
    assert_eq!(
        refused(TestRequest::delete().uri("/api/v1/things/0000000000001")).await.1,
        "method_not_allowed"
    );
    // Declared as it stands: the path with an id, which it looks like, has nothing to do with it.
    let (status, headers, _) = send(TestRequest::get().uri("/api/v1/things/sorted")).await;
    assert_eq!((status, headers.get(header::ALLOW).unwrap().to_str().unwrap()), (405, "POST"));
    assert_eq!(send(TestRequest::post().uri("/api/v1/things/sorted")).await.0, 204);
    assert_eq!(refused(TestRequest::get().uri("/api/v1/nothing")).await.1, "not_found");
    assert_eq!(refused(TestRequest::get().uri("/nothing")).await.1, "not_found");
}

#[actix_web::test]
async fn faults_of_ours_tell_nothing() {
    for way in ["panic", "internal"] {
        let uri = format!("/api/v1/fail/{way}");
        let (status, headers, body) = send(TestRequest::get().uri(&uri)).await;
        assert_eq!(status, 500);
        assert!(!body.contains("secret-cause") && !body.contains("on purpose"), "{body}");
        assert!(body.contains(r#""code":"internal""#));
        assert!(headers.contains_key("x-request-id") && headers.contains_key("content-security-policy"));
    }
    let (status, _, body) = send(TestRequest::get().uri("/api/v1/fail/plain")).await;
    assert_eq!(status, 422);
    assert!(body.contains("invalid_request") && !body.contains("plain words"), "{body}");
    let (status, headers, _) = send(TestRequest::get().uri("/api/v1/fail/busy")).await;
    assert_eq!((status, headers.get(header::RETRY_AFTER).unwrap().to_str().unwrap()), (503, "3"));
}

#[actix_web::test]
async fn problems_speak_the_callers_language() {
    let titled = |request: TestRequest| async {
        let (_, headers, body) = send(request).await;
        let body: Value = serde_json::from_str(&body).unwrap();
        (headers.get(header::CONTENT_LANGUAGE).unwrap().to_str().unwrap().to_owned(), body["title"].clone())
    };
    let get = |uri: &str| TestRequest::get().uri(uri);
    assert_eq!(titled(get("/api/v1/nothing")).await, ("ar".into(), "غير موجود".into()));
    let english = get("/api/v1/nothing").insert_header((header::ACCEPT_LANGUAGE, "fr, en;q=0.5"));
    assert_eq!(titled(english).await, ("en".into(), "Not found".into()));
    assert_eq!(titled(get("/api/v1/fail/own")).await.1, "This time is full");
    let panicked = get("/api/v1/fail/panic").insert_header((header::ACCEPT_LANGUAGE, "en"));
    assert_eq!(titled(panicked).await.1, "Something went wrong on our side");
}

#[actix_web::test]
async fn pages_word_their_problems_in_html() {
    let html = TestRequest::get().uri("/page").insert_header((header::ACCEPT, "text/html,*/*"));
    let (status, headers, body) = send(html).await;
    assert_eq!((status, body.as_str()), (403, "<html lang=ar>forbidden</html>"));
    assert!(headers.get(header::CONTENT_TYPE).unwrap().to_str().unwrap().starts_with("text/html"));
    let api = TestRequest::get().uri("/api/v1/nothing").insert_header((header::ACCEPT, "text/html"));
    assert_eq!(refused(api).await.1, "not_found");
}

#[actix_web::test]
async fn the_description_is_whole_and_gated() {
    let (status, _, body) = send(TestRequest::get().uri(openapi::DESCRIPTION)).await;
    assert_eq!(status, 200);
    let doc: Value = serde_json::from_str(&body).unwrap();
    assert!(doc["openapi"].as_str().unwrap().starts_with("3.1"));
    assert_eq!(doc["info"]["title"], "Shiryan");
    assert_eq!(doc["info"]["license"]["name"], "Apache-2.0");
    assert_eq!(doc["components"]["securitySchemes"]["bearer"]["scheme"], "bearer");
    assert!(doc["components"]["schemas"]["Problem"]["properties"]["code"].is_object());
    assert!(doc["components"]["schemas"]["NewThing"].is_object());
    let listing = &doc["paths"]["/api/v1/things"]["get"];
    assert_eq!(listing["parameters"][1]["name"], "limit");
    assert_eq!(listing["parameters"][1]["in"], "query");
    assert_eq!(
        listing["responses"]["default"]["content"]["application/problem+json"]["schema"]["$ref"],
        "#/components/schemas/Problem"
    );
    assert_eq!(
        doc["paths"]["/api/v1/things"]["post"]["requestBody"]["content"]["application/json"]["schema"]["$ref"],
        "#/components/schemas/NewThing"
    );

    let signed_in = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&signed_in);
    let gate = Gate::when(move |_| std::future::ready(seen.load(Ordering::SeqCst)));
    let service = test::init_service(app(gate)).await;
    for uri in [openapi::DESCRIPTION, "/api/docs/", "/api/docs/swagger-ui.css"] {
        signed_in.store(false, Ordering::SeqCst);
        let closed = test::call_service(&service, TestRequest::get().uri(uri).to_request()).await;
        assert_eq!(
            closed.status(),
            if cfg!(feature = "swagger") || uri == openapi::DESCRIPTION { 401 } else { 404 }
        );
        signed_in.store(true, Ordering::SeqCst);
        let open = test::call_service(&service, TestRequest::get().uri(uri).to_request()).await;
        assert_eq!(
            open.status(),
            if cfg!(feature = "swagger") || uri == openapi::DESCRIPTION { 200 } else { 404 }
        );
    }
}
