//! Links between movements: does the original exist, was a payment captured or cancelled, do parts exceed their whole.
//!
//! Only what reversals name is looked up, so the tables are as large as the reversals, not as the payments.

use std::collections::{HashMap, HashSet};

use crate::id::{Key, KeyMap, KeySet};
use crate::money::Currency;
use crate::movement::{EntryType, Status};
use crate::report::Reject;

use super::Inputs;
use super::context::{line_of, original_of};
use super::identity::rows;
use super::outcome::{ItemRef, ItemSide};

/// A limit that the parts of a payment exceed: its amount and what they add up to, both signed like the parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Exceeded {
    pub limit: i128,
    pub sum: i128,
}

/// What is known about an original that some reversal names.
#[derive(Debug, Clone, Default)]
struct Facts {
    exists: bool,
    /// The first row of a capture.
    capture: Option<ItemRef>,
    /// The first line and the first entry of a cancel that happened.
    cancel_line: Option<ItemRef>,
    cancel_entry: Option<ItemRef>,
    payment: Option<(i128, Currency)>,
    authorized: Option<(i128, Currency)>,
    captures: i128,
    bounced: i128,
}

/// All links of the window.
pub(super) struct Links {
    by_key: KeyMap<usize>,
    /// What facts were united with; those that stand for themselves have their own index.
    parents: Vec<usize>,
    facts: Vec<Facts>,
    exceeded: HashMap<ItemRef, Exceeded>,
    rejected_lines: KeySet,
    rejected_entries: KeySet,
}

impl Links {
    /// Collects what reversals name, then looks at the payments, authorisations and refunds once.
    pub fn of(inputs: &Inputs<'_>) -> Self {
        let mut links = Self {
            by_key: KeyMap::default(),
            parents: Vec::new(),
            facts: Vec::new(),
            exceeded: HashMap::new(),
            rejected_lines: rejected_keys(
                inputs.transactions.iter().chain(inputs.settlements).flat_map(|report| &report.parsed.rejects),
            ),
            rejected_entries: rejected_keys(&inputs.ledger.rejects),
        };
        let reversals: Vec<ItemRef> = rows(inputs).filter(|&item| is_reversal(inputs, item)).collect();
        for &item in &reversals {
            links.name_original(inputs, item);
        }
        if !reversals.is_empty() {
            let mut seen = Seen::default();
            for item in rows(inputs) {
                links.look_at(inputs, item, &mut seen);
            }
            for key in inputs.known_originals {
                if let Some(at) = links.find(*key) {
                    links.facts[at].exists = true;
                }
            }
            links.straighten();
            links.add_up(inputs, &reversals);
        }
        links
    }

    /// Whether the row names an original that is nowhere: in no report, no entry, no earlier day.
    pub fn is_orphan(&self, inputs: &Inputs<'_>, item: ItemRef) -> bool {
        is_reversal(inputs, item) && self.facts_of_original(inputs, item).is_some_and(|facts| !facts.exists)
    }

    /// The limit that the line goes over, if it is the one that does.
    pub fn exceeded(&self, line: ItemRef) -> Option<Exceeded> {
        self.exceeded.get(&line).copied()
    }

    /// Why a payment is not expected to settle: the row of its capture, because captures settle in its place, or the line and
    /// the entry that cancel it. Empty if it is expected.
    pub fn instead_of_settling(&self, by_request: Key, by_antom: Key) -> Vec<ItemRef> {
        let Some(facts) = self.about(by_request, by_antom) else { return Vec::new() };
        match (facts.capture, facts.cancel_line, facts.cancel_entry) {
            (Some(capture), ..) => vec![capture],
            (None, Some(line), Some(entry)) => vec![line, entry],
            _ => Vec::new(),
        }
    }

    /// Whether the line of an entry with these keys was rejected.
    pub fn has_rejected_line(&self, by_request: Key, by_antom: Key) -> bool {
        Reject::keys_of(by_request, by_antom).iter().any(|key| self.rejected_lines.contains(key))
    }

    /// Whether the entry of a line with these keys was rejected.
    pub fn has_rejected_entry(&self, by_request: Key, by_antom: Key) -> bool {
        Reject::keys_of(by_request, by_antom).iter().any(|key| self.rejected_entries.contains(key))
    }

    /// Facts of a payment by its own keys, whatever its type's spaces are.
    fn about(&self, by_request: Key, by_antom: Key) -> Option<&Facts> {
        if self.by_key.is_empty() {
            return None;
        }
        let by_request = by_request.in_space(EntryType::Payment.request_space());
        let by_antom = by_antom.in_space(EntryType::Payment.antom_space());
        let at = self.found(by_antom).or_else(|| self.found(by_request))?;
        Some(&self.facts[at])
    }

    fn facts_of_original(&self, inputs: &Inputs<'_>, item: ItemRef) -> Option<&Facts> {
        let keys = named_keys(inputs, item);
        keys.iter().find_map(|&key| self.found(key)).map(|at| &self.facts[at])
    }

    /// Registers the original that a reversal names under all its keys.
    fn name_original(&mut self, inputs: &Inputs<'_>, item: ItemRef) {
        let keys = named_keys(inputs, item);
        if keys.is_empty() {
            return;
        }
        let known = keys.iter().find_map(|&key| self.find(key)).unwrap_or_else(|| {
            self.facts.push(Facts::default());
            self.parents.push(self.parents.len());
            self.facts.len() - 1
        });
        for &key in &keys {
            self.unite(key, known);
        }
        let facts = &mut self.facts[known];
        match type_of(inputs, item) {
            Some(EntryType::Capture) => note(&mut facts.capture, item),
            Some(EntryType::Cancel) if happened(inputs, item) => match item.side {
                ItemSide::Transactions => note(&mut facts.cancel_line, item),
                ItemSide::Ledger => note(&mut facts.cancel_entry, item),
                ItemSide::Settlement => {}
            },
            _ => {}
        }
    }

    /// The index that stands for all facts united with those at `at`. The way there is halved: reversals that each name the
    /// original of the one before as well would make it as long as they are many.
    fn root(&mut self, mut at: usize) -> usize {
        while self.parents[at] != at {
            self.parents[at] = self.parents[self.parents[at]];
            at = self.parents[at];
        }
        at
    }

    /// Where the facts behind a key are, while facts are still united.
    fn find(&mut self, key: Key) -> Option<usize> {
        let at = *self.by_key.get(&key)?;
        Some(self.root(at))
    }

    /// Where the facts behind a key are, once none are united any more.
    fn found(&self, key: Key) -> Option<usize> {
        self.by_key.get(&key).map(|&at| self.parents[at])
    }

    /// Leads straight from all facts to those that stand for them.
    fn straighten(&mut self) {
        for at in 0..self.parents.len() {
            self.parents[at] = self.root(at);
        }
    }

    /// Lets a key stand for the facts at `at`; if it stood for others, those are merged in.
    fn unite(&mut self, key: Key, at: usize) {
        let at = self.root(at);
        let known = self.by_key.insert(key, at);
        let Some(other) = known.map(|other| self.root(other)).filter(|&other| other != at) else {
            return;
        };
        self.parents[other] = at;
        let old = std::mem::take(&mut self.facts[other]);
        let facts = &mut self.facts[at];
        facts.exists |= old.exists;
        for (known, other) in [
            (&mut facts.capture, old.capture),
            (&mut facts.cancel_line, old.cancel_line),
            (&mut facts.cancel_entry, old.cancel_entry),
        ] {
            other.into_iter().for_each(|item| note(known, item));
        }
    }

    /// Notes a payment, authorisation or refund that some reversal names. Each movement counts once, and what transaction
    /// details say outranks the ledger.
    fn look_at(&mut self, inputs: &Inputs<'_>, item: ItemRef, seen: &mut Seen) {
        let Some((entry_type, by_request, by_antom, amount, currency, alive)) = original_row(inputs, item) else {
            return;
        };
        let payment = EntryType::Payment;
        let own = match entry_type {
            EntryType::Refund => [by_request, Key::NONE],
            _ => [by_antom.in_space(payment.antom_space()), by_request.in_space(payment.request_space())],
        };
        // An incremental authorisation has ids of its own and names its payment.
        let named = if entry_type == EntryType::Authorization { original_of(inputs, item) } else { None };
        let named = named.unwrap_or_default();
        let keys = [own[0], own[1], named.by_antom, named.by_request];
        let Some(at) = keys.iter().find_map(|&key| self.find(key)) else { return };
        for key in keys {
            if self.find(key).is_some_and(|other| other != at) {
                self.unite(key, at);
            }
        }
        let facts = &mut self.facts[at];
        facts.exists = true;
        let has_parts = matches!(entry_type, EntryType::Payment | EntryType::Authorization);
        if !alive || item.side == ItemSide::Settlement || !has_parts {
            return;
        }
        if !seen.is_new(at, by_request, by_antom) {
            return;
        }
        let sum = if entry_type == EntryType::Payment { &mut facts.payment } else { &mut facts.authorized };
        match sum {
            Some((total, known)) if *known == currency && entry_type == EntryType::Authorization => {
                *total += i128::from(amount);
            }
            Some(_) => {}
            None => *sum = Some((amount.into(), currency)),
        }
    }

    /// Adds up refunds per payment and captures per authorisation, in the order of the lines, and notes those that go over.
    fn add_up(&mut self, inputs: &Inputs<'_>, reversals: &[ItemRef]) {
        let mut refunds = HashMap::<usize, i128>::new();
        let mut captures = HashMap::<usize, i128>::new();
        let mut seen = HashSet::new();
        let parts: Vec<(ItemRef, usize)> = reversals
            .iter()
            .filter(|item| item.side != ItemSide::Ledger)
            .filter_map(|&item| named_keys(inputs, item).iter().find_map(|&key| self.found(key)).map(|at| (item, at)))
            .filter(|&(item, _)| {
                let line = line_of(inputs, item);
                let identity = line.by_antom.or(line.by_request);
                line.status == Some(Status::Success)
                    && (identity.is_none() || seen.insert((item.side as u8, identity, line.by_request)))
            })
            .collect();
        for &(item, at) in &parts {
            let amount = i128::from(line_of(inputs, item).amount);
            match (type_of(inputs, item), item.side) {
                (Some(EntryType::RefundReversal), ItemSide::Settlement) => self.facts[at].bounced += amount,
                (Some(EntryType::Capture), ItemSide::Transactions) => self.facts[at].captures += amount,
                _ => {}
            }
        }
        for (item, at) in parts.into_iter().filter(|part| part.0.side == ItemSide::Transactions) {
            let (line, facts) = (line_of(inputs, item), &self.facts[at]);
            let (limit, sum) = match line.entry_type {
                Some(EntryType::Refund) => {
                    let captured = (facts.captures > 0).then_some((facts.captures, line.currency));
                    let limit =
                        facts.payment.or(captured).map(|(amount, currency)| (-amount - facts.bounced, currency));
                    (limit, refunds.entry(at).or_default())
                }
                Some(EntryType::Capture) => (facts.authorized.or(facts.payment), captures.entry(at).or_default()),
                _ => continue,
            };
            let before = *sum;
            *sum += i128::from(line.amount);
            let Some((limit, _)) = limit.filter(|limit| limit.1 == line.currency) else { continue };
            if before.abs() <= limit.abs() && sum.abs() > limit.abs() {
                self.exceeded.insert(item, Exceeded { limit, sum: *sum });
            }
        }
    }
}

/// Movements that were counted already, lines before entries. Request ids tell them apart; an Antom id does where one of two
/// rows has no request id, because the newest layout gives all movements of a payment the same.
#[derive(Default)]
struct Seen {
    ids: HashSet<(usize, Key)>,
    without_request: HashSet<(usize, Key)>,
}

impl Seen {
    /// Notes a movement of the payment at `at`, and says whether it is the first sight of it.
    fn is_new(&mut self, at: usize, by_request: Key, by_antom: Key) -> bool {
        let known = match by_request.is_none() {
            true => self.ids.contains(&(at, by_antom)),
            false => self.ids.contains(&(at, by_request)) || self.without_request.contains(&(at, by_antom)),
        };
        self.ids.extend([by_request, by_antom].into_iter().filter(|id| !id.is_none()).map(|id| (at, id)));
        if by_request.is_none() {
            self.without_request.insert((at, by_antom));
        }
        !known
    }
}

/// Keeps the first of several rows.
fn note(known: &mut Option<ItemRef>, item: ItemRef) {
    *known = Some(known.map_or(item, |first| first.min(item)));
}

/// Whether a row says that its movement happened.
fn happened(inputs: &Inputs<'_>, item: ItemRef) -> bool {
    match item.side {
        ItemSide::Ledger => inputs.ledger.entries[item.row as usize].status == Status::Success,
        _ => line_of(inputs, item).status == Some(Status::Success),
    }
}

/// The type of a row, if it is known.
fn type_of(inputs: &Inputs<'_>, item: ItemRef) -> Option<EntryType> {
    match item.side {
        ItemSide::Ledger => Some(inputs.ledger.entries[item.row as usize].entry_type),
        _ => line_of(inputs, item).entry_type,
    }
}

/// Whether a row's type has an original to name. Shares have one too, but they are matched by it (`splits`).
fn is_reversal(inputs: &Inputs<'_>, item: ItemRef) -> bool {
    type_of(inputs, item).is_some_and(|known| known.has_original() && known != EntryType::Settlement)
}

/// The keys under which a row's original is known; for a bounced refund also the refund's.
fn named_keys(inputs: &Inputs<'_>, item: ItemRef) -> Vec<Key> {
    let original = original_of(inputs, item).unwrap_or_default();
    let mut keys = vec![original.by_antom, original.by_request];
    if type_of(inputs, item) == Some(EntryType::RefundReversal) {
        let own = match item.side {
            ItemSide::Ledger => inputs.ledger.entries[item.row as usize].by_request,
            _ => line_of(inputs, item).by_request,
        };
        keys.push(own.in_space(EntryType::Refund.request_space()));
    }
    keys.retain(|key| !key.is_none());
    keys
}

/// A row that can be somebody's original: its type, keys, amount, currency, and whether it happened.
fn original_row(inputs: &Inputs<'_>, item: ItemRef) -> Option<(EntryType, Key, Key, i64, Currency, bool)> {
    let is_original = |known: EntryType| {
        matches!(known, EntryType::Payment | EntryType::Authorization | EntryType::Refund | EntryType::Dispute)
    };
    if item.side == ItemSide::Ledger {
        let entry = &inputs.ledger.entries[item.row as usize];
        let alive = entry.status == Status::Success;
        return is_original(entry.entry_type).then_some((
            entry.entry_type,
            entry.by_request,
            entry.by_antom,
            entry.amount,
            entry.currency,
            alive,
        ));
    }
    let line = line_of(inputs, item);
    let entry_type = line.entry_type.filter(|&known| is_original(known))?;
    Some((entry_type, line.by_request, line.by_antom, line.amount, line.currency, line.status == Some(Status::Success)))
}

/// The keys of rejected rows whose ids could be read.
fn rejected_keys<'a>(rejects: impl IntoIterator<Item = &'a Reject>) -> KeySet {
    let keys = rejects.into_iter().flat_map(|reject| [reject.by_request, reject.by_antom]);
    keys.filter(|key| !key.is_none()).collect()
}
