//! What a history of decisions comes to.

use std::collections::BTreeMap;

use super::row::change;
use super::{Decision, DecisionKind, Taken};
use crate::discrepancy::Discrepancy;
use crate::id::DiscrepancyId;

/// What stands of the decisions about a discrepancy.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Standing {
    /// The acceptance or writing off that was not taken back.
    pub settled: Option<Taken>,
    /// The taking back after which nothing settled it again.
    pub reopened: Option<Taken>,
    /// The last assignment or comment.
    pub note: Option<Taken>,
}

/// The decision that an open row shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// What was decided.
    pub kind: DecisionKind,
    /// Who decided.
    pub decided_by: String,
    /// Why, or who looks after it.
    pub reason: String,
}

/// What decisions do to a row of today.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect<'a> {
    /// It is no longer listed.
    Settled(&'a Taken),
    /// It was settled, and is not what was decided on: it is open again. Why, in words.
    Lapsed(String),
    /// It stays open.
    Open,
}

/// What stands of decisions that are given in the order in which they were taken, by discrepancy.
#[must_use]
pub fn standing(taken: impl IntoIterator<Item = Taken>) -> BTreeMap<DiscrepancyId, Standing> {
    let mut all = BTreeMap::<DiscrepancyId, Standing>::new();
    for one in taken {
        let of = all.entry(one.decision.discrepancy_id.clone()).or_default();
        match one.decision.kind {
            DecisionKind::Accept | DecisionKind::WriteOff => (of.settled, of.reopened) = (Some(one), None),
            DecisionKind::Reopen => (of.settled, of.reopened) = (None, Some(one)),
            DecisionKind::Assign | DecisionKind::Comment => of.note = Some(one),
        }
    }
    all
}

impl Standing {
    /// What becomes of the row.
    #[must_use]
    pub fn effect(&self, row: &Discrepancy) -> Effect<'_> {
        let Some(taken) = &self.settled else { return Effect::Open };
        let Some(change) = change(&taken.row, row) else { return Effect::Settled(taken) };
        let Decision { kind, decided_by, .. } = &taken.decision;
        Effect::Lapsed(format!("the decision {kind} of `{decided_by}` no longer stands: {change}"))
    }

    /// What an open row shows.
    #[must_use]
    pub fn shown(&self) -> Option<Shown> {
        let decision = &self.note.as_ref()?.decision;
        Some(Shown { kind: decision.kind, decided_by: decision.decided_by.clone(), reason: decision.told() })
    }

    /// Whether a decision says what stands already: that of an output that is handed back, or of a file in which more was filled
    /// in since. `open` is the row as it is listed now: if it is no longer what was decided on, it must be decided anew.
    #[must_use]
    pub fn says_already(&self, decision: &Decision, open: Option<&Discrepancy>) -> bool {
        let is_shown = |shown: Shown| {
            let same = (shown.kind, &shown.decided_by, &shown.reason);
            same == (decision.kind, &decision.decided_by, &decision.told())
        };
        let same = |taken: &Option<Taken>| taken.as_ref().is_some_and(|taken| taken.decision == *decision);
        let still_fits = |taken: &Taken| open.is_none_or(|row| change(&taken.row, row).is_none());
        let settled = same(&self.settled) && self.settled.as_ref().is_some_and(still_fits);
        settled || same(&self.reopened) || self.shown().is_some_and(is_shown)
    }
}
