//! Which database: `sqlite://path` or `postgres://…`, told apart by the scheme alone.

use std::path::{Path, PathBuf};

use shiryan_kernel::{Code, Problem, Result};

/// Where the data lives.
#[derive(Clone, PartialEq, Eq)]
pub enum Target {
    Sqlite(PathBuf),
    /// The URL holds a password: never print it, print [`Target::label`].
    Postgres(String),
}

impl std::fmt::Debug for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.label())
    }
}

impl Target {
    /// # Errors
    /// `invalid_value` for any other scheme or an empty path.
    pub fn parse(url: &str) -> Result<Self> {
        if let Some(path) = url.strip_prefix("sqlite://").filter(|path| !path.is_empty()) {
            return Ok(Self::Sqlite(PathBuf::from(path)));
        }
        if (url.starts_with("postgres://") || url.starts_with("postgresql://")) && !host(url).is_empty() {
            return Ok(Self::Postgres(url.to_owned()));
        }
        Err(Problem::new(Code::InvalidValue))
    }

    #[must_use]
    pub fn sqlite(path: &Path) -> Self {
        Self::Sqlite(path.to_owned())
    }

    /// The address without its secrets.
    #[must_use]
    pub fn label(&self) -> String {
        match self {
            Self::Sqlite(path) => format!("sqlite://{}", path.display()),
            Self::Postgres(url) => format!("postgres://{}", host(url)),
        }
    }

    /// Whether the client library speaks TLS to PostgreSQL.
    pub const HAS_TLS: bool = cfg!(feature = "postgres-tls");

    /// Whether data may travel over a network that is not this machine's own: to any of the servers that the URL names,
    /// in its place or among its options.
    #[must_use]
    pub fn is_remote(&self) -> bool {
        let Self::Postgres(url) = self else { return false };
        let authority = decoded(host(url).split('/').next().unwrap_or_default());
        let named = options(url).filter(|(name, _)| ["host", "hostaddr"].contains(&name.as_str()));
        std::iter::once(authority)
            .chain(named.map(|(_, places)| places))
            .flat_map(|places| places.split(',').map(is_elsewhere).collect::<Vec<_>>())
            .any(|is| is)
    }

    /// Whether data may travel there: to another machine only by TLS that verifies the server's certificate and name, or
    /// where somebody said that the network is trusted.
    ///
    /// # Errors
    /// What would be needed.
    pub fn check_way(&self, has_tls: bool, is_trusted: bool) -> Result<(), &'static str> {
        let Self::Postgres(url) = self else { return Ok(()) };
        let modes: Vec<String> =
            options(url).filter(|(name, _)| name == SSL_MODE).map(|(_, mode)| mode).collect();
        let asks = |mode: &String| !["disable", "allow", "prefer"].contains(&mode.as_str());
        if !has_tls && modes.iter().any(asks) {
            return Err(
                "no sslmode: this program is built without TLS to PostgreSQL (cargo build --features \
                        postgres-tls has it)",
            );
        }
        // Of one that is said twice libpq takes the last; here each must be right.
        let is_verified = has_tls && !modes.is_empty() && modes.iter().all(|mode| mode == "verify-full");
        match self.is_remote() && !is_verified && !is_trusted {
            false => Ok(()),
            true if has_tls => Err("a PostgreSQL on this machine, sslmode=verify-full, or \
                                    database.allow_plaintext = true for a network that is trusted"),
            true => Err("a PostgreSQL on this machine, a program built with --features postgres-tls and \
                         sslmode=verify-full, or database.allow_plaintext = true for a network that is trusted"),
        }
    }
}

/// What a URL may say of TLS.
const SSL_MODE: &str = "sslmode";

/// Whether a server, with or without its port, is on another machine; nothing and a path are this one's socket.
fn is_elsewhere(place: &str) -> bool {
    let name = match place.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or_default(),
        None if place == "::1" => place,
        None => place.split(':').next().unwrap_or_default(),
    };
    !(name.is_empty()
        || name.eq_ignore_ascii_case("localhost")
        || name == "::1"
        || name.parse::<std::net::Ipv4Addr>().is_ok_and(|address| address.is_loopback())
        || name.starts_with('/'))
}

/// Names and values that stand behind the address.
fn options(url: &str) -> impl Iterator<Item = (String, String)> {
    let options = url.split_once('?').map_or("", |(_, options)| options);
    let named = options.split('&').filter_map(|option| option.split_once('='));
    named.map(|(name, value)| (decoded(name), decoded(value)))
}

fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// `host:port/database`, without user, password and options.
fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or("", |(_, rest)| rest);
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    rest.rsplit_once('@').map_or(rest, |(_, place)| place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_has_no_secret() {
        let target = Target::parse("postgres://me:p%40ss@db.example:5433/blood?sslmode=require").unwrap();
        assert_eq!(target.label(), "postgres://db.example:5433/blood");
        assert_eq!(format!("{target:?}"), target.label());
    }

    #[test]
    fn other_schemes_are_refused() {
        for url in ["", "blood.db", "mysql://h/d", "sqlite://", "postgres://", "sqlite:x"] {
            assert!(Target::parse(url).is_err(), "{url}");
        }
    }

    #[test]
    fn what_is_remote() {
        for (url, remote) in [
            ("postgres://u:p@localhost/d", false),
            ("postgres://u@127.0.0.1:5432/d", false),
            ("postgres://u@[::1]:5432/d", false),
            ("postgres://u@%2Fvar%2Frun%2Fpostgresql/d", false),
            ("postgres://u@10.0.0.4/d", true),
            ("postgres://u@localhost.example/d", true),
            ("postgres://localhost@db.example/d", true),
            ("postgres://u@127.evil.example/d", true),
            ("postgres://u@127.0.0.1:5432,[::1]:5433/d?target_session_attrs=read-write", false),
            ("postgres://u@%2Frun%2Fa,%2Frun%2Fb/d", false),
            ("postgres://u@127.0.0.1,db.example:5432/d", true),
            ("postgres://u@127.0.0.1%2Cdb.example/d", true),
            ("postgres://u@localhost/d?host=db.example", true),
            ("postgres://u@localhost/d?connect_timeout=3&%68ostaddr=10.0.0.4", true),
            ("postgres://u@localhost/d?host=/run/postgresql", false),
        ] {
            assert_eq!(Target::parse(url).unwrap().is_remote(), remote, "{url}");
        }
    }

    #[test]
    fn who_may_be_reached_without_tls() {
        // By a client with TLS: over any network, and over one that is trusted; and by one without.
        for (url, [tls, tls_trusted, plain, plain_trusted]) in [
            ("sqlite:///var/lib/blood.db", [true; 4]),
            ("postgres://u@localhost/d", [true; 4]),
            ("postgres://u@localhost/d?sslmode=prefer", [true; 4]),
            ("postgres://u@localhost/d?sslmode=require", [true, true, false, false]),
            ("postgres://u@localhost/d?sslmode=verify-full", [true, true, false, false]),
            ("postgres://u@db.example/d", [false, true, false, true]),
            ("postgres://u@db.example/d?sslmode=disable", [false, true, false, true]),
            ("postgres://u@db.example/d?sslmode=prefer", [false, true, false, true]),
            ("postgres://u@db.example/d?sslmode=require", [false, true, false, false]),
            ("postgres://u@db.example/d?sslmode=verify-ca", [false, true, false, false]),
            ("postgres://u@db.example/d?sslmode=verify-full", [true, true, false, false]),
            (
                "postgres://u@db.example/d?ssl%6dode=verify%2Dfull&connect_timeout=3",
                [true, true, false, false],
            ),
            ("postgres://u@db.example/d?sslmode=verify-full&sslmode=disable", [false, true, false, false]),
            ("postgres://u@db.example/d?xsslmode=verify-full", [false, true, false, true]),
            ("postgres://u@localhost,db.example/d?sslmode=verify-full", [true, true, false, false]),
        ] {
            let target = Target::parse(url).unwrap();
            let way = |has_tls, is_trusted| target.check_way(has_tls, is_trusted).is_ok();
            assert_eq!(
                [way(true, false), way(true, true), way(false, false), way(false, true)],
                [tls, tls_trusted, plain, plain_trusted],
                "{url}"
            );
        }
    }

    #[test]
    fn what_is_missing_is_named() {
        let said = |url: &str, has_tls| Target::parse(url).unwrap().check_way(has_tls, false).unwrap_err();
        let (bare, verified) = ("postgres://u@db.example/d", "postgres://u@db.example/d?sslmode=verify-full");
        assert!(said(verified, false).contains("--features postgres-tls"));
        assert!(said(bare, true).contains("verify-full") && said(bare, true).contains("allow_plaintext"));
        assert!(
            !said(bare, true).contains("features") && said(bare, false).contains("--features postgres-tls")
        );
    }
}
