//! A ledger in somebody else's database, read by the user's own query. Never writes.
//!
//! The query returns the contract's columns by name, in any order; further columns are ignored. `$1` and `$2` in it stand for
//! the window's start and end: they are replaced by quoted RFC 3339 literals in UTC (`'2026-01-31T16:00:00Z'`), which a
//! comparison turns into the type of the column. Text, integers, numbers without a fraction and `timestamptz` become the
//! contract's text; NULL is empty.

use std::io::Write;
use std::path::Path;
use std::time::Duration;

use sqlx::postgres::{PgConnection, PgRow};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteRow};
use sqlx::{
    AssertSqlSafe, Column, ConnectOptions, Connection, Executor, Row, SqlSafeStr, Statement, TypeInfo, ValueRef,
};

use super::address::Address;
use super::error::StoreError;
use super::ledger_csv::{DOING, LedgerCsv, next_row};
use super::pool::{Limit, StoreOptions, with_timeouts, within};
use crate::calendar::Instant;
use crate::ledger::COLUMNS;

/// Position in [`COLUMNS`] of the column that must be an integer.
const AMOUNT_MINOR: usize = 8;
/// Position in [`COLUMNS`] of the column that must be an instant.
const OCCURRED_AT: usize = 11;

/// A connection that only reads.
pub struct QueryLedger {
    connection: Connected,
    name: String,
    limit: Duration,
}

enum Connected {
    Sqlite(Box<SqliteConnection>),
    Postgres(Box<PgConnection>),
}

impl std::fmt::Debug for QueryLedger {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("QueryLedger").field("name", &self.name).finish_non_exhaustive()
    }
}

impl QueryLedger {
    /// Connects to `sqlite://path` (which must exist) or `postgres://…`, read-only.
    ///
    /// # Errors
    /// [`StoreError::Address`], [`StoreError::Unreachable`].
    pub async fn open(url: &str, options: &StoreOptions) -> Result<Self, StoreError> {
        const OPENING: &str = "opening the ledger's database";
        let address = Address::parse(url, &options.base_dir)?;
        let name = address.name();
        let connect = async {
            Ok(match &address {
                Address::Sqlite(path) => Connected::Sqlite(Box::new(open_sqlite(path, options).await?)),
                Address::Postgres(server) => {
                    let patient = StoreOptions { statement_timeout: options.ledger_timeout, ..options.clone() };
                    let server = with_timeouts(server, &patient)
                        .application_name("antom-recon ledger")
                        .options([("default_transaction_read_only", "on")]);
                    Connected::Postgres(Box::new(PgConnection::connect_with(&server).await?))
                }
            })
        };
        let connection = within(&name, options.connect_timeout, OPENING, connect).await?;
        Ok(Self { connection, name, limit: options.ledger_timeout })
    }

    /// Runs the query for the window `[from, to)` and writes what it gives as CSV with the contract's header, in the order of
    /// the query. Returns the number of rows. Whether an entry lies in the window is for the reader of the CSV to judge: a
    /// query without `$1` and `$2` gives everything.
    ///
    /// # Errors
    /// [`StoreError::LedgerQuery`] naming a column that is missing, given twice or of a type that is no such value.
    pub async fn read(&mut self, sql: &str, from: Instant, to: Instant, writer: impl Write) -> Result<u64, StoreError> {
        self.read_columns(&with_window(sql, from, to), &COLUMNS, writer).await
    }

    /// Runs a query that gives these columns, whatever it is about (a registry of sub-merchants), and writes what it gives as
    /// CSV with them as header, in the order of the query. Returns the number of rows.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub async fn read_columns(
        &mut self,
        sql: &str,
        columns: &[&'static str],
        writer: impl Write,
    ) -> Result<u64, StoreError> {
        let (name, mut limit) = (self.name.as_str(), Limit::of(self.limit));
        let refused = |problem| StoreError::LedgerQuery { database: name.to_owned(), problem };
        // A statement that the database refuses is the user's to mend.
        let query_error = |error| match error {
            StoreError::Query { problem, .. } => refused(problem),
            other => other,
        };
        let mut copy = LedgerCsv::begin(writer, columns)?;
        macro_rules! stream {
            ($connection:expr, $cell:expr, typed: $typed:expr) => {{
                let prepare = $connection.prepare(AssertSqlSafe(sql).into_sql_str());
                let statement = limit.before(name, DOING, prepare).await.map_err(query_error)?;
                let found: Vec<_> = statement.columns().iter().map(|column| column.name()).collect();
                let places = places_of(&found, columns).map_err(refused)?;
                if $typed && columns.len() == COLUMNS.len() {
                    check_types(|at| statement.column(places[at]).type_info().name()).map_err(refused)?;
                }
                let mut rows = sqlx::raw_sql(AssertSqlSafe(sql)).fetch(&mut **$connection);
                while let Some(row) = next_row!(rows, name, limit).await.map_err(query_error)? {
                    for (at, &place) in places.iter().enumerate() {
                        let text = $cell(&row, place, at).map_err(|problem| {
                            let entry = $cell(&row, places[0], 0).unwrap_or_default();
                            refused(format!("row `{entry}`, column `{}`: {problem}", columns[at]))
                        })?;
                        copy.cell(&text)?;
                    }
                    copy.end_row()?;
                }
            }};
        }
        match &mut self.connection {
            Connected::Sqlite(connection) => stream!(connection, sqlite_cell, typed: false),
            Connected::Postgres(connection) => stream!(connection, postgres_cell, typed: true),
        }
        copy.finish()
    }
}

async fn open_sqlite(path: &Path, options: &StoreOptions) -> sqlx::Result<SqliteConnection> {
    SqliteConnectOptions::new()
        .filename(path)
        .read_only(true)
        .create_if_missing(false)
        .busy_timeout(options.connect_timeout)
        .connect()
        .await
}

/// Puts the window's start and end in place of `$1` and `$2`. The literals hold digits, `T`, `Z` and punctuation only.
fn with_window(sql: &str, from: Instant, to: Instant) -> String {
    let mut text = String::with_capacity(sql.len() + 64);
    let mut rest = sql;
    while let Some(at) = rest.find('$') {
        let (before, after) = rest.split_at(at);
        text.push_str(before);
        let mut following = after.chars().skip(1);
        let instant = match (following.next(), following.next()) {
            (_, Some(next)) if next.is_ascii_digit() => None,
            (Some('1'), _) => Some(from),
            (Some('2'), _) => Some(to),
            _ => None,
        };
        match instant {
            Some(instant) => {
                text.push('\'');
                text.push_str(&instant.rfc3339());
                text.push('\'');
                rest = &after[2..];
            }
            None => {
                text.push('$');
                rest = &after[1..];
            }
        }
    }
    text + rest
}

/// Where each column of the contract stands among those found.
fn places_of(found: &[&str], columns: &[&str]) -> Result<Vec<usize>, String> {
    let mut places = vec![0; columns.len()];
    for (place, column) in places.iter_mut().zip(columns) {
        let mut at = found.iter().enumerate().filter(|(_, name)| *name == column).map(|(at, _)| at);
        *place = at.next().ok_or_else(|| {
            format!(
                "column `{column}` is missing; expected all of `{}`, found `{}`",
                columns.join(", "),
                found.join(", ")
            )
        })?;
        if at.next().is_some() {
            return Err(format!(
                "column `{column}` is there twice; expected each column once, found `{}`",
                found.join(", ")
            ));
        }
    }
    Ok(places)
}

/// Refuses types that cannot hold what the contract asks for, even if there is no row.
fn check_types<'t>(type_of: impl Fn(usize) -> &'t str) -> Result<(), String> {
    let amount = type_of(AMOUNT_MINOR);
    if matches!(amount, "FLOAT4" | "FLOAT8" | "REAL" | "MONEY") {
        return Err(format!(
            "column `amount_minor` has type `{amount}`; expected an integer of smallest units, no float"
        ));
    }
    let occurred = type_of(OCCURRED_AT);
    if matches!(occurred, "TIMESTAMP" | "DATE" | "TIME") {
        return Err(format!(
            "column `occurred_at` has type `{occurred}`, which is no instant; expected `timestamptz` or RFC 3339 text (`AT TIME ZONE` says the zone)"
        ));
    }
    Ok(())
}

/// The text of a value in PostgreSQL's text format (session: ISO dates, UTC).
fn postgres_cell(row: &PgRow, place: usize, column: usize) -> Result<String, String> {
    let value = row.try_get_raw(place).map_err(|error| error.to_string())?;
    if value.is_null() {
        return Ok(String::new());
    }
    let text = value.as_str().map_err(|error| error.to_string())?;
    if column == OCCURRED_AT && value.type_info().name() == "TIMESTAMPTZ" {
        return instant_text(text);
    }
    if column == AMOUNT_MINOR { integer_text(text) } else { Ok(text.to_owned()) }
}

/// The text of a value of SQLite, which types values rather than columns.
fn sqlite_cell(row: &SqliteRow, place: usize, column: usize) -> Result<String, String> {
    let value = row.try_get_raw(place).map_err(|error| error.to_string())?;
    if value.is_null() {
        return Ok(String::new());
    }
    let kind = value.type_info().name().to_owned();
    let text = match kind.as_str() {
        "INTEGER" => row.try_get_unchecked::<i64, _>(place).map(|number| number.to_string()),
        "TEXT" => row.try_get_unchecked::<String, _>(place),
        _ => {
            return Err(format!(
                "found a value of type `{kind}`; expected text or an integer (`CAST(… AS TEXT)` makes it so)"
            ));
        }
    }
    .map_err(|error| error.to_string())?;
    if column == AMOUNT_MINOR { integer_text(&text) } else { Ok(text) }
}

/// `2026-01-31 16:00:00.5+00` as RFC 3339.
fn instant_text(text: &str) -> Result<String, String> {
    let with_minutes = format!("{text}:00");
    Instant::parse(with_minutes.as_bytes())
        .map(Instant::rfc3339)
        .ok_or_else(|| format!("found `{text}`; expected an instant between the years 1970 and 9999"))
}

/// A number without its empty fraction: `725.00` is 725.
fn integer_text(text: &str) -> Result<String, String> {
    match text.split_once('.') {
        Some((whole, fraction))
            if !whole.is_empty() && !fraction.is_empty() && fraction.bytes().all(|digit| digit == b'0') =>
        {
            Ok(whole.to_owned())
        }
        Some(_) => Err(format!("found `{text}`; expected an integer of smallest units")),
        None => Ok(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn window_stands_in_for_its_placeholders_only() {
        let (from, to) = (Instant::from_millis(0), Instant::from_millis(1500));
        let table = [
            ("x >= $1 AND x < $2", "x >= '1970-01-01T00:00:00Z' AND x < '1970-01-01T00:00:01.500Z'"),
            ("$1::timestamptz", "'1970-01-01T00:00:00Z'::timestamptz"),
            ("$12 $3 $ cost $", "$12 $3 $ cost $"),
            ("no window, ä", "no window, ä"),
            ("$2", "'1970-01-01T00:00:01.500Z'"),
        ];
        for (sql, expected) in table {
            assert_eq!(with_window(sql, from, to), expected);
        }
    }

    #[test]
    fn numbers_lose_an_empty_fraction_and_nothing_else() {
        let table = [("725", Ok("725")), ("-725.00", Ok("-725")), ("7.25", Err(())), (".0", Err(())), ("7.", Err(()))];
        for (text, expected) in table {
            assert_eq!(integer_text(text).map_err(|_| ()), expected.map(str::to_owned), "{text}");
        }
    }
}
