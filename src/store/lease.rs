//! The lease on a merchant: a row that whoever runs holds and renews, by the clock of the server, or on SQLite by the program's.

use std::fmt;
use std::time::Duration;

use ring::rand::{SecureRandom, SystemRandom};
use sqlx::AssertSqlSafe;

use super::error::StoreError;
use super::holder::{self, Holder};
use super::pool::{Pool, Store, Tx, on_pool, on_tx};
use crate::calendar::Instant;
use crate::points::{Point, reached};

pub(super) const LOCKING: &str = "taking the lock of the run";

/// Who holds the lock of a merchant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// The name of its host.
    pub host: String,
    /// The number of its process there.
    pub process_id: i64,
    /// Since when.
    pub acquired_at: Instant,
    /// When it was last heard of.
    pub heartbeat_at: Instant,
    /// When another may take it, unless it is heard of again.
    pub expires_at: Instant,
    /// When this was read, by the same clock.
    pub read_at: Instant,
}

impl fmt::Display for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let silent = (self.read_at.millis() - self.heartbeat_at.millis()).max(0) / 1000;
        let (id, host, since) = (self.process_id, &self.host, whole_seconds(self.acquired_at));
        write!(f, "process {id} on `{host}`, since {since}, last heard of {silent} s ago")
    }
}

impl Lease {
    /// When another may take it, in whole seconds.
    #[must_use]
    pub fn ends(&self) -> String {
        whole_seconds(Instant::from_millis(self.expires_at.millis() + 999))
    }
}

fn whole_seconds(at: Instant) -> String {
    Instant::from_millis(at.millis() - at.millis().rem_euclid(1000)).rfc3339()
}

/// What tells a lease from every other of the same merchant.
#[derive(Clone)]
pub(super) struct Claim {
    pub(super) merchant: String,
    pub(super) token: String,
    /// The program's clock, which counts on SQLite.
    pub(super) clock: fn() -> Instant,
}

impl Claim {
    pub(super) fn new(database: &str, merchant: &str, clock: fn() -> Instant) -> Result<Self, StoreError> {
        let mut random = [0; 16];
        let problem = || "the system gives no random numbers for the token of the lease".to_owned();
        SystemRandom::new().fill(&mut random).map_err(|_| StoreError::Query {
            database: database.to_owned(),
            doing: LOCKING,
            problem: problem(),
        })?;
        let token = format!("{:032x}", u128::from_le_bytes(random));
        Ok(Self { merchant: merchant.to_owned(), token, clock })
    }
}

#[derive(sqlx::FromRow)]
pub(super) struct LeaseRow {
    host: String,
    process_id: i64,
    process: String,
    pub(super) token: String,
    acquired_at_ms: i64,
    heartbeat_at_ms: i64,
    expires_at_ms: i64,
    read_at_ms: i64,
}

impl LeaseRow {
    /// Whether its process is proved to be gone. `alone` says that this process holds the lock of the file, which on one host no
    /// other process that lives can have let go.
    pub(super) fn is_dead(&self, alone: bool) -> bool {
        (alone && self.host == holder::host()) || holder::is_gone(&self.process, self.process_id)
    }

    /// Whether it has not ended yet.
    pub(super) fn is_in_force(&self) -> bool {
        self.expires_at_ms > self.read_at_ms
    }

    pub(super) fn into_lease(self) -> Lease {
        Lease {
            host: self.host,
            process_id: self.process_id,
            acquired_at: Instant::from_millis(self.acquired_at_ms),
            heartbeat_at: Instant::from_millis(self.heartbeat_at_ms),
            expires_at: Instant::from_millis(self.expires_at_ms),
            read_at: Instant::from_millis(self.read_at_ms),
        }
    }
}

impl Store {
    /// Who holds the merchant's lock; none if nobody does. `now` counts on SQLite, a server has its own clock. A lease that has
    /// ended already may be taken by anybody.
    ///
    /// # Errors
    /// As any query.
    pub async fn lease(&self, merchant: &str, now: Instant) -> Result<Option<Lease>, StoreError> {
        Ok(self.lease_row(merchant, now).await?.map(LeaseRow::into_lease))
    }

    pub(super) async fn lease_row(&self, merchant: &str, now: Instant) -> Result<Option<LeaseRow>, StoreError> {
        let now = self.time(now);
        let sql = format!(
            "SELECT host, process_id, process, token, acquired_at_ms, heartbeat_at_ms, expires_at_ms, {now} AS read_at_ms
             FROM leases WHERE platform_merchant_id = $1"
        );
        self.within(LOCKING, async {
            on_pool!(&self.pool, pool => {
                sqlx::query_as(AssertSqlSafe(sql)).bind(merchant).fetch_optional(pool).await
            })
        })
        .await
    }

    /// Takes the lease if nobody has it, if it has ended, or if it is the one with the token `dead`, in one statement.
    pub(super) async fn take_lease(&self, claim: &Claim, dead: &str) -> Result<bool, StoreError> {
        let (here, now) = (Holder::here(), self.time((claim.clock)()));
        let sql = format!(
            "INSERT INTO leases (platform_merchant_id, host, process_id, process, token,
                 acquired_at_ms, heartbeat_at_ms, expires_at_ms)
             VALUES ($1, $2, $3, $4, $5, {now}, {now}, {now} + $6)
             ON CONFLICT (platform_merchant_id) DO UPDATE SET host = excluded.host, process_id = excluded.process_id,
                 process = excluded.process, token = excluded.token, acquired_at_ms = excluded.acquired_at_ms,
                 heartbeat_at_ms = excluded.heartbeat_at_ms, expires_at_ms = excluded.expires_at_ms
             WHERE leases.expires_at_ms <= excluded.acquired_at_ms OR leases.token = $7"
        );
        let taken = self.within(LOCKING, async {
            on_pool!(&self.pool, pool => {
                let query = sqlx::query(AssertSqlSafe(sql)).bind(&claim.merchant).bind(here.host).bind(here.process_id);
                let query = query.bind(here.process).bind(&claim.token).bind(self.lease_millis()).bind(dead);
                Ok(query.execute(pool).await?.rows_affected())
            })
        });
        Ok(taken.await? == 1)
    }

    /// Renews the lease; false if it is another's now.
    pub(super) async fn renew_lease(&self, claim: &Claim) -> Result<bool, StoreError> {
        let sql = self.renewal(claim);
        let renewed = self.within("renewing the lock of the run", async {
            on_pool!(&self.pool, pool => {
                let query = sqlx::query(AssertSqlSafe(sql)).bind(&claim.merchant).bind(&claim.token);
                Ok(query.bind(self.lease_millis()).execute(pool).await?.rows_affected())
            })
        });
        let is_ours = renewed.await? == 1;
        reached(Point::LeaseRenewed);
        Ok(is_ours)
    }

    /// Renews the lease within a transaction: until it ends, nobody else can take it. False if it is another's now.
    pub(super) async fn fence(&self, tx: &mut Tx, claim: &Claim) -> sqlx::Result<bool> {
        let sql = self.renewal(claim);
        let renewed = on_tx!(tx, connection => {
            let query = sqlx::query(AssertSqlSafe(sql)).bind(&claim.merchant).bind(&claim.token);
            query.bind(self.lease_millis()).execute(connection).await?.rows_affected()
        });
        Ok(renewed == 1)
    }

    /// Gives the lease up, if it is still this one.
    pub(super) async fn end_lease(&self, claim: &Claim) -> Result<(), StoreError> {
        const SQL: &str = "DELETE FROM leases WHERE platform_merchant_id = $1 AND token = $2";
        self.within("giving up the lock of the run", async {
            on_pool!(&self.pool, pool => {
                sqlx::query(SQL).bind(&claim.merchant).bind(&claim.token).execute(pool).await?;
            });
            Ok(())
        })
        .await
    }

    /// The refusal that names whoever holds the lock now. `lost` if it was this run's before.
    pub(super) async fn locked(&self, claim: &Claim, lost: bool) -> StoreError {
        match self.lease(&claim.merchant, (claim.clock)()).await {
            Ok(lease) => StoreError::Locked { merchant: claim.merchant.clone(), lease: lease.map(Box::new), lost },
            Err(error) => error,
        }
    }

    fn renewal(&self, claim: &Claim) -> String {
        let now = self.time((claim.clock)());
        format!(
            "UPDATE leases SET heartbeat_at_ms = {now}, expires_at_ms = {now} + $3
             WHERE platform_merchant_id = $1 AND token = $2"
        )
    }

    /// The time in SQL, the same wherever it stands in a statement: hosts that share a server need not agree about it.
    fn time(&self, now: Instant) -> String {
        match self.pool {
            Pool::Sqlite(_) => now.millis().to_string(),
            Pool::Postgres(_) => "(EXTRACT(EPOCH FROM statement_timestamp()) * 1000)::BIGINT".to_owned(),
        }
    }

    fn lease_millis(&self) -> i64 {
        i64::try_from(self.options.lease.as_millis()).unwrap_or(i64::MAX)
    }

    /// Renews the lease every third of its time until it is another's.
    pub(super) async fn keep_lease(self, claim: Claim) {
        let third = self.options.lease / 3;
        let mut pause = third;
        loop {
            tokio::time::sleep(pause).await;
            pause = match tokio::time::timeout(third, self.renew_lease(&claim)).await {
                Ok(Ok(true)) => third,
                // The record of the run will find out and say so.
                Ok(Ok(false)) => return,
                Ok(Err(_)) | Err(_) => (third / 4).max(Duration::from_millis(10)),
            };
        }
    }
}
