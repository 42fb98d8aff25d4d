//! Importing entries into the built-in ledger: all or nothing, idempotent by `entry_id`. A pending entry may come again as what
//! became of it; nothing else that is stored ever changes.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection};

use super::bulk::{Cell, ROWS, Table};
use super::carried::IDS;
use super::entry_row::{EntryRow, Relation, columns_of};
use super::error::{EntryConflict, StoreError};
use super::pool::{Store, Tx, on_pool, on_tx, within};
use super::prepare::add_line;
use crate::calendar::Instant;
use crate::ledger::EntryText;
use crate::points::{Point, reached};

const DOING: &str = "importing entries";

/// Conflicts that are told one by one; a person mends the cause after reading a few.
const MAX_CONFLICTS: usize = 50;

const ENTRIES: Table = Table {
    name: "ledger_entries",
    columns: &[
        "entry_id",
        "entry_type",
        "request_id",
        "antom_id",
        "original_request_id",
        "original_antom_id",
        "order_id",
        "sub_merchant_id",
        "amount_minor",
        "currency",
        "status",
        "occurred_at",
        "settle_to",
        "refund_from",
        "settlement_batch_id",
        "occurred_at_ms",
        "imported_at_ms",
    ],
    on_conflict: " ON CONFLICT (entry_id) DO NOTHING",
};

/// A validated entry to import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEntry {
    /// Its text; `amount_minor` is an integer.
    pub text: EntryText,
    /// `occurred_at`, read.
    pub occurred_at: Instant,
}

/// What an import did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Imported {
    /// Entries that are new.
    pub inserted: u64,
    /// Entries that were there as pending and are now what became of them.
    pub updated: u64,
    /// Entries that were there already with the same content, or had moved on from it.
    pub unchanged: u64,
}

/// An import under way. Dropped without [`commit`](Self::commit) it leaves nothing behind.
pub struct Import {
    tx: Tx,
    imported_at: Instant,
    done: Imported,
    conflicts: Vec<EntryConflict>,
    conflicting: u64,
    database: String,
    limit: Duration,
}

impl std::fmt::Debug for Import {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Import")
            .field("done", &self.done)
            .field("conflicting", &self.conflicting)
            .finish_non_exhaustive()
    }
}

impl Store {
    /// Begins an import; `now` is kept with every new entry.
    ///
    /// # Errors
    /// [`StoreError::Unreachable`], also while another import holds SQLite's only write lock.
    pub async fn begin_import(&self, now: Instant) -> Result<Import, StoreError> {
        let mut tx = self.begin(DOING).await?;
        self.within(DOING, tx.hold_pages_of_import(&self.options)).await?;
        reached(Point::ImportBegun);
        Ok(Import {
            tx,
            imported_at: now,
            done: Imported::default(),
            conflicts: Vec::new(),
            conflicting: 0,
            database: self.name.clone(),
            limit: self.options.statement_limit(),
        })
    }

    /// Stored entries whose `entry_id`, `request_id` or `antom_id` is `id`, by `entry_id`.
    ///
    /// # Errors
    /// As any query.
    pub async fn find_entries(&self, id: &str) -> Result<Vec<EntryText>, StoreError> {
        const SQL: &str = "SELECT * FROM ledger_entries WHERE entry_id = $1 OR (request_id = $1 AND request_id <> '')
             OR (antom_id = $1 AND antom_id <> '') ORDER BY entry_id";
        let rows: Vec<EntryRow> = self
            .within("looking an entry up", async {
                on_pool!(&self.pool, pool => sqlx::query_as(SQL).bind(id).fetch_all(pool).await)
            })
            .await?;
        Ok(rows.into_iter().map(EntryRow::into_text).collect())
    }

    /// The entries that have one of these ids as their own or as their original's, by `entry_id`. Only if there are none, those of
    /// an order: that is a look at every entry.
    ///
    /// # Errors
    /// As any query.
    pub async fn entries_about(&self, ids: &[&str]) -> Result<Vec<EntryText>, StoreError> {
        const ORIGINAL: &str = "SELECT * FROM ledger_entries
             WHERE (original_request_id = $1 AND original_request_id <> '') OR (original_antom_id = $1 AND original_antom_id <> '')";
        const ORDER: &str = "SELECT * FROM ledger_entries WHERE order_id = $1 AND order_id <> ''";
        let mut found = BTreeMap::new();
        for id in ids {
            let own = self.find_entries(id).await?;
            found.extend(own.into_iter().map(|entry| (entry.entry_id.clone(), entry)));
        }
        for (sql, always) in [(ORIGINAL, true), (ORDER, false)] {
            for id in ids.iter().filter(|_| always || found.is_empty()).copied().collect::<Vec<&str>>() {
                let rows: Vec<EntryRow> = self
                    .within("looking entries up", async {
                        on_pool!(&self.pool, pool => sqlx::query_as(sql).bind(id).fetch_all(pool).await)
                    })
                    .await?;
                let texts = rows.into_iter().map(EntryRow::into_text);
                found.extend(texts.map(|entry| (entry.entry_id.clone(), entry)));
            }
        }
        Ok(found.into_values().collect())
    }
}

impl Import {
    /// Adds entries. Conflicts are collected, so that [`commit`](Self::commit) can name them together.
    ///
    /// # Errors
    /// [`StoreError::Query`] for an `amount_minor` that is no 64-bit integer and for a NUL character; as any statement.
    pub async fn push(&mut self, entries: &[NewEntry]) -> Result<(), StoreError> {
        for chunk in entries.chunks(ROWS) {
            let mut cells = Vec::with_capacity(chunk.len() * ENTRIES.columns.len());
            for entry in chunk {
                self.add_cells(entry, &mut cells)?;
            }
            let insert = insert_new(&mut self.tx, chunk, cells);
            let inserted = within(&self.database, self.limit, DOING, insert).await?;
            reached(Point::ImportPartInserted);
            self.done.inserted += inserted;
            let rest = chunk.len() as u64 - inserted;
            if rest > 0 {
                let (moved_on, differing) = self.compare(chunk).await?;
                self.done.updated += moved_on;
                self.done.unchanged += rest - moved_on - differing;
            }
        }
        Ok(())
    }

    /// Makes the entries visible, all at once.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if an `entry_id` was there with other content: then nothing is imported.
    pub async fn commit(self) -> Result<Imported, StoreError> {
        if self.conflicting > 0 {
            return Err(StoreError::Conflict { conflicts: self.conflicts, total: self.conflicting });
        }
        within(&self.database, self.limit, DOING, self.tx.commit()).await?;
        reached(Point::ImportCommitted);
        Ok(self.done)
    }

    fn add_cells<'a>(&self, entry: &'a NewEntry, cells: &mut Vec<Cell<'a>>) -> Result<(), StoreError> {
        for (column, text) in columns_of(&entry.text) {
            if text.contains('\0') {
                return Err(self.refused(&entry.text, &format!("{column} holds a NUL character; expected text")));
            }
            cells.push(if column == "amount_minor" {
                Cell::Integer(self.amount(&entry.text)?)
            } else {
                Cell::text(text)
            });
        }
        cells.push(Cell::Integer(entry.occurred_at.millis()));
        cells.push(Cell::Integer(self.imported_at.millis()));
        Ok(())
    }

    fn amount(&self, text: &EntryText) -> Result<i64, StoreError> {
        let problem = || format!("amount_minor is `{}`; expected an integer of 64 bits", text.amount_minor);
        text.amount_minor.parse().map_err(|_| self.refused(text, &problem()))
    }

    fn refused(&self, text: &EntryText, problem: &str) -> StoreError {
        let problem = format!("entry `{}`: {problem}", text.entry_id);
        StoreError::Query { database: self.database.clone(), doing: DOING, problem }
    }

    /// Compares a chunk with what is stored now, moves on what was pending, and counts what moved on and what differs.
    async fn compare(&mut self, chunk: &[NewEntry]) -> Result<(u64, u64), StoreError> {
        let mut stored = self.stored(chunk).await?;
        let (mut moved_on, mut differing) = (0, 0);
        for entry in chunk {
            let Some(row) = stored.get_mut(&entry.text.entry_id) else { continue };
            match row.relation(entry) {
                Relation::Known => {}
                Relation::MovedOn => {
                    *row = row.moved_on(entry);
                    moved_on += 1;
                    self.update(entry).await?;
                }
                Relation::Other(differences) => {
                    differing += 1;
                    if self.conflicts.len() < MAX_CONFLICTS {
                        self.conflicts.push(EntryConflict { entry_id: entry.text.entry_id.clone(), differences });
                    }
                }
            }
        }
        self.conflicting += differing;
        Ok((moved_on, differing))
    }

    /// What is stored under the ids of a chunk.
    async fn stored(&mut self, chunk: &[NewEntry]) -> Result<HashMap<String, EntryRow>, StoreError> {
        let tx = &mut self.tx;
        let rows: Vec<EntryRow> = within(&self.database, self.limit, DOING, async {
            match tx {
                Tx::Postgres(tx) => {
                    const SQL: &str = "SELECT * FROM ledger_entries WHERE entry_id = ANY($1)";
                    sqlx::query_as(SQL).bind(ids_of(chunk)).fetch_all(&mut **tx).await
                }
                Tx::Sqlite(tx) => {
                    let mut rows = Vec::with_capacity(chunk.len());
                    for entries in chunk.chunks(IDS) {
                        let ids = vec!["?"; entries.len()].join(", ");
                        let sql = format!("SELECT * FROM ledger_entries WHERE entry_id IN ({ids})");
                        let mut query = sqlx::query_as(AssertSqlSafe(sql));
                        for entry in entries {
                            query = query.bind(entry.text.entry_id.as_str());
                        }
                        rows.extend(query.fetch_all(&mut **tx).await?);
                    }
                    Ok(rows)
                }
            }
        })
        .await?;
        Ok(rows.into_iter().map(|row| (row.entry_id.clone(), row)).collect())
    }

    /// Writes what became of a pending entry. The condition makes sure that nothing but a pending one ever changes, also where
    /// another import came between.
    async fn update(&mut self, entry: &NewEntry) -> Result<(), StoreError> {
        const SQL: &str =
            "UPDATE ledger_entries SET status = $1, occurred_at = $2, occurred_at_ms = $3, request_id = $4,
             antom_id = $5, original_request_id = $6, original_antom_id = $7, order_id = $8, settlement_batch_id = $9
             WHERE entry_id = $10 AND status = 'PENDING'";
        let (tx, text) = (&mut self.tx, &entry.text);
        let changed = within(&self.database, self.limit, DOING, async {
            on_tx!(tx, connection => {
                let query = sqlx::query(SQL).bind(&text.status).bind(&text.occurred_at);
                let query = query.bind(entry.occurred_at.millis()).bind(&text.request_id).bind(&text.antom_id);
                let query = query.bind(&text.original_request_id).bind(&text.original_antom_id).bind(&text.order_id);
                let query = query.bind(&text.settlement_batch_id).bind(&text.entry_id);
                query.execute(connection).await.map(|done| done.rows_affected())
            })
        })
        .await?;
        if changed == 1 {
            return Ok(());
        }
        let problem = "it was pending a moment ago and is not now; another import is at work; run this one again";
        Err(self.refused(text, problem))
    }
}

/// Inserts the entries of a chunk whose ids are new, each id once, and tells how many they are; `cells` are the chunk's.
async fn insert_new(tx: &mut Tx, chunk: &[NewEntry], cells: Vec<Cell<'_>>) -> sqlx::Result<u64> {
    let Tx::Postgres(tx) = tx else { return ENTRIES.insert(tx, &cells).await };
    // `COPY` ends at an id that is there, so it is asked first which are.
    let mut known: HashSet<&str> = HashSet::with_capacity(chunk.len());
    let there = known_ids(tx, chunk).await?;
    known.extend(there.iter().map(String::as_str));
    let rows = cells.chunks(ENTRIES.columns.len()).zip(chunk);
    let mut new = Vec::new();
    for (row, _) in rows.filter(|(_, entry)| known.insert(&entry.text.entry_id)) {
        add_line(&mut new, row.iter());
    }
    if new.is_empty() {
        return Ok(0);
    }
    let mut part = tx.begin().await?;
    match ENTRIES.copy(&mut part, new).await {
        Ok(inserted) => part.commit().await.map(|()| inserted),
        // Another import has added one since.
        Err(sqlx::Error::Database(error)) if error.is_unique_violation() => {
            part.rollback().await?;
            ENTRIES.insert_arrays(tx, &cells).await
        }
        Err(error) => Err(error),
    }
}

async fn known_ids(connection: &mut PgConnection, chunk: &[NewEntry]) -> sqlx::Result<Vec<String>> {
    const SQL: &str = "SELECT entry_id FROM ledger_entries WHERE entry_id = ANY($1)";
    sqlx::query_scalar(SQL).bind(ids_of(chunk)).fetch_all(connection).await
}

fn ids_of(chunk: &[NewEntry]) -> Vec<&str> {
    chunk.iter().map(|entry| entry.text.entry_id.as_str()).collect()
}
