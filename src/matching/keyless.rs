//! Rows without any id of their own: disputes of the newest layout meet their entry by type, original and amount; the rest stand alone.
//!
//! Rows that name the same original with the same amount fit the same disputes, so each of these is looked at once, however many there
//! are.

use std::collections::HashMap;

use crate::id::{Key, KeyMap};
use crate::movement::EntryType;

use super::Inputs;
use super::ambiguity::Ambiguities;
use super::context::{line_of, original_of};
use super::identity::{Identities, keys_of, rows};
use super::outcome::{ItemRef, ItemSide};

/// The original's keys by request and Antom id, in the type's own spaces, so that disputes and their reversals stay apart.
type Original = [Key; 2];

/// The disputes of one original, by one of its ids, and amount.
#[derive(Default)]
struct Disputes {
    movements: Several,
    /// Those that are in the ledger.
    entries: Vec<ItemRef>,
    /// Their list among the candidates, once some row may choose them.
    listed: Option<usize>,
}

/// As much as matters of a set of movements.
#[derive(Debug, Clone, Copy, Default)]
enum Several {
    #[default]
    None,
    One(Key),
    More,
}

impl Several {
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::None, one) | (one, Self::None) => one,
            (Self::One(one), Self::One(other)) if one == other => self,
            _ => Self::More,
        }
    }
}

/// All disputes that have an id, under what is known of their originals.
#[derive(Default)]
struct Anchors {
    by_original: HashMap<(Key, i64), Disputes>,
    /// How many entries name both ids of an original.
    by_both: HashMap<(Original, i64), usize>,
}

/// What becomes of all keyless disputes of an original and amount.
#[derive(Clone, Copy)]
enum Decision {
    Alone,
    Join(Key),
    Choose(usize),
}

/// Brings rows without any id under a key. `borrowed` are the primary keys that were lent by secondary ones.
pub(super) fn attach(
    identities: &mut Identities,
    inputs: &Inputs<'_>,
    keyless: &[ItemRef],
    borrowed: &KeyMap<Vec<Key>>,
) {
    if keyless.is_empty() {
        return;
    }
    let mut anchors = Anchors::of(inputs, borrowed);
    let mut decisions = HashMap::<(Original, i64), Decision>::new();
    for &item in keyless {
        let entry_type = keys_of(inputs, item).map(|keys| keys.0);
        let original = entry_type.map(|known| original_keys(inputs, item, known)).unwrap_or_default();
        let amount = amount_of(inputs, item);
        // The keys of an original tell the type as well; other types have no anchors.
        let decision = decisions
            .entry((original, amount))
            .or_insert_with(|| anchors.decide(original, amount, &mut identities.ambiguities));
        match *decision {
            Decision::Alone => {
                let own = original[0].or(original[1]);
                let alone = own.salted(amount).salted(if own.is_none() { place_salt(item) } else { 0 });
                identities.put(alone, item);
            }
            Decision::Join(key) => identities.put(key, item),
            Decision::Choose(choice) => identities.ambiguities.add(item, choice),
        }
    }
}

impl Anchors {
    fn of(inputs: &Inputs<'_>, borrowed: &KeyMap<Vec<Key>>) -> Self {
        let mut anchors = Self::default();
        for item in rows(inputs) {
            let Some((entry_type, primary, secondary)) = keys_of(inputs, item).filter(|keys| is_dispute(keys.0)) else {
                continue;
            };
            let lent = borrowed.get(&secondary).and_then(|keys| keys.first()).copied().unwrap_or(secondary);
            let key = primary.or(lent);
            if !key.is_none() {
                anchors.add(item, key, original_keys(inputs, item, entry_type), amount_of(inputs, item));
            }
        }
        anchors
    }

    fn add(&mut self, item: ItemRef, key: Key, original: Original, amount: i64) {
        let is_entry = item.side == ItemSide::Ledger;
        for named in original.into_iter().filter(|named| !named.is_none()) {
            let disputes = self.by_original.entry((named, amount)).or_default();
            disputes.movements = disputes.movements.and(Several::One(key));
            disputes.entries.extend(is_entry.then_some(item));
        }
        if is_entry && original.iter().all(|named| !named.is_none()) {
            *self.by_both.entry((original, amount)).or_default() += 1;
        }
    }

    /// What becomes of rows of this original and amount. Where several movements fit, their entries are the candidates.
    fn decide(&mut self, original: Original, amount: i64, ambiguities: &mut Ambiguities) -> Decision {
        let named = original.map(|named| (named, amount));
        let fitting = named.iter().filter_map(|known| self.by_original.get(known));
        match fitting.map(|disputes| disputes.movements).fold(Several::None, Several::and) {
            Several::None => Decision::Alone,
            Several::One(key) => Decision::Join(key),
            Several::More => {
                let mut lists = Vec::new();
                for known in named {
                    let Some(disputes) = self.by_original.get_mut(&known) else { continue };
                    let entries = &mut disputes.entries;
                    let listed = &mut disputes.listed;
                    lists.push(*listed.get_or_insert_with(|| ambiguities.list(std::mem::take(entries))));
                }
                let twice = self.by_both.get(&(original, amount)).copied().unwrap_or_default();
                Decision::Choose(ambiguities.choice(lists, twice))
            }
        }
    }
}

const fn is_dispute(entry_type: EntryType) -> bool {
    matches!(entry_type, EntryType::Dispute | EntryType::DisputeReversal)
}

fn original_keys(inputs: &Inputs<'_>, item: ItemRef, entry_type: EntryType) -> Original {
    let original = original_of(inputs, item).unwrap_or_default();
    [original.by_request.in_space(entry_type.request_space()), original.by_antom.in_space(entry_type.antom_space())]
}

fn amount_of(inputs: &Inputs<'_>, item: ItemRef) -> i64 {
    match item.side {
        ItemSide::Ledger => inputs.ledger.entries[item.row as usize].amount,
        _ => line_of(inputs, item).amount,
    }
}

/// A number that is different for every row, for rows that nothing else identifies.
fn place_salt(item: ItemRef) -> i64 {
    (i64::from(item.side as u8) << 60) | (i64::from(item.file & 0x0fff_ffff) << 32) | i64::from(item.row)
}
