//! What `prune` takes away, noted so that nobody takes it for lost: files of the archive, and old rows of runs.
//!
//! Rows go from the three tables that say what a run left open and what it closed, and only those of ids that no later run and no
//! decision knows. Everything else of a run stays, and so do the digests of what went: the chain holds as before. Deleting is
//! refused by triggers but within the one transaction that notes it.

use std::collections::{BTreeSet, HashSet};

use sqlx::AssertSqlSafe;

use super::bulk::{Cell, Table, placeholders};
use super::carried::IDS;
use super::chain::{self, TableDigests};
use super::digest::{self, RowsDigest};
use super::error::StoreError;
use super::journal::Act;
use super::pool::{Store, Tx, on_pool, on_tx};
use super::rows::{self, date};
use super::run_record::RunId;
use crate::calendar::{BusinessDate, Instant};

const DOING: &str = "pruning its history";

/// The tables whose old rows may go, each with the column of the id that a row is about.
const PRUNABLE: [(&Table, &str); 3] =
    [(&rows::DISCREPANCIES, "discrepancy_id"), (&rows::IN_TRANSIT, "item_id"), (&rows::CLEARED, "item_id")];

const PRUNED: Table = Table {
    name: "pruned_files",
    columns: &["platform_merchant_id", "sha256", "pruned_at_ms", "before_date", "journal_sequence"],
    on_conflict: " ON CONFLICT (platform_merchant_id, sha256, pruned_at_ms) DO NOTHING",
};

const PRUNED_ROWS: Table = Table {
    name: "pruned_rows",
    columns: &[
        "run_id",
        "table_name",
        "pruned_at_ms",
        "before_date",
        "row_count",
        "kept_count",
        "kept_digest",
        "journal_sequence",
    ],
    on_conflict: "",
};

/// The runs whose rows are old, and what must stay of them.
#[derive(Debug)]
pub struct OldHistory {
    /// Rows of runs before this date are old: that of the last run before the one that was asked for, so that it can be run again.
    pub before: BusinessDate,
    /// The old runs, superseded ones too, oldest first.
    pub runs: Vec<OldRun>,
    /// How many runs are as old and stay whole, because they have one digest over all of their tables.
    pub whole: u64,
    /// Ids that later runs or decisions know.
    known: HashSet<String>,
    /// Request ids and Antom ids of what is open.
    open: HashSet<String>,
}

/// A run whose rows are old.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OldRun {
    /// The run.
    pub run_id: RunId,
    /// Its business date.
    pub business_date: BusinessDate,
    /// Its revision.
    pub revision: u32,
}

/// The rows of an old run that may go.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct PrunableRows {
    /// By table, as in [`PRUNABLE`]: the ids.
    tables: [Vec<String>; 3],
}

impl PrunableRows {
    /// How many they are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.tables.iter().map(Vec::len).sum()
    }
}

/// What prunings left of a run's tables; a table is absent if nothing of it was pruned.
pub(super) async fn kept_digests(tx: &mut Tx, run_id: i64) -> sqlx::Result<TableDigests> {
    const SQL: &str = "SELECT table_name, kept_count, kept_digest FROM pruned_rows WHERE run_id = $1
         ORDER BY journal_sequence";
    let rows: Vec<(String, i64, String)> =
        on_tx!(tx, connection => sqlx::query_as(SQL).bind(run_id).fetch_all(connection).await?);
    Ok(rows.into_iter().map(|(name, count, digest)| (name, RowsDigest { count, digest })).collect())
}

impl Store {
    /// The digests of the files that `prune` took out of the archive.
    ///
    /// # Errors
    /// As any query.
    pub async fn pruned_digests(&self, merchant: &str) -> Result<BTreeSet<String>, StoreError> {
        self.digests("SELECT DISTINCT sha256 FROM pruned_files WHERE platform_merchant_id = $1", merchant).await
    }

    /// Notes files that are about to be taken out of the archive.
    ///
    /// # Errors
    /// As any statement.
    pub async fn note_pruned(
        &self,
        merchant: &str,
        digests: &[&str],
        before: BusinessDate,
        now: Instant,
    ) -> Result<(), StoreError> {
        const NOTING: &str = "noting the files that are pruned";
        let before = before.to_string();
        let mut tx = self.begin(NOTING).await?;
        let act = self.within(NOTING, Act::begin(&mut tx, merchant)).await?;
        let row = |sha256: &&'_ str| {
            let sha256 = Cell::text((*sha256).to_owned());
            let (at, act) = (Cell::Integer(now.millis()), Cell::Integer(act.number()));
            [Cell::text(merchant), sha256, at, Cell::text(before.as_str()), act]
        };
        let cells: Vec<Cell<'_>> = digests.iter().flat_map(row).collect();
        self.within(NOTING, PRUNED.insert(&mut tx, &cells)).await?;
        self.within(NOTING, act.end(&mut tx)).await?;
        self.commit(NOTING, tx).await
    }

    /// What is old in the history of a merchant for runs of this date and later. Nothing is changed.
    ///
    /// # Errors
    /// As any query.
    pub async fn old_history(&self, merchant: &str, since: BusinessDate) -> Result<OldHistory, StoreError> {
        const RUNS: &str = "SELECT run_id, business_date, revision,
             (SELECT COUNT(*) FROM run_digests WHERE run_digests.run_id = runs.run_id)
             FROM runs WHERE platform_merchant_id = $1 ORDER BY business_date, revision";
        const DECIDED: &str = "SELECT DISTINCT discrepancy_id FROM decisions WHERE platform_merchant_id = $1";
        let before = self.run_before(merchant, since).await?.map_or(since, |run| run.business_date);
        let runs: Vec<(i64, String, i64, i64)> = self
            .within(DOING, async {
                on_pool!(&self.pool, pool => sqlx::query_as(RUNS).bind(merchant).fetch_all(pool).await)
            })
            .await?;
        let decided = self.digests(DECIDED, merchant).await?;
        let known = decided.into_iter().collect();
        let mut history = OldHistory { before, runs: Vec::new(), whole: 0, known, open: HashSet::new() };
        for (run_id, on, revision, digests) in runs {
            let business_date = date("business_date", &on).map_err(|problem| self.damaged(DOING, problem))?;
            if business_date >= before {
                for (table, id) in PRUNABLE {
                    let rows = self.ids_of(table, id, run_id).await?;
                    history.known.extend(rows.into_iter().map(|(id, ..)| id));
                }
            } else if digests == 0 {
                history.whole += 1;
            } else {
                let revision = self.revision(revision)?;
                history.runs.push(OldRun { run_id: RunId(run_id), business_date, revision });
            }
        }
        if let Some(newest) = self.runs_overview(merchant, 1).await?.first() {
            for (table, id) in &PRUNABLE[..2] {
                let rows = self.ids_of(table, id, newest.run.run_id.0).await?;
                history.open.extend(rows.into_iter().flat_map(|(_, request, antom)| [request, antom]));
            }
        }
        history.open.remove("");
        Ok(history)
    }

    /// The rows of an old run that no later run, no decision and nothing open needs.
    ///
    /// # Errors
    /// As any query.
    pub async fn prunable_rows(&self, history: &OldHistory, run: &OldRun) -> Result<PrunableRows, StoreError> {
        let mut prunable = PrunableRows::default();
        for ((table, id), ids) in PRUNABLE.iter().zip(&mut prunable.tables) {
            let rows = self.ids_of(table, id, run.run_id.0).await?.into_iter();
            let is_needed = |(id, request, antom): &(String, String, String)| {
                history.known.contains(id) || history.open.contains(request) || history.open.contains(antom)
            };
            ids.extend(rows.filter(|row| !is_needed(row)).map(|(id, ..)| id));
        }
        Ok(prunable)
    }

    /// The ids of a run's rows in a table: the row's own, the request id and the Antom id.
    async fn ids_of(&self, table: &Table, id: &str, run_id: i64) -> Result<Vec<(String, String, String)>, StoreError> {
        let sql = format!("SELECT {id}, request_id, antom_id FROM {} WHERE run_id = $1", table.name);
        self.within(DOING, async {
            on_pool!(&self.pool, pool => sqlx::query_as(AssertSqlSafe(sql)).bind(run_id).fetch_all(pool).await)
        })
        .await
    }

    /// Deletes old rows of a run, all or none, and notes how many went and what is left.
    ///
    /// # Errors
    /// [`StoreError::Integrity`] if a table is not what was recorded: what was changed must not be pruned away; as any statement.
    pub async fn prune_rows(
        &self,
        merchant: &str,
        run: &OldRun,
        rows: &PrunableRows,
        before: BusinessDate,
        now: Instant,
    ) -> Result<(), StoreError> {
        let run_id = run.run_id.0;
        let mut tx = self.begin(DOING).await?;
        let act = self.within(DOING, Act::begin(&mut tx, merchant)).await?;
        let recorded = self.within(DOING, chain::recorded_digests(&mut tx, run_id)).await?;
        let kept = self.within(DOING, kept_digests(&mut tx, run_id)).await?;
        let open = "INSERT INTO prunings (platform_merchant_id, before_date) VALUES ($1, $2)";
        self.within(DOING, set_pruning(&mut tx, open, merchant, before)).await?;
        for ((table, id), ids) in PRUNABLE.iter().zip(&rows.tables).filter(|(_, ids)| !ids.is_empty()) {
            let (name, on, revision) = (table.name, run.business_date, run.revision);
            let found = self.within(DOING, digest::of_run(&mut tx, table, run_id)).await?;
            if kept.get(name).or_else(|| recorded.get(name)) != Some(&found) {
                let problem = format!(
                    "run {on} revision {revision} has other rows of `{name}` than were recorded; see `antom-recon verify`"
                );
                return Err(self.damaged(DOING, problem));
            }
            for chunk in ids.chunks(IDS) {
                self.within(DOING, delete(&mut tx, table, id, run_id, chunk)).await?;
            }
            let left = self.within(DOING, digest::of_run(&mut tx, table, run_id)).await?;
            let noted = [
                Cell::Integer(run_id),
                Cell::text(name),
                Cell::Integer(now.millis()),
                Cell::text(before.to_string()),
                Cell::Integer(found.count - left.count),
                Cell::Integer(left.count),
                Cell::text(left.digest),
                Cell::Integer(act.number()),
            ];
            self.within(DOING, PRUNED_ROWS.insert(&mut tx, &noted)).await?;
        }
        let close = "DELETE FROM prunings WHERE platform_merchant_id = $1 AND before_date = $2";
        self.within(DOING, set_pruning(&mut tx, close, merchant, before)).await?;
        self.within(DOING, act.end(&mut tx)).await?;
        self.commit(DOING, tx).await
    }

    /// Before which date rows of this run were pruned; none if none were.
    pub(super) async fn pruned_before(&self, run: RunId) -> Result<Option<String>, StoreError> {
        const SQL: &str = "SELECT MAX(before_date) FROM pruned_rows WHERE run_id = $1";
        self.within("looking for what was pruned", async {
            on_pool!(&self.pool, pool => sqlx::query_scalar(SQL).bind(run.0).fetch_one(pool).await)
        })
        .await
    }
}

async fn set_pruning(tx: &mut Tx, sql: &'static str, merchant: &str, before: BusinessDate) -> sqlx::Result<()> {
    on_tx!(tx, connection => {
        sqlx::query(sql).bind(merchant).bind(before.to_string()).execute(connection).await?;
    });
    Ok(())
}

async fn delete(tx: &mut Tx, table: &Table, id: &str, run_id: i64, ids: &[String]) -> sqlx::Result<()> {
    let sql = format!("DELETE FROM {} WHERE run_id = $1 AND {id} IN ({})", table.name, placeholders(ids.len(), 2));
    on_tx!(tx, connection => {
        let mut query = sqlx::query(AssertSqlSafe(sql)).bind(run_id);
        for id in ids {
            query = query.bind(id);
        }
        query.execute(connection).await?;
    });
    Ok(())
}
