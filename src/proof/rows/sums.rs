//! What lines come to that are alike, while they are parsed: few numbers for many lines.

use std::hash::{Hash, Hasher};

use crate::calendar::BusinessDate;
use crate::id::Symbol;
use crate::money::Currency;
use crate::movement::EntryType;
use crate::proof::fees::{FeeModel, FeeTotal};
use crate::proof::{BatchKey, BatchSum, TypeSum};
use crate::report::{FeeKind, Line, Place, Pricing};

use super::keyed::Merge;

/// What lines have in common that are added up together. Batches, fees and volumes are put together of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct AlikeKey {
    pub(super) batch: BatchKey,
    pub(super) raw_type: Symbol,
    pub(super) method: Symbol,
    pub(super) brand: Symbol,
    pub(super) country: Symbol,
    /// Fees of an acquirer may have to be turned at the end.
    pub(super) acquirer: Symbol,
    pub(super) on: BusinessDate,
}

impl Hash for AlikeKey {
    /// Two symbols at a time: the key of every line is hashed.
    fn hash<H: Hasher>(&self, state: &mut H) {
        let BatchKey { batch, merchant, party, currency } = self.batch;
        let pairs =
            [(batch, merchant), (party, self.raw_type), (self.method, self.brand), (self.country, self.acquirer)];
        for (one, other) in pairs {
            state.write_u64(u64::from(one.number()) << 32 | u64::from(other.number()));
        }
        (currency, self.on).hash(state);
    }
}

/// The sums of lines that are alike. Fees are as written in the report, of a handful of kinds, which are looked through in turn.
#[derive(Debug)]
pub(super) struct Alike {
    entry_type: Option<EntryType>,
    first: Place,
    lines: u64,
    net: i128,
    /// All fees of movements, and whether any of these has a fee.
    fee: i128,
    has_fee: bool,
    /// Those in the settlement currency by kind: what stands under the total is what the parts do not explain.
    parts: Vec<(FeeKind, i128)>,
    /// Sum of the magnitudes of the gross.
    volume: i128,
    /// Fees as the contract sees them.
    charged: Vec<((FeeKind, FeeModel, Currency), FeeTotal)>,
}

impl Alike {
    /// No lines yet, of which this will be one.
    pub(super) const fn new(line: &Line) -> Self {
        Self {
            entry_type: line.entry_type,
            first: line.place,
            lines: 0,
            net: 0,
            fee: 0,
            has_fee: false,
            parts: Vec::new(),
            volume: 0,
            charged: Vec::new(),
        }
    }

    /// Adds a line.
    pub(super) fn add(&mut self, pricing: &Pricing<'_>, currency: Currency) {
        let line = pricing.line;
        self.first = self.first.min(line.place);
        self.lines += 1;
        self.net += i128::from(line.net);
        if self.entry_type.is_some_and(|known| !known.is_adjustment()) {
            self.fee += i128::from(line.fee);
            self.has_fee |= line.fee != 0;
            self.add_parts(pricing, currency);
        }
    }

    fn add_parts(&mut self, pricing: &Pricing<'_>, currency: Currency) {
        // The parts of an aggregate in another currency explain nothing of it.
        let explains = pricing.aggregate.is_none_or(|(_, of)| of == currency);
        let mut rest = i128::from(pricing.line.fee);
        for part in pricing.fees.iter().filter(|part| explains && part.currency == currency && part.amount != 0) {
            rest -= i128::from(part.amount);
            self.part(part.kind, part.amount.into());
        }
        if rest != 0 {
            self.part(FeeKind::Total, rest);
        }
    }

    fn part(&mut self, kind: FeeKind, amount: i128) {
        match self.parts.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, sum)) => *sum += amount,
            None => self.parts.push((kind, amount)),
        }
    }

    /// Adds to the volume.
    pub(super) const fn add_volume(&mut self, base: i128) {
        self.volume += base;
    }

    /// The volume of payments and captures; other lines have none.
    pub(super) fn volume(&self) -> Option<i128> {
        matches!(self.entry_type, Some(EntryType::Payment | EntryType::Capture)).then_some(self.volume)
    }

    /// The total of a fee.
    pub(super) fn fee(&mut self, kind: FeeKind, model: FeeModel, currency: Currency) -> &mut FeeTotal {
        let key = (kind, model, currency);
        let at = self.charged.iter().position(|(known, _)| *known == key).unwrap_or_else(|| {
            self.charged.push((key, FeeTotal::default()));
            self.charged.len() - 1
        });
        &mut self.charged[at].1
    }

    /// The totals of all fees.
    pub(super) fn charged(&self) -> &[((FeeKind, FeeModel, Currency), FeeTotal)] {
        &self.charged
    }

    /// The sums of the contract; `turned` reads the movements' fees with the opposite sign.
    pub(super) fn of_batch(&self, raw_type: Symbol, turned: bool) -> BatchSum {
        let sign = if turned { -1 } else { 1 };
        let mut sum = self.without_parts(raw_type, sign);
        for &(kind, amount) in &self.parts {
            *sum.fees.entry(kind).or_default() += sign * amount;
        }
        sum
    }

    /// The sums as the lines alone have them: with the fees of movements in one.
    pub(super) fn of_lines(&self, raw_type: Symbol) -> BatchSum {
        let mut sum = self.without_parts(raw_type, 1);
        if self.has_fee {
            sum.fees.insert(FeeKind::Total, self.fee);
        }
        sum
    }

    fn without_parts(&self, raw_type: Symbol, sign: i128) -> BatchSum {
        let Self { entry_type, first, lines, net, fee, .. } = *self;
        let mut sum = BatchSum { lines, net, first: Some(first), ..BatchSum::default() };
        sum.types.insert(raw_type, TypeSum { lines, net });
        match entry_type {
            Some(EntryType::Fee) => drop(sum.fees.insert(FeeKind::SettlementFee, net)),
            Some(EntryType::Adjustment) => sum.corrections = net,
            Some(EntryType::Reserve) => sum.reserve_taken = net,
            Some(EntryType::ReserveRelease) => sum.reserve_given = net,
            Some(EntryType::Collateral) => sum.collateral_taken = net,
            Some(EntryType::CollateralRelease) => sum.collateral_given = net,
            Some(movement) => drop(sum.gross.insert(movement, net - sign * fee)),
            None => sum.unknown = net,
        }
        sum
    }
}

impl Merge for Alike {
    fn merge(&mut self, other: Self) {
        self.first = self.first.min(other.first);
        self.lines += other.lines;
        self.net += other.net;
        self.fee += other.fee;
        self.has_fee |= other.has_fee;
        self.volume += other.volume;
        for (kind, amount) in other.parts {
            self.part(kind, amount);
        }
        for ((kind, model, currency), total) in other.charged {
            self.fee(kind, model, currency).merge(&total);
        }
    }
}
