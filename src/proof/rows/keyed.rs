//! Sums by key, for lines that come on all cores: each block adds to a memory that no other block uses then, and that the next one goes
//! on with, so that neither many parties nor many blocks cost much. What a memory has no room for is summed up in one place for the
//! whole file. Sums do not depend on their order.

use std::collections::HashMap;
use std::hash::{BuildHasher, BuildHasherDefault, Hash, Hasher};
use std::sync::{Mutex, PoisonError};

/// How many keys a memory has room for: those of most marketplaces' days, in some megabytes for each core.
const LOCAL_KEYS: usize = 1 << 14;

/// Parts of a file's sums, each under a lock of its own: many more than there are cores, so that they rarely wait.
const SHARDS: usize = 64;

/// Hashes the small numbers that keys are made of: a multiplication for each.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct FieldHasher(u64);

impl FieldHasher {
    const fn mix(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

impl Hasher for FieldHasher {
    fn finish(&self) -> u64 {
        // A multiplication mixes upwards only; a map looks at the lowest bits too.
        self.0.rotate_left(26)
    }

    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            self.mix(chunk.iter().fold(0, |word, &byte| word << 8 | u64::from(byte)));
        }
    }

    fn write_u8(&mut self, number: u8) {
        self.mix(number.into());
    }

    fn write_u32(&mut self, number: u32) {
        self.mix(number.into());
    }

    fn write_u64(&mut self, number: u64) {
        self.mix(number);
    }

    fn write_i32(&mut self, number: i32) {
        self.mix(number.cast_unsigned().into());
    }

    fn write_usize(&mut self, number: usize) {
        self.mix(number as u64);
    }
}

type Fields = BuildHasherDefault<FieldHasher>;

/// Values by key; the key met last is not looked up again.
#[derive(Debug)]
pub(super) struct Keyed<K, V> {
    places: HashMap<K, usize, Fields>,
    values: Vec<(K, V)>,
    last: usize,
}

impl<K, V> Default for Keyed<K, V> {
    fn default() -> Self {
        Self { places: HashMap::default(), values: Vec::new(), last: 0 }
    }
}

impl<K: Copy + Eq + Hash, V> Keyed<K, V> {
    /// The place of a known key.
    fn find(&mut self, key: K) -> Option<usize> {
        if self.values.get(self.last).is_none_or(|(known, _)| *known != key) {
            self.last = *self.places.get(&key)?;
        }
        Some(self.last)
    }

    /// Puts a new key behind the others.
    fn push(&mut self, key: K, value: V) -> usize {
        self.last = self.values.len();
        self.places.insert(key, self.last);
        self.values.push((key, value));
        self.last
    }

    /// A key's value, which is made if there is none.
    pub(super) fn entry(&mut self, key: K, make: impl FnOnce() -> V) -> &mut V {
        let place = self.find(key).unwrap_or_else(|| self.push(key, make()));
        &mut self.values[place].1
    }
}

/// A value that takes in another of its key.
pub(super) trait Merge {
    /// Takes the other's sums in.
    fn merge(&mut self, other: Self);
}

/// The sums of a file, but for those in the memories of its blocks.
#[derive(Debug)]
pub(super) struct Shared<K, V> {
    shards: Vec<Mutex<HashMap<K, V, Fields>>>,
}

impl<K, V> Default for Shared<K, V> {
    fn default() -> Self {
        Self { shards: (0..SHARDS).map(|_| Mutex::default()).collect() }
    }
}

impl<K: Copy + Eq + Hash, V: Merge> Shared<K, V> {
    fn shard(&self, key: &K) -> &Mutex<HashMap<K, V, Fields>> {
        // Bits that a map neither takes its place nor its tag from.
        let bits = Fields::default().hash_one(key) >> 32;
        &self.shards[usize::try_from(bits).unwrap_or_default() % SHARDS]
    }

    /// Adds to a key's value: in the block's memory if there is room for it, else here.
    pub(super) fn add(&self, local: &mut Keyed<K, V>, key: K, make: impl FnOnce() -> V, add: impl FnOnce(&mut V)) {
        if let Some(place) = local.find(key) {
            add(&mut local.values[place].1);
        } else if local.values.len() < LOCAL_KEYS {
            add(local.entry(key, make));
        } else {
            let mut shard = self.shard(&key).lock().unwrap_or_else(PoisonError::into_inner);
            add(shard.entry(key).or_insert_with(make));
        }
    }

    /// Takes in the sums of a memory.
    pub(super) fn take_in(&self, local: Keyed<K, V>) {
        for (key, value) in local.values {
            let mut shard = self.shard(&key).lock().unwrap_or_else(PoisonError::into_inner);
            match shard.get_mut(&key) {
                Some(known) => known.merge(value),
                None => drop(shard.insert(key, value)),
            }
        }
    }

    /// All sums, in no order.
    pub(super) fn into_values(self) -> impl Iterator<Item = (K, V)> {
        self.shards.into_iter().flat_map(|shard| shard.into_inner().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::Idle;

    impl Merge for u64 {
        fn merge(&mut self, other: Self) {
            *self += other;
        }
    }

    #[test]
    fn what_a_memory_has_no_room_for_is_summed_up_all_the_same() {
        let (idle, shared) = (Idle::<Keyed<u32, u64>>::default(), Shared::<u32, u64>::default());
        let keys = u32::try_from(LOCAL_KEYS).expect("a small number") + 100;
        for block in 0..3 {
            let mut local = idle.take();
            for key in (0..keys).map(|key| (key + block * 7) % keys) {
                shared.add(&mut local, key, || 0, |sum| *sum += u64::from(key));
            }
            assert_eq!(local.values.len(), LOCAL_KEYS);
            idle.give_back(local);
        }
        let memories = idle.into_all();
        assert_eq!(memories.len(), 1, "each block goes on with the memory of the one before");
        memories.into_iter().for_each(|local| shared.take_in(local));
        let mut sums: Vec<(u32, u64)> = shared.into_values().collect();
        sums.sort_unstable();
        assert_eq!(sums, (0..keys).map(|key| (key, 3 * u64::from(key))).collect::<Vec<_>>());
    }
}
