//! One movement: its lines in transaction details, its lines in settlement details, its entries.

use crate::kind::{DiscrepancyKind, Stage};
use crate::movement::{EntryType, Status};

use super::adjustment;
use super::booking::{Booking, about_booking, place_all};
use super::context::Context;
use super::identity::Slot;
use super::outcome::{Finding, ItemRef, ItemSide, Outcome, State, WaitsFor};
use super::settled::Shares;
use super::settlement::{settle, settled_not_reported, settled_only};

/// How the comparison with the ledger ended for a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Agreed,
    Open,
    Excluded,
}

/// Evaluates one movement: all rows under one key, ordered by side, file and row.
pub(super) fn evaluate(context: &Context<'_>, out: &mut Outcome, group: &[Slot]) {
    let settled_from = group.partition_point(|slot| slot.item.side == ItemSide::Transactions);
    let booked_from = group.partition_point(|slot| slot.item.side != ItemSide::Ledger);
    let (reported, settled, booked) =
        (&group[..settled_from], &group[settled_from..booked_from], &group[booked_from..]);
    let entry_type = match booked.first() {
        Some(slot) => context.entry(slot.item).entry_type,
        None => match context.line(group[0].item).entry_type {
            Some(known) => known,
            // Lines of unknown type never get a key.
            None => return,
        },
    };
    if entry_type.is_adjustment() {
        adjustment::evaluate(context, out, reported, settled, booked);
        return;
    }
    if matches!(entry_type, EntryType::Transfer | EntryType::Payout) {
        for slot in booked {
            context.exclude_entry(out, slot.item, State::ExcludedNotReported);
        }
        return;
    }
    let booking = Booking::of(context, out, booked);
    let line = latest_line(context, out, reported);
    let shares = Shares::of(context, out, settled);
    let verdict = match (line, &booking) {
        (Some(line), Some(booking)) => compare(context, out, line, booking),
        (Some(line), None) => without_entry(context, out, line),
        (None, Some(booking)) if shares.is_empty() => {
            without_line(context, out, booking, entry_type);
            return;
        }
        (None, _) => Verdict::Agreed,
    };
    match line {
        Some(line) => settle(context, out, line, booking.as_ref(), &shares, verdict),
        None if entry_type == EntryType::RefundReversal => settled_only(context, out, booking.as_ref(), &shares),
        None => settled_not_reported(context, out, booking.as_ref(), &shares),
    }
    if context.policy.splits && matches!(entry_type, EntryType::Payment | EntryType::Capture) {
        out.shares.extend(&shares.items);
    }
}

/// The line that stands for the movement. The newest layout lists every transaction with its latest status, so a line of a later
/// day with another status takes the place of the one before; the same line again, on this day or another, is a duplicate.
fn latest_line(context: &Context<'_>, out: &mut Outcome, reported: &[Slot]) -> Option<ItemRef> {
    let mut latest = reported.first()?.item;
    let mut occurrence = 1;
    for item in reported[1..].iter().map(|slot| slot.item) {
        let is_news = context.date(item) > context.date(latest);
        if is_news && context.line(item).status != context.line(latest).status {
            context.close(out, [latest, item].into_iter(), State::ExcludedNotSuccessful);
            (latest, occurrence) = (item, 1);
            continue;
        }
        occurrence += 1;
        let kind = DiscrepancyKind::DuplicateInReport;
        context.report(out, Finding { kind, occurrence, candidates: vec![latest], ..context.about_line(item) });
    }
    Some(latest)
}

/// Kinds in order of precedence: the first is the finding's, the rest are named with it.
pub(super) fn finding_of(mut kinds: Vec<DiscrepancyKind>, about: Finding) -> Option<Finding> {
    kinds.sort_unstable();
    kinds.dedup();
    if kinds.is_empty() {
        return None;
    }
    let kind = kinds.remove(0);
    Some(Finding { kind, also: kinds, ..about })
}

/// A line and its booking: do they agree?
fn compare(context: &Context<'_>, out: &mut Outcome, item: ItemRef, booking: &Booking) -> Verdict {
    let line = context.line(item);
    if line.status == Some(Status::Pending) && booking.status == Status::Pending {
        context.board.place(item, State::ExcludedNotSuccessful);
        pending(context, out, booking);
        return Verdict::Excluded;
    }
    let mut kinds = Vec::new();
    if context.is_unknown_party(line) {
        kinds.push(DiscrepancyKind::UnknownSubMerchant);
    }
    if context.links.is_orphan(context.inputs, item) || context.links.is_orphan(context.inputs, booking.first) {
        kinds.push(DiscrepancyKind::OrphanReversal);
    }
    if line.currency != booking.currency {
        kinds.push(DiscrepancyKind::CurrencyMismatch);
    } else if i128::from(line.amount) != booking.amount {
        kinds.push(DiscrepancyKind::AmountMismatch);
    }
    if line.status != Some(booking.status) {
        kinds.push(DiscrepancyKind::StatusMismatch);
    }
    if !booking.items.iter().any(|&entry| context.same_party(line, context.entry(entry).party)) {
        kinds.push(DiscrepancyKind::SubMerchantMismatch);
    }
    let exceeded = context.links.exceeded(item);
    kinds.extend(exceeded.map(|_| exceeding(line.entry_type)));
    let crossing = context.date(item) != booking.date;
    if kinds.is_empty() {
        let pair = booking.items.iter().copied().chain([item]);
        context.close(out, pair, State::Matched);
        out.period_crossings += u64::from(crossing && context.is_today(item));
        return if line.status == Some(Status::Success) { Verdict::Agreed } else { Verdict::Excluded };
    }
    let mut consumed = booking.items.clone();
    consumed.push(item);
    let about = Finding {
        entry: Some(booking.first),
        ledger: Some((booking.amount, booking.currency)),
        ledger_status: Some(booking.status),
        period_crossing: crossing,
        consumed,
        ..context.about_line(item)
    };
    report_kinds(context, out, kinds, about, exceeded.map(|over| (over.limit, over.sum)));
    Verdict::Open
}

/// Lists the first kind; where a limit is exceeded and nothing ranks higher, the amounts are the limit and the sum. An orphan
/// of an earlier day was decided on that day: what it names may lie outside the window by now.
fn report_kinds(
    context: &Context<'_>,
    out: &mut Outcome,
    kinds: Vec<DiscrepancyKind>,
    about: Finding,
    exceeded: Option<(i128, i128)>,
) {
    let Some(mut finding) = finding_of(kinds, about) else { return };
    let over =
        matches!(finding.kind, DiscrepancyKind::RefundExceedsPayment | DiscrepancyKind::CaptureExceedsAuthorization);
    if let (true, Some((limit, sum)), Some((_, currency))) = (over, exceeded, finding.report) {
        finding.ledger = Some((limit, currency));
        finding.report = Some((sum, currency));
    }
    finding.only_if_open_before =
        finding.kind == DiscrepancyKind::OrphanReversal && finding.business_date < context.policy.today;
    context.report(out, finding);
}

const fn exceeding(entry_type: Option<EntryType>) -> DiscrepancyKind {
    match entry_type {
        Some(EntryType::Capture) => DiscrepancyKind::CaptureExceedsAuthorization,
        _ => DiscrepancyKind::RefundExceedsPayment,
    }
}

/// A line that the ledger does not have.
fn without_entry(context: &Context<'_>, out: &mut Outcome, item: ItemRef) -> Verdict {
    let (line, policy) = (context.line(item), context.policy);
    if matches!(line.status, Some(Status::Pending | Status::Failed | Status::Cancelled)) {
        context.close(out, [item].into_iter(), State::ExcludedNotSuccessful);
        return Verdict::Excluded;
    }
    if context.links.has_rejected_entry(line.by_request, line.by_antom) {
        context.board.place(item, State::Discrepancy);
        return Verdict::Open;
    }
    let date = context.date(item);
    let near_end = line
        .at
        .is_some_and(|at| policy.cut_off.date_of(at) == date && policy.cut_off.near_end(at, policy.cutoff_grace_ms));
    if near_end && date == policy.today {
        context.wait(out, item, date.plus_days(1), WaitsFor::Entry);
        return Verdict::Open;
    }
    let mut kinds = vec![DiscrepancyKind::MissingInLedger];
    if context.is_unknown_party(line) {
        kinds.push(DiscrepancyKind::UnknownSubMerchant);
    }
    if context.links.is_orphan(context.inputs, item) {
        kinds.push(DiscrepancyKind::OrphanReversal);
    }
    let exceeded = context.links.exceeded(item);
    kinds.extend(exceeded.map(|_| exceeding(line.entry_type)));
    report_kinds(context, out, kinds, context.about_line(item), exceeded.map(|over| (over.limit, over.sum)));
    Verdict::Open
}

/// An entry that no report has.
fn without_line(context: &Context<'_>, out: &mut Outcome, booking: &Booking, entry_type: EntryType) {
    let policy = context.policy;
    if !context.in_scope(booking.first) {
        place_all(context, booking, State::OutOfScope);
        return;
    }
    match booking.status {
        Status::Pending => return pending(context, out, booking),
        Status::Failed | Status::Cancelled => {
            return context.close(out, booking.items.iter().copied(), State::ExcludedNotSuccessful);
        }
        Status::Success => {}
    }
    let entry = context.entry(booking.first);
    if context.links.has_rejected_line(entry.by_request, entry.by_antom) {
        place_all(context, booking, State::Discrepancy);
        return;
    }
    let settles_only = entry_type == EntryType::RefundReversal;
    let near_end = policy.cut_off.near_end(entry.occurred_at, policy.cutoff_grace_ms);
    let window = if settles_only {
        Some((context.settlement_due(booking.date), WaitsFor::Settlement))
    } else if context.inputs.missing.contains(&booking.date) {
        Some((booking.date.plus_days(policy.pending_max_days), WaitsFor::Report))
    } else if near_end && booking.date == policy.today {
        Some((booking.date.plus_days(1), WaitsFor::Line))
    } else {
        None
    };
    if let Some((due_on, waits_for)) = window.filter(|(due_on, _)| policy.today <= *due_on) {
        for &item in &booking.items {
            context.wait(out, item, due_on, waits_for);
        }
        return;
    }
    let (kind, stage) = match settles_only {
        true => (DiscrepancyKind::NotSettled, Stage::Settlement),
        false => (DiscrepancyKind::MissingInReport, Stage::Transactions),
    };
    let mut kinds = vec![kind];
    if context.links.is_orphan(context.inputs, booking.first) {
        kinds.push(DiscrepancyKind::OrphanReversal);
    }
    let due_on = window.map(|(due_on, _)| due_on);
    report_kinds(context, out, kinds, Finding { stage, due_on, ..about_booking(context, booking) }, None);
}

/// A pending booking waits for its outcome, then its status is wrong.
fn pending(context: &Context<'_>, out: &mut Outcome, booking: &Booking) {
    let due_on = booking.date.plus_days(context.policy.pending_max_days);
    if context.policy.today <= due_on {
        for &item in &booking.items {
            context.wait(out, item, due_on, WaitsFor::Outcome);
        }
        return;
    }
    let kind = DiscrepancyKind::StatusMismatch;
    context.report(out, Finding { kind, due_on: Some(due_on), ..about_booking(context, booking) });
}
