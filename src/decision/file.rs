//! The file that people hand in: a discrepancy file with decisions filled in, or any CSV with the columns that matter. It may have
//! been through a spreadsheet: byte order mark, semicolons, decimal commas, cells that were added or dropped at the end.

use std::fmt;

use csv::ByteRecord;

use super::row::{ROW_COLUMNS, Said};
use super::{Decision, DecisionKind};
use crate::id::DiscrepancyId;
use crate::records::closing_quote;

/// Columns that the file must have.
const REQUIRED: [&str; 4] = ["discrepancy_id", "decision", "decided_by", "reason"];

/// Columns that it may have beside [`ROW_COLUMNS`].
const OPTIONAL: [&str; 3] = ["approved_by", "assigned_to", "row_digest"];

/// Why a file cannot be read at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// A column is missing.
    #[error("the header lacks `{0}`; expected at least `discrepancy_id`, `decision`, `decided_by` and `reason`")]
    Missing(&'static str),
    /// A column stands twice.
    #[error("the header has `{0}` twice; expected it once")]
    Twice(&'static str),
    /// It is no CSV.
    #[error("it is no CSV ({0})")]
    NoCsv(String),
    /// It is something else, told by its first bytes.
    #[error("it is {0}; expected CSV in UTF-8: save it as that")]
    OtherFormat(&'static str),
    /// A quote does not close, or text follows it: rows after it would be taken for a part of its cell.
    #[error("line {0}: a quote that opens a cell does not close it; expected quotes inside of a cell doubled")]
    Quotes(u64),
    /// Lines end with a carriage return alone, which some read as the end of a row and others as a part of a cell.
    #[error(
        "line {0}: a carriage return stands alone; expected lines that end with LF or CRLF: save the file as CSV in UTF-8"
    )]
    LineEnd(u64),
}

/// What a file begins with that is something else.
const OTHER_FORMATS: [(&[u8], &str); 4] = [
    (b"PK\x03\x04", "a workbook"),
    (b"\xd0\xcf\x11\xe0", "a workbook"),
    (b"\xff\xfe", "text in UTF-16"),
    (b"\xfe\xff", "text in UTF-16"),
];

/// What is wrong with a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The physical line where the row starts (header = 1).
    pub line: u64,
    /// What was found and what was expected.
    pub sentence: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.sentence)
    }
}

/// A row with a decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handed {
    /// The physical line where the row starts (header = 1).
    pub line: u64,
    /// The decision.
    pub decision: Decision,
    /// What the row says of the discrepancy.
    pub said: Said,
}

/// What a file holds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sheet {
    /// The rows with a decision, in file order.
    pub handed: Vec<Handed>,
    /// What is wrong with the others, in file order.
    pub problems: Vec<Problem>,
    /// How many rows have no decision.
    pub undecided: u64,
}

/// Reads a file. `plain` takes off what outputs put before a text that a spreadsheet could take for a formula.
///
/// # Errors
/// [`FileError`]; what is wrong with single rows is in the [`Sheet`].
pub fn read(bytes: &[u8], plain: fn(&str) -> &str) -> Result<Sheet, FileError> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if let Some((_, format)) = OTHER_FORMATS.iter().find(|(start, _)| bytes.starts_with(start)) {
        return Err(FileError::OtherFormat(format));
    }
    let delimiter = delimiter(bytes);
    if let Some(flaw) = flaw(bytes, delimiter) {
        return Err(flaw);
    }
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).flexible(true).from_reader(bytes);
    let no_csv = |error: csv::Error| FileError::NoCsv(error.to_string());
    let columns = Columns::of(reader.byte_headers().map_err(no_csv)?)?;
    let mut lines = Lines { bytes, offset: 0, line: 1 };
    let (mut sheet, mut record) = (Sheet::default(), ByteRecord::new());
    while reader.read_byte_record(&mut record).map_err(no_csv)? {
        let line = lines.of(record.position().map_or(0, csv::Position::byte));
        let row = Row { record: &record, columns: &columns, plain, decimal_comma: delimiter == b';' };
        match row.handed(line) {
            Ok(None) => sheet.undecided += 1,
            Ok(Some(handed)) => sheet.handed.push(handed),
            Err(problems) => {
                sheet.problems.extend(problems.into_iter().map(|sentence| Problem { line, sentence }));
            }
        }
    }
    Ok(sheet)
}

/// What stands between the cells: of a header without a comma, the semicolon of European spreadsheets, or a tab.
fn delimiter(bytes: &[u8]) -> u8 {
    let header = bytes.split(|&byte| byte == b'\n').next().unwrap_or_default();
    [b',', b';', b'\t'].into_iter().find(|byte| header.contains(byte)).unwrap_or(b',')
}

/// The first quote that opens a cell and does not close it, or carriage return that stands alone. The reader would be lenient, and
/// swallow rows or make some.
fn flaw(bytes: &[u8], delimiter: u8) -> Option<FileError> {
    let (mut at, mut line) = (0, 1);
    while at < bytes.len() {
        let opened = (bytes[at] == b'"').then_some(line);
        if opened.is_some() {
            let Some(closing) = closing_quote(bytes, at + 1) else { return opened.map(FileError::Quotes) };
            line += memchr::memchr_iter(b'\n', &bytes[at..closing]).count() as u64;
            at = closing + 1;
        } else {
            // Up to the next cell.
            at += memchr::memchr3(delimiter, b'\n', b'\r', &bytes[at..])?;
        }
        match &bytes[at..] {
            [] | [b'\r'] => return None,
            [byte, ..] if *byte == delimiter => at += 1,
            [b'\n', ..] => (at, line) = (at + 1, line + 1),
            [b'\r', b'\n', ..] => (at, line) = (at + 2, line + 1),
            [b'\r', ..] => return Some(FileError::LineEnd(line)),
            _ => return opened.map(FileError::Quotes),
        }
    }
    None
}

/// Counts physical lines up to a record. The reader's own count is one too low where lines end in CRLF.
struct Lines<'a> {
    bytes: &'a [u8],
    offset: usize,
    line: u64,
}

impl Lines<'_> {
    /// The line of the record at this offset; offsets must not decrease.
    fn of(&mut self, at: u64) -> u64 {
        let mut at = usize::try_from(at).unwrap_or(usize::MAX).min(self.bytes.len());
        while self.bytes.get(at).is_some_and(|byte| matches!(byte, b'\r' | b'\n')) {
            at += 1;
        }
        self.line += memchr::memchr_iter(b'\n', &self.bytes[self.offset..at]).count() as u64;
        self.offset = at;
        self.line
    }
}

/// Where the columns stand.
struct Columns {
    count: usize,
    required: [usize; REQUIRED.len()],
    optional: [Option<usize>; OPTIONAL.len()],
    row: [Option<usize>; ROW_COLUMNS.len()],
}

impl Columns {
    fn of(header: &ByteRecord) -> Result<Self, FileError> {
        let names: Vec<String> =
            header.iter().map(|name| String::from_utf8_lossy(name).trim().to_ascii_lowercase()).collect();
        let find = |column: &'static str| {
            let mut found = names.iter().enumerate().filter(|(_, name)| *name == column).map(|(at, _)| at);
            match (found.next(), found.next()) {
                (first, None) => Ok(first),
                _ => Err(FileError::Twice(column)),
            }
        };
        let mut columns = Self {
            count: names.len(),
            required: Default::default(),
            optional: Default::default(),
            row: Default::default(),
        };
        for (at, column) in REQUIRED.into_iter().enumerate() {
            columns.required[at] = find(column)?.ok_or(FileError::Missing(column))?;
        }
        for (at, column) in OPTIONAL.into_iter().enumerate() {
            columns.optional[at] = find(column)?;
        }
        for (at, column) in ROW_COLUMNS.into_iter().enumerate() {
            columns.row[at] = find(column)?;
        }
        Ok(columns)
    }
}

/// One row of the file.
struct Row<'a> {
    record: &'a ByteRecord,
    columns: &'a Columns,
    plain: fn(&str) -> &str,
    decimal_comma: bool,
}

impl Row<'_> {
    /// The text of a cell; a cell that was dropped at the end of a row is empty.
    fn text(&self, at: usize) -> Result<String, Vec<String>> {
        let bytes = self.record.get(at).unwrap_or_default();
        let text = std::str::from_utf8(bytes).map_err(|_| {
            let found = String::from_utf8_lossy(bytes);
            vec![format!("`{found}` is not in UTF-8; save the file as CSV in UTF-8")]
        })?;
        Ok((self.plain)(text.trim()).trim().to_owned())
    }

    fn optional(&self, at: Option<usize>) -> Result<Option<String>, Vec<String>> {
        at.map(|at| self.text(at)).transpose()
    }

    fn handed(&self, line: u64) -> Result<Option<Handed>, Vec<String>> {
        if let Some(cell) = self.record.iter().skip(self.columns.count).find(|cell| !cell.is_empty()) {
            let (cells, header) = (self.record.len(), self.columns.count);
            let cell = String::from_utf8_lossy(cell);
            return Err(vec![format!(
                "it has {cells} cells, the header has {header} (`{cell}` is too many); put a text with a separator into quotes"
            )]);
        }
        let [id, word, by, reason] = self.columns.required;
        let word = self.text(word)?;
        if word.is_empty() {
            return Ok(None);
        }
        let [approved_by, assigned_to, digest] = self.columns.optional;
        let mut said = Said { decimal_comma: self.decimal_comma, ..Said::default() };
        for (cell, &at) in said.cells.iter_mut().zip(&self.columns.row) {
            *cell = self.optional(at)?;
        }
        said.digest = self.optional(digest)?.filter(|text| !text.is_empty());
        let expected =
            || vec![format!("`decision` is `{word}`; expected accept, write_off, reopen, assign or comment")];
        let decision = Decision {
            discrepancy_id: DiscrepancyId::new(self.text(id)?),
            kind: DecisionKind::from_cell(&word).ok_or_else(expected)?,
            decided_by: self.text(by)?,
            approved_by: self.optional(approved_by)?.unwrap_or_default(),
            assigned_to: self.optional(assigned_to)?.unwrap_or_default(),
            reason: self.text(reason)?,
        };
        let problems = missing(&decision);
        if problems.is_empty() { Ok(Some(Handed { line, decision, said })) } else { Err(problems) }
    }
}

/// What a decision lacks.
fn missing(decision: &Decision) -> Vec<String> {
    let Decision { discrepancy_id, kind, decided_by, assigned_to, reason, .. } = decision;
    let mut problems = Vec::new();
    if discrepancy_id.is_empty() {
        problems.push("`discrepancy_id` is empty; expected the id of the row decided on".to_owned());
    }
    if decided_by.is_empty() {
        problems.push("`decided_by` is empty; expected who decided".to_owned());
    }
    match kind {
        DecisionKind::Accept | DecisionKind::WriteOff | DecisionKind::Reopen | DecisionKind::Comment
            if reason.is_empty() =>
        {
            problems.push(format!("`reason` is empty; expected why, which {kind} demands"));
        }
        DecisionKind::Assign if assigned_to.is_empty() && reason.is_empty() => {
            problems.push("`assigned_to` is empty, and so is `reason`; expected who looks after it".to_owned());
        }
        _ => {}
    }
    problems
}

#[cfg(test)]
#[path = "file_tests.rs"]
mod tests;
