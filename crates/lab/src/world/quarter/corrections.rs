//! What people correct in the ledger after a run has told them.

use super::tales::Made;
use super::{QuarterPlan, Tale};
use crate::world::calendar::day_of;
use crate::world::faults::Fault;
use crate::world::payments::Maker;
use crate::world::story::{Entry, Line, Movement, Settled, Story};
use chrono::NaiveDate;

/// What a ledger lets people correct.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bookkeeping {
    /// Entries are added, and a pending one becomes what it comes to; nothing else that is booked ever changes.
    AddOnly,
    /// Entries are added, amended and taken out.
    Free,
}

/// One correction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// An entry is booked late.
    Book(Entry),
    /// The entry with this id has other content.
    Amend(Entry),
    /// The entry with this id is taken out.
    Delete(String),
}

/// A correction of a tale.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Correction {
    /// It is made before the run of this date.
    pub before: NaiveDate,
    /// The index of the tale.
    pub tale: usize,
    /// What is corrected.
    pub change: Change,
}

/// Whether people can correct what a fault did to the ledger.
pub(super) fn is_known(bookkeeping: Bookkeeping, fault: Fault) -> bool {
    match fault {
        Fault::PaymentNotBooked
        | Fault::RefundNotBooked
        | Fault::BounceNotBooked
        | Fault::ShareNotBooked
        | Fault::StillPending
        | Fault::PendingTooLong
        | Fault::ReserveNotBooked => true,
        Fault::DuplicateEntry
        | Fault::AmbiguousDispute
        | Fault::NotReportedButTrue
        | Fault::NotReportedUnknown
        | Fault::NotReportedFailed
        | Fault::NotReportedProcessing
        | Fault::RefundNotReported
        | Fault::CurrencyDiffers
        | Fault::AmountDiffers
        | Fault::AmountDiffersByOneYen
        | Fault::AmountDiffersByOneFils
        | Fault::AmountContradicted
        | Fault::BookedAsFailed
        | Fault::OtherSubMerchant
        | Fault::SplitDiffers => bookkeeping == Bookkeeping::Free,
        _ => false,
    }
}

/// What corrects the ledger after a fault; nothing if [`is_known`] says so.
pub(super) fn of(maker: &mut Maker<'_>, fault: Fault, story: &Story) -> Option<Change> {
    let first = |kind: &str| story.entry(kind).map(|index| story.entries[index].clone());
    let last = |kind: &str| story.entries.iter().rev().find(|entry| entry.entry_type == kind).cloned();
    match fault {
        Fault::PaymentNotBooked => Some(Change::Book(maker.entry(&story.first))),
        Fault::RefundNotBooked => story.line(Movement::Refund).map(|line| Change::Book(maker.entry(line))),
        Fault::BounceNotBooked => story.settled.last().map(|settled| {
            let entry = maker.entry(&settled.line);
            Change::Book(Entry { antom_id: String::new(), ..entry })
        }),
        Fault::ShareNotBooked => Some(Change::Book(share(maker, story))),
        Fault::PendingTooLong => first("PAYMENT").map(|entry| Change::Amend(Entry { status: "FAILED", ..entry })),
        Fault::StillPending | Fault::BookedAsFailed => {
            first("PAYMENT").map(|entry| Change::Amend(Entry { status: "SUCCESS", ..entry }))
        }
        Fault::SplitDiffers => last("SETTLEMENT")
            .map(|entry| Change::Amend(Entry { amount_minor: story.settled[1].line.amount_minor, ..entry })),
        Fault::DuplicateEntry => last("PAYMENT").map(|entry| Change::Delete(entry.entry_id)),
        Fault::AmbiguousDispute => last("DISPUTE").map(|entry| Change::Delete(entry.entry_id)),
        Fault::RefundNotReported => last("REFUND").map(|entry| Change::Delete(entry.entry_id)),
        Fault::NotReportedButTrue
        | Fault::NotReportedUnknown
        | Fault::NotReportedFailed
        | Fault::NotReportedProcessing => first("PAYMENT").map(|entry| Change::Delete(entry.entry_id)),
        Fault::CurrencyDiffers
        | Fault::AmountDiffers
        | Fault::AmountDiffersByOneYen
        | Fault::AmountDiffersByOneFils
        | Fault::AmountContradicted
        | Fault::OtherSubMerchant => first("PAYMENT").map(|entry| Change::Amend(as_reported(entry, &story.first))),
        _ => None,
    }
}

/// An entry with the values of its line.
fn as_reported(entry: Entry, line: &Line) -> Entry {
    let sub_merchant_id = line.party.reference.clone();
    Entry { amount_minor: line.amount_minor, currency: line.currency, sub_merchant_id, ..entry }
}

/// The marketplace's share of a payment that was not booked, by the pattern of the seller's.
fn share(maker: &mut Maker<'_>, story: &Story) -> Entry {
    let settled = &story.settled[1].line;
    let of_seller = story.entries.iter().find(|entry| entry.settle_to == "SELLER").expect("the seller's is booked");
    Entry {
        entry_id: maker.entry(settled).entry_id,
        amount_minor: settled.amount_minor,
        settle_to: "MARKETPLACE",
        sub_merchant_id: String::new(),
        ..of_seller.clone()
    }
}

/// The entry of a line of a whole batch.
pub(super) fn of_batch(maker: &mut Maker<'_>, settled: &Settled) -> Entry {
    let entry = maker.entry(&settled.line);
    Entry {
        amount_minor: settled.payout.net_minor(),
        currency: settled.payout.currency,
        original_antom_id: String::new(),
        original_request_id: String::new(),
        ..entry
    }
}

/// Books lines of whole batches late; `tales` are those of the batches, the first of them at `offset`.
pub(super) fn book_loose(
    tales: &[Tale],
    offset: usize,
    loose: &[(Settled, Option<(NaiveDate, Entry)>)],
    corrections: &mut Vec<Correction>,
) {
    for (settled, entry) in loose {
        let Some((before, entry)) = entry else { continue };
        let place = tales.iter().position(|tale| tale.story.first.id == settled.line.id);
        let tale = offset + place.expect("every line of a batch has a tale");
        corrections.push(Correction { before: *before, tale, change: Change::Book(entry.clone()) });
    }
}

/// Bookings that were right, settled and closed for days are changed, and changed back two business days later: a payment, and the
/// share of one.
pub(super) fn second_thoughts(quarter: &QuarterPlan, business: &[NaiveDate], made: &mut Made) {
    if quarter.bookkeeping != Bookkeeping::Free {
        return;
    }
    for (start, kind) in [(1, "PAYMENT"), (business.len() / 3, "SETTLEMENT"), (business.len() / 2, "PAYMENT")] {
        let day = business[start];
        let is_closed = |tale: &Tale| {
            let story = &tale.story;
            let is_plain = story.reported.len() == 1 && !story.settled.is_empty() && tale.restated.is_none();
            is_plain && story.entries.first().is_some_and(|entry| is_payment_of(entry, day))
        };
        let Some(tale) = made.tales.iter().position(is_closed) else { continue };
        let story = &made.tales[tale].story;
        let Some(right) = story.entry(kind).map(|index| story.entries[index].clone()) else { continue };
        let wrong = Entry { amount_minor: right.amount_minor - 100, ..right.clone() };
        for (later, entry) in [(5, wrong), (7, right)] {
            let before = business[(start + later).min(business.len() - 1)];
            made.corrections.push(Correction { before, tale, change: Change::Amend(entry) });
        }
    }
}

fn is_payment_of(entry: &Entry, day: NaiveDate) -> bool {
    entry.entry_type == "PAYMENT" && day_of(entry.occurred_at) == day
}
