//! A filter of ids: it says of every id that was added that it is there, and of some others too. One that is too large for the memory
//! is made part by part, of a part of all ids each.

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
    /// Blocks of all parts together, and before this one.
    blocks: u64,
    before: u64,
}

impl Bloom {
    /// Room for so many ids.
    pub(super) fn for_ids(ids: u64) -> Self {
        Self::part(ids, (0, 1))
    }

    /// One part of so many of a filter with room for so many ids: others than its own it does not know.
    pub(super) fn part(ids: u64, (at, parts): (u64, u64)) -> Self {
        let blocks = (ids * BITS_PER_ID).div_ceil(BLOCK_WORDS * 64).max(1);
        let (before, end) = (blocks * at / parts, blocks * (at + 1) / parts);
        let words = usize::try_from((end - before) * BLOCK_WORDS).unwrap_or(usize::MAX);
        Self { words: (0..words).map(|_| AtomicU64::new(0)).collect(), blocks, before }
    }

    /// In how many parts a filter for so many ids is made, of which each takes at most so many bytes.
    pub(super) fn parts(ids: u64, bytes: u64) -> u64 {
        (ids * BITS_PER_ID / 8).div_ceil(bytes.max(1)).max(1)
    }

    /// Adds an id.
    pub(super) fn add(&self, id: u64) {
        for (word, bit) in self.places(id).into_iter().flatten() {
            self.words[word].fetch_or(bit, Ordering::Relaxed);
        }
    }

    /// Whether an id may have been added. 0 is no id.
    pub(super) fn may_have(&self, id: u64) -> bool {
        let is_set = |(word, bit): (usize, u64)| self.words[word].load(Ordering::Relaxed) & bit != 0;
        id != 0 && self.places(id).is_some_and(|mut places| places.all(is_set))
    }

    /// The bits of an id, which is a hash already: its upper half says which block, its lower which bits. None if the block is in
    /// another part.
    fn places(&self, id: u64) -> Option<impl Iterator<Item = (usize, u64)> + use<>> {
        let block = (((id >> 32) * self.blocks) >> 32).checked_sub(self.before)?;
        let first = usize::try_from(block * BLOCK_WORDS).ok().filter(|first| *first < self.words.len())?;
        Some((0..BITS).map(move |at| {
            let bit = (id >> (at * 6)) & 63;
            let word = (id >> (at * 3 + 17)) & (BLOCK_WORDS - 1);
            (first + word as usize, 1 << bit)
        }))
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

    #[test]
    fn the_parts_say_together_what_the_whole_says() {
        let id = |at: u64| at.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(23).wrapping_mul(0xd6e8_feb8_6659_fd93);
        let whole = Bloom::for_ids(10_000);
        let parts: Vec<Bloom> = (0..7).map(|at| Bloom::part(10_000, (at, 7))).collect();
        assert_eq!(parts.iter().map(|part| part.words.len()).sum::<usize>(), whole.words.len());
        for bloom in parts.iter().chain([&whole]) {
            (1..=10_000).for_each(|at| bloom.add(id(at)));
        }
        for at in 1..=110_000 {
            let known = parts.iter().filter(|part| part.may_have(id(at))).count();
            assert_eq!(known, usize::from(whole.may_have(id(at))), "{at}");
        }
        assert_eq!((Bloom::parts(10_000, 20_000), Bloom::parts(10_000, 19_999), Bloom::parts(0, 0)), (1, 2, 1));
    }
}
