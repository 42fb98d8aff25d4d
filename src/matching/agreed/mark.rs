//! Marks: what of a row is compared to find families that agree.

use std::collections::BTreeMap;

use super::{BUCKETS, PARTITIONS};
use crate::calendar::{BusinessDate, CutOff};
use crate::id::{Key, Symbol};
use crate::ledger::Entry;
use crate::matching::Registry;
use crate::money::Currency;
use crate::movement::{EntryType, ReportKind, Status};
use crate::report::{Line, Original};

/// What of a row is compared, and where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// High and low half of the key of the payment's request id, which the whole family has. Keys of 120 bits are compared, not parts
    /// of them (see [`Key`]).
    pub(super) key: (u64, u64),
    pub(super) amount: i64,
    pub(super) party: Symbol,
    pub(super) currency: Currency,
    /// The file's number among the run's inputs, 0 for what is no line; days from the row's date to that of the run; the side.
    pub(super) tag: Tag,
    pub(super) row: u32,
}

/// What a mark's row is, in the order in which a family is sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(super) enum Side {
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
    /// The entry of a share of a later day, which no run answers for yet.
    Later,
    /// The line as an item that the run before left in transit.
    Waited,
}

/// A file's number in 21 bits, an age in 8, a side in 3. They are ordered in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Tag(u32);

impl Tag {
    /// None if there are so many files that nobody counted with them.
    pub(super) fn new(file: u32, age: u8, side: Side) -> Option<Self> {
        (file < 1 << 21).then(|| Self(file << 11 | u32::from(age) << 3 | side as u32))
    }

    pub(super) const fn file(self) -> u32 {
        self.0 >> 11
    }

    const fn age(self) -> u8 {
        (self.0 >> 3) as u8
    }

    const fn side(self) -> Side {
        match self.0 % 8 {
            0 => Side::Reported,
            1 => Side::Settled,
            2 => Side::Divided,
            3 => Side::Booked,
            4 => Side::Share,
            5 => Side::Later,
            _ => Side::Waited,
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
    /// An item that the run before left in transit, by its number.
    Item(u32),
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
    /// Until when lines of a date may wait for their settlement: of the run's date, and of the earlier ones of which something waits.
    /// Rows of other dates get no mark.
    pub due: &'a BTreeMap<BusinessDate, BusinessDate>,
}

/// An item that waits for its settlement, as the run before left it.
#[derive(Debug, Clone, Copy)]
pub struct WaitedItem {
    /// The key of its line's request id.
    pub key: Key,
    /// Smallest units.
    pub amount: i64,
    /// The currency.
    pub currency: Currency,
    /// The line's date.
    pub date: BusinessDate,
}

impl Marker<'_> {
    fn knows(&self, party: Symbol) -> bool {
        party.is_empty() || self.registry.is_none_or(|known| known.get(&party).copied().unwrap_or_default())
    }

    /// Days from a date to that of the run, if rows of it are marked.
    fn age(&self, date: BusinessDate) -> Option<u8> {
        age(self.today, date).filter(|_| self.due.contains_key(&date))
    }

    /// Whether lines of so many days ago may wait still.
    #[must_use]
    pub fn may_wait(&self, age: u8) -> bool {
        self.due.get(&self.today.minus_days(age.into())).is_some_and(|due_on| self.today <= *due_on)
    }

    /// The mark of a line of a date, if nothing about the line itself asks for more.
    #[must_use]
    pub fn line(&self, (kind, date): (ReportKind, BusinessDate), line: &Line, row: u32) -> Option<Mark> {
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
        let age = self.age(date).filter(|_| is_plain)?;
        Mark::new(line.by_request, line.amount, (line.party, line.currency), age, place)
    }

    /// The mark of an entry, with what it says of its original, if nothing about the entry itself asks for more.
    #[must_use]
    pub fn entry(&self, entry: &Entry, original: Option<Original>, row: u32) -> Option<Mark> {
        let (side, key) = match entry.entry_type {
            EntryType::Payment if original.is_none() => (Side::Booked, entry.by_request),
            EntryType::Settlement if self.splits => (Side::Share, payment_of_share(entry, original)),
            _ => return None,
        };
        let date = self.cut_off.date_of(entry.occurred_at);
        let (side, age) = match side {
            Side::Share if date > self.today => (Side::Later, 0),
            side => (side, self.age(date)?),
        };
        let says_enough = entry.status == Status::Success || side == Side::Later;
        let is_plain = says_enough && !key.is_none() && (age == 0 || side == Side::Booked);
        Mark::new(key, entry.amount, (entry.party, entry.currency), age, (side, 0, row)).filter(|_| is_plain)
    }
}

/// Days from a date to that of the run; none for a later one, and beyond what is marked.
fn age(today: BusinessDate, date: BusinessDate) -> Option<u8> {
    u8::try_from(today.days_since_epoch() - date.days_since_epoch()).ok()
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

    fn new(
        key: Key,
        amount: i64,
        (party, currency): (Symbol, Currency),
        age: u8,
        (side, file, row): (Side, u32, u32),
    ) -> Option<Self> {
        let bits = key.to_bits();
        let tag = Tag::new(file, age, side)?;
        Some(Self { key: ((bits >> 64) as u64, bits as u64), amount, party, currency, tag, row })
    }

    /// The mark of an item in transit; none of one that is no older than the run or as old as none should be.
    #[must_use]
    pub fn item(today: BusinessDate, item: WaitedItem, row: u32) -> Option<Self> {
        let WaitedItem { key, amount, currency, date } = item;
        let age = age(today, date).filter(|age| *age > 0 && !key.is_none())?;
        Self::new(key, amount, (Symbol::default(), currency), age, (Side::Waited, 0, row))
    }

    /// The partition in which all rows of its payment are.
    #[must_use]
    pub const fn partition(&self) -> usize {
        (self.key.0 >> 48) as usize % PARTITIONS
    }

    /// The part of its partition in which all rows of its payment are, by the bits below those that name the partition.
    pub(super) const fn bucket(&self) -> usize {
        (self.key.0 >> (48 - BUCKETS.trailing_zeros())) as usize % BUCKETS
    }

    /// Where its row stands.
    #[must_use]
    pub const fn place(&self) -> Place {
        match self.side() {
            Side::Booked | Side::Share | Side::Later => Place::Entry(self.row),
            Side::Waited => Place::Item(self.row),
            Side::Reported | Side::Settled | Side::Divided => Place::Line(self.tag.file(), self.row),
        }
    }

    /// The same mark of a row so many rows further down.
    #[must_use]
    pub const fn moved(self, rows: u32) -> Self {
        Self { row: self.row + rows, ..self }
    }

    /// Writes it, to be read again by this process.
    pub fn put(&self, to: &mut Vec<u8>) {
        let Self { key, amount, party, currency, tag, row } = *self;
        to.extend_from_slice(&key.0.to_le_bytes());
        to.extend_from_slice(&key.1.to_le_bytes());
        to.extend_from_slice(&amount.to_le_bytes());
        for number in [party.number(), tag.0, row] {
            to.extend_from_slice(&number.to_le_bytes());
        }
        to.extend_from_slice(&currency.letters());
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
        let (party, tag, row) = (Symbol::of_number(number()?), Tag(number()?), number()?);
        Some(Self { key, amount, party, currency: Currency::parse(bytes)?, tag, row })
    }

    /// The type of its row.
    pub(super) const fn entry_type(&self) -> EntryType {
        match self.side() {
            Side::Share | Side::Later => EntryType::Settlement,
            _ => EntryType::Payment,
        }
    }

    pub(super) const fn side(&self) -> Side {
        self.tag.side()
    }

    pub(super) const fn age(&self) -> u8 {
        self.tag.age()
    }

    /// Whether it is the item that a line was.
    pub(super) fn is_of(&self, line: &Self) -> bool {
        self.side() == Side::Waited
            && (self.age(), self.amount, self.currency) == (line.age(), line.amount, line.currency)
    }

    pub(super) fn says(&self) -> (i64, Symbol, Currency) {
        (self.amount, self.party, self.currency)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_comes_back_as_it_was() {
        let key = Key::from_bits(0x0123_4567_89ab_cdef_0f1e_2d3c_4b5a_6978);
        let currency = Currency::parse(b"KWD").expect("a currency");
        let mark =
            Mark::new(key, -7, (Symbol::of_number(5), currency), 255, (Side::Share, 0, 70_000)).expect("few files");
        let mut bytes = Vec::new();
        mark.put(&mut bytes);
        assert_eq!((bytes.len(), Mark::take(&bytes)), (Mark::BYTES, Some(mark)));
        assert_eq!(Mark::take(&bytes[1..]), None);
        assert!(size_of::<Mark>() <= 40);
    }

    #[test]
    fn a_tag_holds_what_it_is_made_of() {
        let sides =
            [Side::Reported, Side::Settled, Side::Divided, Side::Booked, Side::Share, Side::Later, Side::Waited];
        for side in sides {
            for (file, age) in [(0, 0), (7, 255), ((1 << 21) - 1, 1)] {
                let tag = Tag::new(file, age, side).expect("few files");
                assert_eq!((tag.file(), tag.age(), tag.side()), (file, age, side));
            }
        }
        assert_eq!(Tag::new(1 << 21, 0, Side::Reported), None);
    }
}
