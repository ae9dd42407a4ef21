//! The server itself, over real sockets, and what it writes to the log.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    sync::{Arc, Mutex},
};

use actix_web::{test::TestRequest, web};
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    pki_types::{CertificateDer, pem::PemObject},
};

use super::{Gate, app, send};
use crate::http::server;

fn started(settings: &server::Settings) -> (actix_web::dev::Server, SocketAddr) {
    let (server, addresses) = server::start(|| app(Gate::open()), settings).unwrap();
    (server, addresses[0])
}

fn local() -> server::Settings {
    server::Settings { listen: vec!["127.0.0.1:0".parse().unwrap()], ..server::Settings::default() }
}

#[actix_web::test]
async fn ten_megabytes_are_refused_and_the_client_reads_why() {
    let (server, address) = started(&local());
    let handle = server.handle();
    actix_web::rt::spawn(server);
    let head = "POST /api/v1/things HTTP/1.1\r\nHost: x\r\nIdempotency-Key: 12345678\r\nContent-Type: application/json\r\nConnection: close\r\n";
    let told = format!("{head}Content-Length: 10485760\r\n\r\n");
    let chunked = format!("{head}Transfer-Encoding: chunked\r\n\r\nA00000\r\n");
    for head in [told, chunked] {
        let answer = web::block(move || {
            let mut stream = TcpStream::connect(address).unwrap();
            stream.write_all(head.as_bytes()).unwrap();
            stream.write_all(&vec![b' '; 10 * 1024 * 1024]).unwrap();
            let _ = stream.write_all(b"\r\n0\r\n\r\n");
            let mut answer = Vec::new();
            let _ = stream.read_to_end(&mut answer);
            String::from_utf8_lossy(&answer).into_owned()
        });
        let answer = answer.await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
        assert!(answer.contains("body_too_large"));
    }
    handle.stop(true).await;
}

#[actix_web::test]
async fn a_public_address_needs_tls_or_a_declared_proxy() {
    let public = vec!["0.0.0.0:0".parse().unwrap()];
    let refused = |settings: server::Settings| {
        server::start(|| app(Gate::open()), &settings).map(|_| ()).map_err(|error| error.to_string())
    };
    let bare = refused(server::Settings { listen: public.clone(), ..local() }).unwrap_err();
    assert!(bare.contains("server.tls_certificate"), "{bare}");
    assert!(refused(server::Settings { listen: public, behind_proxy: true, ..local() }).is_ok());
    assert!(refused(server::Settings { listen: Vec::new(), ..local() }).is_err());
    let tls = server::Tls { certificate: "no-such.pem".into(), key: "no-such.key".into() };
    let missing = refused(server::Settings { tls: Some(tls), ..local() }).unwrap_err();
    assert!(missing.contains("no-such.pem"), "{missing}");
}

#[actix_web::test]
async fn tls_is_spoken_from_pem_files() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/http/tests/tls");
    let files = server::Tls {
        certificate: format!("{folder}/certificate.pem").into(),
        key: format!("{folder}/key.pem").into(),
    };
    let certificate = CertificateDer::from_pem_file(&files.certificate).unwrap();
    let (server, address) = started(&server::Settings { tls: Some(files), ..local() });
    let handle = server.handle();
    actix_web::rt::spawn(server);

    let mut roots = RootCertStore::empty();
    roots.add(certificate).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let answer = web::block(move || {
        let client = ClientConnection::new(Arc::new(config), "localhost".try_into().unwrap()).unwrap();
        let mut stream = StreamOwned::new(client, TcpStream::connect(address).unwrap());
        stream.write_all(b"GET /nothing HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    });
    let answer = answer.await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
    assert!(answer.contains("strict-transport-security"), "{answer}");
    handle.stop(true).await;
}

#[derive(Clone, Default)]
struct Pages(Arc<Mutex<Vec<u8>>>);

impl Write for Pages {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[actix_web::test]
async fn the_log_holds_patterns_and_never_paths_or_queries() {
    let pages = Pages::default();
    let writer = pages.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    let kept = tracing::subscriber::set_default(subscriber);
    send(TestRequest::get().uri("/api/v1/things/0SECRETSECRET?q=SECRET")).await;
    send(TestRequest::get().uri("/api/v1/SECRET")).await;
    send(TestRequest::get().uri("/api/v1/fail/internal?q=SECRET")).await;
    drop(kept);
    let log = String::from_utf8(pages.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("/api/v1/things/{id}") && log.contains("unmatched"), "{log}");
    assert!(log.contains("the disk said secret-cause"), "{log}");
    assert!(!log.contains("SECRET"), "{log}");
}
