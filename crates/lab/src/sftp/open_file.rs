//! A file that a client has open.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use russh_sftp::protocol::FileAttributes;

use super::faults::HOSTILE_CONTENT;

/// An open file and how far it was sent.
pub(super) struct OpenFile {
    /// Absolute, as the client sees it.
    pub path: String,
    /// Bytes sent since the open; faults count by it.
    pub served: u64,
    content: Content,
    ended: bool,
}

enum Content {
    Disk(File),
    Hostile,
}

impl OpenFile {
    /// Opens a real file.
    ///
    /// # Errors
    /// When it cannot be opened or is a folder.
    pub(super) fn on_disk(path: String, real: &Path) -> io::Result<Self> {
        // A folder would open too, and fail later with an error that says nothing.
        if real.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        Ok(Self { path, served: 0, content: Content::Disk(File::open(real)?), ended: false })
    }

    /// The file behind a hostile entry of a listing, under the name that was asked for.
    pub(super) fn hostile(asked: &str) -> Self {
        Self { path: asked.to_owned(), served: 0, content: Content::Hostile, ended: false }
    }

    /// At most `most` bytes from `offset` on; none at the end.
    pub(super) fn read(&mut self, offset: u64, most: u64) -> io::Result<Vec<u8>> {
        let mut data = vec![0; usize::try_from(most).map_err(io::Error::other)?];
        let length = match &self.content {
            Content::Disk(file) => file.read_at(&mut data, offset)?,
            Content::Hostile => {
                let start = usize::try_from(offset).unwrap_or(usize::MAX).min(HOSTILE_CONTENT.len());
                let mut rest = &HOSTILE_CONTENT[start..];
                io::Read::read(&mut rest, &mut data)?
            }
        };
        data.truncate(length);
        self.served += length as u64;
        Ok(data)
    }

    /// Notes that the end was reached; true for the first time.
    pub(super) fn ends_now(&mut self) -> bool {
        !std::mem::replace(&mut self.ended, true)
    }

    /// True attributes; faults change what is told of them.
    pub(super) fn attributes(&self) -> io::Result<FileAttributes> {
        match &self.content {
            Content::Disk(file) => Ok(FileAttributes::from(&file.metadata()?)),
            Content::Hostile => Ok(hostile_attributes()),
        }
    }
}

/// Attributes of every hostile entry: a regular file with [`HOSTILE_CONTENT`] in it.
pub(super) fn hostile_attributes() -> FileAttributes {
    let mut attributes = FileAttributes {
        size: Some(HOSTILE_CONTENT.len() as u64),
        permissions: Some(0o644),
        ..FileAttributes::default()
    };
    attributes.set_regular(true);
    attributes
}
