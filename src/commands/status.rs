//! `antom-recon status`: where things stand.

mod days;

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io::Write;

use super::{open_store, session};
use crate::calendar::{AgeBucket, BusinessDate};
use crate::clock;
use crate::config::Config;
use crate::decision::{DecisionKind, standing};
use crate::kind::DiscrepancyKind;
use crate::money::Currency;
use crate::pipeline::{OrKind, calendar, unpublished};
use crate::store::{CarriedInTransit, RunOverview, Store};

/// Show runs, open items by age, reports that are expected and missing, stale dates, and who holds the lock
#[derive(Debug, clap::Args)]
pub struct Args {}

/// How many dates are listed.
const LISTED_RUNS: u32 = 14;

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
        let unpublished = unpublished(config, &store).await?;
        for run in &runs {
            let (on, revision) = (run.run.business_date, run.run.revision);
            let finished = run.run.finished_at.rfc3339();
            let counts = format!("{:>7} discrepancies {:>9} in transit", run.discrepancies, run.in_transit);
            let state = if unpublished.contains(&on) { "; not published: run the date again" } else { "" };
            writeln!(out, "  {on}  revision {revision}  {counts}  finished {finished}{state}")?;
        }
        if let Some(newest) = runs.first() {
            by_age(config, &store, newest, out).await?;
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

/// What the newest run left open, by kind, currency and age in business days; items in transit are last.
async fn by_age(config: &Config, store: &Store, newest: &RunOverview, out: &mut dyn Write) -> anyhow::Result<()> {
    let (run, on) = (newest.run.run_id, newest.run.business_date);
    let calendar = calendar(config)?;
    let code = |currency: Option<Currency>| currency.map_or_else(|| "---".to_owned(), |known| known.code().to_owned());
    let mut counts = BTreeMap::<(_, String, AgeBucket), u64>::new();
    for row in store.discrepancies_of(run).await.or_kind()? {
        let key = (Some(row.kind), code(row.currency), AgeBucket::of(row.age_days));
        *counts.entry(key).or_default() += 1;
    }
    let mut in_transit = BTreeMap::<(String, AgeBucket), u64>::new();
    let mut ages = BTreeMap::<BusinessDate, AgeBucket>::new();
    let count = |item: CarriedInTransit| {
        let since = item.first_seen_on.unwrap_or(item.business_date);
        let age = ages.entry(since).or_insert_with(|| AgeBucket::of(calendar.business_days_between(since, on)));
        *in_transit.entry((code(Some(item.currency)), *age)).or_default() += 1;
        Ok::<(), Infallible>(())
    };
    let Ok(()) = store.each_in_transit(run, count).await.or_kind()?;
    writeln!(out, "open discrepancies after {on}, by age in business days")?;
    if counts.is_empty() {
        writeln!(out, "  none")?;
    }
    let in_transit = in_transit.into_iter().map(|((currency, age), count)| ((None, currency, age), count));
    for ((kind, currency, age), count) in counts.into_iter().chain(in_transit) {
        let kind = kind.map_or("IN_TRANSIT", DiscrepancyKind::as_str);
        writeln!(out, "  {kind:<30} {currency} {:>13} {count:>7}", format!("{age} days"))?;
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
