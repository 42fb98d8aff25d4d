//! What one line says of its own money, computed once for every question about it.

use crate::money::Currency;
use crate::report::{FeeAmount, FeeKind, Pricing};

use super::rate::{NoRate, Rate};

/// The money of a line of a movement. Fees are as written.
#[derive(Debug, Clone, Copy)]
pub(super) struct LineMoney {
    /// The settlement currency.
    pub(super) currency: Currency,
    /// `settlementAmountValue`.
    pub(super) net: i128,
    /// What the movement is worth in the settlement currency before fees, recomputed.
    pub(super) gross: Result<i128, NoRate>,
    /// Whether the transaction's currency is another one.
    pub(super) converted: bool,
    /// The quote, if it was needed and can be computed with.
    pub(super) rate: Option<Rate>,
    /// Sum of the fees in the settlement currency, those of other currencies converted; none if one of them cannot be.
    pub(super) fees: Option<i128>,
    /// Sum of the fees that are in the settlement currency as they stand.
    pub(super) own_fees: i128,
    /// Whether a fee that is not zero is in another currency.
    pub(super) foreign: bool,
}

impl LineMoney {
    /// Computes a line's money.
    pub(super) fn of(pricing: &Pricing<'_>, currency: Currency) -> Self {
        let line = pricing.line;
        let converted = line.currency != currency;
        let foreign = foreign_fees(pricing, currency).next().is_some();
        let rate = if converted || foreign { Rate::of(&pricing.quote) } else { Err(NoRate::NoPair) };
        let gross = match line.amount.into() {
            // Nothing is worth nothing at any rate.
            amount if !converted || amount == 0 => Ok(amount),
            amount => rate.and_then(|rate| rate.convert(amount, line.currency, currency)),
        };
        let own_fees = i128::from(line.fee);
        let fees = if foreign { with_foreign(pricing, currency, rate, own_fees) } else { Some(own_fees) };
        Self { currency, net: line.net.into(), gross, converted, rate: rate.ok(), fees, own_fees, foreign }
    }

    /// What rates are applied to: the magnitude of the gross as recomputed, else as the line implies it.
    pub(super) fn base(&self) -> i128 {
        self.gross.unwrap_or(self.net - self.own_fees).abs()
    }

    /// How far a net may be from gross and fees: `tolerance` where something was converted, else nothing.
    pub(super) const fn allowance(&self, tolerance: u32) -> i128 {
        if self.converted || self.foreign { tolerance as i128 } else { 0 }
    }
}

/// The fees of a line that are not zero and not in the settlement currency, the aggregate first.
pub(super) fn foreign_fees<'a>(pricing: &Pricing<'a>, currency: Currency) -> impl Iterator<Item = FeeAmount> + use<'a> {
    aggregate(pricing)
        .into_iter()
        .chain(pricing.fees.iter().copied())
        .filter(move |fee| fee.currency != currency && fee.amount != 0)
}

/// The aggregate as a fee.
pub(super) fn aggregate(pricing: &Pricing<'_>) -> Option<FeeAmount> {
    pricing.aggregate.map(|(amount, currency)| FeeAmount { kind: FeeKind::Total, amount, currency })
}

/// The fees of the formula with those of other currencies: of a line with an aggregate that is it alone, never its parts.
fn with_foreign(pricing: &Pricing<'_>, currency: Currency, rate: Result<Rate, NoRate>, own_fees: i128) -> Option<i128> {
    let of_formula = |fee: &FeeAmount| fee.kind == FeeKind::Total || pricing.aggregate.is_none();
    let mut fees = foreign_fees(pricing, currency).filter(of_formula);
    fees.try_fold(own_fees, |sum, fee| Some(sum + rate.ok()?.convert(fee.amount.into(), fee.currency, currency).ok()?))
}
