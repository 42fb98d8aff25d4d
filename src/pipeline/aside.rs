//! Rows that a run puts aside while it reads: in memory, or on the disk where memory gets short.

use std::ops::Range;

use crate::memory::{Memory, MemoryError, Spill, Spilled};

use super::room::Room;

/// After how many rows the room is looked at.
const STEP: usize = 1 << 16;

/// What rows may take however short memory is: less would make pieces on the disk so small that finding them takes the time.
const LEAST_BYTES: usize = 4 << 20;

/// What the rows of the partitions that are worked on at once may take however short memory is.
const LEAST_AT_ONCE_BYTES: usize = 16 << 20;

/// Rows by partition.
#[derive(Debug)]
pub struct Aside<R> {
    rows: Spill<R>,
    room: Room,
    /// Rows since the room was looked at last.
    unwatched: usize,
    is_short: bool,
}

impl<R: Spilled> Aside<R> {
    /// None yet.
    ///
    /// # Errors
    /// There is no room on the disk.
    pub fn new(memory: &Memory, room: Room) -> Result<Self, MemoryError> {
        let mut rows = Spill::new(memory)?;
        let budget = room.for_waiting_rows();
        budget.into_iter().for_each(|bytes| rows.limit(bytes));
        Ok(Self { rows, room, unwatched: 0, is_short: budget.is_some() })
    }

    /// Adds a row to a partition.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn put(&mut self, partition: usize, row: R) -> Result<(), MemoryError> {
        self.unwatched += 1;
        if self.unwatched >= STEP {
            self.unwatched = 0;
            self.make_room()?;
        }
        self.rows.put(partition, row)
    }

    /// Lets the rows take half of what they do where memory gets short, and so on while it stays so.
    fn make_room(&mut self) -> Result<(), MemoryError> {
        if !self.room.is_tight() {
            return Ok(());
        }
        let held = self.rows.held_bytes();
        self.is_short = true;
        if held <= LEAST_BYTES {
            return Ok(());
        }
        self.rows.limit((held / 2).max(LEAST_BYTES));
        self.rows.flush()
    }

    /// Nobody reads the rows for a while: they go to the disk.
    ///
    /// # Errors
    /// They cannot be written.
    pub fn rest(&mut self) -> Result<(), MemoryError> {
        self.rows.flush()
    }

    /// The rows of a partition, in no order.
    ///
    /// # Errors
    /// What was written cannot be read.
    pub fn read(&self, partition: usize) -> Result<Vec<R>, MemoryError> {
        self.rows.read(partition)
    }

    /// How many of some partitions may be read at once: one for each thread, or fewer where so much would not be left to others.
    pub fn at_once(&self, of: Range<usize>) -> usize {
        let largest = self.largest_bytes(of);
        let fits = |count: &usize| self.room.has(8 * largest * *count as u64);
        (1..=rayon::current_num_threads()).rev().find(fits).unwrap_or(1)
    }

    /// Bytes that the largest of some partitions takes when it is read.
    pub fn largest_bytes(&self, of: Range<usize>) -> u64 {
        (self.rows.largest(of) * size_of::<R>()) as u64
    }

    /// Works on each partition's rows, and takes the results in the order of the partitions. Where memory is short, a partition that is
    /// too large for it is passed over.
    ///
    /// # Errors
    /// What was written cannot be read.
    pub fn consume<T: Send>(
        self,
        work: impl Fn(Vec<R>) -> T + Sync,
        take: impl FnMut(T) + Send,
    ) -> Result<(), MemoryError> {
        let at_once = self.room.for_waiting_rows().unwrap_or_default().max(LEAST_AT_ONCE_BYTES);
        let most = if self.is_short { at_once / size_of::<R>() } else { usize::MAX };
        self.rows.consume(most, work, take)
    }
}
