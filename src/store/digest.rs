//! Digests over rows as the database gives them back: computed in the same way when rows are added and when they are verified.
//!
//! Cells that are empty add nothing, so that a later migration may add columns (empty by default) without changing a digest.

use ring::digest::Context;
use sqlx::{AssertSqlSafe, Row};

use super::bulk::{Table, hex, new_digest};
use super::pool::{Tx, on_tx};

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

impl Rows {
    pub(super) fn new() -> Self {
        let mut context = new_digest();
        context.update(FORMAT.as_bytes());
        Self { count: 0, context, row: Vec::new() }
    }

    /// Adds a row's cells, each under its column's name.
    pub(super) fn add<'r>(&mut self, table: &str, cells: impl IntoIterator<Item = (&'r str, &'r str)>) {
        self.count += 1;
        self.row.clear();
        add_cell(&mut self.row, "row of", table);
        for (column, text) in cells {
            add_cell(&mut self.row, column, text);
        }
        self.context.update(&self.row);
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
        let length = text.len().to_string();
        for part in [name, "=", &length, ":", text, "\n"] {
            bytes.extend_from_slice(part.as_bytes());
        }
    }
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

/// The digest over the rows of a run in a table, in the order of their key.
pub(super) async fn of_run(tx: &mut Tx, table: &Table, run_id: i64) -> sqlx::Result<RowsDigest> {
    let mut rows = Rows::new();
    each_row_of_run(tx, table, (run_id, ""), |cells| rows.add(table.name, cells.iter().copied())).await?;
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
    let is_packed = matches!(tx, Tx::Sqlite(_));
    let cells = if is_packed { packed(columns) } else { texts(tx, columns) };
    let order = columns[..2].join(", ");
    let sql = format!("SELECT {cells} FROM {} WHERE run_id = $1{bound} ORDER BY {order}", table.name);
    on_tx!(tx, connection => {
        let mut rows = sqlx::query(AssertSqlSafe(sql)).bind(run_id).fetch(connection);
        while let Some(row) = std::future::poll_fn(|context| rows.as_mut().poll_next(context)).await.transpose()? {
            if is_packed {
                show(&unpacked(columns, row.try_get(0)?));
                continue;
            }
            let mut cells = Vec::with_capacity(columns.len());
            for (at, column) in columns.iter().enumerate() {
                cells.push((*column, row.try_get::<Option<&str>, _>(at)?.unwrap_or_default()));
            }
            show(&cells);
        }
    });
    Ok(())
}

/// All columns of a row as one text with a NUL between them: SQLite's driver makes an object of every value that it gives.
pub(super) fn packed(columns: &[&str]) -> String {
    let text = |column: &&str| format!("COALESCE(CAST({column} AS TEXT), '')");
    columns.iter().map(text).collect::<Vec<_>>().join(PACKING)
}

/// Between the columns of a packed row, as SQL. No text that this program stores has a NUL.
pub(super) const PACKING: &str = " || char(0) || ";

/// The cells of a packed row. One in which somebody put a NUL is a cell without a column, which no row is otherwise.
pub(super) fn unpacked<'r>(columns: &[&'r str], row: &'r str) -> Vec<(&'r str, &'r str)> {
    if row.bytes().filter(|&byte| byte == 0).count() + 1 != columns.len() {
        return vec![("row", row)];
    }
    columns.iter().copied().zip(row.split('\0')).collect()
}
