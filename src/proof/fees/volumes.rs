//! Volumes of past days, on which the tiers of a schedule depend.

use std::collections::{BTreeMap, BTreeSet};

use crate::calendar::BusinessDate;
use crate::money::Currency;

use super::rule::{Rule, TierVolume};

/// What a volume is of. All texts as reported; ordered by text, so that it can be written as it stands.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct VolumeKey {
    /// The business date of the lines.
    pub on: BusinessDate,
    /// `paymentMethodType`.
    pub method: String,
    /// `cardBrand`.
    pub brand: String,
    /// `cardCountry` or `issuingCountry`.
    pub country: String,
    /// `referenceMerchantId`.
    pub sub_merchant: String,
    /// `settlementCurrency`.
    pub currency: Currency,
}

/// Sums of the magnitudes of the gross of payments and captures, in the smallest unit of the settlement currency.
pub type Volumes = BTreeMap<VolumeKey, i128>;

/// The volumes that decide about one rule's tier.
#[derive(Debug, Clone, Default)]
pub(in crate::proof) struct TierVolumes {
    /// What the rule covers, per day.
    days: BTreeMap<BusinessDate, i128>,
}

/// The months of which any volume is known, by their first day.
pub(in crate::proof) type KnownMonths = BTreeSet<BusinessDate>;

/// The months of which any volume is known.
pub(in crate::proof) fn known_months(volumes: &Volumes) -> KnownMonths {
    let days: BTreeSet<BusinessDate> = volumes.keys().map(|key| key.on).collect();
    days.into_iter().map(BusinessDate::first_of_month).collect()
}

impl TierVolumes {
    /// The volumes of what a rule names.
    pub(in crate::proof) fn of(rule: &Rule, volumes: &Volumes) -> Self {
        let same = |named: &Option<String>, of: &str| named.as_ref().is_none_or(|text| text.eq_ignore_ascii_case(of));
        let mut days = BTreeMap::new();
        for (key, volume) in volumes {
            let covered = same(&rule.method, &key.method)
                && same(&rule.brand, &key.brand)
                && same(&rule.country, &key.country)
                && rule.sub_merchant.as_ref().is_none_or(|text| *text == key.sub_merchant)
                && rule.currency == Some(key.currency);
            if covered {
                *days.entry(key.on).or_default() += volume;
            }
        }
        Self { days }
    }

    /// The volume that decides on a day, or the month (by its first day) of which nothing at all is known.
    pub(in crate::proof) fn deciding(
        &self,
        which: TierVolume,
        on: BusinessDate,
        known: &KnownMonths,
    ) -> Result<i128, BusinessDate> {
        let this_month = on.first_of_month();
        let (month, end) = match which {
            TierVolume::PreviousMonth => (this_month.minus_days(1).first_of_month(), this_month),
            TierVolume::MonthToDate => (this_month, on),
        };
        // On the first of a month nothing came before, which is known.
        if month < end && !known.contains(&month) {
            return Err(month);
        }
        Ok(self.days.range(month..end).map(|(_, volume)| volume).sum())
    }
}
