//! Files that were seen: a path whose content is another than before was restated.

use super::bulk::{Cell, Table};
use super::error::StoreError;
use super::journal::Act;
use super::pool::{Store, on_pool};
use crate::calendar::{BusinessDate, Instant};

const DOING: &str = "noting the files that were seen";

/// The record of a run notes its files here, and `fetch` what it saw. Insertion is idempotent: the first time counts.
pub(super) const FILES_SEEN: Table = Table {
    name: "files_seen",
    columns: &["platform_merchant_id", "path", "sha256", "first_seen_at_ms", "journal_sequence"],
    on_conflict: " ON CONFLICT (platform_merchant_id, path, sha256) DO NOTHING",
};

/// A content that a path had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenFile {
    /// SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
    /// When the path was first seen with it.
    pub first_seen_at: Instant,
}

impl Store {
    /// Notes contents (path, SHA-256) as seen, at once; what is noted already keeps its time.
    ///
    /// # Errors
    /// As any statement.
    pub async fn note_files_seen(
        &self,
        merchant: &str,
        files: &[(&str, &str)],
        now: Instant,
    ) -> Result<(), StoreError> {
        let mut tx = self.begin(DOING).await?;
        let act = self.within(DOING, Act::begin(&mut tx, merchant)).await?;
        let (at, number) = (now.millis(), act.number());
        let cells: Vec<_> = files
            .iter()
            .flat_map(|(path, sha256)| {
                let (path, sha256) = (Cell::text(*path), Cell::text(*sha256));
                [Cell::text(merchant), path, sha256, Cell::Integer(at), Cell::Integer(number)]
            })
            .collect();
        self.within(DOING, FILES_SEEN.insert(&mut tx, &cells)).await?;
        self.within(DOING, act.end(&mut tx)).await?;
        self.commit(DOING, tx).await
    }

    /// The newest content that the path had before `sha256` was first seen: if there is one, the file was restated. The same
    /// question has the same answer on a rerun, because only contents count and not how often they were seen.
    ///
    /// # Errors
    /// As any query.
    pub async fn older_content_of_path(
        &self,
        merchant: &str,
        path: &str,
        sha256: &str,
    ) -> Result<Option<SeenFile>, StoreError> {
        const SQL: &str = "SELECT sha256, first_seen_at_ms FROM files_seen AS item
             WHERE platform_merchant_id = $1 AND path = $2 AND sha256 <> $3 AND NOT EXISTS (
                 SELECT 1 FROM files_seen AS known WHERE known.platform_merchant_id = item.platform_merchant_id
                 AND known.path = item.path AND known.sha256 = $3 AND known.first_seen_at_ms <= item.first_seen_at_ms)
             ORDER BY first_seen_at_ms DESC, sha256 LIMIT 1";
        let row: Option<(String, i64)> = self
            .within("looking for earlier contents of a file", async {
                on_pool!(&self.pool, pool => {
                    sqlx::query_as(SQL).bind(merchant).bind(path).bind(sha256).fetch_optional(pool).await
                })
            })
            .await?;
        Ok(row.map(|(sha256, at)| SeenFile { sha256, first_seen_at: Instant::from_millis(at) }))
    }

    /// The newest content of every path in a directory that was ever seen: path and SHA-256, by path. With `since`, only what
    /// was first seen after it.
    ///
    /// # Errors
    /// As any query.
    pub async fn contents_in(
        &self,
        merchant: &str,
        directory: &str,
        since: Option<Instant>,
    ) -> Result<Vec<(String, String)>, StoreError> {
        // The character after the slash ends the range of paths that begin with the directory.
        const SQL: &str = "SELECT path, sha256 FROM files_seen AS item
             WHERE platform_merchant_id = $1 AND path > $2 AND path < $3 AND first_seen_at_ms > $4 AND NOT EXISTS (
                 SELECT 1 FROM files_seen AS later WHERE later.platform_merchant_id = item.platform_merchant_id
                 AND later.path = item.path AND (later.first_seen_at_ms > item.first_seen_at_ms
                     OR (later.first_seen_at_ms = item.first_seen_at_ms AND later.sha256 < item.sha256)))
             ORDER BY path";
        let directory = directory.trim_end_matches('/');
        self.within("looking for files of a directory", async {
            on_pool!(&self.pool, pool => {
                let (from, to) = (format!("{directory}/"), format!("{directory}0"));
                let since = since.map_or(i64::MIN, Instant::millis);
                sqlx::query_as(SQL).bind(merchant).bind(from).bind(to).bind(since).fetch_all(pool).await
            })
        })
        .await
    }

    /// The newest content of every path in the directory of a date that was ever seen: path and SHA-256, by path.
    ///
    /// # Errors
    /// As any query.
    pub async fn contents_of_date(
        &self,
        merchant: &str,
        on: BusinessDate,
    ) -> Result<Vec<(String, String)>, StoreError> {
        const SQL: &str =
            "SELECT path FROM files_seen WHERE platform_merchant_id = $1 AND path LIKE $2 ORDER BY path LIMIT 1";
        let directory = format!("/{merchant}/{}", on.compact());
        let first: Option<(String,)> = self
            .within("looking for files of a date", async {
                on_pool!(&self.pool, pool => {
                    let pattern = format!("%{directory}/%");
                    sqlx::query_as(SQL).bind(merchant).bind(pattern).fetch_optional(pool).await
                })
            })
            .await?;
        match first.as_ref().and_then(|(path,)| path.rsplit_once('/')) {
            Some((found, _)) if found.ends_with(&directory) => self.contents_in(merchant, found, None).await,
            _ => Ok(Vec::new()),
        }
    }
}
