//! `settlement_batches.csv`: what each batch pays to each party, recomputed and as Antom sums it up.

use std::borrow::Borrow;
use std::io::{self, Write};

use super::{CsvOut, Written};
use crate::money::Currency;

/// The columns of `settlement_batches.csv`.
pub const BATCH_COLUMNS: [&str; 11] = [
    "settlement_batch_id",
    "merchant_id",
    "sub_merchant_id",
    "currency",
    "lines",
    "gross",
    "fees",
    "net",
    "summary",
    "difference",
    "other",
];

/// One batch, party and settlement currency. Sums are in smallest units, signed from the party's side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchRow {
    /// `settlementBatchId`.
    pub batch_id: String,
    /// `merchantId` of the party.
    pub merchant_id: String,
    /// `referenceMerchantId` of the party; empty for the marketplace.
    pub sub_merchant_id: String,
    /// The settlement currency.
    pub currency: Currency,
    /// Number of lines in settlement details.
    pub lines: u64,
    /// Sum of what the lines are worth before fees.
    pub gross: i128,
    /// Sum of the signed fees; a charged fee is negative.
    pub fees: i128,
    /// Sum of reserve, collateral and correction lines: net = gross + fees + other.
    pub other: i128,
    /// Sum of the lines' settlement amounts.
    pub net: i128,
    /// What the settlement summary says; none if there is none.
    pub summary: Option<i128>,
}

/// Writes `settlement_batches.csv`, in the order given. `difference` is summary − net, empty without a summary.
///
/// # Errors
/// The sink's.
pub fn settlement_batches<W, I>(sink: W, rows: I) -> io::Result<Written>
where
    W: Write,
    I: IntoIterator<Item: Borrow<BatchRow>>,
{
    let mut table = CsvOut::new(sink, &BATCH_COLUMNS)?;
    for row in rows {
        let row = row.borrow();
        let currency = Some(row.currency);
        table.text(&row.batch_id)?;
        table.text(&row.merchant_id)?;
        table.text(&row.sub_merchant_id)?;
        table.value(row.currency)?;
        table.value(row.lines)?;
        table.amount(Some(row.gross), currency)?;
        table.amount(Some(row.fees), currency)?;
        table.amount(Some(row.net), currency)?;
        table.amount(row.summary, currency)?;
        table.amount(row.summary.map(|summary| summary - row.net), currency)?;
        table.amount(Some(row.other), currency)?;
        table.end()?;
    }
    table.finish()
}
