//! A server that goes away and comes back, and schemas of one's own on it.

use antom_recon::store::{DatabaseKind, Store, StoreError, StoreOptions};
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use super::Harness;
use super::postgres::Cluster;
use super::samples::{Few, MERCHANT, at, bare_discrepancy, day, entry, in_transit, in_transit_of, run};

/// Cuts every connection of the program to the database, and tells how many there were.
pub async fn cut(url: &str) -> i64 {
    let mut connection = PgConnection::connect(url).await.unwrap();
    let sql = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
         WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name LIKE 'antom-recon%'";
    sqlx::query_scalar(sql).fetch_one(&mut connection).await.unwrap()
}

#[tokio::test]
async fn a_connection_that_died_between_two_statements_is_replaced() {
    let Some(harness) = Harness::postgres().await else { return };
    let store = harness.open().await;
    for on in ["2026-10-01", "2026-10-02", "2026-10-03"] {
        // Whatever was asked last left a connection behind.
        store.latest_run(MERCHANT, day(on)).await.unwrap();
        assert!(cut(&harness.url).await > 0, "there was a connection");
        store.record_run(&run(on)).await.unwrap();
    }
    assert!(store.latest_run(MERCHANT, day("2026-10-03")).await.unwrap().is_some());
}

#[tokio::test]
async fn what_was_under_way_when_the_server_went_is_undone() {
    let Some(cluster) = Cluster::private("", |_| {}) else { return };
    let url = cluster.url("postgres");
    let store = Store::open(&url, StoreOptions::default()).await.unwrap();
    let lock = store.lock(MERCHANT, antom_recon::clock::now).await.unwrap();
    let mut import = store.begin_import(at("2026-10-01T00:00:00Z")).await.unwrap();
    import.push(&[entry("e-1", "1", "2026-10-01T00:00:00Z")]).await.unwrap();
    cluster.restart();
    let error = import.push(&[entry("e-2", "1", "2026-10-01T00:00:00Z")]).await.unwrap_err();
    assert!(matches!(error, StoreError::Unreachable { .. }), "{error}");
    assert_eq!(store.find_entries("e-1").await.unwrap(), []);
    // The lock is a row and not a connection, so that the restart takes it from nobody.
    lock.verify().await.unwrap();
    let items: Vec<_> = (0..3).map(|n| in_transit(&format!("T{n}"))).collect();
    let record = antom_recon::store::RunRecord { in_transit: &Few(&items), lock: Some(&lock), ..run("2026-10-01") };
    cluster.restart();
    let recorded = store.record_run(&record).await.unwrap();
    cluster.restart();
    assert_eq!(in_transit_of(&store, recorded.run_id()).await.len(), 3);
    lock.release().await.unwrap();
}

fn options(schema: &str) -> StoreOptions {
    StoreOptions { schema: Some(schema.to_owned()), ..StoreOptions::default() }
}

#[tokio::test]
async fn two_schemas_are_two_histories() {
    let Some(harness) = Harness::postgres().await else { return };
    let mut heads = Vec::new();
    for schema in ["recon", "_recon2"] {
        let (a, b) =
            tokio::join!(Store::open(&harness.url, options(schema)), Store::open(&harness.url, options(schema)));
        let (store, _) = (a.unwrap(), b.unwrap());
        assert_eq!(store.check_migrations().await.unwrap().newest, DatabaseKind::Postgres.newest());
        let rows = [bare_discrepancy(schema, "2026-10-01")];
        let record = antom_recon::store::RunRecord { discrepancies: &rows, ..run("2026-10-01") };
        let lock = store.lock(MERCHANT, antom_recon::clock::now).await.unwrap();
        assert_eq!(
            store.record_run(&record).await.unwrap().run_id(),
            store.record_run(&record).await.unwrap().run_id()
        );
        lock.release().await.unwrap();
        let chain = store.verify_chain(MERCHANT).await.unwrap();
        assert_eq!(chain.runs, 1);
        heads.push(chain.head);
        let mut import = store.begin_import(at("2026-10-01T00:00:00Z")).await.unwrap();
        import.push(&[entry(schema, "1", "2026-10-01T00:00:00Z")]).await.unwrap();
        assert_eq!(import.commit().await.unwrap().inserted, 1);
        let rows = store.read_ledger(at("2026-10-01T00:00:00Z"), at("2026-10-02T00:00:00Z"), std::io::sink()).await;
        assert_eq!(rows.unwrap(), 1);
    }
    assert_ne!(heads[0], heads[1]);
    let mut connection = PgConnection::connect(&harness.url).await.unwrap();
    let elsewhere: Vec<String> = sqlx::query_scalar(
        "SELECT nspname || '.' || relname FROM pg_class JOIN pg_namespace AS n ON n.oid = relnamespace
         WHERE nspname NOT IN ('recon', '_recon2', 'pg_catalog', 'pg_toast', 'information_schema')",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    assert_eq!(elsewhere, [""; 0], "nothing outside");
}

#[tokio::test]
async fn an_administrator_may_fill_the_schema() {
    let Some(harness) = Harness::postgres().await else { return };
    let script = DatabaseKind::Postgres.script(1, Some("recon"));
    let mut connection = PgConnection::connect(&harness.url).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(script)).execute(&mut connection).await.unwrap();
    let store = Store::open(&harness.url, options("recon")).await.unwrap();
    store.check_migrations().await.unwrap();
    store.record_run(&run("2026-10-01")).await.unwrap();
    let elsewhere = "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace";
    assert_eq!(sqlx::query_scalar::<_, i64>(elsewhere).fetch_one(&mut connection).await.unwrap(), 0);
}
