//! A CSV file as a table of text.

use anyhow::{Context as _, Result, ensure};
use std::path::Path;

/// A header and its rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Table {
    header: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// Reads a whole file.
    ///
    /// # Errors
    ///
    /// If it cannot be read, is no CSV of one width, or has no header.
    pub fn read(path: &Path) -> Result<Self> {
        let place = || format!("output `{}` cannot be read", path.display());
        let mut reader =
            csv::ReaderBuilder::new().has_headers(false).flexible(false).from_path(path).with_context(place)?;
        let mut rows = Vec::new();
        for record in reader.records() {
            rows.push(record.with_context(place)?.iter().map(str::to_owned).collect::<Vec<_>>());
        }
        ensure!(!rows.is_empty(), "output `{}` has no header", path.display());
        let header = rows.remove(0);
        Ok(Self { header, rows })
    }

    /// The header.
    #[must_use]
    pub fn header(&self) -> &[String] {
        &self.header
    }

    /// How many rows there are below the header.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is nothing below the header.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The text of a cell; empty if there is no such column.
    #[must_use]
    pub fn cell(&self, row: usize, column: &str) -> &str {
        let index = self.header.iter().position(|name| name == column);
        index.map_or("", |index| &self.rows[row][index])
    }

    /// The rows.
    #[must_use]
    pub fn rows(&self) -> &[Vec<String>] {
        &self.rows
    }
}
