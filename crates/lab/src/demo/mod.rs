//! A business week for a person to watch: a world is made, Antom's servers start, the job runs day by day through its
//! own entry point, and its outputs are compared with what was injected.

mod antom;
mod by_hand;
mod tell;

use crate::audit::proofs::{Audited, audit_proofs};
use crate::audit::{Outputs, Verdict, audit, audit_outputs};
use crate::job::{self, Job};
use crate::world::expected::{Expected, Waiting};
use crate::world::layout::Layout;
use crate::world::plan::PROOFS;
use crate::world::style::Style;
use crate::world::{Plan, World};
use antom::Antom;
use anyhow::{Context as _, Result, ensure};
use chrono::NaiveDate;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

pub use antom::api_book;
pub use by_hand::serve;

/// What the demonstration is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// The world's seed.
    pub seed: u64,
    /// The folder to work in, which must be empty or not exist; `None` makes a new one for temporary files.
    pub dir: Option<PathBuf>,
    /// Honest payments per day.
    pub payments: u32,
    /// The layout of Antom's files.
    pub layout: Layout,
    /// How they are written.
    pub style: Style,
    /// Whether the outputs of the proofs are computed a second time and compared; a job of which only `discrepancies.csv` is of
    /// interest need not write them.
    pub proofs_again: bool,
}

impl Options {
    /// The week: where it has the faults of the proofs, the ledger books adjustments, so that one can be missing.
    #[must_use]
    pub fn plan(&self) -> Plan {
        Plan {
            payments: self.payments,
            layout: self.layout,
            style: self.style,
            book_adjustments: PROOFS,
            ..Plan::one_week(self.seed)
        }
    }
}

/// Makes the week, runs the job over it, tells what happened on `out`, and returns whether the job was right.
///
/// # Errors
///
/// If the folder cannot be used, a server cannot start, or the job ends with an exit code other than 0.
pub fn run(options: &Options, job: Job, out: &mut dyn Write) -> Result<bool> {
    let folder = job::folder(options.dir.as_deref(), "antom-recon-demo-")?;
    let world = World::generate(options.plan());
    world.write(&folder).with_context(|| format!("the world cannot be written to `{}`", folder.display()))?;
    tell::world(&world, out)?;
    let antom = Antom::start(&folder, &world.book)?;
    writeln!(out, "\nAntom answers at {}.", antom.addresses())?;
    let config = folder.join("antom-recon.toml");
    let text = configuration(&world.plan, &antom.config_sections());
    fs::write(&config, text).with_context(|| format!("`{}` cannot be written", config.display()))?;
    let outcome = reconcile((&world, options.proofs_again), &folder, &config, job, out);
    let (questions, writes) = (antom.questions(), antom.attempted_writes());
    antom.stop();
    let mut verdict = outcome?;
    let attempts = writes.iter().map(|path| format!("the job tried to write `{path}` on the SFTP server"));
    verdict.problems.extend(attempts);
    tell::result(&world, &verdict, questions, out)?;
    tell::next_steps(&folder, &world, &verdict, out)?;
    Ok(verdict.is_right())
}

/// The job's configuration for a world whose files lie in the same folder.
#[must_use]
pub fn configuration(plan: &Plan, antom: &str) -> String {
    format!(
        r#"# Made by `lab demo`. Relative paths start at this file's folder.

[merchant]
platform_merchant_id = "{platform}"

{antom}
[database]
url = "sqlite://antom-recon.db"

[ledger]
kind = "table"

[sub_merchants]
file = "sub-merchants.csv"

[matching]
settlement_due_days = {due}
pending_max_days = {pending}
splits = {splits}
adjustments = "{adjustments}"

[fees]
schedule = "fees.toml"

[output]
dir = "out"
{payout_types}{units}"#,
        platform = plan.platform,
        due = plan.settlement_due_days,
        pending = plan.pending_max_days,
        splits = plan.splits,
        adjustments = if plan.book_adjustments { "ledger" } else { "proved" },
        payout_types = if plan.style.detailed_activity { "\n[proof]\npayout_types = [\"PAYOUT\"]\n" } else { "" },
        units = if plan.style.minor_units { minor_units() } else { String::new() },
    )
}

/// The sections that say that all reports are in smallest units.
fn minor_units() -> String {
    let reports =
        ["transaction_details", "settlement_details", "settlement_summary", "account_activity", "daily_ending_balance"];
    reports.map(|report| format!("\n[reports.{report}]\namount_unit = \"minor\"\n")).concat()
}

/// Imports the ledger and runs every day. The days before the last must be quiet; the last one's verdict is returned, or, if
/// it is right and files are delivered again, that of its second run.
fn reconcile(
    (world, proofs_again): (&World, bool),
    folder: &Path,
    config: &Path,
    job: Job,
    out: &mut dyn Write,
) -> Result<Verdict> {
    let judge = |day, outputs: &Path, expected: &[Expected], waiting: &[Waiting]| {
        if proofs_again {
            judge(world, folder, day, outputs, expected, waiting)
        } else {
            audit(outputs, expected, waiting)
        }
    };
    let ledger = folder.join("ledger.csv");
    let code = job::run(job, &["ledger", "import", &ledger.to_string_lossy()], config, out)?;
    ensure!(code == 0, "`antom-recon ledger import` ended with exit code {code}");
    let last = world.plan.last_day();
    let mut run = |day: NaiveDate| {
        let date = day.to_string();
        let code = job::run(job, &["run", "--date", &date], config, out)?;
        ensure!(code == 0, "`antom-recon run --date {date}` ended with exit code {code}");
        Ok(folder.join("out").join(&world.plan.platform).join(&date))
    };
    for day in world.plan.all_days().into_iter().filter(|day| *day < last) {
        let verdict = judge(day, &run(day)?, &[], &[])?;
        ensure!(verdict.is_right(), "the run of {day} is not as it must be:\n{verdict}");
    }
    let verdict = judge(last, &run(last)?, &world.expected, &world.waiting)?;
    if world.later_files.is_empty() || !verdict.is_right() {
        return Ok(verdict);
    }
    world.write_later(folder).context("the second delivery cannot be written")?;
    judge(last, &run(last)?, &world.expected_later(), &world.waiting)
}

/// What one run must have listed, and what all proofs come to when they are computed a second time from Antom's files alone.
///
/// # Errors
///
/// If an output is missing, or a file of Antom's cannot be read.
pub fn judge(
    world: &World,
    folder: &Path,
    day: NaiveDate,
    outputs: &Path,
    expected: &[Expected],
    waiting: &[Waiting],
) -> Result<Verdict> {
    let mut verdict = audit_outputs(outputs, expected, waiting, Outputs::OfMatchingAndProofs)?;
    let days_before: Vec<NaiveDate> = world.plan.all_days().into_iter().filter(|other| *other < day).collect();
    let audited = Audited {
        remote: &folder.join("remote"),
        platform: &world.plan.platform,
        schedule: Some(&folder.join("fees.toml")),
        date: day,
        days_before: &days_before,
        payout_types: if world.plan.style.detailed_activity { &["PAYOUT"] } else { &[] },
        minor_units: world.plan.style.minor_units,
    };
    verdict.problems.extend(audit_proofs(&audited, outputs)?);
    Ok(verdict)
}
