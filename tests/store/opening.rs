//! Opening a database, and every way in which that fails.

use std::time::{Duration, Instant};

use antom_recon::store::{Store, StoreError, StoreOptions};

use super::{Harness, on_both, postgres};

on_both! {
    async fn several_first_runs_at_once_agree_on_the_schema(harness) {
        let (a, b, c, d) = tokio::join!(harness.open(), harness.open(), harness.open(), harness.open());
        for store in [&a, &b, &c, &d] {
            let migrations = store.check_migrations().await.unwrap();
            // As many as the folder has, and the newest of them.
            let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/sqlite");
            let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
            let files: Vec<i64> = files.map(|name| name[..4].parse().unwrap()).collect();
            assert!(files.len() >= 6);
            assert_eq!((Some(&migrations.newest), migrations.applied), (files.iter().max(), files.len()));
        }
        a.close().await;
    }

    async fn a_database_of_a_newer_program_is_refused(harness) {
        harness.open().await;
        harness.raw("INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
            VALUES (9999, 'later', true, '', 0)").await.unwrap();
        let error = Store::open(&harness.url, harness.options()).await.unwrap_err();
        assert!(matches!(error, StoreError::Migration { .. }), "{error}");
        assert!(error.to_string().contains("migration 9999, which this program does not know; use the newer program"), "{error}");
    }

    async fn a_schema_that_was_changed_is_noticed(harness) {
        let store = harness.open().await;
        harness.raw("UPDATE _sqlx_migrations SET checksum = '' WHERE version = 2").await.unwrap();
        let error = store.check_migrations().await.unwrap_err();
        assert!(error.to_string().contains("migration 2 was applied with another content"), "{error}");
        harness.raw("DELETE FROM _sqlx_migrations WHERE version = 2").await.unwrap();
        let error = store.check_migrations().await.unwrap_err();
        assert!(error.to_string().contains("migration 2 is not applied"), "{error}");
    }

    async fn no_password_is_shown(harness) {
        let store = harness.open().await;
        for text in [format!("{store:?}"), store.name().to_owned()] {
            assert!(!text.contains(postgres::PASSWORD), "{text}");
        }
    }
}

/// What must be true of every such failure: the class that becomes exit code 4, the database's name, no password.
fn is_unreachable(error: &StoreError, part: &str) {
    let message = error.to_string();
    assert!(matches!(error, StoreError::Unreachable { .. }), "{message}");
    assert!(message.contains(part), "{message}");
    assert!(!message.contains("s3cret") && !format!("{error:?}").contains("s3cret"), "{message}");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unreachable() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url = format!("postgres://recon:s3cret@127.0.0.1:{port}/money");
    let error = Store::open(&url, quick()).await.unwrap_err();
    is_unreachable(&error, &format!("`postgres://recon@127.0.0.1:{port}/money`"));
}

#[tokio::test]
async fn a_server_that_never_answers_is_unreachable_in_time() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("postgres://recon:s3cret@127.0.0.1:{}/money", silent.local_addr().unwrap().port());
    let began = Instant::now();
    is_unreachable(&Store::open(&url, quick()).await.unwrap_err(), "no answer within");
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_refused_login_and_a_missing_database_are_unreachable() {
    let Some(cluster) = postgres::cluster() else { return };
    let wrong = cluster.url("postgres").replace(":s3cret@", ":s3cret-but-wrong@");
    is_unreachable(&Store::open(&wrong, quick()).await.unwrap_err(), "password authentication failed");
    is_unreachable(&Store::open(&cluster.url("nowhere"), quick()).await.unwrap_err(), "\"nowhere\" does not exist");
}

#[tokio::test]
async fn a_statement_that_takes_too_long_is_cancelled() {
    let Some(harness) = Harness::postgres().await else { return };
    let options = StoreOptions { statement_timeout: Duration::from_millis(300), ..harness.options() };
    let store = Store::open(&harness.url, options).await.unwrap();
    // Somebody else holds the table.
    let mut other = <sqlx::PgConnection as sqlx::Connection>::connect(&harness.url).await.unwrap();
    sqlx::raw_sql("BEGIN; LOCK TABLE runs").execute(&mut other).await.unwrap();
    is_unreachable(&store.runs_overview("m", 1).await.unwrap_err(), "statement timeout");
}

#[tokio::test]
async fn sqlite_creates_its_folder_and_says_what_is_in_the_way() {
    let harness = Harness::sqlite();
    harness.open().await;
    assert!(harness.folder.path().join("data/recon.db").exists());
    let below_a_file = Store::open("sqlite://data/recon.db/x.db", harness.options()).await.unwrap_err();
    is_unreachable(&below_a_file, "recon.db");
    std::fs::write(harness.folder.path().join("letter.db"), "Dear database, this is no database at all.".repeat(40))
        .unwrap();
    let error = Store::open("sqlite://letter.db", harness.options()).await.unwrap_err();
    assert!(matches!(error, StoreError::Integrity { .. }), "{error}");
    assert!(error.to_string().contains("not a database"), "{error}");
    let error = Store::open("mysql://recon:s3cret@db/money", harness.options()).await.unwrap_err();
    assert!(matches!(error, StoreError::Address { .. }), "{error}");
}

#[tokio::test]
async fn sqlite_survives_what_a_killed_process_leaves() {
    let harness = Harness::sqlite();
    harness.open().await;
    // The files of a process that held a transaction and was killed: no clean-up ran.
    let copy = Harness::sqlite();
    std::fs::create_dir(copy.folder.path().join("data")).unwrap();
    // More than the pages that it may hold, so that uncommitted ones are in the log already.
    let few_pages = StoreOptions { import_cache_bytes: 4 << 20, ..harness.options() };
    let store = Store::open(&harness.url, few_pages).await.unwrap();
    let mut import = store.begin_import(antom_recon::calendar::Instant::from_millis(0)).await.unwrap();
    for batch in 0..10 {
        let ids = (0..1_000).map(|n| format!("e-{batch}-{n}-{}", "x".repeat(4_500)));
        let entries: Vec<_> = ids.map(|id| super::samples::entry(&id, "1", "2026-10-01T00:00:00Z")).collect();
        import.push(&entries).await.unwrap();
    }
    let log = std::fs::metadata(harness.folder.path().join("data/recon.db-wal")).unwrap().len();
    assert!(log > 1_000_000, "{log}");
    for file in std::fs::read_dir(harness.folder.path().join("data")).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), copy.folder.path().join("data").join(file.file_name())).unwrap();
    }
    let after = copy.open().await;
    let (from, to) = (super::samples::at("1970-01-02T00:00:00Z"), super::samples::at("9989-01-01T00:00:00Z"));
    assert_eq!(after.read_ledger(from, to, std::io::sink()).await.unwrap(), 0);
    let mut again = after.begin_import(antom_recon::calendar::Instant::from_millis(0)).await.unwrap();
    again.push(&[super::samples::entry("e", "1", "2026-10-01T00:00:00Z")]).await.unwrap();
    assert_eq!(again.commit().await.unwrap().inserted, 1);
}

fn quick() -> StoreOptions {
    StoreOptions { connect_timeout: Duration::from_secs(2), ..StoreOptions::default() }
}

/// The job runs its futures on several threads.
#[allow(dead_code)]
fn futures_may_change_threads(store: &Store) {
    fn may<T: Send>(_: T) {}
    let (date, at) = (super::samples::day("2026-10-01"), super::samples::at("2026-10-01T00:00:00Z"));
    may(store.record_run(&super::samples::run("2026-10-01")));
    may(store.read_ledger(at, at, Vec::new()));
    may(store.carried_into("m", date));
    may(store.last_headers("m", date));
    may(store.volumes("m", date, date));
    may(store.held_before("m", date));
    may(store.still_listed("m", &[]));
    may(store.lock("m", antom_recon::clock::now));
}
