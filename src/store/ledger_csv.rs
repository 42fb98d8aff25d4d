//! The ledger as canonical CSV: one statement, streamed, nothing kept but the row at hand.

use std::io::Write;

use sqlx::postgres::PgPool;
use sqlx::sqlite::SqlitePool;
use sqlx::{AssertSqlSafe, Connection, Row};

use super::digest::in_one;
use super::error::StoreError;
use super::pool::{Limit, Pool, Store};
use crate::calendar::Instant;
use crate::ledger::COLUMNS;
use crate::points::{Point, reached};

pub(super) const DOING: &str = "reading the ledger";

/// The next row of a stream, or an error once the time for all of them is over. Its own macro because the driver's stream type is
/// not named outside the driver.
macro_rules! next_row {
    ($rows:expr, $database:expr, $limit:expr) => {{
        let next = std::future::poll_fn(|context| $rows.as_mut().poll_next(context));
        $limit.before($database, $crate::store::ledger_csv::DOING, async { next.await.transpose() })
    }};
}
pub(super) use next_row;

impl Store {
    /// Writes the entries of `[from, to)` as CSV: the contract's header, rows by `entry_id` (byte order), `\n` after each,
    /// quotes only where needed. The same entries give the same bytes on both databases. Returns the number of rows.
    ///
    /// # Errors
    /// [`StoreError::Output`] if the writer fails; as any query.
    pub async fn read_ledger(&self, from: Instant, to: Instant, writer: impl Write) -> Result<u64, StoreError> {
        let rows = match &self.pool {
            Pool::Sqlite(pool) => self.stream_window(pool, (from, to), writer).await?,
            Pool::Postgres(pool) => self.copy_window(pool, (from, to), writer).await?,
        };
        reached(Point::LedgerRead);
        Ok(rows)
    }

    /// On SQLite: a row comes as one text, its cells with a NUL between, and is written as CSV here.
    async fn stream_window(
        &self,
        pool: &SqlitePool,
        (from, to): (Instant, Instant),
        writer: impl Write,
    ) -> Result<u64, StoreError> {
        let mut copy = LedgerCsv::begin(writer, &COLUMNS)?;
        let mut limit = Limit::of(self.options.ledger_timeout);
        let sql = AssertSqlSafe(window(&in_one(&texts(&COLUMNS)), from, to));
        let mut rows = sqlx::query(sql).fetch(pool);
        while let Some(row) = next_row!(rows, &self.name, limit).await? {
            let text: &str = row.try_get(0).map_err(|error| StoreError::from_driver(&self.name, DOING, &error))?;
            let cells = text.bytes().filter(|&byte| byte == 0).count() + 1;
            if cells != COLUMNS.len() {
                let problem = format!("an entry holds a NUL character: `{}`; expected text", text.replace('\0', ","));
                return Err(self.damaged(DOING, problem));
            }
            copy.packed_row(text)?;
            part_read();
        }
        copy.finish()
    }

    /// On PostgreSQL: `COPY`, whose rules of quoting are the contract's, so that its bytes are written as they come.
    async fn copy_window(
        &self,
        pool: &PgPool,
        (from, to): (Instant, Instant),
        writer: impl Write,
    ) -> Result<u64, StoreError> {
        // No text is what it writes for NULL, because no column has any.
        let query = window(&texts(&COLUMNS).join(", "), from, to);
        let sql = format!("COPY ({query}) TO STDOUT WITH (FORMAT csv, NULL '{NO_TEXT}')");
        let allowed = self.options.ledger_timeout;
        let mut copy = CopiedCsv::begin(writer)?;
        // A connection of its own: one whose copy is given up in the middle is of no use to anybody.
        let mut connection = self.within(DOING, pool.acquire()).await?.detach();
        let longer = sqlx::query(ALLOW_TIME).bind(allowed.as_millis().to_string()).execute(&mut connection);
        self.within(DOING, longer).await?;
        let mut limit = Limit::of(allowed);
        let mut parts = limit.before(&self.name, DOING, connection.copy_out_raw(&sql)).await?;
        while let Some(part) = next_row!(parts, &self.name, limit).await? {
            copy.push(&part)?;
            part_read();
        }
        drop(parts);
        self.within(DOING, connection.close()).await?;
        copy.finish()
    }
}

/// Said by both ways.
fn part_read() {
    reached(Point::LedgerPartRead);
}

/// What stands in a copy for an unknown text, if the database held any.
const NO_TEXT: &str = "no column of the ledger is NULL";

/// The columns as texts.
fn texts(columns: &[&'static str]) -> Vec<&'static str> {
    let text = |column: &&'static str| if *column == "amount_minor" { "CAST(amount_minor AS TEXT)" } else { *column };
    columns.iter().map(text).collect()
}

/// One statement, so that the whole copy is one snapshot; the database sorts, in its own temporary space if it must. `COPY` takes no
/// parameters; these are integers. The index holds days, so they are asked for as well.
fn window(cells: &str, from: Instant, to: Instant) -> String {
    let (from, to) = (from.millis(), to.millis());
    format!(
        "SELECT {cells} FROM ledger_entries WHERE occurred_at_ms / {DAY} >= {from} / {DAY} AND occurred_at_ms / {DAY} <= {to} / {DAY}
         AND occurred_at_ms >= {from} AND occurred_at_ms < {to} ORDER BY entry_id"
    )
}

/// Milliseconds of a day, as the index over instants counts.
const DAY: i64 = 86_400_000;

/// Lines of CSV on their way, counted.
struct CopiedCsv<W: Write> {
    writer: W,
    rows: u64,
    is_quoted: bool,
}

impl<W: Write> CopiedCsv<W> {
    /// Writes the header.
    fn begin(mut writer: W) -> Result<Self, StoreError> {
        writeln!(writer, "{}", COLUMNS.join(",")).map_err(StoreError::Output)?;
        Ok(Self { writer, rows: 0, is_quoted: false })
    }

    /// Writes what comes next, wherever it is cut. A line ends where no cell is open; a quote within a cell is doubled.
    fn push(&mut self, part: &[u8]) -> Result<(), StoreError> {
        for at in memchr::memchr2_iter(b'"', b'\n', part) {
            match part[at] {
                b'"' => self.is_quoted = !self.is_quoted,
                _ if self.is_quoted => {}
                _ => self.rows += 1,
            }
        }
        self.writer.write_all(part).map_err(StoreError::Output)
    }

    /// Hands everything to the writer and tells the number of rows.
    fn finish(mut self) -> Result<u64, StoreError> {
        self.writer.flush().map_err(StoreError::Output)?;
        Ok(self.rows)
    }
}

/// Gives a connection another time-out than it began with, in milliseconds, and more memory to sort in than the server's default of
/// 4 MB, with which a window of millions is merged from hundreds of files.
pub(super) const ALLOW_TIME: &str =
    "SELECT set_config('statement_timeout', $1, false), set_config('work_mem', '64MB', false)";

/// The copy under construction.
pub(super) struct LedgerCsv<W: Write> {
    writer: csv::Writer<W>,
    rows: u64,
}

impl<W: Write> LedgerCsv<W> {
    /// Writes the header.
    pub(super) fn begin(writer: W, columns: &[&str]) -> Result<Self, StoreError> {
        let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::Any(b'\n')).from_writer(writer);
        writer.write_record(columns).map_err(failed)?;
        Ok(Self { writer, rows: 0 })
    }

    /// Writes a cell of the row at hand.
    pub(super) fn cell(&mut self, text: &str) -> Result<(), StoreError> {
        self.writer.write_field(text).map_err(failed)
    }

    /// Writes a row whose cells have a NUL between.
    fn packed_row(&mut self, row: &str) -> Result<(), StoreError> {
        row.split('\0').try_for_each(|cell| self.cell(cell))?;
        self.end_row()
    }

    /// Ends the row at hand.
    pub(super) fn end_row(&mut self) -> Result<(), StoreError> {
        self.rows += 1;
        self.writer.write_record(None::<&[u8]>).map_err(failed)
    }

    /// Hands everything to the writer and tells the number of rows.
    pub(super) fn finish(mut self) -> Result<u64, StoreError> {
        self.writer.flush().map_err(StoreError::Output)?;
        Ok(self.rows)
    }
}

fn failed(error: csv::Error) -> StoreError {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => StoreError::Output(error),
        other => StoreError::Output(std::io::Error::other(format!("{other:?}"))),
    }
}
