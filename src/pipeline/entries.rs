//! Taking the ledger's entries from the parser: they go to a file without a name, block by block, and of each the run keeps in mind what
//! tells whether it is as it was when it was closed. So the ledger is never in memory at once.
//!
//! An entry is known by a fingerprint of what matching asks it for. One that was closed and says the same is closed still; one that
//! is new, was changed, or stands twice is open; and one that is no longer there is asked for by its id, so that its line is looked
//! at again.

use std::collections::BTreeMap;
use std::num::NonZero;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use rayon::iter::{IntoParallelIterator, ParallelIterator};

use crate::calendar::{BusinessDate, CutOff};
use crate::id::{Key, KeyMaker, Symbol, Symbols};
use crate::ledger::{Entry, Keeper};
use crate::matching::agreed::{Mark, Marker};
use crate::memory::{ClosedEntry, LedgerRows, MemoryError, PackedEntries, Spilled};
use crate::movement::EntryType;
use crate::records::Idle;
use crate::report::Original;

use super::Job;
use super::aside::Aside;
use super::marks::Marks;

/// Partitions of the entries of one date, by the first bits of their fingerprints.
const PARTITION_BITS: u32 = 6;
const PARTITIONS: usize = 1 << PARTITION_BITS;

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

    /// Bytes of memory that so many threads need to compare those of some dates: a partition each, as rows and as bytes of the disk.
    pub fn bytes_to_compare<'d>(&self, dates: impl Iterator<Item = &'d BusinessDate>, threads: usize) -> u64 {
        let firsts = dates.filter_map(|date| self.dates.get(date));
        let largest = firsts.map(|&first| self.known.largest_bytes(first..first + PARTITIONS)).max();
        2 * largest.unwrap_or_default() * threads as u64
    }

    /// Nobody compares them for a while: what is kept in mind of them goes to the disk.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn rest(&mut self) -> Result<(), MemoryError> {
        self.known.rest()
    }

    /// Shows the numbers of the entries of a date.
    ///
    /// # Errors
    /// What was written cannot be read.
    pub fn of(&self, date: BusinessDate, mut show: impl FnMut(u32)) -> Result<(), MemoryError> {
        self.partitions(date).try_for_each(|partition| {
            self.known.read(partition)?.into_iter().for_each(|known| show(known.row));
            Ok(())
        })
    }

    /// The partitions of a date.
    fn partitions(&self, date: BusinessDate) -> Range<usize> {
        self.dates.get(&date).map_or(0..0, |&first| first..first + PARTITIONS)
    }

    /// The entries of a partition with their numbers, sorted by what they say.
    fn part(&self, partition: usize) -> Result<Vec<Known>, MemoryError> {
        let mut rows = self.known.read(partition)?;
        rows.sort_unstable();
        Ok(rows)
    }

    /// Compares the entries of a date with those that were closed, which are sorted: shows the numbers of those that are as they were, part
    /// by part, and gives the ids of those that are gone. Both are counted: of two equal entries one may be closed and the other new.
    ///
    /// # Errors
    /// What was written cannot be read, and what the closed ones say.
    pub fn compare(
        &self,
        date: BusinessDate,
        was_closed: impl Iterator<Item = Result<ClosedEntry, MemoryError>>,
        mut show: impl FnMut(&[u32]),
    ) -> Result<Vec<u64>, MemoryError> {
        let (mut was_closed, mut lost) = (was_closed.peekable(), Vec::new());
        for (part, partition) in self.partitions(date).enumerate() {
            let (mut rows, mut closed) = (self.part(partition)?.into_iter().peekable(), Vec::new());
            let is_of_part =
                |entry: &Result<ClosedEntry, _>| entry.as_ref().map_or(true, |entry| part_of(*entry) <= part);
            while let Some(entry) = was_closed.next_if(is_of_part).transpose()? {
                while rows.next_if(|row| row.closed < entry).is_some() {}
                match rows.next_if(|row| row.closed == entry) {
                    Some(row) => closed.push(row.row),
                    None => lost.push(entry.1),
                }
            }
            show(&closed);
        }
        // Those of a date that the ledger no longer has.
        for entry in was_closed {
            lost.push(entry?.1);
        }
        Ok(lost)
    }

    /// The entries of a date that are closed, sorted. Some parts are sorted at a time, as far as memory goes.
    pub fn closed<'a>(
        &'a self,
        date: BusinessDate,
        is_closed: impl Fn(u32) -> bool + Sync + 'a,
    ) -> impl Iterator<Item = Result<ClosedEntry, MemoryError>> + 'a {
        let partitions = self.partitions(date);
        let together = self.known.at_once(partitions.clone());
        let closed = move |partition: usize| -> Result<Vec<ClosedEntry>, MemoryError> {
            let closed = self.part(partition)?.into_iter().filter(|row| is_closed(row.row));
            Ok(closed.map(|row| row.closed).collect())
        };
        partitions.clone().step_by(together).flat_map(move |first| {
            let some = first..partitions.end.min(first + together);
            let parts: Vec<_> = some.into_par_iter().map(&closed).collect();
            parts.into_iter().flat_map(|part| {
                let (rows, error) = part.map_or_else(|error| (Vec::new(), Some(Err(error))), |rows| (rows, None));
                rows.into_iter().map(Ok).chain(error)
            })
        })
    }
}

/// The part of its date in which an entry is.
fn part_of((fingerprint, _): ClosedEntry) -> usize {
    usize::try_from(fingerprint >> (64 - PARTITION_BITS)).unwrap_or_default()
}

/// Takes the entries.
pub struct Keeping<'a> {
    symbols: &'a Symbols,
    keys: KeyMaker,
    cut_off: CutOff,
    marker: Marker<'a>,
    parties: Idle<Parties>,
    state: Mutex<State<'a>>,
}

/// Hashes of the names of parties, by their symbols' numbers; none of those that no block met so far.
#[derive(Default)]
struct Parties(Vec<Option<NonZero<u64>>>);

struct State<'a> {
    entries: Entries,
    marks: &'a mut Marks,
    failed: Option<MemoryError>,
}

/// The entries of one block.
#[derive(Default)]
pub struct Packed {
    entries: PackedEntries,
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
        marker: Marker<'a>,
        marks: &'a mut Marks,
    ) -> Result<Self, MemoryError> {
        let (kept, known) = (LedgerRows::new(&job.memory)?, Aside::new(&job.memory, job.room)?);
        let entries = Entries { kept, known, dates: BTreeMap::new() };
        let state = Mutex::new(State { entries, marks, failed: None });
        Ok(Self { symbols: &job.symbols, keys: job.keys, cut_off, marker, parties: Idle::default(), state })
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
        let original_of = |entry: &Entry| entry.original.and_then(|at| originals.get(at as usize)).copied();
        let mark = |(row, entry): (u32, &Entry)| self.marker.entry(entry, original_of(entry), row);
        let mut parties = self.parties.take();
        let known = entries.iter().map(|entry| {
            let party = parties.hash(entry.party, self.symbols, self.keys);
            let original = original_of(entry).unwrap_or_default();
            (self.cut_off.date_of(entry.occurred_at), fingerprint(entry, original, party, self.keys))
        });
        let known = known.collect();
        self.parties.give_back(parties);
        let mut marks = Vec::with_capacity(entries.len());
        marks.extend((0..).zip(entries).filter_map(mark));
        Packed { entries: PackedEntries::of(entries, originals), marks, known }
    }

    fn take(&self, packed: Packed) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.failed.is_none() {
            state.failed = state.take(&packed).err();
        }
    }
}

impl Parties {
    /// The hash of a party's name, which is the same in every run, as its symbol is not.
    fn hash(&mut self, party: Symbol, symbols: &Symbols, keys: KeyMaker) -> u64 {
        let number = party.number() as usize;
        if number >= self.0.len() {
            self.0.resize(number + 1, None);
        }
        let known = &mut self.0[number];
        // A hash of zero is made again each time.
        known.map_or_else(
            || {
                let hash = keys.fingerprint(symbols.text(party).as_bytes());
                *known = NonZero::new(hash);
                hash
            },
            NonZero::get,
        )
    }
}

impl State<'_> {
    fn take(&mut self, packed: &Packed) -> Result<(), MemoryError> {
        let Entries { kept, known: aside, dates } = &mut self.entries;
        let first = kept.rows();
        kept.put(&packed.entries)?;
        self.marks.extend(packed.marks.iter().map(|mark| mark.moved(first)))?;
        for (row, &(date, closed)) in (first..).zip(&packed.known) {
            let next = dates.len() * PARTITIONS;
            let first = *dates.entry(date).or_insert(next);
            aside.put(first + part_of(closed), Known { closed, row })?;
        }
        Ok(())
    }
}

/// The fingerprint of an entry, and an id by which its family is found. `party` is a hash of its name, for symbols differ between runs.
/// The seed of the keys is in it: nobody can look for two entries that pass for one.
fn fingerprint(entry: &Entry, original: Original, party: u64, maker: KeyMaker) -> ClosedEntry {
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
    put(&entry.currency.letters());
    put(&[entry.entry_type as u8, entry.status as u8, entry.refund_from as u8]);
    let [own @ .., of_request, of_antom] = keys.map(Key::hint);
    let ids = match entry.entry_type {
        // These are matched by their payment's ids where the reports have none of their own; nobody else may have theirs.
        EntryType::Settlement | EntryType::Dispute | EntryType::DisputeReversal | EntryType::RefundReversal => {
            [of_antom, of_request, own[0], own[1]]
        }
        _ => [own[0], own[1], of_request, of_antom],
    };
    (maker.fingerprint(&bytes), ids.into_iter().find(|id| *id != 0).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::environment::memory::Limit;
    use crate::id::PlatformMerchantId;
    use crate::memory::Memory;
    use crate::pipeline::room::Room;

    const DATES: [&str; 3] = ["2026-03-01", "2026-03-02", "2026-03-03"];

    /// Entries with these fingerprints and ids, by the number of their date, some of them on the disk if so few bytes are allowed.
    fn entries(memory: &Memory, rows: &[(usize, u64, u64)], limit: Option<u64>) -> Entries {
        let mut known = Aside::new(memory, Room::of(limit.map(Limit::given))).unwrap();
        let mut dates = BTreeMap::new();
        for (row, &(date, fingerprint, id)) in (0..).zip(rows) {
            let next = dates.len() * PARTITIONS;
            let first = *dates.entry(DATES[date].parse().unwrap()).or_insert(next);
            known.put(first + part_of((fingerprint, id)), Known { closed: (fingerprint, id), row }).unwrap();
        }
        Entries { kept: LedgerRows::new(memory).unwrap(), known, dates }
    }

    fn compared(entries: &Entries, date: usize, was_closed: &[ClosedEntry]) -> (Vec<u32>, Vec<u64>) {
        let mut closed = Vec::new();
        let was_closed = was_closed.iter().copied().map(Ok);
        let lost = entries.compare(DATES[date].parse().unwrap(), was_closed, |rows| closed.extend_from_slice(rows));
        closed.sort_unstable();
        (closed, lost.unwrap())
    }

    #[test]
    fn entries_are_compared_one_by_one() {
        let folder = tempfile::tempdir().unwrap();
        let memory = Memory::open(folder.path(), &PlatformMerchantId::new("2188"), false).unwrap();
        let far = 1 << 63;
        let rows = [(0, 5, 1), (1, 7, 2), (0, 7, 2), (0, 7, 2), (0, far, 9), (0, far + 1, 3)];
        for limit in [None, Some(16 * size_of::<Known>() as u64)] {
            let entries = entries(&memory, &rows, limit);
            assert_eq!(entries.dates().count(), 2);
            let (closed, lost) = compared(&entries, 0, &[(5, 1), (7, 2), (8, 4), (far, 9), (far + 2, 6)]);
            assert!(closed == [0, 2, 4] || closed == [0, 3, 4], "one of the two equal entries is new: {closed:?}");
            assert_eq!(lost, [4, 6]);
            assert_eq!(compared(&entries, 0, &[]), (vec![], vec![]));
            assert_eq!(compared(&entries, 1, &[(7, 2), (7, 2)]), (vec![1], vec![2]), "one of the two is gone");
            assert_eq!(compared(&entries, 2, &[(1, 11), (far, 12)]), (vec![], vec![11, 12]), "no entry of the date");
            let of_date: Vec<ClosedEntry> =
                entries.closed(DATES[0].parse().unwrap(), |row| row != 4).map(Result::unwrap).collect();
            assert_eq!(of_date, [(5, 1), (7, 2), (7, 2), (far + 1, 3)], "sorted");
        }
    }

    #[test]
    fn what_is_kept_in_mind_comes_back_from_the_disk() {
        let known = Known { closed: (u64::MAX - 1, 3), row: 70_000 };
        let mut bytes = Vec::new();
        known.put(&mut bytes);
        assert_eq!((bytes.len(), Known::take(&bytes)), (Known::BYTES, Some(known)));
        assert_eq!(Known::take(&bytes[1..]), None);
    }
}
