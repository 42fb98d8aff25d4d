//! Rows as each of the databases takes them: what takes about as long to make as to insert, and is made beside.

use std::io;
use std::sync::Arc;

use sqlx::Arguments as _;
use sqlx::sqlite::SqliteArguments;

use super::bulk::{Cell, Table};
use super::many::CellRows;

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

/// Why rows cannot be made ready.
pub(super) enum Unready {
    /// They cannot be read.
    Unread(io::Error),
    /// The database does not take a cell.
    Refused(sqlx::Error),
    /// They are not what they should be.
    Defect(String),
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

    /// Adds some more rows, each behind a first cell, and shows them to somebody else as well; false after the last.
    ///
    /// # Errors
    /// They cannot be read, or as [`add`](Self::add).
    pub(super) fn add_more(
        &mut self,
        first: &Cell<'_>,
        rows: &mut dyn CellRows,
        mut show: impl FnMut(&[Cell<'_>]),
    ) -> Result<bool, Unready> {
        let mut added = Ok(());
        let mut add = |cells: &[Cell<'_>]| {
            show(cells);
            let row = self.add(std::iter::once(first).chain(cells));
            added = std::mem::replace(&mut added, Ok(())).and(row);
        };
        let is_more = rows.show_more(&mut add).map_err(Unready::Unread)?;
        added.map_err(Unready::Refused)?;
        Ok(is_more)
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    const TABLE: Table = Table { name: "t", columns: &["a", "b"], on_conflict: "" };

    /// What comes of rows that are taken after each hundred, and at their end: how many rows each time.
    fn taken(rows: usize, is_sqlite: bool) -> Vec<usize> {
        let (mut preparing, mut taken) = (Preparing::new(&TABLE, is_sqlite), Vec::new());
        for at in 0..=rows {
            if at % 100 == 0 || at == rows {
                taken.extend(preparing.take(at == rows).map(|ready| match ready {
                    Ready::Values(statements) => statements.iter().map(|(_, values)| values.len() / 2).sum::<usize>(),
                    Ready::Lines(lines) => lines.iter().filter(|byte| **byte == b'\n').count(),
                }));
            }
            preparing.add([Cell::Integer(7), Cell::text(at.to_string())].iter()).unwrap();
        }
        taken
    }

    #[test]
    fn rows_are_taken_when_they_are_enough_and_at_the_end() {
        assert_eq!(taken(0, true), [0; 0]);
        assert_eq!(taken(1, true), [1]);
        assert_eq!(taken(500, true), [500]);
        assert_eq!(taken(1_101, true), [500, 500, 101]);
        assert_eq!(taken(0, false), [0; 0]);
        assert_eq!(taken(1_999, false), [1_999]);
        assert_eq!(taken(4_100, false), [2_000, 2_000, 100]);
    }

    #[test]
    fn statements_name_as_many_rows_as_they_have_values() {
        let mut preparing = Preparing::new(&TABLE, true);
        (0..1_002).for_each(|_| preparing.add([Cell::NoInteger, Cell::text("x")].iter()).unwrap());
        let Some(Ready::Values(statements)) = preparing.take(true) else { panic!("they are for SQLite") };
        let rows: Vec<usize> = statements.iter().map(|(sql, _)| sql.matches("(?, ?)").count()).collect();
        assert_eq!(rows, [500, 500, 2]);
        assert!(preparing.take(true).is_none(), "there are no more");
    }
}
