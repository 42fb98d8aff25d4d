//! What people decide about discrepancies.
//!
//! `file` reads what they hand in, `check` holds it against what is open now, `row` tells whether a row still says what it said
//! when it was decided on, `standing` tells what a history of decisions comes to. A decision is never changed: a later one takes
//! its place.

mod check;
mod file;
mod row;
mod standing;

use crate::calendar::{BusinessDate, Instant};
use crate::discrepancy::Discrepancy;
use crate::id::DiscrepancyId;
use crate::movement::closed_words;
use std::fmt;

pub use check::{ApprovalRule, Checked, Known, Verdict, check};
pub use file::{FileError, Handed, Problem, Sheet, read};
pub use row::{Change, ROW_COLUMNS, Said, changed_since, row_digest};
pub use standing::{Effect, Shown, Standing, standing};

closed_words! {
    /// What was decided.
    DecisionKind {
        /// It is right as it is.
        Accept = "accept",
        /// It is wrong, and the loss or gain is taken.
        WriteOff = "write_off",
        /// What was accepted or written off is open again.
        Reopen = "reopen",
        /// Somebody looks after it; it stays open.
        Assign = "assign",
        /// A remark; it stays open.
        Comment = "comment",
    }
}

impl DecisionKind {
    /// Whether the discrepancy is no longer listed.
    #[must_use]
    pub const fn settles(self) -> bool {
        matches!(self, Self::Accept | Self::WriteOff)
    }

    /// The kind that a person wrote: in any case, with a blank or a hyphen in `write_off`.
    #[must_use]
    pub fn from_cell(text: &str) -> Option<Self> {
        Self::parse(&text.trim().to_ascii_lowercase().replace([' ', '-'], "_"))
    }
}

/// One decision. Texts are trimmed; what was not given is empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// What it is about.
    pub discrepancy_id: DiscrepancyId,
    /// What was decided.
    pub kind: DecisionKind,
    /// Who decided.
    pub decided_by: String,
    /// Who approved.
    pub approved_by: String,
    /// Who looks after it, for [`DecisionKind::Assign`].
    pub assigned_to: String,
    /// Why.
    pub reason: String,
}

impl Decision {
    /// The reason, led by whom the discrepancy is assigned to.
    #[must_use]
    pub fn told(&self) -> String {
        match (self.assigned_to.as_str(), self.reason.as_str()) {
            ("", reason) => reason.to_owned(),
            (name, "") => name.to_owned(),
            (name, reason) => format!("{name}: {reason}"),
        }
    }
}

/// A decision that was applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// The decision.
    pub decision: Decision,
    /// The business date of the newest run when it was taken: it holds for runs of this date and later ones.
    pub decided_on: BusinessDate,
    /// When it was applied.
    pub decided_at: Instant,
    /// SHA-256 of the file that it came in, in hexadecimal.
    pub file_sha256: String,
    /// The physical line in that file (header = 1).
    pub line: u64,
    /// The row as it was decided on.
    pub row: Discrepancy,
}

impl Taken {
    /// What `cleared.csv` says of a discrepancy that this decision settled.
    #[must_use]
    pub fn cleared_by(&self) -> String {
        let Decision { kind, decided_by, reason, .. } = &self.decision;
        let verb = if *kind == DecisionKind::WriteOff { "written off" } else { "accepted" };
        format!("{verb} by `{decided_by}`: {reason}")
    }
}
