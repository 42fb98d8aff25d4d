//! What every kind of source can do: connect, list, tell a file's stamp, read from an offset. Nothing here can write.

use std::time::Duration;

use super::FetchError;
use super::control::Control;
use super::listing::{RawEntry, Stamp};

/// Why an operation on a source failed, by what can be done about it.
pub(super) enum Trouble {
    /// The connection is gone or stalled; another one may work.
    Broken(String),
    /// There is no such file or directory.
    Absent,
    /// Trying again would not help.
    Fatal(FetchError),
}

impl From<FetchError> for Trouble {
    fn from(error: FetchError) -> Self {
        Self::Fatal(error)
    }
}

/// A place where reports come from.
pub(super) trait Endpoint: Sync {
    /// What messages call it.
    fn address(&self) -> String;

    /// The directory above the merchant's.
    fn root(&self) -> &str;

    /// How many files may be transferred at once.
    fn connections(&self) -> usize;

    /// How patient to be.
    fn patience(&self) -> Patience;

    /// Makes one more connection.
    fn connect(&self, control: &Control<'_>) -> Result<Box<dyn Connection>, Trouble>;
}

/// One connection; used by one thread at a time.
pub(super) trait Connection: Send {
    /// Hands every entry of a directory to `each`. What the directory alone does not tell of an entry, such as where a link
    /// leads, is looked up for the names that are `wanted`; nothing that is found there breaks off the listing.
    fn list(
        &mut self,
        directory: &str,
        wanted: &dyn Fn(&str) -> bool,
        each: &mut dyn FnMut(RawEntry) -> Result<(), FetchError>,
    ) -> Result<(), Trouble>;

    /// The size and time of change of a file.
    fn stamp(&mut self, path: &str) -> Result<Stamp, Trouble>;

    /// Reads a file from an offset on.
    fn open(&mut self, path: &str, offset: u64) -> Result<Box<dyn Blocks + '_>, Trouble>;

    /// What is worth telling about the connection: label and value.
    fn facts(&self) -> Vec<(&'static str, String)>;
}

/// A file that is being read.
pub(super) trait Blocks {
    /// Reads the next bytes; 0 means that the file ends here.
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Trouble>;
}

/// How often to try, and how long to wait in between.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    pub(super) attempts: u32,
    pub(super) back_off: Duration,
}

/// The longest wait between two attempts: an hour of trying would outlast the job's own deadline.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// Counts the attempts at one thing.
pub(super) struct Attempts<'a> {
    patience: Patience,
    made: u32,
    /// What is tried, for messages.
    what: &'a str,
    address: &'a str,
}

impl<'a> Attempts<'a> {
    pub(super) fn new(patience: Patience, what: &'a str, address: &'a str) -> Self {
        Self { patience, made: 0, what, address }
    }

    /// Starts counting anew, after an attempt that failed but got well ahead.
    pub(super) fn got_ahead(&mut self) {
        self.made = 0;
    }

    /// Takes note of a failed attempt and waits before the next one; an error if it was the last.
    pub(super) fn failed(&mut self, why: &str, control: &Control<'_>) -> Result<(), FetchError> {
        self.made += 1;
        if self.made >= self.patience.attempts {
            let times = if self.made == 1 { "once:".to_owned() } else { format!("{} times, last:", self.made) };
            return Err(FetchError::Unreachable(format!(
                "{}: {} failed {times} {why}; check the network and the server, then run again",
                self.address, self.what
            )));
        }
        (control.progress)(super::Progress::Retrying { name: self.what, why });
        control.cancel.sleep(wait_before(self.patience.back_off, self.made))
    }
}

/// Doubles the wait with every failure, up to [`LONGEST_WAIT`].
fn wait_before(first: Duration, failures: u32) -> Duration {
    first.saturating_mul(1 << (failures - 1).min(16)).min(LONGEST_WAIT)
}

/// Connects, as often as patience allows.
pub(super) fn connect(endpoint: &dyn Endpoint, control: &Control<'_>) -> Result<Box<dyn Connection>, FetchError> {
    let address = endpoint.address();
    let mut attempts = Attempts::new(endpoint.patience(), "connecting", &address);
    loop {
        control.cancel.check()?;
        match endpoint.connect(control) {
            Ok(connection) => return Ok(connection),
            Err(Trouble::Broken(why)) => attempts.failed(&why, control)?,
            Err(Trouble::Absent) => attempts.failed("it has no such path", control)?,
            Err(Trouble::Fatal(error)) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_limit() {
        let first = Duration::from_secs(1);
        let waits: Vec<u64> = (1..=8).map(|failures| wait_before(first, failures).as_secs()).collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 30, 30, 30]);
        assert_eq!(wait_before(Duration::ZERO, u32::MAX), Duration::ZERO);
    }

    #[test]
    fn attempts_end_with_a_message_that_says_what_to_do() {
        let patience = Patience { attempts: 2, back_off: Duration::ZERO };
        let mut attempts = Attempts::new(patience, "reading `a.csv`", "sftp.example.com:22");
        assert!(attempts.failed("connection reset", &Control::silent()).is_ok());
        let error = attempts.failed("timed out", &Control::silent()).expect_err("that was the last");
        assert_eq!(
            error.to_string(),
            "sftp.example.com:22: reading `a.csv` failed 2 times, last: timed out; check the network and the server, then \
             run again"
        );
    }
}
