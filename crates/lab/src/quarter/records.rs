//! The records of runs in the job's database, past its own ways: to change one cell as somebody with a database client would.

use anyhow::{Context as _, Result, bail};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, SqliteConnection};
use std::path::Path;
use tokio::runtime::Runtime;

/// A connection to the database, with a runtime of its own.
pub(super) struct Records {
    connection: Connection,
    runtime: Runtime,
    /// How triggers that were taken out are made again.
    triggers: Vec<String>,
}

enum Connection {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

/// What is added to a number, so that it is not that of another row.
const FAR: u32 = 1_000_000;

/// A column.
pub(super) struct Column {
    pub(super) name: String,
    is_number: bool,
}

/// A cell that was changed.
pub(super) struct Cell {
    table: String,
    column: String,
    is_number: bool,
    /// Where its row is now.
    row: String,
    before: String,
    /// The date of the run to which the row belongs.
    pub(super) business_date: String,
}

/// Runs a query with the connection, whichever it is.
macro_rules! on {
    ($records:expr, $connection:ident => $work:expr) => {{
        let Records { connection, runtime, .. } = $records;
        match connection {
            Connection::Sqlite($connection) => runtime.block_on($work),
            Connection::Postgres($connection) => runtime.block_on($work),
        }
    }};
}

impl Records {
    /// Connects to `url`; an SQLite path is relative to `folder`.
    pub(super) fn open(url: &str, folder: &Path) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let connection = if let Some(path) = url.strip_prefix("sqlite://") {
            let file = folder.join(path);
            let url = format!("sqlite://{}", file.display());
            Connection::Sqlite(runtime.block_on(SqliteConnection::connect(&url))?)
        } else {
            Connection::Postgres(runtime.block_on(PgConnection::connect(url))?)
        };
        Ok(Self { connection, runtime, triggers: Vec::new() })
    }

    fn texts(&mut self, sql: &str) -> Result<Vec<String>> {
        let sql = sql.to_owned();
        let shown = sql.clone();
        let rows = on!(self, connection => sqlx::query_scalar::<_, String>(AssertSqlSafe(sql)).fetch_all(connection));
        rows.with_context(|| format!("`{shown}` failed"))
    }

    fn execute(&mut self, sql: &str) -> Result<()> {
        let sql = sql.to_owned();
        let shown = sql.clone();
        match &mut self.connection {
            Connection::Sqlite(connection) => {
                self.runtime.block_on(sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection)).map(|_| ())
            }
            Connection::Postgres(connection) => {
                self.runtime.block_on(sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection)).map(|_| ())
            }
        }
        .with_context(|| format!("`{shown}` failed"))
    }

    fn is_sqlite(&self) -> bool {
        matches!(self.connection, Connection::Sqlite(_))
    }

    /// Takes the triggers that protect history, and other constraints as far as possible, out of the way.
    pub(super) fn disarm(&mut self) -> Result<()> {
        if !self.is_sqlite() {
            return self.execute("SET session_replication_role = replica");
        }
        self.execute("PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON")?;
        for name in self.texts("SELECT name FROM sqlite_master WHERE type = 'trigger' ORDER BY name")? {
            let of_name = format!("SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name = '{name}'");
            let sql = self.texts(&of_name)?;
            self.triggers.extend(sql);
            self.execute(&format!("DROP TRIGGER {name}"))?;
        }
        Ok(())
    }

    /// Makes everything as it was before [`disarm`](Self::disarm).
    pub(super) fn arm(&mut self) -> Result<()> {
        if !self.is_sqlite() {
            return self.execute("SET session_replication_role = origin");
        }
        for sql in std::mem::take(&mut self.triggers) {
            self.execute(&sql)?;
        }
        Ok(())
    }

    /// The tables whose rows belong to runs.
    pub(super) fn tables(&mut self) -> Result<Vec<String>> {
        if self.is_sqlite() {
            return self.texts(
                "SELECT DISTINCT t.name FROM sqlite_master AS t JOIN pragma_table_info(t.name) AS c
                 WHERE t.type = 'table' AND c.name = 'run_id' AND t.name LIKE 'run%' ORDER BY t.name",
            );
        }
        self.texts(
            "SELECT table_name::text FROM information_schema.columns WHERE table_schema = current_schema()
             AND column_name = 'run_id' AND table_name LIKE 'run%' ORDER BY table_name",
        )
    }

    /// The columns of a table but the run's number, by which rows belong together.
    pub(super) fn columns(&mut self, table: &str) -> Result<Vec<Column>> {
        let sql = if self.is_sqlite() {
            format!("SELECT name || ' ' || lower(type) FROM pragma_table_info('{table}') ORDER BY cid")
        } else {
            format!(
                "SELECT column_name || ' ' || data_type FROM information_schema.columns
                 WHERE table_schema = current_schema() AND table_name = '{table}' ORDER BY ordinal_position"
            )
        };
        let columns = self.texts(&sql)?.into_iter().filter_map(|text| {
            let (name, kind) = text.split_once(' ')?;
            let is_number = kind.contains("int");
            (name != "run_id").then(|| Column { name: name.to_owned(), is_number })
        });
        Ok(columns.collect())
    }

    /// Changes one byte of a cell of this column, in the middle of the rows that have one; `None` if none has.
    pub(super) fn change(&mut self, table: &str, column: &Column) -> Result<Option<Cell>> {
        let Column { name, is_number } = column;
        let place = self.place(table, "t.");
        let has = if *is_number { format!("t.{name} IS NOT NULL") } else { format!("t.{name} <> ''") };
        let rows = format!("FROM {table} AS t JOIN runs ON runs.run_id = t.run_id WHERE {has}");
        let count: usize = match &self.texts(&format!("SELECT CAST(count(*) AS TEXT) {rows}"))?[..] {
            [count] => count.parse().context("a count is a number")?,
            other => bail!("`{table}` has {} counts", other.len()),
        };
        if count == 0 {
            return Ok(None);
        }
        let one = format!("{rows} ORDER BY t.run_id, t.{name}, {place} LIMIT 1 OFFSET {}", count / 2);
        let mut text = |what: &str| -> Result<String> {
            self.texts(&format!("SELECT CAST({what} AS TEXT) {one}"))?.pop().context("the row was there just now")
        };
        let (row, before) = (text(&place)?, text(&format!("t.{name}"))?);
        let business_date = text("runs.business_date")?;
        let value = if *is_number {
            format!("{name} + {FAR}")
        } else {
            format!("'{}'", other_ending(&before).replace('\'', "''"))
        };
        let row = self.update(table, name, &value, &row)?;
        let (table, column) = (table.to_owned(), name.clone());
        Ok(Some(Cell { table, column, is_number: *is_number, row, before, business_date }))
    }

    /// Puts a changed cell back.
    pub(super) fn put_back(&mut self, cell: &Cell) -> Result<()> {
        let value = if cell.is_number { cell.before.clone() } else { format!("'{}'", cell.before.replace('\'', "''")) };
        self.update(&cell.table, &cell.column, &value, &cell.row).map(|_| ())
    }

    /// What the database itself knows a row by; two tables are their own index, and know rows by their key.
    fn place(&self, table: &str, prefix: &str) -> String {
        match (self.is_sqlite(), table) {
            (true, "run_in_transit" | "run_cleared") => format!("{prefix}run_id || ' ' || {prefix}item_id"),
            (true, _) => format!("{prefix}rowid"),
            (false, _) => format!("{prefix}ctid"),
        }
    }

    /// Gives where the row is afterwards.
    fn update(&mut self, table: &str, column: &str, value: &str, row: &str) -> Result<String> {
        let place = self.place(table, "");
        let sql = format!(
            "UPDATE {table} SET {column} = {value} WHERE CAST({place} AS TEXT) = '{row}' RETURNING CAST({place} AS TEXT)"
        );
        self.texts(&sql)?.pop().with_context(|| format!("`{table}` has no row {row}"))
    }
}

/// The text with another last character.
fn other_ending(text: &str) -> String {
    let mut characters: Vec<char> = text.chars().collect();
    if let Some(last) = characters.last_mut() {
        *last = if *last == 'x' { 'y' } else { 'x' };
    }
    characters.into_iter().collect()
}
