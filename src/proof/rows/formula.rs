//! The formula of a line: net = gross + signed fees, and gross = amount by the quote (`core/validators.py` of Antom's
//! reconciliation skill, which rounds every currency to two places; here each has its own).

use crate::money::{AmountUnit, Currency, parse_amount};
use crate::report::Pricing;

use super::finding::{Explained, Fx, WrongNet};
use super::line::LineMoney;

/// What the formula needs to know beside the line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Formula {
    /// How far a converted amount may be off, in smallest units.
    pub(super) tolerance: u32,
    /// How cells write amounts.
    pub(super) unit: AmountUnit,
}

/// Which way a line's fees fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FeeSign {
    /// Only as written.
    Written,
    /// Only with the opposite sign.
    Turned,
    /// Both ways, neither, or it cannot be known: the line is no evidence.
    Undecided,
}

impl Formula {
    /// Which way the fees of a line fit.
    pub(super) fn fee_sign(&self, money: &LineMoney) -> FeeSign {
        let (Ok(gross), Some(fees)) = (money.gross, money.fees) else { return FeeSign::Undecided };
        let allowance = money.allowance(self.tolerance);
        let fits = |fees: i128| (money.net - gross - fees).abs() <= allowance;
        match (fits(fees), fits(-fees)) {
            (true, false) => FeeSign::Written,
            (false, true) => FeeSign::Turned,
            _ => FeeSign::Undecided,
        }
    }

    /// What is wrong with the conversion and with the net, fees being read as written or turned.
    pub(super) fn judge(
        &self,
        pricing: &Pricing<'_>,
        money: &LineMoney,
        turned: bool,
    ) -> (Option<Fx>, Option<WrongNet>) {
        let sign = if turned { -1 } else { 1 };
        let fees = money.fees.map(|fees| sign * fees);
        let implied = money.net - fees.unwrap_or(sign * money.own_fees);
        let gross = match money.gross {
            Ok(gross) => gross,
            Err(reason) => return (Some(Fx::Unknown { reason, reported: implied }), None),
        };
        let allowance = money.allowance(self.tolerance);
        let fits = |gross: i128| fees.is_none() || (implied - gross).abs() <= allowance;
        let column = pricing.converted.filter(|(amount, _)| *amount != 0);
        let fx = column.and_then(|column| self.wrong_column(money, gross, column));
        if fits(gross) {
            return (fx, None);
        }
        if let Some(Fx::Column { converted, .. }) = fx
            && fits(converted.into())
        {
            return (fx, None);
        }
        if column.is_none() && wrong_way(pricing, money).is_some_and(fits) {
            return (Some(Fx::WrongWay { gross, reported: implied }), None);
        }
        let fees = fees.unwrap_or_default();
        let explained = self.explain(pricing, money.currency, implied - gross, allowance);
        (fx, Some(WrongNet { gross, fees, net: money.net, explained }))
    }

    /// What is wrong with the reported converted amount.
    fn wrong_column(&self, money: &LineMoney, gross: i128, (converted, currency): (i64, Currency)) -> Option<Fx> {
        if currency != money.currency {
            return Some(Fx::Currency { gross, converted, currency });
        }
        let allowance = if money.converted { i128::from(self.tolerance) } else { 0 };
        ((i128::from(converted) - gross).abs() > allowance).then_some(Fx::Column { gross, converted })
    }

    /// Looks for an amount on the line that is the difference, with either sign.
    fn explain(
        &self,
        pricing: &Pricing<'_>,
        currency: Currency,
        difference: i128,
        allowance: i128,
    ) -> Option<Explained> {
        let equals = |amount: i128| amount != 0 && (amount.abs() - difference.abs()).abs() <= allowance;
        let column = pricing.unknown.iter().find_map(|(name, cell)| {
            let is_currency = name.to_ascii_lowercase().ends_with("currency");
            let amount = i128::from(parse_amount(cell, currency, self.unit).ok().filter(|_| !is_currency)?);
            equals(amount).then(|| Explained::Column { name: (*name).into(), amount })
        });
        let coupon = pricing.coupon.filter(|(amount, of)| *of == currency && equals((*amount).into()));
        column.or_else(|| coupon.map(|(amount, _)| Explained::Coupon { amount: amount.into() }))
    }
}

/// The gross with the quote applied the wrong way round.
fn wrong_way(pricing: &Pricing<'_>, money: &LineMoney) -> Option<i128> {
    let line = pricing.line;
    let rate = money.rate.filter(|_| money.converted)?;
    rate.convert_the_wrong_way(line.amount.into(), line.currency, money.currency).ok()
}
