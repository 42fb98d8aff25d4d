//! What is wrong with one line, in numbers; sentences are made at the end.

use crate::kind::DiscrepancyKind;
use crate::money::Currency;
use crate::movement::EntryType;
use crate::report::{FeeAmount, FeeKind, Place};

use super::rate::{NoRate, Rate};

/// A fee that is not what the contract says, as written in the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FeeDeviation {
    /// Over, under, or without a rule.
    pub(super) kind: DiscrepancyKind,
    /// What the fee is for.
    pub(super) fee: FeeKind,
    /// What the rule says; none without a rule.
    pub(super) expected: Option<i128>,
    /// What the line says.
    pub(super) charged: i128,
    /// Index of the rule and of its tier.
    pub(super) rule: Option<(u32, Option<u32>)>,
}

/// A conversion that is not what the quote says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fx {
    /// It cannot be recomputed.
    Unknown { reason: NoRate, reported: i128 },
    /// The converted amount is another one.
    Column { gross: i128, converted: i64 },
    /// The converted amount is in another currency than the settlement's.
    Currency { gross: i128, converted: i64, currency: Currency },
    /// The quote was applied the wrong way round.
    WrongWay { gross: i128, reported: i128 },
}

/// What explains a difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Explained {
    /// An unknown column.
    Column { name: Box<str>, amount: i128 },
    /// The non-guarantee coupon.
    Coupon { amount: i128 },
}

/// A net that is not gross plus fees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct WrongNet {
    pub(super) gross: i128,
    pub(super) fees: i128,
    pub(super) net: i128,
    pub(super) explained: Option<Explained>,
}

/// All that is wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RowFinding {
    pub(super) place: Place,
    pub(super) entry_type: EntryType,
    /// The settlement currency.
    pub(super) currency: Currency,
    /// The transaction's amount and currency.
    pub(super) transaction: (i64, Currency),
    pub(super) rate: Option<Rate>,
    /// In the contract's order, then in that of their kinds.
    pub(super) fees: Vec<FeeDeviation>,
    pub(super) foreign: Vec<FeeAmount>,
    pub(super) fx: Option<Fx>,
    pub(super) net: Option<WrongNet>,
    /// Whether the acquirer's fees were read with the opposite sign.
    pub(super) turned: bool,
}
