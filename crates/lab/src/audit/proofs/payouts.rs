//! Payouts: what the summary says is paid against the movements out of the accounts.

use std::collections::BTreeMap;

use super::batches::{Figure, SummaryKey};
use super::detail::Detail;
use super::statements::ActivityLine;
use super::wanted::Wanted;

/// The payouts of a date.
#[derive(Debug, Clone, Default)]
pub struct Payouts {
    /// The movement that paid each figure.
    pub paid: BTreeMap<SummaryKey, i128>,
    /// What is wrong.
    pub wanted: Vec<Wanted>,
}

/// Pairs the positive figures with movements out. `types`: the words of `transType` that are payouts; empty for any.
pub fn payouts(
    figures: &BTreeMap<SummaryKey, Figure>,
    activity: &[ActivityLine],
    details: &[Detail],
    types: &[&str],
) -> Payouts {
    let is_payout = |line: &&ActivityLine| {
        line.out && (types.is_empty() || line.kind.is_empty() || types.contains(&line.kind.as_str()))
    };
    let mut free: Vec<&ActivityLine> = activity.iter().filter(is_payout).collect();
    let mut result = Payouts::default();
    let mut unpaid = Vec::new();
    for (key, figure) in figures.iter().filter(|(_, figure)| figure.net > 0) {
        // A movement that names the batch is taken before one that names none.
        let fits = |line: &ActivityLine| is_candidate(key, line) && line.amount == -figure.net;
        let named = free.iter().position(|line| fits(line) && line.batch == key.0);
        match named.or_else(|| free.iter().position(|line| fits(line))) {
            Some(at) => {
                result.paid.insert(key.clone(), free.remove(at).amount);
            }
            None => unpaid.push((key, figure)),
        }
    }
    for (key, figure) in &unpaid {
        let candidates: Vec<_> = free.iter().filter(|line| is_candidate(key, line)).collect();
        let other = match candidates[..] {
            [only] => {
                let payouts = unpaid.iter().filter(|(other, _)| is_candidate(other, only)).count();
                (payouts == 1 && !is_of_line(only.amount, key, details)).then_some(only.amount)
            }
            _ => None,
        };
        if let Some(amount) = other {
            result.paid.insert((*key).clone(), amount);
        }
        let kind = if other.is_some() { "PAYOUT_AMOUNT" } else { "PAYOUT_MISSING" };
        let row = Wanted::proof(kind, &key.0, key.2.as_deref().unwrap_or(""), key.3);
        result.wanted.push(row.amounts(Some(-figure.net), other, key.3));
    }
    result
}

/// A movement of the party's account in the currency; of the batch, if it names one. Where the summary knows no parties, any
/// movement that names the batch.
fn is_candidate(key: &SummaryKey, line: &ActivityLine) -> bool {
    let is_party = line.merchant == key.1 && key.2.as_ref().is_none_or(|party| *party == line.party);
    let fits = if line.batch.is_empty() { is_party } else { line.batch == key.0 && (is_party || key.2.is_none()) };
    fits && line.currency == key.3
}

/// Whether a settled line of the party takes exactly this amount from it.
fn is_of_line(amount: i128, key: &SummaryKey, details: &[Detail]) -> bool {
    let is_party = |line: &Detail| line.merchant == key.1 && key.2.as_ref().is_none_or(|party| *party == line.party);
    details.iter().any(|line| line.net < 0 && line.net == amount && line.currency == key.3 && is_party(line))
}
