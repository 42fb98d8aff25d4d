//! What the lines of a settlement batch come to, per party and currency.

use std::collections::BTreeMap;

use crate::id::Symbol;
use crate::money::Currency;
use crate::movement::EntryType;
use crate::report::{FeeKind, Place};

/// One batch, party and settlement currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BatchKey {
    /// `settlementBatchId`.
    pub batch: Symbol,
    /// `merchantId` or `customerId`.
    pub merchant: Symbol,
    /// `referenceMerchantId`; empty for the marketplace.
    pub party: Symbol,
    /// `settlementCurrency`.
    pub currency: Currency,
}

/// What the lines of one batch, party and currency come to, in smallest units, signed from the party's side:
/// net = gross + fees + corrections + reserve + collateral + unknown.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BatchSum {
    /// Number of lines.
    pub lines: u64,
    /// What the movements are worth before fees (net less fees), by type.
    pub gross: BTreeMap<EntryType, i128>,
    /// Signed fees by kind. Of an aggregate, what its parts beside it do not explain stands under [`FeeKind::Total`].
    pub fees: BTreeMap<FeeKind, i128>,
    /// Fee adjustments and corrections.
    pub corrections: i128,
    /// Reserve taken (negative) and given back.
    pub reserve: i128,
    /// Collateral taken (negative) and given back.
    pub collateral: i128,
    /// Lines of types that are not known.
    pub unknown: i128,
    /// Sum of `settlementAmountValue`.
    pub net: i128,
    /// Where its first line stands.
    pub first: Option<Place>,
}

impl BatchSum {
    /// Adds the sums of further lines, which stand behind these.
    pub fn merge(&mut self, other: &Self) {
        self.lines += other.lines;
        for (&entry_type, amount) in &other.gross {
            *self.gross.entry(entry_type).or_default() += amount;
        }
        for (&kind, amount) in &other.fees {
            *self.fees.entry(kind).or_default() += amount;
        }
        self.corrections += other.corrections;
        self.reserve += other.reserve;
        self.collateral += other.collateral;
        self.unknown += other.unknown;
        self.net += other.net;
        self.first = self.first.or(other.first);
    }

    /// All movements before fees.
    #[must_use]
    pub fn gross(&self) -> i128 {
        self.gross.values().sum()
    }

    /// All fees.
    #[must_use]
    pub fn fees(&self) -> i128 {
        self.fees.values().sum()
    }

    /// Everything that is neither a movement nor a fee.
    #[must_use]
    pub const fn other(&self) -> i128 {
        self.corrections + self.reserve + self.collateral + self.unknown
    }
}

/// The batches of some files.
pub type BatchSums = BTreeMap<BatchKey, BatchSum>;
