//! Rows that wait by partition, in memory as long as there is room, and on the disk from then on.
//!
//! ```text
//! rows as they come --> held in memory up to a limit --> part on level 0
//!                                   FAN_IN parts of a level --> one part of the next level
//! a partition: its rows of all parts, and those that are held
//! ```
//!
//! A partition is read back whole, so that what belongs together must be in one. Which rows went to the disk changes nothing in what
//! is read. With little memory there are many parts, of which each has few rows of a partition: put together, they are read in larger
//! pieces, and where these lie takes less memory.

use std::io;
use std::ops::Range;
use std::path::PathBuf;

use rayon::iter::{IndexedParallelIterator, IntoParallelRefMutIterator, ParallelIterator};

use super::scratch::Scratch;
use super::{Memory, MemoryError, pack};

/// Fastest: half of a row is a hash, which nothing makes smaller.
const COMPRESSION_LEVEL: i32 = -5;

/// Parts of a level that are put together.
const FAN_IN: usize = 32;

/// Memory that a partition takes at a time once it has some.
const PIECE_BYTES: usize = 2 << 10;

/// A row of fixed width.
pub trait Spilled: Copy + Send + Sync {
    /// Bytes of a row.
    const BYTES: usize;

    /// Writes the row.
    fn put(&self, to: &mut Vec<u8>);

    /// Reads a row from that many bytes; nothing if they are none.
    fn take(bytes: &[u8]) -> Option<Self>;
}

/// Rows by partition.
#[derive(Debug)]
pub struct Spill<R> {
    dir: PathBuf,
    /// Those in memory.
    partitions: Vec<Held<R>>,
    /// Those on the disk.
    levels: Vec<Level>,
    /// Rows in memory, and how many of them there may be.
    held: usize,
    most: usize,
}

/// The rows of a partition that are in memory, in pieces: a list that grows moves all that it has, time and again.
#[derive(Debug)]
struct Held<R> {
    full: Vec<Vec<R>>,
    last: Vec<R>,
}

/// Parts of about one size.
#[derive(Debug)]
struct Level {
    scratch: Scratch,
    parts: Vec<Part>,
}

/// What went to the disk at once: the rows of each partition, packed, one partition after the other.
#[derive(Debug)]
struct Part {
    offset: u64,
    /// Where the bytes of each partition end, counted from there.
    ends: Box<[u64]>,
    /// How many rows each has.
    rows: Box<[u32]>,
}

impl Part {
    fn rows(&self, partition: usize) -> usize {
        self.rows.get(partition).map_or(0, |rows| *rows as usize)
    }

    /// Adds the rows of a partition.
    fn read<R: Spilled>(&self, scratch: &Scratch, partition: usize, rows: &mut Vec<R>) -> Result<(), MemoryError> {
        let count = self.rows(partition);
        if count == 0 {
            return Ok(());
        }
        let start = partition.checked_sub(1).map_or(0, |before| self.ends[before]);
        let length = usize::try_from(self.ends[partition] - start).unwrap_or(usize::MAX);
        let packed = scratch.read_at(self.offset + start, length)?;
        let bytes = pack::unpacked(&packed, count * R::BYTES).map_err(|_| scratch.damaged())?;
        for row in bytes.chunks_exact(R::BYTES) {
            rows.push(R::take(row).ok_or_else(|| scratch.damaged())?);
        }
        Ok(())
    }
}

impl<R> Default for Held<R> {
    fn default() -> Self {
        Self { full: Vec::new(), last: Vec::new() }
    }
}

impl<R: Copy> Held<R> {
    /// Rows of the first piece, and of the largest: there may be very many partitions with few rows each.
    const PIECES: [usize; 2] = [8, 1 + PIECE_BYTES / size_of::<R>()];

    fn push(&mut self, row: R) {
        if self.last.len() == self.last.capacity() {
            let [least, most] = Self::PIECES;
            let room = (2 * self.last.capacity()).clamp(least, most);
            let full = std::mem::replace(&mut self.last, Vec::with_capacity(room));
            // The first has none.
            if !full.is_empty() {
                self.full.push(full);
            }
        }
        self.last.push(row);
    }

    fn len(&self) -> usize {
        self.full.iter().chain([&self.last]).map(Vec::len).sum()
    }

    /// Adds the rows to others.
    fn read(&self, rows: &mut Vec<R>) {
        self.full.iter().chain([&self.last]).for_each(|piece| rows.extend_from_slice(piece));
    }
}

impl Level {
    fn new(dir: &std::path::Path) -> Result<Self, MemoryError> {
        Ok(Self { scratch: Scratch::create(dir)?, parts: Vec::new() })
    }

    /// Number of rows of a partition.
    fn rows(&self, partition: usize) -> usize {
        self.parts.iter().map(|part| part.rows(partition)).sum()
    }

    /// Adds the rows of a partition.
    fn read<R: Spilled>(&self, partition: usize, rows: &mut Vec<R>) -> Result<(), MemoryError> {
        self.parts.iter().try_for_each(|part| part.read(&self.scratch, partition, rows))
    }

    /// Adds a part; `rows` gives those of a partition.
    fn add<P: Send, R: Spilled>(
        &mut self,
        partitions: &mut [P],
        rows: impl Fn(usize, &mut P) -> Result<Vec<R>, MemoryError> + Sync,
    ) -> Result<(), MemoryError> {
        let (offset, mut end) = (self.scratch.end(), 0);
        let (mut ends, mut counts) = (Vec::with_capacity(partitions.len()), Vec::with_capacity(partitions.len()));
        // A few for each thread: what is packed and not yet written is little.
        let together = 4 * rayon::current_num_threads();
        for (first, some) in (0..).step_by(together).zip(partitions.chunks_mut(together)) {
            let one = |(at, partition): (usize, &mut P)| {
                let rows = rows(first + at, partition)?;
                Ok((block(&rows).map_err(|error| self.scratch.failed(error))?, rows.len()))
            };
            let packed: Result<Vec<(Vec<u8>, usize)>, MemoryError> = some.par_iter_mut().enumerate().map(one).collect();
            for (packed, rows) in packed? {
                self.scratch.put(&packed)?;
                end += packed.len() as u64;
                ends.push(end);
                counts.push(u32::try_from(rows).unwrap_or(u32::MAX));
            }
        }
        self.parts.push(Part { offset, ends: ends.into(), rows: counts.into() });
        Ok(())
    }
}

/// Packs rows, with a checksum.
fn block<R: Spilled>(rows: &[R]) -> io::Result<Vec<u8>> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let mut bytes = Vec::with_capacity(rows.len() * R::BYTES);
    rows.iter().for_each(|row| row.put(&mut bytes));
    pack::packed(&bytes, COMPRESSION_LEVEL, true)
}

impl<R: Spilled> Spill<R> {
    /// None yet.
    ///
    /// # Errors
    /// [`MemoryError::File`].
    pub fn new(memory: &Memory) -> Result<Self, MemoryError> {
        let levels = vec![Level::new(&memory.dir)?];
        Ok(Self { dir: memory.dir.clone(), partitions: Vec::new(), levels, held: 0, most: usize::MAX })
    }

    /// Lets the rows take this much memory from now on, in bytes.
    pub fn limit(&mut self, bytes: usize) {
        self.most = bytes / size_of::<R>();
    }

    /// Bytes of the rows that are in memory.
    #[must_use]
    pub const fn held_bytes(&self) -> usize {
        self.held * size_of::<R>()
    }

    /// Number of rows of a partition.
    fn rows(&self, partition: usize) -> usize {
        let held = self.partitions.get(partition).map_or(0, Held::len);
        held + self.levels.iter().map(|level| level.rows(partition)).sum::<usize>()
    }

    /// Number of rows of the largest of some partitions.
    #[must_use]
    pub fn largest(&self, of: Range<usize>) -> usize {
        of.map(|partition| self.rows(partition)).max().unwrap_or_default()
    }

    /// Adds a row to a partition.
    ///
    /// # Errors
    /// [`MemoryError::File`].
    pub fn put(&mut self, partition: usize, row: R) -> Result<(), MemoryError> {
        if partition >= self.partitions.len() {
            self.partitions.resize_with(partition + 1, Held::default);
        }
        self.partitions[partition].push(row);
        self.held += 1;
        if self.held > self.most { self.flush() } else { Ok(()) }
    }

    /// Puts all rows on the disk, and gives their room back.
    ///
    /// # Errors
    /// [`MemoryError::File`].
    pub fn flush(&mut self) -> Result<(), MemoryError> {
        if self.held == 0 {
            return Ok(());
        }
        self.levels[0].add(&mut self.partitions, |_, held| {
            let held = std::mem::take(held);
            let mut rows = Vec::with_capacity(held.len());
            held.read(&mut rows);
            Ok(rows)
        })?;
        tracing::debug!(rows = self.held, "rows are put on the disk");
        self.held = 0;
        self.merge_full_levels()
    }

    /// Makes one part of the next level of each level that is full, and gives its room on the disk back.
    fn merge_full_levels(&mut self) -> Result<(), MemoryError> {
        let mut at = 0;
        while self.levels.get(at).is_some_and(|level| level.parts.len() >= FAN_IN) {
            let full = std::mem::replace(&mut self.levels[at], Level::new(&self.dir)?);
            if at + 1 == self.levels.len() {
                self.levels.push(Level::new(&self.dir)?);
            }
            self.levels[at + 1].add(&mut vec![(); self.partitions.len()], |partition, ()| {
                let mut rows = Vec::with_capacity(full.rows(partition));
                full.read::<R>(partition, &mut rows)?;
                Ok(rows)
            })?;
            at += 1;
        }
        Ok(())
    }

    /// The rows of a partition, in no order.
    ///
    /// # Errors
    /// [`MemoryError::File`], [`MemoryError::Scratch`].
    pub fn read(&self, partition: usize) -> Result<Vec<R>, MemoryError> {
        let mut rows = Vec::with_capacity(self.rows(partition));
        self.partitions.get(partition).into_iter().for_each(|held| held.read(&mut rows));
        self.levels.iter().try_for_each(|level| level.read(partition, &mut rows))?;
        Ok(rows)
    }

    /// Works on each partition's rows, several at a time, and takes the results in the order of the partitions, while the next are worked
    /// on. Rows of a partition are in no order. No more than so many rows are worked on at once; a partition that has more by itself is
    /// passed over.
    ///
    /// # Errors
    /// [`MemoryError::File`], [`MemoryError::Scratch`].
    pub fn consume<T: Send>(
        mut self,
        most_rows: usize,
        work: impl Fn(Vec<R>) -> T + Sync,
        mut take: impl FnMut(T) + Send,
    ) -> Result<(), MemoryError> {
        let counts: Vec<usize> = (0..self.partitions.len()).map(|partition| self.rows(partition)).collect();
        let mut partitions = std::mem::take(&mut self.partitions);
        let levels = &self.levels;
        let one = |(partition, held): (usize, &mut Held<R>)| {
            let held = std::mem::take(held);
            if counts[partition] > most_rows {
                return Ok(None);
            }
            let mut rows = Vec::with_capacity(counts[partition]);
            held.read(&mut rows);
            drop(held);
            levels.iter().try_for_each(|level| level.read(partition, &mut rows))?;
            Ok(Some(work(rows)))
        };
        // A few for each thread: what waits to be taken is little.
        let together = 4 * rayon::current_num_threads();
        let (mut from, mut results) = (0, Vec::new());
        while from < counts.len() {
            let mut rows = 0_usize;
            let fits = |count: &&usize| {
                rows = rows.saturating_add(**count);
                rows <= most_rows
            };
            let until = from + counts[from..].iter().take(together).take_while(fits).count().max(1);
            let some = partitions[from..until].par_iter_mut().enumerate().map(|(at, held)| (from + at, held));
            let before: Vec<Option<T>> = std::mem::take(&mut results);
            let take_all = || before.into_iter().flatten().for_each(&mut take);
            let ((), worked) = rayon::join(take_all, || some.map(one).collect::<Result<_, _>>());
            results = worked?;
            from = until;
        }
        results.into_iter().flatten().for_each(take);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::id::PlatformMerchantId;

    impl Spilled for u64 {
        const BYTES: usize = 8;

        fn put(&self, to: &mut Vec<u8>) {
            to.extend_from_slice(&self.to_le_bytes());
        }

        fn take(bytes: &[u8]) -> Option<Self> {
            bytes.try_into().ok().map(Self::from_le_bytes)
        }
    }

    fn sums(limit: Option<usize>, most_rows: usize) -> (usize, Vec<u64>) {
        let folder = tempfile::tempdir().unwrap();
        let memory = Memory::open(folder.path(), &PlatformMerchantId::new("2188"), false).unwrap();
        let mut spill = Spill::<u64>::new(&memory).unwrap();
        limit.into_iter().for_each(|bytes| spill.limit(bytes));
        for row in 0..10_000_u64 {
            spill.put(if row < 5_000 { 70 } else { (row % 7) as usize }, row).unwrap();
        }
        let held = spill.held_bytes();
        let mut of_three = spill.read(3).unwrap();
        of_three.sort_unstable();
        assert_eq!(of_three, (5_000..10_000).filter(|row| row % 7 == 3).collect::<Vec<_>>());
        assert!(spill.read(8).unwrap().is_empty() && spill.read(99).unwrap().is_empty());
        assert_eq!([spill.largest(0..99), spill.largest(0..7), spill.largest(99..100)], [5_000, 715, 0]);
        let mut sums = Vec::new();
        spill.consume(most_rows, |rows| rows.into_iter().sum(), |sum: u64| sums.push(sum)).unwrap();
        assert_eq!(std::fs::read_dir(&memory.dir).unwrap().count(), 1, "only the seed has a name");
        (held, sums)
    }

    #[test]
    fn rows_come_back_from_the_disk_as_from_memory() {
        let (held, in_memory) = sums(None, usize::MAX);
        assert_eq!((held, in_memory.len()), (80_000, 71));
        assert_eq!(in_memory.iter().sum::<u64>(), 49_995_000);
        let (held, from_disk) = sums(Some(1_000), usize::MAX);
        assert!(held <= 1_000, "{held}");
        assert_eq!(from_disk, in_memory);
        // So little that parts are put together twice.
        assert_eq!(sums(Some(56), usize::MAX), (0, in_memory.clone()));
        assert_eq!(sums(Some(1_000), 4_999).1, in_memory[..70], "the largest is passed over");
    }
}
