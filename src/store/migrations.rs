//! The schema: embedded migrations, the same version numbers and names for both databases.

use sqlx::migrate::{Migrate, MigrateError, Migrator};

use super::error::StoreError;
use super::pool::{Pool, Store};

static SQLITE: Migrator = sqlx::migrate!("migrations/sqlite");
static POSTGRES: Migrator = sqlx::migrate!("migrations/postgres");

/// Driver's table of applied migrations.
const TABLE: &str = "_sqlx_migrations";

/// How far the schema of a database is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Migrations {
    /// The newest version that this program brings.
    pub newest: i64,
    /// How many are applied.
    pub applied: usize,
}

fn of(pool: &Pool) -> &'static Migrator {
    match pool {
        Pool::Sqlite(_) => &SQLITE,
        Pool::Postgres(_) => &POSTGRES,
    }
}

/// Applies what is missing, under the driver's lock.
pub(super) async fn run(pool: &Pool, name: &str) -> Result<(), StoreError> {
    let migrator = of(pool);
    let result = match pool {
        Pool::Sqlite(pool) => migrator.run(pool).await,
        Pool::Postgres(pool) => migrator.run(pool).await,
    };
    result.map_err(|error| sort(name, &error))
}

impl Store {
    /// Compares the database's schema with this program's, without changing anything.
    ///
    /// # Errors
    /// [`StoreError::Migration`] naming the version that is missing, changed, unfinished or unknown.
    pub async fn check_migrations(&self) -> Result<Migrations, StoreError> {
        const DOING: &str = "checking its schema";
        let mut applied = match &self.pool {
            Pool::Sqlite(pool) => {
                let mut connection = self.within(DOING, pool.acquire()).await?;
                connection.list_applied_migrations(TABLE).await
            }
            Pool::Postgres(pool) => {
                let mut connection = self.within(DOING, pool.acquire()).await?;
                connection.list_applied_migrations(TABLE).await
            }
        }
        .map_err(|error| sort(&self.name, &error))?;
        applied.sort_by_key(|migration| migration.version);
        let mut newest = 0;
        for expected in of(&self.pool).iter() {
            newest = newest.max(expected.version);
            let Some(found) = applied.iter().find(|found| found.version == expected.version) else {
                return Err(
                    self.schema(format!("migration {} is not applied; open it with this program", expected.version))
                );
            };
            if found.checksum != expected.checksum {
                return Err(sort(&self.name, &MigrateError::VersionMismatch(found.version)));
            }
        }
        match applied.iter().find(|found| !of(&self.pool).version_exists(found.version)) {
            Some(unknown) => Err(sort(&self.name, &MigrateError::VersionMissing(unknown.version))),
            None => Ok(Migrations { newest, applied: applied.len() }),
        }
    }

    fn schema(&self, problem: String) -> StoreError {
        StoreError::Migration { database: self.name.clone(), problem }
    }
}

fn sort(name: &str, error: &MigrateError) -> StoreError {
    let problem = match error {
        MigrateError::Execute(inner) | MigrateError::ExecuteMigration(inner, _) => {
            match StoreError::from_driver(name, "bringing its schema up to date", inner) {
                StoreError::Query { problem, .. } | StoreError::Integrity { problem, .. } => problem,
                unreachable => return unreachable,
            }
        }
        MigrateError::VersionMissing(version) => {
            format!(
                "it has migration {version}, which this program does not know; use the newer program that applied it"
            )
        }
        MigrateError::VersionMismatch(version) => {
            format!(
                "migration {version} was applied with another content; use the program that applied it, or restore a backup"
            )
        }
        other => other.to_string(),
    };
    StoreError::Migration { database: name.to_owned(), problem }
}
