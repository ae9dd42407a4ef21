//! The listening server: addresses, workers, time-outs, TLS, and a stop that lets a balancer know and requests end.
//!
//! An address that others can reach needs TLS here or a proxy that was declared; without either the server does not
//! start.

use std::{
    fmt::Debug,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use actix_http::{Request, Response};
use actix_service::IntoServiceFactory;
use actix_web::{
    Error, HttpServer,
    body::MessageBody,
    dev::{AppConfig, Server, ServerHandle, Service, ServiceFactory},
};
use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::health::Pulse;

/// How to listen.
#[derive(Debug, Clone)]
pub struct Settings {
    pub listen: Vec<SocketAddr>,
    /// Worker threads, each with its own event loop; 0 is one for each core, and there are at least 2.
    pub workers: usize,
    /// How long an idle connection is kept.
    pub keep_alive: Duration,
    /// How long a client may take to send a request's head.
    pub head_within: Duration,
    /// How long requests may go on once nobody is let in.
    pub drain_within: Duration,
    /// Connections per worker.
    pub connections: usize,
    pub tls: Option<Tls>,
    /// A proxy in front ends TLS.
    pub behind_proxy: bool,
}

/// PEM files: the chain with the server's certificate first, and its private key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tls {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

/// Why the server did not start.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    #[error(
        "{0} can be reached from outside: set server.tls_certificate and server.tls_key, or server.behind_proxy = true when a proxy ends TLS"
    )]
    PublicWithoutTls(SocketAddr),
    #[error("no address to listen on: server.listen is empty")]
    NoAddress,
    #[error("{path}: no usable PEM ({cause})")]
    Pem { path: PathBuf, cause: String },
    #[error("the certificate and the key do not go together: {0}")]
    Pair(rustls::Error),
    #[error("cannot listen on {0}: {1}")]
    Bind(SocketAddr, std::io::Error),
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: vec![SocketAddr::from(([127, 0, 0, 1], 8080))],
            workers: 0,
            keep_alive: Duration::from_secs(75),
            head_within: Duration::from_secs(10),
            drain_within: Duration::from_secs(10),
            connections: 10_000,
            tls: None,
            behind_proxy: false,
        }
    }
}

impl Settings {
    fn workers(&self) -> usize {
        let cores = || std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        if self.workers == 0 { cores().max(2) } else { self.workers.max(2) }
    }

    fn check(&self) -> Result<(), Refused> {
        if self.listen.is_empty() {
            return Err(Refused::NoAddress);
        }
        let covered = self.tls.is_some() || self.behind_proxy;
        match self.listen.iter().find(|address| !covered && !address.ip().is_loopback()) {
            Some(address) => Err(Refused::PublicWithoutTls(*address)),
            None => Ok(()),
        }
    }
}

/// A server that listens and runs once it is awaited, and where it listens (ports that were 0 are
/// filled in). [`Signals`] or `server.handle().stop(true)` end it.
///
/// # Errors
/// [`Refused`], each with what to change.
pub fn start<F, I, S, B>(factory: F, settings: &Settings) -> Result<(Server, Vec<SocketAddr>), Refused>
where
    F: Fn() -> I + Send + Clone + 'static,
    I: IntoServiceFactory<S, Request> + 'static,
    S: ServiceFactory<Request, Config = AppConfig> + 'static,
    S::Error: Into<Error> + 'static,
    S::InitError: Debug,
    S::Response: Into<Response<B>> + 'static,
    <S::Service as Service<Request>>::Future: 'static,
    S::Service: 'static,
    B: MessageBody + 'static,
{
    settings.check()?;
    let tls = settings.tls.as_ref().map(read_tls).transpose()?;
    let mut server = HttpServer::new(factory)
        .workers(settings.workers())
        .keep_alive(settings.keep_alive)
        .client_request_timeout(settings.head_within)
        .client_disconnect_timeout(Duration::from_secs(2))
        .max_connections(settings.connections)
        .shutdown_timeout(settings.drain_within.as_secs())
        .disable_signals();
    for address in &settings.listen {
        let bound = match &tls {
            Some(config) => server.bind_rustls_0_23(address, config.clone()),
            None => server.bind(address),
        };
        server = bound.map_err(|error| Refused::Bind(*address, error))?;
    }
    let addresses = server.addrs();
    Ok((server.run(), addresses))
}

/// SIGTERM and SIGINT, from now on.
#[derive(Debug)]
pub struct Signals {
    term: Signal,
    int: Signal,
}

impl Signals {
    /// # Errors
    /// When the system gives none.
    pub fn take() -> std::io::Result<Self> {
        Ok(Self { term: signal(SignalKind::terminate())?, int: signal(SignalKind::interrupt())? })
    }

    /// At SIGTERM says by its pulse that it leaves, goes on serving for so long, and only then lets nobody in and
    /// waits for the requests under way. SIGINT, or a second signal, does not linger.
    pub async fn obey(mut self, server: ServerHandle, pulse: Arc<Pulse>, linger: Duration) {
        let lingers = self.next().await == SignalKind::terminate();
        pulse.leave();
        if lingers && !linger.is_zero() {
            tracing::info!(seconds = linger.as_secs(), "leaving: not ready any more, still serving");
            tokio::select! {
                () = tokio::time::sleep(linger) => {}
                _ = self.next() => {}
            }
        }
        server.stop(true).await;
    }

    async fn next(&mut self) -> SignalKind {
        tokio::select! {
            _ = self.term.recv() => SignalKind::terminate(),
            _ = self.int.recv() => SignalKind::interrupt(),
        }
    }
}

fn read_tls(files: &Tls) -> Result<ServerConfig, Refused> {
    let bad = |path: &Path| {
        let path = path.to_owned();
        move |cause: rustls::pki_types::pem::Error| Refused::Pem { path, cause: cause.to_string() }
    };
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(&files.certificate)
        .and_then(Iterator::collect)
        .map_err(bad(&files.certificate))?;
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(bad(&files.key))?;
    ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key))
        .map_err(Refused::Pair)
}
