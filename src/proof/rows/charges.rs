//! The fees of one line, and what the contract says of each.

use std::collections::BTreeSet;

use crate::calendar::BusinessDate;
use crate::id::Symbol;
use crate::kind::DiscrepancyKind;
use crate::money::Currency;
use crate::movement::EntryType;
use crate::proof::fees::{ChargedLine, FeeModel};
use crate::report::{FeeAmount, FeeKind, Pricing};

use super::RowExaminer;
use super::finding::FeeDeviation;
use super::keyed::Keyed;
use super::line::{LineMoney, aggregate};

/// Which rule a line's fee of one kind follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Choice {
    kind: FeeKind,
    rule: u32,
    tier: Option<u32>,
}

/// What a choice depends on; what no rule names is left out, so that few choices serve many lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct ChoiceKey {
    entry_type: EntryType,
    method: Symbol,
    brand: Symbol,
    country: Symbol,
    party: Symbol,
    currency: Currency,
    on: Option<BusinessDate>,
}

/// The rules of lines met before, so that each is looked for once.
pub(super) type Choices = Keyed<ChoiceKey, Vec<Choice>>;

/// Rules with tiers, by their index, and the months of which no volume is known.
pub(super) type WithoutVolume = BTreeSet<(u32, BusinessDate)>;

/// A fee of a line, with what the contract says of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Charge {
    pub(super) kind: FeeKind,
    /// As written in the report.
    pub(super) amount: i64,
    pub(super) currency: Currency,
    pub(super) choice: Option<Choice>,
    /// What the rule expects, a charge being negative; none if it cannot judge the fee.
    pub(super) expected: Option<i128>,
}

/// How a line's fees are priced.
pub(super) fn model(pricing: &Pricing<'_>) -> FeeModel {
    let has = |kinds: &[FeeKind]| pricing.fees.iter().any(|fee| fee.amount != 0 && kinds.contains(&fee.kind));
    if has(&[FeeKind::Interchange, FeeKind::Scheme, FeeKind::AcquirerMarkup]) {
        FeeModel::InterchangePlus
    } else if has(&[FeeKind::PaymentMethod]) {
        FeeModel::Blended
    } else {
        FeeModel::Unknown
    }
}

impl RowExaminer<'_> {
    /// The fees of a line: those that it carries, and those that it should carry by a rule.
    pub(super) fn charges(
        &self,
        pricing: &Pricing<'_>,
        money: &LineMoney,
        choices: &[Choice],
        charges: &mut Vec<Charge>,
    ) {
        charges.clear();
        let chosen = |kind: FeeKind| choices.iter().find(|choice| choice.kind == kind).copied();
        // A rule for the aggregate is about all of it, so that parts without a rule of their own are its own business.
        let total = chosen(FeeKind::Total).filter(|_| pricing.aggregate.is_some() || self.has_column(FeeKind::Total));
        let mut add = |fee: FeeAmount, choice: Option<Choice>| {
            let rule = choice.filter(|_| fee.currency == money.currency);
            let expected = rule.and_then(|choice| self.expected(choice, money));
            let FeeAmount { kind, amount, currency } = fee;
            charges.push(Charge { kind, amount, currency, choice, expected });
        };
        for &part in pricing.fees {
            let choice = chosen(part.kind);
            if choice.is_some() || total.is_none() {
                add(part, choice);
            }
        }
        let own = FeeAmount { kind: FeeKind::Total, amount: pricing.line.fee, currency: money.currency };
        match (aggregate(pricing), total) {
            (whole, Some(choice)) => add(whole.unwrap_or(own), Some(choice)),
            (Some(whole), None) => add(without_parts(whole, pricing.fees), None),
            (None, None) => {}
        }
        for &choice in choices {
            let carried = choice.kind == FeeKind::Total || pricing.fees.iter().any(|fee| fee.kind == choice.kind);
            if !carried && self.has_column(choice.kind) {
                add(FeeAmount { kind: choice.kind, amount: 0, currency: money.currency }, Some(choice));
            }
        }
    }

    /// What the contract finds wrong with a line's fees, read as written or turned; amounts are as in the report.
    pub(super) fn deviations<'c>(
        &self,
        charges: &'c [Charge],
        money: &LineMoney,
        turned: bool,
    ) -> impl Iterator<Item = FeeDeviation> + use<'c> {
        let (judging, own) = (self.rules.schedule.is_some(), money.currency);
        let sign: i128 = if turned { -1 } else { 1 };
        charges.iter().filter_map(move |charge| {
            let reported = i128::from(charge.amount);
            let kind = match charge.expected {
                Some(expected) if sign * reported < expected => DiscrepancyKind::FeeOvercharged,
                Some(expected) if sign * reported > expected => DiscrepancyKind::FeeUndercharged,
                None if judging && needs_rule(charge, own) => DiscrepancyKind::FeeWithoutRule,
                _ => return None,
            };
            Some(FeeDeviation {
                kind,
                fee: charge.kind,
                expected: charge.expected.map(|expected| sign * expected),
                charged: reported,
                rule: charge.choice.map(|choice| (choice.rule, choice.tier)),
            })
        })
    }

    /// What a rule expects of a line.
    fn expected(&self, choice: Choice, money: &LineMoney) -> Option<i128> {
        let rule = self.rules.schedule?.rules().get(choice.rule as usize)?;
        rule.expected(choice.tier.map(|tier| tier as usize), money.gross.ok())
    }

    /// The rules that a line follows.
    pub(super) fn choices<'n>(
        &self,
        pricing: &Pricing<'_>,
        currency: Currency,
        on: BusinessDate,
        notes: (&'n mut Choices, &mut WithoutVolume),
    ) -> &'n [Choice] {
        if self.rules.schedule.is_none() {
            return &[];
        }
        let (line, names) = (pricing.line, &self.rules.names);
        let named = |known: bool, symbol: Symbol| if known { symbol } else { Symbol::EMPTY };
        let key = ChoiceKey {
            entry_type: line.entry_type.unwrap_or(EntryType::Payment),
            method: named(names.method, pricing.method),
            brand: named(names.brand, pricing.brand),
            country: named(names.country, pricing.country),
            party: named(names.parties.contains(&line.party), line.party),
            currency,
            on: names.dates.then_some(on),
        };
        let (choices, without_volume) = notes;
        choices.entry(key, || self.choose(&key, on, without_volume))
    }

    /// Looks for the rule of every kind.
    fn choose(&self, key: &ChoiceKey, on: BusinessDate, without_volume: &mut WithoutVolume) -> Vec<Choice> {
        let Some(schedule) = self.rules.schedule else { return Vec::new() };
        let text = |symbol: Symbol| self.rules.symbols.text(symbol);
        let (method, brand, country) = (text(key.method), text(key.brand), text(key.country));
        let sub_merchant = text(key.party);
        let line = ChargedLine {
            entry_type: key.entry_type,
            method: &method,
            brand: &brand,
            country: &country,
            sub_merchant: &sub_merchant,
            currency: key.currency,
            on,
        };
        let mut choices = Vec::new();
        for &kind in &self.rules.kinds {
            let Some(at) = schedule.choose(kind, &line) else { continue };
            let (rule, number) = (&schedule.rules()[at], u32::try_from(at).unwrap_or(u32::MAX));
            let tier = self.rules.tiers.get(&at).and_then(|volumes| {
                let volume = volumes.deciding(rule.tier_volume, on, &self.rules.known_months);
                // Of a month of which nothing is known, the lowest tier holds.
                rule.tier_of(volume.unwrap_or_else(|month| {
                    without_volume.insert((number, month));
                    0
                }))
            });
            choices.push(Choice { kind, rule: number, tier: tier.and_then(|tier| u32::try_from(tier).ok()) });
        }
        choices
    }
}

/// Whether a fee that no rule names is a finding: interchange and scheme fees are passed on at cost, and a fee in another currency
/// is one already.
fn needs_rule(charge: &Charge, currency: Currency) -> bool {
    let at_cost = matches!(charge.kind, FeeKind::Interchange | FeeKind::Scheme);
    charge.choice.is_none() && charge.amount != 0 && charge.currency == currency && !at_cost
}

/// What the parts beside an aggregate leave of it.
fn without_parts(whole: FeeAmount, parts: &[FeeAmount]) -> FeeAmount {
    let same = parts.iter().filter(|part| part.currency == whole.currency);
    FeeAmount { amount: same.fold(whole.amount, |rest, part| rest.saturating_sub(part.amount)), ..whole }
}
