//! A file that is being written: under a name of its own, and locked for as long as its writer lives. So any number of processes may
//! write beside one another, and a file whose lock is free was left by a process that was killed.

use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use tempfile::{PathPersistError, TempPath};

use super::MemoryError;
use crate::points::{Point, reached};

/// The end of the name of a file that is being written.
pub(super) const NEW: &str = ".new";

/// A file that nobody looks for. It is deleted when it is dropped before it is kept.
#[derive(Debug)]
pub(super) struct Fresh {
    /// The file. The lock lasts as long as one of its handles.
    pub(super) file: File,
    path: TempPath,
}

impl Fresh {
    /// Begins a file beside the one that it shall become, which only this user may read.
    pub(super) fn create(becomes: &Path) -> Result<Self, MemoryError> {
        let name = becomes.file_name().unwrap_or_default().to_string_lossy();
        let dir = becomes.parent().unwrap_or_else(|| Path::new("."));
        let failed = |action| MemoryError::file(action, becomes);
        loop {
            let made = tempfile::Builder::new().prefix(&format!("{name}.")).suffix(NEW).tempfile_in(dir);
            let (file, path) = made.map_err(failed("create a file for"))?.into_parts();
            match file.lock() {
                // Where a file system has no locks, nothing is ever swept either.
                Err(error) if error.kind() != io::ErrorKind::Unsupported => {
                    return Err(failed("lock a file for")(error));
                }
                _ => {}
            }
            // A sweeper may have come between creating and locking; then the file is no longer there.
            if file.metadata().map_err(failed("create a file for"))?.nlink() > 0 {
                return Ok(Self { file, path });
            }
        }
    }

    /// Where it is now.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Flushes the file, which is whole, and gives it the name under which it is looked for.
    pub(super) fn keep(self, path: &Path) -> Result<(), MemoryError> {
        self.named(path, |from, path| from.persist(path))
    }

    /// The same, unless there is a file of that name.
    pub(super) fn keep_as_first(self, path: &Path) -> Result<(), MemoryError> {
        self.named(path, |from, path| match from.persist_noclobber(path) {
            Err(refused) if refused.error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            named => named,
        })
    }

    fn named(
        self,
        path: &Path,
        rename: impl FnOnce(TempPath, &Path) -> Result<(), PathPersistError>,
    ) -> Result<(), MemoryError> {
        self.file.sync_all().map_err(MemoryError::file("write", &self.path))?;
        reached(Point::MemoryFileFlushed);
        rename(self.path, path).map_err(|refused| MemoryError::file("rename into", path)(refused.error))?;
        reached(Point::MemoryFileKept);
        Ok(())
    }
}

/// Deletes a file that is being written, unless its writer lives.
pub(super) fn sweep(path: &Path) -> Result<(), MemoryError> {
    let file = match File::open(path) {
        Ok(file) => file,
        // Its writer finished in the meantime.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(MemoryError::file("open", path)(error)),
    };
    match file.try_lock() {
        Ok(()) => match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(MemoryError::file("delete", path)(error)),
            _ => Ok(()),
        },
        Err(TryLockError::WouldBlock) => Ok(()),
        Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => Ok(()),
        Err(TryLockError::Error(error)) => Err(MemoryError::file("lock", path)(error)),
    }
}
