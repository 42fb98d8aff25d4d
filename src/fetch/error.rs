//! What can go wrong while fetching, by what the caller has to do about it.

use std::io;
use std::path::{Path, PathBuf};

/// Why nothing, or not everything, could be fetched. The variant decides the exit code, the message says where, what was
/// found, what was expected and what to do.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The options cannot work (exit code 2).
    #[error("{0}")]
    Configuration(String),
    /// A report is incomplete or still being written (exit code 3).
    #[error("{0}")]
    NotReady(String),
    /// The server could not be reached, refused the login, or was lost for good (exit code 4).
    #[error("{0}")]
    Unreachable(String),
    /// A host key is unknown or changed, or an archived file is not what its name says (exit code 5).
    #[error("{0}")]
    Integrity(String),
    /// A stated bound refused what the server offered (exit code 3: someone has to look before it can go on).
    #[error("{0}")]
    Bounds(String),
    /// The archive could not be read or written: for want of rights or of a folder (exit code 2), or of space (exit
    /// code 5).
    #[error("archive: cannot {action} `{}`: {source}{}", path.display(), advice(source.kind()))]
    Archive {
        /// What was tried.
        action: &'static str,
        /// On which path.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The caller asked to stop.
    #[error("fetching was stopped")]
    Cancelled,
}

/// What to do about a failure of the archive, where there is something to do.
const fn advice(kind: io::ErrorKind) -> &'static str {
    match kind {
        io::ErrorKind::StorageFull => {
            "; the disk is full: free space or set `archive.dir` to another one, and run again; what is archived stays"
        }
        io::ErrorKind::QuotaExceeded => "; the disk quota is used up: raise it or free space, and run again",
        _ => "",
    }
}

impl FetchError {
    /// Wraps a failure of the local archive, to be used with `map_err`.
    pub(super) fn archive(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| Self::Archive { action, path, source }
    }

    /// The error behind a failed read of [`super::Archive::read`], whose reader can only speak `io::Error`.
    #[must_use]
    pub fn from_read(error: io::Error, path: &Path) -> Self {
        match error.downcast::<Self>() {
            Ok(inner) => inner,
            Err(source) => Self::Archive { action: "read", path: path.to_owned(), source },
        }
    }
}
