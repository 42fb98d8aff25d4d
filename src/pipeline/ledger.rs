//! The ledger of the window, wherever it comes from: as CSV, so that one parser reads all of them and an entry's text can be
//! read again. A CSV file is read in place; a database is copied into a private file that has no name and ends with the run.
#![allow(clippy::disallowed_types, clippy::disallowed_methods, reason = "the ledger is a file, or is copied into one")]

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;

use ring::digest::{Context, SHA256};

use crate::calendar::Instant;
use crate::config;
use crate::failure::{Failure, Kind, OrFail};
use crate::ledger::{Entry, EntryText, ParsedLedger, parse_ledger};
use crate::matching::Policy;
use crate::store::QueryLedger;

use super::folds::OrKind;
use super::timing::Timings;
use super::{Job, options};

/// The parsed ledger with the bytes behind it.
pub struct Ledger {
    /// Its entries of the window.
    pub parsed: ParsedLedger,
    /// What it is called in `summary.json`.
    pub name: String,
    /// SHA-256 of the CSV, in hexadecimal.
    pub sha256: String,
    /// Bytes of the CSV.
    pub size: u64,
    file: File,
}

impl Ledger {
    /// Number of rows that were read, rejects included.
    pub fn rows(&self) -> u64 {
        (self.parsed.entries.len() + self.parsed.rejects.len()) as u64
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

/// Reads the entries from a day before the lookback to a day after the run's date: what lies on the other side of midnight is
/// found by its id.
pub async fn load(job: &Job<'_>, policy: &Policy, timings: &mut Timings) -> anyhow::Result<Ledger> {
    timings.begin();
    let lookback = job.config.matching()?.lookback_days;
    let from = policy.cut_off.start_of(job.today.minus_days(lookback + 1));
    let to = policy.cut_off.start_of(job.today.plus_days(2));
    let (name, file) = open(job, from, to).await?;
    let ledger = tokio::task::block_in_place(|| job.threads.install(|| parse(job, name, file, (from, to))))?;
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
            job.store.read_ledger(from, to, &mut copy).await.or_kind()?;
            finish("table ledger_entries", copy)
        }
        config::Ledger::Query { url, sql } => {
            let mut copy = private_copy()?;
            let mut source = QueryLedger::open(url.expose(), &options::store_options(job.config)).await.or_kind()?;
            source.read(&sql, from, to, &mut copy).await.or_kind()?;
            finish("query", copy)
        }
    }
}

/// A file without a name: whatever happens, it is gone when the process is.
fn private_copy() -> anyhow::Result<io::BufWriter<File>> {
    let file = tempfile::tempfile().or_fail(Kind::Unforeseen, || {
        "cannot make a temporary file for the copy of the ledger; expected free space in the temporary directory (TMPDIR)"
    })?;
    Ok(io::BufWriter::with_capacity(1 << 20, file))
}

fn finish(name: &str, copy: io::BufWriter<File>) -> anyhow::Result<(String, File)> {
    let failed = || "cannot write the copy of the ledger; expected free space in the temporary directory (TMPDIR)";
    let mut copy = copy;
    copy.flush().or_fail(Kind::Unforeseen, failed)?;
    let mut file = copy.into_inner().map_err(io::IntoInnerError::into_error).or_fail(Kind::Unforeseen, failed)?;
    file.seek(SeekFrom::Start(0)).or_fail(Kind::Unforeseen, failed)?;
    Ok((name.to_owned(), file))
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

fn parse(job: &Job<'_>, name: String, file: File, window: (Instant, Instant)) -> anyhow::Result<Ledger> {
    let mut input = Hashing { file: &file, context: Context::new(&SHA256), size: 0 };
    let parsed = parse_ledger(&mut input, job.keys, &job.symbols, Some(window))
        .map_err(|error| Failure::new(Kind::Configuration, format!("ledger `{name}`: {error}")))?;
    let (digest, size) = (input.context.finish(), input.size);
    let sha256 = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(Ledger { parsed, name, sha256, size, file })
}
