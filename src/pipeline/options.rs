//! From the configuration to the options of each module.

use std::time::Duration;

use crate::calendar::{BusinessDate, Instant, SettlementCalendar};
use crate::config::{self, Config};
use crate::discrepancy::SeverityRule;
use crate::environment::memory::{Bound, Limit};
use crate::failure::{Failure, Kind, OrFail};
use crate::fetch::names::Patterns;
use crate::fetch::{self, Archive, Auth, HostKey, Secret, SftpOptions, SourceOptions};
use crate::id::{PlatformMerchantId, Symbols};
use crate::matching::{Adjustments, Policy};
use crate::memory::Memory;
use crate::movement::ReportKind;
use crate::proof::{RowRules, Schedule, Volumes};
use crate::report::{IdRule, ReportOptions, ReportRules, SignRule};
use crate::store::StoreOptions;

use super::folds::{OrKind, memory_failure};
use super::room::Room;

/// The threads that parse and match.
pub fn threads(config: &Config) -> anyhow::Result<rayon::ThreadPool> {
    let count = config.threads()?.unwrap_or(0);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(count).thread_name(|at| format!("recon-{at}")).build();
    pool.or_fail(Kind::Unforeseen, || "cannot start threads; expected the system to allow one per core")
}

/// What a run takes at the very least: the process, and the blocks that each thread has at hand.
const LEAST_BYTES: u64 = 48 << 20;
const LEAST_BYTES_PER_THREAD: u64 = 12 << 20;

/// The memory that a run may take.
pub fn room(config: &Config, threads: usize) -> Result<Room, Failure> {
    let least = LEAST_BYTES + threads as u64 * LEAST_BYTES_PER_THREAD;
    match limit(config)? {
        Some(Limit { bytes, by: Bound::Given }) if bytes < least => Err(Failure::configuration(format!(
            "run.memory_limit: {} MiB are too little for {threads} threads; expected at least {} MiB, or fewer `run.threads`",
            bytes >> 20,
            (least + (1 << 20) - 1) >> 20
        ))),
        limit => Ok(Room::of(limit.map(|limit| Limit { bytes: limit.bytes.max(least), ..limit }))),
    }
}

/// What the configuration says, or else what is free.
fn limit(config: &Config) -> Result<Option<Limit>, Failure> {
    Ok(config.memory_limit()?.map(Limit::given).or_else(Limit::of_free))
}

/// How the day is matched.
pub fn policy(config: &Config, today: BusinessDate) -> Result<Policy, Failure> {
    let matching = config.matching()?;
    let calendar = calendar(config)?;
    Ok(Policy {
        today,
        window_start: window_start(&matching, &calendar, today),
        cut_off: config.cut_off()?,
        cutoff_grace_ms: i64::try_from(matching.cutoff_grace.as_millis()).unwrap_or(i64::MAX),
        settlement_due_days: matching.settlement_due_days,
        pending_max_days: matching.pending_max_days,
        splits: matching.splits,
        adjustments: match matching.adjustments {
            config::Adjustments::Proved => Adjustments::Proved,
            config::Adjustments::Ledger => Adjustments::Ledger,
        },
        calendar,
    })
}

/// The first date that a run loads: the lookback, or as far back as anything may still wait, whichever is longer.
pub fn window_start(matching: &config::Matching, calendar: &SettlementCalendar, today: BusinessDate) -> BusinessDate {
    let mut days = matching.lookback_days.max(matching.pending_max_days.saturating_add(1)).min(MAX_WINDOW_DAYS);
    let waits = |days| calendar.plus_business_days(today.minus_days(days), matching.settlement_due_days) >= today;
    while days < MAX_WINDOW_DAYS && waits(days) {
        days += 1;
    }
    today.minus_days(days)
}

/// No window is longer than a leap year: what waits longer is not in transit but lost.
const MAX_WINDOW_DAYS: u32 = 366;

/// The days on which Antom settles.
pub fn calendar(config: &Config) -> Result<SettlementCalendar, Failure> {
    Ok(SettlementCalendar::new(config.holidays()?))
}

/// How many windows of payouts are looked back: earlier summaries take their own payouts first, so that none of them is taken for
/// that of a batch which is due now.
const PAYOUT_WINDOWS: u32 = 3;

/// The first date whose summaries and account activity are all looked at for payouts.
pub fn payouts_from(due_days: u32, calendar: &SettlementCalendar, today: BusinessDate) -> BusinessDate {
    due_from(due_days * PAYOUT_WINDOWS, calendar, today)
}

/// The first date whose payouts may still come today.
pub fn due_from(due_days: u32, calendar: &SettlementCalendar, today: BusinessDate) -> BusinessDate {
    let may_come = |date| calendar.plus_business_days(date, due_days) >= today;
    let mut from = today;
    while from > today.minus_days(MAX_WINDOW_DAYS) && may_come(from.minus_days(1)) {
        from = from.minus_days(1);
    }
    from
}

/// What settlement lines are judged by.
///
/// # Errors
/// A failure of the configuration.
pub fn row_rules<'a>(
    config: &Config,
    symbols: &'a Symbols,
    schedule: Option<&'a Schedule>,
    volumes: &Volumes,
) -> Result<RowRules<'a>, Failure> {
    let unit = report_rules(config)?.of(ReportKind::SettlementDetails).amount_unit;
    let rules = RowRules::new(symbols, config.cut_off()?);
    let rules = rules.with_tolerance(config.proof()?.converted_tolerance).with_unit(unit);
    Ok(match schedule {
        Some(schedule) => rules.with_schedule(schedule, volumes),
        None => rules,
    })
}

/// How severe discrepancies are.
///
/// # Errors
/// A failure of the configuration.
pub fn severity_rule(config: &Config) -> Result<SeverityRule, Failure> {
    let rules = config.severity()?;
    Ok(SeverityRule {
        overrides: rules.kinds,
        raise_at_minor: [0, 1, 2, 3, 4].map(|places| rules.raise_at.in_minor(places)),
    })
}

/// Where reports come from, with its secrets read.
///
/// # Errors
/// A failure of the configuration.
pub fn source(config: &Config) -> Result<SourceOptions, Failure> {
    let sftp = match config.source()? {
        config::Source::Directory { path, .. } => return Ok(SourceOptions::Directory { path }),
        config::Source::Sftp(sftp) => *sftp,
    };
    let auth = match sftp.login {
        config::Login::Password(file) => Auth::Password(Secret::new(file.read()?.expose())),
        config::Login::PrivateKey { key, passphrase } => Auth::PrivateKey {
            path: key.path().to_owned(),
            passphrase: passphrase.map(|file| file.read()).transpose()?.map(|text| Secret::new(text.expose())),
        },
    };
    let host_key = match sftp.host_key {
        config::HostKey::Fingerprint(text) => HostKey::Fingerprint(text),
        config::HostKey::KnownHosts(path) => HostKey::KnownHosts(path),
    };
    let mut options = SftpOptions::new(&sftp.host, sftp.port, &sftp.username, auth, host_key);
    options.root = sftp.root;
    options.connections = sftp.connections;
    options.connect_timeout = sftp.connect_timeout;
    options.operation_timeout = sftp.timeout;
    options.total_timeout = sftp.total_timeout;
    Ok(SourceOptions::Sftp(Box::new(options)))
}

/// The archive.
///
/// # Errors
/// A failure of the configuration if it cannot be opened.
pub fn archive(config: &Config) -> anyhow::Result<Archive> {
    Archive::open(&config.archive_dir()).or_kind()
}

/// The memory beside the archive; with `forget`, one that knows nothing yet.
pub fn memory(config: &Config, merchant: &PlatformMerchantId, forget: bool) -> anyhow::Result<Memory> {
    Memory::open(&config.archive_dir(), merchant, forget).map_err(|error| memory_failure(&error).into())
}

/// How files are called.
pub fn patterns(config: &Config) -> anyhow::Result<Patterns> {
    let mut patterns = Patterns::default();
    for (kind, report) in config.reports()? {
        if !report.file.is_empty() {
            patterns.replace(kind, &report.file).or_kind()?;
        }
    }
    Ok(patterns)
}

/// How reports are read.
///
/// # Errors
/// A failure of the configuration.
pub fn report_rules(config: &Config) -> Result<ReportRules, Failure> {
    let mut rules = ReportRules::default();
    for (kind, report) in config.reports()? {
        let aliases = report
            .aliases
            .into_iter()
            .flat_map(|(canonical, names)| names.into_iter().map(move |name| (name, canonical.clone())))
            .collect();
        let options = ReportOptions {
            amount_unit: report.amount_unit,
            id_rule: match report.id_rule {
                config::IdRule::Auto => IdRule::Auto,
                config::IdRule::Own => IdRule::Old,
                config::IdRule::Payment => IdRule::New,
            },
            sign_rule: match report.sign {
                config::SignRule::Auto => SignRule::Auto,
                config::SignRule::Signed => SignRule::Signed,
                config::SignRule::ByType => SignRule::ByType,
            },
            column_aliases: aliases,
            required: report.required,
            ..ReportOptions::default()
        };
        rules.by_kind.insert(kind, options);
    }
    Ok(rules)
}

/// How somebody else's database is reached: with the time-outs of the program's own, and by its user's own schema.
///
/// # Errors
/// A failure of the configuration.
pub fn store_options(config: &Config) -> anyhow::Result<StoreOptions> {
    Ok(StoreOptions { schema: None, ..own_store_options(config)? })
}

/// How the program's own database is reached.
///
/// # Errors
/// A failure of the configuration.
pub fn own_store_options(config: &Config) -> anyhow::Result<StoreOptions> {
    let config::DatabaseUse { schema, connect_timeout, statement_timeout, ledger_timeout } = config.database_use()?;
    let base_dir = config.folder();
    let defaults = StoreOptions::default();
    let room = Room::of(limit(config)?);
    let cache_bytes = room.for_pages().unwrap_or(defaults.cache_bytes);
    let import_cache_bytes = room.for_pages_of_import().unwrap_or(defaults.import_cache_bytes);
    let times = StoreOptions { connect_timeout, statement_timeout, ledger_timeout, ..defaults };
    Ok(StoreOptions { base_dir, schema, cache_bytes, import_cache_bytes, ..times })
}

/// Reads every section that a run reads, so that a mistake is found before anything is fetched or asked.
///
/// # Errors
/// A failure of the configuration, the first one found.
pub fn check(config: &Config) -> anyhow::Result<()> {
    let merchant = config.merchant()?;
    config.memory_limit()?;
    source(config)?;
    config.ledger()?;
    config.sub_merchants()?;
    policy(config, merchant.cut_off.date_of(Instant::from_millis(0)))?;
    severity_rule(config)?;
    config.expect()?;
    report_rules(config)?;
    patterns(config)?;
    config.proof()?;
    super::inputs::contract(config)?;
    if config.requery()?.enabled {
        super::asking::client(&config.api()?)?;
    }
    Ok(())
}

/// A fetch that nobody watches and that ends with the process.
#[must_use]
pub fn control() -> fetch::Control<'static> {
    fetch::Control::silent()
}

/// How long `doctor` waits for anything.
pub const DOCTOR_PATIENCE: Duration = Duration::from_secs(20);
