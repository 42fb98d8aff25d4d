//! What runs rest on: the dates before them, as they stood when the run was made, and as they stand now.

use std::collections::BTreeMap;

use super::bulk::{Cell, Table, digest_cells, hex, new_digest};
use super::error::StoreError;
use super::pool::{Store, on_pool};
use super::rows::date;
use super::run_record::RunId;
use crate::calendar::BusinessDate;
use crate::movement::ReportKind;

const DOING: &str = "reading what runs rest on";

pub(super) const BASES: Table = Table {
    name: "run_bases",
    columns: &["run_id", "base_on", "revision", "reports_digest", "content_digest"],
    on_conflict: "",
};

/// A date that a run rested on, as it stood then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Base {
    /// The date.
    pub on: BusinessDate,
    /// Its newest revision then.
    pub revision: u32,
    /// Digest over the reports that were in force.
    pub reports: String,
    /// Digest over what the date came to, where the run carried it on; else empty.
    pub content: String,
}

/// A completed date as it stands, by its newest revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The newest run.
    pub run_id: RunId,
    /// Its revision.
    pub revision: u32,
    /// Digest over its reports.
    pub reports: String,
    /// Digest over what it came to.
    pub content: String,
}

pub(super) fn base_cells(base: &Base) -> [Cell<'_>; 4] {
    [
        Cell::text(base.on.to_string()),
        Cell::Integer(base.revision.into()),
        Cell::text(&*base.reports),
        Cell::text(&*base.content),
    ]
}

impl Store {
    /// How the completed dates from `from` to `to`, both included, stand now.
    ///
    /// # Errors
    /// As any query.
    pub async fn standing(
        &self,
        merchant: &str,
        from: BusinessDate,
        to: BusinessDate,
    ) -> Result<BTreeMap<BusinessDate, Standing>, StoreError> {
        const SQL: &str = "SELECT runs.business_date, runs.run_id, runs.revision, runs.content_digest,
                 item.kind, item.path, item.sha256
             FROM runs LEFT JOIN run_files AS item ON item.run_id = runs.run_id
             WHERE runs.platform_merchant_id = $1 AND runs.business_date >= $2 AND runs.business_date <= $3 AND NOT EXISTS (
                 SELECT 1 FROM runs AS later WHERE later.platform_merchant_id = runs.platform_merchant_id
                 AND later.business_date = runs.business_date AND later.revision > runs.revision)
             ORDER BY runs.business_date, item.position";
        type Row = (String, i64, i64, String, Option<String>, Option<String>, Option<String>);
        let rows: Vec<Row> = self
            .within(DOING, async {
                on_pool!(&self.pool, pool => {
                    sqlx::query_as(SQL).bind(merchant).bind(from.to_string()).bind(to.to_string()).fetch_all(pool).await
                })
            })
            .await?;
        let mut standing = BTreeMap::new();
        for rows in rows.chunk_by(|one, other| one.1 == other.1) {
            let (on, run_id, revision, content, ..) = &rows[0];
            let mut reports = new_digest();
            for (_, _, _, _, kind, path, sha256) in rows {
                let texts = [kind, path, sha256].map(|text| text.as_deref().unwrap_or_default());
                // Ledger and registry are every run's own; a report that was refused is part of no later run.
                if ReportKind::parse(texts[0]).is_some() {
                    digest_cells(&mut reports, &texts.map(Cell::text));
                }
            }
            let on = date("business_date", on).map_err(|problem| self.damaged(DOING, problem))?;
            let revision = self.revision(*revision)?;
            let content = content.clone();
            standing.insert(on, Standing { run_id: RunId(*run_id), revision, reports: hex(reports), content });
        }
        Ok(standing)
    }

    /// What the newest runs of the dates from `from` to `to`, both included, rested on: run by run, date by date.
    ///
    /// # Errors
    /// As any query.
    pub async fn bases(
        &self,
        merchant: &str,
        from: BusinessDate,
        to: BusinessDate,
    ) -> Result<BTreeMap<RunId, BTreeMap<BusinessDate, Base>>, StoreError> {
        const SQL: &str = "SELECT item.run_id, item.base_on, item.revision, item.reports_digest, item.content_digest
             FROM runs JOIN run_bases AS item ON item.run_id = runs.run_id
             WHERE runs.platform_merchant_id = $1 AND runs.business_date >= $2 AND runs.business_date <= $3 AND NOT EXISTS (
                 SELECT 1 FROM runs AS later WHERE later.platform_merchant_id = runs.platform_merchant_id
                 AND later.business_date = runs.business_date AND later.revision > runs.revision)";
        let rows: Vec<(i64, String, i64, String, String)> = self
            .within(DOING, async {
                on_pool!(&self.pool, pool => {
                    sqlx::query_as(SQL).bind(merchant).bind(from.to_string()).bind(to.to_string()).fetch_all(pool).await
                })
            })
            .await?;
        let mut bases = BTreeMap::<RunId, BTreeMap<BusinessDate, Base>>::new();
        for (run, on, revision, reports, content) in rows {
            let on = date("base_on", &on).map_err(|problem| self.damaged(DOING, problem))?;
            let base = Base { on, revision: self.revision(revision)?, reports, content };
            bases.entry(RunId(run)).or_default().insert(on, base);
        }
        Ok(bases)
    }
}
