//! Decisions about discrepancies: only added, a file at a time.

use std::collections::BTreeMap;
use std::ops::Range;

use sqlx::AssertSqlSafe;

use super::bulk::{Cell, ROWS, Table, placeholders};
use super::carried::IDS;
use super::error::StoreError;
use super::journal::Act;
use super::pool::{Store, on_pool};
use super::rows::{DiscrepancyRow, date, unexpected, word};
use super::run_record::RunId;
use crate::calendar::{BusinessDate, Instant};
use crate::decision::{Decision, DecisionKind, Taken};
use crate::id::DiscrepancyId;
use crate::points::{Point, reached};

const DOING: &str = "applying decisions";
const READING: &str = "reading decisions";

/// Later than any date of a run.
const EVER: &str = "9999-12-31";

const FILES: Table = Table {
    name: "decision_files",
    columns: &["platform_merchant_id", "sha256", "name", "applied_at_ms", "journal_sequence"],
    on_conflict: " ON CONFLICT DO NOTHING",
};

const DECISIONS: Table = Table {
    name: "decisions",
    columns: &[
        "platform_merchant_id",
        "discrepancy_id",
        "decision",
        "decided_by",
        "approved_by",
        "assigned_to",
        "reason",
        "decided_at_ms",
        "file_sha256",
        "line",
        "run_id",
        "row_run_id",
        "journal_sequence",
    ],
    on_conflict: "",
};

/// A decision to apply.
#[derive(Debug, Clone, Copy)]
pub struct NewDecision<'a> {
    /// The decision.
    pub decision: &'a Decision,
    /// The physical line of the file that it stands on.
    pub line: u64,
    /// The run that lists the row as it was decided on.
    pub row_run: RunId,
}

/// The decisions of a file.
#[derive(Debug, Clone, Copy)]
pub struct NewDecisions<'a> {
    /// Antom's id of the marketplace.
    pub platform_merchant_id: &'a str,
    /// SHA-256 of the file, in hexadecimal.
    pub sha256: &'a str,
    /// The file's name.
    pub name: &'a str,
    /// When they are applied.
    pub decided_at: Instant,
    /// The newest run, whose rows they decide on.
    pub run: RunId,
    /// The decisions, in file order.
    pub decisions: &'a [NewDecision<'a>],
}

/// A decision that was applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredDecision {
    /// The decision, and the row as it was decided on.
    pub taken: Taken,
    /// The run that lists that row.
    pub row_run: RunId,
}

#[derive(sqlx::FromRow)]
struct DecisionRow {
    of_decision: String,
    of_decided_by: String,
    of_approved_by: String,
    of_assigned_to: String,
    of_reason: String,
    of_decided_at_ms: i64,
    of_file_sha256: String,
    of_line: i64,
    of_row_run_id: i64,
    of_run_date: String,
    #[sqlx(flatten)]
    item: DiscrepancyRow,
}

impl DecisionRow {
    fn into_stored(self) -> Result<StoredDecision, String> {
        let row = self.item.into_discrepancy()?;
        let decision = Decision {
            discrepancy_id: row.discrepancy_id.clone(),
            kind: word("decision", &self.of_decision, DecisionKind::parse(&self.of_decision))?,
            decided_by: self.of_decided_by,
            approved_by: self.of_approved_by,
            assigned_to: self.of_assigned_to,
            reason: self.of_reason,
        };
        let line =
            u64::try_from(self.of_line).map_err(|_| unexpected("line", &self.of_line.to_string(), "a line number"))?;
        let taken = Taken {
            decision,
            decided_on: date("business_date", &self.of_run_date)?,
            decided_at: Instant::from_millis(self.of_decided_at_ms),
            file_sha256: self.of_file_sha256,
            line,
            row,
        };
        Ok(StoredDecision { taken, row_run: RunId(self.of_row_run_id) })
    }
}

impl Store {
    /// Applies the decisions of a file in one transaction, and says whether it did: a file that was applied before applies
    /// nothing.
    ///
    /// # Errors
    /// [`StoreError::Integrity`] for a row that the named run does not list; as any statement. Nothing is left behind by a failure.
    pub async fn apply_decisions(&self, new: &NewDecisions<'_>) -> Result<bool, StoreError> {
        let merchant = new.platform_merchant_id;
        let at = new.decided_at.millis();
        let mut tx = self.begin(DOING).await?;
        let act = self.within(DOING, Act::begin(&mut tx, merchant)).await?;
        let (at, number) = (Cell::Integer(at), Cell::Integer(act.number()));
        let file = [Cell::text(merchant), Cell::text(new.sha256), Cell::text(new.name), at, number];
        if self.within(DOING, FILES.insert(&mut tx, &file)).await? == 0 {
            return Ok(false);
        }
        reached(Point::DecideClaimed);
        for chunk in new.decisions.chunks(ROWS) {
            let cells: Vec<Cell<'_>> = chunk.iter().flat_map(|one| cells(new, one, &act)).collect();
            self.within(DOING, DECISIONS.insert(&mut tx, &cells)).await?;
        }
        reached(Point::DecideInserted);
        self.within(DOING, act.end(&mut tx)).await?;
        self.commit(DOING, tx).await?;
        reached(Point::DecideCommitted);
        Ok(true)
    }

    /// When a file with this digest was applied; none if it was not.
    ///
    /// # Errors
    /// As any query.
    pub async fn decided_file(&self, merchant: &str, sha256: &str) -> Result<Option<Instant>, StoreError> {
        const SQL: &str = "SELECT applied_at_ms FROM decision_files WHERE platform_merchant_id = $1 AND sha256 = $2";
        let at: Option<(i64,)> = self
            .within(READING, async {
                on_pool!(&self.pool, pool => {
                    sqlx::query_as(SQL).bind(merchant).bind(sha256).fetch_optional(pool).await
                })
            })
            .await?;
        Ok(at.map(|(at,)| Instant::from_millis(at)))
    }

    /// All decisions, in the order in which they were taken.
    ///
    /// # Errors
    /// As any query.
    pub async fn decisions(&self, merchant: &str) -> Result<Vec<StoredDecision>, StoreError> {
        self.decisions_where(merchant, EVER, "").await
    }

    /// The decisions that hold for a run of this date: those that were taken when no later date had a run.
    ///
    /// # Errors
    /// As any query.
    pub async fn decisions_for(&self, merchant: &str, on: BusinessDate) -> Result<Vec<StoredDecision>, StoreError> {
        self.decisions_where(merchant, &on.to_string(), "").await
    }

    /// The decisions about a discrepancy, in the order in which they were taken.
    ///
    /// # Errors
    /// As any query.
    pub async fn decisions_about(&self, merchant: &str, id: &DiscrepancyId) -> Result<Vec<StoredDecision>, StoreError> {
        if id.is_empty() {
            return Ok(Vec::new());
        }
        self.decisions_where(merchant, EVER, id.as_str()).await
    }

    async fn decisions_where(&self, merchant: &str, until: &str, id: &str) -> Result<Vec<StoredDecision>, StoreError> {
        const SQL: &str = "SELECT made.decision AS of_decision, made.decided_by AS of_decided_by,
             made.approved_by AS of_approved_by, made.assigned_to AS of_assigned_to, made.reason AS of_reason,
             made.decided_at_ms AS of_decided_at_ms, made.file_sha256 AS of_file_sha256, made.line AS of_line,
             made.row_run_id AS of_row_run_id, runs.business_date AS of_run_date, item.*
             FROM decisions AS made JOIN runs ON runs.run_id = made.run_id
             JOIN run_discrepancies AS item ON item.run_id = made.row_run_id AND item.discrepancy_id = made.discrepancy_id
             WHERE made.platform_merchant_id = $1 AND runs.business_date <= $2
             AND ($3 = '' OR made.discrepancy_id = $3) ORDER BY made.decision_id";
        let rows: Vec<DecisionRow> = self
            .within(READING, async {
                on_pool!(&self.pool, pool => {
                    sqlx::query_as(SQL).bind(merchant).bind(until).bind(id).fetch_all(pool).await
                })
            })
            .await?;
        rows.into_iter().map(|row| row.into_stored().map_err(|problem| self.damaged(READING, problem))).collect()
    }

    /// The last of the dates whose newest revision cleared each of these items. Items that none cleared are absent. Each run of the
    /// dates is asked for each item.
    ///
    /// # Errors
    /// As any query.
    pub async fn last_cleared_on(
        &self,
        merchant: &str,
        dates: Range<BusinessDate>,
        ids: &[&str],
    ) -> Result<BTreeMap<String, BusinessDate>, StoreError> {
        let mut found = BTreeMap::new();
        for chunk in ids.chunks(IDS) {
            // A cross join keeps SQLite from looking through all that was ever cleared.
            let sql = format!(
                "SELECT item.item_id, MAX(runs.business_date) FROM runs CROSS JOIN run_cleared AS item
                 WHERE runs.platform_merchant_id = $1 AND runs.business_date >= $2 AND runs.business_date < $3
                 AND item.run_id = runs.run_id AND item.item_id IN ({})
                 AND NOT EXISTS (SELECT 1 FROM runs AS later
                     WHERE later.platform_merchant_id = runs.platform_merchant_id
                     AND later.business_date = runs.business_date AND later.revision > runs.revision)
                 GROUP BY item.item_id",
                placeholders(chunk.len(), 4)
            );
            let rows: Vec<(String, String)> = self
                .within(READING, async {
                    on_pool!(&self.pool, pool => {
                        let mut query = sqlx::query_as(AssertSqlSafe(sql)).bind(merchant);
                        for date in [dates.start, dates.end] {
                            query = query.bind(date.to_string());
                        }
                        for id in chunk {
                            query = query.bind(*id);
                        }
                        query.fetch_all(pool).await
                    })
                })
                .await?;
            for (id, on) in rows {
                found.insert(id, date("business_date", &on).map_err(|problem| self.damaged(READING, problem))?);
            }
        }
        Ok(found)
    }
}

fn cells<'a>(new: &NewDecisions<'a>, one: &NewDecision<'a>, act: &Act) -> [Cell<'a>; 13] {
    let decision = one.decision;
    [
        Cell::text(new.platform_merchant_id),
        Cell::text(decision.discrepancy_id.as_str()),
        Cell::text(decision.kind.as_str()),
        Cell::text(&*decision.decided_by),
        Cell::text(&*decision.approved_by),
        Cell::text(&*decision.assigned_to),
        Cell::text(&*decision.reason),
        Cell::Integer(new.decided_at.millis()),
        Cell::text(new.sha256),
        super::rows::number(one.line),
        Cell::Integer(new.run.0),
        Cell::Integer(one.row_run.0),
        Cell::Integer(act.number()),
    ]
}
