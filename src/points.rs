//! Places at which a test may end the process, to prove that the next run goes on as if nothing had happened.
//!
//! [`reached`] stands at each place, in the shell and the assembly; what is computed purely needs none. Nothing happens there
//! unless somebody watches, and only a build with debug assertions, such as the tests', lets anybody watch: in a release build
//! both functions are empty, so that nothing in the environment of a shipped program can end it here. Who watches, and how the
//! process ends, is for the assembly (`signal`) to say: this module ends nothing, and reads no environment.

use std::fmt;
#[cfg(debug_assertions)]
use std::sync::OnceLock;

use crate::movement::closed_words;

closed_words! {
    /// A place, named by what has just happened there. `tests/adversity/points.rs` ends the process at each of them.
    Point {
        /// The database can be reached, and its schema is not up to date.
        MigrationBegun = "migration: begun",
        /// One version of the schema is applied and committed.
        MigrationApplied = "migration: version applied",
        /// The lease on the merchant is taken.
        LeaseTaken = "lease: taken",
        /// The lease is renewed.
        LeaseRenewed = "lease: renewed",
        /// The work is done, and the lease is about to be given up.
        LeaseEnding = "lease: ending",
        /// The lease is given up.
        LeaseEnded = "lease: ended",
        /// It is known which files the source has.
        FetchListed = "fetch: listed",
        /// A part of a file was read from the source.
        FetchPartReceived = "fetch: part received",
        /// A file on its way into the archive has a name of its own, and is empty.
        ArchiveFileBegun = "archive: file begun",
        /// A file on its way is whole and flushed.
        ArchiveFileFlushed = "archive: file flushed",
        /// A file has its digest for a name, which is not flushed yet.
        ArchiveFileRenamed = "archive: file renamed",
        /// A file is in the archive.
        ArchiveFileKept = "archive: file kept",
        /// Some of the ledger is copied.
        LedgerPartRead = "ledger: part read",
        /// All of the ledger's window is copied.
        LedgerRead = "ledger: read",
        /// A stage of the run is done: fetch, parse, ledger, recall, match, classify, prove, ask, record, write, remember.
        StageDone = "stage: done",
        /// Antom answered, and the answer is not kept yet.
        AnswerReceived = "answer: received",
        /// The answer is committed.
        AnswerKept = "answer: kept",
        /// The transaction that records the run has begun, and the lease is proved.
        RecordBegun = "record: begun",
        /// The row of the run is inserted.
        RecordRunInserted = "record: run inserted",
        /// The rows of one table are inserted.
        RecordTableInserted = "record: table inserted",
        /// The files of the run are noted as seen.
        RecordFilesSeen = "record: files seen",
        /// The run is a link of the chain; all that is left is the commit.
        RecordChained = "record: chained",
        /// The record is committed.
        RecordCommitted = "record: committed",
        /// The private folder of a publication is made, and is empty.
        PublicationBegun = "publication: begun",
        /// One output is written and flushed.
        PublicationOutputWritten = "publication: output written",
        /// The folder is complete and flushed, under its private name.
        PublicationFlushed = "publication: flushed",
        /// The folder is ready: whatever happens now, it will be published.
        PublicationReady = "publication: ready",
        /// The older folder has its place among the superseded or the edited ones.
        PublicationSetAside = "publication: set aside",
        /// The folder has the name under which people see it.
        PublicationVisible = "publication: visible",
        /// What is published is about to be noted.
        PublicationNoting = "publication: noting",
        /// What is published is noted.
        PublicationNoted = "publication: noted",
        /// What a killed run had ready is published, and not noted yet.
        PublicationRecovered = "publication: recovered",
        /// A file of the memory is whole and flushed, and has no name that anybody looks for.
        MemoryFileFlushed = "memory: file flushed",
        /// A file of the memory has its name.
        MemoryFileKept = "memory: file kept",
        /// The transaction of an import has begun.
        ImportBegun = "import: begun",
        /// Some of the entries are inserted.
        ImportPartInserted = "import: part inserted",
        /// The entries are committed.
        ImportCommitted = "import: committed",
        /// The file of decisions is claimed.
        DecideClaimed = "decide: claimed",
        /// The decisions are inserted; all that is left is the commit.
        DecideInserted = "decide: inserted",
        /// The decisions are committed.
        DecideCommitted = "decide: committed",
        /// What will be pruned is noted, and nothing is deleted yet.
        PruneNoted = "prune: noted",
        /// A file is deleted from the archive.
        PruneDeleted = "prune: file deleted",
    }
}

/// Somebody who is told of every place that is reached, by whatever thread.
#[cfg(debug_assertions)]
type Watcher = Box<dyn Fn(Point) + Send + Sync>;

#[cfg(debug_assertions)]
static WATCHER: OnceLock<Watcher> = OnceLock::new();

/// Watches from now on. The first one watches for as long as the process lives.
#[cfg(debug_assertions)]
pub fn watch(watcher: impl Fn(Point) + Send + Sync + 'static) {
    // A second one has come too late, which only a test that calls this itself could do.
    let _too_late = WATCHER.set(Box::new(watcher));
}

/// Says that the place is reached. Nothing at all in a release build.
#[inline]
pub fn reached(point: Point) {
    #[cfg(debug_assertions)]
    if let Some(watcher) = WATCHER.get() {
        watcher(point);
    }
    #[cfg(not(debug_assertions))]
    let _nobody_watches = point;
}
