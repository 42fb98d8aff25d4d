//! Rows in, bytes out.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::time::Duration;

use antom_recon::calendar::{BusinessDate, SettlementCalendar};
use antom_recon::decision::{DecisionKind, Shown};
use antom_recon::discrepancy::{Answer, ClearedRow, Discrepancy, DiscrepancyKind, InTransitRow, Severity, Side, Stage};
use antom_recon::export::{
    self, ControlTotalRow, Placed, ProofName, ProofSummary, RejectedRow, SideTotals, StageTiming, Summary,
};
use antom_recon::id::DiscrepancyId;
use antom_recon::money::{Currency, Tally};
use antom_recon::movement::EntryType;

fn date(text: &str) -> BusinessDate {
    text.parse().unwrap()
}

fn currency(code: &str) -> Currency {
    Currency::parse(code.as_bytes()).unwrap()
}

/// A payment that the report has with another amount than the ledger.
fn discrepancy() -> Discrepancy {
    Discrepancy {
        discrepancy_id: DiscrepancyId::new("d1"),
        kind: DiscrepancyKind::AmountMismatch,
        severity: Severity::Medium,
        business_date: date("2026-03-02"),
        first_seen_on: date("2026-03-02"),
        age_days: 3,
        sub_merchant_id: "seller-1".into(),
        entry_type: "PAYMENT".into(),
        typed: Some(EntryType::Payment),
        request_id: "order-1".into(),
        antom_id: "20230618194010800190188000009014801".into(),
        original_request_id: String::new(),
        original_antom_id: String::new(),
        order_id: "=HYPERLINK(\"http://x\")".into(),
        currency: Some(currency("USD")),
        ledger_currency: None,
        ledger_amount: Some(1000),
        report_amount: Some(-5),
        ledger_status: "SUCCESS".into(),
        report_status: String::new(),
        answer: Some(Answer::ConfirmsLedger),
        answer_status: "SUCCESS".into(),
        answer_amount: Some(1000),
        answer_currency: Some(currency("USD")),
        explanation: "the report has -0.05, the ledger 10.00".into(),
        ledger_entry_id: "e-1".into(),
        report_file: "transactionItems_20260302_000.csv".into(),
        report_line: Some(7),
        stage: Stage::Transactions,
    }
}

/// The data rows of a table.
fn rows(bytes: Vec<u8>) -> Vec<String> {
    let text = String::from_utf8(bytes).unwrap();
    assert!(text.ends_with("\r\n") && !text.replace("\r\n", "").contains('\n'), "{text:?}");
    text.split_terminator("\r\n").skip(1).map(str::to_owned).collect()
}

fn discrepancy_row(row: &Discrepancy) -> String {
    let mut bytes = Vec::new();
    export::discrepancies(&mut bytes, [row], &BTreeMap::new()).unwrap();
    rows(bytes).remove(0)
}

#[test]
fn the_header_of_discrepancies_is_the_contract() {
    let mut bytes = Vec::new();
    export::discrepancies(&mut bytes, Vec::<Discrepancy>::new(), &BTreeMap::new()).unwrap();
    assert_eq!(
        String::from_utf8(bytes).unwrap(),
        "discrepancy_id,kind,severity,business_date,first_seen_on,age_days,sub_merchant_id,entry_type,request_id,\
         antom_id,order_id,currency,ledger_amount,report_amount,delta,ledger_status,report_status,answer,answer_status,\
         answer_amount,explanation,ledger_entry_id,report_file,report_line,stage,ledger_currency,answer_currency,\
         decision,decided_by,reason\r\n"
    );
}

#[test]
fn a_discrepancy_with_both_sides() {
    assert_eq!(
        discrepancy_row(&discrepancy()),
        "d1,AMOUNT_MISMATCH,medium,2026-03-02,2026-03-02,3,seller-1,PAYMENT,order-1,\
         20230618194010800190188000009014801,\"'=HYPERLINK(\"\"http://x\"\")\",USD,10.00,-0.05,-10.05,SUCCESS,,\
         CONFIRMS_LEDGER,SUCCESS,10.00,\"the report has -0.05, the ledger 10.00\",e-1,\
         transactionItems_20260302_000.csv,7,transactions,,USD,,,"
    );
}

#[test]
fn a_row_shows_its_decision_and_no_formula() {
    let shown = Shown { kind: DecisionKind::Assign, decided_by: "=anna".to_owned(), reason: "bob".to_owned() };
    let (row, mut bytes) = (discrepancy(), Vec::new());
    let decided = BTreeMap::from([(row.discrepancy_id.clone(), shown)]);
    export::discrepancies(&mut bytes, [row], &decided).unwrap();
    let row = rows(bytes).remove(0);
    assert!(row.ends_with(",assign,'=anna,bob"), "{row}");
}

#[test]
fn a_missing_side_is_empty_and_counts_as_zero() {
    let mut row = discrepancy();
    (row.ledger_amount, row.report_amount, row.answer_amount) = (Some(500), None, None);
    let cells = discrepancy_row(&row);
    assert!(cells.contains(",USD,5.00,,-5.00,"), "{cells}");
}

#[test]
fn each_amount_of_a_currency_mismatch_is_in_its_own_currency() {
    let mut row = discrepancy();
    row.ledger_currency = Some(currency("JPY"));
    (row.ledger_amount, row.report_amount) = (Some(1450), Some(1000));
    row.answer_currency = Some(currency("KWD"));
    let cells = discrepancy_row(&row);
    assert!(cells.contains(",USD,1450,10.00,,"), "{cells}");
    assert!(cells.contains(",SUCCESS,1.000,"), "{cells}");
    assert!(cells.ends_with(",JPY,KWD,,,"), "{cells}");
}

#[test]
fn a_file_has_no_amounts_and_an_amount_needs_a_currency() {
    let mut row = discrepancy();
    row.currency = None;
    (row.ledger_amount, row.report_amount, row.answer_amount) = (None, None, None);
    assert!(discrepancy_row(&row).contains(",,,,,SUCCESS,"));
    row.report_amount = Some(1);
    assert!(export::discrepancies(Vec::new(), [&row], &BTreeMap::new()).is_err());
}

#[test]
fn the_most_severe_come_first_and_the_order_of_the_input_does_not_matter() {
    let make = |id: &str, severity, kind, line| Discrepancy {
        discrepancy_id: DiscrepancyId::new(id),
        severity,
        kind,
        report_line: Some(line),
        ..discrepancy()
    };
    let mut list = vec![
        make("a", Severity::Low, DiscrepancyKind::MissingInLedger, 2),
        make("b", Severity::High, DiscrepancyKind::AmountMismatch, 3),
        make("c", Severity::High, DiscrepancyKind::MissingInReport, 9),
        make("e", Severity::High, DiscrepancyKind::AmountMismatch, 2),
        make("d", Severity::High, DiscrepancyKind::AmountMismatch, 3),
    ];
    for _ in 0..list.len() {
        list.rotate_left(1);
        let mut sorted = list.clone();
        export::sort_discrepancies(&mut sorted);
        let ids: Vec<_> = sorted.iter().map(|row| row.discrepancy_id.as_str()).collect();
        assert_eq!(ids, ["c", "e", "b", "d", "a"]);
    }
}

#[test]
fn open_items() {
    let age = |from, to| SettlementCalendar::default().business_days_between(from, to);
    let waiting = InTransitRow {
        item_id: "i1".into(),
        request_id: "-r".into(),
        antom_id: "a".into(),
        entry_type: EntryType::Refund,
        currency: currency("KWD"),
        amount: -1234,
        side: Side::Report,
        business_date: date("2026-03-02"),
        due_on: date("2026-03-11"),
        waits_for: "settlement",
        first_seen_on: date("2026-03-02"),
    };
    let mut bytes = Vec::new();
    let thrice = |show: export::Show<'_, InTransitRow>| (0..3).try_for_each(|_| show(&waiting));
    let written = export::in_transit(&mut bytes, thrice, date("2026-03-06"), &age).unwrap();
    assert_eq!(written.rows, Some(3));
    let text = String::from_utf8(bytes.clone()).unwrap();
    assert!(text.starts_with("item_id,request_id,antom_id,entry_type,currency,amount,side,business_date,due_on"));
    assert_eq!(rows(bytes)[2], "i1,'-r,a,REFUND,KWD,-1.234,report,2026-03-02,2026-03-11,settlement,2026-03-02,4");

    let closed = ClearedRow {
        item_id: "i1".into(),
        request_id: String::new(),
        antom_id: String::new(),
        entry_type: "PAYMENT".into(),
        currency: None,
        amount: None,
        side: Side::Ledger,
        business_date: date("2026-03-02"),
        due_on: None,
        cleared_by: "matched".into(),
        cleared_on: date("2026-03-05"),
        first_seen_on: Some(date("2026-03-02")),
    };
    let mut bytes = Vec::new();
    export::cleared(&mut bytes, |show| show(&closed), &age).unwrap();
    let text = String::from_utf8(bytes.clone()).unwrap();
    assert!(text.contains(",side,business_date,due_on,cleared_by,cleared_on,first_seen_on,age_days\r\n"));
    assert_eq!(rows(bytes), ["i1,,,PAYMENT,,,ledger,2026-03-02,,matched,2026-03-05,2026-03-02,3"]);
}

#[test]
fn rejected_lines_keep_the_line() {
    let row = RejectedRow {
        side: Side::Report,
        business_date: date("2026-03-02"),
        file: "transactionItems_20260302_000.csv".into(),
        line: 12,
        column: "transactionAmountValue".into(),
        reason: "found `7.255`; expected at most 2 decimals".into(),
        entry_type: "PAYMENT".into(),
        currency: None,
        request_id: "r".into(),
        antom_id: "a".into(),
        raw: "a,\"two\nlines\",7.255".into(),
    };
    let mut bytes = Vec::new();
    export::rejected_lines(&mut bytes, [&row]).unwrap();
    let mut reader = csv::Reader::from_reader(bytes.as_slice());
    let record = reader.records().next().unwrap().unwrap();
    assert_eq!(&record[10], "'a,\"two\nlines\",7.255");
    assert_eq!(&record[3], "12");
}

#[test]
fn control_totals_are_signed_and_need_a_currency_for_sums() {
    let mut placed = Placed::default();
    for amount in [1000, -300] {
        placed.total.add(amount);
        placed.matched.add(amount);
    }
    let known = ControlTotalRow {
        side: Side::Ledger,
        file: String::new(),
        entry_type: "PAYMENT".into(),
        currency: Some(currency("USD")),
        placed,
    };
    let unread = ControlTotalRow {
        side: Side::Report,
        file: "f.csv".into(),
        entry_type: String::new(),
        currency: None,
        placed: Placed {
            total: Tally { count: 1, ..Tally::default() },
            rejected: Tally { count: 1, ..Tally::default() },
            ..Placed::default()
        },
    };
    let mut bytes = Vec::new();
    export::control_totals(&mut bytes, [known, unread]).unwrap();
    assert!(String::from_utf8(bytes.clone()).unwrap().starts_with(
        "side,file,entry_type,currency,count,debit,credit,matched,in_transit,discrepancies,excluded,rejected,matched_sum,\
         in_transit_sum,discrepancies_sum,excluded_sum,rejected_sum\r\n"
    ));
    assert_eq!(
        rows(bytes),
        ["ledger,,PAYMENT,USD,2,10.00,-3.00,2,0,0,0,0,7.00,0.00,0.00,0.00,0.00", "report,f.csv,,,1,,,0,0,0,0,1,,,,,"]
    );
}

/// A small summary, for here and for publishing.
pub fn summary(seconds: u64) -> Summary {
    let mut placed = Placed::default();
    placed.total.add(725);
    Summary {
        program_version: "0.1.0".into(),
        platform_merchant_id: "218".into(),
        business_date: date("2026-03-02"),
        inputs: Vec::new(),
        totals: vec![SideTotals { side: Side::Report, currency: Some(currency("USD")), placed }],
        discrepancies: BTreeMap::from([(DiscrepancyKind::MissingInLedger, 2), (DiscrepancyKind::FileMissing, 1)]),
        severities: BTreeMap::new(),
        cleared: 0,
        period_crossings: 1,
        excluded: BTreeMap::from([("proved_by_totals".into(), 4)]),
        proofs: vec![
            ProofSummary::run(ProofName::RowFormula, 5, 0),
            ProofSummary::run(ProofName::Batches, 3, 1),
            ProofSummary::not_run(ProofName::Balances, "no balance report of `2026-03-01`"),
        ],
        answers: BTreeMap::new(),
        unknown_columns: BTreeMap::new(),
        remarks: Vec::new(),
        outputs: Vec::new(),
        timings: vec![StageTiming {
            stage: "parse".into(),
            elapsed: Duration::from_micros(seconds * 1_000_000 + 1_500),
            lines: Some(10),
            peak_memory_bytes: None,
        }],
    }
}

#[test]
fn the_summary_has_a_fixed_order_and_exact_amounts() {
    let mut bytes = Vec::new();
    export::summary(&mut bytes, &summary(2)).unwrap();
    let text = String::from_utf8(bytes).unwrap();
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        json["totals"][0]["all"],
        serde_json::json!({"count": 1, "debit": "7.25", "credit": "0.00", "sum": "7.25"})
    );
    assert_eq!(json["timings"]["parse"], serde_json::json!({"seconds": 2.001, "lines": 10}));
    assert_eq!(
        json["proofs"],
        serde_json::json!([
            {"proof": "row_formula", "state": "holds", "judged": 5, "failed": 0},
            {"proof": "batches", "state": "fails", "judged": 3, "failed": 1},
            {"proof": "balances", "state": "not_run", "judged": 0, "failed": 0, "reason": "no balance report of `2026-03-01`"},
        ])
    );
    let places = ["excluded", "proofs", "answers"].map(|member| text.find(&format!("\n  \"{member}\"")).unwrap());
    assert!(places.is_sorted(), "{places:?}");
    assert!(text.find("FILE_MISSING").unwrap() < text.find("MISSING_IN_LEDGER").unwrap());
    assert!(text.find("\"program\"").unwrap() < text.find("\"inputs\"").unwrap());
}

/// Whatever the text, it comes back from a CSV reader, and no spreadsheet can run it.
#[test]
fn any_text_survives_and_none_is_a_formula() {
    use proptest::prelude::*;
    use proptest::test_runner::{Config, TestRunner};
    use std::cell::Cell;
    let (shielded, plain) = (Cell::new(0), Cell::new(0));
    let texts = prop_oneof![any::<String>(), "[ '\"\u{feff}]{0,2}[=+@a1,;＝-]{1,3}[\r\n\t\"x]{0,3}"];
    let config = Config { failure_persistence: None, ..Config::with_cases(2000) };
    let run = TestRunner::new(config).run(&texts, |text| {
        let mut bytes = Vec::new();
        let mut table = export::CsvOut::new(&mut bytes, &["a", "b"])?;
        table.text(&text)?;
        table.value(1)?;
        table.end()?;
        table.finish()?;
        let record = csv::Reader::from_reader(bytes.as_slice()).records().next().unwrap()?;
        let (cell, count) = match record[0].strip_prefix('\'') {
            Some(rest) if record[0] != text => (rest, &shielded),
            _ => (&record[0], &plain),
        };
        prop_assert_eq!(cell, &text);
        prop_assert!(!record[0].starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝']), "{:?}", &record[0]);
        count.set(count.get() + 1);
        Ok(())
    });
    run.unwrap();
    assert!(shielded.get() > 200 && plain.get() > 200, "{} shielded, {} plain", shielded.get(), plain.get());
}
