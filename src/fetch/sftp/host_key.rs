//! Whether a host is the one that was configured, decided before any name or secret is sent to it.

use std::fs;
use std::io::Read;

use ssh2::{CheckResult, KnownHostFileKind, KnownHosts, Session};

use super::known_hosts::KnownHostsFile;
use crate::fetch::FetchError;
use crate::fetch::bounds::MAX_KNOWN_HOSTS_BYTES;
use crate::fetch::endpoint::Trouble;
use crate::fetch::fingerprint::{Fingerprint, decode};
use crate::fetch::source::{HostKey, SftpOptions};

/// Kinds of host keys to ask a server for. SHA-1 signatures and certificates are not among them: nobody configured those.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Family {
    /// The algorithms, as libssh2 takes them.
    pub(super) methods: &'static str,
}

impl Family {
    /// Whatever the server likes best.
    pub(super) const ANY: Self = Self {
        methods: "ssh-ed25519,ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521,rsa-sha2-512,rsa-sha2-256",
    };
}

/// The families, each of which a server has at most one key of in practice.
pub(super) const FAMILIES: [Family; 5] = [
    Family { methods: "ssh-ed25519" },
    Family { methods: "ecdsa-sha2-nistp256" },
    Family { methods: "ecdsa-sha2-nistp384" },
    Family { methods: "ecdsa-sha2-nistp521" },
    Family { methods: "rsa-sha2-512,rsa-sha2-256" },
];

/// What a presented key is to us.
pub(super) enum Judgement {
    /// It is the configured one.
    Trusted(Fingerprint),
    /// It is not.
    Unknown(Fingerprint),
}

/// What was configured.
pub(super) enum Trust {
    Pinned(Fingerprint),
    /// What a known_hosts file says, and its name.
    Listed {
        file: String,
        known: KnownHostsFile,
    },
}

impl Trust {
    pub(super) fn load(options: &SftpOptions) -> Result<Self, FetchError> {
        let path = match &options.host_key {
            HostKey::Fingerprint(text) => return Fingerprint::parse(text).map(Self::Pinned),
            HostKey::KnownHosts(path) => path,
        };
        let file = path.display().to_string();
        let wrong = |why: &dyn std::fmt::Display| {
            FetchError::Configuration(format!("source.known_hosts: `{file}` cannot be read: {why}"))
        };
        let mut text = String::new();
        let opened = fs::File::open(path).map_err(|error| wrong(&error))?;
        opened.take(MAX_KNOWN_HOSTS_BYTES + 1).read_to_string(&mut text).map_err(|error| wrong(&error))?;
        if text.len() as u64 > MAX_KNOWN_HOSTS_BYTES {
            return Err(wrong(&format!("it has more than {MAX_KNOWN_HOSTS_BYTES} bytes")));
        }
        let known = KnownHostsFile::parse(&text)
            .map_err(|why| FetchError::Configuration(format!("source.known_hosts: `{file}` {why}")))?;
        Ok(Self::Listed { file, known })
    }

    /// Judges the key that a server presented in a finished handshake.
    pub(super) fn judge(&self, session: &Session, options: &SftpOptions) -> Result<Judgement, Trouble> {
        let Some((key, _)) = session.host_key() else {
            return Err(Trouble::Broken("the server presented no host key".into()));
        };
        let presented = Fingerprint::of_key(key);
        let trusted = match self {
            Self::Pinned(expected) => presented == *expected,
            Self::Listed { file, known } if known.revoked.contains(&presented) => {
                return Err(Trouble::Fatal(FetchError::Integrity(format!(
                    "{}: the server presented the host key `{presented}`, which `{file}` marks as revoked; do not connect before \
                     the server's owner has told you its new key",
                    options.address()
                ))));
            }
            Self::Listed { known, .. } => {
                let check = load(session, &known.lines)?.check_port(&options.host, options.port, key);
                matches!(check, CheckResult::Match)
            }
        };
        Ok(if trusted { Judgement::Trusted(presented) } else { Judgement::Unknown(presented) })
    }

    /// The error for a host none of whose keys is trusted; `broken` says why it could not be asked for all of them.
    pub(super) fn refusal(&self, options: &SftpOptions, presented: &[Fingerprint], broken: Option<&str>) -> FetchError {
        let address = options.address();
        let broken = broken.map_or_else(String::new, |why| format!(" (asking for its other keys failed: {why})"));
        let found = format!("{}{broken}", list(presented));
        let ask =
            "no name or password was sent; ask Antom's technical support which key is right, and only then change";
        FetchError::Integrity(match self {
            Self::Pinned(expected) => format!(
                "{address}: the host key is not the configured one: the server presented {found}, expected `{expected}`; \
                 {ask} `source.host_key`"
            ),
            Self::Listed { file, known } => {
                let not_followed = known.not_followed.map_or_else(String::new, |line| {
                    format!(
                        " (its line {line} is not followed: authorities and the patterns `*`, `?` and `!` are not; list the key \
                         under the host's own name, as `host` or `[host]:port`)"
                    )
                });
                match self.expected(&known.lines, options) {
                    expected if expected.is_empty() => format!(
                        "{address}: the host key is unknown: the server presented {found}, expected a key that `{file}` lists \
                         for this host, and it lists none{not_followed}; {ask} that file"
                    ),
                    expected => format!(
                        "{address}: the host key has changed: the server presented {found}, expected {} as listed in \
                         `{file}`{not_followed}; {ask} that file",
                        list(&expected)
                    ),
                }
            }
        })
    }

    /// The fingerprints of the keys that are listed for the host.
    fn expected(&self, lines: &[String], options: &SftpOptions) -> Vec<Fingerprint> {
        let Ok(session) = Session::new() else { return Vec::new() };
        let Ok(known) = load(&session, lines) else { return Vec::new() };
        let hosts = known.hosts().unwrap_or_default();
        // Names may be hashed, so each key is asked whether it is right for the host.
        let keys = hosts.iter().filter_map(|host| decode(host.key()));
        let mut expected: Vec<Fingerprint> = Vec::new();
        for key in keys {
            let fingerprint = Fingerprint::of_key(&key);
            let right = matches!(known.check_port(&options.host, options.port, &key), CheckResult::Match);
            if right && !expected.contains(&fingerprint) {
                expected.push(fingerprint);
            }
        }
        expected
    }
}

/// Reads the lines of a known_hosts file. Those that cannot be read list no key, as with OpenSSH.
fn load(session: &Session, lines: &[String]) -> Result<KnownHosts, Trouble> {
    let mut known = session.known_hosts().map_err(|error| Trouble::Broken(error.message().to_owned()))?;
    for line in lines {
        // A line that lists nothing can only make the host unknown, which is refused.
        let _ = known.read_str(line, KnownHostFileKind::OpenSSH);
    }
    Ok(known)
}

/// "`a`" or "`a` and `b`".
fn list(fingerprints: &[Fingerprint]) -> String {
    let quoted: Vec<String> = fingerprints.iter().map(|fingerprint| format!("`{fingerprint}`")).collect();
    quoted.join(" and ")
}
