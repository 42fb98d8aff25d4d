//! Rows with texts that wait on the disk, packed in blocks, in the order in which they came.

use std::io;

use rayon::iter::{IntoParallelRefIterator, ParallelIterator};
use rayon::slice::ParallelSlice;

use super::bytes::{Put, Take};
use super::scratch::{Piece, Scratch};
use super::{Memory, MemoryError, pack};

/// Texts repeat from row to row; more than this costs more time than it saves.
const COMPRESSION_LEVEL: i32 = 1;

/// Rows in a block: some ninety kilobytes when they are read, of which many blocks are in memory while parts are merged.
pub(super) const BLOCK_ROWS: usize = 256;

/// Blocks that are packed at once.
pub(super) const BLOCKS_AT_ONCE: usize = 16;

/// A row of any length.
pub trait Stored: Clone + Send + Sync + 'static {
    /// Writes the row.
    fn put(&self, to: &mut Put);

    /// Reads a row; nothing if there is none.
    fn take(from: &mut Take<'_>) -> Option<Self>;

    /// Reads a row into the memory of one that is not needed any more.
    fn take_again(&mut self, from: &mut Take<'_>) -> Option<()> {
        *self = Self::take(from)?;
        Some(())
    }
}

/// Packs the rows of a block.
fn block<T: Stored>(rows: &[T]) -> io::Result<Vec<u8>> {
    let mut put = Put::default();
    put.length(rows.len());
    rows.iter().for_each(|row| row.put(&mut put));
    compressed(&put.0)
}

pub(super) fn compressed(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut packed = Put::default();
    packed.length(bytes.len());
    packed.0.extend(pack::packed(bytes, COMPRESSION_LEVEL, false)?);
    Ok(packed.0)
}

pub(super) fn decompressed(packed: &[u8]) -> Option<Vec<u8>> {
    let mut packed = Take(packed);
    let length = packed.length()?;
    pack::unpacked(packed.0, length).ok()
}

fn unpack<T: Stored>(packed: &[u8]) -> Option<Vec<T>> {
    let bytes = decompressed(packed)?;
    let mut take = Take(&bytes);
    let rows = take.list(T::take)?;
    take.0.is_empty().then_some(rows)
}

/// Writes rows as blocks, which are packed on all cores.
pub(super) fn write<T: Stored>(scratch: &Scratch, rows: &[T]) -> Result<Vec<Piece>, MemoryError> {
    let mut pieces = Vec::with_capacity(rows.len().div_ceil(BLOCK_ROWS));
    for some in rows.chunks(BLOCK_ROWS * BLOCKS_AT_ONCE) {
        let packed: io::Result<Vec<Vec<u8>>> = some.par_chunks(BLOCK_ROWS).map(block).collect();
        for block in packed.map_err(|error| scratch.failed(error))? {
            pieces.push(scratch.put(&block)?);
        }
    }
    Ok(pieces)
}

/// Reads a block.
pub(super) fn read<T: Stored>(scratch: &Scratch, piece: Piece) -> Result<Vec<T>, MemoryError> {
    unpack(&scratch.read(piece)?).ok_or_else(|| scratch.damaged())
}

/// Rows in the order in which they came.
#[derive(Debug)]
pub struct Shelf<T> {
    scratch: Scratch,
    blocks: Vec<Piece>,
    /// Those that are not written yet.
    pending: Vec<T>,
    rows: u32,
}

impl<T: Stored> Shelf<T> {
    /// None yet.
    ///
    /// # Errors
    /// [`MemoryError::File`].
    pub fn new(memory: &Memory) -> Result<Self, MemoryError> {
        Ok(Self { scratch: memory.scratch()?, blocks: Vec::new(), pending: Vec::new(), rows: 0 })
    }

    /// Adds a row, and gives its number.
    ///
    /// # Errors
    /// [`MemoryError::File`].
    pub fn put(&mut self, row: T) -> Result<u32, MemoryError> {
        self.pending.push(row);
        if self.pending.len() == BLOCK_ROWS * BLOCKS_AT_ONCE {
            self.blocks.extend(write(&self.scratch, &self.pending)?);
            self.pending.clear();
        }
        self.rows += 1;
        Ok(self.rows - 1)
    }

    /// Number of rows.
    #[must_use]
    pub const fn rows(&self) -> u32 {
        self.rows
    }

    /// Reads the rows in their order, some blocks at a time on all cores, those blocks of which `wants` a row of the numbers it is
    /// given; shows them with the number of the first.
    ///
    /// # Errors
    /// [`MemoryError::File`], [`MemoryError::Scratch`], and what `show` says.
    pub fn read<E: From<MemoryError>>(
        &self,
        wants: impl Fn(std::ops::Range<u32>) -> bool,
        mut show: impl FnMut(u32, Vec<T>) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut first = 0;
        let mut wanted = Vec::new();
        for &piece in &self.blocks {
            let next = first + BLOCK_ROWS as u32;
            if wants(first..next) {
                wanted.push((first, piece));
            }
            first = next;
        }
        for some in wanted.chunks(BLOCKS_AT_ONCE) {
            let blocks: Vec<Result<Vec<T>, MemoryError>> =
                some.par_iter().map(|&(_, piece)| read(&self.scratch, piece)).collect();
            for (&(first, _), rows) in some.iter().zip(blocks) {
                show(first, rows?)?;
            }
        }
        if self.pending.is_empty() || !wants(first..self.rows) { Ok(()) } else { show(first, self.pending.clone()) }
    }
}
