//! Verifying the trail: the chain of runs, what they read, what they published.

use std::collections::{BTreeMap, BTreeSet};

use super::bulk::{Cell, Table};
use super::chain::{self, Link};
use super::error::StoreError;
use super::pool::{Pool, Store, Tx, on_pool, on_tx};
use super::rows::date;
use super::run_record::RunId;
use crate::calendar::{BusinessDate, Instant};

const DOING: &str = "verifying its runs";

/// What the chain of a merchant's runs comes to, if it holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Chain {
    /// How many runs it has.
    pub runs: u64,
    /// Runs that were recorded before there was a chain.
    pub not_chained: u64,
    /// The digest of the last one, which stands for all of them; empty if there is none.
    pub head: String,
}

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

/// A file that a run read from the archive.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ArchivedFile {
    /// The run's business date.
    pub business_date: BusinessDate,
    /// The run's revision.
    pub revision: u32,
    /// Which report it is, or which other input.
    pub kind: String,
    /// Where it stood at its source.
    pub path: String,
    /// SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
    /// Bytes, uncompressed.
    pub size: u64,
}

#[derive(sqlx::FromRow)]
struct LinkRow {
    run_id: i64,
    business_date: String,
    revision: i64,
    sequence: Option<i64>,
    configuration_digest: Option<String>,
    previous_digest: Option<String>,
    previous_publications: Option<i64>,
    previous_outputs_digest: Option<String>,
    record_digest: Option<String>,
}

const OUTPUTS: Table =
    Table { name: "run_outputs", columns: &["run_id", "publication", "name", "size", "sha256"], on_conflict: "" };

const PRUNED: Table = Table {
    name: "pruned_files",
    columns: &["platform_merchant_id", "sha256", "pruned_at_ms", "before_date"],
    on_conflict: " ON CONFLICT (platform_merchant_id, sha256, pruned_at_ms) DO NOTHING",
};

impl Store {
    /// Computes the chain of a merchant's runs anew and compares it with what was recorded.
    ///
    /// # Errors
    /// [`StoreError::Integrity`] naming the first run that differs; as any query.
    pub async fn verify_chain(&self, merchant: &str) -> Result<Chain, StoreError> {
        const SQL: &str =
            "SELECT runs.run_id, runs.business_date, runs.revision, link.sequence, link.configuration_digest,
                 link.previous_digest, link.previous_publications, link.previous_outputs_digest, link.record_digest
             FROM runs LEFT JOIN run_chain AS link
                 ON link.run_id = runs.run_id AND link.platform_merchant_id = runs.platform_merchant_id
             WHERE runs.platform_merchant_id = $1 ORDER BY runs.run_id";
        let mut tx = self.begin_reading(DOING).await?;
        let rows: Vec<LinkRow> = self
            .within(DOING, async {
                on_tx!(&mut tx, connection => sqlx::query_as(SQL).bind(merchant).fetch_all(connection).await)
            })
            .await?;
        let mut chain = Chain::default();
        let mut before: Option<i64> = None;
        for row in rows {
            let name = format!("run {} revision {}", row.business_date, row.revision);
            let differs =
                |what: String| self.damaged(DOING, format!("{name} {what}; somebody changed what was recorded"));
            let (link, recorded) = match row.link() {
                Some(link) => link,
                None if before.is_none() => {
                    chain.not_chained += 1;
                    continue;
                }
                None => return Err(differs("has no link in the chain, though an earlier run has one".to_owned())),
            };
            let expected = i64::try_from(chain.runs).unwrap_or(i64::MAX).saturating_add(1);
            if link.sequence != expected {
                return Err(differs(format!("is number {} of the chain; expected {expected}", link.sequence)));
            }
            if link.previous != chain.head {
                return Err(differs(format!(
                    "follows the digest `{}`; the run before it has `{}`",
                    link.previous, chain.head
                )));
            }
            if let Some(before) = before {
                let publications = link.previous_publications;
                let outputs = self.within(DOING, chain::outputs_digest(&mut tx, before, publications)).await?;
                if outputs != link.previous_outputs {
                    return Err(differs("knows other outputs of the run before it than are recorded now".to_owned()));
                }
            }
            let found = self.within(DOING, chain::record_digest(&mut tx, row.run_id, &link)).await?;
            if found != recorded {
                return Err(differs(format!("has rows with the digest `{found}`; recorded was `{recorded}`")));
            }
            chain.runs += 1;
            chain.head = found;
            before = Some(row.run_id);
        }
        Ok(chain)
    }

    /// Notes the files that were published for a run, sorted by name. If the newest publication of the run has the same, nothing
    /// is added.
    ///
    /// # Errors
    /// As any statement.
    pub async fn note_outputs(&self, run: RunId, files: &[PublishedFile]) -> Result<(), StoreError> {
        const NOTING: &str = "noting the outputs of the run";
        const NEWEST: &str = "SELECT publication, name, size, sha256 FROM run_outputs WHERE run_id = $1
             AND publication = (SELECT MAX(publication) FROM run_outputs WHERE run_id = $1) ORDER BY name";
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
        fn row(run: RunId, publication: i64, file: &PublishedFile) -> [Cell<'_>; 5] {
            let PublishedFile { name, size, sha256 } = file;
            let size = Cell::Integer(i64::try_from(*size).unwrap_or(i64::MAX));
            [Cell::Integer(run.0), Cell::Integer(publication), Cell::text(&**name), size, Cell::text(&**sha256)]
        }
        let cells: Vec<Cell<'_>> = files.iter().flat_map(|file| row(run, publication, file)).collect();
        self.within(NOTING, OUTPUTS.insert(&mut tx, &cells)).await?;
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

    /// Every input file of a merchant's runs, revisions included, by date.
    ///
    /// # Errors
    /// As any query.
    pub async fn files_of_all_runs(&self, merchant: &str) -> Result<Vec<ArchivedFile>, StoreError> {
        const SQL: &str = "SELECT runs.business_date, runs.revision, item.kind, item.path, item.sha256, item.size
             FROM run_files AS item JOIN runs ON runs.run_id = item.run_id WHERE runs.platform_merchant_id = $1
             ORDER BY runs.business_date, runs.revision, item.position";
        let rows: Vec<(String, i64, String, String, String, i64)> = self
            .within(DOING, async {
                on_pool!(&self.pool, pool => sqlx::query_as(SQL).bind(merchant).fetch_all(pool).await)
            })
            .await?;
        let mut files = Vec::new();
        for (on, revision, kind, path, sha256, size) in rows {
            files.push(ArchivedFile {
                business_date: date("business_date", &on).map_err(|problem| self.damaged(DOING, problem))?,
                revision: self.revision(revision)?,
                kind,
                path,
                sha256,
                size: u64::try_from(size).unwrap_or_default(),
            });
        }
        Ok(files)
    }

    /// The digests that runs of other merchants in this database name.
    ///
    /// # Errors
    /// As any query.
    pub async fn digests_of_others(&self, merchant: &str) -> Result<BTreeSet<String>, StoreError> {
        const SQL: &str = "SELECT DISTINCT item.sha256 FROM run_files AS item JOIN runs ON runs.run_id = item.run_id
             WHERE runs.platform_merchant_id <> $1";
        self.digests(SQL, merchant).await
    }

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
        let row = |sha256: &&'_ str| {
            let sha256 = Cell::text((*sha256).to_owned());
            [Cell::text(merchant), sha256, Cell::Integer(now.millis()), Cell::text(before.as_str())]
        };
        let cells: Vec<Cell<'_>> = digests.iter().flat_map(row).collect();
        let mut tx = self.begin(NOTING).await?;
        self.within(NOTING, PRUNED.insert(&mut tx, &cells)).await?;
        self.commit(NOTING, tx).await
    }

    /// The bytes that the database takes.
    ///
    /// # Errors
    /// As any query.
    pub async fn size(&self) -> Result<u64, StoreError> {
        let sql = match self.pool {
            Pool::Sqlite(_) => "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()",
            Pool::Postgres(_) => "SELECT pg_database_size(current_database())",
        };
        let size: i64 = self
            .within("measuring its size", async {
                on_pool!(&self.pool, pool => sqlx::query_scalar(sql).fetch_one(pool).await)
            })
            .await?;
        Ok(u64::try_from(size).unwrap_or_default())
    }

    async fn digests(&self, sql: &'static str, merchant: &str) -> Result<BTreeSet<String>, StoreError> {
        let rows: Vec<String> = self
            .within(DOING, async {
                on_pool!(&self.pool, pool => sqlx::query_scalar(sql).bind(merchant).fetch_all(pool).await)
            })
            .await?;
        Ok(rows.into_iter().collect())
    }

    fn published(&self, name: String, size: i64, sha256: String) -> Result<PublishedFile, StoreError> {
        let size = u64::try_from(size)
            .map_err(|_| self.damaged(DOING, format!("size of `{name}` is `{size}`; expected a count")))?;
        Ok(PublishedFile { name, size, sha256 })
    }

    /// Begins a transaction that only reads, so that it waits for no writer.
    async fn begin_reading(&self, doing: &'static str) -> Result<Tx, StoreError> {
        self.within(doing, async {
            Ok(match &self.pool {
                Pool::Sqlite(pool) => Tx::Sqlite(pool.begin().await?),
                Pool::Postgres(pool) => {
                    Tx::Postgres(pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?)
                }
            })
        })
        .await
    }
}

impl LinkRow {
    /// Its link and the digest that was recorded, if it has one.
    fn link(&self) -> Option<(Link, String)> {
        let link = Link {
            sequence: self.sequence?,
            configuration: self.configuration_digest.clone()?,
            previous: self.previous_digest.clone()?,
            previous_publications: self.previous_publications?,
            previous_outputs: self.previous_outputs_digest.clone()?,
        };
        Some((link, self.record_digest.clone()?))
    }
}
