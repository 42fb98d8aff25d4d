//! `antom-recon run`: the whole job.

use std::io::Write;

use anyhow::Context as _;

use super::{Dates, open_store, session, severity};
use crate::calendar::BusinessDate;
use crate::clock;
use crate::config::{Config, Flags};
use crate::discrepancy::Severity;
use crate::failure::{Failure, Kind};
use crate::pipeline::{self, OrKind, RunOptions, run_day};
use crate::store::Store;

/// Run the whole job for a business date, or for all that were missed: fetch, parse, prove, match, ask, write
///
/// Everything that Antom reports and everything that the ledger holds for the date ends in exactly one place: matched, in
/// transit, a discrepancy, excluded by a named rule, or rejected. The outputs appear in one step, in
/// <DIR>/<PLATFORM MERCHANT ID>/<DATE>/. The same date may be run again: the same inputs give the same bytes.
///
/// Without dates it catches up: it runs every date from the day after the last completed one to yesterday, oldest first; if there
/// is no completed one, yesterday alone. A last one whose outputs were never published, because its run was killed, is run anew
/// first. A range stops at the first date that is not ready, and goes on there the next time.
#[derive(Debug, clap::Args)]
#[command(
    override_usage = "antom-recon run [OPTIONS]\n       antom-recon run --date <DATE> [OPTIONS]\n       antom-recon run --from <DATE> --to <DATE> [OPTIONS]"
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
    /// What the process may take of memory, as `512 MiB` or `2 GB`; where it gets short, rows wait on the disk [default: seven eighths
    /// of what is free]
    #[arg(long, value_name = "SIZE")]
    pub memory_limit: Option<String>,
}

impl Args {
    /// What the flags say about keys of the configuration.
    #[must_use]
    pub fn flags(&self) -> Flags {
        Flags { threads: self.threads, memory_limit: self.memory_limit.clone() }
    }
}

/// Runs the job for every date, oldest first; the first failure ends it, except that discrepancies and missing answers are told
/// after the last date. Of several such verdicts the first counts, but one that a retry may heal comes before all others.
///
/// # Errors
/// See [`crate::failure`].
pub fn run(args: &Args, config: &Config, out: &mut dyn Write) -> anyhow::Result<()> {
    let today = config.cut_off()?.date_of(clock::now());
    let given = args.dates.given(today)?;
    pipeline::check(config)?;
    session(async {
        let store = open_store(config).await?;
        let dates = match given {
            Some(dates) => dates,
            None => missed(config, &store, today, out).await?,
        };
        let result = run_dates(args, config, &store, &dates, out).await;
        match pipeline::warnings(config, &store, today).await {
            Ok(sentences) => sentences.iter().for_each(|sentence| tracing::warn!("{sentence}")),
            Err(error) => tracing::warn!("whether files are about to be deleted at the source is not known: {error:#}"),
        }
        store.close().await;
        result
    })
}

/// The dates that nobody asked for: what was missed since the last completed date, and that date itself if its run was killed before its
/// outputs were published. If that is nothing, it says so.
async fn missed(
    config: &Config,
    store: &Store,
    today: BusinessDate,
    out: &mut dyn Write,
) -> anyhow::Result<Vec<BusinessDate>> {
    let merchant = config.merchant()?.platform_merchant_id;
    let yesterday = today.minus_days(1);
    // A date that somebody ran ahead of time says nothing about those before it.
    let last = match store.completed_range(&merchant).await.or_kind()? {
        Some((first, last)) if last > yesterday => {
            store.completed_dates(&merchant, first, yesterday).await.or_kind()?.pop()
        }
        range => range.map(|(_, last)| last),
    };
    let mut dates = Dates::missed(last, today)?;
    let unpublished = pipeline::unpublished(config, store).await?;
    dates.splice(0..0, last.filter(|last| unpublished.contains(last)));
    if let (Some(last), true) = (last, dates.is_empty()) {
        writeln!(out, "nothing to run: {last} is complete, and {today} has not ended; `--date` runs a date anew")?;
    }
    Ok(dates)
}

/// Runs the dates in their order.
async fn run_dates(
    args: &Args,
    config: &Config,
    store: &Store,
    dates: &[BusinessDate],
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let options = RunOptions {
        allow_missing: args.allow_missing,
        require_answers: args.require_answers,
        fail_on: args.fail_on,
        without_memory: args.without_memory,
    };
    let mut verdicts = Vec::new();
    for (at, &date) in dates.iter().enumerate() {
        let of_date = || format!("business date {date}");
        let day = match run_day(config, store, date, options).await.with_context(of_date) {
            Ok(day) => day,
            Err(error) if Failure::of(&error) == Kind::NotReady => {
                return Err(with_later_dates(error, config, store, &dates[at + 1..]).await);
            }
            Err(error) => return Err(error),
        };
        out.write_all(day.page().as_bytes())?;
        verdicts.extend(day.verdict.map(|failure| anyhow::Error::from(failure).context(of_date())));
    }
    let first_of = |unreachable: bool| {
        verdicts.iter().position(|verdict| (Failure::of(verdict) == Kind::Unreachable) == unreachable)
    };
    first_of(true).or_else(|| first_of(false)).map_or(Ok(()), |at| Err(verdicts.swap_remove(at)))
}

/// A date that is not ready ends a range, for the later dates rest on it; what is missing on these is said along with it.
async fn with_later_dates(
    error: anyhow::Error,
    config: &Config,
    store: &Store,
    later: &[BusinessDate],
) -> anyhow::Error {
    if later.is_empty() {
        return error;
    }
    match pipeline::missing_on(config, store, later).await {
        Ok(missing) if missing.is_empty() => error,
        Ok(missing) => {
            let sentence = format!("{error:#}; missing on later dates as well: {}", missing.join("; "));
            Failure::new(Kind::NotReady, sentence).into()
        }
        Err(why) => {
            tracing::warn!("what is missing on later dates is not known: {why:#}");
            error
        }
    }
}
