//! Recording runs and reading them back.

use std::convert::Infallible;
use std::time::{Duration, Instant};

use antom_recon::discrepancy::{ClearedRow, InTransitRow};
use antom_recon::id::DiscrepancyId;
use antom_recon::store::{Base, Event, Recorded, RunFile, RunRecord, Store, StoreError, StoreOptions};

use super::on_both;
use super::samples::{
    Few, MERCHANT, at, bare_discrepancy, cleared, day, file, full_discrepancy, in_transit, in_transit_of, run,
};

async fn record(store: &Store, record: &RunRecord<'_>) -> (bool, u32) {
    match store.record_run(record).await.unwrap() {
        Recorded::New { revision, .. } => (true, revision),
        Recorded::Same { revision, .. } => (false, revision),
    }
}

on_both! {
    async fn a_run_comes_back_as_it_was(harness) {
        let store = harness.open().await;
        let files = [file("/v1/b.csv", "aa"), file("/v1/a.csv", "bb")];
        let listed = [full_discrepancy("D1", "2026-10-01"), bare_discrepancy("D2", "2026-10-01")];
        let waiting = [in_transit("T1"), in_transit("T2")];
        let closed = [cleared("C1")];
        let record = RunRecord { files: &files, discrepancies: &listed, in_transit: &Few(&waiting), cleared: &Few(&closed), ..run("2026-10-01") };
        let Recorded::New { run_id, revision: 1 } = store.record_run(&record).await.unwrap() else { panic!("expected a new run") };

        let found = store.latest_run(MERCHANT, day("2026-10-01")).await.unwrap().unwrap();
        assert_eq!((found.run_id, found.revision), (run_id, 1));
        assert_eq!((found.started_at, found.finished_at), (record.started_at, record.finished_at));
        assert_eq!((&*found.program_version, &*found.inputs_digest, &*found.outcome), ("0.1.0", "inputs-1", "{\"matched\":1}"));
        assert_eq!(store.files_of(MERCHANT, day("2026-10-01")).await.unwrap(), files);
        assert_eq!(store.discrepancies_of(run_id).await.unwrap(), listed);
        let items = in_transit_of(&store, run_id).await;
        assert_eq!(items.len(), 2);
        for (item, row) in items.iter().zip(&waiting) {
            assert_eq!((&item.item_id, &item.request_id, &item.antom_id), (&row.item_id, &row.request_id, &row.antom_id));
            assert_eq!((item.entry_type, item.currency, item.amount), (row.entry_type, row.currency, row.amount));
            assert_eq!((item.side, item.business_date, item.due_on), (row.side, row.business_date, row.due_on));
            assert_eq!(item.waits_for, row.waits_for);
        }
        let history = store.history(MERCHANT, "C1").await.unwrap();
        assert!(matches!(&*history, [one] if one.event == Event::Cleared(closed[0].clone())), "{history:?}");
        assert_eq!(store.latest_run("another", day("2026-10-01")).await.unwrap(), None);
        assert_eq!(store.files_of("another", day("2026-10-01")).await.unwrap(), []);
    }

    async fn the_same_run_again_adds_nothing_and_another_content_is_a_revision(harness) {
        let store = harness.open().await;
        let listed = [full_discrepancy("D1", "2026-10-01")];
        let first = RunRecord { discrepancies: &listed, ..run("2026-10-01") };
        assert_eq!(record(&store, &first).await, (true, 1));
        let later = RunRecord { started_at: at("2026-10-03T00:00:00Z"), finished_at: at("2026-10-03T00:00:01Z"), ..first };
        assert_eq!(record(&store, &later).await, (false, 1));
        let waiting = [in_transit("T1")];
        let changes = [
            RunRecord { inputs_digest: "inputs-2", ..first },
            RunRecord { outcome: "{\"matched\":2}", ..first },
            RunRecord { discrepancies: &[], ..first },
            RunRecord { in_transit: &Few(&waiting), ..first },
        ];
        for (at, changed) in changes.iter().enumerate() {
            let revision = u32::try_from(at).unwrap() + 2;
            assert_eq!(record(&store, changed).await, (true, revision));
            assert_eq!(record(&store, changed).await, (false, revision));
        }
        // Back to the first content: not the newest, so it is a correction of its own.
        assert_eq!(record(&store, &first).await, (true, 6));
        let overview = store.runs_overview(MERCHANT, 10).await.unwrap();
        assert_eq!(overview.len(), 1);
        assert_eq!((overview[0].run.revision, overview[0].discrepancies, overview[0].in_transit), (6, 1, 0));
    }

    async fn a_nul_character_in_a_report_does_not_stop_the_run(harness) {
        let store = harness.open().await;
        let mut odd = full_discrepancy("D1", "2026-10-01");
        odd.entry_type = "PAY\0MENT".to_owned();
        odd.typed = None;
        let listed = [odd];
        let odd_run = RunRecord { discrepancies: &listed, ..run("2026-10-01") };
        assert_eq!(record(&store, &odd_run).await, (true, 1));
        assert_eq!(record(&store, &odd_run).await, (false, 1));
        let history = store.history(MERCHANT, "D1").await.unwrap();
        let Event::Listed(row) = &history[0].event else { panic!("{history:?}") };
        assert_eq!(row.entry_type, "PAY\u{fffd}MENT");
    }

    async fn a_run_that_fails_midway_leaves_nothing(harness) {
        let store = harness.open().await;
        let files = [file("/v1/a.csv", "aa")];
        let listed = [full_discrepancy("D1", "2026-10-01")];
        let twice = [in_transit("T1"), in_transit("T1")];
        let broken = RunRecord { files: &files, discrepancies: &listed, in_transit: &Few(&twice), ..run("2026-10-01") };
        let error = store.record_run(&broken).await.unwrap_err();
        assert!(matches!(error, StoreError::Integrity { .. }), "{error}");
        assert_eq!(store.latest_run(MERCHANT, day("2026-10-01")).await.unwrap(), None);
        assert_eq!(store.history(MERCHANT, "D1").await.unwrap(), []);
        assert_eq!(store.older_content_of_path(MERCHANT, "/v1/a.csv", "").await.unwrap(), None);
        let mended = RunRecord { in_transit: &Few(&twice[..1]), ..broken };
        assert_eq!(record(&store, &mended).await, (true, 1));
    }

    async fn a_day_carries_in_what_the_latest_day_before_left(harness) {
        let store = harness.open().await;
        let (old, new) = ([full_discrepancy("OLD", "2026-10-01")], [full_discrepancy("NEW", "2026-10-02")]);
        let (waiting, later) = ([in_transit("T1")], [full_discrepancy("LATER", "2026-10-05")]);
        record(&store, &RunRecord { discrepancies: &old, ..run("2026-10-01") }).await;
        record(&store, &RunRecord { discrepancies: &old, ..run("2026-10-02") }).await;
        record(&store, &RunRecord { discrepancies: &new, in_transit: &Few(&waiting), ..run("2026-10-02") }).await;
        record(&store, &RunRecord { discrepancies: &later, ..run("2026-10-05") }).await;
        record(&store, &RunRecord { platform_merchant_id: "other", discrepancies: &later, ..run("2026-10-03") }).await;

        assert_eq!(store.carried_into(MERCHANT, day("2026-10-01")).await.unwrap(), None);
        // The same for the next day, a rerun of an old day and a day after a gap.
        for on in ["2026-10-03", "2026-10-04", "2026-10-05"] {
            let carried = store.carried_into(MERCHANT, day(on)).await.unwrap().unwrap();
            assert_eq!((carried.run.business_date, carried.run.revision), (day("2026-10-02"), 2), "{on}");
            assert_eq!(carried.discrepancies, new);
            assert_eq!(in_transit_of(&store, carried.run.run_id).await.len(), 1);
        }
        let dates = store.completed_dates(MERCHANT, day("2026-10-02"), day("2026-10-05")).await.unwrap();
        assert_eq!(dates, [day("2026-10-02"), day("2026-10-05")]);
    }

    async fn discrepancies_keep_the_date_of_their_first_listing(harness) {
        let store = harness.open().await;
        record(&store, &RunRecord { discrepancies: &[full_discrepancy("D1", "2026-10-01")], ..run("2026-10-01") }).await;
        record(&store, &RunRecord { ..run("2026-10-01") }).await;
        record(&store, &RunRecord { discrepancies: &[full_discrepancy("D2", "2026-10-03")], ..run("2026-10-03") }).await;
        // More ids than one question holds.
        let mut ids: Vec<_> = (0..2_500).map(|n| DiscrepancyId::new(format!("unknown-{n}"))).collect();
        ids.extend(["D1", "D2"].map(DiscrepancyId::new));
        let seen = store.first_seen_on(MERCHANT, day("2026-10-04"), &ids).await.unwrap();
        let expected = [("D1", "2026-10-01"), ("D2", "2026-10-03")].map(|(id, on)| (DiscrepancyId::new(id), day(on)));
        assert_eq!(seen, expected.clone().into());
        let earlier = store.first_seen_on(MERCHANT, day("2026-10-03"), &ids).await.unwrap();
        assert_eq!(earlier, expected[..1].iter().cloned().collect());
        assert!(store.first_seen_on("another", day("2026-10-04"), &ids).await.unwrap().is_empty());
    }

    async fn history_tells_everything_said_about_an_id(harness) {
        let store = harness.open().await;
        let waiting = [in_transit("X")];
        let listed = [full_discrepancy("X", "2026-10-02")];
        let closed = [cleared("X")];
        record(&store, &RunRecord { discrepancies: &listed, ..run("2026-10-02") }).await;
        record(&store, &RunRecord { in_transit: &Few(&waiting), ..run("2026-10-01") }).await;
        record(&store, &RunRecord { discrepancies: &listed, inputs_digest: "inputs-2", ..run("2026-10-02") }).await;
        record(&store, &RunRecord { cleared: &Few(&closed), ..run("2026-10-03") }).await;
        let history = store.history(MERCHANT, "X").await.unwrap();
        let told: Vec<_> = history
            .iter()
            .map(|one| {
                let what = match &one.event {
                    Event::InTransit(_) => "in transit",
                    Event::Listed(row) if **row == listed[0] => "listed",
                    Event::Cleared(row) if *row == closed[0] => "cleared",
                    other => panic!("{other:?}"),
                };
                (one.run_date.to_string(), one.revision, one.superseded, what)
            })
            .collect();
        let row = |on: &str, revision, superseded, what| (on.to_owned(), revision, superseded, what);
        assert_eq!(told, [
            row("2026-10-01", 1, false, "in transit"),
            row("2026-10-02", 1, true, "listed"),
            row("2026-10-02", 2, false, "listed"),
            row("2026-10-03", 1, false, "cleared"),
        ]);
        assert_eq!(store.history(MERCHANT, "refund-1").await.unwrap().len(), 2);
        assert_eq!(store.history(MERCHANT, "2026100119401080").await.unwrap().len(), 2);
        assert_eq!(store.history(MERCHANT, "").await.unwrap(), []);
    }

    async fn history_finds_an_id_among_many_items(harness) {
        let store = harness.open().await;
        let item = |number: u32| InTransitRow {
            request_id: format!("request-{number}"),
            // One of everybody's, and one of a hundred rows with every other beginning.
            antom_id: if number % 30 == 7 { "of many".to_owned() } else { "of all".to_owned() },
            ..in_transit(&format!("{number:04}-of-a-run"))
        };
        let items: Vec<InTransitRow> = (0..3_000).map(item).collect();
        let close = |item: InTransitRow| ClearedRow {
            request_id: item.request_id, antom_id: item.antom_id, ..cleared(&item.item_id)
        };
        let closed: Vec<ClearedRow> = items[..1_000].iter().cloned().map(close).collect();
        record(&store, &RunRecord { in_transit: &Few(&items), ..run("2026-10-01") }).await;
        record(&store, &RunRecord { in_transit: &Few(&items[1_000..]), cleared: &Few(&closed), ..run("2026-10-02") }).await;
        let counts = async |id: &str| {
            let found = store.history(MERCHANT, id).await.unwrap();
            let cleared = found.iter().filter(|one| matches!(one.event, Event::Cleared(_))).count();
            assert!(found.is_sorted_by_key(|one| (one.run_date, one.rank(), one.item_id().to_owned())), "{id}");
            (found.len(), cleared)
        };
        for (id, expected) in [
            ("request-0", (2, 1)),
            ("request-2999", (2, 0)),
            ("request-3000", (0, 0)),
            ("0999-of-a-run", (2, 1)),
            ("of many", (200, 34)),
            ("of all", (5_800, 966)),
        ] {
            assert_eq!(counts(id).await, expected, "{id}");
        }
        assert_eq!(store.history("another", "of all").await.unwrap(), []);
    }

    async fn reading_many_items_may_take_longer_than_a_statement(harness) {
        let items: Vec<InTransitRow> = (0..2_000).map(|number| in_transit(&format!("{number:04}"))).collect();
        let store = harness.open().await;
        let record = RunRecord { in_transit: &Few(&items), ..run("2026-10-01") };
        let Recorded::New { run_id, .. } = store.record_run(&record).await.unwrap() else { panic!("the first run") };
        let limit = Duration::from_millis(400);
        let options = StoreOptions { connect_timeout: limit, statement_timeout: limit, ..harness.options() };
        let impatient = Store::open(&harness.url, options).await.unwrap();
        let started = Instant::now();
        let mut shown = 0;
        // Whoever gets them writes them to the disk, or reads on later.
        let slowly = |_| {
            shown += 1;
            std::thread::sleep(Duration::from_millis(1));
            Ok::<(), Infallible>(())
        };
        let Ok(()) = impatient.each_in_transit(run_id, slowly).await.unwrap();
        assert!(shown == items.len() && started.elapsed() > 2 * limit, "{shown} in {:?}", started.elapsed());
    }

    async fn the_overview_counts_the_newest_dates_first(harness) {
        let store = harness.open().await;
        let items: Vec<_> = (0..2_345).map(|n| in_transit(&format!("T{n:05}"))).collect();
        for on in ["2026-10-03", "2026-10-01", "2026-10-02"] {
            record(&store, &RunRecord { in_transit: &Few(&items), ..run(on) }).await;
        }
        let overview = store.runs_overview(MERCHANT, 2).await.unwrap();
        let told: Vec<_> = overview.iter().map(|one| (one.run.business_date, one.discrepancies, one.in_transit)).collect();
        assert_eq!(told, [(day("2026-10-03"), 0, 2_345), (day("2026-10-02"), 0, 2_345)]);
    }

    async fn the_revisions_of_a_date_and_what_was_run_after_them(harness) {
        let store = harness.open().await;
        let revisions = || store.revisions_of(MERCHANT, day("2026-10-01"));
        assert_eq!(revisions().await.unwrap(), []);
        assert_eq!(store.completed_range(MERCHANT).await.unwrap(), None);
        record(&store, &RunRecord { files: &[file("/a", "aa"), file("/b", "bb")], ..run("2026-10-01") }).await;
        record(&store, &run("2026-10-03")).await;
        record(&store, &RunRecord { files: &[file("/a", "cc")], ..run("2026-10-01") }).await;
        record(&store, &run("2026-10-04")).await;
        let known = revisions().await.unwrap();
        let told: Vec<_> = known.iter().map(|one| (one.revision, one.files.len(), one.files[0].sha256.as_str())).collect();
        assert_eq!(told, [(2, 1, "cc"), (1, 2, "aa")]);
        let after = |before| store.dates_run_after(MERCHANT, day("2026-10-01"), before);
        assert_eq!(after(None).await.unwrap(), [day("2026-10-03"), day("2026-10-04")]);
        assert_eq!(after(Some(known[0].run_id)).await.unwrap(), [day("2026-10-03")]);
        assert_eq!(after(Some(known[1].run_id)).await.unwrap(), []);
        assert_eq!(store.completed_range(MERCHANT).await.unwrap(), Some((day("2026-10-01"), day("2026-10-04"))));
        assert_eq!(store.completed_range("another").await.unwrap(), None);
    }

    async fn what_a_run_rests_on_is_kept_and_compared(harness) {
        let store = harness.open().await;
        record(&store, &RunRecord { files: &[file("/a", "aa")], ..run("2026-10-01") }).await;
        let standing = || store.standing(MERCHANT, day("2026-10-01"), day("2026-10-02"));
        let before = standing().await.unwrap()[&day("2026-10-01")].clone();
        let base = Base {
            on: day("2026-10-01"),
            revision: before.revision,
            reports: before.reports.clone(),
            content: String::new(),
        };
        record(&store, &RunRecord { bases: std::slice::from_ref(&base), ..run("2026-10-02") }).await;
        let bases = store.bases(MERCHANT, day("2026-10-01"), day("2026-10-02")).await.unwrap();
        let second = store.latest_run(MERCHANT, day("2026-10-02")).await.unwrap().unwrap().run_id;
        assert_eq!(bases, [(second, [(base.on, base)].into())].into());
        // Another ledger changes what the date came to, and not its reports.
        let ledger = RunFile { kind: "ledger".to_owned(), ..file("ledger", "l1") };
        record(&store, &RunRecord { files: &[file("/a", "aa"), ledger], ..run("2026-10-01") }).await;
        let after = standing().await.unwrap()[&day("2026-10-01")].clone();
        assert_eq!((after.revision, &after.reports), (2, &before.reports));
        assert_ne!(after.content, before.content);
        record(&store, &RunRecord { files: &[file("/a", "bb")], ..run("2026-10-01") }).await;
        assert_ne!(standing().await.unwrap()[&day("2026-10-01")].reports, before.reports);
    }

    async fn files_of_a_directory_are_found_by_their_newest_content(harness) {
        let store = harness.open().await;
        let root = format!("/v1/settlements/{MERCHANT}");
        let path = |rest: &str| format!("{root}/{rest}");
        let (a, b, other, beyond) =
            (path("20261001/a.csv"), path("20261001/b.csv"), path("20261002/a.csv"), path("202610010/a.csv"));
        store.note_files_seen(MERCHANT, &[(&a, "aa"), (&b, "bb")], at("2026-10-01T00:00:00Z")).await.unwrap();
        store.note_files_seen(MERCHANT, &[(&a, "cc"), (&other, "dd"), (&beyond, "ee")], at("2026-10-02T00:00:00Z")).await.unwrap();
        let expected = [(a.clone(), "cc".to_owned()), (b, "bb".to_owned())];
        assert_eq!(store.contents_in(MERCHANT, &path("20261001"), None).await.unwrap(), expected);
        for (since, count) in [("2026-09-30T23:59:59Z", 2), ("2026-10-01T00:00:00Z", 1), ("2026-10-02T00:00:00Z", 0)] {
            let since = store.contents_in(MERCHANT, &path("20261001"), Some(at(since))).await.unwrap();
            assert_eq!(since, expected[..count]);
        }
        assert_eq!(store.contents_of_date(MERCHANT, day("2026-10-01")).await.unwrap(), expected);
        assert_eq!(store.contents_of_date(MERCHANT, day("2026-10-03")).await.unwrap(), []);
        assert_eq!(store.contents_of_date("another", day("2026-10-01")).await.unwrap(), []);
    }

    async fn a_restated_file_is_told_the_same_way_every_time(harness) {
        let store = harness.open().await;
        let path = "/v1/settlements/a.csv";
        let (first, before) = ([file(path, "aa")], at("2026-10-01T00:00:00Z"));
        store.record_run(&RunRecord { files: &first, finished_at: before, ..run("2026-09-30") }).await.unwrap();
        assert_eq!(store.older_content_of_path(MERCHANT, path, "aa").await.unwrap(), None);
        let files = [file(path, "bb")];
        for _ in 0..2 {
            let other = store.older_content_of_path(MERCHANT, path, "bb").await.unwrap().unwrap();
            assert_eq!((&*other.sha256, other.first_seen_at), ("aa", at("2026-10-01T00:00:00Z")));
            store.record_run(&RunRecord { files: &files, ..run("2026-10-01") }).await.unwrap();
        }
        let last = store.older_content_of_path(MERCHANT, path, "").await.unwrap().unwrap();
        assert_eq!((&*last.sha256, last.first_seen_at), ("bb", run("2026-10-01").finished_at));
        // What came after a content is none that it replaced.
        assert_eq!(store.older_content_of_path(MERCHANT, path, "aa").await.unwrap(), None);
        // Seen again: the first time stays.
        let later = at("2027-01-01T00:00:00Z");
        store.record_run(&RunRecord { files: &first, finished_at: later, ..run("2026-10-02") }).await.unwrap();
        assert_eq!(store.older_content_of_path(MERCHANT, path, "").await.unwrap(), Some(last));
        assert_eq!(store.older_content_of_path("another", path, "").await.unwrap(), None);
    }
}
