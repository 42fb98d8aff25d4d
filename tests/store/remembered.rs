//! What proofs remember of earlier days.

use antom_recon::id::DiscrepancyId;
use antom_recon::movement::ReportKind::{AccountActivity, SettlementDetails, TransactionDetails};
use antom_recon::proof::HeldKind;
use antom_recon::store::{Recorded, RunRecord, Store, StoreError};

use super::on_both;
use super::samples::{MERCHANT, day, full_discrepancy, header, held, run, volume};

/// Records a run that differs from the others of its date, so that it is a revision of its own.
async fn record(store: &Store, inputs: &str, record: &RunRecord<'_>) {
    let recorded = store.record_run(&RunRecord { inputs_digest: inputs, ..*record }).await.unwrap();
    assert!(matches!(recorded, Recorded::New { .. }), "{recorded:?}");
}

on_both! {
    async fn each_kind_has_the_headers_of_the_latest_date_that_has_any(harness) {
        let store = harness.open().await;
        let odd = "a,\"quoted\",with\ttab,nul\0,ü,,`tick`";
        let first = [header(SettlementDetails, "a,b"), header(TransactionDetails, odd), header(TransactionDetails, "c"),
            header(TransactionDetails, odd)];
        record(&store, "1", &RunRecord { headers: &first, ..run("2026-10-01") }).await;
        record(&store, "1", &RunRecord { headers: &[header(AccountActivity, "x")], ..run("2026-10-02") }).await;
        // Rerun without its activity: that date has none any more.
        record(&store, "2", &RunRecord { headers: &[header(SettlementDetails, "a,b,c")], ..run("2026-10-02") }).await;
        record(&store, "1", &RunRecord { headers: &[header(SettlementDetails, "later")], ..run("2026-10-04") }).await;
        let another = RunRecord { platform_merchant_id: "another", headers: &[header(SettlementDetails, "z")], ..run("2026-10-03") };
        record(&store, "1", &another).await;

        let columns = |text: &str| header(AccountActivity, text).columns;
        let details = (TransactionDetails, vec![columns(odd), columns("c")]);
        assert!(store.last_headers(MERCHANT, day("2026-10-01")).await.unwrap().is_empty());
        let on_the_second = [(SettlementDetails, vec![columns("a,b")]), details.clone()];
        assert_eq!(store.last_headers(MERCHANT, day("2026-10-02")).await.unwrap(), on_the_second.into());
        for on in ["2026-10-03", "2026-10-04"] {
            let expected = [(SettlementDetails, vec![columns("a,b,c")]), details.clone()];
            assert_eq!(store.last_headers(MERCHANT, day(on)).await.unwrap(), expected.into(), "{on}");
        }
    }

    async fn volumes_are_those_of_the_newest_revisions_between_two_dates(harness) {
        let store = harness.open().await;
        let large = [volume("b", i128::MAX), volume("a", i128::MIN), volume("", 0)];
        record(&store, "1", &RunRecord { volumes: &[volume("old", 1)], ..run("2026-10-02") }).await;
        record(&store, "2", &RunRecord { volumes: &large, ..run("2026-10-02") }).await;
        for on in ["2026-10-01", "2026-10-04", "2026-10-03"] {
            record(&store, "1", &RunRecord { volumes: &[volume(on, 1)], ..run(on) }).await;
        }
        record(&store, "1", &RunRecord { platform_merchant_id: "another", volumes: &large, ..run("2026-10-03") }).await;
        let found = store.volumes(MERCHANT, day("2026-10-02"), day("2026-10-04")).await.unwrap();
        let expected: Vec<_> = large.iter().map(|one| (day("2026-10-02"), one.clone()))
            .chain([(day("2026-10-03"), volume("2026-10-03", 1))]).collect();
        assert_eq!(found, expected);
        assert_eq!(store.volumes(MERCHANT, day("2026-10-04"), day("2026-10-04")).await.unwrap(), []);
    }

    async fn what_is_held_is_that_of_the_latest_date_before(harness) {
        let store = harness.open().await;
        let first = [held("a", HeldKind::Reserve, -725), held("", HeldKind::Collateral, i128::MAX)];
        record(&store, "1", &RunRecord { held: &[held("old", HeldKind::Reserve, 1)], ..run("2026-10-01") }).await;
        record(&store, "2", &RunRecord { held: &first, ..run("2026-10-01") }).await;
        record(&store, "1", &RunRecord { held: &[], ..run("2026-10-05") }).await;
        assert_eq!(store.held_before(MERCHANT, day("2026-10-01")).await.unwrap(), []);
        for on in ["2026-10-02", "2026-10-05"] {
            assert_eq!(store.held_before(MERCHANT, day(on)).await.unwrap(), first, "{on}");
        }
        assert_eq!(store.held_before(MERCHANT, day("2026-10-06")).await.unwrap(), [], "nothing is held any more");
        assert_eq!(store.held_before("another", day("2026-10-02")).await.unwrap(), []);
    }

    async fn ten_thousand_sellers_come_back_in_their_order(harness) {
        let store = harness.open().await;
        let volumes: Vec<_> = (0..25_001).map(|n| volume(&format!("seller-{}", n % 10_000), n)).collect();
        let kinds = [HeldKind::Reserve, HeldKind::Collateral];
        let held: Vec<_> = (0..20_001).map(|n| held(&format!("seller-{}", n % 10_000), kinds[n % 2], 5)).collect();
        record(&store, "1", &RunRecord { volumes: &volumes, held: &held, ..run("2026-10-01") }).await;
        let found = store.volumes(MERCHANT, day("2026-10-01"), day("2026-10-02")).await.unwrap();
        assert!(found.into_iter().map(|(_, volume)| volume).eq(volumes));
        assert!(store.held_before(MERCHANT, day("2026-10-02")).await.unwrap() == held);
    }

    async fn what_follows_from_the_inputs_makes_no_revision(harness) {
        let store = harness.open().await;
        let (headers, volumes, held) =
            ([header(AccountActivity, "x")], [volume("a", 1)], [held("a", HeldKind::Reserve, 1)]);
        record(&store, "1", &RunRecord { volumes: &volumes, ..run("2026-10-01") }).await;
        let other = RunRecord { inputs_digest: "1", headers: &headers, held: &held, ..run("2026-10-01") };
        assert!(matches!(store.record_run(&other).await.unwrap(), Recorded::Same { revision: 1, .. }));
        assert!(store.held_before(MERCHANT, day("2026-10-02")).await.unwrap().is_empty());
        record(&store, "2", &other).await;
        assert_eq!(store.held_before(MERCHANT, day("2026-10-02")).await.unwrap(), held);
        assert!(store.volumes(MERCHANT, day("2026-10-01"), day("2026-10-02")).await.unwrap().is_empty());
    }

    async fn a_discrepancy_is_still_listed_if_its_own_date_lists_it(harness) {
        let store = harness.open().await;
        let both = [full_discrepancy("D1", "2026-10-01"), full_discrepancy("D2", "2026-10-01")];
        record(&store, "1", &RunRecord { discrepancies: &both, ..run("2026-10-01") }).await;
        record(&store, "1", &RunRecord { discrepancies: &both, ..run("2026-10-02") }).await;
        let pair = |on: &str, id: &str| (day(on), DiscrepancyId::new(id));
        let mut asked = vec![pair("2026-10-01", "D1"), pair("2026-10-01", "D2"), pair("2026-10-03", "D1")];
        // More ids than one question holds.
        asked.extend((0..2_500).map(|n| pair("2026-10-01", &format!("unknown-{n}"))));
        let ids = |expected: &[&str]| expected.iter().map(|id| DiscrepancyId::new(*id)).collect();
        assert_eq!(store.still_listed(MERCHANT, &asked).await.unwrap(), ids(&["D1", "D2"]));
        // The first day is run anew and has no D1; the second, where it was carried to, does not count.
        record(&store, "2", &RunRecord { discrepancies: &both[1..], ..run("2026-10-01") }).await;
        assert_eq!(store.still_listed(MERCHANT, &asked).await.unwrap(), ids(&["D2"]));
        assert_eq!(store.still_listed(MERCHANT, &[pair("2026-10-02", "D1")]).await.unwrap(), ids(&["D1"]));
        assert!(store.still_listed(MERCHANT, &[pair("2026-10-03", "D1")]).await.unwrap().is_empty());
        assert!(store.still_listed("another", &asked).await.unwrap().is_empty());
        assert!(store.still_listed(MERCHANT, &[]).await.unwrap().is_empty());
    }

    async fn a_database_of_the_program_before_learns_to_remember(harness) {
        harness.open().await.close().await;
        harness.raw("DROP TABLE run_headers; DROP TABLE run_volumes; DROP TABLE run_held;
            DELETE FROM _sqlx_migrations WHERE version = 3;
            INSERT INTO runs (platform_merchant_id, business_date, revision, started_at_ms, finished_at_ms, program_version,
                inputs_digest, content_digest, outcome) VALUES ('2188120000000001', '2026-10-01', 1, 0, 0, '0', '', '', '{}')")
            .await.unwrap();
        let store = harness.open().await;
        assert!(store.latest_run(MERCHANT, day("2026-10-01")).await.unwrap().is_some());
        assert!(store.last_headers(MERCHANT, day("2026-10-02")).await.unwrap().is_empty());
        assert!(store.held_before(MERCHANT, day("2026-10-02")).await.unwrap().is_empty());
        record(&store, "2", &RunRecord { held: &[held("a", HeldKind::Reserve, 1)], ..run("2026-10-01") }).await;
        assert_eq!(store.held_before(MERCHANT, day("2026-10-02")).await.unwrap().len(), 1);
    }

    async fn rows_that_this_program_never_wrote_are_named(harness) {
        let store = harness.open().await;
        record(&store, "1", &run("2026-10-01")).await;
        harness.raw("INSERT INTO run_headers SELECT run_id, 0, 'transaction_details', '{}' FROM runs;
            INSERT INTO run_volumes SELECT run_id, 0, '2026-09-30', '', '', '', '', 'USD', '1.5' FROM runs;
            INSERT INTO run_held SELECT run_id, 0, '', '', 'USD', 'pledge', '1' FROM runs").await.unwrap();
        let next = day("2026-10-02");
        let is_damaged = |error: StoreError, part: &str| {
            let message = error.to_string();
            assert!(matches!(error, StoreError::Integrity { .. }) && message.contains(part), "{message}");
        };
        is_damaged(store.last_headers(MERCHANT, next).await.unwrap_err(), "columns is `{}`; expected a JSON list of texts");
        let volumes = store.volumes(MERCHANT, day("2026-10-01"), next).await;
        is_damaged(volumes.unwrap_err(), "base_minor is `1.5`; expected an integer");
        is_damaged(store.held_before(MERCHANT, next).await.unwrap_err(), "kind is `pledge`; expected a word");
    }
}
