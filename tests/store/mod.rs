//! The store on SQLite and on a real PostgreSQL: the same list of tests on both.
#![allow(clippy::unwrap_used)]

mod answers;
mod chain;
mod decisions;
mod ledger;
mod locks;
mod opening;
pub mod postgres;
mod query;
mod remembered;
mod roles;
mod runs;
mod samples;
mod schema;
mod scripts;
pub mod server;
mod tampering;
pub mod tls;

use std::time::Duration;

use antom_recon::store::{Store, StoreOptions};
use tempfile::TempDir;

/// An empty database of its own for one test.
pub struct Harness {
    pub url: String,
    pub folder: TempDir,
    pub is_sqlite: bool,
}

impl Harness {
    pub fn sqlite() -> Self {
        Self { url: "sqlite://data/recon.db".to_owned(), folder: tempfile::tempdir().unwrap(), is_sqlite: true }
    }

    /// None if PostgreSQL is not installed, which was said on stderr then.
    pub async fn postgres() -> Option<Self> {
        let url = postgres::new_database().await?;
        Some(Self { url, folder: tempfile::tempdir().unwrap(), is_sqlite: false })
    }

    pub fn options(&self) -> StoreOptions {
        StoreOptions {
            base_dir: self.folder.path().to_owned(),
            connect_timeout: Duration::from_secs(20),
            ..StoreOptions::default()
        }
    }

    pub async fn open(&self) -> Store {
        Store::open(&self.url, self.options()).await.unwrap()
    }

    /// Runs a statement past the store, and gives the error's text.
    pub async fn raw(&self, sql: &'static str) -> Result<(), String> {
        use sqlx::Connection;
        let done = if self.is_sqlite {
            let file = format!("sqlite://{}", self.folder.path().join("data/recon.db").display());
            let mut connection = sqlx::SqliteConnection::connect(&file).await.unwrap();
            sqlx::raw_sql(sql).execute(&mut connection).await.map(|_| ())
        } else {
            let mut connection = sqlx::PgConnection::connect(&self.url).await.unwrap();
            sqlx::raw_sql(sql).execute(&mut connection).await.map(|_| ())
        };
        done.map_err(|error| error.to_string())
    }
}

/// Makes each `async fn name(harness: &Harness)` a test on SQLite and one on PostgreSQL.
macro_rules! on_both {
    ($($(#[$attribute:meta])* async fn $name:ident($harness:ident) $body:block)+) => {$(
        mod $name {
            #[allow(unused_imports)] // A check may need nothing from around it.
            use super::*;

            $(#[$attribute])*
            async fn check($harness: &$crate::store::Harness) $body

            #[tokio::test]
            async fn sqlite() {
                check(&$crate::store::Harness::sqlite()).await;
            }

            #[tokio::test]
            async fn postgres() {
                if let Some(harness) = $crate::store::Harness::postgres().await {
                    check(&harness).await;
                }
            }
        }
    )+};
}
pub(crate) use on_both;
