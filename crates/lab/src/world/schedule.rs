//! The contract's fees: a schedule of rules that the world's lines follow exactly, and the file that tells it to the job.

use super::layout::Layout;
use super::money::{BRL, Currency, EUR, JPY, KWD, USD, half_even, major};
use std::fmt::Write as _;

/// A fee that the contract names. Rates are hundredths of a percent, amounts smallest units of `currency`; both positive
/// for a charge and negative for money given back.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Rule {
    kind: &'static str,
    /// The only type it applies to; `None` stands for payments and captures.
    only: Option<&'static str>,
    method: Option<&'static str>,
    brand: Option<&'static str>,
    sub_merchant: Option<&'static str>,
    currency: Option<Currency>,
    valid_from: Option<&'static str>,
    valid_to: Option<&'static str>,
    rate: i64,
    fixed: i64,
    bounds: Option<(i64, i64)>,
}

/// What a fee is charged on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Charged<'c> {
    /// As the ledger books it: rules name the contract's entry types, so that a rapid resolution is a dispute.
    pub(super) entry_type: &'c str,
    pub(super) method: &'c str,
    pub(super) brand: &'c str,
    pub(super) sub_merchant: &'c str,
    /// The settlement currency.
    pub(super) currency: Currency,
    /// In the settlement currency, signed.
    pub(super) gross_minor: i64,
}

/// What a wallet costs, in hundredths of a percent.
const WALLETS: [(&str, i64); 5] =
    [("KAKAOPAY", 220), ("GCASH", 180), ("PIX", 120), ("PAYPAY", 225), ("ALIPAY_CN", 200)];
/// Interchange, scheme and markup of a card together, and the markup alone.
const CARD: i64 = 190;
const MARKUP: i64 = 45;
/// The markup of the one brand that has its own.
const MASTERCARD_MARKUP: i64 = 55;
/// Pix in its own currency: cheaper, within bounds.
const PIX_AT_HOME: i64 = 99;
const PIX_BOUNDS: (i64, i64) = (20, 900);
/// What one seller pays for one wallet.
const NEGOTIATED: (&str, &str, i64) = ("ALIPAY_CN", "seller1001", 175);
/// Each payment with one wallet in dollars costs five cents besides.
const PROCESSING: (&str, i64) = ("KAKAOPAY", 5);
/// Tax on what settles in reais.
const TAX: i64 = 38;
/// A dispute costs this many major units of the settlement currency.
const DISPUTE_HANDLING: i64 = 15;
/// The currencies that this world settles in.
pub(super) const SETTLEMENT_CURRENCIES: [Currency; 5] = [USD, BRL, EUR, JPY, KWD];

impl Rule {
    fn of(kind: &'static str, rate: i64) -> Self {
        Self { kind, rate, ..Self::default() }
    }

    fn method(self, method: &'static str) -> Self {
        Self { method: Some(method), ..self }
    }

    fn currency(self, currency: Currency) -> Self {
        Self { currency: Some(currency), ..self }
    }

    /// The same share given back on refunds.
    fn returned(self) -> Self {
        Self { only: Some("REFUND"), rate: -self.rate, ..self }
    }

    /// Whether it applies. A rule that has ended had done so before this world began; no other dates exist.
    fn applies(&self, kind: &str, to: &Charged<'_>) -> bool {
        let types = self.only.map_or(matches!(to.entry_type, "PAYMENT" | "CAPTURE"), |only| only == to.entry_type);
        self.kind == kind
            && types
            && self.valid_to.is_none()
            && self.method.is_none_or(|method| method == to.method)
            && self.brand.is_none_or(|brand| brand == to.brand)
            && self.sub_merchant.is_none_or(|reference| reference == to.sub_merchant)
            && self.currency.is_none_or(|currency| currency == to.currency)
    }

    fn named(&self) -> usize {
        let fields =
            [self.method.is_some(), self.brand.is_some(), self.sub_merchant.is_some(), self.currency.is_some()];
        fields.into_iter().filter(|is_named| *is_named).count()
    }

    /// What stands in the report: negative for a charge. Rounded half to even at the currency's places, after the fixed part
    /// was added: an odd one makes another neighbour the even one.
    fn fee(&self, gross_minor: i64) -> i64 {
        let exact = i128::from(gross_minor.abs()) * i128::from(self.rate) + i128::from(self.fixed) * 10_000;
        let charge = half_even(exact, 10_000);
        -self.bounds.map_or(charge, |(min, max)| charge.clamp(min, max))
    }

    fn write(&self, text: &mut String) -> std::fmt::Result {
        writeln!(text, "\n[[rule]]\nkind = \"{}\"", self.kind)?;
        if let Some(only) = self.only {
            writeln!(text, "types = [\"{only}\"]")?;
        }
        let money = |amount: i64| major(amount, self.currency.unwrap_or(USD));
        let of = |amount: i64| (amount != 0).then(|| money(amount));
        for (key, value) in [
            ("method", self.method.map(str::to_owned)),
            ("brand", self.brand.map(str::to_owned)),
            ("sub_merchant", self.sub_merchant.map(str::to_owned)),
            ("currency", self.currency.map(|currency| currency.code.to_owned())),
            ("valid_from", self.valid_from.map(str::to_owned)),
            ("valid_to", self.valid_to.map(str::to_owned)),
            ("percent", (self.rate != 0).then(|| percent(self.rate))),
            ("fixed", of(self.fixed)),
            ("min", self.bounds.map(|(min, _)| money(min))),
            ("max", self.bounds.map(|(_, max)| money(max))),
        ] {
            if let Some(value) = value {
                writeln!(text, "{key} = \"{value}\"")?;
            }
        }
        Ok(())
    }
}

/// Hundredths of a percent as the percentage that a person would write.
fn percent(rate: i64) -> String {
    let sign = if rate < 0 { "-" } else { "" };
    let text = format!("{sign}{}.{:02}", rate.abs() / 100, rate.abs() % 100);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// The fee of `kind` that the contract asks for: that of the rule that names the most, or nothing.
pub(super) fn fee(rules: &[Rule], kind: &str, to: &Charged<'_>) -> i64 {
    let best = rules.iter().filter(|rule| rule.applies(kind, to)).max_by_key(|rule| rule.named());
    best.map_or(0, |rule| rule.fee(to.gross_minor))
}

/// The contract for a layout. Where `feeAmountValue` holds the fees together, the rules are about it (`total`), and about
/// those parts that have a column.
pub(super) fn rules(layout: Layout) -> Vec<Rule> {
    let mut rules = if layout.has_aggregate_fee() { together() } else { apart() };
    if layout != Layout::Gen1 {
        let markup = Rule::of("acquirer_markup", MARKUP).method("CARD");
        rules.extend([markup, markup.returned()]);
        if layout != Layout::Marketplace {
            rules.push(Rule { brand: Some("MASTERCARD"), rate: MASTERCARD_MARKUP, ..markup });
        }
        rules.push(Rule::of("tax", TAX).currency(BRL));
    }
    let kind = if layout == Layout::Gen1 { "total" } else { "dispute_handling" };
    for currency in SETTLEMENT_CURRENCIES {
        let fixed = DISPUTE_HANDLING * 10_i64.pow(currency.decimals);
        rules.push(Rule { only: Some("DISPUTE"), fixed, ..Rule::of(kind, 0).currency(currency) });
    }
    rules
}

/// One rule per fee column.
fn apart() -> Vec<Rule> {
    let mut rules = Vec::new();
    for (method, rate) in WALLETS {
        let rule = Rule::of("payment_method", rate).method(method);
        if method == "GCASH" {
            rules.push(Rule { rate: 260, valid_to: Some("2025-12-31"), ..rule });
            rules.push(Rule { valid_from: Some("2026-01-01"), ..rule });
        } else {
            rules.push(rule);
        }
        rules.push(rule.returned());
    }
    let (method, seller, rate) = NEGOTIATED;
    rules.push(Rule { sub_merchant: Some(seller), ..Rule::of("payment_method", rate).method(method) });
    let pix = Rule::of("payment_method", PIX_AT_HOME).method("PIX").currency(BRL);
    rules.extend([Rule { bounds: Some(PIX_BOUNDS), ..pix }, pix.returned()]);
    let (method, fixed) = PROCESSING;
    rules.push(Rule { fixed, ..Rule::of("processing", 0).method(method).currency(USD) });
    rules
}

/// All that one line costs in one rule, tax and processing with it.
fn together() -> Vec<Rule> {
    let mut rules = Vec::new();
    for (method, rate) in WALLETS.into_iter().chain([("CARD", CARD)]) {
        let rule = Rule::of("total", rate).method(method);
        rules.extend([rule, rule.returned()]);
        if method == "PIX" {
            let pix = Rule { rate: PIX_AT_HOME + TAX, ..rule.currency(BRL) };
            rules.push(Rule { bounds: Some(PIX_BOUNDS), ..pix });
        } else {
            rules.push(Rule { rate: rate + TAX, ..rule.currency(BRL) });
        }
        if method == PROCESSING.0 {
            rules.push(Rule { fixed: PROCESSING.1, ..rule.currency(USD) });
        }
    }
    rules
}

/// The schedule as the job reads it.
pub(super) fn toml(rules: &[Rule]) -> String {
    let mut text = String::from("# The contract that the fees of this world follow.\n");
    for rule in rules {
        rule.write(&mut text).expect("writing to a string cannot fail");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{Charged, fee, percent, rules};
    use crate::world::layout::Layout;
    use crate::world::money::{BRL, Currency, USD};

    #[test]
    fn percentages_are_written_as_people_write_them() {
        assert_eq!([220, -175, 38, 1_000, -5].map(percent), ["2.2", "-1.75", "0.38", "10", "-0.05"]);
    }

    #[test]
    fn the_rule_that_names_the_most_decides() {
        let rules = rules(Layout::Marketplace);
        let charged = |entry_type, method, sub_merchant, currency: Currency, gross_minor| Charged {
            entry_type,
            method,
            brand: "",
            sub_merchant,
            currency,
            gross_minor,
        };
        for (to, kind, expected) in [
            (charged("PAYMENT", "ALIPAY_CN", "seller1002", USD, 10_000), "payment_method", -200),
            (charged("PAYMENT", "ALIPAY_CN", "seller1001", USD, 10_000), "payment_method", -175),
            (charged("PAYMENT", "GCASH", "", USD, 10_000), "payment_method", -180),
            (charged("PAYMENT", "PIX", "", BRL, 100), "payment_method", -20),
            (charged("PAYMENT", "PIX", "", BRL, 200_000), "payment_method", -900),
            (charged("REFUND", "PIX", "", BRL, -100), "payment_method", 1),
            (charged("PAYMENT", "KAKAOPAY", "", USD, 10_000), "processing", -5),
            (charged("PAYMENT", "KAKAOPAY", "", BRL, 10_000), "processing", 0),
            (charged("DISPUTE", "CARD", "", USD, -10_000), "dispute_handling", -1_500),
            (charged("CANCEL", "PIX", "", USD, -10_000), "payment_method", 0),
        ] {
            assert_eq!(fee(&rules, kind, &to), expected, "{to:?}");
        }
    }
}
