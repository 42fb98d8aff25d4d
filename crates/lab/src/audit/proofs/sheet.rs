//! Antom's files of a day: found by name, read as CSV (RFC 4180) or as workbooks, refused without their end.

use anyhow::{Context as _, Result};
use chrono::{DateTime, FixedOffset, NaiveDate};
use std::fs;
use std::path::Path;

use super::money::{Currency, amount};
use super::workbook;

/// A report file.
#[derive(Debug, Clone)]
pub struct Sheet {
    /// The file's name.
    pub name: String,
    header: Vec<String>,
    rows: Vec<(u64, Vec<String>)>,
    minor_units: bool,
}

/// The reports that proofs read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Report {
    /// `settlementItems_…`
    Details,
    /// `settlementSummary_…`
    Summary,
    /// `accountActivity_…`
    Activity,
    /// `dailyEndingBalance_…`
    Balance,
}

impl Report {
    fn prefix(self) -> &'static str {
        match self {
            Self::Details => "settlementItems_",
            Self::Summary => "settlementSummary_",
            Self::Activity => "accountActivity_",
            Self::Balance => "dailyEndingBalance_",
        }
    }

    /// Columns without which a file is not accepted; those of details and summaries have many names.
    fn requires(self) -> &'static [&'static str] {
        match self {
            Self::Details | Self::Summary => &[],
            Self::Activity => &["accountNo", "accountLogId", "transDirection", "amount"],
            Self::Balance => &["accountNo", "balance"],
        }
    }
}

/// Where Antom's files lie and how their amounts are written.
#[derive(Debug, Clone, Copy)]
pub struct Tree<'t> {
    /// The folder that holds `v1`.
    pub remote: &'t Path,
    /// The marketplace's id.
    pub platform: &'t str,
    /// Whether amounts are in smallest units.
    pub minor_units: bool,
}

impl Tree<'_> {
    /// The accepted files of a report in the directory of `day`, by name. Files without their end go into `remarks`.
    pub fn sheets(&self, report: Report, day: NaiveDate, remarks: &mut Vec<String>) -> Result<Vec<Sheet>> {
        let folder = self.remote.join("v1/settlements").join(self.platform).join(day.format("%Y%m%d").to_string());
        if !folder.is_dir() {
            return Ok(Vec::new());
        }
        let mut names = Vec::new();
        for entry in fs::read_dir(&folder).with_context(|| format!("`{}` cannot be listed", folder.display()))? {
            names.push(entry?.file_name().to_string_lossy().into_owned());
        }
        names.sort();
        let mut sheets = Vec::new();
        for name in names.into_iter().filter(|name| name.starts_with(report.prefix())) {
            let bytes = fs::read(folder.join(&name)).with_context(|| format!("`{name}` cannot be read"))?;
            match Sheet::parse(&name, &bytes, self.minor_units)? {
                Some(sheet) => match report.requires().iter().find(|column| !sheet.has(column)) {
                    Some(column) => remarks.push(format!("`{name}` of {day} has no `{column}` and is not read")),
                    None => sheets.push(sheet),
                },
                None => remarks.push(format!("`{name}` of {day} has no end and is not read")),
            }
        }
        Ok(sheets)
    }
}

/// A row of a report: cells by column name.
#[derive(Debug, Clone, Copy)]
pub struct Row<'s> {
    sheet: &'s Sheet,
    /// The physical line where it starts, the header being line 1.
    pub line: u64,
    cells: &'s [String],
}

/// A cell that is present and cannot be read: its line is rejected as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unreadable;

impl Sheet {
    /// Reads a file; `None` if its last line is not `<END>`.
    pub fn parse(name: &str, bytes: &[u8], minor_units: bool) -> Result<Option<Self>> {
        let mut rows = if name.to_ascii_lowercase().ends_with(".xlsx") {
            workbook::rows(bytes).with_context(|| format!("`{name}` is no workbook"))?
        } else {
            csv_rows(bytes).with_context(|| format!("`{name}` is no CSV file"))?
        };
        let is_end = |row: &(u64, Vec<String>)| row.1.concat() == "<END>" && row.1[0] == "<END>";
        if rows.pop_if(|row| is_end(row)).is_none_or(|_| rows.is_empty()) {
            return Ok(None);
        }
        let (_, header) = rows.remove(0);
        let header = header.iter().map(|name| name.trim().to_owned()).collect();
        Ok(Some(Self { name: name.to_owned(), header, rows, minor_units }))
    }

    /// Whether it has the column.
    pub fn has(&self, column: &str) -> bool {
        self.position(column).is_some()
    }

    /// The rows of the header's width; others cannot be read.
    pub fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        let width = self.header.len();
        let rows = self.rows.iter().filter(move |(_, cells)| cells.len() == width);
        rows.map(|(line, cells)| Row { sheet: self, line: *line, cells })
    }

    fn position(&self, column: &str) -> Option<usize> {
        self.header.iter().position(|name| name.eq_ignore_ascii_case(column))
    }
}

impl<'s> Row<'s> {
    /// The text of a cell; empty if there is no such column, or if it says `None` or `null` (`antom.md`, 7.3).
    pub fn text(&self, column: &str) -> &'s str {
        let text = self.sheet.position(column).map_or("", |at| self.cells[at].as_str());
        if text.eq_ignore_ascii_case("none") || text.eq_ignore_ascii_case("null") { "" } else { text }
    }

    /// The first of these columns that is not empty: one column under its names in other generations.
    pub fn either(&self, columns: &[&str]) -> &'s str {
        columns.iter().map(|column| self.text(column)).find(|text| !text.is_empty()).unwrap_or("")
    }

    /// A currency; `None` if the cell is empty.
    pub fn currency(&self, column: &str) -> Result<Option<Currency>, Unreadable> {
        match self.text(column) {
            "" => Ok(None),
            code => Currency::parse(code).map(Some).ok_or(Unreadable),
        }
    }

    /// An amount and its currency, which is `fallback` if its own cell is empty; `None` if the amount is empty.
    pub fn amount(
        &self,
        column: &str,
        currency_column: &str,
        fallback: Option<Currency>,
    ) -> Result<Option<(i128, Currency)>, Unreadable> {
        let currency = self.currency(currency_column)?.or(fallback);
        let text = self.text(column);
        if text.is_empty() {
            return Ok(None);
        }
        let currency = currency.ok_or(Unreadable)?;
        amount(text, currency, self.sheet.minor_units).map(|minor| Some((minor, currency))).ok_or(Unreadable)
    }

    /// An instant; `None` if the cell is empty.
    pub fn instant(&self, column: &str) -> Result<Option<DateTime<FixedOffset>>, Unreadable> {
        match self.text(column) {
            "" => Ok(None),
            text => DateTime::parse_from_rfc3339(&text.replacen(' ', "T", 1)).map(Some).map_err(|_| Unreadable),
        }
    }

    /// Checks a cell that holds an instant or a date.
    pub fn check_time(&self, column: &str) -> Result<(), Unreadable> {
        if day(self.text(column)).is_some() { Ok(()) } else { self.instant(column).map(|_| ()) }
    }
}

/// The records of a CSV file with the physical lines where they start.
fn csv_rows(bytes: &[u8]) -> Result<Vec<(u64, Vec<String>)>> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes);
    let mut rows = Vec::new();
    let (mut line, mut counted) = (1, 0);
    for record in reader.records() {
        let record = record?;
        // The reader takes the LF of a CR LF for the beginning of the next record, so that its own lines are off.
        let mut start = record.position().map_or(0, csv::Position::byte).try_into().unwrap_or(bytes.len());
        while matches!(bytes.get(start), Some(b'\r' | b'\n')) {
            start += 1;
        }
        line += bytes[counted..start].iter().map(|byte| u64::from(*byte == b'\n')).sum::<u64>();
        counted = start;
        rows.push((line, record.iter().map(str::to_owned).collect::<Vec<_>>()));
    }
    Ok(rows)
}

/// A day as `20230901` or `2023-09-01`.
pub fn day(text: &str) -> Option<NaiveDate> {
    let form = if text.len() == 8 { "%Y%m%d" } else { "%Y-%m-%d" };
    NaiveDate::parse_from_str(text, form).ok()
}
