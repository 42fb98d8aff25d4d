//! Writing the outputs beside their target and letting them appear all at once.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use rayon::iter::{IntoParallelIterator, ParallelIterator};
use tempfile::TempDir;

use super::Written;
use super::journal::{Folders, Shown, flush_directory, same_outputs};
use crate::calendar::BusinessDate;
use crate::id::PlatformMerchantId;
use crate::movement::closed_words;
use crate::points::{Point, reached};

closed_words! {
    /// The files of a date's folder.
    Output {
        /// One row per open discrepancy.
        Discrepancies = "discrepancies.csv",
        /// One row per item that waits inside its window.
        InTransit = "in_transit.csv",
        /// One row per discrepancy or waiting item that the run closed.
        Cleared = "cleared.csv",
        /// What was open, came, went and is open, by kind, currency and age.
        RollForward = "roll_forward.csv",
        /// One row per line that could not be read.
        RejectedLines = "rejected_lines.csv",
        /// One row per line or cell that differs in a report that was restated; not there if none was.
        RestatedLines = "restated_lines.csv",
        /// The conservation proof.
        ControlTotals = "control_totals.csv",
        /// One row per batch, party and currency.
        SettlementBatches = "settlement_batches.csv",
        /// One row per account and currency, and per party and currency of what is held.
        Balances = "balances.csv",
        /// One row per kind of fee, method, brand, party and currency.
        Fees = "fees.csv",
        /// The run on one page.
        Summary = "summary.json",
    }
}

/// A written output and its digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputDigest {
    /// Which file.
    pub output: Output,
    /// What it holds.
    pub written: Written,
}

/// Why outputs could not be published.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// The merchant id cannot be a folder name.
    #[error(
        "`{}` cannot name an output folder; expected 1 to 64 of A-Z, a-z, 0-9, `_` and `-` (not first) \
         as `merchant.platform_merchant_id`",
        .0.escape_debug()
    )]
    Merchant(String),
    /// The file system refused.
    #[error("cannot {action} `{}`: {source}{}", path.display(), advice(source.kind()))]
    FileSystem {
        /// What was to be done.
        action: &'static str,
        /// With which file or folder.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
}

/// What to do about a failure, where there is something to do.
const fn advice(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::StorageFull => "; the disk is full: free space or set `output.dir` to another one, and run again",
        ErrorKind::QuotaExceeded => "; the disk quota is used up: raise it or free space, and run again",
        ErrorKind::PermissionDenied => "; give the program's user the right to write there",
        ErrorKind::ReadOnlyFilesystem => "; it is mounted read-only: mount a writable volume at `output.dir`",
        ErrorKind::NotADirectory | ErrorKind::AlreadyExists => "; a file is where a folder is expected: move it away",
        _ => "",
    }
}

/// Names the file and the deed in an error of the file system.
pub(super) fn during<'a>(action: &'static str, path: &'a Path) -> impl FnOnce(io::Error) -> PublishError + 'a {
    move |source| PublishError::FileSystem { action, path: path.to_owned(), source }
}

/// What became of the date's folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// There was none before.
    New,
    /// It has the same bytes already (timings apart), and stayed.
    Unchanged,
    /// The older one was moved to this place.
    Superseded(PathBuf),
    /// The older one had been edited, and was moved to this place.
    Edited(PathBuf),
}

/// A published folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// `out/<platform_merchant_id>/<date>`.
    pub folder: PathBuf,
    /// What became of it.
    pub outcome: Outcome,
}

/// Turns what an output says into its bytes.
pub type Render<'a> = Box<dyn FnOnce(&File) -> io::Result<Written> + Send + 'a>;

/// The outputs of one run on their way. Dropped before [`commit`](Self::commit), it leaves nothing behind.
#[derive(Debug)]
pub struct Publication {
    folders: Folders,
    private: TempDir,
    outputs: Vec<OutputDigest>,
}

impl Publication {
    /// Sweeps what a crash left of an earlier publication of the date, and makes a private folder beside the target. The caller
    /// holds the run's lock, and has finished what was [`unfinished`](super::unfinished).
    ///
    /// # Errors
    /// A merchant id that is no folder name; what the file system says.
    pub fn begin(out: &Path, merchant: &PlatformMerchantId, date: BusinessDate) -> Result<Self, PublishError> {
        let folders = Folders::new(out, merchant, date)?;
        fs::create_dir_all(&folders.merchant).map_err(during("create", &folders.merchant))?;
        folders.sweep()?;
        let private = private_folder(&folders).map_err(during("create a folder in", &folders.merchant))?;
        reached(Point::PublicationBegun);
        Ok(Self { folders, private, outputs: Vec::new() })
    }

    /// Writes one output through `render` and flushes it to the disk.
    ///
    /// # Errors
    /// What `render` or the file system says, with the file's path. An output can be written once.
    pub fn write<F>(&mut self, output: Output, render: F) -> Result<&OutputDigest, PublishError>
    where
        F: FnOnce(&File) -> io::Result<Written>,
    {
        let written = self.written(output, render)?;
        self.outputs.push(written);
        Ok(&self.outputs[self.outputs.len() - 1])
    }

    /// Writes outputs as [`write`](Self::write) does, several at a time on the current rayon pool. They count as written in the order in
    /// which they are given.
    ///
    /// # Errors
    /// As [`write`](Self::write): the first in that order.
    pub fn write_all(&mut self, outputs: Vec<(Output, Render<'_>)>) -> Result<(), PublishError> {
        let written: Vec<Result<OutputDigest, PublishError>> =
            outputs.into_par_iter().map(|(output, render)| self.written(output, render)).collect();
        for output in written {
            self.outputs.push(output?);
        }
        Ok(())
    }

    fn written<F>(&self, output: Output, render: F) -> Result<OutputDigest, PublishError>
    where
        F: FnOnce(&File) -> io::Result<Written>,
    {
        let path = self.private.path().join(output.as_str());
        let file = File::create_new(&path).map_err(during("create", &path))?;
        let written = render(&file).map_err(during("write", &path))?;
        file.sync_all().map_err(during("flush", &path))?;
        let length = file.metadata().map_err(during("look at", &path))?.len();
        if length != written.bytes {
            let problem = format!("{length} bytes arrived of {}", written.bytes);
            return Err(during("write", &path)(io::Error::new(ErrorKind::WriteZero, problem)));
        }
        reached(Point::PublicationOutputWritten);
        Ok(OutputDigest { output, written })
    }

    /// What was written so far, in that order: `summary.json`, written last, names the others.
    #[must_use]
    pub fn outputs(&self) -> &[OutputDigest] {
        &self.outputs
    }

    /// Makes the folder ready: from here on it will be published, whatever happens. If the older one has the same bytes, it stays
    /// and the new one is dropped.
    ///
    /// # Errors
    /// What the file system says.
    pub fn commit(self) -> Result<Ready, PublishError> {
        let Self { folders, private, .. } = self;
        if folders.visible.is_dir() && same_outputs(private.path(), &folders.visible)? {
            return Ok(Ready { folders, is_new: false });
        }
        flush_directory(private.path())?;
        reached(Point::PublicationFlushed);
        folders.commit(private.path())?;
        // The private folder has another name now, so there is nothing left to remove on drop.
        let _ = private.keep();
        Ok(Ready { folders, is_new: true })
    }
}

/// The outputs of one run, complete. After a crash at any point [`recover`](super::recover) publishes them.
#[derive(Debug)]
#[must_use = "people see the outputs when they are published"]
pub struct Ready {
    folders: Folders,
    is_new: bool,
}

impl Ready {
    /// Where they lie now.
    #[must_use]
    pub fn folder(&self) -> &Path {
        if self.is_new { &self.folders.ready } else { &self.folders.visible }
    }

    /// Whether there is something to publish: what is shown does not have the same bytes.
    #[must_use]
    pub const fn is_new(&self) -> bool {
        self.is_new
    }

    /// Publishes: the folder appears whole, and what is shown makes room for it.
    ///
    /// # Errors
    /// What the file system says.
    pub fn publish(self, shown: Shown) -> Result<Published, PublishError> {
        let folder = self.folders.visible.clone();
        if !self.is_new {
            return Ok(Published { folder, outcome: Outcome::Unchanged });
        }
        let outcome = match (self.folders.roll_forward(shown)?, shown) {
            (None, _) => Outcome::New,
            (Some(aside), Shown::Published(_)) => Outcome::Superseded(aside),
            (Some(aside), Shown::Edited(_)) => Outcome::Edited(aside),
        };
        Ok(Published { folder, outcome })
    }
}

/// A folder that only this process knows. Its mode is what the process's umask leaves, as it will be published so.
fn private_folder(folders: &Folders) -> io::Result<TempDir> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(&folders.private_prefix);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        builder.permissions(fs::Permissions::from_mode(0o777));
    }
    builder.tempdir_in(&folders.merchant)
}
