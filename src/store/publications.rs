//! What was published for runs.

use std::collections::BTreeMap;

use super::bulk::{Cell, Table};
use super::error::StoreError;
use super::journal::Act;
use super::pool::{Store, on_pool, on_tx};
use super::rows::{date, number};
use super::run_record::RunId;
use crate::calendar::BusinessDate;

const DOING: &str = "verifying its runs";

/// A file that was published.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PublishedFile {
    /// Its name.
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
}

/// What was published for a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedRun {
    /// The run.
    pub run_id: RunId,
    /// Its business date.
    pub business_date: BusinessDate,
    /// Its revision.
    pub revision: u32,
    /// Its publications, oldest first, each with its files by name; none if it was never noted.
    pub publications: Vec<Vec<PublishedFile>>,
}

const OUTPUTS: Table = Table {
    name: "run_outputs",
    columns: &["run_id", "publication", "name", "size", "sha256", "journal_sequence"],
    on_conflict: "",
};

impl Store {
    /// Notes the files that were published for a run, sorted by name. If the newest publication of the run has the same, nothing
    /// is added.
    ///
    /// # Errors
    /// As any statement.
    pub async fn note_outputs(&self, run: RunId, files: &[PublishedFile]) -> Result<(), StoreError> {
        const NOTING: &str = "noting the outputs of the run";
        const NEWEST: &str = "SELECT publication, name, size, sha256 FROM run_outputs WHERE run_id = $1
             AND publication = (SELECT MAX(publication) FROM run_outputs WHERE run_id = $1) ORDER BY name";
        const MERCHANT: &str = "SELECT platform_merchant_id FROM runs WHERE run_id = $1";
        let mut tx = self.begin(NOTING).await?;
        let newest: Vec<(i64, String, i64, String)> = self
            .within(NOTING, async {
                on_tx!(&mut tx, connection => sqlx::query_as(NEWEST).bind(run.0).fetch_all(connection).await)
            })
            .await?;
        let publication = newest.first().map_or(0, |(publication, ..)| *publication) + 1;
        let known = newest.into_iter().map(|(_, name, size, sha256)| self.published(name, size, sha256));
        if known.collect::<Result<Vec<_>, _>>()? == files {
            return Ok(());
        }
        let act = self
            .within(NOTING, async {
                let merchant: String =
                    on_tx!(&mut tx, connection => sqlx::query_scalar(MERCHANT).bind(run.0).fetch_one(connection).await?);
                Act::begin(&mut tx, &merchant).await
            })
            .await?;
        let row = |file: &'_ PublishedFile| {
            let (name, sha256) = (Cell::text(file.name.clone()), Cell::text(file.sha256.clone()));
            [
                Cell::Integer(run.0),
                Cell::Integer(publication),
                name,
                number(file.size),
                sha256,
                Cell::Integer(act.number()),
            ]
        };
        let cells: Vec<Cell<'_>> = files.iter().flat_map(row).collect();
        self.within(NOTING, OUTPUTS.insert(&mut tx, &cells)).await?;
        self.within(NOTING, act.end(&mut tx)).await?;
        self.commit(NOTING, tx).await
    }

    /// What was published for each of a merchant's runs, by date and revision.
    ///
    /// # Errors
    /// As any query.
    pub async fn published_runs(&self, merchant: &str) -> Result<Vec<PublishedRun>, StoreError> {
        const RUNS: &str = "SELECT run_id, business_date, revision FROM runs WHERE platform_merchant_id = $1
             ORDER BY business_date, revision";
        const FILES: &str = "SELECT item.run_id, publication, name, size, sha256 FROM run_outputs AS item
             JOIN runs ON runs.run_id = item.run_id WHERE runs.platform_merchant_id = $1 ORDER BY item.run_id, publication, name";
        let runs: Vec<(i64, String, i64)> = self
            .within(DOING, async {
                on_pool!(&self.pool, pool => sqlx::query_as(RUNS).bind(merchant).fetch_all(pool).await)
            })
            .await?;
        let files: Vec<(i64, i64, String, i64, String)> = self
            .within(DOING, async {
                on_pool!(&self.pool, pool => sqlx::query_as(FILES).bind(merchant).fetch_all(pool).await)
            })
            .await?;
        let mut by_run = BTreeMap::<i64, BTreeMap<i64, Vec<PublishedFile>>>::new();
        for (run_id, publication, name, size, sha256) in files {
            let file = self.published(name, size, sha256)?;
            by_run.entry(run_id).or_default().entry(publication).or_default().push(file);
        }
        let mut published = Vec::new();
        for (run_id, on, revision) in runs {
            published.push(PublishedRun {
                run_id: RunId(run_id),
                business_date: date("business_date", &on).map_err(|problem| self.damaged(DOING, problem))?,
                revision: self.revision(revision)?,
                publications: by_run.remove(&run_id).unwrap_or_default().into_values().collect(),
            });
        }
        Ok(published)
    }

    fn published(&self, name: String, size: i64, sha256: String) -> Result<PublishedFile, StoreError> {
        let size = u64::try_from(size)
            .map_err(|_| self.damaged(DOING, format!("size of `{name}` is `{size}`; expected a count")))?;
        Ok(PublishedFile { name, size, sha256 })
    }
}
