//! How much a discrepancy matters: by kind, raised by the amount at stake.

use std::collections::BTreeMap;

use crate::kind::{DiscrepancyKind, Severity};
use crate::money::{AmountUnit, Currency, parse_amount};

/// The rule: every kind has a severity; an amount at stake of `raise_at` major units or more raises it by one step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeverityRule {
    /// Severities that the configuration sets; they are final, whatever the amount.
    pub overrides: BTreeMap<DiscrepancyKind, Severity>,
    /// Whole major units of the discrepancy's own currency.
    pub raise_at: u64,
}

impl Default for SeverityRule {
    fn default() -> Self {
        Self { overrides: BTreeMap::new(), raise_at: 1_000 }
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
        let raised = currency.is_some_and(|known| at_stake >= minor(self.raise_at, known));
        match (base, raised) {
            (Severity::Info, true) => Severity::Low,
            (Severity::Low, true) => Severity::Medium,
            (Severity::Medium, true) => Severity::High,
            (other, _) => other,
        }
    }
}

/// Whole major units in the smallest unit.
fn minor(major: u64, currency: Currency) -> u128 {
    parse_amount(major.to_string().as_bytes(), currency, AmountUnit::Major)
        .map_or(u128::MAX, |amount| u128::from(amount.unsigned_abs()))
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
