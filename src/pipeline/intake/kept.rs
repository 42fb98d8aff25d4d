//! Reports that the source has let go of, and that the archive has: Antom deletes files after some days, and a date may be run
//! again long after that.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use crate::fetch::names::{Format, Patterns};
use crate::fetch::{Archive, Digest, FetchError, Fetched, FetchedFile};
use crate::movement::ReportKind;
use crate::store::RunFile;

use crate::pipeline::folds::{OrKind, fetch_failure};
use crate::pipeline::{Job, options};

/// What is appended to the kind of a file that was refused.
pub(super) const NOT_READ: &str = " (not read)";

/// Which report an input file of a run is, refused or not; none for the ledger and the like.
pub fn kind_of(file: &RunFile) -> Option<ReportKind> {
    ReportKind::parse(file.kind.strip_suffix(NOT_READ).unwrap_or(&file.kind))
}

/// Adds what the newest revision of the date has read of every report of which the source has no file at all; where it has one, its
/// word counts, and a file that is not beside it any more was withdrawn. What `fetch` has seen since that revision began, or ever if
/// there is none, is newer and goes before it if the source has nothing of the date any more: while it has, a report that is gone
/// was taken back before anybody used it.
pub(super) async fn keep(job: &Job<'_>, fetched: &mut Fetched) -> anyhow::Result<()> {
    let is_there = |kind| {
        fetched.files.iter().any(|file| file.kind == kind) || fetched.incomplete.iter().any(|file| file.kind == kind)
    };
    let gone: Vec<ReportKind> = ReportKind::ALL.iter().copied().filter(|&kind| !is_there(kind)).collect();
    if gone.is_empty() {
        return Ok(());
    }
    let merchant = job.merchant.as_str();
    let (archive, patterns) = (options::archive(job.config)?, options::patterns(job.config)?);
    let read = job.store.files_of(merchant, job.today).await.or_kind()?;
    let seen = if fetched.files.is_empty() && fetched.incomplete.is_empty() {
        let newest = job.store.latest_run(merchant, job.today).await.or_kind()?;
        let since = newest.map(|run| run.started_at);
        job.store.contents_in(merchant, &fetched.directory, since).await.or_kind()?
    } else {
        Vec::new()
    };
    let mut kept = Vec::new();
    for (path, (kind, sha256)) in known(&read, &seen, &patterns) {
        if gone.contains(&kind) {
            kept.extend(tokio::task::block_in_place(|| file(job, &archive, &patterns, (kind, path, sha256)))?);
        }
    }
    for file in &kept {
        tracing::warn!(
            "`{}` is no longer at the source; it is read from the archive, as it was seen before",
            file.path
        );
    }
    fetched.files.extend(kept);
    fetched.files.sort_by(|one, other| (one.kind, &one.name).cmp(&(other.kind, &other.name)));
    Ok(())
}

/// The reports of a date by path: which each is, and its content's SHA-256. What was seen goes before what was read; of a workbook
/// and the text of the same name there is the text.
fn known<'a>(
    read: &'a [RunFile],
    seen: &'a [(String, String)],
    patterns: &Patterns,
) -> BTreeMap<&'a str, (ReportKind, &'a str)> {
    let read = read.iter().filter_map(|file| Some((file.path.as_str(), (kind_of(file)?, file.sha256.as_str()))));
    let seen = seen.iter().filter_map(|(path, sha256)| {
        let recognised = patterns.recognise(path.rsplit('/').next().unwrap_or(path))?;
        Some((path.as_str(), (recognised.kind, sha256.as_str())))
    });
    let mut known: BTreeMap<&str, (ReportKind, &str)> = read.chain(seen).collect();
    let stem = |path: &'a str| path.rsplit_once('.').map_or(path, |(stem, _)| stem);
    let is_text = |path: &&&str| Format::of(path) == Format::Csv;
    let texts: BTreeSet<&str> = known.keys().filter(is_text).map(|path| stem(path)).collect();
    known.retain(|path, _| Format::of(path) == Format::Csv || !texts.contains(stem(path)));
    known
}

/// A file of the archive as if it had been fetched; none if it is not there any more.
fn file(
    job: &Job<'_>,
    archive: &Archive,
    patterns: &Patterns,
    (kind, path, sha256): (ReportKind, &str, &str),
) -> anyhow::Result<Option<FetchedFile>> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let digest: Digest = match sha256.parse() {
        Ok(digest) => digest,
        Err(error) => {
            return Err(fetch_failure(&FetchError::Integrity(format!("`{path}` was seen under {error}"))).into());
        }
    };
    if archive.size_of(digest).or_kind()?.is_none() {
        tracing::warn!("`{path}` is neither at the source nor in the archive any more");
        return Ok(None);
    }
    // Reading it tells its size, and that it is what its digest says.
    let failed = |error| fetch_failure(&FetchError::from_read(error, &archive.path_of(digest)));
    let size = io::copy(&mut archive.read(digest).or_kind()?, &mut io::sink()).map_err(failed)?;
    let known = patterns.recognise(name);
    Ok(Some(FetchedFile {
        kind,
        format: Format::of(name),
        name: name.to_owned(),
        path: path.to_owned(),
        date: job.today,
        sequence: known.as_ref().and_then(|known| known.sequence),
        group: known.map_or_else(|| name.to_owned(), |known| known.group),
        size,
        digest,
        is_known: true,
    }))
}
