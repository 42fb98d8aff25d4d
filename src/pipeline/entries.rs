//! Taking the ledger's entries from the parser: they go to a file without a name, block by block, and of each the run keeps in mind what
//! tells whether it is as it was when it was closed. So the ledger is never in memory at once.
//!
//! An entry is known by a fingerprint of what matching asks it for. One that was closed and says the same is closed still; one that
//! is new, was changed, or stands twice is open; and one that is no longer there is asked for by its id, so that its line is looked
//! at again.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::sync::{Mutex, PoisonError};

use xxhash_rust::xxh3::xxh3_64;

use crate::calendar::{BusinessDate, CutOff};
use crate::id::{Key, Symbol, Symbols};
use crate::ledger::{Entry, Keeper};
use crate::matching::agreed::{Mark, Marker};
use crate::memory::{ClosedEntries, ClosedEntry, LedgerRows, MemoryError, PackedEntries, Spilled};
use crate::report::Original;

use super::Job;
use super::aside::Aside;
use super::marks::Marks;

/// Partitions of the entries of one date, by the first bits of their fingerprints.
const PARTITION_BITS: u32 = 6;

/// The entries of a ledger's window.
#[derive(Debug)]
pub struct Entries {
    /// The entries themselves.
    pub kept: LedgerRows,
    known: Aside<Known>,
    /// Where the partitions of a date begin.
    dates: BTreeMap<BusinessDate, usize>,
}

/// What is kept in mind of an entry: its fingerprint and id, and its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Known {
    closed: ClosedEntry,
    row: u32,
}

impl Spilled for Known {
    const BYTES: usize = 20;

    fn put(&self, to: &mut Vec<u8>) {
        to.extend_from_slice(&self.closed.0.to_le_bytes());
        to.extend_from_slice(&self.closed.1.to_le_bytes());
        to.extend_from_slice(&self.row.to_le_bytes());
    }

    fn take(bytes: &[u8]) -> Option<Self> {
        let (fingerprint, rest) = bytes.split_first_chunk()?;
        let (id, rest) = rest.split_first_chunk()?;
        let closed = (u64::from_le_bytes(*fingerprint), u64::from_le_bytes(*id));
        Some(Self { closed, row: u32::from_le_bytes(*rest.first_chunk()?) })
    }
}

impl Entries {
    /// Number of entries.
    pub const fn rows(&self) -> u32 {
        self.kept.rows()
    }

    /// The dates of the entries.
    pub fn dates(&self) -> impl Iterator<Item = BusinessDate> + '_ {
        self.dates.keys().copied()
    }

    /// Bytes of memory that are needed to compare them.
    pub fn bytes_to_compare(&self) -> u64 {
        self.known.largest_bytes()
    }

    /// The entries of a date with their numbers, sorted by what they say, in parts.
    fn of_date(&self, date: BusinessDate) -> impl Iterator<Item = Result<Vec<Known>, MemoryError>> + '_ {
        let first = self.dates.get(&date).copied();
        let partitions = first.into_iter().flat_map(|first| first..first + (1 << PARTITION_BITS));
        partitions.map(|partition| {
            let mut rows = self.known.read(partition)?;
            rows.sort_unstable();
            Ok(rows)
        })
    }

    /// Compares the entries of a date with those that were closed: shows the numbers of those that are as they were, and gives the ids of
    /// those that are gone. Both are counted: of two equal entries one may be closed and the other new.
    ///
    /// # Errors
    /// What was written cannot be read.
    pub fn compare(
        &self,
        date: BusinessDate,
        was_closed: ClosedEntries,
        mut show: impl FnMut(u32),
    ) -> Result<Vec<u64>, MemoryError> {
        let rows = self.of_date(date).flat_map(|part| match part {
            Ok(rows) => rows.into_iter().map(Ok).collect(),
            Err(error) => vec![Err(error)],
        });
        let (mut rows, mut lost) = (rows.peekable(), Vec::new());
        for closed in was_closed {
            let closed = closed?;
            let is_before = |row: &Result<Known, MemoryError>| row.as_ref().is_ok_and(|row| row.closed < closed);
            while rows.next_if(is_before).is_some() {}
            match rows.next_if(|row| row.as_ref().map_or(true, |row| row.closed == closed)) {
                Some(row) => show(row?.row),
                None => lost.push(closed.1),
            }
        }
        Ok(lost)
    }

    /// The entries of a date that are closed, sorted.
    pub fn closed<'a>(
        &'a self,
        date: BusinessDate,
        is_closed: impl Fn(u32) -> bool + 'a,
    ) -> impl Iterator<Item = Result<ClosedEntry, MemoryError>> + 'a {
        self.of_date(date).flat_map(move |part| -> Vec<Result<ClosedEntry, MemoryError>> {
            match part {
                Ok(rows) => rows.into_iter().filter(|row| is_closed(row.row)).map(|row| Ok(row.closed)).collect(),
                Err(error) => vec![Err(error)],
            }
        })
    }
}

/// Takes the entries.
pub struct Keeping<'a> {
    symbols: &'a Symbols,
    cut_off: CutOff,
    marker: Option<Marker<'a>>,
    state: Mutex<State<'a>>,
}

struct State<'a> {
    entries: Entries,
    marks: &'a mut Marks,
    failed: Option<MemoryError>,
}

/// The entries of one block.
#[derive(Default)]
pub struct Packed {
    entries: Option<io::Result<PackedEntries>>,
    marks: Vec<Mark>,
    known: Vec<(BusinessDate, ClosedEntry)>,
}

impl<'a> Keeping<'a> {
    /// Ready for the first entries; `marker` marks those of the day.
    ///
    /// # Errors
    /// There is no room on the disk.
    pub fn new(
        job: &'a Job<'_>,
        cut_off: CutOff,
        marker: Option<Marker<'a>>,
        marks: &'a mut Marks,
    ) -> Result<Self, MemoryError> {
        let (kept, known) = (LedgerRows::new(&job.memory)?, Aside::new(&job.memory, job.room)?);
        let entries = Entries { kept, known, dates: BTreeMap::new() };
        let state = Mutex::new(State { entries, marks, failed: None });
        Ok(Self { symbols: &job.symbols, cut_off, marker, state })
    }

    /// When all entries are taken.
    ///
    /// # Errors
    /// They could not be written.
    pub fn finish(self) -> Result<Entries, MemoryError> {
        let State { entries, failed, .. } = self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        failed.map_or(Ok(entries), Err)
    }
}

impl Keeper for Keeping<'_> {
    type Packed = Packed;

    fn pack(&self, entries: &[Entry], originals: &[Original]) -> Packed {
        let mark = |(row, entry): (u32, &Entry)| self.marker.and_then(|marker| marker.entry(entry, row));
        let mut parties = HashMap::<Symbol, u64>::new();
        let known = entries.iter().map(|entry| {
            let original = entry.original.and_then(|at| originals.get(at as usize)).copied();
            let party = parties.entry(entry.party);
            let party = *party.or_insert_with(|| xxh3_64(self.symbols.text(entry.party).as_bytes()));
            (self.cut_off.date_of(entry.occurred_at), fingerprint(entry, original.unwrap_or_default(), party))
        });
        let known = known.collect();
        let marks = (0..).zip(entries).filter_map(mark).collect();
        Packed { entries: Some(PackedEntries::of(entries, originals)), marks, known }
    }

    fn take(&self, packed: Packed) {
        let Some(entries) = packed.entries else { return };
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.failed.is_none() {
            state.failed = state.take(entries, &packed.marks, packed.known).err();
        }
    }
}

impl State<'_> {
    fn take(
        &mut self,
        entries: io::Result<PackedEntries>,
        marks: &[Mark],
        known: Vec<(BusinessDate, ClosedEntry)>,
    ) -> Result<(), MemoryError> {
        let Entries { kept, known: aside, dates } = &mut self.entries;
        let packed = entries.map_err(|source| kept.failed(source))?;
        let first = kept.rows();
        kept.put(&packed)?;
        self.marks.extend(marks.iter().map(|mark| mark.moved(first)))?;
        for (row, (date, closed)) in (first..).zip(known) {
            let next = dates.len() << PARTITION_BITS;
            let partitions = *dates.entry(date).or_insert(next);
            let partition = usize::try_from(closed.0 >> (64 - PARTITION_BITS)).unwrap_or_default();
            aside.put(partitions + partition, Known { closed, row })?;
        }
        Ok(())
    }
}

/// The fingerprint of an entry, and an id by which its family is found. `party` is a hash of its name, for symbols differ between runs.
fn fingerprint(entry: &Entry, original: Original, party: u64) -> ClosedEntry {
    let mut bytes = [0_u8; 96];
    let mut at = 0;
    let mut put = |part: &[u8]| {
        bytes[at..at + part.len()].copy_from_slice(part);
        at += part.len();
    };
    let keys = [entry.by_request, entry.by_antom, original.by_request, original.by_antom];
    for key in keys {
        put(&key.to_bits().to_le_bytes());
    }
    put(&entry.amount.to_le_bytes());
    put(&entry.occurred_at.millis().to_le_bytes());
    put(&party.to_le_bytes());
    put(entry.currency.code().as_bytes());
    put(&[entry.entry_type as u8, entry.status as u8, entry.refund_from as u8]);
    let id = keys.into_iter().map(Key::hint).find(|id| *id != 0);
    (xxh3_64(&bytes), id.unwrap_or_default())
}
