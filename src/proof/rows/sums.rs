//! What the lines of a batch come to, while they are parsed: few numbers per batch, party, currency and acquirer.

use crate::id::Symbol;
use crate::money::Currency;
use crate::movement::EntryType;
use crate::proof::{BatchKey, BatchSum, TypeSum};
use crate::report::{FeeKind, Line, Place, Pricing};

use super::keyed::Merge;

/// A sum is of one batch and acquirer, because fees of an acquirer may have to be turned at the end.
pub(super) type SumKey = (BatchKey, Symbol);

/// The sums of one batch, party, currency and acquirer. Most have one or two types and a handful of fees, which are looked through
/// in turn.
#[derive(Debug)]
pub(super) struct RowSums {
    first: Place,
    types: Vec<OfType>,
    /// Fees of movements by kind.
    fees: Vec<(FeeKind, i128)>,
}

/// What the lines of one type come to.
#[derive(Debug, Clone, Copy)]
struct OfType {
    raw_type: Symbol,
    entry_type: Option<EntryType>,
    lines: u64,
    net: i128,
    /// All fees of the lines; none if no line of a movement has a fee.
    fee: Option<i128>,
}

impl OfType {
    fn merge(&mut self, other: &Self) {
        self.lines += other.lines;
        self.net += other.net;
        self.fee = self.fee.into_iter().chain(other.fee).reduce(|one, other| one + other);
    }
}

impl RowSums {
    /// No lines yet; the first stands here.
    pub(super) const fn new(first: Place) -> Self {
        Self { first, types: Vec::new(), fees: Vec::new() }
    }

    /// Adds a line.
    pub(super) fn add(&mut self, pricing: &Pricing<'_>, currency: Currency) {
        let line = pricing.line;
        let is_movement = line.entry_type.is_some_and(|known| !known.is_adjustment());
        let fee = (is_movement && line.fee != 0).then(|| i128::from(line.fee));
        self.first = self.first.min(line.place);
        let Line { raw_type, entry_type, net, .. } = *line;
        self.of_type(&OfType { raw_type, entry_type, lines: 1, net: net.into(), fee });
        if is_movement {
            self.add_fees(pricing, currency);
        }
    }

    fn add_fees(&mut self, pricing: &Pricing<'_>, currency: Currency) {
        // The parts of an aggregate in another currency explain nothing of it.
        let explains = pricing.aggregate.is_none_or(|(_, of)| of == currency);
        let mut rest = i128::from(pricing.line.fee);
        for part in pricing.fees.iter().filter(|part| explains && part.currency == currency && part.amount != 0) {
            rest -= i128::from(part.amount);
            self.fee(part.kind, part.amount.into());
        }
        if rest != 0 {
            self.fee(FeeKind::Total, rest);
        }
    }

    fn fee(&mut self, kind: FeeKind, amount: i128) {
        match self.fees.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, sum)) => *sum += amount,
            None => self.fees.push((kind, amount)),
        }
    }

    fn of_type(&mut self, more: &OfType) {
        match self.types.iter_mut().find(|known| known.raw_type == more.raw_type) {
            Some(known) => known.merge(more),
            None => self.types.push(*more),
        }
    }

    /// The sums of the contract; `turned` reads the movements' fees with the opposite sign.
    pub(super) fn finish(&self, turned: bool) -> BatchSum {
        let mut sum = self.without_fees(turned);
        let sign = if turned { -1 } else { 1 };
        for &(kind, amount) in &self.fees {
            *sum.fees.entry(kind).or_default() += sign * amount;
        }
        sum
    }

    /// The sums as the lines alone have them: with the fees of movements in one sum.
    pub(super) fn of_lines(&self) -> BatchSum {
        let mut sum = self.without_fees(false);
        if let Some(fee) = self.types.iter().filter_map(|of_type| of_type.fee).reduce(|one, other| one + other) {
            sum.fees.insert(FeeKind::Total, fee);
        }
        sum
    }

    fn without_fees(&self, turned: bool) -> BatchSum {
        let mut sum = BatchSum { first: Some(self.first), ..BatchSum::default() };
        for &OfType { raw_type, entry_type, lines, net, fee } in &self.types {
            sum.lines += lines;
            sum.net += net;
            sum.types.insert(raw_type, TypeSum { lines, net });
            match entry_type {
                Some(EntryType::Fee) => *sum.fees.entry(FeeKind::SettlementFee).or_default() += net,
                Some(EntryType::Adjustment) => sum.corrections += net,
                Some(EntryType::Reserve) => sum.reserve_taken += net,
                Some(EntryType::ReserveRelease) => sum.reserve_given += net,
                Some(EntryType::Collateral) => sum.collateral_taken += net,
                Some(EntryType::CollateralRelease) => sum.collateral_given += net,
                Some(movement) => {
                    let fee = fee.unwrap_or_default();
                    // Gross is net less fees, and those with the opposite sign are added to it.
                    *sum.gross.entry(movement).or_default() += if turned { net + fee } else { net - fee };
                }
                None => sum.unknown += net,
            }
        }
        sum
    }
}

impl Merge for RowSums {
    fn merge(&mut self, other: Self) {
        self.first = self.first.min(other.first);
        for of_type in &other.types {
            self.of_type(of_type);
        }
        for (kind, amount) in other.fees {
            self.fee(kind, amount);
        }
    }
}
