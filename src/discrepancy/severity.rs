//! How much a discrepancy matters: by kind, raised by the amount at stake.

use std::collections::BTreeMap;

use crate::kind::{DiscrepancyKind, Severity};
use crate::money::Currency;

/// Currencies have at most this many decimal places (ISO 4217).
const MAX_PLACES: usize = 4;

/// The rule: every kind has a severity; an amount at stake that reaches a threshold raises it by one step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeverityRule {
    /// Severities that the configuration sets; they are final, whatever the amount.
    pub overrides: BTreeMap<DiscrepancyKind, Severity>,
    /// The threshold in smallest units, by the currency's number of places: the same number of major units in each.
    pub raise_at_minor: [u128; MAX_PLACES + 1],
}

impl Default for SeverityRule {
    fn default() -> Self {
        Self { overrides: BTreeMap::new(), raise_at_minor: [1_000, 10_000, 100_000, 1_000_000, 10_000_000] }
    }
}

impl SeverityRule {
    /// The severity of a discrepancy of this kind, with this much at stake in the smallest unit of the currency.
    #[must_use]
    pub fn of(&self, kind: DiscrepancyKind, at_stake: u128, currency: Option<Currency>) -> Severity {
        if let Some(&set) = self.overrides.get(&kind) {
            return set;
        }
        let base = by_kind(kind);
        let raised = currency.is_some_and(|known| {
            self.raise_at_minor.get(usize::from(known.places())).is_some_and(|threshold| at_stake >= *threshold)
        });
        match (base, raised) {
            (Severity::Info, true) => Severity::Low,
            (Severity::Low, true) => Severity::Medium,
            (Severity::Medium, true) => Severity::High,
            (other, _) => other,
        }
    }
}

/// What each kind is worth before its amount is looked at. High: money may be lost or a control has failed. Medium: somebody has
/// to act. Low: small money by nature. Info: to know.
const fn by_kind(kind: DiscrepancyKind) -> Severity {
    use DiscrepancyKind::*;
    match kind {
        FileMissing
        | FileIncomplete
        | ControlTotal
        | RejectedLine
        | SettledTwice
        | UnknownSubMerchant
        | CurrencyMismatch
        | RefundExceedsPayment
        | CaptureExceedsAuthorization
        | NetFormula
        | BatchTotal
        | BalanceRoll
        | PayoutMissing
        | PayoutAmount => Severity::High,
        FileRestated
        | UnknownType
        | DuplicateInReport
        | DuplicateInLedger
        | Ambiguous
        | MissingInLedger
        | MissingInReport
        | SettledNotReported
        | NotSettled
        | OrphanReversal
        | AmountMismatch
        | StatusMismatch
        | SubMerchantMismatch
        | SplitMismatch
        | UnexplainedAdjustment => Severity::Medium,
        FeeOvercharged | FeeUndercharged | FeeWithoutRule | FeeCurrency | FxVariance => Severity::Low,
        SchemaDrift => Severity::Info,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_raise_and_overrides_are_final() {
        let usd = Currency::parse(b"USD");
        let mut rule = SeverityRule::default();
        let kind = DiscrepancyKind::AmountMismatch;
        assert_eq!(rule.of(kind, 99_999, usd), Severity::Medium);
        assert_eq!(rule.of(kind, 100_000, usd), Severity::High);
        assert_eq!(rule.of(DiscrepancyKind::SchemaDrift, 0, None), Severity::Info);
        rule.overrides.insert(kind, Severity::Info);
        assert_eq!(rule.of(kind, 100_000, usd), Severity::Info);
    }
}
