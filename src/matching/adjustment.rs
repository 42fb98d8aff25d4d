//! Fees, reserves, collateral and corrections: totals prove them, and the ledger may book them.

use crate::kind::{DiscrepancyKind, Stage};
use crate::money::Currency;
use crate::report::Line;

use super::booking::{Booking, place_all};
use super::context::Context;
use super::identity::Slot;
use super::movement::finding_of;
use super::outcome::{Adjustments, Finding, ItemRef, Outcome, State, WaitsFor};
use super::settled::Shares;
use super::settlement::different;

/// What an adjustment line charges or gives: its net settlement amount.
fn charged(line: &Line) -> (i128, Currency) {
    (line.net.into(), line.settlement_currency.unwrap_or(line.currency))
}

/// Evaluates the rows of one adjustment.
pub(super) fn evaluate(context: &Context<'_>, out: &mut Outcome, reported: &[Slot], settled: &[Slot], booked: &[Slot]) {
    // Transaction details of the newest layout show such lines too; settlement details are where they are proved.
    for slot in reported {
        context.close(out, [slot.item].into_iter(), State::ExcludedByTotals);
    }
    let booking = Booking::of(context, out, booked);
    let shares = Shares::of(context, out, settled);
    match (shares.items.first(), booking) {
        (None, Some(booking)) => without_line(context, out, &booking),
        (Some(_), Some(booking)) => compare(context, out, &shares, &booking),
        (Some(_), None) => without_entry(context, out, &shares),
        (None, None) => {}
    }
}

/// Lines and their booking: what was charged, and to whom, must agree.
fn compare(context: &Context<'_>, out: &mut Outcome, shares: &Shares, booking: &Booking) {
    let (_, currency) = charged(context.line(shares.items[0]));
    let total: i128 = shares.items.iter().map(|item| charged(context.line(*item)).0).sum();
    let rows: Vec<ItemRef> = shares.items.iter().chain(&booking.items).copied().collect();
    let kinds = different(context, (total, currency), booking, shares);
    let about = Finding {
        stage: Stage::Settlement,
        entry: Some(booking.first),
        ledger: Some((booking.amount, booking.currency)),
        report: Some((total, currency)),
        ledger_status: Some(booking.status),
        only_if_open_before: !rows.iter().any(|row| context.is_today(*row)),
        consumed: rows.clone(),
        ..context.about_line(shares.items[0])
    };
    match finding_of(kinds, about) {
        Some(finding) => context.report(out, finding),
        None => context.close(out, rows.into_iter(), State::Matched),
    }
}

/// Lines that the ledger does not book.
fn without_entry(context: &Context<'_>, out: &mut Outcome, shares: &Shares) {
    for &item in &shares.items {
        match context.policy.adjustments {
            Adjustments::Proved => context.close(out, [item].into_iter(), State::ExcludedByTotals),
            Adjustments::Ledger => {
                let finding = Finding {
                    kind: DiscrepancyKind::UnexplainedAdjustment,
                    stage: Stage::Proof,
                    report: Some(charged(context.line(item))),
                    only_if_open_before: !context.is_today(item),
                    ..context.about_line(item)
                };
                context.report(out, finding);
            }
        }
    }
}

/// An entry whose line has not been settled. Without an id of Antom's it can never be: totals prove it.
fn without_line(context: &Context<'_>, out: &mut Outcome, booking: &Booking) {
    let by_totals =
        context.policy.adjustments == Adjustments::Proved && context.entry(booking.first).by_antom.is_none();
    let due_on = context.settlement_due(booking.date);
    if !context.in_scope(booking.first) {
        place_all(context, booking, State::OutOfScope);
    } else if by_totals {
        context.close(out, booking.items.iter().copied(), State::ExcludedByTotals);
    } else if booking.status != crate::movement::Status::Success {
        context.close(out, booking.items.iter().copied(), State::ExcludedNotSuccessful);
    } else if context.policy.today <= due_on {
        for &item in &booking.items {
            context.wait(out, item, due_on, WaitsFor::Settlement);
        }
    } else {
        let finding = Finding {
            kind: DiscrepancyKind::NotSettled,
            stage: Stage::Settlement,
            ledger: Some((booking.amount, booking.currency)),
            due_on: Some(due_on),
            consumed: booking.items.clone(),
            ..context.about_entry(booking.first)
        };
        context.report(out, finding);
    }
}
