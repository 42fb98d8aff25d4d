//! Movements that both sides have, with other values.

use super::identity::shares_antom_id;
use super::{Fault, Injected, dollars, row};
use crate::world::expected::Expected;
use crate::world::money::{Currency, EUR, JPY, KWD, major};
use crate::world::payments::{Maker, Shape};
use crate::world::story::{Entry, Movement, Story};

pub(super) fn inject(maker: &mut Maker<'_>, fault: Fault) -> Option<Injected> {
    let injected = match fault {
        Fault::CurrencyDiffers => currency(maker, fault),
        Fault::AmountDiffers => amount(maker, fault, None, -250),
        Fault::AmountDiffersByOneYen => amount(maker, fault, Some(JPY), 1),
        Fault::AmountDiffersByOneFils => amount(maker, fault, Some(KWD), -1),
        Fault::AmountContradicted => contradicted(maker, fault),
        Fault::SettledAmountDiffers => settled_amount(maker, fault),
        Fault::SettledCurrencyDiffers => settled_currency(maker, fault),
        Fault::BookedAsFailed => status(maker, fault, "FAILED"),
        Fault::StillPending => status(maker, fault, "PENDING"),
        Fault::PendingTooLong => pending_too_long(maker, fault),
        Fault::OtherSubMerchant => other_sub_merchant(maker, fault),
        Fault::SplitDiffers => split(maker, fault),
        Fault::RefundsExceedPayment => refunds_exceed(maker, fault),
        Fault::CapturesExceedAuthorization => captures_exceed(maker, fault),
        _ => return None,
    };
    Some(injected)
}

/// An honest payment whose `PAYMENT` entry was then changed.
fn booked_wrong(maker: &mut Maker<'_>, shape: &Shape, change: impl FnOnce(&mut Entry)) -> Story {
    let mut story = maker.payment(shape, false);
    let index = story.entry("PAYMENT").expect("a payment is booked");
    change(&mut story.entries[index]);
    story
}

fn about_payment(maker: &Maker<'_>, fault: Fault, kind: &'static str, story: &Story) -> Expected {
    row(maker, fault, kind)
        .on(fault.day(maker.plan))
        .stage("transactions")
        .about("PAYMENT", &story.first.own_request_id)
        .antom_id(&story.first.own_id)
        .report(story.first.amount_minor, story.first.currency)
        .at(story.first.id)
}

fn currency(maker: &mut Maker<'_>, fault: Fault) -> Injected {
    let shape = dollars(maker, fault);
    let story = booked_wrong(maker, &shape, |entry| entry.currency = EUR);
    let expected = about_payment(maker, fault, "CURRENCY_MISMATCH", &story).answer("CONFIRMS_REPORT");
    let expected = Expected { ledger_amount: Some(major(shape.amount_minor, EUR)), ..expected };
    Injected::new(story, expected)
}

fn amount(maker: &mut Maker<'_>, fault: Fault, other: Option<Currency>, difference: i64) -> Injected {
    let mut shape = dollars(maker, fault);
    if let Some(currency) = other {
        shape.currency = currency;
        shape.amount_minor = maker.amount(currency);
    }
    let booked = shape.amount_minor + difference;
    let story = booked_wrong(maker, &shape, |entry| entry.amount_minor = booked);
    let expected =
        about_payment(maker, fault, "AMOUNT_MISMATCH", &story).ledger(booked, shape.currency).answer("CONFIRMS_REPORT");
    Injected::new(story, expected)
}

fn contradicted(maker: &mut Maker<'_>, fault: Fault) -> Injected {
    let mut injected = amount(maker, fault, None, 400);
    if let Some(record) = injected.story.as_mut().and_then(|story| story.record.as_mut()) {
        record.amount_minor += 800;
    }
    injected.expected.answer = Some("CONTRADICTS_BOTH");
    injected
}

/// A refund, which has no shares, so that the splits cannot differ as well.
fn settled_amount(maker: &mut Maker<'_>, fault: Fault) -> Injected {
    let shape = dollars(maker, fault);
    let mut story = maker.payment(&shape, false);
    let refund = maker.refund(&mut story, -(shape.amount_minor / 2), shape.day, &["SELLER"]);
    let settled = story.settled.last_mut().expect("a refund settles");
    settled.line.amount_minor -= 75;
    settled.payout = maker.payout(&settled.line);
    let expected = row(maker, fault, "AMOUNT_MISMATCH")
        .stage("settlement")
        .about("REFUND", &refund.own_request_id)
        .ledger(refund.amount_minor, refund.currency)
        .report(refund.amount_minor - 75, refund.currency);
    Injected::new(story, expected)
}

fn settled_currency(maker: &mut Maker<'_>, fault: Fault) -> Injected {
    let shape = dollars(maker, fault);
    let mut story = maker.payment(&shape, false);
    let refund = maker.refund(&mut story, -(shape.amount_minor / 2), shape.day, &["SELLER"]);
    let settled = story.settled.last_mut().expect("a refund settles");
    settled.line.currency = EUR;
    settled.payout = maker.payout(&settled.line);
    let expected = row(maker, fault, "CURRENCY_MISMATCH")
        .stage("settlement")
        .about("REFUND", &refund.own_request_id)
        .ledger(refund.amount_minor, refund.currency)
        .report(refund.amount_minor, EUR);
    Injected::new(story, expected)
}

fn status(maker: &mut Maker<'_>, fault: Fault, status: &'static str) -> Injected {
    let shape = dollars(maker, fault);
    let story = booked_wrong(maker, &shape, |entry| entry.status = status);
    let expected = about_payment(maker, fault, "STATUS_MISMATCH", &story)
        .ledger(shape.amount_minor, shape.currency)
        .answer("CONFIRMS_REPORT");
    Injected::new(story, expected)
}

/// Overdue on the last day for the first time; Antom still works on it too.
fn pending_too_long(maker: &mut Maker<'_>, fault: Fault) -> Injected {
    let mut shape = dollars(maker, fault);
    shape.settles_on = None;
    let mut story = booked_wrong(maker, &shape, |entry| entry.status = "PENDING");
    story.reported.clear();
    if let Some(record) = &mut story.record {
        record.status = "PROCESSING";
        (record.payment_time, record.earliest_settlement_time) = (None, None);
    }
    let expected = row(maker, fault, "STATUS_MISMATCH")
        .on(shape.day)
        .stage("transactions")
        .about("PAYMENT", &story.first.own_request_id)
        .antom_id(&story.first.own_id)
        .ledger(shape.amount_minor, shape.currency)
        .no_report();
    Injected::new(story, expected)
}

fn other_sub_merchant(maker: &mut Maker<'_>, fault: Fault) -> Injected {
    let shape = dollars(maker, fault);
    let sellers = &maker.merchants.sellers;
    let other = sellers.iter().find(|seller| **seller != shape.seller).expect("there are at least two sellers");
    let reference = other.reference.clone();
    let story = booked_wrong(maker, &shape, |entry| entry.sub_merchant_id = reference);
    let expected =
        about_payment(maker, fault, "SUB_MERCHANT_MISMATCH", &story).ledger(shape.amount_minor, shape.currency);
    Injected::new(story, expected)
}

fn split(maker: &mut Maker<'_>, fault: Fault) -> Injected {
    let mut shape = dollars(maker, fault);
    shape.shared = true;
    let mut story = maker.payment(&shape, false);
    let entry = story.entries.last_mut().expect("the marketplace's share is booked last");
    entry.amount_minor += 20;
    let booked = entry.amount_minor;
    let share = &story.settled[1].line;
    let expected = row(maker, fault, "SPLIT_MISMATCH")
        .on(shape.day)
        .stage("splits")
        .about("SETTLEMENT", &story.first.own_request_id)
        .ledger(booked, share.currency)
        .report(share.amount_minor, share.currency);
    Injected::new(story, expected)
}

/// The second refund goes over: the row is about it, with the payment as the limit and both refunds as the sum.
fn refunds_exceed(maker: &mut Maker<'_>, fault: Fault) -> Injected {
    let shape = dollars(maker, fault);
    let paid = shape.amount_minor;
    let mut story = maker.payment(&shape, false);
    let first = maker.refund(&mut story, -(paid * 2 / 3), shape.day, &["SELLER"]);
    let second = maker.refund(&mut story, -(paid * 2 / 3), shape.day, &["SELLER"]);
    let mut expected = row(maker, fault, "REFUND_EXCEEDS_PAYMENT")
        .on(shape.day)
        .about("REFUND", &second.own_request_id)
        .ledger(-paid, shape.currency)
        .report(first.amount_minor + second.amount_minor, shape.currency);
    if shares_antom_id(maker) {
        expected = expected.antom_id(&second.own_id);
    }
    Injected::new(story, expected)
}

fn captures_exceed(maker: &mut Maker<'_>, fault: Fault) -> Injected {
    let shape = dollars(maker, fault);
    let authorized = shape.amount_minor;
    let parts = [authorized * 3 / 5, authorized * 3 / 5];
    let story = maker.captured(&shape, &parts);
    let second = story.reported.iter().rev().find(|reported| reported.line.movement == Movement::Capture);
    let second = &second.expect("the story has two captures").line;
    let mut expected = row(maker, fault, "CAPTURE_EXCEEDS_AUTHORIZATION")
        .on(shape.day)
        .ledger(authorized, shape.currency)
        .report(parts.iter().sum(), shape.currency);
    expected.entry_type = Some("CAPTURE");
    expected = if shares_antom_id(maker) {
        expected.antom_id(&second.own_id)
    } else {
        expected.about("CAPTURE", &second.own_request_id)
    };
    Injected::new(story, expected)
}
