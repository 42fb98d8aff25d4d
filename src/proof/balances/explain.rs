//! Why a balance is not what it should be, in words that say where to look.

use super::super::files::{lines, money, party_words, rejected, spot};
use super::accounts::{Account, Balance};
use super::{AccountRow, BalanceInputs};

/// What the account had, what moved, what it has, then what may be the reason.
pub(super) fn roll(input: &BalanceInputs<'_>, account: &Account<'_>, row: &AccountRow) -> String {
    let amount = |amount: i128| money(amount, row.currency);
    let mut parts = vec![format!(
        "account `{}` of {}: {}, {}, so that {} was expected; {}",
        row.account,
        party_words(&row.merchant, &row.party),
        opening(input, account, row),
        moves(account, row),
        row.expected.map_or_else(|| "nothing".to_owned(), amount),
        closing(input, account, row)
    )];
    if let Some(difference) = row.difference.filter(|_| row.reported.is_some()) {
        parts.push(format!("a difference of {}", amount(difference)));
    }
    if account.repeated > 0 {
        parts.push(format!("{} of repeated movements were not added", lines(account.repeated)));
    }
    parts.extend(unread(rejected(input.activity), "the activity"));
    parts.extend(unread(rejected(input.balances), "the balance report"));
    parts.extend(unread(rejected(input.before), "the balance report of the day before"));
    if !input.incomplete.is_empty() {
        let names: Vec<String> = input.incomplete.iter().map(|name| format!("`{name}`")).collect();
        parts.push(format!("a part of a report is missing: {}", names.join(", ")));
    }
    parts.join("; ")
}

fn opening(input: &BalanceInputs<'_>, account: &Account<'_>, row: &AccountRow) -> String {
    let before = input.today.minus_days(1);
    match account.opening {
        Some(seen) => format!(
            "{} at the end of {before} ({})",
            money(seen.line.balance.into(), row.currency),
            spot(&seen.file.name, seen.line.place.line)
        ),
        None => format!("new, since the balance report of {before} has no such account"),
    }
}

fn moves(account: &Account<'_>, row: &AccountRow) -> String {
    let Some(first) = account.first_move else { return "no movement".to_owned() };
    format!(
        "{} in and {} out in {}, the first at {}",
        money(row.money_in.unwrap_or_default(), row.currency),
        money(row.money_out.unwrap_or_default(), row.currency),
        lines(account.moves),
        spot(&first.file.name, first.line.place.line)
    )
}

fn closing(input: &BalanceInputs<'_>, account: &Account<'_>, row: &AccountRow) -> String {
    let balance = |seen: &Balance<'_>| {
        format!("{} ({})", money(seen.line.balance.into(), row.currency), spot(&seen.file.name, seen.line.place.line))
    };
    match account.closing.as_slice() {
        [] => format!("the balance report of {} has no such account", input.today),
        [first, ..] if !account.is_contradicted() => format!("the balance report says {}", balance(first)),
        several => {
            let all: Vec<String> = several.iter().map(balance).collect();
            format!("the balance report contradicts itself: {}", all.join(" and "))
        }
    }
}

fn unread(count: usize, of: &str) -> Option<String> {
    let count = u64::try_from(count).unwrap_or(u64::MAX);
    (count > 0).then(|| format!("{} of {of} could not be read", lines(count)))
}
