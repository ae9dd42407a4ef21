//! The PostgreSQL server that the suite uses.
//!
//! `SHIRYAN_TEST_POSTGRES` names one (a URL whose user may create databases); else a private cluster is
//! started from binaries of this machine, reached by a socket that only its owner may enter, and ended
//! and removed with the test process, however that ends. Where neither is possible the PostgreSQL tests
//! say so and pass over; with `SHIRYAN_REQUIRE_POSTGRES=1`, or a URL that cannot be reached, they fail.

use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{LazyLock, Once};
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};

/// The role that owns a private cluster.
const OWNER: &str = "shiryan";

/// Starts the server, and ends it and removes its directory when the pipe from the test process closes:
/// the one thing that happens after an exit, a panic, a kill and an abort alike.
const SUPERVISOR: &str = r#"
home=$1; postgres=$2
exec 3<&0
"$postgres" -D "$home/data" -k "$home" -c listen_addresses= -c fsync=off -c full_page_writes=off \
    -c max_connections=200 -c autovacuum=off -c max_wal_size=4GB </dev/null >"$home/log" 2>&1 3<&- &
server=$!
{ read -r _ <&3; : >"$home/ended"; kill -INT "$server"; } 2>/dev/null &
exec 3<&-
wait "$server"
[ -e "$home/ended" ] && cd / && rm -rf "$home"
"#;

/// Whom the server runs as.
#[derive(Debug, Clone)]
struct Account {
    uid: u32,
    gid: u32,
}

struct Private {
    url: String,
    home: PathBuf,
    /// Its standard input is the pipe that keeps the server alive.
    supervisor: Child,
}

enum Server {
    Given(String),
    Private(Private),
}

static SERVER: LazyLock<Result<Server, String>> = LazyLock::new(find);

/// The URL of the server's maintenance database, or `None` when this machine has none and the tests may
/// pass over it.
pub fn url() -> Option<&'static str> {
    static SAID: Once = Once::new();
    match &*SERVER {
        Ok(Server::Given(url) | Server::Private(Private { url, .. })) => Some(url),
        Err(why) => {
            let required = std::env::var("SHIRYAN_REQUIRE_POSTGRES").is_ok_and(|value| value == "1");
            assert!(!required && given().is_none(), "PostgreSQL was asked for and is not there: {why}");
            // Past the harness, which would keep it from a passing run's output.
            SAID.call_once(|| {
                let line = "!".repeat(78);
                let text = format!(
                    "\n{line}\nPostgreSQL tests were SKIPPED: {why}\nInstall PostgreSQL or set \
                     SHIRYAN_TEST_POSTGRES=postgres://…\n{line}\n"
                );
                std::io::stderr().write_all(text.as_bytes()).unwrap();
            });
            None
        }
    }
}

fn given() -> Option<String> {
    std::env::var("SHIRYAN_TEST_POSTGRES").ok().filter(|url| !url.is_empty())
}

fn find() -> Result<Server, String> {
    if let Some(given) = given() {
        PgConnection::establish(&given).map_err(|error| format!("SHIRYAN_TEST_POSTGRES: {error}"))?;
        return Ok(Server::Given(given));
    }
    let mut refusals = Vec::new();
    for bin in bins() {
        for account in accounts()? {
            match start(&bin, account.as_ref()) {
                Ok(server) => return Ok(Server::Private(server)),
                Err(why) => refusals.push(format!("{} as {account:?}: {why}", bin.display())),
            }
        }
    }
    if refusals.is_empty() {
        return Err("no directory of this machine holds both `initdb` and `postgres`".into());
    }
    Err(refusals.join("; "))
}

/// Directories that hold both binaries, the newest server of a distribution first.
fn bins() -> Vec<PathBuf> {
    let mut dirs: Vec<PathBuf> =
        std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()).collect();
    dirs.push("/usr/local/bin".into());
    let mut versions: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .collect();
    versions.sort_by_key(|path| {
        let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
        std::cmp::Reverse(name.parse::<u32>().unwrap_or(0))
    });
    dirs.extend(versions.into_iter().map(|version| version.join("bin")));
    if let Ok(said) = Command::new("pg_config").arg("--bindir").stderr(Stdio::null()).output() {
        dirs.push(String::from_utf8_lossy(&said.stdout).trim().into());
    }
    let mut found: Vec<PathBuf> = Vec::new();
    for dir in dirs {
        let Ok(initdb) = fs::canonicalize(dir.join("initdb")) else { continue };
        let Some(real) = initdb.parent() else { continue };
        if real.join("postgres").is_file() && !found.iter().any(|known| known == real) {
            found.push(real.to_owned());
        }
    }
    found
}

/// PostgreSQL as distributed refuses to run as root, so root lends it another account first; some builds
/// do not mind, so root's own comes last.
fn accounts() -> Result<Vec<Option<Account>>, String> {
    let probe = tempfile::tempdir().map_err(|error| error.to_string())?;
    if fs::metadata(probe.path()).map_err(|error| error.to_string())?.uid() != 0 {
        return Ok(vec![None]);
    }
    let passwd = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let account = |wanted: &str| {
        passwd.lines().find_map(|line| {
            let mut parts = line.split(':');
            (parts.next() == Some(wanted)).then_some(())?;
            let ids: Vec<u32> = parts.skip(1).take(2).filter_map(|part| part.parse().ok()).collect();
            let [uid, gid] = ids[..] else { return None };
            Some(Account { uid, gid })
        })
    };
    Ok(["postgres", "nobody"].into_iter().filter_map(account).map(Some).chain([None]).collect())
}

fn start(bin: &Path, account: Option<&Account>) -> Result<Private, String> {
    let home = owned_home(account)?;
    let made = command(account, home.path(), bin.join("initdb"))
        .arg("-D")
        .arg(home.path().join("data"))
        .args(["-U", OWNER, "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"])
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("initdb: {error}"))?;
    if !made.status.success() {
        return Err(format!("initdb: {}", String::from_utf8_lossy(&made.stderr).trim()));
    }
    run(bin, account, home)
}

/// Runs the server whose data is in a directory, until what this gives is dropped.
fn run(bin: &Path, account: Option<&Account>, home: tempfile::TempDir) -> Result<Private, String> {
    let mut supervisor = command(account, home.path(), "sh")
        .args(["-c", SUPERVISOR, "sh"])
        .arg(home.path())
        .arg(bin.join("postgres"))
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        // An interrupt from the terminal ends the tests; the pipe then ends the server.
        .process_group(0)
        .spawn()
        .map_err(|error| format!("sh: {error}"))?;
    let url = format!("postgres://{OWNER}@{}/postgres", socket(home.path()));
    let deadline = Instant::now() + Duration::from_secs(60);
    while let Err(error) = PgConnection::establish(&url) {
        let ended = supervisor.try_wait().map_err(|error| error.to_string())?.is_some();
        if ended || Instant::now() > deadline {
            let log = fs::read_to_string(home.path().join("log")).unwrap_or_default();
            drop(supervisor.stdin.take());
            let _ = supervisor.wait();
            return Err(format!("postgres: {error}\n{log}"));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(Private { url, home: home.keep(), supervisor })
}

/// A directory as the host of a URL.
fn socket(home: &Path) -> String {
    home.display().to_string().replace('/', "%2F")
}

/// A server and another that follows it, for one test that lets the first one fail.
pub struct Pair {
    first: Private,
    second: Private,
}

impl Pair {
    /// `None` where this machine has no server of its own to start; whoever requires one has failed by then.
    pub fn start() -> Option<Self> {
        url()?;
        let accounts = accounts().unwrap();
        let ways = bins()
            .into_iter()
            .flat_map(|bin| accounts.clone().into_iter().map(move |who| (bin.clone(), who)));
        let mut refusals = Vec::new();
        for (bin, account) in ways {
            match Self::start_as(&bin, account.as_ref()) {
                Ok(pair) => return Some(pair),
                Err(why) => refusals.push(why),
            }
        }
        let line = format!("\na server that fails over was NOT tried: {refusals:?}\n");
        std::io::stderr().write_all(line.as_bytes()).unwrap();
        None
    }

    fn start_as(bin: &Path, account: Option<&Account>) -> Result<Self, String> {
        let first = start(bin, account)?;
        let home = owned_home(account)?;
        let copied = command(account, home.path(), bin.join("pg_basebackup"))
            .args([
                "-U",
                OWNER,
                "--checkpoint=fast",
                "--wal-method=stream",
                "--write-recovery-conf",
                "--no-sync",
            ])
            .arg("-h")
            .arg(&first.home)
            .arg("-D")
            .arg(home.path().join("data"))
            .output()
            .map_err(|error| format!("pg_basebackup: {error}"))?;
        if !copied.status.success() {
            return Err(format!("pg_basebackup: {}", String::from_utf8_lossy(&copied.stderr)));
        }
        let second = run(bin, account, home)?;
        // Nothing is acknowledged that the second one does not have.
        first.say("ALTER SYSTEM SET synchronous_standby_names = '*'");
        first.say("SELECT pg_reload_conf()");
        Ok(Self { first, second })
    }

    /// Whichever of the two takes writes.
    pub fn url(&self) -> String {
        let [first, second] = [&self.first, &self.second].map(|server| socket(&server.home));
        format!("postgres://{OWNER}@{first},{second}/postgres?target_session_attrs=read-write")
    }

    /// The first one is gone at once, as by a power cut.
    pub fn lose_the_first(&self) {
        let file = fs::read_to_string(self.first.home.join("data/postmaster.pid")).unwrap();
        let pid = file.lines().next().unwrap();
        assert!(Command::new("kill").args(["-QUIT", pid]).status().unwrap().success());
    }

    /// The second one takes writes from now on.
    pub fn promote(&self) {
        self.second.say("SELECT pg_promote()");
    }
}

impl Private {
    fn say(&self, statement: &str) {
        PgConnection::establish(&self.url).unwrap().batch_execute(statement).unwrap();
    }

    fn end(&mut self) {
        drop(self.supervisor.stdin.take());
        let _ = self.supervisor.wait();
        let _ = fs::remove_dir_all(&self.home);
    }
}

impl Drop for Pair {
    fn drop(&mut self) {
        self.second.end();
        self.first.end();
    }
}

/// A directory that the account may write.
fn owned_home(account: Option<&Account>) -> Result<tempfile::TempDir, String> {
    let home = home()?;
    if let Some(Account { uid, gid }) = account {
        std::os::unix::fs::chown(home.path(), Some(*uid), Some(*gid)).map_err(|error| error.to_string())?;
    }
    Ok(home)
}

/// A directory whose path is short enough for a socket's name.
fn home() -> Result<tempfile::TempDir, String> {
    const LONGEST: usize = 107 - "/.s.PGSQL.5432.lock".len();
    let builder = || tempfile::Builder::new().prefix("shiryan-pg-").to_owned();
    let dir = builder().tempdir().map_err(|error| error.to_string())?;
    if dir.path().as_os_str().len() <= LONGEST {
        return Ok(dir);
    }
    builder().tempdir_in("/tmp").map_err(|error| error.to_string())
}

fn command(account: Option<&Account>, home: &Path, program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(home).env("LC_ALL", "C");
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("PG")) {
        command.env_remove(name);
    }
    if let Some(Account { uid, gid }) = account {
        command.uid(*uid).gid(*gid);
    }
    command
}
