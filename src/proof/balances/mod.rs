//! Balances: what an account had at the end of the day before, and the day's movements, against what it has at the end of the day.
//!
//! That the balance rolls is inferred, no page of Antom's says it. Decided here:
//!
//! - A balance whose `accountDate` is not the report's date is not used, and its account is not judged; but a report all of whose
//!   lines carry the same date, a day before or after its own, is read as its own date's (some stamp the day of making).
//! - An account twice in the day's report: with one balance the second line is `DUPLICATE_IN_REPORT`; with several balances the
//!   account is `BALANCE_ROLL` whatever its movements, and the reported amount is the first that does not fit.
//! - An account twice in the report of the day before with several balances is not judged.

mod accounts;
mod explain;
mod logs;
#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, HashMap};

use crate::calendar::BusinessDate;
use crate::id::{Symbol, Symbols};
use crate::kind::{DiscrepancyKind, Stage};
use crate::money::Currency;
use crate::report::{ActivityLine, BalanceLine, Place};

use super::files::{in_order, lines, not_run, place, spot};
use super::{DayStatement, Places, ProofFinding, Proved};
use accounts::{Account, AccountKey, Accounts};

/// What is compared.
pub struct BalanceInputs<'a> {
    /// The date.
    pub today: BusinessDate,
    /// The balance report of the calendar day before; empty if there is none.
    pub before: &'a [DayStatement<BalanceLine>],
    /// The latest date before the day before that has a balance report, to say what is there instead.
    pub last_before: Option<BusinessDate>,
    /// The date's account activity; empty if there is none.
    pub activity: &'a [DayStatement<ActivityLine>],
    /// The date's balance report; empty if there is none.
    pub balances: &'a [DayStatement<BalanceLine>],
    /// Names of sets of these reports that lack a part, for the explanation.
    pub incomplete: &'a [String],
    /// The texts of symbols.
    pub symbols: &'a Symbols,
    /// The text of the `accountLogId` at a place, asked for repeated ones only.
    pub log_id: &'a dyn Fn(Place) -> String,
}

/// What an account comes to: a row of `balances.csv`. Amounts in the currency's smallest unit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct AccountRow {
    /// `merchantId`.
    pub merchant: String,
    /// `referenceMerchantId`; empty for the marketplace.
    pub party: String,
    /// `accountNo`.
    pub account: String,
    /// `accountCurrency`.
    pub currency: Currency,
    /// The balance of the day before: zero for an account that its report lacks, none if it is not known.
    pub opening: Option<i128>,
    /// Sum of the `IN` movements; none if there is no activity of the day.
    pub money_in: Option<i128>,
    /// Sum of the `OUT` movements: negative; none if there is no activity of the day.
    pub money_out: Option<i128>,
    /// Opening and movements; none if the proof could not be run.
    pub expected: Option<i128>,
    /// The balance of the day; none if there is none.
    pub reported: Option<i128>,
    /// Reported less expected, a missing balance counting as zero; none if the proof could not be run.
    pub difference: Option<i128>,
}

/// What came of the comparison.
#[derive(Debug)]
pub struct BalanceProof {
    /// One per account and currency, ordered by text.
    pub rows: Vec<AccountRow>,
    /// `DUPLICATE_IN_REPORT` of the activity by place, then what is wrong with accounts in the order of the rows.
    pub findings: Vec<ProofFinding>,
    /// Where each line of the date's activity ended.
    pub activity: Places,
    /// Where each line of the date's balance report ended.
    pub balances: Places,
    /// What was not proved, and why; and what was read otherwise than written.
    pub remarks: Vec<String>,
}

/// Compares what accounts have with what they had and what moved.
#[must_use]
pub fn prove_balances(input: &BalanceInputs<'_>) -> BalanceProof {
    let mut proof = BalanceProof {
        rows: Vec::new(),
        findings: Vec::new(),
        activity: not_run(input.activity),
        balances: not_run(input.balances),
        remarks: Vec::new(),
    };
    let repeated = logs::repeated(input);
    let accounts = Accounts::of(input, &repeated, &mut proof.remarks);
    proof.findings.extend(repeated.findings(input));
    let missing = missing(input);
    proof.remarks.extend(missing.clone());
    proof.remarks.extend(negative_in(input));
    let mut unjudged = BTreeSet::new();
    let mut proved = HashMap::<AccountKey, Proved>::new();
    for (text, key, account) in accounts.in_text_order(input.symbols) {
        let judged = missing.is_none() && !account.doubtful;
        let row = row(input, &text, key, account, judged);
        let fails = row.difference.is_some_and(|difference| difference != 0) || account.is_contradicted();
        if judged && fails {
            proof.findings.push(roll(input, key, account, &row));
        }
        if account.doubtful {
            unjudged.insert(row.account.clone());
        }
        let verdict = match (judged, fails) {
            (false, _) => Proved::NotRun,
            (true, false) => Proved::Holds,
            (true, true) => Proved::Fails,
        };
        proved.insert(key, verdict);
        proof.findings.extend(twice(account, key, &row));
        proof.rows.push(row);
    }
    if missing.is_none() && !unjudged.is_empty() {
        let named = unjudged.iter().take(3).map(|account| format!("`{account}`")).collect::<Vec<_>>().join(", ");
        let more = if unjudged.len() > 3 { ", …" } else { "" };
        let count = unjudged.len();
        proof.remarks.push(format!("accounts whose balance is in doubt are not proved: {count} ({named}{more})"));
    }
    put_in_place(input, &repeated, &accounts, &proved, &mut proof);
    proof
}

/// Why no account can be judged.
fn missing(input: &BalanceInputs<'_>) -> Option<String> {
    let mut lacking = Vec::new();
    let before = input.today.minus_days(1);
    if input.before.is_empty() {
        let last = input.last_before.map_or_else(
            || "there is none before it either".to_owned(),
            |last| format!("the last one before is that of {last}"),
        );
        lacking.push(format!("there is no daily ending balance of {before}; {last}"));
    }
    if input.activity.is_empty() {
        lacking.push(format!("there is no account activity of {}", input.today));
    }
    if input.balances.is_empty() {
        lacking.push(format!("there is no daily ending balance of {}", input.today));
    }
    (!lacking.is_empty()).then(|| format!("balances of {} are not proved: {}", input.today, lacking.join("; ")))
}

/// Movements in that are negative: they are added as they are written.
fn negative_in(input: &BalanceInputs<'_>) -> Option<String> {
    let mut negative = in_order(input.activity).filter(|seen| !seen.line.out && seen.line.amount < 0);
    let first = negative.next()?;
    let count = u64::try_from(negative.count()).unwrap_or(u64::MAX).saturating_add(1);
    let place = spot(&first.file.name, first.line.place.line);
    Some(format!("{} of direction `IN` with a negative amount, the first at {place}: added as written", lines(count)))
}

fn row(
    input: &BalanceInputs<'_>,
    text: &[String; 3],
    key: AccountKey,
    account: &Account<'_>,
    judged: bool,
) -> AccountRow {
    let [merchant, party, number] = text.clone();
    // Nothing is known of the day before without its report; with it, an account that it lacks had nothing.
    let opening = account.opening.map(|seen| i128::from(seen.line.balance));
    let opening = if input.before.is_empty() || account.doubtful { opening } else { opening.or(Some(0)) };
    let moved = |sum| (!input.activity.is_empty()).then_some(sum);
    let expected = opening.filter(|_| judged).map(|opening| opening + account.money_in + account.money_out);
    let reported = account.reported(expected).map(|seen| i128::from(seen.line.balance));
    AccountRow {
        merchant,
        party,
        account: number,
        currency: key.1,
        opening,
        money_in: moved(account.money_in),
        money_out: moved(account.money_out),
        expected,
        reported,
        difference: expected.map(|expected| reported.unwrap_or_default() - expected),
    }
}

fn roll(input: &BalanceInputs<'_>, key: AccountKey, account: &Account<'_>, row: &AccountRow) -> ProofFinding {
    let (merchant, party) = account.owner();
    let place = account.reported(row.expected).map(|seen| seen.line.place);
    let moved = account.first_move.map(|seen| seen.line.place);
    ProofFinding {
        kind: DiscrepancyKind::BalanceRoll,
        stage: Stage::Proof,
        antom_id: row.account.clone(),
        merchant,
        party,
        currency: Some(key.1),
        expected: row.expected,
        reported: row.reported,
        place: place.or(moved).or(account.opening.map(|seen| seen.line.place)),
        explanation: explain::roll(input, account, row),
        distinction: String::new(),
    }
}

/// The second and later lines of an account with the same balance as the first.
fn twice(account: &Account<'_>, key: AccountKey, row: &AccountRow) -> Vec<ProofFinding> {
    let Some((first, repeated)) = account.closing.split_first() else { return Vec::new() };
    if account.is_contradicted() {
        return Vec::new();
    }
    let finding = |(at, seen): (usize, &accounts::Balance<'_>)| ProofFinding {
        kind: DiscrepancyKind::DuplicateInReport,
        stage: Stage::Proof,
        antom_id: row.account.clone(),
        merchant: seen.line.merchant,
        party: seen.line.party,
        currency: Some(key.1),
        expected: None,
        reported: Some(i128::from(seen.line.balance)),
        place: Some(seen.line.place),
        explanation: format!(
            "account `{}` stands in the balance report again, with the same balance; the first is {}",
            row.account,
            spot(&first.file.name, first.line.place.line)
        ),
        distinction: format!("balance {}", at + 2),
    };
    repeated.iter().enumerate().map(finding).collect()
}

/// Puts every line of the date where it ended.
fn put_in_place(
    input: &BalanceInputs<'_>,
    repeated: &logs::Repeated<'_>,
    accounts: &Accounts<'_>,
    proved: &HashMap<AccountKey, Proved>,
    proof: &mut BalanceProof,
) {
    let of = |account: Symbol, currency: Currency| proved.get(&(account, currency)).copied().unwrap_or_default();
    for (file_at, file) in input.activity.iter().enumerate() {
        for (line_at, line) in file.parsed.lines.iter().enumerate() {
            proof.activity[file_at][line_at] = of(line.account, line.currency);
        }
    }
    for seen in repeated.lines() {
        place(&mut proof.activity, seen.at, Proved::Fails);
    }
    for account in accounts.all() {
        let again = if account.is_contradicted() { &[][..] } else { account.closing.get(1..).unwrap_or_default() };
        for seen in &account.closing {
            place(&mut proof.balances, seen.at, of(seen.line.account, seen.line.currency));
        }
        for seen in again {
            place(&mut proof.balances, seen.at, Proved::Fails);
        }
    }
}
