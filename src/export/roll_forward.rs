//! `roll_forward.csv`: what was open, what came, what went, what is open, by kind, currency and age.

use std::io::{self, Write};

use super::{CsvOut, Written};
use crate::conservation::{OpenSum, RollForward};

/// The columns of `roll_forward.csv`.
pub const ROLL_FORWARD_COLUMNS: [&str; 11] = [
    "kind",
    "currency",
    "age_bucket",
    "opening_count",
    "opening_amount",
    "new_count",
    "new_amount",
    "cleared_count",
    "cleared_amount",
    "closing_count",
    "closing_amount",
];

/// Writes `roll_forward.csv`. Amounts are in major units of the row's currency, empty where there is none.
///
/// # Errors
/// The sink's.
pub fn roll_forward<W: Write>(sink: W, rows: &RollForward) -> io::Result<Written> {
    let mut table = CsvOut::new(sink, &ROLL_FORWARD_COLUMNS)?;
    for ((kind, currency, age), row) in rows {
        table.value(kind)?;
        table.optional(*currency)?;
        table.value(age)?;
        for OpenSum { count, amount } in [row.opening, row.new, row.cleared, row.closing] {
            table.value(count)?;
            table.optional(currency.map(|known| known.major(amount)))?;
        }
        table.end()?;
    }
    table.finish()
}
