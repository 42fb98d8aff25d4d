//! One run per merchant at a time: a lease in the database, which a killed run leaves to expire.
//!
//! Taking it is one statement, a task renews it every third of its time, and the transaction that records a run proves that it
//! is still held: a run that stalled until another took its lease can record nothing. Nothing depends on a connection, so
//! poolers may do as they like. A lease whose process is proved to be gone (same host, same space of process numbers) is taken
//! over at once. On SQLite, the operating system's lock on a file beside the database stands beside the lease: on one host it
//! tells the living from the dead without any clock.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::task::JoinHandle;

use super::address::Address;
use super::error::StoreError;
use super::lease::{Claim, LOCKING};
use super::pool::{Store, within};
use crate::calendar::Instant;
use crate::points::{Point, reached};

/// How often a lease is asked for that another took and gave up between the question and the answer.
const ATTEMPTS: usize = 4;

/// How long a dropped lock may take to be given up; after that its lease runs out by itself.
const FAREWELL: Duration = Duration::from_millis(600);

/// The right to run for a merchant; given up by [`release`](Self::release), by dropping it, or by its lease's end.
#[must_use = "the lock is given up when this is dropped"]
pub struct RunLock {
    store: Store,
    claim: Claim,
    heartbeat: JoinHandle<()>,
    /// Unlocked when it is closed, after the lease was given up.
    _file: Option<File>,
    is_released: bool,
}

impl std::fmt::Debug for RunLock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RunLock").field("database", &self.store.name).finish_non_exhaustive()
    }
}

impl Store {
    /// Takes the merchant's lock, or says who holds it since when and until when. The program's `clock` counts on SQLite; a
    /// server has its own.
    ///
    /// # Errors
    /// [`StoreError::Locked`] at once if another run holds it; [`StoreError::Unreachable`].
    pub async fn lock(&self, merchant: &str, clock: fn() -> Instant) -> Result<RunLock, StoreError> {
        let claim = Claim::new(&self.name, merchant, clock)?;
        let file = match &self.address {
            Address::Postgres(_) => None,
            Address::Sqlite(path) => match self.lock_file(path, merchant)? {
                None => return Err(self.locked(&claim, false).await),
                taken => taken,
            },
        };
        for _ in 0..ATTEMPTS {
            // Read first: taking would wait for a holder that is just recording.
            let dead = match self.lease_row(merchant, clock()).await? {
                Some(row) if row.is_dead(file.is_some()) => row.token,
                Some(row) if row.is_in_force() => {
                    let lease = Some(Box::new(row.into_lease()));
                    return Err(StoreError::Locked { merchant: merchant.to_owned(), lease, lost: false });
                }
                Some(_) | None => String::new(),
            };
            if self.take_lease(&claim, &dead).await? {
                reached(Point::LeaseTaken);
                let heartbeat = tokio::spawn(self.clone().keep_lease(claim.clone()));
                return Ok(RunLock { store: self.clone(), claim, heartbeat, _file: file, is_released: false });
            }
        }
        Err(self.locked(&claim, false).await)
    }

    /// The lock of the file beside the database; none if another holds it.
    fn lock_file(&self, database: &Path, merchant: &str) -> Result<Option<File>, StoreError> {
        let path = beside(database, &format!(".{}.lock", file_safe(merchant)));
        let failed = |error: std::io::Error| unreachable(&self.name, LOCKING, &path, &error);
        let file = open_lock_file(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(failed(error)),
        }
    }
}

impl RunLock {
    /// What the record of a run must prove.
    pub(super) const fn claim(&self) -> &Claim {
        &self.claim
    }

    /// Makes sure that the lock is still held, and renews it.
    ///
    /// # Errors
    /// [`StoreError::Locked`] if another run took it over; as any statement.
    pub async fn verify(&self) -> Result<(), StoreError> {
        if self.store.renew_lease(&self.claim).await? {
            return Ok(());
        }
        Err(self.store.locked(&self.claim, true).await)
    }

    /// Gives the lock up.
    ///
    /// # Errors
    /// [`StoreError::Unreachable`] if the database could not be told; the lease will run out.
    pub async fn release(mut self) -> Result<(), StoreError> {
        self.is_released = true;
        self.heartbeat.abort();
        reached(Point::LeaseEnding);
        self.store.end_lease(&self.claim).await?;
        reached(Point::LeaseEnded);
        Ok(())
    }
}

impl Drop for RunLock {
    /// Best effort, as on an error or a signal: what cannot be told within a moment runs out by itself.
    fn drop(&mut self) {
        self.heartbeat.abort();
        if self.is_released {
            return;
        }
        let Ok(runtime) = Handle::try_current() else { return };
        let (store, claim) = (self.store.clone(), self.claim.clone());
        let (done, wait) = std::sync::mpsc::channel();
        let farewell = runtime.spawn(async move {
            let ended = tokio::time::timeout(FAREWELL, store.end_lease(&claim)).await;
            // Nobody waits any more if this took too long.
            let _ = done.send(ended.is_ok());
        });
        if runtime.runtime_flavor() == RuntimeFlavor::MultiThread {
            // Other threads of the runtime do it meanwhile; the runtime may end right after this.
            let _ = wait.recv_timeout(FAREWELL);
        }
        drop(farewell);
    }
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
