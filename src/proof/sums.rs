//! What the lines of a settlement batch come to, per party and currency.

use std::collections::BTreeMap;

use crate::id::Symbol;
use crate::money::Currency;
use crate::movement::EntryType;
use crate::report::{FeeKind, Line, Place};

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
/// net = gross + fees + corrections + reserve and collateral taken and given + unknown.
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
    /// Reserve taken: negative.
    pub reserve_taken: i128,
    /// Reserve given back: positive.
    pub reserve_given: i128,
    /// Collateral taken: negative.
    pub collateral_taken: i128,
    /// Collateral given back: positive.
    pub collateral_given: i128,
    /// Lines of types that are not known.
    pub unknown: i128,
    /// Sum of `settlementAmountValue`.
    pub net: i128,
    /// The lines by `transactionType` as written, to be compared with the rows of a summary that has types.
    pub types: BTreeMap<Symbol, TypeSum>,
    /// Where its first line stands.
    pub first: Option<Place>,
}

/// What the lines of one type come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TypeSum {
    /// Number of lines.
    pub lines: u64,
    /// Sum of `settlementAmountValue`.
    pub net: i128,
}

impl BatchKey {
    /// The batch, party and currency that a line of settlement details belongs to.
    #[must_use]
    pub fn of(line: &Line) -> Self {
        let currency = line.settlement_currency.unwrap_or(line.currency);
        Self { batch: line.batch, merchant: line.merchant, party: line.party, currency }
    }
}

impl BatchSum {
    /// Counts one more line. `fees` are the signed fees of a movement in the settlement currency; a line that is a fee as a
    /// whole, a correction, a reserve or of an unknown type counts with its settlement amount alone.
    pub fn add(&mut self, line: &Line, fees: impl IntoIterator<Item = (FeeKind, i128)>) {
        let net = i128::from(line.net);
        self.lines += 1;
        self.net += net;
        let of_type = self.types.entry(line.raw_type).or_default();
        of_type.lines += 1;
        of_type.net += net;
        self.first = Some(self.first.map_or(line.place, |first| first.min(line.place)));
        match line.entry_type {
            Some(EntryType::Fee) => *self.fees.entry(FeeKind::SettlementFee).or_default() += net,
            Some(EntryType::Adjustment) => self.corrections += net,
            Some(EntryType::Reserve) => self.reserve_taken += net,
            Some(EntryType::ReserveRelease) => self.reserve_given += net,
            Some(EntryType::Collateral) => self.collateral_taken += net,
            Some(EntryType::CollateralRelease) => self.collateral_given += net,
            Some(movement) => {
                let mut charged = 0;
                for (kind, amount) in fees {
                    *self.fees.entry(kind).or_default() += amount;
                    charged += amount;
                }
                *self.gross.entry(movement).or_default() += net - charged;
            }
            None => self.unknown += net,
        }
    }

    /// Adds the sums of further lines.
    pub fn merge(&mut self, other: &Self) {
        self.lines += other.lines;
        for (&entry_type, amount) in &other.gross {
            *self.gross.entry(entry_type).or_default() += amount;
        }
        for (&kind, amount) in &other.fees {
            *self.fees.entry(kind).or_default() += amount;
        }
        self.corrections += other.corrections;
        self.reserve_taken += other.reserve_taken;
        self.reserve_given += other.reserve_given;
        self.collateral_taken += other.collateral_taken;
        self.collateral_given += other.collateral_given;
        self.unknown += other.unknown;
        self.net += other.net;
        for (&raw_type, sum) in &other.types {
            let of_type = self.types.entry(raw_type).or_default();
            of_type.lines += sum.lines;
            of_type.net += sum.net;
        }
        self.first = [self.first, other.first].into_iter().flatten().min();
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
        let held = self.reserve_taken + self.reserve_given + self.collateral_taken + self.collateral_given;
        self.corrections + held + self.unknown
    }
}

/// The batches of some files.
pub type BatchSums = BTreeMap<BatchKey, BatchSum>;

/// What lines of settlement details come to: those of earlier days, whose fees by kind are no longer known, so that they stand
/// together under [`FeeKind::Total`].
#[must_use]
pub fn sums_of_lines<'a>(lines: impl IntoIterator<Item = &'a Line>) -> BatchSums {
    let mut sums = BatchSums::new();
    for line in lines {
        count_line(sums.entry(BatchKey::of(line)).or_default(), line);
    }
    sums
}

/// Counts a line whose fees stand together.
pub(super) fn count_line(sum: &mut BatchSum, line: &Line) {
    let fee = (line.fee != 0).then_some((FeeKind::Total, i128::from(line.fee)));
    sum.add(line, fee);
}

/// Adds the sums of further files.
pub fn merge_sums(into: &mut BatchSums, other: &BatchSums) {
    for (key, sum) in other {
        into.entry(*key).or_default().merge(sum);
    }
}
