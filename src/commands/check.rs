//! `antom-recon check`: report files alone.
#![allow(clippy::disallowed_types, clippy::disallowed_methods, reason = "the files of the command line are read here")]

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::Serialize;

use super::severity;
use crate::discrepancy::{DiscrepancyKind, Severity, SeverityRule};
use crate::failure::{Failure, Kind, OrFail};
use crate::id::{KeyMaker, Symbols};
use crate::money::{Currency, Tally};
use crate::report::{ParsedReport, ReportError, ReportRules, detect_kind, entry_type, parse_report};

/// Parse and prove report files alone: no ledger, no database
///
/// What is found is no failure, so the exit code is 0. With --fail-on it is 1 if a finding has the severity that a run would give
/// it: FILE_INCOMPLETE or SCHEMA_DRIFT for a file that is refused, REJECTED_LINE and UNKNOWN_TYPE for lines.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Report files
    #[arg(value_name = "FILE", required = true)]
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

/// How many rejects per file are listed for people; machines get them all.
const LISTED_REJECTS: usize = 20;

/// What was found in one file. The names are those of the JSON form, and stable.
#[derive(Debug, Serialize)]
struct Findings {
    file: String,
    /// Why the file is refused; then the rest is empty.
    problem: Option<String>,
    kind: Option<&'static str>,
    layout: Option<&'static str>,
    /// What `transactionId` names: `own`, or `payment` for every type.
    id_rule: Option<&'static str>,
    complete: bool,
    lines: usize,
    rejected: usize,
    totals: Vec<Total>,
    rejects: Vec<Rejected>,
    unknown_columns: Vec<String>,
    /// Types as written for which no rule knows the ledger's word.
    unknown_types: Vec<String>,
    remarks: Vec<String>,
    /// How severe a run would find each thing that is wrong.
    #[serde(skip)]
    severities: Vec<Severity>,
}

/// A control total, in major units of its currency.
#[derive(Debug, Serialize)]
struct Total {
    #[serde(rename = "type")]
    raw_type: String,
    currency: String,
    count: u64,
    debit: String,
    credit: String,
}

#[derive(Debug, Serialize)]
struct Rejected {
    line: u32,
    column: String,
    reason: String,
}

/// Reads each file and writes what was found. A file that is refused is a finding, and the others are read all the same.
///
/// # Errors
/// A failure of usage for a file that cannot be opened, before anything is written; [`Kind::Discrepancies`] for `--fail-on`; a
/// failure of writing.
pub fn run(args: &Args, rules: &ReportRules, severity: &SeverityRule, out: &mut dyn Write) -> anyhow::Result<()> {
    must_be_files(&args.files)?;
    let findings: Vec<Findings> = args.files.iter().map(|path| check_file(path, rules, severity)).collect();
    match args.format {
        Format::Text => findings.iter().try_for_each(|found| found.write_text(out)),
        Format::Json => write_json(&findings, out),
    }
    .context("writing what was found")?;
    let Some(level) = args.fail_on else { return Ok(()) };
    let count = findings.iter().flat_map(|found| &found.severities).filter(|severity| **severity >= level).count();
    if count == 0 {
        return Ok(());
    }
    Err(Failure::new(Kind::Discrepancies, format!("{count} findings of severity {level} or higher, see above")).into())
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

fn write_json(findings: &[Findings], out: &mut dyn Write) -> io::Result<()> {
    #[derive(Serialize)]
    struct Document<'a> {
        files: &'a [Findings],
    }
    serde_json::to_writer_pretty(&mut *out, &Document { files: findings })?;
    writeln!(out)
}

fn check_file(path: &Path, rules: &ReportRules, severity: &SeverityRule) -> Findings {
    match read_report(path, 0, rules, &Symbols::new()) {
        Ok(report) => Findings::of_report(path, report, severity),
        Err(error) => {
            let is_schema = error.downcast_ref::<ReportError>().is_some_and(ReportError::is_schema);
            let kind = if is_schema { DiscrepancyKind::SchemaDrift } else { DiscrepancyKind::FileIncomplete };
            Findings::of_problem(path, format!("{error:#}"), severity.of(kind, 0, None))
        }
    }
}

/// Reads a report whose kind its header tells.
pub(super) fn read_report(
    path: &Path,
    file: u32,
    rules: &ReportRules,
    symbols: &Symbols,
) -> anyhow::Result<ParsedReport> {
    let kind = detect_kind(File::open(path)?, rules)?;
    // Nothing is joined here, so the seed of the keys does not matter.
    Ok(parse_report(File::open(path)?, file, kind, &rules.of(kind), KeyMaker::new(0), symbols)?)
}

impl Findings {
    fn of_problem(path: &Path, problem: String, severity: Severity) -> Self {
        Self {
            file: path.display().to_string(),
            problem: Some(problem),
            kind: None,
            layout: None,
            id_rule: None,
            complete: false,
            lines: 0,
            rejected: 0,
            totals: Vec::new(),
            rejects: Vec::new(),
            unknown_columns: Vec::new(),
            unknown_types: Vec::new(),
            remarks: Vec::new(),
            severities: vec![severity],
        }
    }

    fn of_report(path: &Path, report: ParsedReport, severity: &SeverityRule) -> Self {
        let of_rejects = report.rejects.iter().map(|_| severity.of(DiscrepancyKind::RejectedLine, 0, None));
        let unknown = report.lines.iter().filter(|line| line.entry_type.is_none());
        let of_unknown = unknown.map(|line| {
            severity.of(DiscrepancyKind::UnknownType, line.amount.unsigned_abs().into(), Some(line.currency))
        });
        let severities = of_rejects.chain(of_unknown).collect();
        let total = |((raw_type, currency), tally): (&(String, Currency), &Tally)| Total {
            raw_type: raw_type.clone(),
            currency: currency.to_string(),
            count: tally.count,
            debit: currency.major(tally.debit).to_string(),
            credit: currency.major(tally.credit).to_string(),
        };
        let types = report.totals.keys().map(|(raw_type, _)| raw_type);
        let unknown_types: BTreeSet<String> =
            types.filter(|word| entry_type(word.as_bytes()).is_none()).cloned().collect();
        Self {
            file: path.display().to_string(),
            problem: None,
            kind: Some(report.kind.as_str()),
            layout: Some(report.layout.generation().as_str()),
            id_rule: Some(if report.layout.has_new_ids() { "payment" } else { "own" }),
            complete: true,
            lines: report.lines.len(),
            rejected: report.rejects.len(),
            totals: report.totals.iter().map(total).collect(),
            rejects: (report.rejects.into_iter())
                .map(|reject| Rejected { line: reject.place.line, column: reject.column, reason: reject.reason })
                .collect(),
            unknown_columns: report.unknown_columns,
            unknown_types: unknown_types.into_iter().collect(),
            remarks: report.remarks,
            severities,
        }
    }

    fn write_text(&self, out: &mut dyn Write) -> io::Result<()> {
        if let Some(problem) = &self.problem {
            return writeln!(out, "{}\n  refused: {problem}\n", self.file);
        }
        writeln!(out, "{}", self.file)?;
        let (kind, layout) = (self.kind.unwrap_or_default(), self.layout.unwrap_or_default());
        let lines = if self.lines == 1 { "line" } else { "lines" };
        writeln!(out, "  {kind}, {layout} layout, complete: {} {lines}, {} rejected", self.lines, self.rejected)?;
        self.write_totals(out)?;
        for reject in self.rejects.iter().take(LISTED_REJECTS) {
            let column = if reject.column.is_empty() { String::new() } else { format!(" `{}`", reject.column) };
            writeln!(out, "  rejected: line {}{column}: {}", reject.line, reject.reason)?;
        }
        if self.rejects.len() > LISTED_REJECTS {
            let more = self.rejects.len() - LISTED_REJECTS;
            writeln!(out, "  rejected: {more} more; `--format json` lists all")?;
        }
        if !self.unknown_columns.is_empty() {
            writeln!(out, "  unknown columns: `{}`", self.unknown_columns.join("`, `"))?;
        }
        if !self.unknown_types.is_empty() {
            writeln!(out, "  unknown types: `{}`", self.unknown_types.join("`, `"))?;
        }
        for remark in &self.remarks {
            writeln!(out, "  remark: {remark}")?;
        }
        writeln!(out)
    }

    fn write_totals(&self, out: &mut dyn Write) -> io::Result<()> {
        if self.totals.is_empty() {
            return Ok(());
        }
        let head = ["type", "currency", "count", "debit", "credit"].map(str::to_owned);
        let rows = self.totals.iter().map(|total| {
            let Total { raw_type, currency, count, debit, credit } = total;
            [raw_type.clone(), currency.clone(), count.to_string(), debit.clone(), credit.clone()]
        });
        let rows: Vec<[String; 5]> = std::iter::once(head).chain(rows).collect();
        let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let [w0, w1, w2, w3, w4] = [0, 1, 2, 3, 4].map(width);
        for [raw_type, currency, count, debit, credit] in &rows {
            writeln!(out, "  {raw_type:w0$}  {currency:w1$}  {count:>w2$}  {debit:>w3$}  {credit:>w4$}")?;
        }
        Ok(())
    }
}
