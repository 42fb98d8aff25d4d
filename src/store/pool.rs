//! Opening the database and running statements on it, whichever it is.

use std::fmt;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{AssertSqlSafe, Connection, Postgres, Sqlite, Transaction};
use tokio::time::Sleep;

use super::address::Address;
use super::error::StoreError;
use super::migrations;

/// Connections at once. A run asks a few things in turn and saves answers beside; more would only queue in SQLite.
const CONNECTIONS: u32 = 4;

/// Pages that a connection to SQLite may hold, in bytes, where its default is 2 MiB: an index of a million ids in no order is some
/// tens of MiB, and each page that is not at hand is read for every row.
const SQLITE_CACHE: u64 = 128 << 20;

/// Pages that an import may hold, in bytes: two indexes of ten million ids in no order. What is not yet written at its end is written
/// while it is committed, which must not take minutes.
const SQLITE_IMPORT_CACHE: u64 = 1 << 30;

/// Bytes of a page of a new file of SQLite.
const PAGE: u32 = 8 << 10;

/// Rows of a result that SQLite's thread may be ahead of whoever reads them: a few hundred KiB, and neither waits for the other at
/// each of them.
const SQLITE_ROWS: usize = 1_000;

/// Where relative paths start, and how long anything may take.
#[derive(Debug, Clone)]
pub struct StoreOptions {
    /// Folder of the configuration file, where a relative `sqlite://` path starts.
    pub base_dir: PathBuf,
    /// How long a connection may take, SQLite's wait for another writer included.
    pub connect_timeout: Duration,
    /// How long one statement may take, or each step of one that gives millions of rows.
    pub statement_timeout: Duration,
    /// How long reading the whole ledger may take, all rows of a run, and one version of the schema, which may write a table anew.
    pub ledger_timeout: Duration,
    /// The schema of the program's tables on PostgreSQL; none leaves it to the user's `search_path`.
    pub schema: Option<String>,
    /// How long the lock of a run lasts that is not heard of; it is renewed every third of this.
    pub lease: Duration,
    /// The most memory that a connection to SQLite may take for pages, in bytes.
    pub cache_bytes: u64,
    /// The same of a connection that imports entries, for which nothing else of the program works.
    pub import_cache_bytes: u64,
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self {
            base_dir: PathBuf::new(),
            connect_timeout: Duration::from_secs(15),
            statement_timeout: Duration::from_secs(60),
            ledger_timeout: Duration::from_secs(30 * 60),
            schema: None,
            lease: Duration::from_secs(60),
            cache_bytes: SQLITE_CACHE,
            import_cache_bytes: SQLITE_IMPORT_CACHE,
        }
    }
}

impl StoreOptions {
    /// How long a statement may take with all that it has to wait for.
    pub(super) fn statement_limit(&self) -> Duration {
        self.connect_timeout + self.statement_timeout
    }
}

/// The database of the job.
#[derive(Clone)]
pub struct Store {
    pub(super) pool: Pool,
    pub(super) address: Address,
    pub(super) options: StoreOptions,
    pub(super) name: String,
}

/// Connections to one of the two databases.
#[derive(Clone)]
pub(super) enum Pool {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

/// A transaction on one of them; rolled back when dropped.
pub(super) enum Tx {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

/// Runs the same expression on either kind of pool.
macro_rules! on_pool {
    ($pool:expr, $on:ident => $run:expr) => {
        match $pool {
            $crate::store::pool::Pool::Sqlite($on) => $run,
            $crate::store::pool::Pool::Postgres($on) => $run,
        }
    };
}

/// Runs the same expression on either kind of transaction.
macro_rules! on_tx {
    ($tx:expr, $on:ident => $run:expr) => {
        match $tx {
            $crate::store::pool::Tx::Sqlite(tx) => {
                let $on = &mut **tx;
                $run
            }
            $crate::store::pool::Tx::Postgres(tx) => {
                let $on = &mut **tx;
                $run
            }
        }
    };
}
pub(super) use {on_pool, on_tx};

impl Store {
    /// Opens the database and brings its schema up to date; a SQLite file is created with its folder on first use.
    ///
    /// # Errors
    /// [`StoreError::Address`] for a URL that is none, [`StoreError::Unreachable`], [`StoreError::Migration`].
    pub async fn open(url: &str, options: StoreOptions) -> Result<Self, StoreError> {
        let address = Address::parse(url, &options.base_dir)?;
        let name = address.name();
        let pool = match &address {
            Address::Sqlite(path) => {
                // SQLite has no lock around migrations, so two first runs at once take turns at a lock file.
                let turn = super::lock::take_turn(path, &name, options.connect_timeout).await?;
                let pool = Pool::Sqlite(open_sqlite(path, &name, &options).await?);
                migrations::run(&pool, &name, &options).await?;
                drop(turn);
                pool
            }
            Address::Postgres(server) => {
                let pool = open_postgres(server, &name, &options).await?;
                if let Some(schema) = &options.schema {
                    let making = migrations::make_schema(&pool, schema);
                    within(&name, options.statement_limit(), migrations::DOING, making).await?;
                }
                let pool = Pool::Postgres(pool);
                migrations::run(&pool, &name, &options).await?;
                pool
            }
        };
        Ok(Self { pool, address, options, name })
    }

    /// The database as messages name it, without password.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Closes the connections; SQLite folds its log into the file. A server that does not hear the goodbye is left.
    pub async fn close(self) {
        match &self.pool {
            Pool::Sqlite(pool) => pool.close().await,
            Pool::Postgres(pool) => drop(tokio::time::timeout(self.options.connect_timeout, pool.close()).await),
        }
    }

    /// Waits for a statement within the time-out and sorts its error.
    pub(super) async fn within<T>(
        &self,
        doing: &'static str,
        statement: impl Future<Output = sqlx::Result<T>>,
    ) -> Result<T, StoreError> {
        within(&self.name, self.options.statement_limit(), doing, statement).await
    }

    /// Waits for something of many steps, for each of them no longer than the time-out: it may have millions.
    pub(super) async fn step_by_step<T>(
        &self,
        doing: &'static str,
        steps: &Steps,
        work: impl Future<Output = sqlx::Result<T>>,
    ) -> Result<T, StoreError> {
        let limit = self.options.statement_limit();
        let mut work = pin!(work);
        loop {
            let before = steps.count();
            match tokio::time::timeout(limit, work.as_mut()).await {
                Ok(done) => return done.map_err(|error| StoreError::from_driver(&self.name, doing, &error)),
                Err(_) if steps.count() > before => {}
                Err(_) => return Err(unanswered(&self.name, doing, limit)),
            }
        }
    }

    /// Begins a transaction that will write.
    pub(super) async fn begin(&self, doing: &'static str) -> Result<Tx, StoreError> {
        self.within(doing, async {
            Ok(match &self.pool {
                // Taking SQLite's write lock at once avoids failing in the middle.
                Pool::Sqlite(pool) => Tx::Sqlite(pool.begin_with("BEGIN IMMEDIATE").await?),
                Pool::Postgres(pool) => Tx::Postgres(pool.begin().await?),
            })
        })
        .await
    }

    /// Commits it.
    pub(super) async fn commit(&self, doing: &'static str, tx: Tx) -> Result<(), StoreError> {
        self.within(doing, tx.commit()).await
    }

    /// Lets SQLite fold its log into the file while the run goes on; nobody needs to wait for it, but
    /// [`close`](Self::close) does. What is not folded stays in the log, which is read as well.
    pub(super) fn fold_log(&self) {
        let Pool::Sqlite(pool) = &self.pool else { return };
        let (pool, name) = (pool.clone(), self.name.clone());
        tokio::spawn(async move {
            if let Err(error) = sqlx::query("PRAGMA wal_checkpoint(PASSIVE)").execute(&pool).await {
                tracing::debug!("{name}: its log is not folded into the file yet: {error}");
            }
        });
    }

    /// An error about what a row holds.
    pub(super) fn damaged(&self, doing: &'static str, problem: String) -> StoreError {
        StoreError::Integrity { database: self.name.clone(), doing, problem }
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Tx {
    /// Lets SQLite hold more pages in memory, for as long as the connection lives. PostgreSQL has memory of its own.
    pub(super) async fn hold_pages_of_import(&mut self, options: &StoreOptions) -> sqlx::Result<()> {
        let Self::Sqlite(tx) = self else { return Ok(()) };
        let bytes = options.import_cache_bytes.min(SQLITE_IMPORT_CACHE);
        let pragma = format!("PRAGMA cache_size = {}", cache_size(bytes));
        sqlx::query(AssertSqlSafe(pragma)).execute(&mut **tx).await.map(drop)
    }

    /// Lets PostgreSQL work longer on each statement of the transaction than it does on others.
    pub(super) async fn allow(&mut self, time: Duration) -> sqlx::Result<()> {
        let Self::Postgres(tx) = self else { return Ok(()) };
        let set = sqlx::query("SELECT set_config('statement_timeout', $1, true)").bind(time.as_millis().to_string());
        set.execute(&mut **tx).await.map(drop)
    }

    /// Keeps SQLite from folding its log into the file as a part of this commit, and of later ones of the connection:
    /// [`Store::fold_log`] does so beside. PostgreSQL has no such part.
    pub(super) async fn put_off_folding(&mut self) -> sqlx::Result<()> {
        let Self::Sqlite(tx) = self else { return Ok(()) };
        sqlx::query("PRAGMA wal_autocheckpoint = 0").execute(&mut **tx).await.map(drop)
    }

    pub(super) async fn commit(self) -> sqlx::Result<()> {
        match self {
            Self::Sqlite(tx) => tx.commit().await,
            Self::Postgres(tx) => tx.commit().await,
        }
    }
}

/// Waits for a statement no longer than `limit`, whatever server and network do, and sorts its error.
pub(super) async fn within<T>(
    database: &str,
    limit: Duration,
    doing: &'static str,
    statement: impl Future<Output = sqlx::Result<T>>,
) -> Result<T, StoreError> {
    Limit::of(limit).before(database, doing, statement).await
}

/// The time that several steps may take together, counted from its making.
pub(super) struct Limit {
    whole: Duration,
    over: Pin<Box<Sleep>>,
}

impl Limit {
    pub(super) fn of(whole: Duration) -> Self {
        Self { whole, over: Box::pin(tokio::time::sleep(whole)) }
    }

    /// Waits for a step until the time is over, also if the step is one that never has to wait.
    pub(super) async fn before<T>(
        &mut self,
        database: &str,
        doing: &'static str,
        step: impl Future<Output = sqlx::Result<T>>,
    ) -> Result<T, StoreError> {
        tokio::select! {
            biased;
            () = self.over.as_mut() => Err(unanswered(database, doing, self.whole)),
            result = step => result.map_err(|error| StoreError::from_driver(database, doing, &error)),
        }
    }
}

fn unanswered(database: &str, doing: &'static str, within: Duration) -> StoreError {
    let problem = format!("no answer within {} s", within.as_secs());
    StoreError::Unreachable { database: database.to_owned(), doing, problem }
}

/// How far something of many steps has come.
#[derive(Debug, Default)]
pub(super) struct Steps(AtomicU64);

impl Steps {
    /// One more is done.
    pub(super) fn done(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// The value of `PRAGMA cache_size` for so many bytes: KiB where it is negative, and pages where not.
fn cache_size(bytes: u64) -> String {
    format!("-{}", bytes / 1_024)
}

async fn open_sqlite(path: &Path, name: &str, options: &StoreOptions) -> Result<SqlitePool, StoreError> {
    let connect = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        // Of a new file: the pages of one transaction with millions of rows are kept account of in memory, half as many as of 4 KiB.
        .page_size(PAGE)
        .journal_mode(SqliteJournalMode::Wal)
        // A commit that was reported is on disk, even if the machine loses power.
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .pragma("cache_size", cache_size(options.cache_bytes.min(SQLITE_CACHE)))
        .row_buffer_size(SQLITE_ROWS)
        .busy_timeout(options.connect_timeout);
    let pool = SqlitePoolOptions::new()
        .max_connections(CONNECTIONS)
        .acquire_timeout(options.connect_timeout)
        .connect_with(connect);
    within(name, options.connect_timeout * 2, "opening it", pool).await
}

async fn open_postgres(server: &PgConnectOptions, name: &str, options: &StoreOptions) -> Result<PgPool, StoreError> {
    let mut connect = with_timeouts(server, options).application_name("antom-recon");
    if let Some(schema) = &options.schema {
        connect = connect.options([("search_path", schema)]);
    }
    // The pool would try again and again until its time-out and then not say why: the first refusal is the reason.
    let first = within(name, options.connect_timeout, "opening it", PgConnection::connect_with(&connect)).await?;
    within(name, options.connect_timeout, "opening it", first.close()).await?;
    let pool = PgPoolOptions::new()
        .max_connections(CONNECTIONS)
        .acquire_timeout(options.connect_timeout)
        .connect_with(connect);
    within(name, options.connect_timeout * 2, "opening it", pool).await
}

/// The server's own limits beside ours, so that it does not go on with what we gave up. One that hears nothing from us any more,
/// because the machine or the network is gone, ends our transaction and with it its locks within minutes and not hours.
pub(super) fn with_timeouts(server: &PgConnectOptions, options: &StoreOptions) -> PgConnectOptions {
    let millis = |limit: Duration| limit.as_millis().to_string();
    server.clone().options([
        ("statement_timeout", millis(options.statement_timeout)),
        ("lock_timeout", millis(options.connect_timeout)),
        ("idle_in_transaction_session_timeout", millis(options.ledger_timeout)),
        ("tcp_keepalives_idle", "60".to_owned()),
        ("tcp_keepalives_interval", "10".to_owned()),
        ("tcp_keepalives_count", "6".to_owned()),
    ])
}
