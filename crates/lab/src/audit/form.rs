//! The form of the outputs: columns, closed lists, amounts, order, ids, and nothing that runs in a spreadsheet.

use super::{Table, exact};
use crate::world::money::CURRENCIES;
use std::cmp::Reverse;
use std::collections::BTreeSet;

/// The contract's columns of `discrepancies.csv`; more may follow.
const DISCREPANCIES: [&str; 25] = [
    "discrepancy_id",
    "kind",
    "severity",
    "business_date",
    "first_seen_on",
    "age_days",
    "sub_merchant_id",
    "entry_type",
    "request_id",
    "antom_id",
    "order_id",
    "currency",
    "ledger_amount",
    "report_amount",
    "delta",
    "ledger_status",
    "report_status",
    "answer",
    "answer_status",
    "answer_amount",
    "explanation",
    "ledger_entry_id",
    "report_file",
    "report_line",
    "stage",
];

/// The contract's columns of `in_transit.csv`; more may follow.
pub(super) const IN_TRANSIT: [&str; 9] =
    ["item_id", "request_id", "antom_id", "entry_type", "currency", "amount", "side", "business_date", "due_on"];

/// The columns of `balances.csv`; more may follow.
pub(super) const BALANCES: [&str; 11] = [
    "merchant_id",
    "sub_merchant_id",
    "account_no",
    "currency",
    "opening",
    "in",
    "out",
    "expected",
    "reported",
    "difference",
    "kind",
];

/// The columns of `fees.csv`; more may follow.
pub(super) const FEES: [&str; 12] = [
    "fee_kind",
    "method",
    "brand",
    "sub_merchant_id",
    "currency",
    "model",
    "count",
    "base",
    "charged",
    "expected",
    "difference",
    "effective_rate",
];

/// The columns with which `settlement_batches.csv` begins.
const BATCHES: [&str; 11] = [
    "settlement_batch_id",
    "merchant_id",
    "sub_merchant_id",
    "currency",
    "lines",
    "gross",
    "fees",
    "net",
    "summary",
    "difference",
    "other",
];

const ACCOUNT_KINDS: &str = "account reserve collateral";
const FEE_MODELS: &str = "ic++ blended unknown";

/// Decimals of an effective rate.
const RATE_PLACES: usize = 6;

/// The outputs that are tables.
pub(super) const OUTPUTS: [&str; 6] = [
    "discrepancies.csv",
    "in_transit.csv",
    "cleared.csv",
    "rejected_lines.csv",
    "control_totals.csv",
    "settlement_batches.csv",
];

/// The contract's kinds, in its order of precedence.
const KINDS: &str = "FILE_MISSING FILE_INCOMPLETE FILE_RESTATED SCHEMA_DRIFT CONTROL_TOTAL REJECTED_LINE UNKNOWN_TYPE \
    DUPLICATE_IN_REPORT DUPLICATE_IN_LEDGER SETTLED_TWICE AMBIGUOUS UNKNOWN_SUB_MERCHANT MISSING_IN_LEDGER \
    MISSING_IN_REPORT SETTLED_NOT_REPORTED NOT_SETTLED ORPHAN_REVERSAL CURRENCY_MISMATCH AMOUNT_MISMATCH \
    STATUS_MISMATCH SUB_MERCHANT_MISMATCH SPLIT_MISMATCH REFUND_EXCEEDS_PAYMENT CAPTURE_EXCEEDS_AUTHORIZATION \
    FEE_OVERCHARGED FEE_UNDERCHARGED FEE_WITHOUT_RULE FEE_CURRENCY FX_VARIANCE NET_FORMULA BATCH_TOTAL BALANCE_ROLL \
    PAYOUT_MISSING PAYOUT_AMOUNT UNEXPLAINED_ADJUSTMENT";
const SEVERITIES: &str = "info low medium high";
const STAGES: &str = "file transactions settlement splits proof";
const ANSWERS: &str = "CONFIRMS_LEDGER CONFIRMS_REPORT PENDING NOT_FOUND CONTRADICTS_BOTH UNAVAILABLE SKIPPED_BUDGET";

/// Where `word` stands in a list of words.
fn place(list: &str, word: &str) -> Option<usize> {
    list.split_whitespace().position(|known| known == word)
}

/// Where a kind stands in the contract's order.
pub(super) fn precedence(kind: &str) -> Option<usize> {
    place(KINDS, kind)
}

/// The columns must begin with those of the contract.
pub(super) fn columns(table: &Table, contract: &[&str], name: &str, problems: &mut Vec<String>) {
    let same = table.header().iter().zip(contract).all(|(is, must)| is == must);
    if table.header().len() < contract.len() || !same {
        problems.push(format!("{name} begins with other columns: `{}`", table.header().join(",")));
    }
}

/// All that can be said about `discrepancies.csv` without knowing the world.
pub(super) fn discrepancies(rows: &Table, problems: &mut Vec<String>) {
    columns(rows, &DISCREPANCIES, "discrepancies.csv", problems);
    let mut ids = BTreeSet::new();
    for row in 0..rows.len() {
        let id = rows.cell(row, "discrepancy_id");
        if id.is_empty() || !ids.insert(id) {
            problems.push(format!("discrepancy id `{id}` is empty or not unique"));
        }
        for (column, list) in [("kind", KINDS), ("severity", SEVERITIES), ("stage", STAGES), ("answer", ANSWERS)] {
            let word = rows.cell(row, column);
            let may_be_empty = column == "answer";
            if place(list, word).is_none() && !(may_be_empty && word.is_empty()) {
                problems.push(format!("discrepancy `{id}` has {column} `{word}`, which the contract does not know"));
            }
        }
        amounts(rows, row, problems);
    }
    order(rows, problems);
}

/// Amounts are plain decimals with the places of their currency, and `delta` is report less ledger.
fn amounts(rows: &Table, row: usize, problems: &mut Vec<String>) {
    let id = rows.cell(row, "discrepancy_id");
    let two_currencies = rows.cell(row, "kind") == "CURRENCY_MISMATCH";
    let code = rows.cell(row, "currency");
    let places = CURRENCIES.iter().find(|currency| currency.code == code).map(|currency| currency.decimals);
    for column in ["ledger_amount", "report_amount", "delta"] {
        let text = rows.cell(row, column);
        if text.is_empty() {
            continue;
        }
        let other_currency = two_currencies && column == "ledger_amount";
        let wrong_places = places.is_some_and(|places| usize::try_from(places) != Ok(exact::places(text)));
        if exact::micros(text).is_none() || (wrong_places && !other_currency) {
            problems.push(format!("discrepancy `{id}` has {column} `{text}`, no amount of `{code}`"));
        }
    }
    let [ledger, report, delta] = ["ledger_amount", "report_amount", "delta"].map(|column| rows.cell(row, column));
    let difference = exact::micros(report).unwrap_or(0) - exact::micros(ledger).unwrap_or(0);
    let none = two_currencies || (ledger.is_empty() && report.is_empty());
    let right = if delta.is_empty() { none } else { !two_currencies && exact::micros(delta) == Some(difference) };
    if !right {
        problems.push(format!("discrepancy `{id}` has delta `{delta}` for `{report}` less `{ledger}`"));
    }
}

/// All that can be said about `settlement_batches.csv` without knowing the reports.
pub(super) fn batches(rows: &Table, problems: &mut Vec<String>) {
    let name = "settlement_batches.csv";
    columns(rows, &BATCHES, name, problems);
    for row in 0..rows.len() {
        let sums = ["gross", "fees", "net", "summary", "difference", "other"];
        currency_amounts(rows, row, &sums, name, problems);
        equation(rows, row, &["gross", "fees", "other"], "net", name, problems);
        equation(rows, row, &["net", "difference"], "summary", name, problems);
    }
}

/// All that can be said about `balances.csv` without knowing the reports.
pub(super) fn balances(rows: &Table, problems: &mut Vec<String>) {
    let name = "balances.csv";
    columns(rows, &BALANCES, name, problems);
    for row in 0..rows.len() {
        word(rows, row, "kind", ACCOUNT_KINDS, name, problems);
        let sums = ["opening", "in", "out", "expected", "reported", "difference"];
        currency_amounts(rows, row, &sums, name, problems);
        equation(rows, row, &["opening", "in", "out"], "expected", name, problems);
        equation(rows, row, &["expected", "difference"], "reported", name, problems);
    }
}

/// All that can be said about `fees.csv` without knowing the reports.
pub(super) fn fees(rows: &Table, problems: &mut Vec<String>) {
    let name = "fees.csv";
    columns(rows, &FEES, name, problems);
    for row in 0..rows.len() {
        word(rows, row, "model", FEE_MODELS, name, problems);
        currency_amounts(rows, row, &["base", "charged", "expected", "difference"], name, problems);
        equation(rows, row, &["expected", "difference"], "charged", name, problems);
        let rate = rows.cell(row, "effective_rate");
        if !rate.is_empty() && (exact::micros(rate).is_none() || exact::places(rate) != RATE_PLACES) {
            problems.push(format!("{name} has effective_rate `{rate}`, which has no six decimals"));
        }
    }
}

fn word(rows: &Table, row: usize, column: &str, list: &str, name: &str, problems: &mut Vec<String>) {
    let word = rows.cell(row, column);
    if place(list, word).is_none() {
        problems.push(format!("{name} has {column} `{word}`; expected one of `{list}`"));
    }
}

/// Cells that are not empty must be amounts with the places of the row's currency.
fn currency_amounts(rows: &Table, row: usize, names: &[&str], name: &str, problems: &mut Vec<String>) {
    let code = rows.cell(row, "currency");
    let places = CURRENCIES.iter().find(|currency| currency.code == code).map(|currency| currency.decimals);
    for column in names {
        let text = rows.cell(row, column);
        let wrong_places = places.is_some_and(|places| usize::try_from(places) != Ok(exact::places(text)));
        if !text.is_empty() && (exact::micros(text).is_none() || wrong_places) {
            problems.push(format!("{name} has {column} `{text}`, no amount of `{code}`"));
        }
    }
}

/// The parts must add up to the whole, unless one of them is unknown.
fn equation(rows: &Table, row: usize, parts: &[&str], whole: &str, name: &str, problems: &mut Vec<String>) {
    let sum: Option<i128> = parts.iter().map(|part| exact::micros(rows.cell(row, part))).sum();
    let is = exact::micros(rows.cell(row, whole));
    if sum.zip(is).is_some_and(|(sum, is)| sum != is) {
        let shown = rows.rows()[row].join(",");
        problems.push(format!("{name} has {whole} that is not {} in `{shown}`", parts.join(" + ")));
    }
}

/// The most severe first, then by stage, kind and business date.
fn order(rows: &Table, problems: &mut Vec<String>) {
    let key = |row: usize| {
        let severity = Reverse(place(SEVERITIES, rows.cell(row, "severity")));
        let stage = place(STAGES, rows.cell(row, "stage"));
        (severity, stage, place(KINDS, rows.cell(row, "kind")), rows.cell(row, "business_date"))
    };
    if let Some(row) = (1..rows.len()).find(|row| key(row - 1) > key(*row)) {
        let id = rows.cell(row, "discrepancy_id");
        problems.push(format!("discrepancies.csv is not sorted: row `{id}` belongs before the one above it"));
    }
}

/// No cell may begin like a formula, unless it is a plain number.
pub(super) fn no_formulas(table: &Table, name: &str, problems: &mut Vec<String>) {
    for cell in table.rows().iter().flatten() {
        if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) && exact::micros(cell).is_none() {
            problems.push(format!("{name} has a cell that a spreadsheet would run: `{cell}`"));
        }
    }
}
