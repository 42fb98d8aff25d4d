//! Decisions against what is open: the same row as decided on, and approved where much is at stake.

use std::collections::BTreeMap;

use super::file::{Handed, Problem};
use super::row::changed_since;
use super::standing::Standing;
use super::{Decision, DecisionKind};
use crate::calendar::BusinessDate;
use crate::discrepancy::Discrepancy;
use crate::id::DiscrepancyId;

/// Currencies have at most this many decimal places (ISO 4217).
const MAX_PLACES: usize = 4;

/// From which amount on a second person must approve what settles a discrepancy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApprovalRule {
    /// The smallest amount that demands approval, in smallest units, by the currency's number of places.
    pub from_minor: [u128; MAX_PLACES + 1],
}

impl ApprovalRule {
    /// The amount of a row that demands approval, in words: the ledger's, the report's or their difference, each in its own
    /// currency.
    #[must_use]
    pub fn demanded_by(&self, row: &Discrepancy) -> Option<String> {
        let ledger_currency = row.ledger_currency.or(row.currency);
        let amounts =
            [(row.delta(), row.currency), (row.report_amount, row.currency), (row.ledger_amount, ledger_currency)];
        let mut amounts = amounts.into_iter().filter_map(|(amount, currency)| amount.zip(currency));
        let large = amounts.find(|(amount, currency)| {
            let from = self.from_minor.get(usize::from(currency.places()));
            from.is_none_or(|from| amount.unsigned_abs() >= *from)
        });
        large.map(|(amount, currency)| format!("{} {currency}", currency.major(amount)))
    }
}

/// What decisions are held against.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    /// The business date of the newest run.
    pub run_on: BusinessDate,
    /// What is open after it, by id.
    pub open: &'a BTreeMap<&'a str, &'a Discrepancy>,
    /// What earlier decisions come to.
    pub standing: &'a BTreeMap<DiscrepancyId, Standing>,
    /// Who must approve what.
    pub approval: &'a ApprovalRule,
}

/// A decision that may be applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checked<'a> {
    /// The row of the file.
    pub handed: &'a Handed,
    /// Whether the newest run lists what it decides on; else the decision that it takes back tells.
    pub is_open: bool,
}

/// What becomes of the rows of a file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Verdict<'a> {
    /// What may be applied, in file order.
    pub checked: Vec<Checked<'a>>,
    /// How many rows say what stands already, or repeat an earlier row.
    pub unchanged: u64,
    /// What is wrong with the others, in file order. If there is one, nothing may be applied.
    pub problems: Vec<Problem>,
}

/// Holds decisions against what is known.
#[must_use]
pub fn check<'a>(handed: &'a [Handed], known: &Known<'_>) -> Verdict<'a> {
    let mut verdict = Verdict::default();
    let mut first = BTreeMap::<&DiscrepancyId, &Handed>::new();
    for row in handed {
        let id = &row.decision.discrepancy_id;
        if let Some(earlier) = first.get(id) {
            if earlier.decision == row.decision {
                verdict.unchanged += 1;
            } else {
                let line = earlier.line;
                let sentence = format!("`{id}` has another decision on line {line}; expected one per discrepancy");
                verdict.problems.push(Problem { line: row.line, sentence });
            }
            continue;
        }
        first.insert(id, row);
        if known
            .standing
            .get(id)
            .is_some_and(|standing| standing.says_already(&row.decision, known.open.get(id.as_str()).copied()))
        {
            verdict.unchanged += 1;
            continue;
        }
        match judge(row, known) {
            Ok(is_open) => verdict.checked.push(Checked { handed: row, is_open }),
            Err(sentence) => verdict.problems.push(Problem { line: row.line, sentence }),
        }
    }
    verdict
}

/// Whether the newest run lists what is decided on, or why it cannot be decided so.
fn judge(handed: &Handed, known: &Known<'_>) -> Result<bool, String> {
    let decision = &handed.decision;
    let id = &decision.discrepancy_id;
    let settled = known.standing.get(id).and_then(|standing| standing.settled.as_ref());
    let listed = known.open.get(id.as_str()).copied();
    let row = match (decision.kind, listed, settled) {
        (DecisionKind::Reopen, _, None) => {
            return Err(format!("`{id}` is not accepted or written off; nothing can be taken back"));
        }
        (DecisionKind::Reopen, None, Some(taken)) => &taken.row,
        (_, Some(row), _) => row,
        (_, None, Some(taken)) => {
            let (on, by) = (known.run_on, taken.cleared_by());
            return Err(format!("`{id}` is not open after the run of {on}: it was {by}; reopen it first"));
        }
        (_, None, None) => return Err(not_open(id, known.run_on)),
    };
    if let Some(change) = changed_since(&handed.said, row) {
        return Err(format!("`{id}` changed since: {change}; look at the newest file and decide again"));
    }
    refuse_without_approval(decision, row, known.approval)?;
    Ok(listed.is_some())
}

fn not_open(id: &DiscrepancyId, on: BusinessDate) -> String {
    format!("`{id}` is not open after the run of {on}; expected an id of the newest `discrepancies.csv`")
}

fn refuse_without_approval(decision: &Decision, row: &Discrepancy, rule: &ApprovalRule) -> Result<(), String> {
    let Some(amount) = decision.kind.settles().then(|| rule.demanded_by(row)).flatten() else { return Ok(()) };
    let Decision { discrepancy_id: id, kind, decided_by, approved_by, .. } = decision;
    if approved_by.is_empty() {
        return Err(format!("`{id}`: {kind} of {amount} must be approved; expected a name in `approved_by`"));
    }
    if approved_by.trim().to_lowercase() == decided_by.trim().to_lowercase() {
        return Err(format!(
            "`{id}`: {kind} of {amount} must be approved by somebody else; `approved_by` is `{approved_by}`, who decided"
        ));
    }
    Ok(())
}

#[cfg(test)]
#[path = "check_tests.rs"]
mod tests;
