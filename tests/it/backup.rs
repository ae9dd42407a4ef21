//! Backups: made while others write, and put back where nothing is.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Output;
use std::sync::atomic::{AtomicBool, Ordering};

use diesel::RunQueryDsl;
use serde_json::json;
use sha2::{Digest, Sha256};
use shiryan::db::{Db, Lane, Size, Target};
use shiryan::{audit, donors};
use shiryan_kernel::ids::DonorId;
use shiryan_kernel::role::Role;
use shiryan_kernel::time::SystemClock;

use super::cli::shiryan;
use super::support::app::TestApp;
use super::support::databases::{Empty, Fresh, Kind};

both!(
    a_backup_is_made_while_others_write_and_put_where_nothing_is,
    a_damaged_backup_or_another_identity_restores_nothing,
);

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn url(target: &Target) -> String {
    match target {
        Target::Sqlite(path) => format!("sqlite://{}", path.display()),
        Target::Postgres(url) => url.clone(),
    }
}

/// An identity in `home`, and its public half.
fn identity(home: &Path, name: &str) -> String {
    let made = shiryan(home, &["backup", "identity", "--out", name]).output().unwrap();
    assert!(made.status.success(), "{}", text(&made.stderr));
    let file = std::fs::read_to_string(home.join(name)).unwrap();
    let public = file.lines().next().unwrap().rsplit(' ').next().unwrap().to_owned();
    assert!(public.starts_with("age1") && text(&made.stdout).contains(&public));
    public
}

/// The root key of a test's house, as a file that the program reads.
fn key_file(home: &Path) -> std::path::PathBuf {
    let file = home.join("root.key");
    if !file.exists() {
        shiryan::vault::private_file(&file, TestApp::ROOT_KEY_TEXT.as_bytes()).unwrap();
    }
    file
}

fn run(home: &Path, target: &Target, arguments: &[&str]) -> Output {
    let url = url(target);
    let all = [arguments, &["--database", &url]].concat();
    shiryan(home, &all).env("SHIRYAN__KEYS__FILE", key_file(home)).output().unwrap()
}

fn registers(app: &TestApp, n: usize) -> DonorId {
    let form = json!({
        "first_name": "CANARY", "family_name": "الكناري", "sex": "male", "birth_date": "1994-05-20",
        "service_number": format!("MS-{n}"), "unit": app.places.company,
    });
    let made = app.client(Role::Bank).post("/api/v1/donors", &form).expect(201);
    made["id"].as_str().unwrap().parse().unwrap()
}

fn a_backup_is_made_while_others_write_and_put_where_nothing_is(app: TestApp) {
    let home = tempfile::tempdir().unwrap();
    let public = identity(home.path(), "identity");
    let before: Vec<DonorId> = (0..8).map(|n| registers(&app, n)).collect();
    let vault = app.house.vault.clone();
    while app
        .house
        .db
        .write_now(Lane::System, {
            let vault = vault.clone();
            move |tx| audit::seal(tx, &vault)
        })
        .unwrap()
        > 0
    {}
    let (source, stop) = (app.house.db.target().clone(), AtomicBool::new(false));
    let make = ["backup", "make", "--out", "one.age", "--recipient", &public];
    std::thread::scope(|scope| {
        let writes = scope.spawn(|| {
            (100..)
                .take_while(|n| {
                    registers(&app, *n);
                    !stop.load(Ordering::Relaxed)
                })
                .count()
        });
        let made = run(home.path(), &source, &make);
        stop.store(true, Ordering::Relaxed);
        assert!(made.status.success(), "{}", text(&made.stderr));
        assert!(writes.join().unwrap() > 0);
    });
    let file = std::fs::read(home.path().join("one.age")).unwrap();
    assert!(file.starts_with(b"age-encryption.org/v1\n"));
    for word in ["SQLite format 3", "PGDMP", "CANARY", "schema", TestApp::ROOT_KEY_TEXT] {
        assert!(!file.windows(word.len()).any(|part| part == word.as_bytes()), "{word}");
    }
    // Nothing is replaced, and nothing else is left behind.
    assert_eq!(run(home.path(), &source, &make).status.code(), Some(2));
    let left: Vec<String> = std::fs::read_dir(home.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.contains("backup-"))
        .collect();
    assert!(left.is_empty(), "{left:?}");

    let empty = Empty::fresh(app.kind);
    let restore = ["restore", "one.age", "--identity", "identity"];
    let done = run(home.path(), &empty.target, &restore);
    assert!(done.status.success(), "{}", text(&done.stderr));
    if let Target::Sqlite(path) = &empty.target {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(path).unwrap().permissions().mode() & 0o077, 0, "its owner's alone");
    }
    let there = Db::open(&empty.target, Size(2), app.clock.clone()).unwrap();
    for donor in before {
        let known = there.read_now(|conn| donors::known(conn, &vault, donor)).unwrap();
        assert_eq!(known.birth_date, Some("1994-05-20".parse().unwrap()));
    }
    drop(there);
    let whole = run(home.path(), &empty.target, &["audit", "verify"]);
    assert!(whole.status.success(), "{}", text(&whole.stderr));
    // What is there is not put away.
    let again = run(home.path(), &empty.target, &restore);
    assert_eq!(again.status.code(), Some(2));
    assert!(text(&again.stderr).contains("not empty"), "{}", text(&again.stderr));
}

fn a_damaged_backup_or_another_identity_restores_nothing(app: TestApp) {
    let home = tempfile::tempdir().unwrap();
    let public = identity(home.path(), "identity");
    identity(home.path(), "other");
    registers(&app, 1);
    let source = app.house.db.target().clone();
    let made = run(home.path(), &source, &["backup", "make", "--out", "one.age", "--recipient", &public]);
    assert!(made.status.success(), "{}", text(&made.stderr));
    let whole = std::fs::read(home.path().join("one.age")).unwrap();
    let put = |name: &str, content: &[u8]| std::fs::write(home.path().join(name), content).unwrap();
    put("cut.age", &whole[..whole.len() - 40]);
    let mut changed = whole.clone();
    let middle = changed.len() / 2;
    changed[middle] ^= 1;
    put("changed.age", &changed);
    put("none.age", b"not a backup");
    let empty = Empty::fresh(app.kind);
    for (file, identity) in [
        ("one.age", "other"),
        ("cut.age", "identity"),
        ("changed.age", "identity"),
        ("none.age", "identity"),
        ("absent.age", "identity"),
        ("one.age", "absent"),
        ("one.age", "root.key"),
    ] {
        let said = run(home.path(), &empty.target, &["restore", file, "--identity", identity]);
        assert_eq!(said.status.code(), Some(2), "{file} {identity}");
        assert!(text(&said.stderr).starts_with("shiryan: "), "{}", text(&said.stderr));
    }
    // A copy of one kind does not go into the other.
    let other = Empty::fresh(if app.kind == Kind::Sqlite { Kind::Postgres } else { Kind::Sqlite });
    let said = run(home.path(), &other.target, &["restore", "one.age", "--identity", "identity"]);
    assert!(text(&said.stderr).contains("the kind it came from"), "{}", text(&said.stderr));
    for bad in [
        vec!["backup", "make", "--out", "x.age"],
        vec!["backup", "make", "--out", "x.age", "--recipient", "age1x"],
    ] {
        assert_eq!(run(home.path(), &source, &bad).status.code(), Some(2));
    }
    // After all that it is still restored.
    let done = run(home.path(), &empty.target, &["restore", "one.age", "--identity", "identity"]);
    assert!(done.status.success(), "{}", text(&done.stderr));
    // Digest and number of rows of every table; the source alone has the line that says that a backup was made.
    let (mut there, mut here) = (rows(&source), rows(&empty.target));
    let lines = |all: &mut BTreeMap<String, (String, usize)>| all.remove("audit_lines").unwrap().1;
    assert_eq!(lines(&mut there), lines(&mut here) + 1);
    assert!(there.len() > 80 && there["donors"].1 == 1, "{}", there.len());
    let differ: Vec<_> = there.iter().filter(|(table, rows)| here.get(*table) != Some(*rows)).collect();
    assert!(differ.is_empty() && there.len() == here.len(), "{differ:?}");
}

#[derive(diesel::QueryableByName)]
struct Line {
    #[diesel(sql_type = diesel::sql_types::Text)]
    line: String,
}

/// The digest of each table's rows, and how many there are.
fn rows(target: &Target) -> BTreeMap<String, (String, usize)> {
    let db = Db::open(target, Size(1), std::sync::Arc::new(SystemClock)).unwrap();
    let ask = |query: String| -> Vec<String> {
        db.read_now(|conn| {
            let rows: Vec<Line> = diesel::sql_query(&query).load(conn)?;
            Ok(rows.into_iter().map(|row| row.line).collect())
        })
        .unwrap()
    };
    let tables = match target {
        Target::Sqlite(_) => {
            "SELECT name AS line FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        }
        Target::Postgres(_) => "SELECT tablename::text AS line FROM pg_tables WHERE schemaname = 'public'",
    };
    let of = |table: &String| {
        let all = match target {
            Target::Sqlite(_) => {
                let columns = format!("SELECT name AS line FROM pragma_table_info('{table}')");
                let quoted: Vec<String> =
                    ask(columns).iter().map(|column| format!("quote(\"{column}\")")).collect();
                format!("SELECT {} AS line FROM \"{table}\" ORDER BY 1", quoted.join(" || '|' || "))
            }
            Target::Postgres(_) => format!("SELECT row::text AS line FROM \"{table}\" AS row ORDER BY 1"),
        };
        let lines = ask(all);
        (shiryan::vault::hex(&Sha256::digest(lines.join("\n"))), lines.len())
    };
    ask(tables.to_owned()).iter().map(|table| (table.clone(), of(table))).collect()
}
