//! The three things that are done on a connection: list, stat, read.
//!
//! Blocking calls of libssh2 are cut into slices of a second: between them a request to stop is heeded and a keep-alive
//! message sent, and the server counts as stalled when a whole time-out has gone by without one call getting any further.

use std::io::{self, Read, Seek, SeekFrom};
use std::net::{Shutdown, TcpStream};
use std::os::unix::ffi::OsStringExt;
use std::path::Path;

use ssh2::{ErrorCode, FileStat, Session, Sftp};

use crate::fetch::FetchError;
use crate::fetch::control::Cancel;
use crate::fetch::endpoint::{Blocks, Connection, Trouble};
use crate::fetch::listing::{self, Found, RawEntry, Stamp};

// Codes of libssh2 (libssh2.h) and of the protocol (draft-ietf-secsh-filexfer-02, section 7).
const TIMEOUT: i32 = -9;
const NO_MORE_FILES: i32 = -16;
const NO_SUCH_FILE: i32 = 2;
const PERMISSION_DENIED: i32 = 3;
const NO_SUCH_PATH: i32 = 10;

/// The socket below a session, and how long it may be silent.
pub(super) struct Line {
    pub(super) socket: TcpStream,
    pub(super) cancel: Cancel,
    /// Seconds of silence after which the server counts as stalled.
    pub(super) slices: u64,
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
        self.answer(call)?.map_err(|error| self.trouble(path, &error))
    }

    /// What the server answers, be it an error.
    fn answer<T>(&self, call: impl FnMut() -> Result<T, ssh2::Error>) -> Result<Result<T, ssh2::Error>, Trouble> {
        self.patiently(|error: &ssh2::Error| error.code() == ErrorCode::Session(TIMEOUT), call)
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

/// A session that is logged in.
pub(super) struct SftpConnection {
    pub(super) line: Line,
    // Dropped in this order: the subsystem before its session.
    pub(super) sftp: Sftp,
    pub(super) session: Session,
    pub(super) facts: Vec<(&'static str, String)>,
}

impl Connection for SftpConnection {
    fn list(
        &mut self,
        directory: &str,
        wanted: &dyn Fn(&str) -> bool,
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
            let found = self.found(directory, &path, &attributes, wanted)?;
            each(RawEntry { name: path.into_os_string().into_vec(), found })?;
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

    /// What a directory's entry is. Links are looked up, as the listing describes the link itself, and so are entries whose size
    /// it leaves out.
    fn found(
        &self,
        directory: &str,
        name: &Path,
        attributes: &FileStat,
        wanted: &dyn Fn(&str) -> bool,
    ) -> Result<Found, Trouble> {
        let of = |attributes: &FileStat| stamp_of(attributes).map_or(Found::NotAFile, Found::File);
        if !(attributes.file_type().is_symlink() || attributes.size.is_none()) {
            return Ok(of(attributes));
        }
        let is_usable = |name: &&str| listing::usable(name.as_bytes()).is_ok();
        let Some(name) = name.to_str().filter(is_usable).filter(|name| wanted(name)) else {
            return Ok(Found::NotLookedUp);
        };
        let path = format!("{directory}/{name}");
        match self.line.answer(|| self.sftp.stat(Path::new(&path)))? {
            Ok(attributes) => Ok(of(&attributes)),
            Err(error) => match error.code() {
                ErrorCode::SFTP(NO_SUCH_FILE | NO_SUCH_PATH) => Ok(Found::OutOfReach("it leads nowhere".into())),
                ErrorCode::SFTP(PERMISSION_DENIED) => Ok(Found::OutOfReach("the server denies access to it".into())),
                ErrorCode::SFTP(_) => Ok(Found::OutOfReach(format!("the server says `{}`", error.message()))),
                ErrorCode::Session(_) => Err(self.line.trouble(&path, &error)),
            },
        }
    }
}

/// The bits of a mode that tell what kind of thing it is, and their value for a regular file.
const KIND_BITS: u32 = 0o170_000;
const REGULAR: u32 = 0o100_000;

/// The stamp of a regular file whose size the server states. A server that does not say what kind of thing it is (the protocol
/// lets it) is believed to mean a file.
fn stamp_of(attributes: &FileStat) -> Option<Stamp> {
    let kind = attributes.perm.map_or(0, |mode| mode & KIND_BITS);
    let size = attributes.size.filter(|_| kind == REGULAR || kind == 0)?;
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
    use super::*;

    #[test]
    fn only_files_with_a_size_have_a_stamp() {
        let cases = [
            (Some(0o100_644), Some(5), true),
            (Some(0o644), Some(5), true),
            (None, Some(5), true),
            (Some(0o100_644), None, false),
            (Some(0o040_755), Some(5), false),
            (Some(0o120_777), Some(5), false),
            (Some(0o010_644), Some(5), false),
        ];
        for (perm, size, expected) in cases {
            let attributes = FileStat { size, perm, uid: None, gid: None, atime: None, mtime: Some(7) };
            let stamp = expected.then_some(Stamp { size: 5, modified: Some(7) });
            assert_eq!(stamp_of(&attributes), stamp, "mode {perm:?}, size {size:?}");
        }
    }
}
