//! `antom-recon verify`: whether anything that was recorded, archived or published is another than it was.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::{Path, PathBuf};

use rayon::iter::{IntoParallelRefIterator, ParallelIterator};

use super::{open_store, session};
use crate::calendar::BusinessDate;
use crate::config::Config;
use crate::export;
use crate::failure::{Failure, Kind};
use crate::fetch::{Archive, Digest, FetchError};
use crate::id::PlatformMerchantId;
use crate::movement::ReportKind;
use crate::pipeline::{OrKind, archive, published_files};
use crate::store::{ArchivedFile, PackedFile, PublishedFile, PublishedRun, Store};

/// Verify that nothing recorded, archived or published was changed since
///
/// Every run was recorded with a digest of all that is stored of it and of the run before it, and everything else that was added to
/// history (answers, decisions, files seen, outputs, prunings) with an entry of a journal. This computes them anew, reads every
/// file of the archive that a run names, and compares the published folders, superseded ones too, with what was published. The
/// first thing that differs is named, with exit code 5. The last digest stands for all of them: note it elsewhere, and not even
/// the end of the journal can be cut off unnoticed.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Verify the runs of this merchant [default: the one of the configuration]
    #[arg(long, value_name = "PLATFORM MERCHANT ID")]
    pub merchant: Option<String>,
}

/// Verifies the trail and says in one line on `out` that it holds.
///
/// # Errors
/// [`Kind::Integrity`] naming the first thing that differs; see [`crate::failure`].
pub fn run(args: &Args, config: &Config, out: &mut dyn Write) -> anyhow::Result<()> {
    let merchant = match &args.merchant {
        Some(merchant) => merchant.clone(),
        None => config.merchant()?.platform_merchant_id,
    };
    session(async {
        let store = open_store(config).await?;
        let chain = store.verify_chain(&merchant).await.or_kind()?;
        let journal = store.verify_journal(&merchant).await.or_kind()?;
        let files = store.files_of_all_runs(&merchant).await.or_kind()?;
        let pruned = store.pruned_digests(&merchant).await.or_kind()?;
        let archive = archive(config)?;
        let packed = store.packed_files(&merchant).await.or_kind()?;
        let (archived, gone) = tokio::task::block_in_place(|| verify_archive(&archive, &files, &packed, &pruned))?;
        let unread = tokio::task::block_in_place(|| verify_unread(&archive, &files))?;
        let Folders { right: folders, unnoted, edited, in_the_way } =
            verify_outputs(&store, &config.output_dir(), &merchant).await?;
        // The journal covers the links of the chain as well; it is empty until something is added to history by this program.
        let head = if journal.head.is_empty() { &chain.head } else { &journal.head };
        let head = if head.is_empty() { "none".to_owned() } else { format!("`{head}`") };
        let mut line = format!(
            "{merchant}: {} runs, {archived} archived files and {folders} published folders are what was recorded; last digest {head}",
            chain.runs
        );
        for (count, what) in [
            (chain.not_chained, "runs not chained (recorded before there was a chain)"),
            (chain.without_tables, "runs with one digest over all of their tables (recorded before each had its own)"),
            (gone, "archived files pruned"),
            (unread, "archived files that no run of this merchant names have the content of their names"),
            (chain.pruned, "runs with old rows pruned"),
            (unnoted, "runs without noted outputs"),
            (edited, "folders that are not as they were published were set aside in `edited`"),
            (in_the_way, "folders that are not as they were published will be set aside by the next run"),
        ] {
            if count > 0 {
                line.push_str(&format!("; {count} {what}"));
            }
        }
        for (table, count) in &journal.not_covered {
            line.push_str(&format!("; {count} rows of {table} not journalled (recorded before there was a journal)"));
        }
        writeln!(out, "{line}")?;
        store.close().await;
        Ok(())
    })
}

/// Reads every file that a run names, once. Gives how many are right, and how many were pruned.
fn verify_archive(
    archive: &Archive,
    files: &[ArchivedFile],
    packed: &BTreeSet<PackedFile>,
    pruned: &BTreeSet<String>,
) -> anyhow::Result<(u64, u64)> {
    let mut seen = BTreeSet::new();
    // Other inputs (ledger, registry, contract) are not archived: their digest is all that is kept.
    let reports = files.iter().filter(|file| ReportKind::parse(&file.kind).is_some());
    let files: Vec<&ArchivedFile> = reports.filter(|file| seen.insert(&file.sha256)).collect();
    let results: Vec<anyhow::Result<bool>> =
        files.par_iter().map(|file| verify_file(archive, file, packed, pruned)).collect();
    // The first in the order of runs is told, whichever was read first.
    let is_there = results.into_iter().collect::<anyhow::Result<Vec<bool>>>()?;
    let right = is_there.iter().filter(|there| **there).count();
    Ok((right as u64, (is_there.len() - right) as u64))
}

/// Reads every file that is archived and that no run names: fetched and not used, or another merchant's. Gives how many these are;
/// that they are what their names say is all that is known of them.
fn verify_unread(archive: &Archive, files: &[ArchivedFile]) -> anyhow::Result<u64> {
    let named: BTreeSet<&str> = files.iter().map(|file| file.sha256.as_str()).collect();
    let mut unread = archive.digests().or_kind()?;
    unread.retain(|digest| !named.contains(digest.to_string().as_str()));
    let read = |digest: &Digest| {
        let mut reader = archive.read(*digest)?;
        let copied = std::io::copy(&mut reader, &mut std::io::sink());
        copied.map(drop).map_err(|error| FetchError::from_read(error, &archive.path_of(*digest)))
    };
    let results: Vec<Result<(), FetchError>> = unread.par_iter().map(read).collect();
    results.into_iter().collect::<Result<(), FetchError>>().or_kind()?;
    Ok(unread.len() as u64)
}

/// Whether a file is there, as it was; if not, it was pruned.
fn verify_file(
    archive: &Archive,
    file: &ArchivedFile,
    packed: &BTreeSet<PackedFile>,
    pruned: &BTreeSet<String>,
) -> anyhow::Result<bool> {
    let of_run = |problem: String| {
        let (on, revision, path) = (file.business_date, file.revision, &file.path);
        Failure::new(Kind::Integrity, format!("run {on} revision {revision}, `{path}`: {problem}"))
    };
    let digest: Digest = file.sha256.parse().map_err(|error| of_run(format!("{error}")))?;
    if pruned.contains(&file.sha256) && archive.size_of(digest).or_kind()?.is_none() {
        return Ok(false);
    }
    let path = archive.path_of(digest);
    let read = archive.read(digest).and_then(|mut reader| {
        let copied = std::io::copy(&mut reader, &mut std::io::sink());
        copied.map_err(|error| FetchError::from_read(error, &path))
    });
    match read {
        Ok(size) if size == file.size => {}
        Ok(size) => return Err(of_run(format!("has {size} bytes; recorded were {}", file.size)).into()),
        Err(FetchError::Integrity(problem)) => return Err(of_run(problem).into()),
        Err(other) => return Err(other).or_kind(),
    }
    let mut known = packed.iter().filter(|known| known.sha256 == file.sha256).peekable();
    let packing = archive.packing_of(digest).or_kind()?;
    let (packed_size, packed_sha256) = (packing.size, packing.digest.to_string());
    // It may have been archived anew by another release of the compressor.
    let is_known = |known: &PackedFile| known.packed_size == packed_size && known.packed_sha256 == packed_sha256;
    if known.peek().is_some() && !known.any(is_known) {
        let text = format!(
            "archive: `{}` holds the right content, packed in {packed_size} bytes with the digest `{packed_sha256}`, which no run recorded; \
             restore it from a backup",
            path.display()
        );
        return Err(of_run(text).into());
    }
    Ok(true)
}

/// What the published folders came to.
#[derive(Default)]
struct Folders {
    /// How many are as they were published.
    right: u64,
    /// How many runs never noted theirs.
    unnoted: u64,
    /// How many were edited, and made room for what was published.
    edited: u64,
    /// How many were edited and have not made room yet for what is ready.
    in_the_way: u64,
}

/// Compares every date's folders with what was published.
async fn verify_outputs(store: &Store, out: &Path, merchant: &str) -> anyhow::Result<Folders> {
    let mut by_date = BTreeMap::<BusinessDate, Vec<PublishedRun>>::new();
    for run in store.published_runs(merchant).await.or_kind()? {
        by_date.entry(run.business_date).or_default().push(run);
    }
    let merchant = PlatformMerchantId::new(merchant.to_owned());
    let mut folders = Folders::default();
    for (on, runs) in &by_date {
        folders.unnoted += runs.iter().filter(|run| run.publications.is_empty()).count() as u64;
        tokio::task::block_in_place(|| verify_date(out, &merchant, *on, runs, &mut folders))?;
    }
    Ok(folders)
}

/// Compares a date's folders, and counts them. A run that noted nothing (of an older program, or killed between publishing and
/// noting) may have any outputs.
fn verify_date(
    out: &Path,
    merchant: &PlatformMerchantId,
    on: BusinessDate,
    runs: &[PublishedRun],
    counted: &mut Folders,
) -> anyhow::Result<()> {
    let mut known: Vec<&Vec<PublishedFile>> = runs.iter().flat_map(|run| &run.publications).collect();
    let any_may_be = runs.iter().any(|run| run.publications.is_empty());
    let mut found: Vec<Vec<PublishedFile>> = Vec::new();
    let newest = runs.last().and_then(|run| run.publications.last());
    let mut folder = export::published_folder(out, merchant, on).or_kind()?;
    let mut files = published_files(&folder)?;
    if let Some(ready) = export::ready_folder(out, merchant, on).or_kind()? {
        // A run was killed before it published what it had ready; the next run does so, and sets aside what is there still.
        let complete = published_files(&ready)?;
        let is_edited = !files.is_empty() && !any_may_be && !known.contains(&&files);
        let is_noted = newest.is_none_or(|expected| *expected == complete);
        if is_noted || !is_edited {
            counted.in_the_way += u64::from(is_edited);
            found.push(files);
            (folder, files) = (ready, complete);
        }
    }
    match newest {
        Some(expected) => match difference(&folder, &files, expected) {
            Some(difference) => return Err(Failure::new(Kind::Integrity, difference).into()),
            None => counted.right += 1,
        },
        // Recorded and not published yet: the older outputs are still in place.
        None => found.push(files),
    }
    for folder in export::superseded_folders(out, merchant, on).or_kind()? {
        let files = published_files(&folder)?;
        if known.contains(&&files) {
            counted.right += 1;
        } else if !any_may_be {
            // The publication that it shares most with is the one that was changed.
            known.sort_by_key(|publication| files.iter().filter(|file| !publication.contains(file)).count());
            let text = known.first().and_then(|expected| difference(&folder, &files, expected));
            let text = text.unwrap_or_else(|| format!("`{}` was never published", folder.display()));
            return Err(Failure::new(Kind::Integrity, text).into());
        }
        found.push(files);
    }
    let edited = export::edited_folders(out, merchant, on).or_kind()?;
    counted.edited += edited.len() as u64;
    match lost(runs, &found, &edited) {
        Some(text) => Err(Failure::new(Kind::Integrity, text).into()),
        None => Ok(()),
    }
}

/// The first older run whose outputs lie nowhere any more, in words.
fn lost(runs: &[PublishedRun], found: &[Vec<PublishedFile>], edited: &[PathBuf]) -> Option<String> {
    let newest = runs.last().and_then(|run| run.publications.last());
    let is_lost = |run: &&PublishedRun| {
        let expected = run.publications.last();
        expected.is_some_and(|expected| newest != Some(expected) && !found.contains(expected))
    };
    let run = runs.iter().rev().skip(1).find(is_lost)?;
    let (on, revision) = (run.business_date, run.revision);
    let name = format!("{on}-r{revision}");
    let is_copy =
        |path: &&PathBuf| path.file_name().is_some_and(|of| of.to_string_lossy().split('.').next() == Some(&name));
    let copy = edited.iter().find(is_copy).map(|path| format!(" (`{}` was edited)", path.display()));
    let copy = copy.unwrap_or_default();
    Some(format!(
        "the outputs of run {on} revision {revision} are missing below `superseded`{copy}; restore them from a backup"
    ))
}

/// The first file of a folder that is another than it was.
fn difference(folder: &Path, found: &[PublishedFile], expected: &[PublishedFile]) -> Option<String> {
    for file in expected {
        let path = folder.join(&file.name);
        match found.iter().find(|found| found.name == file.name) {
            None => return Some(format!("`{}` is missing; restore it from a backup", path.display())),
            Some(found) if found != file => {
                return Some(format!(
                    "`{}` has the digest `{}` and {} bytes; published were `{}` and {} bytes",
                    path.display(),
                    found.sha256,
                    found.size,
                    file.sha256,
                    file.size
                ));
            }
            Some(_) => {}
        }
    }
    let added = found.iter().find(|file| expected.iter().all(|known| known.name != file.name))?;
    Some(format!("`{}` was not published", folder.join(&added.name).display()))
}
