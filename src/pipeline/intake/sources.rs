//! Which archived files a run reads, and reading them.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

use crate::calendar::BusinessDate;
use crate::failure::{Failure, Kind};
use crate::fetch::names::Format;
use crate::fetch::{self, Digest, FetchedFile, Unread};
use crate::matching::DayReport;
use crate::matching::agreed::Marker;
use crate::memory::Meaning;
use crate::movement::ReportKind;
use crate::progress::Progress;
use crate::proof::{DayStatement, RowRules, merge_sums};
use crate::records::SplitError;
use crate::report::{
    Damage, Layout, ParsedReport, ReportError, ReportOptions, ReportRules, Run, Statement, parse_activity,
    parse_balances, parse_details, parse_summary,
};

use crate::workbook::{Loss, LossyCell};

use super::keeping::Keeping;
use super::{InputFile, Reports};
use crate::pipeline::folds::{OrKind, fetch_failure};
use crate::pipeline::marks::Marks;
use crate::pipeline::recall::{self, Remembered};
use crate::pipeline::{Job, options};

/// A file to parse.
pub(super) struct Source {
    pub(super) kind: ReportKind,
    pub(super) date: BusinessDate,
    pub(super) name: String,
    pub(super) digest: Digest,
    pub(super) size: u64,
    pub(super) format: Format,
    /// Whether this run has hashed the archived bytes.
    pub(super) is_known: bool,
}

impl From<&FetchedFile> for Source {
    fn from(file: &FetchedFile) -> Self {
        let FetchedFile { kind, date, digest, size, format, is_known, .. } = *file;
        Self { kind, date, name: file.name.clone(), digest, size, format, is_known }
    }
}

/// A file that cannot be read as its report, and why.
pub(super) struct Refused {
    pub(super) kind: ReportKind,
    pub(super) name: String,
    pub(super) problem: Problem,
}

/// Why a file as a whole is refused.
#[derive(Debug, thiserror::Error)]
pub(super) enum Problem {
    /// Its text.
    #[error(transparent)]
    Report(#[from] ReportError),
    /// The workbook around it.
    #[error(transparent)]
    Workbook(#[from] crate::workbook::WorkbookError),
}

impl Problem {
    /// Whether its columns are not those of the report.
    pub(super) const fn is_schema(&self) -> bool {
        matches!(self, Self::Report(error) if error.is_schema())
    }
}

/// What is read of earlier days.
pub(super) struct Lookback<'a> {
    /// The first date whose details and summaries are read.
    pub(super) window_start: BusinessDate,
    /// Earlier dates on which something is open.
    pub(super) older: &'a BTreeSet<BusinessDate>,
    /// The first date whose activity may still show a payout that is due.
    pub(super) activity_from: BusinessDate,
}

impl Lookback<'_> {
    fn wants(&self, kind: ReportKind, date: BusinessDate, today: BusinessDate) -> bool {
        match kind {
            ReportKind::AccountActivity => date >= self.activity_from,
            ReportKind::DailyEndingBalance => date == today.minus_days(1),
            _ => true,
        }
    }
}

/// The files of the earlier runs that the window reaches, and of the older dates on which something is open: what was in force
/// in each date's newest revision.
pub(super) async fn earlier(
    job: &Job<'_>,
    lookback: &Lookback<'_>,
    reports: &mut Reports,
) -> anyhow::Result<Vec<Source>> {
    let merchant = job.merchant.as_str();
    let mut sources = Vec::new();
    let (window_start, older) = (lookback.window_start, lookback.older);
    let first = older.first().copied().unwrap_or(window_start).min(window_start);
    let dates = job.store.completed_dates(merchant, first, job.today.minus_days(1)).await.or_kind()?;
    for date in dates.into_iter().filter(|date| *date >= window_start || older.contains(date)) {
        reports.scope.insert(date);
        let mut has_transactions = false;
        for file in job.store.files_of(merchant, date).await.or_kind()? {
            let Some(kind) = ReportKind::parse(&file.kind) else { continue };
            has_transactions |= kind == ReportKind::TransactionDetails;
            if kind == ReportKind::DailyEndingBalance && date < job.today.minus_days(1) {
                reports.last_balances = reports.last_balances.max(Some(date));
            }
            if !lookback.wants(kind, date, job.today) {
                continue;
            }
            let digest = file.sha256.parse().map_err(|error: fetch::DigestError| {
                Failure::new(Kind::Integrity, format!("the run of {date} names `{}` under {error}", file.path))
            })?;
            let format = Format::of(&file.name);
            sources.push(Source { kind, date, name: file.name, digest, size: file.size, format, is_known: false });
        }
        if !has_transactions {
            reports.missing.insert(date);
        }
    }
    Ok(sources)
}

/// Parses in order; a file of the day that cannot be read as its report is refused and given back.
pub(super) fn parse_sources(
    job: &Job<'_>,
    sources: &[Source],
    (row_rules, marker, marks): (&RowRules<'_>, Marker<'_>, &mut Marks),
    reports: &mut Reports,
) -> anyhow::Result<Vec<Refused>> {
    let (archive, rules) = (options::archive(job.config)?, options::report_rules(job.config)?);
    let mut refused = Vec::new();
    let progress = Progress::of_lines("parse", sources.iter().map(|source| source.size).sum());
    for source in sources {
        let file = u32::try_from(reports.inputs.len()).unwrap_or(u32::MAX);
        let progress = &progress;
        let parser = Parser { job, source, file, archive: &archive, rules: &rules, row_rules, marker, progress };
        if parser.recall(reports)? {
            progress.add(source.size);
            continue;
        }
        let remarks = match parser.parse(reports, marks)? {
            Ok(remarks) => remarks,
            Err(problem) if source.date == job.today => {
                refused.push(Refused { kind: source.kind, name: source.name.clone(), problem });
                continue;
            }
            Err(problem) if source.kind == ReportKind::DailyEndingBalance => {
                reports.remarks.push(format!("`{}` of {} cannot be read: {problem}", source.name, source.date));
                continue;
            }
            Err(problem) => {
                let sentence =
                    format!("`{}` of {} was read before and cannot be read now: {problem}", source.name, source.date);
                return Err(Failure::new(Kind::Configuration, sentence).into());
            }
        };
        if source.date == job.today {
            reports.remarks.extend(remarks.iter().map(|remark| format!("`{}`: {remark}", source.name)));
        }
    }
    for files in [&mut reports.transactions, &mut reports.settlements] {
        files.sort_by(|one, other| (one.date, &one.name).cmp(&(other.date, &other.name)));
    }
    by_date_and_name(&mut reports.summaries);
    by_date_and_name(&mut reports.activities);
    by_date_and_name(&mut reports.balances);
    Ok(refused)
}

fn by_date_and_name<L>(files: &mut [DayStatement<L>]) {
    files.sort_by(|one, other| (one.date, &one.name).cmp(&(other.date, &other.name)));
}

/// Parses one archived file.
struct Parser<'a> {
    job: &'a Job<'a>,
    source: &'a Source,
    file: u32,
    archive: &'a fetch::Archive,
    rules: &'a ReportRules,
    row_rules: &'a RowRules<'a>,
    /// Marks the lines of the day.
    marker: Marker<'a>,
    progress: &'a Progress,
}

impl Parser<'_> {
    /// Whether an earlier run remembers the file's lines: then it stands among the others without them. What is restated has another
    /// digest, and is read.
    fn recall(&self, reports: &mut Reports) -> anyhow::Result<bool> {
        let Source { kind, date, ref name, digest, size, format, .. } = *self.source;
        let is_details = matches!(kind, ReportKind::TransactionDetails | ReportKind::SettlementDetails);
        if !is_details || date == self.job.today {
            return Ok(false);
        }
        let failed = recall::failed;
        let (options, sha256) = (self.rules.of(kind), digest.to_string());
        let rules = recall::rules_of(&options);
        let (memory, symbols) = (&self.job.memory, &self.job.symbols);
        let Some(extract) = memory.extract(&sha256, kind, memory.meaning(rules), symbols).map_err(failed)? else {
            return Ok(false);
        };
        let (names, surplus) = extract.header();
        let Ok(layout) = Layout::of_names(names.to_vec(), surplus as usize, kind, &options) else { return Ok(false) };
        let (rejects, sums) = extract.details(self.file).map_err(failed)?;
        merge_sums(&mut reports.earlier_sums, &sums);
        let lines = (u64::from(extract.lines()), rejects.len() as u64);
        let parsed = ParsedReport {
            kind,
            lines: Vec::new(),
            originals: Vec::new(),
            rejects,
            totals: Default::default(),
            unknown_columns: Vec::new(),
            remarks: Vec::new(),
            layout: layout.clone(),
        };
        let report = DayReport { date, name: name.clone(), parsed };
        if kind == ReportKind::SettlementDetails { &mut reports.settlements } else { &mut reports.transactions }
            .push(report);
        reports.inputs.push(InputFile { kind, date, name: name.clone(), digest, size, lines, format, layout, rules });
        reports.remembered.push(Remembered::new((kind, date, name.clone(), sha256), self.file, extract));
        Ok(true)
    }

    /// Puts what the file says to the others of its kind and gives its remarks. The outer error is the archive's: a file that
    /// is not what its digest says must never be believed.
    fn parse(&self, reports: &mut Reports, marks: &mut Marks) -> anyhow::Result<Result<Vec<String>, Problem>> {
        let Source { kind, date, ref name, digest, size, format, is_known } = *self.source;
        // What this run hashed a moment ago cannot have become other bytes unnoticed: each frame's own checksum is verified while it is
        // unpacked, and a file that is cut between frames lacks its end. Files of earlier runs are hashed.
        let opened = match is_known {
            true => self.archive.read_report_again(digest, format),
            false => self.archive.read_report(digest, format),
        };
        let reader = match opened {
            Ok(reader) => reader,
            Err(Unread::Workbook(error)) => return Ok(Err(error.into())),
            Err(Unread::Archive(error)) => return Err(fetch_failure(&error).into()),
            Err(error @ Unread::File { .. }) => return Err(Failure::new(Kind::Unforeseen, error.to_string()).into()),
        };
        let mut options = self.rules.of(kind);
        let rules = recall::rules_of(&options);
        options.damaged = damaged(reader.lossy());
        let ignored = ignored_sheets(reader.converted().map_or(&[], |known| &known.ignored_sheets));
        let mut reader = self.progress.reading(self.job.room.watched(reader));
        let (keys, symbols) = (self.job.keys, &self.job.symbols);
        let name = || name.clone();
        let parsed = match kind {
            ReportKind::TransactionDetails | ReportKind::SettlementDetails => {
                let meaning = self.job.memory.meaning(rules);
                self.details(&mut reader, &options, meaning, (reports, marks))?
            }
            ReportKind::SettlementSummary => parse_summary(&mut reader, self.file, &options, keys, symbols)
                .map(|parsed| keep(&mut reports.summaries, date, name(), parsed)),
            ReportKind::AccountActivity => parse_activity(&mut reader, self.file, &options, keys, symbols)
                .map(|parsed| keep(&mut reports.activities, date, name(), parsed)),
            ReportKind::DailyEndingBalance => parse_balances(&mut reader, self.file, &options, keys, symbols)
                .map(|parsed| keep(&mut reports.balances, date, name(), parsed)),
        };
        match parsed {
            Ok((layout, mut remarks, lines)) => {
                remarks.extend(ignored);
                reports.inputs.push(InputFile { kind, date, name: name(), digest, size, lines, format, layout, rules });
                Ok(Ok(remarks))
            }
            Err(ReportError::Split(SplitError::Read { source: error, .. })) => {
                Err(fetch_failure(&fetch::FetchError::from_read(error, &self.archive.path_of(digest))).into())
            }
            Err(error) => Ok(Err(error.into())),
        }
    }
}

impl Parser<'_> {
    /// Parses a file of details, whose lines go to the memory.
    fn details(
        &self,
        reader: &mut (impl Read + Send),
        options: &ReportOptions,
        meaning: Meaning,
        (reports, marks): (&mut Reports, &mut Marks),
    ) -> anyhow::Result<Result<Kept, ReportError>> {
        let Source { kind, date, ref name, .. } = *self.source;
        let (is_today, sha256) = (date == self.job.today, self.source.digest.to_string());
        let run = Run { keys: self.job.keys, symbols: &self.job.symbols };
        let writer = self.job.memory.writer(&sha256, kind).map_err(recall::failed)?;
        let is_settlement = kind == ReportKind::SettlementDetails;
        let marker = Some(self.marker).filter(|_| is_today);
        let keeping = Keeping::new((kind, is_settlement && !is_today), writer, marker, marks);
        let (mut remarks, mut proved) = (Vec::new(), None);
        let parsed = if is_today && is_settlement {
            let examiner = |layout: &Layout| self.row_rules.for_file(date, &layout.fee_kinds());
            parse_details(reader, (self.file, kind), options, run, examiner, &keeping).map(|parsed| {
                let (rows, sums) = parsed.examiner.finish(parsed.notes);
                proved = Some(sums);
                remarks.extend(rows.remarks.iter().cloned());
                reports.rows.merge(rows);
                (parsed.report, parsed.turned)
            })
        } else {
            let parsed = parse_details(reader, (self.file, kind), options, run, |_| (), &keeping);
            parsed.map(|parsed| (parsed.report, parsed.turned))
        };
        let (parsed, turned) = match parsed {
            Ok(parsed) => parsed,
            Err(error) => {
                if keeping.has_marked() {
                    marks.spoil();
                }
                return Ok(Err(error));
            }
        };
        let kept = keeping.finish((&parsed, turned), proved, run.symbols, meaning).map_err(recall::failed)?;
        let counts = (kept.lines, parsed.rejects.len() as u64);
        reports.parsed_lines += kept.lines;
        if is_settlement && !is_today {
            merge_sums(&mut reports.earlier_sums, &kept.sums);
        }
        remarks.splice(..0, parsed.remarks.iter().cloned());
        let (layout, name) = (parsed.layout.clone(), name.clone());
        let (file, extract, unkept) = (self.file, kept.extract, Some(kept.unkept));
        reports
            .remembered
            .push(Remembered { unkept, ..Remembered::new((kind, date, name.clone(), sha256), file, extract) });
        let side = if is_settlement { &mut reports.settlements } else { &mut reports.transactions };
        side.push(DayReport { date, name, parsed });
        Ok(Ok((layout, remarks, counts)))
    }
}

/// What is kept of a file beside its lines: layout, remarks, and how many lines and rejects it has.
type Kept = (Layout, Vec<String>, (u64, u64));

fn keep<L>(files: &mut Vec<DayStatement<L>>, date: BusinessDate, name: String, parsed: Statement<L>) -> Kept {
    let counts = (parsed.lines.len() as u64, parsed.rejects.len() as u64);
    let kept = (parsed.layout.clone(), parsed.remarks.clone(), counts);
    files.push(DayStatement { date, name, parsed });
    kept
}

/// Cells of a workbook whose values it does not hold.
pub fn damaged(lossy: &[LossyCell]) -> BTreeMap<u32, Damage> {
    let damage = |cell: &LossyCell| {
        let reason = match cell.loss {
            Loss::Digits(digits) => format!(
                "cell {cell} holds a number of {digits} digits, and a workbook keeps 15; expected a text: ask for the report as CSV, \
                 or with its ids and amounts as texts"
            ),
            Loss::Formula => format!(
                "cell {cell} holds a formula whose value was not saved; expected a value: ask for the report as CSV, or with values \
                 in place of formulas"
            ),
        };
        (cell.row, Damage { column: cell.column as usize, reason })
    };
    // The first cell of a row is named.
    lossy.iter().rev().map(damage).collect()
}

/// What is said of worksheets that nobody reads.
pub fn ignored_sheets(names: &[String]) -> Option<String> {
    let named = names.join("`, `");
    (!names.is_empty()).then(|| format!("only the first worksheet is read; `{named}` has values as well"))
}
