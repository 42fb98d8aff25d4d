//! What fees come to, and at what rate.

use std::collections::BTreeMap;
use std::fmt;

use crate::money::Currency;
use crate::movement::closed_words;
use crate::report::FeeKind;

closed_words! {
    /// How a line's fees are priced (`core/constants.py` of Antom's reconciliation skill).
    FeeModel {
        /// Interchange, scheme fee and markup apart.
        InterchangePlus = "ic++",
        /// One rate for all.
        Blended = "blended",
        /// The line does not tell.
        Unknown = "unknown",
    }
}

/// What a total is of; ordered by fee kind, then by text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FeeTotalKey {
    /// What the fee is for.
    pub kind: FeeKind,
    /// `paymentMethodType`.
    pub method: String,
    /// `cardBrand`.
    pub brand: String,
    /// `referenceMerchantId`.
    pub sub_merchant: String,
    /// The fee's currency, which is the settlement's in most lines.
    pub currency: Currency,
    /// How the lines are priced.
    pub model: FeeModel,
}

/// What fees come to, in smallest units. Charged fees are negative, also those of an acquirer that reports them positive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FeeTotal {
    /// Lines that carry the fee, or should by a rule.
    pub count: u64,
    /// Of those, the lines that a rule judged.
    pub judged: u64,
    /// Sum of the magnitudes of those lines' gross, in the settlement currency; nothing of fees in another currency or of lines that
    /// are fees as a whole.
    pub base: i128,
    /// Sum of the fees.
    pub charged: i128,
    /// What the rules expect of the judged lines.
    pub expected: i128,
}

impl FeeTotal {
    /// Whether a rule judged every line.
    #[must_use]
    pub const fn all_judged(&self) -> bool {
        self.judged == self.count
    }

    /// Whether a rule judged any line.
    #[must_use]
    pub const fn any_judged(&self) -> bool {
        self.judged > 0
    }

    /// Adds the totals of further lines.
    pub const fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.judged += other.judged;
        self.base += other.base;
        self.charged += other.charged;
        self.expected += other.expected;
    }
}

/// The fees of some files.
pub type FeeTotals = BTreeMap<FeeTotalKey, FeeTotal>;
