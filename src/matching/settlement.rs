//! The settlement of a movement: is it there, on time, once, for the amount that was reported.

use crate::kind::{DiscrepancyKind, Stage};
use crate::money::Currency;
use crate::movement::{EntryType, Status};
use crate::report::Line;

use super::booking::Booking;
use super::context::Context;
use super::movement::{Verdict, finding_of};
use super::outcome::{Finding, ItemRef, Outcome, State, WaitsFor};
use super::settled::Shares;

/// A line of transaction details and its settlement.
pub(super) fn settle(
    context: &Context<'_>,
    out: &mut Outcome,
    item: ItemRef,
    booking: Option<&Booking>,
    shares: &Shares,
    verdict: Verdict,
) {
    if !shares.is_empty() {
        return compare_settled(context, out, item, booking, shares);
    }
    if verdict == Verdict::Excluded || !settles(context, item) {
        return;
    }
    let others = instead_of_settling(context, item);
    if !others.is_empty() {
        context.close_by(out, item, &others);
        return;
    }
    let date = context.date(item);
    let due_on = context.settlement_due(date);
    if context.policy.today <= due_on {
        if verdict == Verdict::Agreed {
            context.wait(out, item, due_on, WaitsFor::Settlement);
        }
        return;
    }
    let line = context.line(item);
    let expected = booking.map_or((line.amount.into(), line.currency), |known| (known.amount, known.currency));
    let finding = Finding {
        kind: DiscrepancyKind::NotSettled,
        stage: Stage::Settlement,
        entry: booking.map(|known| known.first),
        ledger: Some(expected),
        report: None,
        ledger_status: booking.map(|known| known.status),
        report_status: None,
        due_on: Some(due_on),
        ..context.about_line(item)
    };
    context.report(out, finding);
}

/// Whether lines of this type are expected in settlement details (antom.md 9.11): not authorisations and voids, and never
/// overdue cancels.
fn settles(context: &Context<'_>, item: ItemRef) -> bool {
    use EntryType::{Authorization, Cancel, Void};
    context.line(item).entry_type.is_some_and(|known| !matches!(known, Authorization | Void | Cancel))
}

/// What keeps a payment from settling: its captures do in its place, or it was cancelled.
fn instead_of_settling(context: &Context<'_>, item: ItemRef) -> Vec<ItemRef> {
    let line = context.line(item);
    match line.entry_type {
        Some(EntryType::Payment) => context.links.instead_of_settling(line.by_request, line.by_antom),
        _ => Vec::new(),
    }
}

/// A line of transaction details against its settled shares.
fn compare_settled(
    context: &Context<'_>,
    out: &mut Outcome,
    item: ItemRef,
    booking: Option<&Booking>,
    shares: &Shares,
) {
    let line = context.line(item);
    let Some((total, _)) = shares.total(context) else { return };
    let mut kinds = Vec::new();
    let unknown = |share: &ItemRef| context.is_unknown_party(context.line(*share));
    if !context.is_unknown_party(line) && shares.items.iter().any(unknown) {
        kinds.push(DiscrepancyKind::UnknownSubMerchant);
    }
    let other_currency = shares.other_currency(context, line.currency);
    if other_currency.is_some() {
        kinds.push(DiscrepancyKind::CurrencyMismatch);
    } else if total != i128::from(line.amount) && !is_cancel_without_amount(line, total) {
        kinds.push(DiscrepancyKind::AmountMismatch);
    }
    if matches!(line.status, Some(Status::Failed | Status::Cancelled)) {
        kinds.push(DiscrepancyKind::StatusMismatch);
    }
    let about = Finding {
        stage: Stage::Settlement,
        business_date: context.date(item),
        entry: booking.map(|known| known.first),
        ledger: Some((line.amount.into(), line.currency)),
        report: Some((total, other_currency.unwrap_or(line.currency))),
        ledger_status: line.status,
        report_status: Some(Status::Success),
        consumed: shares.items.iter().copied().chain([item]).collect(),
        ..context.about_line(shares.items[0])
    };
    let news = shares.items.iter().copied().chain([item]).any(|row| context.is_today(row));
    let may_have_lost = !news && !context.is_inside_window(context.date(item));
    match finding_of(kinds, about) {
        // A pair of earlier days may have lost a share that lies outside the window by now.
        Some(finding) => context.report(out, Finding { only_if_open_before: may_have_lost, ..finding }),
        None => {
            let rows = shares.items.iter().copied().chain([item]);
            if context.board.state(item) == State::ExcludedNotSuccessful {
                context.close(out, shares.items.iter().copied(), State::Matched);
            } else {
                context.close(out, rows, State::Matched);
            }
        }
    }
}

/// Whether nothing was settled of a cancelled payment, which is as good as the returned amount (antom.md 9.11).
fn is_cancel_without_amount(line: &Line, total: i128) -> bool {
    line.entry_type == Some(EntryType::Cancel) && total == 0
}

/// Settled lines of a movement that transaction details never had.
pub(super) fn settled_not_reported(
    context: &Context<'_>,
    out: &mut Outcome,
    booking: Option<&Booking>,
    shares: &Shares,
) {
    let (Some(&first), Some(total)) = (shares.items.first(), shares.total(context)) else { return };
    let mut kinds = vec![DiscrepancyKind::SettledNotReported];
    if shares.items.iter().any(|share| context.is_unknown_party(context.line(*share))) {
        kinds.push(DiscrepancyKind::UnknownSubMerchant);
    }
    if context.links.is_orphan(context.inputs, first) {
        kinds.push(DiscrepancyKind::OrphanReversal);
    }
    kinds.extend(booking.into_iter().flat_map(|booking| different(context, total, booking, shares)));
    report_settled(context, out, kinds, booking, shares);
}

/// Settled lines that only settlement details can have, against their booking: bounced refunds.
pub(super) fn settled_only(context: &Context<'_>, out: &mut Outcome, booking: Option<&Booking>, shares: &Shares) {
    let (Some(&first), Some((total, currency))) = (shares.items.first(), shares.total(context)) else { return };
    let mut kinds = Vec::new();
    if shares.items.iter().any(|share| context.is_unknown_party(context.line(*share))) {
        kinds.push(DiscrepancyKind::UnknownSubMerchant);
    }
    if context.links.is_orphan(context.inputs, first) {
        kinds.push(DiscrepancyKind::OrphanReversal);
    }
    match booking {
        None => kinds.push(DiscrepancyKind::MissingInLedger),
        Some(booking) => kinds.extend(different(context, (total, currency), booking, shares)),
    }
    if kinds.is_empty() {
        let booked = booking.map(|known| known.items.clone()).unwrap_or_default();
        context.close(out, shares.items.iter().copied().chain(booked), State::Matched);
    } else {
        report_settled(context, out, kinds, booking, shares);
    }
}

/// In what settled lines, which come to `total`, differ from their booking.
pub(super) fn different(
    context: &Context<'_>,
    (total, currency): (i128, Currency),
    booking: &Booking,
    shares: &Shares,
) -> Vec<DiscrepancyKind> {
    let mut kinds = Vec::new();
    if currency != booking.currency {
        kinds.push(DiscrepancyKind::CurrencyMismatch);
    } else if total != booking.amount && !is_cancel_without_amount(context.line(shares.items[0]), total) {
        kinds.push(DiscrepancyKind::AmountMismatch);
    }
    if booking.status != Status::Success {
        kinds.push(DiscrepancyKind::StatusMismatch);
    }
    if !context.share_a_party(&shares.items, &booking.items) {
        kinds.push(DiscrepancyKind::SubMerchantMismatch);
    }
    kinds
}

/// Lists a discrepancy of settled lines that have no line in transaction details. It was decided on the settlement's own day, or by a
/// restated report: the original of an old one may lie outside the window.
fn report_settled(
    context: &Context<'_>,
    out: &mut Outcome,
    kinds: Vec<DiscrepancyKind>,
    booking: Option<&Booking>,
    shares: &Shares,
) {
    let first = shares.items[0];
    let booked = booking.iter().flat_map(|known| &known.items);
    let news = shares.items.iter().chain(booked).any(|row| context.is_today(*row));
    let happened_on = context.line(first).at.map(|at| context.policy.cut_off.date_of(at));
    let since = happened_on.map(|date| booking.map_or(date, |known| known.date.min(date)));
    let may_have_lost = !news && !since.is_some_and(|date| context.is_inside_window(date));
    let about = Finding {
        stage: Stage::Settlement,
        business_date: booking.map_or_else(|| context.movement_date(first), |known| known.date),
        entry: booking.map(|known| known.first),
        ledger: booking.map(|known| (known.amount, known.currency)),
        report: shares.total(context),
        ledger_status: booking.map(|known| known.status),
        report_status: Some(Status::Success),
        only_if_open_before: may_have_lost,
        consumed: shares.items.iter().copied().chain(booking.iter().flat_map(|known| known.items.clone())).collect(),
        ..context.about_line(first)
    };
    if let Some(finding) = finding_of(kinds, about) {
        context.report(out, finding);
    }
}
