//! The sub-merchants: who sells, and what the marketplace's registry says about them.

use super::rng::Rng;
use super::story::Party;
use chrono::NaiveDate;

/// One for each fault in a summary or an account.
const SPARE: u32 = 12;

/// One sub-merchant, as Antom and the marketplace know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubMerchant {
    /// The marketplace's id: `referenceMerchantId` in reports, `sub_merchant_id` in the registry and the ledger.
    pub reference: String,
    /// Antom's id: `merchantId` in reports.
    pub merchant_id: String,
    /// The outcome of its registration (`antom.md`, 1.2).
    pub status: &'static str,
    /// The day on which the registration ended.
    pub registered_on: NaiveDate,
}

impl SubMerchant {
    /// As the holder of an account.
    #[must_use]
    pub fn party(&self) -> Party {
        Party { merchant_id: self.merchant_id.clone(), reference: self.reference.clone() }
    }
}

/// Everybody of this world.
#[derive(Debug, Clone)]
pub struct Merchants {
    /// Antom's id of the marketplace.
    pub platform: String,
    /// Registered sub-merchants: the only ones with honest traffic.
    pub sellers: Vec<SubMerchant>,
    /// Registered like the sellers, but without honest traffic: each fault in a summary or an account has one of them to
    /// itself.
    pub spare: Vec<SubMerchant>,
    /// In the registry, but refused by Antom: a line for it is a discrepancy.
    pub refused: SubMerchant,
    /// Not in the registry at all: a line for it is a discrepancy.
    pub stranger: SubMerchant,
}

impl Merchants {
    /// `count` registered sub-merchants of `platform`, one refused and one stranger.
    #[must_use]
    pub fn new(rng: &mut Rng, platform: &str, count: u32, first_day: NaiveDate) -> Self {
        let mut person = |number: u32, status| SubMerchant {
            reference: format!("seller{number}"),
            merchant_id: format!("21591102{:08}", 62_710_000 + number),
            status,
            registered_on: super::calendar::before(first_day, 30 + rng.below(600)),
        };
        Self {
            platform: platform.to_owned(),
            sellers: (0..count.max(2)).map(|index| person(1_001 + index, "SUCCESSFUL")).collect(),
            refused: person(8_001, "FAILED"),
            stranger: person(9_001, "SUCCESSFUL"),
            spare: (0..SPARE).map(|index| person(7_001 + index, "SUCCESSFUL")).collect(),
        }
    }

    /// The registry file of the contract: `sub_merchant_id, merchant_id, status, registered_on`.
    #[must_use]
    pub fn registry_csv(&self) -> String {
        let mut text = String::from("sub_merchant_id,merchant_id,status,registered_on\n");
        for one in self.sellers.iter().chain(&self.spare).chain([&self.refused]) {
            let SubMerchant { reference, merchant_id, status, registered_on } = one;
            text.push_str(&format!("{reference},{merchant_id},{status},{registered_on}\n"));
        }
        text
    }
}
