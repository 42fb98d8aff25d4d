//! The built-in ledger: importing and reading it.

use antom_recon::calendar::Instant;
use antom_recon::store::{Imported, NewEntry, Store, StoreError};
use sqlx::Connection as _;

use super::samples::{at, entry};
use super::{Harness, on_both};

const HEADER: &str = "entry_id,entry_type,request_id,antom_id,original_request_id,original_antom_id,order_id,\
                      sub_merchant_id,amount_minor,currency,status,occurred_at,settle_to,refund_from,settlement_batch_id\n";

async fn import(store: &Store, entries: &[NewEntry]) -> Result<Imported, StoreError> {
    let mut import = store.begin_import(at("2026-10-02T00:00:00Z")).await?;
    import.push(entries).await?;
    import.commit().await
}

async fn read(store: &Store, from: &str, to: &str) -> String {
    let mut bytes = Vec::new();
    let rows = store.read_ledger(at(from), at(to), &mut bytes).await.unwrap();
    let text = String::from_utf8(bytes).unwrap();
    let body = text.strip_prefix(HEADER).expect("the contract's header").to_owned();
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    assert_eq!(reader.records().map(Result::unwrap).count() as u64, rows);
    body
}

async fn read_all(store: &Store) -> String {
    read(store, "1970-01-02T00:00:00Z", "9989-01-01T00:00:00Z").await
}

#[tokio::test]
async fn an_import_waits_for_one_that_adds_the_same_entries() {
    let Some(harness) = Harness::postgres().await else { return };
    let store = harness.open().await;
    let entries: Vec<_> = (0..100).map(|n| entry(&format!("e-{n:03}"), "1", "2026-10-01T00:00:00Z")).collect();
    let mut first = store.begin_import(at("2026-10-02T00:00:00Z")).await.unwrap();
    first.push(&entries[50..]).await.unwrap();
    let second = tokio::spawn({
        let (store, entries) = (store.clone(), entries.clone());
        async move { import(&store, &entries).await }
    });
    // The second has to have seen that nothing is there yet.
    let mut connection = sqlx::PgConnection::connect(&harness.url).await.unwrap();
    let waits = "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'";
    while sqlx::query_scalar::<_, i64>(waits).fetch_one(&mut connection).await.unwrap() == 0 {
        assert!(!second.is_finished(), "the second import did not wait");
        tokio::task::yield_now().await;
    }
    assert_eq!(first.commit().await.unwrap().inserted, 50);
    assert_eq!(second.await.unwrap().unwrap(), Imported { inserted: 50, updated: 0, unchanged: 50 });
    assert_eq!(read_all(&store).await.lines().count(), 100);
}

#[tokio::test]
async fn an_entry_with_a_character_that_parts_cells_is_refused() {
    let harness = Harness::sqlite();
    let store = harness.open().await;
    import(&store, &[entry("e-1", "1", "2026-10-01T00:00:00Z")]).await.unwrap();
    harness.raw("UPDATE ledger_entries SET order_id = 'a' || char(0) || 'b'").await.unwrap();
    let whole = (at("1970-01-02T00:00:00Z"), at("9989-01-01T00:00:00Z"));
    let error = store.read_ledger(whole.0, whole.1, std::io::sink()).await.unwrap_err();
    assert!(matches!(error, StoreError::Integrity { .. }), "{error}");
    assert!(error.to_string().contains("an entry holds a NUL character: `e-1,PAYMENT,pay-e-1,"), "{error}");
}

on_both! {
    async fn entries_come_back_as_canonical_csv_in_byte_order(harness) {
        let store = harness.open().await;
        let mut odd = entry("b", "-725", "2026-10-01T10:00:00+08:00");
        odd.text.order_id = "says \"hi\", twice".to_owned();
        odd.text.sub_merchant_id = "two\nlines".to_owned();
        odd.text.settle_to = "SELLER".to_owned();
        odd.text.refund_from = "MARKETPLACE".to_owned();
        odd.text.settlement_batch_id = " 007 ".to_owned();
        odd.text.original_request_id = "=1+1".to_owned();
        odd.text.original_antom_id = "ü".to_owned();
        odd.text.antom_id = "20261001194010800100188230231293".to_owned();
        // Byte order, not a language's: upper case before lower case, `ä` last.
        let entries = [entry("ä", "1", "2026-10-01T00:00:00Z"), odd, entry("a", "0", "2026-10-01T00:00:00.123Z"),
            entry("B", "+5", "2026-10-01T00:00:00Z")];
        assert_eq!(import(&store, &entries).await.unwrap(), Imported { inserted: 4, updated: 0, unchanged: 0 });
        assert_eq!(read_all(&store).await, "\
B,PAYMENT,pay-B,,,,,,5,USD,SUCCESS,2026-10-01T00:00:00Z,,,
a,PAYMENT,pay-a,,,,,,0,USD,SUCCESS,2026-10-01T00:00:00.123Z,,,
b,PAYMENT,pay-b,20261001194010800100188230231293,=1+1,ü,\"says \"\"hi\"\", twice\",\"two\nlines\",-725,USD,SUCCESS,2026-10-01T10:00:00+08:00,SELLER,MARKETPLACE, 007 \n\
ä,PAYMENT,pay-ä,,,,,,1,USD,SUCCESS,2026-10-01T00:00:00Z,,,
");
    }

    async fn the_window_includes_its_start_and_not_its_end(harness) {
        let store = harness.open().await;
        let entries = [
            entry("before", "1", "2026-09-30T23:59:59.999+08:00"),
            entry("start", "1", "2026-09-30T16:00:00Z"),
            entry("end", "1", "2026-10-01T23:59:59.999+08:00"),
            entry("after", "1", "2026-10-01T16:00:00Z"),
        ];
        import(&store, &entries).await.unwrap();
        let body = read(&store, "2026-10-01T00:00:00+08:00", "2026-10-02T00:00:00+08:00").await;
        let ids: Vec<_> = body.lines().map(|line| line.split(',').next().unwrap()).collect();
        assert_eq!(ids, ["end", "start"]);
    }

    async fn importing_again_changes_nothing(harness) {
        let store = harness.open().await;
        let entries: Vec<_> = (0..1_234).map(|n| entry(&format!("e-{n:05}"), &n.to_string(), "2026-10-01T08:00:00+08:00")).collect();
        assert_eq!(import(&store, &entries).await.unwrap(), Imported { inserted: 1_234, updated: 0, unchanged: 0 });
        let first = read_all(&store).await;
        assert_eq!(first.lines().count(), 1_234);
        // The same point in time in another zone, and the same number in other digits, are the same entry.
        let mut again = entries.clone();
        again[7] = entry("e-00007", "+007", "2026-10-01T00:00:00Z");
        again.push(entry("new", "1", "2026-10-01T00:00:00Z"));
        again.push(entry("new", "1", "2026-10-01T00:00:00Z"));
        assert_eq!(import(&store, &again).await.unwrap(), Imported { inserted: 1, updated: 0, unchanged: 1_235 });
        assert!(read_all(&store).await.starts_with(&first));
    }

    async fn conflicts_are_named_together_and_nothing_is_imported(harness) {
        let store = harness.open().await;
        import(&store, &[entry("e-1", "725", "2026-10-01T00:00:00Z"), entry("e-2", "1", "2026-10-01T00:00:00Z")]).await.unwrap();
        let before = read_all(&store).await;
        let mut other = entry("e-2", "1", "2026-10-01T00:00:01Z");
        other.text.status = "FAILED".to_owned();
        let given = [
            entry("e-0", "1", "2026-10-01T00:00:00Z"),
            entry("e-1", "726", "2026-10-01T00:00:00Z"),
            other,
            // Two rows of the same file that contradict each other.
            entry("e-3", "1", "2026-10-01T00:00:00Z"),
            entry("e-3", "2", "2026-10-01T00:00:00Z"),
        ];
        let error = import(&store, &given).await.unwrap_err();
        let message = error.to_string();
        let StoreError::Conflict { conflicts, total } = error else { panic!("{message}") };
        assert_eq!((conflicts.len(), total), (3, 3));
        for part in [
            "`e-1`: amount_minor is `725`, was to be `726`",
            "`e-2`: status is `SUCCESS`, was to be `FAILED`, occurred_at is `2026-10-01T00:00:00Z`, was to be `2026-10-01T00:00:01Z`",
            "`e-3`: amount_minor is `1`, was to be `2`",
            "nothing was imported",
        ] {
            assert!(message.contains(part), "{message}");
        }
        assert_eq!(read_all(&store).await, before);
    }

    async fn a_pending_entry_moves_on_and_its_past_may_come_again(harness) {
        let store = harness.open().await;
        let with_status = |id: &str, status: &str, occurred_at: &str| {
            let mut entry = entry(id, "725", occurred_at);
            entry.text.status = status.to_owned();
            entry
        };
        let before: Vec<_> =
            ["a", "b", "c"].iter().map(|id| with_status(id, "PENDING", "2026-10-01T00:00:00Z")).collect();
        let after: Vec<_> = [("a", "SUCCESS"), ("b", "FAILED"), ("c", "CANCELLED")]
            .iter()
            .map(|(id, status)| {
                let mut entry = with_status(id, status, "2026-10-02T00:00:00Z");
                entry.text.antom_id = format!("antom-{id}");
                entry.text.order_id = "order-1".to_owned();
                entry
            })
            .collect();
        assert_eq!(import(&store, &before).await.unwrap(), Imported { inserted: 3, updated: 0, unchanged: 0 });
        assert_eq!(import(&store, &after).await.unwrap(), Imported { inserted: 0, updated: 3, unchanged: 0 });
        let moved = read_all(&store).await;
        assert!(moved.contains("b,PAYMENT,pay-b,antom-b,,,order-1,,725,USD,FAILED,2026-10-02T00:00:00Z,,,"), "{moved}");
        assert_eq!(read(&store, "2026-10-02T00:00:00Z", "2026-10-03T00:00:00Z").await, moved, "the window moves as well");
        // The whole history in one file, and that file again.
        let history: Vec<_> = [before, after].concat();
        assert_eq!(import(&store, &history).await.unwrap(), Imported { inserted: 0, updated: 0, unchanged: 6 });
        let fresh = [
            with_status("d", "PENDING", "2026-10-01T00:00:00Z"),
            with_status("d", "SUCCESS", "2026-10-01T00:00:01Z"),
        ];
        assert_eq!(import(&store, &fresh).await.unwrap(), Imported { inserted: 1, updated: 1, unchanged: 0 });
    }

    async fn an_entry_moves_on_once_and_by_nothing_but_status_instant_and_empty_ids(harness) {
        let store = harness.open().await;
        let with_status = |id: &str, status: &str| {
            let mut entry = entry(id, "725", "2026-10-01T00:00:00Z");
            entry.text.status = status.to_owned();
            entry
        };
        import(&store, &["1", "2", "3", "4", "5", "6"].map(|id| with_status(id, "PENDING"))).await.unwrap();
        import(&store, &[with_status("6", "SUCCESS")]).await.unwrap();
        let stored = read_all(&store).await;
        let mut given = ["1", "2", "3", "4", "5", "6"].map(|id| with_status(id, "SUCCESS"));
        given[0].text.amount_minor = "726".to_owned();
        given[1].text.currency = "EUR".to_owned();
        given[2].text.entry_type = "CAPTURE".to_owned();
        given[3].text.request_id = "pay-other".to_owned();
        given[4].text.sub_merchant_id = "seller-1".to_owned();
        given[5].text.status = "FAILED".to_owned();
        let message = import(&store, &given).await.unwrap_err().to_string();
        for part in [
            "6 of 6 conflicting entries",
            "`1`: amount_minor is `725`, was to be `726`, status is `PENDING`, was to be `SUCCESS`",
            "`2`: currency is `USD`, was to be `EUR`",
            "`3`: entry_type is `PAYMENT`, was to be `CAPTURE`",
            "`4`: request_id is `pay-4`, was to be `pay-other`",
            "`5`: sub_merchant_id is ``, was to be `seller-1`",
            "`6`: status is `SUCCESS`, was to be `FAILED`",
        ] {
            assert!(message.contains(part), "{message}");
        }
        // One conflict keeps the others from moving on: all or nothing.
        let mixed = [with_status("1", "SUCCESS"), with_status("6", "CANCELLED")];
        assert!(matches!(import(&store, &mixed).await, Err(StoreError::Conflict { total: 1, .. })));
        // Two ends of the same entry in one file contradict each other.
        let twice = [with_status("1", "SUCCESS"), with_status("1", "FAILED")];
        assert!(matches!(import(&store, &twice).await, Err(StoreError::Conflict { total: 1, .. })));
        // Nothing goes back to pending.
        let mut back = with_status("6", "PENDING");
        back.occurred_at = at("2026-10-01T00:00:01Z");
        back.text.occurred_at = "2026-10-01T00:00:01Z".to_owned();
        assert!(matches!(import(&store, &[back]).await, Err(StoreError::Conflict { total: 1, .. })));
        assert_eq!(read_all(&store).await, stored);
    }

    async fn the_list_of_conflicts_is_bounded_and_counted(harness) {
        let store = harness.open().await;
        let entries = |amount| (0..500).map(|n| entry(&format!("{n:03}"), amount, "2026-10-01T00:00:00Z")).collect::<Vec<_>>();
        import(&store, &entries("1")).await.unwrap();
        match import(&store, &entries("2")).await {
            Err(StoreError::Conflict { conflicts, total }) => assert_eq!((conflicts.len(), total), (50, 500)),
            other => panic!("{other:?}"),
        }
    }

    async fn an_import_that_is_not_committed_leaves_nothing(harness) {
        let store = harness.open().await;
        let entries: Vec<_> = (0..1_000).map(|n| entry(&n.to_string(), "1", "2026-10-01T00:00:00Z")).collect();
        let mut abandoned = store.begin_import(Instant::from_millis(0)).await.unwrap();
        abandoned.push(&entries).await.unwrap();
        drop(abandoned);
        assert_eq!(read_all(&store).await, "");
        let mut failing = store.begin_import(Instant::from_millis(0)).await.unwrap();
        failing.push(&entries).await.unwrap();
        let error = failing.push(&[entry("x", "7.25", "2026-10-01T00:00:00Z")]).await.unwrap_err().to_string();
        assert!(error.contains("entry `x`: amount_minor is `7.25`; expected an integer"), "{error}");
        let error = failing.push(&[entry("x\0", "7", "2026-10-01T00:00:00Z")]).await.unwrap_err().to_string();
        assert!(error.contains("entry_id holds a NUL character"), "{error}");
        drop(failing);
        assert_eq!(read_all(&store).await, "");
        assert_eq!(import(&store, &entries).await.unwrap().inserted, 1_000);
    }

    async fn entries_are_found_by_any_of_their_ids(harness) {
        let store = harness.open().await;
        let mut with_antom = entry("e-2", "5", "2026-10-01T00:00:00Z");
        with_antom.text.antom_id = "antom-2".to_owned();
        let entries = [entry("e-1", "5", "2026-10-01T00:00:00Z"), with_antom.clone()];
        import(&store, &entries).await.unwrap();
        for (id, expected) in [("e-1", &entries[0]), ("pay-e-1", &entries[0]), ("antom-2", &with_antom)] {
            assert_eq!(store.find_entries(id).await.unwrap(), std::slice::from_ref(&expected.text), "{id}");
        }
        assert_eq!(store.find_entries("").await.unwrap(), []);
    }

    async fn entries_of_a_movement_are_found_by_its_own_and_its_originals_ids(harness) {
        let store = harness.open().await;
        let payment = entry("a", "725", "2026-10-01T00:00:00Z");
        let mut refund = entry("b", "-725", "2026-10-02T00:00:00Z");
        refund.text.original_request_id = "pay-a".to_owned();
        let mut dispute = entry("c", "-725", "2026-10-03T00:00:00Z");
        (dispute.text.request_id, dispute.text.original_antom_id) = (String::new(), "antom-a".to_owned());
        let mut ordered = entry("d", "1", "2026-10-03T00:00:00Z");
        ordered.text.order_id = "order-d".to_owned();
        import(&store, &[payment, refund, dispute, ordered]).await.unwrap();
        for (ids, expected) in [
            (&["pay-a"][..], "a b"),
            (&["pay-a", "antom-a"], "a b c"),
            (&["order-d"], "d"),
            (&["order-d", "pay-b"], "b"),
            (&["", "nobody"], ""),
            (&[], ""),
        ] {
            let found = store.entries_about(ids).await.unwrap();
            let found: Vec<&str> = found.iter().map(|entry| entry.entry_id.as_str()).collect();
            assert_eq!(found.join(" "), expected, "{ids:?}");
        }
    }

    async fn a_writer_that_fails_is_an_output_error(harness) {
        struct Full;
        impl std::io::Write for Full {
            fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
                Err(std::io::Error::other("disk full"))
            }
            fn flush(&mut self) -> std::io::Result<()> {
                Ok(())
            }
        }
        let store = harness.open().await;
        let error = store.read_ledger(Instant::from_millis(0), Instant::from_millis(1), Full).await.unwrap_err();
        assert!(matches!(error, StoreError::Output(_)), "{error}");
        assert!(error.to_string().contains("disk full"), "{error}");
        // In the middle as well, and the connection is none the worse for it.
        let entries: Vec<_> = (0..5_000).map(|n| entry(&format!("e-{n:05}"), "1", "2026-10-01T00:00:00Z")).collect();
        import(&store, &entries).await.unwrap();
        let (from, to) = (at("1970-01-02T00:00:00Z"), at("9989-01-01T00:00:00Z"));
        for _ in 0..6 {
            let mut little = [0; 20_000];
            let error = store.read_ledger(from, to, &mut little[..]).await.unwrap_err();
            assert!(matches!(error, StoreError::Output(_)), "{error}");
        }
        assert_eq!(read_all(&store).await.lines().count(), 5_000);
    }

    async fn a_cell_may_hold_anything_that_csv_must_quote(harness) {
        let store = harness.open().await;
        let odd = ["\"", "\"\"", "a,b", "\r", "\n", "\r\n", " ", "\\.", "\\N", "'", "\t", "no text", "\u{1f}", "a\tb\\t"];
        let with = |(at, text): (usize, &&str)| {
            let mut entry = entry(&format!("e-{at:02}"), "1", "2026-10-01T00:00:00Z");
            entry.text.order_id = (*text).to_owned();
            entry.text.request_id = format!("{text}{text}");
            entry
        };
        let entries: Vec<_> = odd.iter().enumerate().map(with).collect();
        import(&store, &entries).await.unwrap();
        let body = format!("{HEADER}{}", read_all(&store).await);
        // What the writer of CSV that everything else uses makes of them.
        let mut expected = csv::WriterBuilder::new().terminator(csv::Terminator::Any(b'\n')).from_writer(Vec::new());
        expected.write_record(HEADER.trim().split(',')).unwrap();
        for NewEntry { text, .. } in &entries {
            let cells = [&text.entry_id, &text.entry_type, &text.request_id, "", "", "", &text.order_id, "", "1", "USD",
                "SUCCESS", &text.occurred_at, "", "", ""];
            expected.write_record(cells).unwrap();
        }
        assert_eq!(body, String::from_utf8(expected.into_inner().unwrap()).unwrap());
    }
}
