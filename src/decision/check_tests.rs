#![allow(clippy::unwrap_used)]
use super::*;
use crate::calendar::Instant;
use crate::decision::{Effect, Taken, read, row_digest, standing};
use crate::discrepancy::{DiscrepancyKind, Severity, Stage};
use crate::money::Currency;

const DAY: &str = "2026-03-02";

fn row(id: &str, currency: &str, ledger: Option<i128>, report: Option<i128>) -> Discrepancy {
    Discrepancy {
        discrepancy_id: DiscrepancyId::new(id),
        kind: DiscrepancyKind::AmountMismatch,
        severity: Severity::Medium,
        business_date: DAY.parse().unwrap(),
        first_seen_on: DAY.parse().unwrap(),
        age_days: 0,
        sub_merchant_id: String::new(),
        entry_type: "PAYMENT".to_owned(),
        typed: None,
        request_id: String::new(),
        antom_id: String::new(),
        original_request_id: String::new(),
        original_antom_id: String::new(),
        order_id: String::new(),
        currency: Currency::parse(currency.as_bytes()),
        ledger_currency: None,
        ledger_amount: ledger,
        report_amount: report,
        ledger_status: "SUCCESS".to_owned(),
        report_status: "SUCCESS".to_owned(),
        answer: None,
        answer_status: String::new(),
        answer_amount: None,
        answer_currency: None,
        explanation: String::new(),
        ledger_entry_id: String::new(),
        report_file: String::new(),
        report_line: None,
        stage: Stage::Transactions,
    }
}

/// What is open: small, large, large in yen, one-sided.
fn open() -> Vec<Discrepancy> {
    vec![
        row("D-small", "USD", Some(100), Some(200)),
        row("D-large", "USD", Some(-100_001), Some(-100_000)),
        row("D-limit", "USD", Some(100_000), Some(99_999)),
        row("D-yen", "JPY", None, Some(1_001)),
    ]
}

fn taken(text: &str, rows: &[Discrepancy]) -> Vec<Taken> {
    let all = sheet(text).into_iter().map(|handed| Taken {
        row: rows.iter().find(|row| row.discrepancy_id == handed.decision.discrepancy_id).unwrap().clone(),
        decision: handed.decision,
        decided_on: DAY.parse().unwrap(),
        decided_at: Instant::from_millis(0),
        file_sha256: String::new(),
        line: handed.line,
    });
    all.collect()
}

fn sheet(rows: &str) -> Vec<Handed> {
    let rows = rows.replace("; ", "\n");
    let text = format!("discrepancy_id,decision,decided_by,reason,approved_by,report_amount,row_digest\n{rows}\n");
    // Without these two columns nothing is compared; `*` stands for that.
    let mut sheet = read(text.as_bytes(), |cell| cell).unwrap();
    assert_eq!(sheet.problems, []);
    for handed in &mut sheet.handed {
        if handed.said.cells[3].as_deref() == Some("*") {
            handed.said.cells[3] = None;
        }
    }
    sheet.handed
}

/// Applied, unchanged, and the problems.
fn checked(before: &str, now: &str, open: &[Discrepancy]) -> (usize, u64, Vec<String>) {
    let standing = standing(taken(before, &self::open()));
    let known = Known {
        run_on: DAY.parse().unwrap(),
        open: &open.iter().map(|row| (row.discrepancy_id.as_str(), row)).collect(),
        standing: &standing,
        approval: &ApprovalRule { from_minor: [1_001, 10_001, 100_001, 1_000_001, 10_000_001] },
    };
    let handed = sheet(now);
    let verdict = check(&handed, &known);
    (verdict.checked.len(), verdict.unchanged, verdict.problems.iter().map(ToString::to_string).collect())
}

#[test]
fn decisions_are_held_against_what_is_open() {
    let digest = row_digest(&open()[0]);
    for (rows, expected) in [
        ("D-small,accept,anna,ok,,2.00", Ok(1)),
        ("D-small,accept,anna,ok,,2", Ok(1)),
        (&*format!("D-small,accept,anna,ok,,*,{digest}"), Ok(1)),
        ("D-small,accept,anna,ok,,*,12", Err("line 2: `D-small` changed since: row_digest was `12`, is `")),
        (
            "D-small,accept,anna,ok,,3.00",
            Err("line 2: `D-small` changed since: report_amount was `3.00`, is `2.00`; look"),
        ),
        ("D-other,accept,anna,ok,,*", Err("line 2: `D-other` is not open after the run of 2026-03-02; expected")),
        ("D-small,reopen,anna,ok,,*", Err("line 2: `D-small` is not accepted or written off; nothing")),
        ("D-small,accept,a,ok,,*; D-small,comment,a,ok,,*", Err("line 3: `D-small` has another decision on line 2;")),
        ("D-limit,write_off,anna,ok,,*", Ok(1)),
        ("D-large,comment,anna,ok,,*", Ok(1)),
        ("D-large,accept,anna,ok,bob,*; D-yen,write_off,anna,ok,bob,*", Ok(2)),
        ("D-large,accept,anna,ok,,*", Err("line 2: `D-large`: accept of -1000.01 USD must be approved; expected")),
        (
            "D-large,accept,anna,ok,ANNA,*",
            Err("line 2: `D-large`: accept of -1000.01 USD must be approved by somebody else"),
        ),
        ("D-yen,write_off,anna,ok,,*", Err("line 2: `D-yen`: write_off of 1001 JPY must be approved; expected")),
    ] {
        let (applied, _, problems) = checked("", rows, &open());
        match expected {
            Ok(count) => assert_eq!((applied, problems), (count, vec![]), "{rows}"),
            Err(start) => {
                assert_eq!(problems.len(), 1, "{rows}: {problems:?}");
                assert!(problems[0].starts_with(start), "{rows}: {problems:?}");
            }
        }
    }
}

#[test]
fn what_stands_already_is_not_applied_again() {
    let accepted = "D-small,accept,anna,ok,,*";
    let twice = format!("{accepted}; {accepted}");
    assert_eq!(checked("", &twice, &open()), (1, 1, vec![]));
    assert_eq!(checked(accepted, accepted, &open()), (0, 1, vec![]));
    assert_eq!(checked(accepted, "D-small,accept,anna,better,,*", &open()), (1, 0, vec![]));
    assert_eq!(checked("D-small,assign,anna,bob,,*", "D-small,assign,anna,bob,,*", &open()), (0, 1, vec![]));
    // After the next run it is no longer open: the same again is nothing new, another decision must wait for a reopening.
    assert_eq!(checked(accepted, accepted, &[]), (0, 1, vec![]));
    assert_eq!(checked(accepted, "D-small,reopen,bob,wrong,,2.00", &[]), (1, 0, vec![]));
    let (_, _, problems) = checked(accepted, "D-small,comment,bob,hm,,*", &[]);
    let expected =
        "line 2: `D-small` is not open after the run of 2026-03-02: it was accepted by `anna`: ok; reopen it first";
    assert_eq!(problems, [expected]);
    // It changed and is open again: the same words are a new decision.
    let changed = [row("D-small", "USD", Some(100), Some(300))];
    assert_eq!(checked(accepted, "D-small,accept,anna,ok,,3.00", &changed), (1, 0, vec![]));
    assert_eq!(checked(accepted, "D-small,accept,anna,ok,,2.00", &changed).2.len(), 1);
}

#[test]
fn a_history_comes_to_what_was_decided_last() {
    let now = &open()[0];
    let changed = row("D-small", "USD", Some(100), Some(300));
    let (accept, reopen) = ("D-small,accept,anna,ok,,*", "D-small,reopen,bob,no,,*");
    let (assign, comment) = ("D-small,assign,c,dan,,*", "D-small,comment,c,hm,,*");
    for (history, settled, shown) in [
        (vec![accept], Some("accepted by `anna`: ok"), None),
        (vec![assign, accept, comment], Some("accepted by `anna`: ok"), Some("hm")),
        (vec![assign, accept, reopen], None, Some("dan")),
        (vec![accept, reopen, "D-small,write_off,eve,loss,,*"], Some("written off by `eve`: loss"), None),
    ] {
        let all: Vec<Taken> = history.iter().flat_map(|one| taken(one, &open())).collect();
        let standing = standing(all).into_values().next().unwrap();
        let text = match standing.effect(now) {
            Effect::Settled(taken) => Some(taken.cleared_by()),
            Effect::Lapsed(_) | Effect::Open => None,
        };
        assert_eq!(text.as_deref(), settled, "{history:?}");
        assert_eq!(standing.shown().map(|shown| shown.reason).as_deref(), shown, "{history:?}");
        let lapsed = matches!(standing.effect(&changed), Effect::Lapsed(why) if why.ends_with("report_amount was `2.00`, is `3.00`"));
        assert_eq!(lapsed, settled.is_some(), "{history:?}");
    }
}
