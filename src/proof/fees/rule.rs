//! One rule of a contract's fee schedule, and what it charges.

use std::fmt;

use crate::calendar::BusinessDate;
use crate::money::Currency;
use crate::movement::EntryType;
use crate::report::FeeKind;

use super::exact::{Rounding, signed_mul_div};
use super::percent::Percent;

/// The types that a rule is for if it names none.
pub const DEFAULT_TYPES: [EntryType; 2] = [EntryType::Payment, EntryType::Capture];

/// Which volume decides about a rule's tier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TierVolume {
    /// That of the calendar month before.
    #[default]
    PreviousMonth,
    /// That of the days of the same month before.
    MonthToDate,
}

impl TierVolume {
    /// The words of a schedule.
    pub const WORDS: [(&'static str, Self); 2] =
        [("previous_month", Self::PreviousMonth), ("month_to_date", Self::MonthToDate)];

    /// The volume of a word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::WORDS.iter().find(|(known, _)| *known == word).map(|(_, volume)| *volume)
    }
}

/// What is charged from a volume on. What a tier leaves out is as the rule itself says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tier {
    /// The lowest volume of the tier, in the smallest unit of the rule's currency.
    pub from: i64,
    /// Percentage of the gross.
    pub percent: Option<Percent>,
    /// Amount per line, in the smallest unit of the rule's currency.
    pub fixed: Option<i64>,
}

/// One rule. Charges are positive; a negative percentage or fixed amount gives money back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Its position in the schedule, the first being 1.
    pub position: u32,
    /// What the fee is for.
    pub kind: FeeKind,
    /// The types of lines that carry it; [`DEFAULT_TYPES`] if empty.
    pub types: Vec<EntryType>,
    /// `paymentMethodType`; case does not matter.
    pub method: Option<String>,
    /// `cardBrand`; case does not matter.
    pub brand: Option<String>,
    /// `cardCountry` or `issuingCountry`; case does not matter.
    pub country: Option<String>,
    /// `referenceMerchantId`.
    pub sub_merchant: Option<String>,
    /// `settlementCurrency`; needed for every amount of the rule.
    pub currency: Option<Currency>,
    /// The first business date of lines that it is for.
    pub valid_from: Option<BusinessDate>,
    /// The last one.
    pub valid_to: Option<BusinessDate>,
    /// Percentage of the gross in the settlement currency.
    pub percent: Option<Percent>,
    /// Amount per line, in the smallest unit of `currency`.
    pub fixed: Option<i64>,
    /// The least that is charged.
    pub min: Option<i64>,
    /// The most that is charged.
    pub max: Option<i64>,
    /// How the whole charge is rounded, once.
    pub rounding: Rounding,
    /// Other charges from a monthly volume on, ascending.
    pub tiers: Vec<Tier>,
    /// Which volume decides about the tier.
    pub tier_volume: TierVolume,
}

impl Rule {
    /// A rule that names its kind only, and no charge yet.
    #[must_use]
    pub const fn new(position: u32, kind: FeeKind) -> Self {
        Self {
            position,
            kind,
            types: Vec::new(),
            method: None,
            brand: None,
            country: None,
            sub_merchant: None,
            currency: None,
            valid_from: None,
            valid_to: None,
            percent: None,
            fixed: None,
            min: None,
            max: None,
            rounding: Rounding::HalfEven,
            tiers: Vec::new(),
            tier_volume: TierVolume::PreviousMonth,
        }
    }

    /// The types of lines that carry the fee.
    #[must_use]
    pub fn types(&self) -> &[EntryType] {
        if self.types.is_empty() { &DEFAULT_TYPES } else { &self.types }
    }

    /// How many fields it names beside its kind and its validity: of the rules that fit a line, the one with most wins.
    #[must_use]
    pub fn named_fields(&self) -> usize {
        let texts = [&self.method, &self.brand, &self.country, &self.sub_merchant];
        let texts = texts.iter().filter(|text| text.is_some()).count();
        texts + usize::from(self.currency.is_some()) + usize::from(!self.types.is_empty())
    }

    /// The tier of a volume in the smallest unit of the rule's currency; none if the rule's own charge holds.
    #[must_use]
    pub fn tier_of(&self, volume: i128) -> Option<usize> {
        self.tiers.iter().rposition(|tier| i128::from(tier.from) <= volume)
    }

    /// What a line's fee must be, in the smallest unit of the settlement currency: negative if something is charged. `gross` is
    /// the magnitude of what the line is worth; none if that is not known or the charge cannot be held.
    #[must_use]
    pub fn expected(&self, tier: Option<usize>, gross: Option<i128>) -> Option<i128> {
        let tier = tier.and_then(|at| self.tiers.get(at));
        let percent = tier.and_then(|tier| tier.percent).or(self.percent).unwrap_or_default();
        let fixed = tier.and_then(|tier| tier.fixed).or(self.fixed).unwrap_or_default();
        let base = if percent.is_zero() { 0 } else { gross?.checked_abs()? };
        let divisor = percent.divisor();
        let over_divisor = |amount: i64| i128::from(amount).checked_mul(divisor);
        let mut charge = base.checked_mul(percent.digits())?.checked_add(over_divisor(fixed)?)?;
        if let Some(min) = self.min {
            charge = charge.max(over_divisor(min)?);
        }
        if let Some(max) = self.max {
            charge = charge.min(over_divisor(max)?);
        }
        signed_mul_div(-charge, 1, divisor.unsigned_abs(), self.rounding)
    }
}

impl fmt::Display for Rule {
    /// For messages: rule 3 (`interchange`, CARD, VISA).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rule {} (`{}`", self.position, self.kind)?;
        for text in [&self.method, &self.brand, &self.country, &self.sub_merchant].into_iter().flatten() {
            write!(f, ", {text}")?;
        }
        if let Some(currency) = self.currency {
            write!(f, ", {currency}")?;
        }
        f.write_str(")")
    }
}
