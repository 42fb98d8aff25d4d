//! What a day carries in: the discrepancies and items in transit that the day before left.

use std::collections::BTreeMap;

use sqlx::AssertSqlSafe;

use super::bulk::placeholders;
use super::digest;
use super::error::StoreError;
use super::pool::{Steps, Store, on_pool};
use super::rows::{self, DiscrepancyRow, date};
use super::run_record::RunId;
use super::runs::Run;
use crate::calendar::BusinessDate;
use crate::discrepancy::{Discrepancy, Side};
use crate::id::DiscrepancyId;
use crate::money::Currency;
use crate::movement::EntryType;

const DOING: &str = "reading open items";

/// Ids per question.
pub(super) const IDS: usize = 1_000;

/// An item that was in transit after a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CarriedInTransit {
    /// Derived from content, for life.
    pub item_id: String,
    /// The marketplace's id.
    pub request_id: String,
    /// Antom's id.
    pub antom_id: String,
    /// The type.
    pub entry_type: EntryType,
    /// Currency of `amount`.
    pub currency: Currency,
    /// Smallest units, signed like the ledger.
    pub amount: i128,
    /// The side on which the item stands.
    pub side: Side,
    /// The movement's business date.
    pub business_date: BusinessDate,
    /// The last day of its window.
    pub due_on: BusinessDate,
    /// What it waited for.
    pub waits_for: String,
    /// The date of the run that first listed it; none if that run did not note it yet.
    pub first_seen_on: Option<BusinessDate>,
}

/// What a run left open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Carried {
    /// The run.
    pub run: Run,
    /// Its discrepancies, by id.
    pub discrepancies: Vec<Discrepancy>,
}

impl Store {
    /// What the latest completed date before `on` left open, by its newest revision; none if there is no earlier run. What it left in
    /// transit may be much: see [`each_in_transit`](Self::each_in_transit).
    ///
    /// # Errors
    /// [`StoreError::Pruned`] if rows of that run were pruned; as any query.
    pub async fn carried_into(&self, merchant: &str, on: BusinessDate) -> Result<Option<Carried>, StoreError> {
        let Some(run) = self.run_before(merchant, on).await? else { return Ok(None) };
        if let Some(before) = self.pruned_before(run.run_id).await? {
            return Err(StoreError::Pruned { on, before });
        }
        let discrepancies = self.discrepancies_of(run.run_id).await?;
        Ok(Some(Carried { run, discrepancies }))
    }

    /// The discrepancies that a run left open, by id.
    ///
    /// # Errors
    /// As any query.
    pub async fn discrepancies_of(&self, run: RunId) -> Result<Vec<Discrepancy>, StoreError> {
        const SQL: &str = "SELECT * FROM run_discrepancies WHERE run_id = $1 ORDER BY discrepancy_id";
        let rows: Vec<DiscrepancyRow> = self
            .within(DOING, async {
                on_pool!(&self.pool, pool => sqlx::query_as(SQL).bind(run.0).fetch_all(pool).await)
            })
            .await?;
        rows.into_iter().map(|row| row.into_discrepancy().map_err(|problem| self.damaged(DOING, problem))).collect()
    }

    /// Shows the items that were in transit after a run, by id, one by one: there may be millions. Ends with the first error of `show`.
    ///
    /// # Errors
    /// As any query; the inner error is that of `show`.
    pub async fn each_in_transit<E>(
        &self,
        run: RunId,
        mut show: impl FnMut(CarriedInTransit) -> Result<(), E>,
    ) -> Result<Result<(), E>, StoreError> {
        let mut tx = self.begin_reading(DOING).await?;
        let (mut shown, mut problem) = (Ok(()), None);
        let steps = Steps::default();
        let each = digest::each_row_of_run(&mut tx, &rows::IN_TRANSIT, (run.0, ""), |cells| {
            steps.done();
            if shown.is_ok() && problem.is_none() {
                match rows::in_transit_item_of(cells) {
                    Ok(item) => shown = show(item),
                    Err(found) => problem = Some(found),
                }
            }
        });
        self.step_by_step(DOING, &steps, each).await?;
        self.commit(DOING, tx).await?;
        problem.map_or(Ok(shown), |problem| Err(self.damaged(DOING, problem)))
    }

    /// When runs of dates before `before` first listed these discrepancies, superseded revisions included. Ids that none
    /// listed are absent. Later dates do not count, so that a rerun of an old date has the same answer.
    ///
    /// # Errors
    /// As any query.
    pub async fn first_seen_on(
        &self,
        merchant: &str,
        before: BusinessDate,
        ids: &[DiscrepancyId],
    ) -> Result<BTreeMap<DiscrepancyId, BusinessDate>, StoreError> {
        let mut found = BTreeMap::new();
        for chunk in ids.chunks(IDS) {
            let sql = format!(
                "SELECT item.discrepancy_id, MIN(item.first_seen_on) FROM run_discrepancies AS item
                 JOIN runs ON runs.run_id = item.run_id
                 WHERE runs.platform_merchant_id = $1 AND runs.business_date < $2 AND item.discrepancy_id IN ({})
                 GROUP BY item.discrepancy_id",
                placeholders(chunk.len(), 3)
            );
            let rows: Vec<(String, String)> = self
                .within(DOING, async {
                    on_pool!(&self.pool, pool => {
                        let mut query = sqlx::query_as(AssertSqlSafe(sql)).bind(merchant).bind(before.to_string());
                        for id in chunk {
                            query = query.bind(id.as_str());
                        }
                        query.fetch_all(pool).await
                    })
                })
                .await?;
            for (id, on) in rows {
                let on = date("first_seen_on", &on).map_err(|problem| self.damaged(DOING, problem))?;
                found.insert(DiscrepancyId::new(id), on);
            }
        }
        Ok(found)
    }
}
