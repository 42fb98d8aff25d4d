//! `antom-recon check`: report files alone, and what they say of each other.
//!
//! `gather` finds the files, `file` reads each, `prove` runs the proofs of each day, `tell` writes what was found.
#![allow(clippy::disallowed_types, clippy::disallowed_methods, reason = "the files of the command line are read here")]

mod file;
mod gather;
mod prove;
mod tell;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::path::PathBuf;

use anyhow::Context as _;

use super::severity;
use crate::calendar::BusinessDate;
use crate::config::Config;
use crate::discrepancy::{Describer, Names, Severity};
use crate::failure::{Failure, Kind, OrFail};
use crate::id::{KeyMaker, Symbols};
use crate::kind::DiscrepancyKind;
use crate::movement::ReportKind;
use crate::pipeline;
use crate::report::{drift, moved_only};
use file::{Findings, Reader};
use gather::Candidate;
use prove::{Allowances, Proved, Set};

/// Parse and prove report files alone: no ledger, no database
///
/// Takes files and folders, and runs every proof that the set allows: net = gross + fees line by line, fees against the
/// contract (with [fees] schedule), summaries against their own rows and against details, balances against activity, payouts
/// against summaries. The date of a file is that of its folder (yyyymmdd) or name.
///
/// What is found is no failure, so the exit code is 0. With --fail-on it is 1 if a finding has the severity that a run would give
/// it: FILE_INCOMPLETE or SCHEMA_DRIFT for a file that is refused, REJECTED_LINE and UNKNOWN_TYPE for lines, and the kinds of
/// the proofs.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Report files (CSV or XLSX), or folders of them
    #[arg(value_name = "PATH", required = true)]
    pub files: Vec<PathBuf>,
    /// Text for people, or JSON for machines
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t)]
    pub format: Format,
    /// End with exit code 1 if a finding has this severity or a higher one
    #[arg(long, value_name = "SEVERITY", value_parser = severity())]
    pub fail_on: Option<Severity>,
}

/// How findings are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Format {
    /// For people
    #[default]
    Text,
    /// For machines
    Json,
}

/// What was found in all files together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Outcome {
    /// Files that are no report, or none that is complete.
    pub refused: usize,
    /// Lines that could not be read.
    pub rejected: usize,
}

/// The date of files that have none: they are proved together, before all others.
const NO_DATE: BusinessDate = BusinessDate::new(chrono::NaiveDate::MIN);

/// What was found in a set of files.
#[derive(Default)]
struct Found {
    files: Vec<Findings>,
    days: Vec<Proved>,
    /// Files in folders that are no reports.
    skipped: Vec<PathBuf>,
}

/// Reads the files, proves what they say of each other, and writes what was found. A file that is refused is a finding, and the
/// others are read all the same.
///
/// # Errors
/// A failure of usage for a path that cannot be opened, before anything is written; [`Kind::Discrepancies`] for `--fail-on`; a
/// failure of writing.
pub fn run(args: &Args, config: &Config, out: &mut dyn Write) -> anyhow::Result<Outcome> {
    let gathered = gather::gather(&args.files, &pipeline::patterns(config)?)?;
    let found = pipeline::threads(config)?.install(|| check(gathered, config))?;
    match args.format {
        Format::Text => found.write_text(out),
        Format::Json => found.write_json(out),
    }
    .context("writing what was found")?;
    if let Some(level) = args.fail_on {
        let of_files = found.files.iter().flat_map(|file| &file.severities);
        let of_proofs = found.days.iter().flat_map(|day| &day.discrepancies).map(|row| &row.severity);
        let count = of_files.chain(of_proofs).filter(|severity| **severity >= level).count();
        if count > 0 {
            let sentence = format!("{count} findings of severity {level} or higher, see above");
            return Err(Failure::new(Kind::Discrepancies, sentence).into());
        }
    }
    Ok(Outcome {
        refused: found.files.iter().filter(|file| file.problem.is_some()).count(),
        rejected: found.files.iter().map(|file| file.rejected).sum(),
    })
}

/// Names the first file of the command line that is not there or no file.
pub(super) fn must_be_files(paths: &[PathBuf]) -> anyhow::Result<()> {
    for path in paths {
        let expected = || format!("`{}` cannot be opened; expected a report file", path.display());
        let metadata = File::open(path).and_then(|file| file.metadata()).or_fail(Kind::Usage, expected)?;
        if metadata.is_dir() {
            return Err(Failure::usage(format!("`{}` is a folder; expected a report file", path.display())).into());
        }
    }
    Ok(())
}

/// Reads and proves day by day.
fn check(gathered: gather::Gathered, config: &Config) -> anyhow::Result<Found> {
    let (rules, severity) = (pipeline::report_rules(config)?, pipeline::severity_rule(config)?);
    let (contract, proof, calendar) = (pipeline::contract(config)?, config.proof()?, pipeline::calendar(config)?);
    let schedule = contract.as_ref().map(|known| &known.schedule);
    let (symbols, names) = (Symbols::new(), Names::new(""));
    // Nothing is joined with anything outside, so the seed of the keys does not matter.
    let reader = Reader { rules: &rules, severity: &severity, keys: KeyMaker::new(0), symbols: &symbols };
    let mut found = Found { skipped: gathered.skipped.clone(), ..Found::default() };
    let gaps = gather::gaps(&gathered.files);
    found.files.extend(gaps.iter().map(|gap| gap.finding(&reader)));
    let mut set = Set::default();
    let mut headers = BTreeMap::<ReportKind, Vec<Vec<String>>>::new();
    let mut in_order = Vec::new();
    for files in gathered.files.chunk_by(|one, other| one.date == other.date) {
        let date = files[0].date.unwrap_or(NO_DATE);
        let row_rules = pipeline::row_rules(config, &symbols, schedule, &set.volumes)?;
        let mut todays = BTreeMap::<ReportKind, Vec<Vec<String>>>::new();
        for file in files {
            let (mut findings, read) = reader.read(file, set.next(), &row_rules);
            if file.date.is_none() && !gathered.one_date() {
                findings
                    .remarks
                    .push("neither its name nor its folder has a date: it is proved apart from the days".to_owned());
            }
            if let Some(read) = &read {
                let (kind, columns) = (read.report.kind(), read.report.layout().names().to_vec());
                compare_header(&mut findings, headers.get(&kind), &columns, &reader);
                todays.entry(kind).or_default().push(columns);
            }
            set.add(date, &file.name, read);
            in_order.push((file.position, findings));
        }
        headers.extend(todays);
        let of_day = gaps.iter().filter(|gap| gap.date == files[0].date);
        let broken_sets: Vec<(ReportKind, String)> = of_day.map(|gap| (gap.kind, gap.group.clone())).collect();
        let allow = Allowances {
            has_schedule: schedule.is_some(),
            payout_due_days: proof.payout_due_days,
            payout_types: &proof.payout_types,
            calendar: &calendar,
            broken_sets: &broken_sets,
        };
        let describer = Describer { names: &names, severity: &severity, today: date };
        found.days.push(set.prove(date, &symbols, &allow, &describer)?);
    }
    // Files are read day by day, and told as they were named.
    in_order.sort_by_key(|(position, _)| *position);
    found.files.extend(in_order.into_iter().map(|(_, findings)| findings));
    Ok(found)
}

/// Says how a header differs from those of the last day that has the report.
fn compare_header(findings: &mut Findings, before: Option<&Vec<Vec<String>>>, columns: &[String], reader: &Reader<'_>) {
    let Some(before) = before else { return };
    if let Some(change) = drift(before, columns) {
        findings.drift = Some(change.to_string());
        findings.severities.push(reader.severity.of(DiscrepancyKind::SchemaDrift, 0, None));
        return;
    }
    let moved = moved_only(before, columns);
    if !moved.is_empty() {
        findings.remarks.push(format!("columns stand elsewhere than before: `{}`", moved.join("`, `")));
    }
}

impl gather::Gap {
    /// A set that lacks parts, as a finding of its own.
    fn finding(&self, reader: &Reader<'_>) -> Findings {
        let numbers: Vec<String> = self.missing.iter().map(|part| format!("`{part:03}`")).collect();
        let problem = format!("lacks the parts {}; expected every number from `000` on", numbers.join(", "));
        let set = Candidate::of_set(&self.group, self.date);
        reader.of_problem(&set, problem, DiscrepancyKind::FileIncomplete)
    }
}
