//! Rows as each of the databases takes them: what takes about as long to make as to insert, and is made beside.

use std::sync::Arc;

use sqlx::Arguments as _;
use sqlx::sqlite::SqliteArguments;

use super::bulk::{Cell, Table};

/// Rows per statement on SQLite: more are no faster, and a statement takes hundreds of bytes for each value. SQLite takes 32,766 values.
pub(super) const STATEMENT_ROWS: usize = 500;

/// Rows of a `COPY`: enough for speed, few enough to be no copy of the whole.
const COPIED_ROWS: usize = 2_000;

/// Rows as a database takes them.
pub(super) enum Ready {
    /// Statements of SQLite with their values.
    Values(Vec<(String, SqliteArguments)>),
    /// Lines for PostgreSQL's `COPY`.
    Lines(Vec<u8>),
}

/// Rows that are made ready for a table.
pub(super) struct Preparing {
    table: &'static Table,
    rows: usize,
    to: To,
}

enum To {
    Sqlite {
        statements: Vec<(String, SqliteArguments)>,
        values: SqliteArguments,
        /// The texts of the row before: most columns say the same again.
        before: Vec<Arc<str>>,
    },
    Postgres {
        lines: Vec<u8>,
    },
}

impl Preparing {
    /// No rows yet.
    pub(super) fn new(table: &'static Table, is_sqlite: bool) -> Self {
        let before = vec![Arc::default(); table.columns.len()];
        let to = match is_sqlite {
            true => To::Sqlite { statements: Vec::new(), values: SqliteArguments::default(), before },
            false => To::Postgres { lines: Vec::new() },
        };
        Self { table, rows: 0, to }
    }

    /// Adds a row.
    ///
    /// # Errors
    /// A cell cannot be given to SQLite.
    pub(super) fn add<'c>(&mut self, cells: impl Iterator<Item = &'c Cell<'c>>) -> sqlx::Result<()> {
        self.rows += 1;
        match &mut self.to {
            To::Postgres { lines } => add_line(lines, cells),
            To::Sqlite { values, before, .. } => {
                for (cell, before) in cells.zip(before) {
                    add_value(values, cell, before).map_err(sqlx::Error::Encode)?;
                }
                if self.rows == STATEMENT_ROWS {
                    self.end_statement();
                }
            }
        }
        Ok(())
    }

    /// The rows that were added since the last time, as many as the database takes at once (with more, it would wait for the next ones
    /// between two statements), all of them if they are the last; none if there are not so many.
    pub(super) fn take(&mut self, is_last: bool) -> Option<Ready> {
        if is_last && self.rows > 0 {
            self.end_statement();
        }
        match &mut self.to {
            To::Sqlite { statements, .. } if statements.is_empty() => None,
            To::Sqlite { statements, .. } => Some(Ready::Values(std::mem::take(statements))),
            To::Postgres { .. } if self.rows == 0 || (self.rows < COPIED_ROWS && !is_last) => None,
            To::Postgres { lines } => {
                self.rows = 0;
                Some(Ready::Lines(std::mem::take(lines)))
            }
        }
    }

    /// Nothing is added to SQLite's statement any more.
    fn end_statement(&mut self) {
        if let To::Sqlite { statements, values, .. } = &mut self.to {
            statements.push((self.table.values_statement(self.rows), std::mem::take(values)));
            self.rows = 0;
        }
    }
}

fn add_value(
    values: &mut SqliteArguments,
    cell: &Cell<'_>,
    before: &mut Arc<str>,
) -> Result<(), sqlx::error::BoxDynError> {
    let Some(text) = cell.as_text() else { return values.add(cell.as_integer()) };
    if **before != *text {
        *before = Arc::from(text);
    }
    values.add(Arc::clone(before))
}

/// Adds a row as `COPY` reads it.
pub(super) fn add_line<'c>(lines: &mut Vec<u8>, cells: impl Iterator<Item = &'c Cell<'c>>) {
    for (at, cell) in cells.enumerate() {
        if at > 0 {
            lines.push(b'\t');
        }
        cell.add_copied(lines);
    }
    lines.push(b'\n');
}
