//! Prometheus figures on a listener of their own, on loopback only.
//!
//! Labels come from closed lists: route pattern, method, class of status. No donor, unit or group is a
//! label, and no figure counts donors.

use std::{
    cell::RefCell,
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};

use actix_web::{
    App, Error, HttpResponse, HttpServer,
    body::MessageBody,
    dev::{Server, ServiceRequest, ServiceResponse},
    http::{StatusCode, header},
    middleware::Next,
    web,
};
use metrics::{Counter, Histogram};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

use super::guard::method_label;
use super::methods;

const REQUESTS: &str = "shiryan_http_requests_total";
const SECONDS: &str = "shiryan_http_request_seconds";

/// Upper edges of the duration histogram, in seconds.
const EDGES: [f64; 12] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5];

static HANDLE: OnceLock<Option<PrometheusHandle>> = OnceLock::new();

/// Installs the process's recorder, once; later calls give the same. `None` when the process already
/// has a recorder of another kind.
pub fn install() -> Option<PrometheusHandle> {
    let build = || {
        let builder = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Full(SECONDS.to_owned()), &EDGES)
            .ok()?;
        let handle = builder.install_recorder().ok()?;
        metrics::describe_counter!(REQUESTS, "Requests answered, by route, method and class of status.");
        metrics::describe_histogram!(SECONDS, metrics::Unit::Seconds, "Time to answer, by route and method.");
        Some(handle)
    };
    HANDLE.get_or_init(build).clone()
}

/// Counts and times every request: `.wrap(from_fn(metrics::count))`, outside
/// [`guard::door`](super::guard::door).
///
/// # Errors
/// Those of the inner service, unchanged.
pub async fn count<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let method = method_label(request.method());
    let route = methods::pattern(request.request()).unwrap_or_else(|| Arc::from("unmatched"));
    let started = Instant::now();
    let outcome = next.call(request).await;
    let status = match &outcome {
        Ok(response) => response.status(),
        Err(error) => error.as_response_error().status_code(),
    };
    note(route, method, class(status), started.elapsed());
    outcome
}

type Label = (Arc<str>, &'static str, &'static str);

thread_local! {
    /// The figures that this worker has used: finding one anew costs more than counting.
    static FIGURES: RefCell<HashMap<Label, (Counter, Histogram)>> = RefCell::new(HashMap::new());
}

fn note(route: Arc<str>, method: &'static str, class: &'static str, took: Duration) {
    FIGURES.with_borrow_mut(|figures| {
        let label = (route, method, class);
        if let Some((count, seconds)) = figures.get(&label) {
            count.increment(1);
            seconds.record(took);
            return;
        }
        let route = label.0.to_string();
        let count =
            metrics::counter!(REQUESTS, "route" => route.clone(), "method" => method, "status" => class);
        let seconds = metrics::histogram!(SECONDS, "route" => route, "method" => method);
        count.increment(1);
        seconds.record(took);
        figures.insert(label, (count, seconds));
    });
}

fn class(status: StatusCode) -> &'static str {
    match status.as_u16() {
        100..=199 => "1xx",
        200..=299 => "2xx",
        300..=399 => "3xx",
        400..=499 => "4xx",
        _ => "5xx",
    }
}

/// The listener that gives the figures at `/metrics`. It is a server of its own: run it beside the main
/// one and stop it with it.
///
/// # Errors
/// `PermissionDenied` for an address that is not loopback, else what binding failed with.
pub fn listen(handle: PrometheusHandle, address: SocketAddr) -> std::io::Result<(Server, SocketAddr)> {
    if !address.ip().is_loopback() {
        let text = format!(
            "metrics.listen = {address}: only a loopback address is accepted, such as 127.0.0.1:9464"
        );
        return Err(std::io::Error::new(std::io::ErrorKind::PermissionDenied, text));
    }
    let upkeep = handle.clone();
    let server = HttpServer::new(move || {
        let handle = handle.clone();
        App::new().route("/metrics", web::get().to(move || figures(handle.clone())))
    })
    .workers(1)
    .disable_signals()
    .bind(address)?;
    let bound = server.addrs().first().copied().unwrap_or(address);
    // Without upkeep the histograms keep every sample until somebody scrapes.
    actix_web::rt::spawn(async move {
        let mut tick = tokio::time::interval(Duration::from_secs(5));
        loop {
            tick.tick().await;
            upkeep.run_upkeep();
        }
    });
    Ok((server.run(), bound))
}

async fn figures(handle: PrometheusHandle) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8"))
        .body(handle.render())
}

#[cfg(test)]
mod tests {
    use actix_web::{
        middleware::from_fn,
        test::{self, TestRequest},
    };

    use super::*;

    #[actix_web::test]
    async fn figures_name_patterns_and_never_paths() {
        let handle = install().unwrap();
        let app = test::init_service(
            App::new()
                .wrap(from_fn(count))
                .route("/things/{id}", web::get().to(|| async { HttpResponse::Ok().finish() })),
        )
        .await;
        for uri in ["/things/secret-one?q=secret-two", "/secret-three"] {
            test::call_service(&app, TestRequest::get().uri(uri).to_request()).await;
        }
        let text = handle.render();
        assert!(text.contains(r#"route="/things/{id}",method="GET",status="2xx""#), "{text}");
        assert!(text.contains(r#"route="unmatched",method="GET",status="4xx""#), "{text}");
        assert!(text.contains("shiryan_http_request_seconds_bucket"));
        assert!(!text.contains("secret"));
    }

    #[actix_web::test]
    async fn only_loopback_is_listened_on() {
        let handle = install().unwrap();
        let error = listen(handle.clone(), "0.0.0.0:0".parse().unwrap()).map(|_| ()).unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::PermissionDenied);

        let (server, bound) = listen(handle, "127.0.0.1:0".parse().unwrap()).unwrap();
        let stop = server.handle();
        actix_web::rt::spawn(server);
        let read = move || ureq::get(format!("http://{bound}/metrics")).call().map(|r| r.status().as_u16());
        let status = web::block(read).await.unwrap().unwrap();
        assert_eq!(status, 200);
        stop.stop(false).await;
    }
}
