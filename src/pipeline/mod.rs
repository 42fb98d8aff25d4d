//! The day in one function. The only module that knows all the others.
//!
//! [`run_day`] reads like the README: lock, fetch, parse, look back, match, describe, prove, ask, record, write, remember. Each
//! step lives in the file of its name below; what they do for real is in the modules that they call.

mod aside;
pub(crate) mod asking;
mod bases;
mod carry;
mod closing;
mod days;
mod decided;
mod entries;
mod evidence;
pub mod fee_schedule;
mod findings;
mod folds;
mod in_transit;
mod inputs;
mod intake;
mod ledger;
mod listing;
mod marks;
mod options;
mod outputs;
pub mod proving;
mod recall;
mod restated_rows;
mod room;
mod shares;
mod shown;
pub mod story;
mod texts;
mod timing;
mod waited;

use std::collections::{BTreeMap, BTreeSet};

use crate::calendar::BusinessDate;
use crate::clock;
use crate::config::Config;
use crate::conservation;
use crate::decision::Shown;
use crate::discrepancy::{ClearedRow, Describer, Discrepancy, InTransitRow, Names};
use crate::failure::{Failure, Kind};
use crate::id::{DiscrepancyId, KeyMaker, KeySet, PlatformMerchantId, Symbols};
use crate::kind::{DiscrepancyKind, Severity};
use crate::matching::{self, Inputs};
use crate::memory::Memory;
use crate::money::{Currency, Tally};
use crate::proof::{Held, ProofFinding};
use crate::store::{Carried, Recorded, Store};

pub use bases::{Stale, Superseded, put_right, stale};
pub use days::{DayOutlook, missing_on, never_run, outlook, unpublished, warnings};
pub use folds::OrKind;
pub use inputs::{Contract, contract};
pub use intake::{damaged, expected, fetch_day, ignored_sheets, not_ready};
pub use options::{
    archive, calendar, check, control, own_store_options, patterns, payouts_from, policy, report_rules, row_rules,
    severity_rule, source, threads,
};
pub use outputs::{DayReportText, published_files};
use timing::Timings;

/// What a run is asked to do, apart from its date.
#[derive(Debug, Clone, Copy, Default)]
pub struct RunOptions {
    /// Go on without an expected report.
    pub allow_missing: bool,
    /// Fail if no question was answered.
    pub require_answers: bool,
    /// Fail if a discrepancy is at least this severe.
    pub fail_on: Option<Severity>,
    /// Read the reports of the whole window again, whatever earlier runs remember of them.
    pub without_memory: bool,
}

/// What every stage of a run may need.
pub(crate) struct Job<'a> {
    pub config: &'a Config,
    pub store: &'a Store,
    pub merchant: PlatformMerchantId,
    pub today: BusinessDate,
    pub names: Names,
    pub keys: KeyMaker,
    pub memory: Memory,
    pub symbols: Symbols,
    pub threads: rayon::ThreadPool,
    pub room: room::Room,
}

impl<'a> Job<'a> {
    fn open(
        (config, store): (&'a Config, &'a Store),
        merchant: PlatformMerchantId,
        today: BusinessDate,
        without_memory: bool,
    ) -> anyhow::Result<Self> {
        let memory = options::memory(config, &merchant, without_memory)?;
        let threads = options::threads(config)?;
        Ok(Self {
            config,
            store,
            today,
            names: Names::new(merchant.as_str()),
            merchant,
            keys: memory.keys(),
            memory,
            symbols: Symbols::new(),
            room: options::room(config, threads.current_num_threads())?,
            threads,
        })
    }
}

/// What a day came to, before it is rendered.
pub(crate) struct Day {
    pub discrepancies: Vec<Discrepancy>,
    pub in_transit: Vec<InTransitRow>,
    pub cleared: Vec<ClearedRow>,
    /// What was open before, and what became of it.
    pub roll_forward: conservation::RollForward,
    /// The decisions that open rows show.
    pub decided: BTreeMap<DiscrepancyId, Shown>,
    pub controls: conservation::ControlTotals,
    pub proofs: proving::Proofs,
    pub period_crossings: u64,
    pub remarks: Vec<String>,
}

/// Reconciles one business date, from the source to the outputs, and says what it came to.
///
/// # Errors
/// As the contract's exit codes say; see [`crate::failure`]. Nothing half-written is ever visible.
pub async fn run_day(
    config: &Config,
    store: &Store,
    today: BusinessDate,
    options: RunOptions,
) -> anyhow::Result<DayReportText> {
    let started_at = clock::now();
    let mut timings = Timings::start();
    let merchant = PlatformMerchantId::new(config.merchant()?.platform_merchant_id);
    let lock = store.lock(merchant.as_str(), clock::now).await.or_kind()?;
    let job = Job::open((config, store), merchant, today, options.without_memory)?;
    outputs::finish_interrupted(&job).await?;

    let mut policy = options::policy(config, today)?;
    let mut carried = store.carried_into(job.merchant.as_str(), today).await.or_kind()?;
    let decided = decided::Decided::load(&job).await?;
    let reopened = decided.carry_reopened(&job, carried.as_mut());
    let fetched = intake::fetch_for_run(&job, options.allow_missing, &mut timings).await?;
    let registry = inputs::registry(&job).await?;
    let mut marks = marks::Marks::new(&job.memory, job.room).map_err(recall::failed)?;
    let mut waited = waited::Waited::load(&job, carried.as_ref(), &mut marks, &mut timings).await?;
    waited.widen(&mut policy);
    let contract = inputs::contract(config)?;
    let volumes = inputs::volumes(&job, contract.as_ref(), policy.window_start).await?;
    let row_rules = options::row_rules(config, &job.symbols, contract.as_ref().map(|known| &known.schedule), &volumes)?;
    let (older, bases) = bases::reached(&job, policy.window_start, carried.as_ref()).await?;
    let payouts_from = carry::payouts_from(&job, &policy, &carry::taken_up_again(carried.as_ref(), &reopened))?;
    let window = (policy.window_start, &older, payouts_from);
    let due = waited.due(&policy);
    let marker = recall::marker(&job, &policy, registry.as_ref(), &due);
    let rules = (&row_rules, marker, &mut marks);
    let mut reports = intake::parse(&job, fetched, window, rules, options.allow_missing, &mut timings).await?;
    let mut ledger = ledger::load(&job, &policy, &older, (marker, &mut marks), &mut timings).await?;
    let rows = reports.lines() + ledger.rows();
    let recalled = timings.stage("recall", rows, || {
        let before = (carried.as_ref(), &carry::taken_up_again(carried.as_ref(), &reopened)[..]);
        let marked = (marker, marks, &mut waited);
        let recall = || recall::recall(&job, before, marked, registry.as_ref(), (&mut reports, &mut ledger));
        tokio::task::block_in_place(|| job.threads.install(recall))
    })?;
    let evidence = evidence::Evidence { job: &job, reports: &reports, ledger: &ledger };
    let mut reconciliation = match_day(&evidence, registry.as_ref(), &policy, &mut timings).await?;

    let severity = options::severity_rule(config)?;
    let describer = Describer { names: &job.names, severity: &severity, today };
    let mut listing = listing::Listing::new(&job);
    let mut rolling = conservation::Rolling::new(today, &policy.calendar);
    let described = timings.stage("classify", rows, || {
        let before = (carried.as_ref(), &waited);
        let lists = (&mut listing, &mut rolling);
        tokio::task::block_in_place(|| classify(&evidence, &describer, before, &due, &mut reconciliation, lists))
    })?;
    let known = KnownBefore::load(&job, contract.is_some(), (carried.as_ref(), &reopened), payouts_from).await?;
    let (proofs, controls) = timings.stage("prove", rows, || {
        let described = (&described, &listing.listed);
        tokio::task::block_in_place(|| prove(&evidence, &mut reconciliation, described, &known))
    })?;
    refuse_control_totals(config, &proofs)?;
    let of_proofs = tokio::task::block_in_place(|| {
        findings::describe(&job, &describer, &reports, &reports.rows.findings, &proofs.findings)
    })?;

    let mut day = Day {
        proofs,
        period_crossings: reconciliation.period_crossings,
        controls,
        remarks: reports.remarks.clone(),
        cleared: Vec::new(),
        roll_forward: conservation::RollForward::new(),
        decided: BTreeMap::new(),
        in_transit: described.in_transit,
        discrepancies: described.discrepancies,
    };
    carry::make_room(carried.as_ref(), of_proofs.len(), &mut day);
    day.discrepancies.extend(of_proofs);
    day.remarks.extend(day.proofs.remarks.iter().cloned());
    let loaded = reports.file_names();
    let standing = carry::standing_proofs(&job, carried.as_ref()).await?;
    let before_it = carried.as_ref();
    let before =
        carry::Before { carried: before_it, waited: &waited.left, loaded: &loaded, ledger_from: ledger.from, standing };
    carry::age_and_carry(&job, &policy, (&before, &reopened), &described.closed, &described.became, &mut day).await?;
    let decisions = decided.apply(&job, before_it, &mut day).await?;
    day.roll_forward = carry::roll_forward(rolling, &before, &reopened, &described.became, &day)?;
    // What the run before left is known now. Where memory is short, recording may have its room.
    drop(before);
    drop((carried, waited));
    let asked = asking::ask(&job, &mut day, &mut timings).await?;
    let lists = tokio::task::block_in_place(|| {
        let (in_transit, cleared) = (std::mem::take(&mut day.in_transit), std::mem::take(&mut day.cleared));
        job.threads.install(|| listing.finish(&in_transit, &cleared))
    })?;

    let remembered = (inputs::remembered(&known.held, &volumes) + &known.open.remembered + &decisions, bases);
    let record = inputs::RunInputs::of(&job, &reports, &ledger, registry.as_ref(), contract.as_ref(), remembered)?;
    lock.verify().await.or_kind()?;
    let day_and_lists = (&day, &lists);
    let recorded = outputs::record(&job, &lock, &record, day_and_lists, &reports, (started_at, &mut timings)).await?;
    let rejects = (&reports, ledger.parsed.rejects.as_slice());
    let mut text = outputs::publish(&job, &lock, &record, day_and_lists, rejects, recorded, &mut timings).await?;
    timings.stage("remember", rows, || {
        let run = (revision_of(recorded), record.digest.as_str());
        let read = (&reports, &ledger.entries);
        tokio::task::block_in_place(|| job.threads.install(|| recalled.remember(&job, read, &reconciliation, run)));
    });
    lock.release().await.or_kind()?;
    tracing::info!(date = %today, "{}", text.one_line());
    text.verdict = judge(&day, options, &asked, &text);
    Ok(text)
}

/// Matches the day; once more where its reversals name originals from before the window that the ledger has.
async fn match_day(
    evidence: &evidence::Evidence<'_>,
    registry: Option<&inputs::Registry>,
    policy: &matching::Policy,
    timings: &mut Timings,
) -> anyhow::Result<matching::Reconciliation> {
    let (job, reports, ledger) = (evidence.job, evidence.reports, evidence.ledger);
    let rows = reports.matched_lines() + ledger.parsed.entries.len() as u64;
    let none = KeySet::default();
    let inputs = Inputs {
        transactions: &reports.transactions,
        settlements: &reports.settlements,
        ledger: &ledger.parsed,
        registry: registry.map(|known| &known.successful),
        scope: &reports.scope,
        missing: &reports.missing,
        known_originals: &none,
        entry_id: &|entry| ledger.entry_id(entry),
    };
    let matched = |inputs: &Inputs<'_>| {
        tokio::task::block_in_place(|| job.threads.install(|| matching::reconcile(inputs, policy)))
    };
    let reconciliation = timings.stage("match", rows, || matched(&inputs));
    let orphans = tokio::task::block_in_place(|| evidence.originals_of_orphans(&reconciliation))?;
    let known_originals = ledger.known_before(job, &orphans).await?;
    if known_originals.is_empty() {
        return Ok(reconciliation);
    }
    let inputs = Inputs { known_originals: &known_originals, ..inputs };
    Ok(timings.stage("match again", rows, || matched(&inputs)))
}

/// Puts into words what was found, what waits and what was closed.
fn classify(
    evidence: &evidence::Evidence<'_>,
    describer: &Describer<'_>,
    (carried, waited): (Option<&Carried>, &waited::Waited),
    due: &BTreeMap<BusinessDate, BusinessDate>,
    reconciliation: &mut matching::Reconciliation,
    (listing, rolling): (&mut listing::Listing, &mut conservation::Rolling<'_>),
) -> anyhow::Result<evidence::Described> {
    let findings = reconciliation.findings.len() as u64;
    evidence.job.room.for_stage("classify", findings * room::BYTES_PER_FINDING)?;
    let open_before = carry::open_before(carried);
    evidence.job.threads.install(|| {
        let mut described = evidence.describe(describer, reconciliation, &open_before)?;
        evidence.name_agreements((carried, &waited.left), &mut described)?;
        evidence.list_agreed(waited, due, (listing, rolling))?;
        Ok(described)
    })
}

/// What the proofs of a day know from before it.
struct KnownBefore {
    has_schedule: bool,
    held: Vec<Held>,
    /// What was open of batches and payouts.
    open: proving::OpenProofs,
    payouts_from: BusinessDate,
}

impl KnownBefore {
    async fn load(
        job: &Job<'_>,
        has_schedule: bool,
        (carried, reopened): (Option<&Carried>, &BTreeSet<DiscrepancyId>),
        payouts_from: BusinessDate,
    ) -> anyhow::Result<Self> {
        let held = job.store.held_before(job.merchant.as_str(), job.today).await.or_kind()?;
        let days = job.config.proof()?.payout_due_days;
        let all_known = options::calendar(job.config)?.plus_business_days(payouts_from, days);
        let open = carry::open_proofs(job, carried, reopened, all_known).await?;
        Ok(Self { has_schedule, held, open, payouts_from })
    }
}

/// Runs the proofs of the day's reports, and proves that every line and entry of the day has one place. From then on, what was found
/// stands in words only.
fn prove(
    evidence: &evidence::Evidence<'_>,
    reconciliation: &mut matching::Reconciliation,
    (described, listed): (&evidence::Described, &BTreeMap<Currency, Tally>),
    known: &KnownBefore,
) -> anyhow::Result<(proving::Proofs, conservation::ControlTotals)> {
    let (job, reports) = (evidence.job, evidence.reports);
    let proofs = prove_reports(job, reports, known)?;
    let counted = evidence.counted(&described.claimed_by_rejects, listed);
    let totals = job.threads.install(|| conservation::prove(&counted, reconciliation, job.today));
    let totals = totals.and_then(|mut totals| {
        proofs.count(reports, job.today, &job.symbols, &mut totals)?;
        Ok(totals)
    });
    reconciliation.findings = Vec::new();
    let defect = |imbalance| format!("conservation: {imbalance}; nothing was written; please report this defect");
    Ok((proofs, totals.map_err(|imbalance| Failure::new(Kind::Integrity, defect(imbalance)))?))
}

/// Runs every proof that the day's reports allow.
fn prove_reports(job: &Job<'_>, reports: &intake::Reports, known: &KnownBefore) -> anyhow::Result<proving::Proofs> {
    let (proof, calendar) = (job.config.proof()?, options::calendar(job.config)?);
    let log_ids = findings::LogIds::open(job, &reports.inputs)?;
    let day = proving::DayToProve {
        today: job.today,
        settlements: &reports.settlements,
        earlier_sums: &reports.earlier_sums,
        earlier_outgoing: &reports.outgoing,
        rows: &reports.rows,
        summaries: &reports.summaries,
        activities: &reports.activities,
        balances: &reports.balances,
        last_balances: reports.last_balances,
        broken_sets: &reports.broken_sets,
        held: &known.held,
        open: &known.open,
        has_schedule: known.has_schedule,
        is_dated: true,
        needs_details: false,
        payouts_from: known.payouts_from,
        payout_due_days: proof.payout_due_days,
        payout_types: &proof.payout_types,
        calendar: &calendar,
        symbols: &job.symbols,
        names: &job.names,
        file_name: &|file| reports.inputs.get(file as usize).map(|known| known.name.clone()).unwrap_or_default(),
        log_id: &|place| log_ids.text(place),
    };
    let proofs = day.prove();
    log_ids.check()?;
    Ok(proofs)
}

/// Ends the run if a summary disagrees with its own rows and the configuration says that this is fatal.
fn refuse_control_totals(config: &Config, proofs: &proving::Proofs) -> anyhow::Result<()> {
    let is_total = |found: &&ProofFinding| found.kind == DiscrepancyKind::ControlTotal;
    let Some(found) = proofs.findings.iter().find(is_total) else { return Ok(()) };
    if !config.proof()?.fatal_control_totals {
        return Ok(());
    }
    let advice = "nothing was written; ask Antom for a new summary, or set `[proof] fatal_control_totals = false`";
    Err(Failure::new(Kind::Integrity, format!("control total: {}; {advice}", found.explanation)).into())
}

/// What `--require-answers` and `--fail-on` make of a day that is written.
fn judge(day: &Day, options: RunOptions, asked: &asking::Asked, text: &DayReportText) -> Option<Failure> {
    if options.require_answers && asked.questions > 0 && asked.answered == 0 {
        let sentence = format!(
            "none of {} questions was answered ({}); the outputs are written, their discrepancies are marked UNAVAILABLE",
            asked.questions,
            asked.why.as_deref().unwrap_or("no reason was given")
        );
        return Some(Failure::new(Kind::Unreachable, sentence));
    }
    let level = options.fail_on?;
    let count = day.discrepancies.iter().filter(|row| row.severity >= level).count();
    let sentence = || format!("{count} of severity {level} or higher; see `{}`", text.folder.display());
    (count > 0).then(|| Failure::new(Kind::Discrepancies, sentence()))
}

/// Whether a run's record was new.
pub(crate) const fn revision_of(recorded: Recorded) -> u32 {
    match recorded {
        Recorded::Same { revision, .. } | Recorded::New { revision, .. } => revision,
    }
}
