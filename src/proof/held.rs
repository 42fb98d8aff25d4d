//! What Antom holds back of each party: reserve and collateral, carried from day to day.

use std::collections::BTreeMap;
use std::fmt;

use crate::id::Symbols;
use crate::money::Currency;
use crate::movement::closed_words;

use super::BatchSums;

closed_words! {
    /// What money is held back for.
    HeldKind {
        /// `RESERVE` and `RESERVE_WITHHOLDING` lines, and their releases.
        Reserve = "reserve",
        /// `COLLATERAL_WITHHELD` and `COLLATERAL_WITHHOLDING` lines, and their releases.
        Collateral = "collateral",
    }
}

/// What is held of one party.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Held {
    /// `merchantId` or `customerId`.
    pub merchant: String,
    /// `referenceMerchantId`; empty for the marketplace.
    pub party: String,
    /// The settlement currency.
    pub currency: Currency,
    /// What for.
    pub kind: HeldKind,
    /// How much, in the currency's smallest unit: positive.
    pub amount: i128,
}

/// What a day changes of it. Amounts in the currency's smallest unit, signed from the side of what is held.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct HeldRow {
    /// `merchantId` or `customerId`.
    pub merchant: String,
    /// `referenceMerchantId`; empty for the marketplace.
    pub party: String,
    /// The settlement currency.
    pub currency: Currency,
    /// What for.
    pub kind: HeldKind,
    /// What was held before the day.
    pub before: i128,
    /// What the day's lines took from the party: positive.
    pub taken: i128,
    /// What they gave back: negative.
    pub given: i128,
}

impl HeldRow {
    /// What is held after the day; negative if more was given back than was seen taken.
    #[must_use]
    pub const fn now(&self) -> i128 {
        self.before + self.taken + self.given
    }

    /// What is to be kept for the next day.
    #[must_use]
    pub fn kept(&self) -> Held {
        let (merchant, party) = (self.merchant.clone(), self.party.clone());
        Held { merchant, party, currency: self.currency, kind: self.kind, amount: self.now() }
    }
}

/// What is held after the day's lines, per party, currency and kind, ordered by text. Where nothing was held and nothing moved,
/// there is no row.
#[must_use]
pub fn held(before: &[Held], sums: &BatchSums, symbols: &Symbols) -> Vec<HeldRow> {
    let mut rows = BTreeMap::<(String, String, Currency, HeldKind), (i128, i128, i128)>::new();
    for known in before {
        let key = (known.merchant.clone(), known.party.clone(), known.currency, known.kind);
        rows.entry(key).or_default().0 += known.amount;
    }
    for (key, sum) in sums {
        let kinds = [
            (HeldKind::Reserve, sum.reserve_taken, sum.reserve_given),
            (HeldKind::Collateral, sum.collateral_taken, sum.collateral_given),
        ];
        for (kind, taken, given) in kinds.into_iter().filter(|&(_, taken, given)| (taken, given) != (0, 0)) {
            let key = (symbols.text(key.merchant), symbols.text(key.party), key.currency, kind);
            // The party's settlement loses what is held from then on.
            let row = rows.entry(key).or_default();
            row.1 -= taken;
            row.2 -= given;
        }
    }
    let rows = rows.into_iter().filter(|(_, amounts)| *amounts != (0, 0, 0));
    rows.map(|((merchant, party, currency, kind), (before, taken, given))| HeldRow {
        merchant,
        party,
        currency,
        kind,
        before,
        taken,
        given,
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proof::{BatchKey, BatchSum};

    #[test]
    fn what_is_taken_is_held_until_it_is_given_back() {
        let symbols = Symbols::new();
        let usd = Currency::parse(b"USD").expect("a currency");
        let key = |party: &str| BatchKey {
            batch: symbols.intern(b"B1"),
            merchant: symbols.intern(b"m1"),
            party: symbols.intern(party.as_bytes()),
            currency: usd,
        };
        let mut sums = BatchSums::new();
        let taken = BatchSum { reserve_taken: -500, reserve_given: 200, ..BatchSum::default() };
        sums.insert(key("S1"), taken);
        sums.insert(key("S2"), BatchSum { collateral_given: 100, ..BatchSum::default() });
        sums.insert(key("S3"), BatchSum { lines: 3, net: 7, ..BatchSum::default() });
        let before = Held {
            merchant: "m1".to_owned(),
            party: "S1".to_owned(),
            currency: usd,
            kind: HeldKind::Reserve,
            amount: 1_000,
        };
        let rows = held(&[before], &sums, &symbols);
        let shown: Vec<String> = rows
            .iter()
            .map(|row| format!("{} {} {} {} {} = {}", row.party, row.kind, row.before, row.taken, row.given, row.now()))
            .collect();
        assert_eq!(shown, ["S1 reserve 1000 500 -200 = 1300", "S2 collateral 0 0 -100 = -100"]);
        // The next day begins with what this one ends with, and without lines nothing changes.
        let kept: Vec<Held> = rows.iter().map(HeldRow::kept).collect();
        let next = held(&kept, &BatchSums::new(), &symbols);
        assert_eq!(next.iter().map(HeldRow::now).collect::<Vec<_>>(), [1_300, -100]);
    }
}
