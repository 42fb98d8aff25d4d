//! What the lines of a file of settlement details come to, for a file whose money nobody looks at any more.

use super::keyed::{Keyed, Merge, Shared};
use crate::proof::sums::{BatchKey, BatchSum, BatchSums, count_line};
use crate::records::Idle;
use crate::report::Line;

/// Adds up lines that come in blocks, on all cores; see [`sums_of_lines`](crate::proof::sums_of_lines).
#[derive(Debug, Default)]
pub struct LineSums {
    memories: Idle<Keyed<BatchKey, BatchSum>>,
    sums: Shared<BatchKey, BatchSum>,
}

impl Merge for BatchSum {
    fn merge(&mut self, other: Self) {
        Self::merge(self, &other);
    }
}

impl LineSums {
    /// Adds the lines of one block.
    pub fn add(&self, lines: &[Line]) {
        let mut local = self.memories.take();
        for line in lines {
            self.sums.add(&mut local, BatchKey::of(line), BatchSum::default, |sum| count_line(sum, line));
        }
        self.memories.give_back(local);
    }

    /// All sums.
    #[must_use]
    pub fn finish(self) -> BatchSums {
        self.memories.into_all().into_iter().for_each(|local| self.sums.take_in(local));
        self.sums.into_values().collect()
    }
}
