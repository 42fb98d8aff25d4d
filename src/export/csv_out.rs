//! One CSV writer for all outputs: cells, quoting, line ends, and a digest of what was written.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::io::{self, Write};

use ring::digest::{Context, SHA256};

use super::neutral::needs_shield;
use crate::calendar::BusinessDate;
use crate::money::Currency;

/// Bytes that are gathered before they are hashed and written: large enough that system calls do not count, small enough
/// for the processor's cache.
const BUFFER_BYTES: usize = 64 * 1024;

/// What a finished output holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// SHA-256 of its bytes, in lower-case hexadecimal digits.
    pub sha256: String,
    /// Number of bytes.
    pub bytes: u64,
    /// Number of rows, the header not counted; none if it is not a table.
    pub rows: Option<u64>,
}

/// A writer that hashes what goes through it.
pub(super) struct Hashing<W> {
    sink: W,
    context: Context,
    bytes: u64,
}

impl<W: Write> Hashing<W> {
    pub(super) fn new(sink: W) -> Self {
        Self { sink, context: Context::new(&SHA256), bytes: 0 }
    }

    /// Flushes the sink and gives the digest of everything that was written.
    pub(super) fn finish(mut self, rows: Option<u64>) -> io::Result<Written> {
        self.sink.flush()?;
        Ok(Written { sha256: hex(self.context.finish().as_ref()), bytes: self.bytes, rows })
    }
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.sink.write(bytes)?;
        self.context.update(&bytes[..count]);
        self.bytes += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.sink.flush()
    }
}

/// Lower-case hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The sink's own error, whose kind tells what to do about it; `io::Error::from` would hide that the disk is full.
fn of_the_sink(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}

/// A table of an output: RFC 4180, CRLF, UTF-8 without a BOM. Cells are written one by one, without an allocation per cell.
pub struct CsvOut<W: Write> {
    rows: csv::Writer<Hashing<W>>,
    scratch: String,
    /// The text of each date seen: a few dozen in a file of millions of rows.
    dates: BTreeMap<BusinessDate, String>,
    count: u64,
}

impl<W: Write> CsvOut<W> {
    /// A table with this header.
    ///
    /// # Errors
    /// The sink's.
    pub fn new(sink: W, columns: &[&str]) -> io::Result<Self> {
        let rows = csv::WriterBuilder::new()
            .terminator(csv::Terminator::CRLF)
            .buffer_capacity(BUFFER_BYTES)
            .from_writer(Hashing::new(sink));
        let mut table = Self { rows, scratch: String::new(), dates: BTreeMap::new(), count: 0 };
        table.rows.write_record(columns).map_err(of_the_sink)?;
        Ok(table)
    }

    /// A cell of text from outside, shielded from spreadsheets if it could be a formula.
    ///
    /// # Errors
    /// The sink's, here and below.
    pub fn text(&mut self, text: &str) -> io::Result<()> {
        if !needs_shield(text) {
            return self.cell(text);
        }
        self.scratch.clear();
        self.scratch.push('\'');
        self.scratch.push_str(text);
        self.rows.write_field(&self.scratch).map_err(of_the_sink)
    }

    /// A cell whose text this program makes: a number, a date, a closed word. Never shielded: numbers stay numbers.
    ///
    /// # Errors
    /// The sink's.
    pub fn value(&mut self, value: impl fmt::Display) -> io::Result<()> {
        self.scratch.clear();
        let _ = write!(self.scratch, "{value}");
        self.rows.write_field(&self.scratch).map_err(of_the_sink)
    }

    /// A date.
    ///
    /// # Errors
    /// The sink's.
    pub fn date(&mut self, date: BusinessDate) -> io::Result<()> {
        let text = self.dates.entry(date).or_insert_with(|| date.to_string());
        self.rows.write_field(text).map_err(of_the_sink)
    }

    /// A date, or an empty cell.
    ///
    /// # Errors
    /// The sink's.
    pub fn optional_date(&mut self, date: Option<BusinessDate>) -> io::Result<()> {
        match date {
            Some(date) => self.date(date),
            None => self.cell(""),
        }
    }

    /// A value, or an empty cell.
    ///
    /// # Errors
    /// The sink's.
    pub fn optional(&mut self, value: Option<impl fmt::Display>) -> io::Result<()> {
        match value {
            Some(value) => self.value(value),
            None => self.cell(""),
        }
    }

    /// An amount in major units; an empty cell for none.
    ///
    /// # Errors
    /// The sink's, and `InvalidData` for an amount without a currency: it has no major unit.
    pub fn amount(&mut self, amount_minor: Option<i128>, currency: Option<Currency>) -> io::Result<()> {
        match (amount_minor, currency) {
            (None, _) => self.cell(""),
            (Some(amount), Some(currency)) => self.value(currency.major(amount)),
            (Some(amount), None) => Err(io::Error::new(
                io::ErrorKind::InvalidData,
                format!("row {} has the amount {amount} in smallest units and no currency", self.count + 1),
            )),
        }
    }

    /// Ends the row.
    ///
    /// # Errors
    /// The sink's, and `InvalidData` if the row has another number of cells than the header.
    pub fn end(&mut self) -> io::Result<()> {
        self.rows.write_record(None::<&[u8]>).map_err(of_the_sink)?;
        self.count += 1;
        Ok(())
    }

    /// Writes what is left and gives the digest of the whole.
    ///
    /// # Errors
    /// The sink's.
    pub fn finish(self) -> io::Result<Written> {
        let count = self.count;
        let hashing = self.rows.into_inner().map_err(csv::IntoInnerError::into_error)?;
        hashing.finish(Some(count))
    }

    fn cell(&mut self, text: &str) -> io::Result<()> {
        self.rows.write_field(text).map_err(of_the_sink)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn cells_are_quoted_and_shielded_and_hashed() {
        let mut bytes = Vec::new();
        let mut table = CsvOut::new(&mut bytes, &["a", "b", "c"]).unwrap();
        table.text("=1,\"2\"").unwrap();
        table.value(-5).unwrap();
        table.amount(Some(-725), Currency::parse(b"USD")).unwrap();
        table.end().unwrap();
        let written = table.finish().unwrap();
        assert_eq!(String::from_utf8(bytes.clone()).unwrap(), "a,b,c\r\n\"'=1,\"\"2\"\"\",-5,-7.25\r\n");
        assert_eq!(written.sha256, hex(ring::digest::digest(&SHA256, &bytes).as_ref()));
        assert_eq!((written.bytes, written.rows), (bytes.len() as u64, Some(1)));
    }

    #[test]
    fn a_row_that_is_not_as_wide_as_the_header_is_an_error() {
        let mut table = CsvOut::new(Vec::new(), &["a", "b"]).unwrap();
        table.text("only one").unwrap();
        assert!(table.end().is_err());
    }

    #[test]
    fn an_amount_without_a_currency_is_an_error() {
        let mut table = CsvOut::new(Vec::new(), &["a"]).unwrap();
        let error = table.amount(Some(1), None).unwrap_err();
        assert_eq!(error.to_string(), "row 1 has the amount 1 in smallest units and no currency");
    }

    #[test]
    fn a_full_disk_is_reported_when_it_is_met() {
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        let mut table = CsvOut::new(full, &["a"]).unwrap();
        table.text("x").unwrap();
        table.end().unwrap();
        assert_eq!(table.finish().unwrap_err().kind(), io::ErrorKind::StorageFull);
        // In the middle of a table, when the buffer is full.
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        let mut table = CsvOut::new(full, &["a"]).unwrap();
        let mut row = || table.text("some text").and_then(|()| table.end());
        let error = (0..BUFFER_BYTES).find_map(|_| row().err()).unwrap();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    }
}
