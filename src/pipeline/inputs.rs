//! What a run reads besides reports and ledger, and the record of all of it.
#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "the registry is a file")]

use std::collections::HashMap;
use std::fs::File;

use crate::calendar::BusinessDate;
use crate::config::{Config, SubMerchants};
use crate::failure::{Failure, Kind, OrFail};
use crate::fetch::Digest;
use crate::matching;
use crate::proof::{Held, Schedule, VolumeKey, Volumes};
use crate::store::{Base, QueryLedger, RunFile};

use super::folds::OrKind;
use super::intake::Reports;
use super::ledger::Ledger;
use super::{Job, bases, fee_schedule, options};

/// The registered sub-merchants.
pub struct Registry {
    /// Whether each was registered successfully.
    pub successful: matching::Registry,
    /// What it is called in `summary.json`.
    pub name: String,
    /// SHA-256 of its CSV, in hexadecimal.
    pub sha256: String,
    /// Bytes of its CSV.
    pub size: u64,
}

/// The columns of a registry.
const COLUMNS: [&str; 4] = ["sub_merchant_id", "merchant_id", "status", "registered_on"];

/// The word of a successful registration (`registrationStatus` of `notifyRegistration`).
const SUCCESSFUL: &str = "SUCCESSFUL";

/// A registry of more bytes is not one: a million sub-merchants take some 80 MB.
const MAX_REGISTRY_BYTES: u64 = 1 << 30;

/// Reads the registry, if one is configured. A sub-merchant that stands twice is registered if one of its rows says so.
pub async fn registry(job: &Job<'_>) -> anyhow::Result<Option<Registry>> {
    let (name, csv) = match job.config.sub_merchants()? {
        None => return Ok(None),
        Some(SubMerchants::Csv(path)) => {
            let unreadable = || format!("sub_merchants.file: `{}` cannot be read; expected a CSV file", path.display());
            let size =
                File::open(&path).and_then(|file| file.metadata()).or_fail(Kind::Configuration, unreadable)?.len();
            if size > MAX_REGISTRY_BYTES {
                let sentence =
                    format!("sub_merchants.file: `{}` has {size} bytes, more than a registry can have", path.display());
                return Err(Failure::configuration(sentence).into());
            }
            let csv = std::fs::read(&path).or_fail(Kind::Configuration, unreadable)?;
            (path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(), csv)
        }
        Some(SubMerchants::Query { url, sql }) => {
            let mut csv = Vec::new();
            let mut source = QueryLedger::open(url.expose(), &options::store_options(job.config)?).await.or_kind()?;
            source.read_columns(&sql, &COLUMNS, &mut csv).await.or_kind()?;
            ("query".to_owned(), csv)
        }
    };
    let successful = parse(job, &name, &csv)?;
    let (sha256, size) = (Digest::of(&csv).to_string(), csv.len() as u64);
    Ok(Some(Registry { successful, name, sha256, size }))
}

fn parse(job: &Job<'_>, name: &str, csv: &[u8]) -> anyhow::Result<matching::Registry> {
    let wrong = |problem: String| {
        let expected = COLUMNS.join(", ");
        Failure::configuration(format!("sub_merchants: `{name}` {problem}; expected a CSV with the columns {expected}"))
    };
    let mut reader = csv::ReaderBuilder::new().flexible(false).trim(csv::Trim::All).from_reader(csv);
    let headers = reader.headers().map_err(|error| wrong(format!("has no header ({error})")))?.clone();
    let position = |column: &str| {
        let at = headers.iter().position(|header| header.trim_start_matches('\u{feff}') == column);
        at.ok_or_else(|| wrong(format!("lacks the column `{column}`")))
    };
    let (id, status) = (position(COLUMNS[0])?, position(COLUMNS[2])?);
    let mut registry: HashMap<_, bool> = HashMap::new();
    for row in reader.records() {
        let row = row.map_err(|error| wrong(format!("has a row that cannot be read ({error})")))?;
        let symbol = job.symbols.intern(row.get(id).unwrap_or_default().as_bytes());
        *registry.entry(symbol).or_default() |= row.get(status) == Some(SUCCESSFUL);
    }
    Ok(registry)
}

/// The contract that fees are held against.
pub struct Contract {
    /// Its rules.
    pub schedule: Schedule,
    /// The file's name.
    pub name: String,
    /// SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
    /// Its bytes.
    pub size: u64,
}

/// Reads the fee schedule, if one is configured.
pub fn contract(config: &Config) -> anyhow::Result<Option<Contract>> {
    let Some(path) = config.fee_schedule()? else { return Ok(None) };
    let schedule = fee_schedule::read(&path)?;
    let unreadable = || format!("fees.schedule: `{}` cannot be read; expected a TOML or CSV file", path.display());
    let bytes = std::fs::read(&path).or_fail(Kind::Configuration, unreadable)?;
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    Ok(Some(Contract { schedule, name, sha256: Digest::of(&bytes).to_string(), size: bytes.len() as u64 }))
}

/// What went through, on which tiers of a schedule depend: from the first of a month on, since at least the whole month before that
/// of the oldest line of a window that begins on this date. Nothing is read for a contract without tiers.
pub async fn volumes(
    job: &Job<'_>,
    contract: Option<&Contract>,
    window_start: BusinessDate,
) -> anyhow::Result<Volumes> {
    /// A month and the one before.
    const DAYS: u32 = 62;
    let has_tiers = contract.is_some_and(|known| known.schedule.rules().iter().any(|rule| !rule.tiers.is_empty()));
    if !has_tiers {
        return Ok(Volumes::new());
    }
    let from = window_start.minus_days(DAYS).first_of_month();
    let stored = job.store.volumes(job.merchant.as_str(), from, job.today).await.or_kind()?;
    let mut volumes = Volumes::new();
    // Of a month that is known in part, nothing is known.
    for (_, volume) in stored.into_iter().filter(|(_, volume)| volume.on >= from) {
        let key = VolumeKey {
            on: volume.on,
            method: volume.method,
            brand: volume.brand,
            country: volume.country,
            sub_merchant: volume.sub_merchant_id,
            currency: volume.currency,
        };
        *volumes.entry(key).or_default() += volume.base_minor;
    }
    Ok(volumes)
}

/// What a run's proofs take from the runs before it, as a text: if that changed, a rerun is another run.
pub fn remembered(held: &[Held], volumes: &Volumes) -> String {
    let mut text = String::new();
    for Held { merchant, party, currency, kind, amount } in held {
        text.push_str(&format!("held {merchant:?} {party:?} {currency} {kind} {amount}\n"));
    }
    for (key, base) in volumes {
        text.push_str(&format!("volume {key:?} {base}\n"));
    }
    text
}

/// Everything that a run read, for its record and for `summary.json`.
pub struct RunInputs {
    /// In a stable order: the day's reports, the ledger, the registry.
    pub files: Vec<RunFile>,
    /// SHA-256 over all inputs and the configuration that decides about results.
    pub digest: String,
    /// SHA-256 of the configuration that decides about results.
    pub configuration: String,
    /// The earlier dates that the run rests on.
    pub bases: Vec<Base>,
}

impl RunInputs {
    /// The record of what was read, and of what proofs and decisions take from earlier runs.
    pub fn of(
        job: &Job<'_>,
        reports: &Reports,
        ledger: &Ledger,
        registry: Option<&Registry>,
        contract: Option<&Contract>,
        (remembered, bases): (String, Vec<Base>),
    ) -> anyhow::Result<Self> {
        let mut files = reports.files.clone();
        files.push(RunFile {
            kind: "ledger".to_owned(),
            path: "ledger".to_owned(),
            name: ledger.name.clone(),
            size: ledger.size,
            sha256: ledger.sha256.clone(),
            lines: ledger.entries.rows().into(),
            rejects: ledger.parsed.rejects.len() as u64,
        });
        files.extend(registry.map(|known| RunFile {
            kind: "sub_merchants".to_owned(),
            path: "sub_merchants".to_owned(),
            name: known.name.clone(),
            size: known.size,
            sha256: known.sha256.clone(),
            lines: known.successful.len() as u64,
            rejects: 0,
        }));
        files.extend(contract.map(|known| RunFile {
            kind: "fee_schedule".to_owned(),
            path: "fee_schedule".to_owned(),
            name: known.name.clone(),
            size: known.size,
            sha256: known.sha256.clone(),
            lines: known.schedule.rules().len() as u64,
            rejects: 0,
        }));
        let mut text = format!("{} {}\n", env!("CARGO_PKG_VERSION"), job.today);
        for file in &files {
            text.push_str(&format!("{} {} {}\n", file.kind, file.path, file.sha256));
        }
        for file in &reports.inputs {
            text.push_str(&format!("{}\n", file.digest));
        }
        text.push_str(&bases::text(&bases));
        text.push_str(&remembered);
        let configuration = job.config.what_decides()?;
        text.push_str(&configuration);
        let configuration = Digest::of(configuration.as_bytes()).to_string();
        Ok(Self { files, digest: Digest::of(text.as_bytes()).to_string(), configuration, bases })
    }
}
