//! Recording a run: one transaction, only additions, nothing at all if the newest revision says the same.

use std::collections::BTreeSet;
use std::io;

use sqlx::Row;

use super::bases::{BASES, Base, base_cells};
use super::bulk::{Cell, Table, digest_cells, digest_row, hex, new_digest};
use super::chain;
use super::error::StoreError;
use super::files::FILES_SEEN;
use super::items::{Items, Step};
use super::journal::Act;
use super::lock::RunLock;
use super::many::{CellRows, Many, Rows};
use super::pool::{Store, Tx, on_tx};
use super::prepare::{Preparing, Unready};
use super::remembered::{AcceptedHeader, Volume};
use super::{proof_rows, rows};
use crate::calendar::{BusinessDate, Instant};
use crate::discrepancy::{ClearedRow, Discrepancy, InTransitRow};
use crate::points::{Point, reached};
use crate::proof::Held;

const DOING: &str = "recording the run";

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

/// How an input file of a run lies in the archive.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PackedFile {
    /// SHA-256 of its content, in hexadecimal.
    pub sha256: String,
    /// Bytes, packed.
    pub packed_size: u64,
    /// SHA-256 of the packed bytes, in hexadecimal.
    pub packed_sha256: String,
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
    /// How those of them that are archived are packed, each content once.
    pub archived: &'a [PackedFile],
    /// What is open after it, sorted.
    pub discrepancies: &'a [Discrepancy],
    /// What waits after it, sorted.
    pub in_transit: &'a dyn Many<InTransitRow>,
    /// What it closed, sorted.
    pub cleared: &'a dyn Many<ClearedRow>,
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

/// Everything that hangs on a run, without the run's id.
struct Content<'a> {
    /// What a rerun is compared by.
    compared: [Rows<'a>; 4],
    /// What later proofs need.
    remembered: [Rows<'a>; 5],
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
        let headers = distinct(record.headers);
        let content = Content::of(record, &headers);
        let digest = content.digest(record.outcome).map_err(|source| StoreError::rows(DOING, source))?;
        let mut tx = self.begin(DOING).await?;
        self.prove_lock(&mut tx, record.lock).await?;
        reached(Point::RecordBegun);
        let newest = self.within(DOING, newest_revision(&mut tx, record)).await?;
        if let Some((run_id, revision, inputs, known)) = &newest
            && inputs == record.inputs_digest
            && *known == digest
        {
            return Ok(Recorded::Same { run_id: RunId(*run_id), revision: self.revision(*revision)? });
        }
        let revision = newest.map_or(0, |(_, revision, ..)| revision) + 1;
        let act = self.within(DOING, Act::begin(&mut tx, record.platform_merchant_id)).await?;
        let run_id = self.within(DOING, insert_run(&mut tx, record, revision, &digest, &act)).await?;
        reached(Point::RecordRunInserted);
        let mut items = Items::default();
        for rows in content.compared.iter().chain(&content.remembered) {
            match rows.by_id().map_err(|source| StoreError::rows(DOING, source))? {
                Some(many) => items = self.insert_items(&mut tx, run_id, (rows.table, many), items).await?,
                None => self.insert_all(&mut tx, run_id, rows).await?,
            }
            reached(Point::RecordTableInserted);
        }
        let seen = seen_cells(record, &act);
        self.within(DOING, FILES_SEEN.insert(&mut tx, &seen)).await?;
        reached(Point::RecordFilesSeen);
        let link = self.within(DOING, chain::next_link(&mut tx, record)).await?;
        self.within(DOING, chain::append(&mut tx, run_id, (&act, &link), items.into_digests())).await?;
        self.within(DOING, act.end(&mut tx)).await?;
        reached(Point::RecordChained);
        // Renewed once more, so that what follows a long record has the whole lease.
        self.prove_lock(&mut tx, record.lock).await?;
        self.within(DOING, tx.put_off_folding()).await?;
        self.commit(DOING, tx).await?;
        reached(Point::RecordCommitted);
        self.fold_log();
        Ok(Recorded::New { run_id: RunId(run_id), revision: self.revision(revision)? })
    }

    /// Inserts everything that goes into one table.
    async fn insert_all(&self, tx: &mut Tx, run_id: i64, rows: &Rows<'_>) -> Result<(), StoreError> {
        let (table, run) = (rows.table, Cell::Integer(run_id));
        let mut reading = rows.listed().map_err(|source| StoreError::rows(DOING, source))?;
        let mut preparing = Preparing::new(table, matches!(tx, Tx::Sqlite(_)));
        let mut is_more = true;
        while is_more {
            let added = preparing.add_more(&run, &mut *reading, |_| {});
            is_more = added.map_err(|problem| self.unready(problem))?;
            if let Some(ready) = preparing.take(!is_more) {
                self.within(DOING, table.insert_ready(tx, ready)).await?;
            }
        }
        Ok(())
    }

    /// Inserts the items of one table, and hints for their ids.
    async fn insert_items(
        &self,
        tx: &mut Tx,
        run_id: i64,
        (table, rows): (&'static Table, Box<dyn CellRows>),
        items: Items,
    ) -> Result<Items, StoreError> {
        let steps = items.prepare(table, rows, (run_id, matches!(tx, Tx::Sqlite(_))));
        let mut steps = steps.map_err(|source| StoreError::rows(DOING, source))?;
        loop {
            match steps.next().await.map_err(|problem| self.unready(problem))? {
                Step::Insert(table, ready) => self.within(DOING, table.insert_ready(tx, ready)).await?,
                Step::Done(items) => return Ok(items),
            };
        }
    }

    fn unready(&self, problem: Unready) -> StoreError {
        match problem {
            Unready::Unread(source) => StoreError::rows(DOING, source),
            Unready::Refused(error) => StoreError::from_driver(&self.name, DOING, &error),
            Unready::Defect(problem) => self.damaged(DOING, problem),
        }
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
    fn of(record: &RunRecord<'a>, headers: &'a [&'a AcceptedHeader]) -> Self {
        Self {
            compared: [
                Rows::of(&rows::FILES, record.files, rows::file_cells),
                Rows::of(&rows::DISCREPANCIES, record.discrepancies, |_, row| rows::discrepancy_cells(row)),
                Rows::of_many(&rows::IN_TRANSIT, record.in_transit, rows::in_transit_cells),
                Rows::of_many(&rows::CLEARED, record.cleared, rows::cleared_cells),
            ],
            remembered: [
                Rows::of(&proof_rows::HEADERS, headers, |at, header| proof_rows::header_cells(at, header)),
                Rows::of(&proof_rows::VOLUMES, record.volumes, proof_rows::volume_cells),
                Rows::of(&proof_rows::HELD, record.held, proof_rows::held_cells),
                Rows::of(&BASES, record.bases, |_, base| base_cells(base)),
                Rows::of(&rows::ARCHIVED, record.archived, |_, file| rows::archived_cells(file)),
            ],
        }
    }

    fn digest(&self, outcome: &str) -> io::Result<String> {
        let (mut digest, mut buffer) = (new_digest(), Vec::new());
        digest_cells(&mut digest, &[Cell::text(outcome)]);
        for rows in &self.compared {
            digest_cells(&mut digest, &[Cell::text(rows.table.name)]);
            let mut reading = rows.listed()?;
            while reading.show_more(&mut |cells| digest_row(&mut digest, cells, &mut buffer))? {}
        }
        Ok(hex(digest))
    }
}

/// Each header once, in the order of the first.
fn distinct(headers: &[AcceptedHeader]) -> Vec<&AcceptedHeader> {
    let mut seen = BTreeSet::new();
    headers.iter().filter(|header| seen.insert(*header)).collect()
}

fn seen_cells<'a>(record: &RunRecord<'a>, act: &Act) -> Vec<Cell<'a>> {
    let cells = |file: &'a RunFile| {
        [
            Cell::text(record.platform_merchant_id),
            Cell::text(file.path.as_str()),
            Cell::text(file.sha256.as_str()),
            Cell::Integer(record.finished_at.millis()),
            Cell::Integer(act.number()),
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

async fn insert_run(tx: &mut Tx, record: &RunRecord<'_>, revision: i64, digest: &str, act: &Act) -> sqlx::Result<i64> {
    const SQL: &str = "INSERT INTO runs (platform_merchant_id, business_date, revision, started_at_ms, finished_at_ms,
         program_version, inputs_digest, content_digest, outcome, journal_sequence)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING run_id";
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
            .bind(act.number())
            .fetch_one(connection)
            .await?
            .try_get(0)
    })
}
