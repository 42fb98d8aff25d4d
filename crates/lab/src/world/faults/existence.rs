//! Movements that one side has and another has not.

use super::identity::shares_antom_id;
use super::{Fault, Injected, dollars, row};
use crate::world::expected::Expected;
use crate::world::payments::{Maker, Shape};
use crate::world::story::{Movement, Story};

pub(super) fn inject(maker: &mut Maker<'_>, fault: Fault) -> Option<Injected> {
    let injected = match fault {
        Fault::PaymentNotBooked => payment_not_booked(maker, fault),
        Fault::RefundNotBooked => refund_not_booked(maker, fault),
        Fault::BounceNotBooked => bounce_not_booked(maker, fault),
        Fault::ShareNotBooked => share_not_booked(maker, fault),
        Fault::NotReportedButTrue => not_reported(maker, fault, Some("SUCCESS"), "CONFIRMS_LEDGER"),
        Fault::NotReportedUnknown => not_reported(maker, fault, None, "NOT_FOUND"),
        Fault::NotReportedFailed => not_reported(maker, fault, Some("FAIL"), "CONFIRMS_REPORT"),
        Fault::NotReportedProcessing => not_reported(maker, fault, Some("PROCESSING"), "PENDING"),
        Fault::RefundNotReported => refund_not_reported(maker, fault),
        Fault::SettledNotReported => settled_not_reported(maker, fault),
        Fault::NotSettled => not_settled(maker, fault),
        Fault::OrphanRefund => orphan(maker, fault),
        _ => return None,
    };
    Some(injected)
}

/// Only the `PAYMENT` entry is missing; the shares were booked, so that the splits agree. The order id would be a
/// formula if a spreadsheet took it for one.
fn payment_not_booked(maker: &mut Maker<'_>, fault: Fault) -> Injected {
    let shape = dollars(maker, fault);
    let mut story = maker.payment(&shape, false);
    story.entries.retain(|entry| entry.entry_type != "PAYMENT");
    let order_id = format!("=HYPERLINK(\"https://example.com/{}\",\"order\")", story.first.order_id);
    for entry in &mut story.entries {
        entry.order_id.clone_from(&order_id);
    }
    story.reported[0].line.order_id.clone_from(&order_id);
    for settled in &mut story.settled {
        settled.line.order_id.clone_from(&order_id);
    }
    let first = &story.first;
    let expected = row(maker, fault, "MISSING_IN_LEDGER")
        .on(shape.day)
        .stage("transactions")
        .about("PAYMENT", &first.own_request_id)
        .antom_id(&first.own_id)
        .no_ledger()
        .report(first.amount_minor, first.currency)
        .answer("CONFIRMS_REPORT")
        .at(first.id);
    Injected::new(story, expected)
}

fn refund_not_booked(maker: &mut Maker<'_>, fault: Fault) -> Injected {
    let shape = dollars(maker, fault);
    let mut story = maker.payment(&shape, false);
    let refund = maker.refund(&mut story, -(shape.amount_minor / 2), shape.day, &["SELLER"]);
    story.entries.retain(|entry| entry.entry_type != "REFUND");
    let expected = row(maker, fault, "MISSING_IN_LEDGER")
        .on(shape.day)
        .stage("transactions")
        .about("REFUND", &refund.own_request_id)
        .no_ledger()
        .report(refund.amount_minor, refund.currency)
        .answer("CONFIRMS_REPORT")
        .at(refund.id);
    Injected::new(story, expected)
}

/// The bounce is told by settlement details alone, so the stage is `settlement`.
fn bounce_not_booked(maker: &mut Maker<'_>, fault: Fault) -> Injected {
    let shape = dollars(maker, fault);
    let mut story = maker.payment(&shape, false);
    maker.refund(&mut story, -(shape.amount_minor / 2), shape.day, &["SELLER"]);
    let bounce = maker.bounce(&mut story, shape.day, false).expect("the story has a refund");
    let expected = row(maker, fault, "MISSING_IN_LEDGER")
        .stage("settlement")
        .about("REFUND_REVERSAL", &bounce.own_request_id)
        .no_ledger()
        .report(bounce.amount_minor, bounce.currency)
        .at(bounce.id);
    Injected::new(story, expected)
}

fn share_not_booked(maker: &mut Maker<'_>, fault: Fault) -> Injected {
    let mut shape = dollars(maker, fault);
    shape.shared = true;
    let mut story = maker.payment(&shape, false);
    story.entries.retain(|entry| entry.settle_to != "MARKETPLACE");
    let share = &story.settled[1].line;
    let expected = row(maker, fault, "MISSING_IN_LEDGER")
        .on(shape.day)
        .stage("splits")
        .about("SETTLEMENT", &story.first.own_request_id)
        .no_ledger()
        .report(share.amount_minor, share.currency);
    Injected::new(story, expected)
}

/// A payment that the ledger alone has; `status` is what the API says of it, if it knows it.
fn not_reported(maker: &mut Maker<'_>, fault: Fault, status: Option<&'static str>, answer: &'static str) -> Injected {
    let mut shape = dollars(maker, fault);
    shape.settles_on = None;
    let mut story = maker.payment(&shape, false);
    story.reported.clear();
    match (status, &mut story.record) {
        (Some(status), Some(record)) => {
            record.status = status;
            if status != "SUCCESS" {
                (record.payment_time, record.earliest_settlement_time) = (None, None);
            }
        }
        _ => story.record = None,
    }
    let expected = missing_in_report(maker, fault, &shape, &story).answer(answer);
    Injected::new(story, expected)
}

fn missing_in_report(maker: &Maker<'_>, fault: Fault, shape: &Shape, story: &Story) -> Expected {
    row(maker, fault, "MISSING_IN_REPORT")
        .on(shape.day)
        .stage("transactions")
        .about("PAYMENT", &story.first.own_request_id)
        .antom_id(&story.first.own_id)
        .ledger(shape.amount_minor, shape.currency)
        .no_report()
}

fn refund_not_reported(maker: &mut Maker<'_>, fault: Fault) -> Injected {
    let shape = dollars(maker, fault);
    let mut story = maker.payment(&shape, false);
    let refund = maker.refund(&mut story, -(shape.amount_minor / 2), shape.day, &["UNSETTLED_FUNDS"]);
    story.reported.retain(|reported| reported.line.movement != Movement::Refund);
    story.settled.retain(|settled| settled.line.movement != Movement::Refund);
    let expected = row(maker, fault, "MISSING_IN_REPORT")
        .on(shape.day)
        .stage("transactions")
        .about("REFUND", &refund.own_request_id)
        .antom_id(&refund.own_id)
        .ledger(refund.amount_minor, refund.currency)
        .no_report()
        .answer("CONFIRMS_LEDGER");
    Injected::new(story, expected)
}

/// Settled on the day itself, so that one run sees both the gap and the settlement.
fn settled_not_reported(maker: &mut Maker<'_>, fault: Fault) -> Injected {
    let mut shape = dollars(maker, fault);
    shape.settles_on = Some(shape.day);
    let mut story = maker.payment(&shape, false);
    story.reported.clear();
    let expected = row(maker, fault, "SETTLED_NOT_REPORTED")
        .stage("settlement")
        .about("PAYMENT", &story.first.own_request_id)
        .antom_id(&story.first.own_id)
        .ledger(shape.amount_minor, shape.currency)
        .report(shape.amount_minor, shape.currency);
    Injected::new(story, expected)
}

fn not_settled(maker: &mut Maker<'_>, fault: Fault) -> Injected {
    let mut shape = dollars(maker, fault);
    shape.settles_on = None;
    let story = maker.payment(&shape, false);
    let mut expected = row(maker, fault, "NOT_SETTLED")
        .on(shape.day)
        .stage("settlement")
        .about("PAYMENT", &story.first.own_request_id)
        .antom_id(&story.first.own_id);
    expected.currency = Some(shape.currency.code);
    Injected::new(story, expected)
}

/// Of the whole payment only the refund is left, on every side but Antom's API.
fn orphan(maker: &mut Maker<'_>, fault: Fault) -> Injected {
    let shape = dollars(maker, fault);
    let mut story = maker.payment(&shape, false);
    let refund = maker.refund(&mut story, -(shape.amount_minor / 2), shape.day, &["MARKETPLACE"]);
    story.entries.retain(|entry| entry.entry_type == "REFUND");
    story.reported.retain(|reported| reported.line.movement == Movement::Refund);
    story.settled.retain(|settled| settled.line.movement == Movement::Refund);
    let mut expected = row(maker, fault, "ORPHAN_REVERSAL")
        .on(shape.day)
        .about("REFUND", &refund.own_request_id)
        .ledger(refund.amount_minor, refund.currency)
        .report(refund.amount_minor, refund.currency);
    if shares_antom_id(maker) {
        expected = expected.antom_id(&refund.own_id);
    }
    Injected::new(story, expected)
}
