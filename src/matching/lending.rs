//! Lending: a row that lacks its primary key joins the movement of a row that shares its secondary one.
//!
//! Where several movements would do, those that have a row of the row's own side are out. What is left depends on the secondary key and
//! the side alone, so it is found once for all rows that have both in common, however many there are.

use std::collections::HashMap;

use crate::id::{Key, KeyMap, KeySet};
use crate::movement::EntryType;

use super::Inputs;
use super::ambiguity::{Ambiguities, by_name};
use super::bounced;
use super::identity::{Identities, aliases, keys_of, rows};
use super::outcome::{ItemRef, ItemSide};

/// Gives rows without a primary key that of the rows with their secondary key.
pub(super) fn lend(identities: &mut Identities, inputs: &Inputs<'_>, needy: &[(ItemRef, Key)]) -> KeyMap<Vec<Key>> {
    if needy.is_empty() {
        return KeyMap::default();
    }
    let wanted: KeySet = needy.iter().map(|&(_, secondary)| secondary).collect();
    let pairs = rows(inputs).filter_map(|item| keys_of(inputs, item)).map(|(_, primary, other)| (primary, other));
    let found = aliases(&wanted, pairs);
    let is_bounced = |item| keys_of(inputs, item).is_some_and(|keys| keys.0 == EntryType::RefundReversal);
    let (bounced, others): (Vec<_>, Vec<_>) = needy.iter().copied().partition(|need| is_bounced(need.0));
    bounced::lend(identities, &bounced, &found);
    let mut undecided = Vec::new();
    for (item, secondary) in others {
        match found.get(&secondary).map(Vec::as_slice) {
            None | Some([]) => identities.put(secondary, item),
            Some([only]) => identities.put(*only, item),
            Some(_) => undecided.push((item, secondary)),
        }
    }
    decide(identities, inputs, &undecided, &found);
    found
}

/// What becomes of all rows of one side under one secondary key.
#[derive(Clone, Copy)]
enum Decision {
    Join(Key),
    Choose(usize),
}

/// Several movements share these rows' secondary keys.
fn decide(identities: &mut Identities, inputs: &Inputs<'_>, undecided: &[(ItemRef, Key)], found: &KeyMap<Vec<Key>>) {
    let several = |secondary: Key| found.get(&secondary).map(Vec::as_slice).unwrap_or_default();
    let secondaries: KeySet = undecided.iter().map(|need| need.1).collect();
    let mut movements = Movements::of(identities, secondaries.into_iter().flat_map(several).copied());
    let mut decisions = HashMap::<(Key, ItemSide), Decision>::new();
    for &(item, secondary) in undecided {
        let decision = decisions
            .entry((secondary, item.side))
            .or_insert_with(|| movements.decide(inputs, several(secondary), item.side, &mut identities.ambiguities));
        match *decision {
            Decision::Join(key) => identities.put(key, item),
            Decision::Choose(choice) => identities.ambiguities.add(item, choice),
        }
    }
}

/// Who is in the movements that rows may borrow the key of.
pub(super) struct Movements {
    by_key: KeyMap<usize>,
    all: Vec<Movement>,
}

/// The rows of one movement.
struct Movement {
    key: Key,
    lines: Vec<ItemRef>,
    entries: Vec<ItemRef>,
    /// Which sides they are of.
    has: [bool; 3],
    /// The lists of lines and of entries among the candidates, once some row may choose them.
    listed: [Option<usize>; 2],
    /// The first of them by name, once somebody asked.
    first: Option<ItemRef>,
}

impl Movement {
    fn add(&mut self, item: ItemRef) {
        self.has[item.side as usize] = true;
        if item.side == ItemSide::Ledger { &mut self.entries } else { &mut self.lines }.push(item);
    }

    /// Entries for lines, lines for entries.
    fn opposite(&mut self, side: ItemSide, ambiguities: &mut Ambiguities) -> usize {
        let (rows, listed) = match side {
            ItemSide::Ledger => (&self.lines, &mut self.listed[0]),
            _ => (&self.entries, &mut self.listed[1]),
        };
        *listed.get_or_insert_with(|| ambiguities.list(rows.clone()))
    }

    /// The first row by name; lines come before entries.
    fn first(&mut self, inputs: &Inputs<'_>) -> Option<ItemRef> {
        let least = || {
            let line = self.lines.iter().copied().min();
            line.or_else(|| self.entries.iter().copied().min_by_key(|&item| by_name(inputs, item)))
        };
        if self.first.is_none() {
            self.first = least();
        }
        self.first
    }
}

impl Movements {
    /// The movements of these keys, with the rows that are in them so far.
    pub fn of(identities: &Identities, keys: impl Iterator<Item = Key>) -> Self {
        let mut this = Self { by_key: KeyMap::default(), all: Vec::new() };
        for key in keys {
            this.by_key.entry(key).or_insert_with(|| {
                let [lines, entries] = [Vec::new(), Vec::new()];
                this.all.push(Movement { key, lines, entries, has: [false; 3], listed: [None; 2], first: None });
                this.all.len() - 1
            });
        }
        if this.all.is_empty() {
            return this;
        }
        for slot in identities.slots() {
            if let Some(&at) = this.by_key.get(&slot.key) {
                this.all[at].add(slot.item);
            }
        }
        this
    }

    /// Where the movement of a key is.
    pub fn find(&self, key: Key) -> Option<usize> {
        self.by_key.get(&key).copied()
    }

    /// Whether the movement there has somebody, and nobody of this side.
    pub fn is_free(&self, at: usize, side: ItemSide) -> bool {
        let has = &self.all[at].has;
        !has[side as usize] && has.contains(&true)
    }

    /// Adds a row to the movement there, and gives the movement's key.
    pub fn add(&mut self, at: usize, item: ItemRef) -> Key {
        self.all[at].add(item);
        self.all[at].key
    }

    /// The list of what a row of this side may be matched with in the movement there.
    pub fn opposite(&mut self, at: usize, side: ItemSide, ambiguities: &mut Ambiguities) -> usize {
        self.all[at].opposite(side, ambiguities)
    }

    /// What becomes of rows of this side that fit all of several movements. If each has a row of that side, the first by name is theirs.
    fn decide(
        &mut self,
        inputs: &Inputs<'_>,
        several: &[Key],
        side: ItemSide,
        ambiguities: &mut Ambiguities,
    ) -> Decision {
        let fitting: Vec<usize> = several.iter().filter_map(|&key| self.find(key)).collect();
        let free: Vec<usize> = fitting.iter().copied().filter(|&at| !self.all[at].has[side as usize]).collect();
        match free.as_slice() {
            [] => {
                let first = fitting
                    .iter()
                    .copied()
                    .min_by_key(|&at| self.all[at].first(inputs).map(|item| by_name(inputs, item)));
                Decision::Join(first.map(|at| self.all[at].key).unwrap_or_default())
            }
            [only] => Decision::Join(self.all[*only].key),
            _ => {
                let lists = free.iter().map(|&at| self.all[at].opposite(side, ambiguities)).collect();
                Decision::Choose(ambiguities.choice(lists, 0))
            }
        }
    }
}
