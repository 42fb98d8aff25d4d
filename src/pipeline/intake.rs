//! Intake: what is expected is fetched and archived, what is in force is parsed, what is missing or refused is said.

use std::collections::{BTreeMap, BTreeSet};

use crate::calendar::BusinessDate;
use crate::config::{Config, Expectation};
use crate::discrepancy::{Describer, Discrepancy};
use crate::failure::{Failure, Kind};
use crate::fetch::names::Format;
use crate::fetch::{self, Digest, Fetched, FetchedFile, Request};
use crate::id::PlatformMerchantId;
use crate::kind::DiscrepancyKind;
use crate::matching::DayReport;
use crate::movement::ReportKind;
use crate::records::SplitError;
use crate::report::{ParsedReport, ReportError, ReportRules, parse_report};
use crate::store::RunFile;

use super::folds::{OrKind, fetch_failure};
use super::timing::Timings;
use super::{Job, options};

/// The reports that matching reads; the others are archived, because Antom deletes them after seven days.
const MATCHED: [ReportKind; 2] = [ReportKind::TransactionDetails, ReportKind::SettlementDetails];

/// The reports that are in force for a run.
pub struct Reports {
    /// Transaction details of the lookback and the day, by date and name.
    pub transactions: Vec<DayReport>,
    /// Settlement details likewise.
    pub settlements: Vec<DayReport>,
    /// Where the bytes of each file are; indexed by a line's `place.file`.
    pub digests: Vec<Digest>,
    /// The day's own input files.
    pub files: Vec<RunFile>,
    /// Discrepancies about files.
    pub discrepancies: Vec<Discrepancy>,
    /// The dates that runs answer for.
    pub scope: BTreeSet<BusinessDate>,
    /// Those of them whose transaction details are missing.
    pub missing: BTreeSet<BusinessDate>,
    /// For the operator.
    pub remarks: Vec<String>,
}

impl Reports {
    /// The names of all files that were read.
    pub fn file_names(&self) -> BTreeSet<String> {
        self.transactions.iter().chain(&self.settlements).map(|file| file.name.clone()).collect()
    }

    /// Number of lines in all files.
    pub fn lines(&self) -> u64 {
        let files = self.transactions.iter().chain(&self.settlements);
        files.map(|file| file.parsed.lines.len() as u64).sum()
    }
}

/// What was fetched for a run, with what became of the expectations.
pub struct Intake {
    fetched: Fetched,
    absent: Vec<ReportKind>,
}

/// Fetches and archives every report of a date; nothing is expected.
///
/// # Errors
/// As the source and the archive say.
pub async fn fetch_day(config: &Config, merchant: &PlatformMerchantId, date: BusinessDate) -> anyhow::Result<Fetched> {
    let (source, archive, patterns) = (options::source(config)?, options::archive(config)?, options::patterns(config)?);
    let merchant = merchant.clone();
    let fetched = tokio::task::spawn_blocking(move || {
        let request = Request { merchant: &merchant, date, wanted: ReportKind::ALL, patterns: &patterns };
        fetch::fetch(&source, &request, &archive, &options::control())
    });
    fetched.await?.or_kind()
}

/// The reports that must be there on a date.
pub fn expected(config: &Config, date: BusinessDate) -> anyhow::Result<Vec<ReportKind>> {
    let calendar = options::calendar(config)?;
    let is_due = |expectation: Expectation| match expectation {
        Expectation::Daily => true,
        Expectation::BusinessDays => calendar.is_business_day(date),
        Expectation::Optional => false,
    };
    Ok(config.expect()?.into_iter().filter(|(_, expectation)| is_due(*expectation)).map(|(kind, _)| kind).collect())
}

/// What stands in the way of a run: expected reports that are missing or not whole, a sentence each.
pub fn not_ready(fetched: &Fetched, expected: &[ReportKind]) -> Vec<(ReportKind, String)> {
    let mut problems = Vec::new();
    for &kind in expected {
        let broken: Vec<String> =
            fetched.incomplete.iter().filter(|file| file.kind == kind).map(ToString::to_string).collect();
        if !broken.is_empty() {
            problems.push((kind, broken.join("; ")));
        } else if !fetched.files.iter().any(|file| file.kind == kind && file.format == Format::Csv) {
            let workbook = fetched.files.iter().find(|file| file.kind == kind);
            let found = workbook.map_or_else(
                || if fetched.directory_exists { "no such file" } else { "no such directory" }.to_owned(),
                |file| format!("only the workbook `{}`, and this report is read as CSV", file.name),
            );
            problems.push((kind, format!("{kind} is expected in `{}`; found {found}", fetched.directory)));
        }
    }
    problems
}

/// Fetches the day's reports and holds them against what is expected.
pub async fn fetch_for_run(job: &Job<'_>, allow_missing: bool, timings: &mut Timings) -> anyhow::Result<Intake> {
    timings.begin();
    let fetched = fetch_day(job.config, &job.merchant, job.today).await?;
    timings.end("fetch", fetched.files.len() as u64);
    for entry in &fetched.ignored {
        tracing::info!(directory = %fetched.directory, "not used: {entry}");
    }
    let problems = not_ready(&fetched, &expected(job.config, job.today)?);
    if !problems.is_empty() && !allow_missing {
        return Err(refusal(problems.into_iter().map(|(_, sentence)| sentence)));
    }
    Ok(Intake { fetched, absent: problems.into_iter().map(|(kind, _)| kind).collect() })
}

/// Exit code 3: what is missing, and what to do.
fn refusal(problems: impl Iterator<Item = String>) -> anyhow::Error {
    let list: Vec<String> = problems.collect();
    let advice = "run again when Antom has delivered, or with `--allow-missing` to go on without";
    Failure::new(Kind::NotReady, format!("{}; {advice}", list.join("; "))).into()
}

/// A file to parse.
struct Source {
    kind: ReportKind,
    date: BusinessDate,
    name: String,
    digest: Digest,
}

/// Parses the day's files, and those of the earlier days that the lookback reaches, from the archive.
pub async fn parse(
    job: &Job<'_>,
    intake: Intake,
    (window_start, older): (BusinessDate, &BTreeSet<BusinessDate>),
    allow_missing: bool,
    timings: &mut Timings,
) -> anyhow::Result<Reports> {
    let severity = options::severity_rule(job.config)?;
    let describer = Describer { names: &job.names, severity: &severity, today: job.today };
    let mut reports = Reports {
        transactions: Vec::new(),
        settlements: Vec::new(),
        digests: Vec::new(),
        files: Vec::new(),
        discrepancies: Vec::new(),
        scope: BTreeSet::from([job.today]),
        missing: BTreeSet::new(),
        remarks: Vec::new(),
    };
    let mut sources = earlier(job, window_start, older, &mut reports).await?;
    let broken_groups: BTreeSet<&str> = intake.fetched.incomplete.iter().map(|file| file.name.as_str()).collect();
    let is_read = |file: &&FetchedFile| MATCHED.contains(&file.kind) && file.format == Format::Csv;
    let whole =
        |file: &&FetchedFile| !broken_groups.contains(file.group.as_str()) && !intake.absent.contains(&file.kind);
    let todays: Vec<&FetchedFile> = intake.fetched.files.iter().filter(is_read).filter(whole).collect();
    sources.extend(todays.iter().map(|file| Source {
        kind: file.kind,
        date: file.date,
        name: file.name.clone(),
        digest: file.digest,
    }));
    timings.begin();
    let refused = tokio::task::block_in_place(|| job.threads.install(|| parse_sources(job, &sources, &mut reports)))?;
    timings.end("parse", reports.lines());
    refuse(job, &refused, allow_missing, &describer, &intake.fetched, &mut reports)?;
    file_discrepancies(&intake, &describer, &mut reports);
    restated(job, &intake.fetched, &describer, &mut reports).await?;
    note_files(&intake.fetched, &mut reports);
    if !reports.transactions.iter().any(|file| file.date == job.today) {
        reports.missing.insert(job.today);
    }
    Ok(reports)
}

/// The files of the earlier runs that the window reaches, and of the older dates on which something is open: what was in force in each date's newest revision.
async fn earlier(
    job: &Job<'_>,
    window_start: BusinessDate,
    older: &BTreeSet<BusinessDate>,
    reports: &mut Reports,
) -> anyhow::Result<Vec<Source>> {
    let merchant = job.merchant.as_str();
    let mut sources = Vec::new();
    let first = older.first().copied().unwrap_or(window_start).min(window_start);
    let dates = job.store.completed_dates(merchant, first, job.today.minus_days(1)).await.or_kind()?;
    for date in dates.into_iter().filter(|date| *date >= window_start || older.contains(date)) {
        reports.scope.insert(date);
        let mut has_transactions = false;
        for file in job.store.files_of(merchant, date).await.or_kind()? {
            let Some(kind) = ReportKind::parse(&file.kind).filter(|kind| MATCHED.contains(kind)) else { continue };
            has_transactions |= kind == ReportKind::TransactionDetails;
            let digest = file.sha256.parse().map_err(|error: fetch::DigestError| {
                Failure::new(Kind::Integrity, format!("the run of {date} names `{}` under {error}", file.path))
            })?;
            sources.push(Source { kind, date, name: file.name, digest });
        }
        if !has_transactions {
            reports.missing.insert(date);
        }
    }
    Ok(sources)
}

/// Parses in order; a file of the day that cannot be read as its report is refused and given back.
fn parse_sources(
    job: &Job<'_>,
    sources: &[Source],
    reports: &mut Reports,
) -> anyhow::Result<Vec<(ReportKind, String, ReportError)>> {
    let (archive, rules) = (options::archive(job.config)?, options::report_rules(job.config)?);
    let mut refused = Vec::new();
    for source in sources {
        let file = u32::try_from(reports.digests.len()).unwrap_or(u32::MAX);
        match parse_one(job, source, file, &archive, &rules)? {
            Ok(parsed) => {
                for remark in &parsed.remarks {
                    if source.date == job.today {
                        reports.remarks.push(format!("`{}`: {remark}", source.name));
                    }
                }
                let report = DayReport { date: source.date, name: source.name.clone(), parsed };
                match source.kind {
                    ReportKind::SettlementDetails => reports.settlements.push(report),
                    _ => reports.transactions.push(report),
                }
                reports.digests.push(source.digest);
            }
            Err(error) if source.date == job.today => refused.push((source.kind, source.name.clone(), error)),
            Err(error) => {
                let sentence =
                    format!("`{}` of {} was read before and cannot be read now: {error}", source.name, source.date);
                return Err(Failure::new(Kind::Configuration, sentence).into());
            }
        }
    }
    for files in [&mut reports.transactions, &mut reports.settlements] {
        files.sort_by(|one, other| (one.date, &one.name).cmp(&(other.date, &other.name)));
    }
    Ok(refused)
}

/// Parses one archived file. The outer error is the archive's: a file that is not what its digest says must never be believed.
fn parse_one(
    job: &Job<'_>,
    source: &Source,
    file: u32,
    archive: &fetch::Archive,
    rules: &ReportRules,
) -> anyhow::Result<Result<ParsedReport, ReportError>> {
    let mut reader = archive.read(source.digest).or_kind()?;
    let parsed = parse_report(&mut reader, file, source.kind, &rules.of(source.kind), job.keys, &job.symbols);
    if let Err(ReportError::Split(SplitError::Read { source: error, .. })) = parsed {
        return Err(fetch_failure(&fetch::FetchError::from_read(error, &archive.path_of(source.digest))).into());
    }
    Ok(parsed)
}

/// Files that are refused: exit code 3 where their report is expected, else a discrepancy.
fn refuse(
    job: &Job<'_>,
    refused: &[(ReportKind, String, ReportError)],
    allow_missing: bool,
    describer: &Describer<'_>,
    fetched: &Fetched,
    reports: &mut Reports,
) -> anyhow::Result<()> {
    let expected = expected(job.config, job.today)?;
    let in_the_way: Vec<String> = refused
        .iter()
        .filter(|(kind, ..)| expected.contains(kind))
        .map(|(kind, name, error)| {
            let advice = if error.is_schema() {
                format!(" (if Antom changed its layout, name the new columns in `[reports.{kind}] aliases`)")
            } else {
                String::new()
            };
            format!("`{}/{name}`: {error}{advice}", fetched.directory)
        })
        .collect();
    if !in_the_way.is_empty() && !allow_missing {
        return Err(refusal(in_the_way.into_iter()));
    }
    for (_, name, error) in refused {
        let kind = if error.is_schema() { DiscrepancyKind::SchemaDrift } else { DiscrepancyKind::FileIncomplete };
        let path = format!("{}/{name}", fetched.directory);
        let sentence = format!("`{name}` was refused and nothing of it was used: {error}");
        reports.discrepancies.push(describer.about_file(kind, &path, "", sentence));
    }
    Ok(())
}

/// Expected reports that are missing, and files that are not whole.
fn file_discrepancies(intake: &Intake, describer: &Describer<'_>, reports: &mut Reports) {
    let fetched = &intake.fetched;
    for &kind in &intake.absent {
        if fetched.incomplete.iter().all(|file| file.kind != kind) {
            let sentence = format!("{kind} is expected in `{}` and is not there", fetched.directory);
            let path = format!("{}/{kind}", fetched.directory);
            let row = describer.about_file(DiscrepancyKind::FileMissing, &path, "", sentence);
            reports.discrepancies.push(Discrepancy { report_file: String::new(), ..row });
        }
    }
    for file in &fetched.incomplete {
        let sentence = format!("{file}; nothing of it was used");
        let kind = DiscrepancyKind::FileIncomplete;
        reports.discrepancies.push(describer.about_file(kind, &file.path, "", sentence));
    }
}

/// Files whose path had other content before.
async fn restated(
    job: &Job<'_>,
    fetched: &Fetched,
    describer: &Describer<'_>,
    reports: &mut Reports,
) -> anyhow::Result<()> {
    for file in &fetched.files {
        let digest = file.digest.to_string();
        let before = job.store.other_content_of_path(job.merchant.as_str(), &file.path, &digest).await.or_kind()?;
        if let Some(before) = before {
            let sentence = format!(
                "`{}` was restated: it has the SHA-256 {digest} now and had {} before; both are archived, the newer one is in \
                 force",
                file.path, before.sha256
            );
            let kind = DiscrepancyKind::FileRestated;
            reports.discrepancies.push(describer.about_file(kind, &file.path, &digest, sentence));
        }
    }
    Ok(())
}

/// The day's own inputs, for the record.
fn note_files(fetched: &Fetched, reports: &mut Reports) {
    let counts: BTreeMap<(ReportKind, &str), (u64, u64)> = reports
        .transactions
        .iter()
        .chain(&reports.settlements)
        .map(|file| {
            let parsed = &file.parsed;
            ((parsed.kind, file.name.as_str()), (parsed.lines.len() as u64, parsed.rejects.len() as u64))
        })
        .collect();
    let files = fetched.files.iter().map(|file| {
        let count = counts.get(&(file.kind, file.name.as_str())).copied();
        let unread = MATCHED.contains(&file.kind) && count.is_none();
        let kind = if unread { format!("{} (not read)", file.kind) } else { file.kind.to_string() };
        let (lines, rejects) = count.unwrap_or_default();
        RunFile {
            kind,
            path: file.path.clone(),
            name: file.name.clone(),
            size: file.size,
            sha256: file.digest.to_string(),
            lines,
            rejects,
        }
    });
    reports.files = files.collect();
}
