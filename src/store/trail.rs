//! Verifying the trail: the chain of runs, what they read, what they published.

use std::collections::BTreeSet;

use super::chain::{self, Link, TableDigests};
use super::digest::{self, Rows, RowsDigest};
use super::error::StoreError;
use super::pool::{Pool, Steps, Store, Tx, on_pool, on_tx};
use super::pruned;
use super::rows::date;
use super::run_record::PackedFile;
use crate::calendar::BusinessDate;

const DOING: &str = "verifying its runs";

/// What the chain of a merchant's runs comes to, if it holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Chain {
    /// How many runs it has.
    pub runs: u64,
    /// Runs that were recorded before there was a chain.
    pub not_chained: u64,
    /// Runs that were recorded with one digest over all of their tables: their rows cannot be pruned.
    pub without_tables: u64,
    /// Runs of which old rows were pruned.
    pub pruned: u64,
    /// The digest of the last one, which stands for all of them; empty if there is none.
    pub head: String,
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
            let digests = self.within(DOING, chain::recorded_digests(&mut tx, row.run_id)).await?;
            let found = self.within(DOING, chain::record_digest(&mut tx, row.run_id, &link, &digests)).await?;
            if !digests.is_empty() {
                self.verify_tables(&mut tx, row.run_id, &digests, &mut chain)
                    .await?
                    .map_or(Ok(()), |what| Err(differs(what)))?;
            }
            if found != recorded {
                return Err(differs(format!("has rows with the digest `{found}`; recorded was `{recorded}`")));
            }
            chain.without_tables += u64::from(digests.is_empty());
            chain.runs += 1;
            chain.head = found;
            before = Some(row.run_id);
        }
        Ok(chain)
    }

    /// Compares the tables of a run with their digests as recorded, or with what a pruning left of them. Gives the first
    /// difference.
    async fn verify_tables(
        &self,
        tx: &mut Tx,
        run_id: i64,
        digests: &TableDigests,
        chain: &mut Chain,
    ) -> Result<Option<String>, StoreError> {
        let none = Rows::new().finish();
        let kept = self.within(DOING, pruned::kept_digests(tx, run_id)).await?;
        chain.pruned += u64::from(!kept.is_empty());
        for table in chain::TABLES {
            let name = table.name;
            // A table that came later had nothing of the run.
            let expected = kept.get(name).or_else(|| digests.get(name)).unwrap_or(&none);
            let steps = Steps::default();
            let found = self.step_by_step(DOING, &steps, digest::of_run(tx, table, run_id, &steps)).await?;
            if found != *expected {
                let RowsDigest { count, digest } = &found;
                let (known, recorded) = (expected.count, &expected.digest);
                return Ok(Some(format!(
                    "has {count} rows of `{name}` with the digest `{digest}`; recorded were {known} with `{recorded}`"
                )));
            }
        }
        Ok(None)
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

    /// How the archived files of a merchant's runs are packed: content, size and digest of the packed bytes.
    ///
    /// # Errors
    /// As any query.
    pub async fn packed_files(&self, merchant: &str) -> Result<BTreeSet<PackedFile>, StoreError> {
        const SQL: &str = "SELECT DISTINCT item.sha256, item.packed_size, item.packed_sha256
             FROM run_archived AS item JOIN runs ON runs.run_id = item.run_id WHERE runs.platform_merchant_id = $1";
        let rows: Vec<(String, i64, String)> = self
            .within(DOING, async {
                on_pool!(&self.pool, pool => sqlx::query_as(SQL).bind(merchant).fetch_all(pool).await)
            })
            .await?;
        let packed = |(sha256, size, packed_sha256)| PackedFile {
            sha256,
            packed_size: u64::try_from(size).unwrap_or_default(),
            packed_sha256,
        };
        Ok(rows.into_iter().map(packed).collect())
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

    pub(super) async fn digests(&self, sql: &'static str, merchant: &str) -> Result<BTreeSet<String>, StoreError> {
        let rows: Vec<String> = self
            .within(DOING, async {
                on_pool!(&self.pool, pool => sqlx::query_scalar(sql).bind(merchant).fetch_all(pool).await)
            })
            .await?;
        Ok(rows.into_iter().collect())
    }

    /// Begins a transaction that only reads, so that it waits for no writer. The server allows it the time for all rows of a run.
    pub(super) async fn begin_reading(&self, doing: &'static str) -> Result<Tx, StoreError> {
        self.within(doing, async {
            let mut tx = match &self.pool {
                Pool::Sqlite(pool) => Tx::Sqlite(pool.begin().await?),
                Pool::Postgres(pool) => {
                    Tx::Postgres(pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?)
                }
            };
            tx.allow(self.options.ledger_timeout).await?;
            Ok(tx)
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
