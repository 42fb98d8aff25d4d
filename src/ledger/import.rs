//! A ledger for import: validated rows in batches, and all bad rows named.

use std::io::Read;

use crate::calendar::Instant;
use crate::ledger::parse::{check_utf8, read_header};
use crate::ledger::row::{Before, Columns};
use crate::ledger::{EntryText, LedgerError};
use crate::records::{Block, MAX_RECORD_BYTES, Piece, Splitter};

/// How many bad rows are named; the others are counted. A thousand messages are more than anybody reads.
pub const MAX_BAD_ROWS: usize = 1_000;

/// A row that may be imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportRow {
    /// Physical line where it starts.
    pub line: u32,
    /// Its text; every cell was read successfully.
    pub text: EntryText,
    /// `occurred_at`.
    pub occurred_at: Instant,
    /// `amount_minor`.
    pub amount: i64,
}

/// A row that may not be imported.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {}{reason}", if column.is_empty() { String::new() } else { format!("`{column}`: ") })]
pub struct BadRow {
    /// Physical line where it starts.
    pub line: u32,
    /// The column that cannot be read; empty if the row as a whole cannot.
    pub column: String,
    /// What was found and what was expected.
    pub reason: String,
}

/// All bad rows of a ledger.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BadRows {
    /// The first [`MAX_BAD_ROWS`] of them, in file order.
    pub first: Vec<BadRow>,
    /// How many there are.
    pub count: u64,
}

/// Reads a ledger block by block; memory is bounded by a block.
#[derive(Debug)]
pub struct Import<R> {
    splitter: Splitter<R>,
    columns: Columns,
    /// What the header's block holds beside the header.
    first: Option<Block>,
    bad: BadRows,
}

impl<R: Read> Import<R> {
    /// Reads the header.
    ///
    /// # Errors
    /// See [`LedgerError`].
    pub fn start(input: R) -> Result<Self, LedgerError> {
        let mut splitter = Splitter::new(input);
        let (columns, rest) = read_header(&mut splitter)?;
        Ok(Self { splitter, columns, first: rest, bad: BadRows::default() })
    }

    /// The good rows of the next block (perhaps none of them); `None` at the end of the ledger.
    ///
    /// # Errors
    /// See [`LedgerError`].
    pub fn next_batch(&mut self) -> Result<Option<Vec<ImportRow>>, LedgerError> {
        let block = match self.first.take() {
            Some(block) => block,
            None => match self.splitter.next_piece()? {
                None => return Ok(None),
                Some(Piece::Broken(broken)) => {
                    self.reject(broken.line, "", broken.cause.reason());
                    return Ok(Some(Vec::new()));
                }
                Some(Piece::Records(block)) => block,
            },
        };
        check_utf8(&block)?;
        let (mut good, mut before) = (Vec::new(), Before::default());
        let mut rows = block.rows();
        while let Some((record, row)) = rows.next_row() {
            if record.is_blank() {
                continue;
            }
            if record.bytes.len() > MAX_RECORD_BYTES {
                self.reject(record.line, "", format!("longer than {MAX_RECORD_BYTES} bytes"));
                continue;
            }
            match self.columns.values(row, &mut before) {
                // No database keeps one in a text.
                Ok(_) if memchr::memchr(0, record.bytes).is_some() => {
                    self.reject(record.line, "", "holds a NUL character; expected text".to_owned());
                }
                Ok(values) => good.push(ImportRow {
                    line: record.line,
                    text: self.columns.entry_text(row),
                    occurred_at: values.occurred_at,
                    amount: values.amount,
                }),
                Err(unreadable) => self.reject(record.line, unreadable.column, unreadable.reason),
            }
        }
        self.splitter.recycle(Piece::Records(block));
        Ok(Some(good))
    }

    /// The rows so far that may not be imported.
    #[must_use]
    pub const fn bad_rows(&self) -> &BadRows {
        &self.bad
    }

    fn reject(&mut self, line: u32, column: &str, reason: String) {
        self.bad.count += 1;
        if self.bad.first.len() < MAX_BAD_ROWS {
            self.bad.first.push(BadRow { line, column: column.to_owned(), reason });
        }
    }
}
