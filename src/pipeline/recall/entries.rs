//! The ledger's side of looking back: which entries are as they were when they were closed, and which of those went missing.
//!
//! An entry is known by a fingerprint of what matching asks it for. One that was closed and says the same is closed still; one that
//! is new, was changed, or stands twice is open; and one that is no longer there is asked for by its id, so that its line is looked
//! at again.

use std::collections::{BTreeMap, HashMap};

use rayon::iter::{IntoParallelRefIterator, ParallelIterator};
use xxhash_rust::xxh3::xxh3_64;

use super::ids::ids_of;
use crate::calendar::{BusinessDate, CutOff};
use crate::id::{Key, Symbol, Symbols};
use crate::ledger::{Entry, ParsedLedger};
use crate::memory::{Bits, ClosedEntry};
use crate::report::Original;

/// The entries of the ledger with what is remembered of them.
pub(super) struct Entries {
    /// Fingerprint and id of each entry, in the order of the ledger.
    pub(super) known: Vec<ClosedEntry>,
    /// The business date of each.
    pub(super) dates: Vec<BusinessDate>,
    /// Those that were closed and say what they said.
    pub(super) closed: Bits,
    /// Those of the day that agree with their lines ([`matching::agreed`](crate::matching::agreed)).
    pub(super) agreed: Bits,
    /// Ids of entries that were closed and are no longer there, or say something else.
    pub(super) lost: Vec<u64>,
}

impl Entries {
    /// Compares the ledger with the entries that were closed, sorted, by date.
    pub(super) fn of(
        ledger: &ParsedLedger,
        cut_off: CutOff,
        symbols: &Symbols,
        was_closed: &BTreeMap<BusinessDate, Vec<ClosedEntry>>,
    ) -> Self {
        let parties = Parties::of(ledger, symbols);
        let known: Vec<ClosedEntry> = ledger.entries.par_iter().map(|entry| parties.entry(entry, ledger)).collect();
        let dates: Vec<BusinessDate> =
            ledger.entries.par_iter().map(|entry| cut_off.date_of(entry.occurred_at)).collect();
        let mut by_date = BTreeMap::<BusinessDate, Vec<(ClosedEntry, u32)>>::new();
        for ((row, date), entry) in (0_u32..).zip(&dates).zip(&known) {
            // Where nothing was closed, nothing needs to be compared.
            if was_closed.contains_key(date) {
                by_date.entry(*date).or_default().push((*entry, row));
            }
        }
        for date in was_closed.keys() {
            by_date.entry(*date).or_default();
        }
        let compared: Vec<(Vec<u32>, Vec<u64>)> = by_date
            .par_iter()
            .map(|(date, rows)| compare(rows.clone(), was_closed.get(date).map(Vec::as_slice).unwrap_or_default()))
            .collect();
        let mut closed = Bits::none(u32::try_from(known.len()).unwrap_or(u32::MAX));
        let agreed = closed.clone();
        let mut lost = Vec::new();
        for (rows, ids) in compared {
            rows.into_iter().for_each(|row| closed.put(row));
            lost.extend(ids);
        }
        Self { known, dates, closed, agreed, lost }
    }
}

/// The rows of a date that were closed and are as they were, and the ids of those that are gone. Both are counted: of two equal
/// entries one may be closed and the other new.
fn compare(mut rows: Vec<(ClosedEntry, u32)>, was_closed: &[ClosedEntry]) -> (Vec<u32>, Vec<u64>) {
    rows.sort_unstable();
    let (mut closed, mut lost) = (Vec::new(), Vec::new());
    let mut rows = rows.into_iter().peekable();
    for entry in was_closed {
        while rows.next_if(|(known, _)| known < entry).is_some() {}
        match rows.next_if(|(known, _)| known == entry) {
            Some((_, row)) => closed.push(row),
            None => lost.push(entry.1),
        }
    }
    (closed, lost)
}

/// Hashes of the parties' names, for symbols differ between runs.
struct Parties(HashMap<Symbol, u64>);

impl Parties {
    fn of(ledger: &ParsedLedger, symbols: &Symbols) -> Self {
        let mut parties = HashMap::new();
        for entry in &ledger.entries {
            parties.entry(entry.party).or_insert_with(|| xxh3_64(symbols.text(entry.party).as_bytes()));
        }
        Self(parties)
    }

    /// The fingerprint of an entry, and an id by which its family is found.
    fn entry(&self, entry: &Entry, ledger: &ParsedLedger) -> ClosedEntry {
        let original = original_of(entry, ledger).unwrap_or_default();
        let mut bytes = [0_u8; 96];
        let mut at = 0;
        let mut put = |part: &[u8]| {
            bytes[at..at + part.len()].copy_from_slice(part);
            at += part.len();
        };
        for key in [entry.by_request, entry.by_antom, original.by_request, original.by_antom] {
            put(&key.to_bits().to_le_bytes());
        }
        put(&entry.amount.to_le_bytes());
        put(&entry.occurred_at.millis().to_le_bytes());
        put(&self.0.get(&entry.party).copied().unwrap_or_default().to_le_bytes());
        put(entry.currency.code().as_bytes());
        put(&[entry.entry_type as u8, entry.status as u8, entry.refund_from as u8]);
        let ids = ids_of(entry.by_request, entry.by_antom, Some(original));
        (xxh3_64(&bytes), ids.into_iter().find(|id| *id != 0).unwrap_or_default())
    }
}

/// What an entry says of its original.
pub(super) fn original_of(entry: &Entry, ledger: &ParsedLedger) -> Option<Original> {
    entry.original.and_then(|at| ledger.originals.get(at as usize)).copied()
}

/// The ids of the entry at a row.
pub(super) fn ids_at(ledger: &ParsedLedger, row: u32) -> [u64; 4] {
    let entry = &ledger.entries[row as usize];
    ids_of(entry.by_request, entry.by_antom, original_of(entry, ledger))
}

/// Ids of rows that could not be read.
pub(super) fn ids_of_reject(by_request: Key, by_antom: Key) -> [u64; 2] {
    [by_request.hint(), by_antom.hint()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_compared_one_by_one() {
        let rows = vec![((5, 1), 0), ((7, 2), 1), ((7, 2), 2), ((9, 3), 3)];
        let (closed, lost) = compare(rows.clone(), &[(5, 1), (7, 2), (8, 4)]);
        assert_eq!(closed.len(), 2, "one of the two equal entries is new");
        assert!(closed.contains(&0) && !closed.contains(&3));
        assert_eq!(lost, [4]);
        assert_eq!(compare(rows, &[]), (Vec::new(), Vec::new()));
        assert_eq!(compare(Vec::new(), &[(1, 11)]), (Vec::new(), vec![11]));
    }
}
