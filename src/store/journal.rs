//! A journal of everything that is added to history, entry by entry: what the chain of runs does for the rows of runs, this does
//! for the rest (answers, decisions, files seen, outputs, prunings), and for the runs and links themselves.
//!
//! Whoever adds rows does so as an act: the rows carry its number, and an entry per table holds how many they are, the digest over
//! them as the database gives them back, and the digest of the entry before. So a row that is changed, taken away or put in shows,
//! and so does an entry. Rows that are older than the journal are covered by a merchant's first entries.

use std::collections::BTreeMap;

use sqlx::{AssertSqlSafe, Row};

use super::bulk::{hex, new_digest};
use super::chain;
use super::digest::{Rows, RowsDigest, cell, texts};
use super::error::StoreError;
use super::pool::{Store, Tx, on_tx};

const DOING: &str = "verifying its journal";

/// What the digest of an entry begins with.
const FORMAT: &str = "antom-recon journal 1\n";

/// A table whose rows are journalled one by one.
struct Journalled {
    name: &'static str,
    columns: &'static [&'static str],
    /// Orders the rows of an act.
    key: &'static str,
    /// The column by which a row is named to people.
    label: &'static str,
    /// Whether it names the merchant; if not, its run does.
    has_merchant: bool,
}

const fn journalled(
    name: &'static str,
    columns: &'static [&'static str],
    key: &'static str,
    label: &'static str,
) -> Journalled {
    Journalled { name, columns, key, label, has_merchant: true }
}

/// Every table but those whose rows belong to one run, which the chain of runs covers.
const TABLES: [Journalled; 9] = [
    journalled("runs", chain::RUN.columns, "run_id", "business_date"),
    journalled(
        "run_chain",
        &[
            "run_id",
            "platform_merchant_id",
            "sequence",
            "configuration_digest",
            "previous_digest",
            "previous_publications",
            "previous_outputs_digest",
            "record_digest",
        ],
        "run_id",
        "sequence",
    ),
    journalled("files_seen", &["platform_merchant_id", "path", "sha256", "first_seen_at_ms"], "path, sha256", "path"),
    journalled(
        "answers",
        &[
            "answer_id",
            "platform_merchant_id",
            "run_date",
            "question",
            "endpoint",
            "asked_at_ms",
            "answered_at_ms",
            "http_status",
            "signature",
            "body",
            "outcome",
        ],
        "answer_id",
        "question",
    ),
    journalled("decision_files", &["platform_merchant_id", "sha256", "name", "applied_at_ms"], "sha256", "name"),
    journalled(
        "decisions",
        &[
            "decision_id",
            "platform_merchant_id",
            "discrepancy_id",
            "decision",
            "decided_by",
            "approved_by",
            "assigned_to",
            "reason",
            "decided_at_ms",
            "file_sha256",
            "line",
            "run_id",
            "row_run_id",
        ],
        "decision_id",
        "discrepancy_id",
    ),
    journalled(
        "pruned_files",
        &["platform_merchant_id", "sha256", "pruned_at_ms", "before_date"],
        "sha256, pruned_at_ms",
        "sha256",
    ),
    Journalled {
        has_merchant: false,
        ..journalled(
            "run_outputs",
            &["run_id", "publication", "name", "size", "sha256"],
            "run_id, publication, name",
            "name",
        )
    },
    Journalled {
        has_merchant: false,
        ..journalled(
            "pruned_rows",
            &["run_id", "table_name", "pruned_at_ms", "before_date", "row_count", "kept_count", "kept_digest"],
            "run_id, table_name",
            "table_name",
        )
    },
];

/// What the journal of a merchant comes to, if it holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Journal {
    /// How many entries it has.
    pub entries: u64,
    /// The digest of the last one, which stands for all of them; empty if there is none.
    pub head: String,
    /// Rows that no entry covers, by table: all of them, if nothing was added since there is a journal.
    pub not_covered: Vec<(&'static str, u64)>,
}

/// Rows that are added together. It holds the merchant's journal until its transaction ends.
pub(super) struct Act {
    merchant: String,
    number: i64,
    next: i64,
    head: String,
}

impl Act {
    /// Begins an act in a transaction that writes.
    pub(super) async fn begin(tx: &mut Tx, merchant: &str) -> sqlx::Result<Self> {
        const HEAD: &str = "SELECT sequence, digest FROM journal WHERE platform_merchant_id = $1
             ORDER BY sequence DESC LIMIT 1";
        if let Tx::Postgres(tx) = &mut *tx {
            // SQLite has one writer at a time.
            sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))")
                .bind(format!("antom-recon journal {merchant}"))
                .execute(&mut **tx)
                .await?;
        }
        let head: Option<(i64, String)> =
            on_tx!(&mut *tx, connection => sqlx::query_as(HEAD).bind(merchant).fetch_optional(connection).await?);
        let merchant = merchant.to_owned();
        if let Some((sequence, head)) = head {
            return Ok(Self { merchant, number: sequence + 1, next: sequence + 1, head });
        }
        // What was there before the journal is covered from now on.
        let mut act = Self { merchant, number: 0, next: 1, head: String::new() };
        for table in &TABLES {
            act.note(tx, table).await?;
        }
        act.number = act.next;
        Ok(act)
    }

    /// What the rows of the act carry.
    pub(super) const fn number(&self) -> i64 {
        self.number
    }

    /// Whose journal it is.
    pub(super) fn merchant(&self) -> &str {
        &self.merchant
    }

    /// Adds an entry for each table that has rows of the act.
    pub(super) async fn end(mut self, tx: &mut Tx) -> sqlx::Result<()> {
        for table in &TABLES {
            self.note(tx, table).await?;
        }
        Ok(())
    }

    async fn note(&mut self, tx: &mut Tx, table: &Journalled) -> sqlx::Result<()> {
        const SQL: &str =
            "INSERT INTO journal (platform_merchant_id, sequence, covers, table_name, row_count, rows_digest,
             previous_digest, digest) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
        let mut acts = acts(tx, table, &self.merchant, Some(self.number)).await?;
        let Some(group) = acts.remove(&self.number) else { return Ok(()) };
        let entry = Entry {
            sequence: self.next,
            covers: self.number,
            table_name: table.name.to_owned(),
            rows: group.rows,
            previous: std::mem::take(&mut self.head),
        };
        self.head = entry.digest();
        self.next += 1;
        on_tx!(tx, connection => {
            sqlx::query(SQL)
                .bind(&self.merchant)
                .bind(entry.sequence)
                .bind(entry.covers)
                .bind(&entry.table_name)
                .bind(entry.rows.count)
                .bind(&entry.rows.digest)
                .bind(&entry.previous)
                .bind(&self.head)
                .execute(connection)
                .await?;
        });
        Ok(())
    }
}

/// An entry, but for its own digest.
struct Entry {
    sequence: i64,
    covers: i64,
    table_name: String,
    rows: RowsDigest,
    previous: String,
}

impl Entry {
    fn digest(&self) -> String {
        let mut digest = new_digest();
        digest.update(FORMAT.as_bytes());
        cell(&mut digest, "sequence", &self.sequence.to_string());
        cell(&mut digest, "covers", &self.covers.to_string());
        cell(&mut digest, "rows of", &self.table_name);
        cell(&mut digest, "count", &self.rows.count.to_string());
        cell(&mut digest, "digest", &self.rows.digest);
        cell(&mut digest, "previous", &self.previous);
        hex(digest)
    }
}

/// The rows of an act in a table.
#[derive(Default)]
struct Group {
    rows: RowsDigest,
    /// How the first of them is called.
    label: String,
}

/// The rows of a merchant in a table, by act; of one act, or of all.
async fn acts(
    tx: &mut Tx,
    table: &Journalled,
    merchant: &str,
    only: Option<i64>,
) -> sqlx::Result<BTreeMap<i64, Group>> {
    let of_merchant = match table.has_merchant {
        true => "platform_merchant_id = $1",
        false => "run_id IN (SELECT run_id FROM runs WHERE platform_merchant_id = $1)",
    };
    let of_act = only.map(|number| format!(" AND journal_sequence = {number}")).unwrap_or_default();
    let sql = format!(
        "SELECT journal_sequence, {} FROM {} WHERE {of_merchant}{of_act} ORDER BY journal_sequence, {}",
        texts(tx, table.columns),
        table.name,
        table.key
    );
    let mut groups = BTreeMap::new();
    let mut current: Option<(i64, Rows, String)> = None;
    let mut close = |ended: Option<(i64, Rows, String)>| {
        if let Some((number, rows, label)) = ended {
            groups.insert(number, Group { rows: rows.finish(), label });
        }
    };
    on_tx!(tx, connection => {
        let mut rows = sqlx::query(AssertSqlSafe(sql)).bind(merchant).fetch(connection);
        while let Some(row) = std::future::poll_fn(|context| rows.as_mut().poll_next(context)).await.transpose()? {
            let number: i64 = row.try_get(0)?;
            let mut cells = Vec::with_capacity(table.columns.len());
            for (at, column) in table.columns.iter().enumerate() {
                cells.push((*column, row.try_get::<Option<&str>, _>(at + 1)?.unwrap_or_default()));
            }
            if current.as_ref().is_none_or(|(known, ..)| *known != number) {
                let named = cells.iter().find(|(column, _)| *column == table.label);
                let label = named.map(|(column, text)| format!("{column} `{text}`")).unwrap_or_default();
                close(current.replace((number, Rows::new(), label)));
            }
            if let Some((_, rows, _)) = &mut current {
                rows.add(table.name, cells);
            }
        }
    });
    close(current);
    Ok(groups)
}

#[derive(sqlx::FromRow)]
struct EntryRow {
    sequence: i64,
    covers: i64,
    table_name: String,
    row_count: i64,
    rows_digest: String,
    previous_digest: String,
    digest: String,
}

impl Store {
    /// Computes the journal of a merchant anew and compares it with what is there.
    ///
    /// # Errors
    /// [`StoreError::Integrity`] naming the first entry or row that differs; as any query.
    pub async fn verify_journal(&self, merchant: &str) -> Result<Journal, StoreError> {
        const SQL: &str = "SELECT sequence, covers, table_name, row_count, rows_digest, previous_digest, digest
             FROM journal WHERE platform_merchant_id = $1 ORDER BY sequence";
        let mut tx = self.begin_reading(DOING).await?;
        let rows: Vec<EntryRow> = self
            .within(DOING, async {
                on_tx!(&mut tx, connection => sqlx::query_as(SQL).bind(merchant).fetch_all(connection).await)
            })
            .await?;
        let mut journal = Journal::default();
        let mut covered = BTreeMap::new();
        for row in rows {
            let entry = self.entry(row, &mut journal)?;
            if let Some(twice) = covered.insert((entry.table_name.clone(), entry.covers), entry) {
                let (table, sequence) = (&twice.table_name, twice.sequence);
                return Err(self.tampered(format!("has two entries for the rows of entry {sequence}, `{table}`")));
            }
        }
        for table in &TABLES {
            let groups = self.within(DOING, acts(&mut tx, table, merchant, None)).await?;
            self.compare(table, groups, &mut covered, &mut journal)?;
        }
        if let Some(lost) = covered.into_values().next() {
            let (sequence, table, count) = (lost.sequence, &lost.table_name, lost.rows.count);
            return Err(self.tampered(format!("entry {sequence} added {count} rows to `{table}`, which are gone")));
        }
        self.nothing_is_astray(&mut tx).await?;
        Ok(journal)
    }

    /// An entry that follows from the one before it.
    fn entry(&self, row: EntryRow, journal: &mut Journal) -> Result<Entry, StoreError> {
        let rows = RowsDigest { count: row.row_count, digest: row.rows_digest };
        let entry = Entry {
            sequence: row.sequence,
            covers: row.covers,
            table_name: row.table_name,
            rows,
            previous: row.previous_digest,
        };
        let expected = i64::try_from(journal.entries).unwrap_or(i64::MAX).saturating_add(1);
        if entry.sequence != expected {
            return Err(self.tampered(format!("goes on with entry {}; expected {expected}", entry.sequence)));
        }
        let digest = entry.digest();
        if entry.previous != journal.head || digest != row.digest {
            let sequence = entry.sequence;
            let (found, recorded) = (&digest, &row.digest);
            return Err(self.tampered(format!("entry {sequence} has the digest `{found}`; recorded was `{recorded}`")));
        }
        journal.entries += 1;
        journal.head = digest;
        Ok(entry)
    }

    /// Compares the rows of a table with the entries about it, which are taken out.
    fn compare(
        &self,
        table: &Journalled,
        groups: BTreeMap<i64, Group>,
        covered: &mut BTreeMap<(String, i64), Entry>,
        journal: &mut Journal,
    ) -> Result<(), StoreError> {
        for (number, Group { rows, label }) in groups {
            let name = table.name;
            match covered.remove(&(name.to_owned(), number)) {
                Some(entry) if entry.rows == rows => {}
                Some(entry) => {
                    return Err(self.tampered(format!(
                        "entry {} added {} rows to `{name}` with the digest `{}`; there are {} with `{}`, the first is {label}",
                        entry.sequence, entry.rows.count, entry.rows.digest, rows.count, rows.digest
                    )));
                }
                None if number == 0 && journal.entries == 0 => {
                    journal.not_covered.push((name, u64::try_from(rows.count).unwrap_or_default()));
                }
                None => {
                    let count = rows.count;
                    return Err(
                        self.tampered(format!("knows nothing of {count} rows of `{name}`, the first is {label}"))
                    );
                }
            }
        }
        Ok(())
    }

    /// Makes sure that no row belongs to a run that is not there, and that no pruning was left open.
    async fn nothing_is_astray(&self, tx: &mut Tx) -> Result<(), StoreError> {
        let of_runs = chain::TABLES.iter().map(|table| table.name).chain([
            "run_digests",
            "run_chain",
            "run_outputs",
            "pruned_rows",
        ]);
        for table in of_runs {
            let sql = format!("SELECT COUNT(*) FROM {table} WHERE run_id NOT IN (SELECT run_id FROM runs)");
            if let count @ 1.. = self.count(tx, sql).await? {
                return Err(self.tampered(format!("knows nothing of {count} rows of `{table}` that belong to no run")));
            }
        }
        match self.count(tx, "SELECT COUNT(*) FROM prunings".to_owned()).await? {
            0 => Ok(()),
            _ => Err(self.tampered("knows nothing of a row of `prunings`, which allows to delete history".to_owned())),
        }
    }

    async fn count(&self, tx: &mut Tx, sql: String) -> Result<i64, StoreError> {
        self.within(DOING, async {
            on_tx!(tx, connection => sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(connection).await)
        })
        .await
    }

    fn tampered(&self, what: String) -> StoreError {
        self.damaged(DOING, format!("the journal {what}; somebody changed what was recorded"))
    }
}
