//! The end of all patience: a fetch that goes on for too long is stopped, however often the server says a little.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use super::FetchError;
use super::control::Control;

/// Does the work; if it is not done in time, asks it to stop, which it heeds as it heeds any request to stop.
pub(super) fn within<T>(
    limit: Duration,
    address: &str,
    control: &Control<'_>,
    work: impl FnOnce(&Control<'_>) -> Result<T, FetchError>,
) -> Result<T, FetchError> {
    let cancel = control.cancel.child();
    let is_over = AtomicBool::new(false);
    let done = thread::scope(|scope| {
        let (working, ended) = mpsc::channel::<()>();
        let (cancel, is_over) = (&cancel, &is_over);
        scope.spawn(move || {
            if ended.recv_timeout(limit) == Err(RecvTimeoutError::Timeout) {
                is_over.store(true, Ordering::Relaxed);
                cancel.cancel();
            }
        });
        let done = work(&Control { progress: control.progress, cancel: cancel.clone() });
        drop(working);
        done
    });
    match done {
        Err(FetchError::Cancelled) if is_over.into_inner() && !control.cancel.is_cancelled() => {
            Err(FetchError::Unreachable(format!(
                "{address}: fetching was not done within {} seconds; files that are complete are kept; check the network and \
                 the server, or allow more by `source.total_timeout`, then run again",
                limit.as_secs()
            )))
        }
        done => done,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Works until it is asked to stop.
    fn endless(control: &Control<'_>) -> Result<(), FetchError> {
        control.cancel.sleep(Duration::from_secs(3600))
    }

    #[test]
    fn what_is_done_in_time_is_done() {
        let done = within(Duration::from_secs(3600), "a", &Control::silent(), |control| {
            control.cancel.check()?;
            Ok(7)
        });
        assert_eq!(done.ok(), Some(7));
    }

    #[test]
    fn what_is_not_done_in_time_is_stopped_and_said() {
        let said = within(Duration::from_millis(1500), "sftp.example.com:22", &Control::silent(), endless);
        assert_eq!(
            said.map_err(|error| error.to_string()),
            Err("sftp.example.com:22: fetching was not done within 1 seconds; files that are complete are kept; check the \
                 network and the server, or allow more by `source.total_timeout`, then run again"
                .to_owned())
        );
    }

    #[test]
    fn whoever_asks_to_stop_is_told_that_it_was_stopped() {
        let control = Control::silent();
        control.cancel.cancel();
        let said = within(Duration::from_secs(3600), "a", &control, endless);
        assert!(matches!(said, Err(FetchError::Cancelled)));
    }
}
