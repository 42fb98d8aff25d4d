//! `discrepancies.csv`.

use std::borrow::Borrow;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::io::{self, Write};

use super::{CsvOut, Written};
use crate::decision::Shown;
use crate::discrepancy::Discrepancy;
use crate::id::DiscrepancyId;

/// The contract's columns in the contract's order, then ours.
pub const DISCREPANCY_COLUMNS: [&str; 30] = [
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
    "ledger_currency",
    "answer_currency",
    "decision",
    "decided_by",
    "reason",
];

/// Brings discrepancies into the order in which an analyst works through them: the most severe first, then by stage, kind,
/// business date, file and line; the id decides what is left, so the order is total.
pub fn sort_discrepancies(rows: &mut [Discrepancy]) {
    fn place(row: &Discrepancy) -> impl Ord + '_ {
        let source = (row.report_file.as_str(), row.report_line, row.ledger_entry_id.as_str());
        (Reverse(row.severity), row.stage, row.kind, row.business_date, source, row.discrepancy_id.as_str())
    }
    // No two have the same id.
    rows.sort_unstable_by(|left, right| place(left).cmp(&place(right)));
}

/// Writes `discrepancies.csv`, in the order given, each row with the decision that it shows.
///
/// # Errors
/// The sink's, and `InvalidData` for an amount without a currency.
pub fn discrepancies<W, I>(sink: W, rows: I, decided: &BTreeMap<DiscrepancyId, Shown>) -> io::Result<Written>
where
    W: Write,
    I: IntoIterator<Item: Borrow<Discrepancy>>,
{
    let mut table = CsvOut::new(sink, &DISCREPANCY_COLUMNS)?;
    for row in rows {
        let row = row.borrow();
        write_row(&mut table, row)?;
        write_decision(&mut table, decided.get(&row.discrepancy_id))?;
    }
    table.finish()
}

fn write_row<W: Write>(table: &mut CsvOut<W>, row: &Discrepancy) -> io::Result<()> {
    let ledger_currency = row.ledger_currency.or(row.currency);
    table.text(row.discrepancy_id.as_str())?;
    table.value(row.kind)?;
    table.value(row.severity)?;
    table.date(row.business_date)?;
    table.date(row.first_seen_on)?;
    table.value(row.age_days)?;
    table.text(&row.sub_merchant_id)?;
    table.text(&row.entry_type)?;
    table.text(&row.request_id)?;
    table.text(&row.antom_id)?;
    table.text(&row.order_id)?;
    table.optional(row.currency)?;
    table.amount(row.ledger_amount, ledger_currency)?;
    table.amount(row.report_amount, row.currency)?;
    table.amount(row.delta(), row.currency)?;
    table.text(&row.ledger_status)?;
    table.text(&row.report_status)?;
    table.optional(row.answer)?;
    table.text(&row.answer_status)?;
    table.amount(row.answer_amount, row.answer_currency.or(row.currency))?;
    table.text(&row.explanation)?;
    table.text(&row.ledger_entry_id)?;
    table.text(&row.report_file)?;
    table.optional(row.report_line)?;
    table.value(row.stage)?;
    table.optional(row.ledger_currency)?;
    table.optional(row.answer_currency)
}

/// The last cells of a row: a decision, or room for one.
fn write_decision<W: Write>(table: &mut CsvOut<W>, shown: Option<&Shown>) -> io::Result<()> {
    table.optional(shown.map(|shown| shown.kind))?;
    table.text(shown.map_or("", |shown| &shown.decided_by))?;
    table.text(shown.map_or("", |shown| &shown.reason))?;
    table.end()
}
