//! An SFTP server as a source: from a name and a port to a session that is trusted and logged in.

mod address;
mod connection;
mod host_key;
mod known_hosts;
mod login;

use std::net::TcpStream;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use ssh2::{ErrorCode, MethodType, Session};

use self::connection::{Line, SftpConnection};
use self::host_key::{FAMILIES, Family, Judgement, Trust};
use super::FetchError;
use super::control::{Control, LOOK_UP, Progress};
use super::endpoint::{Connection, Endpoint, Patience, Trouble};
use super::fingerprint::Fingerprint;
use super::source::SftpOptions;

// Codes of libssh2 (libssh2.h).
const KEX_FAILURE: i32 = -5;
const KEY_EXCHANGE_FAILURE: i32 = -8;
const METHOD_NOT_SUPPORTED: i32 = -33;

/// A server that connections are made to.
pub(super) struct Server<'a> {
    options: &'a SftpOptions,
    trust: Trust,
    /// The family of host keys that was trusted first, which later connections ask for at once.
    trusted: Mutex<Option<Family>>,
}

impl<'a> Server<'a> {
    pub(super) fn new(options: &'a SftpOptions) -> Result<Self, FetchError> {
        options.validate()?;
        Ok(Self { options, trust: Trust::load(options)?, trusted: Mutex::new(None) })
    }

    /// A session whose host key is trusted; nobody is logged in yet.
    ///
    /// A server may have keys of several families, and the one that it prefers need not be the one that was configured: then
    /// the others are asked for, each over a connection of its own, before the host is refused. A host that presented a wrong key
    /// and then breaks is refused as well: it must not pass for one that is merely away.
    fn trusted_session(&self, control: &Control<'_>) -> Result<(Session, TcpStream, String), Trouble> {
        let known = *self.trusted.lock().unwrap_or_else(PoisonError::into_inner);
        let first = known.unwrap_or(Family::ANY);
        let mut presented = Vec::new();
        for family in std::iter::once(first).chain(FAMILIES) {
            let (session, socket, judgement) = match self.judged(family, &presented, control) {
                Ok(judged) => judged,
                Err(Handshake::NoSuchKey(_)) if !presented.is_empty() => continue,
                Err(Handshake::NoSuchKey(why)) => return Err(Trouble::Broken(why)),
                Err(Handshake::Failed(Trouble::Broken(why))) if !presented.is_empty() => {
                    return Err(Trouble::Fatal(self.trust.refusal(self.options, &presented, Some(&why))));
                }
                Err(Handshake::Failed(trouble)) => return Err(trouble),
            };
            match judgement {
                Judgement::Trusted(key) => {
                    *self.trusted.lock().unwrap_or_else(PoisonError::into_inner) = Some(family);
                    return Ok((session, socket, key.to_string()));
                }
                Judgement::Unknown(key) if presented.contains(&key) => {}
                Judgement::Unknown(key) => presented.push(key),
            }
        }
        Err(Trouble::Fatal(self.trust.refusal(self.options, &presented, None)))
    }

    /// A session, and what its key is to us. Where the host has presented another key, a connection that breaks is tried once more
    /// after a wait: firewalls limit how fast connections come, and this one follows at once on the one before.
    fn judged(
        &self,
        family: Family,
        presented: &[Fingerprint],
        control: &Control<'_>,
    ) -> Result<(Session, TcpStream, Judgement), Handshake> {
        let judged = || -> Result<_, Handshake> {
            let (session, socket) = self.session(family)?;
            let judgement = self.trust.judge(&session, self.options).map_err(Handshake::Failed)?;
            Ok((session, socket, judgement))
        };
        match judged() {
            Err(Handshake::Failed(Trouble::Broken(why))) if !presented.is_empty() => {
                (control.progress)(Progress::Retrying { name: "asking for another host key", why: &why });
                control.cancel.sleep(self.options.back_off).map_err(|stopped| Handshake::Failed(stopped.into()))?;
                judged()
            }
            other => other,
        }
    }

    fn session(&self, family: Family) -> Result<(Session, TcpStream), Handshake> {
        let broken =
            |what: &str, error: &dyn std::fmt::Display| Handshake::Failed(Trouble::Broken(format!("{what}: {error}")));
        let options = self.options;
        let socket = address::connect(&options.host, options.port, options.connect_timeout)
            .map_err(|why| Handshake::Failed(Trouble::Broken(why)))?;
        let second = socket.try_clone().map_err(|error| broken("no second handle of the socket", &error))?;
        let mut session = Session::new().map_err(|error| broken("no session", &error))?;
        session.set_timeout(millis(self.options.operation_timeout));
        session.method_pref(MethodType::HostKey, family.methods).map_err(|error| broken("host key methods", &error))?;
        prefer_fast_ciphers(&session).map_err(|error| broken("ciphers", &error))?;
        session.set_tcp_stream(socket);
        session.handshake().map_err(|error| match error.code() {
            ErrorCode::Session(KEX_FAILURE | KEY_EXCHANGE_FAILURE | METHOD_NOT_SUPPORTED) => {
                Handshake::NoSuchKey(format!("the SSH handshake failed: {}", error.message()))
            }
            _ => broken("the SSH handshake failed", &error.message()),
        })?;
        Ok((session, second))
    }
}

/// Puts the ciphers first that processors have instructions for. libssh2's own first choice is computed by portable code, which is
/// several times slower; all others stay, for servers that have nothing else.
fn prefer_fast_ciphers(session: &Session) -> Result<(), ssh2::Error> {
    for direction in [MethodType::CryptCs, MethodType::CryptSc] {
        session.method_pref(direction, &fast_first(session.supported_algs(direction)?))?;
    }
    Ok(())
}

/// AES in Galois/counter mode before everything else, whose order stays.
fn fast_first(mut ciphers: Vec<&str>) -> String {
    ciphers.sort_by_key(|cipher| !cipher.contains("-gcm"));
    ciphers.join(",")
}

/// Why there is no session.
enum Handshake {
    /// The server has no host key of the wanted family (or no algorithm in common at all).
    NoSuchKey(String),
    /// Anything else.
    Failed(Trouble),
}

impl Endpoint for Server<'_> {
    fn address(&self) -> String {
        self.options.address()
    }

    fn root(&self) -> &str {
        &self.options.root
    }

    fn connections(&self) -> usize {
        self.options.connections
    }

    fn patience(&self) -> Patience {
        Patience { attempts: self.options.attempts, back_off: self.options.back_off }
    }

    fn connect(&self, control: &Control<'_>) -> Result<Box<dyn Connection>, Trouble> {
        let (session, socket, host_key) = self.trusted_session(control)?;
        let method = login::log_in(&session, self.options)?;
        let sftp = session.sftp().map_err(|error| {
            Trouble::Broken(format!(
                "the server logged us in, but its SFTP subsystem does not start: {}",
                error.message()
            ))
        })?;
        // From here on one call waits for a slice at most; see `patiently`.
        session.set_timeout(millis(LOOK_UP));
        session.set_keepalive(true, u32::try_from(self.options.keep_alive.as_secs()).unwrap_or(u32::MAX));
        let slices = self.options.operation_timeout.as_secs().max(1);
        let facts = vec![("host key", host_key), ("login", format!("`{}` by {method}", self.options.username))];
        let line = Line { socket, cancel: control.cancel.clone(), slices };
        Ok(Box::new(SftpConnection { line, sftp, session, facts }))
    }
}

/// Milliseconds for libssh2, which takes 0 for no limit.
fn millis(duration: Duration) -> u32 {
    u32::try_from(duration.as_millis()).unwrap_or(u32::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fast_ciphers_come_first_and_none_is_lost() {
        let session = Session::new().expect("a session");
        let known = session.supported_algs(MethodType::CryptCs).expect("ciphers");
        let preferred = fast_first(known.clone());
        let preferred: Vec<&str> = preferred.split(',').collect();
        assert!(preferred[0].contains("-gcm"), "{preferred:?}");
        assert!(known.iter().all(|cipher| preferred.contains(cipher)) && preferred.len() == known.len());
        prefer_fast_ciphers(&session).expect("the library knows its own");
    }

    /// Nothing is ever written to or deleted from a server: the calls that could do it do not occur.
    #[test]
    fn nothing_here_can_write() {
        let sources = [
            include_str!("mod.rs"),
            include_str!("address.rs"),
            include_str!("connection.rs"),
            include_str!("login.rs"),
            include_str!("host_key.rs"),
            include_str!("known_hosts.rs"),
        ];
        let calls = [
            "unlink",
            "rmdir",
            "mkdir",
            "rename",
            "create",
            "setstat",
            "symlink",
            "open_mode",
            "OpenFlags",
            "write",
            "fsync",
            "exec",
            "channel_session",
            "scp_send",
            "channel_open",
        ];
        for source in sources {
            let code = source.split("#[cfg(test)]").next().unwrap_or_default();
            for call in calls {
                for sign in [format!(".{call}("), format!("::{call}("), format!("{call}::")] {
                    assert!(!code.contains(&sign), "`{sign}` could change something on the server");
                }
            }
        }
    }
}
