//! What the lines of a batch come to, while they are parsed: few numbers per batch, party, currency and acquirer.

use crate::id::Symbol;
use crate::money::Currency;
use crate::movement::EntryType;
use crate::proof::{BatchKey, BatchSum, TypeSum};
use crate::report::{FeeKind, Line, Place, Pricing};

use super::keyed::Merge;

/// A sum is of one batch and acquirer, because fees of an acquirer may have to be turned at the end.
pub(super) type SumKey = (BatchKey, Symbol);

/// Where an amount belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Slot {
    Gross(EntryType),
    /// All fees of the movements of a type: what is to be turned in their gross.
    FeesOf(EntryType),
    Fee(FeeKind),
    WholeFee,
    Corrections,
    /// Reserve or collateral, taken or given back.
    Held(EntryType),
    Unknown,
}

/// The sums of one batch, party, currency and acquirer. Most have a handful of slots, which are looked through in turn.
#[derive(Debug)]
pub(super) struct RowSums {
    lines: u64,
    net: i128,
    first: Place,
    slots: Vec<(Slot, i128)>,
    types: Vec<(Symbol, TypeSum)>,
}

impl RowSums {
    /// No lines yet; the first stands here.
    pub(super) const fn new(first: Place) -> Self {
        Self { lines: 0, net: 0, first, slots: Vec::new(), types: Vec::new() }
    }

    /// Adds a line.
    pub(super) fn add(&mut self, pricing: &Pricing<'_>, currency: Currency) {
        use EntryType::{Adjustment, Collateral, CollateralRelease, Fee, Reserve, ReserveRelease};
        let line = pricing.line;
        let net = i128::from(line.net);
        self.lines += 1;
        self.net += net;
        self.first = self.first.min(line.place);
        self.of_type(line.raw_type, TypeSum { lines: 1, net });
        match line.entry_type {
            Some(Fee) => self.slot(Slot::WholeFee, net),
            Some(Adjustment) => self.slot(Slot::Corrections, net),
            Some(held @ (Reserve | ReserveRelease | Collateral | CollateralRelease)) => {
                self.slot(Slot::Held(held), net);
            }
            Some(movement) => self.add_movement(pricing, line, movement, currency),
            None => self.slot(Slot::Unknown, net),
        }
    }

    fn add_movement(&mut self, pricing: &Pricing<'_>, line: &Line, entry_type: EntryType, currency: Currency) {
        let fee = i128::from(line.fee);
        self.slot(Slot::Gross(entry_type), i128::from(line.net) - fee);
        if !pricing.acquirer.is_empty() && fee != 0 {
            self.slot(Slot::FeesOf(entry_type), fee);
        }
        // The parts of an aggregate in another currency explain nothing of it.
        let explains = pricing.aggregate.is_none_or(|(_, of)| of == currency);
        let mut rest = fee;
        for part in pricing.fees.iter().filter(|part| explains && part.currency == currency && part.amount != 0) {
            rest -= i128::from(part.amount);
            self.slot(Slot::Fee(part.kind), part.amount.into());
        }
        if rest != 0 {
            self.slot(Slot::Fee(FeeKind::Total), rest);
        }
    }

    fn slot(&mut self, slot: Slot, amount: i128) {
        match self.slots.iter_mut().find(|(known, _)| *known == slot) {
            Some((_, sum)) => *sum += amount,
            None => self.slots.push((slot, amount)),
        }
    }

    fn of_type(&mut self, raw_type: Symbol, more: TypeSum) {
        match self.types.iter_mut().find(|(known, _)| *known == raw_type) {
            Some((_, sum)) => {
                sum.lines += more.lines;
                sum.net += more.net;
            }
            None => self.types.push((raw_type, more)),
        }
    }

    /// The sums of the contract; `turned` reads the movements' fees with the opposite sign.
    pub(super) fn finish(&self, turned: bool) -> BatchSum {
        let mut sum = BatchSum { lines: self.lines, net: self.net, first: Some(self.first), ..BatchSum::default() };
        sum.types.extend(self.types.iter().copied());
        let sign = if turned { -1 } else { 1 };
        for &(slot, amount) in &self.slots {
            match slot {
                Slot::Gross(entry_type) => *sum.gross.entry(entry_type).or_default() += amount,
                // Gross is net less fees: once for the fee that was wrongly taken off, once for the one that is right.
                Slot::FeesOf(entry_type) if turned => *sum.gross.entry(entry_type).or_default() += 2 * amount,
                Slot::FeesOf(_) => {}
                Slot::Fee(kind) => *sum.fees.entry(kind).or_default() += sign * amount,
                Slot::WholeFee => *sum.fees.entry(FeeKind::SettlementFee).or_default() += amount,
                Slot::Corrections => sum.corrections += amount,
                Slot::Held(EntryType::Reserve) => sum.reserve_taken += amount,
                Slot::Held(EntryType::ReserveRelease) => sum.reserve_given += amount,
                Slot::Held(EntryType::Collateral) => sum.collateral_taken += amount,
                Slot::Held(_) => sum.collateral_given += amount,
                Slot::Unknown => sum.unknown += amount,
            }
        }
        sum
    }
}

impl Merge for RowSums {
    fn merge(&mut self, other: Self) {
        self.lines += other.lines;
        self.net += other.net;
        self.first = self.first.min(other.first);
        for (slot, amount) in other.slots {
            self.slot(slot, amount);
        }
        for (raw_type, sum) in other.types {
            self.of_type(raw_type, sum);
        }
    }
}
