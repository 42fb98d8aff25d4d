//! Rows that wait by partition, in memory as long as there is room, and on the disk from then on.
//!
//! A partition is read back whole, so that what belongs together must be in one. Which rows went to the disk changes nothing in what
//! is read.

use rayon::iter::{IntoParallelRefMutIterator, ParallelIterator};

use super::scratch::{Piece, Scratch};
use super::{Memory, MemoryError};

/// Fastest: half of a row is a hash, which nothing makes smaller.
const COMPRESSION_LEVEL: i32 = -5;

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
    scratch: Scratch,
    partitions: Vec<Partition<R>>,
    /// Rows in memory, and how many of them there may be.
    held: usize,
    most: usize,
}

/// The rows of one partition.
#[derive(Debug)]
struct Partition<R> {
    held: Vec<R>,
    /// What of them is on the disk: where, and how many.
    pieces: Vec<(Piece, u32)>,
}

impl<R: Spilled> Partition<R> {
    const fn new() -> Self {
        Self { held: Vec::new(), pieces: Vec::new() }
    }

    fn rows(&self) -> usize {
        self.held.len() + self.pieces.iter().map(|(_, rows)| *rows as usize).sum::<usize>()
    }

    /// Puts the rows in memory on the disk, and gives their room back.
    fn flush(&mut self, scratch: &Scratch) -> Result<(), MemoryError> {
        if self.held.is_empty() {
            return Ok(());
        }
        let mut bytes = Vec::with_capacity(self.held.len() * R::BYTES);
        self.held.iter().for_each(|row| row.put(&mut bytes));
        let packed = zstd::bulk::compress(&bytes, COMPRESSION_LEVEL).map_err(|error| scratch.failed(error))?;
        let rows = u32::try_from(self.held.len()).unwrap_or(u32::MAX);
        self.pieces.push((scratch.put(&packed)?, rows));
        self.held = Vec::new();
        Ok(())
    }

    /// Adds the rows on the disk.
    fn read(&self, scratch: &Scratch, rows: &mut Vec<R>) -> Result<(), MemoryError> {
        for (piece, count) in &self.pieces {
            let size = *count as usize * R::BYTES;
            let bytes = zstd::bulk::decompress(&scratch.read(*piece)?, size).map_err(|_| scratch.damaged())?;
            for row in bytes.chunks_exact(R::BYTES) {
                rows.push(R::take(row).ok_or_else(|| scratch.damaged())?);
            }
        }
        Ok(())
    }
}

impl<R: Spilled> Spill<R> {
    /// None yet.
    ///
    /// # Errors
    /// [`MemoryError::File`].
    pub fn new(memory: &Memory) -> Result<Self, MemoryError> {
        Ok(Self { scratch: memory.scratch()?, partitions: Vec::new(), held: 0, most: usize::MAX })
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

    /// Number of rows of the largest partition.
    #[must_use]
    pub fn largest(&self) -> usize {
        self.partitions.iter().map(Partition::rows).max().unwrap_or_default()
    }

    /// Adds a row to a partition.
    ///
    /// # Errors
    /// [`MemoryError::File`].
    pub fn put(&mut self, partition: usize, row: R) -> Result<(), MemoryError> {
        if partition >= self.partitions.len() {
            self.partitions.resize_with(partition + 1, Partition::new);
        }
        self.partitions[partition].held.push(row);
        self.held += 1;
        if self.held > self.most { self.flush() } else { Ok(()) }
    }

    /// Puts all rows on the disk.
    ///
    /// # Errors
    /// [`MemoryError::File`].
    pub fn flush(&mut self) -> Result<(), MemoryError> {
        let scratch = &self.scratch;
        self.partitions.par_iter_mut().try_for_each(|partition| partition.flush(scratch))?;
        tracing::debug!(rows = self.held, "rows are put on the disk");
        self.held = 0;
        Ok(())
    }

    /// The rows of a partition, in no order.
    ///
    /// # Errors
    /// [`MemoryError::File`], [`MemoryError::Scratch`].
    pub fn read(&self, partition: usize) -> Result<Vec<R>, MemoryError> {
        let Some(of) = self.partitions.get(partition) else { return Ok(Vec::new()) };
        let mut rows = Vec::with_capacity(of.rows());
        rows.extend_from_slice(&of.held);
        of.read(&self.scratch, &mut rows)?;
        Ok(rows)
    }

    /// Works on each partition's rows, several at a time, and takes the results in the order of the partitions. Rows of a partition
    /// are in no order. A partition of more than so many rows is passed over.
    ///
    /// # Errors
    /// [`MemoryError::File`], [`MemoryError::Scratch`].
    pub fn consume<T: Send>(
        self,
        most_rows: usize,
        work: impl Fn(Vec<R>) -> T + Sync,
        mut take: impl FnMut(T),
    ) -> Result<(), MemoryError> {
        let Self { scratch, mut partitions, .. } = self;
        let one = |partition: &mut Partition<R>| {
            if partition.rows() > most_rows {
                return Ok(None);
            }
            let mut rows = std::mem::take(&mut partition.held);
            partition.read(&scratch, &mut rows)?;
            Ok(Some(work(rows)))
        };
        // A few for each thread: what waits to be taken is little.
        for some in partitions.chunks_mut(4 * rayon::current_num_threads()) {
            let results: Vec<Option<T>> = some.par_iter_mut().map(one).collect::<Result<_, _>>()?;
            results.into_iter().flatten().for_each(&mut take);
        }
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
        assert_eq!(spill.largest(), 5_000);
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
        assert_eq!(sums(Some(1_000), 4_999).1, in_memory[..70], "the largest is passed over");
    }
}
