//! What a fetch gives back: files in the archive, what is not whole, and what was not used.

use std::fmt;

use super::digest::Digest;
use super::listing::{Ignored, Stamp};
use super::names::{Format, Recognised};
use super::{FetchError, SourceOptions};
use crate::calendar::BusinessDate;
use crate::movement::ReportKind;

/// A file that is in the archive and can be read from there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchedFile {
    /// Which report it is.
    pub kind: ReportKind,
    /// Its form.
    pub format: Format,
    /// Its name.
    pub name: String,
    /// Where it lay, as a path that begins with the root: the same for a server and for a local tree.
    pub path: String,
    /// The date of the directory.
    pub date: BusinessDate,
    /// The number of the part, if the name has one.
    pub sequence: Option<u16>,
    /// What the parts of one set share.
    pub group: String,
    /// Raw bytes.
    pub size: u64,
    /// The digest of the raw bytes, which is the name in the archive.
    pub digest: Digest,
    /// Whether this process has seen that the archived bytes are those of the digest (see [`Stored::is_known`](super::Stored)).
    pub is_known: bool,
}

/// Why a file or a set of files is not whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IncompleteReason {
    /// There is nothing in it.
    Empty,
    /// It has a header, no lines and no `<END>`. A header with `<END>` is whole: a day without transactions.
    OnlyHeader,
    /// Its last line is not `<END>`.
    NoEnd {
        /// That line, escaped and shortened.
        last_line: String,
    },
    /// It kept changing while it was read. Nothing of it is in the archive.
    Unstable {
        /// Its size when reading began, the second time.
        before: Stamp,
        /// Its size afterwards.
        after: Stamp,
    },
    /// It was listed and gone when it was to be read.
    Vanished,
    /// It is there, as a link or without a size, and the source does not let us look at it.
    OutOfReach {
        /// What the source says.
        why: String,
    },
    /// Numbers are missing between the parts of the set.
    MissingParts {
        /// The numbers.
        missing: Vec<u16>,
    },
}

impl fmt::Display for IncompleteReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => write!(f, "is empty; expected a header and a last line `<END>`"),
            Self::OnlyHeader => write!(f, "has a header and nothing else; expected a last line `<END>`"),
            Self::NoEnd { last_line } => write!(f, "ends with the line `{last_line}`; expected `<END>`"),
            Self::Unstable { before, after } if before.size == after.size => {
                write!(f, "was written to while it was read, twice; expected a file that stays as it is")
            }
            Self::Unstable { before, after } => write!(
                f,
                "went from {} to {} bytes while it was read; expected a file that stays as it is",
                before.size, after.size
            ),
            Self::Vanished => write!(f, "was listed and then was gone"),
            Self::OutOfReach { why } => write!(f, "cannot be looked at: {why}; expected a file that can be read"),
            Self::MissingParts { missing } => {
                let numbers: Vec<String> = missing.iter().map(|part| format!("`{part:03}`")).collect();
                write!(f, "lacks the parts {}; expected every number from `000` on", numbers.join(", "))
            }
        }
    }
}

/// A file, or a set of parts, that is not whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incomplete {
    /// Which report it is.
    pub kind: ReportKind,
    /// The name of the file; of a set, the name with `<seq>` for the number.
    pub name: String,
    /// Where it lies, like [`FetchedFile::path`].
    pub path: String,
    /// What is wrong.
    pub reason: IncompleteReason,
    /// The raw bytes as they were found, if they are in the archive: evidence, not to be read as a report.
    pub archived: Option<(Digest, u64)>,
}

impl fmt::Display for Incomplete {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` {}", self.path, self.reason)
    }
}

impl Incomplete {
    /// The error for a caller that cannot go on without the report.
    #[must_use]
    pub fn to_error(&self) -> FetchError {
        FetchError::NotReady(format!("{self}; run again when Antom has finished writing the {} report", self.kind))
    }
}

/// Everything a fetch found, each list in the order of kind and name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// The directory of the date.
    pub directory: String,
    /// Whether that directory exists.
    pub directory_exists: bool,
    /// Whole files.
    pub files: Vec<FetchedFile>,
    /// What is not whole. The other parts of a set with a gap are whole files and listed as such.
    pub incomplete: Vec<Incomplete>,
    /// Entries of the directory that were not used, sorted by name. Reports that were not asked for are not among them.
    pub ignored: Vec<Ignored>,
}

/// A file that is to be fetched.
pub(super) struct Wanted {
    pub(super) name: String,
    pub(super) path: String,
    pub(super) size: u64,
    pub(super) recognised: Recognised,
}

/// What `doctor` tells about a source that could be reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// The server's address or the tree's path.
    pub address: String,
    /// The merchant's directory.
    pub directory: String,
    /// The dates it has directories for, oldest first; `None` if it does not exist.
    pub dates: Option<Vec<BusinessDate>>,
    /// What else is worth telling (`host key`, `login`): label and value.
    pub facts: Vec<(&'static str, String)>,
}

impl SourceOptions {
    /// The word of the configuration for the kind of source.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Sftp(_) => "sftp",
            Self::Directory { .. } => "directory",
        }
    }
}
