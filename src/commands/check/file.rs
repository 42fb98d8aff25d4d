//! One file: what it holds, and what is wrong with it alone.

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::{io, path::Path};

use serde::Serialize;

use super::gather::Candidate;
use crate::discrepancy::{DiscrepancyKind, Severity, SeverityRule};
use crate::fetch::{LocalReport, Unread};
use crate::id::{KeyMaker, Symbols};
use crate::kind::DiscrepancyKind::{FileIncomplete, RejectedLine, SchemaDrift, UnknownType};
use crate::money::{Currency, Tally};
use crate::movement::ReportKind;
use crate::pipeline::{damaged, ignored_sheets};
use crate::proof::{RowProof, RowRules};
use crate::report::{
    AnyReport, Layout, ParsedReport, ReportError, ReportRules, detect_kind, entry_type, parse_any, parse_settlement,
};

/// How many rejects per file are listed for people; machines get them all.
const LISTED_REJECTS: usize = 20;

/// What was found in one file. The names are those of the JSON form, and stable.
#[derive(Debug, Default, Serialize)]
pub(super) struct Findings {
    pub(super) file: String,
    /// The date of its name or folder.
    pub(super) date: Option<String>,
    /// Why the file is refused; then the rest is empty.
    pub(super) problem: Option<String>,
    pub(super) kind: Option<&'static str>,
    layout: Option<&'static str>,
    /// What `transactionId` names: `own`, or `payment` for every type; none in reports without transactions.
    id_rule: Option<&'static str>,
    complete: bool,
    pub(super) lines: usize,
    pub(super) rejected: usize,
    totals: Vec<Total>,
    rejects: Vec<Rejected>,
    unknown_columns: Vec<String>,
    /// Types as written for which no rule knows the ledger's word.
    unknown_types: Vec<String>,
    /// How its header differs from that of the file of its kind before it.
    pub(super) drift: Option<String>,
    pub(super) remarks: Vec<String>,
    /// How severe a run would find each thing that is wrong.
    #[serde(skip)]
    pub(super) severities: Vec<Severity>,
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

/// A file that was read.
pub(super) struct Read {
    pub(super) report: AnyReport,
    /// What settlement lines prove, line by line.
    pub(super) rows: Option<RowProof>,
    /// Its text, to read lines again.
    pub(super) text: File,
}

/// What files are read with.
pub(super) struct Reader<'a> {
    pub(super) rules: &'a ReportRules,
    pub(super) severity: &'a SeverityRule,
    pub(super) keys: KeyMaker,
    pub(super) symbols: &'a Symbols,
}

impl Reader<'_> {
    /// Reads one file whose kind its header tells. `number` is the index of the file in the set.
    pub(super) fn read(&self, file: &Candidate, number: u32, rows: &RowRules<'_>) -> (Findings, Option<Read>) {
        match self.parse(&file.path, number, rows, file) {
            Ok(read) => (self.of_report(file, &read.report), Some(read)),
            Err(problem) => (self.of_problem(file, problem.text, problem.kind), None),
        }
    }

    fn parse(&self, path: &Path, number: u32, rows: &RowRules<'_>, file: &Candidate) -> Result<Read, Problem> {
        let LocalReport { csv: mut text, converted } = LocalReport::open(path)?;
        let kind = detect_kind(&text, self.rules)?;
        text.seek(SeekFrom::Start(0)).map_err(|error| Problem::unreadable(path, &error))?;
        let mut options = self.rules.of(kind);
        options.damaged = damaged(converted.as_ref().map_or(&[], |known| &known.lossy));
        let (mut report, rows) = if kind == ReportKind::SettlementDetails {
            let on = file.date.unwrap_or(super::NO_DATE);
            let examiner = |layout: &Layout| rows.for_file(on, &layout.fee_kinds());
            let (report, examiner, notes) =
                parse_settlement(&text, number, &options, self.keys, self.symbols, examiner)?;
            (AnyReport::Details(report), Some(examiner.finish(notes).0))
        } else {
            (parse_any(&text, number, kind, &options, self.keys, self.symbols)?, None)
        };
        let ignored = ignored_sheets(converted.as_ref().map_or(&[], |known| &known.ignored_sheets));
        report.remarks_mut().extend(ignored);
        report.remarks_mut().extend(rows.iter().flat_map(|rows: &RowProof| rows.remarks.iter().cloned()));
        Ok(Read { report, rows, text })
    }

    /// A file, or a set of parts, that is refused.
    pub(super) fn of_problem(&self, file: &Candidate, problem: String, kind: DiscrepancyKind) -> Findings {
        Findings {
            file: file.path.display().to_string(),
            date: file.date.map(|date| date.to_string()),
            problem: Some(problem),
            severities: vec![self.severity.of(kind, 0, None)],
            ..Findings::default()
        }
    }

    fn of_report(&self, file: &Candidate, report: &AnyReport) -> Findings {
        let rejects = report.rejects();
        let mut findings = Findings {
            file: file.path.display().to_string(),
            date: file.date.map(|date| date.to_string()),
            kind: Some(report.kind().as_str()),
            layout: Some(report.layout().generation().as_str()),
            complete: true,
            lines: report.lines(),
            rejected: rejects.len(),
            totals: totals(report, self.symbols),
            unknown_columns: report.unknown_columns().to_vec(),
            remarks: report.remarks().to_vec(),
            severities: rejects.iter().map(|_| self.severity.of(RejectedLine, 0, None)).collect(),
            ..Findings::default()
        };
        findings.rejects = rejects
            .iter()
            .map(|reject| Rejected {
                line: reject.place.line,
                column: reject.column.clone(),
                reason: reject.reason.clone(),
            })
            .collect();
        if let AnyReport::Details(details) = report {
            findings.of_details(details, self.severity);
        }
        findings
    }
}

/// Why a file is refused, and what a run would call it.
struct Problem {
    text: String,
    kind: DiscrepancyKind,
}

impl Problem {
    fn unreadable(path: &Path, error: &io::Error) -> Self {
        Self { text: format!("`{}` cannot be read: {error}", path.display()), kind: FileIncomplete }
    }
}

impl From<ReportError> for Problem {
    fn from(error: ReportError) -> Self {
        let kind = if error.is_schema() { SchemaDrift } else { FileIncomplete };
        Self { text: error.to_string(), kind }
    }
}

impl From<Unread> for Problem {
    fn from(error: Unread) -> Self {
        Self { text: error.to_string(), kind: FileIncomplete }
    }
}

/// Totals of a report's lines: per type, direction or nothing, and currency.
fn totals(report: &AnyReport, symbols: &Symbols) -> Vec<Total> {
    let mut sums = std::collections::BTreeMap::<(String, Currency), Tally>::new();
    let mut add = |of: String, currency, amount| sums.entry((of, currency)).or_default().add(amount);
    match report {
        AnyReport::Details(details) => sums.clone_from(&details.totals),
        AnyReport::Summary(summary) => {
            for line in &summary.lines {
                let of = symbols.text(line.raw_type);
                add(if of.is_empty() { "SUMMARY".to_owned() } else { of }, line.currency, line.net);
            }
        }
        AnyReport::Activity(activity) => {
            for line in &activity.lines {
                add(if line.out { "OUT" } else { "IN" }.to_owned(), line.currency, line.amount);
            }
        }
        AnyReport::Balances(balances) => {
            for line in &balances.lines {
                add("BALANCE".to_owned(), line.currency, line.balance);
            }
        }
    }
    let total = |((raw_type, currency), tally): ((String, Currency), Tally)| Total {
        raw_type,
        currency: currency.to_string(),
        count: tally.count,
        debit: currency.major(tally.debit).to_string(),
        credit: currency.major(tally.credit).to_string(),
    };
    sums.into_iter().map(total).collect()
}

impl Findings {
    fn of_details(&mut self, report: &ParsedReport, severity: &SeverityRule) {
        self.id_rule = Some(if report.layout.has_new_ids() { "payment" } else { "own" });
        let types = report.totals.keys().map(|(raw_type, _)| raw_type);
        let unknown: std::collections::BTreeSet<&String> =
            types.filter(|word| entry_type(word.as_bytes()).is_none()).collect();
        self.unknown_types = unknown.into_iter().cloned().collect();
        let of_unknown = report.lines.iter().filter(|line| line.entry_type.is_none());
        self.severities.extend(
            of_unknown.map(|line| severity.of(UnknownType, line.amount.unsigned_abs().into(), Some(line.currency))),
        );
    }

    pub(super) fn write_text(&self, out: &mut dyn Write) -> io::Result<()> {
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
        if let Some(drift) = &self.drift {
            writeln!(out, "  another header: {drift}")?;
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
