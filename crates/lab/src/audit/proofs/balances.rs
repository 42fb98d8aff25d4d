//! Accounts: yesterday's balance and today's activity against today's balance; and what is held back of each party.

use chrono::NaiveDate;
use std::collections::{BTreeMap, BTreeSet};

use super::detail::Detail;
use super::money::Currency;
use super::schedule::Day;
use super::statements::{ActivityLine, BalanceLine};
use super::wanted::Wanted;

/// An account; amounts in smallest units, `None` where they are not known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Account {
    /// `merchantId`.
    pub merchant: String,
    /// `referenceMerchantId`.
    pub party: String,
    /// The balance of the day before.
    pub opening: Option<i128>,
    /// Sum of the movements in.
    pub income: Option<i128>,
    /// Sum of the movements out, negative.
    pub out: Option<i128>,
    /// The balance of the day.
    pub reported: Option<i128>,
    /// Whether a report has more than one balance of it: what follows from that is left open.
    pub is_doubtful: bool,
    /// Whether the day's balances are not there, so that nothing is expected of it.
    pub is_unjudged: bool,
}

impl Account {
    /// What the balance must be, if there is one to hold against it.
    pub fn expected(&self) -> Option<i128> {
        if self.is_unjudged {
            return None;
        }
        Some(self.opening? + self.income? + self.out?)
    }
}

/// Account number and currency.
pub type AccountKey = (String, Currency);

/// What the reports of two days say; `None` for a report that is not there.
#[derive(Debug, Clone, Copy)]
pub struct Reports<'r> {
    /// The balances of the day before.
    pub before: Option<&'r [BalanceLine]>,
    /// The movements of the day, repetitions left out.
    pub activity: Option<&'r [ActivityLine]>,
    /// The balances of the day.
    pub ending: Option<&'r [BalanceLine]>,
}

impl Reports<'_> {
    /// All accounts of the three reports. The owner is that of the day's balance, else of the day before's, else of a movement.
    pub fn accounts(&self) -> BTreeMap<AccountKey, Account> {
        let mut accounts: BTreeMap<AccountKey, Account> = BTreeMap::new();
        let mut of = |key: AccountKey, merchant: &str, party: &str, change: &dyn Fn(&mut Account)| {
            let account = accounts.entry(key).or_insert_with(|| Account {
                merchant: merchant.to_owned(),
                party: party.to_owned(),
                opening: self.before.map(|_| 0),
                income: self.activity.map(|_| 0),
                out: self.activity.map(|_| 0),
                is_unjudged: self.ending.is_none(),
                ..Account::default()
            });
            change(account);
        };
        for line in self.ending.unwrap_or_default() {
            of((line.account.clone(), line.currency), &line.merchant, &line.party, &|account| {
                account.is_doubtful |= account.reported.is_some();
                account.reported.get_or_insert(line.balance);
            });
        }
        let mut seen = BTreeSet::new();
        for line in self.before.unwrap_or_default() {
            let key = (line.account.clone(), line.currency);
            let is_first = seen.insert(key.clone());
            of(key, &line.merchant, &line.party, &|account| {
                account.is_doubtful |= !is_first;
                account.opening = if is_first { Some(line.balance) } else { account.opening };
            });
        }
        for line in self.activity.unwrap_or_default() {
            of((line.account.clone(), line.currency), &line.merchant, &line.party, &|account| {
                let sum = if line.out { &mut account.out } else { &mut account.income };
                *sum = sum.map(|sum| sum + line.amount);
            });
        }
        accounts
    }

    /// The accounts whose balance does not follow; a remark if one of the reports is not there.
    pub fn rolls(&self, remarks: &mut Vec<String>) -> Vec<Wanted> {
        let reports = [
            (self.before.is_some(), "daily ending balance of the day before"),
            (self.activity.is_some(), "account activity"),
            (self.ending.is_some(), "daily ending balance"),
        ];
        let missing: Vec<&str> = reports.iter().filter(|(there, _)| !there).map(|(_, name)| *name).collect();
        if !missing.is_empty() {
            remarks.push(format!("balances are not proved without {}", missing.join(" and ")));
            return Vec::new();
        }
        let mut wanted = Vec::new();
        for ((number, currency), account) in self.accounts() {
            let expected = account.expected();
            if account.is_doubtful {
                remarks.push(format!("account `{number}` has more than one balance and is not judged"));
                continue;
            }
            if expected != account.reported && (account.reported.is_some() || expected != Some(0)) {
                let row = Wanted::proof("BALANCE_ROLL", &number, &account.party, currency);
                wanted.push(row.amounts(expected, account.reported, currency));
            }
        }
        wanted
    }
}

/// The movements whose log id was not seen before, and rows about the others.
pub fn without_repetitions(lines: Vec<ActivityLine>) -> (Vec<ActivityLine>, Vec<Wanted>) {
    let mut seen = BTreeSet::new();
    let (mut first, mut wanted) = (Vec::new(), Vec::new());
    for line in lines {
        if seen.insert(line.log.clone()) {
            first.push(line);
        } else {
            let row = Wanted::proof("DUPLICATE_IN_REPORT", &line.log, &line.party, line.currency);
            wanted.push(row.at(Some(&line.place)));
        }
    }
    (first, wanted)
}

/// What is held back of a party.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Held {
    /// Before the day.
    pub opening: i128,
    /// Withheld on the day.
    pub withheld: i128,
    /// Given back on the day, negative.
    pub given_back: i128,
}

/// `reserve` or `collateral`, merchant, party, currency.
pub type HeldKey = (&'static str, String, String, Currency);

/// What is held of each party after the day, from the lines of all days up to it.
pub fn held(today: &[Detail], date: NaiveDate, history: &[Day]) -> BTreeMap<HeldKey, Held> {
    let mut all: BTreeMap<HeldKey, Held> = BTreeMap::new();
    let before = history.iter().filter(|(day, _)| *day < date).flat_map(|(_, lines)| lines);
    for (line, is_today) in before.map(|line| (line, false)).chain(today.iter().map(|line| (line, true))) {
        let (kind, is_taken) = match line.entry_type {
            Some("RESERVE") => ("reserve", true),
            Some("RESERVE_RELEASE") => ("reserve", false),
            Some("COLLATERAL") => ("collateral", true),
            Some("COLLATERAL_RELEASE") => ("collateral", false),
            _ => continue,
        };
        let held = all.entry((kind, line.merchant.clone(), line.party.clone(), line.currency)).or_default();
        // What is taken lowers the settlement, so that its sign is the other one here.
        match (is_today, is_taken) {
            (false, _) => held.opening -= line.net,
            (true, true) => held.withheld -= line.net,
            (true, false) => held.given_back -= line.net,
        }
    }
    all
}
