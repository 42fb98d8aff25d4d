//! The accounts at Antom: what moves on them from day to day, and what is left at the end of each day.
//!
//! A line of settlement details moves its party's account on the business day on which it happened, else on the settlement
//! date; on that date the net of the batch is paid out, if there is any. So payouts leave what came in a day earlier, and
//! nothing moves on weekends.

use super::calendar::{after, before, compact, day_of, is_business_day};
use super::money::Currency;
use super::payments::Maker;
use super::rng::Rng;
use super::schedule::SETTLEMENT_CURRENCIES;
use super::settlement::Batch;
use super::story::{LineId, Party, Settled};
use super::summary::Summary;
use super::wrong::{PartyWrong, What, Wrong, about};
use chrono::NaiveDate;
use std::collections::{BTreeMap, BTreeSet};

/// One movement on an account.
#[derive(Debug, Clone)]
pub(super) struct AccountLine {
    pub(super) id: LineId,
    pub(super) day: NaiveDate,
    pub(super) party: Party,
    pub(super) currency: Currency,
    pub(super) log_id: String,
    /// Signed: what leaves the account is negative.
    pub(super) amount_minor: i64,
    /// `transType`, where the report says it.
    pub(super) what: &'static str,
    pub(super) batch_id: String,
    /// `transactionId`; empty for a payout.
    pub(super) transaction_id: String,
}

/// What an account holds at the end of a day.
#[derive(Debug, Clone)]
pub(super) struct Balance {
    pub(super) id: LineId,
    pub(super) day: NaiveDate,
    pub(super) party: Party,
    pub(super) currency: Currency,
    pub(super) balance_minor: i64,
}

/// The two reports of accounts.
#[derive(Debug, Clone, Default)]
pub(super) struct Accounts {
    pub(super) activity: Vec<AccountLine>,
    pub(super) balances: Vec<Balance>,
}

type Account = (Party, Currency);

/// Follows all accounts from the day before the first to the last.
pub(super) fn accounts(maker: &mut Maker<'_>, batches: &[Batch], summaries: &[Summary], wrongs: &[Wrong]) -> Accounts {
    let mut activity = credits(maker, batches);
    activity.extend(payouts(maker, batches, summaries, wrongs));
    activity.retain(|line| line.day <= maker.plan.last_day());
    activity.sort_by_key(|line| line.day);
    for (number, line) in activity.iter_mut().enumerate() {
        line.log_id = format!("{}1940108{:013}", compact(line.day), 7_000_001 + number);
    }
    let balances = balances(maker, &activity, wrongs);
    activity.extend(told_twice(&activity, wrongs));
    Accounts { activity, balances }
}

/// The account number: stable, 20 digits, ending with the currency's ISO 4217 number as in the sample.
pub(super) fn account_no(party: &Party, currency: Currency) -> String {
    let number = match currency.code {
        "USD" => 840,
        "BRL" => 986,
        "EUR" => 978,
        "JPY" => 392,
        _ => 414,
    };
    let tail = party.merchant_id.len().saturating_sub(12);
    format!("2159{:0>12}0{number}", &party.merchant_id[tail..])
}

fn credits(maker: &mut Maker<'_>, batches: &[Batch]) -> Vec<AccountLine> {
    let mut lines = Vec::new();
    for batch in batches {
        for settled in batch.lines.iter().filter(|settled| settled.is_readable()) {
            let amount_minor = settled.payout.net_minor();
            if amount_minor != 0 {
                let layout = maker.plan.layout;
                lines.push(AccountLine {
                    id: maker.line_id(),
                    day: moves_on(maker, settled),
                    party: settled.line.party.clone(),
                    currency: batch.currency,
                    log_id: String::new(),
                    amount_minor,
                    what: layout.transaction_type(settled.line.movement),
                    batch_id: batch.id.clone(),
                    transaction_id: layout.ids(&settled.line).transaction.to_owned(),
                });
            }
        }
    }
    lines
}

fn moves_on(maker: &Maker<'_>, settled: &Settled) -> NaiveDate {
    let day = day_of(settled.line.at);
    let is_told = day >= maker.plan.first_day && day <= settled.on;
    if is_told && is_business_day(day) { day } else { settled.on }
}

/// What the summaries say, on their date; a negative net is carried.
fn payouts(maker: &mut Maker<'_>, batches: &[Batch], summaries: &[Summary], wrongs: &[Wrong]) -> Vec<AccountLine> {
    let mut lines = Vec::new();
    for summary in summaries {
        let batch = &batches[summary.batch];
        for row in summary.rows.iter().filter(|row| row.is_whole() && row.net_minor > 0) {
            let mut amount_minor = -row.net_minor;
            for wrong in about(wrongs, &row.party, batch.currency).filter(|wrong| wrong.on == batch.on) {
                match wrong.what {
                    What::PayoutLacks => amount_minor = 0,
                    What::PayoutBy(by) => amount_minor += by,
                    _ => {}
                }
            }
            if amount_minor != 0 {
                lines.push(AccountLine {
                    id: maker.line_id(),
                    day: batch.on,
                    party: row.party.clone(),
                    currency: batch.currency,
                    log_id: String::new(),
                    amount_minor,
                    what: "PAYOUT",
                    batch_id: batch.id.clone(),
                    transaction_id: String::new(),
                });
            }
        }
    }
    lines
}

/// Every day's balance of every account that holds something or has ever moved.
fn balances(maker: &mut Maker<'_>, activity: &[AccountLine], wrongs: &[Wrong]) -> Vec<Balance> {
    let mut held = opening(maker, wrongs);
    let (last, mut day) = (maker.plan.last_day(), before(maker.plan.first_day, 1));
    let mut balances = Vec::new();
    while day <= last {
        for line in activity.iter().filter(|line| line.day == day) {
            *held.entry((line.party.clone(), line.currency)).or_default() += line.amount_minor;
        }
        for ((party, currency), held) in &held {
            let (mut id, mut balance) = (maker.line_id(), Some(*held));
            for wrong in about(wrongs, party, *currency).filter(|wrong| wrong.on <= day) {
                match wrong.what {
                    What::BalanceBy(_, by) => {
                        id = if wrong.on == day { wrong.line } else { id };
                        balance = Some(held + by);
                    }
                    What::BalanceLacks(_) => balance = None,
                    _ => {}
                }
            }
            if let Some(balance_minor) = balance {
                balances.push(Balance { id, day, party: party.clone(), currency: *currency, balance_minor });
            }
        }
        day = after(day, 1);
    }
    balances
}

/// What the accounts hold before the first day: about half of the known ones hold something.
fn opening(maker: &Maker<'_>, wrongs: &[Wrong]) -> BTreeMap<Account, i64> {
    // Chance of its own, so that no account depends on what else happens in this world.
    let mut rng = Rng::new(maker.plan.seed ^ 0x0BA1_A4CE);
    let sellers = maker.merchants.sellers.iter().map(|seller| seller.party());
    let mut held = BTreeMap::new();
    for party in sellers.chain([maker.platform()]) {
        for currency in SETTLEMENT_CURRENCIES {
            let amount_minor = rng.between(1, 5_000) * 10_i64.pow(currency.decimals) + rng.between(0, 9);
            if rng.chance(50) {
                held.insert((party.clone(), currency), amount_minor);
            }
        }
    }
    for wrong in wrongs {
        let Wrong::Party(PartyWrong { party, currency, what, .. }) = wrong else { continue };
        let opening = match what {
            What::SummaryAlso(net_minor) => net_minor * 2,
            What::BalanceBy(opening, _) | What::BalanceLacks(opening) => *opening,
            _ => continue,
        };
        held.insert((party.clone(), *currency), opening);
    }
    held
}

/// The second tellings of movements: the same log id again, at the end of the day.
fn told_twice(activity: &[AccountLine], wrongs: &[Wrong]) -> Vec<AccountLine> {
    let mut again = Vec::new();
    let mut told = BTreeSet::new();
    for line in activity {
        let is_told_twice = |wrong: &&PartyWrong| wrong.what == What::MovedTwice && wrong.on == line.day;
        for wrong in about(wrongs, &line.party, line.currency).filter(is_told_twice) {
            if told.insert(wrong.line) {
                again.push(AccountLine { id: wrong.line, ..line.clone() });
            }
        }
    }
    again
}
