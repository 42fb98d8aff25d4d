//! Reports whose content is another one than before: what differs, line by line, and which later dates had been run by then.
#![allow(clippy::disallowed_types, reason = "both contents are unpacked into files without a name")]

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, Write};
use std::os::unix::fs::FileExt;

use crate::calendar::BusinessDate;
use crate::discrepancy::Describer;
use crate::failure::{Failure, Kind, OrFail};
use crate::fetch::names::Format;
use crate::fetch::{Archive, Digest, DigestError, FetchError, Fetched, Unread};
use crate::kind::DiscrepancyKind;
use crate::memory::Sorted;
use crate::movement::ReportKind;
use crate::records::MAX_RECORD_BYTES;
use crate::report::{Counts, Difference, LineChange, Span};
use crate::store::{Revision, RunFile, RunId};

use super::Reports;
use super::compared::{self, Compared};
use crate::pipeline::folds::{OrKind, fetch_failure};
use crate::pipeline::{Job, options};

/// How many lines an explanation names; `restated_lines.csv` has all of them.
const MAX_NAMED: usize = 5;

/// A report that was restated, with both of its contents at hand.
pub struct Restatement {
    /// The file's name.
    pub name: String,
    /// What differs, apart from the lines.
    pub difference: Difference,
    counts: Counts,
    lines: Sorted<LineChange>,
    older: File,
    newer: File,
}

impl Restatement {
    /// The bytes of a line of the older content.
    ///
    /// # Errors
    /// What the file system says.
    pub fn older(&self, span: Span) -> std::io::Result<Vec<u8>> {
        line(&self.older, span)
    }

    /// The bytes of a line of the newer content.
    ///
    /// # Errors
    /// What the file system says.
    pub fn newer(&self, span: Span) -> std::io::Result<Vec<u8>> {
        line(&self.newer, span)
    }

    /// What became of the lines that are not as they were: of the older ones, in their order, then of the added ones in theirs.
    pub fn changes(&self) -> Box<dyn Iterator<Item = std::io::Result<LineChange>>> {
        let mut reading = match self.lines.read() {
            Ok(reading) => reading,
            Err(error) => return Box::new(std::iter::once(Err(std::io::Error::other(error)))),
        };
        let some = move || match reading.more() {
            Ok([]) => None,
            Ok(lines) => Some(lines.iter().copied().map(Ok).collect::<Vec<_>>()),
            Err(error) => Some(vec![Err(std::io::Error::other(error))]),
        };
        Box::new(std::iter::from_fn(some).flatten())
    }

    /// Lines in words, the first few of them.
    fn named(&self) -> std::io::Result<Vec<String>> {
        let lines = self.changes().take(MAX_NAMED);
        lines
            .map(|change| match change? {
                LineChange::Removed(old) => Ok(format!("line {} of the older one was removed", old.line)),
                LineChange::Added(new) => Ok(format!("line {} was added", new.line)),
                LineChange::Changed(old, new) => {
                    let cells = self.difference.cells(&self.older(old)?, &self.newer(new)?);
                    let names = cells.into_iter().filter(|cell| !cell.column.is_empty());
                    let names: Vec<String> = names.map(|cell| format!("`{}`", cell.column)).collect();
                    let of = if names.is_empty() { String::new() } else { format!(" in {}", names.join(", ")) };
                    Ok(format!("line {} changed{of}", new.line))
                }
            })
            .collect()
    }
}

fn line(file: &File, span: Span) -> std::io::Result<Vec<u8>> {
    let mut raw = vec![0; span.length as usize];
    file.read_exact_at(&mut raw, span.offset)?;
    Ok(raw)
}

/// A path whose content changed.
struct Changed<'a> {
    kind: ReportKind,
    path: &'a str,
    name: &'a str,
    older: String,
    /// None if the source no longer has the file, but others of its report.
    newer: Option<String>,
    /// The first run that knew of the newer content; none if that is this one.
    since: Option<RunId>,
}

/// Compares what was fetched with what earlier revisions of the date read: each report with other content is a discrepancy.
pub(super) async fn restated(
    job: &Job<'_>,
    fetched: &Fetched,
    describer: &Describer<'_>,
    reports: &mut Reports,
) -> anyhow::Result<()> {
    let revisions = job.store.revisions_of(job.merchant.as_str(), job.today).await.or_kind()?;
    let mut after = Vec::new();
    for changed in changed(job, fetched, &revisions).await? {
        let later = job.store.dates_run_after(job.merchant.as_str(), job.today, changed.since).await.or_kind()?;
        let pruned = job.store.pruned_digests(job.merchant.as_str()).await.or_kind()?;
        let compared = tokio::task::block_in_place(|| job.threads.install(|| difference(job, &changed, &pruned)))?;
        let sentence = explain(&changed, compared.as_ref().map_err(String::as_str), &later)?;
        let digest = changed.newer.as_deref().unwrap_or_default();
        reports.discrepancies.push(describer.about_file(DiscrepancyKind::FileRestated, changed.path, digest, sentence));
        reports.restatements.extend(compared.ok());
        after.extend(later);
    }
    after.sort_unstable();
    after.dedup();
    let remark = runs_anew(&after).map(|(dates, command)| {
        format!("reports of {} were restated after {dates} had been run: {command} runs them anew", job.today)
    });
    reports.remarks.extend(remark);
    Ok(())
}

/// The paths whose content is another one than before.
async fn changed<'a>(
    job: &Job<'_>,
    fetched: &'a Fetched,
    revisions: &'a [Revision],
) -> anyhow::Result<Vec<Changed<'a>>> {
    let mut found = Vec::new();
    for file in &fetched.files {
        let digest = file.digest.to_string();
        let of_runs = contents(revisions, &file.path).find(|known| *known != digest).map(str::to_owned);
        let older = match of_runs {
            Some(known) => Some(known),
            // Seen by `fetch` before this content, and by no run.
            None => {
                let seen =
                    job.store.older_content_of_path(job.merchant.as_str(), &file.path, &digest).await.or_kind()?;
                seen.map(|seen| seen.sha256)
            }
        };
        let Some(older) = older else { continue };
        let since =
            known_since(revisions, |files| files.iter().any(|known| known.path == file.path && known.sha256 == digest));
        found.push(Changed { kind: file.kind, path: &file.path, name: &file.name, older, newer: Some(digest), since });
    }
    found.extend(withdrawn(fetched, revisions));
    found.sort_by_key(|changed| changed.path);
    Ok(found)
}

/// Reports that a revision read and that the source has no longer, although it has the date's directory.
fn withdrawn<'a>(fetched: &Fetched, revisions: &'a [Revision]) -> Vec<Changed<'a>> {
    let is_there = |file: &RunFile| {
        fetched.files.iter().any(|known| known.path == file.path)
            || fetched.incomplete.iter().any(|known| known.path == file.path)
            || fetched.ignored.iter().any(|known| known.name == file.name)
    };
    let mut found: Vec<Changed<'a>> = Vec::new();
    for file in revisions.iter().flat_map(|revision| &revision.files) {
        let Some(kind) = super::kept::kind_of(file) else { continue };
        if is_there(file) || found.iter().any(|known| known.path == file.path) {
            continue;
        }
        let since = known_since(revisions, |files| files.iter().all(|known| known.path != file.path));
        found.push(Changed {
            kind,
            path: &file.path,
            name: &file.name,
            older: file.sha256.clone(),
            newer: None,
            since,
        });
    }
    found
}

/// The contents of a path, by revision, newest first.
fn contents<'a>(revisions: &'a [Revision], path: &'a str) -> impl Iterator<Item = &'a str> {
    revisions.iter().filter_map(move |revision| {
        let file = revision.files.iter().find(|file| file.path == path)?;
        Some(file.sha256.as_str())
    })
}

/// The oldest of the newest revisions that all knew it.
fn known_since(revisions: &[Revision], knew: impl Fn(&[RunFile]) -> bool) -> Option<RunId> {
    revisions.iter().take_while(|revision| knew(&revision.files)).last().map(|revision| revision.run_id)
}

/// What differs, or why that cannot be told.
fn difference(
    job: &Job<'_>,
    changed: &Changed<'_>,
    pruned: &BTreeSet<String>,
) -> anyhow::Result<Result<Restatement, String>> {
    let archive = options::archive(job.config)?;
    let format = Format::of(changed.name);
    // What was pruned may have come back since; what is missing otherwise was lost, and unpacking it says so.
    if pruned.contains(&changed.older) && archive.size_of(digest_of(&changed.older)?).or_kind()?.is_none() {
        return Ok(Err("the older content was pruned from the archive".to_owned()));
    }
    let older = match unpack(&archive, &changed.older, format)? {
        Ok(file) => file,
        Err(why) => return Ok(Err(format!("the older content cannot be read: {why}"))),
    };
    let newer = match &changed.newer {
        Some(digest) => unpack(&archive, digest, format)?,
        None => header_of(&older).map(Ok)?,
    };
    let newer = match newer {
        Ok(file) => file,
        Err(why) => return Ok(Err(format!("the newer content cannot be read: {why}"))),
    };
    let rules = options::report_rules(job.config)?.of(changed.kind);
    let name = changed.name.to_owned();
    Ok(match compared::compare(job, (&older, &newer), (changed.kind, &rules))? {
        Ok(Compared { difference, counts, lines }) => Ok(Restatement { name, difference, counts, lines, older, newer }),
        Err(incomparable) => Err(incomparable.to_string()),
    })
}

/// A content as CSV, in a file that has no name and ends with the run, at its start; or why a workbook cannot be read.
fn unpack(archive: &Archive, digest: &str, format: Format) -> anyhow::Result<Result<File, String>> {
    let digest = digest_of(digest)?;
    let mut reader = match archive.read_report(digest, format) {
        Ok(reader) => reader,
        Err(Unread::Workbook(error)) => return Ok(Err(error.to_string())),
        Err(Unread::Archive(error)) => return Err(fetch_failure(&error).into()),
        Err(error @ Unread::File { .. }) => return Err(Failure::new(Kind::Unforeseen, error.to_string()).into()),
    };
    let no_room = || "a restated report cannot be unpacked; expected room in the folder for temporary files";
    let mut file = tempfile::tempfile().or_fail(Kind::Unforeseen, no_room)?;
    let failed = |error| fetch_failure(&FetchError::from_read(error, &archive.path_of(digest)));
    std::io::copy(&mut reader, &mut file).map_err(failed)?;
    file.rewind().or_fail(Kind::Unforeseen, no_room)?;
    Ok(Ok(file))
}

/// A digest as the database has it.
fn digest_of(text: &str) -> Result<Digest, Failure> {
    text.parse().map_err(|error: DigestError| Failure::new(Kind::Integrity, error.to_string()))
}

/// A content with the header of another and no line, in place of a report that is gone.
fn header_of(older: &File) -> anyhow::Result<File> {
    let again = || "the older content of a report cannot be read again";
    let mut header = Vec::new();
    let reader = older.try_clone().or_fail(Kind::Unforeseen, again)?;
    // A header that is longer is refused when it is read.
    let mut reader = BufReader::new(reader).take(MAX_RECORD_BYTES as u64 + 2);
    reader.read_until(b'\n', &mut header).or_fail(Kind::Unforeseen, again)?;
    let mut whole = older;
    whole.rewind().or_fail(Kind::Unforeseen, again)?;
    let mut file = tempfile::tempfile().or_fail(Kind::Unforeseen, again)?;
    file.write_all(&header).or_fail(Kind::Unforeseen, again)?;
    file.rewind().or_fail(Kind::Unforeseen, again)?;
    Ok(file)
}

/// The discrepancy in words.
fn explain(
    changed: &Changed<'_>,
    compared: Result<&Restatement, &str>,
    later: &[BusinessDate],
) -> anyhow::Result<String> {
    let what = match &changed.newer {
        Some(newer) => format!("was restated: it has the SHA-256 {newer} now and had {} before", changed.older),
        None => {
            format!("was withdrawn: a run read it with the SHA-256 {}, and the source has it no longer", changed.older)
        }
    };
    let lines = match compared {
        Err(why) => format!("what differs cannot be told: {why}"),
        Ok(restatement) => {
            let again = || "a restated report cannot be read again";
            told(restatement, &restatement.named().or_fail(Kind::Unforeseen, again)?)
        }
    };
    let kept = if changed.newer.is_some() {
        "both are archived, the newer one is in force"
    } else {
        "it is archived and nothing of it was used"
    };
    let later = runs_anew(later).map(|(dates, command)| {
        format!("; {dates} had been run by then and rested on the older content: {command} runs them anew")
    });
    Ok(format!("`{}` {what}; {lines}; {kept}{}", changed.path, later.unwrap_or_default()))
}

/// The lines that differ: how many, and the first of them.
fn told(restatement: &Restatement, named: &[String]) -> String {
    let Counts { added, removed, changed, same } = restatement.counts;
    let differing = restatement.lines.rows();
    let mut text = if differing == 0 {
        format!("none of its {same} lines differs in a column that both have")
    } else {
        format!("lines added {added}, removed {removed}, changed {changed}, as before {same}: {}", named.join(", "))
    };
    if differing > named.len() as u64 {
        text.push_str(&format!(" and {} more", differing - named.len() as u64));
    }
    if differing > 0 {
        text.push_str("; `restated_lines.csv` has all of them");
    }
    let (appeared, vanished) = restatement.difference.columns();
    for (columns, what) in [(appeared, "appeared"), (vanished, "vanished")] {
        if !columns.is_empty() {
            text.push_str(&format!("; columns that {what}: `{}`", columns.join("`, `")));
        }
    }
    text
}

/// Later dates in words, and the command that runs them anew; none if there are none.
pub fn runs_anew(later: &[BusinessDate]) -> Option<(String, String)> {
    let (first, last) = (later.first()?, later.last()?);
    let dates = match later {
        [one] => one.to_string(),
        _ => format!("{} dates from {first} to {last}", later.len()),
    };
    Some((dates, format!("`antom-recon run --from {first} --to {last}`")))
}
