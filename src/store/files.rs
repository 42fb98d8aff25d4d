//! Files that were seen: a path whose content is another than before was restated.

use super::bulk::Table;
use super::error::StoreError;
use super::pool::{Store, on_pool};
use crate::calendar::Instant;

/// The record of a run notes its files here. Insertion is idempotent: the first time counts.
pub(super) const FILES_SEEN: Table = Table {
    name: "files_seen",
    columns: &["platform_merchant_id", "path", "sha256", "first_seen_at_ms"],
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
    /// The newest content that the path had besides `sha256`: if there is one, the file was restated. The same question has
    /// the same answer on a rerun, because only contents count and not how often they were seen.
    ///
    /// # Errors
    /// As any query.
    pub async fn other_content_of_path(
        &self,
        merchant: &str,
        path: &str,
        sha256: &str,
    ) -> Result<Option<SeenFile>, StoreError> {
        const SQL: &str = "SELECT sha256, first_seen_at_ms FROM files_seen
             WHERE platform_merchant_id = $1 AND path = $2 AND sha256 <> $3 ORDER BY first_seen_at_ms DESC, sha256 LIMIT 1";
        let row: Option<(String, i64)> = self
            .within("looking for earlier contents of a file", async {
                on_pool!(&self.pool, pool => {
                    sqlx::query_as(SQL).bind(merchant).bind(path).bind(sha256).fetch_optional(pool).await
                })
            })
            .await?;
        Ok(row.map(|(sha256, at)| SeenFile { sha256, first_seen_at: Instant::from_millis(at) }))
    }
}
