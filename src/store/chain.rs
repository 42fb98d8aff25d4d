//! A trail that shows tampering: every run's digest covers everything that is stored of it, and the digest of the run before.
//!
//! The digest is computed from the rows as the database gives them back, when the run is recorded and when it is verified alike.
//! Cells that are empty add nothing, and neither do tables without rows of the run: a later migration may add columns (empty by
//! default) and tables without changing the digest of an older run.

use ring::digest::Context;
use sqlx::{AssertSqlSafe, Row};

use super::bases::BASES;
use super::bulk::{Table, hex, new_digest};
use super::pool::{Tx, on_tx};
use super::run_record::RunRecord;
use super::{proof_rows, rows};

/// The tables whose rows belong to one run, in the order of the digest. The second column orders the rows of a run.
const TABLES: [&Table; 8] = [
    &rows::FILES,
    &rows::DISCREPANCIES,
    &rows::IN_TRANSIT,
    &rows::CLEARED,
    &proof_rows::HEADERS,
    &proof_rows::VOLUMES,
    &proof_rows::HELD,
    &BASES,
];

/// The run itself.
const RUN: Table = Table {
    name: "runs",
    columns: &[
        "run_id",
        "platform_merchant_id",
        "business_date",
        "revision",
        "started_at_ms",
        "finished_at_ms",
        "program_version",
        "inputs_digest",
        "content_digest",
        "outcome",
    ],
    on_conflict: "",
};

/// What was published for a run.
const OUTPUTS: Table =
    Table { name: "run_outputs", columns: &["run_id", "publication", "name", "size", "sha256"], on_conflict: "" };

/// What a digest begins with, so that another way to compute it can be told from this one.
const FORMAT: &str = "antom-recon run 1\n";

/// A link of the chain, but for its own digest.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Link {
    pub(super) sequence: i64,
    /// Of the configuration that decides about results.
    pub(super) configuration: String,
    /// The digest of the run before; empty for the first.
    pub(super) previous: String,
    /// How many publications the run before had when this one was recorded, and the digest over them.
    pub(super) previous_publications: i64,
    pub(super) previous_outputs: String,
}

/// The link that comes next, with the outputs of the one before as they stand.
pub(super) async fn next_link(tx: &mut Tx, record: &RunRecord<'_>) -> sqlx::Result<Link> {
    const HEAD: &str = "SELECT run_id, sequence, record_digest, (SELECT COALESCE(MAX(publication), 0) FROM run_outputs
             WHERE run_outputs.run_id = run_chain.run_id) FROM run_chain
         WHERE platform_merchant_id = $1 ORDER BY sequence DESC LIMIT 1";
    let merchant = record.platform_merchant_id;
    let head: Option<(i64, i64, String, i64)> = on_tx!(&mut *tx, connection => {
        sqlx::query_as(HEAD).bind(merchant).fetch_optional(connection).await?
    });
    let configuration = record.configuration_digest.to_owned();
    let Some((run_id, sequence, previous, previous_publications)) = head else {
        return Ok(Link { sequence: 1, configuration, ..Link::default() });
    };
    let previous_outputs = outputs_digest(tx, run_id, previous_publications).await?;
    Ok(Link { sequence: sequence + 1, configuration, previous, previous_publications, previous_outputs })
}

/// Adds the run's link: its digest covers the rows as they stand in this transaction.
pub(super) async fn append(tx: &mut Tx, run_id: i64, merchant: &str, link: &Link) -> sqlx::Result<()> {
    const SQL: &str =
        "INSERT INTO run_chain (run_id, platform_merchant_id, sequence, configuration_digest, previous_digest,
         previous_publications, previous_outputs_digest, record_digest) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    let digest = record_digest(tx, run_id, link).await?;
    on_tx!(tx, connection => {
        sqlx::query(SQL)
            .bind(run_id)
            .bind(merchant)
            .bind(link.sequence)
            .bind(&link.configuration)
            .bind(&link.previous)
            .bind(link.previous_publications)
            .bind(&link.previous_outputs)
            .bind(digest)
            .execute(connection)
            .await?;
    });
    Ok(())
}

/// The digest of everything that is stored of a run, its link included.
pub(super) async fn record_digest(tx: &mut Tx, run_id: i64, link: &Link) -> sqlx::Result<String> {
    let mut digest = new_digest();
    digest.update(FORMAT.as_bytes());
    let Link { sequence, configuration, previous, previous_publications, previous_outputs } = link;
    cell(&mut digest, "sequence", &sequence.to_string());
    cell(&mut digest, "configuration", configuration);
    cell(&mut digest, "previous", previous);
    cell(&mut digest, "previous publications", &previous_publications.to_string());
    cell(&mut digest, "previous outputs", previous_outputs);
    for table in std::iter::once(&RUN).chain(TABLES) {
        add_rows(tx, &mut digest, table, (run_id, "")).await?;
    }
    Ok(hex(digest))
}

/// The digest of the first publications of a run.
pub(super) async fn outputs_digest(tx: &mut Tx, run_id: i64, publications: i64) -> sqlx::Result<String> {
    let mut digest = new_digest();
    let bound = format!(" AND publication <= {publications}");
    add_rows(tx, &mut digest, &OUTPUTS, (run_id, &bound)).await?;
    Ok(hex(digest))
}

/// Adds the rows of a run in a table, in the order of their key.
async fn add_rows(tx: &mut Tx, digest: &mut Context, table: &Table, (run_id, bound): (i64, &str)) -> sqlx::Result<()> {
    let columns = &table.columns[1..];
    let texts: Vec<String> = columns.iter().map(|column| format!("CAST({column} AS TEXT)")).collect();
    let sql = format!(
        "SELECT {} FROM {} WHERE run_id = $1{bound} ORDER BY {}",
        texts.join(", "),
        table.name,
        columns[..2].join(", ")
    );
    on_tx!(tx, connection => {
        let mut rows = sqlx::query(AssertSqlSafe(sql)).bind(run_id).fetch(connection);
        while let Some(row) = std::future::poll_fn(|context| rows.as_mut().poll_next(context)).await.transpose()? {
            cell(digest, "row of", table.name);
            for (at, column) in columns.iter().enumerate() {
                cell(digest, column, row.try_get::<Option<&str>, _>(at)?.unwrap_or_default());
            }
        }
    });
    Ok(())
}

/// `name=<bytes>:text`, so that no cell is confused with its neighbour's text; nothing if it is empty.
fn cell(digest: &mut Context, name: &str, text: &str) {
    if !text.is_empty() {
        digest.update(format!("{name}={}:{text}\n", text.len()).as_bytes());
    }
}
