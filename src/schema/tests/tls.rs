//! A server that speaks TLS alone: reached by whoever trusts its certificate and asks for its name, and by nobody else.
//!
//! Starts a PostgreSQL of this machine's own, with certificates that `openssl` makes; as root under another account.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl, sql_types::Bool};

/// Whom the server runs as where root starts it.
const NOBODY: u32 = 65_534;

struct Server {
    process: Child,
    home: tempfile::TempDir,
    port: u16,
}

impl Drop for Server {
    fn drop(&mut self) {
        // An immediate end: the directory goes with it.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

fn run(mut command: Command) {
    let done = command.output().unwrap();
    assert!(done.status.success(), "{command:?}: {}", String::from_utf8_lossy(&done.stderr));
}

/// Where both programs of a server lie.
fn bin() -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut dirs: Vec<PathBuf> = versions.map(|version| version.path().join("bin")).collect();
    dirs.sort();
    dirs.reverse();
    dirs.push("/usr/local/bin".into());
    dirs.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
    let real = |dir: PathBuf| Some(fs::canonicalize(dir.join("initdb")).ok()?.parent()?.to_owned());
    let mut found = dirs.into_iter().filter_map(real);
    found.find(|dir| dir.join("postgres").is_file()).expect("a PostgreSQL server of this machine's own")
}

fn is_root() -> bool {
    String::from_utf8_lossy(&Command::new("id").arg("-u").output().unwrap().stdout).trim() == "0"
}

fn as_owner(program: &Path, home: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(home).stdin(Stdio::null()).stdout(Stdio::null());
    if is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    command
}

/// A certificate for a name, signed by itself, with its key.
fn certificate(home: &Path, file: &str, name: &str) {
    let mut make = Command::new("openssl");
    make.current_dir(home)
        .args([
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "2",
            "-subj",
            &format!("/CN={name}"),
        ])
        .args(["-addext", &format!("subjectAltName=DNS:{name}")])
        .args(["-keyout", &format!("{file}.key"), "-out", &format!("{file}.pem")]);
    run(make);
    fs::set_permissions(home.join(format!("{file}.key")), fs::Permissions::from_mode(0o600)).unwrap();
}

/// A server with a certificate for `name`.
fn start(name: &str) -> Server {
    let home = tempfile::tempdir().unwrap();
    let path = home.path();
    fs::set_permissions(path, fs::Permissions::from_mode(0o700)).unwrap();
    certificate(path, "server", name);
    certificate(path, "stranger", name);
    if is_root() {
        for owned in [path.to_owned(), path.join("server.key"), path.join("server.pem")] {
            chown(owned, Some(NOBODY), Some(NOBODY)).unwrap();
        }
    }
    let mut init = as_owner(&bin().join("initdb"), path);
    init.args(["-D", "data", "-U", "shiryan", "-A", "trust", "--no-sync"]);
    run(init);
    fs::write(path.join("data/pg_hba.conf"), "hostssl all all 127.0.0.1/32 trust\n").unwrap();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut serve = as_owner(&bin().join("postgres"), path);
    serve.args(["-D", "data", "-k", "", "-h", "127.0.0.1", "-p", &port.to_string()]);
    serve.args(["-c", "ssl=on", "-c", "fsync=off"]);
    serve.args(["-c", &format!("ssl_cert_file={}", path.join("server.pem").display())]);
    serve.args(["-c", &format!("ssl_key_file={}", path.join("server.key").display())]);
    let log = fs::File::create(path.join("log")).unwrap();
    let process = serve.stderr(log).spawn().unwrap();
    let server = Server { process, home, port };
    let deadline = Instant::now() + Duration::from_secs(60);
    while server.connect("localhost", "sslmode=require").is_err() {
        let said = || fs::read_to_string(server.home.path().join("log")).unwrap();
        assert!(Instant::now() < deadline, "{}", said());
        std::thread::sleep(Duration::from_millis(50));
    }
    server
}

impl Server {
    fn connect(&self, name: &str, options: &str) -> Result<PgConnection, String> {
        let url = format!("postgres://shiryan@{name}:{}/postgres?hostaddr=127.0.0.1&{options}", self.port);
        PgConnection::establish(&url).map_err(|error| error.to_string())
    }

    fn root(&self, file: &str) -> String {
        format!("sslmode=verify-full&sslrootcert={}", self.home.path().join(file).display())
    }
}

#[derive(QueryableByName)]
struct Way {
    #[diesel(sql_type = Bool)]
    ssl: bool,
}

#[test]
fn who_verifies_reaches_the_right_server_alone() {
    let server = start("localhost");
    let mut conn = server.connect("localhost", &server.root("server.pem")).unwrap();
    let way = diesel::sql_query("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()");
    assert!(way.get_result::<Way>(&mut conn).unwrap().ssl);
    let refused = |name: &str, options: &str| match server.connect(name, options) {
        Ok(_) => panic!("{name} {options}"),
        Err(said) => said,
    };
    // Another certificate of the same name; the right one under another name; no certificate at all.
    let said = refused("localhost", &server.root("stranger.pem"));
    assert!(said.contains("certificate verify failed"), "{said}");
    let said = refused("db.example", &server.root("server.pem"));
    assert!(said.contains("does not match host name"), "{said}");
    refused("localhost", &server.root("nothing.pem"));
    // The server itself refuses who comes without.
    let said = refused("localhost", "sslmode=disable");
    assert!(said.contains("no encryption") || said.contains("pg_hba.conf"), "{said}");
}
