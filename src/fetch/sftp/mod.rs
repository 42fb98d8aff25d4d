//! An SFTP server as a source: connecting, and the three things that are done on a connection (list, stat, read).
//!
//! Blocking calls of libssh2 are cut into slices of a second: between them a request to stop is heeded and a keep-alive
//! message sent, and the server counts as stalled when a whole time-out has gone by without one call getting any further.

mod host_key;
mod login;

use std::io::{self, Read, Seek, SeekFrom};
use std::net::{Shutdown, TcpStream, ToSocketAddrs};
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use ssh2::{ErrorCode, FileStat, MethodType, Session, Sftp};

use self::host_key::{FAMILIES, Family, Judgement, Trust};
use super::FetchError;
use super::control::{Cancel, Control, LOOK_UP};
use super::endpoint::{Blocks, Connection, Endpoint, Patience, Trouble};
use super::listing::{RawEntry, Stamp};
use super::source::SftpOptions;

// Codes of libssh2 (libssh2.h) and of the protocol (draft-ietf-secsh-filexfer-02, section 7).
const KEX_FAILURE: i32 = -5;
const KEY_EXCHANGE_FAILURE: i32 = -8;
const TIMEOUT: i32 = -9;
const NO_MORE_FILES: i32 = -16;
const METHOD_NOT_SUPPORTED: i32 = -33;
const NO_SUCH_FILE: i32 = 2;
const PERMISSION_DENIED: i32 = 3;
const NO_SUCH_PATH: i32 = 10;

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
    /// the others are asked for, each over a connection of its own, before the host is refused.
    fn trusted_session(&self) -> Result<(Session, TcpStream, String), Trouble> {
        let known = *self.trusted.lock().unwrap_or_else(PoisonError::into_inner);
        let first = known.unwrap_or(Family::ANY);
        let mut presented = Vec::new();
        for family in std::iter::once(first).chain(FAMILIES) {
            let (session, socket) = match self.session(family) {
                Ok(session) => session,
                Err(Handshake::NoSuchKey(_)) if !presented.is_empty() => continue,
                Err(Handshake::NoSuchKey(why)) => return Err(Trouble::Broken(why)),
                Err(Handshake::Broken(why)) => return Err(Trouble::Broken(why)),
            };
            match self.trust.judge(&session, self.options)? {
                Judgement::Trusted(key) => {
                    *self.trusted.lock().unwrap_or_else(PoisonError::into_inner) = Some(family);
                    return Ok((session, socket, key.to_string()));
                }
                Judgement::Unknown(key) if presented.contains(&key) => {}
                Judgement::Unknown(key) => presented.push(key),
            }
        }
        Err(Trouble::Fatal(self.trust.refusal(self.options, &presented)))
    }

    fn session(&self, family: Family) -> Result<(Session, TcpStream), Handshake> {
        let broken = |what: &str, error: &dyn std::fmt::Display| Handshake::Broken(format!("{what}: {error}"));
        let socket = self.socket()?;
        let second = socket.try_clone().map_err(|error| broken("no second handle of the socket", &error))?;
        let mut session = Session::new().map_err(|error| broken("no session", &error))?;
        session.set_timeout(millis(self.options.operation_timeout));
        session.method_pref(MethodType::HostKey, family.methods).map_err(|error| broken("host key methods", &error))?;
        session.set_tcp_stream(socket);
        session.handshake().map_err(|error| match error.code() {
            ErrorCode::Session(KEX_FAILURE | KEY_EXCHANGE_FAILURE | METHOD_NOT_SUPPORTED) => {
                Handshake::NoSuchKey(format!("the SSH handshake failed: {}", error.message()))
            }
            _ => broken("the SSH handshake failed", &error.message()),
        })?;
        Ok((session, second))
    }

    /// A TCP connection to the first address that answers; all addresses share the time-out.
    fn socket(&self) -> Result<TcpStream, Handshake> {
        let options = self.options;
        let resolved = (options.host.as_str(), options.port).to_socket_addrs();
        let addresses: Vec<_> = resolved
            .map_err(|error| Handshake::Broken(format!("the name `{}` cannot be resolved: {error}", options.host)))?
            .collect();
        let share = options.connect_timeout / u32::try_from(addresses.len().max(1)).unwrap_or(u32::MAX);
        let mut last = format!("the name `{}` has no address", options.host);
        for address in addresses {
            match TcpStream::connect_timeout(&address, share.max(Duration::from_millis(1))) {
                Ok(socket) => {
                    // Requests are small and many; without this each would wait for the answer to the one before.
                    socket.set_nodelay(true).map_err(|error| Handshake::Broken(format!("{address}: {error}")))?;
                    return Ok(socket);
                }
                Err(error) => last = format!("{address}: {error}"),
            }
        }
        Err(Handshake::Broken(last))
    }
}

/// Why there is no session.
enum Handshake {
    /// The server has no host key of the wanted family (or no algorithm in common at all).
    NoSuchKey(String),
    /// Anything else.
    Broken(String),
}

impl From<Handshake> for Trouble {
    fn from(handshake: Handshake) -> Self {
        match handshake {
            Handshake::NoSuchKey(why) | Handshake::Broken(why) => Self::Broken(why),
        }
    }
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
        let (session, socket, host_key) = self.trusted_session()?;
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

/// The socket below a session, and how long it may be silent.
struct Line {
    socket: TcpStream,
    cancel: Cancel,
    slices: u64,
}

impl Line {
    /// Repeats a call that was interrupted at the end of its slice, which libssh2 then continues, until it gets an answer.
    fn patiently<T, E>(
        &self,
        timed_out: impl Fn(&E) -> bool,
        mut call: impl FnMut() -> Result<T, E>,
    ) -> Result<Result<T, E>, Trouble> {
        for _ in 0..=self.slices {
            match call() {
                Err(error) if timed_out(&error) => {}
                other => return Ok(other),
            }
            if let Err(stopped) = self.cancel.check() {
                self.hang_up();
                return Err(stopped.into());
            }
        }
        self.hang_up();
        Err(Trouble::Broken(format!("the server did not answer within {} seconds", self.slices)))
    }

    fn ssh<T>(&self, path: &str, call: impl FnMut() -> Result<T, ssh2::Error>) -> Result<T, Trouble> {
        let answer = self.patiently(|error: &ssh2::Error| error.code() == ErrorCode::Session(TIMEOUT), call)?;
        answer.map_err(|error| self.trouble(path, &error))
    }

    fn trouble(&self, path: &str, error: &ssh2::Error) -> Trouble {
        match error.code() {
            ErrorCode::SFTP(NO_SUCH_FILE | NO_SUCH_PATH) => Trouble::Absent,
            ErrorCode::SFTP(PERMISSION_DENIED) => Trouble::Fatal(FetchError::Unreachable(format!(
                "the server denies reading `{path}`; ask Antom's technical support for access, or correct `source.root`"
            ))),
            _ => {
                self.hang_up();
                Trouble::Broken(format!("`{path}`: {}", error.message()))
            }
        }
    }

    /// Closes the socket under libssh2, so that nothing waits for a goodbye that will not come.
    fn hang_up(&self) {
        // It may be closed already, which is what is wanted.
        let _ = self.socket.shutdown(Shutdown::Both);
    }
}

struct SftpConnection {
    line: Line,
    // Dropped in this order: the subsystem before its session.
    sftp: Sftp,
    session: Session,
    facts: Vec<(&'static str, String)>,
}

impl Connection for SftpConnection {
    fn list(
        &mut self,
        directory: &str,
        each: &mut dyn FnMut(RawEntry) -> Result<(), FetchError>,
    ) -> Result<(), Trouble> {
        let mut handle = self.line.ssh(directory, || self.sftp.opendir(Path::new(directory)))?;
        loop {
            // The end of the directory is an error to `ssh2`, with the code of a file error.
            let entry = self.line.ssh(directory, || match handle.readdir() {
                Err(error) if error.code() == ErrorCode::Session(NO_MORE_FILES) => Ok(None),
                other => other.map(Some),
            })?;
            let Some((path, attributes)) = entry else { return Ok(()) };
            let stamp = self.stamp_of_entry(directory, &path, &attributes)?;
            each(RawEntry { name: path.into_os_string().into_vec(), stamp })?;
        }
    }

    fn stamp(&mut self, path: &str) -> Result<Stamp, Trouble> {
        let attributes = self.line.ssh(path, || self.sftp.stat(Path::new(path)))?;
        stamp_of(&attributes).ok_or(Trouble::Absent)
    }

    fn open(&mut self, path: &str, offset: u64) -> Result<Box<dyn Blocks + '_>, Trouble> {
        let file = self.open_at(path, offset)?;
        Ok(Box::new(RemoteFile { connection: self, file, path: path.to_owned(), offset, stingy: false }))
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        self.facts.clone()
    }
}

impl SftpConnection {
    fn open_at(&self, path: &str, offset: u64) -> Result<ssh2::File, Trouble> {
        // `open` asks for the right to read and nothing else.
        let mut file = self.line.ssh(path, || self.sftp.open(Path::new(path)))?;
        file.seek(SeekFrom::Start(offset)).map_err(|error| Trouble::Broken(format!("`{path}`: {error}")))?;
        Ok(file)
    }

    /// The stamp of a directory's entry; links are looked up, as the listing describes the link itself.
    fn stamp_of_entry(&self, directory: &str, name: &Path, attributes: &FileStat) -> Result<Option<Stamp>, Trouble> {
        let usable = name.to_str().is_some_and(|name| super::listing::usable(name.as_bytes()).is_ok());
        if !usable || !attributes.file_type().is_symlink() {
            return Ok(stamp_of(attributes));
        }
        let path = PathBuf::from(directory).join(name);
        match self.line.ssh(directory, || self.sftp.stat(&path)) {
            Ok(attributes) => Ok(stamp_of(&attributes)),
            Err(Trouble::Absent) => Ok(None),
            Err(other) => Err(other),
        }
    }
}

/// The stamp of a regular file whose size the server states.
fn stamp_of(attributes: &FileStat) -> Option<Stamp> {
    let size = attributes.size.filter(|_| attributes.is_file())?;
    Some(Stamp { size, modified: attributes.mtime.and_then(|seconds| i64::try_from(seconds).ok()) })
}

struct RemoteFile<'a> {
    connection: &'a SftpConnection,
    file: ssh2::File,
    path: String,
    offset: u64,
    /// Whether the server gives less than it is asked for, so that only one request may be on its way.
    stingy: bool,
}

/// Bytes of a read for which libssh2 sends one request only: it asks for four times as much, in requests of up to 30,000.
const ONE_REQUEST_BYTES: usize = 7_000;

impl RemoteFile<'_> {
    /// Whether the last read failed because an answer was shorter than its request. Servers may do so, but libssh2 has sent
    /// the next requests by then and cannot put the pieces together.
    fn got_less_than_asked(&self) -> bool {
        ssh2::Error::last_session_error(&self.connection.session)
            .is_some_and(|error| error.message().contains("Unexpected Offset"))
    }

    /// Goes on at the same place with one request at a time, which is slow and works.
    fn reopen_stingily(&mut self) -> Result<(), Trouble> {
        (self.file, self.stingy) = (self.connection.open_at(&self.path, self.offset)?, true);
        Ok(())
    }
}

impl Blocks for RemoteFile<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Trouble> {
        let line = &self.connection.line;
        loop {
            let most = if self.stingy { buffer.len().min(ONE_REQUEST_BYTES) } else { buffer.len() };
            let timed_out = |error: &io::Error| error.kind() == io::ErrorKind::TimedOut;
            match line.patiently(timed_out, || self.file.read(&mut buffer[..most]))? {
                Ok(length) => {
                    self.offset += length as u64;
                    return Ok(length);
                }
                Err(_) if !self.stingy && self.got_less_than_asked() => self.reopen_stingily()?,
                Err(error) => {
                    line.hang_up();
                    return Err(Trouble::Broken(format!("`{}`: {error}", self.path)));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    /// Nothing is ever written to or deleted from a server: the calls that could do it do not occur.
    #[test]
    fn nothing_here_can_write() {
        let sources = [include_str!("mod.rs"), include_str!("login.rs"), include_str!("host_key.rs")];
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
