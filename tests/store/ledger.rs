//! The built-in ledger: importing and reading it.

use antom_recon::calendar::Instant;
use antom_recon::store::{Imported, NewEntry, Store, StoreError};

use super::on_both;
use super::samples::{at, entry};

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
    read(store, "1970-01-01T00:00:00Z", "9999-01-01T00:00:00Z").await
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
        assert_eq!(import(&store, &entries).await.unwrap(), Imported { inserted: 4, unchanged: 0 });
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
        assert_eq!(import(&store, &entries).await.unwrap(), Imported { inserted: 1_234, unchanged: 0 });
        let first = read_all(&store).await;
        assert_eq!(first.lines().count(), 1_234);
        // The same point in time in another zone, and the same number in other digits, are the same entry.
        let mut again = entries.clone();
        again[7] = entry("e-00007", "+007", "2026-10-01T00:00:00Z");
        again.push(entry("new", "1", "2026-10-01T00:00:00Z"));
        again.push(entry("new", "1", "2026-10-01T00:00:00Z"));
        assert_eq!(import(&store, &again).await.unwrap(), Imported { inserted: 1, unchanged: 1_235 });
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
    }
}
