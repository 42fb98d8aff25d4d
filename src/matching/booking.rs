//! Bookings: the entries of one movement, the sources of a refund together, repetitions apart.

use crate::calendar::BusinessDate;
use crate::kind::{DiscrepancyKind, Stage};
use crate::ledger::RefundSource;
use crate::money::Currency;
use crate::movement::{EntryType, Status};

use super::context::Context;
use super::identity::Slot;
use super::outcome::{Finding, ItemRef, Outcome, State};

/// What the ledger says of a movement: its first entry, or the sources of a refund together.
pub(super) struct Booking {
    /// The first entry, which stands for all.
    pub first: ItemRef,
    /// The entries that count.
    pub items: Vec<ItemRef>,
    /// Their sum, in the currency's smallest unit.
    pub amount: i128,
    /// Their currency.
    pub currency: Currency,
    /// Their status: the first one that is not a success.
    pub status: Status,
    /// The business date of the first.
    pub date: BusinessDate,
}

impl Booking {
    /// The first entry by `entry_id`, with the other sources of a refund; every further entry is a duplicate.
    pub fn of(context: &Context<'_>, out: &mut Outcome, booked: &[Slot]) -> Option<Self> {
        if let [only] = booked {
            return Some(Self::from_first(context, only.item));
        }
        let mut items: Vec<ItemRef> = booked.iter().map(|slot| slot.item).collect();
        items.sort_by_cached_key(|item| ((context.inputs.entry_id)(context.entry(*item)), item.row));
        let first = *items.first()?;
        let mut booking = Self::from_first(context, first);
        let mut sources = vec![context.entry(first).refund_from];
        for (occurrence, &item) in (2_u32..).zip(&items[1..]) {
            let other = context.entry(item);
            let is_source = other.refund_from != RefundSource::Unknown
                && !sources.contains(&other.refund_from)
                && !sources.contains(&RefundSource::Unknown)
                && other.currency == booking.currency;
            if is_source {
                sources.push(other.refund_from);
                booking.add(item, other.amount, other.status);
            } else {
                repeated_entry(context, out, item, first, occurrence);
            }
        }
        Some(booking)
    }

    /// A booking of one entry.
    fn from_first(context: &Context<'_>, first: ItemRef) -> Self {
        let entry = context.entry(first);
        Self {
            first,
            items: vec![first],
            amount: entry.amount.into(),
            currency: entry.currency,
            status: entry.status,
            date: context.date(first),
        }
    }

    fn add(&mut self, item: ItemRef, amount: i64, status: Status) {
        self.items.push(item);
        self.amount += i128::from(amount);
        if self.status == Status::Success {
            self.status = status;
        }
    }
}

/// A second entry of the same movement. Entries of days that no run answers for are left alone.
fn repeated_entry(context: &Context<'_>, out: &mut Outcome, item: ItemRef, first: ItemRef, occurrence: u32) {
    if !context.in_scope(item) {
        context.board.place(item, State::OutOfScope);
        return;
    }
    let about = context.about_entry(item);
    let stage = if about.entry_type == Some(EntryType::RefundReversal) { Stage::Settlement } else { about.stage };
    let kind = DiscrepancyKind::DuplicateInLedger;
    context.report(out, Finding { kind, stage, occurrence, candidates: vec![first], ..about });
}

/// A finding about a booking as a whole.
pub(super) fn about_booking(context: &Context<'_>, booking: &Booking) -> Finding {
    Finding {
        ledger: Some((booking.amount, booking.currency)),
        ledger_status: Some(booking.status),
        consumed: booking.items.clone(),
        ..context.about_entry(booking.first)
    }
}

/// Places all entries of a booking.
pub(super) fn place_all(context: &Context<'_>, booking: &Booking, state: State) {
    for &item in &booking.items {
        context.board.place(item, state);
    }
}
