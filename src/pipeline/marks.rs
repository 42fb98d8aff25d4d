//! The marks of a day's rows, by partition (`matching::agreed`).

use rayon::iter::{IntoParallelRefMutIterator, ParallelIterator};

use crate::matching::agreed::{self, Agreed, Mark, PARTITIONS, Place};
use crate::memory::MemoryError;

/// Marks that are gathered while reports and ledger are read.
#[derive(Debug)]
pub struct Marks {
    partitions: Vec<Vec<Mark>>,
}

impl Marks {
    /// None yet.
    pub fn new() -> Self {
        Self { partitions: vec![Vec::new(); PARTITIONS] }
    }

    /// Adds marks.
    ///
    /// # Errors
    /// They cannot be written.
    pub fn extend(&mut self, marks: impl Iterator<Item = Mark>) -> Result<(), MemoryError> {
        for mark in marks {
            self.partitions[mark.partition()].push(mark);
        }
        Ok(())
    }

    /// How many there are of each partition, to come back to when a file turns out to be unreadable.
    pub fn counts(&self) -> Vec<usize> {
        self.partitions.iter().map(Vec::len).collect()
    }

    /// Drops what was added since.
    pub fn back_to(&mut self, counts: &[usize]) {
        self.partitions.iter_mut().zip(counts).for_each(|(marks, &count)| marks.truncate(count));
    }

    /// Keeps the marks of rows that agree, and gives their places.
    pub fn agree(&mut self) -> Vec<Place> {
        self.partitions.par_iter_mut().for_each(agreed::agree);
        self.partitions.iter().flatten().map(Mark::place).collect()
    }

    /// Adds up the marks whose rows are left out of matching.
    pub fn left_out(&mut self, is_left_out: impl Fn(Place) -> bool + Sync) -> Agreed {
        Agreed::of(&mut self.partitions, is_left_out)
    }
}
