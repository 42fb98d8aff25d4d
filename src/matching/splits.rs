//! Splits: the ledger's shares against the lines of settlement details, per payment and party.

use std::collections::BTreeMap;

use crate::calendar::BusinessDate;
use crate::id::{Key, KeyMap, KeySet, Symbol};
use crate::kind::{DiscrepancyKind, Stage};
use crate::movement::{EntryType, Status};

use super::context::{Context, original_of};
use super::identity::{Slot, rows};
use super::outcome::{Finding, ItemRef, ItemSide, Outcome, State, WaitsFor};

/// What one party gets of one payment, on both sides.
#[derive(Default)]
struct Share {
    settled: Vec<ItemRef>,
    booked: Vec<ItemRef>,
}

/// Evaluates all shares. `shares` are the settled lines of payments and captures that count, one per movement and party.
pub(super) fn evaluate(context: &Context<'_>, shares: &[ItemRef]) -> Outcome {
    let mut out = Outcome::default();
    let entries = rows(context.inputs).filter(|item| is_share_entry(context, *item));
    let mut slots = under_payments(context, &mut out, shares.iter().copied().chain(entries));
    slots.sort_unstable();
    let dates = payment_dates(context, &slots);
    for group in slots.chunk_by(|one, other| one.key == other.key) {
        let mut parties = BTreeMap::<Symbol, Share>::new();
        for slot in group {
            match slot.item.side {
                ItemSide::Ledger => parties.entry(context.entry(slot.item).party).or_default().booked.push(slot.item),
                _ => parties.entry(context.line(slot.item).party).or_default().settled.push(slot.item),
            }
        }
        let payment_on = dates.get(&group[0].key).copied();
        for share in parties.into_values() {
            compare(context, &mut out, share, payment_on);
        }
    }
    out
}

/// Where shares are not compared, those that the ledger books all the same are excluded by name.
pub(super) fn exclude(context: &Context<'_>) -> Outcome {
    let mut out = Outcome::default();
    for item in rows(context.inputs).filter(|item| is_share_entry(context, *item)) {
        context.exclude_entry(&mut out, item, State::ExcludedSplitsOff);
    }
    out
}

fn is_share_entry(context: &Context<'_>, item: ItemRef) -> bool {
    item.side == ItemSide::Ledger && context.entry(item).entry_type == EntryType::Settlement
}

/// The payment's keys of a row: a payment's own, else those of its original. An entry that names no original has the payment's
/// ids as its own.
fn payment_keys(context: &Context<'_>, item: ItemRef) -> (Key, Key) {
    let payment = EntryType::Payment;
    let (own_type, by_request, by_antom) = match item.side {
        ItemSide::Ledger => {
            let entry = context.entry(item);
            (Some(entry.entry_type), entry.by_request, entry.by_antom)
        }
        _ => {
            let line = context.line(item);
            (line.entry_type, line.by_request, line.by_antom)
        }
    };
    let own = (by_request.in_space(payment.request_space()), by_antom.in_space(payment.antom_space()));
    match own_type {
        Some(EntryType::Payment | EntryType::Authorization) => own,
        _ => original_of(context.inputs, item).map_or(own, |original| (original.by_request, original.by_antom)),
    }
}

/// Puts rows under their payments' keys; a row that names its payment by one id borrows the other one's key, and one that names none
/// borrows nothing.
fn under_payments(context: &Context<'_>, out: &mut Outcome, items: impl Iterator<Item = ItemRef>) -> Vec<Slot> {
    let (mut slots, mut needy) = (Vec::new(), Vec::new());
    for item in items {
        match payment_keys(context, item) {
            (by_request, by_antom) if by_request.is_none() => needy.push((item, by_antom)),
            (by_request, _) => slots.push(Slot { key: by_request, item }),
        }
    }
    if !needy.is_empty() {
        let wanted: KeySet = needy.iter().map(|need| need.1).filter(|key| !key.is_none()).collect();
        let lenders = lenders(context, &wanted);
        for (item, by_antom) in needy {
            let lender = lenders.get(&by_antom);
            out.payments.extend(lender.map(|lender| (item, lender.item)));
            slots.push(Slot { key: lender.map_or(by_antom, |lender| lender.key), item });
        }
    }
    slots
}

/// For each payment that is known by Antom's id, the first row that names it by both ids, under the key of the request id.
fn lenders(context: &Context<'_>, wanted: &KeySet) -> KeyMap<Slot> {
    let mut lenders = KeyMap::default();
    for item in rows(context.inputs) {
        let (by_request, by_antom) = payment_keys(context, item);
        if !by_request.is_none() && wanted.contains(&by_antom) {
            lenders.entry(by_antom).or_insert(Slot { key: by_request, item });
        }
    }
    lenders
}

/// The business dates of the payments of these slots, as far as lines or else entries tell: the earliest, so that the order of
/// the ledger decides nothing.
fn payment_dates(context: &Context<'_>, slots: &[Slot]) -> KeyMap<BusinessDate> {
    let wanted: KeySet = slots.iter().map(|slot| slot.key).filter(|key| !key.is_none()).collect();
    let mut dates = KeyMap::<(bool, BusinessDate)>::default();
    for item in rows(context.inputs) {
        let is_payment = match item.side {
            ItemSide::Settlement => false,
            ItemSide::Transactions => context.line(item).entry_type == Some(EntryType::Payment),
            ItemSide::Ledger => context.entry(item).entry_type == EntryType::Payment,
        };
        if is_payment {
            let (by_request, by_antom) = payment_keys(context, item);
            for key in [by_request, by_antom].into_iter().filter(|key| wanted.contains(key)) {
                let found = (item.side == ItemSide::Ledger, context.date(item));
                dates.entry(key).and_modify(|known| *known = found.min(*known)).or_insert(found);
            }
        }
    }
    dates.into_iter().map(|(key, (_, date))| (key, date)).collect()
}

/// One party's share of one payment.
fn compare(context: &Context<'_>, out: &mut Outcome, mut share: Share, payment_on: Option<BusinessDate>) {
    drop_repeated_entries(context, out, &mut share.booked);
    share.booked.retain(|&item| {
        let entry = context.entry(item);
        let counts = matches!(entry.status, Status::Success | Status::Pending);
        if !counts {
            context.exclude_entry(out, item, State::ExcludedNotSuccessful);
        }
        counts
    });
    let settled = share.settled.first().copied();
    let booked = share.booked.first().copied();
    match (settled, booked) {
        (None, None) => {}
        (None, Some(entry)) => not_settled_yet(context, out, &share.booked, payment_on.unwrap_or(context.date(entry))),
        (Some(_), _) => settled_share(context, out, &share, payment_on),
    }
}

/// The same request for the same party a second time.
fn drop_repeated_entries(context: &Context<'_>, out: &mut Outcome, booked: &mut Vec<ItemRef>) {
    if booked.len() < 2 {
        return;
    }
    booked.sort_by_cached_key(|item| ((context.inputs.entry_id)(context.entry(*item)), item.row));
    let mut firsts = KeyMap::<(ItemRef, u32)>::default();
    booked.retain(|&item| {
        let by_request = context.entry(item).by_request;
        let seen = firsts.entry(by_request).or_insert((item, 0));
        seen.1 += 1;
        if seen.1 == 1 || by_request.is_none() {
            return true;
        }
        if context.in_scope(item) {
            let finding = Finding {
                kind: DiscrepancyKind::DuplicateInLedger,
                stage: Stage::Splits,
                occurrence: seen.1,
                candidates: vec![seen.0],
                ..context.about_entry(item)
            };
            context.report(out, finding);
        } else {
            context.board.place(item, State::OutOfScope);
        }
        false
    });
}

/// Booked, and not settled: in transit, then overdue.
fn not_settled_yet(context: &Context<'_>, out: &mut Outcome, booked: &[ItemRef], payment_on: BusinessDate) {
    if !booked.iter().any(|item| context.in_scope(*item)) {
        for &item in booked {
            context.board.place(item, State::OutOfScope);
        }
        return;
    }
    let due_on = context.settlement_due(payment_on);
    if context.policy.today <= due_on {
        for &item in booked {
            context.wait_since(out, item, payment_on, due_on, WaitsFor::Settlement);
        }
        return;
    }
    let amount = booked.iter().map(|item| i128::from(context.entry(*item).amount)).sum();
    let about = context.about_entry(booked[0]);
    let finding = Finding {
        kind: DiscrepancyKind::NotSettled,
        stage: Stage::Splits,
        business_date: payment_on,
        ledger: about.ledger.map(|(_, currency)| (amount, currency)),
        due_on: Some(due_on),
        consumed: booked.to_vec(),
        ..about
    };
    context.report(out, finding);
}

/// Settled: does the ledger say the same?
fn settled_share(context: &Context<'_>, out: &mut Outcome, share: &Share, payment_on: Option<BusinessDate>) {
    let first = context.line(share.settled[0]);
    let report: i128 = share.settled.iter().map(|item| i128::from(context.line(*item).amount)).sum();
    let ledger: i128 = share.booked.iter().map(|item| i128::from(context.entry(*item).amount)).sum();
    let entry = share.booked.first().map(|item| context.entry(*item));
    let status =
        share.booked.iter().map(|item| context.entry(*item).status).max_by_key(|status| *status != Status::Success);
    let kind = match entry {
        None => Some(DiscrepancyKind::MissingInLedger),
        Some(entry) if entry.currency != first.currency => Some(DiscrepancyKind::CurrencyMismatch),
        Some(_) if status == Some(Status::Pending) => Some(DiscrepancyKind::StatusMismatch),
        Some(_) => (ledger != report).then_some(DiscrepancyKind::SplitMismatch),
    };
    let rows: Vec<ItemRef> = share.settled.iter().chain(&share.booked).copied().collect();
    let news = rows.iter().any(|item| context.is_today(*item));
    // Of captures, an earlier one may have been settled outside the window.
    let may_have_lost = !news && !payment_on.is_some_and(|date| context.is_inside_window(date));
    let Some(kind) = kind else {
        context.close(out, rows.into_iter(), State::Matched);
        return;
    };
    let finding = Finding {
        kind,
        stage: Stage::Splits,
        business_date: payment_on.unwrap_or_else(|| context.movement_date(share.settled[0])),
        entry_type: Some(EntryType::Settlement),
        entry: share.booked.first().copied(),
        ledger: entry.map(|entry| (ledger, entry.currency)),
        report: Some((report, first.currency)),
        ledger_status: status,
        report_status: Some(Status::Success),
        only_if_open_before: may_have_lost,
        consumed: rows,
        ..context.about_line(share.settled[0])
    };
    context.report(out, finding);
}
