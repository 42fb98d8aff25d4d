//! Lines that cannot be read, and movements that are there too often or for nobody.

use super::{Fault, Injected, dollars, row};
use crate::world::expected::Expected;
use crate::world::layout::Layout;
use crate::world::money::{JPY, USD};
use crate::world::payments::{Follow, Maker};
use crate::world::settlement::batch_line;
use crate::world::story::{Movement, Reported, Settled, Spoil};

pub(super) fn inject(maker: &mut Maker<'_>, fault: Fault) -> Option<Injected> {
    let injected = match fault {
        Fault::UnreadableAmount => spoilt(maker, fault, Spoil::Cell("transactionAmountValue", "12,50 USD")),
        Fault::TooManyDecimals => decimals(maker, fault),
        Fault::UnreadableTime => spoilt(maker, fault, Spoil::Times("2026-02-30T10:00:00+08:00")),
        Fault::UnreadableCurrency => spoilt(maker, fault, Spoil::Cell("transactionCurrency", "US$")),
        Fault::CutLine => cut(maker, fault),
        Fault::UnreadableSettlementAmount => unreadable_fee(maker, fault),
        Fault::UnknownType => unknown_type(maker, fault),
        Fault::DuplicateLine => duplicate_line(maker, fault),
        Fault::DuplicateEntry => duplicate_entry(maker, fault),
        Fault::SettledTwice => settled_twice(maker, fault),
        Fault::AmbiguousDispute => ambiguous(maker, fault),
        Fault::StrangerSells | Fault::RefusedSells => nobody_sells(maker, fault),
        _ => return None,
    };
    Some(injected)
}

/// The line of an honest payment that never settles, spoilt; its entry is spoken for by the rejected line.
fn spoilt(maker: &mut Maker<'_>, fault: Fault, spoil: Spoil) -> Injected {
    let mut shape = dollars(maker, fault);
    shape.settles_on = None;
    let mut story = maker.payment(&shape, false);
    story.reported[0].line.spoil = Some(spoil);
    let expected = row(maker, fault, "REJECTED_LINE").at(story.first.id);
    Injected::new(story, expected)
}

fn decimals(maker: &mut Maker<'_>, fault: Fault) -> Injected {
    let mut shape = dollars(maker, fault);
    (shape.currency, shape.settles_on) = (JPY, None);
    let mut story = maker.payment(&shape, false);
    story.reported[0].line.spoil = Some(Spoil::Cell("transactionAmountValue", "1200.50"));
    let expected = row(maker, fault, "REJECTED_LINE").at(story.first.id);
    Injected::new(story, expected)
}

/// A line that breaks off; nothing of it is booked, as nothing of it can be trusted.
fn cut(maker: &mut Maker<'_>, fault: Fault) -> Injected {
    let mut shape = dollars(maker, fault);
    shape.settles_on = None;
    let mut story = maker.payment(&shape, false);
    story.entries.clear();
    story.reported[0].line.spoil = Some(Spoil::CutAfter(5));
    let expected = row(maker, fault, "REJECTED_LINE").at(story.first.id);
    Injected::new(story, expected)
}

fn unreadable_fee(maker: &mut Maker<'_>, fault: Fault) -> Injected {
    let on = maker.plan.last_day();
    let mut settled = batch_line(maker, Movement::SettlementFee, on, USD, -1_250);
    settled.line.spoil = Some(Spoil::Cell("settlementAmountValue", "-12.50.0"));
    let expected = row(maker, fault, "REJECTED_LINE").at(settled.line.id);
    Injected { story: None, expected, batch_lines: vec![settled], wrong: None }
}

fn unknown_type(maker: &mut Maker<'_>, fault: Fault) -> Injected {
    let mut shape = dollars(maker, fault);
    shape.settles_on = None;
    let mut story = maker.payment(&shape, false);
    let line = &mut story.reported[0].line;
    line.movement = Movement::Unheard;
    story.entries.clear();
    let expected = row(maker, fault, "UNKNOWN_TYPE").stage("transactions").at(line.id);
    Injected::new(story, expected)
}

fn duplicate_line(maker: &mut Maker<'_>, fault: Fault) -> Injected {
    let shape = dollars(maker, fault);
    let mut story = maker.payment(&shape, false);
    let mut again = story.reported[0].line.clone();
    again.id = maker.line_id();
    let expected = row(maker, fault, "DUPLICATE_IN_REPORT")
        .on(shape.day)
        .stage("transactions")
        .about("PAYMENT", &again.own_request_id)
        .antom_id(&again.own_id)
        .no_ledger()
        .report(again.amount_minor, again.currency)
        .at(again.id);
    story.reported.push(Reported { day: shape.day, line: again });
    Injected::new(story, expected)
}

fn duplicate_entry(maker: &mut Maker<'_>, fault: Fault) -> Injected {
    let shape = dollars(maker, fault);
    let mut story = maker.payment(&shape, false);
    let again = maker.entry(&story.first);
    let expected = row(maker, fault, "DUPLICATE_IN_LEDGER")
        .on(shape.day)
        .stage("transactions")
        .about("PAYMENT", &again.request_id)
        .antom_id(&again.antom_id)
        .ledger(again.amount_minor, again.currency)
        .no_report();
    story.entries.push(again);
    Injected::new(story, expected)
}

/// A payment that belongs to its seller alone, so that one line is one movement, settled again in a second batch.
fn settled_twice(maker: &mut Maker<'_>, fault: Fault) -> Injected {
    let mut shape = dollars(maker, fault);
    shape.shared = false;
    let mut story = maker.payment(&shape, false);
    let mut line = story.settled[0].line.clone();
    line.id = maker.line_id();
    let again = Settled { slot: 1, line, ..story.settled[0].clone() };
    story.settled.push(again);
    let first = &story.first;
    let expected = row(maker, fault, "SETTLED_TWICE")
        .stage("settlement")
        .about("PAYMENT", &first.own_request_id)
        .antom_id(&first.own_id)
        .report(first.amount_minor, first.currency);
    Injected::new(story, expected)
}

/// In the newest layout a dispute has no id of its own: the second booking of the same amount makes the line ambiguous. It
/// has not been settled, so that the line in transaction details is the only one to fit both.
fn ambiguous(maker: &mut Maker<'_>, fault: Fault) -> Injected {
    let shape = dollars(maker, fault);
    let mut story = maker.payment(&shape, true);
    let line = maker.dispute(&mut story, false, shape.day);
    story.settled.retain(|settled| settled.line.movement != Movement::Dispute);
    let follow = Follow { movement: Movement::Dispute, amount_minor: line.amount_minor, at: line.at + 60 };
    let other = maker.unbooked(&story, &follow);
    let entry = maker.entry(&other);
    story.entries.push(entry);
    let expected =
        row(maker, fault, "AMBIGUOUS").stage("transactions").report(line.amount_minor, line.currency).at(line.id);
    Injected::new(story, Expected { entry_type: Some("DISPUTE"), ..expected })
}

fn nobody_sells(maker: &mut Maker<'_>, fault: Fault) -> Injected {
    let mut shape = dollars(maker, fault);
    let merchants = maker.merchants;
    shape.seller = if fault == Fault::StrangerSells { merchants.stranger.clone() } else { merchants.refused.clone() };
    let story = maker.payment(&shape, false);
    let first = &story.first;
    let expected = row(maker, fault, "UNKNOWN_SUB_MERCHANT")
        .on(shape.day)
        .stage("transactions")
        .about("PAYMENT", &first.own_request_id)
        .report(first.amount_minor, first.currency)
        .at(first.id);
    Injected::new(story, expected)
}

/// Whether the layout gives a movement after the payment the id that the ledger knows as its Antom id.
pub(super) fn shares_antom_id(maker: &Maker<'_>) -> bool {
    maker.plan.layout != Layout::Gen3
}
