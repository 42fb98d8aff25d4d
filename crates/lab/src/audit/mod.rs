//! Whether the job reported exactly what was wrong: its output folder is read with a plain CSV reader and compared with
//! what the world injected.
//!
//! Apart from the expected rows, the outputs must be sound in themselves: columns in the contract's order, words from
//! its closed lists, exact amounts with the currency's own places, `delta` as defined, sorted rows, unique ids, no cell
//! that a spreadsheet would take for a formula, and control totals in which every item is counted once.

pub mod books;
mod compare;
mod conservation;
mod exact;
mod form;
pub mod proofs;
mod table;

use crate::world::expected::{Expected, Waiting};
use anyhow::Result;
use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

pub use table::Table;

/// What was found out about one output folder.
#[derive(Debug, Clone)]
pub struct Verdict {
    /// `discrepancies.csv`.
    pub rows: Table,
    /// For each expected row, the index of the row in the file that answers it.
    pub found: Vec<Option<usize>>,
    /// Everything that is not as it must be, one sentence each; empty when the job is right.
    pub problems: Vec<String>,
}

/// Rows of one kind in one currency.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct KindTotal {
    /// How many rows.
    pub count: u64,
    /// The sum of `delta`, in millionths of the major unit.
    pub delta_micros: i128,
}

impl Verdict {
    /// Whether nothing is missing, unexpected or wrong.
    #[must_use]
    pub fn is_right(&self) -> bool {
        self.problems.is_empty()
    }

    /// Rows and sums of `delta` per kind, in the contract's order, and currency.
    #[must_use]
    pub fn totals(&self) -> Vec<(String, String, KindTotal)> {
        let mut totals: BTreeMap<(Option<usize>, String, String), KindTotal> = BTreeMap::new();
        for row in 0..self.rows.len() {
            let kind = self.rows.cell(row, "kind");
            let key = (form::precedence(kind), kind.to_owned(), self.rows.cell(row, "currency").to_owned());
            let total = totals.entry(key).or_default();
            total.count += 1;
            total.delta_micros += exact::micros(self.rows.cell(row, "delta")).unwrap_or(0);
        }
        totals.into_iter().map(|((_, kind, currency), total)| (kind, currency, total)).collect()
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_right() {
            return write!(out, "{} discrepancies, exactly those that were injected", self.rows.len());
        }
        for problem in &self.problems {
            writeln!(out, "- {problem}")?;
        }
        Ok(())
    }
}

/// Which outputs a run must have written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outputs {
    /// Those of matching.
    OfMatching,
    /// Those of matching and of proofs: `balances.csv` and `fees.csv` as well.
    OfMatchingAndProofs,
}

/// Compares the outputs of one run in `folder` with what it must have reported: [`audit_outputs`] of matching alone.
///
/// # Errors
///
/// If an output of the contract is missing or is no CSV file.
pub fn audit(folder: &Path, expected: &[Expected], waiting: &[Waiting]) -> Result<Verdict> {
    audit_outputs(folder, expected, waiting, Outputs::OfMatching)
}

/// Compares the outputs of one run in `folder` with what it must have reported.
///
/// `waiting` are items that `in_transit.csv` must have; it may have others.
///
/// # Errors
///
/// If one of the `outputs` is missing or is no CSV file.
pub fn audit_outputs(folder: &Path, expected: &[Expected], waiting: &[Waiting], outputs: Outputs) -> Result<Verdict> {
    let rows = Table::read(&folder.join("discrepancies.csv"))?;
    let in_transit = Table::read(&folder.join("in_transit.csv"))?;
    let mut problems = Vec::new();
    let found = compare::compare(&rows, expected, &mut problems);
    compare::waiting(&rows, &in_transit, waiting, &mut problems);
    form::discrepancies(&rows, &mut problems);
    form::columns(&in_transit, &form::IN_TRANSIT, "in_transit.csv", &mut problems);
    conservation::prove(&Table::read(&folder.join("control_totals.csv"))?, &mut problems);
    for name in form::OUTPUTS {
        form::no_formulas(&Table::read(&folder.join(name))?, name, &mut problems);
    }
    if outputs == Outputs::OfMatchingAndProofs {
        form::batches(&Table::read(&folder.join("settlement_batches.csv"))?, &mut problems);
        let (balances, fees) = (Table::read(&folder.join("balances.csv"))?, Table::read(&folder.join("fees.csv"))?);
        form::balances(&balances, &mut problems);
        form::fees(&fees, &mut problems);
        form::no_formulas(&balances, "balances.csv", &mut problems);
        form::no_formulas(&fees, "fees.csv", &mut problems);
    }
    Ok(Verdict { rows, found, problems })
}

/// An exact sum of `delta` cells for people: without trailing zeros beyond two places.
#[must_use]
pub fn micros_text(micros: i128) -> String {
    exact::text(micros)
}
