//! What runs said about one id, from the first day to the last, superseded revisions included.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, FromRow};

use super::bulk::Table;
use super::carried::CarriedInTransit;
use super::error::StoreError;
use super::hints;
use super::pool::{Store, on_pool};
use super::rows::{self, ClearedItemRow, DiscrepancyRow, InTransitItemRow, date};
use crate::calendar::{BusinessDate, Instant};
use crate::discrepancy::{ClearedRow, Discrepancy};

const DOING: &str = "reading the history of an id";

/// What a run said about an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// It was in transit.
    InTransit(CarriedInTransit),
    /// It was listed as a discrepancy.
    Listed(Box<Discrepancy>),
    /// It was closed.
    Cleared(ClearedRow),
}

/// An event, and the run that said so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Happening {
    /// The run's business date.
    pub run_date: BusinessDate,
    /// The run's revision.
    pub revision: u32,
    /// Whether a later revision of the same date stands in its place.
    pub superseded: bool,
    /// When the run was done.
    pub finished_at: Instant,
    /// What it said.
    pub event: Event,
}

impl Happening {
    /// The id of the item or discrepancy.
    #[must_use]
    pub fn item_id(&self) -> &str {
        match &self.event {
            Event::InTransit(item) => &item.item_id,
            Event::Listed(row) => row.discrepancy_id.as_str(),
            Event::Cleared(row) => &row.item_id,
        }
    }

    /// The ids that the movement goes by, as far as they are known.
    #[must_use]
    pub fn ids(&self) -> Vec<String> {
        let ids: &[&String] = match &self.event {
            Event::InTransit(item) => &[&item.request_id, &item.antom_id],
            Event::Listed(row) => {
                &[&row.request_id, &row.antom_id, &row.original_request_id, &row.original_antom_id, &row.order_id]
            }
            Event::Cleared(row) => &[&row.request_id, &row.antom_id],
        };
        ids.iter().filter(|id| !id.is_empty()).map(|id| (*id).clone()).collect()
    }

    /// The movement's business date, and the run's.
    #[must_use]
    pub fn dates(&self) -> [BusinessDate; 2] {
        let movement = match &self.event {
            Event::InTransit(item) => item.business_date,
            Event::Listed(row) => row.business_date,
            Event::Cleared(row) => row.business_date,
        };
        [movement, self.run_date]
    }

    /// The order in which a run says what it says: in transit, listed, cleared.
    #[must_use]
    pub const fn rank(&self) -> u8 {
        match self.event {
            Event::InTransit(_) => 0,
            Event::Listed(_) => 1,
            Event::Cleared(_) => 2,
        }
    }
}

/// The run's columns, under names that no item has, beside the item's own.
#[derive(FromRow)]
struct HappeningRow<T> {
    of_run_date: String,
    of_revision: i64,
    of_newest: i64,
    of_finished_at_ms: i64,
    #[sqlx(flatten)]
    item: T,
}

/// The query for the rows of a table of items under a condition.
fn history_of(table: &Table, condition: &str) -> String {
    // A cross join keeps SQLite from looking through the rows of all runs for those of a few.
    format!(
        "SELECT runs.business_date AS of_run_date, runs.revision AS of_revision,
         (SELECT MAX(revision) FROM runs AS newest WHERE newest.platform_merchant_id = runs.platform_merchant_id
             AND newest.business_date = runs.business_date) AS of_newest,
         runs.finished_at_ms AS of_finished_at_ms, item.* FROM runs CROSS JOIN {} AS item
         WHERE runs.platform_merchant_id = $1 AND item.run_id = runs.run_id AND {condition}",
        table.name
    )
}

/// The rows of an id in a table whose ids have hints, but for those whose own id it is.
const OF_ID: &str = "(item.request_id = $2 OR item.antom_id = $2) AND item.item_id <> $2";

/// Rows that one id's hints may lead to one by one in a table of a run; if there are more, everything between them is looked through.
const STEPS: usize = 64;

/// Where hints lead: in a run's table, the rows with an id from the first to the second text.
#[derive(Debug)]
struct Range {
    run_id: i64,
    table: String,
    from: String,
    to: String,
}

impl Store {
    /// Everything that runs said about a discrepancy id, item id, request id, Antom id or, of discrepancies, order id: by date, then revision; within a
    /// run what is in transit, then what is listed, then what was cleared.
    ///
    /// # Errors
    /// As any query.
    pub async fn history(&self, merchant: &str, id: &str) -> Result<Vec<Happening>, StoreError> {
        const LISTED: &str =
            "(item.discrepancy_id = $2 OR item.request_id = $2 OR item.antom_id = $2 OR item.order_id = $2)";
        if id.is_empty() {
            return Ok(Vec::new());
        }
        let ranges = self.ranges_of(merchant, id).await?;
        let mut happenings = Vec::new();
        for row in self.items(&rows::IN_TRANSIT, [merchant, id], &ranges).await? {
            happenings.push(self.happening(row, |item: InTransitItemRow| item.item().map(Event::InTransit))?);
        }
        for row in self.happened(history_of(&rows::DISCREPANCIES, LISTED), &[merchant, id]).await? {
            let listed = |item: DiscrepancyRow| Ok(Event::Listed(Box::new(item.into_discrepancy()?)));
            happenings.push(self.happening(row, listed)?);
        }
        for row in self.items(&rows::CLEARED, [merchant, id], &ranges).await? {
            happenings.push(self.happening(row, |item: ClearedItemRow| item.into_cleared().map(Event::Cleared))?);
        }
        let place = |happening: &Happening| (happening.run_date, happening.revision, happening.rank());
        happenings.sort_by(|one, other| place(one).cmp(&place(other)).then_with(|| one.item_id().cmp(other.item_id())));
        Ok(happenings)
    }

    /// Where the hints of an id lead.
    async fn ranges_of(&self, merchant: &str, id: &str) -> Result<Vec<Range>, StoreError> {
        let hash = hints::hash(id);
        let buckets: Vec<String> = hints::buckets(hash).map(|bucket| bucket.to_string()).collect();
        let sql = format!(
            "SELECT run_hints.run_id, run_hints.table_name, run_hints.hints FROM runs CROSS JOIN run_hints
             WHERE runs.platform_merchant_id = $1 AND run_hints.run_id = runs.run_id AND run_hints.bucket IN ({})",
            buckets.join(", ")
        );
        let rows: Vec<(i64, String, String)> = self
            .within(DOING, async {
                on_pool!(&self.pool, pool => {
                    sqlx::query_as(AssertSqlSafe(sql)).bind(merchant).fetch_all(pool).await
                })
            })
            .await?;
        let mut beginnings = BTreeMap::<(i64, String), BTreeSet<String>>::new();
        for (run_id, table, text) in rows {
            let found = hints::found(&text, hash)
                .ok_or_else(|| self.damaged(DOING, "hints cannot be read; see `antom-recon verify`".to_owned()))?;
            if !found.is_empty() {
                beginnings.entry((run_id, table)).or_default().extend(found);
            }
        }
        let mut ranges = Vec::new();
        for ((run_id, table), found) in beginnings {
            let mut add = |from: &String, to: &String| {
                let (from, to) = (from.clone(), format!("{to}{}", char::MAX));
                ranges.push(Range { run_id, table: table.clone(), from, to });
            };
            match (found.first(), found.last()) {
                (Some(first), Some(last)) if found.len() > STEPS => add(first, last),
                _ => found.iter().for_each(|beginning| add(beginning, beginning)),
            }
        }
        Ok(ranges)
    }

    /// The rows of an id, whether it is the row's own or one of the movement's, in a table whose ids have hints.
    async fn items<T>(
        &self,
        table: &Table,
        [merchant, id]: [&str; 2],
        ranges: &[Range],
    ) -> Result<Vec<HappeningRow<T>>, StoreError>
    where
        HappeningRow<T>: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin,
    {
        let mut found = self.happened(history_of(table, "item.item_id = $2"), &[merchant, id]).await?;
        let without = "NOT EXISTS (SELECT 1 FROM run_hints WHERE run_hints.run_id = runs.run_id)";
        found.extend(self.happened(history_of(table, &format!("{without} AND {OF_ID}")), &[merchant, id]).await?);
        for Range { run_id, from, to, .. } in ranges.iter().filter(|range| range.table == table.name) {
            let condition = format!("runs.run_id = {run_id} AND item.item_id >= $3 AND item.item_id <= $4 AND {OF_ID}");
            found.extend(self.happened(history_of(table, &condition), &[merchant, id, from, to]).await?);
        }
        Ok(found)
    }

    async fn happened<T>(&self, sql: String, texts: &[&str]) -> Result<Vec<HappeningRow<T>>, StoreError>
    where
        HappeningRow<T>: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin,
    {
        self.within(DOING, async {
            on_pool!(&self.pool, pool => {
                let mut query = sqlx::query_as(AssertSqlSafe(sql));
                for text in texts {
                    query = query.bind(*text);
                }
                query.fetch_all(pool).await
            })
        })
        .await
    }

    fn happening<T>(
        &self,
        row: HappeningRow<T>,
        event: impl FnOnce(T) -> Result<Event, String>,
    ) -> Result<Happening, StoreError> {
        let damaged = |problem| self.damaged(DOING, problem);
        Ok(Happening {
            run_date: date("business_date", &row.of_run_date).map_err(damaged)?,
            revision: self.revision(row.of_revision)?,
            superseded: row.of_newest > row.of_revision,
            finished_at: Instant::from_millis(row.of_finished_at_ms),
            event: event(row.item).map_err(damaged)?,
        })
    }
}
