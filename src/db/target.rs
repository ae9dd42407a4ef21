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

    /// Whether data may travel over a network that is not this machine's own: to any of the servers that the URL names,
    /// in its place or among its options.
    #[must_use]
    pub fn is_remote(&self) -> bool {
        let Self::Postgres(url) = self else { return false };
        let authority = host(url).split('/').next().unwrap_or_default();
        let options = url.split_once('?').map_or("", |(_, options)| options);
        let named = options.split('&').filter_map(|option| option.split_once('='));
        let named = named.filter(|(name, _)| ["host", "hostaddr"].contains(&&*decoded(name)));
        let places = std::iter::once(authority).chain(named.map(|(_, places)| places));
        places
            .flat_map(|places| decoded(places).split(',').map(is_elsewhere).collect::<Vec<_>>())
            .any(|is| is)
    }
}

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
}
