//! Many rows at once, in as few statements as each of the databases likes.

use std::borrow::Cow;
use std::fmt::{Display, Write as _};

use arrayvec::ArrayString;
use ring::digest::{Context, SHA256};
use sqlx::postgres::PgConnection;
use sqlx::{Arguments as _, AssertSqlSafe};

use super::pool::Tx;
use super::prepare::{Preparing, Ready, STATEMENT_ROWS};

/// Rows that are handed over at once: enough for speed, few enough to be no copy of the whole.
pub(super) const ROWS: usize = 2_000;

/// Values of a statement that is not kept prepared unless it has [`STATEMENT_ROWS`]: the last of a table has some other number of rows
/// each time.
const FEW_VALUES: usize = 1_000;

/// A text that needs no memory of its own: a date, a currency, an amount of 64 bits.
type ShortText = ArrayString<20>;

/// One value of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Cell<'a> {
    Text(Cow<'a, str>),
    Short(ShortText),
    Integer(i64),
    NoInteger,
}

impl<'a> Cell<'a> {
    pub(super) fn text(text: impl Into<Cow<'a, str>>) -> Self {
        Self::Text(text.into())
    }

    /// What this value is as a text; empty for none.
    pub(super) fn written(value: Option<impl Display>) -> Self {
        let (Some(value), mut short) = (value, ShortText::new()) else { return Self::text("") };
        let is_short = write!(short, "{value}").is_ok();
        if is_short { Self::Short(short) } else { Self::text(value.to_string()) }
    }

    /// The text, if it is one.
    pub(super) fn str(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Short(text) => Some(text),
            Self::Integer(_) | Self::NoInteger => None,
        }
    }

    /// What the database gives back of it as a text; empty for no value.
    pub(super) fn stored(&self) -> Cow<'_, str> {
        match self {
            Self::Integer(number) => number.to_string().into(),
            Self::Text(_) | Self::Short(_) | Self::NoInteger => self.as_text().unwrap_or_default(),
        }
    }

    /// The text as it is stored, if it is one.
    pub(super) fn as_text(&self) -> Option<Cow<'_, str>> {
        self.str().map(storable)
    }

    /// Adds the cell as `COPY` reads it: `\N` is no value, and what would end a cell or a row is written with a backslash.
    pub(super) fn add_copied(&self, line: &mut Vec<u8>) {
        match self {
            Self::Text(text) => add_escaped(text, line),
            Self::Short(text) => add_escaped(text, line),
            Self::Integer(number) => line.extend_from_slice(number.to_string().as_bytes()),
            Self::NoInteger => line.extend_from_slice(b"\\N"),
        }
    }

    /// The number, if it is one.
    pub(super) fn as_integer(&self) -> Option<i64> {
        match self {
            Self::Integer(number) => Some(*number),
            Self::Text(_) | Self::Short(_) | Self::NoInteger => None,
        }
    }
}

/// Adds a text as `COPY` reads it.
fn add_escaped(text: &str, line: &mut Vec<u8>) {
    for byte in storable(text).bytes() {
        match byte {
            b'\\' => line.extend_from_slice(b"\\\\"),
            b'\t' => line.extend_from_slice(b"\\t"),
            b'\n' => line.extend_from_slice(b"\\n"),
            b'\r' => line.extend_from_slice(b"\\r"),
            other => line.push(other),
        }
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
    pub(super) async fn insert(&'static self, tx: &mut Tx, cells: &[Cell<'_>]) -> sqlx::Result<u64> {
        match tx {
            Tx::Postgres(tx) if !self.on_conflict.is_empty() && !cells.is_empty() => {
                self.insert_arrays(tx, cells).await
            }
            tx => {
                let mut rows = Preparing::new(self, matches!(tx, Tx::Sqlite(_)));
                cells.chunks(self.columns.len()).try_for_each(|row| rows.add(row.iter()))?;
                match rows.take(true) {
                    Some(ready) => self.insert_ready(tx, ready).await,
                    None => Ok(0),
                }
            }
        }
    }

    /// Inserts rows that were made ready, and tells how many were inserted. On SQLite by statements with many `VALUES` rows, prepared once
    /// for each number of rows; on PostgreSQL by `COPY`, which takes no arrays apart and fills pages at once, but ends at a key that is
    /// taken, so that a table with something to do in that case gets an array per column.
    pub(super) async fn insert_ready(&self, tx: &mut Tx, ready: Ready) -> sqlx::Result<u64> {
        match (tx, ready) {
            (Tx::Sqlite(tx), Ready::Values(statements)) => {
                let mut inserted = 0;
                for (sql, values) in statements {
                    let count = values.len();
                    let is_kept = count <= FEW_VALUES || count == STATEMENT_ROWS * self.columns.len();
                    let query = sqlx::query_with(AssertSqlSafe(sql), values).persistent(is_kept);
                    inserted += query.execute(&mut **tx).await?.rows_affected();
                }
                Ok(inserted)
            }
            (Tx::Postgres(tx), Ready::Lines(lines)) => self.copy(tx, lines).await,
            (Tx::Sqlite(_), Ready::Lines(_)) | (Tx::Postgres(_), Ready::Values(_)) => {
                Err(sqlx::Error::Protocol("rows were made ready for the other database".to_owned()))
            }
        }
    }

    /// Inserts lines as `COPY` reads them; a key that is taken is an error.
    pub(super) async fn copy(&self, connection: &mut PgConnection, lines: Vec<u8>) -> sqlx::Result<u64> {
        let sql = format!("COPY {} ({}) FROM STDIN", self.name, self.columns.join(", "));
        let mut copy = connection.copy_in_raw(&sql).await?;
        copy.send(lines).await?;
        copy.finish().await
    }

    /// One statement with an array per column; what to do with a key that is taken is done.
    pub(super) async fn insert_arrays(&self, connection: &mut PgConnection, cells: &[Cell<'_>]) -> sqlx::Result<u64> {
        let width = self.columns.len();
        let is_text = |column: usize| cells.iter().skip(column).step_by(width).any(|cell| cell.str().is_some());
        let kinds: Vec<bool> = (0..width).map(is_text).collect();
        let mut query = sqlx::query(AssertSqlSafe(self.arrays_statement(&kinds)));
        for (column, is_text) in kinds.into_iter().enumerate() {
            let cells = cells.iter().skip(column).step_by(width);
            query = if is_text {
                query.bind(cells.map(Cell::as_text).collect::<Vec<Option<Cow<'_, str>>>>())
            } else {
                query.bind(cells.map(Cell::as_integer).collect::<Vec<Option<i64>>>())
            };
        }
        Ok(query.execute(connection).await?.rows_affected())
    }

    /// Only names and placeholders, never a value. SQLite looks a numbered placeholder up by its name among all of them, which
    /// is quadratic in their number, so it gets bare ones. A failure ends the transaction, so nothing of the statement alone needs to
    /// be undone: `OR FAIL` saves the copy of each page that SQLite would keep for that.
    pub(super) fn values_statement(&self, rows: usize) -> String {
        let row = format!("({})", vec!["?"; self.columns.len()].join(", "));
        let rows = vec![row.as_str(); rows].join(", ");
        format!("INSERT OR FAIL INTO {} ({}) VALUES {rows}{}", self.name, self.columns.join(", "), self.on_conflict)
    }

    fn arrays_statement(&self, is_text: &[bool]) -> String {
        let array = |(at, &is_text)| format!("${}::{}[]", at + 1, if is_text { "text" } else { "bigint" });
        let arrays: Vec<String> = is_text.iter().enumerate().map(array).collect();
        let (columns, arrays) = (self.columns.join(", "), arrays.join(", "));
        format!("INSERT INTO {} ({columns}) SELECT * FROM UNNEST({arrays}){}", self.name, self.on_conflict)
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
    digest_row(context, cells, &mut Vec::new());
}

/// The same, with a buffer that is used again: a digest takes whole rows faster than cells.
pub(super) fn digest_row(context: &mut Context, cells: &[Cell<'_>], row: &mut Vec<u8>) {
    row.clear();
    for cell in cells {
        if let Some(text) = cell.str() {
            row.push(b't');
            row.extend_from_slice(&(text.len() as u64).to_be_bytes());
            row.extend_from_slice(text.as_bytes());
        } else if let Some(number) = cell.as_integer() {
            row.push(b'i');
            row.extend_from_slice(&number.to_be_bytes());
        } else {
            row.push(b'n');
        }
    }
    context.update(row);
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
