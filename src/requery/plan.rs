//! Which questions to ask, in which order, within the budget. Pure.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::payment::Aliases;
use super::question::{Endpoint, Question};
use crate::discrepancy::{Discrepancy, DiscrepancyKind};
use crate::movement::EntryType;

/// What happens to one discrepancy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// No inquiry can decide it: nothing is asked, the answer stays empty.
    Nothing,
    /// The question at this index of the plan decides it.
    Ask(usize),
    /// Its question lies beyond the budget.
    SkippedBudget,
}

/// The questions of a run, the most money at stake first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plan {
    /// What to ask, in order.
    pub questions: Vec<Question>,
    /// What happens to each discrepancy, in the order given.
    pub routes: Vec<Route>,
}

/// Plans the questions about these discrepancies: discrepancies of one payment share one, a refund joins its payment's if that is
/// asked anyway. At most `budget` questions; those with the largest amounts in major units come first, the smallest discrepancy
/// id decides between equal ones.
///
/// A question whose answer is stored already counts too, so that a run that is repeated asks the same questions, and no more.
#[must_use]
pub fn plan(discrepancies: &[Discrepancy], budget: usize) -> Plan {
    let wanted = questions_of(discrepancies);
    let mut weights: BTreeMap<&Question, Weight<'_>> = BTreeMap::new();
    for (row, question) in discrepancies.iter().zip(&wanted) {
        let Some(question) = question else { continue };
        let row = Weight { stake: Reverse(stake(row)), id: row.discrepancy_id.as_str() };
        let weight = weights.entry(question).or_insert(row);
        *weight = Weight { stake: weight.stake.min(row.stake), id: weight.id.min(row.id) };
    }
    let mut order: Vec<(Weight<'_>, &Question)> =
        weights.into_iter().map(|(question, weight)| (weight, question)).collect();
    order.sort();
    order.truncate(budget);
    let places: BTreeMap<&Question, usize> =
        order.iter().enumerate().map(|(at, (_, question))| (*question, at)).collect();
    let route = |question: &Option<Question>| match question {
        None => Route::Nothing,
        Some(question) => places.get(question).map_or(Route::SkippedBudget, |&at| Route::Ask(at)),
    };
    Plan {
        routes: wanted.iter().map(route).collect(),
        questions: order.iter().map(|(_, question)| (*question).clone()).collect(),
    }
}

/// How early a question is asked: more at stake first, then by id. Of several discrepancies the largest stake counts, as sums
/// over currencies mean nothing, and the smallest id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Weight<'a> {
    stake: Reverse<u128>,
    id: &'a str,
}

/// The most decimal places that a currency has (CLF and UYW of ISO 4217).
const MOST_PLACES: u8 = 4;

/// The largest amount at stake, in ten-thousandths of its currency's major unit: exact, and comparable as a number of major
/// units.
fn stake(row: &Discrepancy) -> u128 {
    let ledger_currency = row.ledger_currency.or(row.currency);
    let amounts =
        [(row.ledger_amount, ledger_currency), (row.report_amount, row.currency), (row.delta(), row.currency)];
    let scaled = amounts.into_iter().filter_map(|(amount, currency)| {
        let places = currency.map_or(0, |currency| currency.places());
        let scale = 10_u128.pow(u32::from(MOST_PLACES.saturating_sub(places)));
        Some(amount?.unsigned_abs().saturating_mul(scale))
    });
    scaled.max().unwrap_or(0)
}

/// The question of each discrepancy.
fn questions_of(rows: &[Discrepancy]) -> Vec<Option<Question>> {
    let aliases = Aliases::of(rows);
    let ways: Vec<Way> = rows.iter().map(way).collect();
    let asked_anyway: BTreeSet<Question> = rows
        .iter()
        .zip(&ways)
        .filter(|(_, way)| **way == Way::Payment)
        .filter_map(|(row, _)| aliases.payment_question(row))
        .collect();
    let choose = |(row, way): (&Discrepancy, &Way)| match way {
        Way::None => None,
        Way::Payment => aliases.payment_question(row),
        Way::Refund => {
            let payment = aliases.payment_question(row);
            let shared = payment.clone().filter(|question| asked_anyway.contains(question));
            shared.or_else(|| refund_question(row)).or(payment)
        }
    };
    rows.iter().zip(&ways).map(choose).collect()
}

/// Which call decides a discrepancy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    None,
    Payment,
    Refund,
}

/// Only existence, amount, currency and state of a payment, its captures and refunds can be asked for, and of shares what their
/// payment's state says of them. Antom has no inquiry for parties, fees, files or totals.
///
/// `inquireBalance` is not asked: its answer names no party, so that another's could not be told from the right one, and what an
/// account holds at the moment of asking says nothing of a single share (open points 5 and 7 of the fact sheet).
fn way(row: &Discrepancy) -> Way {
    use DiscrepancyKind::*;
    use EntryType::*;
    match (row.kind, row.typed) {
        (RefundExceedsPayment | CaptureExceedsAuthorization, Some(_)) | (SplitMismatch, Some(Settlement)) => {
            Way::Payment
        }
        (
            MissingInLedger | MissingInReport | SettledNotReported | NotSettled | OrphanReversal | CurrencyMismatch
            | AmountMismatch | StatusMismatch,
            Some(entry_type),
        ) => match entry_type {
            Refund | RefundReversal => Way::Refund,
            Payment | Authorization | Capture | Void | Cancel | PaymentReversal | Dispute | DisputeReversal
            | Settlement => Way::Payment,
            Transfer | Payout | Fee | Adjustment | Reserve | ReserveRelease | Collateral | CollateralRelease => {
                Way::None
            }
        },
        _ => Way::None,
    }
}

/// `inquiryRefund` by `refundId`, else by `refundRequestId`. Under the new id rule the `transactionId` of a refund is the
/// payment's, and that of a `REFUND_REVERSAL` is internal to Antom under the old one: neither is a refundId.
fn refund_question(row: &Discrepancy) -> Option<Question> {
    let internal = row.typed == Some(EntryType::RefundReversal) || row.antom_id == row.original_antom_id;
    let refund_id = if internal { "" } else { row.antom_id.as_str() };
    Question::by(Endpoint::InquiryRefund, refund_id, &row.request_id)
}
