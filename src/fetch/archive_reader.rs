//! Reading from the archive, and noticing damage.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use ring::digest::{self, SHA256};

use super::FetchError;
use super::bounds::MAX_FILE_BYTES;
use super::digest::Digest;

/// Reads an archived file and verifies its digest on the way.
pub struct ArchiveReader {
    decoder: zstd::Decoder<'static, BufReader<File>>,
    /// None for bytes that this run has verified already.
    context: Option<digest::Context>,
    expected: Digest,
    path: PathBuf,
    size: u64,
    done: bool,
}

impl ArchiveReader {
    pub(super) fn new(file: File, path: PathBuf, expected: Digest, verified: bool) -> io::Result<Self> {
        let decoder = zstd::Decoder::new(file)?;
        let context = (!verified).then(|| digest::Context::new(&SHA256));
        Ok(Self { decoder, context, expected, path, size: 0, done: false })
    }

    fn damaged(&self, found: &str) -> io::Error {
        let message = damage(&self.path, found);
        io::Error::new(io::ErrorKind::InvalidData, FetchError::Integrity(message))
    }
}

/// What is wrong with an archived file, and what to do.
pub(super) fn damage(path: &Path, found: &str) -> String {
    format!(
        "archive: `{}` {found}; expected the bytes of its digest; move it away, keep it, and restore it from a backup or fetch \
         the date again while the server still has it",
        path.display()
    )
}

impl Read for ArchiveReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.done || buffer.is_empty() {
            return Ok(0);
        }
        let length = match self.decoder.read(buffer) {
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Err(error),
            Err(error) => return Err(self.damaged(&format!("cannot be unpacked ({error})"))),
        };
        self.size += length as u64;
        if self.size > MAX_FILE_BYTES {
            return Err(self.damaged(&format!("unpacks to more than {MAX_FILE_BYTES} bytes")));
        }
        if let Some(context) = &mut self.context {
            context.update(&buffer[..length]);
        }
        if length == 0 {
            let found = self.context.take().map(|context| Digest::finish(&context.finish()));
            if let Some(found) = found.filter(|found| *found != self.expected) {
                return Err(self.damaged(&format!("holds bytes with the digest `{found}`")));
            }
            self.done = true;
        }
        Ok(length)
    }
}
