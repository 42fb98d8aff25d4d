//! Settled lines whose fees, quote or net are not what contract and formula say. Summary and accounts follow the line as it
//! is written, so that nothing else disagrees.

use super::{Fault, Injected, row};
use crate::world::expected::Expected;
use crate::world::money::{Currency, EUR, JPY, KWD, SGD, USD};
use crate::world::payments::Maker;
use crate::world::story::{Line, Payout, Spoil, Story};

pub(super) fn inject(maker: &mut Maker<'_>, fault: Fault) -> Option<Injected> {
    let injected = match fault {
        Fault::FeeOvercharged => fee(maker, fault, USD, ("FEE_OVERCHARGED", -40)),
        Fault::FeeUndercharged => fee(maker, fault, JPY, ("FEE_UNDERCHARGED", 1)),
        Fault::FeeWithoutRule => without_rule(maker, fault),
        Fault::FeeInOtherCurrency => fee_currency(maker, fault),
        Fault::QuoteMissing => quote_missing(maker, fault),
        Fault::QuoteTurnedRound => quote_turned(maker, fault),
        Fault::ConvertedDiffers => converted(maker, fault),
        Fault::NetOffByOneCent => net(maker, fault, USD, 1),
        Fault::NetOffByOneYen => net(maker, fault, JPY, -1),
        Fault::NetOffByOneFils => net(maker, fault, KWD, 1),
        _ => return None,
    };
    Some(injected)
}

/// A payment of one seller alone, settled on the last day in one line.
fn settled(maker: &mut Maker<'_>, fault: Fault, currency: Currency, card: bool) -> Story {
    let mut shape = maker.shape(fault.day(maker.plan));
    (shape.currency, shape.amount_minor, shape.shared) = (currency, maker.amount(currency), false);
    maker.payment(&shape, card)
}

/// A refund in Singapore dollars that bounced, the last of what the story settles: a converted line without fees.
fn bounced(maker: &mut Maker<'_>, fault: Fault) -> Story {
    let mut story = settled(maker, fault, SGD, false);
    let (amount, day) = (story.first.amount_minor, fault.day(maker.plan));
    maker.refund(&mut story, -(amount / 2), day, &["SELLER"]);
    maker.bounce(&mut story, day, true);
    story
}

/// The row of a proof about a settled line.
fn about(maker: &Maker<'_>, fault: Fault, kind: &'static str, line: &Line) -> Expected {
    let ids = maker.plan.layout.ids(line);
    row(maker, fault, kind)
        .on(maker.plan.last_day())
        .stage("proof")
        .about(line.movement.entry_type(), ids.request)
        .antom_id(ids.transaction)
        .at(line.id)
}

/// The fee of a wallet as the layout shows it: alone, or together with what else is charged.
fn shown(maker: &Maker<'_>, payout: &Payout) -> i64 {
    if maker.plan.layout.has_aggregate_fee() { payout.fees.sum() } else { payout.fees.payment_method }
}

fn fee(maker: &mut Maker<'_>, fault: Fault, currency: Currency, what: (&'static str, i64)) -> Injected {
    let (kind, by) = what;
    let mut story = settled(maker, fault, currency, false);
    let right = shown(maker, &story.settled[0].payout);
    story.settled[0].payout.fees.payment_method += by;
    let expected =
        about(maker, fault, kind, &story.settled[0].line).ledger(right, currency).report(right + by, currency);
    Injected::new(story, expected)
}

/// The contract charges nothing for a refund that bounced.
fn without_rule(maker: &mut Maker<'_>, fault: Fault) -> Injected {
    let mut story = settled(maker, fault, USD, false);
    let (amount, day) = (story.first.amount_minor, fault.day(maker.plan));
    maker.refund(&mut story, -(amount / 2), day, &["SELLER"]);
    maker.bounce(&mut story, day, true);
    let bounce = story.settled.last_mut().expect("the bounce settles");
    bounce.payout.fees.payment_method = -25;
    let expected = about(maker, fault, "FEE_WITHOUT_RULE", &bounce.line).report(-25, USD);
    Injected::new(story, expected)
}

/// Interchange is passed on without a rule, so that no other row is due for it.
fn fee_currency(maker: &mut Maker<'_>, fault: Fault) -> Injected {
    let mut story = settled(maker, fault, USD, true);
    let settled = &mut story.settled[0];
    settled.line.spoil = Some(Spoil::Readable("interchangeFeeCurrency", EUR.code));
    let interchange = settled.payout.fees.interchange;
    let expected = about(maker, fault, "FEE_CURRENCY", &settled.line).no_ledger().report(interchange, EUR);
    Injected::new(story, expected)
}

fn quote_missing(maker: &mut Maker<'_>, fault: Fault) -> Injected {
    let mut story = bounced(maker, fault);
    let bounce = story.settled.last_mut().expect("the bounce settles");
    bounce.payout.quote = None;
    let gross = bounce.payout.gross_minor;
    let expected = about(maker, fault, "FX_VARIANCE", &bounce.line).no_ledger().report(gross, USD);
    Injected::new(story, expected)
}

/// Singapore dollars were divided by the price of one in US dollars.
fn quote_turned(maker: &mut Maker<'_>, fault: Fault) -> Injected {
    let mut story = bounced(maker, fault);
    let bounce = story.settled.last_mut().expect("the bounce settles");
    let right = bounce.payout.gross_minor;
    let quote = bounce.payout.quote.expect("Singapore dollars are converted");
    let turned = quote.convert(bounce.line.amount_minor, quote.right);
    bounce.payout.gross_minor = turned;
    let expected = about(maker, fault, "FX_VARIANCE", &bounce.line).ledger(right, USD).report(turned, USD);
    Injected::new(story, expected)
}

fn converted(maker: &mut Maker<'_>, fault: Fault) -> Injected {
    let mut story = bounced(maker, fault);
    let bounce = story.settled.last_mut().expect("the bounce settles");
    bounce.payout.converted_slip_minor = 3;
    let gross = bounce.payout.gross_minor;
    let expected = about(maker, fault, "FX_VARIANCE", &bounce.line).ledger(gross, USD).report(gross + 3, USD);
    Injected::new(story, expected)
}

fn net(maker: &mut Maker<'_>, fault: Fault, currency: Currency, by: i64) -> Injected {
    let mut story = settled(maker, fault, currency, false);
    let right = story.settled[0].payout.net_minor();
    story.settled[0].payout.slip_minor = by;
    let expected = about(maker, fault, "NET_FORMULA", &story.settled[0].line);
    let expected = expected.ledger(right, currency).report(right + by, currency);
    Injected::new(story, expected)
}
