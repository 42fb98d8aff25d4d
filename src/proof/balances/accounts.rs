//! Accounts: what the reports say of each.

use std::collections::HashMap;

use crate::calendar::BusinessDate;
use crate::id::{Symbol, Symbols};
use crate::money::Currency;
use crate::report::{ActivityLine, BalanceLine};

use super::super::DayStatement;
use super::super::files::{Seen, in_order, lines, spot};
use super::BalanceInputs;
use super::logs::Repeated;

/// `accountNo` and `accountCurrency`.
pub(super) type AccountKey = (Symbol, Currency);

/// A line of a balance report.
pub(super) type Balance<'a> = Seen<'a, BalanceLine>;

/// What the reports say of one account.
#[derive(Debug, Default)]
pub(super) struct Account<'a> {
    pub(super) opening: Option<Balance<'a>>,
    /// The lines of the day's report, in order; one if all is well.
    pub(super) closing: Vec<Balance<'a>>,
    pub(super) money_in: i128,
    pub(super) money_out: i128,
    /// Number of movements that were added.
    pub(super) moves: u64,
    /// Number of movements that were not, since they were there before.
    pub(super) repeated: u64,
    pub(super) first_move: Option<Seen<'a, ActivityLine>>,
    /// Whether a balance is of another date, or that of the day before has several values: the account is not judged.
    pub(super) doubtful: bool,
}

impl<'a> Account<'a> {
    /// Whether the day's report has several balances.
    pub(super) fn is_contradicted(&self) -> bool {
        self.closing.windows(2).any(|pair| pair[0].line.balance != pair[1].line.balance)
    }

    /// The day's balance: of several, the first that does not fit.
    pub(super) fn reported(&self, expected: Option<i128>) -> Option<Balance<'a>> {
        let misfit = |seen: &&Balance<'a>| Some(i128::from(seen.line.balance)) != expected;
        self.closing.iter().find(misfit).or(self.closing.first()).copied()
    }

    /// Whose it is: `merchantId` and `referenceMerchantId` of its balance, else of its first movement.
    pub(super) fn owner(&self) -> (Symbol, Symbol) {
        let balance = self.closing.first().or(self.opening.as_ref()).map(|seen| (seen.line.merchant, seen.line.party));
        let moved = self.first_move.map(|seen| (seen.line.merchant, seen.line.party));
        balance.or(moved).unwrap_or_default()
    }
}

/// All accounts that the reports name.
#[derive(Debug, Default)]
pub(super) struct Accounts<'a>(HashMap<AccountKey, Account<'a>>);

impl<'a> Accounts<'a> {
    /// Adds up the movements, but for repeated ones, and looks up the balances.
    pub(super) fn of(input: &BalanceInputs<'a>, repeated: &Repeated<'a>, remarks: &mut Vec<String>) -> Self {
        let mut accounts = Self::default();
        for seen in in_order(input.activity) {
            let line = seen.line;
            let account = accounts.0.entry((line.account, line.currency)).or_default();
            account.first_move = account.first_move.or(Some(seen));
            if repeated.contains(&seen) {
                account.repeated += 1;
                continue;
            }
            account.moves += 1;
            let side = if line.out { &mut account.money_out } else { &mut account.money_in };
            *side += i128::from(line.amount);
        }
        let openings = Dated::of(input.before, input.today.minus_days(1), remarks);
        accounts.doubt(&openings.others);
        for seen in openings.own {
            let account = accounts.0.entry((seen.line.account, seen.line.currency)).or_default();
            let known = account.opening.map(|opening| opening.line.balance);
            account.doubtful |= known.is_some_and(|known| known != seen.line.balance);
            account.opening = account.opening.or(Some(seen));
        }
        let closings = Dated::of(input.balances, input.today, remarks);
        accounts.doubt(&closings.others);
        for seen in closings.own {
            accounts.0.entry((seen.line.account, seen.line.currency)).or_default().closing.push(seen);
        }
        accounts.doubt_rejected(input);
        accounts
    }

    /// A balance that could not be read is not zero: its account is not judged. If not even its account could be read, it may be
    /// any of those that have no balance.
    fn doubt_rejected(&mut self, input: &BalanceInputs<'_>) {
        let mut of_nobody = [false; 2];
        for (nobody, files) in of_nobody.iter_mut().zip([input.before, input.balances]) {
            for reject in files.iter().flat_map(|file| &file.parsed.rejects) {
                let account = reject.text.account_no.as_str();
                match reject.currency.filter(|_| !account.is_empty()) {
                    Some(currency) => {
                        let key = (input.symbols.intern(account.as_bytes()), currency);
                        self.0.entry(key).or_default().doubtful = true;
                    }
                    None => *nobody = true,
                }
            }
        }
        let [before, today] = of_nobody;
        for account in self.0.values_mut() {
            account.doubtful |= (before && account.opening.is_none()) || (today && account.closing.is_empty());
        }
    }

    /// What a balance of another date says is not known to be so on the report's.
    fn doubt(&mut self, others: &[Balance<'a>]) {
        for seen in others {
            self.0.entry((seen.line.account, seen.line.currency)).or_default().doubtful = true;
        }
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Account<'a>> {
        self.0.values()
    }

    /// All accounts, ordered by merchant, party, number and currency.
    pub(super) fn in_text_order(&self, symbols: &Symbols) -> Vec<([String; 3], AccountKey, &Account<'a>)> {
        let text = |&key: &AccountKey, account: &Account<'a>| {
            let (merchant, party) = account.owner();
            [symbols.text(merchant), symbols.text(party), symbols.text(key.0)]
        };
        let mut accounts: Vec<_> = self.0.iter().map(|(key, account)| (text(key, account), *key, account)).collect();
        accounts.sort_by(|one, other| (&one.0, one.1.1).cmp(&(&other.0, other.1.1)));
        accounts
    }
}

/// The lines of a date's balance report, by whether they are of its date.
struct Dated<'a> {
    own: Vec<Balance<'a>>,
    others: Vec<Balance<'a>>,
}

impl<'a> Dated<'a> {
    fn of(report: &'a [DayStatement<BalanceLine>], date: BusinessDate, remarks: &mut Vec<String>) -> Self {
        let all: Vec<Balance<'a>> = in_order(report).collect();
        let Some(stray) = all.iter().find(|seen| seen.line.on != date).copied() else {
            return Self { own: all, others: Vec::new() };
        };
        let (place, on) = (spot(&stray.file.name, stray.line.place.line), stray.line.on);
        let neighbour = on == date.plus_days(1) || on == date.minus_days(1);
        if neighbour && all.iter().all(|seen| seen.line.on == on) {
            remarks.push(format!(
                "every line of the daily ending balance of {date} has `accountDate` {on}: read as balances of {date}"
            ));
            return Self { own: all, others: Vec::new() };
        }
        let (own, others): (Vec<_>, Vec<_>) = all.into_iter().partition(|seen| seen.line.on == date);
        let count = lines(u64::try_from(others.len()).unwrap_or(u64::MAX));
        remarks.push(format!(
            "the daily ending balance of {date} has {count} of another date, the first at {place} with `accountDate` {on}: \
             not used"
        ));
        Self { own, others }
    }
}
