//! `[proof]`, `[fees]` and `[decisions]`: what proofs allow for, the contract that fees are held against, who approves.

use std::path::PathBuf;

use super::Config;
use super::options::Proof;
use super::units::MajorAmount;
use crate::failure::Failure;

/// Smallest units of tolerance: more would hide what the formula is for.
const MAX_TOLERANCE: u32 = 1_000;

/// Business days until a payout: more than a quarter is a mistyped number.
const MAX_PAYOUT_DAYS: u32 = 66;

impl Config {
    /// `[proof]`
    ///
    /// # Errors
    /// See [`Config::merchant`].
    pub fn proof(&self) -> Result<Proof, Failure> {
        Ok(Proof {
            converted_tolerance: self.settings.number("proof", "converted_tolerance", 2, 0, MAX_TOLERANCE)?,
            payout_due_days: self.settings.number("proof", "payout_due_days", 0, 0, MAX_PAYOUT_DAYS)?,
            payout_types: self.settings.words("proof", "payout_types").unwrap_or_default(),
            fatal_control_totals: self.settings.flag("proof", "fatal_control_totals").unwrap_or(false),
        })
    }

    /// `[fees] schedule`: the file that holds the contract's fees; none if fees are not judged. It exists.
    ///
    /// # Errors
    /// See [`Config::merchant`].
    pub fn fee_schedule(&self) -> Result<Option<PathBuf>, Failure> {
        self.settings.existing_file("fees", "schedule", "the TOML or CSV file that holds the contract's fees")
    }

    /// `[decisions] approve_above`: above this amount a second person must approve what settles a discrepancy.
    ///
    /// # Errors
    /// See [`Config::merchant`].
    pub fn approve_above(&self) -> Result<MajorAmount, Failure> {
        let text = self.settings.text("decisions", "approve_above").unwrap_or("1000.00");
        let expected = "an amount in major units such as `\"1000.00\"`, not negative, with at most four decimals";
        MajorAmount::parse(text).ok_or_else(|| self.settings.wrong("decisions", "approve_above", expected))
    }
}
