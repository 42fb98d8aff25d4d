//! Proofs: lines and sums that must agree, so that every cent between the payment and the payout is explained.
//!
//! ```text
//!   rows       net = gross + signed fees, line by line, while details are parsed   (NET_FORMULA, FX_VARIANCE, FEE_CURRENCY)
//!   fees       what the contract asks for                                          (FEE_OVERCHARGED, FEE_UNDERCHARGED, …)
//!   sums       what the lines of a batch come to
//!   summary    a settlement summary's totals against its own rows                  (CONTROL_TOTAL)
//!   batches    details against summary, per batch, party and currency              (BATCH_TOTAL)
//!   balances   yesterday's balance + today's activity = today's balance            (BALANCE_ROLL)
//!   payouts    summary against what leaves the account                             (PAYOUT_MISSING, PAYOUT_AMOUNT)
//!   held       what stays in reserve and collateral
//!   finding    what any of them finds
//! ```

mod balances;
mod batches;
mod fees;
mod files;
#[cfg(test)]
mod files_table;
mod finding;
mod held;
mod payouts;
mod rows;
mod summary;
mod sums;

pub use balances::{AccountRow, BalanceInputs, BalanceProof, prove_balances};
pub use batches::{BatchInputs, BatchProof, BatchRow, prove_batches};
pub use fees::{
    ChargedLine, DEFAULT_TYPES, FeeModel, FeeTotal, FeeTotalKey, FeeTotals, Percent, Rounding, Rule, Schedule,
    ScheduleError, Tier, TierVolume, VolumeKey, Volumes,
};
pub use files::{DayStatement, Places, join_places};
pub use finding::{LineFinding, ProofFinding, Proved};
pub use held::{Held, HeldKind, HeldRow, held};
pub use payouts::{Outgoing, Payout, PayoutInputs, PayoutProof, prove_payouts};
pub use rows::{DEFAULT_TOLERANCE, LineSums, RowExaminer, RowNotes, RowProof, RowRules};
pub use summary::{ControlTotals, control_totals};
pub use sums::{BatchKey, BatchSum, BatchSums, TypeSum, merge_sums, sums_of_lines};
