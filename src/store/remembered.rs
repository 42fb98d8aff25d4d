//! What proofs remember of earlier days: headers, volumes, what is held, and which of their rows still stand.
//!
//! All of it follows from a run's inputs, so it does not decide whether a rerun is a new revision.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::AssertSqlSafe;

use super::bulk::placeholders;
use super::carried::IDS;
use super::error::StoreError;
use super::pool::{Store, on_pool};
use super::proof_rows::{HeaderRow, HeldRow, VolumeRow};
use super::rows::date;
use super::run_record::RunId;
use crate::calendar::BusinessDate;
use crate::id::DiscrepancyId;
use crate::kind::DiscrepancyKind;
use crate::money::Currency;
use crate::movement::ReportKind;
use crate::proof::Held;

const DOING: &str = "reading what proofs remember";

/// The header of a file that was accepted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct AcceptedHeader {
    /// Which report it is.
    pub kind: ReportKind,
    /// The names of its columns as the file writes them, in file order.
    pub columns: Vec<String>,
}

/// What went through one payment method, brand, country, party and settlement currency on a day: tiers of a fee schedule count it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Volume {
    /// The business date of the lines.
    pub on: BusinessDate,
    /// The payment method.
    pub method: String,
    /// The card's brand; empty if there is none.
    pub brand: String,
    /// The country; empty if it is not known.
    pub country: String,
    /// `referenceMerchantId`; empty for the marketplace.
    pub sub_merchant_id: String,
    /// The settlement currency.
    pub currency: Currency,
    /// Sum of the amounts before fees, in the smallest unit of `currency`.
    pub base_minor: i128,
}

impl Store {
    /// The headers that each kind had last: those of the latest date before `before` whose newest revision has any of that
    /// kind. A kind that never had one is absent.
    ///
    /// # Errors
    /// As any query.
    pub async fn last_headers(
        &self,
        merchant: &str,
        before: BusinessDate,
    ) -> Result<BTreeMap<ReportKind, Vec<Vec<String>>>, StoreError> {
        const SQL: &str = "WITH newest AS (
                 SELECT runs.run_id, runs.business_date FROM runs
                 WHERE runs.platform_merchant_id = $1 AND runs.business_date < $2 AND NOT EXISTS (
                     SELECT 1 FROM runs AS later WHERE later.platform_merchant_id = runs.platform_merchant_id
                     AND later.business_date = runs.business_date AND later.revision > runs.revision)
             ), latest AS (
                 SELECT item.kind, MAX(newest.business_date) AS business_date
                 FROM newest JOIN run_headers AS item ON item.run_id = newest.run_id GROUP BY item.kind
             )
             SELECT item.kind, item.columns FROM latest
             JOIN newest ON newest.business_date = latest.business_date
             JOIN run_headers AS item ON item.run_id = newest.run_id AND item.kind = latest.kind
             ORDER BY item.run_id, item.position";
        let rows: Vec<HeaderRow> = self
            .within(DOING, async {
                on_pool!(&self.pool, pool => {
                    sqlx::query_as(SQL).bind(merchant).bind(before.to_string()).fetch_all(pool).await
                })
            })
            .await?;
        let mut headers = BTreeMap::<_, Vec<_>>::new();
        for row in rows {
            let AcceptedHeader { kind, columns } = row.into_header().map_err(|problem| self.damaged(DOING, problem))?;
            headers.entry(kind).or_default().push(columns);
        }
        Ok(headers)
    }

    /// The volumes of each date from `from` to the day before `to_exclusive`, by the dates' newest revisions, oldest first.
    ///
    /// # Errors
    /// As any query.
    pub async fn volumes(
        &self,
        merchant: &str,
        from: BusinessDate,
        to_exclusive: BusinessDate,
    ) -> Result<Vec<(BusinessDate, Volume)>, StoreError> {
        const SQL: &str = "SELECT * FROM run_volumes WHERE run_id = $1 ORDER BY position";
        let mut volumes = Vec::new();
        // One day at a time, so that no statement grows with the months.
        for (on, run) in self.newest_runs(merchant, from, to_exclusive).await? {
            let rows: Vec<VolumeRow> = self
                .within(DOING, async {
                    on_pool!(&self.pool, pool => sqlx::query_as(SQL).bind(run.0).fetch_all(pool).await)
                })
                .await?;
            for row in rows {
                volumes.push((on, row.into_volume().map_err(|problem| self.damaged(DOING, problem))?));
            }
        }
        Ok(volumes)
    }

    /// The payouts that the latest date before this one left missing or wrong, by its newest revision: discrepancy and batch.
    ///
    /// # Errors
    /// As any query.
    pub async fn payouts_missing_before(
        &self,
        merchant: &str,
        on: BusinessDate,
    ) -> Result<Vec<(DiscrepancyId, String)>, StoreError> {
        const SQL: &str = "SELECT discrepancy_id, antom_id FROM run_discrepancies
             WHERE run_id = $1 AND kind IN ($2, $3) ORDER BY discrepancy_id";
        let kinds = [DiscrepancyKind::PayoutMissing, DiscrepancyKind::PayoutAmount].map(DiscrepancyKind::as_str);
        let Some(run) = self.run_before(merchant, on).await? else { return Ok(Vec::new()) };
        let rows: Vec<(String, String)> = self
            .within(DOING, async {
                on_pool!(&self.pool, pool => {
                    sqlx::query_as(SQL).bind(run.run_id.0).bind(kinds[0]).bind(kinds[1]).fetch_all(pool).await
                })
            })
            .await?;
        Ok(rows.into_iter().map(|(id, batch)| (DiscrepancyId::new(id), batch)).collect())
    }

    /// What was held after the latest date before this one, by its newest revision.
    ///
    /// # Errors
    /// As any query.
    pub async fn held_before(&self, merchant: &str, on: BusinessDate) -> Result<Vec<Held>, StoreError> {
        const SQL: &str = "SELECT * FROM run_held WHERE run_id = $1 ORDER BY position";
        let Some(run) = self.run_before(merchant, on).await? else { return Ok(Vec::new()) };
        let rows: Vec<HeldRow> = self
            .within(DOING, async {
                on_pool!(&self.pool, pool => sqlx::query_as(SQL).bind(run.run_id.0).fetch_all(pool).await)
            })
            .await?;
        rows.into_iter().map(|row| row.into_held().map_err(|problem| self.damaged(DOING, problem))).collect()
    }

    /// Which of these discrepancies, each with the date that judges it, the newest revision of that very date lists, or cleared
    /// itself: it found what a decision settled. One whose date was never run is not listed.
    ///
    /// # Errors
    /// As any query.
    pub async fn still_listed(
        &self,
        merchant: &str,
        ids: &[(BusinessDate, DiscrepancyId)],
    ) -> Result<BTreeSet<DiscrepancyId>, StoreError> {
        let mut by_date = BTreeMap::<BusinessDate, Vec<&DiscrepancyId>>::new();
        for (on, id) in ids {
            by_date.entry(*on).or_default().push(id);
        }
        let mut listed = BTreeSet::new();
        for (on, ids) in by_date {
            let Some(run) = self.latest_run(merchant, on).await? else { continue };
            for chunk in ids.chunks(IDS) {
                let ids = placeholders(chunk.len(), 2);
                let sql = format!(
                    "SELECT discrepancy_id FROM run_discrepancies WHERE run_id = $1 AND discrepancy_id IN ({ids})
                     UNION SELECT item_id FROM run_cleared WHERE run_id = $1 AND item_id IN ({ids})"
                );
                let rows: Vec<(String,)> = self
                    .within(DOING, async {
                        on_pool!(&self.pool, pool => {
                            let mut query = sqlx::query_as(AssertSqlSafe(sql)).bind(run.run_id.0);
                            for id in chunk {
                                query = query.bind(id.as_str());
                            }
                            query.fetch_all(pool).await
                        })
                    })
                    .await?;
                listed.extend(rows.into_iter().map(|(id,)| DiscrepancyId::new(id)));
            }
        }
        Ok(listed)
    }

    /// The newest revision of each date that has one, oldest first.
    async fn newest_runs(
        &self,
        merchant: &str,
        from: BusinessDate,
        to_exclusive: BusinessDate,
    ) -> Result<Vec<(BusinessDate, RunId)>, StoreError> {
        const SQL: &str = "SELECT runs.business_date, runs.run_id FROM runs
             WHERE runs.platform_merchant_id = $1 AND runs.business_date >= $2 AND runs.business_date < $3
             AND NOT EXISTS (SELECT 1 FROM runs AS later
                 WHERE later.platform_merchant_id = runs.platform_merchant_id
                 AND later.business_date = runs.business_date AND later.revision > runs.revision)
             ORDER BY runs.business_date";
        let (from, to) = (from.to_string(), to_exclusive.to_string());
        let rows: Vec<(String, i64)> = self
            .within(DOING, async {
                on_pool!(&self.pool, pool => {
                    sqlx::query_as(SQL).bind(merchant).bind(from).bind(to).fetch_all(pool).await
                })
            })
            .await?;
        let run = |(on, run_id): (String, i64)| Ok((date("business_date", &on)?, RunId(run_id)));
        rows.into_iter().map(|row| run(row).map_err(|problem| self.damaged(DOING, problem))).collect()
    }
}
