//! Intake: what is expected is fetched and archived, what is in force is parsed, what is missing or refused is said.

mod compared;
mod keeping;
mod kept;
mod problems;
mod restated;
mod sources;

use std::collections::{BTreeMap, BTreeSet};

use crate::calendar::{BusinessDate, SettlementCalendar};
use crate::config::{Config, Expectation};
use crate::discrepancy::{Describer, Discrepancy};
use crate::failure::{Failure, Kind};
use crate::fetch::names::Format;
use crate::fetch::{self, Digest, Fetched, FetchedFile, IgnoredReason, Request};
use crate::id::PlatformMerchantId;
use crate::matching::DayReport;
use crate::matching::agreed::{Agreed, Marker};
use crate::movement::ReportKind;
use crate::progress::Progress;
use crate::proof::{BatchSums, DayStatement, Outgoing, RowProof, RowRules};
use crate::report::{ActivityLine, BalanceLine, Layout, Reject, SummaryLine};
use crate::store::RunFile;

use super::folds::OrKind;
use super::marks::Marks;
use super::recall::{Listed, Remembered};
use super::timing::Timings;
use super::{Job, options};
pub use kept::kind_of;
pub use problems::accepted_headers;
pub use restated::{Restatement, runs_anew};
use sources::{Lookback, Source};
pub use sources::{damaged, ignored_sheets};

/// How the bytes of a parsed file are read again.
pub struct InputFile {
    /// Which report it is.
    pub kind: ReportKind,
    /// The date of its directory.
    pub date: BusinessDate,
    /// Its name.
    pub name: String,
    /// Where its bytes are in the archive.
    pub digest: Digest,
    /// Bytes as delivered.
    pub size: u64,
    /// Lines that were read, and lines that could not be.
    pub lines: (u64, u64),
    /// What they are: a workbook is read as the CSV that it stands for.
    pub format: Format,
    /// Cuts a line into its cells.
    pub layout: Layout,
    /// A hash of the rules by which it was read.
    pub rules: u64,
}

/// The reports that are in force for a run.
pub struct Reports {
    /// Transaction details of the lookback and the day, by date and name.
    pub transactions: Vec<DayReport>,
    /// Settlement details likewise.
    pub settlements: Vec<DayReport>,
    /// What the settlement lines of earlier days come to.
    pub earlier_sums: BatchSums,
    /// What went out of the parties' accounts in the settlement details of the days on which payouts may have left that are judged today.
    pub outgoing: Outgoing,
    /// Every file of details: their lines are beside the archive, and stand among the others when it is known which ones are needed.
    pub remembered: Vec<Remembered>,
    /// Those that agree and were not matched in full.
    pub agreed: Agreed,
    /// The day's files of details, of which some lines are listed that were not.
    pub listed: Vec<Listed>,
    /// Lines of details that were parsed.
    pub parsed_lines: u64,
    /// Settlement summaries likewise.
    pub summaries: Vec<DayStatement<SummaryLine>>,
    /// Account activity of the day, and of the days in which a payout may still be due.
    pub activities: Vec<DayStatement<ActivityLine>>,
    /// Balances of the day and of the day before.
    pub balances: Vec<DayStatement<BalanceLine>>,
    /// The latest date before the day before that has balances.
    pub last_balances: Option<BusinessDate>,
    /// What the day's settlement lines prove, line by line.
    pub rows: RowProof,
    /// Every file that was parsed; indexed by a line's `place.file`.
    pub inputs: Vec<InputFile>,
    /// The day's own input files.
    pub files: Vec<RunFile>,
    /// Files and sets of the day that are not whole: of which report, and the name.
    pub broken_sets: Vec<(ReportKind, String)>,
    /// Discrepancies about files.
    pub discrepancies: Vec<Discrepancy>,
    /// The dates that runs answer for.
    pub scope: BTreeSet<BusinessDate>,
    /// Those of them whose transaction details are missing.
    pub missing: BTreeSet<BusinessDate>,
    /// Reports whose content is another one than before.
    pub restatements: Vec<Restatement>,
    /// For the operator.
    pub remarks: Vec<String>,
}

impl Reports {
    fn empty(today: BusinessDate) -> Self {
        Self {
            transactions: Vec::new(),
            settlements: Vec::new(),
            earlier_sums: BatchSums::new(),
            outgoing: Outgoing::default(),
            remembered: Vec::new(),
            agreed: Agreed::default(),
            listed: Vec::new(),
            parsed_lines: 0,
            summaries: Vec::new(),
            activities: Vec::new(),
            balances: Vec::new(),
            last_balances: None,
            rows: RowProof::default(),
            inputs: Vec::new(),
            files: Vec::new(),
            broken_sets: Vec::new(),
            discrepancies: Vec::new(),
            scope: BTreeSet::from([today]),
            missing: BTreeSet::new(),
            restatements: Vec::new(),
            remarks: Vec::new(),
        }
    }

    /// Lines and rejects of every file that was read.
    fn counts(&self) -> BTreeMap<(ReportKind, BusinessDate, &str), (u64, u64)> {
        fn of<'a, L>(files: &'a [DayStatement<L>]) -> impl Iterator<Item = Count<'a>> {
            files.iter().map(|file| {
                let (lines, rejects) = (file.parsed.lines.len() as u64, file.parsed.rejects.len() as u64);
                ((file.parsed.kind, file.date, file.name.as_str()), (lines, rejects))
            })
        }
        let is_details =
            |file: &&InputFile| matches!(file.kind, ReportKind::TransactionDetails | ReportKind::SettlementDetails);
        let details = self.inputs.iter().filter(is_details);
        let details = details.map(|file| ((file.kind, file.date, file.name.as_str()), file.lines));
        details.chain(of(&self.summaries)).chain(of(&self.activities)).chain(of(&self.balances)).collect()
    }

    /// Every line that could not be read, with its file: details of all days that were read, and the day's other reports.
    pub fn rejects(&self, today: BusinessDate) -> Vec<(BusinessDate, &str, &Reject)> {
        let details = self.transactions.iter().chain(&self.settlements);
        let details =
            details.flat_map(|file| file.parsed.rejects.iter().map(|reject| (file.date, file.name.as_str(), reject)));
        details.chain(self.statement_rejects(today)).collect()
    }

    /// Lines of the day's summaries, activity and balances that could not be read, with their files.
    pub fn statement_rejects(&self, today: BusinessDate) -> impl Iterator<Item = (BusinessDate, &str, &Reject)> {
        fn of<L>(
            files: &[DayStatement<L>],
            today: BusinessDate,
        ) -> impl Iterator<Item = (BusinessDate, &str, &Reject)> {
            let todays = files.iter().filter(move |file| file.date == today);
            todays.flat_map(|file| file.parsed.rejects.iter().map(|reject| (file.date, file.name.as_str(), reject)))
        }
        of(&self.summaries, today).chain(of(&self.activities, today)).chain(of(&self.balances, today))
    }

    /// Columns that no rule knows, by file of a date.
    pub fn unknown_columns(&self, today: BusinessDate) -> BTreeMap<String, Vec<String>> {
        fn of<L>(files: &[DayStatement<L>]) -> impl Iterator<Item = (BusinessDate, &String, &Vec<String>)> {
            files.iter().map(|file| (file.date, &file.name, &file.parsed.unknown_columns))
        }
        let details = self.transactions.iter().chain(&self.settlements);
        let details = details.map(|file| (file.date, &file.name, &file.parsed.unknown_columns));
        let all = details.chain(of(&self.summaries)).chain(of(&self.activities)).chain(of(&self.balances));
        let todays = all.filter(|(date, _, columns)| *date == today && !columns.is_empty());
        todays.map(|(_, name, columns)| (name.clone(), columns.clone())).collect()
    }

    /// The names of all files of details that were read.
    pub fn file_names(&self) -> BTreeSet<String> {
        self.transactions.iter().chain(&self.settlements).map(|file| file.name.clone()).collect()
    }

    /// Number of lines of details in all files.
    pub fn lines(&self) -> u64 {
        self.remembered.iter().map(|file| u64::from(file.extract.lines())).sum()
    }

    /// Number of lines of details that are matched in full.
    pub fn matched_lines(&self) -> u64 {
        let files = self.transactions.iter().chain(&self.settlements);
        files.map(|file| file.parsed.lines.len() as u64).sum()
    }
}

/// A file, its lines and its rejects.
type Count<'a> = ((ReportKind, BusinessDate, &'a str), (u64, u64));

/// What was fetched for a run, with what became of the expectations.
pub struct Intake {
    fetched: Fetched,
    absent: Vec<ReportKind>,
    /// Balances of the day before, if no run has read them.
    balances_before: Vec<FetchedFile>,
}

/// Fetches and archives every report of a date; nothing is expected.
///
/// # Errors
/// As the source and the archive say.
pub async fn fetch_day(config: &Config, merchant: &PlatformMerchantId, date: BusinessDate) -> anyhow::Result<Fetched> {
    fetch_kinds(config, merchant, date, ReportKind::ALL).await
}

async fn fetch_kinds(
    config: &Config,
    merchant: &PlatformMerchantId,
    date: BusinessDate,
    wanted: &'static [ReportKind],
) -> anyhow::Result<Fetched> {
    let (source, archive, patterns) = (options::source(config)?, options::archive(config)?, options::patterns(config)?);
    let merchant = merchant.clone();
    let fetched = tokio::task::spawn_blocking(move || {
        let request = Request { merchant: &merchant, date, wanted, patterns: &patterns };
        let shown = Progress::of_bytes("fetch");
        let show = |event: fetch::Progress<'_>| show(&shown, event);
        fetch::fetch(&source, &request, &archive, &fetch::Control { progress: &show, ..options::control() })
    });
    fetched.await?.or_kind()
}

/// What a fetch tells, as a bar.
fn show(bar: &Progress, event: fetch::Progress<'_>) {
    match event {
        fetch::Progress::Listed { bytes, .. } => bar.expect(bytes),
        fetch::Progress::Received { bytes, .. } => bar.add(bytes),
        fetch::Progress::Restarted { bytes, .. } => bar.take_back(bytes),
        fetch::Progress::Retrying { .. } | fetch::Progress::Archived { .. } => {}
    }
}

/// The reports that must be there on a date.
pub fn expected(config: &Config, date: BusinessDate) -> anyhow::Result<Vec<ReportKind>> {
    let calendar = options::calendar(config)?;
    let is_due = |(_, expectation): &(ReportKind, Expectation)| due(*expectation, &calendar, date);
    Ok(config.expect()?.into_iter().filter(is_due).map(|(kind, _)| kind).collect())
}

/// Whether a report with this expectation must be there on a date.
pub fn due(expectation: Expectation, calendar: &SettlementCalendar, date: BusinessDate) -> bool {
    match expectation {
        Expectation::Daily => true,
        Expectation::BusinessDays => calendar.is_business_day(date),
        Expectation::Optional => false,
    }
}

/// What stands in the way of a run: expected reports that are missing or not whole, a sentence each.
pub fn not_ready(fetched: &Fetched, expected: &[ReportKind]) -> Vec<(ReportKind, String)> {
    let mut problems = Vec::new();
    for &kind in expected {
        let broken: Vec<String> =
            fetched.incomplete.iter().filter(|file| file.kind == kind).map(ToString::to_string).collect();
        if !broken.is_empty() {
            problems.push((kind, broken.join("; ")));
        } else if !fetched.files.iter().any(|file| file.kind == kind) {
            problems.push((kind, absent(kind, &fetched.directory, fetched.directory_exists)));
        }
    }
    problems
}

/// An expected report that is not there, in words.
pub fn absent(kind: ReportKind, directory: &str, directory_exists: bool) -> String {
    let found = if directory_exists { "no such file" } else { "no such directory" };
    format!("{kind} is expected in `{directory}`; found {found}")
}

/// Fetches the day's reports and holds them against what is expected.
pub async fn fetch_for_run(job: &Job<'_>, allow_missing: bool, timings: &mut Timings) -> anyhow::Result<Intake> {
    timings.begin();
    let mut fetched = fetch_day(job.config, &job.merchant, job.today).await?;
    kept::keep(job, &mut fetched).await?;
    timings.end("fetch", fetched.files.len() as u64);
    for entry in &fetched.ignored {
        tracing::info!(directory = %fetched.directory, "not used: {entry}");
    }
    let problems = not_ready(&fetched, &expected(job.config, job.today)?);
    if !problems.is_empty() && !allow_missing {
        return Err(refusal(problems.into_iter().map(|(_, sentence)| sentence)));
    }
    let balances_before = balances_before(job, &fetched).await?;
    Ok(Intake { fetched, absent: problems.into_iter().map(|(kind, _)| kind).collect(), balances_before })
}

/// The balances of the day before, from which today's are rolled forward: fetched where there are balances today and no run of
/// the day before has read its own.
async fn balances_before(job: &Job<'_>, fetched: &Fetched) -> anyhow::Result<Vec<FetchedFile>> {
    const BALANCES: &[ReportKind] = &[ReportKind::DailyEndingBalance];
    let (before, kind) = (job.today.minus_days(1), ReportKind::DailyEndingBalance);
    let known = job.store.files_of(job.merchant.as_str(), before).await.or_kind()?;
    let is_known = known.iter().any(|file| file.kind == kind.as_str());
    if is_known || !fetched.files.iter().any(|file| file.kind == kind) {
        return Ok(Vec::new());
    }
    let fetched = fetch_kinds(job.config, &job.merchant, before, BALANCES).await?;
    Ok(if fetched.incomplete.is_empty() { fetched.files } else { Vec::new() })
}

/// Exit code 3: what is missing, and what to do.
fn refusal(problems: impl Iterator<Item = String>) -> anyhow::Error {
    let list: Vec<String> = problems.collect();
    let advice = "run again when Antom has delivered, or with `--allow-missing` to go on without";
    Failure::new(Kind::NotReady, format!("{}; {advice}", list.join("; "))).into()
}

/// Parses the day's files, and those of the earlier days that the lookback reaches, from the archive.
pub async fn parse(
    job: &Job<'_>,
    intake: Intake,
    (window_start, older, payouts_from): (BusinessDate, &BTreeSet<BusinessDate>, BusinessDate),
    (rules, marker, marks): (&RowRules<'_>, Marker<'_>, &mut Marks),
    allow_missing: bool,
    timings: &mut Timings,
) -> anyhow::Result<Reports> {
    let severity = options::severity_rule(job.config)?;
    let describer = Describer { names: &job.names, severity: &severity, today: job.today };
    let mut reports = Reports::empty(job.today);
    reports.broken_sets = intake.fetched.incomplete.iter().map(|file| (file.kind, file.name.clone())).collect();
    // A set of which one part is not whole is not whole.
    let patterns = options::patterns(job.config)?;
    let group_of = |name: &str| patterns.recognise(name).map_or_else(|| name.to_owned(), |known| known.group);
    let broken_groups: BTreeSet<String> =
        intake.fetched.incomplete.iter().flat_map(|file| [file.name.clone(), group_of(&file.name)]).collect();
    reports.remarks.extend(intake.fetched.ignored.iter().filter_map(|entry| match &entry.reason {
        IgnoredReason::AlsoAsCsv { csv } => Some(format!("`{}` was not read: `{csv}` is the same report", entry.name)),
        _ => None,
    }));
    let lookback = Lookback { window_start, older, activity_from: payouts_from };
    let mut sources = sources::earlier(job, &lookback, &mut reports).await?;
    let whole = |file: &&FetchedFile| !broken_groups.contains(&file.group) && !intake.absent.contains(&file.kind);
    sources.extend(intake.balances_before.iter().chain(intake.fetched.files.iter().filter(whole)).map(Source::from));
    timings.begin();
    let refused = tokio::task::block_in_place(|| {
        job.threads.install(|| sources::parse_sources(job, &sources, (rules, marker, marks), &mut reports))
    })?;
    timings.end("parse", reports.parsed_lines);
    reports.broken_sets.extend(refused.iter().map(|file| (file.kind, file.name.clone())));
    problems::refuse(job, &refused, allow_missing, &describer, &intake.fetched, &mut reports)?;
    problems::file_discrepancies(&intake, &describer, &mut reports);
    restated::restated(job, &intake.fetched, &describer, &mut reports).await?;
    problems::drifted(job, &intake.fetched, &describer, &mut reports).await?;
    note_files(&intake.fetched, &mut reports);
    if !reports.transactions.iter().any(|file| file.date == job.today) {
        reports.missing.insert(job.today);
    }
    Ok(reports)
}

/// The day's own inputs, for the record.
fn note_files(fetched: &Fetched, reports: &mut Reports) {
    let counts = reports.counts();
    let files = fetched.files.iter().map(|file| {
        let count = counts.get(&(file.kind, file.date, file.name.as_str())).copied();
        let kind = if count.is_none() { format!("{}{}", file.kind, kept::NOT_READ) } else { file.kind.to_string() };
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
