//! A large day against the clock: N lines in transaction details, N in settlement details and N ledger entries, run
//! through the job's own entry point in this process, with the counts checked.

mod day;
mod memory;
mod profile;
mod template;
mod timings;

use crate::audit::Table;
use crate::job::{self, Job};
use crate::print::{Sheet, thousands};
use anyhow::{Context as _, Result, ensure};
use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;

pub use day::Sprinkled;
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

/// Generates the day, runs the job over it, checks the counts and prints a table of the stages on `out`. Returns
/// whether the counts were right.
///
/// # Errors
///
/// If the folder cannot be used, or the job ends with an exit code other than 0.
pub fn run(options: &Options, job: Job, out: &mut dyn Write) -> Result<bool> {
    let folder = job::folder(options.dir.as_deref(), "antom-recon-bench-")?;
    let outcome = measured(&folder, options, job, out);
    if options.keep {
        writeln!(out, "\nThe files are in {}", folder.display())?;
    } else {
        // The folder was empty or new, so all of it is the bench's.
        fs::remove_dir_all(&folder).with_context(|| format!("`{}` cannot be removed", folder.display()))?;
    }
    outcome
}

fn measured(folder: &Path, options: &Options, job: Job, out: &mut dyn Write) -> Result<bool> {
    let started = Instant::now();
    let days = day::days(options.days.max(1));
    let made = day::write(folder, &days, options)?;
    let config = folder.join("antom-recon.toml");
    fs::write(&config, configuration(options))?;
    writeln!(
        out,
        "{} lines a side{} on {} days, {} MB of reports and ledger, made in {} s",
        thousands(options.rows),
        if options.shares { ", with shares," } else { "" },
        days.len(),
        thousands(made.bytes / 1_000_000),
        seconds(started.elapsed())
    )?;
    if options.database.is_some() {
        import(folder, made.entries, (job, &config), out)?;
    }
    let threads = options.threads.map(|threads| threads.to_string());
    let run = |date: &str, more: &[&str], out: &mut dyn Write| {
        let flags = [("--threads", &threads), ("--memory-limit", &options.memory_limit)];
        let flags = flags.iter().flat_map(|(flag, value)| value.iter().flat_map(|value| [*flag, value.as_str()]));
        let words: Vec<&str> = ["run", "--date", date].into_iter().chain(flags).chain(more.iter().copied()).collect();
        job::run(job, &words, &config, out)
    };
    for day in &days[..days.len() - 1] {
        let code = run(&day.to_string(), &[], &mut std::io::sink())?;
        ensure!(code == 0, "`antom-recon run` of {day} ended with exit code {code}");
    }
    let last = day::DATE.to_string();
    let peak_is_ours = memory::reset_peak();
    let (started, used) = (Instant::now(), Processor::used());
    let code = run(&last, if options.without_memory { &["--without-memory"] } else { &[] }, out)?;
    let elapsed = started.elapsed();
    let processor = Processor::used().zip(used).map(|(after, before)| after.since(before));
    let peak = memory::peak_bytes();
    ensure!(code == 0, "`antom-recon run` ended with exit code {code}");
    let outputs = folder.join("out").join(day::PLATFORM).join(&last);
    let bytes = profile::Bytes {
        reports: made.report_bytes / days.len() as u64,
        ledger: if options.database.is_none() { made.bytes - made.report_bytes } else { 0 },
    };
    let total = Total { lines: made.lines / days.len() as u64, bytes, elapsed, processor, peak, peak_is_ours };
    profile::write(&outputs, &total, out)?;
    compare(&outputs, &made.sprinkled, out)
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

/// Counts per kind against what was sprinkled.
fn compare(outputs: &Path, sprinkled: &Sprinkled, out: &mut dyn Write) -> Result<bool> {
    let rows = Table::read(&outputs.join("discrepancies.csv"))?;
    let mut found: BTreeMap<String, u64> = BTreeMap::new();
    for row in 0..rows.len() {
        *found.entry(rows.cell(row, "kind").to_owned()).or_default() += 1;
    }
    let mut sheet = Sheet::new(&["kind", ">made", ">found", ""]);
    let mut right = true;
    for (kind, made) in sprinkled.counts() {
        let count = found.remove(kind).unwrap_or(0);
        right &= count == made;
        let mark = if count == made { "" } else { "WRONG" };
        sheet.row([kind.to_owned(), thousands(made), thousands(count), mark.to_owned()]);
    }
    for (kind, count) in found {
        right = false;
        sheet.row([kind, "0".to_owned(), thousands(count), "WRONG".to_owned()]);
    }
    writeln!(out)?;
    sheet.write(out)?;
    Ok(right)
}
