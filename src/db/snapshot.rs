//! A consistent copy of the whole database while others write, and putting one where nothing is.
//!
//! SQLite writes the copy itself (`VACUUM INTO`); PostgreSQL's own `pg_dump` and `pg_restore` do, which have to be on the
//! path and of the server's version or newer. A password goes to them by their environment, never as an argument.

use std::path::Path;
use std::process::Command;

use diesel::RunQueryDsl;
use diesel::connection::SimpleConnection;
use diesel::sql_types::Text;
use shiryan_kernel::{Code, Problem, Result};
use shiryan_schema::Conn;

use super::{Target, migrate, pool};

#[derive(diesel::QueryableByName)]
struct Said {
    #[diesel(sql_type = Text)]
    integrity_check: String,
}

/// Writes a copy of the database to a file that is not there yet.
///
/// # Errors
/// `internal` with what the database, or its tool, said.
pub fn take(target: &Target, to: &Path) -> Result<()> {
    match target {
        Target::Sqlite(_) => {
            let Conn::Sqlite(mut c) = pool::connect(target, pool::Use::Write)? else { return Ok(()) };
            let to = to.to_str().ok_or_else(|| Problem::internal("the path is not UTF-8"))?;
            diesel::sql_query("VACUUM INTO ?").bind::<Text, _>(to).execute(&mut c)?;
            check(&Target::sqlite(Path::new(to)))
        }
        Target::Postgres(url) => {
            let arguments = ["--format=custom", "--no-owner", "--no-privileges", "--file"];
            run("pg_dump", url, Command::new("pg_dump").args(arguments).arg(to), &["--dbname"])
        }
    }
}

/// Puts a copy where no table is: a file that is not there, or an empty database.
///
/// # Errors
/// `state_conflict` where something is; `internal` with what the database, or its tool, said.
pub fn put(from: &Path, target: &Target) -> Result<()> {
    let taken = || Problem {
        cause: Some(format!("{} is not empty: a copy is put where nothing is", target.label())),
        ..Problem::new(Code::StateConflict)
    };
    match target {
        Target::Sqlite(path) => {
            check(&Target::sqlite(from))?;
            // Neither replaced nor looked at: `hard_link` fails where a file is.
            std::fs::hard_link(from, path).map_err(|error| match error.kind() {
                std::io::ErrorKind::AlreadyExists => taken(),
                _ => Problem::internal(error),
            })?;
            let dir =
                path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
            for place in [path.as_path(), dir] {
                std::fs::File::open(place).and_then(|file| file.sync_all()).map_err(Problem::internal)?;
            }
            Ok(())
        }
        Target::Postgres(url) => {
            if migrate::state(target)? != migrate::State::Empty {
                return Err(taken());
            }
            let arguments = ["--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction"];
            run("pg_restore", url, Command::new("pg_restore").args(arguments).arg(from), &["--dbname"])
        }
    }
}

/// Reads every page of an SQLite file.
fn check(target: &Target) -> Result<()> {
    let Conn::Sqlite(mut c) = pool::connect(target, pool::Use::Write)? else { return Ok(()) };
    let said: Vec<Said> = diesel::sql_query("PRAGMA integrity_check").load(&mut c)?;
    match said.first() {
        Some(said) if said.integrity_check == "ok" => {}
        _ => return Err(Problem::internal("the copy is damaged: PRAGMA integrity_check")),
    }
    // One file and no log beside it.
    c.batch_execute("PRAGMA journal_mode = DELETE;")?;
    Ok(())
}

fn run(name: &str, url: &str, command: &mut Command, flag: &[&str]) -> Result<()> {
    let (open, password) = without_password(url);
    if let Some(password) = password {
        command.env("PGPASSWORD", password);
    }
    let done = command.args(flag).arg(open).output().map_err(|error| {
        Problem::internal(format!("{name}: {error}; install PostgreSQL's client programs"))
    })?;
    if done.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&done.stderr);
    Err(Problem::internal(format!("{name}: {}", said.lines().next().unwrap_or("it failed"))))
}

/// The URL without its password, and the password.
fn without_password(url: &str) -> (String, Option<String>) {
    let plain = || (url.to_owned(), None);
    let Some((scheme, rest)) = url.split_once("://") else { return plain() };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, tail) = rest.split_at(end);
    let Some((user, place)) = authority.rsplit_once('@') else { return plain() };
    let Some((name, password)) = user.split_once(':') else { return plain() };
    let password = percent_encoding::percent_decode_str(password).decode_utf8_lossy().into_owned();
    (format!("{scheme}://{name}@{place}{tail}"), Some(password))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_no_argument() {
        for (url, open, password) in [
            ("postgres://me:p%40s:s@h:5/d?x=1", "postgres://me@h:5/d?x=1", Some("p@s:s")),
            ("postgres://me@h/d", "postgres://me@h/d", None),
            ("postgres://h/d", "postgres://h/d", None),
            ("postgres://%2Ftmp%2Fx/d@e", "postgres://%2Ftmp%2Fx/d@e", None),
        ] {
            assert_eq!(without_password(url), (open.to_owned(), password.map(ToOwned::to_owned)), "{url}");
        }
    }
}
