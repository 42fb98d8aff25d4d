//! What the lines of a file of settlement details come to, for a file whose money nobody looks at any more.

use super::keyed::{Keyed, Merge, Shared};
use crate::proof::sums::{BatchKey, BatchSum, BatchSums, count_line};
use crate::report::Line;

/// Adds up lines that come in blocks, on all cores; see [`sums_of_lines`](crate::proof::sums_of_lines).
#[derive(Debug, Default)]
pub struct LineSums(Shared<BatchKey, BatchSum>);

impl Merge for BatchSum {
    fn merge(&mut self, other: Self) {
        Self::merge(self, &other);
    }
}

impl LineSums {
    /// Adds the lines of one block.
    pub fn add(&self, lines: &[Line]) {
        let mut local = Keyed::default();
        for line in lines {
            self.0.add(&mut local, BatchKey::of(line), BatchSum::default, |sum| count_line(sum, line));
        }
        self.0.take_in(local);
    }

    /// All sums.
    #[must_use]
    pub fn finish(self) -> BatchSums {
        self.0.into_values().collect()
    }
}
