//! Every revision of a date with its files: what was in force before a file was restated, and what was run after it.

use super::error::StoreError;
use super::pool::{Store, on_pool};
use super::rows::{FileRow, date};
use super::run_record::{RunFile, RunId};
use crate::calendar::BusinessDate;

const DOING: &str = "reading the revisions of a date";

/// A revision of a date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revision {
    /// The run.
    pub run_id: RunId,
    /// Its number, from 1.
    pub revision: u32,
    /// Its input files, in their order.
    pub files: Vec<RunFile>,
}

#[derive(sqlx::FromRow)]
struct RevisionRow {
    of_run: i64,
    of_revision: i64,
    #[sqlx(flatten)]
    file: FileRow,
}

impl Store {
    /// All revisions of a date, newest first.
    ///
    /// # Errors
    /// As any query.
    pub async fn revisions_of(&self, merchant: &str, on: BusinessDate) -> Result<Vec<Revision>, StoreError> {
        const SQL: &str = "SELECT runs.run_id AS of_run, runs.revision AS of_revision, item.*
             FROM runs JOIN run_files AS item ON item.run_id = runs.run_id
             WHERE runs.platform_merchant_id = $1 AND runs.business_date = $2 ORDER BY runs.revision DESC, item.position";
        let rows: Vec<RevisionRow> = self
            .within(DOING, async {
                on_pool!(&self.pool, pool => {
                    sqlx::query_as(SQL).bind(merchant).bind(on.to_string()).fetch_all(pool).await
                })
            })
            .await?;
        let mut revisions: Vec<Revision> = Vec::new();
        for RevisionRow { of_run, of_revision, file } in rows {
            let run_id = RunId(of_run);
            if revisions.last().is_none_or(|last| last.run_id != run_id) {
                revisions.push(Revision { run_id, revision: self.revision(of_revision)?, files: Vec::new() });
            }
            let file = file.into_file().map_err(|problem| self.damaged(DOING, problem))?;
            if let Some(last) = revisions.last_mut() {
                last.files.push(file);
            }
        }
        Ok(revisions)
    }

    /// The dates after `on` of which a run was recorded, oldest first; with `before`, those whose first run came before that one.
    ///
    /// # Errors
    /// As any query.
    pub async fn dates_run_after(
        &self,
        merchant: &str,
        on: BusinessDate,
        before: Option<RunId>,
    ) -> Result<Vec<BusinessDate>, StoreError> {
        const SQL: &str = "SELECT DISTINCT business_date FROM runs
             WHERE platform_merchant_id = $1 AND business_date > $2 AND run_id < $3 ORDER BY business_date";
        let before = before.map_or(i64::MAX, |run| run.0);
        let rows: Vec<(String,)> = self
            .within(DOING, async {
                on_pool!(&self.pool, pool => {
                    sqlx::query_as(SQL).bind(merchant).bind(on.to_string()).bind(before).fetch_all(pool).await
                })
            })
            .await?;
        rows.iter().map(|(text,)| date("business_date", text).map_err(|problem| self.damaged(DOING, problem))).collect()
    }
}
