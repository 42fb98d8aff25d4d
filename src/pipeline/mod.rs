//! The day in one function. The only module that knows all the others.
//!
//! [`run_day`] reads like the README: lock, fetch, parse, match, describe, ask, prove, record, write. Each step lives in the
//! file of its name below; what they do for real is in the modules that they call.

pub(crate) mod asking;
mod carry;
mod evidence;
pub mod fee_schedule;
mod folds;
mod inputs;
mod intake;
mod ledger;
mod options;
mod outputs;
mod timing;

use crate::calendar::BusinessDate;
use crate::clock;
use crate::config::Config;
use crate::discrepancy::{ClearedRow, Describer, Discrepancy, InTransitRow, Names};
use crate::failure::{Failure, Kind};
use crate::id::{KeyMaker, KeySet, PlatformMerchantId, Symbols};
use crate::kind::Severity;
use crate::matching::{self, Inputs};
use crate::store::{Recorded, Store};
use crate::{conservation, proof};

pub use folds::OrKind;
pub use intake::{expected, fetch_day, not_ready};
pub use options::{archive, calendar, check, control, report_rules, severity_rule, source, store_options};
pub use outputs::DayReportText;
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
}

/// What every stage of a run may need.
pub(crate) struct Job<'a> {
    pub config: &'a Config,
    pub store: &'a Store,
    pub merchant: PlatformMerchantId,
    pub today: BusinessDate,
    pub names: Names,
    pub keys: KeyMaker,
    pub symbols: Symbols,
    pub threads: rayon::ThreadPool,
}

/// What a day came to, before it is rendered.
pub(crate) struct Day {
    pub discrepancies: Vec<Discrepancy>,
    pub in_transit: Vec<InTransitRow>,
    pub cleared: Vec<ClearedRow>,
    pub controls: conservation::ControlTotals,
    pub batches: Vec<proof::BatchTotal>,
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
    let mut lock = store.lock(merchant.as_str(), started_at).await.or_kind()?;
    let job = Job {
        config,
        store,
        today,
        names: Names::new(merchant.as_str()),
        merchant,
        keys: options::random_keys(),
        symbols: Symbols::new(),
        threads: options::threads(config)?,
    };
    outputs::finish_interrupted(&job)?;

    let policy = options::policy(config, today)?;
    let carried = store.carried_into(job.merchant.as_str(), today).await.or_kind()?;
    let older = carry::older_dates(carried.as_ref(), policy.window_start);
    let fetched = intake::fetch_for_run(&job, options.allow_missing, &mut timings).await?;
    let window = (policy.window_start, &older);
    let reports = intake::parse(&job, fetched, window, options.allow_missing, &mut timings).await?;
    let ledger = ledger::load(&job, &policy, &older, &mut timings).await?;
    let registry = inputs::registry(&job).await?;

    let none = KeySet::default();
    let inputs = Inputs {
        transactions: &reports.transactions,
        settlements: &reports.settlements,
        ledger: &ledger.parsed,
        registry: registry.as_ref().map(|known| &known.successful),
        scope: &reports.scope,
        missing: &reports.missing,
        known_originals: &none,
        entry_id: &|entry| ledger.entry_id(entry),
    };
    let rows = reports.lines() + ledger.rows();
    let mut reconciliation = timings.stage("match", rows, || {
        tokio::task::block_in_place(|| job.threads.install(|| matching::reconcile(&inputs, &policy)))
    });

    let severity = options::severity_rule(config)?;
    let describer = Describer { names: &job.names, severity: &severity, today };
    let evidence = evidence::Evidence { job: &job, reports: &reports, ledger: &ledger };
    let orphans = tokio::task::block_in_place(|| evidence.originals_of_orphans(&reconciliation))?;
    let known_originals = ledger.known_before(&job, &orphans).await?;
    if !known_originals.is_empty() {
        // Their originals are older than the window: matched anew, knowing them.
        let inputs = Inputs { known_originals: &known_originals, ..inputs };
        reconciliation = timings.stage("match again", rows, || {
            tokio::task::block_in_place(|| job.threads.install(|| matching::reconcile(&inputs, &policy)))
        });
    }
    let open_before = carry::open_before(carried.as_ref());
    let described = timings.stage("classify", rows, || {
        tokio::task::block_in_place(|| {
            job.threads.install(|| evidence.describe(&describer, &mut reconciliation, &open_before))
        })
    })?;
    let controls = timings.stage("prove", rows, || {
        let counted = evidence.counted(&described.claimed_by_rejects);
        tokio::task::block_in_place(|| job.threads.install(|| conservation::prove(&counted, &reconciliation, today)))
    });
    let controls = controls.map_err(|imbalance| {
        Failure::new(
            Kind::Integrity,
            format!("conservation: {imbalance}; nothing was written; please report this defect"),
        )
    })?;

    let mut day = Day {
        batches: proof::batch_totals(reports.settlements.iter().filter(|file| file.date == today), &job.symbols),
        period_crossings: reconciliation.period_crossings,
        controls,
        remarks: reports.remarks.clone(),
        cleared: Vec::new(),
        in_transit: described.in_transit,
        discrepancies: described.discrepancies,
    };
    let loaded = reports.file_names();
    let before = carry::Before { carried: carried.as_ref(), loaded: &loaded, ledger_from: ledger.from };
    carry::age_and_carry(&job, &policy, &before, &described.closed, &described.became, &mut day).await?;
    let asked = asking::ask(&job, &mut day, &mut timings).await?;

    let record = inputs::RunInputs::of(&job, &reports, &ledger, registry.as_ref())?;
    lock.verify().await.or_kind()?;
    let revision = outputs::record(&job, &record, &day, started_at).await?;
    let mut text = tokio::task::block_in_place(|| {
        outputs::publish(&job, &record, &day, (&reports, &ledger.parsed.rejects), revision, &mut timings)
    })?;
    lock.release().await.or_kind()?;
    tracing::info!(date = %today, "{}", text.one_line());
    text.verdict = judge(&day, options, &asked, &text);
    Ok(text)
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
