//! Many rows at once: one statement with many `VALUES` rows.

use std::borrow::Cow;
use std::fmt::Write as _;

use ring::digest::{Context, SHA256};
use sqlx::AssertSqlSafe;

use super::pool::{Tx, on_tx};

/// Values per statement. SQLite takes 32,766 and PostgreSQL 65,535; larger statements are no faster than this.
const MAX_VALUES: usize = 8_000;

/// One value of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Cell<'a> {
    Text(Cow<'a, str>),
    Integer(i64),
    NoInteger,
}

impl<'a> Cell<'a> {
    pub(super) fn text(text: impl Into<Cow<'a, str>>) -> Self {
        Self::Text(text.into())
    }
}

/// What to insert into.
pub(super) struct Table {
    pub(super) name: &'static str,
    pub(super) columns: &'static [&'static str],
    /// Appended to the statement: what to do with a row whose key is taken.
    pub(super) on_conflict: &'static str,
}

impl Table {
    /// Inserts rows whose cells stand one after the other, and tells how many were inserted.
    pub(super) async fn insert(&self, tx: &mut Tx, cells: &[Cell<'_>]) -> sqlx::Result<u64> {
        let width = self.columns.len();
        debug_assert_eq!(cells.len() % width, 0, "whole rows only");
        let mut inserted = 0;
        for chunk in cells.chunks(MAX_VALUES / width * width) {
            let sql = AssertSqlSafe(self.statement(chunk.len() / width, matches!(tx, Tx::Postgres(_))));
            inserted += on_tx!(&mut *tx, connection => {
                let mut query = sqlx::query(sql);
                for cell in chunk {
                    query = match cell {
                        Cell::Text(text) => query.bind(storable(text)),
                        Cell::Integer(number) => query.bind(*number),
                        Cell::NoInteger => query.bind(None::<i64>),
                    };
                }
                query.execute(connection).await?.rows_affected()
            });
        }
        Ok(inserted)
    }

    /// Only names and placeholders, never a value. SQLite looks a numbered placeholder up by its name among all of them, which
    /// is quadratic in their number, so it gets bare ones.
    fn statement(&self, rows: usize, numbered: bool) -> String {
        let mut sql = format!("INSERT INTO {} ({}) VALUES ", self.name, self.columns.join(", "));
        let mut place = 0;
        for row in 0..rows {
            sql.push_str(if row == 0 { "(" } else { ", (" });
            for column in 0..self.columns.len() {
                place += 1;
                sql.push_str(if column == 0 { "" } else { ", " });
                if numbered {
                    write!(sql, "${place}").expect("writing to a string cannot fail");
                } else {
                    sql.push('?');
                }
            }
            sql.push(')');
        }
        sql.push_str(self.on_conflict);
        sql
    }
}

/// PostgreSQL's text cannot hold a NUL character. A report that has one must not stop the run, so it becomes the replacement
/// character, on both databases alike.
fn storable(text: &str) -> Cow<'_, str> {
    if text.contains('\0') { Cow::Owned(text.replace('\0', "\u{fffd}")) } else { Cow::Borrowed(text) }
}

/// `$1, $2, …` for a list of that many.
pub(super) fn placeholders(count: usize, from: usize) -> String {
    (from..from + count).map(|place| format!("${place}")).collect::<Vec<_>>().join(", ")
}

/// Adds cells to a digest so that no cell is confused with its neighbour's text.
pub(super) fn digest_cells(context: &mut Context, cells: &[Cell<'_>]) {
    for cell in cells {
        match cell {
            Cell::Text(text) => {
                context.update(b"t");
                context.update(&(text.len() as u64).to_be_bytes());
                context.update(text.as_bytes());
            }
            Cell::Integer(number) => {
                context.update(b"i");
                context.update(&number.to_be_bytes());
            }
            Cell::NoInteger => context.update(b"n"),
        }
    }
}

/// A digest to add to.
pub(super) fn new_digest() -> Context {
    Context::new(&SHA256)
}

/// Lower-case hexadecimal of a finished digest.
pub(super) fn hex(context: Context) -> String {
    context.finish().as_ref().iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("writing to a string cannot fail");
        text
    })
}
