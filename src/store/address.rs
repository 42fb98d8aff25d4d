//! Where a database is: reading the configured URL without ever repeating its password.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use sqlx::postgres::PgConnectOptions;

use super::error::StoreError;

/// A database's address.
#[derive(Clone)]
pub(super) enum Address {
    /// A file of its own.
    Sqlite(PathBuf),
    /// A server.
    Postgres(Box<PgConnectOptions>),
}

impl Address {
    /// Reads `sqlite://path` (relative to `base`) or `postgres://…`.
    pub(super) fn parse(url: &str, base: &Path) -> Result<Self, StoreError> {
        if let Some(path) = url.strip_prefix("sqlite://").or_else(|| url.strip_prefix("sqlite:")) {
            return Self::sqlite(path, base);
        }
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            let options = PgConnectOptions::from_str(&with_files_below(url, base)?).map_err(|_| {
                problem(
                    "the `postgres://` URL cannot be read (is the password percent-encoded, and `sslmode` one of disable, \
                     prefer, require, verify-ca and verify-full?)",
                )
            })?;
            return Ok(Self::Postgres(Box::new(options)));
        }
        // Without a scheme even the first word may be a secret, so only a scheme of letters is repeated.
        let scheme = url.split_once("://").map(|(scheme, _)| scheme).filter(|scheme| {
            !scheme.is_empty() && scheme.len() <= 16 && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric())
        });
        Err(scheme.map_or_else(
            || problem("the URL has no scheme"),
            |scheme| problem(&format!("the scheme `{scheme}` is not supported")),
        ))
    }

    fn sqlite(path: &str, base: &Path) -> Result<Self, StoreError> {
        if path.is_empty() || path.starts_with(":memory:") {
            return Err(problem("a SQLite database must be a file, so that the next run finds it"));
        }
        if path.contains('?') {
            return Err(problem("a `sqlite://` URL takes no parameters"));
        }
        Ok(Self::Sqlite(base.join(path)))
    }

    /// How messages name it.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Sqlite(path) => format!("sqlite://{}", path.display()),
            Self::Postgres(options) => {
                let host = options.get_socket().map_or_else(
                    || format!("{}:{}", options.get_host(), options.get_port()),
                    |socket| format!("{}:{}", socket.display(), options.get_port()),
                );
                let database = options.get_database().unwrap_or_else(|| options.get_username());
                format!("postgres://{}@{host}/{database}", options.get_username())
            }
        }
    }
}

/// Parameters of a `postgres://` URL that name files.
const FILES: [&str; 3] = ["sslrootcert", "sslcert", "sslkey"];

/// The URL with its files where they are: relative ones start at `base`, and each must be there.
fn with_files_below(url: &str, base: &Path) -> Result<String, StoreError> {
    let Some((server, parameters)) = url.split_once('?') else { return Ok(url.to_owned()) };
    let mut placed = Vec::new();
    for parameter in parameters.split('&') {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        // What is percent-encoded is left to the driver, as it stands.
        if !FILES.contains(&name) || value.contains('%') {
            placed.push(parameter.to_owned());
            continue;
        }
        let path = base.join(value);
        if !path.is_file() {
            let text = format!("`{name}` names `{}`, and there is no such file", path.display());
            return Err(problem(&text));
        }
        placed.push(format!("{name}={}", encoded(&path)));
    }
    Ok(format!("{server}?{}", placed.join("&")))
}

/// A path as the value of a parameter.
fn encoded(path: &Path) -> String {
    use std::fmt::Write as _;
    let mut text = String::new();
    for &byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => text.push(char::from(byte)),
            other => write!(text, "%{other:02X}").expect("writing to a string cannot fail"),
        }
    }
    text
}

fn problem(problem: &str) -> StoreError {
    StoreError::Address { problem: problem.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_named_without_their_password() {
        let table = [
            ("sqlite://data/a.db", "sqlite:///base/data/a.db"),
            ("sqlite:///var/lib/a.db", "sqlite:///var/lib/a.db"),
            (
                "postgres://recon:s3cret@db.example.com:5433/money?sslmode=verify-full",
                "postgres://recon@db.example.com:5433/money",
            ),
            ("postgresql://recon:s3cret@db/money", "postgres://recon@db:5432/money"),
        ];
        for (url, name) in table {
            assert_eq!(
                Address::parse(url, Path::new("/base")).ok().map(|address| address.name()).as_deref(),
                Some(name)
            );
        }
    }

    #[test]
    fn wrong_addresses_say_what_was_expected_and_no_secret() {
        let table = [
            ("mysql://recon:s3cret@db/money", "the scheme `mysql` is not supported"),
            ("s3cret", "the URL has no scheme"),
            ("s3cret@x://", "the URL has no scheme"),
            ("postgres://recon:s3cret@db:port/money", "cannot be read"),
            ("sqlite::memory:", "must be a file"),
            ("sqlite://a.db?mode=ro", "takes no parameters"),
        ];
        for (url, part) in table {
            let message =
                Address::parse(url, Path::new("/base")).err().map(|error| error.to_string()).unwrap_or_default();
            assert!(message.contains(part), "{url}: {message}");
            assert!(message.contains("expected `sqlite://path`"), "{message}");
            assert!(!message.contains("s3cret"), "{message}");
        }
    }
}
