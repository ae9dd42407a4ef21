//! `/healthz` (the process lives) and `/readyz` (it can serve). Neither tells anything of donors or stock.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use actix_web::{HttpResponse, http::header, web};
use serde::Serialize;

/// One part that serving needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Part {
    pub name: &'static str,
    pub ready: bool,
}

/// What `/readyz` tells.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Readiness {
    /// Ready when all are.
    pub parts: Vec<Part>,
    /// Codes of things that an operator should know and that stop nothing, such as `key_on_same_disk`.
    pub notices: Vec<&'static str>,
}

impl Readiness {
    #[must_use]
    pub fn ready(&self) -> bool {
        self.parts.iter().all(|part| part.ready)
    }
}

/// What the house's own work finds out between two askings.
#[derive(Debug, Default)]
pub struct Pulse {
    fails: AtomicBool,
    clock: AtomicBool,
    leaves: AtomicBool,
}

impl Pulse {
    /// Whether the last write that was tried went through.
    #[must_use]
    pub fn writes(&self) -> bool {
        !self.fails.load(Ordering::Relaxed)
    }

    pub fn note_write(&self, went_through: bool) {
        self.fails.store(!went_through, Ordering::Relaxed);
    }

    /// Whether the clock was set by more than a minute while the program ran, or stood later before.
    #[must_use]
    pub fn clock_was_set(&self) -> bool {
        self.clock.load(Ordering::Relaxed)
    }

    pub fn note_clock(&self) {
        self.clock.store(true, Ordering::Relaxed);
    }

    /// Whether the program was told to stop: it still answers, but nobody should come any more.
    #[must_use]
    pub fn is_leaving(&self) -> bool {
        self.leaves.load(Ordering::Relaxed)
    }

    pub fn leave(&self) {
        self.leaves.store(true, Ordering::Relaxed);
    }
}

/// Asks how things stand; called on every `/readyz`, so it must be cheap.
pub type Probe = Arc<dyn Fn() -> Readiness + Send + Sync>;

#[derive(Serialize)]
struct Report {
    status: &'static str,
    parts: Vec<Part>,
    notices: Vec<&'static str>,
}

/// Adds both paths to the app.
pub fn serve(config: &mut web::ServiceConfig, probe: Probe) {
    config.service(web::resource("/healthz").route(web::get().to(live)).route(web::head().to(live)));
    let answer = move || {
        let readiness = probe();
        async move { ready(readiness) }
    };
    config
        .service(web::resource("/readyz").route(web::get().to(answer.clone())).route(web::head().to(answer)));
}

async fn live() -> HttpResponse {
    HttpResponse::Ok().json(Report { status: "live", parts: Vec::new(), notices: Vec::new() })
}

fn ready(readiness: Readiness) -> HttpResponse {
    let ready = readiness.ready();
    let report = Report {
        status: if ready { "ready" } else { "not_ready" },
        parts: readiness.parts,
        notices: readiness.notices,
    };
    if ready {
        HttpResponse::Ok().json(report)
    } else {
        HttpResponse::ServiceUnavailable().insert_header((header::RETRY_AFTER, "1")).json(report)
    }
}

#[cfg(test)]
mod tests {
    use actix_web::{
        App,
        test::{self, TestRequest},
    };

    use super::*;

    #[actix_web::test]
    async fn not_ready_until_every_part_is() {
        let up = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&up);
        let probe: Probe = Arc::new(move || Readiness {
            parts: vec![
                Part { name: "database", ready: true },
                Part { name: "roster", ready: seen.load(Ordering::SeqCst) },
            ],
            notices: vec!["key_on_same_disk"],
        });
        let app = test::init_service(App::new().configure(|config| serve(config, probe))).await;

        let response = test::call_service(&app, TestRequest::get().uri("/readyz").to_request()).await;
        assert_eq!(response.status(), 503);
        assert!(response.headers().contains_key(header::RETRY_AFTER));
        let report: serde_json::Value = test::read_body_json(response).await;
        assert_eq!(report["parts"][1]["ready"], false);
        let live = test::call_service(&app, TestRequest::get().uri("/healthz").to_request()).await;
        assert_eq!(live.status(), 200);

        up.store(true, Ordering::SeqCst);
        let response = test::call_service(&app, TestRequest::get().uri("/readyz").to_request()).await;
        assert_eq!(response.status(), 200);
        let report: serde_json::Value = test::read_body_json(response).await;
        assert_eq!(report["status"], "ready");
        assert_eq!(report["notices"][0], "key_on_same_disk");
    }
}
