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
}

impl Rows {
    pub(super) fn new() -> Self {
        let mut context = new_digest();
        context.update(FORMAT.as_bytes());
        Self { count: 0, context }
    }

    /// Adds a row's cells, each under its column's name.
    pub(super) fn add<'r>(&mut self, table: &str, cells: impl IntoIterator<Item = (&'r str, &'r str)>) {
        self.count += 1;
        cell(&mut self.context, "row of", table);
        for (column, text) in cells {
            cell(&mut self.context, column, text);
        }
    }

    pub(super) fn finish(self) -> RowsDigest {
        RowsDigest { count: self.count, digest: hex(self.context) }
    }
}

/// `name=<bytes>:text`, so that no cell is confused with its neighbour's text; nothing if it is empty.
pub(super) fn cell(digest: &mut Context, name: &str, text: &str) {
    if !text.is_empty() {
        digest.update(format!("{name}={}:{text}\n", text.len()).as_bytes());
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
    let sql = format!(
        "SELECT {} FROM {} WHERE run_id = $1{bound} ORDER BY {}",
        texts(tx, columns),
        table.name,
        columns[..2].join(", ")
    );
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
