//! What the world does to a service: a full disk, a directory that nobody may write, another program that holds the
//! database, connections that are cut under load, a clock that is set. Each is told clearly, nothing is lost, and work goes
//! on by itself.

use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use serde_json::{Value, json};
use shiryan::audit::{self, Verdict};
use shiryan::db::tables::units;
use shiryan::db::{Lane, Target};
use shiryan::vault::{RootKey, Vault};
use shiryan_kernel::role::Role;
use shiryan_kernel::time::{Clock, SystemClock};

use super::support::app::{Client, Reply, TestApp, new_key, people};
use super::support::at_once;
use super::support::databases::{Fresh, Kind, Migrated, on};
use shiryan::accounts::Tokens;

both!(a_clock_set_an_hour_either_way_loses_nothing);

const UNITS: &str = "/api/v1/units";

fn unit(code: &str) -> Value {
    json!({"code": code, "name_ar": "وحدة", "name_en": code, "governorate": "PS-RBH"})
}

fn count(app: &TestApp) -> i64 {
    app.house.db.read_now(|conn| Ok(units::table.count().get_result(conn)?)).unwrap()
}

fn a_clock_set_an_hour_either_way_loses_nothing(app: TestApp) {
    let before = count(&app);
    let made: Vec<String> = [0, 60, -60, -60, 60]
        .iter()
        .enumerate()
        .map(|(n, minutes)| {
            app.clock.advance(chrono::Duration::minutes(*minutes));
            let admin = app.client(Role::Admin);
            let (key, form) = (new_key(), unit(&format!("C{n}")));
            let first = admin.post_as(&key, UNITS, &form).expect(201);
            assert_eq!(admin.post_as(&key, UNITS, &form).expect(201), first);
            first["id"].as_str().unwrap().to_owned()
        })
        .collect();
    assert_eq!(count(&app), before + 5);
    let mut grown = made.clone();
    grown.sort();
    grown.dedup();
    assert_eq!(grown, made, "ids go on whatever the clock says");
    let vault = app.house.vault.clone();
    let sealed = app.house.db.write_now(Lane::System, move |tx| audit::seal(tx, &vault));
    assert!(sealed.unwrap() > 0);
    let verdict = app.house.db.read_now(|conn| audit::verify(conn, &app.house.vault)).unwrap();
    assert!(matches!(verdict, Verdict::Whole(_)), "{verdict:?}");
}

#[test]
fn another_program_that_holds_the_file_is_waited_for_and_told_of() {
    let app = TestApp::fresh(Kind::Sqlite);
    let Target::Sqlite(path) = app.house.db.target().clone() else { unreachable!() };
    let mut other = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
    other.batch_execute("BEGIN IMMEDIATE").unwrap();
    let (admin, key, before) = (app.client(Role::Admin), new_key(), count(&app));
    let started = Instant::now();
    let reply = admin.post_as(&key, UNITS, &unit("L1"));
    assert_eq!(reply.problem(503), "busy");
    assert!(reply.headers.contains_key("retry-after"));
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
    admin.get(UNITS).expect(200);
    other.batch_execute("COMMIT").unwrap();
    admin.post_as(&key, UNITS, &unit("L1")).expect(201);
    admin.post_as(&key, UNITS, &unit("L1")).expect(201);
    assert_eq!(count(&app), before + 1);
}

/// As a restart of the server, or a failover behind its address, cuts them.
#[test]
fn connections_that_are_cut_under_load_lose_nothing() {
    on(Kind::Postgres, |app: TestApp| {
        const CLIENTS: usize = 8;
        const EACH: usize = 25;
        let Target::Postgres(url) = app.house.db.target().clone() else { unreachable!() };
        let before = count(&app);
        let admin = app.client(Role::Admin);
        let broken: usize = std::thread::scope(|scope| {
            let cutter = scope.spawn(|| {
                let mut conn = PgConnection::establish(&url).unwrap();
                for _ in 0..12 {
                    std::thread::sleep(Duration::from_millis(120));
                    conn.batch_execute(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                         WHERE datname = current_database() AND pid <> pg_backend_pid()",
                    )
                    .unwrap();
                }
            });
            let broken = at_once(CLIENTS, |n| (0..EACH).map(|m| insist(&admin, n, m)).sum::<usize>());
            cutter.join().unwrap();
            broken.into_iter().sum()
        });
        assert!(broken > 0, "no cut met a request");
        assert_eq!(count(&app), before + i64::try_from(CLIENTS * EACH).unwrap());
        admin.get("/readyz").expect(200);
    });
}

/// Sends one unit until it is taken; how often it was not.
pub(super) fn insist(admin: &Client, n: usize, m: usize) -> usize {
    let (key, form) = (format!("insist-{n:02}-{m:04}"), unit(&format!("I{n}-{m}")));
    for broken in 0..200 {
        let reply = admin.post_as(&key, UNITS, &form);
        match reply.status {
            201 => return broken,
            500 | 503 | 409 => {
                reply.problem(reply.status);
                std::thread::sleep(Duration::from_millis(20));
            }
            status => panic!("{status}: {}", reply.text),
        }
    }
    panic!("never taken");
}

/// A program on a disk of its own, which the test fills and frees.
struct OnSmallDisk {
    shell: Child,
    admin: Client,
}

/// Mounts a small disk that only it and its children see, and obeys one word a line.
const SHELL: &str = r#"
set -eu
mount -t tmpfs -o size="$1" none "$2"
cp "$3" "$2/shiryan.db"
shift 3
"$@" </dev/null >/dev/null 2>stderr &
server=$!
while read -r word; do
    case $word in
        fill) cat /dev/zero > "$DISK/filler" 2>/dev/null || true ;;
        free) rm -f "$DISK/filler" ;;
    esac
done
kill -TERM $server; wait $server
"#;

impl OnSmallDisk {
    /// One that is soon full; `None` where this machine lets nobody mount.
    fn start() -> Option<(Self, tempfile::TempDir)> {
        Self::begin(SHELL, &["16m"])
    }

    /// Runs a script with these words, the disk, a database to put on it, and how the program is started there.
    fn begin(script: &str, words: &[&str]) -> Option<(Self, tempfile::TempDir)> {
        let may = |way: &str| {
            let tried = Command::new("unshare").args([way, "true"]).stderr(Stdio::null()).status();
            tried.is_ok_and(|status| status.success())
        };
        let way = ["-m", "-rm"].into_iter().find(|way| may(way));
        let Some(way) = way else {
            std::io::stderr()
                .write_all(b"\nnobody may mount a disk here: one that fails was NOT tried\n")
                .unwrap();
            return None;
        };
        let home = tempfile::tempdir().unwrap();
        let at = Migrated::fresh(Kind::Sqlite);
        at.clock.set(SystemClock.now());
        let key = home.path().join("keys/root.key");
        let vault = Vault::new(RootKey::read_or_make(&key).unwrap());
        let (_, users) = people(&at.db, &vault);
        at.db.empty_log().unwrap();
        let Target::Sqlite(source) = at.db.target().clone() else { unreachable!() };
        let copy = home.path().join("copy.db");
        let mut conn = SqliteConnection::establish(source.to_str().unwrap()).unwrap();
        conn.batch_execute(&format!("VACUUM INTO '{}'", copy.display())).unwrap();
        let disk = home.path().join("disk");
        std::fs::create_dir(&disk).unwrap();
        let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let url = format!("sqlite://{}", disk.join("shiryan.db").display());
        let mut command = Command::new("unshare");
        command.args([way, "sh", "-c", script, "sh"]).args(words).arg(&disk).arg(&copy);
        command.arg(env!("CARGO_BIN_EXE_shiryan")).args(["serve", "--listen", &address.to_string()]);
        command.args(["--database", &url]).current_dir(home.path()).env("DISK", &disk);
        command.env("SHIRYAN__KEYS__FILE", &key).env("SHIRYAN__METRICS__LISTEN", "").stdin(Stdio::piped());
        command.env("SHIRYAN__SERVER__LINGER_SECONDS", "0");
        let shell = command.spawn().unwrap();
        let principal = &users.iter().find(|(role, _)| *role == Role::Admin).unwrap().1;
        let token = Tokens::new(&vault, 10).make(principal, SystemClock.now()).unwrap();
        let admin = Client::to(format!("http://{address}")).holding(&token);
        Some((Self { shell, admin }, home))
    }

    fn say(&mut self, word: &str) {
        writeln!(self.shell.stdin.as_mut().unwrap(), "{word}").unwrap();
    }

    /// Asks until the answer is so.
    fn until(&self, what: &str, home: &Path, is_so: impl Fn(&Reply) -> bool) -> Reply {
        let started = Instant::now();
        loop {
            if let Ok(reply) = self.admin.try_send("GET", "/readyz", &[], None)
                && is_so(&reply)
            {
                return reply;
            }
            let log = || std::fs::read_to_string(home.join("stderr")).unwrap_or_default();
            assert!(started.elapsed() < Duration::from_secs(60), "never {what}: {}", log());
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

impl Drop for OnSmallDisk {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        let _ = self.shell.wait();
    }
}

#[test]
fn a_full_disk_is_told_and_what_it_refused_goes_through_once_there_is_room() {
    let Some((mut small, home)) = OnSmallDisk::start() else { return };
    small.until("ready", home.path(), |reply| reply.status == 200);
    let before = small.admin.post(UNITS, &unit("D-1")).expect(201);
    small.say("fill");
    // What is in the pages already may still be written for a while.
    let mut refused = Vec::new();
    for n in 0..400 {
        let (key, form) = (new_key(), unit(&format!("F-{n}")));
        let reply = small.admin.post_as(&key, UNITS, &form);
        if reply.status != 201 {
            assert!([500, 503].contains(&reply.status), "{}", reply.text);
            reply.problem(reply.status);
            refused.push((key, form));
            if refused.len() == 5 {
                break;
            }
        }
    }
    assert_eq!(refused.len(), 5, "the disk is full");
    small.admin.get(UNITS).expect(200);
    let told = small.until("told", home.path(), |reply| reply.status == 503);
    assert!(told.text.contains(r#"{"name":"writes","ready":false}"#), "{}", told.text);
    let log = std::fs::read_to_string(home.path().join("stderr")).unwrap();
    assert!(log.contains("full"), "{log}");

    small.say("free");
    small.until("ready again", home.path(), |reply| reply.status == 200);
    for (key, form) in &refused {
        let made = small.admin.post_as(key, UNITS, form).expect(201);
        assert_eq!(small.admin.post_as(key, UNITS, form).expect(201), made);
    }
    let seen = small.admin.get(&format!("{UNITS}?limit=200")).expect(200);
    let codes: Vec<&Value> = seen["items"].as_array().unwrap().iter().map(|unit| &unit["code"]).collect();
    for (_, form) in &refused {
        assert_eq!(codes.iter().filter(|code| ***code == form["code"]).count(), 1);
    }
    assert!(seen["items"].as_array().unwrap().iter().any(|unit| unit["id"] == before["id"]));
}

#[test]
fn a_directory_that_cannot_be_made_is_named() {
    let home = tempfile::tempdir().unwrap();
    // A file stands where a directory is to be: nobody, not even root, makes one there.
    std::fs::write(home.path().join("taken"), "").unwrap();
    let url = format!("sqlite://{}", home.path().join("taken/shiryan.db").display());
    let said = super::cli::refused(home.path(), &["serve", "--database", &url]);
    assert!(said.contains("taken") && !said.contains("panicked"), "{said}");
}

/// Mounts a disk that is full of nothing but the database, read-only at first, and runs the program on it both ways.
const READ_ONLY: &str = r#"
set -eu
mount -t tmpfs -o size=64m none "$1"
cp "$2" "$1/shiryan.db"
mount -o remount,ro "$1"
shift 2
if "$@" </dev/null >refused.out 2>refused.err; then exit 9; fi
mount -o remount,rw "$DISK"
"$@" </dev/null >/dev/null 2>stderr &
server=$!
read -r word || true
kill -TERM $server; wait $server
"#;

#[test]
fn a_disk_that_is_read_only_is_told_and_serves_once_it_is_given_back() {
    let Some((small, home)) = OnSmallDisk::begin(READ_ONLY, &[]) else { return };
    small.until("ready", home.path(), |reply| reply.status == 200);
    let said = std::fs::read_to_string(home.path().join("refused.err")).unwrap();
    assert!(said.contains("disk/shiryan.db") && said.to_lowercase().contains("read"), "{said}");
    assert!(!said.contains("panicked"), "{said}");
    small.admin.post(UNITS, &unit("R-1")).expect(201);
}

#[test]
fn settings_that_are_broken_while_it_runs_change_nothing_and_are_named_at_the_next_start() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("shiryan.toml");
    let sound = "[server]\nlisten = \"127.0.0.1:0\"\n[log]\nlevel = \"warn\"\n";
    std::fs::write(&file, sound).unwrap();
    let serve = || {
        let mut command = super::cli::shiryan(home.path(), &["serve", "--config", "shiryan.toml"]);
        command.stderr(Stdio::null());
        super::cli::Served::run(command)
    };
    let mut served = serve();
    let address = served.line("Pages:").trim_start_matches("Pages: ").trim_end_matches('/').to_owned();
    for (broken, parts) in [
        (
            "[server]\nlisten = \"127.0.0.1:0\"\ndrain_seconds = \"ten\"\n",
            ["shiryan.toml", "server.drain_seconds"],
        ),
        ("[server]\nlisten = \"0.0.0.0:80\"\n", ["shiryan.toml", "server.listen"]),
        ("[server\nlisten", ["shiryan.toml", "line 1"]),
        ("[serve]\nlisten = \"127.0.0.1:0\"\n", ["shiryan.toml", "[serve]"]),
    ] {
        std::fs::write(&file, broken).unwrap();
        assert_eq!(Client::to(address.clone()).get("/readyz").status, 200, "it runs on");
        let said = super::cli::refused(home.path(), &["serve", "--config", "shiryan.toml"]);
        assert!(parts.iter().all(|part| said.contains(part)) && !said.contains("panicked"), "{said}");
        let looked =
            super::cli::shiryan(home.path(), &["doctor", "--config", "shiryan.toml"]).output().unwrap();
        let told = String::from_utf8_lossy(&looked.stdout).into_owned();
        assert_eq!(looked.status.code(), Some(2), "{told}");
        assert!(told.contains("bad") && parts.iter().all(|part| told.contains(part)), "{told}");
    }
    served.stop();
    std::fs::write(&file, sound).unwrap();
    let mut again = serve();
    again.line("Pages:");
    again.stop();
}
