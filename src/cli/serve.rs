//! `shiryan serve`: zero configuration gives an embedded database, keys made once, and an administrator
//! whose one-time password is printed.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::web;
use clap::Args;
use shiryan_kernel::time::SystemClock;

use super::{Common, start_log};
use crate::app::{self, Migrate, World};
use crate::db::Lane;
use crate::http::server::Signals;
use crate::http::{House, metrics};

#[derive(Debug, Args)]
pub struct Serve {
    #[command(flatten)]
    common: Common,
    /// Where to listen, such as 127.0.0.1:8080
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// Brings a PostgreSQL database to the present schema first
    #[arg(long)]
    migrate: bool,
}

impl Serve {
    pub fn run(&self) -> Result<(), String> {
        let started = Instant::now();
        let settings = self.common.settings(self.listen)?;
        let _traces = start_log(&settings)?;
        let migrate = if self.migrate { Migrate::Now } else { Migrate::AsUsual };
        let house =
            app::open(settings, World::Live, migrate, Arc::new(SystemClock)).map_err(|error| error.0)?;
        let vault = house.vault.clone();
        let password = house
            .db
            .write_now(Lane::System, move |tx| crate::accounts::first_admin(tx, &vault))
            .map_err(|problem| problem.cause.unwrap_or_else(|| problem.code.to_string()))?;
        if let Some(password) = password {
            println!("The first administrator: user admin, one-time password {password}");
            println!("It is shown this once; the first sign-in asks for a password of your own.");
        }
        run_house(web::Data::new(house), started, |_| {})
    }
}

/// A crash writes no image of the memory, in which keys and names lie in clear.
fn forbid_core_dumps() {
    if let Err(error) = rlimit::setrlimit(rlimit::Resource::CORE, 0, 0) {
        tracing::warn!(cause = %error, "a crash would leave an image of the memory");
    }
}

/// Serves until SIGTERM or SIGINT; then lets balancers and requests go, and ends.
pub fn run_house(
    house: web::Data<House>,
    started: Instant,
    ready: impl FnOnce(SocketAddr),
) -> Result<(), String> {
    forbid_core_dumps();
    actix_web::rt::System::new().block_on(async move {
        let handle = metrics::install();
        let (server, address) = app::listen(&house).map_err(|error| error.to_string())?;
        if house.key_on_same_disk {
            tracing::warn!(
                code = "key_on_same_disk",
                key = %house.settings.key_place().map_or_else(|error| error.0, |at| at.path().display().to_string()),
                "the root key lies on the disk of the data: who takes one takes both"
            );
        }
        let figures = match (house.settings.metrics_listen(), handle) {
            (Some(at), Some(handle)) => match metrics::listen(handle, at) {
                Ok((server, at)) => {
                    tracing::info!(%at, "figures");
                    let stop = server.handle();
                    actix_web::rt::spawn(server);
                    Some(stop)
                }
                Err(error) => return Err(format!("metrics.listen {at}: {error}")),
            },
            _ => None,
        };
        let keep = actix_web::rt::spawn(app::keep(house.clone()));
        let work = actix_web::rt::spawn(app::work(house.clone()));
        let post = actix_web::rt::spawn(app::post(house.clone()));
        tracing::info!(%address, millis = started.elapsed().as_millis(), "ready");
        let signals = Signals::take().map_err(|error| error.to_string())?;
        let linger = Duration::from_secs(house.settings.server.linger_seconds);
        actix_web::rt::spawn(signals.obey(server.handle(), house.pulse.clone(), linger));
        let serving = actix_web::rt::spawn(server);
        println!("Pages: {}/", origin(&house, address));
        println!("API:   {}/api/docs", origin(&house, address));
        ready(address);
        let ended = match serving.await {
            Ok(ended) => ended.map_err(|error| error.to_string()),
            Err(stopped) => Err(stopped.to_string()),
        };
        keep.abort();
        work.abort();
        // A letter under way is seen to its end: else it would go out twice.
        house.pulse.leave();
        let settings = &house.settings;
        let longest = settings.mail.timeout_seconds.max(settings.webhook.timeout_seconds);
        let under_way = Duration::from_secs(longest) + NOTED;
        if tokio::time::timeout(under_way, post).await.is_err() {
            tracing::warn!("a message was under way for too long; it may go out again");
        }
        if let Some(figures) = figures {
            figures.stop(false).await;
        }
        app::close_record(&house).await;
        tracing::info!("stopped");
        ended
    })
}

/// So long may it take to note what became of a letter.
const NOTED: Duration = Duration::from_secs(5);

fn origin(house: &House, address: SocketAddr) -> String {
    if house.settings.server.listen.port() == 0 {
        format!("http://{address}")
    } else {
        house.settings.origin()
    }
}
