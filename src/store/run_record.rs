//! Recording a run: one transaction, only additions, nothing at all if the newest revision says the same.

use std::collections::BTreeSet;

use sqlx::Row;

use super::bases::{BASES, Base, base_cells};
use super::bulk::{Cell, Table, digest_cells, hex, new_digest};
use super::chain;
use super::error::StoreError;
use super::files::FILES_SEEN;
use super::lock::RunLock;
use super::pool::{Store, Tx, on_tx};
use super::remembered::{AcceptedHeader, Volume};
use super::{proof_rows, rows};
use crate::calendar::{BusinessDate, Instant};
use crate::discrepancy::{ClearedRow, Discrepancy, InTransitRow};
use crate::proof::Held;

const DOING: &str = "recording the run";

/// Rows that are handed over at once: enough for speed, few enough to be no copy of the whole.
const ROWS: usize = 10_000;

/// The identity of a recorded run within its database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RunId(pub(super) i64);

/// One input file of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunFile {
    /// Which report, or `ledger`, or another input.
    pub kind: String,
    /// Where it stood at its source.
    pub path: String,
    /// Its name.
    pub name: String,
    /// Bytes, uncompressed.
    pub size: u64,
    /// SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
    /// Lines that were read.
    pub lines: u64,
    /// Lines that were rejected.
    pub rejects: u64,
}

/// A run that is done, as it goes into the database. Everything in it is what a rerun is compared by, but the times, the
/// program's version, and what later proofs need (which follows from the inputs). So `outcome` holds counts and sums, never
/// durations.
#[derive(Debug, Clone, Copy)]
pub struct RunRecord<'a> {
    /// Antom's id of the marketplace.
    pub platform_merchant_id: &'a str,
    /// The business date.
    pub business_date: BusinessDate,
    /// When the run began.
    pub started_at: Instant,
    /// When it was done.
    pub finished_at: Instant,
    /// The program's version.
    pub program_version: &'a str,
    /// Digest over all inputs, the configuration that matters included.
    pub inputs_digest: &'a str,
    /// Digest over the configuration that decides about results.
    pub configuration_digest: &'a str,
    /// Counts and sums, as JSON.
    pub outcome: &'a str,
    /// Its input files, in their order.
    pub files: &'a [RunFile],
    /// What is open after it, sorted.
    pub discrepancies: &'a [Discrepancy],
    /// What waits after it, sorted.
    pub in_transit: &'a [InTransitRow],
    /// What it closed, sorted.
    pub cleared: &'a [ClearedRow],
    /// The headers of the accepted files of its date; one that stands twice is kept once.
    pub headers: &'a [AcceptedHeader],
    /// What went through on its date, for tiers of fees.
    pub volumes: &'a [Volume],
    /// What is held after it.
    pub held: &'a [Held],
    /// The dates before it that it rests on.
    pub bases: &'a [Base],
    /// The lock under which it is recorded, which the same transaction proves to be held still. None is for tools and tests
    /// that are alone by other means.
    pub lock: Option<&'a RunLock>,
}

/// What became of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recorded {
    /// The newest revision says the same already; nothing was added.
    Same {
        /// Its identity.
        run_id: RunId,
        /// Its revision.
        revision: u32,
    },
    /// It was added.
    New {
        /// Its identity.
        run_id: RunId,
        /// Its revision, from 1.
        revision: u32,
    },
}

/// A table, and the cells that go into it, without the run's id.
type Part<'a> = (&'static Table, Vec<Cell<'a>>);

/// Everything that hangs on a run.
struct Content<'a> {
    /// What a rerun is compared by.
    compared: [Part<'a>; 4],
    /// What later proofs need.
    remembered: [Part<'a>; 4],
}

impl Store {
    /// Records a run with everything that hangs on it in one transaction, and notes its files as seen. If the newest
    /// revision for merchant and date has the same inputs and the same content, nothing is added.
    ///
    /// # Errors
    /// [`StoreError::Locked`] if another run took over the lock; [`StoreError::Integrity`] if another run recorded the same
    /// revision meanwhile, or an id stands twice; as any statement.
    /// Nothing is left behind by a failure.
    pub async fn record_run(&self, record: &RunRecord<'_>) -> Result<Recorded, StoreError> {
        let content = Content::of(record);
        let digest = content.digest(record.outcome);
        let mut tx = self.begin(DOING).await?;
        self.prove_lock(&mut tx, record.lock).await?;
        let newest = self.within(DOING, newest_revision(&mut tx, record)).await?;
        if let Some((run_id, revision, inputs, known)) = &newest
            && inputs == record.inputs_digest
            && *known == digest
        {
            return Ok(Recorded::Same { run_id: RunId(*run_id), revision: self.revision(*revision)? });
        }
        let revision = newest.map_or(0, |(_, revision, ..)| revision) + 1;
        let run_id = self.within(DOING, insert_run(&mut tx, record, revision, &digest)).await?;
        for (table, cells) in content.compared.iter().chain(&content.remembered) {
            let width = table.columns.len() - 1;
            for rows in cells.chunks(width * ROWS) {
                let rows = with_run_id(run_id, width, rows);
                self.within(DOING, table.insert(&mut tx, &rows)).await?;
            }
        }
        let seen = seen_cells(record);
        self.within(DOING, FILES_SEEN.insert(&mut tx, &seen)).await?;
        let link = self.within(DOING, chain::next_link(&mut tx, record)).await?;
        self.within(DOING, chain::append(&mut tx, run_id, record.platform_merchant_id, &link)).await?;
        // Renewed once more, so that what follows a long record has the whole lease.
        self.prove_lock(&mut tx, record.lock).await?;
        self.commit(DOING, tx).await?;
        Ok(Recorded::New { run_id: RunId(run_id), revision: self.revision(revision)? })
    }

    /// Makes sure that the lock is held, and that nobody takes it before the transaction ends.
    async fn prove_lock(&self, tx: &mut Tx, lock: Option<&RunLock>) -> Result<(), StoreError> {
        let Some(claim) = lock.map(RunLock::claim) else { return Ok(()) };
        let is_ours = self.within(DOING, self.fence(tx, claim)).await?;
        if is_ours { Ok(()) } else { Err(self.locked(claim, true).await) }
    }

    pub(super) fn revision(&self, stored: i64) -> Result<u32, StoreError> {
        u32::try_from(stored)
            .map_err(|_| self.damaged("reading a run", format!("revision is `{stored}`; expected 1 or more")))
    }
}

impl Recorded {
    /// Which run it is.
    #[must_use]
    pub const fn run_id(self) -> RunId {
        match self {
            Self::Same { run_id, .. } | Self::New { run_id, .. } => run_id,
        }
    }
}

impl<'a> Content<'a> {
    fn of(record: &RunRecord<'a>) -> Self {
        let files = record.files.iter().enumerate().flat_map(|(at, file)| rows::file_cells(at, file)).collect();
        let discrepancies = record.discrepancies.iter().flat_map(rows::discrepancy_cells).collect();
        let in_transit = record.in_transit.iter().flat_map(rows::in_transit_cells).collect();
        let cleared = record.cleared.iter().flat_map(rows::cleared_cells).collect();
        let mut seen = BTreeSet::new();
        let headers = record.headers.iter().filter(|header| seen.insert(*header)).enumerate();
        let headers = headers.flat_map(|(at, header)| proof_rows::header_cells(at, header)).collect();
        let volumes = record.volumes.iter().enumerate();
        let volumes = volumes.flat_map(|(at, volume)| proof_rows::volume_cells(at, volume)).collect();
        let bases = record.bases.iter().flat_map(base_cells).collect();
        let held = record.held.iter().enumerate().flat_map(|(at, held)| proof_rows::held_cells(at, held)).collect();
        Self {
            compared: [
                (&rows::FILES, files),
                (&rows::DISCREPANCIES, discrepancies),
                (&rows::IN_TRANSIT, in_transit),
                (&rows::CLEARED, cleared),
            ],
            remembered: [
                (&proof_rows::HEADERS, headers),
                (&proof_rows::VOLUMES, volumes),
                (&proof_rows::HELD, held),
                (&BASES, bases),
            ],
        }
    }

    fn digest(&self, outcome: &str) -> String {
        let mut digest = new_digest();
        digest_cells(&mut digest, &[Cell::text(outcome)]);
        for (table, cells) in &self.compared {
            digest_cells(&mut digest, &[Cell::text(table.name)]);
            digest_cells(&mut digest, cells);
        }
        hex(digest)
    }
}

fn with_run_id<'c>(run_id: i64, width: usize, cells: &'c [Cell<'_>]) -> Vec<Cell<'c>> {
    let borrowed = |cell: &'c Cell<'_>| match cell {
        Cell::Text(text) => Cell::text(text.as_ref()),
        Cell::Integer(number) => Cell::Integer(*number),
        Cell::NoInteger => Cell::NoInteger,
    };
    cells.chunks(width).flat_map(|row| std::iter::once(Cell::Integer(run_id)).chain(row.iter().map(borrowed))).collect()
}

fn seen_cells<'a>(record: &RunRecord<'a>) -> Vec<Cell<'a>> {
    let cells = |file: &'a RunFile| {
        [
            Cell::text(record.platform_merchant_id),
            Cell::text(file.path.as_str()),
            Cell::text(file.sha256.as_str()),
            Cell::Integer(record.finished_at.millis()),
        ]
    };
    record.files.iter().flat_map(cells).collect()
}

async fn newest_revision(tx: &mut Tx, record: &RunRecord<'_>) -> sqlx::Result<Option<(i64, i64, String, String)>> {
    const SQL: &str = "SELECT run_id, revision, inputs_digest, content_digest FROM runs
         WHERE platform_merchant_id = $1 AND business_date = $2 ORDER BY revision DESC LIMIT 1";
    on_tx!(tx, connection => {
        sqlx::query_as(SQL)
            .bind(record.platform_merchant_id)
            .bind(record.business_date.to_string())
            .fetch_optional(connection)
            .await
    })
}

async fn insert_run(tx: &mut Tx, record: &RunRecord<'_>, revision: i64, digest: &str) -> sqlx::Result<i64> {
    const SQL: &str = "INSERT INTO runs (platform_merchant_id, business_date, revision, started_at_ms, finished_at_ms,
         program_version, inputs_digest, content_digest, outcome) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING run_id";
    on_tx!(tx, connection => {
        sqlx::query(SQL)
            .bind(record.platform_merchant_id)
            .bind(record.business_date.to_string())
            .bind(revision)
            .bind(record.started_at.millis())
            .bind(record.finished_at.millis())
            .bind(record.program_version)
            .bind(record.inputs_digest)
            .bind(digest)
            .bind(record.outcome)
            .fetch_one(connection)
            .await?
            .try_get(0)
    })
}
