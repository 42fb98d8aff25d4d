//! The ledger as canonical CSV: one statement, streamed, nothing kept but the row at hand.

use std::io::Write;
use std::time::Duration;

use sqlx::Row;

use super::error::StoreError;
use super::pool::{Pool, Store};
use crate::calendar::Instant;
use crate::ledger::COLUMNS;
use crate::points::{Point, reached};

pub(super) const DOING: &str = "reading the ledger";

/// One statement, so that the whole copy is one snapshot; the database sorts, in its own temporary space if it must.
const WINDOW: &str = "SELECT entry_id, entry_type, request_id, antom_id, original_request_id, original_antom_id, order_id,
     sub_merchant_id, CAST(amount_minor AS TEXT), currency, status, occurred_at, settle_to, refund_from, settlement_batch_id
     FROM ledger_entries WHERE occurred_at_ms >= $1 AND occurred_at_ms < $2 ORDER BY entry_id";

/// The next row of a stream, or an error if it does not come in time. Its own macro because the driver's stream type is not
/// named outside the driver.
macro_rules! next_row {
    ($rows:expr, $database:expr, $limit:expr) => {
        $crate::store::pool::within($database, $limit, $crate::store::ledger_csv::DOING, async {
            std::future::poll_fn(|context| $rows.as_mut().poll_next(context)).await.transpose()
        })
    };
}
pub(super) use next_row;

impl Store {
    /// Writes the entries of `[from, to)` as CSV: the contract's header, rows by `entry_id` (byte order), `\n` after each,
    /// quotes only where needed. The same entries give the same bytes on both databases. Returns the number of rows.
    ///
    /// # Errors
    /// [`StoreError::Output`] if the writer fails; as any query.
    pub async fn read_ledger(&self, from: Instant, to: Instant, writer: impl Write) -> Result<u64, StoreError> {
        let limit = self.options.ledger_timeout;
        let mut copy = LedgerCsv::begin(writer, &COLUMNS)?;
        let window = || (from.millis(), to.millis());
        macro_rules! stream {
            ($on:expr) => {{
                let (from, to) = window();
                let mut rows = sqlx::query(WINDOW).bind(from).bind(to).fetch($on);
                while let Some(row) = next_row!(rows, &self.name, limit).await? {
                    for at in 0..COLUMNS.len() {
                        let text = row.try_get_unchecked::<&str, _>(at);
                        copy.cell(text.map_err(|error| StoreError::from_driver(&self.name, DOING, &error))?)?;
                    }
                    copy.end_row()?;
                    reached(Point::LedgerPartRead);
                }
            }};
        }
        match &self.pool {
            Pool::Sqlite(pool) => stream!(pool),
            Pool::Postgres(pool) => {
                let mut tx = self.within(DOING, pool.begin()).await?;
                let longer = sqlx::query(ALLOW_TIME).bind(time_text(limit)).execute(&mut *tx);
                self.within(DOING, longer).await?;
                stream!(&mut *tx);
            }
        }
        reached(Point::LedgerRead);
        copy.finish()
    }
}

/// Gives the rest of a transaction another time-out than the connection's.
pub(super) const ALLOW_TIME: &str = "SELECT set_config('statement_timeout', $1, true)";

/// A time-out as PostgreSQL reads it: milliseconds.
pub(super) fn time_text(limit: Duration) -> String {
    limit.as_millis().to_string()
}

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
