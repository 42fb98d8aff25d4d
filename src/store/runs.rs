//! Reading runs back. A date's newest revision is the one that counts; older ones stay for the auditor.

use super::error::StoreError;
use super::pool::{Store, on_pool};
use super::rows::{FileRow, date};
use super::run_record::{RunFile, RunId};
use crate::calendar::{BusinessDate, Instant};

/// A recorded run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Its identity.
    pub run_id: RunId,
    /// Its business date.
    pub business_date: BusinessDate,
    /// How often the date was recorded with other content, from 1.
    pub revision: u32,
    /// When it began.
    pub started_at: Instant,
    /// When it was done.
    pub finished_at: Instant,
    /// The program's version.
    pub program_version: String,
    /// Digest over all inputs.
    pub inputs_digest: String,
    /// Counts and sums, as JSON.
    pub outcome: String,
}

/// A date at a glance, by its newest revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunOverview {
    /// The run.
    pub run: Run,
    /// Discrepancies open after it.
    pub discrepancies: u64,
    /// Items in transit after it.
    pub in_transit: u64,
}

#[derive(sqlx::FromRow)]
pub(super) struct RunRow {
    run_id: i64,
    business_date: String,
    revision: i64,
    started_at_ms: i64,
    finished_at_ms: i64,
    program_version: String,
    inputs_digest: String,
    outcome: String,
}

#[derive(sqlx::FromRow)]
struct OverviewRow {
    #[sqlx(flatten)]
    run: RunRow,
    discrepancies: i64,
    in_transit: i64,
}

const DOING: &str = "reading a run";

impl Store {
    /// The newest revision of a date.
    ///
    /// # Errors
    /// As any query.
    pub async fn latest_run(&self, merchant: &str, on: BusinessDate) -> Result<Option<Run>, StoreError> {
        const SQL: &str = "SELECT * FROM runs WHERE platform_merchant_id = $1 AND business_date = $2
             ORDER BY revision DESC LIMIT 1";
        self.one_run(SQL, merchant, on).await
    }

    /// The newest revision of the latest date before this one.
    pub(super) async fn run_before(&self, merchant: &str, on: BusinessDate) -> Result<Option<Run>, StoreError> {
        const SQL: &str = "SELECT * FROM runs WHERE platform_merchant_id = $1 AND business_date < $2
             ORDER BY business_date DESC, revision DESC LIMIT 1";
        self.one_run(SQL, merchant, on).await
    }

    async fn one_run(&self, sql: &'static str, merchant: &str, on: BusinessDate) -> Result<Option<Run>, StoreError> {
        let row: Option<RunRow> = self
            .within(DOING, async {
                on_pool!(&self.pool, pool => {
                    sqlx::query_as(sql).bind(merchant).bind(on.to_string()).fetch_optional(pool).await
                })
            })
            .await?;
        row.map(|row| self.run(row)).transpose()
    }

    /// Dates from `from` to `to`, both included, that have a run, oldest first.
    ///
    /// # Errors
    /// As any query.
    pub async fn completed_dates(
        &self,
        merchant: &str,
        from: BusinessDate,
        to: BusinessDate,
    ) -> Result<Vec<BusinessDate>, StoreError> {
        const SQL: &str = "SELECT DISTINCT business_date FROM runs
             WHERE platform_merchant_id = $1 AND business_date >= $2 AND business_date <= $3 ORDER BY business_date";
        let rows: Vec<(String,)> = self
            .within(DOING, async {
                on_pool!(&self.pool, pool => {
                    sqlx::query_as(SQL).bind(merchant).bind(from.to_string()).bind(to.to_string()).fetch_all(pool).await
                })
            })
            .await?;
        rows.iter().map(|(text,)| date("business_date", text).map_err(|problem| self.damaged(DOING, problem))).collect()
    }

    /// The first and the last date that have a run; none if there is no run.
    ///
    /// # Errors
    /// As any query.
    pub async fn completed_range(&self, merchant: &str) -> Result<Option<(BusinessDate, BusinessDate)>, StoreError> {
        const SQL: &str = "SELECT MIN(business_date), MAX(business_date) FROM runs WHERE platform_merchant_id = $1";
        let (first, last): (Option<String>, Option<String>) = self
            .within(DOING, async {
                on_pool!(&self.pool, pool => sqlx::query_as(SQL).bind(merchant).fetch_one(pool).await)
            })
            .await?;
        let date = |text: &str| date("business_date", text).map_err(|problem| self.damaged(DOING, problem));
        first.zip(last).map(|(first, last)| Ok((date(&first)?, date(&last)?))).transpose()
    }

    /// The input files of a date's newest revision, in their order; none if there was no run.
    ///
    /// # Errors
    /// As any query.
    pub async fn files_of(&self, merchant: &str, on: BusinessDate) -> Result<Vec<RunFile>, StoreError> {
        const SQL: &str = "SELECT * FROM run_files WHERE run_id = $1 ORDER BY position";
        let Some(run) = self.latest_run(merchant, on).await? else { return Ok(Vec::new()) };
        let rows: Vec<FileRow> = self
            .within(DOING, async {
                on_pool!(&self.pool, pool => sqlx::query_as(SQL).bind(run.run_id.0).fetch_all(pool).await)
            })
            .await?;
        rows.into_iter().map(|row| row.into_file().map_err(|problem| self.damaged(DOING, problem))).collect()
    }

    /// The newest `limit` dates, newest first, each by its newest revision.
    ///
    /// # Errors
    /// As any query.
    pub async fn runs_overview(&self, merchant: &str, limit: u32) -> Result<Vec<RunOverview>, StoreError> {
        const SQL: &str = "SELECT runs.*,
             (SELECT COUNT(*) FROM run_discrepancies AS item WHERE item.run_id = runs.run_id) AS discrepancies,
             (SELECT COUNT(*) FROM run_in_transit AS item WHERE item.run_id = runs.run_id) AS in_transit
             FROM runs WHERE platform_merchant_id = $1 AND NOT EXISTS (
                 SELECT 1 FROM runs AS later WHERE later.platform_merchant_id = runs.platform_merchant_id
                 AND later.business_date = runs.business_date AND later.revision > runs.revision)
             ORDER BY business_date DESC LIMIT $2";
        let rows: Vec<OverviewRow> = self
            .within(DOING, async {
                on_pool!(&self.pool, pool => {
                    sqlx::query_as(SQL).bind(merchant).bind(i64::from(limit)).fetch_all(pool).await
                })
            })
            .await?;
        let count = |number: i64| u64::try_from(number).unwrap_or_default();
        rows.into_iter()
            .map(|row| {
                let (discrepancies, in_transit) = (count(row.discrepancies), count(row.in_transit));
                Ok(RunOverview { run: self.run(row.run)?, discrepancies, in_transit })
            })
            .collect()
    }

    fn run(&self, row: RunRow) -> Result<Run, StoreError> {
        Ok(Run {
            run_id: RunId(row.run_id),
            business_date: date("business_date", &row.business_date).map_err(|problem| self.damaged(DOING, problem))?,
            revision: self.revision(row.revision)?,
            started_at: Instant::from_millis(row.started_at_ms),
            finished_at: Instant::from_millis(row.finished_at_ms),
            program_version: row.program_version,
            inputs_digest: row.inputs_digest,
            outcome: row.outcome,
        })
    }
}
