//! The auditor: content with outputs that say exactly what was injected, and precise about everything else.

use lab::audit::{Outputs, Verdict, audit, audit_outputs};
use lab::world::faults::Fault;
use lab::world::{Plan, World};
use std::fs;
use std::path::Path;

const DISCREPANCIES: &str = "discrepancy_id,kind,severity,business_date,first_seen_on,age_days,sub_merchant_id,\
entry_type,request_id,antom_id,order_id,currency,ledger_amount,report_amount,delta,ledger_status,report_status,answer,\
answer_status,answer_amount,explanation,ledger_entry_id,report_file,report_line,stage";
const WAITING: &str = "item_id,request_id,antom_id,entry_type,currency,amount,side,business_date,due_on";
const TOTALS: &str = "side,file,entry_type,currency,count,debit,credit,matched,in_transit,discrepancies,excluded,\
rejected,matched_sum,in_transit_sum,discrepancies_sum,excluded_sum,rejected_sum";

/// A world with two faults, and outputs that are right about it.
struct Day {
    world: World,
    folder: tempfile::TempDir,
    discrepancies: Vec<String>,
    totals: Vec<String>,
    waiting: Vec<String>,
}

fn day() -> Day {
    let faults = vec![Fault::PaymentNotBooked, Fault::AmountDiffers];
    let world = World::generate(Plan { faults, ..Plan::one_day(31) });
    let rows = world.expected.iter().enumerate().map(|(index, want)| {
        let cell = |text: &Option<String>| text.clone().unwrap_or_default();
        let (ledger, report) = (cell(&want.ledger_amount), cell(&want.report_amount));
        let delta = if ledger.is_empty() { report.clone() } else { "2.50".to_owned() };
        format!(
            "D{index},{},medium,2026-11-18,2026-11-18,0,seller1001,PAYMENT,{},{},order,USD,{ledger},{report},{delta},,,\
             {},,,text,,{},{},transactions",
            want.kind,
            cell(&want.request_id),
            cell(&want.antom_id),
            want.answer.unwrap(),
            cell(&want.report_file),
            want.report_line.unwrap()
        )
    });
    let discrepancies = rows.collect();
    let waits = world
        .waiting
        .iter()
        .map(|item| format!("W,{},,PAYMENT,USD,1.00,ledger,2026-11-18,2026-11-19", item.request_id));
    let waiting = waits.collect();
    let totals = vec![
        "report,a.csv,PAYMENT,USD,3,7.50,0.00,1,0,2,0,0,2.50,0.00,5.00,0.00,0.00".to_owned(),
        "ledger,,REFUND,USD,1,0.00,-1.25,1,0,0,0,0,-1.25,0.00,0.00,0.00,0.00".to_owned(),
    ];
    Day { world, folder: tempfile::tempdir().unwrap(), discrepancies, totals, waiting }
}

impl Day {
    fn audit(&self) -> Verdict {
        let write = |name: &str, header: &str, rows: &[String]| {
            let text = format!("{header}\n{}\n", rows.join("\n"));
            fs::write(Path::new(self.folder.path()).join(name), text.trim_end().to_owned() + "\n").unwrap();
        };
        write("discrepancies.csv", DISCREPANCIES, &self.discrepancies);
        write("control_totals.csv", TOTALS, &self.totals);
        write("in_transit.csv", WAITING, &self.waiting);
        for name in ["cleared.csv", "rejected_lines.csv", "settlement_batches.csv"] {
            write(name, "one", &[]);
        }
        audit(self.folder.path(), &self.world.expected, &self.world.waiting).unwrap()
    }

    /// The single problem that the auditor sees.
    fn problem(&self) -> String {
        let verdict = self.audit();
        assert_eq!(verdict.problems.len(), 1, "{verdict}");
        verdict.problems[0].clone()
    }
}

fn replace(text: &mut String, from: &str, to: &str) {
    assert!(text.contains(from), "`{from}` is not in `{text}`");
    *text = text.replacen(from, to, 1);
}

#[test]
fn right_outputs_have_no_problem() {
    let verdict = day().audit();
    assert!(verdict.is_right(), "{verdict}");
    assert_eq!(verdict.found, [Some(0), Some(1)]);
    assert_eq!(verdict.totals().len(), 2);
}

#[test]
fn a_missing_row_is_named() {
    let mut day = day();
    day.discrepancies.remove(1);
    assert!(day.problem().starts_with("missing: AMOUNT_MISMATCH"), "{}", day.problem());
}

#[test]
fn a_row_that_was_not_injected_is_named() {
    let mut day = day();
    let mut other = day.discrepancies[1].clone();
    replace(&mut other, "D1", "D2");
    replace(&mut other, "pay2", "pay9");
    day.discrepancies.push(other);
    assert!(day.problem().starts_with("not injected: AMOUNT_MISMATCH"), "{}", day.problem());
}

#[test]
fn wrong_cells_places_and_answers_are_named() {
    let mut wrong = day();
    replace(&mut wrong.discrepancies[1], "CONFIRMS_REPORT", "NOT_FOUND");
    assert!(wrong.problem().starts_with("wrong answer:"), "{}", wrong.problem());
    let mut wrong = day();
    replace(&mut wrong.discrepancies[1], "2026-11-18,2026-11-18", "2026-11-17,2026-11-18");
    // The date is part of the order as well, and the first row now belongs after it only by kind.
    assert!(wrong.problem().contains("business_date `2026-11-17`, not `2026-11-18`"), "{}", wrong.problem());
    let mut wrong = day();
    replace(&mut wrong.discrepancies[1], "transactionItems", "settlementItems");
    assert!(wrong.problem().starts_with("wrong place:"), "{}", wrong.problem());
}

#[test]
fn nobody_needs_to_be_asked() {
    let mut day = day();
    replace(&mut day.discrepancies[1], "CONFIRMS_REPORT", "");
    assert!(day.audit().is_right());
}

#[test]
fn form_is_checked() {
    let mut wrong = day();
    replace(&mut wrong.discrepancies[1], ",2.50,,,", ",2.51,,,");
    assert!(wrong.problem().contains("delta `2.51`"), "{}", wrong.problem());
    let mut wrong = day();
    replace(&mut wrong.discrepancies[1], ",text,", ",=1+1,");
    assert!(wrong.problem().contains("a spreadsheet would run: `=1+1`"), "{}", wrong.problem());
    let mut wrong = day();
    replace(&mut wrong.discrepancies[1], "D1", "D0");
    assert!(wrong.problem().contains("`D0` is empty or not unique"), "{}", wrong.problem());
    let mut wrong = day();
    wrong.discrepancies.reverse();
    assert!(wrong.problem().contains("not sorted"), "{}", wrong.problem());
}

#[test]
fn items_must_be_counted_once() {
    let mut wrong = day();
    replace(&mut wrong.totals[0], ",3,7.50", ",4,7.50");
    assert!(wrong.problem().contains("do not add up to `Some(4)`"), "{}", wrong.problem());
    let mut wrong = day();
    replace(&mut wrong.totals[1], "-1.25,0.00,0.00,0.00,0.00", "-1.20,0.00,0.00,0.00,0.00");
    assert!(wrong.problem().starts_with("control total `ledger  REFUND USD`: sums"), "{}", wrong.problem());
}

#[test]
fn waiting_items_must_wait() {
    let mut wrong = day();
    wrong.waiting.remove(0);
    assert!(wrong.problem().starts_with("not in transit: PAYMENT"), "{}", wrong.problem());
}

#[test]
fn the_outputs_of_proofs_have_a_form_as_well() {
    let day = day();
    assert!(day.audit().is_right());
    let batches = "settlement_batch_id,merchant_id,sub_merchant_id,currency,lines,gross,fees,net,summary,difference,other\n\
        B1,M1,S1,USD,2,10.00,-1.00,8.50,8.51,0.01,-0.50\n\
        B2,M1,S1,JPY,1,10,-1,9,,,0\n";
    let balances = "merchant_id,sub_merchant_id,account_no,currency,opening,in,out,expected,reported,difference,kind\n\
        M1,S1,1,USD,1.00,2.00,-0.50,2.50,2.51,0.01,account\n\
        M1,S1,,USD,1.00,0.00,0.00,1.00,,,reserve\n";
    let fees = "fee_kind,method,brand,sub_merchant_id,currency,model,count,base,charged,expected,difference,effective_rate\n\
        tax,CARD,VISA,S1,USD,ic++,1,10.00,-1.00,-1.10,0.10,0.100000\n\
        tax,CARD,,S1,USD,unknown,1,0.00,-1.00,,,\n";
    let verdict = |from: &str, to: &str| {
        for (name, text) in [("settlement_batches.csv", batches), ("balances.csv", balances), ("fees.csv", fees)] {
            fs::write(day.folder.path().join(name), text.replacen(from, to, 1)).unwrap();
        }
        audit_outputs(day.folder.path(), &day.world.expected, &day.world.waiting, Outputs::OfMatchingAndProofs)
    };
    assert_eq!(verdict("nothing", "nothing").unwrap().problems, Vec::<String>::new());
    let table = [
        ("lines,gross", "gross,lines", "settlement_batches.csv begins with other columns"),
        ("8.50,8.51", "8.51,8.51", "has net that is not gross + fees + other"),
        ("8.51,0.01", "8.51,-0.01", "has summary that is not net + difference"),
        ("10,-1,9", "10.00,-1,9", "has gross `10.00`, no amount of `JPY`"),
        ("in,out", "out,in", "balances.csv begins with other columns"),
        ("2.50,2.51", "2.51,2.51", "has expected that is not opening + in + out"),
        ("2.51,0.01", "2.51,1.00", "has reported that is not expected + difference"),
        ("1.00,,,reserve", "1.00,,,reserves", "has kind `reserves`"),
        ("base,charged", "charged,base", "fees.csv begins with other columns"),
        ("-1.10,0.10", "-1.10,0.20", "has charged that is not expected + difference"),
        ("0.100000", "0.1", "has effective_rate `0.1`"),
        ("ic++", "ic", "has model `ic`"),
        ("tax,CARD", "=tax,CARD", "fees.csv has a cell that a spreadsheet would run"),
    ];
    for (from, to, expected) in table {
        let problems = verdict(from, to).unwrap().problems;
        assert!(problems.iter().any(|problem| problem.contains(expected)), "{expected}: {problems:#?}");
    }
    fs::remove_file(day.folder.path().join("balances.csv")).unwrap();
    let missing = audit_outputs(day.folder.path(), &[], &[], Outputs::OfMatchingAndProofs).unwrap_err();
    assert!(missing.to_string().contains("balances.csv"), "{missing}");
}
