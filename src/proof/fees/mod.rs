//! Fees against a contract: the rules of a schedule, what they charge, and what fees come to.
//!
//! A schedule is data of the core; reading one from a file belongs to the assembly. `exact` is the arithmetic of rates.

mod exact;
mod percent;
mod rule;
mod schedule;
#[cfg(test)]
pub(super) mod tests;
mod totals;
mod volumes;

pub use exact::Rounding;
pub(super) use exact::{power_of_ten, signed_mul_div};
pub use percent::Percent;
pub use rule::{DEFAULT_TYPES, Rule, Tier, TierVolume};
pub use schedule::{ChargedLine, Schedule, ScheduleError};
pub use totals::{FeeModel, FeeTotal, FeeTotalKey, FeeTotals};
pub(super) use volumes::{KnownMonths, TierVolumes, known_months};
pub use volumes::{VolumeKey, Volumes};
