//! `balances.csv`: what each account held at the day's ends, and what is held in reserve and collateral.

use std::borrow::Borrow;
use std::fmt;
use std::io::{self, Write};

use super::{CsvOut, Written};
use crate::money::Currency;
use crate::movement::closed_words;

/// The columns of `balances.csv`.
pub const BALANCE_COLUMNS: [&str; 11] = [
    "merchant_id",
    "sub_merchant_id",
    "account_no",
    "currency",
    "opening",
    "in",
    "out",
    "expected",
    "reported",
    "difference",
    "kind",
];

closed_words! {
    /// What a row of `balances.csv` is the balance of.
    BalanceKind {
        /// An account.
        Account = "account",
        /// A party's reserve.
        Reserve = "reserve",
        /// A party's collateral.
        Collateral = "collateral",
    }
}

/// One account and currency, or what is held of one party in one currency. Amounts are in smallest units, signed from the party's
/// side; none is an empty cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BalanceRow {
    /// `merchantId` of the party.
    pub merchant_id: String,
    /// `referenceMerchantId` of the party; empty for the marketplace.
    pub sub_merchant_id: String,
    /// `accountNo`; empty for reserve and collateral.
    pub account_no: String,
    /// The account's currency, or that of the settlement.
    pub currency: Currency,
    /// The balance at the end of the day before.
    pub opening: Option<i128>,
    /// Sum of the day's incoming movements, positive.
    pub incoming: Option<i128>,
    /// Sum of the day's outgoing movements, negative.
    pub outgoing: Option<i128>,
    /// Opening and movements together.
    pub expected: Option<i128>,
    /// The balance that the report gives for the end of the day.
    pub reported: Option<i128>,
    /// Reported − expected, if both are known or a missing side counts as zero.
    pub difference: Option<i128>,
    /// What it is the balance of.
    pub kind: BalanceKind,
}

/// Writes `balances.csv`, in the order given.
///
/// # Errors
/// The sink's.
pub fn balances<W, I>(sink: W, rows: I) -> io::Result<Written>
where
    W: Write,
    I: IntoIterator<Item: Borrow<BalanceRow>>,
{
    let mut table = CsvOut::new(sink, &BALANCE_COLUMNS)?;
    for row in rows {
        let row = row.borrow();
        table.text(&row.merchant_id)?;
        table.text(&row.sub_merchant_id)?;
        table.text(&row.account_no)?;
        table.value(row.currency)?;
        for amount in [row.opening, row.incoming, row.outgoing, row.expected, row.reported, row.difference] {
            table.amount(amount, Some(row.currency))?;
        }
        table.value(row.kind)?;
        table.end()?;
    }
    table.finish()
}
