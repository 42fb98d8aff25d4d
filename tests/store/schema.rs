//! The two schemas: the same names on both sides, and history that refuses to change.

use std::collections::BTreeSet;

use antom_recon::discrepancy::InTransitRow;
use antom_recon::movement::ReportKind;
use antom_recon::proof::HeldKind;
use antom_recon::store::{PublishedFile, RunRecord};
use sqlx::Connection;

use super::samples::{
    Few, MERCHANT, at, bare_discrepancy, base, cleared, day, file, header, held, in_transit, in_transit_of, run, volume,
};
use super::{Harness, on_both};

#[tokio::test]
async fn both_databases_have_the_same_tables_and_columns() {
    let Some(postgres) = Harness::postgres().await else { return };
    let sqlite = Harness::sqlite();
    let versions = [sqlite.open().await.check_migrations().await, postgres.open().await.check_migrations().await];
    assert_eq!(versions[0].as_ref().unwrap(), versions[1].as_ref().unwrap());

    let file = format!("sqlite://{}", sqlite.folder.path().join("data/recon.db").display());
    let mut connection = sqlx::SqliteConnection::connect(&file).await.unwrap();
    // Column, whether it may be missing, and whether it is part of the key.
    let ours: BTreeSet<(String, String, bool, bool)> = sqlx::query_as(
        "SELECT t.name, c.name, NOT c.\"notnull\", c.pk > 0 FROM sqlite_schema AS t, pragma_table_info(t.name) AS c
         WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite%' AND t.name NOT LIKE '_sqlx%'",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap()
    .into_iter()
    .collect();
    let mut connection = sqlx::PgConnection::connect(&postgres.url).await.unwrap();
    let theirs: BTreeSet<(String, String, bool, bool)> = sqlx::query_as(
        "SELECT c.relname::text, a.attname::text, NOT a.attnotnull, COALESCE(a.attnum = ANY(k.conkey), false)
         FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
         LEFT JOIN pg_constraint AS k ON k.conrelid = c.oid AND k.contype = 'p'
         WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND c.relname NOT LIKE '\\_sqlx%'",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap()
    .into_iter()
    .collect();
    assert!(ours.len() > 100, "{}", ours.len());
    assert_eq!(ours, theirs);
}

/// A database of before the tables of items were made again keeps its rows, and refuses as before to change them.
#[tokio::test]
async fn tables_that_are_made_again_keep_their_rows() {
    let harness = Harness::sqlite();
    std::fs::create_dir(harness.folder.path().join("data")).unwrap();
    let file = format!("sqlite://{}?mode=rwc", harness.folder.path().join("data/recon.db").display());
    let mut connection = sqlx::SqliteConnection::connect(&file).await.unwrap();
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations/sqlite");
    let migrator = sqlx::migrate::Migrator::new(folder).await.unwrap();
    migrator.run_to(9, &mut connection).await.unwrap();
    let rows = "INSERT INTO runs VALUES (1, '2188120000000001', '2026-10-01', 1, 0, 0, '', '', '', '', 0);
        INSERT INTO run_in_transit VALUES (1, 'T1', 'r', 'a', 'PAYMENT', 'USD', '725', 'report', '2026-10-01', '2026-10-09', 'w', '2026-09-30');
        INSERT INTO run_cleared VALUES (1, 'C1', 'r', 'a', 'PAYMENT', 'USD', '725', 'report', '2026-10-01', '2026-10-09', 'b', '2026-10-01', '');";
    sqlx::raw_sql(rows).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    let store = harness.open().await;
    // They have no hints, and are looked through; those of a run that is recorded now have.
    for (id, count) in [("r", 2), ("a", 2), ("T1", 1), ("C1", 1), ("b", 0)] {
        assert_eq!(store.history(MERCHANT, id).await.unwrap().len(), count, "{id}");
    }
    let items = [InTransitRow { request_id: "r".to_owned(), ..in_transit("T2") }];
    store.record_run(&RunRecord { in_transit: &Few(&items), ..run("2026-10-02") }).await.unwrap();
    let found: Vec<String> =
        store.history(MERCHANT, "r").await.unwrap().iter().map(|one| one.item_id().to_owned()).collect();
    assert_eq!(found, ["T1", "C1", "T2"]);
    let run = store.latest_run(MERCHANT, day("2026-10-01")).await.unwrap().unwrap().run_id;
    let items = in_transit_of(&store, run).await;
    assert_eq!((items[0].waits_for.as_str(), items[0].first_seen_on), ("w", Some(day("2026-09-30"))));
    for sql in ["UPDATE run_cleared SET amount = '0'", "DELETE FROM run_in_transit"] {
        assert!(harness.raw(sql).await.unwrap_err().contains("is history: rows are only added"), "{sql}");
    }
    // A row without its run is refused, at the end of its transaction.
    let stray = "PRAGMA foreign_keys = ON; INSERT INTO run_in_transit SELECT 7, item_id, request_id, antom_id, entry_type, currency, amount,
        side, business_date, due_on, waits_for, first_seen_on FROM run_in_transit";
    assert!(harness.raw(stray).await.unwrap_err().contains("FOREIGN KEY"));
}

#[test]
fn both_folders_have_the_same_migrations() {
    let names = |folder: &str| {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(folder);
        std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name()).collect::<BTreeSet<_>>()
    };
    assert_eq!(names("sqlite"), names("postgres"));
    assert!(names("sqlite").len() >= 4);
}

on_both! {
    async fn history_refuses_to_change(harness) {
        let store = harness.open().await;
        let record = RunRecord {
            files: &[file("/v1/a.csv", "aa")],
            discrepancies: &[bare_discrepancy("D1", "2026-10-01")],
            in_transit: &Few(&[in_transit("T1")]),
            cleared: &Few(&[cleared("C1")]),
            headers: &[header(ReportKind::AccountActivity, "a,b")],
            volumes: &[volume("seller-1", 5)],
            held: &[held("seller-1", HeldKind::Reserve, 5)],
            bases: &[base("2026-09-30")],
            ..run("2026-10-01")
        };
        store.record_run(&record).await.unwrap();
        let answer = antom_recon::store::NewAnswer {
            platform_merchant_id: MERCHANT, run_date: day("2026-10-01"), question: "q", endpoint: "e",
            asked_at: at("2026-10-01T00:00:00Z"), answered_at: None, http_status: None, signature: "", body: b"", outcome: "o",
        };
        store.save_answer(&answer).await.unwrap();
        let run = store.latest_run(MERCHANT, day("2026-10-01")).await.unwrap().unwrap().run_id;
        let output = PublishedFile { name: "a.csv".to_owned(), size: 1, sha256: "aa".to_owned() };
        store.note_outputs(run, &[output]).await.unwrap();
        store.note_pruned(MERCHANT, &["aa"], day("2026-10-01"), at("2026-10-01T00:00:00Z")).await.unwrap();
        for sql in [
            "UPDATE runs SET outcome = ''",
            "DELETE FROM runs",
            "UPDATE run_files SET lines = 0",
            "DELETE FROM run_files",
            "UPDATE files_seen SET sha256 = ''",
            "DELETE FROM files_seen",
            "UPDATE run_discrepancies SET explanation = ''",
            "DELETE FROM run_discrepancies",
            "UPDATE run_in_transit SET amount = '0'",
            "DELETE FROM run_in_transit",
            "UPDATE run_cleared SET cleared_by = ''",
            "DELETE FROM run_cleared",
            "UPDATE run_hints SET hints = ''",
            "DELETE FROM run_hints",
            "UPDATE run_headers SET columns = '[]'",
            "DELETE FROM run_headers",
            "UPDATE run_volumes SET base_minor = '0'",
            "DELETE FROM run_volumes",
            "UPDATE run_held SET amount_minor = '0'",
            "DELETE FROM run_held",
            "UPDATE run_bases SET revision = 9",
            "DELETE FROM run_bases",
            "UPDATE answers SET outcome = ''",
            "DELETE FROM answers",
            "UPDATE run_chain SET record_digest = ''",
            "DELETE FROM run_chain",
            "UPDATE run_outputs SET sha256 = ''",
            "DELETE FROM run_outputs",
            "UPDATE journal SET digest = ''",
            "DELETE FROM journal",
            "UPDATE run_digests SET rows_digest = ''",
            "DELETE FROM run_digests",
            "UPDATE pruned_files SET sha256 = ''",
            "DELETE FROM pruned_files",
        ] {
            let error = harness.raw(sql).await.expect_err(sql);
            assert!(error.contains("is history: rows are only added"), "{sql}: {error}");
        }
        assert_eq!(store.history(MERCHANT, "T1").await.unwrap().len(), 1);
        assert_eq!(store.answers_to(MERCHANT, "q").await.unwrap().len(), 1);
    }
}
