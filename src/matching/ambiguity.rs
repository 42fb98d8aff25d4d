//! Ambiguity: rows that fit several movements, what they fit, and what is said about them.
//!
//! Very many rows may fit the same very many candidates, so no row has a copy of its own. Candidates stand in lists, and a *choice*
//! is a sequence of lists. A row has the first lists of a choice: where rows take movements one after the other, those that are taken
//! first stand last, and each row sees what was left for it. All of it is linear in the number of rows.

use std::collections::{BTreeSet, HashMap, HashSet};

use crate::kind::DiscrepancyKind;

use super::Inputs;
use super::context::Context;
use super::outcome::{Finding, ItemRef, ItemSide, MAX_NAMED, Outcome};

/// All ambiguous rows with their candidates.
#[derive(Default)]
pub(super) struct Ambiguities {
    rows: Vec<Ambiguity>,
    choices: Vec<Choice>,
    lists: Vec<Vec<ItemRef>>,
}

/// A row that fits several movements.
struct Ambiguity {
    item: ItemRef,
    choice: usize,
    /// How many lists of the choice it has.
    lists: usize,
}

/// Between what rows could not choose.
struct Choice {
    lists: Vec<usize>,
    /// How many candidates stand in two of the lists.
    twice: usize,
}

/// What a row's explanation says of its candidates.
struct Named {
    /// The first of them, in the order of their names.
    first: Vec<ItemRef>,
    /// How many there are.
    count: usize,
}

/// An order that does not depend on that of the ledger.
type Name = (ItemSide, u32, String, u32);

impl Ambiguities {
    /// Adds a list of candidates, and gives its number.
    pub fn list(&mut self, candidates: Vec<ItemRef>) -> usize {
        self.lists.push(candidates);
        self.lists.len() - 1
    }

    /// Adds a choice, every list of which some row has, and gives its number. `twice` is how many candidates stand in two of its lists.
    pub fn choice(&mut self, lists: Vec<usize>, twice: usize) -> usize {
        self.choices.push(Choice { lists, twice });
        self.choices.len() - 1
    }

    /// Adds a row that has all lists of a choice.
    pub fn add(&mut self, item: ItemRef, choice: usize) {
        self.add_with(item, choice, self.choices[choice].lists.len());
    }

    /// Adds a row that has so many lists of a choice.
    pub fn add_with(&mut self, item: ItemRef, choice: usize, lists: usize) {
        self.rows.push(Ambiguity { item, choice, lists });
    }

    /// All candidates.
    pub fn candidates(&self) -> HashSet<ItemRef> {
        self.lists.iter().flatten().copied().collect()
    }

    /// Reports the rows in the order of their names. A row of an earlier day, or of a day that no run answers for, is left as it is.
    /// A candidate of several rows is consumed by the first of them.
    pub fn report(mut self, context: &Context<'_>, out: &mut Outcome) {
        self.rows.sort_by_cached_key(|row| by_name(context.inputs, row.item));
        let named = self.named(context.inputs);
        let mut times = HashMap::<ItemRef, u32>::new();
        let mut free = Free { taken: HashSet::new(), drained: vec![0; self.choices.len()] };
        for row in &self.rows {
            let Named { first, count } = &named[&(row.choice, row.lists)];
            let about = match row.item.side {
                ItemSide::Ledger => context.about_entry(row.item),
                _ => context.about_line(row.item),
            };
            let times_before = first.iter().map(|item| times.get(item).copied().unwrap_or_default()).max();
            for &item in first.iter().chain([&row.item]) {
                *times.entry(item).or_default() += 1;
            }
            let entry = first.first().copied().filter(|only| *count == 1 && only.side == ItemSide::Ledger);
            let finding = Finding {
                kind: DiscrepancyKind::Ambiguous,
                occurrence: 1 + times_before.unwrap_or_default(),
                entry: about.entry.or(entry),
                candidates: first.clone(),
                more_candidates: count - first.len(),
                consumed: free.take(&mut self.lists, &self.choices[row.choice], row),
                ..about
            };
            context.report(out, finding);
        }
    }

    /// What is named of the lists that rows have, by choice and number of lists.
    fn named(&mut self, inputs: &Inputs<'_>) -> HashMap<(usize, usize), Named> {
        for list in &mut self.lists {
            list.sort_by_cached_key(|&item| by_name(inputs, item));
        }
        let wanted: BTreeSet<(usize, usize)> = self.rows.iter().map(|row| (row.choice, row.lists)).collect();
        let wanted: Vec<(usize, usize)> = wanted.into_iter().collect();
        let mut named = HashMap::with_capacity(wanted.len());
        for same in wanted.chunk_by(|one, two| one.0 == two.0) {
            let choice = &self.choices[same[0].0];
            let (mut first, mut count, mut at) = (Vec::new(), 0, 0);
            for &(number, lists) in same {
                for list in choice.lists[at..lists].iter().map(|&list| &self.lists[list]) {
                    keep_first(inputs, &mut first, list);
                    count += list.len();
                }
                at = lists;
                let first = first.iter().map(|(_, item)| *item).collect();
                named.insert((number, lists), Named { first, count: count - choice.twice });
            }
        }
        named
    }
}

/// Adds the first of a list, which is in the order of names, to the first of others.
fn keep_first(inputs: &Inputs<'_>, first: &mut Vec<(Name, ItemRef)>, list: &[ItemRef]) {
    for &item in list.iter().take(MAX_NAMED) {
        let name = by_name(inputs, item);
        match first.binary_search_by(|known| known.0.cmp(&name)) {
            Ok(_) => {}
            Err(MAX_NAMED) => return,
            Err(at) => {
                first.insert(at, (name, item));
                first.truncate(MAX_NAMED);
            }
        }
    }
}

/// Which rows are not consumed yet.
struct Free {
    taken: HashSet<ItemRef>,
    /// How many lists of each choice were consumed.
    drained: Vec<usize>,
}

impl Free {
    /// The row, and those of its candidates that are free, which are so no longer.
    fn take(&mut self, lists: &mut [Vec<ItemRef>], choice: &Choice, row: &Ambiguity) -> Vec<ItemRef> {
        let drained = &mut self.drained[row.choice];
        let fresh = choice.lists.get(*drained..row.lists).unwrap_or_default();
        *drained = row.lists.max(*drained);
        let mut consumed = Vec::new();
        for item in [row.item].into_iter().chain(fresh.iter().flat_map(|&list| std::mem::take(&mut lists[list]))) {
            if self.taken.insert(item) {
                consumed.push(item);
            }
        }
        consumed
    }
}

/// Lines by their place and then entries by their `entry_id`.
pub(super) fn by_name(inputs: &Inputs<'_>, item: ItemRef) -> Name {
    match item.side {
        ItemSide::Ledger => (item.side, 0, (inputs.entry_id)(&inputs.ledger.entries[item.row as usize]), item.row),
        side => (side, item.file, String::new(), item.row),
    }
}
