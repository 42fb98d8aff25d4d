//! The ledger of the window, wherever it comes from: as CSV, so that one parser reads all of them and an entry's text can be
//! read again. A CSV file is read in place; a database is copied into a private file that has no name and ends with the run.
#![allow(clippy::disallowed_types, clippy::disallowed_methods, reason = "the ledger is a file, or is copied into one")]

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;

use ring::digest::{Context, SHA256};

use crate::calendar::{BusinessDate, Instant};
use crate::config::{self, Config};
use crate::failure::{Failure, Kind, OrFail};
use crate::id::{Key, KeySet};
use crate::ledger::{Entry, EntryText, Import, ParsedLedger, parse_ledger_to};
use crate::matching::Policy;
use crate::matching::agreed::Marker;
use crate::movement::EntryType;
use crate::progress::Progress;
use crate::store::QueryLedger;

use super::entries::{Entries, Keeping};
use super::folds::OrKind;
use super::marks::Marks;
use super::timing::Timings;
use super::{Job, options, recall};

/// The parsed ledger with the bytes behind it.
pub struct Ledger {
    /// Its entries of the window that are matched in full; none before it is known which ones.
    pub parsed: ParsedLedger,
    /// All of them, as they wait on the disk.
    pub entries: Entries,
    /// What it is called in `summary.json`.
    pub name: String,
    /// SHA-256 of the CSV, in hexadecimal.
    pub sha256: String,
    /// Bytes of the CSV.
    pub size: u64,
    /// The first date whose entries were read.
    pub from: BusinessDate,
    file: File,
}

impl Ledger {
    /// Number of rows that were read, rejects included.
    pub fn rows(&self) -> u64 {
        u64::from(self.entries.rows()) + self.parsed.rejects.len() as u64
    }

    /// The text of an entry.
    ///
    /// # Errors
    /// What the file system says.
    pub fn text(&self, entry: &Entry) -> io::Result<EntryText> {
        let mut raw = vec![0; entry.place.length as usize];
        self.file.read_exact_at(&mut raw, entry.place.offset)?;
        Ok(self.parsed.text(&raw))
    }

    /// The `entry_id` of an entry, to put entries of one movement in order. If the file cannot be read any more, the place in
    /// the file decides, and the run fails when it reads the texts of its discrepancies.
    pub fn entry_id(&self, entry: &Entry) -> String {
        self.text(entry).map(|text| text.entry_id).unwrap_or_default()
    }
}

impl Ledger {
    /// Which of these originals the ledger has, from whatever time: asked only for those that nothing in the window knows.
    pub async fn known_before(&self, job: &Job<'_>, originals: &BTreeSet<String>) -> anyhow::Result<KeySet> {
        let mut known = KeySet::default();
        let mut note = |entry: &EntryText| {
            if matches!(entry.entry_type.as_str(), "PAYMENT" | "AUTHORIZATION" | "REFUND" | "DISPUTE") {
                known.insert(job.keys.key(EntryType::Payment.request_space(), entry.request_id.as_bytes()));
                known.insert(job.keys.key(EntryType::Payment.antom_space(), entry.antom_id.as_bytes()));
            }
        };
        match job.config.ledger()? {
            _ if originals.is_empty() => {}
            config::Ledger::Table => {
                for id in originals {
                    job.store.find_entries(id).await.or_kind()?.iter().for_each(&mut note);
                }
            }
            config::Ledger::Csv(_) => {
                let file = self.file.try_clone().or_fail(Kind::Unforeseen, || AGAIN)?;
                tokio::task::block_in_place(|| search(file, originals, &mut note))?;
            }
            config::Ledger::Query { .. } => {
                let (_, file) = open(job, Instant::from_millis(0), END_OF_TIME).await?;
                tokio::task::block_in_place(|| search(file, originals, &mut note))?;
            }
        }
        known.remove(&Key::NONE);
        Ok(known)
    }
}

/// 2999-12-31, which every database can hold.
pub(super) const END_OF_TIME: Instant = Instant::from_millis(32_503_593_600_000);

const AGAIN: &str = "the ledger cannot be read again; it must stay as it is during a run";

/// Reads a ledger's CSV from its start and shows the entries that have one of these ids.
fn search(mut file: File, ids: &BTreeSet<String>, show: &mut impl FnMut(&EntryText)) -> anyhow::Result<()> {
    file.seek(SeekFrom::Start(0)).or_fail(Kind::Unforeseen, || AGAIN)?;
    let mut rows = Import::start(io::BufReader::new(file)).or_fail(Kind::Unforeseen, || AGAIN)?;
    while let Some(batch) = rows.next_batch().or_fail(Kind::Unforeseen, || AGAIN)? {
        let is_asked = |text: &EntryText| ids.contains(&text.request_id) || ids.contains(&text.antom_id);
        batch.iter().map(|row| &row.text).filter(|text| is_asked(text)).for_each(&mut *show);
    }
    Ok(())
}

/// Reads the entries from a day before the window to a day after the run's date: what lies on the other side of midnight is
/// found by its id.
pub async fn load(
    job: &Job<'_>,
    policy: &Policy,
    older: &BTreeSet<BusinessDate>,
    (marker, marks): (Marker<'_>, &mut Marks),
    timings: &mut Timings,
) -> anyhow::Result<Ledger> {
    timings.begin();
    let first = older.first().copied().unwrap_or(policy.window_start).min(policy.window_start).minus_days(1);
    let from = policy.cut_off.start_of(first);
    let to = policy.cut_off.start_of(job.today.plus_days(2));
    let (name, file) = open(job, from, to).await?;
    let keeping = Keeping::new(job, policy.cut_off, marker, marks).map_err(recall::failed)?;
    let read = || parse(job, (name, file), first, (from, to), keeping);
    let ledger = tokio::task::block_in_place(|| job.threads.install(read))?;
    timings.end("ledger", ledger.rows());
    Ok(ledger)
}

async fn open(job: &Job<'_>, from: Instant, to: Instant) -> anyhow::Result<(String, File)> {
    match job.config.ledger()? {
        config::Ledger::Csv(path) => {
            let file = File::open(&path).or_fail(Kind::Configuration, || {
                format!(
                    "ledger.path: `{}` cannot be opened; expected a CSV file that this user may read",
                    path.display()
                )
            })?;
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
            Ok((name.unwrap_or_else(|| "ledger".to_owned()), file))
        }
        config::Ledger::Table => {
            let mut copy = private_copy()?;
            let _shown = Progress::waiting("ledger");
            job.store.read_ledger(from, to, &mut copy).await.or_kind()?;
            Ok(("table ledger_entries".to_owned(), finish(copy)?))
        }
        config::Ledger::Query { url, sql } => {
            Ok(("query".to_owned(), copy_of_query(job.config, (url.expose(), &sql), from, to).await?))
        }
    }
}

/// What the query of a ledger (URL and SQL) gives of a span of time, in a private copy.
pub(super) async fn copy_of_query(
    config: &Config,
    (url, sql): (&str, &str),
    from: Instant,
    to: Instant,
) -> anyhow::Result<File> {
    let mut copy = private_copy()?;
    let mut source = QueryLedger::open(url, &options::store_options(config)?).await.or_kind()?;
    source.read(sql, from, to, &mut copy).await.or_kind()?;
    finish(copy)
}

/// A file without a name: whatever happens, it is gone when the process is.
fn private_copy() -> anyhow::Result<io::BufWriter<File>> {
    let file = tempfile::tempfile().or_fail(Kind::Unforeseen, || {
        "cannot make a temporary file for the copy of the ledger; expected free space in the temporary directory (TMPDIR)"
    })?;
    Ok(io::BufWriter::with_capacity(1 << 20, file))
}

fn finish(mut copy: io::BufWriter<File>) -> anyhow::Result<File> {
    let failed = || "cannot write the copy of the ledger; expected free space in the temporary directory (TMPDIR)";
    copy.flush().or_fail(Kind::Unforeseen, failed)?;
    let mut file = copy.into_inner().map_err(io::IntoInnerError::into_error).or_fail(Kind::Unforeseen, failed)?;
    file.seek(SeekFrom::Start(0)).or_fail(Kind::Unforeseen, failed)?;
    Ok(file)
}

/// Hashes what is read.
struct Hashing<'a> {
    file: &'a File,
    context: Context,
    size: u64,
}

impl Read for Hashing<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.file.read(buffer)?;
        self.context.update(&buffer[..length]);
        self.size += length as u64;
        Ok(length)
    }
}

fn parse(
    job: &Job<'_>,
    (name, file): (String, File),
    from: BusinessDate,
    window: (Instant, Instant),
    keeping: Keeping<'_>,
) -> anyhow::Result<Ledger> {
    let mut input = Hashing { file: &file, context: Context::new(&SHA256), size: 0 };
    let progress = Progress::of_lines("ledger", file.metadata().map_or(0, |known| known.len()));
    let reader = progress.reading(job.room.watched(&mut input));
    let parsed = parse_ledger_to(&keeping, reader, job.keys, &job.symbols, Some(window))
        .map_err(|error| Failure::new(Kind::Configuration, format!("ledger `{name}`: {error}")))?;
    let entries = keeping.finish().map_err(recall::failed)?;
    let (digest, size) = (input.context.finish(), input.size);
    let sha256 = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(Ledger { parsed, entries, name, sha256, size, from, file })
}
