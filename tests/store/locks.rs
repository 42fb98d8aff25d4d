//! One run per merchant at a time: leases, their end, their takeover, and the fence around the record.

use std::time::Duration;

use antom_recon::calendar::Instant;
use antom_recon::clock;
use antom_recon::store::{Lease, Recorded, RunRecord, Store, StoreError, StoreOptions};
use sqlx::Connection;

use super::samples::{MERCHANT, at, day, run};
use super::{Harness, on_both};

/// What the program's clock says; a server has its own.
const NOW: &str = "2026-10-02T01:02:03.456Z";

/// A clock that stands still.
fn stopped() -> Instant {
    at(NOW)
}

/// Who holds the lock, from the refusal.
fn refused(result: Result<impl Sized, StoreError>) -> (Option<Lease>, bool, String) {
    let Err(error) = result else { panic!("it was given") };
    let message = error.to_string();
    let StoreError::Locked { merchant, lease, lost } = error else { panic!("{message}") };
    assert_eq!(merchant, MERCHANT);
    (lease.map(|lease| *lease), lost, message)
}

/// Another host takes the lease, as far as the database knows.
const TAKEN: &str = "UPDATE leases SET host = 'elsewhere', process_id = 7, process = '', token = 'theirs',
     expires_at_ms = expires_at_ms + 3600000";

/// A run that is dead on this host, or alive on another one.
async fn left_by(harness: &Harness, change: &'static str) -> Store {
    let store = harness.open().await;
    let lock = store.lock(MERCHANT, stopped).await.unwrap();
    // Its process is gone: nothing renews the lease, nothing gives it up, the file is closed.
    harness.raw(change).await.unwrap();
    drop(lock);
    store
}

on_both! {
    async fn the_second_run_is_told_who_holds_the_lock_since_when_and_until_when(harness) {
        let (first, second) = (harness.open().await, harness.open().await);
        let lock = first.lock(MERCHANT, stopped).await.unwrap();
        lock.verify().await.unwrap();
        let (lease, lost, message) = refused(second.lock(MERCHANT, stopped).await);
        let lease = lease.unwrap();
        assert_eq!((lease.process_id, lost), (i64::from(std::process::id()), false));
        let length = lease.expires_at.millis() - lease.heartbeat_at.millis();
        assert_eq!(length, 60_000);
        assert!(message.contains(&format!("process {} on `{}`, since ", lease.process_id, lease.host)), "{message}");
        assert!(message.contains(" s ago; run again when it is done, or after "), "{message}");
        assert!(message.ends_with(&format!("{} when its lease ends", lease.ends())), "{message}");
        if harness.is_sqlite {
            assert_eq!(lease.acquired_at, at(NOW));
            assert!(message.contains("since 2026-10-02T01:02:03Z, last heard of"), "{message}");
        }
        assert_eq!(second.lease(MERCHANT, at(NOW)).await.unwrap().unwrap().acquired_at, lease.acquired_at);

        // Another merchant is another lock.
        let other = second.lock("another/merchant", stopped).await.unwrap();
        lock.release().await.unwrap();
        assert_eq!(second.lease(MERCHANT, at(NOW)).await.unwrap(), None);
        let again = second.lock(MERCHANT, stopped).await.unwrap();
        drop((again, other));
    }

    async fn a_dropped_lock_is_free(harness) {
        let store = harness.open().await;
        drop(store.lock(MERCHANT, stopped).await.unwrap());
        // A runtime with one thread gives it up a moment later.
        for attempt in 0.. {
            match store.lock(MERCHANT, stopped).await {
                Ok(_) => break,
                Err(StoreError::Locked { .. }) if attempt < 100 => tokio::time::sleep(Duration::from_millis(50)).await,
                Err(error) => panic!("{error}"),
            }
        }
    }

    async fn several_runs_at_once_are_one(harness) {
        let store = harness.open().await;
        let tries = (0..8).map(|_| { let store = store.clone(); tokio::spawn(async move { store.lock(MERCHANT, stopped).await }) });
        let tries: Vec<_> = tries.collect();
        let mut locks = Vec::new();
        for attempt in tries {
            match attempt.await.unwrap() {
                Ok(lock) => locks.push(lock),
                Err(StoreError::Locked { .. }) => {}
                Err(error) => panic!("{error}"),
            }
        }
        assert_eq!(locks.len(), 1);
    }

    async fn a_lease_is_renewed_for_as_long_as_its_run_lives(harness) {
        let options = StoreOptions { lease: Duration::from_millis(1500), ..harness.options() };
        let store = Store::open(&harness.url, options).await.unwrap();
        let lock = store.lock(MERCHANT, clock::now).await.unwrap();
        let before = store.lease(MERCHANT, clock::now()).await.unwrap().unwrap();
        tokio::time::sleep(Duration::from_millis(3000)).await;
        let after = store.lease(MERCHANT, clock::now()).await.unwrap().unwrap();
        assert!(after.expires_at.millis() >= before.expires_at.millis() + 1500, "{before:?} {after:?}");
        assert_eq!(after.acquired_at, before.acquired_at);
        refused(store.lock(MERCHANT, clock::now).await);
        lock.verify().await.unwrap();
    }

    async fn the_lease_of_another_host_holds_until_it_ends(harness) {
        let store = left_by(harness, TAKEN).await;
        let (lease, _, message) = refused(store.lock(MERCHANT, stopped).await);
        assert_eq!(lease.unwrap().host, "elsewhere");
        assert!(message.contains("process 7 on `elsewhere`"), "{message}");
        harness.raw("UPDATE leases SET expires_at_ms = 0").await.unwrap();
        let lock = store.lock(MERCHANT, stopped).await.unwrap();
        assert_ne!(store.lease(MERCHANT, at(NOW)).await.unwrap().unwrap().host, "elsewhere");
        lock.verify().await.unwrap();
    }

    async fn the_lease_of_a_process_that_is_gone_is_taken_at_once(harness) {
        // No process has so large a number.
        let store = left_by(harness, "UPDATE leases SET process_id = 1099511627776, token = 'theirs'").await;
        let lock = store.lock(MERCHANT, stopped).await.unwrap();
        lock.verify().await.unwrap();
    }

    async fn a_stalled_run_that_lost_its_lease_cannot_record(harness) {
        let store = harness.open().await;
        let lock = store.lock(MERCHANT, stopped).await.unwrap();
        harness.raw(TAKEN).await.unwrap();
        let (_, lost, message) = refused(lock.verify().await);
        assert!(lost && message.contains("this run lost the lock of") && message.contains("`elsewhere`"), "{message}");
        let record = RunRecord { lock: Some(&lock), ..run("2026-10-01") };
        assert!(refused(store.record_run(&record).await).1);
        assert_eq!(store.latest_run(MERCHANT, day("2026-10-01")).await.unwrap(), None);
        // Nor does it take the other's lease away.
        lock.release().await.unwrap();
        assert_eq!(store.lease(MERCHANT, at(NOW)).await.unwrap().unwrap().host, "elsewhere");
    }

    async fn whoever_holds_the_lock_records(harness) {
        let store = harness.open().await;
        let lock = store.lock(MERCHANT, stopped).await.unwrap();
        let record = RunRecord { lock: Some(&lock), ..run("2026-10-01") };
        assert!(matches!(store.record_run(&record).await.unwrap(), Recorded::New { revision: 1, .. }));
        assert!(matches!(store.record_run(&record).await.unwrap(), Recorded::Same { revision: 1, .. }));
        lock.release().await.unwrap();
    }
}

/// Two hosts at one server: the first stalls, the second takes over, the first comes back.
#[tokio::test]
async fn a_lease_that_ended_is_taken_over_by_another_store() {
    let Some(harness) = Harness::postgres().await else { return };
    let (first, second) = (harness.open().await, harness.open().await);
    let stalled = first.lock(MERCHANT, stopped).await.unwrap();
    refused(second.lock(MERCHANT, stopped).await);
    harness.raw("UPDATE leases SET expires_at_ms = heartbeat_at_ms").await.unwrap();
    let lock = second.lock(MERCHANT, stopped).await.unwrap();
    let record = RunRecord { lock: Some(&stalled), ..run("2026-10-01") };
    assert!(refused(first.record_run(&record).await).1);
    let record = RunRecord { lock: Some(&lock), ..run("2026-10-01") };
    second.record_run(&record).await.unwrap();
}

/// On one host the file tells that the holder lives, whatever the clock says.
#[tokio::test]
async fn a_lease_that_ended_is_not_taken_while_its_process_holds_the_file() {
    let harness = Harness::sqlite();
    let (first, second) = (harness.open().await, harness.open().await);
    let lock = first.lock(MERCHANT, stopped).await.unwrap();
    harness.raw("UPDATE leases SET expires_at_ms = 0").await.unwrap();
    refused(second.lock(MERCHANT, stopped).await);
    lock.verify().await.unwrap();
}

/// The lease is a row and no property of a connection.
#[tokio::test]
async fn a_lock_outlives_its_connections() {
    let Some(harness) = Harness::postgres().await else { return };
    let (store, other) = (harness.open().await, harness.open().await);
    let lock = store.lock(MERCHANT, stopped).await.unwrap();
    let mut connection = sqlx::PgConnection::connect(&harness.url).await.unwrap();
    let killed: i64 = sqlx::query_scalar(
        "SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity
         WHERE datname = current_database() AND application_name = 'antom-recon'",
    )
    .fetch_one(&mut connection)
    .await
    .unwrap();
    assert!(killed >= 1);
    refused(other.lock(MERCHANT, stopped).await);
    lock.verify().await.unwrap();
}

/// Errors and signals drop the lock: the runtime has other threads, so it is free when that is done.
#[tokio::test(flavor = "multi_thread")]
async fn a_lock_dropped_by_a_run_that_fails_is_free_at_once() {
    let mut harnesses = vec![Harness::sqlite()];
    harnesses.extend(Harness::postgres().await);
    for harness in harnesses {
        let store = harness.open().await;
        drop(store.lock(MERCHANT, stopped).await.unwrap());
        assert_eq!(store.lease(MERCHANT, at(NOW)).await.unwrap(), None);
    }
}
