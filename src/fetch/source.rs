//! Where reports come from, as options: an SFTP server or a local tree, and the secrets to get in.

use std::path::PathBuf;
use std::time::Duration;

use zeroize::Zeroizing;

use super::FetchError;
use super::bounds::MAX_CONNECTIONS;
use super::fingerprint::Fingerprint;

/// A password or passphrase. Wiped when dropped; it cannot be printed, compared or serialised.
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes a secret as it stands.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The secret itself, for the one place that sends it.
    pub(super) fn expose(&self) -> &str {
        &self.0
    }
}

/// How to log in.
pub enum Auth {
    /// With a password (Antom's documented way: user name and password from its technical support).
    Password(Secret),
    /// With a private key in PEM or OpenSSH form.
    PrivateKey {
        /// The key file.
        path: PathBuf,
        /// What the key file is encrypted with, if it is.
        passphrase: Option<Secret>,
    },
}

/// What the server's host key must be. There is no "accept new": a host that nobody vouched for is refused.
pub enum HostKey {
    /// The key with this fingerprint, in the form of `ssh-keygen -lf`: `SHA256:…`.
    Fingerprint(String),
    /// A key that this OpenSSH known_hosts file lists for the host (plain, `[host]:port` and hashed names) and does not revoke.
    KnownHosts(PathBuf),
}

/// An SFTP server.
pub struct SftpOptions {
    /// Name or address of the server.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// The login name.
    pub username: String,
    /// How to log in.
    pub auth: Auth,
    /// What the host key must be.
    pub host_key: HostKey,
    /// The directory above the merchant's.
    pub root: String,
    /// How many files are transferred at once.
    pub connections: usize,
    /// How long to wait for a TCP connection, over all addresses of the host together.
    pub connect_timeout: Duration,
    /// How long the server may stay silent in the middle of anything else.
    pub operation_timeout: Duration,
    /// How long one fetch (or listing) may take in all, whatever the server does.
    pub total_timeout: Duration,
    /// How long a connection is silent before a keep-alive message is sent.
    pub keep_alive: Duration,
    /// How often one thing (a connection, a file) is tried before the server counts as unreachable.
    pub attempts: u32,
    /// How long to wait before the second try; doubled for each further one, up to 30 seconds.
    pub back_off: Duration,
}

/// The directory above the merchant's, as Antom documents it (antom.md 2.0).
pub const DEFAULT_ROOT: &str = "/v1/settlements";

/// Files transferred at once unless configured otherwise.
pub const DEFAULT_CONNECTIONS: usize = 4;

impl SftpOptions {
    /// A server with the default root, time-outs and attempts.
    #[must_use]
    pub fn new(host: &str, port: u16, username: &str, auth: Auth, host_key: HostKey) -> Self {
        Self {
            host: host.to_owned(),
            port,
            username: username.to_owned(),
            auth,
            host_key,
            root: DEFAULT_ROOT.to_owned(),
            connections: DEFAULT_CONNECTIONS,
            connect_timeout: Duration::from_secs(15),
            operation_timeout: Duration::from_secs(60),
            total_timeout: Duration::from_secs(60 * 60),
            keep_alive: Duration::from_secs(15),
            attempts: 5,
            back_off: Duration::from_secs(1),
        }
    }

    /// Refuses options that cannot work, before anything is sent.
    pub(super) fn validate(&self) -> Result<(), FetchError> {
        let plain = |text: &str| !text.is_empty() && !text.chars().any(|c| c.is_control() || c.is_whitespace());
        if !plain(&self.host) {
            return Err(bad("host", &self.host, "a host name or address without spaces"));
        }
        if self.username.is_empty() || self.username.chars().any(char::is_control) {
            return Err(bad("username", &self.username, "a login name"));
        }
        if self.root.chars().any(char::is_control) || self.root.is_empty() {
            return Err(bad("root", &self.root, "a directory such as `/v1/settlements`"));
        }
        if !(1..=MAX_CONNECTIONS).contains(&self.connections) {
            return Err(bad("connections", &self.connections.to_string(), &format!("1 to {MAX_CONNECTIONS}")));
        }
        if self.attempts == 0 {
            return Err(bad("attempts", "0", "at least 1"));
        }
        let limits = [self.connect_timeout, self.operation_timeout, self.total_timeout];
        if limits.into_iter().any(|limit| limit < Duration::from_secs(1)) {
            return Err(FetchError::Configuration("source: time-outs must be at least one second".into()));
        }
        if let HostKey::Fingerprint(text) = &self.host_key {
            Fingerprint::parse(text)?;
        }
        Ok(())
    }

    /// `host:port`, for messages.
    pub(super) fn address(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

fn bad(key: &str, found: &str, expected: &str) -> FetchError {
    FetchError::Configuration(format!("source.{key}: found `{}`; expected {expected}", found.escape_debug()))
}

/// Where reports come from.
pub enum SourceOptions {
    /// An SFTP server.
    Sftp(Box<SftpOptions>),
    /// The same tree on a local path.
    Directory {
        /// The folder that contains `v1/settlements/<platform_merchant_id>/<yyyymmdd>/`.
        path: PathBuf,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options() -> SftpOptions {
        let key = HostKey::Fingerprint("SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU".into());
        SftpOptions::new("sftp.example.com", 22, "recon", Auth::Password(Secret::new("x")), key)
    }

    #[test]
    fn options_that_cannot_work_are_refused() {
        assert!(options().validate().is_ok());
        let cases: [fn(&mut SftpOptions); 7] = [
            |o| o.host = "two words".into(),
            |o| o.username = String::new(),
            |o| o.root = "a\0b".into(),
            |o| o.connections = 0,
            |o| o.attempts = 0,
            |o| o.operation_timeout = Duration::ZERO,
            |o| o.host_key = HostKey::Fingerprint("MD5:00:11".into()),
        ];
        for (at, change) in cases.into_iter().enumerate() {
            let mut options = options();
            change(&mut options);
            assert!(matches!(options.validate(), Err(FetchError::Configuration(_))), "case {at}");
        }
    }

    #[test]
    fn addresses_are_written_as_people_expect() {
        let mut options = options();
        assert_eq!(options.address(), "sftp.example.com:22");
        options.host = "::1".into();
        assert_eq!(options.address(), "[::1]:22");
    }
}
