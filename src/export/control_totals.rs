//! `control_totals.csv`: every line and entry counted once, and where it ended. The conservation proof, for people.

use std::borrow::Borrow;
use std::io::{self, Write};

use super::{CsvOut, Written};
use crate::discrepancy::Side;
use crate::money::{Currency, Tally};

/// The contract's columns of `control_totals.csv`.
pub const CONTROL_TOTAL_COLUMNS: [&str; 17] = [
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

/// All items of a kind, and the five places where they can end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Placed {
    /// All of them.
    pub total: Tally,
    /// Matched.
    pub matched: Tally,
    /// Waiting inside their window.
    pub in_transit: Tally,
    /// In a discrepancy.
    pub discrepancies: Tally,
    /// Excluded by a named rule.
    pub excluded: Tally,
    /// Not readable; those have a count and no sum.
    pub rejected: Tally,
}

impl Placed {
    /// The five places, in the contract's order.
    #[must_use]
    pub const fn places(&self) -> [&Tally; 5] {
        [&self.matched, &self.in_transit, &self.discrepancies, &self.excluded, &self.rejected]
    }
}

/// One row: a side, file, type and currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ControlTotalRow {
    /// The side.
    pub side: Side,
    /// The report's file name; empty for the ledger.
    pub file: String,
    /// The type as a word of the contract, or as written if it is not known; empty if it could not be read.
    pub entry_type: String,
    /// The currency; none for lines whose currency could not be read, which have counts and no sums.
    pub currency: Option<Currency>,
    /// How many, how much, and where they ended.
    pub placed: Placed,
}

/// Writes `control_totals.csv`, in the order given. Debits are positive, credits negative; cells of sums are empty where there is
/// no currency.
///
/// # Errors
/// The sink's.
pub fn control_totals<W, I>(sink: W, rows: I) -> io::Result<Written>
where
    W: Write,
    I: IntoIterator<Item: Borrow<ControlTotalRow>>,
{
    let mut table = CsvOut::new(sink, &CONTROL_TOTAL_COLUMNS)?;
    for row in rows {
        let row = row.borrow();
        let sum = |amount: i128| row.currency.map(|currency| currency.major(amount));
        table.value(row.side)?;
        table.text(&row.file)?;
        table.text(&row.entry_type)?;
        table.optional(row.currency)?;
        table.value(row.placed.total.count)?;
        table.optional(sum(row.placed.total.debit))?;
        table.optional(sum(row.placed.total.credit))?;
        for tally in row.placed.places() {
            table.value(tally.count)?;
        }
        for tally in row.placed.places() {
            table.optional(sum(tally.sum()))?;
        }
        table.end()?;
    }
    table.finish()
}
