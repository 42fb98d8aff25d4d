//! Why a workbook is refused.

use std::io;

use super::LossyCell;

/// Why a workbook cannot be turned into CSV. The message says what was found where and what was expected; it does not name the
/// file, which the caller knows.
#[derive(Debug, thiserror::Error)]
pub enum WorkbookError {
    /// The bytes of the workbook could not be read; nothing is known about what they say.
    #[error("the workbook cannot be read: {0}")]
    Read(io::Error),
    /// The CSV could not be written, or shared strings not be kept beside it.
    #[error("the workbook's rows cannot be written: {0}")]
    Write(io::Error),
    /// The workbook was cut off or is still being written: a zip archive ends with its directory.
    #[error("the workbook is not whole: {found}; expected a zip archive with its directory at the end; fetch it again")]
    Incomplete {
        /// What stands in place of the end.
        found: String,
    },
    /// A password, or the format before 2007; both begin with the bytes `D0 CF 11 E0`.
    #[error(
        "an encrypted workbook or an old `.xls` (it begins with `D0 CF 11 E0`); expected an `.xlsx` without a password"
    )]
    Encrypted,
    /// Something else than a workbook.
    #[error("not a workbook: {found}; expected an `.xlsx`, a zip archive with `xl/workbook.xml`")]
    NotAWorkbook {
        /// What it is, or lacks.
        found: String,
    },
    /// No sheet that is shown.
    #[error("no worksheet that is not hidden; expected the report in the first one")]
    NoSheet,
    /// A part is damaged or says what it must not.
    #[error("part `{part}`: found {found}; expected {expected}")]
    Part {
        /// Its name in the workbook.
        part: String,
        /// What is wrong.
        found: String,
        /// What should be there.
        expected: &'static str,
    },
    /// A row or cell that has no place or no value.
    #[error("sheet `{sheet}`, {place}: found {found}; expected {expected}")]
    Cell {
        /// The sheet's name.
        sheet: String,
        /// `row 3` or `cell C3`.
        place: String,
        /// What is wrong.
        found: String,
        /// What should be there.
        expected: &'static str,
    },
    /// A stated bound.
    #[error("{place}: more than {most} {what}, the most that is read from a workbook")]
    Bound {
        /// Where it was reached.
        place: String,
        /// Of what there is too much.
        what: &'static str,
        /// How much there may be.
        most: u64,
    },
    /// More cells without their value than [`MAX_LOSSY_CELLS`](super::bounds::MAX_LOSSY_CELLS).
    #[error(
        "more than {most} cells are numbers of more than 15 digits, which a workbook does not keep, or formulas whose value was \
         not saved; the first is {first}, {}", first.loss
    )]
    Lossy {
        /// The first of them.
        first: LossyCell,
        /// How many there may be.
        most: usize,
    },
}

impl WorkbookError {
    /// Whether the workbook is not, or not yet, all there.
    #[must_use]
    pub const fn is_incomplete(&self) -> bool {
        matches!(self, Self::Incomplete { .. })
    }

    /// Whether reading or writing failed, which says nothing about the workbook.
    #[must_use]
    pub const fn is_io(&self) -> bool {
        matches!(self, Self::Read(_) | Self::Write(_))
    }

    /// A failed read inside a part: either the bytes cannot be unpacked, or they could not be had.
    pub(super) fn reading(part: &str, error: io::Error) -> Self {
        let error = match error.downcast::<Reached>() {
            Ok(Reached { what, most }) => return Self::Bound { place: format!("part `{part}`"), what, most },
            Err(error) => error,
        };
        match error.kind() {
            io::ErrorKind::InvalidData
            | io::ErrorKind::InvalidInput
            | io::ErrorKind::UnexpectedEof
            | io::ErrorKind::Unsupported => {
                let expected = "bytes that are stored or deflated";
                Self::Part { part: part.to_owned(), found: error.to_string(), expected }
            }
            _ => Self::Read(error),
        }
    }
}

/// A bound that a reader reached, on its way through an `io::Error`.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("more than {most} {what}")]
pub(super) struct Reached {
    pub(super) what: &'static str,
    pub(super) most: u64,
}

impl From<Reached> for io::Error {
    fn from(reached: Reached) -> Self {
        Self::other(reached)
    }
}

/// How much of a partner's text a message quotes.
const MAX_QUOTED_CHARS: usize = 80;

/// Quotes a text of the workbook for a message: escaped and shortened.
pub(super) fn quoted(text: &str) -> String {
    match text.char_indices().nth(MAX_QUOTED_CHARS) {
        Some((at, _)) => format!("{}…", text[..at].escape_debug()),
        None => text.escape_debug().to_string(),
    }
}
