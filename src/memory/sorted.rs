//! More rows than memory holds, in order: sorted parts go to the disk, and are merged when they are read.
//!
//! ```text
//! rows as they come --> held in memory up to a limit --> sorted part on level 0
//!                                     FAN_IN parts of a level --> one part of the next level
//! all parts and what is held, merged --> rows in order
//! ```
//!
//! Rows that fit are never written.

use std::cmp::Ordering;
use std::collections::binary_heap::{BinaryHeap, PeekMut};
use std::fmt;
use std::marker::PhantomData;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::vec::IntoIter;

use super::ahead::Ahead;
use super::bytes::Take;
use super::keyed::{KeyOf, Keyed};
use super::scratch::{Piece, Scratch};
use super::shelf::{BLOCK_ROWS, BLOCKS_AT_ONCE, Stored};
use super::{Memory, MemoryError};

/// Parts that are merged at once, with a block of each in memory.
const FAN_IN: usize = 48;

/// Rows that are read at once: so many that nobody waits for another thread at each of them.
const ROWS: usize = 256;

/// Rows that are being gathered.
pub struct Sorter<T> {
    dir: PathBuf,
    key: KeyOf<T>,
    held: Keyed,
    /// Bytes that they may take.
    most: usize,
    levels: Vec<Level>,
    rows: u64,
}

impl<T> fmt::Debug for Sorter<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sorter").field("rows", &self.rows).finish_non_exhaustive()
    }
}

/// Sorted parts of about one size.
#[derive(Debug)]
struct Level {
    scratch: Arc<Scratch>,
    parts: Vec<Vec<Piece>>,
}

/// Rows in order, as often as one likes.
pub struct Sorted<T> {
    dir: PathBuf,
    held: Arc<Keyed>,
    levels: Vec<Level>,
    rows: u64,
    of: PhantomData<fn() -> T>,
}

impl<T> fmt::Debug for Sorted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sorted").field("rows", &self.rows).finish_non_exhaustive()
    }
}

impl<T: Stored> Sorter<T> {
    /// None yet; they may take so many bytes of memory.
    #[must_use]
    pub fn new(memory: &Memory, key: KeyOf<T>, most: usize) -> Self {
        Self { dir: memory.dir.clone(), key, held: Keyed::default(), most, levels: Vec::new(), rows: 0 }
    }

    /// Adds a row.
    ///
    /// # Errors
    /// [`MemoryError::File`], [`MemoryError::Scratch`].
    pub fn put(&mut self, row: &T) -> Result<(), MemoryError> {
        self.held.put(row, self.key);
        self.rows += 1;
        if self.held.weight() > self.most { self.flush() } else { Ok(()) }
    }

    /// Puts what is held on the disk.
    fn flush(&mut self) -> Result<(), MemoryError> {
        let mut held = std::mem::take(&mut self.held);
        held.sort();
        if self.levels.is_empty() {
            self.levels.push(Level::new(&self.dir)?);
        }
        let part = held.write(&self.levels[0].scratch)?;
        self.levels[0].parts.push(part);
        self.merge_full_levels()
    }

    /// Makes one part of the next level of each level that is full, and gives its room on the disk back.
    fn merge_full_levels(&mut self) -> Result<(), MemoryError> {
        let mut at = 0;
        while at < self.levels.len() && self.levels[at].parts.len() >= FAN_IN {
            let full = std::mem::replace(&mut self.levels[at], Level::new(&self.dir)?);
            if at + 1 == self.levels.len() {
                self.levels.push(Level::new(&self.dir)?);
            }
            let next = &mut self.levels[at + 1];
            let (mut rows, mut part) = (Keyed::default(), Vec::new());
            let mut merged = Merged::new(full.cursors().collect())?;
            while merged.take(|key, row| rows.add(key, row))?.is_some() {
                if rows.rows() == BLOCK_ROWS * BLOCKS_AT_ONCE {
                    part.extend(rows.write(&next.scratch)?);
                    rows.clear();
                }
            }
            part.extend(rows.write(&next.scratch)?);
            next.parts.push(part);
            at += 1;
        }
        Ok(())
    }

    /// All rows are there. Where some are on the disk, so are the last ones: they wait for a while.
    ///
    /// # Errors
    /// [`MemoryError::File`], [`MemoryError::Scratch`].
    pub fn finish(mut self) -> Result<Sorted<T>, MemoryError> {
        if self.levels.is_empty() {
            self.held.sort();
        } else if self.held.rows() > 0 {
            self.flush()?;
        }
        let (dir, held) = (self.dir, Arc::new(self.held));
        Ok(Sorted { dir, held, levels: self.levels, rows: self.rows, of: PhantomData })
    }
}

impl Level {
    fn new(dir: &Path) -> Result<Self, MemoryError> {
        Ok(Self { scratch: Arc::new(Scratch::create(dir)?), parts: Vec::new() })
    }

    fn cursors(&self) -> impl Iterator<Item = Cursor> {
        self.parts.iter().map(|part| Cursor::Stored {
            scratch: Arc::clone(&self.scratch),
            blocks: part.clone().into_iter(),
            block: Keyed::default(),
            at: 0,
        })
    }
}

impl<T: Stored> Sorted<T> {
    /// Number of rows.
    #[must_use]
    pub const fn rows(&self) -> u64 {
        self.rows
    }

    /// Reads the rows in order; those from the disk are unpacked and merged ahead.
    ///
    /// # Errors
    /// [`MemoryError::File`], [`MemoryError::Scratch`].
    pub fn read(&self) -> Result<InOrder<T>, MemoryError> {
        // The largest parts first: where rows are equal, those that came first come first.
        let cursors = self.levels.iter().rev().flat_map(Level::cursors);
        let held = Cursor::Held { rows: Arc::clone(&self.held), at: 0 };
        let mut merging = Merging { merged: Merged::new(cursors.chain([held]).collect())?, dir: self.dir.clone() };
        if self.levels.is_empty() {
            return Ok(InOrder(Rows::Here { merging, rows: Vec::new() }));
        }
        let ahead = Ahead::of(move |rows| merging.fill(rows));
        let ahead = ahead.map_err(MemoryError::file("start to read from a temporary file in", &self.dir))?;
        Ok(InOrder(Rows::Ahead(ahead)))
    }
}

/// Rows in order, which are being read.
pub struct InOrder<T>(Rows<T>);

enum Rows<T> {
    Here { merging: Merging, rows: Vec<T> },
    Ahead(Ahead<T>),
}

impl<T> fmt::Debug for InOrder<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InOrder").finish_non_exhaustive()
    }
}

impl<T: Stored> InOrder<T> {
    /// The next rows, in memory that is used again; none after the last.
    ///
    /// # Errors
    /// [`MemoryError::File`], [`MemoryError::Scratch`].
    pub fn more(&mut self) -> Result<&[T], MemoryError> {
        match &mut self.0 {
            Rows::Here { merging, rows } => merging.fill(rows).map(|()| &rows[..]),
            Rows::Ahead(ahead) => ahead.more(),
        }
    }
}

/// Where reading a part stands.
enum Cursor {
    Stored { scratch: Arc<Scratch>, blocks: IntoIter<Piece>, block: Keyed, at: usize },
    Held { rows: Arc<Keyed>, at: usize },
}

impl Cursor {
    /// The rows at hand, and which of them is the next.
    fn rows(&self) -> (&Keyed, usize) {
        match self {
            Self::Stored { block, at, .. } => (block, *at),
            Self::Held { rows, at } => (rows, *at),
        }
    }

    /// Reads the next block if need be; whether there is a next row.
    fn is_ready(&mut self) -> Result<bool, MemoryError> {
        if let Self::Stored { scratch, blocks, block, at } = self {
            while *at == block.rows() {
                let Some(piece) = blocks.next() else { return Ok(false) };
                (*block, *at) = (Keyed::read(scratch, piece)?, 0);
            }
        }
        let (rows, at) = self.rows();
        Ok(at < rows.rows())
    }

    fn go_on(&mut self) {
        match self {
            Self::Stored { at, .. } | Self::Held { at, .. } => *at += 1,
        }
    }
}

/// Parts that are being merged.
struct Merged {
    cursors: Vec<Cursor>,
    heads: BinaryHeap<Head>,
}

/// The key of a part's next row; the heap's greatest is the first of all.
#[derive(PartialEq, Eq)]
struct Head {
    key: Vec<u8>,
    part: usize,
}

impl Ord for Head {
    fn cmp(&self, other: &Self) -> Ordering {
        other.key.cmp(&self.key).then_with(|| other.part.cmp(&self.part))
    }
}

impl PartialOrd for Head {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Merged {
    fn new(mut cursors: Vec<Cursor>) -> Result<Self, MemoryError> {
        let mut heads = BinaryHeap::with_capacity(cursors.len());
        for (part, cursor) in cursors.iter_mut().enumerate() {
            if cursor.is_ready()? {
                let (rows, at) = cursor.rows();
                heads.push(Head { key: rows.key(at).to_owned(), part });
            }
        }
        Ok(Self { cursors, heads })
    }

    /// Shows the key and the bytes of the next row; nothing after the last.
    fn take<R>(&mut self, show: impl FnOnce(&[u8], &[u8]) -> R) -> Result<Option<R>, MemoryError> {
        let Some(mut head) = self.heads.peek_mut() else { return Ok(None) };
        let cursor = &mut self.cursors[head.part];
        let (rows, at) = cursor.rows();
        let shown = show(rows.key(at), rows.row(at));
        cursor.go_on();
        if cursor.is_ready()? {
            let (rows, at) = cursor.rows();
            head.key.clear();
            head.key.extend_from_slice(rows.key(at));
        } else {
            PeekMut::pop(head);
        }
        Ok(Some(shown))
    }
}

/// Rows that are being merged and read.
struct Merging {
    merged: Merged,
    dir: PathBuf,
}

impl Merging {
    /// Puts the next rows in the place of others, with the memory of these; none after the last, and after an error.
    fn fill<T: Stored>(&mut self, rows: &mut Vec<T>) -> Result<(), MemoryError> {
        let mut filled = 0;
        while filled < ROWS {
            let is_read = self.merged.take(|_, bytes| {
                let mut take = Take(bytes);
                let read = match rows.get_mut(filled) {
                    Some(row) => row.take_again(&mut take),
                    None => T::take(&mut take).map(|row| rows.push(row)),
                };
                read.is_some() && take.0.is_empty()
            });
            match is_read {
                Ok(Some(true)) => filled += 1,
                Ok(None) => break,
                failed => {
                    self.merged.heads.clear();
                    rows.clear();
                    return Err(failed.err().unwrap_or_else(|| MemoryError::Scratch(self.dir.clone())));
                }
            }
        }
        rows.truncate(filled);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::id::PlatformMerchantId;
    use crate::memory::bytes::Put;
    use crate::memory::keyed::SortKey;

    /// A number, and when it came.
    type Row = (u64, u64);

    impl Stored for Row {
        fn put(&self, to: &mut Put) {
            to.number(self.0);
            to.number(self.1);
        }

        fn take(from: &mut Take<'_>) -> Option<Self> {
            from.number().zip(from.number())
        }
    }

    fn by_number(row: &Row, key: &mut SortKey) {
        row.0.to_be_bytes().into_iter().for_each(|byte| key.place(byte));
    }

    fn by_both(row: &Row, key: &mut SortKey) {
        by_number(row, key);
        by_number(&(row.1, 0), key);
    }

    fn all(sorted: &Sorted<Row>) -> Vec<Row> {
        let (mut rows, mut reading) = (Vec::new(), sorted.read().unwrap());
        loop {
            let some = reading.more().unwrap();
            if some.is_empty() {
                return rows;
            }
            rows.extend(some);
        }
    }

    #[test]
    fn rows_come_in_order_whether_they_fit_or_not() {
        let folder = tempfile::tempdir().unwrap();
        let memory = Memory::open(folder.path(), &PlatformMerchantId::new("2188"), false).unwrap();
        let rows: Vec<Row> = (0..9_999).map(|at| ((at * 7_919) % 5_003, at)).collect();
        let mut expected = rows.clone();
        expected.sort_unstable();
        // All in memory; a dozen parts; parts of parts.
        for (most, levels) in [(usize::MAX, 0), (40_000, 1), (150, 3)] {
            let mut sorter = Sorter::<Row>::new(&memory, by_both, most);
            rows.iter().for_each(|row| sorter.put(row).unwrap());
            let sorted = sorter.finish().unwrap();
            assert_eq!((sorted.rows(), sorted.levels.len()), (9_999, levels));
            for _ in 0..2 {
                assert_eq!(all(&sorted), expected);
            }
        }
        assert_eq!(std::fs::read_dir(&memory.dir).unwrap().count(), 1, "only the seed has a name");
    }

    #[test]
    fn equal_rows_stay_in_the_order_in_which_they_came() {
        let folder = tempfile::tempdir().unwrap();
        let memory = Memory::open(folder.path(), &PlatformMerchantId::new("2188"), false).unwrap();
        for most in [usize::MAX, 200] {
            let mut sorter = Sorter::<Row>::new(&memory, by_number, most);
            (0..1_000).for_each(|at| sorter.put(&(at % 3, at)).unwrap());
            assert!(all(&sorter.finish().unwrap()).is_sorted(), "{most}");
        }
    }
}
