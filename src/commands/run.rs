//! `antom-recon run`: the whole job.

use std::io::Write;

use anyhow::Context as _;

use super::{Dates, open_store, session, severity};
use crate::clock;
use crate::config::{Config, Flags};
use crate::discrepancy::Severity;
use crate::failure::{Failure, Kind};
use crate::pipeline::{self, RunOptions, run_day};

/// Run the whole job for a business date: fetch, parse, prove, match, ask, write
///
/// Everything that Antom reports and everything that the ledger holds for the date ends in exactly one place: matched, in
/// transit, a discrepancy, excluded by a named rule, or rejected. The outputs appear in one step, in
/// <DIR>/<PLATFORM MERCHANT ID>/<DATE>/. The same date may be run again: the same inputs give the same bytes.
#[derive(Debug, clap::Args)]
#[command(
    override_usage = "antom-recon run --date <DATE> [OPTIONS]\n       antom-recon run --from <DATE> --to <DATE> [OPTIONS]"
)]
pub struct Args {
    /// Which dates.
    #[command(flatten)]
    pub dates: Dates,
    /// Go on without an expected report: it becomes a FILE_MISSING discrepancy instead of exit code 3
    #[arg(long)]
    pub allow_missing: bool,
    /// End with exit code 1 if a discrepancy has this severity or a higher one
    #[arg(long, value_name = "SEVERITY", value_parser = severity())]
    pub fail_on: Option<Severity>,
    /// End with exit code 4 if there were questions and Antom's API answered none of them
    #[arg(long)]
    pub require_answers: bool,
    /// Read the reports of the whole lookback again, and not what earlier runs remember of them; the outputs are the same
    #[arg(long)]
    pub without_memory: bool,
    /// Threads that parse and match [default: one per core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
}

impl Args {
    /// What the flags say about keys of the configuration.
    #[must_use]
    pub fn flags(&self) -> Flags {
        Flags { threads: self.threads }
    }
}

/// Runs the job for every date, oldest first; the first failure ends it, except that discrepancies and missing answers are told
/// after the last date. Of several such verdicts the first counts, but one that a retry may heal comes before all others.
///
/// # Errors
/// See [`crate::failure`].
pub fn run(args: &Args, config: &Config, out: &mut dyn Write) -> anyhow::Result<()> {
    let today = config.cut_off()?.date_of(clock::now());
    let dates = args.dates.all(today)?;
    pipeline::check(config)?;
    let options = RunOptions {
        allow_missing: args.allow_missing,
        require_answers: args.require_answers,
        fail_on: args.fail_on,
        without_memory: args.without_memory,
    };
    session(async {
        let store = open_store(config).await?;
        let mut verdicts = Vec::new();
        for date in dates {
            let of_date = || format!("business date {date}");
            let day = run_day(config, &store, date, options).await.with_context(of_date)?;
            out.write_all(day.page().as_bytes())?;
            verdicts.extend(day.verdict.map(|failure| anyhow::Error::from(failure).context(of_date())));
        }
        store.close().await;
        let first_of = |unreachable: bool| {
            verdicts.iter().position(|verdict| (Failure::of(verdict) == Kind::Unreachable) == unreachable)
        };
        first_of(true).or_else(|| first_of(false)).map_or(Ok(()), |at| Err(verdicts.swap_remove(at)))
    })
}
