//! How a caller watches and stops a fetch.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::FetchError;

/// A request to stop, shared by whoever may ask and whoever has to listen. It is heeded within about a second; while a
/// connection is being made, at the latest when that succeeds or times out.
#[derive(Debug, Clone, Default)]
pub struct Cancel {
    own: Arc<AtomicBool>,
    parent: Option<Box<Cancel>>,
}

/// How long anything waits before it looks for a request to stop.
pub(super) const LOOK_UP: Duration = Duration::from_secs(1);

impl Cancel {
    /// Asks everybody who listens to stop.
    pub fn cancel(&self) {
        self.own.store(true, Ordering::Relaxed);
    }

    /// Whether stopping was asked for.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.own.load(Ordering::Relaxed) || self.parent.as_ref().is_some_and(|parent| parent.is_cancelled())
    }

    /// A request of its own that also heeds this one.
    pub(super) fn child(&self) -> Self {
        Self { own: Arc::default(), parent: Some(Box::new(self.clone())) }
    }

    pub(super) fn check(&self) -> Result<(), FetchError> {
        if self.is_cancelled() { Err(FetchError::Cancelled) } else { Ok(()) }
    }

    /// Sleeps, unless or until stopping is asked for.
    pub(super) fn sleep(&self, duration: Duration) -> Result<(), FetchError> {
        let mut left = duration;
        while !left.is_zero() {
            self.check()?;
            let slice = left.min(LOOK_UP / 10);
            std::thread::sleep(slice);
            left -= slice;
        }
        self.check()
    }
}

/// What happened, for a progress display. Comes from several threads, in no fixed order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress<'a> {
    /// The directory was read: so many files with so many bytes are to be transferred.
    Listed {
        /// Files.
        files: usize,
        /// Bytes, as the server states them.
        bytes: u64,
    },
    /// More bytes of a file arrived.
    Received {
        /// The file's name.
        name: &'a str,
        /// Bytes since the last call for this file.
        bytes: u64,
    },
    /// A file has to be read again from its start: so many bytes no longer count.
    Restarted {
        /// The file's name.
        name: &'a str,
        /// Bytes that were reported as received before.
        bytes: u64,
    },
    /// The connection broke or stalled and is made again.
    Retrying {
        /// What is tried again: a file's name or the server's address.
        name: &'a str,
        /// What went wrong.
        why: &'a str,
    },
    /// A file is in the archive.
    Archived {
        /// The file's name.
        name: &'a str,
    },
}

/// The caller's side of a fetch.
#[derive(Clone)]
pub struct Control<'a> {
    /// Called for every [`Progress`].
    pub progress: &'a (dyn Fn(Progress<'_>) + Sync),
    /// Heeded between blocks and while waiting.
    pub cancel: Cancel,
}

impl Control<'_> {
    /// A caller that does not watch and will not ask to stop.
    #[must_use]
    pub fn silent() -> Self {
        Self { progress: &|_| {}, cancel: Cancel::default() }
    }
}
