//! Payments about which nobody asks: one line in transaction details, one in settlement details and one entry, all of the day, that say
//! the same. On most days these are nearly all rows; they are found by what is compared, in 40 bytes a row, before any row is matched
//! in full.
//!
//! Three rows agree if the rules of `movement` and `settlement` would place all of them as matched whatever the other rows say, so
//! long as none of those shares an id with them: the caller looks for such rows, and matches the three in full where there is one.
//!
//! ```text
//! line (transactions)  PAYMENT, successful, names no original, party known   \
//! line (settlement)    the same, and its net amount is not negative           >  same request id, amount, currency, party; no fourth row
//! entry                PAYMENT, SUCCESS, of the day, names no original       /
//! ```

use std::collections::BTreeMap;

use super::Registry;
use crate::calendar::{BusinessDate, CutOff};
use crate::id::{Key, Symbol};
use crate::ledger::Entry;
use crate::money::{Currency, Tally};
use crate::movement::{EntryType, ReportKind, Status};
use crate::report::Line;

/// Number of partitions. At ten million lines a side each holds some 30,000 marks: a megabyte, which is sorted in a processor's cache.
pub const PARTITIONS: usize = 1_024;

/// The file of a mark that stands for an entry.
const LEDGER: u32 = u32::MAX;

/// What of a row is compared, and where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// High and low half of the request id's key. Keys of 120 bits are compared, not parts of them (see [`Key`]).
    key: (u64, u64),
    amount: i64,
    party: Symbol,
    currency: Currency,
    /// The file's number among the run's inputs, doubled, plus one for settlement details; [`LEDGER`] for an entry.
    file: u32,
    row: u32,
}

/// Where a mark's row stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Place {
    /// A line: the file's number among the run's inputs, and the line's among the file's.
    Line(u32, u32),
    /// An entry, by its number.
    Entry(u32),
}

/// What a day must know to mark its rows.
#[derive(Debug, Clone, Copy)]
pub struct Marker<'a> {
    /// The business date of the run.
    pub today: BusinessDate,
    /// Where business days end.
    pub cut_off: CutOff,
    /// The sub-merchants, if a registry is configured.
    pub registry: Option<&'a Registry>,
    /// `PAYMENT`, interned: lines that write their type otherwise are matched in full.
    pub payment: Symbol,
}

impl Marker<'_> {
    fn knows(&self, party: Symbol) -> bool {
        party.is_empty() || self.registry.is_none_or(|known| known.get(&party).copied().unwrap_or_default())
    }

    /// The mark of a line of the day, if nothing about the line itself asks for more.
    #[must_use]
    pub fn line(&self, kind: ReportKind, line: &Line, row: u32) -> Option<Mark> {
        let is_plain = line.entry_type == Some(EntryType::Payment)
            && line.status == Some(Status::Success)
            && line.raw_type == self.payment
            && line.original.is_none()
            && line.names_party
            && line.net >= 0
            && !line.by_request.is_none()
            && self.knows(line.party);
        let file = line.place.file * 2 + u32::from(kind == ReportKind::SettlementDetails);
        is_plain.then(|| Mark::new(line.by_request, line.amount, (line.party, line.currency), (file, row)))
    }

    /// The mark of an entry, if it is of the day and nothing about the entry itself asks for more.
    #[must_use]
    pub fn entry(&self, entry: &Entry, row: u32) -> Option<Mark> {
        let is_plain = entry.entry_type == EntryType::Payment
            && entry.status == Status::Success
            && entry.original.is_none()
            && !entry.by_request.is_none()
            && self.cut_off.date_of(entry.occurred_at) == self.today;
        is_plain.then(|| Mark::new(entry.by_request, entry.amount, (entry.party, entry.currency), (LEDGER, row)))
    }
}

impl Mark {
    /// Bytes of a mark when it is written.
    pub const BYTES: usize = 39;

    fn new(key: Key, amount: i64, (party, currency): (Symbol, Currency), (file, row): (u32, u32)) -> Self {
        let bits = key.to_bits();
        Self { key: ((bits >> 64) as u64, bits as u64), amount, party, currency, file, row }
    }

    /// The partition in which all rows of its payment are.
    #[must_use]
    pub const fn partition(&self) -> usize {
        (self.key.0 >> 48) as usize % PARTITIONS
    }

    /// Where its row stands.
    #[must_use]
    pub const fn place(&self) -> Place {
        if self.file == LEDGER { Place::Entry(self.row) } else { Place::Line(self.file / 2, self.row) }
    }

    /// The same mark of a row so many rows further down.
    #[must_use]
    pub const fn moved(self, rows: u32) -> Self {
        Self { row: self.row + rows, ..self }
    }

    /// Writes it, to be read again by this process.
    pub fn put(&self, to: &mut Vec<u8>) {
        let Self { key, amount, party, currency, file, row } = *self;
        to.extend_from_slice(&key.0.to_le_bytes());
        to.extend_from_slice(&key.1.to_le_bytes());
        to.extend_from_slice(&amount.to_le_bytes());
        for number in [party.number(), file, row] {
            to.extend_from_slice(&number.to_le_bytes());
        }
        to.extend_from_slice(currency.code().as_bytes());
    }

    /// Reads what [`put`](Self::put) wrote; nothing if that is none.
    #[must_use]
    pub fn take(mut bytes: &[u8]) -> Option<Self> {
        fn next<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
            let (head, rest) = bytes.split_first_chunk::<N>()?;
            *bytes = rest;
            Some(*head)
        }
        let key = (u64::from_le_bytes(next(&mut bytes)?), u64::from_le_bytes(next(&mut bytes)?));
        let amount = i64::from_le_bytes(next(&mut bytes)?);
        let mut number = || next(&mut bytes).map(u32::from_le_bytes);
        let (party, file, row) = (Symbol::of_number(number()?), number()?, number()?);
        Some(Self { key, amount, party, currency: Currency::parse(bytes)?, file, row })
    }

    /// Which of the three rows it is.
    const fn side(&self) -> u32 {
        if self.file == LEDGER { 2 } else { self.file % 2 }
    }

    fn says(&self) -> (i64, Symbol, Currency) {
        (self.amount, self.party, self.currency)
    }
}

/// Keeps of a partition the marks of rows that agree.
pub fn agree(marks: &mut Vec<Mark>) {
    marks.sort_unstable_by_key(|mark| (mark.key, mark.side(), mark.file, mark.row));
    let (mut at, mut kept) = (0, 0);
    while at < marks.len() {
        let group = marks[at..].iter().take_while(|mark| mark.key == marks[at].key).count();
        if let [line, settled, entry] = marks[at..at + group] {
            let sides = [line.side(), settled.side(), entry.side()];
            if sides == [0, 1, 2] && line.says() == settled.says() && line.says() == entry.says() {
                marks.copy_within(at..at + group, kept);
                kept += group;
            }
        }
        at += group;
    }
    marks.truncate(kept);
}

/// The rows that agree and were not matched in full, added up: conservation counts them with all others.
#[derive(Debug, Default)]
pub struct Agreed {
    /// Lines, by their file's number among the run's inputs.
    pub lines: BTreeMap<u32, BTreeMap<Currency, Tally>>,
    /// Entries.
    pub entries: BTreeMap<Currency, Tally>,
}

impl Agreed {
    /// Adds up the marks of rows that agree.
    #[must_use]
    pub fn of(marks: &[Mark]) -> Self {
        let mut agreed = Self::default();
        for mark in marks {
            let tallies = match mark.place() {
                Place::Line(file, _) => agreed.lines.entry(file).or_default(),
                Place::Entry(_) => &mut agreed.entries,
            };
            tallies.entry(mark.currency).or_default().add(mark.amount);
        }
        agreed
    }

    /// Takes a line out that is matched in full all the same; `file` is its file's number among the run's inputs.
    pub fn take_out_line(&mut self, file: u32, line: &Line) {
        take_out(self.lines.get_mut(&file), line.currency, line.amount);
    }

    /// Takes an entry out that is matched in full all the same.
    pub fn take_out_entry(&mut self, entry: &Entry) {
        take_out(Some(&mut self.entries), entry.currency, entry.amount);
    }

    /// Adds what others come to.
    #[must_use]
    pub fn with(mut self, other: Self) -> Self {
        for (file, tallies) in other.lines {
            add(self.lines.entry(file).or_default(), tallies);
        }
        add(&mut self.entries, other.entries);
        self
    }

    /// How many rows there are.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.lines.values().chain([&self.entries]).flat_map(BTreeMap::values).map(|tally| tally.count).sum()
    }
}

fn take_out(from: Option<&mut BTreeMap<Currency, Tally>>, currency: Currency, amount: i64) {
    if let Some(tally) = from.and_then(|tallies| tallies.get_mut(&currency)) {
        tally.take_out(amount);
    }
}

fn add(into: &mut BTreeMap<Currency, Tally>, from: BTreeMap<Currency, Tally>) {
    for (currency, tally) in from {
        into.entry(currency).or_default().merge(&tally);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_comes_back_as_it_was() {
        let key = Key::from_bits(0x0123_4567_89ab_cdef_0f1e_2d3c_4b5a_6978);
        let currency = Currency::parse(b"KWD").expect("a currency");
        let mark = Mark::new(key, -7, (Symbol::of_number(5), currency), (LEDGER, 70_000));
        let mut bytes = Vec::new();
        mark.put(&mut bytes);
        assert_eq!((bytes.len(), Mark::take(&bytes)), (Mark::BYTES, Some(mark)));
        assert_eq!(Mark::take(&bytes[1..]), None);
        assert!(size_of::<Mark>() <= 40);
    }
}
