//! A map for values that come in runs: the key met last is not looked up again, and values stay in the order of first sight.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hash};

use crate::id::KeyHasher;

/// Values by key.
#[derive(Debug)]
pub(super) struct Keyed<K, V> {
    places: HashMap<K, usize, BuildHasherDefault<KeyHasher>>,
    values: Vec<(K, V)>,
    last: usize,
}

impl<K, V> Default for Keyed<K, V> {
    fn default() -> Self {
        Self { places: HashMap::default(), values: Vec::new(), last: 0 }
    }
}

impl<K: Copy + Eq + Hash, V> Keyed<K, V> {
    /// The place of a key's value, which is made if there is none.
    pub(super) fn place(&mut self, key: K, make: impl FnOnce() -> V) -> usize {
        if self.values.get(self.last).is_none_or(|(known, _)| *known != key) {
            self.last = *self.places.entry(key).or_insert_with(|| {
                self.values.push((key, make()));
                self.values.len() - 1
            });
        }
        self.last
    }

    /// A key's value, which is made if there is none.
    pub(super) fn entry(&mut self, key: K, make: impl FnOnce() -> V) -> &mut V {
        let place = self.place(key, make);
        &mut self.values[place].1
    }

    /// The value at a place.
    pub(super) fn at(&self, place: usize) -> &V {
        &self.values[place].1
    }

    /// The value at a place.
    pub(super) fn at_mut(&mut self, place: usize) -> &mut V {
        &mut self.values[place].1
    }

    /// All values, in the order of first sight.
    pub(super) fn into_values(self) -> impl Iterator<Item = (K, V)> {
        self.values.into_iter()
    }

    /// Puts other values behind these: those of known keys are merged.
    pub(super) fn append(&mut self, next: Self, merge: impl Fn(&mut V, V)) {
        for (key, value) in next.values {
            match self.places.get(&key) {
                Some(&place) => merge(&mut self.values[place].1, value),
                None => {
                    self.places.insert(key, self.values.len());
                    self.values.push((key, value));
                }
            }
        }
    }
}
