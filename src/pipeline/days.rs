//! The days of the calendar: which were missed, which reports each of them must have, and how long Antom still keeps them.

use std::collections::BTreeSet;

use crate::calendar::BusinessDate;
use crate::config::Config;
use crate::export;
use crate::fetch;
use crate::id::PlatformMerchantId;
use crate::movement::ReportKind;
use crate::store::Store;

use super::folds::OrKind;
use super::intake::{absent, due, expected, kind_of};
use super::{bases, options};

/// How many later dates of a range are listed at the source when one is not ready: a month. Each costs one listing.
const MAX_LISTED_DATES: usize = 31;

/// How far back a run looks for dates to be run anew: a leap year, as long as the longest window; `status` looks at all.
const MAX_STALE_DAYS: u32 = 366;

/// A date whose files Antom keeps still.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayOutlook {
    /// The date.
    pub on: BusinessDate,
    /// The reports that must be there.
    pub expected: Vec<ReportKind>,
    /// The revision of its newest run; none if it was not run.
    pub revision: Option<u32>,
    /// Those of the expected reports that the run lacked; of a date without a run, those that were never fetched.
    pub missing: Vec<ReportKind>,
    /// How many days are left until Antom may delete its files.
    pub days_left: u32,
}

impl DayOutlook {
    /// When Antom may delete the files of the date.
    #[must_use]
    pub fn deadline(&self) -> String {
        match self.days_left {
            0 => "today".to_owned(),
            1 => "in 1 day".to_owned(),
            days => format!("in {days} days"),
        }
    }
}

/// The dates within Antom's retention that have ended, oldest first, as far as the database knows them.
///
/// # Errors
/// A failure of the configuration or the database.
pub async fn outlook(config: &Config, store: &Store, today: BusinessDate) -> anyhow::Result<Vec<DayOutlook>> {
    let merchant = config.merchant()?.platform_merchant_id;
    let (retention, patterns) = (config.retention()?.days, options::patterns(config)?);
    let mut days = Vec::new();
    for back in (1..=retention).rev() {
        let on = today.minus_days(back);
        let expected = expected(config, on)?;
        let run = store.latest_run(&merchant, on).await.or_kind()?;
        let there: BTreeSet<ReportKind> = if run.is_some() {
            store.files_of(&merchant, on).await.or_kind()?.iter().filter_map(kind_of).collect()
        } else {
            let seen = store.contents_of_date(&merchant, on).await.or_kind()?;
            let kind = |(path, _): &(String, String)| {
                patterns.recognise(path.rsplit('/').next().unwrap_or(path)).map(|known| known.kind)
            };
            seen.iter().filter_map(kind).collect()
        };
        let missing = expected.iter().copied().filter(|kind| !there.contains(kind)).collect();
        let revision = run.map(|run| run.revision);
        days.push(DayOutlook { on, expected, revision, missing, days_left: retention - back });
    }
    Ok(days)
}

/// The dates between the first and the last completed one that were never run although reports are expected for them, and whose
/// files Antom keeps no longer: [`outlook`] does not show them.
///
/// # Errors
/// A failure of the configuration or the database.
pub async fn never_run(config: &Config, store: &Store, today: BusinessDate) -> anyhow::Result<Vec<BusinessDate>> {
    let merchant = config.merchant()?.platform_merchant_id;
    let Some((first, last)) = store.completed_range(&merchant).await.or_kind()? else { return Ok(Vec::new()) };
    let last = last.min(today.minus_days(config.retention()?.days + 1));
    let done: BTreeSet<BusinessDate> =
        store.completed_dates(&merchant, first, last).await.or_kind()?.into_iter().collect();
    let (calendar, expect) = (options::calendar(config)?, config.expect()?);
    let days = std::iter::successors(Some(first), |date| Some(date.plus_days(1))).take_while(|date| *date <= last);
    let is_due = |date: BusinessDate| expect.values().any(|expectation| due(*expectation, &calendar, date));
    Ok(days.filter(|date| !done.contains(date) && is_due(*date)).collect())
}

/// The dates that are recorded and whose outputs are not published, oldest first: their run was killed in between, or there was no room
/// for them. A folder that such a run has ready may be of another revision than the one that is published.
///
/// # Errors
/// A failure of the configuration, the database or the folder of the outputs.
pub async fn unpublished(config: &Config, store: &Store) -> anyhow::Result<BTreeSet<BusinessDate>> {
    let merchant = PlatformMerchantId::new(config.merchant()?.platform_merchant_id);
    let recorded = store.unpublished_dates(merchant.as_str()).await.or_kind()?;
    let ready = export::unfinished(&config.output_dir(), &merchant).or_kind()?;
    Ok(recorded.into_iter().chain(ready).collect())
}

/// What is worth a warning after a run: outputs that were never published, files that Antom will soon delete and nobody has, and dates
/// that rest on what is no longer in force. Dates before the first one that was ever run are nobody's.
///
/// # Errors
/// A failure of the configuration or the database.
pub async fn warnings(config: &Config, store: &Store, today: BusinessDate) -> anyhow::Result<Vec<String>> {
    let merchant = config.merchant()?.platform_merchant_id;
    let Some((first, last)) = store.completed_range(&merchant).await.or_kind()? else { return Ok(Vec::new()) };
    let within = config.retention()?.warning_days;
    let ending = outlook(config, store, today).await?.into_iter();
    let ending = ending.filter(|day| day.on > first && day.days_left <= within && !day.missing.is_empty());
    let mut sentences: Vec<String> = unpublished(config, store)
        .await?
        .into_iter()
        .map(|on| {
            format!(
                "the run of {on} is recorded, but its outputs were never published, because it was killed or had no room for them; \
                 `antom-recon run --date {on}` publishes them"
            )
        })
        .collect();
    sentences.extend(ending
        .map(|day| {
            let missing: Vec<&str> = day.missing.iter().map(|kind| kind.as_str()).collect();
            format!(
                "{on} lacks {}, and Antom may delete its files {}: `antom-recon fetch --date {on}` keeps what is there, ask Antom \
                 for what is not",
                missing.join(", "),
                day.deadline(),
                on = day.on
            )
        }));
    let stale = bases::stale(config, store, first.max(last.minus_days(MAX_STALE_DAYS)), last).await?;
    sentences.extend(bases::put_right(&stale).map(|(dates, command)| {
        format!("{dates} rest on superseded revisions of earlier dates: {command} runs them anew, `antom-recon status` says why")
    }));
    Ok(sentences)
}

/// What is missing on dates, as far as their listings and the archive tell: a sentence each, in the order of the dates. A file that
/// is there may still be incomplete.
///
/// # Errors
/// A failure of the configuration, the source or the database.
pub async fn missing_on(config: &Config, store: &Store, dates: &[BusinessDate]) -> anyhow::Result<Vec<String>> {
    let merchant = PlatformMerchantId::new(config.merchant()?.platform_merchant_id);
    let (source, patterns) = (options::source(config)?, options::patterns(config)?);
    let asked: Vec<BusinessDate> = dates.iter().copied().take(MAX_LISTED_DATES).collect();
    let (of, wanted, known) = (merchant.clone(), asked.clone(), patterns.clone());
    let listings =
        tokio::task::spawn_blocking(move || fetch::list_days(&source, &of, &wanted, &known, &options::control()));
    let mut sentences = Vec::new();
    for (on, day) in asked.iter().copied().zip(listings.await?.or_kind()?) {
        let seen = store.contents_in(merchant.as_str(), &day.directory, None).await.or_kind()?;
        let seen = seen.iter().map(|(path, _)| path.rsplit('/').next().unwrap_or(path));
        let listed = day.listing.files.iter().map(|file| file.name.as_str());
        let names = listed.chain(day.listing.out_of_reach.iter().map(|file| file.name.as_str())).chain(seen);
        let there: BTreeSet<ReportKind> =
            names.filter_map(|name| patterns.recognise(name)).map(|known| known.kind).collect();
        let missing = expected(config, on)?.into_iter().filter(|kind| !there.contains(kind));
        sentences.extend(missing.map(|kind| format!("{on}: {}", absent(kind, &day.directory, day.listing.exists))));
    }
    if dates.len() > asked.len() {
        sentences.push(format!("{} later dates were not looked at", dates.len() - asked.len()));
    }
    Ok(sentences)
}
