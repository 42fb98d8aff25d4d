//! Files, summaries, accounts and batch lines that disagree with what they are made from. Each fault has a party of its own,
//! and, where the batch is what it is known by, a currency of its own.

use super::{Fault, Injected, row};
use crate::world::accounts::account_no;
use crate::world::expected::{Expected, LaterId};
use crate::world::merchants::SubMerchant;
use crate::world::money::{BRL, Currency, EUR, JPY, KWD, USD};
use crate::world::payments::Maker;
use crate::world::settlement::batch_line;
use crate::world::story::{Movement, Story};
use crate::world::writer;
use crate::world::wrong::{PartyWrong, What, Wrong};

/// The faults that need a party to themselves.
const OF_PARTIES: [Fault; 11] = [
    Fault::TotalDiffers,
    Fault::TotalCountDiffers,
    Fault::TotalFeeDiffers,
    Fault::MovementTwice,
    Fault::SummaryDiffers,
    Fault::PartyNotInSummary,
    Fault::PartyOnlyInSummary,
    Fault::BalanceDiffers,
    Fault::BalanceVanishes,
    Fault::PayoutNotMade,
    Fault::PayoutDiffers,
];

pub(super) fn inject(maker: &mut Maker<'_>, fault: Fault) -> Option<Injected> {
    let injected = match fault {
        Fault::ColumnAppears => of_file(maker, fault, "SCHEMA_DRIFT", writer::changed_file(maker.plan)),
        Fault::SummaryWithoutEnd => of_file(maker, fault, "FILE_INCOMPLETE", writer::endless_file(maker.plan)),
        Fault::ReportRestated => of_file(maker, fault, "FILE_RESTATED", writer::restated_file(maker.plan)),
        Fault::TotalDiffers => total(maker, fault, USD, What::TypeNet(250)),
        Fault::TotalCountDiffers => total(maker, fault, EUR, What::TypeCount(1)),
        Fault::TotalFeeDiffers => total(maker, fault, JPY, What::TypeFee(-30)),
        Fault::MovementTwice => movement_twice(maker, fault),
        Fault::SummaryDiffers => batch_total(maker, fault, EUR, What::SummaryNet(100)),
        Fault::PartyNotInSummary => batch_total(maker, fault, BRL, What::SummaryLacks),
        Fault::PartyOnlyInSummary => only_in_summary(maker, fault),
        Fault::BalanceDiffers => balance(maker, fault),
        Fault::BalanceVanishes => vanished(maker, fault),
        Fault::PayoutNotMade => payout(maker, fault, USD, What::PayoutLacks),
        Fault::PayoutDiffers => payout(maker, fault, EUR, What::PayoutBy(100)),
        Fault::ReserveNotBooked => reserve(maker, fault),
        _ => return None,
    };
    Some(injected)
}

fn spare(maker: &Maker<'_>, fault: Fault) -> SubMerchant {
    let index = OF_PARTIES.iter().position(|one| *one == fault).expect("the fault has a party of its own");
    maker.merchants.spare[index].clone()
}

/// The only payment of the fault's party.
fn payment(maker: &mut Maker<'_>, fault: Fault, currency: Currency) -> Story {
    let mut shape = maker.shape(fault.day(maker.plan));
    (shape.currency, shape.amount_minor, shape.shared) = (currency, maker.amount(currency), false);
    shape.seller = spare(maker, fault);
    maker.payment(&shape, false)
}

fn wrong(maker: &mut Maker<'_>, fault: Fault, currency: Currency, what: What) -> PartyWrong {
    PartyWrong { on: maker.plan.last_day(), party: spare(maker, fault).party(), currency, what, line: maker.line_id() }
}

fn with(story: Option<Story>, expected: Expected, wrong: PartyWrong) -> Injected {
    Injected { story, expected, batch_lines: Vec::new(), wrong: Some(Wrong::Party(wrong)) }
}

/// A row of the last day's own: proofs and files have the file's date.
fn proof(maker: &Maker<'_>, fault: Fault, kind: &'static str) -> Expected {
    row(maker, fault, kind).on(maker.plan.last_day()).stage("proof")
}

fn of_file(maker: &Maker<'_>, fault: Fault, kind: &'static str, name: String) -> Injected {
    let expected = row(maker, fault, kind).on(maker.plan.last_day()).stage("file");
    let expected = Expected { report_file: Some(name), ..expected };
    let wrong = match fault {
        Fault::ColumnAppears => Some(Wrong::ColumnAppears(maker.plan.last_day())),
        Fault::SummaryWithoutEnd => Some(Wrong::SummaryWithoutEnd(maker.plan.last_day())),
        _ => None,
    };
    Injected { story: None, expected, batch_lines: Vec::new(), wrong }
}

/// The total stays right, and the only type beside it is wrong, so that the total still agrees with the details.
fn total(maker: &mut Maker<'_>, fault: Fault, currency: Currency, what: What) -> Injected {
    let story = payment(maker, fault, currency);
    let wrong = wrong(maker, fault, currency, what);
    let payout = &story.settled[0].payout;
    let expected = proof(maker, fault, "CONTROL_TOTAL")
        .stage("file")
        .later_id(LaterId::Batch(currency))
        .sub_merchant("")
        .at(wrong.line);
    let expected = match what {
        What::TypeNet(by) => expected.ledger(payout.net_minor() + by, currency).report(payout.net_minor(), currency),
        What::TypeFee(by) => expected.ledger(payout.fees.sum() + by, currency).report(payout.fees.sum(), currency),
        _ => Expected { currency: Some(currency.code), ..expected.no_ledger().no_report() },
    };
    with(Some(story), expected, wrong)
}

fn movement_twice(maker: &mut Maker<'_>, fault: Fault) -> Injected {
    let story = payment(maker, fault, USD);
    let wrong = wrong(maker, fault, USD, What::MovedTwice);
    let expected = proof(maker, fault, "DUPLICATE_IN_REPORT")
        .later_id(LaterId::Log(wrong.line))
        .sub_merchant(&wrong.party.reference)
        .no_ledger()
        .report(story.settled[0].payout.net_minor(), USD)
        .at(wrong.line);
    with(Some(story), expected, wrong)
}

/// What is known by batch and party; the general summaries name no sub-merchant.
fn batch(maker: &Maker<'_>, fault: Fault, currency: Currency) -> Expected {
    let mut expected = proof(maker, fault, "BATCH_TOTAL").later_id(LaterId::Batch(currency));
    expected.entry_type = Some("");
    let reference = spare(maker, fault).reference;
    let names_party = !maker.plan.layout.has_summary_types();
    expected.sub_merchant(if names_party { &reference } else { "" })
}

fn batch_total(maker: &mut Maker<'_>, fault: Fault, currency: Currency, what: What) -> Injected {
    let story = payment(maker, fault, currency);
    let wrong = wrong(maker, fault, currency, what);
    let net = story.settled[0].payout.net_minor();
    let expected = batch(maker, fault, currency).ledger(net, currency);
    let expected = match what {
        What::SummaryNet(by) => expected.report(net + by, currency).at(wrong.line),
        _ => expected.no_report().at(story.settled[0].line.id),
    };
    with(Some(story), expected, wrong)
}

/// The story is somebody else's honest one: it makes sure that there is a batch.
fn only_in_summary(maker: &mut Maker<'_>, fault: Fault) -> Injected {
    let mut shape = maker.shape(fault.day(maker.plan));
    (shape.currency, shape.amount_minor) = (KWD, maker.amount(KWD));
    let story = maker.payment(&shape, false);
    let wrong = wrong(maker, fault, KWD, What::SummaryAlso(41_250));
    let expected = batch(maker, fault, KWD).no_ledger().report(41_250, KWD).at(wrong.line);
    with(Some(story), expected, wrong)
}

/// The account opens with something, takes in a payment on the last day, and then shows one dollar too much.
fn balance(maker: &mut Maker<'_>, fault: Fault) -> Injected {
    const OPENING: i64 = 125_050;
    let story = payment(maker, fault, USD);
    let wrong = wrong(maker, fault, USD, What::BalanceBy(OPENING, 100));
    let is_paid_out = story.settles_on == Some(maker.plan.last_day());
    let held = OPENING + if is_paid_out { 0 } else { story.settled[0].payout.net_minor() };
    let expected = proof(maker, fault, "BALANCE_ROLL")
        .antom_id(&account_no(&wrong.party, USD))
        .sub_merchant(&wrong.party.reference)
        .ledger(held, USD)
        .report(held + 100, USD)
        .at(wrong.line);
    with(Some(story), expected, wrong)
}

fn vanished(maker: &mut Maker<'_>, fault: Fault) -> Injected {
    const OPENING: i64 = 7_500;
    let wrong = wrong(maker, fault, JPY, What::BalanceLacks(OPENING));
    let expected =
        proof(maker, fault, "BALANCE_ROLL").antom_id(&account_no(&wrong.party, JPY)).ledger(OPENING, JPY).no_report();
    with(None, expected, wrong)
}

/// Money that leaves the account is negative, so a payout is expected as the net with the other sign. The two faults are in
/// two batches: where the activity names batches and no party, two payouts without a partner could not be told apart.
fn payout(maker: &mut Maker<'_>, fault: Fault, currency: Currency, what: What) -> Injected {
    let story = payment(maker, fault, currency);
    let wrong = wrong(maker, fault, currency, what);
    let due = -story.settled[0].payout.net_minor();
    let expected = match what {
        What::PayoutBy(by) => proof(maker, fault, "PAYOUT_AMOUNT").ledger(due, currency).report(due + by, currency),
        _ => proof(maker, fault, "PAYOUT_MISSING").ledger(due, currency).no_report(),
    };
    with(Some(story), expected.later_id(LaterId::Batch(currency)), wrong)
}

/// Where the layout names no reserves, a correction stands in for one.
fn reserve(maker: &mut Maker<'_>, fault: Fault) -> Injected {
    const AMOUNT: i64 = -3_300;
    let named = maker.plan.layout.names(Movement::ReserveWithheld);
    let movement = if named { Movement::ReserveWithheld } else { Movement::Correction };
    let settled = batch_line(maker, movement, maker.plan.last_day(), USD, AMOUNT);
    let mut expected = proof(maker, fault, "UNEXPLAINED_ADJUSTMENT")
        .antom_id(&settled.line.own_id)
        .no_ledger()
        .report(AMOUNT, USD)
        .at(settled.line.id);
    expected.entry_type = Some(movement.entry_type());
    Injected { story: None, expected, batch_lines: vec![settled], wrong: None }
}
