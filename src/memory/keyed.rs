//! Rows as bytes, each behind the bytes of its key: they are ordered, put together and written without being looked into.

use std::cmp::Ordering;
use std::io;
use std::ops::Range;

use rayon::iter::{IntoParallelRefIterator, ParallelIterator};
use rayon::slice::ParallelSliceMut;

use super::MemoryError;
use super::bytes::{Put, Take};
use super::scratch::{Piece, Scratch};
use super::shelf::{BLOCK_ROWS, BLOCKS_AT_ONCE, Stored, compressed, decompressed};
use crate::calendar::BusinessDate;

/// The bytes by which a row is ordered.
#[derive(Debug, Default, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SortKey(Vec<u8>);

/// Writes the key of a row. Rows of which neither is first come as they came, so a key should tell all of them apart.
pub type KeyOf<T> = fn(&T, &mut SortKey);

impl SortKey {
    /// The key of a row.
    pub fn of<T>(row: &T, key: KeyOf<T>) -> Self {
        let mut made = Self::default();
        key(row, &mut made);
        made
    }

    /// Adds a date; an earlier one is first.
    pub fn date(&mut self, date: BusinessDate) {
        // The sign bit turned round, negative numbers are before the others.
        let days = date.days_since_epoch().cast_unsigned() ^ 1 << 31;
        self.0.extend_from_slice(&days.to_be_bytes());
    }

    /// Adds the place of a word among others.
    pub fn place(&mut self, place: u8) {
        self.0.push(place);
    }

    /// Adds a text; one that another begins with is before it. Its end is two bytes of which the second follows no NUL of a text.
    pub fn text(&mut self, text: &str) {
        for (at, part) in text.split('\0').enumerate() {
            if at > 0 {
                self.0.extend_from_slice(&[0, u8::MAX]);
            }
            self.0.extend_from_slice(part.as_bytes());
        }
        self.0.extend_from_slice(&[0, 0]);
    }
}

/// Where a row stands among the bytes.
#[derive(Debug, Clone, Copy)]
struct Place {
    /// Of its key.
    start: usize,
    /// Of its own.
    row: usize,
    end: usize,
}

/// Rows in memory.
#[derive(Debug, Default)]
pub(super) struct Keyed {
    bytes: Vec<u8>,
    places: Vec<Place>,
}

impl Keyed {
    /// Adds a row.
    pub(super) fn put<T: Stored>(&mut self, row: &T, key: KeyOf<T>) {
        let start = self.bytes.len();
        let mut sort_key = SortKey(std::mem::take(&mut self.bytes));
        key(row, &mut sort_key);
        let mut put = Put(sort_key.0);
        let at = put.0.len();
        row.put(&mut put);
        self.bytes = put.0;
        self.places.push(Place { start, row: at, end: self.bytes.len() });
    }

    /// Adds a row as bytes.
    pub(super) fn add(&mut self, key: &[u8], row: &[u8]) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(key);
        self.bytes.extend_from_slice(row);
        self.places.push(Place { start, row: start + key.len(), end: self.bytes.len() });
    }

    /// Bytes that they take.
    pub(super) const fn weight(&self) -> usize {
        self.bytes.len() + self.places.len() * size_of::<Place>()
    }

    /// Takes all rows out, and keeps the room.
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.places.clear();
    }

    pub(super) const fn rows(&self) -> usize {
        self.places.len()
    }

    pub(super) fn key(&self, at: usize) -> &[u8] {
        let Place { start, row, .. } = self.places[at];
        &self.bytes[start..row]
    }

    pub(super) fn row(&self, at: usize) -> &[u8] {
        let Place { row, end, .. } = self.places[at];
        &self.bytes[row..end]
    }

    /// Brings the rows in order.
    pub(super) fn sort(&mut self) {
        let Self { bytes, places } = self;
        let key = |place: &Place| &bytes[place.start..place.row];
        let order =
            |one: &Place, other: &Place| -> Ordering { key(one).cmp(key(other)).then(one.start.cmp(&other.start)) };
        places.par_sort_unstable_by(order);
    }

    /// Packs some of the rows, with their keys.
    fn pack(&self, rows: Range<usize>) -> io::Result<Vec<u8>> {
        let mut put = Put::default();
        put.length(rows.len());
        for at in rows {
            let (key, row) = (self.key(at), self.row(at));
            put.number(key.len() as u64);
            put.number(row.len() as u64);
            put.0.extend_from_slice(key);
            put.0.extend_from_slice(row);
        }
        compressed(&put.0)
    }

    fn unpack(packed: &[u8]) -> Option<Self> {
        let bytes = decompressed(packed)?;
        let (mut take, mut places) = (Take(&bytes), Vec::new());
        for _ in 0..take.length()? {
            let (key, row) = (usize::try_from(take.number()?).ok()?, usize::try_from(take.number()?).ok()?);
            let start = bytes.len() - take.0.len();
            take.0 = take.0.get(key.checked_add(row)?..)?;
            places.push(Place { start, row: start + key, end: start + key + row });
        }
        take.0.is_empty().then_some(())?;
        Some(Self { bytes, places })
    }

    /// Writes the rows as blocks, which are packed on all cores.
    pub(super) fn write(&self, scratch: &Scratch) -> Result<Vec<Piece>, MemoryError> {
        let mut pieces = Vec::with_capacity(self.rows().div_ceil(BLOCK_ROWS));
        let blocks: Vec<usize> = (0..self.rows()).step_by(BLOCK_ROWS).collect();
        let one = |first: &usize| self.pack(*first..(first + BLOCK_ROWS).min(self.rows()));
        for some in blocks.chunks(BLOCKS_AT_ONCE) {
            let packed: io::Result<Vec<Vec<u8>>> = some.par_iter().map(one).collect();
            for block in packed.map_err(|error| scratch.failed(error))? {
                pieces.push(scratch.put(&block)?);
            }
        }
        Ok(pieces)
    }

    /// Reads a block.
    pub(super) fn read(scratch: &Scratch, piece: Piece) -> Result<Self, MemoryError> {
        Self::unpack(&scratch.read(piece)?).ok_or_else(|| scratch.damaged())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn keys_are_ordered_as_what_they_are_made_of() {
        let date = |text: &str| text.parse::<BusinessDate>().unwrap();
        let dates = [date("1970-01-01").minus_days(1), date("1970-01-01"), date("2026-02-27"), date("9999-12-31")];
        let texts = ["", "\0", "\0\0", "\0a", "a", "a\0", "a\0b", "aa", "ab", "é", "\u{10ffff}"];
        let mut rows = Vec::new();
        for day in dates {
            for place in [0, 1, 255] {
                for one in texts {
                    rows.extend(texts.map(|other| (day, place, one, other)));
                }
            }
        }
        let key = |&(day, place, one, other): &(BusinessDate, u8, &str, &str)| {
            let mut key = SortKey::default();
            key.date(day);
            key.place(place);
            key.text(one);
            key.text(other);
            key
        };
        assert!(rows.is_sorted() && rows.iter().map(key).is_sorted_by(|one, other| one < other));
    }

    #[test]
    fn rows_come_back_and_damage_is_noticed() {
        let mut rows = Keyed::default();
        for number in [7_u8, 3, 5, 3] {
            let at = rows.rows() as u8;
            rows.add(&[number], &vec![at; usize::from(at)]);
        }
        rows.sort();
        let packed = rows.pack(0..4).unwrap();
        let back = Keyed::unpack(&packed).unwrap();
        let all: Vec<(&[u8], &[u8])> = (0..4).map(|at| (back.key(at), back.row(at))).collect();
        assert_eq!(all, [(&[3][..], &[1][..]), (&[3], &[3, 3, 3]), (&[5], &[2, 2]), (&[7], &[])]);
        // A block with a row too few, a byte too many, lengths beyond its end.
        for wrong in
            [vec![2, 0, 0, 0, 1, 0, 9], vec![1, 0, 0, 0, 1, 0, 9, 9], vec![1, 0, 0, 0, 9, 9, 9], vec![1, 0, 0, 0]]
        {
            assert!(Keyed::unpack(&compressed(&wrong).unwrap()).is_none(), "{wrong:?}");
        }
        let huge = [&[1, 0, 0, 0][..], &[0xff; 9], &[1], &[0xff; 9], &[1]].concat();
        assert!(Keyed::unpack(&compressed(&huge).unwrap()).is_none());
    }
}
