//! The only reader of the system time. Everything else is told what time it is.
#![allow(clippy::disallowed_types, clippy::disallowed_methods, reason = "this is where the clock is read")]

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::calendar::Instant;

/// The time now, in milliseconds of UTC. A clock before 1970 counts as 1970.
#[must_use]
pub fn now() -> Instant {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Instant::from_millis(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
}

/// Measures how long a stage takes, unmoved by corrections of the system time.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch(std::time::Instant);

impl Stopwatch {
    /// Starts to measure.
    #[must_use]
    pub fn start() -> Self {
        Self(std::time::Instant::now())
    }

    /// The time since the start.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }

    /// The time since the start or the last lap, and starts anew.
    pub fn lap(&mut self) -> Duration {
        let elapsed = self.elapsed();
        *self = Self::start();
        elapsed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_is_of_this_century_and_the_stopwatch_runs_forwards() {
        let mut watch = Stopwatch::start();
        let first = watch.elapsed();
        assert!(watch.elapsed() >= first);
        assert!(watch.lap() >= first);
        assert!(now() > Instant::parse(b"2026-01-01T00:00:00Z").expect("an instant"));
    }
}
