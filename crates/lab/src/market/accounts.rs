//! The accounts at Antom: one per party and currency, and every movement on them.

use super::money::Money;
use crate::world::money::Currency;
use std::collections::BTreeMap;

/// A party: a sub-merchant's reference, or the marketplace itself.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Party {
    Marketplace,
    Seller(String),
}

impl Party {
    /// `referenceMerchantId`, empty for the marketplace.
    pub(super) fn reference(&self) -> &str {
        match self {
            Self::Marketplace => "",
            Self::Seller(reference) => reference,
        }
    }
}

/// One movement: a row of account activity.
#[derive(Debug, Clone)]
pub(super) struct Movement {
    pub(super) party: Party,
    pub(super) money: Money,
    pub(super) at: i64,
    /// `accountLogId`.
    pub(super) log_id: String,
    /// `transType`.
    pub(super) what: &'static str,
    /// `transactionId` of what moved it; empty for a payout.
    pub(super) about: String,
    /// `settlementBatchId` of a payout.
    pub(super) batch: String,
}

#[derive(Debug, Default)]
pub(super) struct Accounts {
    held: BTreeMap<(Party, Currency), i64>,
    pub(super) movements: Vec<Movement>,
}

impl Accounts {
    /// Books a movement; what leaves the account is negative. Nothing moves by nothing.
    pub(super) fn book(&mut self, movement: Movement) {
        if movement.money.minor != 0 {
            *self.held.entry((movement.party.clone(), movement.money.currency)).or_default() += movement.money.minor;
            self.movements.push(movement);
        }
    }

    /// An account that exists and may be empty.
    pub(super) fn open(&mut self, party: Party, currency: Currency) {
        self.held.entry((party, currency)).or_default();
    }

    pub(super) fn balance(&self, party: &Party, currency: Currency) -> i64 {
        self.held.get(&(party.clone(), currency)).copied().unwrap_or_default()
    }

    /// All accounts with what they hold, in order.
    pub(super) fn all(&self) -> impl Iterator<Item = (&Party, Money)> {
        self.held.iter().map(|((party, currency), minor)| (party, Money::new(*minor, *currency)))
    }
}
