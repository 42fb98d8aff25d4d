//! Rows of the run tables: from domain values to cells, and from rows to domain values. With `proof_rows`, the only place that
//! knows both.

use super::bulk::{Cell, Table};
use super::carried::CarriedInTransit;
use super::run_record::{PackedFile, RunFile};
use crate::calendar::BusinessDate;
use crate::discrepancy::{Answer, ClearedRow, Discrepancy, DiscrepancyKind, InTransitRow, Severity, Side, Stage};
use crate::id::DiscrepancyId;
use crate::money::Currency;
use crate::movement::EntryType;

pub(super) const FILES: Table = Table {
    name: "run_files",
    columns: &["run_id", "position", "kind", "path", "name", "size", "sha256", "lines", "rejects"],
    on_conflict: "",
};

pub(super) const ARCHIVED: Table =
    Table { name: "run_archived", columns: &["run_id", "sha256", "packed_size", "packed_sha256"], on_conflict: "" };

pub(super) const DISCREPANCIES: Table = Table {
    name: "run_discrepancies",
    columns: &[
        "run_id",
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
        "original_request_id",
        "original_antom_id",
        "order_id",
        "currency",
        "ledger_currency",
        "ledger_amount",
        "report_amount",
        "ledger_status",
        "report_status",
        "answer",
        "answer_status",
        "answer_amount",
        "answer_currency",
        "explanation",
        "ledger_entry_id",
        "report_file",
        "report_line",
        "stage",
    ],
    on_conflict: "",
};

pub(super) const IN_TRANSIT: Table = Table {
    name: "run_in_transit",
    columns: &[
        "run_id",
        "item_id",
        "request_id",
        "antom_id",
        "entry_type",
        "currency",
        "amount",
        "side",
        "business_date",
        "due_on",
        "waits_for",
        "first_seen_on",
    ],
    on_conflict: "",
};

pub(super) const CLEARED: Table = Table {
    name: "run_cleared",
    columns: &[
        "run_id",
        "item_id",
        "request_id",
        "antom_id",
        "entry_type",
        "currency",
        "amount",
        "side",
        "business_date",
        "due_on",
        "cleared_by",
        "cleared_on",
        "first_seen_on",
    ],
    on_conflict: "",
};

/// The tables of which a run may have millions of rows, by the ids of items.
pub(super) const ITEMS: [&str; 2] = [IN_TRANSIT.name, CLEARED.name];

pub(super) fn number(count: u64) -> Cell<'static> {
    Cell::Integer(i64::try_from(count).unwrap_or(i64::MAX))
}

pub(super) fn code(currency: Option<Currency>) -> Cell<'static> {
    Cell::written(currency.as_ref().map(Currency::code))
}

pub(super) fn amount(amount: Option<i128>) -> Cell<'static> {
    // Numbers of 64 bits are written faster.
    amount.map_or(Cell::text(""), |amount| match i64::try_from(amount) {
        Ok(amount) => Cell::written(Some(amount)),
        Err(_) => Cell::written(Some(amount)),
    })
}

fn day(date: Option<BusinessDate>) -> Cell<'static> {
    Cell::written(date)
}

pub(super) fn file_cells(at: usize, file: &RunFile) -> [Cell<'_>; 8] {
    [
        number(at as u64),
        Cell::text(&*file.kind),
        Cell::text(&*file.path),
        Cell::text(&*file.name),
        number(file.size),
        Cell::text(&*file.sha256),
        number(file.lines),
        number(file.rejects),
    ]
}

pub(super) fn archived_cells(file: &PackedFile) -> [Cell<'_>; 3] {
    [Cell::text(&*file.sha256), number(file.packed_size), Cell::text(&*file.packed_sha256)]
}

pub(super) fn discrepancy_cells(row: &Discrepancy) -> [Cell<'_>; 28] {
    [
        Cell::text(row.discrepancy_id.as_str()),
        Cell::text(row.kind.as_str()),
        Cell::text(row.severity.as_str()),
        day(Some(row.business_date)),
        day(Some(row.first_seen_on)),
        Cell::Integer(row.age_days.into()),
        Cell::text(&*row.sub_merchant_id),
        Cell::text(&*row.entry_type),
        Cell::text(&*row.request_id),
        Cell::text(&*row.antom_id),
        Cell::text(&*row.original_request_id),
        Cell::text(&*row.original_antom_id),
        Cell::text(&*row.order_id),
        code(row.currency),
        code(row.ledger_currency),
        amount(row.ledger_amount),
        amount(row.report_amount),
        Cell::text(&*row.ledger_status),
        Cell::text(&*row.report_status),
        Cell::text(row.answer.map_or("", Answer::as_str)),
        Cell::text(&*row.answer_status),
        amount(row.answer_amount),
        code(row.answer_currency),
        Cell::text(&*row.explanation),
        Cell::text(&*row.ledger_entry_id),
        Cell::text(&*row.report_file),
        row.report_line.map_or(Cell::NoInteger, |line| Cell::Integer(line.into())),
        Cell::text(row.stage.as_str()),
    ]
}

pub(super) fn in_transit_cells(row: &InTransitRow) -> [Cell<'_>; 11] {
    [
        Cell::text(&*row.item_id),
        Cell::text(&*row.request_id),
        Cell::text(&*row.antom_id),
        Cell::text(row.entry_type.as_str()),
        code(Some(row.currency)),
        amount(Some(row.amount)),
        Cell::text(row.side.as_str()),
        day(Some(row.business_date)),
        day(Some(row.due_on)),
        Cell::text(row.waits_for),
        day(Some(row.first_seen_on)),
    ]
}

pub(super) fn cleared_cells(row: &ClearedRow) -> [Cell<'_>; 12] {
    [
        Cell::text(&*row.item_id),
        Cell::text(&*row.request_id),
        Cell::text(&*row.antom_id),
        Cell::text(&*row.entry_type),
        code(row.currency),
        amount(row.amount),
        Cell::text(row.side.as_str()),
        day(Some(row.business_date)),
        day(row.due_on),
        Cell::text(&*row.cleared_by),
        day(Some(row.cleared_on)),
        day(row.first_seen_on),
    ]
}

pub(super) fn unexpected(column: &str, found: &str, expected: &str) -> String {
    format!("{column} is `{found}`; expected {expected}")
}

/// A date, as it was written.
pub(super) fn date(column: &str, text: &str) -> Result<BusinessDate, String> {
    text.parse().map_err(|_| unexpected(column, text, "a date"))
}

pub(super) fn word<T>(column: &str, text: &str, parsed: Option<T>) -> Result<T, String> {
    parsed.ok_or_else(|| unexpected(column, text, "a word that this program knows"))
}

fn optional<T>(text: &str, parse: impl FnOnce(&str) -> Result<T, String>) -> Result<Option<T>, String> {
    if text.is_empty() { Ok(None) } else { parse(text).map(Some) }
}

fn money(column: &str, text: &str) -> Result<Option<i128>, String> {
    optional(text, |text| whole(column, text))
}

/// An amount that must be there.
pub(super) fn whole(column: &str, text: &str) -> Result<i128, String> {
    text.parse().map_err(|_| unexpected(column, text, "an integer"))
}

fn currency(column: &str, text: &str) -> Result<Option<Currency>, String> {
    optional(text, |text| known_currency(column, text))
}

/// A currency that must be there.
pub(super) fn known_currency(column: &str, text: &str) -> Result<Currency, String> {
    word(column, text, Currency::parse(text.as_bytes()))
}

#[derive(sqlx::FromRow)]
pub(super) struct FileRow {
    kind: String,
    path: String,
    name: String,
    size: i64,
    sha256: String,
    lines: i64,
    rejects: i64,
}

impl FileRow {
    pub(super) fn into_file(self) -> Result<RunFile, String> {
        let count =
            |column, number: i64| u64::try_from(number).map_err(|_| unexpected(column, &number.to_string(), "a count"));
        Ok(RunFile {
            size: count("size", self.size)?,
            lines: count("lines", self.lines)?,
            rejects: count("rejects", self.rejects)?,
            kind: self.kind,
            path: self.path,
            name: self.name,
            sha256: self.sha256,
        })
    }
}

#[derive(sqlx::FromRow)]
pub(super) struct DiscrepancyRow {
    discrepancy_id: String,
    kind: String,
    severity: String,
    business_date: String,
    first_seen_on: String,
    age_days: i64,
    sub_merchant_id: String,
    entry_type: String,
    request_id: String,
    antom_id: String,
    original_request_id: String,
    original_antom_id: String,
    order_id: String,
    currency: String,
    ledger_currency: String,
    ledger_amount: String,
    report_amount: String,
    ledger_status: String,
    report_status: String,
    answer: String,
    answer_status: String,
    answer_amount: String,
    answer_currency: String,
    explanation: String,
    ledger_entry_id: String,
    report_file: String,
    report_line: Option<i64>,
    stage: String,
}

impl DiscrepancyRow {
    pub(super) fn into_discrepancy(self) -> Result<Discrepancy, String> {
        let line = self.report_line.map(u32::try_from).transpose();
        Ok(Discrepancy {
            kind: word("kind", &self.kind, DiscrepancyKind::parse(&self.kind))?,
            severity: word("severity", &self.severity, Severity::parse(&self.severity))?,
            business_date: date("business_date", &self.business_date)?,
            first_seen_on: date("first_seen_on", &self.first_seen_on)?,
            age_days: u32::try_from(self.age_days)
                .map_err(|_| unexpected("age_days", &self.age_days.to_string(), "a count"))?,
            typed: EntryType::parse(&self.entry_type),
            currency: currency("currency", &self.currency)?,
            ledger_currency: currency("ledger_currency", &self.ledger_currency)?,
            ledger_amount: money("ledger_amount", &self.ledger_amount)?,
            report_amount: money("report_amount", &self.report_amount)?,
            answer: optional(&self.answer, |text| word("answer", text, Answer::parse(text)))?,
            answer_amount: money("answer_amount", &self.answer_amount)?,
            answer_currency: currency("answer_currency", &self.answer_currency)?,
            report_line: line
                .map_err(|_| unexpected("report_line", &format!("{:?}", self.report_line), "a line number"))?,
            stage: word("stage", &self.stage, Stage::parse(&self.stage))?,
            discrepancy_id: DiscrepancyId::new(self.discrepancy_id),
            sub_merchant_id: self.sub_merchant_id,
            entry_type: self.entry_type,
            request_id: self.request_id,
            antom_id: self.antom_id,
            original_request_id: self.original_request_id,
            original_antom_id: self.original_antom_id,
            order_id: self.order_id,
            ledger_status: self.ledger_status,
            report_status: self.report_status,
            answer_status: self.answer_status,
            explanation: self.explanation,
            ledger_entry_id: self.ledger_entry_id,
            report_file: self.report_file,
        })
    }
}

#[derive(sqlx::FromRow)]
pub(super) struct InTransitItemRow {
    item_id: String,
    request_id: String,
    antom_id: String,
    entry_type: String,
    currency: String,
    amount: String,
    side: String,
    business_date: String,
    due_on: String,
    waits_for: String,
    first_seen_on: String,
}

impl InTransitItemRow {
    pub(super) fn item(&self) -> Result<CarriedInTransit, String> {
        in_transit_item([
            &self.item_id,
            &self.request_id,
            &self.antom_id,
            &self.entry_type,
            &self.currency,
            &self.amount,
            &self.side,
            &self.business_date,
            &self.due_on,
            &self.waits_for,
            &self.first_seen_on,
        ])
    }
}

/// An item of the cells of a row, in the order of the columns.
pub(super) fn in_transit_item_of(cells: &[(&str, &str)]) -> Result<CarriedInTransit, String> {
    let cells: &[(&str, &str); 11] =
        cells.try_into().map_err(|_| unexpected("row", &format!("{} cells", cells.len()), "11"))?;
    in_transit_item(cells.map(|(_, text)| text))
}

fn in_transit_item(texts: [&str; 11]) -> Result<CarriedInTransit, String> {
    let [
        item_id,
        request_id,
        antom_id,
        entry_type,
        code,
        amount,
        side,
        business_date,
        due_on,
        waits_for,
        first_seen_on,
    ] = texts;
    Ok(CarriedInTransit {
        entry_type: word("entry_type", entry_type, EntryType::parse(entry_type))?,
        currency: known_currency("currency", code)?,
        amount: whole("amount", amount)?,
        side: word("side", side, Side::parse(side))?,
        business_date: date("business_date", business_date)?,
        due_on: date("due_on", due_on)?,
        first_seen_on: optional(first_seen_on, |text| date("first_seen_on", text))?,
        item_id: item_id.to_owned(),
        request_id: request_id.to_owned(),
        antom_id: antom_id.to_owned(),
        waits_for: waits_for.to_owned(),
    })
}

#[derive(sqlx::FromRow)]
pub(super) struct ClearedItemRow {
    item_id: String,
    request_id: String,
    antom_id: String,
    entry_type: String,
    currency: String,
    amount: String,
    side: String,
    business_date: String,
    due_on: String,
    cleared_by: String,
    cleared_on: String,
    first_seen_on: String,
}

impl ClearedItemRow {
    pub(super) fn into_cleared(self) -> Result<ClearedRow, String> {
        Ok(ClearedRow {
            currency: currency("currency", &self.currency)?,
            amount: money("amount", &self.amount)?,
            side: word("side", &self.side, Side::parse(&self.side))?,
            business_date: date("business_date", &self.business_date)?,
            due_on: optional(&self.due_on, |text| date("due_on", text))?,
            cleared_on: date("cleared_on", &self.cleared_on)?,
            first_seen_on: optional(&self.first_seen_on, |text| date("first_seen_on", text))?,
            item_id: self.item_id,
            request_id: self.request_id,
            antom_id: self.antom_id,
            entry_type: self.entry_type,
            cleared_by: self.cleared_by,
        })
    }
}
