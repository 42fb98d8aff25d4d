//! `antom-recon status`: where things stand.

mod days;

use std::collections::BTreeMap;
use std::io::Write;

use super::{open_store, session};
use crate::clock;
use crate::config::Config;
use crate::decision::{DecisionKind, standing};
use crate::pipeline::OrKind;
use crate::store::{RunOverview, Store};

/// Show runs, open items by age, reports that are expected and missing, stale dates, and who holds the lock
#[derive(Debug, clap::Args)]
pub struct Args {}

/// How many dates are listed.
const LISTED_RUNS: u32 = 14;

/// The upper ends of the age buckets, in business days.
const BUCKETS: [(u32, &str); 7] =
    [(1, "0-1"), (3, "2-3"), (7, "4-7"), (30, "8-30"), (60, "31-60"), (90, "61-90"), (u32::MAX, "over 90")];

/// Writes runs, open items and missing reports to `out`.
///
/// # Errors
/// See [`crate::failure`].
pub fn run(_args: &Args, config: &Config, out: &mut dyn Write) -> anyhow::Result<()> {
    let merchant = config.merchant()?.platform_merchant_id;
    let today = config.cut_off()?.date_of(clock::now());
    session(async {
        let store = open_store(config).await?;
        let runs = store.runs_overview(&merchant, LISTED_RUNS).await.or_kind()?;
        writeln!(out, "runs of {merchant} (newest first)")?;
        if runs.is_empty() {
            writeln!(out, "  none yet; start with `antom-recon run`")?;
        }
        for run in &runs {
            let (on, revision) = (run.run.business_date, run.run.revision);
            let finished = run.run.finished_at.rfc3339();
            let counts = format!("{:>7} discrepancies {:>9} in transit", run.discrepancies, run.in_transit);
            writeln!(out, "  {on}  revision {revision}  {counts}  finished {finished}")?;
        }
        if let Some(newest) = runs.first() {
            by_age(&store, newest, out).await?;
            decisions(&store, &merchant, out).await?;
        }
        days::expected(config, &store, today, out).await?;
        if let Some(range) = store.completed_range(&merchant).await.or_kind()? {
            days::superseded(config, &store, range, out).await?;
        }
        lock(&store, &merchant, out).await?;
        let schema = store.check_migrations().await.or_kind()?;
        writeln!(out, "database {} has schema version {}", store.name(), schema.newest)?;
        store.close().await;
        Ok(())
    })
}

/// Open discrepancies of the newest run, by kind and age in business days.
async fn by_age(store: &Store, newest: &RunOverview, out: &mut dyn Write) -> anyhow::Result<()> {
    let mut counts = BTreeMap::<(_, usize), u64>::new();
    for row in store.discrepancies_of(newest.run.run_id).await.or_kind()? {
        let bucket = BUCKETS.iter().position(|(end, _)| row.age_days <= *end).unwrap_or(BUCKETS.len() - 1);
        *counts.entry((row.kind, bucket)).or_default() += 1;
    }
    writeln!(out, "open discrepancies after {}, by age in business days", newest.run.business_date)?;
    if counts.is_empty() {
        writeln!(out, "  none")?;
    }
    for ((kind, bucket), count) in counts {
        writeln!(out, "  {:<30} {:>7} days {count:>7}", kind.as_str(), BUCKETS[bucket].1)?;
    }
    Ok(())
}

/// Whether a run is under way.
async fn lock(store: &Store, merchant: &str, out: &mut dyn Write) -> anyhow::Result<()> {
    match store.lease(merchant, clock::now()).await.or_kind()? {
        None => writeln!(out, "lock is free")?,
        Some(lease) if lease.expires_at <= lease.read_at => {
            writeln!(out, "lock is free; it was left by {lease}; its lease ended {}", lease.ends())?;
        }
        Some(lease) => writeln!(out, "lock is held by {lease}; its lease ends {}", lease.ends())?,
    }
    Ok(())
}

/// How many decisions stand; nothing is said if there are none.
async fn decisions(store: &Store, merchant: &str, out: &mut dyn Write) -> anyhow::Result<()> {
    let taken = store.decisions(merchant).await.or_kind()?.into_iter().map(|stored| stored.taken);
    let mut counts = BTreeMap::<DecisionKind, u64>::new();
    for standing in standing(taken).into_values() {
        // Whoever it was assigned to has nothing left to do once it is settled.
        let assigned = standing.note.filter(|note| note.decision.kind == DecisionKind::Assign);
        if let Some(stands) = standing.settled.or(assigned) {
            *counts.entry(stands.decision.kind).or_default() += 1;
        }
    }
    if !counts.is_empty() {
        writeln!(out, "standing decisions")?;
    }
    for (kind, count) in counts {
        writeln!(out, "  {:<30} {count:>20}", kind.as_str())?;
    }
    Ok(())
}
