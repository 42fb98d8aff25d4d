//! What is noted of the lines of a block, and how the notes of blocks are put together.

use crate::id::Symbol;

use super::charges::{Charge, Choices, WithoutVolume};
use super::finding::RowFinding;
use super::keyed::Keyed;
use super::sums::{Alike, AlikeKey};

/// What was noted of the lines of a block, without text: it grows with the number of findings, not of lines; what lines come to is
/// added up in the examiner. Lines of an acquirer whose fees fit only with the opposite sign are kept too, some 300 bytes each,
/// until the file's end decides.
#[derive(Debug, Default)]
pub struct RowNotes {
    /// What is wrong whatever else the file says.
    pub(super) findings: Vec<RowFinding>,
    /// What depends on the sign of an acquirer's fees.
    pub(super) open: Vec<OpenFinding>,
    /// Lines with fees that fit one way only, per acquirer.
    pub(super) signs: Vec<(Symbol, SignCount)>,
    /// Tiers that could not be chosen.
    pub(super) without_volume: WithoutVolume,
    /// Whether there was a line of a movement.
    pub(super) saw_movements: bool,
    /// What the lines of the block are added to, until it is finished.
    pub(super) memory: Option<Box<Memory>>,
}

/// What is added up of the lines of one block after the other.
#[derive(Debug, Default)]
pub(super) struct Memory {
    /// What lines come to.
    pub(super) sums: Keyed<AlikeKey, Alike>,
    /// The rules that lines follow, so that each is looked for once.
    pub(super) choices: Choices,
    /// The fees of the line at hand; kept for its memory only.
    pub(super) charges: Vec<Charge>,
}

/// How many lines say what of an acquirer's sign: Hundsun's samples have charges as positive fees
/// (page `autodebitpay/settlementsummary`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct SignCount {
    /// Lines that fit only as written.
    pub(super) written: u64,
    /// Lines that fit only with the opposite sign.
    pub(super) turned: u64,
}

impl SignCount {
    /// Whether the acquirer's fees are read with the opposite sign.
    pub(super) const fn is_turned(self) -> bool {
        self.turned > 0 && self.written == 0
    }
}

/// A line that reads differently with the opposite sign.
#[derive(Debug)]
pub(super) struct OpenFinding {
    pub(super) acquirer: Symbol,
    pub(super) as_written: Option<Box<RowFinding>>,
    pub(super) turned: Option<Box<RowFinding>>,
}

impl RowNotes {
    /// What is known of an acquirer's sign.
    pub(super) fn sign(&mut self, acquirer: Symbol) -> &mut SignCount {
        let at = self.signs.iter().position(|(known, _)| *known == acquirer).unwrap_or_else(|| {
            self.signs.push((acquirer, SignCount::default()));
            self.signs.len() - 1
        });
        &mut self.signs[at].1
    }

    /// Whether an acquirer's fees are read with the opposite sign, once all lines are known.
    pub(super) fn is_turned(&self, acquirer: Symbol) -> bool {
        self.signs.iter().any(|(known, sign)| *known == acquirer && sign.is_turned())
    }

    /// Puts the notes of the next lines behind these, but for their sums.
    pub(super) fn append(&mut self, mut next: Self) {
        self.findings.append(&mut next.findings);
        self.open.append(&mut next.open);
        for (acquirer, sign) in next.signs {
            let known = self.sign(acquirer);
            known.written += sign.written;
            known.turned += sign.turned;
        }
        self.without_volume.append(&mut next.without_volume);
        self.saw_movements |= next.saw_movements;
    }
}
