//! What the job remembers: the built-in ledger, runs with their files, discrepancies and items in transit, what proofs need of
//! earlier days, Antom's answers.
//!
//! One [`Store`] over SQLite (the embedded default, a file that is created on first use) and PostgreSQL. Every query is
//! written once and runs on both. History is only added to: a run is one transaction, a rerun with other content is a new
//! revision, and triggers in both databases refuse to change a row that is there.
//!
//! Matched lines are not kept here; the archive is the record of them. A ledger that lives in somebody else's database is read
//! by [`QueryLedger`], which never writes.
#![allow(clippy::disallowed_types, clippy::disallowed_methods, reason = "the database and its lock are files")]

mod address;
mod answers;
mod bases;
mod bulk;
mod carried;
mod chain;
mod decisions;
mod digest;
mod entries;
mod entry_row;
mod error;
mod files;
mod hints;
mod history;
mod holder;
mod items;
mod journal;
mod lease;
mod ledger_csv;
mod lock;
mod many;
mod migrations;
mod pool;
mod prepare;
mod proof_rows;
mod pruned;
mod publications;
mod query_ledger;
mod remembered;
mod revisions;
mod rows;
mod run_record;
mod runs;
mod trail;

pub use answers::{NewAnswer, StoredAnswer};
pub use bases::{Base, Standing};
pub use carried::{Carried, CarriedInTransit};
pub use decisions::{NewDecision, NewDecisions, StoredDecision};
pub use entries::{Import, Imported, NewEntry};
pub use error::{EntryConflict, StoreError};
pub use files::SeenFile;
pub use history::{Event, Happening};
pub use journal::Journal;
pub use lease::Lease;
pub use lock::RunLock;
pub use many::{Many, Reading};
pub use migrations::{DatabaseKind, Migrations};
pub use pool::{Store, StoreOptions};
pub use pruned::{OldHistory, OldRun, PrunableRows};
pub use publications::{PublishedFile, PublishedRun};
pub use query_ledger::QueryLedger;
pub use remembered::{AcceptedHeader, Volume};
pub use revisions::Revision;
pub use run_record::{PackedFile, Recorded, RunFile, RunId, RunRecord};
pub use runs::{Run, RunOverview};
pub use trail::{ArchivedFile, Chain};
