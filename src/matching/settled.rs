//! The settlement lines of one movement: one per party, repetitions apart.

use std::collections::HashMap;

use crate::id::Symbol;
use crate::kind::{DiscrepancyKind, Stage};
use crate::money::Currency;

use super::context::Context;
use super::identity::Slot;
use super::outcome::{Finding, ItemRef, Outcome};

/// Up to this many shares a search through the list is faster than a map; a payment has a handful of parties.
const FEW_SHARES: usize = 16;

/// The settled lines of a movement that count: the first of each party.
#[derive(Debug, Default)]
pub(super) struct Shares {
    /// In the order of the files and lines.
    pub items: Vec<ItemRef>,
}

impl Shares {
    /// Takes the first line of each party; a second one in the same batch is a duplicate, in another batch a double settlement.
    pub fn of(context: &Context<'_>, out: &mut Outcome, settled: &[Slot]) -> Self {
        let mut shares = Self::default();
        let mut firsts: HashMap<Symbol, (ItemRef, u32)> = HashMap::new();
        for (at, slot) in settled.iter().enumerate() {
            let party = context.line(slot.item).party;
            let earlier = if settled.len() <= FEW_SHARES {
                let mut same = settled[..at].iter().filter(|other| context.line(other.item).party == party);
                same.next().map(|first| (first.item, 2 + u32::try_from(same.count()).unwrap_or(u32::MAX - 2)))
            } else {
                let seen = firsts.entry(party).or_insert((slot.item, 0));
                seen.1 += 1;
                (seen.1 > 1).then_some(*seen)
            };
            match earlier {
                None => shares.items.push(slot.item),
                Some((first, occurrence)) => repeated(context, out, slot.item, first, occurrence),
            }
        }
        shares
    }

    /// Whether nothing was settled.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// The sum of the transaction amounts, with the currency of the first.
    pub fn total(&self, context: &Context<'_>) -> Option<(i128, Currency)> {
        let currency = context.line(*self.items.first()?).currency;
        Some((self.items.iter().map(|item| i128::from(context.line(*item).amount)).sum(), currency))
    }

    /// The currency of a share that differs from the others', if there is one.
    pub fn other_currency(&self, context: &Context<'_>, than: Currency) -> Option<Currency> {
        self.items.iter().map(|item| context.line(*item).currency).find(|currency| *currency != than)
    }
}

/// The same movement and party a second time.
fn repeated(context: &Context<'_>, out: &mut Outcome, item: ItemRef, first: ItemRef, occurrence: u32) {
    let same_batch = context.line(item).batch == context.line(first).batch;
    let kind = if same_batch { DiscrepancyKind::DuplicateInReport } else { DiscrepancyKind::SettledTwice };
    let finding = Finding {
        kind,
        stage: Stage::Settlement,
        business_date: context.movement_date(item),
        occurrence,
        candidates: vec![first],
        ..context.about_line(item)
    };
    context.report(out, finding);
}
