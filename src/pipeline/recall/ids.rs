//! Ids that a run asks about, in 64 bits each. Two ids may have the same bits: then a line too many is looked at, and none too few.

use std::collections::HashSet;
use std::hash::{BuildHasherDefault, Hasher};

/// Words of the filter: a megabyte, which stays in a processor's cache while millions of ids are asked for.
const FILTER_WORDS: usize = 1 << 17;

/// Hashes what is a hash already.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Identity(u64);

impl Hasher for Identity {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(byte);
        }
    }

    fn write_u64(&mut self, id: u64) {
        self.0 = id;
    }
}

/// A set of ids, with a small filter before it that answers most questions.
#[derive(Debug)]
pub(super) struct Ids {
    filter: Vec<u64>,
    set: HashSet<u64, BuildHasherDefault<Identity>>,
}

impl Default for Ids {
    fn default() -> Self {
        Self { filter: vec![0; FILTER_WORDS], set: HashSet::default() }
    }
}

impl Ids {
    /// Adds an id, and tells whether it is new. 0 is no id.
    pub(super) fn add(&mut self, id: u64) -> bool {
        if id == 0 || !self.set.insert(id) {
            return false;
        }
        let (word, bit) = Self::place(id);
        self.filter[word] |= bit;
        true
    }

    /// Whether an id is in the set.
    pub(super) fn has(&self, id: u64) -> bool {
        let (word, bit) = Self::place(id);
        self.filter[word] & bit != 0 && self.set.contains(&id)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.set.is_empty()
    }

    /// The set is asked by the low bits, so the filter takes others.
    const fn place(id: u64) -> (usize, u64) {
        ((id >> 40) as usize % FILTER_WORDS, 1 << (id >> 57 & 63))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_added_once_and_found() {
        let mut ids = Ids::default();
        let id = |at: u64| at.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        assert!((1..=1000).all(|at| ids.add(id(at))));
        assert!(!ids.add(id(7)) && !ids.add(0));
        assert!((1..=1000).all(|at| ids.has(id(at))));
        assert!((1001..=9000).all(|at| !ids.has(id(at))));
        assert!(!ids.has(0));
    }
}
