//! The schema: embedded migrations, the same version numbers and names for both databases.

use std::fmt::Write as _;
use std::path::Path;

use sqlx::migrate::{AppliedMigration, Migrate, MigrateError, Migrator};
use sqlx::postgres::PgPool;
use sqlx::{AssertSqlSafe, Connection as _};

use super::address::Address;
use super::error::StoreError;
use super::ledger_csv::ALLOW_TIME;
use super::pool::{Pool, Store, StoreOptions, within};
use crate::points::{Point, reached};

static SQLITE: Migrator = sqlx::migrate!("migrations/sqlite");
static POSTGRES: Migrator = sqlx::migrate!("migrations/postgres");

/// What messages say.
pub(super) const DOING: &str = "bringing its schema up to date";

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

/// The two kinds of databases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DatabaseKind {
    /// A file of its own.
    Sqlite,
    /// A server.
    Postgres,
}

impl DatabaseKind {
    /// The words of the command line, and what they mean.
    pub const WORDS: [(&'static str, Self); 2] = [("sqlite", Self::Sqlite), ("postgres", Self::Postgres)];

    /// Which kind a URL is of.
    ///
    /// # Errors
    /// [`StoreError::Address`] for a URL that is none.
    pub fn of_url(url: &str) -> Result<Self, StoreError> {
        Ok(match Address::parse(url, Path::new(""))? {
            Address::Sqlite(_) => Self::Sqlite,
            Address::Postgres(_) => Self::Postgres,
        })
    }

    /// The version of the newest schema.
    #[must_use]
    pub fn newest(self) -> i64 {
        self.migrator().iter().map(|migration| migration.version).max().unwrap_or_default()
    }

    /// The migrations from version `from` on as a script for the database's own tool. It also notes each as applied, so that
    /// the program takes the schema for its own and applies nothing. On PostgreSQL, `schema` is made and filled.
    #[must_use]
    pub fn script(self, from: i64, schema: Option<&str>) -> String {
        let (instant, bytes) = match self {
            Self::Sqlite => ("TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP", "BLOB"),
            Self::Postgres => ("TIMESTAMPTZ NOT NULL DEFAULT now()", "BYTEA"),
        };
        // The driver's own definition of its table.
        let mut script = match (self, schema) {
            (Self::Postgres, Some(schema)) => in_schema(schema),
            (Self::Postgres, None) | (Self::Sqlite, _) => String::new(),
        };
        script.push_str(&format!(
            "CREATE TABLE IF NOT EXISTS {TABLE} (\n    version BIGINT PRIMARY KEY,\n    description TEXT NOT NULL,\n    \
             installed_on {instant},\n    success BOOLEAN NOT NULL,\n    checksum {bytes} NOT NULL,\n    \
             execution_time BIGINT NOT NULL\n);\n"
        ));
        for migration in self.migrator().iter().filter(|migration| migration.version >= from) {
            let hex = migration.checksum.iter().fold(String::new(), |mut text, byte| {
                write!(text, "{byte:02x}").expect("writing to a string cannot fail");
                text
            });
            let checksum = match self {
                Self::Sqlite => format!("X'{hex}'"),
                Self::Postgres => format!("'\\x{hex}'::bytea"),
            };
            let (version, description, sql) = (migration.version, &migration.description, migration.sql.as_str());
            script.push_str(&format!(
                "\n-- Migration {version}: {description}\nBEGIN;\n{}\nINSERT INTO {TABLE} (version, description, success, checksum, \
                 execution_time)\nVALUES ({version}, '{}', TRUE, {checksum}, 0);\nCOMMIT;\n",
                sql.trim_end(),
                description.replace('\'', "''")
            ));
        }
        script
    }

    fn migrator(self) -> &'static Migrator {
        match self {
            Self::Sqlite => &SQLITE,
            Self::Postgres => &POSTGRES,
        }
    }
}

fn of(pool: &Pool) -> &'static Migrator {
    match pool {
        Pool::Sqlite(_) => &SQLITE,
        Pool::Postgres(_) => &POSTGRES,
    }
}

/// Makes the schema unless it is there: whoever runs the program need not have the right to create any.
pub(super) async fn make_schema(pool: &PgPool, schema: &str) -> sqlx::Result<()> {
    const IS_THERE: &str = "SELECT EXISTS (SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = $1)";
    let is_there = async || sqlx::query_scalar(IS_THERE).bind(schema).fetch_one(pool).await;
    if is_there().await? {
        return Ok(());
    }
    let made = sqlx::query(AssertSqlSafe(create_schema(schema))).execute(pool).await;
    match made {
        Ok(_) => Ok(()),
        // Another first run may have made it in the same moment.
        Err(_) if is_there().await? => Ok(()),
        Err(error) => Err(error),
    }
}

fn create_schema(schema: &str) -> String {
    format!("CREATE SCHEMA {}", quoted(schema))
}

/// The name of a schema in SQL. It is plain, as the configuration sees to, and quoted all the same.
fn quoted(schema: &str) -> String {
    format!("\"{}\"", schema.replace('"', "\"\""))
}

/// The lines of a script that make a schema and turn to it. PostgreSQL asks for the right to create schemas even of
/// `CREATE SCHEMA IF NOT EXISTS` where there is nothing to create, and whoever owns one need not have it.
fn in_schema(schema: &str) -> String {
    let literal = |text: &str| format!("'{}'", text.replace('\'', "''"));
    let make = format!(
        "\nBEGIN\n    IF NOT EXISTS (SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = {}) THEN\n        {};\n    END IF;\n\
         END\n",
        literal(schema),
        create_schema(schema)
    );
    format!("DO {};\nSET search_path TO {};\n", literal(&make), quoted(schema))
}

/// Applies what is missing, under the driver's lock. A schema that is as it should be is only read: whoever runs the program
/// need not have the right to create tables.
pub(super) async fn run(pool: &Pool, name: &str, options: &StoreOptions) -> Result<(), StoreError> {
    let migrator = of(pool);
    let looking = async { Ok(is_complete(pool, migrator).await) };
    if within(name, options.statement_limit(), "looking at its schema", looking).await? {
        return Ok(());
    }
    reached(Point::MigrationBegun);
    // The driver commits each version with the note that it is applied: one after the other, or none.
    for migration in migrator.iter() {
        let applying = async {
            Ok(match pool {
                Pool::Sqlite(pool) => migrator.run_to(migration.version, pool).await,
                Pool::Postgres(pool) => {
                    // A connection of its own, on which a statement may take as long as the whole.
                    let mut connection = pool.acquire().await?.detach();
                    let allowed = options.ledger_timeout.as_millis().to_string();
                    sqlx::query(ALLOW_TIME).bind(allowed).execute(&mut connection).await?;
                    let applied = migrator.run_to(migration.version, &mut connection).await;
                    connection.close().await?;
                    applied
                }
            })
        };
        within(name, options.ledger_timeout, DOING, applying).await?.map_err(|error| sort(name, &error))?;
        reached(Point::MigrationApplied);
    }
    Ok(())
}

/// Whether all migrations are applied as they are here, and no others. Anything else, errors included, is the driver's to judge.
async fn is_complete(pool: &Pool, migrator: &Migrator) -> bool {
    async fn applied(connection: &mut impl Migrate) -> Option<Vec<AppliedMigration>> {
        match connection.dirty_version(TABLE).await {
            Ok(None) => connection.list_applied_migrations(TABLE).await.ok(),
            Ok(Some(_)) | Err(_) => None,
        }
    }
    let applied = match pool {
        Pool::Sqlite(pool) => match pool.acquire().await {
            Ok(mut connection) => applied(&mut *connection).await,
            Err(_) => None,
        },
        Pool::Postgres(pool) => match pool.acquire().await {
            Ok(mut connection) => applied(&mut *connection).await,
            Err(_) => None,
        },
    };
    let is_here = |found: &AppliedMigration| {
        migrator.iter().any(|known| known.version == found.version && known.checksum == found.checksum)
    };
    applied.is_some_and(|applied| applied.len() == migrator.iter().count() && applied.iter().all(is_here))
}

impl Store {
    /// Compares the database's schema with this program's, without changing anything.
    ///
    /// # Errors
    /// [`StoreError::Migration`] naming the version that is missing, changed, unfinished or unknown.
    pub async fn check_migrations(&self) -> Result<Migrations, StoreError> {
        const DOING: &str = "checking its schema";
        let listing = async {
            Ok(match &self.pool {
                Pool::Sqlite(pool) => pool.acquire().await?.list_applied_migrations(TABLE).await,
                Pool::Postgres(pool) => pool.acquire().await?.list_applied_migrations(TABLE).await,
            })
        };
        let mut applied = self.within(DOING, listing).await?.map_err(|error| sort(&self.name, &error))?;
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
            match StoreError::from_driver(name, DOING, inner) {
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
