//! How often a fault strikes.

/// How often a fault strikes before everything is right again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeat {
    /// The next so many times; `Times(0)` never.
    Times(u32),
    /// Until the faults are cleared.
    Always,
}

impl Repeat {
    /// The next time only.
    pub const ONCE: Self = Self::Times(1);

    /// Takes one strike; `false` when none is left.
    pub(crate) fn strike(&mut self) -> bool {
        match self {
            Self::Always => true,
            Self::Times(0) => false,
            Self::Times(left) => {
                *left -= 1;
                true
            }
        }
    }
}
