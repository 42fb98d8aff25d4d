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
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::vec::IntoIter;

use rayon::slice::ParallelSliceMut;

use super::ahead::Ahead;
use super::scratch::{Piece, Scratch};
use super::shelf::{BLOCK_ROWS, Stored, read, write};
use super::{Memory, MemoryError};

/// Parts that are merged at once, with a block of each in memory.
const FAN_IN: usize = 48;

/// How rows are ordered. Rows of which neither is first come in the order of their parts, so an order should tell all of them apart.
pub type Order<T> = fn(&T, &T) -> Ordering;

/// Rows that are being gathered.
#[derive(Debug)]
pub struct Sorter<T> {
    dir: PathBuf,
    order: Order<T>,
    held: Vec<T>,
    /// Bytes that they take, and may take.
    weight: usize,
    most: usize,
    levels: Vec<Level>,
    rows: u64,
}

/// Sorted parts of about one size.
#[derive(Debug)]
struct Level {
    scratch: Arc<Scratch>,
    parts: Vec<Vec<Piece>>,
}

/// Rows in order, as often as one likes.
#[derive(Debug)]
pub struct Sorted<T> {
    dir: PathBuf,
    order: Order<T>,
    held: Vec<T>,
    levels: Vec<Level>,
    rows: u64,
}

impl<T: Stored> Sorter<T> {
    /// None yet; they may take so many bytes of memory.
    #[must_use]
    pub fn new(memory: &Memory, order: Order<T>, most: usize) -> Self {
        let dir = memory.dir.clone();
        Self { dir, order, held: Vec::new(), weight: 0, most, levels: Vec::new(), rows: 0 }
    }

    /// Adds a row.
    ///
    /// # Errors
    /// [`MemoryError::File`], [`MemoryError::Scratch`].
    pub fn put(&mut self, row: T) -> Result<(), MemoryError> {
        self.weight += size_of::<T>() + row.weight();
        self.rows += 1;
        self.held.push(row);
        if self.weight > self.most { self.flush() } else { Ok(()) }
    }

    /// Puts what is held on the disk.
    fn flush(&mut self) -> Result<(), MemoryError> {
        self.held.par_sort_by(self.order);
        if self.levels.is_empty() {
            self.levels.push(Level::new(&self.dir)?);
        }
        let part = write(&self.levels[0].scratch, &self.held)?;
        self.levels[0].parts.push(part);
        (self.held, self.weight) = (Vec::new(), 0);
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
            let (mut rows, mut part) = (Vec::with_capacity(BLOCK_ROWS), Vec::new());
            for row in Merged::new(self.order, full.cursors(), Vec::new())? {
                rows.push(row?);
                if rows.len() == BLOCK_ROWS {
                    part.extend(write(&next.scratch, &rows)?);
                    rows.clear();
                }
            }
            part.extend(write(&next.scratch, &rows)?);
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
            self.held.par_sort_by(self.order);
        } else if !self.held.is_empty() {
            self.flush()?;
        }
        Ok(Sorted { dir: self.dir, order: self.order, held: self.held, levels: self.levels, rows: self.rows })
    }
}

impl Level {
    fn new(dir: &Path) -> Result<Self, MemoryError> {
        Ok(Self { scratch: Arc::new(Scratch::create(dir)?), parts: Vec::new() })
    }

    fn cursors<T>(&self) -> Vec<Cursor<T>> {
        let cursor = |part: &Vec<Piece>| Cursor {
            scratch: Arc::clone(&self.scratch),
            blocks: part.clone().into_iter(),
            rows: Vec::new().into_iter(),
        };
        self.parts.iter().map(cursor).collect()
    }
}

/// Rows in order; reading them may fail.
pub type InOrder<T> = Box<dyn Iterator<Item = Result<T, MemoryError>> + Send>;

impl<T: Stored> Sorted<T> {
    /// Number of rows.
    #[must_use]
    pub const fn rows(&self) -> u64 {
        self.rows
    }

    /// The rows in order; those from the disk are unpacked and merged ahead.
    ///
    /// # Errors
    /// [`MemoryError::File`], [`MemoryError::Scratch`]; so may each row be.
    pub fn iter(&self) -> Result<InOrder<T>, MemoryError> {
        if self.levels.is_empty() {
            return Ok(Box::new(self.held.clone().into_iter().map(Ok)));
        }
        // The largest parts first: where rows are equal, those that came first come first.
        let cursors = self.levels.iter().rev().flat_map(Level::cursors).collect();
        let merged = Merged::new(self.order, cursors, self.held.clone())?;
        Ok(Box::new(Ahead::of(merged).map_err(MemoryError::file("start to read from a temporary file in", &self.dir))?))
    }
}

/// Where reading a part stands.
struct Cursor<T> {
    scratch: Arc<Scratch>,
    blocks: IntoIter<Piece>,
    rows: IntoIter<T>,
}

impl<T: Stored> Cursor<T> {
    fn next(&mut self) -> Result<Option<T>, MemoryError> {
        loop {
            if let Some(row) = self.rows.next() {
                return Ok(Some(row));
            }
            let Some(piece) = self.blocks.next() else { return Ok(None) };
            self.rows = read(&self.scratch, piece)?.into_iter();
        }
    }
}

/// Parts that are being merged.
struct Merged<T> {
    cursors: Vec<Cursor<T>>,
    held: IntoIter<T>,
    heads: BinaryHeap<Head<T>>,
    failed: bool,
}

/// The first row of a part that is not given yet; the heap's greatest is the first of all.
struct Head<T> {
    row: T,
    part: usize,
    order: Order<T>,
}

impl<T> Ord for Head<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.order)(&other.row, &self.row).then_with(|| other.part.cmp(&self.part))
    }
}

impl<T> PartialOrd for Head<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> PartialEq for Head<T> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl<T> Eq for Head<T> {}

impl<T: Stored> Merged<T> {
    fn new(order: Order<T>, cursors: Vec<Cursor<T>>, held: Vec<T>) -> Result<Self, MemoryError> {
        let mut this = Self { cursors, held: held.into_iter(), heads: BinaryHeap::new(), failed: false };
        for part in 0..=this.cursors.len() {
            if let Some(row) = this.next_of(part)? {
                this.heads.push(Head { row, part, order });
            }
        }
        Ok(this)
    }

    /// The next row of a part; what is held is the last.
    fn next_of(&mut self, part: usize) -> Result<Option<T>, MemoryError> {
        match self.cursors.get_mut(part) {
            Some(cursor) => cursor.next(),
            None => Ok(self.held.next()),
        }
    }

    fn first(&mut self) -> Result<Option<T>, MemoryError> {
        let Some(part) = self.heads.peek().map(|head| head.part) else { return Ok(None) };
        let next = self.next_of(part)?;
        let Some(mut head) = self.heads.peek_mut() else { return Ok(None) };
        // Put in its place, the next one sinks once; taken out and put in, both would.
        Ok(Some(match next {
            Some(next) => std::mem::replace(&mut head.row, next),
            None => PeekMut::pop(head).row,
        }))
    }
}

impl<T: Stored> Iterator for Merged<T> {
    type Item = Result<T, MemoryError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let row = self.first().transpose();
        self.failed = matches!(row, Some(Err(_)));
        row
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::id::PlatformMerchantId;
    use crate::memory::bytes::{Put, Take};

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

        fn weight(&self) -> usize {
            0
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
        for (most, levels) in [(usize::MAX, 0), (800 * size_of::<Row>(), 1), (3 * size_of::<Row>(), 3)] {
            let mut sorter = Sorter::<Row>::new(&memory, Row::cmp, most);
            rows.iter().for_each(|row| sorter.put(*row).unwrap());
            let sorted = sorter.finish().unwrap();
            assert_eq!((sorted.rows(), sorted.levels.len()), (9_999, levels));
            for _ in 0..2 {
                assert_eq!(sorted.iter().unwrap().map(Result::unwrap).collect::<Vec<_>>(), expected);
            }
        }
        assert_eq!(std::fs::read_dir(&memory.dir).unwrap().count(), 1, "only the seed has a name");
    }

    #[test]
    fn equal_rows_stay_in_the_order_in_which_they_came() {
        let folder = tempfile::tempdir().unwrap();
        let memory = Memory::open(folder.path(), &PlatformMerchantId::new("2188"), false).unwrap();
        let by_number: Order<Row> = |one, other| one.0.cmp(&other.0);
        for most in [usize::MAX, 5 * size_of::<Row>()] {
            let mut sorter = Sorter::<Row>::new(&memory, by_number, most);
            (0..1_000).for_each(|at| sorter.put((at % 3, at)).unwrap());
            let rows: Vec<Row> = sorter.finish().unwrap().iter().unwrap().map(Result::unwrap).collect();
            assert!(rows.is_sorted(), "{most}");
        }
    }
}
