//! What `prune` takes away, noted so that nobody takes it for lost: files of the archive, and old rows of runs.
//!
//! Rows go from the three tables that say what a run left open and what it closed, and only those of ids that neither the oldest run that
//! stays nor the newest nor a decision knows: an item is in every run from the first that knows it to that which closes it, so an id
//! that the oldest one does not know was closed before. (One that comes back later keeps what was said since.) Everything else of a
//! run stays, and so do the digests of what went: the chain holds as before. Deleting is refused by triggers but within the one
//! transaction that notes it.

use std::collections::BTreeSet;
use std::hash::{BuildHasher as _, RandomState};

use sqlx::AssertSqlSafe;

use super::bulk::{Cell, Table, placeholders};
use super::carried::IDS;
use super::chain::{self, TableDigests};
use super::digest::{self, RowsDigest, each_row_of_run};
use super::error::StoreError;
use super::journal::Act;
use super::pool::{Pool, Steps, Store, Tx, on_pool, on_tx};
use super::rows::{self, date};
use super::run_record::RunId;
use crate::calendar::{BusinessDate, Instant};

const DOING: &str = "pruning its history";

/// How many rows of a run one statement looks at: each is looked up a dozen times, which is to take a second or so.
const PAGE: usize = 10_000;

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

/// The runs whose rows are old.
#[derive(Debug)]
pub struct OldHistory {
    /// Whose runs they are.
    merchant: String,
    /// Rows of runs before this date are old: that of the last run before the one that was asked for, so that it can be run again.
    pub before: BusinessDate,
    /// The old runs, superseded ones too, oldest first.
    pub runs: Vec<OldRun>,
    /// How many runs are as old and stay whole, because they have one digest over all of their tables.
    pub whole: u64,
    /// The runs whose rows say which ids are known still: all revisions of the date `before`, and the newest run.
    asked: Vec<RunId>,
    /// The run of the latest date: what it left is open.
    newest: Option<RunId>,
    /// What it left in transit.
    waiting: Waiting,
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

/// How many rows of an old run may go.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct PrunableRows {
    /// By table, as in [`PRUNABLE`].
    tables: [u64; 3],
}

impl PrunableRows {
    /// How many they are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.tables.iter().sum()
    }
}

/// What is done with old rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Deed {
    Count,
    Delete,
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

    /// Makes sure that the role of the connection may delete what a pruning deletes, before anything is noted or deleted.
    ///
    /// # Errors
    /// [`StoreError::Rights`] naming the role and the tables; as any query.
    pub async fn may_prune(&self) -> Result<(), StoreError> {
        const SQL: &str = "SELECT current_user::TEXT, has_table_privilege($1, 'DELETE')";
        let Pool::Postgres(pool) = &self.pool else { return Ok(()) };
        let (mut of_role, mut tables) = (String::new(), Vec::new());
        for table in PRUNABLE.iter().map(|(table, _)| table.name).chain(["prunings"]) {
            let (role, may): (String, bool) =
                self.within(DOING, async { sqlx::query_as(SQL).bind(table).fetch_one(pool).await }).await?;
            if !may {
                tables.push(table);
            }
            of_role = role;
        }
        if tables.is_empty() {
            return Ok(());
        }
        Err(StoreError::Rights { database: self.name.clone(), role: of_role, tables })
    }

    /// What is old in the history of a merchant for runs of this date and later. Nothing is changed.
    ///
    /// # Errors
    /// As any query.
    pub async fn old_history(&self, merchant: &str, since: BusinessDate) -> Result<OldHistory, StoreError> {
        const RUNS: &str = "SELECT run_id, business_date, revision,
             (SELECT COUNT(*) FROM run_digests WHERE run_digests.run_id = runs.run_id)
             FROM runs WHERE platform_merchant_id = $1 ORDER BY business_date, revision";
        let before = self.run_before(merchant, since).await?.map_or(since, |run| run.business_date);
        let runs: Vec<(i64, String, i64, i64)> = self
            .within(DOING, async {
                on_pool!(&self.pool, pool => sqlx::query_as(RUNS).bind(merchant).fetch_all(pool).await)
            })
            .await?;
        let newest = self.runs_overview(merchant, 1).await?.first().map(|newest| newest.run.run_id);
        let merchant = merchant.to_owned();
        let mut history = OldHistory {
            merchant,
            before,
            runs: Vec::new(),
            whole: 0,
            asked: Vec::new(),
            newest,
            waiting: Waiting::default(),
        };
        history.asked.extend(newest);
        for (run_id, on, revision, digests) in runs {
            let business_date = date("business_date", &on).map_err(|problem| self.damaged(DOING, problem))?;
            if business_date == before {
                history.asked.push(RunId(run_id));
            }
            if business_date >= before {
                continue;
            }
            if digests == 0 {
                history.whole += 1;
            } else {
                let revision = self.revision(revision)?;
                history.runs.push(OldRun { run_id: RunId(run_id), business_date, revision });
            }
        }
        if let Some(newest) = newest.filter(|_| !history.runs.is_empty()) {
            let mut tx = self.begin_reading(DOING).await?;
            let steps = Steps::default();
            history.waiting = self.step_by_step(DOING, &steps, Waiting::read(&mut tx, newest, &steps)).await?;
        }
        Ok(history)
    }

    /// Counts the rows of an old run that none of the runs that are asked, no decision and nothing open needs.
    ///
    /// # Errors
    /// As any query.
    pub async fn prunable_rows(&self, history: &OldHistory, run: &OldRun) -> Result<PrunableRows, StoreError> {
        let mut tx = self.begin_reading(DOING).await?;
        let mut prunable = PrunableRows::default();
        for (table, count) in PRUNABLE.iter().zip(&mut prunable.tables) {
            *count = self.old_rows(&mut tx, Deed::Count, table, history, run.run_id.0).await?;
        }
        Ok(prunable)
    }

    /// Counts or deletes the rows of an old run in a table that nothing needs, page by page in the order of their ids: the database
    /// is asked what is needed, and no more than a page is held here.
    async fn old_rows(
        &self,
        tx: &mut Tx,
        deed: Deed,
        &(table, id): &(&Table, &str),
        history: &OldHistory,
        run_id: i64,
    ) -> Result<u64, StoreError> {
        let (mut after, mut count) = (String::new(), 0);
        while let Some(last) = self.within(DOING, page_end(tx, table, id, run_id, &after)).await? {
            let page = (run_id, after.as_str(), last.as_str());
            let rows = self.within(DOING, old_rows_of_page(tx, (table, id), history, page)).await?;
            let is_old = |(_, request, antom): &&(String, String, String)| {
                !history.waiting.contains(request) && !history.waiting.contains(antom)
            };
            let old: Vec<&str> = rows.iter().filter(is_old).map(|(item, ..)| item.as_str()).collect();
            count += old.len() as u64;
            if deed == Deed::Delete {
                self.within(DOING, delete(tx, (table, id), run_id, &old)).await?;
            }
            after = last;
        }
        Ok(count)
    }

    /// Deletes old rows of a run, all or none, and notes how many went and what is left.
    ///
    /// # Errors
    /// [`StoreError::Integrity`] if a table is not what was recorded: what was changed must not be pruned away; as any statement.
    pub async fn prune_rows(
        &self,
        history: &OldHistory,
        run: &OldRun,
        rows: &PrunableRows,
        now: Instant,
    ) -> Result<(), StoreError> {
        let (merchant, before, run_id) = (history.merchant.as_str(), history.before, run.run_id.0);
        let mut tx = self.begin(DOING).await?;
        self.within(DOING, tx.allow(self.options.ledger_timeout)).await?;
        let act = self.within(DOING, Act::begin(&mut tx, merchant)).await?;
        let recorded = self.within(DOING, chain::recorded_digests(&mut tx, run_id)).await?;
        let kept = self.within(DOING, kept_digests(&mut tx, run_id)).await?;
        let open = "INSERT INTO prunings (platform_merchant_id, before_date) VALUES ($1, $2)";
        self.within(DOING, set_pruning(&mut tx, open, merchant, before)).await?;
        for (prunable @ (table, _), _) in PRUNABLE.iter().zip(rows.tables).filter(|(_, count)| *count > 0) {
            let (name, on, revision) = (table.name, run.business_date, run.revision);
            let steps = Steps::default();
            let found = self.step_by_step(DOING, &steps, digest::of_run(&mut tx, table, run_id, &steps)).await?;
            if kept.get(name).or_else(|| recorded.get(name)) != Some(&found) {
                let problem = format!(
                    "run {on} revision {revision} has other rows of `{name}` than were recorded; see `antom-recon verify`"
                );
                return Err(self.damaged(DOING, problem));
            }
            self.old_rows(&mut tx, Deed::Delete, prunable, history, run_id).await?;
            let left = self.step_by_step(DOING, &steps, digest::of_run(&mut tx, table, run_id, &steps)).await?;
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

/// The last id of the next rows of a run in a table; none if there are no more.
async fn page_end(tx: &mut Tx, table: &Table, id: &str, run_id: i64, after: &str) -> sqlx::Result<Option<String>> {
    let sql = format!(
        "SELECT MAX({id}) FROM (SELECT {id} FROM {} WHERE run_id = $1 AND {id} > $2 ORDER BY {id} LIMIT {PAGE}) AS page",
        table.name
    );
    on_tx!(tx, connection => {
        sqlx::query_scalar(AssertSqlSafe(sql)).bind(run_id).bind(after).fetch_one(connection).await
    })
}

/// The ids, request ids and Antom ids of those rows of a page (run, after which id, up to which) that nothing of [`not_needed`] needs.
async fn old_rows_of_page(
    tx: &mut Tx,
    (table, id): (&Table, &str),
    history: &OldHistory,
    (run_id, after, last): (i64, &str, &str),
) -> sqlx::Result<Vec<(String, String, String)>> {
    let sql = format!(
        "SELECT item.{id}, item.request_id, item.antom_id FROM {} AS item
         WHERE item.run_id = $1 AND item.{id} > $2 AND item.{id} <= $3 AND {}",
        table.name,
        not_needed(id, &history.asked)
    );
    let newest = history.newest.map_or(0, |newest| newest.0);
    on_tx!(tx, connection => {
        let query = sqlx::query_as(AssertSqlSafe(sql)).bind(run_id).bind(after).bind(last);
        query.bind(&history.merchant).bind(newest).fetch_all(connection).await
    })
}

async fn delete(tx: &mut Tx, (table, id): (&Table, &str), run_id: i64, ids: &[&str]) -> sqlx::Result<()> {
    for ids in ids.chunks(IDS) {
        let sql = format!("DELETE FROM {} WHERE run_id = $1 AND {id} IN ({})", table.name, placeholders(ids.len(), 2));
        on_tx!(&mut *tx, connection => {
            let mut query = sqlx::query(AssertSqlSafe(sql)).bind(run_id);
            for id in ids {
                query = query.bind(*id);
            }
            query.execute(connection).await?;
        });
    }
    Ok(())
}

/// The ids of what the newest run left in transit, of which there may be millions, as hashes of 64 bits: that another id has the same hash,
/// which may happen once in 2^40 rows, keeps a row that could go.
#[derive(Debug, Default)]
struct Waiting {
    hashes: Vec<u64>,
    state: RandomState,
}

impl Waiting {
    async fn read(tx: &mut Tx, newest: RunId, steps: &Steps) -> sqlx::Result<Self> {
        const COLUMNS: Table = Table {
            name: rows::IN_TRANSIT.name,
            columns: &["run_id", "item_id", "request_id", "antom_id"],
            on_conflict: "",
        };
        let mut waiting = Self::default();
        each_row_of_run(tx, &COLUMNS, (newest.0, ""), |cells| {
            steps.done();
            let ids = cells.iter().skip(1).filter(|(_, id)| !id.is_empty());
            waiting.hashes.extend(ids.map(|(_, id)| waiting.state.hash_one(id)));
        })
        .await?;
        waiting.hashes.sort_unstable();
        Ok(waiting)
    }

    fn contains(&self, id: &str) -> bool {
        !id.is_empty() && self.hashes.binary_search(&self.state.hash_one(id)).is_ok()
    }
}

/// The condition that no decision ($4: merchant) and none of the runs that are asked knows the id of a row, and that no discrepancy of the
/// newest run ($5) has one of the row's request id and Antom id. All of it is looked up by indexes.
fn not_needed(id: &str, asked: &[RunId]) -> String {
    let mut parts = vec![format!(
        "NOT EXISTS (SELECT 1 FROM decisions WHERE decisions.platform_merchant_id = $4
             AND decisions.discrepancy_id = item.{id})"
    )];
    let asked: Vec<String> = asked.iter().map(|run| run.0.to_string()).collect();
    for (later, its_id) in PRUNABLE {
        parts.push(format!(
            "NOT EXISTS (SELECT 1 FROM {} AS later WHERE later.run_id IN ({}) AND later.{its_id} = item.{id})",
            later.name,
            asked.join(", ")
        ));
    }
    for column in ["request_id", "antom_id"] {
        // The plus keeps a planner without statistics from reading all that the newest run left, once for each row.
        parts.push(format!(
            "NOT EXISTS (SELECT 1 FROM run_discrepancies AS kept WHERE +kept.run_id = $5
                 AND kept.{column} IN (NULLIF(item.request_id, ''), NULLIF(item.antom_id, '')))"
        ));
    }
    parts.join(" AND ")
}
