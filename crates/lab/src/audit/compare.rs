//! The expected rows against the rows that are there.

use super::Table;
use crate::world::expected::{Expected, Waiting};

/// Answers that say nothing about the movement, so that they cannot be wrong about it.
const SILENT: [&str; 3] = ["", "UNAVAILABLE", "SKIPPED_BUDGET"];

/// Finds a row for every expectation and compares its cells; names what is missing, wrong or was not expected.
pub(super) fn compare(rows: &Table, expected: &[Expected], problems: &mut Vec<String>) -> Vec<Option<usize>> {
    let mut taken = vec![false; rows.len()];
    let mut found = Vec::with_capacity(expected.len());
    for want in expected {
        let row = (0..rows.len()).find(|row| !taken[*row] && is_about(rows, *row, want));
        match row {
            Some(row) => {
                taken[row] = true;
                cells(rows, row, want, problems);
            }
            None => problems.push(format!("missing: {}", described(want))),
        }
        found.push(row);
    }
    for row in (0..rows.len()).filter(|row| !taken[*row]) {
        let shown = ["kind", "stage", "business_date", "entry_type", "request_id", "antom_id", "currency"];
        let shown = shown.map(|column| rows.cell(row, column)).join(" ");
        let amounts = ["ledger_amount", "report_amount"].map(|column| rows.cell(row, column)).join(" against ");
        let explanation = rows.cell(row, "explanation");
        problems.push(format!("not injected: {shown} {amounts} ({explanation})"));
    }
    found
}

/// The kind and the best key that the expectation has: request id, Antom id, or the place in the file.
fn is_about(rows: &Table, row: usize, want: &Expected) -> bool {
    let same_key = if let Some(request_id) = &want.request_id {
        rows.cell(row, "request_id") == request_id
    } else if let Some(antom_id) = &want.antom_id {
        rows.cell(row, "antom_id") == antom_id
    } else {
        is_at(rows, row, want)
    };
    same_key && rows.cell(row, "kind") == want.kind && want.stage.is_none_or(|stage| rows.cell(row, "stage") == stage)
}

fn is_at(rows: &Table, row: usize, want: &Expected) -> bool {
    let file = want.report_file.as_deref().unwrap_or_default();
    let line = want.report_line.map(|line| line.to_string()).unwrap_or_default();
    rows.cell(row, "report_file").ends_with(file) && rows.cell(row, "report_line") == line
}

fn cells(rows: &Table, row: usize, want: &Expected, problems: &mut Vec<String>) {
    let date = want.business_date.map(|date| date.to_string());
    let wanted = [
        ("business_date", date.as_deref()),
        ("entry_type", want.entry_type),
        ("request_id", want.request_id.as_deref()),
        ("antom_id", want.antom_id.as_deref()),
        ("currency", want.currency),
        ("ledger_amount", want.ledger_amount.as_deref()),
        ("report_amount", want.report_amount.as_deref()),
    ];
    for (column, text) in wanted {
        let is = rows.cell(row, column);
        if let Some(text) = text.filter(|text| *text != is) {
            problems.push(format!("wrong cell: {} has {column} `{is}`, not `{text}`", described(want)));
        }
    }
    if want.line.is_some() && !is_at(rows, row, want) {
        let is = format!("{}:{}", rows.cell(row, "report_file"), rows.cell(row, "report_line"));
        problems.push(format!("wrong place: {} is said to be at `{is}`", described(want)));
    }
    let answer = rows.cell(row, "answer");
    if let Some(right) = want.answer.filter(|right| *right != answer && !SILENT.contains(&answer)) {
        problems.push(format!("wrong answer: {} has `{answer}`, not `{right}`", described(want)));
    }
}

fn described(want: &Expected) -> String {
    let mut text = format!("{} ({})", want.kind, want.fault.story());
    for part in [want.request_id.as_deref(), want.antom_id.as_deref(), want.stage].into_iter().flatten() {
        text.push(' ');
        text.push_str(part);
    }
    if let (Some(file), Some(line)) = (&want.report_file, want.report_line) {
        text.push_str(&format!(" at {file}:{line}"));
    }
    text
}

/// Items inside their window must be in `in_transit.csv` and in no discrepancy.
pub(super) fn waiting(rows: &Table, in_transit: &Table, waiting: &[Waiting], problems: &mut Vec<String>) {
    for item in waiting {
        let here = (0..in_transit.len()).any(|row| {
            in_transit.cell(row, "request_id") == item.request_id
                && in_transit.cell(row, "entry_type") == item.entry_type
                && in_transit.cell(row, "side") == item.side
        });
        if !here {
            problems.push(format!("not in transit: {} {} ({})", item.entry_type, item.request_id, item.why));
        }
        if (0..rows.len()).any(|row| rows.cell(row, "request_id") == item.request_id) {
            problems.push(format!("waits, and is listed all the same: {} ({})", item.request_id, item.why));
        }
    }
}
