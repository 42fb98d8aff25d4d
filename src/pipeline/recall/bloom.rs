//! A filter of ids: it says of every id that was added that it is there, and of some others too.

use std::sync::atomic::{AtomicU64, Ordering};

/// Words of a block: a line of a processor's cache, so that a question costs one look into memory.
const BLOCK_WORDS: u64 = 8;

/// Bits that an id sets in its block.
const BITS: u32 = 5;

/// Bits of room for each id: with five set, some two of a thousand ids that are not there seem to be.
const BITS_PER_ID: u64 = 16;

/// A filter that any thread adds to.
#[derive(Debug)]
pub(super) struct Bloom {
    words: Vec<AtomicU64>,
}

impl Bloom {
    /// Room for so many ids.
    pub(super) fn for_ids(ids: u64) -> Self {
        let blocks = (ids * BITS_PER_ID).div_ceil(BLOCK_WORDS * 64).max(1);
        let words = usize::try_from(blocks * BLOCK_WORDS).unwrap_or(usize::MAX);
        Self { words: (0..words).map(|_| AtomicU64::new(0)).collect() }
    }

    /// Adds an id.
    pub(super) fn add(&self, id: u64) {
        for (word, bit) in self.places(id) {
            self.words[word].fetch_or(bit, Ordering::Relaxed);
        }
    }

    /// Whether an id may have been added. 0 is no id.
    pub(super) fn may_have(&self, id: u64) -> bool {
        id != 0 && self.places(id).all(|(word, bit)| self.words[word].load(Ordering::Relaxed) & bit != 0)
    }

    /// The bits of an id, which is a hash already: its upper half says which block, its lower which bits.
    fn places(&self, id: u64) -> impl Iterator<Item = (usize, u64)> + use<> {
        let blocks = self.words.len() as u64 / BLOCK_WORDS;
        let block = ((id >> 32) * blocks) >> 32;
        (0..BITS).map(move |at| {
            let bit = (id >> (at * 6)) & 63;
            let word = (id >> (at * 3 + 17)) & (BLOCK_WORDS - 1);
            (usize::try_from(block * BLOCK_WORDS + word).unwrap_or_default(), 1 << bit)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_added_is_there_and_little_else() {
        let id = |at: u64| at.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(23).wrapping_mul(0xd6e8_feb8_6659_fd93);
        let bloom = Bloom::for_ids(10_000);
        (1..=10_000).for_each(|at| bloom.add(id(at)));
        assert!((1..=10_000).all(|at| bloom.may_have(id(at))));
        let others = (10_001..=110_000).filter(|&at| bloom.may_have(id(at))).count();
        assert!(others < 1_000, "{others} of 100,000");
        assert!(!bloom.may_have(0));
    }
}
