//! What a claim of Antom's means for a discrepancy.

use crate::discrepancy::{Answer, Discrepancy, DiscrepancyKind};
use crate::money::Currency;
use crate::movement::{EntryType, Status};

/// What ends in the answer columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The contract's word.
    pub answer: Answer,
    /// Antom's word for the state, or its result code; empty if it gave none.
    pub status: String,
    /// Antom's amount, signed like the ledger.
    pub amount: Option<i128>,
    /// Its currency.
    pub currency: Option<Currency>,
    /// What the columns cannot say, for the explanation; empty if they say all.
    pub note: String,
}

impl Verdict {
    /// No trustworthy answer, and why.
    #[must_use]
    pub fn unavailable(note: impl Into<String>) -> Self {
        Self { answer: Answer::Unavailable, status: String::new(), amount: None, currency: None, note: note.into() }
    }
}

/// What Antom says about the movement of a discrepancy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Claim {
    /// Antom's word, as answered.
    pub(super) word: String,
    /// What it means for the movement; none for a word that is not known.
    pub(super) state: Option<Status>,
    /// Signed like the ledger; none if Antom does not say.
    pub(super) amount: Option<(i128, Currency)>,
    /// For the explanation.
    pub(super) note: String,
}

/// The state behind a word of Antom's (table 4.4 of the fact sheet) or of the ledger.
pub(super) fn state_of(word: &str) -> Option<Status> {
    match word {
        "SUCCESS" => Some(Status::Success),
        "FAIL" | "FAILED" => Some(Status::Failed),
        "CANCELLED" => Some(Status::Cancelled),
        "PROCESSING" | "PENDING" => Some(Status::Pending),
        _ => None,
    }
}

/// Judges a claim. A state that is not known, or a success without an amount where amounts are in dispute, decides nothing.
pub(super) fn judge(row: &Discrepancy, claim: Claim) -> Verdict {
    use DiscrepancyKind::*;
    let answer = match claim.state {
        None => {
            let note = format!("Antom's state `{}` is not known to this program", claim.word.escape_debug());
            return Verdict { status: claim.word, ..Verdict::unavailable(note) };
        }
        Some(Status::Pending) => Answer::Pending,
        Some(state) => match row.kind {
            StatusMismatch => by_status(row, state, &claim),
            CurrencyMismatch | AmountMismatch if state == Status::Success && claim.amount.is_none() => {
                return Verdict { status: claim.word, ..Verdict::unavailable("Antom's answer has no amount") };
            }
            CurrencyMismatch | AmountMismatch | SplitMismatch => by_amount(row, state, &claim),
            _ => by_existence(row, state, &claim),
        },
    };
    let (amount, currency) = claim.amount.unzip();
    Verdict { answer, status: claim.word, amount, currency, note: claim.note }
}

/// The sides of a discrepancy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Of {
    Ledger,
    Report,
}

impl Of {
    const fn confirmed(self) -> Answer {
        match self {
            Self::Ledger => Answer::ConfirmsLedger,
            Self::Report => Answer::ConfirmsReport,
        }
    }

    const fn other(self) -> Self {
        match self {
            Self::Ledger => Self::Report,
            Self::Report => Self::Ledger,
        }
    }

    fn amount(self, row: &Discrepancy) -> Option<(i128, Currency)> {
        match self {
            Self::Ledger => row.ledger_amount.zip(row.ledger_currency.or(row.currency)),
            Self::Report => row.report_amount.zip(row.currency),
        }
    }

    /// Whether the side has the movement with the amount that Antom claims. An amount that Antom does not give contradicts
    /// nothing; nor does the zero of a cancel or void that moved no money.
    fn agrees(self, row: &Discrepancy, claim: &Claim) -> bool {
        match (self.amount(row), claim.amount) {
            (None, _) => false,
            (Some(_), None) => true,
            (Some((0, _)), Some(_)) if matches!(row.typed, Some(EntryType::Cancel | EntryType::Void)) => true,
            (Some(side), Some(claimed)) => side == claimed,
        }
    }
}

/// One side has the movement and the other lacks it, or settlement has what transaction details lack.
fn by_existence(row: &Discrepancy, state: Status, claim: &Claim) -> Answer {
    use DiscrepancyKind::*;
    // The side whose movement is in question.
    let claimant = match row.kind {
        MissingInReport | NotSettled => Of::Ledger,
        _ => Of::Report,
    };
    if state == Status::Success {
        let agreeing = [claimant, claimant.other()].into_iter().find(|side| side.agrees(row, claim));
        return agreeing.map_or(Answer::ContradictsBoth, Of::confirmed);
    }
    // It failed or was cancelled: the side without the movement is right.
    match (Of::Ledger.amount(row), Of::Report.amount(row)) {
        (Some(_), None) => Answer::ConfirmsReport,
        (None, Some(_)) => Answer::ConfirmsLedger,
        (Some(_), Some(_)) if row.kind == NotSettled => Answer::ConfirmsReport,
        (Some(_), Some(_)) => Answer::ContradictsBoth,
        (None, None) => claimant.other().confirmed(),
    }
}

/// Both sides have the movement, for different amounts: if it did not happen, neither is right.
fn by_amount(row: &Discrepancy, state: Status, claim: &Claim) -> Answer {
    let equal = |side: Of| state == Status::Success && side.amount(row) == claim.amount;
    let confirmed = [Of::Ledger, Of::Report].into_iter().find(|&side| equal(side));
    confirmed.map_or(Answer::ContradictsBoth, Of::confirmed)
}

/// The sides have different states: the one with Antom's word is right, else the one that agrees whether money moved.
fn by_status(row: &Discrepancy, state: Status, claim: &Claim) -> Answer {
    let sides = [(Of::Ledger, ledger_state(row)), (Of::Report, report_state(row))];
    let agrees = |side: Of| state != Status::Success || side.amount(row).is_none() || side.agrees(row, claim);
    let same_word = |found: Option<Status>| found == Some(state);
    let same_effect = |found: Option<Status>| {
        let moved = |state: Status| state == Status::Success;
        found.is_some_and(|found| found != Status::Pending && moved(found) == moved(state))
    };
    let pick = |fits: &dyn Fn(Option<Status>) -> bool| {
        sides.iter().find(|(side, found)| fits(*found) && agrees(*side)).map(|(side, _)| side.confirmed())
    };
    pick(&same_word).or_else(|| pick(&same_effect)).unwrap_or(Answer::ContradictsBoth)
}

/// An entry that is not there did not happen.
fn ledger_state(row: &Discrepancy) -> Option<Status> {
    if row.ledger_status.is_empty() { Some(Status::Failed) } else { state_of(&row.ledger_status) }
}

/// A line that is not there did not happen; a line without a status is a success (fact sheet, 9.1).
fn report_state(row: &Discrepancy) -> Option<Status> {
    let is_there = row.report_line.is_some() || !row.report_file.is_empty() || row.report_amount.is_some();
    match row.report_status.as_str() {
        "" if is_there => Some(Status::Success),
        "" => Some(Status::Failed),
        word => state_of(word),
    }
}
