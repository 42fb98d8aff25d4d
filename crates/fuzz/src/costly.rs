//! How often what is slow is looked at.

use crate::bytes::below;

/// When a target makes checks that take much longer than the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Costly {
    /// For every input: for the replay, which has few.
    Always,
    /// For one input of [`Costly::ONE_OF`], told by its bytes: for the fuzzer, which looks for many.
    Sampled,
}

impl Costly {
    /// Of how many inputs the fuzzer makes the checks for one.
    const ONE_OF: usize = 16;

    /// Whether the checks are due for the input with this choice, of which the bits from `shift` on are used.
    pub(crate) fn is_due(self, choice: u64, shift: u32) -> bool {
        self == Self::Always || below(choice, shift, Self::ONE_OF) == 0
    }
}
