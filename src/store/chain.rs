//! A trail that shows tampering: every run's digest covers everything that is stored of it, and the digest of the run before.
//!
//! Each table has a digest of its own (`run_digests`), which stays when its rows are pruned; the run's digest is over these. Runs
//! that were recorded before that have one digest over all of their rows.

use std::collections::BTreeMap;

use ring::digest::Context;

use super::bases::BASES;
use super::bulk::{Cell, Table, hex, new_digest};
use super::digest::{self, RowsDigest, cell, each_row_of_run};
use super::hints::HINTS;
use super::journal::Act;
use super::pool::{Steps, Tx, on_tx};
use super::run_record::RunRecord;
use super::{proof_rows, rows};

/// The tables whose rows belong to one run, in the order of the digest. The second column orders the rows of a run.
pub(super) const TABLES: [&Table; 10] = [
    &rows::FILES,
    &rows::DISCREPANCIES,
    &rows::IN_TRANSIT,
    &rows::CLEARED,
    &proof_rows::HEADERS,
    &proof_rows::VOLUMES,
    &proof_rows::HELD,
    &BASES,
    &rows::ARCHIVED,
    &HINTS,
];

/// The run itself.
pub(super) const RUN: Table = Table {
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

/// What each table had of a run.
const DIGESTS: Table =
    Table { name: "run_digests", columns: &["run_id", "table_name", "row_count", "rows_digest"], on_conflict: "" };

/// What the digest of a run begins with: over all of its rows, or over the digests of its tables.
const OVER_ROWS: &str = "antom-recon run 1\n";
const OVER_TABLES: &str = "antom-recon run 2\n";

/// The digests of a run's tables, by name. None for a run that was recorded before there were any.
pub(super) type TableDigests = BTreeMap<String, RowsDigest>;

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

/// Adds the digests of the run's tables, and its link: of some tables they are known, of the others they are made of the rows as they
/// stand in this transaction.
pub(super) async fn append(
    tx: &mut Tx,
    run_id: i64,
    (act, link): (&Act, &Link),
    mut digests: TableDigests,
) -> sqlx::Result<()> {
    const SQL: &str =
        "INSERT INTO run_chain (run_id, platform_merchant_id, sequence, configuration_digest, previous_digest,
         previous_publications, previous_outputs_digest, record_digest, journal_sequence)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    for table in TABLES {
        if !digests.contains_key(table.name) {
            digests.insert(table.name.to_owned(), digest::of_run(tx, table, run_id, &Steps::default()).await?);
        }
    }
    let cells: Vec<Cell<'_>> = digests
        .iter()
        .flat_map(|(name, rows)| {
            let (name, digest) = (Cell::text(name.as_str()), Cell::text(rows.digest.as_str()));
            [Cell::Integer(run_id), name, Cell::Integer(rows.count), digest]
        })
        .collect();
    DIGESTS.insert(tx, &cells).await?;
    let digest = record_digest(tx, run_id, link, &digests).await?;
    on_tx!(tx, connection => {
        sqlx::query(SQL)
            .bind(run_id)
            .bind(act.merchant())
            .bind(link.sequence)
            .bind(&link.configuration)
            .bind(&link.previous)
            .bind(link.previous_publications)
            .bind(&link.previous_outputs)
            .bind(digest)
            .bind(act.number())
            .execute(connection)
            .await?;
    });
    Ok(())
}

/// The digests of a run's tables as they were recorded.
pub(super) async fn recorded_digests(tx: &mut Tx, run_id: i64) -> sqlx::Result<TableDigests> {
    const SQL: &str = "SELECT table_name, row_count, rows_digest FROM run_digests WHERE run_id = $1";
    let rows: Vec<(String, i64, String)> =
        on_tx!(tx, connection => sqlx::query_as(SQL).bind(run_id).fetch_all(connection).await?);
    Ok(rows.into_iter().map(|(name, count, digest)| (name, RowsDigest { count, digest })).collect())
}

/// The digest of everything that is stored of a run, its link included: over the digests of its tables, or over its rows if it
/// was recorded before these were.
pub(super) async fn record_digest(
    tx: &mut Tx,
    run_id: i64,
    link: &Link,
    tables: &TableDigests,
) -> sqlx::Result<String> {
    let mut digest = new_digest();
    digest.update(if tables.is_empty() { OVER_ROWS } else { OVER_TABLES }.as_bytes());
    let Link { sequence, configuration, previous, previous_publications, previous_outputs } = link;
    cell(&mut digest, "sequence", &sequence.to_string());
    cell(&mut digest, "configuration", configuration);
    cell(&mut digest, "previous", previous);
    cell(&mut digest, "previous publications", &previous_publications.to_string());
    cell(&mut digest, "previous outputs", previous_outputs);
    let of_rows: &[&Table] = if tables.is_empty() { &TABLES } else { &[] };
    for table in std::iter::once(&RUN).chain(of_rows.iter().copied()) {
        add_rows(tx, &mut digest, table, (run_id, "")).await?;
    }
    for (name, RowsDigest { count, digest: rows }) in tables {
        cell(&mut digest, "rows of", name);
        cell(&mut digest, "count", &count.to_string());
        cell(&mut digest, "digest", rows);
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

async fn add_rows(tx: &mut Tx, digest: &mut Context, table: &Table, of: (i64, &str)) -> sqlx::Result<()> {
    each_row_of_run(tx, table, of, |cells| {
        cell(digest, "row of", table.name);
        cells.iter().for_each(|(column, text)| cell(digest, column, text));
    })
    .await
}
