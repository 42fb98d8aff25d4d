//! `control_totals.csv`: every line and every entry ends in exactly one place, in counts and in sums.

use super::{Table, exact, form};

/// The contract's columns; more may follow.
const COLUMNS: [&str; 17] = [
    "side",
    "file",
    "entry_type",
    "currency",
    "count",
    "debit",
    "credit",
    "matched",
    "in_transit",
    "discrepancies",
    "excluded",
    "rejected",
    "matched_sum",
    "in_transit_sum",
    "discrepancies_sum",
    "excluded_sum",
    "rejected_sum",
];

/// Where an item may end.
const PLACES: [&str; 5] = ["matched", "in_transit", "discrepancies", "excluded", "rejected"];

/// Checks each row alone; a file without rows proves nothing and is a problem as well.
pub(super) fn prove(table: &Table, problems: &mut Vec<String>) {
    form::columns(table, &COLUMNS, "control_totals.csv", problems);
    if table.is_empty() {
        problems.push("control_totals.csv has no rows".to_owned());
    }
    for row in 0..table.len() {
        let name = ["side", "file", "entry_type", "currency"].map(|column| table.cell(row, column)).join(" ");
        let counts = PLACES.map(|place| table.cell(row, place).parse::<u64>().ok());
        let total = table.cell(row, "count").parse::<u64>().ok();
        let counted: Option<u64> = counts.into_iter().sum();
        if counted.is_none() || counted != total {
            problems.push(format!("control total `{name}`: places {counts:?} do not add up to `{total:?}`"));
        }
        // Lines whose currency could not be read have counts only.
        if !table.cell(row, "currency").is_empty() {
            sums(table, row, &name, problems);
        }
    }
}

/// Debits are positive; a credit counts as negative, whichever way it is written.
fn sums(table: &Table, row: usize, name: &str, problems: &mut Vec<String>) {
    let sums = PLACES.map(|place| exact::micros(table.cell(row, &format!("{place}_sum"))));
    let placed: Option<i128> = sums.into_iter().sum();
    let debit = exact::micros(table.cell(row, "debit"));
    let credit = exact::micros(table.cell(row, "credit")).map(|credit| -credit.abs());
    let total = debit.zip(credit).map(|(debit, credit)| debit + credit);
    if placed.is_none() || placed != total {
        problems.push(format!("control total `{name}`: sums {sums:?} (millionths) do not add up to `{total:?}`"));
    }
}
