//! Bounced refunds without an id of their own, of which only the payment is known.
//!
//! They share their payment's id with every other one of the payment: a row joins the one movement that fits and has no row of its own
//! side yet; several are an ambiguity. Rows go one after the other, and what one takes is taken for all that follow on its side. How
//! many movements are left to a payment is counted, not listed again for each row.

use std::collections::HashMap;

use crate::id::{Key, KeyMap, KeySet};

use super::ambiguity::Ambiguities;
use super::identity::Identities;
use super::lending::Movements;
use super::outcome::{ItemRef, ItemSide};

/// Lends keys to these rows, which are in the order of sides. `found` are the movements of each payment.
pub(super) fn lend(identities: &mut Identities, bounced: &[(ItemRef, Key)], found: &KeyMap<Vec<Key>>) {
    let known = |payment: Key| found.get(&payment).map(Vec::as_slice).unwrap_or_default();
    let payments: KeySet = bounced.iter().map(|need| need.1).collect();
    let fitting = payments.into_iter().flat_map(|payment| known(payment).iter().copied().chain([payment]));
    let mut movements = Movements::of(identities, fitting);
    for of_side in bounced.chunk_by(|one, two| one.0.side == two.0.side) {
        let mut taking = Taking::of(&mut movements, of_side[0].0.side);
        for &(item, payment) in of_side {
            let at = taking.payment(payment, known(payment));
            if let Some(key) = taking.movement_for(item, at) {
                identities.put(key, item);
            }
        }
        taking.note_choices(&mut identities.ambiguities);
    }
}

/// How the rows of one side take movements.
struct Taking<'a> {
    movements: &'a mut Movements,
    side: ItemSide,
    payments: Vec<Payment>,
    by_key: KeyMap<usize>,
    /// Which payments a movement was free for when they were first asked for.
    listed: HashMap<usize, Vec<usize>>,
}

/// A payment, and the movements that a row of it may join.
struct Payment {
    key: Key,
    /// Where those are that were free when the payment was first asked for.
    movements: Vec<usize>,
    /// Those of them that were taken since, in that order.
    taken: Vec<usize>,
    /// Rows that could not choose, and how many movements were free then: ever fewer.
    choosing: Vec<(ItemRef, usize)>,
}

impl Payment {
    fn free(&self) -> usize {
        self.movements.len() - self.taken.len()
    }
}

impl<'a> Taking<'a> {
    fn of(movements: &'a mut Movements, side: ItemSide) -> Self {
        Self { movements, side, payments: Vec::new(), by_key: KeyMap::default(), listed: HashMap::new() }
    }

    /// Where a payment is, and which movements are known of it beside its own key's.
    fn payment(&mut self, key: Key, known: &[Key]) -> usize {
        let Self { movements, payments, listed, .. } = self;
        *self.by_key.entry(key).or_insert_with(|| {
            let all = known.iter().copied().chain([key]).filter_map(|key| movements.find(key));
            let free: Vec<usize> = all.filter(|&at| movements.is_free(at, self.side)).collect();
            for &at in &free {
                listed.entry(at).or_default().push(payments.len());
            }
            payments.push(Payment { key, movements: free, taken: Vec::new(), choosing: Vec::new() });
            payments.len() - 1
        })
    }

    /// The key of the movement that a row of the payment joins: the only free one, else the payment's own. None if it cannot choose.
    fn movement_for(&mut self, item: ItemRef, payment: usize) -> Option<Key> {
        let payment = &mut self.payments[payment];
        let free = payment.free();
        if free > 1 {
            payment.choosing.push((item, free));
            return None;
        }
        let at = match free {
            0 => self.movements.find(payment.key),
            // At most once for a payment: after it none is free.
            _ => payment.movements.iter().copied().find(|&at| self.movements.is_free(at, self.side)),
        }?;
        for other in self.listed.remove(&at).unwrap_or_default() {
            self.payments[other].taken.push(at);
        }
        Some(self.movements.add(at, item))
    }

    /// Notes the rows that could not choose. What was taken first stands last, so that each has the first of the lists.
    fn note_choices(self, ambiguities: &mut Ambiguities) {
        let Self { movements, side, payments, .. } = self;
        for payment in payments {
            let Some(&(_, most)) = payment.choosing.first() else { continue };
            let mut fitting = payment.movements;
            fitting.retain(|&at| movements.is_free(at, side));
            fitting.extend(payment.taken.iter().rev());
            fitting.truncate(most);
            let lists = fitting.into_iter().map(|at| movements.opposite(at, side, ambiguities)).collect();
            let choice = ambiguities.choice(lists, 0);
            for (item, free) in payment.choosing {
                ambiguities.add_with(item, choice, free);
            }
        }
    }
}
