//! Identity: which rows are the same movement, and the hash join that brings them together.
//!
//! Every row has a *primary* key, by which its type is identified, and a *secondary* one. Rows that have their primary key
//! meet by it. A row that lacks it borrows the primary key of rows that share its secondary one, which is how an entry without
//! request id finds its line by Antom id. Where several primary keys would fit, nothing is guessed: the row is ambiguous.

use std::collections::HashSet;

use rayon::iter::{IntoParallelRefMutIterator, ParallelIterator};

use crate::id::{Key, KeyMap, KeySet};
use crate::movement::EntryType;

use super::ambiguity::Ambiguities;
use super::context::{Context, line_of, original_of};
use super::outcome::{ItemRef, ItemSide, Outcome};
use super::{Inputs, keyless, lending, movement};

/// Number of partitions of the join. At ten million lines a side each holds some 80,000 slots of 32 bytes: about the size of a
/// second-level cache, so that sorting a partition stays in it, and the whole is linear in the number of rows.
const PARTITIONS: usize = 256;

/// Up to this many primary keys a search through the list is faster than a set, and takes no memory; nearly all secondary keys have one.
const FEW_ALIASES: usize = 16;

/// A row under the key of its movement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Slot {
    pub key: Key,
    pub item: ItemRef,
}

/// All rows under their movements' keys.
pub(super) struct Identities {
    partitions: Vec<Vec<Slot>>,
    /// The rows that are under no key, because several would fit.
    pub ambiguities: Ambiguities,
}

/// The key by which a row of this type is identified, and the one that helps if it lacks.
fn ranked(entry_type: EntryType, by_request: Key, by_antom: Key, original_antom: Key) -> (Key, Key) {
    match entry_type {
        // Some layouts give captures and voids the request id of their payment: Antom's id decides.
        EntryType::Capture | EntryType::Void => (by_antom, by_request),
        // A bounced refund has an id that the ledger cannot know; the payment's id helps.
        EntryType::RefundReversal => (by_request, original_antom.in_space(entry_type.antom_space())),
        _ if entry_type.is_adjustment() => (by_antom, by_request),
        _ => (by_request, by_antom),
    }
}

/// The ranked keys of a row; none for a row that takes no part in the join.
pub(super) fn keys_of(inputs: &Inputs<'_>, item: ItemRef) -> Option<(EntryType, Key, Key)> {
    let (entry_type, by_request, by_antom) = if item.side == ItemSide::Ledger {
        let entry = &inputs.ledger.entries[item.row as usize];
        (entry.entry_type, entry.by_request, entry.by_antom)
    } else {
        let line = line_of(inputs, item);
        (line.entry_type?, line.by_request, line.by_antom)
    };
    if entry_type == EntryType::Settlement {
        return None;
    }
    let original_antom = match entry_type {
        EntryType::RefundReversal => original_of(inputs, item).unwrap_or_default().by_antom,
        _ => Key::NONE,
    };
    let (primary, secondary) = ranked(entry_type, by_request, by_antom, original_antom);
    Some((entry_type, primary, secondary))
}

/// All rows of all sides.
pub(super) fn rows<'a>(inputs: &'a Inputs<'a>) -> impl Iterator<Item = ItemRef> + 'a {
    let reports = [(ItemSide::Transactions, inputs.transactions), (ItemSide::Settlement, inputs.settlements)];
    let lines = reports.into_iter().flat_map(|(side, files)| {
        (0_u32..).zip(files).flat_map(move |(file, report)| {
            (0_u32..).zip(&report.parsed.lines).map(move |(row, _)| ItemRef { side, file, row })
        })
    });
    let entries =
        (0_u32..).zip(&inputs.ledger.entries).map(|(row, _)| ItemRef { side: ItemSide::Ledger, file: 0, row });
    lines.chain(entries)
}

/// For each wanted secondary key, the distinct primary keys of the rows that have it, in the order of the rows.
pub(super) fn aliases(wanted: &KeySet, pairs: impl Iterator<Item = (Key, Key)>) -> KeyMap<Vec<Key>> {
    let mut found = KeyMap::<Vec<Key>>::default();
    let mut crowded = HashSet::<(Key, Key)>::new();
    for (primary, secondary) in pairs {
        if primary.is_none() || !wanted.contains(&secondary) {
            continue;
        }
        let known = found.entry(secondary).or_default();
        let is_new = match known.len() {
            0..FEW_ALIASES => !known.contains(&primary),
            FEW_ALIASES => {
                crowded.extend(known.iter().map(|&other| (secondary, other)));
                crowded.insert((secondary, primary))
            }
            _ => crowded.insert((secondary, primary)),
        };
        if is_new {
            known.push(primary);
        }
    }
    found
}

impl Identities {
    /// Brings all rows under their movements' keys.
    pub fn of(inputs: &Inputs<'_>) -> Self {
        let lines = inputs.transactions.iter().chain(inputs.settlements).map(|file| file.parsed.lines.len());
        // Keys are hashes, so partitions are even: an eighth more than the average leaves room for chance.
        let average = (lines.sum::<usize>() + inputs.ledger.entries.len()) / PARTITIONS;
        let partition = || Vec::with_capacity(average + average / 8);
        let partitions = std::iter::repeat_with(partition).take(PARTITIONS).collect();
        let mut this = Self { partitions, ambiguities: Ambiguities::default() };
        let (mut needy, mut keyless) = (Vec::new(), Vec::new());
        for item in rows(inputs) {
            match keys_of(inputs, item) {
                None => {}
                Some((_, primary, secondary)) if primary.is_none() && secondary.is_none() => keyless.push(item),
                Some((_, primary, secondary)) if primary.is_none() => needy.push((item, secondary)),
                Some((_, primary, _)) => this.put(primary, item),
            }
        }
        let borrowed = lending::lend(&mut this, inputs, &needy);
        keyless::attach(&mut this, inputs, &keyless, &borrowed);
        this.take_ambiguous_out();
        this
    }

    /// Brings a row under a key.
    pub fn put(&mut self, key: Key, item: ItemRef) {
        self.partitions[key.partition(PARTITIONS)].push(Slot { key, item });
    }

    /// The rows that are under a key so far.
    pub fn slots(&self) -> impl Iterator<Item = &Slot> {
        self.partitions.iter().flatten()
    }

    /// An ambiguous row consumes its candidates: they take no part in the join.
    fn take_ambiguous_out(&mut self) {
        let consumed = self.ambiguities.candidates();
        if consumed.is_empty() {
            return;
        }
        for partition in &mut self.partitions {
            partition.retain(|slot| !consumed.contains(&slot.item));
        }
    }

    /// Evaluates every movement, in parallel over partitions.
    pub fn evaluate(mut self, context: &Context<'_>) -> Outcome {
        let parts: Vec<Outcome> = self
            .partitions
            .par_iter_mut()
            .map(|slots| {
                slots.sort_unstable();
                let mut out = Outcome::default();
                for group in slots.chunk_by(|one, other| one.key == other.key) {
                    movement::evaluate(context, &mut out, group);
                }
                out
            })
            .collect();
        let mut outcome = Outcome::default();
        for part in parts {
            outcome.append(part);
        }
        self.ambiguities.report(context, &mut outcome);
        outcome
    }
}
