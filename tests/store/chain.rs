//! The chain of runs: what it covers, and what becomes of a change.

use antom_recon::proof::HeldKind;
use antom_recon::store::{PublishedFile, RunId, RunRecord, Store, StoreError};

use super::samples::{
    Few, MERCHANT, at, bare_discrepancy, cleared, day, file, full_discrepancy, held, in_transit, run, volume,
};
use super::{Harness, on_both};

/// Changes rows as somebody would who may change everything: past the triggers.
pub async fn tamper(harness: &Harness, table: &str, sql: &str) {
    let sql = if harness.is_sqlite {
        format!(
            "DROP TRIGGER IF EXISTS {table}_refuses_update; DROP TRIGGER IF EXISTS {table}_refuses_delete;
             PRAGMA foreign_keys = OFF; {sql}"
        )
    } else {
        format!("SET session_replication_role = replica; {sql}")
    };
    harness.raw(Box::leak(sql.into_boxed_str())).await.unwrap();
}

/// Three days with something in every table.
async fn record(store: &Store) -> Vec<RunId> {
    let mut runs = Vec::new();
    for on in ["2026-10-01", "2026-10-02", "2026-10-03"] {
        let record = RunRecord {
            files: &[file("/v1/a.csv", "aa"), file("/v1/b.csv", "bb")],
            discrepancies: &[full_discrepancy("D2", on), bare_discrepancy("D1", on)],
            in_transit: &Few(&[in_transit("T1")]),
            cleared: &Few(&[cleared("C1")]),
            volumes: &[volume("seller-1", 5)],
            held: &[held("seller-1", HeldKind::Reserve, 5)],
            ..run(on)
        };
        let run = store.record_run(&record).await.unwrap().run_id();
        store.note_outputs(run, &outputs(on)).await.unwrap();
        runs.push(run);
    }
    runs
}

fn outputs(sha256: &str) -> Vec<PublishedFile> {
    ["a.csv", "b.csv"].map(|name| PublishedFile { name: name.to_owned(), size: 7, sha256: sha256.to_owned() }).into()
}

on_both! {
    async fn every_run_is_a_link(harness) {
        let store = harness.open().await;
        assert_eq!(store.verify_chain(MERCHANT).await.unwrap(), antom_recon::store::Chain::default());
        record(&store).await;
        let chain = store.verify_chain(MERCHANT).await.unwrap();
        assert_eq!((chain.runs, chain.not_chained, chain.head.len()), (3, 0, 64));
        // The same again adds nothing, a new revision a link.
        record(&store).await;
        assert_eq!(store.verify_chain(MERCHANT).await.unwrap(), chain);
        store.record_run(&RunRecord { outcome: "{}", ..run("2026-10-01") }).await.unwrap();
        let longer = store.verify_chain(MERCHANT).await.unwrap();
        assert_eq!(longer.runs, 4);
        assert_ne!(longer.head, chain.head);
        // Another merchant is another chain.
        store.record_run(&RunRecord { platform_merchant_id: "another", ..run("2026-10-01") }).await.unwrap();
        assert_eq!(store.verify_chain(MERCHANT).await.unwrap(), longer);
        assert_eq!(store.verify_chain("another").await.unwrap().runs, 1);
        // The configuration is part of it.
        let other = RunRecord { platform_merchant_id: "third", configuration_digest: "other", ..run("2026-10-01") };
        store.record_run(&other).await.unwrap();
    }

    async fn every_change_is_named(harness) {
        let store = harness.open().await;
        record(&store).await;
        let second = "(SELECT run_id FROM runs WHERE business_date = '2026-10-02')";
        let changes = [
            ("runs", "UPDATE runs SET outcome = outcome || ' '", "UPDATE runs SET outcome = trim(outcome)"),
            ("runs", "UPDATE runs SET program_version = '9'", "UPDATE runs SET program_version = '0.1.0'"),
            ("run_files", "UPDATE run_files SET sha256 = 'cc' WHERE position = 1",
                "UPDATE run_files SET sha256 = 'bb' WHERE position = 1"),
            ("run_discrepancies", "UPDATE run_discrepancies SET report_line = 1 WHERE discrepancy_id = 'D1'",
                "UPDATE run_discrepancies SET report_line = NULL WHERE discrepancy_id = 'D1'"),
            ("run_in_transit", "UPDATE run_in_transit SET amount = '726'", "UPDATE run_in_transit SET amount = '725'"),
            ("run_cleared", "UPDATE run_cleared SET item_id = 'C2'", "UPDATE run_cleared SET item_id = 'C1'"),
            ("run_hints", "UPDATE run_hints SET bucket = -bucket WHERE table_name = 'run_cleared'",
                "UPDATE run_hints SET bucket = -bucket WHERE table_name = 'run_cleared'"),
            ("run_volumes", "UPDATE run_volumes SET base_minor = '6'", "UPDATE run_volumes SET base_minor = '5'"),
            ("run_held", "UPDATE run_held SET amount_minor = '6'", "UPDATE run_held SET amount_minor = '5'"),
            ("run_chain", "UPDATE run_chain SET configuration_digest = 'x'",
                "UPDATE run_chain SET configuration_digest = 'configuration-1'"),
        ];
        for (table, change, back) in changes {
            tamper(harness, table, &format!("{change}{} run_id = {second}", word(change))).await;
            let message = integrity(&store).await;
            assert!(message.contains("run 2026-10-02 revision 1 has "), "{change}: {message}");
            let of_table = format!(" of `{table}` with the digest ");
            assert!(message.contains(&of_table) || ["runs", "run_chain"].contains(&table), "{change}: {message}");
            tamper(harness, table, &format!("{back}{} run_id = {second}", word(back))).await;
            store.verify_chain(MERCHANT).await.unwrap();
        }
        // What was published is known by the next link.
        tamper(harness, "run_outputs", &format!("UPDATE run_outputs SET size = 8 WHERE run_id = {second}")).await;
        let message = integrity(&store).await;
        assert!(message.contains("run 2026-10-03 revision 1 knows other outputs of the run before it"), "{message}");
        tamper(harness, "run_outputs", &format!("UPDATE run_outputs SET size = 7 WHERE run_id = {second}")).await;
        // A row that is gone, a link that is gone.
        tamper(harness, "run_chain", &format!("DELETE FROM run_chain WHERE run_id = {second}")).await;
        let message = integrity(&store).await;
        assert!(message.contains("run 2026-10-02 revision 1 has no link in the chain"), "{message}");
        for table in ["run_files", "run_discrepancies", "run_in_transit", "run_cleared", "run_hints", "run_volumes", "run_held", "run_outputs"] {
            tamper(harness, table, &format!("DELETE FROM {table} WHERE run_id = {second}")).await;
        }
        tamper(harness, "runs", "DELETE FROM runs WHERE business_date = '2026-10-02'").await;
        let message = integrity(&store).await;
        assert!(message.contains("run 2026-10-03 revision 1 is number 3 of the chain; expected 2"), "{message}");
    }

    async fn a_row_that_is_taken_away_is_noticed(harness) {
        let store = harness.open().await;
        record(&store).await;
        tamper(harness, "run_discrepancies", "DELETE FROM run_discrepancies WHERE discrepancy_id = 'D2'").await;
        let message = integrity(&store).await;
        let parts = ["run 2026-10-01 revision 1 has 1 rows of `run_discrepancies` with the digest `", "`; recorded were 2 with `"];
        parts.iter().for_each(|part| assert!(message.contains(part), "{message}"));
    }

    async fn runs_of_an_older_program_are_not_chained(harness) {
        let store = harness.open().await;
        record(&store).await;
        tamper(harness, "run_chain", "DELETE FROM run_chain").await;
        let chain = store.verify_chain(MERCHANT).await.unwrap();
        assert_eq!((chain.runs, chain.not_chained, &*chain.head), (0, 3, ""));
        store.record_run(&run("2026-10-04")).await.unwrap();
        let chain = store.verify_chain(MERCHANT).await.unwrap();
        assert_eq!((chain.runs, chain.not_chained), (1, 3));
    }

    async fn outputs_are_noted_once(harness) {
        let store = harness.open().await;
        let runs = record(&store).await;
        for _ in 0..2 {
            store.note_outputs(runs[0], &outputs("another")).await.unwrap();
        }
        let published = store.published_runs(MERCHANT).await.unwrap();
        assert_eq!(published.len(), 3);
        assert_eq!((published[0].business_date, published[0].revision), (day("2026-10-01"), 1));
        assert_eq!(published[0].publications, [outputs("2026-10-01"), outputs("another")]);
        assert_eq!(published[1].publications, [outputs("2026-10-02")]);
        // A later publication of an older run breaks no link.
        assert_eq!(store.verify_chain(MERCHANT).await.unwrap().runs, 3);
    }

    async fn pruned_files_are_noted(harness) {
        let store = harness.open().await;
        let now = at("2026-11-01T00:00:00Z");
        for _ in 0..2 {
            store.note_pruned(MERCHANT, &["aa", "bb"], day("2026-10-01"), now).await.unwrap();
        }
        store.note_pruned("another", &["cc"], day("2026-10-01"), now).await.unwrap();
        assert_eq!(store.pruned_digests(MERCHANT).await.unwrap().into_iter().collect::<Vec<_>>(), ["aa", "bb"]);
        record(&store).await;
        assert_eq!(store.files_of_all_runs(MERCHANT).await.unwrap().len(), 6);
        assert_eq!(store.digests_of_others(MERCHANT).await.unwrap().len(), 0);
        assert_eq!(store.digests_of_others("another").await.unwrap().len(), 2);
        assert!(store.size().await.unwrap() > 10_000);
    }
}

fn word(sql: &str) -> &'static str {
    if sql.contains(" WHERE ") { " AND" } else { " WHERE" }
}

async fn integrity(store: &Store) -> String {
    let error = store.verify_chain(MERCHANT).await.unwrap_err();
    assert!(matches!(error, StoreError::Integrity { .. }), "{error}");
    error.to_string()
}
