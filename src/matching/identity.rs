//! Identity: which rows are the same movement, and the hash join that brings them together.
//!
//! Every row has a *primary* key, by which its type is identified, and a *secondary* one. Rows that have their primary key
//! meet by it. A row that lacks it borrows the primary key of rows that share its secondary one, which is how an entry without
//! request id finds its line by Antom id. Where several primary keys would fit, nothing is guessed: the row is ambiguous.

use std::collections::{HashMap, HashSet};

use rayon::iter::{IntoParallelRefMutIterator, ParallelIterator};

use crate::id::{Key, KeyMap, KeySet};
use crate::movement::EntryType;

use super::Inputs;
use super::context::{Context, line_of, original_of};
use super::movement;
use super::outcome::{Finding, ItemRef, ItemSide, Outcome};
use crate::kind::DiscrepancyKind;

/// Number of partitions of the join. At ten million lines a side each holds some 80,000 slots of 32 bytes: about the size of a
/// second-level cache, so that sorting a partition stays in it, and the whole is linear in the number of rows.
const PARTITIONS: usize = 256;

/// A row under the key of its movement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Slot {
    pub key: Key,
    pub item: ItemRef,
}

/// A row that fits several movements.
struct Ambiguity {
    item: ItemRef,
    candidates: Vec<ItemRef>,
}

/// All rows under their movements' keys.
pub(super) struct Identities {
    partitions: Vec<Vec<Slot>>,
    ambiguities: Vec<Ambiguity>,
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
fn keys_of(inputs: &Inputs<'_>, item: ItemRef) -> Option<(EntryType, Key, Key)> {
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
    for (primary, secondary) in pairs {
        if !primary.is_none() && wanted.contains(&secondary) {
            let known = found.entry(secondary).or_default();
            if !known.contains(&primary) {
                known.push(primary);
            }
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
        let mut this = Self { partitions, ambiguities: Vec::new() };
        let (mut needy, mut keyless) = (Vec::new(), Vec::new());
        for item in rows(inputs) {
            match keys_of(inputs, item) {
                None => {}
                Some((_, primary, secondary)) if primary.is_none() && secondary.is_none() => keyless.push(item),
                Some((_, primary, secondary)) if primary.is_none() => needy.push((item, secondary)),
                Some((_, primary, _)) => this.put(primary, item),
            }
        }
        let borrowed = this.lend_primary_keys(inputs, &needy);
        this.attach_keyless(inputs, &keyless, &borrowed);
        this.take_ambiguous_out();
        this
    }

    fn put(&mut self, key: Key, item: ItemRef) {
        self.partitions[key.partition(PARTITIONS)].push(Slot { key, item });
    }

    /// Gives rows without a primary key that of the rows with their secondary key.
    fn lend_primary_keys(&mut self, inputs: &Inputs<'_>, needy: &[(ItemRef, Key)]) -> KeyMap<Vec<Key>> {
        if needy.is_empty() {
            return KeyMap::default();
        }
        let wanted: KeySet = needy.iter().map(|&(_, secondary)| secondary).collect();
        let pairs = rows(inputs).filter_map(|item| keys_of(inputs, item)).map(|(_, primary, other)| (primary, other));
        let found = aliases(&wanted, pairs);
        let mut undecided = Vec::new();
        let is_bounced = |item| keys_of(inputs, item).is_some_and(|keys| keys.0 == EntryType::RefundReversal);
        let (bounced, others): (Vec<_>, Vec<_>) = needy.iter().copied().partition(|need| is_bounced(need.0));
        self.lend_to_bounced(&bounced, &found);
        for (item, secondary) in others {
            match found.get(&secondary).map(Vec::as_slice) {
                None | Some([]) => self.put(secondary, item),
                Some([only]) => self.put(*only, item),
                Some(several) => undecided.push((item, several)),
            }
        }
        self.decide(inputs, &undecided);
        found
    }

    /// Bounced refunds share their payment's id with every other one of the payment: a row joins the one movement that fits and
    /// has no row of its own side yet; several are an ambiguity.
    fn lend_to_bounced(&mut self, bounced: &[(ItemRef, Key)], found: &KeyMap<Vec<Key>>) {
        let mut members = KeyMap::<Vec<ItemRef>>::default();
        let wanted: KeySet = found.values().flatten().copied().collect();
        for slot in self.partitions.iter().flatten().filter(|slot| wanted.contains(&slot.key)) {
            members.entry(slot.key).or_default().push(slot.item);
        }
        for &(item, secondary) in bounced {
            let is_free = |key: &Key| {
                members.get(key).is_some_and(|rows| rows.iter().all(|row| row.side != item.side) && !rows.is_empty())
            };
            let known = found.get(&secondary).map(Vec::as_slice).unwrap_or_default();
            let free: Vec<Key> = known.iter().copied().chain([secondary]).filter(is_free).collect();
            if free.len() > 1 {
                let mut candidates: Vec<ItemRef> =
                    free.iter().filter_map(|key| members.get(key)).flatten().copied().collect();
                candidates.retain(|row| (row.side == ItemSide::Ledger) != (item.side == ItemSide::Ledger));
                candidates.sort_unstable();
                self.ambiguities.push(Ambiguity { item, candidates });
                continue;
            }
            let key = free.first().copied().unwrap_or(secondary);
            members.entry(key).or_default().push(item);
            self.put(key, item);
        }
    }

    /// Several movements share these rows' secondary keys: those that already have a row of the same side are out.
    fn decide(&mut self, inputs: &Inputs<'_>, undecided: &[(ItemRef, &[Key])]) {
        let wanted: KeySet = undecided.iter().flat_map(|(_, several)| several.iter().copied()).collect();
        let mut members = KeyMap::<Vec<ItemRef>>::default();
        for slot in self.partitions.iter().flatten().filter(|slot| wanted.contains(&slot.key)) {
            members.entry(slot.key).or_default().push(slot.item);
        }
        for &(item, several) in undecided {
            let has_own_side =
                |key: &Key| members.get(key).is_some_and(|rows| rows.iter().any(|row| row.side == item.side));
            let free: Vec<Key> = several.iter().copied().filter(|key| !has_own_side(key)).collect();
            match free.as_slice() {
                [] => {
                    let name = |key: &&Key| members[*key].iter().map(|&row| by_name(inputs, row)).min();
                    self.put(several.iter().min_by_key(name).copied().unwrap_or_default(), item);
                }
                [only] => self.put(*only, item),
                _ => {
                    let is_opposite =
                        |row: &&ItemRef| (row.side == ItemSide::Ledger) != (item.side == ItemSide::Ledger);
                    let rows = free.iter().filter_map(|key| members.get(key)).flatten();
                    let mut candidates: Vec<ItemRef> = rows.filter(is_opposite).copied().collect();
                    candidates.sort_unstable();
                    self.ambiguities.push(Ambiguity { item, candidates });
                }
            }
        }
    }

    /// Lines without any id of their own: disputes of the newest layout meet their entry by type, original and amount; the
    /// rest stand alone.
    fn attach_keyless(&mut self, inputs: &Inputs<'_>, keyless: &[ItemRef], borrowed: &KeyMap<Vec<Key>>) {
        if keyless.is_empty() {
            return;
        }
        let mut anchors: HashMap<(Key, i64), Vec<(Key, ItemRef)>> = HashMap::new();
        for item in rows(inputs) {
            let Some((entry_type, primary, secondary)) = keys_of(inputs, item).filter(|keys| is_dispute(keys.0)) else {
                continue;
            };
            let lent = borrowed.get(&secondary).and_then(|keys| keys.first()).copied().unwrap_or(secondary);
            let key = primary.or(lent);
            for original in original_keys(inputs, item, entry_type).into_iter().filter(|_| !key.is_none()) {
                anchors.entry((original, amount_of(inputs, item))).or_default().push((key, item));
            }
        }
        for &item in keyless {
            let entry_type = keys_of(inputs, item).map(|keys| keys.0);
            let originals = entry_type.map(|known| original_keys(inputs, item, known)).unwrap_or_default();
            let amount = amount_of(inputs, item);
            let mut fits: Vec<(Key, ItemRef)> = originals
                .iter()
                .filter(|_| entry_type.is_some_and(is_dispute))
                .filter_map(|&original| anchors.get(&(original, amount)))
                .flatten()
                .copied()
                .collect();
            fits.sort_unstable_by_key(|fit| fit.1);
            fits.dedup();
            let mut keys: Vec<Key> = fits.iter().map(|fit| fit.0).collect();
            keys.sort_unstable();
            keys.dedup();
            match keys.as_slice() {
                [] => {
                    let own = originals.first().copied().unwrap_or(Key::NONE);
                    let alone = own.salted(amount).salted(if own.is_none() { place_salt(item) } else { 0 });
                    self.put(alone, item);
                }
                [only] => self.put(*only, item),
                _ => {
                    let mut candidates: Vec<ItemRef> =
                        fits.iter().map(|fit| fit.1).filter(|fit| fit.side == ItemSide::Ledger).collect();
                    candidates.dedup();
                    self.ambiguities.push(Ambiguity { item, candidates });
                }
            }
        }
    }

    /// An ambiguous row consumes its candidates: they take no part in the join.
    fn take_ambiguous_out(&mut self) {
        if self.ambiguities.is_empty() {
            return;
        }
        let consumed: HashSet<ItemRef> =
            self.ambiguities.iter().flat_map(|ambiguity| ambiguity.candidates.iter().copied()).collect();
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
        self.ambiguities.sort_by_cached_key(|ambiguity| by_name(context.inputs, ambiguity.item));
        let mut consumed = HashMap::new();
        for ambiguity in &self.ambiguities {
            ambiguity.report(context, &mut outcome, &mut consumed);
        }
        outcome
    }
}

impl Ambiguity {
    /// Reports the row with its candidates. A row of an earlier day, or of a day that no run answers for, is left as it is.
    /// A candidate of several ambiguous rows is named by each and consumed by the first.
    fn report(&self, context: &Context<'_>, out: &mut Outcome, taken: &mut HashMap<ItemRef, u32>) {
        let about = match self.item.side {
            ItemSide::Ledger => context.about_entry(self.item),
            _ => context.about_line(self.item),
        };
        let times_before = |item: &ItemRef| taken.get(item).copied().unwrap_or_default();
        let occurrence = 1 + self.candidates.iter().map(times_before).max().unwrap_or_default();
        let own = [self.item].into_iter().chain(self.candidates.iter().copied());
        let consumed = own.clone().filter(|item| times_before(item) == 0).collect();
        own.for_each(|item| *taken.entry(item).or_default() += 1);
        let mut candidates = self.candidates.clone();
        candidates.sort_by_cached_key(|&candidate| by_name(context.inputs, candidate));
        let entry = candidates.iter().copied().find(|candidate| candidate.side == ItemSide::Ledger);
        let finding = Finding {
            kind: DiscrepancyKind::Ambiguous,
            occurrence,
            entry: about.entry.or(entry.filter(|_| candidates.len() == 1)),
            candidates,
            consumed,
            ..about
        };
        context.report(out, finding);
    }
}

/// Lines by their place and then entries by their `entry_id`: an order that does not depend on that of the ledger.
fn by_name(inputs: &Inputs<'_>, item: ItemRef) -> (ItemSide, u32, String, u32) {
    match item.side {
        ItemSide::Ledger => (item.side, 0, (inputs.entry_id)(&inputs.ledger.entries[item.row as usize]), item.row),
        side => (side, item.file, String::new(), item.row),
    }
}

const fn is_dispute(entry_type: EntryType) -> bool {
    matches!(entry_type, EntryType::Dispute | EntryType::DisputeReversal)
}

/// The original's keys, in the type's own spaces, so that disputes and their reversals stay apart.
fn original_keys(inputs: &Inputs<'_>, item: ItemRef, entry_type: EntryType) -> Vec<Key> {
    let original = original_of(inputs, item).unwrap_or_default();
    [original.by_request.in_space(entry_type.request_space()), original.by_antom.in_space(entry_type.antom_space())]
        .into_iter()
        .filter(|key| !key.is_none())
        .collect()
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
