//! The roles of `cron/postgres-roles.sql`: each can do its part and nothing else.

use antom_recon::store::{DatabaseKind, QueryLedger, RunRecord, Store, StoreError, StoreOptions};
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use super::Harness;
use super::postgres::PASSWORD;
use super::samples::{MERCHANT, at, bare_discrepancy, day, entry, run};

/// The numbered parts of the file, its roles renamed: roles belong to the whole cluster, which other tests use as well.
fn parts(suffix: &str) -> [String; 3] {
    let file = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/cron/postgres-roles.sql")).unwrap();
    let renamed = ["recon_migrator", "recon_job", "recon_reader"]
        .iter()
        .fold(file, |text, role| text.replace(role, &format!("{role}_{suffix}")));
    let parts: Vec<&str> = renamed.split("\n-- 1. ").flat_map(|text| text.split("\n-- 2. ")).collect();
    let [_, first, rest] = parts[..] else { panic!("{} parts", parts.len()) };
    let (second, third) = rest.split_once("\n-- 3. ").unwrap();
    // The heading's first line lost the mark of a comment.
    [first, second, third].map(|part| format!("-- {part}"))
}

async fn as_role(harness: &Harness, role: &str, sql: String) -> Result<(), String> {
    let mut connection = PgConnection::connect(&url(harness, role)).await.unwrap();
    let done = sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await;
    done.map(|_| ()).map_err(|error| error.to_string())
}

fn url(harness: &Harness, role: &str) -> String {
    harness.url.replace("postgres://postgres:", &format!("postgres://{role}:"))
}

fn password(role: &str) -> String {
    format!("ALTER ROLE {role} PASSWORD '{PASSWORD}'")
}

#[tokio::test]
async fn migrator_job_and_reader_have_what_they_need_and_no_more() {
    let Some(harness) = Harness::postgres().await else { return };
    let suffix = harness.url.split("/test_").nth(1).unwrap().split('?').next().unwrap().to_owned();
    let [migrator, job, reader] = ["migrator", "job", "reader"].map(|role| format!("recon_{role}_{suffix}"));
    let [first, second, third] = parts(&suffix);
    as_role(&harness, "postgres", first).await.unwrap();
    for role in [&migrator, &job] {
        as_role(&harness, "postgres", password(role)).await.unwrap();
    }
    let options = || StoreOptions { schema: Some("recon".to_owned()), ..harness.options() };

    // Before there are tables, the job cannot make them, and says so.
    let error = Store::open(&url(&harness, &job), options()).await.unwrap_err();
    assert!(matches!(error, StoreError::Migration { .. }), "{error}");
    // What is printed and what is applied are the same, and neither needs the right to make schemas.
    let script = DatabaseKind::Postgres.script(1, Some("recon"));
    let (oldest, _) = script.split_once("-- Migration 2:").unwrap();
    as_role(&harness, &migrator, oldest.to_owned()).await.unwrap();
    as_role(&harness, &migrator, DatabaseKind::Postgres.script(2, Some("recon"))).await.unwrap();
    Store::open(&url(&harness, &migrator), options()).await.unwrap().close().await;
    as_role(&harness, &migrator, second).await.unwrap();

    let store = Store::open(&url(&harness, &job), options()).await.unwrap();
    let lock = store.lock(MERCHANT, antom_recon::clock::now).await.unwrap();
    let rows = [bare_discrepancy("D1", "2026-10-01")];
    let recorded = store.record_run(&RunRecord { discrepancies: &rows, lock: Some(&lock), ..run("2026-10-01") }).await;
    store.note_outputs(recorded.unwrap().run_id(), &[]).await.unwrap();
    let mut pending = entry("e-1", "1", "2026-10-01T00:00:00Z");
    pending.text.status = "PENDING".to_owned();
    for entry in [pending, entry("e-1", "1", "2026-10-01T00:00:01Z")] {
        let mut import = store.begin_import(at("2026-10-02T00:00:00Z")).await.unwrap();
        import.push(&[entry]).await.unwrap();
        import.commit().await.unwrap();
    }
    let (from, to) = (at("2026-10-01T00:00:00Z"), at("2026-10-02T00:00:00Z"));
    assert_eq!(store.read_ledger(from, to, std::io::sink()).await.unwrap(), 1);
    store.note_pruned(MERCHANT, &["aa"], day("2026-10-01"), at("2026-10-02T00:00:00Z")).await.unwrap();
    lock.release().await.unwrap();
    store.verify_chain(MERCHANT).await.unwrap();
    assert!(store.size().await.unwrap() > 0);
    store.close().await;
    for refused in [
        "CREATE TABLE recon.x (y INT)",
        "ALTER TABLE recon.runs DISABLE TRIGGER ALL",
        "UPDATE recon.runs SET outcome = ''",
        "DELETE FROM recon.ledger_entries",
        "TRUNCATE recon.answers",
        "INSERT INTO recon._sqlx_migrations VALUES (9999, 'x', now(), true, '', 0)",
    ] {
        let error = as_role(&harness, &job, refused.to_owned()).await.expect_err(refused);
        assert!(error.contains("permission denied") || error.contains("must be owner"), "{refused}: {error}");
    }

    // What the job may not delete it does not note as deleted either; the owner of the tables prunes.
    let place = tempfile::tempdir().unwrap();
    let prune = |role: &str| {
        let url = url(&harness, role);
        let config = format!(
            "[merchant]\nplatform_merchant_id = \"{MERCHANT}\"\ntimezone = \"+08:00\"\n[source]\nkind = \"directory\"\n\
             path = \".\"\n[ledger]\nkind = \"table\"\n[database]\nurl = \"{url}\"\nschema = \"recon\"\n"
        );
        std::fs::write(place.path().join("antom-recon.toml"), config).unwrap();
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_antom-recon"));
        command.args(["prune", "--before", "2026-10-01"]).current_dir(place.path()).env_clear();
        let output = command.output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, said) = prune(&job);
    let expected = format!(
        "the role `{job}` may not prune; expected `GRANT DELETE ON run_discrepancies, run_in_transit, run_cleared, prunings TO {job}`"
    );
    assert!(code == Some(2) && said.contains(&expected), "{code:?} {said}");
    let (code, said) = prune(&migrator);
    assert_eq!(code, Some(0), "{said}");

    // The ledger's own database: here a view on somebody's table in the same one.
    let view = "CREATE VIEW antom_recon_entries AS SELECT * FROM recon.ledger_entries".to_owned();
    as_role(&harness, "postgres", view).await.unwrap();
    as_role(&harness, "postgres", third).await.unwrap();
    as_role(&harness, "postgres", password(&reader)).await.unwrap();
    let mut ledger = QueryLedger::open(&url(&harness, &reader), &harness.options()).await.unwrap();
    assert_eq!(ledger.read("SELECT * FROM antom_recon_entries", from, to, std::io::sink()).await.unwrap(), 1);
    for refused in
        ["SELECT * FROM recon.ledger_entries", "SET transaction_read_only = off; DELETE FROM antom_recon_entries"]
    {
        as_role(&harness, &reader, refused.to_owned()).await.expect_err(refused);
    }
}
