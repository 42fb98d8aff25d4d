//! `settlement_batches.csv`: what each batch pays to each party, recomputed and as Antom sums it up.

use std::borrow::Borrow;
use std::io::{self, Write};

use super::{CsvOut, Written};
use crate::money::Currency;
use crate::movement::EntryType;
use crate::proof::BatchSum;
use crate::report::FeeKind;

/// The first columns of `settlement_batches.csv`; those of movements, fees and the rest follow.
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

/// The types of movements that a batch settles: each has a column of its gross.
pub const GROSS_TYPES: [EntryType; 10] = [
    EntryType::Payment,
    EntryType::Authorization,
    EntryType::Capture,
    EntryType::Void,
    EntryType::Cancel,
    EntryType::Refund,
    EntryType::PaymentReversal,
    EntryType::RefundReversal,
    EntryType::Dispute,
    EntryType::DisputeReversal,
];

/// What stands behind the fees.
const LAST_COLUMNS: [&str; 5] = ["corrections", "reserve", "collateral", "unknown_types", "payout"];

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
    /// What the lines of settlement details come to; zero everywhere if there are none.
    pub sum: BatchSum,
    /// What the settlement summary says; none if there is none.
    pub summary: Option<i128>,
    /// What left the party's account for it (negative); none if it is not known.
    pub payout: Option<i128>,
}

/// All columns of `settlement_batches.csv`: [`BATCH_COLUMNS`]; `gross_` with each of [`GROSS_TYPES`]; `fee_` with the word of each
/// [`FeeKind`]; what is neither movement nor fee; the payout.
#[must_use]
pub fn batch_columns() -> Vec<String> {
    let gross = GROSS_TYPES.iter().map(|known| format!("gross_{}", known.as_str().to_ascii_lowercase()));
    let fees = FeeKind::ALL.iter().map(|kind| format!("fee_{kind}"));
    let named = |columns: &[&'static str]| columns.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
    named(&BATCH_COLUMNS).into_iter().chain(gross).chain(fees).chain(named(&LAST_COLUMNS)).collect()
}

/// Writes `settlement_batches.csv`, in the order given. `difference` is summary − net, empty without a summary.
///
/// # Errors
/// The sink's, and `InvalidData` for a gross of a type that has no column.
pub fn settlement_batches<W, I>(sink: W, rows: I) -> io::Result<Written>
where
    W: Write,
    I: IntoIterator<Item: Borrow<BatchRow>>,
{
    let columns = batch_columns();
    let mut table = CsvOut::new(sink, &columns.iter().map(String::as_str).collect::<Vec<_>>())?;
    for row in rows {
        write_row(&mut table, row.borrow())?;
    }
    table.finish()
}

fn write_row<W: Write>(table: &mut CsvOut<W>, row: &BatchRow) -> io::Result<()> {
    let (sum, currency) = (&row.sum, Some(row.currency));
    table.text(&row.batch_id)?;
    table.text(&row.merchant_id)?;
    table.text(&row.sub_merchant_id)?;
    table.value(row.currency)?;
    table.value(sum.lines)?;
    table.amount(Some(sum.gross()), currency)?;
    table.amount(Some(sum.fees()), currency)?;
    table.amount(Some(sum.net), currency)?;
    table.amount(row.summary, currency)?;
    table.amount(row.summary.map(|summary| summary - sum.net), currency)?;
    table.amount(Some(sum.other()), currency)?;
    if let Some((stray, amount)) = sum.gross.iter().find(|(known, _)| !GROSS_TYPES.contains(known)) {
        let problem = format!("batch `{}` has the gross {amount} of {stray}, which has no column", row.batch_id);
        return Err(io::Error::new(io::ErrorKind::InvalidData, problem));
    }
    for known in GROSS_TYPES {
        table.amount(Some(sum.gross.get(&known).copied().unwrap_or_default()), currency)?;
    }
    for kind in FeeKind::ALL {
        table.amount(Some(sum.fees.get(kind).copied().unwrap_or_default()), currency)?;
    }
    let (reserve, collateral) = (sum.reserve_taken + sum.reserve_given, sum.collateral_taken + sum.collateral_given);
    for amount in [sum.corrections, reserve, collateral, sum.unknown] {
        table.amount(Some(amount), currency)?;
    }
    table.amount(row.payout, currency)?;
    table.end()
}
