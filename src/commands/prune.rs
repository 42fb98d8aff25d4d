//! `antom-recon prune`: taking out of archive and history what nothing needs any more.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::io::Write;

use super::{open_store, session};
use crate::calendar::BusinessDate;
use crate::clock;
use crate::config::Config;
use crate::failure::{Failure, Kind};
use crate::fetch::{Archive, Digest};
use crate::movement::ReportKind;
use crate::pipeline::{OrKind, archive, policy};
use crate::points::{Point, reached};
use crate::store::{ArchivedFile, CarriedInTransit, RunId, RunLock, Store};

/// Delete archived files and old history that no run since a date and no open item needs
///
/// Of the archive, kept is every file that a run on or after the date names, every file of a date within the lookback of the newest
/// run, every file of a date on which something is still open or in transit, and every file that no run names. Of the history, rows
/// of the runs before go that say what was open, in transit or cleared, but for those of ids that the oldest run that stays, the
/// newest or a decision knows, and of what is open; runs, files, answers, decisions and digests stay. What is deleted is noted, so that `verify` still proves
/// the rest and does not take it for lost. Archive and database are only ever pruned while no run is under way.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Delete only what runs before this business date have read
    #[arg(long, value_name = "DATE")]
    pub before: BusinessDate,
    /// List what would be deleted, and delete nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// Deletes, or lists on `out` what would be deleted.
///
/// # Errors
/// See [`crate::failure`].
pub fn run(args: &Args, config: &Config, out: &mut dyn Write) -> anyhow::Result<()> {
    let merchant = config.merchant()?.platform_merchant_id;
    session(async {
        let store = open_store(config).await?;
        if !args.dry_run {
            store.may_prune().await.or_kind()?;
        }
        let lock = store.lock(&merchant, clock::now).await.or_kind()?;
        let archive = archive(config)?;
        let files = store.files_of_all_runs(&merchant).await.or_kind()?;
        let needs = needs(config, &store, &merchant, args.before).await?;
        let others = store.digests_of_others(&merchant).await.or_kind()?;
        let unneeded = unneeded(&files, &needs, &others);
        let found = tokio::task::block_in_place(|| in_archive(&archive, &unneeded))?;
        if !args.dry_run {
            lock.verify().await.or_kind()?;
            let digests: Vec<&str> = found.iter().map(|(file, ..)| file.sha256.as_str()).collect();
            // Noted before it is deleted: a prune that is killed between the two is finished by the next one.
            store.note_pruned(&merchant, &digests, needs.since, clock::now()).await.or_kind()?;
            reached(Point::PruneNoted);
            for (_, digest, _) in &found {
                archive.remove(*digest).or_kind()?;
                reached(Point::PruneDeleted);
            }
        }
        for (file, _, size) in &found {
            writeln!(
                out,
                "{}  {:<22} {size:>12} bytes  {}  {}",
                file.business_date, file.kind, file.sha256, file.path
            )?;
        }
        let bytes: u64 = found.iter().map(|(.., size)| size).sum();
        let deed = if args.dry_run { "would be deleted" } else { "deleted" };
        writeln!(out, "{} files with {bytes} bytes {deed}, of runs before {}", found.len(), needs.since)?;
        if needs.since < args.before {
            writeln!(out, "kept from {} on: the newest run looks back so far", needs.since)?;
        }
        let lock_or_trial = (!args.dry_run).then_some(&lock);
        history(&store, &merchant, needs.since, lock_or_trial, out).await?;
        lock.release().await.or_kind()?;
        store.close().await;
        Ok(())
    })
}

/// Deletes old rows of history under the lock, or says without one what would be deleted.
async fn history(
    store: &Store,
    merchant: &str,
    since: BusinessDate,
    lock: Option<&RunLock>,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let history = store.old_history(merchant, since).await.or_kind()?;
    let (mut runs, mut count) = (0, 0);
    for run in &history.runs {
        let rows = store.prunable_rows(&history, run).await.or_kind()?;
        if rows.count() == 0 {
            continue;
        }
        if let Some(lock) = lock {
            lock.verify().await.or_kind()?;
            store.prune_rows(&history, run, &rows, clock::now()).await.or_kind()?;
        }
        writeln!(out, "{}  revision {:<4} {:>12} rows", run.business_date, run.revision, rows.count())?;
        (runs, count) = (runs + 1, count + rows.count());
    }
    let deed = if lock.is_none() { "would be deleted" } else { "deleted" };
    writeln!(out, "{count} rows of {runs} runs {deed}, of runs before {}", history.before)?;
    if history.whole > 0 {
        let whole = history.whole;
        writeln!(out, "{whole} older runs stay whole: they have one digest over all of their tables")?;
    }
    let size = store.size().await.or_kind()?;
    writeln!(out, "{} has {size} bytes; the space of deleted rows is used again", store.name())?;
    Ok(())
}

/// What must stay.
struct Needs {
    /// Everything that runs of this date or later read.
    since: BusinessDate,
    /// What runs of these dates read: something of theirs is open.
    dates: BTreeSet<BusinessDate>,
    /// Files of these names: something open stands in them.
    names: BTreeSet<String>,
}

impl Needs {
    fn keep(&self, file: &ArchivedFile) -> bool {
        let name = file.path.rsplit('/').next().unwrap_or_default();
        file.business_date >= self.since || self.dates.contains(&file.business_date) || self.names.contains(name)
    }
}

/// What open items and the lookback of the newest run need. Without any run, nothing is named by one, and nothing deleted.
async fn needs(config: &Config, store: &Store, merchant: &str, before: BusinessDate) -> anyhow::Result<Needs> {
    let mut needs = Needs { since: before, dates: BTreeSet::new(), names: BTreeSet::new() };
    let overview = store.runs_overview(merchant, 1).await.or_kind()?;
    let Some(newest) = overview.first().map(|known| &known.run) else { return Ok(needs) };
    needs.since = before.min(policy(config, newest.business_date)?.window_start);
    let run: RunId = newest.run_id;
    for row in store.discrepancies_of(run).await.or_kind()? {
        needs.dates.extend([row.business_date, row.first_seen_on]);
        if !row.report_file.is_empty() {
            needs.names.insert(row.report_file);
        }
    }
    // The next run's window begins before the oldest of them.
    let note = |item: CarriedInTransit| {
        needs.since = needs.since.min(item.business_date.minus_days(1));
        Ok::<(), Infallible>(())
    };
    let Ok(()) = store.each_in_transit(run, note).await.or_kind()?;
    Ok(needs)
}

/// The files that only runs name that need them no more, each once. Of other merchants' runs every file stays.
fn unneeded<'a>(files: &'a [ArchivedFile], needs: &Needs, others: &BTreeSet<String>) -> Vec<&'a ArchivedFile> {
    let kept: BTreeSet<&str> = files.iter().filter(|file| needs.keep(file)).map(|file| file.sha256.as_str()).collect();
    let mut seen = BTreeSet::new();
    let is_report = |file: &&ArchivedFile| ReportKind::parse(&file.kind).is_some();
    files
        .iter()
        .filter(is_report)
        .filter(|file| !kept.contains(file.sha256.as_str()) && !others.contains(&file.sha256))
        .filter(|file| seen.insert(file.sha256.as_str()))
        .collect()
}

/// Those that are in the archive, with the bytes that they take there.
fn in_archive<'a>(
    archive: &Archive,
    files: &[&'a ArchivedFile],
) -> anyhow::Result<Vec<(&'a ArchivedFile, Digest, u64)>> {
    let mut found = Vec::new();
    for file in files {
        let digest: Digest = file.sha256.parse().map_err(|error| {
            let (on, path) = (file.business_date, &file.path);
            Failure::new(Kind::Integrity, format!("the run of {on} names `{path}` under {error}"))
        })?;
        if let Some(size) = archive.size_of(digest).or_kind()? {
            found.push((*file, digest, size));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(on: &str, name: &str, sha256: &str) -> ArchivedFile {
        ArchivedFile {
            business_date: on.parse().expect("a date"),
            revision: 1,
            kind: "transaction_details".to_owned(),
            path: format!("/v1/settlements/2188/{name}"),
            sha256: sha256.to_owned(),
            size: 1,
        }
    }

    /// What is deleted of the files, by digest.
    fn check(needs: &Needs, others: &[&str], expected: &[&str]) {
        let mut files = vec![
            file("2026-01-01", "old.csv", "aa"),
            file("2026-01-02", "open.csv", "bb"),
            file("2026-01-03", "same.csv", "cc"),
            file("2026-01-04", "old.csv", "aa"),
            file("2026-03-01", "new.csv", "dd"),
            file("2026-03-02", "same.csv", "cc"),
        ];
        files.push(ArchivedFile { kind: "ledger".to_owned(), ..file("2026-01-01", "ledger", "ee") });
        let others = others.iter().map(|&digest| digest.to_owned()).collect();
        let found: Vec<&str> = unneeded(&files, needs, &others).iter().map(|file| file.sha256.as_str()).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn only_what_nothing_needs_is_deleted() {
        let since = |since: &str| Needs {
            since: since.parse().expect("a date"),
            dates: BTreeSet::new(),
            names: BTreeSet::new(),
        };
        check(&since("2026-01-01"), &[], &[]);
        check(&since("2026-02-01"), &[], &["aa", "bb"]);
        check(&since("2026-03-02"), &[], &["aa", "bb", "dd"]);
        check(&since("2026-04-01"), &[], &["aa", "bb", "cc", "dd"]);
        check(&since("2026-04-01"), &["bb", "dd"], &["aa", "cc"]);
        let open = Needs { names: BTreeSet::from(["open.csv".to_owned()]), ..since("2026-02-01") };
        check(&open, &[], &["aa"]);
        let dates = BTreeSet::from(["2026-01-04".parse().expect("a date")]);
        check(&Needs { dates, ..since("2026-02-01") }, &[], &["bb"]);
    }
}
