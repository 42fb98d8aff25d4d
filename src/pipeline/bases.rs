//! What a run rests on of the dates before it, and which runs rest on what is no longer in force.

use std::collections::{BTreeMap, BTreeSet};

use crate::calendar::BusinessDate;
use crate::config::Config;
use crate::store::{Base, Carried, Standing, Store};

use super::folds::OrKind;
use super::{Job, carry, options};

/// The earlier dates that a run reaches: those before its window on which something is open, and how all of them stand. Of the
/// one that it carries on, all counts that it came to.
pub async fn reached(
    job: &Job<'_>,
    window_start: BusinessDate,
    carried: Option<&Carried>,
) -> anyhow::Result<(BTreeSet<BusinessDate>, Vec<Base>)> {
    let older = carry::older_dates(carried, window_start);
    let before = carried.map(|carried| carried.run.business_date);
    let from = older.iter().copied().chain(before).chain([window_start]).min().unwrap_or(window_start);
    let standing = job.store.standing(job.merchant.as_str(), from, job.today.minus_days(1)).await.or_kind()?;
    let is_reached = |on: &BusinessDate| *on >= window_start || older.contains(on) || before == Some(*on);
    let base = |(on, known): (BusinessDate, Standing)| Base {
        on,
        revision: known.revision,
        reports: known.reports,
        content: if before == Some(on) { known.content } else { String::new() },
    };
    let bases = standing.into_iter().filter(|(on, _)| is_reached(on)).map(base).collect();
    Ok((older, bases))
}

/// What a run rests on, as a text: if that changed, a rerun is another run.
pub fn text(bases: &[Base]) -> String {
    bases.iter().map(|Base { on, reports, content, .. }| format!("rests on {on} {reports} {content}\n")).collect()
}

/// A completed date that rests on what is no longer in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stale {
    /// The date.
    pub on: BusinessDate,
    /// The earlier dates that stand otherwise now, oldest first.
    pub because_of: Vec<Superseded>,
}

/// An earlier date that stands otherwise than when a later one was run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Superseded {
    /// The earlier date.
    pub on: BusinessDate,
    /// The revision that the later date rests on; none if it knew of none.
    pub rests_on: Option<u32>,
    /// The revision that stands now.
    pub stands: u32,
}

/// The completed dates from `from` to `to`, both included, that are stale, oldest first. Running them anew in this order puts
/// them right.
///
/// # Errors
/// A failure of the configuration or the database.
pub async fn stale(config: &Config, store: &Store, from: BusinessDate, to: BusinessDate) -> anyhow::Result<Vec<Stale>> {
    let merchant = config.merchant()?.platform_merchant_id;
    let bases = store.bases(&merchant, from, to).await.or_kind()?;
    let (matching, calendar) = (config.matching()?, options::calendar(config)?);
    let oldest = bases.values().filter_map(|known| known.keys().next().copied()).min();
    let first = options::window_start(&matching, &calendar, from).min(oldest.unwrap_or(from));
    let standing = store.standing(&merchant, first, to).await.or_kind()?;
    let none = BTreeMap::new();
    let mut found = Vec::new();
    for (&on, run) in standing.range(from..=to) {
        let bases = bases.get(&run.run_id).unwrap_or(&none);
        let window_start = options::window_start(&matching, &calendar, on);
        let because_of = superseded((on, run), bases, &standing, window_start);
        if !because_of.is_empty() {
            found.push(Stale { on, because_of });
        }
    }
    Ok(found)
}

/// The earlier dates that stand otherwise than the run knew them.
fn superseded(
    (on, run): (BusinessDate, &Standing),
    bases: &BTreeMap<BusinessDate, Base>,
    standing: &BTreeMap<BusinessDate, Standing>,
    window_start: BusinessDate,
) -> Vec<Superseded> {
    let last = standing.range(..on).next_back().map(|(on, _)| *on);
    let of = |(&earlier, now): (&BusinessDate, &Standing)| {
        let known = bases.get(&earlier);
        let is_other = match known {
            Some(base) => base.reports != now.reports || (!base.content.is_empty() && base.content != now.content),
            // A run of before this was written down, or a date that was run only later.
            None => (earlier >= window_start || Some(earlier) == last) && now.run_id > run.run_id,
        };
        is_other.then(|| Superseded { on: earlier, rests_on: known.map(|base| base.revision), stands: now.revision })
    };
    standing.range(..on).filter_map(of).collect()
}

/// Stale dates in words, and the command that puts them right; none if there are none.
#[must_use]
pub fn put_right(stale: &[Stale]) -> Option<(String, String)> {
    let dates: Vec<BusinessDate> = stale.iter().map(|stale| stale.on).collect();
    super::intake::runs_anew(&dates)
}
