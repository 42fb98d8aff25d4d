//! The memory beside the archive: where a run puts the lines of details that it parses, and how the next ones look back over weeks
//! without reading the reports again.
//!
//! ```text
//! <archive>/memory/<merchant>/
//!   seed                        the secret of this memory's keys
//!   <sha256>.<kind>.lines       what a report of details says, line by line ([`Extract`])
//!   <hash>.entries              entries of the ledger that are closed
//!   <n>-<run>.state             which lines and entries were closed after a run ([`State`])
//! ```
//!
//! All of it is derived from the archive and the ledger, and nothing else depends on it: a run that finds no memory, or one that was
//! cut or means something else (another version, other rules), reads the archived reports of its window again and comes to the same
//! outputs. A block of lines that was changed in place is found when it is read, in the middle of a run, which ends and names the
//! file to be deleted. A run writes the lines that it parses to files that nobody looks for (`Writer`), reads from them what it has to match,
//! and gives them their names when the day is published: so it needs room here. A file appears under its name when it is complete.
//!
//! Beside them lie files without any name, which no listing shows and which end with the process: the ledger's entries of the window
//! ([`LedgerRows`]), rows that wait where memory is limited ([`Spill`]), and what is in transit or cleared, of which there may be
//! more than memory holds ([`Shelf`], [`Sorted`]).
#![allow(clippy::disallowed_types, clippy::disallowed_methods, reason = "the memory is files")]

mod ahead;
mod bits;
mod block_ids;
mod bytes;
mod changes;
mod closed;
mod extract;
mod fresh;
mod keyed;
mod ledger_rows;
mod open_rows;
mod pack;
mod rejects;
mod rows;
mod scratch;
mod shelf;
mod sorted;
mod spill;
mod state;
mod sweep;
mod writer;

use std::fs::{self, DirBuilder, File};
use std::io::{self, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use ring::rand::{SecureRandom, SystemRandom};
use xxhash_rust::xxh3::xxh3_64;

use crate::id::{KeyMaker, PlatformMerchantId, Symbols};
use crate::movement::ReportKind;

use closed::Listing;
use fresh::Fresh;
use scratch::Scratch;

pub use bits::Bits;
pub use block_ids::BlockIds;
pub use changes::by_place;
pub use closed::{ClosedEntries, ClosedEntry};
pub use extract::{Extract, Meaning, PackedLines};
pub use keyed::{KeyOf, SortKey};
pub use ledger_rows::{LedgerRows, PackedEntries};
pub use shelf::{Shelf, Stored};
pub use sorted::{InOrder, Sorted, Sorter};
pub use spill::{Spill, Spilled};
pub use state::{FileKey, State};
pub use writer::{Unkept, Writer};

/// What every file begins with: the form of the files, to be raised whenever it or the meaning of a line changes, and the program's
/// version.
const VERSION: &str = concat!("antom-recon memory 5, ", env!("CARGO_PKG_VERSION"));

/// Bytes of the seed.
const SEED_BYTES: usize = 8;

/// Why the memory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum MemoryError {
    /// The file system refused.
    #[error("memory: cannot {action} `{}`: {source}{}", path.display(), advice(source.kind()))]
    File {
        /// What was to be done.
        action: &'static str,
        /// With which file.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// A file of this run without a name is not what was written.
    #[error("memory: a temporary file in `{}` is damaged: look at the disk, and run again", .0.display())]
    Scratch(PathBuf),
    /// A file is not what was written.
    #[error("memory: `{}` is damaged; it is derived from the archive: delete it, and run again", .0.display())]
    Damaged(PathBuf),
}

/// What to do about a failure of the file system.
const fn advice(kind: io::ErrorKind) -> &'static str {
    match kind {
        io::ErrorKind::StorageFull => {
            "; the disk is full: free space or set `archive.dir` to another one, and run again; a run needs room for its lines and \
             entries there"
        }
        io::ErrorKind::QuotaExceeded => "; the disk quota is used up: raise it or free space, and run again",
        _ => "; expected a folder beside the archive that this user may write",
    }
}

impl MemoryError {
    fn file<'a>(action: &'static str, path: &'a Path) -> impl FnOnce(io::Error) -> Self + 'a {
        move |source| Self::File { action, path: path.to_owned(), source }
    }
}

/// The memory of one merchant. Runs that share a database open it one at a time, under the merchant's lock; any number of others may have
/// it open, for an archive may have several databases.
#[derive(Debug)]
pub struct Memory {
    dir: PathBuf,
    seed: u64,
    /// Whether what earlier runs kept is passed over.
    forgets: bool,
}

impl Memory {
    /// Opens the memory beside an archive, and makes it if there is none. One that `forgets` knows nothing of earlier runs, and keeps
    /// what this one gives it.
    ///
    /// # Errors
    /// [`MemoryError::File`].
    pub fn open(archive: &Path, merchant: &PlatformMerchantId, forgets: bool) -> Result<Self, MemoryError> {
        let dir = archive.join("memory").join(folder_of(merchant));
        let made = DirBuilder::new().recursive(true).mode(0o700).create(&dir);
        made.map_err(MemoryError::file("create", &dir))?;
        let mut memory = Self { dir, seed: 0, forgets };
        memory.sweep_unkept()?;
        memory.seed = memory.common_seed()?;
        Ok(memory)
    }

    /// The seed of all who open this memory; the first of them makes it.
    fn common_seed(&self) -> Result<u64, MemoryError> {
        let path = self.dir.join("seed");
        loop {
            let bytes = self.read("seed")?;
            let is_there = bytes.is_some();
            if let Some(seed) = bytes.and_then(|bytes| <[u8; SEED_BYTES]>::try_from(bytes).ok()) {
                return Ok(u64::from_le_bytes(seed));
            }
            let mut random = [0; SEED_BYTES];
            let no_luck = |_| MemoryError::file("make", &path)(io::Error::other("no random numbers"));
            SystemRandom::new().fill(&mut random).map_err(no_luck)?;
            let mut fresh = Fresh::create(&path)?;
            fresh.file.write_all(&random).map_err(MemoryError::file("write", fresh.path()))?;
            if is_there {
                // One that is not whole makes room for a new one.
                fresh.keep(&path)?;
            } else {
                fresh.keep_as_first(&path)?;
            }
        }
    }

    /// Keys that stay the same from run to run.
    #[must_use]
    pub const fn keys(&self) -> KeyMaker {
        KeyMaker::new(self.seed)
    }

    /// What lines mean that are read by these rules.
    #[must_use]
    pub fn meaning(&self, rules: u64) -> Meaning {
        // The seed itself is written nowhere but into its own file.
        Meaning { seed: xxh3_64(&self.seed.to_le_bytes()), rules }
    }

    /// What an earlier run read from a report of details; nothing if none did, or if it means something else now.
    ///
    /// # Errors
    /// [`MemoryError::File`].
    pub fn extract(
        &self,
        sha256: &str,
        kind: ReportKind,
        meaning: Meaning,
        symbols: &Symbols,
    ) -> Result<Option<Extract>, MemoryError> {
        let path = self.dir.join(lines_name(sha256, kind));
        let file = match File::open(&path) {
            Ok(_) if self.forgets => return Ok(None),
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(MemoryError::file("open", &path)(error)),
        };
        let extract = Extract::open(&path, file, meaning, symbols).map_err(MemoryError::file("read", &path))?;
        Ok(extract.filter(|extract| extract.kind() == kind))
    }

    /// Begins to write what a report of details says.
    ///
    /// # Errors
    /// [`MemoryError::File`].
    pub fn writer(&self, sha256: &str, kind: ReportKind) -> Result<Writer, MemoryError> {
        Writer::create(self.dir.join(lines_name(sha256, kind)))
    }

    /// What was closed after a run; nothing if that was not kept, or is another version's.
    ///
    /// # Errors
    /// [`MemoryError::File`].
    pub fn state(&self, run: &str) -> Result<Option<State>, MemoryError> {
        let Some((_, name)) = self.states()?.into_iter().rev().find(|(_, name)| sweep::run_of(name) == Some(run))
        else {
            return Ok(None);
        };
        if self.forgets {
            return Ok(None);
        }
        Ok(self.read(&name)?.and_then(|bytes| State::from_bytes(&bytes)))
    }

    /// Keeps what is closed after a run, and lets go of what no recent run needs. A run again that closed the same adds nothing.
    ///
    /// # Errors
    /// [`MemoryError::File`].
    pub fn keep_state(&self, run: &str, state: &State) -> Result<(), MemoryError> {
        let path = self.dir.join(run);
        let bytes = state.to_bytes().map_err(MemoryError::file("pack", &path))?;
        let states = self.states()?;
        for (_, name) in states.iter().filter(|(_, name)| sweep::run_of(name) == Some(run)) {
            if self.read(name)?.as_ref() == Some(&bytes) {
                return Ok(());
            }
        }
        let newest = states.last().map_or(0, |(number, _)| *number);
        self.write(&sweep::state_name(newest + 1, run), &bytes)?;
        self.sweep()
    }

    /// Entries that are closed, sorted; nothing if they were not kept.
    ///
    /// # Errors
    /// [`MemoryError::File`].
    pub fn entries(&self, name: &str) -> Result<Option<ClosedEntries>, MemoryError> {
        let path = self.dir.join(entries_name(name));
        match File::open(&path) {
            Ok(file) => ClosedEntries::open(path, file, name),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(MemoryError::file("read", &path)(error)),
        }
    }

    /// Keeps entries that are closed, sorted, and gives their name. Those that are kept already are not kept twice.
    ///
    /// # Errors
    /// [`MemoryError::File`], and what the entries say.
    pub fn keep_entries(
        &self,
        entries: impl Iterator<Item = Result<ClosedEntry, MemoryError>>,
    ) -> Result<String, MemoryError> {
        // What it is called is known at its end.
        let fresh = Fresh::create(&self.dir.join("entries"))?;
        let failed = || MemoryError::file("write", fresh.path());
        let mut listing = Listing::new(io::BufWriter::with_capacity(1 << 20, &fresh.file));
        for entry in entries {
            listing.put(entry?).map_err(failed())?;
        }
        let (name, mut file) = listing.finish();
        file.flush().map_err(failed())?;
        drop(file);
        if self.entries(&name)?.is_none() {
            fresh.keep(&self.dir.join(entries_name(&name)))?;
        }
        Ok(name)
    }

    /// Room on the disk for this run.
    fn scratch(&self) -> Result<Scratch, MemoryError> {
        Scratch::create(&self.dir)
    }

    /// What a file of the memory says; nothing if it is not there, as others may have let go of it.
    fn read(&self, name: &str) -> Result<Option<Vec<u8>>, MemoryError> {
        let path = self.dir.join(name);
        match fs::read(&path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(MemoryError::file("read", &path)(error)),
        }
    }

    /// Writes a file beside its name, flushes it, and gives it the name.
    fn write(&self, name: &str, bytes: &[u8]) -> Result<(), MemoryError> {
        let path = self.dir.join(name);
        let mut fresh = Fresh::create(&path)?;
        fresh.file.write_all(bytes).map_err(MemoryError::file("write", fresh.path()))?;
        fresh.keep(&path)
    }
}

/// A folder name for any merchant id: itself if it is harmless, as Antom's are, else a hash.
fn folder_of(merchant: &PlatformMerchantId) -> String {
    let id = merchant.as_str();
    let is_harmless = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    if (1..=64).contains(&id.len()) && id.bytes().all(is_harmless) {
        id.to_owned()
    } else {
        format!("-{:016x}", xxh3_64(id.as_bytes()))
    }
}

fn entries_name(name: &str) -> String {
    format!("{name}.entries")
}

fn lines_name(sha256: &str, kind: ReportKind) -> String {
    format!("{sha256}.{kind}.lines")
}

#[cfg(test)]
mod tests;
