//! Sample values.

use std::io;

use antom_recon::calendar::{BusinessDate, Instant};
use antom_recon::discrepancy::{Answer, ClearedRow, Discrepancy, DiscrepancyKind, InTransitRow, Severity, Side, Stage};
use antom_recon::id::DiscrepancyId;
use antom_recon::ledger::EntryText;
use antom_recon::money::Currency;
use antom_recon::movement::{EntryType, ReportKind};
use antom_recon::proof::{Held, HeldKind};
use antom_recon::store::{
    AcceptedHeader, Base, CarriedInTransit, Many, NewEntry, Reading, RunFile, RunId, RunRecord, Store, Volume,
};

pub const MERCHANT: &str = "2188120000000001";

pub fn day(text: &str) -> BusinessDate {
    text.parse().unwrap()
}

pub fn at(text: &str) -> Instant {
    Instant::parse(text.as_bytes()).unwrap()
}

pub fn entry(id: &str, amount: &str, occurred_at: &str) -> NewEntry {
    let text = EntryText {
        entry_id: id.to_owned(),
        entry_type: "PAYMENT".to_owned(),
        request_id: format!("pay-{id}"),
        amount_minor: amount.to_owned(),
        currency: "USD".to_owned(),
        status: "SUCCESS".to_owned(),
        occurred_at: occurred_at.to_owned(),
        ..EntryText::default()
    };
    NewEntry { text, occurred_at: at(occurred_at) }
}

pub fn file(path: &str, sha256: &str) -> RunFile {
    RunFile {
        kind: "transaction_details".to_owned(),
        path: path.to_owned(),
        name: path.rsplit('/').next().unwrap().to_owned(),
        size: 1234,
        sha256: sha256.to_owned(),
        lines: 10,
        rejects: 1,
    }
}

/// A discrepancy with every cell filled, so that a column that is lost shows.
pub fn full_discrepancy(id: &str, first_seen_on: &str) -> Discrepancy {
    let usd = Currency::parse(b"USD").unwrap();
    Discrepancy {
        discrepancy_id: DiscrepancyId::new(id),
        kind: DiscrepancyKind::CurrencyMismatch,
        severity: Severity::High,
        business_date: day("2026-10-01"),
        first_seen_on: day(first_seen_on),
        age_days: 3,
        sub_merchant_id: "seller, \"one\"".to_owned(),
        entry_type: "REFUND".to_owned(),
        typed: Some(EntryType::Refund),
        request_id: "refund-1".to_owned(),
        antom_id: "2026100119401080".to_owned(),
        original_request_id: "pay-1".to_owned(),
        original_antom_id: "2026100119401081".to_owned(),
        order_id: "order-1".to_owned(),
        currency: Some(usd),
        ledger_currency: Currency::parse(b"JPY"),
        ledger_amount: Some(-725),
        report_amount: Some(i128::MAX),
        ledger_status: "SUCCESS".to_owned(),
        report_status: "FAILED".to_owned(),
        answer: Some(Answer::ContradictsBoth),
        answer_status: "PROCESSING".to_owned(),
        answer_amount: Some(i128::MIN),
        answer_currency: Currency::parse(b"KWD"),
        explanation: "found `x`,\nexpected ü".to_owned(),
        ledger_entry_id: "e-1".to_owned(),
        report_file: "settlement.csv".to_owned(),
        report_line: Some(u32::MAX),
        stage: Stage::Settlement,
    }
}

/// A discrepancy with everything empty that may be.
pub fn bare_discrepancy(id: &str, on: &str) -> Discrepancy {
    Discrepancy {
        kind: DiscrepancyKind::FileMissing,
        severity: Severity::Info,
        age_days: 0,
        sub_merchant_id: String::new(),
        entry_type: String::new(),
        typed: None,
        request_id: String::new(),
        antom_id: String::new(),
        original_request_id: String::new(),
        original_antom_id: String::new(),
        order_id: String::new(),
        currency: None,
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
        stage: Stage::File,
        ..full_discrepancy(id, on)
    }
}

pub fn in_transit(id: &str) -> InTransitRow {
    InTransitRow {
        item_id: id.to_owned(),
        request_id: format!("pay-{id}"),
        antom_id: String::new(),
        entry_type: EntryType::Payment,
        currency: Currency::parse(b"USD").unwrap(),
        amount: 725,
        side: Side::Report,
        business_date: day("2026-10-01"),
        due_on: day("2026-10-09"),
        waits_for: "settlement details",
        first_seen_on: day("2026-10-01"),
    }
}

pub fn cleared(id: &str) -> ClearedRow {
    ClearedRow {
        item_id: id.to_owned(),
        request_id: "pay-9".to_owned(),
        antom_id: "20261001".to_owned(),
        entry_type: "PAYMENT".to_owned(),
        currency: Currency::parse(b"USD"),
        amount: Some(-1),
        side: Side::Ledger,
        business_date: day("2026-10-01"),
        due_on: None,
        cleared_by: "matched by settlement.csv:7".to_owned(),
        cleared_on: day("2026-10-02"),
        first_seen_on: Some(day("2026-10-01")),
    }
}

/// Rows that fit.
#[derive(Debug)]
pub struct Few<'a, T>(pub &'a [T]);

/// A row with an id for life.
pub trait Item: Clone + std::fmt::Debug + Send + Sync + 'static {
    fn id(&self) -> &str;
}

impl Item for InTransitRow {
    fn id(&self) -> &str {
        &self.item_id
    }
}

impl Item for ClearedRow {
    fn id(&self) -> &str {
        &self.item_id
    }
}

/// Rows that are given in two parts, where there are two.
struct InParts<T> {
    rows: Vec<T>,
    given: usize,
}

impl<T: Item> Reading<T> for InParts<T> {
    fn more(&mut self) -> io::Result<&[T]> {
        let from = self.given;
        self.given = if from == 0 { self.rows.len().div_ceil(2) } else { self.rows.len() };
        Ok(&self.rows[from..self.given])
    }
}

impl<T: Item> Many<T> for Few<'_, T> {
    fn listed(&self) -> io::Result<Box<dyn Reading<T>>> {
        Ok(Box::new(InParts { rows: self.0.to_vec(), given: 0 }))
    }

    fn by_id(&self) -> io::Result<Box<dyn Reading<T>>> {
        let mut rows = self.0.to_vec();
        rows.sort_by(|one, other| one.id().cmp(other.id()));
        Ok(Box::new(InParts { rows, given: 0 }))
    }
}

/// The items that were in transit after a run.
pub async fn in_transit_of(store: &Store, run: RunId) -> Vec<CarriedInTransit> {
    let mut items = Vec::new();
    let note = |item| {
        items.push(item);
        Ok::<(), std::convert::Infallible>(())
    };
    let Ok(()) = store.each_in_transit(run, note).await.unwrap();
    items
}

/// A run without anything in it.
pub fn run(on: &str) -> RunRecord<'static> {
    RunRecord {
        platform_merchant_id: MERCHANT,
        business_date: day(on),
        started_at: at("2026-10-02T01:00:00Z"),
        finished_at: at("2026-10-02T01:02:03.456Z"),
        program_version: "0.1.0",
        inputs_digest: "inputs-1",
        configuration_digest: "configuration-1",
        outcome: "{\"matched\":1}",
        files: &[],
        archived: &[],
        discrepancies: &[],
        in_transit: &Few(&[]),
        cleared: &Few(&[]),
        headers: &[],
        volumes: &[],
        held: &[],
        bases: &[],
        lock: None,
    }
}

pub fn base(on: &str) -> Base {
    Base { on: day(on), revision: 1, reports: "reports-1".to_owned(), content: "content-1".to_owned() }
}

pub fn header(kind: ReportKind, columns: &str) -> AcceptedHeader {
    AcceptedHeader { kind, columns: columns.split(',').map(str::to_owned).collect() }
}

pub fn volume(sub_merchant_id: &str, base_minor: i128) -> Volume {
    Volume {
        on: day("2026-09-30"),
        method: "CARD".to_owned(),
        brand: "VISA, \"debit\"".to_owned(),
        country: "BR".to_owned(),
        sub_merchant_id: sub_merchant_id.to_owned(),
        currency: Currency::parse(b"USD").unwrap(),
        base_minor,
    }
}

pub fn held(sub_merchant_id: &str, kind: HeldKind, amount_minor: i128) -> Held {
    Held {
        merchant: MERCHANT.to_owned(),
        party: sub_merchant_id.to_owned(),
        currency: Currency::parse(b"KWD").unwrap(),
        kind,
        amount: amount_minor,
    }
}
