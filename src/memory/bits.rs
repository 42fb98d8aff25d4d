//! One bit per row.

use super::bytes::{Put, Take};

/// A set of rows of one file. One that never had a row takes no memory.
#[derive(Debug, Clone, Default)]
pub struct Bits {
    /// All of them, or none if no row was ever put in.
    words: Vec<u64>,
    rows: u32,
}

impl PartialEq for Bits {
    fn eq(&self, other: &Self) -> bool {
        self.rows == other.rows && self.words().eq(other.words())
    }
}

impl Eq for Bits {}

impl Bits {
    /// No row of so many.
    #[must_use]
    pub const fn none(rows: u32) -> Self {
        Self { words: Vec::new(), rows }
    }

    /// Every word, made or not.
    fn words(&self) -> impl Iterator<Item = u64> + '_ {
        (0..(self.rows as usize).div_ceil(64)).map(|at| self.words.get(at).copied().unwrap_or_default())
    }

    /// Number of rows, in the set or not.
    #[must_use]
    pub const fn rows(&self) -> u32 {
        self.rows
    }

    /// Whether a row is in the set; one beyond the end is not.
    #[must_use]
    pub fn has(&self, row: u32) -> bool {
        self.words.get(row as usize / 64).is_some_and(|word| word >> (row % 64) & 1 == 1)
    }

    /// Puts a row in.
    pub fn put(&mut self, row: u32) {
        if row < self.rows {
            if self.words.is_empty() {
                self.words = vec![0; (self.rows as usize).div_ceil(64)];
            }
            self.words[row as usize / 64] |= 1 << (row % 64);
        }
    }

    /// Takes a row out.
    pub fn take_out(&mut self, row: u32) {
        if let Some(word) = self.words.get_mut(row as usize / 64).filter(|_| row < self.rows) {
            *word &= !(1 << (row % 64));
        }
    }

    /// The rows in the set, in their order.
    pub fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        (0_u32..)
            .zip(&self.words)
            .filter(|(_, word)| **word != 0)
            .flat_map(|(at, &word)| (0..64_u32).filter(move |bit| word >> bit & 1 == 1).map(move |bit| at * 64 + bit))
    }

    /// How many rows are in the set.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.words.iter().map(|word| u64::from(word.count_ones())).sum()
    }

    pub(super) fn put_into(&self, put: &mut Put) {
        put.u32(self.rows);
        self.words().for_each(|word| put.u64(word));
    }

    pub(super) fn take_from(take: &mut Take<'_>) -> Option<Self> {
        let rows = take.u32()?;
        let mut words = Vec::new();
        for _ in 0..(rows as usize).div_ceil(64) {
            words.push(take.u64()?);
        }
        Some(Self { words, rows })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_put_in_and_taken_out() {
        let mut bits = Bits::none(130);
        for row in [0, 63, 64, 129, 130, 4_000_000_000] {
            bits.put(row);
        }
        assert_eq!(bits.iter().collect::<Vec<_>>(), [0, 63, 64, 129]);
        assert!(bits.has(63) && !bits.has(62) && !bits.has(130));
        bits.take_out(64);
        assert_eq!(bits.count(), 3);
        let mut put = Put::default();
        bits.put_into(&mut put);
        assert_eq!(Bits::take_from(&mut Take(&put.0)), Some(bits));
        let mut none = Bits::none(70);
        none.take_out(69);
        assert!(!none.has(69) && none.iter().next().is_none() && none.words.is_empty());
        none.put(69);
        none.take_out(69);
        assert_eq!(none, Bits::none(70), "made and empty");
        let mut empty = Put::default();
        Bits::none(70).put_into(&mut empty);
        assert_eq!(Bits::take_from(&mut Take(&empty.0)), Some(none));
        put.0.pop();
        assert_eq!(Bits::take_from(&mut Take(&put.0)), None);
    }
}
