//! One run per merchant at a time.
//!
//! On PostgreSQL: an advisory lock on a connection of its own, which the server releases when the connection dies; the
//! connection's `application_name` tells who holds it. A pooler in front of the server must therefore not share connections
//! between transactions. On SQLite: the operating system's lock on a file beside the database, released when the process
//! ends, with the holder's name as text in it.

use std::fs::{File, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::Connection;
use sqlx::postgres::PgConnection;

use super::address::Address;
use super::error::StoreError;
use super::pool::{Store, with_timeouts, within};
use crate::calendar::Instant;

const LOCKING: &str = "taking the lock of the run";

/// The right to run for a merchant; given up by [`release`](Self::release), by dropping it, or by the process's end.
#[must_use = "the lock is given up when this is dropped"]
pub struct RunLock {
    kind: Kind,
    database: String,
    limit: Duration,
}

enum Kind {
    File(File),
    Connection(Box<PgConnection>),
}

impl std::fmt::Debug for RunLock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RunLock").field("database", &self.database).finish_non_exhaustive()
    }
}

impl Store {
    /// Takes the merchant's lock, or says who holds it since when. `now` is what others will be told.
    ///
    /// # Errors
    /// [`StoreError::Locked`] at once if another run holds it; [`StoreError::Unreachable`].
    pub async fn lock(&self, merchant: &str, now: Instant) -> Result<RunLock, StoreError> {
        let kind = match &self.address {
            Address::Sqlite(path) => Kind::File(self.lock_file(path, merchant, now)?),
            Address::Postgres(_) => Kind::Connection(Box::new(self.lock_connection(merchant, now).await?)),
        };
        let limit = self.options.connect_timeout + self.options.statement_timeout;
        Ok(RunLock { kind, database: self.name.clone(), limit })
    }

    fn lock_file(&self, database: &Path, merchant: &str, now: Instant) -> Result<File, StoreError> {
        let path = beside(database, &format!(".{}.lock", file_safe(merchant)));
        let failed = |error: std::io::Error| unreachable(&self.name, LOCKING, &path, &error);
        let mut file = open_lock_file(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut text = String::new();
                // What the holder wrote is only for the message; if it cannot be read the refusal stands.
                let told = file.read_to_string(&mut text).ok().and_then(|_| Holder::parse(&text));
                return Err(locked(merchant, told));
            }
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        let write = |file: &mut File| {
            file.set_len(0)?;
            file.rewind()?;
            file.write_all(Holder::here(now).text().as_bytes())?;
            file.flush()
        };
        write(&mut file).map_err(failed)?;
        Ok(file)
    }

    async fn lock_connection(&self, merchant: &str, now: Instant) -> Result<PgConnection, StoreError> {
        let Address::Postgres(server) = &self.address else {
            return Err(self.damaged(LOCKING, "a server was expected".to_owned()));
        };
        let options = with_timeouts(server, &self.options).application_name(&Holder::here(now).text());
        let connect = PgConnection::connect_with(&options);
        let mut connection = within(&self.name, self.options.connect_timeout, LOCKING, connect).await?;
        let key = advisory_key(merchant);
        let taken: bool = self
            .within(LOCKING, sqlx::query_scalar("SELECT pg_try_advisory_lock($1)").bind(key).fetch_one(&mut connection))
            .await?;
        if taken {
            return Ok(connection);
        }
        // A bigint key stands in pg_locks as its two halves, with objsubid 1.
        let holder = sqlx::query_scalar::<_, String>(
            "SELECT holder.application_name FROM pg_locks AS held JOIN pg_stat_activity AS holder ON holder.pid = held.pid
             WHERE held.locktype = 'advisory' AND held.granted AND held.objsubid = 1
               AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database())
               AND ((held.classid::bigint << 32) | held.objid::bigint) = $1",
        )
        .bind(key)
        .fetch_optional(&mut connection);
        let told = self.within(LOCKING, holder).await?;
        Err(locked(merchant, told.as_deref().and_then(Holder::parse)))
    }
}

impl RunLock {
    /// Makes sure that the lock is still held, before anything is recorded: a server that was restarted has forgotten it.
    ///
    /// # Errors
    /// [`StoreError::Unreachable`] if the connection that held it is gone.
    pub async fn verify(&mut self) -> Result<(), StoreError> {
        match &mut self.kind {
            Kind::File(_) => Ok(()),
            Kind::Connection(connection) => {
                within(&self.database, self.limit, "making sure of the lock of the run", connection.ping()).await
            }
        }
    }

    /// Gives the lock up.
    ///
    /// # Errors
    /// [`StoreError::Unreachable`] if the server could not be told; it will notice.
    pub async fn release(self) -> Result<(), StoreError> {
        const DOING: &str = "giving up the lock of the run";
        match self.kind {
            Kind::File(file) => {
                file.unlock().map_err(|error| unreachable(&self.database, DOING, Path::new("lock file"), &error))
            }
            Kind::Connection(connection) => within(&self.database, self.limit, DOING, connection.close()).await,
        }
    }
}

/// Who holds a lock.
struct Holder {
    who: String,
    since: Option<Instant>,
}

impl Holder {
    fn here(now: Instant) -> Self {
        let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
        let host = if host.trim().is_empty() { "unknown" } else { host.trim() };
        let whole_seconds = Instant::from_millis(now.millis() - now.millis().rem_euclid(1000));
        Self { who: format!("{}/{host}", std::process::id()), since: Some(whole_seconds) }
    }

    /// `antom-recon/<since>/<pid>/<host>`: PostgreSQL keeps 63 bytes of it, so the host comes last.
    fn text(&self) -> String {
        format!("antom-recon/{}/{}", self.since.map(Instant::rfc3339).unwrap_or_default(), self.who)
    }

    fn parse(text: &str) -> Option<Self> {
        let (since, who) = text.trim().strip_prefix("antom-recon/")?.split_once('/')?;
        let (pid, host) = who.split_once('/')?;
        Some(Self { who: format!("process {pid} on {host}"), since: Instant::parse(since.as_bytes()) })
    }
}

fn locked(merchant: &str, told: Option<Holder>) -> StoreError {
    let (holder, since) =
        told.map_or_else(|| ("a process that does not say which".to_owned(), None), |told| (told.who, told.since));
    StoreError::Locked { merchant: merchant.to_owned(), holder, since }
}

/// The first 64 bits of a digest: the same in every process, and unlike any key that another program would choose.
fn advisory_key(merchant: &str) -> i64 {
    let digest = ring::digest::digest(&ring::digest::SHA256, format!("antom-recon run {merchant}").as_bytes());
    digest.as_ref().iter().take(8).fold(0, |key, &byte| (key << 8) | i64::from(byte))
}

/// A merchant id as part of a file name. Two that fall together share a lock, which is safe.
fn file_safe(merchant: &str) -> String {
    merchant.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).collect()
}

fn beside(database: &Path, suffix: &str) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

fn open_lock_file(path: &Path) -> std::io::Result<File> {
    File::options().create(true).truncate(false).read(true).write(true).open(path)
}

fn unreachable(database: &str, doing: &'static str, path: &Path, error: &std::io::Error) -> StoreError {
    StoreError::Unreachable { database: database.to_owned(), doing, problem: format!("`{}`: {error}", path.display()) }
}

/// Waits for the turn to create or migrate a SQLite file, whose folder it creates; the turn ends when the file is dropped.
pub(super) async fn take_turn(database: &Path, name: &str, limit: Duration) -> Result<File, StoreError> {
    const DOING: &str = "opening it";
    const PAUSE: Duration = Duration::from_millis(20);
    let folder = database.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).map_err(|error| unreachable(name, DOING, folder, &error))?;
    let path = beside(database, ".open.lock");
    let file = open_lock_file(&path).map_err(|error| unreachable(name, DOING, &path, &error))?;
    let turn = async {
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(()),
                Err(TryLockError::WouldBlock) => tokio::time::sleep(PAUSE).await,
                Err(TryLockError::Error(error)) => return Err(sqlx::Error::Io(error)),
            }
        }
    };
    within(name, limit, DOING, turn).await?;
    Ok(file)
}
