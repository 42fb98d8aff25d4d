//! Writing rows as lines of CSV, each at the number that it has in the sheet.

use std::io::{BufWriter, Write};

use super::WorkbookError;

/// The row that ends a report (antom.md 5); it stands alone in its line.
const END: &str = "<END>";

/// Bytes that are written at once.
const BUFFER_BYTES: usize = 256 << 10;

/// Takes cells in the order of the sheet and writes lines as they come; no row is ever held.
pub(super) struct Lines<W: Write> {
    out: BufWriter<W>,
    /// Lines written, the ones in between included.
    written: u32,
    /// Cells of the header: the first row that is not blank.
    width: Option<u32>,
    /// Cells of the current row so far; none if it is blank up to here.
    cells: u32,
    /// Whether the current row is `<END>` and nothing else up to here.
    is_end: bool,
    bytes: u64,
    most_bytes: u64,
}

impl<W: Write> Lines<W> {
    pub(super) fn new(out: W, most_bytes: u64) -> Self {
        let out = BufWriter::with_capacity(BUFFER_BYTES, out);
        Self { out, written: 0, width: None, cells: 0, is_end: false, bytes: 0, most_bytes }
    }

    /// Puts a text into a column of a row, both counted from 0 and both after those before. An empty one is nothing.
    pub(super) fn cell(&mut self, row: u32, column: u32, text: &str) -> Result<(), WorkbookError> {
        if text.is_empty() {
            return Ok(());
        }
        let is_first = self.cells == 0;
        if is_first {
            self.repeat(b'\n', row - self.written)?;
            self.written = row;
            self.repeat(b',', column)?;
        } else {
            self.repeat(b',', column + 1 - self.cells)?;
        }
        self.is_end = is_first && column == 0 && text == END;
        self.cells = column + 1;
        self.text(text)
    }

    /// Ends the current row; a blank one leaves no trace until another one follows.
    pub(super) fn end_row(&mut self) -> Result<(), WorkbookError> {
        if self.cells == 0 {
            return Ok(());
        }
        let width = *self.width.get_or_insert(self.cells);
        if !self.is_end {
            self.repeat(b',', width.saturating_sub(self.cells))?;
        }
        self.put(b"\n")?;
        self.written += 1;
        (self.cells, self.is_end) = (0, false);
        Ok(())
    }

    /// How many lines there are.
    pub(super) fn finish(mut self) -> Result<u64, WorkbookError> {
        self.out.flush().map_err(WorkbookError::Write)?;
        Ok(u64::from(self.written))
    }

    /// Writes a text, in quotes where CSV needs them, each line break in it as one space.
    fn text(&mut self, text: &str) -> Result<(), WorkbookError> {
        let needs_quotes = text.contains(['"', ',']);
        if needs_quotes {
            self.put(b"\"")?;
        }
        let mut rest = text;
        while let Some(at) = rest.find(['"', '\r', '\n']) {
            self.put(&rest.as_bytes()[..at])?;
            rest = &rest[at..];
            let (special, written): (_, &[u8]) = match rest.as_bytes() {
                [b'"', ..] => (1, b"\"\""),
                [b'\r', b'\n', ..] => (2, b" "),
                _ => (1, b" "),
            };
            self.put(written)?;
            rest = &rest[special..];
        }
        self.put(rest.as_bytes())?;
        if needs_quotes { self.put(b"\"") } else { Ok(()) }
    }

    fn repeat(&mut self, byte: u8, count: u32) -> Result<(), WorkbookError> {
        (0..count).try_for_each(|_| self.put(&[byte]))
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), WorkbookError> {
        self.bytes += bytes.len() as u64;
        if self.bytes > self.most_bytes {
            let (what, most) = ("bytes of CSV", self.most_bytes);
            return Err(WorkbookError::Bound { place: "the sheet".to_owned(), what, most });
        }
        self.out.write_all(bytes).map_err(WorkbookError::Write)
    }
}
