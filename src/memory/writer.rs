//! Writing what a report of details says while it is parsed, so that its lines need not be held until they are matched.

use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;

use super::MemoryError;
use super::extract::{Blocks, Extract, Meaning, PackedLines};
use super::fresh::Fresh;
use crate::id::Symbols;
use crate::proof::BatchSums;
use crate::report::ParsedReport;

/// A file of lines that is being written, under a name that nobody looks for.
#[derive(Debug)]
pub struct Writer {
    unkept: Unkept,
    file: io::BufWriter<File>,
    blocks: Blocks,
}

/// A file of lines that no later run finds yet. It is deleted when it is dropped before it is kept; one that a kill leaves behind is swept
/// by the next run.
#[derive(Debug)]
pub struct Unkept {
    path: PathBuf,
    fresh: Fresh,
}

impl Writer {
    pub(super) fn create(path: PathBuf) -> Result<Self, MemoryError> {
        let fresh = Fresh::create(&path)?;
        let file = fresh.file.try_clone().map_err(MemoryError::file("write", fresh.path()))?;
        let unkept = Unkept { path, fresh };
        Ok(Self { unkept, file: io::BufWriter::with_capacity(1 << 20, file), blocks: Blocks::default() })
    }

    /// Writes the next lines of the file.
    ///
    /// # Errors
    /// [`MemoryError::File`].
    pub fn put(&mut self, packed: &PackedLines) -> Result<(), MemoryError> {
        self.blocks.put(&mut self.file, packed).map_err(MemoryError::file("write", self.unkept.fresh.path()))
    }

    /// Writes what the whole report says, what the lines of its batches come to, and whether its signs are turned
    /// ([`Line::turn`](crate::report::Line::turn)), and opens the file to be read.
    ///
    /// # Errors
    /// [`MemoryError::File`].
    pub fn finish(
        self,
        (parsed, sums, turned): (&ParsedReport, &BatchSums, bool),
        symbols: &Symbols,
        meaning: Meaning,
    ) -> Result<(Extract, Unkept), MemoryError> {
        let Self { unkept, mut file, blocks } = self;
        let finished = blocks.finish(&mut file, (parsed, sums, turned), symbols, meaning).and_then(|()| file.flush());
        finished.map_err(MemoryError::file("write", unkept.fresh.path()))?;
        let file = file.into_inner().map_err(io::IntoInnerError::into_error);
        let file = file.map_err(MemoryError::file("write", unkept.fresh.path()))?;
        let opened = Extract::open(unkept.fresh.path(), file, meaning, symbols);
        let extract = opened.map_err(MemoryError::file("read", unkept.fresh.path()))?;
        Ok((extract.ok_or_else(|| MemoryError::Damaged(unkept.fresh.path().to_owned()))?, unkept))
    }
}

impl Unkept {
    /// Flushes the file, and gives it the name under which later runs look for it.
    ///
    /// # Errors
    /// [`MemoryError::File`].
    pub fn keep(self) -> Result<(), MemoryError> {
        self.fresh.keep(&self.path)
    }
}
