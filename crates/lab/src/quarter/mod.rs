//! A quarter of business days, one after the other: the job runs day by day over a world in which reports come late, early, twice,
//! not at all or again with other content, and bookings are corrected; the auditor's books must agree with every run. Then
//! `verify` must find the trail whole, and any single byte that is changed.

pub(crate) mod course;
pub(crate) mod desk;
mod records;
mod tamper;
pub(crate) mod tell;

use crate::job;
use crate::world::layout::Layout;
use crate::world::quarter::{Bookkeeping, Quarter, QuarterPlan};
use anyhow::Result;
use course::Course;
use desk::Desk;
use std::io::Write;
use std::path::PathBuf;

pub use desk::{Program, Ran};

/// What a quarter is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// The same seed makes the same quarter.
    pub seed: u64,
    /// Business days.
    pub days: u32,
    /// Honest payments per day.
    pub payments: u32,
    /// The layout of Antom's files.
    pub layout: Layout,
    /// `lookback_days` of the job's configuration: a short one makes a short quarter outlive it.
    pub lookback: u32,
    /// What the ledger lets people correct: a CSV file anything, the built-in table not.
    pub bookkeeping: Bookkeeping,
    /// The address of the job's database, empty; `None` for an SQLite file.
    pub database: Option<String>,
    /// The folder to work in, which must be empty or not exist; `None` makes a new one for temporary files.
    pub dir: Option<PathBuf>,
    /// Whether each column of each record is changed once, in place of one column per kind of record.
    pub thorough: bool,
}

/// The file of the embedded database.
const SQLITE: &str = "sqlite://antom-recon.db";

/// Makes the quarter, runs the job over it day by day, tells what happened on `out`, and returns whether everything was right.
///
/// # Errors
///
/// If the folder or the database cannot be used, or a command ends with another exit code than it must.
pub fn run(options: &Options, program: Program<'_>, out: &mut dyn Write) -> Result<bool> {
    let folder = job::folder(options.dir.as_deref(), "antom-recon-quarter-")?;
    let Options { seed, days: business_days, payments, layout, bookkeeping, .. } = *options;
    let quarter = Quarter::generate(&QuarterPlan { seed, business_days, payments, layout, bookkeeping });
    writeln!(
        out,
        "{} business days from {} to {}: {} entries, {} files (layout {}), {} faults, {} corrections, {} restatements, {} \
         outages. Seed {seed}.\n",
        quarter.business_days,
        quarter.plan.first_day,
        quarter.plan.last_day(),
        quarter.first_entries().len(),
        quarter.editions[0].len(),
        layout.name(),
        quarter.faults,
        quarter.corrections.len(),
        quarter.special.restatements.len(),
        quarter.special.outages.len(),
    )?;
    let database = options.database.as_deref().unwrap_or(SQLITE);
    let desk = Desk::new(folder.clone(), &quarter.plan, (bookkeeping, options.lookback), database, program)?;
    let (desk, log) = Course::new(&quarter, desk)?.run()?;
    log.write(out)?;
    for problem in &log.problems {
        writeln!(out, "- {problem}")?;
    }
    writeln!(out, "\n{} runs compared, {} ended with exit code 3 as they must.", log.runs, log.refused)?;
    let unnoticed = tamper::tamper(&desk, database, options, out)?;
    let is_right = log.problems.is_empty() && unnoticed.is_empty();
    for problem in &unnoticed {
        writeln!(out, "- {problem}")?;
    }
    let place = folder.display();
    let verdict = if is_right { "Right: the books agree with every run" } else { "NOT RIGHT: see above" };
    writeln!(out, "\n{verdict}. The files are in {place}")?;
    Ok(is_right)
}
