//! Migrations that an administrator applies apart.

use antom_recon::store::{DatabaseKind, Store};
use sqlx::{AssertSqlSafe, Connection};

use super::postgres::PASSWORD;
use super::samples::{MERCHANT, run};
use super::{Harness, on_both};

fn kind(harness: &Harness) -> DatabaseKind {
    if harness.is_sqlite { DatabaseKind::Sqlite } else { DatabaseKind::Postgres }
}

/// Runs a script with the database's own way to run several statements.
async fn apply(harness: &Harness, script: String) -> Result<(), String> {
    if harness.is_sqlite {
        std::fs::create_dir_all(harness.folder.path().join("data")).unwrap();
        std::fs::File::options().create(true).append(true).open(harness.folder.path().join("data/recon.db")).unwrap();
    }
    harness.raw(Box::leak(script.into_boxed_str())).await
}

on_both! {
    async fn a_schema_that_an_administrator_applied_is_the_programs_own(harness) {
        let kind = kind(harness);
        apply(harness, kind.script(1, None)).await.unwrap();
        let store = harness.open().await;
        let schema = store.check_migrations().await.unwrap();
        assert_eq!(schema.newest, kind.newest());
        store.record_run(&run("2026-10-01")).await.unwrap();
        // Twice is refused by the database, and changes nothing.
        apply(harness, kind.script(kind.newest(), None)).await.unwrap_err();
        store.check_migrations().await.unwrap();
    }

    async fn the_rest_is_printed_from_a_version_on(harness) {
        let kind = kind(harness);
        let script = kind.script(1, None);
        let (older, _) = script.split_once("-- Migration 4:").unwrap();
        apply(harness, older.to_owned()).await.unwrap();
        let rest = kind.script(4, None);
        assert!(!rest.contains("-- Migration 3:") && rest.contains("CREATE TABLE leases"), "{rest}");
        apply(harness, rest).await.unwrap();
        harness.open().await.check_migrations().await.unwrap();
    }

    async fn what_the_administrator_left_out_is_applied(harness) {
        let script = kind(harness).script(1, None);
        let (older, _) = script.split_once("-- Migration 3:").unwrap();
        apply(harness, older.to_owned()).await.unwrap();
        harness.open().await.check_migrations().await.unwrap();
    }
}

/// The program's user may read and write, and create nothing.
#[tokio::test]
async fn no_right_to_create_is_needed_for_a_schema_that_is_there() {
    let Some(harness) = Harness::postgres().await else { return };
    apply(&harness, DatabaseKind::Postgres.script(1, None)).await.unwrap();
    let (_, database) = harness.url.split_once("/test_").unwrap();
    let clerk = format!("clerk_{}", database.split('?').next().unwrap());
    let mut connection = sqlx::PgConnection::connect(&harness.url).await.unwrap();
    let grants = format!(
        "CREATE ROLE {clerk} LOGIN PASSWORD '{PASSWORD}'; GRANT USAGE ON SCHEMA public TO {clerk};
         GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {clerk};
         REVOKE CREATE ON SCHEMA public FROM PUBLIC"
    );
    sqlx::raw_sql(AssertSqlSafe(grants)).execute(&mut connection).await.unwrap();
    let url = harness.url.replace("postgres://postgres:", &format!("postgres://{clerk}:"));
    let store = Store::open(&url, harness.options()).await.unwrap();
    let lock = store.lock(MERCHANT, antom_recon::clock::now).await.unwrap();
    store.record_run(&run("2026-10-01")).await.unwrap();
    lock.release().await.unwrap();
    store.check_migrations().await.unwrap();
}

/// Names are quoted, and a schema that is not there is made where that is allowed.
#[tokio::test]
async fn a_script_makes_the_schema_unless_it_is_there() {
    let Some(harness) = Harness::postgres().await else { return };
    for schema in ["recon", "It's \"recon\""] {
        apply(&harness, DatabaseKind::Postgres.script(1, Some(schema))).await.unwrap();
        // Once more says that the tables are there, and nothing of the schema.
        let error = apply(&harness, DatabaseKind::Postgres.script(1, Some(schema))).await.unwrap_err();
        assert!(error.contains("relation") && error.contains("already exists"), "{error}");
    }
    let options = antom_recon::store::StoreOptions { schema: Some("recon".to_owned()), ..harness.options() };
    Store::open(&harness.url, options).await.unwrap().check_migrations().await.unwrap();
}
