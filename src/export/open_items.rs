//! `in_transit.csv` and `cleared.csv`: what waits, and what this run closed. Both may have millions of rows, so they are
//! shown one after the other, and written row by row.

use std::io::{self, Write};

use super::{CsvOut, Written};
use crate::calendar::BusinessDate;
use crate::discrepancy::{ClearedRow, InTransitRow};

/// The contract's columns of `in_transit.csv`, then ours.
pub const IN_TRANSIT_COLUMNS: [&str; 12] = [
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
    "age_days",
];

/// The contract's columns of `cleared.csv`, then ours.
pub const CLEARED_COLUMNS: [&str; 13] = [
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
    "age_days",
];

/// Business days from the day on which an item was first listed to another.
type Age<'a> = &'a dyn Fn(BusinessDate, BusinessDate) -> u32;

/// What each row is shown to.
pub type Show<'s, T> = &'s mut dyn FnMut(&T) -> io::Result<()>;

/// Writes `in_transit.csv` of a date, of the rows that `each` shows, in their order. `age` counts business days.
///
/// # Errors
/// The sink's, and those of reading the rows.
pub fn in_transit<W: Write>(
    sink: W,
    each: impl FnOnce(Show<'_, InTransitRow>) -> io::Result<()>,
    today: BusinessDate,
    age: Age<'_>,
) -> io::Result<Written> {
    let mut table = CsvOut::new(sink, &IN_TRANSIT_COLUMNS)?;
    each(&mut |row| {
        table.text(&row.item_id)?;
        table.text(&row.request_id)?;
        table.text(&row.antom_id)?;
        table.value(row.entry_type)?;
        table.value(row.currency)?;
        table.amount(Some(row.amount), Some(row.currency))?;
        table.value(row.side)?;
        table.date(row.business_date)?;
        table.date(row.due_on)?;
        table.text(row.waits_for)?;
        table.date(row.first_seen_on)?;
        table.value(age(row.first_seen_on, today))?;
        table.end()
    })?;
    table.finish()
}

/// Writes `cleared.csv`, of the rows that `each` shows, in their order; `age_days` is how long it took, in business days by `age`.
///
/// # Errors
/// The sink's, those of reading the rows, and `InvalidData` for an amount without a currency.
pub fn cleared<W: Write>(
    sink: W,
    each: impl FnOnce(Show<'_, ClearedRow>) -> io::Result<()>,
    age: Age<'_>,
) -> io::Result<Written> {
    let mut table = CsvOut::new(sink, &CLEARED_COLUMNS)?;
    each(&mut |row| {
        table.text(&row.item_id)?;
        table.text(&row.request_id)?;
        table.text(&row.antom_id)?;
        table.text(&row.entry_type)?;
        table.optional(row.currency)?;
        table.amount(row.amount, row.currency)?;
        table.value(row.side)?;
        table.date(row.business_date)?;
        table.optional_date(row.due_on)?;
        table.text(&row.cleared_by)?;
        table.date(row.cleared_on)?;
        table.optional_date(row.first_seen_on)?;
        table.optional(row.first_seen_on.map(|since| age(since, row.cleared_on)))?;
        table.end()
    })?;
    table.finish()
}
