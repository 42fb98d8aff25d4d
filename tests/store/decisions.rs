//! Decisions: a file at a time, only added, found again with the row that they decided on.

use antom_recon::decision::{Decision, DecisionKind};
use antom_recon::discrepancy::{ClearedRow, Discrepancy};
use antom_recon::id::DiscrepancyId;
use antom_recon::store::{NewDecision, NewDecisions, Recorded, RunId, RunRecord, Store, StoreError};

use super::on_both;
use super::samples::{Few, MERCHANT, at, bare_discrepancy, cleared, day, full_discrepancy, run};

async fn record(store: &Store, record: &RunRecord<'_>) -> RunId {
    match store.record_run(record).await.unwrap() {
        Recorded::New { run_id, .. } => run_id,
        same @ Recorded::Same { .. } => panic!("{same:?}"),
    }
}

fn decision(id: &str, kind: DecisionKind) -> Decision {
    Decision {
        discrepancy_id: DiscrepancyId::new(id),
        kind,
        decided_by: "anna, \"a\"".to_owned(),
        approved_by: "bob".to_owned(),
        assigned_to: "ü".to_owned(),
        reason: "line\nbreak, `tick`".to_owned(),
    }
}

/// Applies decisions on rows of a run, a line each from line 2 on.
async fn apply(store: &Store, file: &str, run: RunId, decisions: &[Decision]) -> Result<bool, StoreError> {
    let decisions: Vec<NewDecision<'_>> =
        (2..).zip(decisions).map(|(line, decision)| NewDecision { decision, line, row_run: run }).collect();
    let new = NewDecisions {
        platform_merchant_id: MERCHANT,
        sha256: file,
        name: "decided.csv",
        decided_at: at("2026-10-02T01:02:03.004Z"),
        run,
        decisions: &decisions,
    };
    store.apply_decisions(&new).await
}

on_both! {
    async fn decisions_come_back_in_their_order_with_the_row_decided_on(harness) {
        let store = harness.open().await;
        let rows = [full_discrepancy("D1", "2026-10-01"), bare_discrepancy("D2", "2026-10-01")];
        let run = record(&store, &RunRecord { discrepancies: &rows, ..run("2026-10-01") }).await;
        let made = [decision("D2", DecisionKind::Accept), decision("D1", DecisionKind::WriteOff)];
        assert!(apply(&store, "aa", run, &made).await.unwrap());
        assert!(apply(&store, "bb", run, &[decision("D2", DecisionKind::Reopen)]).await.unwrap());

        let found = store.decisions(MERCHANT).await.unwrap();
        let kinds: Vec<_> = found.iter().map(|one| one.taken.decision.kind).collect();
        assert_eq!(kinds, [DecisionKind::Accept, DecisionKind::WriteOff, DecisionKind::Reopen]);
        let second = &found[1].taken;
        assert_eq!((&second.decision, &second.row, found[1].row_run), (&made[1], &rows[0], run));
        assert_eq!((second.decided_on, second.line, second.file_sha256.as_str()), (day("2026-10-01"), 3, "aa"));
        assert_eq!(second.decided_at, at("2026-10-02T01:02:03.004Z"));
        let about = store.decisions_about(MERCHANT, &DiscrepancyId::new("D2")).await.unwrap();
        assert_eq!(about, [found[0].clone(), found[2].clone()]);
        assert!(store.decisions_about(MERCHANT, &DiscrepancyId::new("")).await.unwrap().is_empty());
        assert!(store.decisions("another").await.unwrap().is_empty());
    }

    async fn a_decision_holds_from_the_date_of_its_run_on(harness) {
        let store = harness.open().await;
        let rows = [full_discrepancy("D1", "2026-10-01")];
        record(&store, &RunRecord { discrepancies: &rows, ..run("2026-10-01") }).await;
        let second = record(&store, &RunRecord { discrepancies: &rows, ..run("2026-10-02") }).await;
        apply(&store, "aa", second, &[decision("D1", DecisionKind::Accept)]).await.unwrap();
        for (on, count) in [("2026-10-01", 0), ("2026-10-02", 1), ("2026-10-05", 1)] {
            assert_eq!(store.decisions_for(MERCHANT, day(on)).await.unwrap().len(), count, "{on}");
        }
    }

    async fn the_same_file_applies_nothing_again(harness) {
        let store = harness.open().await;
        let rows = [full_discrepancy("D1", "2026-10-01")];
        let run = record(&store, &RunRecord { discrepancies: &rows, ..run("2026-10-01") }).await;
        assert_eq!(store.decided_file(MERCHANT, "aa").await.unwrap(), None);
        assert!(apply(&store, "aa", run, &[decision("D1", DecisionKind::Accept)]).await.unwrap());
        assert!(!apply(&store, "aa", run, &[decision("D1", DecisionKind::Comment)]).await.unwrap());
        assert_eq!(store.decided_file(MERCHANT, "aa").await.unwrap(), Some(at("2026-10-02T01:02:03.004Z")));
        assert_eq!(store.decided_file("another", "aa").await.unwrap(), None);
        assert_eq!(store.decisions(MERCHANT).await.unwrap().len(), 1);
    }

    async fn a_row_that_the_run_does_not_list_leaves_nothing_behind(harness) {
        let store = harness.open().await;
        let rows = [full_discrepancy("D1", "2026-10-01")];
        let run = record(&store, &RunRecord { discrepancies: &rows, ..run("2026-10-01") }).await;
        let made = [decision("D1", DecisionKind::Accept), decision("D2", DecisionKind::Accept)];
        let error = apply(&store, "aa", run, &made).await.unwrap_err();
        assert!(matches!(error, StoreError::Integrity { .. }), "{error}");
        assert!(store.decisions(MERCHANT).await.unwrap().is_empty());
        assert_eq!(store.decided_file(MERCHANT, "aa").await.unwrap(), None);
    }

    async fn ten_thousand_decisions_are_one_transaction(harness) {
        let store = harness.open().await;
        let rows: Vec<Discrepancy> = (0..12_001).map(|n| bare_discrepancy(&format!("D{n:05}"), "2026-10-01")).collect();
        let run = record(&store, &RunRecord { discrepancies: &rows, ..run("2026-10-01") }).await;
        let made: Vec<Decision> = (0..12_001).map(|n| decision(&format!("D{n:05}"), DecisionKind::Accept)).collect();
        assert!(apply(&store, "aa", run, &made).await.unwrap());
        let found = store.decisions(MERCHANT).await.unwrap();
        assert!(found.into_iter().map(|one| one.taken.decision).eq(made));
    }

    async fn what_cleared_an_item_last_is_the_newest_revision_of_an_earlier_date(harness) {
        let store = harness.open().await;
        let rows: [ClearedRow; 2] = [cleared("C1"), cleared("C2")];
        record(&store, &RunRecord { cleared: &Few(&rows), ..run("2026-10-01") }).await;
        record(&store, &RunRecord { cleared: &Few(&rows), ..run("2026-10-02") }).await;
        // Run anew, the second day clears one of them no longer.
        record(&store, &RunRecord { inputs_digest: "2", cleared: &Few(&rows[..1]), ..run("2026-10-02") }).await;
        let of = async |on: &str| store.last_cleared_on(MERCHANT, day("2026-10-01")..day(on), &["C1", "C2", "C3"]).await.unwrap();
        assert!(of("2026-10-01").await.is_empty());
        let since = day("2026-10-02")..day("2026-10-03");
        assert_eq!(store.last_cleared_on(MERCHANT, since, &["C1", "C2"]).await.unwrap().len(), 1);
        let expected = [("C1".to_owned(), day("2026-10-02")), ("C2".to_owned(), day("2026-10-01"))];
        assert_eq!(of("2026-10-03").await, expected.into());
        assert_eq!(store.still_listed(MERCHANT, &[(day("2026-10-02"), DiscrepancyId::new("C1"))]).await.unwrap().len(), 1);
    }

    async fn decisions_refuse_to_change(harness) {
        let store = harness.open().await;
        let rows = [full_discrepancy("D1", "2026-10-01")];
        let run = record(&store, &RunRecord { discrepancies: &rows, ..run("2026-10-01") }).await;
        apply(&store, "aa", run, &[decision("D1", DecisionKind::Accept)]).await.unwrap();
        for sql in [
            "UPDATE decisions SET reason = ''",
            "DELETE FROM decisions",
            "UPDATE decision_files SET name = ''",
            "DELETE FROM decision_files",
        ] {
            let error = harness.raw(sql).await.expect_err(sql);
            assert!(error.contains("is history: rows are only added"), "{sql}: {error}");
        }
    }
}
