//! What can be made to go wrong on the SFTP server while it runs.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

pub use crate::repeat::Repeat;

/// Something wrong with one file. A file may have several faults at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileFault {
    /// The TCP connection is closed once `bytes` bytes of the file were sent after an open. Counted per open, so with
    /// [`Repeat::Always`] a client that resumes gets on by `bytes` each time, and one that restarts never ends.
    DropAfter {
        /// Bytes that still arrive.
        bytes: u64,
        /// How many connections are dropped.
        repeat: Repeat,
    },
    /// After `bytes` bytes reads are never answered; the connection stays up and keep-alives are answered.
    StallAfter {
        /// Bytes that still arrive.
        bytes: u64,
    },
    /// Every stat, fstat and listing claims this size in bytes.
    WrongSize(u64),
    /// Every read waits so long first.
    SlowReads(Duration),
}

/// When a connection can be closed without a word, besides in the middle of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// When the password or key comes.
    Login,
    /// When a folder is asked for.
    Listing,
}

#[derive(Default)]
struct Settings {
    refuse_logins: bool,
    cuts: Vec<(Moment, Repeat)>,
    files: HashMap<String, Vec<FileFault>>,
    hostile_names: HashMap<String, Vec<String>>,
}

/// The faults of one server, shared and settable at any time. Starts with none.
///
/// A file is named as the client sees it (`/v1/settlements/…/x.csv`) or by its last component alone, for any folder.
#[derive(Clone, Default)]
pub struct SftpFaults(Arc<Mutex<Settings>>);

impl SftpFaults {
    /// Adds a fault to a file.
    pub fn on_file(&self, file: &str, fault: FileFault) {
        self.lock().files.entry(file.to_owned()).or_default().push(fault);
    }

    /// Refuses every login from now on, or no longer.
    pub fn refuse_logins(&self, refuse: bool) {
        self.lock().refuse_logins = refuse;
    }

    /// Closes connections at this moment.
    pub fn cut_at(&self, moment: Moment, repeat: Repeat) {
        self.lock().cuts.push((moment, repeat));
    }

    /// Whether a connection is closed now; uses up one strike.
    pub(crate) fn cuts_now(&self, moment: Moment) -> bool {
        let mut settings = self.lock();
        let mut cuts = settings.cuts.iter_mut().filter(|(at, _)| *at == moment);
        cuts.any(|(_, repeat)| repeat.strike())
    }

    /// Adds entries to the listing of `folder` (absolute, as the client sees it), shown as regular files under exactly
    /// these names. A client that asks for `folder/name` letter by letter gets [`HOSTILE_CONTENT`], so that a careless
    /// one has something to write. See [`hostile_names()`] for a choice.
    pub fn hostile_names<S: Into<String>>(&self, folder: &str, names: impl IntoIterator<Item = S>) {
        let names = names.into_iter().map(Into::into);
        self.lock().hostile_names.entry(folder.to_owned()).or_default().extend(names);
    }

    /// Everything is right again.
    pub fn clear(&self) {
        *self.lock() = Settings::default();
    }

    pub(crate) fn logins_refused(&self) -> bool {
        self.lock().refuse_logins
    }

    pub(crate) fn extra_names(&self, folder: &str) -> Vec<String> {
        self.lock().hostile_names.get(folder).cloned().unwrap_or_default()
    }

    /// Whether `asked`, exactly as the client wrote it, is a hostile entry of a listing.
    pub(crate) fn is_hostile(&self, asked: &str) -> bool {
        let settings = self.lock();
        settings.hostile_names.iter().any(|(folder, names)| {
            let name = asked.strip_prefix(folder.as_str()).map(|rest| rest.strip_prefix('/').unwrap_or(rest));
            name.is_some_and(|name| names.iter().any(|hostile| hostile == name && !name.is_empty()))
        })
    }

    /// The size to claim for `path`, if it is to be wrong.
    pub(crate) fn wrong_size(&self, path: &str) -> Option<u64> {
        self.find(path, |fault| match fault {
            FileFault::WrongSize(size) => Some(*size),
            _ => None,
        })
    }

    pub(crate) fn read_delay(&self, path: &str) -> Option<Duration> {
        self.find(path, |fault| match fault {
            FileFault::SlowReads(delay) => Some(*delay),
            _ => None,
        })
    }

    pub(crate) fn stall_after(&self, path: &str) -> Option<u64> {
        self.find(path, |fault| match fault {
            FileFault::StallAfter { bytes } => Some(*bytes),
            _ => None,
        })
    }

    /// Bytes after which the connection must go, while strikes are left.
    pub(crate) fn drop_after(&self, path: &str) -> Option<u64> {
        self.find(path, |fault| match fault {
            FileFault::DropAfter { repeat: Repeat::Times(0), .. } => None,
            FileFault::DropAfter { bytes, .. } => Some(*bytes),
            _ => None,
        })
    }

    /// Uses up one strike of the fault that [`SftpFaults::drop_after`] found.
    pub(crate) fn strike_drop(&self, path: &str) -> bool {
        self.find(path, |fault| match fault {
            FileFault::DropAfter { repeat, .. } => repeat.strike().then_some(()),
            _ => None,
        })
        .is_some()
    }

    fn find<T>(&self, path: &str, mut wanted: impl FnMut(&mut FileFault) -> Option<T>) -> Option<T> {
        let name = path.rsplit('/').next().unwrap_or(path);
        let mut settings = self.lock();
        [path, name].into_iter().find_map(|key| settings.files.get_mut(key)?.iter_mut().find_map(&mut wanted))
    }

    fn lock(&self) -> MutexGuard<'_, Settings> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Names that a careless client would write outside its folder, break a listing with, or fail to create.
#[must_use]
pub fn hostile_names() -> Vec<String> {
    let mut names: Vec<String> = HOSTILE_NAMES.iter().map(|&name| name.to_owned()).collect();
    // 255 bytes is the longest name that common file systems take.
    names.push(format!("{}.csv", "n".repeat(296)));
    names
}

/// What a file behind a hostile name holds.
pub const HOSTILE_CONTENT: &[u8] = b"hostile\r\n<END>\r\n";

/// The fixed part of [`hostile_names`]. The empty name is not among them: the `ssh2` crate takes it for the end of the
/// listing and does not show what follows.
pub const HOSTILE_NAMES: [&str; 8] = [
    "../../etc/passwd",
    "/etc/passwd",
    "a/b.csv",
    "..\\..\\windows.csv",
    "line\nbreak.csv",
    "bell\u{7}.csv",
    "\u{1b}[2Jclear.csv",
    "right-to-left\u{202e}vsc.csv",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_is_closed_at_its_moment_until_the_strikes_are_used_up() {
        let faults = SftpFaults::default();
        faults.cut_at(Moment::Listing, Repeat::ONCE);
        assert!(!faults.cuts_now(Moment::Login));
        assert!(faults.cuts_now(Moment::Listing));
        assert!(!faults.cuts_now(Moment::Listing));
    }

    #[test]
    fn a_fault_is_found_by_path_and_by_name_and_used_up() {
        let faults = SftpFaults::default();
        faults.on_file("x.csv", FileFault::DropAfter { bytes: 5, repeat: Repeat::ONCE });
        faults.on_file("/d/y.csv", FileFault::WrongSize(3));
        assert_eq!(faults.drop_after("/any/x.csv"), Some(5));
        assert!(faults.strike_drop("/any/x.csv"));
        assert_eq!(faults.drop_after("/any/x.csv"), None);
        assert!(!faults.strike_drop("/any/x.csv"));
        assert_eq!(faults.wrong_size("/d/y.csv"), Some(3));
        assert_eq!(faults.wrong_size("/e/y.csv"), None);
        faults.clear();
        assert_eq!(faults.wrong_size("/d/y.csv"), None);
    }
}
