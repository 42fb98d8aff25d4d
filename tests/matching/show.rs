//! A run's result as text, one row each:
//!
//! ```text
//!   AMOUNT_MISMATCH transactions PAYMENT r1/a1 10.00|9.00 SUCCESS|SUCCESS e1 T0303:2 by S2 on 03-02 also STATUS_MISMATCH
//!   wait ledger PAYMENT r1/a1 due 03-06 outcome on 03-02
//!   crossing 1
//!   T 3: 1 matched, 1 in transit, 1 discrepancies
//! ```
//!
//! A discrepancy: kind, stage, type, request and Antom id, the ledger's and the report's amount and status, then what there is
//! of entry, place, sub-merchant (unless `S1`), business date (unless the run's), candidates, other kinds.

use antom_recon::discrepancy::Discrepancy;
use antom_recon::kind::DiscrepancyKind;
use antom_recon::matching::{Finding, ItemSide};
use antom_recon::money::Currency;

use super::run::{Day, counts};

fn or_dash(text: &str) -> &str {
    if text.is_empty() { "-" } else { text }
}

fn amount(minor: Option<i128>, currency: Option<Currency>) -> String {
    let (Some(minor), Some(currency)) = (minor, currency) else { return "-".to_owned() };
    let code = if currency.code() == "USD" { "" } else { currency.code() };
    format!("{}{code}", currency.major(minor))
}

fn discrepancy(day: &Day, row: &Discrepancy, finding: Option<&Finding>) -> String {
    let ledger = amount(row.ledger_amount, row.ledger_currency.or(row.currency));
    let report = amount(row.report_amount, row.currency);
    let mut text = format!(
        "{} {} {} {}/{} {ledger}|{report} {}|{}",
        row.kind,
        row.stage,
        or_dash(&row.entry_type),
        or_dash(&row.request_id),
        or_dash(&row.antom_id),
        or_dash(&row.ledger_status),
        or_dash(&row.report_status),
    );
    if !row.ledger_entry_id.is_empty() {
        text.push_str(&format!(" {}", row.ledger_entry_id));
    }
    if let Some(line) = row.report_line {
        text.push_str(&format!(" {}:{line}", row.report_file));
    }
    if row.sub_merchant_id != "S1" {
        text.push_str(&format!(" by {}", or_dash(&row.sub_merchant_id)));
    }
    if row.business_date != day.today {
        text.push_str(&format!(" on {}", &row.business_date.to_string()[5..]));
    }
    if row.kind == DiscrepancyKind::Ambiguous {
        text.push_str(&format!(" among {}", day.candidates[row.discrepancy_id.as_str()].join(" ")));
        if let Some(more) = finding.map(|finding| finding.more_candidates).filter(|more| *more > 0) {
            text.push_str(&format!(" and {more} more"));
        }
    }
    if let Some(finding) = finding.filter(|finding| !finding.also.is_empty()) {
        let others: Vec<&str> = finding.also.iter().map(|kind| kind.as_str()).collect();
        text.push_str(&format!(" also {}", others.join(" ")));
    }
    text
}

/// Discrepancies, and what waits.
pub fn rows(day: &Day) -> Vec<String> {
    let mut rows: Vec<String> = day.found.iter().map(|(finding, row)| discrepancy(day, row, Some(finding))).collect();
    rows.extend(day.rejected.iter().map(|row| discrepancy(day, row, None)));
    rows.extend(day.waiting.iter().map(|(waiting, [entry_type, request, antom])| {
        let side = if waiting.item.side == ItemSide::Ledger { "ledger" } else { "report" };
        let (request, antom, due_on) = (or_dash(request), or_dash(antom), &waiting.due_on.to_string()[5..]);
        let mut text = format!("wait {side} {entry_type} {request}/{antom} due {due_on} {}", waiting.waits_for);
        if waiting.business_date != day.today {
            text.push_str(&format!(" on {}", &waiting.business_date.to_string()[5..]));
        }
        text
    }));
    rows
}

/// The whole result.
pub fn shown(day: &Day) -> Vec<String> {
    let mut text = rows(day);
    if day.period_crossings > 0 {
        text.push(format!("crossing {}", day.period_crossings));
    }
    let names = ["matched", "in transit", "discrepancies", "excluded", "rejected"];
    for side in ['T', 'S', 'L'] {
        let Some(counts) = counts(day).get(&side).copied() else { continue };
        let parts = counts[1..].iter().zip(names).filter(|part| *part.0 > 0);
        let parts: Vec<String> = parts.map(|(count, name)| format!("{count} {name}")).collect();
        text.push(format!("{side} {}: {}", counts[0], parts.join(", ")));
    }
    text
}
