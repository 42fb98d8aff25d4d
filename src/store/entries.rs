//! Importing entries into the built-in ledger: all or nothing, idempotent by `entry_id`.

use std::collections::HashMap;
use std::time::Duration;

use sqlx::AssertSqlSafe;

use super::bulk::{Cell, Table, placeholders};
use super::error::{EntryConflict, StoreError};
use super::pool::{Store, Tx, on_pool, on_tx, within};
use crate::calendar::Instant;
use crate::ledger::{COLUMNS, EntryText};

const DOING: &str = "importing entries";

/// Conflicts that are told one by one; a person mends the cause after reading a few.
const MAX_CONFLICTS: usize = 50;

/// Rows per statement, so that the ids of one statement also fit into one question for what is stored.
const ROWS: usize = 400;

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
    /// Entries that were there already with the same content.
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

/// A stored entry: its columns in the contract's order, then the instant.
#[derive(sqlx::FromRow)]
struct EntryRow {
    entry_id: String,
    entry_type: String,
    request_id: String,
    antom_id: String,
    original_request_id: String,
    original_antom_id: String,
    order_id: String,
    sub_merchant_id: String,
    amount_minor: i64,
    currency: String,
    status: String,
    occurred_at: String,
    settle_to: String,
    refund_from: String,
    settlement_batch_id: String,
    occurred_at_ms: i64,
}

impl Store {
    /// Begins an import; `now` is kept with every new entry.
    ///
    /// # Errors
    /// [`StoreError::Unreachable`], also while another import holds SQLite's only write lock.
    pub async fn begin_import(&self, now: Instant) -> Result<Import, StoreError> {
        Ok(Import {
            tx: self.begin(DOING).await?,
            imported_at: now,
            done: Imported::default(),
            conflicts: Vec::new(),
            conflicting: 0,
            database: self.name.clone(),
            limit: self.options.connect_timeout + self.options.statement_timeout,
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
            let insert = ENTRIES.insert(&mut self.tx, &cells);
            let inserted = within(&self.database, self.limit, DOING, insert).await?;
            self.done.inserted += inserted;
            let rest = chunk.len() as u64 - inserted;
            if rest > 0 {
                self.done.unchanged += rest - self.compare(chunk).await?;
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

    /// Compares a chunk with what is stored now, and counts the entries that differ from it.
    async fn compare(&mut self, chunk: &[NewEntry]) -> Result<u64, StoreError> {
        let sql = format!("SELECT * FROM ledger_entries WHERE entry_id IN ({})", placeholders(chunk.len(), 1));
        let tx = &mut self.tx;
        let rows: Vec<EntryRow> = within(&self.database, self.limit, DOING, async {
            on_tx!(tx, connection => {
                let mut query = sqlx::query_as(AssertSqlSafe(sql));
                for entry in chunk {
                    query = query.bind(entry.text.entry_id.as_str());
                }
                query.fetch_all(connection).await
            })
        })
        .await?;
        let stored: HashMap<&str, &EntryRow> = rows.iter().map(|row| (row.entry_id.as_str(), row)).collect();
        let mut differing = 0;
        for entry in chunk {
            let differences =
                stored.get(entry.text.entry_id.as_str()).map(|row| row.differences(entry)).unwrap_or_default();
            if differences.is_empty() {
                continue;
            }
            differing += 1;
            if self.conflicts.len() < MAX_CONFLICTS {
                self.conflicts.push(EntryConflict { entry_id: entry.text.entry_id.clone(), differences });
            }
        }
        self.conflicting += differing;
        Ok(differing)
    }
}

impl EntryRow {
    fn into_text(self) -> EntryText {
        EntryText {
            entry_id: self.entry_id,
            entry_type: self.entry_type,
            request_id: self.request_id,
            antom_id: self.antom_id,
            original_request_id: self.original_request_id,
            original_antom_id: self.original_antom_id,
            order_id: self.order_id,
            sub_merchant_id: self.sub_merchant_id,
            amount_minor: self.amount_minor.to_string(),
            currency: self.currency,
            status: self.status,
            occurred_at: self.occurred_at,
            settle_to: self.settle_to,
            refund_from: self.refund_from,
            settlement_batch_id: self.settlement_batch_id,
        }
    }

    /// The columns that say something else. Amounts are compared as numbers and `occurred_at` as a point in time, so that an
    /// export in another zone is the same entry.
    fn differences(&self, given: &NewEntry) -> Vec<(&'static str, String, String)> {
        let amount = self.amount_minor.to_string();
        let stored = [
            &self.entry_id,
            &self.entry_type,
            &self.request_id,
            &self.antom_id,
            &self.original_request_id,
            &self.original_antom_id,
            &self.order_id,
            &self.sub_merchant_id,
            &amount,
            &self.currency,
            &self.status,
            &self.occurred_at,
            &self.settle_to,
            &self.refund_from,
            &self.settlement_batch_id,
        ];
        let differs = |column: &str, stored: &str, text: &str| match column {
            "amount_minor" => text.parse() != Ok(self.amount_minor),
            "occurred_at" => given.occurred_at.millis() != self.occurred_at_ms,
            _ => stored != text,
        };
        columns_of(&given.text)
            .into_iter()
            .zip(stored)
            .filter(|((column, text), stored)| differs(column, stored, text))
            .map(|((column, text), stored)| (column, stored.clone(), text.to_owned()))
            .collect()
    }
}

/// The contract's columns of an entry, in order.
fn columns_of(text: &EntryText) -> [(&'static str, &str); 15] {
    let cells = [
        &text.entry_id,
        &text.entry_type,
        &text.request_id,
        &text.antom_id,
        &text.original_request_id,
        &text.original_antom_id,
        &text.order_id,
        &text.sub_merchant_id,
        &text.amount_minor,
        &text.currency,
        &text.status,
        &text.occurred_at,
        &text.settle_to,
        &text.refund_from,
        &text.settlement_batch_id,
    ];
    std::array::from_fn(|at| (COLUMNS[at], cells[at].as_str()))
}
