//! Digests over rows as the database gives them back: computed in the same way when rows are added and when they are verified.
//!
//! Cells that are empty add nothing, so that a later migration may add columns (empty by default) without changing a digest.

use ring::digest::Context;
use sqlx::{AssertSqlSafe, Row};

use super::bulk::{Cell, Table, hex, new_digest};
use super::pool::{Steps, Tx, on_tx};
use super::rows::ITEMS;

/// What a digest over the rows of a table begins with, so that another way to compute it can be told from this one.
const FORMAT: &str = "antom-recon rows 1\n";

/// How many rows there are, and the digest over them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct RowsDigest {
    pub(super) count: i64,
    pub(super) digest: String,
}

/// A digest over rows that is being computed.
pub(super) struct Rows {
    count: i64,
    context: Context,
    /// The row at hand; a digest takes whole rows faster than cells.
    row: Vec<u8>,
}

impl Default for Rows {
    fn default() -> Self {
        Self::new()
    }
}

impl Rows {
    pub(super) fn new() -> Self {
        let mut context = new_digest();
        context.update(FORMAT.as_bytes());
        Self { count: 0, context, row: Vec::new() }
    }

    /// How many rows were added.
    pub(super) const fn count(&self) -> i64 {
        self.count
    }

    /// Adds a row's cells, each under its column's name.
    pub(super) fn add<'r>(&mut self, table: &str, cells: impl IntoIterator<Item = (&'r str, impl AsRef<str>)>) {
        self.count += 1;
        self.row.clear();
        add_cell(&mut self.row, "row of", table);
        for (column, text) in cells {
            add_cell(&mut self.row, column, text.as_ref());
        }
        self.context.update(&self.row);
    }

    /// Adds a row as its cells are given to the database.
    pub(super) fn add_cells(&mut self, table: &Table, cells: &[Cell<'_>]) {
        self.add(table.name, table.columns[1..].iter().copied().zip(cells.iter().map(Cell::stored)));
    }

    pub(super) fn finish(self) -> RowsDigest {
        RowsDigest { count: self.count, digest: hex(self.context) }
    }
}

/// `name=<bytes>:text`, so that no cell is confused with its neighbour's text; nothing if it is empty.
pub(super) fn cell(digest: &mut Context, name: &str, text: &str) {
    let mut bytes = Vec::new();
    add_cell(&mut bytes, name, text);
    digest.update(&bytes);
}

fn add_cell(bytes: &mut Vec<u8>, name: &str, text: &str) {
    if !text.is_empty() {
        for part in [name, "="] {
            bytes.extend_from_slice(part.as_bytes());
        }
        add_decimal(bytes, text.len());
        for part in [":", text, "\n"] {
            bytes.extend_from_slice(part.as_bytes());
        }
    }
}

fn add_decimal(bytes: &mut Vec<u8>, number: usize) {
    if number >= 10 {
        add_decimal(bytes, number / 10);
    }
    bytes.push(b'0' + (number % 10) as u8);
}

/// The columns as texts, as a list to select.
pub(super) fn texts(tx: &Tx, columns: &[&str]) -> String {
    let text = |column: &&str| match (*column, tx) {
        // The one column of bytes, which need not be text.
        ("body", Tx::Sqlite(_)) => "hex(body)".to_owned(),
        ("body", Tx::Postgres(_)) => "upper(encode(body, 'hex'))".to_owned(),
        (column, _) => format!("CAST({column} AS TEXT)"),
    };
    columns.iter().map(text).collect::<Vec<_>>().join(", ")
}

/// The digest over the rows of a run in a table, in the order of their key; each row is a step.
pub(super) async fn of_run(tx: &mut Tx, table: &Table, run_id: i64, steps: &Steps) -> sqlx::Result<RowsDigest> {
    let mut rows = Rows::new();
    let add = |cells: &[(&str, &str)]| {
        steps.done();
        rows.add(table.name, cells.iter().copied());
    };
    each_row_of_run(tx, table, (run_id, ""), add).await?;
    Ok(rows.finish())
}

/// Shows the rows of a run in a table, in the order of their key: each column but the run's with its text.
pub(super) async fn each_row_of_run(
    tx: &mut Tx,
    table: &Table,
    (run_id, bound): (i64, &str),
    mut show: impl FnMut(&[(&str, &str)]),
) -> sqlx::Result<()> {
    let columns = &table.columns[1..];
    if let Tx::Sqlite(_) = tx {
        return if ITEMS.contains(&table.name) && bound.is_empty() {
            each_item_of_run(tx, (table.name, columns), run_id, show).await
        } else {
            each_packed_row(tx, (table.name, columns), (run_id, bound), show).await
        };
    }
    let sql = select_run(&texts(tx, columns), (table.name, columns), bound);
    on_tx!(tx, connection => {
        let mut rows = sqlx::query(AssertSqlSafe(sql)).bind(run_id).fetch(connection);
        while let Some(row) = std::future::poll_fn(|context| rows.as_mut().poll_next(context)).await.transpose()? {
            let mut cells = Vec::with_capacity(columns.len());
            for (at, column) in columns.iter().enumerate() {
                cells.push((*column, row.try_get::<Option<&str>, _>(at)?.unwrap_or_default()));
            }
            show(&cells);
        }
    });
    Ok(())
}

fn select_run(cells: &str, (table, columns): (&str, &[&str]), bound: &str) -> String {
    format!("SELECT {cells} FROM {table} WHERE run_id = $1{bound} ORDER BY {}", columns[..2].join(", "))
}

/// On SQLite, of whatever table: a row comes as one text.
async fn each_packed_row(
    tx: &mut Tx,
    (table, columns): (&str, &[&str]),
    (run_id, bound): (i64, &str),
    mut show: impl FnMut(&[(&str, &str)]),
) -> sqlx::Result<()> {
    let sql = select_run(&packed(columns), (table, columns), bound);
    on_tx!(tx, connection => {
        let mut rows = sqlx::query(AssertSqlSafe(sql)).bind(run_id).fetch(connection);
        while let Some(row) = std::future::poll_fn(|context| rows.as_mut().poll_next(context)).await.transpose()? {
            show_packed(columns, 1, row.try_get(0)?, &mut show);
        }
    });
    Ok(())
}

/// Rows that come in one text: the driver makes an object of each row, and for each its thread wakes ours.
const PAGE: i64 = 500;

/// On SQLite, of the tables of items, of which a run may have millions: many rows come as one text, while those before are shown. Their first
/// column is their key.
async fn each_item_of_run(
    tx: &mut Tx,
    (table, columns): (&str, &[&str]),
    run_id: i64,
    mut show: impl FnMut(&[(&str, &str)]),
) -> sqlx::Result<()> {
    let (cells, key) = (packed(columns), columns[0]);
    // A query with a limit inside of another is done as it stands, so that its order is that of the text.
    let page = |from: &str| {
        format!(
            "SELECT COUNT(*), COALESCE(MAX(key), ''), COALESCE(group_concat(cells, char(0)), '') FROM
             (SELECT {key} AS key, {cells} AS cells FROM {table} WHERE run_id = $1 AND {key} {from} $2 ORDER BY {key} LIMIT {PAGE})"
        )
    };
    // The first page has every key, even an empty one that somebody put in.
    let mut at: (i64, String, String) = next_page(tx, page(">="), run_id, "").await?;
    while at.0 == PAGE {
        let (rows, last, text) = at;
        let next = next_page(tx, page(">"), run_id, &last);
        let (next, ()) = tokio::join!(next, async { show_packed(columns, rows, &text, &mut show) });
        at = next?;
    }
    if at.0 > 0 {
        show_packed(columns, at.0, &at.2, &mut show);
    }
    Ok(())
}

/// How many rows there are, the key of the last, and all of them in one text.
async fn next_page(tx: &mut Tx, sql: String, run_id: i64, key: &str) -> sqlx::Result<(i64, String, String)> {
    on_tx!(tx, connection => {
        sqlx::query_as(AssertSqlSafe(sql)).bind(run_id).bind(key).fetch_one(connection).await
    })
}

/// Shows rows that are packed in one text. If somebody put a NUL in one, each is a cell without a column, which no row is otherwise.
fn show_packed(columns: &[&str], rows: i64, text: &str, show: &mut impl FnMut(&[(&str, &str)])) {
    let nuls = text.bytes().filter(|&byte| byte == 0).count();
    if usize::try_from(rows).is_ok_and(|rows| nuls + 1 == rows * columns.len()) {
        let (mut texts, mut cells) = (text.split('\0'), Vec::with_capacity(columns.len()));
        for _ in 0..rows {
            cells.clear();
            cells.extend(columns.iter().copied().zip(texts.by_ref()));
            show(&cells);
        }
    } else {
        (0..rows).for_each(|_| show(&[("row", text)]));
    }
}

/// All columns of a row in one text.
pub(super) fn packed(columns: &[&str]) -> String {
    let text = |column: &&str| format!("COALESCE(CAST({column} AS TEXT), '')");
    in_one(&columns.iter().map(text).collect::<Vec<_>>())
}

/// Texts of SQLite in one, with a NUL between them, as SQL: its driver makes an object of every value that it gives. No text that this program
/// stores has a NUL.
pub(super) fn in_one(texts: &[impl AsRef<str>]) -> String {
    let texts: Vec<&str> = texts.iter().map(AsRef::as_ref).collect();
    format!("concat_ws(char(0), {})", texts.join(", "))
}
