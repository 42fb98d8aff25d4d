//! Payments about which nobody asks: one line in transaction details, its lines in settlement details and one entry, all of the day,
//! that say the same, with a share in the ledger for each settled line where shares are compared. On most days these are nearly all
//! rows; they are found by what is compared, in 40 bytes a row, before any row is matched in full.
//!
//! Such a family agrees if the rules of `movement`, `settlement` and `splits` would place all of its rows as matched whatever the other
//! rows say, so long as none of those shares an id with them: the caller looks for such rows, and matches the family in full where there
//! is one.
//!
//! ```text
//! line (transactions)   PAYMENT, successful, names no original, party known    \  same request id and currency;
//! lines (settlement)    the same, net amount not negative, a party each         | the settled amounts add up to the line's;
//! entry                 PAYMENT, SUCCESS, of the day, names no original         | the entry has the line's amount and party;
//! shares                SETTLEMENT, SUCCESS, of the day, name the payment by    | each settled line has one share of its party
//!                       request id; none where shares are not compared         /  and amount; no further row
//! ```

use std::collections::BTreeMap;

use super::Registry;
use crate::calendar::{BusinessDate, CutOff};
use crate::id::{Key, Symbol};
use crate::ledger::Entry;
use crate::money::{Currency, Tally};
use crate::movement::{EntryType, ReportKind, Status};
use crate::report::{Line, Original};

/// Number of partitions. At ten million lines a side each holds some 30,000 marks, or 40,000 with shares: a good megabyte, which is
/// sorted in a processor's cache.
pub const PARTITIONS: usize = 1_024;

/// What of a row is compared, and where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// High and low half of the key of the payment's request id, which the whole family has. Keys of 120 bits are compared, not parts
    /// of them (see [`Key`]).
    key: (u64, u64),
    amount: i64,
    party: Symbol,
    currency: Currency,
    /// The file's number among the run's inputs, 0 for an entry, times [`Side::ROOM`], plus the side.
    file: u32,
    row: u32,
}

/// What a mark's row is, in the order in which a family is sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
enum Side {
    /// The line of transaction details.
    Reported,
    /// A line of settlement details that needs no share.
    Settled,
    /// A line of settlement details that needs a share of its party.
    Divided,
    /// The payment's entry.
    Booked,
    /// A share's entry.
    Share,
}

impl Side {
    /// Room for all sides, as a power of two.
    const ROOM: u32 = 8;

    const fn of(number: u32) -> Self {
        match number % Self::ROOM {
            0 => Self::Reported,
            1 => Self::Settled,
            2 => Self::Divided,
            3 => Self::Booked,
            _ => Self::Share,
        }
    }
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
    /// Whether shares are compared: then a settled line agrees with one of its party, and else a share agrees with nothing.
    pub splits: bool,
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
        let side = match (kind, self.splits) {
            (ReportKind::SettlementDetails, true) => Side::Divided,
            (ReportKind::SettlementDetails, false) => Side::Settled,
            _ => Side::Reported,
        };
        let place = (side, line.place.file, row);
        is_plain.then(|| Mark::new(line.by_request, line.amount, (line.party, line.currency), place))
    }

    /// The mark of an entry, with what it says of its original, if it is of the day and nothing about the entry itself asks for more.
    #[must_use]
    pub fn entry(&self, entry: &Entry, original: Option<Original>, row: u32) -> Option<Mark> {
        let (side, key) = match entry.entry_type {
            EntryType::Payment if original.is_none() => (Side::Booked, entry.by_request),
            EntryType::Settlement if self.splits => (Side::Share, payment_of_share(entry, original)),
            _ => return None,
        };
        let is_plain =
            entry.status == Status::Success && !key.is_none() && self.cut_off.date_of(entry.occurred_at) == self.today;
        is_plain.then(|| Mark::new(key, entry.amount, (entry.party, entry.currency), (side, 0, row)))
    }
}

/// The key of a share's payment by request id, as `splits` has it: its original's, or its own if it names no original. None if it names
/// its payment by Antom's id alone.
fn payment_of_share(entry: &Entry, original: Option<Original>) -> Key {
    let named = original.filter(|original| *original != Original::default());
    let own = entry.by_request.in_space(EntryType::Payment.request_space());
    named.map_or(own, |original| original.by_request)
}

impl Mark {
    /// Bytes of a mark when it is written.
    pub const BYTES: usize = 39;

    fn new(key: Key, amount: i64, (party, currency): (Symbol, Currency), (side, file, row): (Side, u32, u32)) -> Self {
        let bits = key.to_bits();
        let file = file * Side::ROOM + side as u32;
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
        match self.side() {
            Side::Booked | Side::Share => Place::Entry(self.row),
            _ => Place::Line(self.file / Side::ROOM, self.row),
        }
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

    /// The type of its row.
    const fn entry_type(&self) -> EntryType {
        match self.side() {
            Side::Share => EntryType::Settlement,
            _ => EntryType::Payment,
        }
    }

    const fn side(&self) -> Side {
        Side::of(self.file)
    }

    fn says(&self) -> (i64, Symbol, Currency) {
        (self.amount, self.party, self.currency)
    }
}

/// Keeps of a partition the marks of rows that agree.
pub fn agree(marks: &mut Vec<Mark>) {
    // Rows of one side and party are one too many of their payment, in whatever order they are.
    marks.sort_unstable_by_key(|mark| (mark.key, mark.side(), mark.party));
    let (mut at, mut kept) = (0, 0);
    while at < marks.len() {
        let family = marks[at..].iter().take_while(|mark| mark.key == marks[at].key).count();
        if is_agreed(&marks[at..at + family]) {
            marks.copy_within(at..at + family, kept);
            kept += family;
        }
        at += family;
    }
    marks.truncate(kept);
}

/// Whether the rows of a payment, in order, are all that there must be of it and say the same.
fn is_agreed(family: &[Mark]) -> bool {
    let [line, rest @ ..] = family else { return false };
    let (settled, booked) = rest.split_at(rest.partition_point(|mark| mark.side() < Side::Booked));
    let [entry, shares @ ..] = booked else { return false };
    let divided = &settled[settled.partition_point(|mark| mark.side() < Side::Divided)..];
    let sum: i128 = settled.iter().map(|mark| i128::from(mark.amount)).sum();
    let is_one_each = line.side() == Side::Reported
        && !settled.is_empty()
        && settled.iter().all(|mark| mark.side() > Side::Reported)
        && settled.is_sorted_by(|one, other| one.party < other.party)
        && entry.side() == Side::Booked
        && shares.iter().all(|mark| mark.side() == Side::Share);
    is_one_each
        && line.says() == entry.says()
        && sum == i128::from(line.amount)
        && settled.iter().all(|mark| mark.currency == line.currency)
        && divided.iter().map(Mark::says).eq(shares.iter().map(Mark::says))
}

/// The rows that agree and were not matched in full, added up: conservation counts them with all others.
#[derive(Debug, Default)]
pub struct Agreed {
    /// Lines, by their file's number among the run's inputs.
    pub lines: BTreeMap<u32, BTreeMap<Currency, Tally>>,
    /// Entries, by their type.
    pub entries: BTreeMap<(EntryType, Currency), Tally>,
}

impl Agreed {
    /// Adds up the marks of rows that agree.
    #[must_use]
    pub fn of(marks: &[Mark]) -> Self {
        let mut agreed = Self::default();
        for mark in marks {
            let tally = match mark.place() {
                Place::Line(file, _) => agreed.lines.entry(file).or_default().entry(mark.currency).or_default(),
                Place::Entry(_) => agreed.entries.entry((mark.entry_type(), mark.currency)).or_default(),
            };
            tally.add(mark.amount);
        }
        agreed
    }

    /// Takes a line out that is matched in full all the same; `file` is its file's number among the run's inputs.
    pub fn take_out_line(&mut self, file: u32, line: &Line) {
        take_out(self.lines.entry(file).or_default(), &line.currency, line.amount);
    }

    /// Takes an entry out that is matched in full all the same.
    pub fn take_out_entry(&mut self, entry: &Entry) {
        take_out(&mut self.entries, &(entry.entry_type, entry.currency), entry.amount);
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
        let lines = self.lines.values().flat_map(BTreeMap::values);
        lines.chain(self.entries.values()).map(|tally| tally.count).sum()
    }
}

fn take_out<K: Ord>(from: &mut BTreeMap<K, Tally>, key: &K, amount: i64) {
    if let Some(tally) = from.get_mut(key) {
        tally.take_out(amount);
    }
}

fn add<K: Ord>(into: &mut BTreeMap<K, Tally>, from: BTreeMap<K, Tally>) {
    for (key, tally) in from {
        into.entry(key).or_default().merge(&tally);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_comes_back_as_it_was() {
        let key = Key::from_bits(0x0123_4567_89ab_cdef_0f1e_2d3c_4b5a_6978);
        let currency = Currency::parse(b"KWD").expect("a currency");
        let mark = Mark::new(key, -7, (Symbol::of_number(5), currency), (Side::Share, 0, 70_000));
        let mut bytes = Vec::new();
        mark.put(&mut bytes);
        assert_eq!((bytes.len(), Mark::take(&bytes)), (Mark::BYTES, Some(mark)));
        assert_eq!(Mark::take(&bytes[1..]), None);
        assert!(size_of::<Mark>() <= 40);
    }
}
