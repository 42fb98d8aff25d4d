//! Movements that stand in the activity twice: the same `accountLogId`, which Antom gives to one movement only.

use std::collections::HashSet;

use crate::id::{KeyMap, KeySet};
use crate::kind::{DiscrepancyKind, Stage};
use crate::report::ActivityLine;

use super::super::ProofFinding;
use super::super::files::{Seen, in_order, money, spot};
use super::BalanceInputs;

/// The second and later lines of movements, in order, each with its first.
#[derive(Debug, Default)]
pub(super) struct Repeated<'a> {
    /// The repeated line, the first, and the how-manieth it is.
    found: Vec<(Seen<'a, ActivityLine>, Seen<'a, ActivityLine>, u32)>,
    at: HashSet<(usize, usize)>,
}

/// Finds repeated movements: 16 bytes are kept per line, and more only for those that are repeated.
pub(super) fn repeated<'a>(input: &BalanceInputs<'a>) -> Repeated<'a> {
    let mut known = KeySet::default();
    let with_id = || in_order(input.activity).filter(|seen| !seen.line.log.is_none());
    let again: Vec<Seen<'a, ActivityLine>> = with_id().filter(|seen| !known.insert(seen.line.log)).collect();
    drop(known);
    if again.is_empty() {
        return Repeated::default();
    }
    let wanted: KeySet = again.iter().map(|seen| seen.line.log).collect();
    let mut firsts = KeyMap::<(Seen<'a, ActivityLine>, u32)>::default();
    for seen in with_id().filter(|seen| wanted.contains(&seen.line.log)) {
        firsts.entry(seen.line.log).or_insert((seen, 1));
    }
    let mut repeated = Repeated { at: again.iter().map(|seen| seen.at).collect(), ..Repeated::default() };
    for seen in again {
        if let Some((first, times)) = firsts.get_mut(&seen.line.log) {
            *times += 1;
            repeated.found.push((seen, *first, *times));
        }
    }
    repeated
}

impl<'a> Repeated<'a> {
    pub(super) fn contains(&self, seen: &Seen<'_, ActivityLine>) -> bool {
        !self.at.is_empty() && self.at.contains(&seen.at)
    }

    pub(super) fn lines(&self) -> impl Iterator<Item = &Seen<'a, ActivityLine>> {
        self.found.iter().map(|(seen, ..)| seen)
    }

    pub(super) fn findings(&self, input: &BalanceInputs<'_>) -> Vec<ProofFinding> {
        self.found.iter().map(|(seen, first, times)| finding(input, seen, first, *times)).collect()
    }
}

fn finding(
    input: &BalanceInputs<'_>,
    seen: &Seen<'_, ActivityLine>,
    first: &Seen<'_, ActivityLine>,
    times: u32,
) -> ProofFinding {
    let line = seen.line;
    let antom_id = (input.log_id)(line.place);
    let place = spot(&first.file.name, first.line.place.line);
    let mut explanation = format!(
        "movement `{antom_id}` of account `{}` stands in the activity again; the first is {place}; it is added once",
        input.symbols.text(line.account)
    );
    let differs =
        (first.line.account, first.line.currency, first.line.amount) != (line.account, line.currency, line.amount);
    if differs {
        explanation.push_str(&format!(
            "; the first says {} of account `{}`, this line {}",
            money(first.line.amount.into(), first.line.currency),
            input.symbols.text(first.line.account),
            money(line.amount.into(), line.currency)
        ));
    }
    ProofFinding {
        kind: DiscrepancyKind::DuplicateInReport,
        stage: Stage::Proof,
        antom_id,
        merchant: line.merchant,
        party: line.party,
        currency: Some(line.currency),
        expected: None,
        reported: Some(i128::from(line.amount)),
        place: Some(line.place),
        explanation,
        distinction: times.to_string(),
    }
}
