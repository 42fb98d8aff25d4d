//! One run per merchant at a time.

use antom_recon::store::StoreError;
use sqlx::Connection;

use super::samples::{MERCHANT, at};
use super::{Harness, on_both};

on_both! {
    async fn the_second_run_is_told_who_holds_the_lock_since_when(harness) {
        let (first, second) = (harness.open().await, harness.open().await);
        let mut lock = first.lock(MERCHANT, at("2026-10-02T01:02:03.456Z")).await.unwrap();
        lock.verify().await.unwrap();
        let error = second.lock(MERCHANT, at("2026-10-02T02:00:00Z")).await.unwrap_err();
        let message = error.to_string();
        let StoreError::Locked { merchant, holder, since } = error else { panic!("{message}") };
        assert_eq!((&*merchant, since), (MERCHANT, Some(at("2026-10-02T01:02:03Z"))));
        assert!(holder.starts_with(&format!("process {} on ", std::process::id())), "{holder}");
        assert!(message.contains("since 2026-10-02T01:02:03Z"), "{message}");

        // Another merchant is another lock.
        let other = second.lock("another/merchant", at("2026-10-02T02:00:00Z")).await.unwrap();
        lock.release().await.unwrap();
        let again = second.lock(MERCHANT, at("2026-10-02T02:00:00Z")).await.unwrap();
        drop((again, other));
    }

    async fn a_dropped_lock_is_free(harness) {
        let store = harness.open().await;
        drop(store.lock(MERCHANT, at("2026-10-02T01:00:00Z")).await.unwrap());
        // A server notices the closed connection a moment later.
        for attempt in 0.. {
            match store.lock(MERCHANT, at("2026-10-02T01:00:00Z")).await {
                Ok(_) => break,
                Err(StoreError::Locked { .. }) if attempt < 100 => tokio::time::sleep(std::time::Duration::from_millis(50)).await,
                Err(error) => panic!("{error}"),
            }
        }
    }
}

#[tokio::test]
async fn a_lock_whose_connection_died_says_so() {
    let Some(harness) = Harness::postgres().await else { return };
    let store = harness.open().await;
    let mut lock = store.lock(MERCHANT, at("2026-10-02T01:00:00Z")).await.unwrap();
    let mut connection = sqlx::PgConnection::connect(&harness.url).await.unwrap();
    let killed: i64 = sqlx::query_scalar(
        "SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity
         WHERE datname = current_database() AND application_name LIKE 'antom-recon/%'",
    )
    .fetch_one(&mut connection)
    .await
    .unwrap();
    assert_eq!(killed, 1);
    let error = lock.verify().await.unwrap_err();
    assert!(matches!(error, StoreError::Unreachable { .. }), "{error}");
}
