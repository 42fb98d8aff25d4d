//! A large day against the clock: N lines in transaction details, N in settlement details and N ledger entries, run
//! through the job's own entry point in this process, with the counts checked.

mod check;
mod day;
mod fate;
mod lines;
mod memory;
mod profile;
mod template;
mod timings;

use crate::job::{self, Job};
use crate::print::thousands;
use anyhow::{Context as _, Result, ensure};
use chrono::NaiveDate;
use std::ffi::OsString;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use memory::Processor;
use profile::{Total, rate, seconds};

/// What the bench is to be.
#[derive(Debug, Clone, PartialEq, Eq, clap::Args)]
pub struct Options {
    /// Lines in transaction details, in settlement details, and entries in the ledger
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(1..=99_999_999))]
    pub rows: u64,
    /// Threads for the job [default: all cores]
    #[arg(long)]
    pub threads: Option<u16>,
    /// The folder to work in [default: a new one for temporary files, removed afterwards]
    #[arg(long)]
    pub dir: Option<PathBuf>,
    /// Keep the files
    #[arg(long)]
    pub keep: bool,
    /// Import the ledger into this database, and record the run there: `sqlite://` and a path, or `postgres://…`, empty
    #[arg(long, value_name = "URL")]
    pub database: Option<String>,
    /// Leave settlement details out, so that every payment waits
    #[arg(long)]
    pub unsettled: bool,
    /// Settle each day's payments on the next day; the day before the measured one is made and run first
    #[arg(long, conflicts_with = "unsettled")]
    pub next_day: bool,
    /// Book a share for each settled line, and compare them
    #[arg(long, conflicts_with = "unsettled")]
    pub shares: bool,
    /// Make this many days; the last one is measured, and looks back over the others
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=35))]
    pub days: u32,
    /// Let the measured run read the reports of the days before it again
    #[arg(long)]
    pub without_memory: bool,
    /// What the job may take of memory, as `512 MiB` [default: as much as there is]
    #[arg(long, value_name = "SIZE")]
    pub memory_limit: Option<String>,
}

/// The job in two ways.
#[derive(Clone, Copy)]
pub struct Jobs<'j> {
    /// In this process, whose memory and processor time are measured.
    pub here: Job,
    /// These words as a process of its own, for the days before: what they leave in memory is not the measured run's.
    pub apart: &'j dyn Fn(&[OsString]) -> Result<Command>,
}

/// Generates the day, runs the job over it, checks the counts and prints a table of the stages on `out`. Returns
/// whether the counts were right.
///
/// # Errors
///
/// If the folder cannot be used, or the job ends with an exit code other than 0.
pub fn run(options: &Options, jobs: Jobs<'_>, out: &mut dyn Write) -> Result<bool> {
    let folder = job::folder(options.dir.as_deref(), "antom-recon-bench-")?;
    let outcome = measured(&folder, options, jobs, out);
    if options.keep {
        writeln!(out, "\nThe files are in {}", folder.display())?;
    } else {
        // The folder was empty or new, so all of it is the bench's.
        fs::remove_dir_all(&folder).with_context(|| format!("`{}` cannot be removed", folder.display()))?;
    }
    outcome
}

fn measured(folder: &Path, options: &Options, jobs: Jobs<'_>, out: &mut dyn Write) -> Result<bool> {
    let started = Instant::now();
    let days = fate::days(options);
    let made = day::write(folder, &days, options)?;
    let config = folder.join("antom-recon.toml");
    fs::write(&config, configuration(options))?;
    writeln!(
        out,
        "{} lines a side{}{}{} on {} days, {} MB of reports and ledger, made in {} s",
        thousands(options.rows),
        if options.shares { ", with shares" } else { "" },
        if options.next_day { ", settled on the next day" } else { "" },
        if options.shares || options.next_day { "," } else { "" },
        days.len(),
        thousands((made.reports.bytes + made.ledger.bytes) / 1_000_000),
        seconds(started.elapsed())
    )?;
    if options.database.is_some() {
        import(folder, made.ledger.lines, (jobs.here, &config), out)?;
    }
    for day in &days[..days.len() - 1] {
        run_before(day.date, options, (jobs, &config), out)?;
    }
    let total = Total {
        lines: made.last_reports.lines + made.last_entries,
        bytes: profile::Bytes {
            reports: made.last_reports.bytes,
            ledger: if options.database.is_none() { made.ledger.bytes } else { 0 },
        },
        ran: run_measured(options, (jobs.here, &config), out)?,
    };
    let outputs = folder.join("out").join(day::PLATFORM).join(fate::DATE.to_string());
    profile::write(&outputs, &total, out)?;
    check::compare(&outputs, &made.expected, out)
}

/// The words for the run of a day.
fn words(date: NaiveDate, options: &Options) -> Vec<String> {
    let threads = options.threads.map(|threads| threads.to_string());
    let flags = [("--threads", threads), ("--memory-limit", options.memory_limit.clone())];
    let flags = flags.into_iter().filter_map(|(flag, value)| Some([flag.to_owned(), value?])).flatten();
    ["run".to_owned(), "--date".to_owned(), date.to_string()].into_iter().chain(flags).collect()
}

/// Runs a day before the measured one, without its page.
fn run_before(
    date: NaiveDate,
    options: &Options,
    (jobs, config): (Jobs<'_>, &Path),
    out: &mut dyn Write,
) -> Result<()> {
    let started = Instant::now();
    let mut words: Vec<OsString> = words(date, options).into_iter().map(OsString::from).collect();
    words.extend(["--config".into(), config.into()]);
    let status = (jobs.apart)(&words)?.stdin(Stdio::null()).stdout(Stdio::null()).status();
    let status = status.context("the job cannot be started")?;
    ensure!(status.success(), "`antom-recon run` of {date} ended with {status}");
    writeln!(out, "{date} was run before in {} s", seconds(started.elapsed()))?;
    Ok(())
}

/// Runs the last day, and tells what it took.
fn run_measured(options: &Options, (job, config): (Job, &Path), out: &mut dyn Write) -> Result<profile::Ran> {
    let mut words = words(fate::DATE, options);
    if options.without_memory {
        words.push("--without-memory".to_owned());
    }
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let peak_is_ours = memory::reset_peak();
    let (started, used) = (Instant::now(), Processor::used());
    let code = job::run(job, &words, config, out)?;
    let elapsed = started.elapsed();
    let processor = Processor::used().zip(used).map(|(after, before)| after.since(before));
    let peak = memory::peak_bytes();
    ensure!(code == 0, "`antom-recon run` ended with exit code {code}");
    Ok(profile::Ran { elapsed, processor, peak, peak_is_ours })
}

/// Imports the ledger and tells what it took.
fn import(folder: &Path, rows: u64, (job, config): (Job, &Path), out: &mut dyn Write) -> Result<()> {
    let ledger = folder.join("ledger.csv");
    let ledger = ledger.to_str().context("the folder's name is not UTF-8")?;
    let started = Instant::now();
    let code = job::run(job, &["ledger", "import", ledger], config, out)?;
    let elapsed = started.elapsed();
    ensure!(code == 0, "`antom-recon ledger import` ended with exit code {code}");
    let micros = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX);
    writeln!(out, "imported in {} s, {} entries/s", seconds(elapsed), rate(rows, micros))?;
    Ok(())
}

/// The configuration with its ledger in a database's table, or in the file; shares are compared unless it says otherwise.
fn configuration(options: &Options) -> String {
    let mut text = CONFIGURATION.to_owned();
    if let Some(url) = &options.database {
        text =
            text.replace("sqlite://bench.db", url).replace("kind = \"csv\"\npath = \"ledger.csv\"", "kind = \"table\"");
    }
    if options.shares { text.replace(WITHOUT_SHARES, "") } else { text }
}

/// What the configuration says where the ledger books no shares.
const WITHOUT_SHARES: &str = "[matching]\nsplits = false\n\n";

/// Everything but the join is switched off or small: no network, no shares, the embedded database.
const CONFIGURATION: &str = r#"[merchant]
platform_merchant_id = "2188120000000001"

[source]
kind = "directory"
path = "remote"

[database]
url = "sqlite://bench.db"

[ledger]
kind = "csv"
path = "ledger.csv"

[requery]
enabled = false

[matching]
splits = false

[output]
dir = "out"
"#;
