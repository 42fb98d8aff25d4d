//! What is used again from block to block.

use std::sync::{Mutex, PoisonError};

/// Values that no block uses now: each takes one and gives it back, so that there are no more of them than blocks at a time.
#[derive(Debug)]
pub struct Idle<T>(Mutex<Vec<T>>);

impl<T> Default for Idle<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: Default> Idle<T> {
    /// One of them, or a new one.
    #[must_use]
    pub fn take(&self) -> T {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default()
    }

    /// Gives a value back, for the next block.
    pub fn give_back(&self, value: T) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(value);
    }

    /// All that were given back.
    #[must_use]
    pub fn into_all(self) -> Vec<T> {
        self.0.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}
