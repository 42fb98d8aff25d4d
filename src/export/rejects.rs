//! `rejected_lines.csv`: what could not be read, kept whole.

use std::borrow::Borrow;
use std::io::{self, Write};

use super::{CsvOut, Written};
use crate::calendar::BusinessDate;
use crate::discrepancy::Side;
use crate::money::Currency;

/// The columns of `rejected_lines.csv`.
pub const REJECTED_COLUMNS: [&str; 11] = [
    "side",
    "business_date",
    "file",
    "line",
    "column",
    "reason",
    "entry_type",
    "currency",
    "request_id",
    "antom_id",
    "raw",
];

/// A line of a report, or a row of the ledger, that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RejectedRow {
    /// Where it came from.
    pub side: Side,
    /// The file's business date.
    pub business_date: BusinessDate,
    /// The file's name; empty for the ledger.
    pub file: String,
    /// The physical line where it starts (header = 1).
    pub line: u32,
    /// The column that could not be read; empty if the line as a whole could not.
    pub column: String,
    /// What was found and what was expected.
    pub reason: String,
    /// The type, as far as it could be read.
    pub entry_type: String,
    /// The currency, as far as it could be read.
    pub currency: Option<Currency>,
    /// The request id, as far as it could be read.
    pub request_id: String,
    /// Antom's id, as far as it could be read.
    pub antom_id: String,
    /// The line itself.
    pub raw: String,
}

/// Writes `rejected_lines.csv`, in the order given.
///
/// # Errors
/// The sink's.
pub fn rejected_lines<W, I>(sink: W, rows: I) -> io::Result<Written>
where
    W: Write,
    I: IntoIterator<Item: Borrow<RejectedRow>>,
{
    let mut table = CsvOut::new(sink, &REJECTED_COLUMNS)?;
    for row in rows {
        let row = row.borrow();
        table.value(row.side)?;
        table.date(row.business_date)?;
        table.text(&row.file)?;
        table.value(row.line)?;
        table.text(&row.column)?;
        table.text(&row.reason)?;
        table.text(&row.entry_type)?;
        table.optional(row.currency)?;
        table.text(&row.request_id)?;
        table.text(&row.antom_id)?;
        table.text(&row.raw)?;
        table.end()?;
    }
    table.finish()
}
