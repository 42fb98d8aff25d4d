//! Findings in words.

use std::fmt::Write as _;

use crate::kind::DiscrepancyKind;
use crate::money::Currency;
use crate::proof::LineFinding;

use super::RowExaminer;
use super::finding::{Explained, FeeDeviation, Fx, RowFinding, WrongNet};
use super::rate::NoRate;

/// The row of a finding: amounts, their currency, and why.
struct Row {
    expected: Option<i128>,
    reported: Option<i128>,
    currency: Currency,
    explanation: String,
}

/// An amount with its currency.
fn money(amount: i128, currency: Currency) -> String {
    format!("{} {currency}", currency.major(amount))
}

impl RowFinding {
    /// All kinds, in the contract's order, each once.
    fn kinds(&self) -> Vec<DiscrepancyKind> {
        let fees = self.fees.iter().map(|deviation| deviation.kind);
        let foreign = (!self.foreign.is_empty()).then_some(DiscrepancyKind::FeeCurrency);
        let fx = self.fx.map(|_| DiscrepancyKind::FxVariance);
        let net = self.net.as_ref().map(|_| DiscrepancyKind::NetFormula);
        let mut kinds: Vec<_> = fees.chain(foreign).chain(fx).chain(net).collect();
        kinds.dedup();
        kinds
    }

    /// How the gross comes about.
    fn conversion(&self) -> String {
        let (amount, currency) = self.transaction;
        let amount = money(amount.into(), currency);
        self.rate.map_or_else(|| amount.clone(), |rate| format!("{amount} at the quote {rate}"))
    }

    fn fee_currency(&self) -> Option<Row> {
        let first = self.foreign.first()?;
        let list: Vec<String> = self
            .foreign
            .iter()
            .map(|fee| format!("the `{}` fee is {}", fee.kind, money(fee.amount.into(), fee.currency)))
            .collect();
        let explanation = format!("{}; expected the settlement currency `{}`", list.join(", "), self.currency);
        Some(Row { expected: None, reported: Some(first.amount.into()), currency: first.currency, explanation })
    }

    fn fx_variance(&self, fx: Fx) -> Row {
        let currency = self.currency;
        let of = |amount: i128| money(amount, currency);
        let right = |gross: i128| format!("expected {}, which is {}", of(gross), self.conversion());
        let (expected, reported, explanation) = match fx {
            Fx::Unknown { reason, reported } => (None, Some(reported), self.not_recomputed(reason, reported)),
            Fx::Column { gross, converted } => {
                let found = of(converted.into());
                let explanation = format!("`convertedTransactionAmountValue` is {found}; {}", right(gross));
                (Some(gross), Some(converted.into()), explanation)
            }
            Fx::Currency { gross, converted, currency } => {
                let found = money(converted.into(), currency);
                (Some(gross), None, format!("`convertedTransactionAmountValue` is {found}; {}", right(gross)))
            }
            Fx::WrongWay { gross, reported } => {
                let explanation = format!(
                    "the quote was applied the wrong way round: net less fees is {}; {}",
                    of(reported),
                    right(gross)
                );
                (Some(gross), Some(reported), explanation)
            }
        };
        Row { expected, reported, currency, explanation }
    }

    fn not_recomputed(&self, reason: NoRate, reported: i128) -> String {
        let (amount, currency) = self.transaction;
        format!(
            "the conversion of {} to {} cannot be recomputed because {reason}; net less fees is {}",
            money(amount.into(), currency),
            self.currency,
            money(reported, self.currency)
        )
    }

    fn net_formula(&self, wrong: &WrongNet) -> Row {
        let currency = self.currency;
        let of = |amount: i128| money(amount, currency);
        let WrongNet { gross, fees, net, .. } = *wrong;
        let expected = gross + fees;
        let mut text = format!("net is {}; expected {}: gross {}", of(net), of(expected), of(gross));
        if self.transaction.1 != currency {
            let _ = write!(text, " ({})", self.conversion());
        }
        let _ = write!(text, " and fees {}", of(fees));
        if self.turned {
            text.push_str(", their sign turned");
        }
        let _ = write!(text, "; the difference is {}", of(net - expected));
        let amount = match &wrong.explained {
            Some(Explained::Column { name, amount }) => {
                let _ = write!(text, ", which the unknown column `{name}` explains");
                *amount
            }
            Some(Explained::Coupon { amount }) => {
                text.push_str(", which `nonGuaranteeCouponValue` explains");
                *amount
            }
            None => net - expected,
        };
        if amount != net - expected {
            let _ = write!(text, " with {}", of(amount));
        }
        Row { expected: Some(expected), reported: Some(net), currency, explanation: text }
    }
}

impl RowExaminer<'_> {
    /// A finding as a row.
    pub(super) fn explain(&self, finding: &RowFinding) -> LineFinding {
        let row = if finding.fees.is_empty() { None } else { Some(self.fees_row(finding)) };
        let row = row.or_else(|| finding.fee_currency());
        let row = row.or_else(|| finding.fx.map(|fx| finding.fx_variance(fx)));
        let row = row.or_else(|| finding.net.as_ref().map(|wrong| finding.net_formula(wrong)));
        let kinds = finding.kinds();
        let (kind, also) =
            kinds.split_first().map_or((DiscrepancyKind::NetFormula, &[][..]), |(kind, also)| (*kind, also));
        let empty = Row { expected: None, reported: None, currency: finding.currency, explanation: String::new() };
        let Row { expected, reported, currency, explanation } = row.unwrap_or(empty);
        LineFinding { place: finding.place, kind, also: also.to_vec(), expected, reported, currency, explanation }
    }

    /// The row of the first fee that is not right; the others are named behind it.
    fn fees_row(&self, finding: &RowFinding) -> Row {
        let list: Vec<String> = finding.fees.iter().map(|fee| self.fee_text(finding, fee)).collect();
        let first = finding.fees.first();
        Row {
            expected: first.and_then(|fee| fee.expected),
            reported: first.map(|fee| fee.charged),
            currency: finding.currency,
            explanation: list.join("; "),
        }
    }

    fn fee_text(&self, finding: &RowFinding, fee: &FeeDeviation) -> String {
        let of = |amount: i128| money(amount, finding.currency);
        let found = format!("the `{}` fee is {}", fee.fee, of(fee.charged));
        let rule = fee.rule.and_then(|(at, tier)| Some((self.rules.schedule?.rules().get(at as usize)?, tier)));
        let (Some(expected), Some((rule, tier))) = (fee.expected, rule) else {
            return format!("{found}; no rule of the fee schedule names it for a {}", finding.entry_type);
        };
        let tier = tier.map(|at| format!(" in tier {}", at + 1)).unwrap_or_default();
        format!("{found}; expected {} by {rule}{tier} of {}", of(expected), finding.conversion())
    }
}
