//! Movements that may be payouts, so ordered that each is found without looking at all.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::ops::RangeInclusive;

use crate::calendar::BusinessDate;
use crate::id::{KeySet, Symbol};
use crate::money::Currency;
use crate::report::ActivityLine;

use super::super::files::{Seen, in_order};
use super::{Expected, PayoutInputs};

/// Where a payout looks for candidates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Shelf {
    /// Movements of a merchant's accounts.
    Merchant(Symbol, Currency),
    /// Movements that name a batch: for summaries without parties.
    Batch(Symbol, Currency),
}

/// `OUT` movements of the parties that expect a payout, in the order of dates and places. A movement that stands in the activity
/// twice happened once.
#[derive(Debug, Default)]
pub(super) struct Candidates<'a> {
    all: Vec<Seen<'a, ActivityLine>>,
    taken: HashSet<usize>,
    shelves: HashMap<Shelf, Vec<usize>>,
    amounts: HashMap<(Shelf, i64), Vec<usize>>,
}

impl<'a> Candidates<'a> {
    /// The movements that may be one of the expected payouts.
    pub(super) fn of<'e>(input: &PayoutInputs<'a>, expected: impl Iterator<Item = &'e Expected<'e>>) -> Self {
        let wanted: HashSet<Shelf> = expected.flat_map(shelves_of).collect();
        let types: BTreeSet<String> = input.types.iter().map(|word| word.to_uppercase()).collect();
        let mut known = HashMap::<Symbol, bool>::new();
        let mut is_type = |word: Symbol| {
            let listed = || types.contains(&input.symbols.text(word).to_uppercase());
            types.is_empty() || word.is_empty() || *known.entry(word).or_insert_with(listed)
        };
        let (mut candidates, mut logs) = (Self::default(), KeySet::default());
        for seen in in_order(input.activity).filter(|seen| seen.line.out) {
            let line = seen.line;
            let shelves = [Shelf::Merchant(line.merchant, line.currency), Shelf::Batch(line.batch, line.currency)];
            let mut of_interest = shelves.into_iter().filter(|shelf| wanted.contains(shelf)).peekable();
            if of_interest.peek().is_none() || !is_type(line.raw_type) {
                continue;
            }
            if !line.log.is_none() && !logs.insert(line.log) {
                continue;
            }
            let at = candidates.all.len();
            candidates.all.push(seen);
            for shelf in of_interest {
                candidates.shelves.entry(shelf).or_default().push(at);
                candidates.amounts.entry((shelf, line.amount)).or_default().push(at);
            }
        }
        candidates
    }

    /// The first movement of exactly the payout's amount on some dates, which no other payout gets then: of those that name a
    /// batch, or of those that do not.
    pub(super) fn take_exact(
        &mut self,
        payout: &Expected<'_>,
        dates: RangeInclusive<BusinessDate>,
        named: bool,
    ) -> Option<Seen<'a, ActivityLine>> {
        // A sum that no single amount can have has no movement.
        let amount = i64::try_from(-payout.net).ok()?;
        let found = shelves_of(payout).into_iter().filter_map(|shelf| {
            let of_amount = self.amounts.get(&(shelf, amount)).map_or(&[][..], Vec::as_slice);
            let fits = |&at: &usize| self.all[at].line.batch.is_empty() != named && self.is_open(at, payout, &dates);
            of_amount.iter().copied().find(fits)
        });
        let at = found.min()?;
        self.taken.insert(at);
        Some(self.all[at])
    }

    /// The movements that are left for a payout, in order.
    pub(super) fn left_for(&self, payout: &Expected<'_>) -> Vec<Seen<'a, ActivityLine>> {
        let at = shelves_of(payout).into_iter().filter_map(|shelf| self.shelves.get(&shelf)).flatten().copied();
        let open: BTreeSet<usize> = at.filter(|&at| self.is_open(at, payout, &(payout.on..=payout.due))).collect();
        open.into_iter().map(|at| self.all[at]).collect()
    }

    fn is_open(&self, at: usize, payout: &Expected<'_>, dates: &RangeInclusive<BusinessDate>) -> bool {
        let seen = self.all[at];
        dates.contains(&seen.file.date) && payout.may_be(seen.line) && !self.taken.contains(&at)
    }
}

/// Where a payout's candidates are. Only where the summary names no parties may a batch's name stand for the merchant.
fn shelves_of(payout: &Expected<'_>) -> Vec<Shelf> {
    let key = &payout.of.key;
    let mut shelves = vec![Shelf::Merchant(key.merchant, key.currency)];
    if payout.of.all_parties && !key.batch.is_empty() {
        shelves.push(Shelf::Batch(key.batch, key.currency));
    }
    shelves
}

/// Payouts that were not found, by where they look.
#[derive(Debug)]
pub(super) struct Rivals(HashMap<Shelf, Vec<usize>>);

impl Rivals {
    pub(super) fn of(unpaid: &[Expected<'_>]) -> Self {
        let mut shelves = HashMap::<Shelf, Vec<usize>>::new();
        for (at, payout) in unpaid.iter().enumerate() {
            for shelf in shelves_of(payout) {
                shelves.entry(shelf).or_default().push(at);
            }
        }
        Self(shelves)
    }

    /// How many of the payouts a movement may be, on its date.
    pub(super) fn count(&self, unpaid: &[Expected<'_>], seen: &Seen<'_, ActivityLine>) -> usize {
        let line = seen.line;
        let shelves = [Shelf::Merchant(line.merchant, line.currency), Shelf::Batch(line.batch, line.currency)];
        let near: BTreeSet<usize> = shelves.iter().filter_map(|shelf| self.0.get(shelf)).flatten().copied().collect();
        near.into_iter()
            .map(|at| &unpaid[at])
            .filter(|payout| payout.may_be(line) && payout.is_in_time(seen.file.date))
            .count()
    }
}
