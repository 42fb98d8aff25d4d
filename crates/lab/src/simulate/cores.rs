//! As many worlds at work as there are cores. One whose job only waits lends its core to another.

use std::sync::{Condvar, Mutex, PoisonError};

/// The cores.
pub(super) struct Cores {
    count: usize,
    free: Mutex<usize>,
    freed: Condvar,
}

/// One core, until it is dropped.
pub(super) struct Lent<'c> {
    cores: &'c Cores,
}

impl Cores {
    pub(super) fn new(count: usize) -> Self {
        Self { count, free: Mutex::new(count), freed: Condvar::new() }
    }

    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// Waits for a core.
    pub(super) fn lend(&self) -> Lent<'_> {
        self.take();
        Lent { cores: self }
    }

    fn take(&self) {
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let mut free = self.freed.wait_while(free, |free| *free == 0).unwrap_or_else(PoisonError::into_inner);
        *free -= 1;
    }

    fn give(&self) {
        *self.free.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.freed.notify_one();
    }
}

impl Lent<'_> {
    /// Does something that is mostly waiting, while others have the core.
    pub(super) fn idle<T>(&self, work: impl FnOnce() -> T) -> T {
        self.cores.give();
        let result = work();
        self.cores.take();
        result
    }
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        self.cores.give();
    }
}
