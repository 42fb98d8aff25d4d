//! One value of history after the other is changed, past the triggers: each change is named.

use std::collections::BTreeSet;

use antom_recon::decision::{Decision, DecisionKind};
use antom_recon::discrepancy::InTransitRow;
use antom_recon::id::DiscrepancyId;
use antom_recon::movement::ReportKind;
use antom_recon::proof::HeldKind;
use antom_recon::store::{
    NewAnswer, NewDecision, NewDecisions, OldHistory, PackedFile, PublishedFile, RunId, RunRecord, Store, StoreError,
};
use sqlx::{AssertSqlSafe, Connection, SqliteConnection};

use super::chain::tamper;
use super::samples::{
    Few, MERCHANT, at, bare_discrepancy, base, cleared, day, file, full_discrepancy, header, held, in_transit,
    in_transit_of, run, volume,
};
use super::{Harness, on_both};

/// Tables that say what is now, or what is not the trail's: the lease, the pruning that is under way, the ledger.
const NOT_HISTORY: [&str; 3] = ["leases", "prunings", "ledger_entries"];

/// Days with something in every table of history, the oldest of them pruned.
async fn fill(store: &Store) {
    let mut runs = Vec::new();
    for (number, on) in ["2026-10-01", "2026-10-02", "2026-10-03"].into_iter().enumerate() {
        let record = RunRecord {
            files: &[file("/v1/a.csv", "aa"), file(&format!("/v1/b{number}.csv"), "bb")],
            archived: &[PackedFile { sha256: "aa".to_owned(), packed_size: 9, packed_sha256: "ff".to_owned() }],
            discrepancies: &[full_discrepancy(&format!("D{number}"), on), bare_discrepancy("E1", on)],
            in_transit: &Few(&[in_transit(&format!("T{number}")), in_transit("U1")]),
            cleared: &Few(&[cleared(&format!("C{number}"))]),
            headers: &[header(ReportKind::AccountActivity, "a,b")],
            volumes: &[volume("seller-1", 5)],
            held: &[held("seller-1", HeldKind::Reserve, 5)],
            bases: &[base("2026-09-30")],
            ..run(on)
        };
        let run = store.record_run(&record).await.unwrap().run_id();
        store.note_outputs(run, &outputs(on)).await.unwrap();
        answer(store, on, b"\0\xff").await;
        runs.push(run);
    }
    decide(store, runs[2]).await;
    store.note_pruned(MERCHANT, &["aa"], day("2026-10-01"), at("2026-11-01T00:00:00Z")).await.unwrap();
    assert_eq!(prune(store, "2026-10-03").await, 2);
    // Once more, so that the newest publication is followed by entries of its own table.
    store.note_outputs(runs[2], &outputs("again")).await.unwrap();
}

fn outputs(sha256: &str) -> Vec<PublishedFile> {
    ["a.csv", "b.csv"].map(|name| PublishedFile { name: name.to_owned(), size: 7, sha256: sha256.to_owned() }).into()
}

async fn answer(store: &Store, on: &str, body: &[u8]) {
    let answer = NewAnswer {
        platform_merchant_id: MERCHANT,
        run_date: day(on),
        question: "inquiryPayment?paymentRequestId=pay-1",
        endpoint: "/ams/api/v1/payments/inquiryPayment",
        asked_at: at("2026-10-02T01:00:00Z"),
        answered_at: Some(at("2026-10-02T01:00:01Z")),
        http_status: Some(200),
        signature: "algorithm=RSA256",
        body,
        outcome: "FOUND",
    };
    store.save_answer(&answer).await.unwrap();
}

async fn decide(store: &Store, run: RunId) {
    let decision = Decision {
        discrepancy_id: DiscrepancyId::new("E1"),
        kind: DecisionKind::Accept,
        decided_by: "anna".to_owned(),
        approved_by: "bob".to_owned(),
        assigned_to: "eve".to_owned(),
        reason: "small".to_owned(),
    };
    let new = NewDecisions {
        platform_merchant_id: MERCHANT,
        sha256: "dd",
        name: "decided.csv",
        decided_at: at("2026-10-04T01:02:03.004Z"),
        run,
        decisions: &[NewDecision { decision: &decision, line: 2, row_run: run }],
    };
    assert!(store.apply_decisions(&new).await.unwrap());
}

/// Prunes the history for runs since a date, and gives how many rows went.
async fn prune(store: &Store, since: &str) -> u64 {
    let history = store.old_history(MERCHANT, day(since)).await.unwrap();
    let mut count = 0;
    for run in &history.runs {
        let rows = store.prunable_rows(&history, run).await.unwrap();
        count += rows.count();
        store.prune_rows(&history, run, &rows, at("2026-11-01T00:00:00Z")).await.unwrap();
    }
    count
}

async fn verify(store: &Store) -> Result<(), StoreError> {
    store.verify_chain(MERCHANT).await?;
    store.verify_journal(MERCHANT).await.map(drop)
}

/// The cells of a row are asked for with a NUL between them, which no text that was stored has.
#[tokio::test]
async fn a_character_that_parts_cells_is_noticed() {
    let harness = Harness::sqlite();
    let store = harness.open().await;
    fill(&store).await;
    let mut connection = past_the_triggers(&harness).await;
    for values in
        ["request_id || char(0) || antom_id, antom_id = ''", "'', antom_id = request_id || char(0) || antom_id"]
    {
        let change = format!("UPDATE run_in_transit SET request_id = {values} WHERE run_id = 3");
        execute(&mut connection, "CREATE TEMP TABLE aside AS SELECT * FROM run_in_transit WHERE run_id = 3".to_owned())
            .await;
        assert_eq!(execute(&mut connection, change.clone()).await, 2);
        let message = is_named(&store, &change).await;
        assert!(message.contains("run 2026-10-03 revision 1 has 2 rows of `run_in_transit` with"), "{message}");
        execute(&mut connection, "DELETE FROM run_in_transit WHERE run_id = 3".to_owned()).await;
        execute(&mut connection, "INSERT INTO run_in_transit SELECT * FROM aside".to_owned()).await;
        execute(&mut connection, "DROP TABLE aside".to_owned()).await;
        verify(&store).await.unwrap();
    }
}

/// A connection to the file that no trigger and no foreign key stops.
async fn past_the_triggers(harness: &Harness) -> SqliteConnection {
    let path = format!("sqlite://{}", harness.folder.path().join("data/recon.db").display());
    let mut connection = SqliteConnection::connect(&path).await.unwrap();
    let triggers: Vec<String> = sqlx::query_scalar("SELECT name FROM sqlite_schema WHERE type = 'trigger'")
        .fetch_all(&mut connection)
        .await
        .unwrap();
    assert!(triggers.len() > 30);
    execute(&mut connection, "PRAGMA foreign_keys = OFF".to_owned()).await;
    execute(&mut connection, "PRAGMA ignore_check_constraints = ON".to_owned()).await;
    for trigger in triggers {
        execute(&mut connection, format!("DROP TRIGGER {trigger}")).await;
    }
    connection
}

async fn execute(connection: &mut SqliteConnection, sql: String) -> u64 {
    sqlx::query(AssertSqlSafe(sql.clone()))
        .execute(connection)
        .await
        .unwrap_or_else(|error| panic!("{sql}: {error}"))
        .rows_affected()
}

/// Every table of history with its columns and their types.
async fn tables(connection: &mut SqliteConnection) -> Vec<(String, Vec<(String, String)>)> {
    let rows: Vec<(String, String, String)> = sqlx::query_as(
        "SELECT t.name, c.name, c.type FROM sqlite_schema AS t, pragma_table_info(t.name) AS c
         WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite%' AND t.name NOT LIKE '_sqlx%' ORDER BY t.name, c.cid",
    )
    .fetch_all(connection)
    .await
    .unwrap();
    let mut tables: Vec<(String, Vec<(String, String)>)> = Vec::new();
    for (table, column, kind) in rows {
        if NOT_HISTORY.contains(&table.as_str()) {
            continue;
        }
        if tables.last().is_none_or(|(last, _)| *last != table) {
            tables.push((table, Vec::new()));
        }
        tables.last_mut().unwrap().1.push((column, kind));
    }
    tables
}

/// What tells the rows of a table apart, as SQL: two tables are their own index.
fn place(table: &str) -> &'static str {
    match table {
        "run_in_transit" | "run_cleared" => "run_id || ' ' || item_id",
        _ => "rowid",
    }
}

/// The conditions that lead to each row of a table.
async fn places(connection: &mut SqliteConnection, table: &str) -> Vec<String> {
    let place = place(table);
    let sql = format!("SELECT CAST({place} AS TEXT) FROM {table} ORDER BY {place}");
    let rows: Vec<String> = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_all(connection).await.unwrap();
    rows.iter().map(|row| format!("CAST({place} AS TEXT) = '{row}'")).collect()
}

/// Puts the rows of a table back as they were put aside.
async fn put_back(connection: &mut SqliteConnection, table: &str) {
    for sql in [format!("DELETE FROM {table}"), format!("INSERT INTO {table} SELECT * FROM whole")] {
        execute(connection, sql).await;
    }
}

/// Makes sure that the change is noticed, and that the database is as before once it is taken back.
async fn is_named(store: &Store, what: &str) -> String {
    let error = verify(store).await.expect_err(what);
    assert!(matches!(error, StoreError::Integrity { .. }), "{what}: {error}");
    error.to_string()
}

#[tokio::test]
async fn every_value_of_history_is_watched() {
    let harness = Harness::sqlite();
    let store = harness.open().await;
    fill(&store).await;
    verify(&store).await.unwrap();
    let mut connection = past_the_triggers(&harness).await;
    let mut changed = BTreeSet::new();
    for (table, columns) in tables(&mut connection).await {
        let rows = places(&mut connection, &table).await;
        assert!(!rows.is_empty(), "`{table}` has rows");
        execute(&mut connection, format!("CREATE TEMP TABLE whole AS SELECT * FROM {table}")).await;
        for (column, kind) in &columns {
            for row in [&rows[0], &rows[rows.len() - 1]] {
                let other = match kind.as_str() {
                    "INTEGER" => format!("COALESCE({column}, 0) + 1000"),
                    "BLOB" => format!("CAST({column} || x'00' AS BLOB)"),
                    _ => format!("{column} || '~'"),
                };
                execute(&mut connection, format!("UPDATE {table} SET {column} = {other} WHERE {row}")).await;
                let message = is_named(&store, &format!("{table}.{column} of row {row}")).await;
                let names_it = message.contains(&format!("`{table}`"))
                    || message.contains("the journal")
                    || message.contains("run 2026-10-0");
                assert!(names_it, "{table}.{column}: {message}");
                put_back(&mut connection, &table).await;
                verify(&store).await.unwrap_or_else(|error| panic!("{table}.{column} is back: {error}"));
                changed.insert((table.clone(), column.clone()));
            }
        }
        execute(&mut connection, "DROP TABLE whole".to_owned()).await;
    }
    assert!(changed.len() > 130, "{}", changed.len());
}

#[tokio::test]
async fn every_row_that_is_taken_away_or_put_in_is_noticed() {
    let harness = Harness::sqlite();
    let store = harness.open().await;
    fill(&store).await;
    let mut connection = past_the_triggers(&harness).await;
    let mut count = 0;
    for (table, columns) in tables(&mut connection).await {
        let names: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
        execute(&mut connection, format!("CREATE TEMP TABLE whole AS SELECT * FROM {table}")).await;
        for row in places(&mut connection, &table).await {
            execute(&mut connection, format!("CREATE TEMP TABLE aside AS SELECT * FROM {table} WHERE {row}")).await;
            execute(&mut connection, format!("DELETE FROM {table} WHERE {row}")).await;
            is_named(&store, &format!("row {row} of {table} is gone")).await;
            put_back(&mut connection, &table).await;
            verify(&store).await.unwrap_or_else(|error| panic!("row {row} of {table} is back: {error}"));
            // The same row again, under another key. Under another merchant it would belong to that one's history.
            for (column, kind) in columns.iter().filter(|(column, _)| column != "platform_merchant_id") {
                let other = if kind == "INTEGER" { format!("{column} + 1000") } else { format!("{column} || '~'") };
                let values: Vec<&str> =
                    names.iter().map(|name| if name == column { other.as_str() } else { name }).collect();
                let all = names.join(", ");
                let sql = format!("INSERT OR IGNORE INTO {table} ({all}) SELECT {} FROM aside", values.join(", "));
                if kind == "BLOB" || execute(&mut connection, sql).await == 0 {
                    continue;
                }
                is_named(&store, &format!("a row is put into {table}")).await;
                put_back(&mut connection, &table).await;
                verify(&store).await.unwrap_or_else(|error| panic!("the row of {table} is out: {error}"));
                count += 1;
            }
            execute(&mut connection, "DROP TABLE aside".to_owned()).await;
        }
        execute(&mut connection, "DROP TABLE whole".to_owned()).await;
    }
    assert!(count > 60, "{count}");
}

on_both! {
    async fn what_was_pruned_is_verified_by_what_was_left(harness) {
        let store = harness.open().await;
        fill(&store).await;
        let chain = store.verify_chain(MERCHANT).await.unwrap();
        assert_eq!((chain.runs, chain.pruned, chain.without_tables), (3, 1, 0));
        assert!(store.verify_journal(MERCHANT).await.unwrap().entries > 15);
        // What the oldest run that stays, the newest, decisions and open items know stays; what is gone is gone.
        let ids = |id: &str| { let id = id.to_owned(); let store = store.clone(); async move { store.history(MERCHANT, &id).await.unwrap().len() } };
        assert_eq!((ids("E1").await, ids("U1").await, ids("D0").await), (3, 3, 1));
        assert_eq!((ids("T0").await, ids("C0").await), (0, 0));
        assert_eq!(prune(&store, "2026-10-03").await, 0);
        // Triggers refuse as before, and a run that would need what is gone is refused.
        for sql in ["DELETE FROM run_in_transit", "DELETE FROM run_discrepancies", "DELETE FROM run_cleared"] {
            assert!(harness.raw(sql).await.unwrap_err().contains("is history: rows are only added"), "{sql}");
        }
        let refused = store.carried_into(MERCHANT, day("2026-10-02")).await.unwrap_err();
        assert!(matches!(refused, StoreError::Pruned { .. }), "{refused}");
        assert!(store.carried_into(MERCHANT, day("2026-10-03")).await.unwrap().is_some());
        // A row that allows to delete must not be left behind.
        harness.raw("INSERT INTO prunings (platform_merchant_id, before_date) VALUES ('2188120000000001', '2027-01-01')").await.unwrap();
        let left = is_named(&store, "prunings").await;
        assert!(left.contains("a row of `prunings`"), "{left}");
        harness.raw("DELETE FROM run_cleared WHERE item_id = 'C1'").await.unwrap();
        harness.raw("DELETE FROM prunings").await.unwrap();
        let gone = is_named(&store, "run_cleared").await;
        assert!(gone.contains("run 2026-10-02 revision 1 has 0 rows of `run_cleared`"), "{gone}");
    }

    async fn only_what_nothing_needs_is_pruned_page_by_page(harness) {
        let store = harness.open().await;
        let item = |number: u32| {
            let of = |what: &str| format!("{what}-{number}");
            InTransitRow { request_id: of("request"), antom_id: of("antom"), ..in_transit(&format!("T{number:06}")) }
        };
        // More than two pages. The oldest run that stays knows one and the newest another; one came back and went between them, and two
        // have an id of what is open. Of two discrepancies one is decided.
        let old: Vec<InTransitRow> = (0..20_007).map(item).collect();
        let same_request = InTransitRow { antom_id: String::new(), ..item(10_001) };
        let open = InTransitRow { item_id: "O1".to_owned(), ..same_request };
        let same_antom = InTransitRow { request_id: String::new(), item_id: "O2".to_owned(), ..item(20_006) };
        let discrepancies = ["E1", "E2"].map(|id| bare_discrepancy(id, "2026-10-01"));
        let first = RunRecord { in_transit: &Few(&old), discrepancies: &discrepancies, ..run("2026-10-01") };
        let first = store.record_run(&first).await.unwrap().run_id();
        decide(&store, first).await;
        let newest = [open, same_antom, item(9)];
        for (on, rows) in [("2026-10-02", &old[5..6]), ("2026-10-03", &old[7..8]), ("2026-10-04", &newest[..])] {
            store.record_run(&RunRecord { in_transit: &Few(rows), ..run(on) }).await.unwrap();
        }
        assert_eq!(prune(&store, "2026-10-03").await, 20_004);
        verify(&store).await.unwrap();
        let left = store.discrepancies_of(first).await.unwrap();
        assert_eq!(left.iter().map(|row| row.discrepancy_id.as_str()).collect::<Vec<_>>(), ["E1"]);
        let left = in_transit_of(&store, first).await;
        let left: Vec<&str> = left.iter().map(|item| item.item_id.as_str()).collect();
        assert_eq!(left, ["T000005", "T000009", "T010001", "T020006"]);
        assert_eq!(prune(&store, "2026-10-03").await, 0);
    }

    async fn what_was_changed_is_not_pruned_away(harness) {
        let store = harness.open().await;
        for on in ["2026-10-01", "2026-10-02", "2026-10-03"] {
            let cleared = cleared(&format!("C{on}"));
            store.record_run(&RunRecord { cleared: &Few(&[cleared]), ..run(on) }).await.unwrap();
        }
        let history: OldHistory = store.old_history(MERCHANT, day("2026-10-03")).await.unwrap();
        assert_eq!((history.before, history.runs.len()), (day("2026-10-02"), 1));
        let rows = store.prunable_rows(&history, &history.runs[0]).await.unwrap();
        assert_eq!(rows.count(), 1);
        tamper(harness, "run_cleared", "UPDATE run_cleared SET amount = '7' WHERE run_id = 1").await;
        let now = at("2026-11-01T00:00:00Z");
        let refused = store.prune_rows(&history, &history.runs[0], &rows, now).await.unwrap_err();
        assert!(refused.to_string().contains("has other rows of `run_cleared` than were recorded"), "{refused}");
        tamper(harness, "run_cleared", "UPDATE run_cleared SET amount = '-1' WHERE run_id = 1").await;
        verify(&store).await.unwrap();
    }

    async fn what_is_older_than_the_journal_is_told_and_then_covered(harness) {
        let store = harness.open().await;
        fill(&store).await;
        // As a database of before the journal is.
        for table in ["journal", "pruned_rows", "run_digests"] {
            tamper(harness, table, &format!("DELETE FROM {table}")).await;
        }
        for table in ["runs", "run_chain", "run_outputs", "answers", "files_seen", "decisions", "decision_files", "pruned_files"] {
            tamper(harness, table, &format!("UPDATE {table} SET journal_sequence = 0")).await;
        }
        let journal = store.verify_journal(MERCHANT).await.unwrap();
        assert_eq!((journal.entries, journal.head.as_str(), journal.not_covered.len()), (0, "", 8));
        assert!(journal.not_covered.contains(&("answers", 3)), "{journal:?}");
        answer(&store, "2026-10-04", b"{}").await;
        let journal = store.verify_journal(MERCHANT).await.unwrap();
        assert_eq!((journal.entries, journal.not_covered.len()), (9, 0));
        tamper(harness, "answers", "UPDATE answers SET outcome = 'NOT_FOUND' WHERE run_date = '2026-10-01'").await;
        let message = store.verify_journal(MERCHANT).await.unwrap_err().to_string();
        assert!(message.contains("added 3 rows to `answers`") && message.contains("question `inquiryPayment"), "{message}");
    }
}
