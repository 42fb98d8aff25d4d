//! The ledger's entries about ids, wherever the ledger is.
#![allow(clippy::disallowed_types, clippy::disallowed_methods, reason = "the ledger is a file, or is copied into one")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;

use crate::calendar::{BusinessDate, Instant};
use crate::config::{self, Config};
use crate::failure::{Failure, Kind, OrFail};
use crate::id::{KeyMaker, Symbols};
use crate::ledger::{COLUMNS, EntryText, ParsedLedger, parse_ledger};
use crate::pipeline::folds::OrKind;
use crate::pipeline::ledger::{END_OF_TIME, copy_of_query};
use crate::records::SplitError;
use crate::store::Store;

use super::search::Needles;

/// Entries as one small ledger of their own.
#[derive(Debug, Default)]
pub struct Entries {
    csv: Vec<u8>,
    /// The physical line in the ledger's file, if it is one, by the line in `csv`.
    lines: BTreeMap<u32, u32>,
    /// The entries, parsed.
    pub parsed: ParsedLedger,
    /// Entries that were found beyond those, and are too many to be kept.
    pub not_kept: u64,
}

impl Entries {
    /// The text of an entry, and the line of the ledger's file that it stands on, if it is a file.
    pub fn text(&self, row: usize) -> (EntryText, Option<u32>) {
        let place = self.parsed.entries[row].place;
        let start = usize::try_from(place.offset).unwrap_or_default();
        let raw = self.csv.get(start..start + place.length as usize).unwrap_or_default();
        (self.parsed.text(raw), self.line(place.line))
    }

    /// The line of the ledger's file, if it is one, that stands on this line here.
    pub fn line(&self, here: u32) -> Option<u32> {
        self.lines.get(&here).copied()
    }

    /// All texts, in their order.
    pub fn texts(&self) -> Vec<EntryText> {
        (0..self.parsed.entries.len()).map(|row| self.text(row).0).collect()
    }
}

/// Where the ledger is looked into.
pub struct Source<'a> {
    pub config: &'a Config,
    pub store: &'a Store,
    pub keys: KeyMaker,
    pub symbols: &'a Symbols,
}

impl Source<'_> {
    /// The entries that have one of the ids, as their own or as that of their original or order. A query is asked for the dates
    /// from the first to the second, if they are known.
    ///
    /// # Errors
    /// As the ledger says.
    pub async fn entries(
        &self,
        ids: &BTreeSet<String>,
        dates: Option<(BusinessDate, BusinessDate)>,
    ) -> anyhow::Result<Entries> {
        let Rows { csv, lines, not_kept } = match self.config.ledger()? {
            config::Ledger::Table => Rows { csv: self.of_table(ids).await?, ..Rows::default() },
            config::Ledger::Csv(path) => {
                let unreadable =
                    || format!("ledger.path: `{}` cannot be read; expected a CSV file of entries", path.display());
                let file = File::open(&path).or_fail(Kind::Configuration, unreadable)?;
                tokio::task::block_in_place(|| of_file(file, ids)).or_fail(Kind::Configuration, unreadable)?
            }
            config::Ledger::Query { url, sql } => {
                let copy = self.copy_of_query(url.expose(), &sql, dates).await?;
                let unreadable = || "the copy of the ledger cannot be read again";
                let rows = tokio::task::block_in_place(|| of_file(copy, ids)).or_fail(Kind::Unforeseen, unreadable)?;
                Rows { lines: BTreeMap::new(), ..rows }
            }
        };
        if csv.is_empty() {
            return Ok(Entries::default());
        }
        let parsed = parse_ledger(csv.as_slice(), self.keys, self.symbols, None)
            .map_err(|error| Failure::new(Kind::Configuration, format!("ledger: {error}")))?;
        Ok(Entries { csv, lines, parsed, not_kept })
    }

    async fn of_table(&self, ids: &BTreeSet<String>) -> anyhow::Result<Vec<u8>> {
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let entries = self.store.entries_about(&ids).await.or_kind()?;
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(COLUMNS).or_fail(Kind::Unforeseen, || "cannot copy entries")?;
        for entry in &entries {
            writer.write_record(cells(entry)).or_fail(Kind::Unforeseen, || "cannot copy entries")?;
        }
        writer.into_inner().map_err(|error| error.into_error()).or_fail(Kind::Unforeseen, || "cannot copy entries")
    }

    /// What the query gives of these dates, or of all.
    async fn copy_of_query(
        &self,
        url: &str,
        sql: &str,
        dates: Option<(BusinessDate, BusinessDate)>,
    ) -> anyhow::Result<File> {
        let cut_off = self.config.cut_off()?;
        let (from, to) = match dates {
            Some((first, last)) => (cut_off.start_of(first), cut_off.start_of(last.plus_days(1))),
            None => (Instant::from_millis(0), END_OF_TIME),
        };
        copy_of_query(self.config, (url, sql), from, to).await
    }
}

/// Rows of a ledger as CSV under its header; the rest as in [`Entries`].
#[derive(Default)]
struct Rows {
    csv: Vec<u8>,
    lines: BTreeMap<u32, u32>,
    not_kept: u64,
}

/// The rows of a CSV file that have one of the ids.
fn of_file(file: File, ids: &BTreeSet<String>) -> Result<Rows, SplitError> {
    let hits = Needles::new(ids.iter().map(String::as_str)).search(file)?;
    let not_kept = hits.count - hits.kept.len() as u64;
    let (mut csv, mut lines, mut line) = ([hits.header.as_slice(), b"\n"].concat(), BTreeMap::new(), 1);
    line += 1 + breaks(&hits.header);
    for hit in hits.kept {
        lines.insert(line, hit.line);
        line += 1 + breaks(&hit.raw);
        csv.extend_from_slice(&hit.raw);
        csv.push(b'\n');
    }
    Ok(Rows { csv, lines, not_kept })
}

/// Line breaks inside of a record.
pub fn breaks(raw: &[u8]) -> u32 {
    u32::try_from(memchr::memchr_iter(b'\n', raw).count()).unwrap_or(u32::MAX)
}

/// The cells of an entry, in the order of the contract.
const fn cells(entry: &EntryText) -> [&String; 15] {
    [
        &entry.entry_id,
        &entry.entry_type,
        &entry.request_id,
        &entry.antom_id,
        &entry.original_request_id,
        &entry.original_antom_id,
        &entry.order_id,
        &entry.sub_merchant_id,
        &entry.amount_minor,
        &entry.currency,
        &entry.status,
        &entry.occurred_at,
        &entry.settle_to,
        &entry.refund_from,
        &entry.settlement_batch_id,
    ]
}
