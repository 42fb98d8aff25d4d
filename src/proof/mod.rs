//! Proofs: sums that must agree with sums.
//!
//! Today: what a settlement batch pays to each party. The formulas of rows, batches and balances join it here.

use std::collections::BTreeMap;

use crate::id::{Symbol, Symbols};
use crate::matching::DayReport;
use crate::money::Currency;
use crate::movement::ReportKind;

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
    /// Net less signed fees: what the movements are worth before fees.
    pub gross: i128,
    /// Sum of the signed fees; a charged fee is negative.
    pub fees: i128,
    /// Sum of `settlementAmountValue`.
    pub net: i128,
}

/// Adds up the batches of these settlement details.
#[must_use]
pub fn batch_totals<'a>(reports: impl Iterator<Item = &'a DayReport>, symbols: &Symbols) -> Vec<BatchTotal> {
    let mut sums = BTreeMap::<(Symbol, Symbol, Symbol, Currency), (u64, i128, i128)>::new();
    for line in reports
        .filter(|report| report.parsed.kind == ReportKind::SettlementDetails)
        .flat_map(|report| &report.parsed.lines)
    {
        let currency = line.settlement_currency.unwrap_or(line.currency);
        let sum = sums.entry((line.batch, line.merchant, line.party, currency)).or_default();
        sum.0 += 1;
        sum.1 += i128::from(line.fee);
        sum.2 += i128::from(line.net);
    }
    let mut totals: Vec<BatchTotal> = sums
        .into_iter()
        .map(|((batch, merchant, party, currency), (lines, fees, net))| BatchTotal {
            batch_id: symbols.text(batch),
            merchant_id: symbols.text(merchant),
            sub_merchant_id: symbols.text(party),
            currency,
            lines,
            gross: net - fees,
            fees,
            net,
        })
        .collect();
    totals.sort_unstable();
    totals
}
