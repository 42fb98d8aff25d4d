//! The archive: raw bytes of every file ever fetched, under their SHA-256, compressed. Nothing in it is changed, and nothing
//! deleted but by [`Archive::remove`], when a person asks for it.
//!
//! `<dir>/<first two hex digits>/<sha256>.zst`, and `<dir>/.incoming/` for files that are still being written. A writer holds
//! a lock on its file there for as long as it lives, so a file whose lock is free was left by a process that was killed, and
//! [`Archive::open`] sweeps it.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use ring::digest::{self, SHA256};
use ring::rand::{SecureRandom, SystemRandom};

use super::FetchError;
use super::archive_reader::ArchiveReader;
use super::bounds::{BLOCK_BYTES, MAX_FILE_BYTES};
use super::digest::Digest;
use super::frames::{FrameWriter, Pieces};
use crate::points::{Point, reached};

/// What was put into the archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stored {
    /// The digest of the raw bytes.
    pub digest: Digest,
    /// How many raw bytes there are.
    pub size: u64,
    /// Whether these very bytes were written to the archive, or those that lay there were read and are the same; if not, a file of
    /// the right name and length lay there, and nobody looked into it.
    pub is_known: bool,
}

/// How a file lies in the archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Packing {
    /// The digest of the packed bytes.
    pub digest: Digest,
    /// How many there are.
    pub size: u64,
}

const INCOMING: &str = ".incoming";

/// A folder of archived files. Cheap to clone; any number of processes may use one folder.
#[derive(Debug, Clone)]
pub struct Archive {
    dir: PathBuf,
}

impl Archive {
    /// Opens the archive, creates it if it does not exist, and sweeps what killed writers left in `.incoming`.
    ///
    /// # Errors
    ///
    /// [`FetchError::Archive`] if the folder cannot be made or read.
    pub fn open(dir: &Path) -> Result<Self, FetchError> {
        let archive = Self { dir: dir.to_owned() };
        let incoming = archive.incoming();
        private_folders().create(&incoming).map_err(FetchError::archive("create", &incoming))?;
        for entry in fs::read_dir(&incoming).map_err(FetchError::archive("list", &incoming))? {
            let path = entry.map_err(FetchError::archive("list", &incoming))?.path();
            sweep(&path).map_err(FetchError::archive("sweep", &path))?;
        }
        Ok(archive)
    }

    /// Puts everything that a reader gives into the archive.
    ///
    /// # Errors
    ///
    /// [`FetchError::Archive`] if reading or writing fails, [`FetchError::Bounds`] if there are more bytes than one file may
    /// have, [`FetchError::Integrity`] if a damaged file lies in its place.
    pub fn store(&self, mut reader: impl Read) -> Result<Stored, FetchError> {
        let mut writer = self.writer()?;
        let mut block = vec![0; BLOCK_BYTES];
        loop {
            match reader.read(&mut block) {
                Ok(0) => return writer.commit(),
                Ok(length) => writer.push(&block[..length])?,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(FetchError::archive("read for", &self.dir)(error)),
            }
        }
    }

    /// The raw bytes of an archived file. The reader fails at the end, with a [`FetchError::Integrity`] inside its
    /// `io::Error` (see [`FetchError::from_read`]), if they are not what the digest says.
    ///
    /// # Errors
    ///
    /// [`FetchError::Integrity`] if there is no such file, [`FetchError::Archive`] if it cannot be opened.
    pub fn read(&self, digest: Digest) -> Result<ArchiveReader, FetchError> {
        self.open_file(digest, false)
    }

    /// The raw bytes again, of a file that this process has read and verified before, or hashed while it wrote it: without hashing them
    /// a second time. The checksum of the compression still holds.
    ///
    /// # Errors
    ///
    /// As for [`Archive::read`].
    pub fn read_again(&self, digest: Digest) -> Result<ArchiveReader, FetchError> {
        self.open_file(digest, true)
    }

    fn open_file(&self, digest: Digest, verified: bool) -> Result<ArchiveReader, FetchError> {
        let (path, file) = (self.path_of(digest), self.open_packed(digest)?);
        let unreadable = FetchError::archive("open", &path);
        ArchiveReader::new(file, path, digest, verified).map_err(unreadable)
    }

    fn open_packed(&self, digest: Digest) -> Result<File, FetchError> {
        let path = self.path_of(digest);
        File::open(&path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => FetchError::Integrity(format!(
                "archive: `{}` is missing; expected the file that was archived under this digest; restore it from a backup",
                path.display()
            )),
            _ => FetchError::archive("open", &path)(error),
        })
    }

    /// Pieces of an archived file, whose digest is not verified; nothing if the file was archived as one piece.
    ///
    /// # Errors
    ///
    /// As for [`Archive::read`].
    pub fn pieces(&self, digest: Digest) -> Result<Option<Pieces>, FetchError> {
        let path = self.path_of(digest);
        Pieces::open(self.open_packed(digest)?, path.clone()).map_err(FetchError::archive("read", &path))
    }

    /// All raw bytes of an archived file, verified.
    ///
    /// # Errors
    ///
    /// As for [`Archive::read`].
    pub fn read_all(&self, digest: Digest) -> Result<Vec<u8>, FetchError> {
        let mut bytes = Vec::new();
        self.read(digest)?
            .read_to_end(&mut bytes)
            .map_err(|error| FetchError::from_read(error, &self.path_of(digest)))?;
        Ok(bytes)
    }

    /// Where a file of this digest lies.
    #[must_use]
    pub fn path_of(&self, digest: Digest) -> PathBuf {
        let name = digest.to_string();
        self.dir.join(&name[..2]).join(format!("{name}.zst"))
    }

    /// The bytes that an archived file takes on the disk; none if it is not there.
    ///
    /// # Errors
    ///
    /// [`FetchError::Archive`] if the file system cannot tell.
    pub fn size_of(&self, digest: Digest) -> Result<Option<u64>, FetchError> {
        let path = self.path_of(digest);
        match fs::metadata(&path) {
            Ok(file) => Ok(Some(file.len())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(FetchError::archive("look at", &path)(error)),
        }
    }

    /// How a file lies in the archive: the size and the digest of its packed bytes. The digest of its content does not see every
    /// bit of its packing; this one does.
    ///
    /// # Errors
    ///
    /// As for [`Archive::read`].
    pub fn packing_of(&self, digest: Digest) -> Result<Packing, FetchError> {
        let path = self.path_of(digest);
        let unreadable = FetchError::archive("read", &path);
        let mut file = self.open_packed(digest)?;
        let (mut context, mut size, mut block) = (digest::Context::new(&SHA256), 0, vec![0; BLOCK_BYTES]);
        loop {
            match file.read(&mut block) {
                Ok(0) => return Ok(Packing { digest: Digest::finish(&context.finish()), size }),
                Ok(length) => {
                    context.update(&block[..length]);
                    size += length as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(unreadable(error)),
            }
        }
    }

    /// The digests of all files in the archive, sorted.
    ///
    /// # Errors
    ///
    /// [`FetchError::Archive`] if a folder cannot be listed.
    pub fn digests(&self) -> Result<Vec<Digest>, FetchError> {
        let mut digests = Vec::new();
        for folder in fs::read_dir(&self.dir).map_err(FetchError::archive("list", &self.dir))? {
            let folder = folder.map_err(FetchError::archive("list", &self.dir))?.path();
            if !folder.is_dir() {
                continue;
            }
            for file in fs::read_dir(&folder).map_err(FetchError::archive("list", &folder))? {
                let name = file.map_err(FetchError::archive("list", &folder))?.file_name();
                let digest: Option<Digest> =
                    name.to_str().and_then(|name| name.strip_suffix(".zst")).and_then(|name| name.parse().ok());
                digests.extend(digest);
            }
        }
        digests.sort_unstable();
        Ok(digests)
    }

    /// Takes a file out for good. One that is not there is taken out already.
    ///
    /// # Errors
    ///
    /// [`FetchError::Archive`] if it cannot be deleted.
    pub fn remove(&self, digest: Digest) -> Result<(), FetchError> {
        let path = self.path_of(digest);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(FetchError::archive("delete", &path)(error)),
            _ => Ok(()),
        }
    }

    /// Where files are that are still being written, or unpacked for a moment.
    pub(super) fn incoming(&self) -> PathBuf {
        self.dir.join(INCOMING)
    }

    /// Starts a file.
    pub(super) fn writer(&self) -> Result<ArchiveWriter, FetchError> {
        let (file, path) = self.create_incoming()?;
        let broken = FetchError::archive("write", &path);
        let frames = FrameWriter::new(file);
        let incoming = Incoming { path };
        reached(Point::ArchiveFileBegun);
        Ok(ArchiveWriter {
            archive: self.clone(),
            frames: frames.map_err(broken)?,
            incoming,
            context: digest::Context::new(&SHA256),
            size: 0,
        })
    }

    /// A new locked file under a random name.
    fn create_incoming(&self) -> Result<(File, PathBuf), FetchError> {
        loop {
            let mut random = [0; 16];
            let path = self.incoming();
            let no_luck = |_| FetchError::archive("name a file in", &path)(io::Error::other("no random numbers"));
            SystemRandom::new().fill(&mut random).map_err(no_luck)?;
            let path = path.join(format!("{:032x}", u128::from_le_bytes(random)));
            let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
            let file = file.map_err(FetchError::archive("create", &path))?;
            match file.lock() {
                // Where a file system has no locks, nothing is ever swept either.
                Err(error) if error.kind() != io::ErrorKind::Unsupported => {
                    return Err(FetchError::archive("lock", &path)(error));
                }
                _ => {}
            }
            // A sweeper may have come between creating and locking; then the file is no longer there.
            if file.metadata().map_err(FetchError::archive("write", &path))?.nlink() > 0 {
                return Ok((file, path));
            }
        }
    }

    /// Gives a finished file its name, or finds that it is already there; tells whether the file of that name is known to be right.
    fn publish(&self, incoming: &Incoming, file: &File, digest: Digest) -> Result<bool, FetchError> {
        let target = self.path_of(digest);
        let folder = target.parent().unwrap_or(&self.dir);
        if let Ok(there) = fs::symlink_metadata(&target) {
            let length = file.metadata().map_err(FetchError::archive("write", &incoming.path))?.len();
            // The same bytes compress to the same length; another release of the compressor may differ, so then it is read.
            let is_other = !there.is_file() || there.len() != length;
            if is_other {
                let mut reader = self.read(digest)?;
                io::copy(&mut reader, &mut io::sink()).map_err(|error| FetchError::from_read(error, &target))?;
            }
            return Ok(is_other);
        }
        if !folder.is_dir() {
            private_folders().create(folder).map_err(FetchError::archive("create", folder))?;
            sync_folder(&self.dir)?;
        }
        file.sync_all().map_err(FetchError::archive("flush", &incoming.path))?;
        reached(Point::ArchiveFileFlushed);
        fs::rename(&incoming.path, &target).map_err(FetchError::archive("rename into", &target))?;
        reached(Point::ArchiveFileRenamed);
        sync_folder(folder)?;
        Ok(true)
    }
}

/// A file on its way into the archive. Dropped before it is committed, it leaves nothing.
pub(super) struct ArchiveWriter {
    archive: Archive,
    frames: FrameWriter,
    incoming: Incoming,
    context: digest::Context,
    size: u64,
}

/// The path of a file that is being written; removed when it goes out of scope. After a rename there is nothing to remove.
struct Incoming {
    path: PathBuf,
}

impl Drop for Incoming {
    fn drop(&mut self) {
        // Best effort: what stays is swept when the archive is opened next.
        let _ = fs::remove_file(&self.path);
    }
}

impl ArchiveWriter {
    /// Takes the next raw bytes.
    pub(super) fn push(&mut self, block: &[u8]) -> Result<(), FetchError> {
        self.size += block.len() as u64;
        if self.size > MAX_FILE_BYTES {
            return Err(FetchError::Bounds(format!(
                "a file has more than {MAX_FILE_BYTES} bytes, the most that is archived as one file"
            )));
        }
        self.context.update(block);
        self.frames.push(block).map_err(FetchError::archive("write", &self.incoming.path))
    }

    /// Finishes the file: flushed, renamed to its digest, and the folder flushed as well.
    pub(super) fn commit(self) -> Result<Stored, FetchError> {
        let file = self.frames.finish().map_err(FetchError::archive("write", &self.incoming.path))?;
        let digest = Digest::finish(&self.context.finish());
        let is_known = self.archive.publish(&self.incoming, &file, digest)?;
        reached(Point::ArchiveFileKept);
        Ok(Stored { digest, size: self.size, is_known })
    }
}

/// Makes folders for the owner alone.
fn private_folders() -> DirBuilder {
    let mut builder = DirBuilder::new();
    builder.recursive(true).mode(0o700);
    builder
}

fn sync_folder(path: &Path) -> Result<(), FetchError> {
    File::open(path).and_then(|folder| folder.sync_all()).map_err(FetchError::archive("flush", path))
}

/// Removes a file in `.incoming` unless its writer lives.
fn sweep(path: &Path) -> io::Result<()> {
    let file = match File::open(path) {
        Ok(file) => file,
        // Its writer finished in the meantime.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    match file.try_lock() {
        Ok(()) => match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        },
        Err(fs::TryLockError::WouldBlock) => Ok(()),
        Err(fs::TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => Ok(()),
        Err(fs::TryLockError::Error(error)) => Err(error),
    }
}

#[cfg(test)]
#[path = "archive_tests.rs"]
mod tests;
