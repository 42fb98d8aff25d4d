//! Room on the disk for one run: a file without a name, which is gone when the process is, however that ends.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use xxhash_rust::xxh3::xxh3_64;

use super::MemoryError;

/// A file without a name, to which any thread appends.
#[derive(Debug)]
pub(super) struct Scratch {
    file: File,
    dir: PathBuf,
    end: AtomicU64,
}

/// Where some bytes stand in it, and their checksum.
#[derive(Debug, Clone, Copy)]
pub(super) struct Piece {
    offset: u64,
    length: u32,
    hash: u64,
}

impl Scratch {
    pub(super) fn create(dir: &Path) -> Result<Self, MemoryError> {
        let file = tempfile::tempfile_in(dir).map_err(MemoryError::file("make a temporary file in", dir))?;
        Ok(Self { file, dir: dir.to_owned(), end: AtomicU64::new(0) })
    }

    /// Appends some bytes.
    pub(super) fn put(&self, bytes: &[u8]) -> Result<Piece, MemoryError> {
        let offset = self.end.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        let written = self.file.write_all_at(bytes, offset);
        written.map_err(MemoryError::file("write to a temporary file in", &self.dir))?;
        Ok(Piece { offset, length: u32::try_from(bytes.len()).unwrap_or(u32::MAX), hash: xxh3_64(bytes) })
    }

    /// Where the next bytes go, if no other thread appends.
    pub(super) fn end(&self) -> u64 {
        self.end.load(Ordering::Relaxed)
    }

    /// Reads bytes that have a checksum of their own.
    pub(super) fn read_at(&self, offset: u64, length: usize) -> Result<Vec<u8>, MemoryError> {
        let mut bytes = vec![0; length];
        let read = self.file.read_exact_at(&mut bytes, offset);
        read.map_err(MemoryError::file("read from a temporary file in", &self.dir))?;
        Ok(bytes)
    }

    /// Reads them again.
    pub(super) fn read(&self, piece: Piece) -> Result<Vec<u8>, MemoryError> {
        let bytes = self.read_at(piece.offset, piece.length as usize)?;
        if xxh3_64(&bytes) == piece.hash { Ok(bytes) } else { Err(self.damaged()) }
    }

    pub(super) fn damaged(&self) -> MemoryError {
        MemoryError::Scratch(self.dir.clone())
    }

    /// The compressor gives up.
    pub(super) fn failed(&self, source: std::io::Error) -> MemoryError {
        MemoryError::file("pack for a temporary file in", &self.dir)(source)
    }
}
