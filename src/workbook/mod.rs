//! Workbooks: Antom's reports also come as XLSX (antom.md 5). [`to_csv`] turns the first worksheet that is shown into the CSV
//! that it stands for, so that everything after it reads one format: row r of the sheet becomes physical line r, and a cell its
//! text, exactly. No id and no amount ever passes through binary floating point; what the format itself has lost is said
//! ([`LossyCell`]). The workbook is not trusted: everything has a bound ([`bounds`]), nothing of it names a file, and neither the
//! sheet nor its texts are ever held as a whole.
//!
//! ```text
//!   package   the zip archive and its parts
//!   xml       a part, piece by piece
//!   contents  the list of sheets, and where their parts are
//!   strings   rich text, escapes
//!   shared    shared strings, of which most may lie in a file
//!   styles    which numbers are dates
//!   number    decimal digits
//!   dates     serial numbers to dates
//!   sheet     cells
//!   lines     CSV
//! ```

pub mod bounds;
mod contents;
mod dates;
mod error;
mod lines;
mod number;
mod package;
mod shared;
mod sheet;
mod strings;
mod styles;
mod xml;

use std::fmt;
use std::io::{Read, Seek, Write};

pub use error::WorkbookError;

use bounds::Limits;
use contents::Contents;
use lines::Lines;
use package::{Package, Use};
use shared::SharedStrings;
use sheet::{Context, SheetReader};
use styles::Styles;

/// What was read from a workbook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Converted {
    /// How many lines the CSV has: the number of the sheet's last row that is not blank.
    pub rows: u64,
    /// Names of other worksheets that are shown and have values: a report has one, so nobody reads these.
    pub ignored_sheets: Vec<String>,
    /// Cells whose value the workbook does not hold, in the order of the sheet. In the CSV they hold a sentence that says so, which no
    /// amount can be taken for; but a column of ids takes any text, so that lines with such a cell must be rejected.
    pub lossy: Vec<LossyCell>,
}

/// A cell whose value the workbook does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LossyCell {
    /// Its row, counted from 1: the physical line of the CSV.
    pub row: u32,
    /// Its column, counted from 0: the cell of the line.
    pub column: u32,
    /// What was lost.
    pub loss: Loss,
}

/// What the workbook does not hold of a cell's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loss {
    /// The last of this many digits: an id that was saved as a number, for example. A workbook keeps 15.
    Digits(u32),
    /// All of it: a formula that nobody has computed. Programs that write workbooks leave that to the one that opens them.
    Formula,
}

impl fmt::Display for Loss {
    /// As it stands in the CSV, in place of the value.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Digits(digits) => {
                write!(f, "a number of {digits} digits that a workbook does not keep; ask for text or CSV")
            }
            Self::Formula => f.write_str("a formula whose value was not saved; ask for values or CSV"),
        }
    }
}

impl fmt::Display for LossyCell {
    /// As spreadsheets name cells: `C5`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", sheet::name_of(self.column), self.row)
    }
}

/// Writes the first worksheet that is not hidden as CSV by RFC 4180, in UTF-8 with LF.
///
/// Rows that the sheet leaves out become empty lines, blank rows stay blank, and rows after the last value are dropped. Every
/// other line has at least as many cells as the header (the first row that is not blank), except `<END>`, which stands alone.
/// A line break in a cell becomes a space. Numbers are written without exponent, rounded to the 15 digits that a workbook keeps;
/// dates as `YYYY-MM-DD`, with ` HH:MM:SS` if they have a time; truth values as `TRUE` and `FALSE`; errors as `#N/A` and the
/// like. Zeros that only a number's format shows in front of it are not there: an id must be a text. Values of formulas are
/// those that were saved; one without is a [`LossyCell`].
///
/// Shared strings beyond [`bounds::HELD_SHARED_BYTES`] go to `strings`, which must be empty, and are worthless afterwards.
///
/// # Errors
///
/// [`WorkbookError`]; what was written until then is worthless.
pub fn to_csv<R: Read + Seek, W: Write, S: Read + Write + Seek>(
    workbook: R,
    csv: W,
    strings: S,
) -> Result<Converted, WorkbookError> {
    convert(workbook, csv, strings, &Limits::FORMAT)
}

fn convert<R: Read + Seek, W: Write, S: Read + Write + Seek>(
    workbook: R,
    csv: W,
    strings: S,
    limits: &Limits,
) -> Result<Converted, WorkbookError> {
    let mut package = Package::open(workbook, *limits)?;
    let contents = Contents::read(&mut package)?;
    let (first, others) = contents.sheets.split_first().ok_or(WorkbookError::NoSheet)?;
    let styles = match &contents.styles {
        Some(part) => Styles::read(package.part(part, Use::Index)?)?,
        None => Styles::default(),
    };
    let mut strings = match &contents.strings {
        Some(part) => SharedStrings::read(package.part(part, Use::Data)?, strings, limits)?,
        None => SharedStrings::none(strings),
    };
    let mut lines = Lines::new(csv, limits.csv_bytes);
    let context =
        Context { sheet: first, strings: &mut strings, styles: &styles, from_1904: contents.from_1904, limits };
    let lossy = SheetReader::new(context, &mut lines).read(package.part(&first.part, Use::Data)?)?;
    let rows = lines.finish()?;
    let mut ignored_sheets = Vec::new();
    for sheet in others {
        if sheet::has_values(package.part(&sheet.part, Use::Data)?)? {
            ignored_sheets.push(sheet.name.clone());
        }
    }
    Ok(Converted { rows, ignored_sheets, lossy })
}

#[cfg(test)]
mod tests;
