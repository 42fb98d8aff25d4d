//! How often to ask again, and how long to wait in between.

use std::fmt;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

/// Three more attempts ride out a restart of a gateway; an outage is better met by the next run.
const MAX_ATTEMPTS: NonZeroU32 = NonZeroU32::new(4).expect("4 is not zero");
/// About a round trip to another continent, twice.
const BASE_DELAY: Duration = Duration::from_millis(500);
/// Longer than this, a question blocks others that may fare better.
const MAX_DELAY: Duration = Duration::from_secs(10);

/// Exponential back-off with full jitter: before attempt n + 1 the client waits a random time
/// between nothing and `base_delay` × 2ⁿ⁻¹, at most `max_delay`. Many clients that were refused
/// together so come back apart.
///
/// The official SDKs do not retry at all; inquiries change nothing, so repeating them is safe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Attempts in all, the first included. Default 4.
    pub max_attempts: NonZeroU32,
    /// The longest wait before the second attempt. Default 500 ms.
    pub base_delay: Duration,
    /// The longest wait ever, a server's `Retry-After` included. Default 10 s.
    pub max_delay: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        RetryPolicy { max_attempts: MAX_ATTEMPTS, base_delay: BASE_DELAY, max_delay: MAX_DELAY }
    }
}

impl RetryPolicy {
    /// Ask once and take what comes.
    #[must_use]
    pub fn never() -> Self {
        RetryPolicy { max_attempts: NonZeroU32::MIN, ..RetryPolicy::default() }
    }

    /// How long to wait after `attempts` that failed; `None` when they were enough. A server that
    /// asked for a pause gets it, as far as `max_delay` allows.
    pub(crate) fn wait_after(
        &self,
        attempts: u32,
        asked_pause: Option<Duration>,
        randomness: &Randomness,
    ) -> Option<Duration> {
        if attempts >= self.max_attempts.get() {
            return None;
        }
        let doublings = attempts.saturating_sub(1).min(u32::BITS - 1);
        let ceiling = self.base_delay.saturating_mul(1 << doublings).min(self.max_delay);
        let pause = asked_pause.unwrap_or_default().min(self.max_delay);
        Some(randomness.up_to(ceiling).max(pause))
    }
}

/// Where jitter comes from: 64 random bits at a time.
#[derive(Clone)]
pub(crate) struct Randomness(Arc<dyn Fn() -> u64 + Send + Sync>);

impl Randomness {
    pub(crate) fn new(source: impl Fn() -> u64 + Send + Sync + 'static) -> Self {
        Randomness(Arc::new(source))
    }

    /// The standard library seeds every `RandomState` differently, which is random enough to spread
    /// retries.
    pub(crate) fn system() -> Self {
        Randomness::new(|| RandomState::new().build_hasher().finish())
    }

    /// A duration between nothing and `ceiling`, to the microsecond.
    fn up_to(&self, ceiling: Duration) -> Duration {
        let choices = u128::from(u64::try_from(ceiling.as_micros()).unwrap_or(u64::MAX)) + 1;
        let chosen = (u128::from((self.0)()) * choices) >> u64::BITS;
        Duration::from_micros(u64::try_from(chosen).unwrap_or(u64::MAX))
    }
}

impl fmt::Debug for Randomness {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Randomness")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(attempts: u32) -> RetryPolicy {
        RetryPolicy {
            max_attempts: NonZeroU32::new(attempts).unwrap_or(NonZeroU32::MIN),
            base_delay: Duration::from_millis(100),
            max_delay: Duration::from_millis(300),
        }
    }

    #[test]
    fn the_ceiling_doubles_up_to_the_longest_wait_and_ends_with_the_attempts() {
        let highest = Randomness::new(|| u64::MAX);
        let waits: Vec<_> = (1..=5).map(|attempts| policy(5).wait_after(attempts, None, &highest)).collect();
        let expected = [Some(100), Some(200), Some(300), Some(300), None].map(|wait| wait.map(Duration::from_millis));
        assert_eq!(waits, expected);
        assert_eq!(RetryPolicy::never().wait_after(1, None, &highest), None);
    }

    #[test]
    fn a_large_number_of_attempts_does_not_overflow() {
        let highest = Randomness::new(|| u64::MAX);
        let patient =
            RetryPolicy { max_attempts: NonZeroU32::MAX, base_delay: Duration::MAX, max_delay: Duration::MAX };
        assert!(patient.wait_after(u32::MAX - 1, None, &highest).is_some());
    }

    #[test]
    fn jitter_is_full() {
        let policy = policy(2);
        let wait = |bits: u64| policy.wait_after(1, None, &Randomness::new(move || bits));
        assert_eq!(wait(0), Some(Duration::ZERO));
        assert_eq!(wait(u64::MAX / 2), Some(Duration::from_millis(50)));
        assert_eq!(wait(u64::MAX), Some(Duration::from_millis(100)));
    }

    #[test]
    fn a_server_that_asks_for_a_pause_gets_it_within_reason() {
        let lowest = Randomness::new(|| 0);
        let wait = |pause: u64| policy(2).wait_after(1, Some(Duration::from_millis(pause)), &lowest);
        assert_eq!(wait(250), Some(Duration::from_millis(250)));
        assert_eq!(wait(60_000), Some(Duration::from_millis(300)));
    }

    #[test]
    fn the_default_source_is_not_constant() {
        let source = Randomness::system();
        let drawn: std::collections::BTreeSet<_> = (0..8).map(|_| (source.0)()).collect();
        assert!(drawn.len() > 1);
    }
}
