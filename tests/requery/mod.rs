//! What Antom is asked, how, and what its answers mean.
#![allow(clippy::unwrap_used)]

mod asking;
mod evaluating;
mod gateway;
mod planning;

use antom_recon::discrepancy::{Discrepancy, DiscrepancyKind, Severity, Stage};
use antom_recon::id::DiscrepancyId;
use antom_recon::money::Currency;
use antom_recon::movement::EntryType;

/// The cells of a text table, `-` for an empty one.
fn table(text: &str) -> Vec<Vec<&str>> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.map(|line| line.split_whitespace().map(|cell| if cell == "-" { "" } else { cell }).collect()).collect()
}

/// A discrepancy of this kind and type, USD, without anything else.
fn row(id: &str, kind: &str, entry_type: &str) -> Discrepancy {
    let date = "2026-03-02".parse().unwrap();
    Discrepancy {
        discrepancy_id: DiscrepancyId::new(id),
        kind: DiscrepancyKind::parse(kind).unwrap(),
        severity: Severity::Medium,
        business_date: date,
        first_seen_on: date,
        age_days: 0,
        sub_merchant_id: String::new(),
        entry_type: entry_type.into(),
        typed: EntryType::parse(entry_type),
        request_id: String::new(),
        antom_id: String::new(),
        original_request_id: String::new(),
        original_antom_id: String::new(),
        order_id: String::new(),
        currency: Currency::parse(b"USD"),
        ledger_currency: None,
        ledger_amount: None,
        report_amount: None,
        ledger_status: String::new(),
        report_status: String::new(),
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
