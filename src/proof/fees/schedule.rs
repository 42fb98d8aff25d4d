//! The rules of a contract together: which one a line's fee follows.

use crate::calendar::BusinessDate;
use crate::money::Currency;
use crate::movement::EntryType;
use crate::report::FeeKind;

use super::rule::{Rule, TierVolume};

/// What a contract says about fees.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Schedule {
    rules: Vec<Rule>,
}

/// Why rules make no schedule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleError {
    /// Two rules fit the same lines, and neither is more specific.
    #[error(
        "{first} and {second} fit the same lines equally well; name a field more in one of them, or end the validity of one before the other's begins"
    )]
    Tie {
        /// The one that stands first.
        first: String,
        /// The other one.
        second: String,
    },
    /// A rule that makes no sense by itself.
    #[error("{rule}: `{field}` {problem}")]
    Rule {
        /// The rule.
        rule: String,
        /// The field.
        field: &'static str,
        /// What was found and what was expected.
        problem: String,
    },
}

/// What a line says that a rule may name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChargedLine<'a> {
    /// Its type.
    pub entry_type: EntryType,
    /// `paymentMethodType`.
    pub method: &'a str,
    /// `cardBrand`.
    pub brand: &'a str,
    /// `cardCountry` or `issuingCountry`.
    pub country: &'a str,
    /// `referenceMerchantId`.
    pub sub_merchant: &'a str,
    /// `settlementCurrency`.
    pub currency: Currency,
    /// Its business date.
    pub on: BusinessDate,
}

impl Schedule {
    /// Puts rules together.
    ///
    /// # Errors
    /// A rule that makes no sense, or two rules between which nothing decides.
    pub fn new(rules: Vec<Rule>) -> Result<Self, ScheduleError> {
        for rule in &rules {
            check(rule)?;
        }
        for (at, first) in rules.iter().enumerate() {
            for second in &rules[at + 1..] {
                if let Some(common) = tie(first, second)
                    && !rules.iter().any(|rule| rule.named_fields() > first.named_fields() && covers(rule, &common))
                {
                    return Err(ScheduleError::Tie { first: first.to_string(), second: second.to_string() });
                }
            }
        }
        Ok(Self { rules })
    }

    /// The rules, in their order.
    #[must_use]
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The kinds of fees that have rules, each once.
    #[must_use]
    pub fn kinds(&self) -> Vec<FeeKind> {
        FeeKind::ALL.iter().copied().filter(|kind| self.rules.iter().any(|rule| rule.kind == *kind)).collect()
    }

    /// The index of the rule that a line's fee of this kind follows.
    #[must_use]
    pub fn choose(&self, kind: FeeKind, line: &ChargedLine<'_>) -> Option<usize> {
        let fitting = self.rules.iter().enumerate().filter(|(_, rule)| rule.kind == kind && fits(rule, line));
        fitting.max_by_key(|(_, rule)| rule.named_fields()).map(|(at, _)| at)
    }
}

/// Whether all fields that the rule names are the line's.
fn fits(rule: &Rule, line: &ChargedLine<'_>) -> bool {
    let same = |named: &Option<String>, found: &str| named.as_ref().is_none_or(|text| text.eq_ignore_ascii_case(found));
    rule.types().contains(&line.entry_type)
        && same(&rule.method, line.method)
        && same(&rule.brand, line.brand)
        && same(&rule.country, line.country)
        && rule.sub_merchant.as_ref().is_none_or(|text| text == line.sub_merchant)
        && rule.currency.is_none_or(|currency| currency == line.currency)
        && rule.valid_from.is_none_or(|from| from <= line.on)
        && rule.valid_to.is_none_or(|to| line.on <= to)
}

/// The lines that two rules have in common, as a rule that fits just those; none if there is no such line, or if one of the
/// rules is more specific.
fn tie(first: &Rule, second: &Rule) -> Option<Rule> {
    if first.kind != second.kind || first.named_fields() != second.named_fields() {
        return None;
    }
    let types: Vec<EntryType> = first.types().iter().copied().filter(|known| second.types().contains(known)).collect();
    let valid_from = first.valid_from.max(second.valid_from);
    let valid_to = earlier(first.valid_to, second.valid_to);
    if types.is_empty() || valid_from.zip(valid_to).is_some_and(|(from, to)| from > to) {
        return None;
    }
    let mut common = Rule::new(0, first.kind);
    common.types = types;
    common.method = both(&first.method, &second.method, true)?;
    common.brand = both(&first.brand, &second.brand, true)?;
    common.country = both(&first.country, &second.country, true)?;
    common.sub_merchant = both(&first.sub_merchant, &second.sub_merchant, false)?;
    common.currency = match (first.currency, second.currency) {
        (Some(one), Some(other)) if one != other => return None,
        (one, other) => one.or(other),
    };
    (common.valid_from, common.valid_to) = (valid_from, valid_to);
    Some(common)
}

/// What a field must be for both rules; none if that cannot be.
fn both(one: &Option<String>, other: &Option<String>, any_case: bool) -> Option<Option<String>> {
    match (one, other) {
        (Some(a), Some(b)) if !(a == b || (any_case && a.eq_ignore_ascii_case(b))) => None,
        (one, other) => Some(one.clone().or_else(|| other.clone())),
    }
}

/// The earlier of two ends, either of which may be open.
fn earlier(one: Option<BusinessDate>, other: Option<BusinessDate>) -> Option<BusinessDate> {
    one.zip(other).map(|(one, other)| one.min(other)).or(one).or(other)
}

/// Whether a rule fits every line of the others' common ones.
fn covers(rule: &Rule, common: &Rule) -> bool {
    let same = |named: &Option<String>, of: &Option<String>| {
        named.as_ref().is_none_or(|text| of.as_ref().is_some_and(|of| text.eq_ignore_ascii_case(of)))
    };
    rule.kind == common.kind
        && common.types().iter().all(|known| rule.types().contains(known))
        && same(&rule.method, &common.method)
        && same(&rule.brand, &common.brand)
        && same(&rule.country, &common.country)
        && rule.sub_merchant.as_ref().is_none_or(|text| Some(text) == common.sub_merchant.as_ref())
        && rule.currency.is_none_or(|currency| common.currency == Some(currency))
        && rule.valid_from.is_none_or(|from| common.valid_from.is_some_and(|of| from <= of))
        && rule.valid_to.is_none_or(|to| common.valid_to.is_some_and(|of| of <= to))
}

/// Checks a rule by itself.
fn check(rule: &Rule) -> Result<(), ScheduleError> {
    let wrong =
        |field, problem: &str| Err(ScheduleError::Rule { rule: rule.to_string(), field, problem: problem.to_owned() });
    if rule.kind.columns().is_none() {
        return wrong("kind", "stands in lines of its own, not on movements; expected the kind of a fee column");
    }
    if rule.types.iter().any(|known| known.is_adjustment()) {
        return wrong("types", "names a type of lines that carry no fees; expected types of movements");
    }
    if rule.currency.is_none() {
        let amounts = [("fixed", rule.fixed.is_some()), ("min", rule.min.is_some()), ("max", rule.max.is_some())];
        let needing = amounts.into_iter().chain([("tiers", !rule.tiers.is_empty())]).find(|(_, given)| *given);
        if let Some((field, _)) = needing {
            return wrong(field, "is an amount of no currency; expected `currency` beside it");
        }
    }
    if rule.min.zip(rule.max).is_some_and(|(min, max)| min > max) {
        return wrong("min", "is above `max`");
    }
    if rule.valid_from.zip(rule.valid_to).is_some_and(|(from, to)| from > to) {
        return wrong("valid_from", "is after `valid_to`");
    }
    if !rule.tiers.is_sorted_by(|one, next| one.from < next.from) {
        return wrong("tiers", "do not ascend; expected each `from` above the one before");
    }
    if rule.tiers.first().is_some_and(|tier| tier.from < 0) {
        return wrong("tiers", "begin below zero; expected volumes");
    }
    if rule.tiers.iter().any(|tier| tier.percent.is_none() && tier.fixed.is_none()) {
        return wrong("tiers", "have one without `percent` and `fixed`; expected at least one of them");
    }
    if rule.tiers.is_empty() && rule.tier_volume != TierVolume::default() {
        return wrong("tier_volume", "decides about no tiers; expected `tiers` beside it");
    }
    let starts_at_zero = rule.tiers.first().is_some_and(|tier| tier.from == 0);
    if rule.percent.is_none() && rule.fixed.is_none() && !starts_at_zero {
        return wrong("percent", "and `fixed` are missing; expected one of them, or tiers from 0 on");
    }
    Ok(())
}
