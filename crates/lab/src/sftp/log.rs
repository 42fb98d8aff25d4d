//! What clients did, so that tests can prove what the job did and did not do.

use super::faults::Moment;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// One thing that a client did. Paths are absolute as the client sees them, except in `Refused`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SftpEvent {
    /// A TCP connection came in.
    Connected,
    /// A login was refused, for a wrong secret or by a fault.
    LoginRefused {
        /// User name as given.
        user: String,
        /// `password` or `publickey`.
        method: &'static str,
    },
    /// A login succeeded.
    LoggedIn {
        /// `password` or `publickey`.
        method: &'static str,
    },
    /// A folder was opened for listing.
    Listed(String),
    /// A file was opened for reading.
    Opened(String),
    /// A file was read to its end: a read at or past its last byte was answered with end of file.
    ReadToEnd(String),
    /// A path that does not exist, cannot be read, or lies outside the served folder, as asked.
    Refused(String),
    /// A path that used `..` to climb above the top, as asked.
    Climbed(String),
    /// Something that would have changed the server. Always refused.
    AttemptedWrite {
        /// Name of the request, such as `remove` or `open for writing`.
        operation: &'static str,
        /// Path or handle it was meant for.
        path: String,
    },
    /// The server cut the connection while this file was read.
    Dropped(String),
    /// The server cut the connection at this moment.
    Cut(Moment),
    /// The server stopped answering reads of this file.
    Stalled(String),
}

/// The events of one server in the order in which they happened, shared.
#[derive(Clone, Default)]
pub struct SftpLog(Arc<Mutex<Vec<SftpEvent>>>);

impl SftpLog {
    /// All events so far.
    #[must_use]
    pub fn events(&self) -> Vec<SftpEvent> {
        self.lock().clone()
    }

    /// Every request that would have changed the server, as `operation path`. A job that only reads leaves it empty.
    #[must_use]
    pub fn attempted_writes(&self) -> Vec<String> {
        self.pick(|event| match event {
            SftpEvent::AttemptedWrite { operation, path } => Some(format!("{operation} {path}")),
            _ => None,
        })
    }

    /// Files opened for reading, once per open.
    #[must_use]
    pub fn opened(&self) -> Vec<String> {
        self.pick(|event| match event {
            SftpEvent::Opened(path) => Some(path.clone()),
            _ => None,
        })
    }

    /// Folders listed, once per listing.
    #[must_use]
    pub fn listed(&self) -> Vec<String> {
        self.pick(|event| match event {
            SftpEvent::Listed(path) => Some(path.clone()),
            _ => None,
        })
    }

    /// TCP connections so far.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.count(|event| matches!(event, SftpEvent::Connected))
    }

    /// Refused logins so far.
    #[must_use]
    pub fn login_failures(&self) -> usize {
        self.count(|event| matches!(event, SftpEvent::LoginRefused { .. }))
    }

    /// Successful logins so far.
    #[must_use]
    pub fn logins(&self) -> usize {
        self.count(|event| matches!(event, SftpEvent::LoggedIn { .. }))
    }

    pub(crate) fn add(&self, event: SftpEvent) {
        self.lock().push(event);
    }

    fn count(&self, wanted: impl Fn(&SftpEvent) -> bool) -> usize {
        self.lock().iter().filter(|event| wanted(event)).count()
    }

    fn pick(&self, wanted: impl Fn(&SftpEvent) -> Option<String>) -> Vec<String> {
        self.lock().iter().filter_map(wanted).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<SftpEvent>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
