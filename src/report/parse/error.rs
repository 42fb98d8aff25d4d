//! Why a file as a whole is refused.

use crate::movement::ReportKind;
use crate::records::SplitError;
use crate::report::HeaderError;

/// How many rejects are kept. A file with more is not a report with bad lines but one that is read wrongly (its unit or its
/// columns), and each reject holds its whole line.
pub const MAX_REJECTS: usize = 100_000;

/// Why a file as a whole is refused.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// Reading or cutting failed.
    #[error(transparent)]
    Split(#[from] SplitError),
    /// The header does not fit.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// Bytes that are not UTF-8.
    #[error("not UTF-8: byte `0x{byte:02X}` at offset {offset}, line {line}; expected a file in UTF-8")]
    NotUtf8 {
        /// The first byte that is wrong.
        byte: u8,
        /// Its offset in the file, from 0.
        offset: u64,
        /// Its physical line.
        line: u32,
    },
    /// The file holds nothing.
    #[error("the file is empty; expected a header, lines and `<END>`")]
    Empty,
    /// The file starts with its end.
    #[error("line {line}: `<END>` where the header was expected")]
    NoHeader {
        /// Its physical line.
        line: u32,
    },
    /// The header cannot be cut into cells.
    #[error("line {line}: the header cannot be read: {reason}")]
    BrokenHeader {
        /// Its physical line.
        line: u32,
        /// What is wrong with it.
        reason: String,
    },
    /// `<END>` is missing: the file was cut off, or is still being written.
    #[error("the last line, {line}, is not `<END>`; the file is incomplete, fetch it again")]
    Incomplete {
        /// The last line that is not blank.
        line: u32,
    },
    /// Something follows `<END>`.
    #[error("line {line} follows `<END>` in line {end}; expected nothing after it")]
    AfterEnd {
        /// Physical line of `<END>`.
        end: u32,
        /// The first line after it that is not blank.
        line: u32,
    },
    /// More than [`MAX_REJECTS`] lines that cannot be read.
    #[error("more than {MAX_REJECTS} lines cannot be read, the first is line {line}: {reason}")]
    TooManyRejects {
        /// The first of them.
        line: u32,
        /// Why.
        reason: String,
    },
    /// A report that is not made of transactions.
    #[error("{kind} is no report of lines that can be matched; expected transaction_details or settlement_details")]
    UnsupportedKind {
        /// What it is.
        kind: ReportKind,
    },
}

impl ReportError {
    /// Whether the file is not, or not yet, all there.
    #[must_use]
    pub const fn is_incomplete(&self) -> bool {
        matches!(self, Self::Empty | Self::Incomplete { .. } | Self::AfterEnd { .. })
    }

    /// Whether its columns are not those of the report.
    #[must_use]
    pub const fn is_schema(&self) -> bool {
        matches!(self, Self::Header(_) | Self::NoHeader { .. } | Self::BrokenHeader { .. })
    }
}
