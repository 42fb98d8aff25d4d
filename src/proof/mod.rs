//! Proofs: sums that must agree with sums.
//!
//! `sums` adds up what a settlement batch pays to each party, `finding` is what any proof finds.

mod balances;
mod batches;
mod files;
#[cfg(test)]
mod files_table;
mod finding;
mod held;
mod payouts;
mod summary;
mod sums;

use std::collections::BTreeMap;

use crate::id::{Symbol, Symbols};
use crate::matching::DayReport;
use crate::money::Currency;
use crate::movement::{EntryType, ReportKind};

pub use balances::{AccountRow, BalanceInputs, BalanceProof, prove_balances};
pub use batches::{BatchInputs, BatchProof, BatchRow, prove_batches};
pub use files::{DayStatement, Places, join_places};
pub use finding::{LineFinding, ProofFinding, Proved};
pub use held::{Held, HeldKind, HeldRow, held};
pub use payouts::{Outgoing, Payout, PayoutInputs, PayoutProof, prove_payouts};
pub use summary::{ControlTotals, control_totals};
pub use sums::{BatchKey, BatchSum, BatchSums, TypeSum, sums_of_lines};

/// One batch, party and settlement currency. Amounts in the currency's smallest unit, signed from the marketplace's side.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct BatchTotal {
    /// `settlementBatchId`.
    pub batch_id: String,
    /// `merchantId` or `customerId`.
    pub merchant_id: String,
    /// `referenceMerchantId`; empty for the marketplace.
    pub sub_merchant_id: String,
    /// `settlementCurrency`.
    pub currency: Currency,
    /// Number of lines.
    pub lines: u64,
    /// What the movements are worth before fees: net less signed fees, over the lines of movements.
    pub gross: i128,
    /// Sum of the signed fees, lines that are fees as a whole included; a charged fee is negative.
    pub fees: i128,
    /// Reserve, collateral and correction lines, and lines of types that are not known: net = gross + fees + other.
    pub other: i128,
    /// Sum of `settlementAmountValue`.
    pub net: i128,
}

/// Sums of one party in one batch.
#[derive(Default)]
struct Sums {
    lines: u64,
    gross: i128,
    fees: i128,
    other: i128,
    net: i128,
}

/// Adds up the batches of these settlement details.
#[must_use]
pub fn batch_totals<'a>(reports: impl Iterator<Item = &'a DayReport>, symbols: &Symbols) -> Vec<BatchTotal> {
    let mut sums = BTreeMap::<(Symbol, Symbol, Symbol, Currency), Sums>::new();
    for line in reports
        .filter(|report| report.parsed.kind == ReportKind::SettlementDetails)
        .flat_map(|report| &report.parsed.lines)
    {
        let currency = line.settlement_currency.unwrap_or(line.currency);
        let sum = sums.entry((line.batch, line.merchant, line.party, currency)).or_default();
        let (net, fee) = (i128::from(line.net), i128::from(line.fee));
        sum.lines += 1;
        sum.net += net;
        match line.entry_type {
            Some(EntryType::Fee) => sum.fees += net,
            Some(known) if !known.is_adjustment() => {
                sum.fees += fee;
                sum.gross += net - fee;
            }
            _ => sum.other += net,
        }
    }
    let mut totals: Vec<BatchTotal> = sums
        .into_iter()
        .map(|((batch, merchant, party, currency), sums)| BatchTotal {
            batch_id: symbols.text(batch),
            merchant_id: symbols.text(merchant),
            sub_merchant_id: symbols.text(party),
            currency,
            lines: sums.lines,
            gross: sums.gross,
            fees: sums.fees,
            other: sums.other,
            net: sums.net,
        })
        .collect();
    totals.sort_unstable();
    totals
}
