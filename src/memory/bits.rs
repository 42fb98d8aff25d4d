//! One bit per row, or less: a set that has nearly all rows of a stretch, or nearly none, keeps those that differ from the rest.

use std::ops::Range;

use super::bytes::{Put, Take};

/// Rows of a stretch.
const STRETCH: usize = 1 << 15;

/// Words of a stretch, one bit per row.
const WORDS: usize = STRETCH / 64;

/// Rows that may differ from the rest of their stretch before it gets a bit per row, which takes 16 times as much.
const FEW: usize = 128;

/// A set of rows of one file. One that never had a row takes no memory.
#[derive(Debug, Clone, Default)]
pub struct Bits {
    /// All of them, or none if no row was ever put in.
    stretches: Vec<Stretch>,
    rows: u32,
}

#[derive(Debug, Clone)]
enum Stretch {
    /// These rows and no others, sorted.
    Few(Vec<u16>),
    /// All rows but these, sorted.
    AllBut(Vec<u16>),
    /// Some rows, and how many.
    Some(Box<[u64; WORDS]>, usize),
}

impl PartialEq for Bits {
    fn eq(&self, other: &Self) -> bool {
        self.rows == other.rows && self.words(0).eq(other.words(0))
    }
}

impl Eq for Bits {}

impl Bits {
    /// No row of so many.
    #[must_use]
    pub const fn none(rows: u32) -> Self {
        Self { stretches: Vec::new(), rows }
    }

    /// Number of rows, in the set or not.
    #[must_use]
    pub const fn rows(&self) -> u32 {
        self.rows
    }

    /// Whether a row is in the set; one beyond the end is not.
    #[must_use]
    pub fn has(&self, row: u32) -> bool {
        let (stretch, at) = place(row);
        row < self.rows && self.stretches.get(stretch).is_some_and(|stretch| stretch.has(at))
    }

    /// Puts a row in.
    pub fn put(&mut self, row: u32) {
        if row < self.rows {
            self.make_stretches();
            let (stretch, at) = place(row);
            let length = self.length(stretch);
            self.stretches[stretch].put(at, length);
        }
    }

    /// Takes a row out.
    pub fn take_out(&mut self, row: u32) {
        let (stretch, at) = place(row);
        let length = self.length(stretch);
        if let Some(stretch) = self.stretches.get_mut(stretch).filter(|_| row < self.rows) {
            stretch.take_out(at, length);
        }
    }

    /// Puts in the rows of another set that are in none of these; all are sets of the same rows.
    pub fn put_others(&mut self, of: &Self, but: [&Self; 2]) {
        if of.stretches.is_empty() {
            return;
        }
        let [one, other] = but;
        self.make_stretches();
        let lengths = self.lengths();
        for ((at, length), stretch) in lengths.enumerate().zip(&mut self.stretches) {
            let mut words = stretch.words(length);
            let [of, one, other] = [of, one, other].map(|set| set.stretch_words(at, length));
            for (word, ((of, one), other)) in words.iter_mut().zip(of.into_iter().zip(one).zip(other)) {
                *word |= of & !(one | other);
            }
            *stretch = Stretch::of(Box::new(words), length);
        }
    }

    /// The rows in the set, in their order.
    pub fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        rows_of(0, self.words(0))
    }

    /// The rows in the set that are among these, in their order.
    pub fn within(&self, rows: Range<u32>) -> impl Iterator<Item = u32> + '_ {
        let word = rows.start / 64;
        let found = rows_of(word, self.words(word as usize));
        found.skip_while(move |row| *row < rows.start).take_while(move |row| *row < rows.end)
    }

    /// The rows that are in neither of two sets of the same rows, in their order.
    pub fn outside<'a>(one: &'a Self, other: &'a Self) -> impl Iterator<Item = u32> + 'a {
        let words = one.words(0).zip(other.words(0)).map(|(one, other)| !(one | other));
        rows_of(0, words).take_while(|row| *row < one.rows)
    }

    /// How many rows are in the set.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.stretches.iter().zip(self.lengths()).map(|(stretch, length)| stretch.count(length) as u64).sum()
    }

    pub(super) fn put_into(&self, put: &mut Put) {
        put.u32(self.rows);
        self.words(0).for_each(|word| put.u64(word));
    }

    pub(super) fn take_from(take: &mut Take<'_>) -> Option<Self> {
        let rows = take.u32()?;
        let mut bits = Self::none(rows);
        let mut stretches = Vec::new();
        for length in bits.lengths() {
            let mut words = Box::new([0; WORDS]);
            for word in &mut words[..length.div_ceil(64)] {
                *word = take.u64()?;
            }
            stretches.push(Stretch::of(words, length));
        }
        bits.stretches = stretches;
        Some(bits)
    }

    /// Rows of a stretch: all are of one length but the last.
    fn length(&self, stretch: usize) -> usize {
        (self.rows as usize).saturating_sub(stretch * STRETCH).min(STRETCH)
    }

    /// The lengths of all stretches.
    fn lengths(&self) -> impl Iterator<Item = usize> + use<> {
        let rows = self.rows as usize;
        (0..rows.div_ceil(STRETCH)).map(move |stretch| (rows - stretch * STRETCH).min(STRETCH))
    }

    /// A set gets its stretches with its first row.
    fn make_stretches(&mut self) {
        if self.stretches.is_empty() {
            self.stretches = vec![Stretch::Few(Vec::new()); self.lengths().count()];
        }
    }

    /// A bit per row, from this word on.
    fn words(&self, first: usize) -> impl Iterator<Item = u64> + '_ {
        let stretches = self.lengths().enumerate().skip(first / WORDS);
        let words =
            stretches.flat_map(|(at, length)| self.stretch_words(at, length).into_iter().take(length.div_ceil(64)));
        words.skip(first % WORDS)
    }

    /// A bit per row of a stretch.
    fn stretch_words(&self, at: usize, length: usize) -> [u64; WORDS] {
        self.stretches.get(at).map_or([0; WORDS], |stretch| stretch.words(length))
    }
}

/// The rows of which a bit is set; the first word is the one of this number.
fn rows_of(first: u32, words: impl Iterator<Item = u64>) -> impl Iterator<Item = u32> {
    (first..)
        .zip(words)
        .filter(|(_, word)| *word != 0)
        .flat_map(|(at, word)| (0..64_u32).filter(move |bit| word >> bit & 1 == 1).map(move |bit| at * 64 + bit))
}

/// The stretch of a row, and its place there.
const fn place(row: u32) -> (usize, u16) {
    (row as usize / STRETCH, (row as usize % STRETCH) as u16)
}

/// Word and bit of a place in a stretch.
fn word(at: u16) -> (usize, u64) {
    (usize::from(at) / 64, 1 << (at % 64))
}

impl Stretch {
    /// Those with a bit set, in the form that a set of so many rows has.
    fn of(words: Box<[u64; WORDS]>, length: usize) -> Self {
        let count = words.iter().map(|word| word.count_ones() as usize).sum();
        Self::Some(words, count).settled(length)
    }

    fn has(&self, at: u16) -> bool {
        match self {
            Self::Few(rows) => rows.binary_search(&at).is_ok(),
            Self::AllBut(rows) => rows.binary_search(&at).is_err(),
            Self::Some(words, _) => words[word(at).0] & word(at).1 != 0,
        }
    }

    fn put(&mut self, at: u16, length: usize) {
        match self {
            Self::Few(rows) => insert(rows, at),
            Self::AllBut(rows) => remove(rows, at),
            Self::Some(words, count) => {
                let (word, bit) = word(at);
                *count += usize::from(words[word] & bit == 0);
                words[word] |= bit;
            }
        }
        self.settle(length);
    }

    fn take_out(&mut self, at: u16, length: usize) {
        match self {
            Self::Few(rows) => remove(rows, at),
            Self::AllBut(rows) => insert(rows, at),
            Self::Some(words, count) => {
                let (word, bit) = word(at);
                *count -= usize::from(words[word] & bit != 0);
                words[word] &= !bit;
            }
        }
        self.settle(length);
    }

    /// Takes the form that a set of so many rows has. A bit per row is given up a little later than it is taken, so that a row that comes
    /// and goes does not change the form each time.
    fn settle(&mut self, length: usize) {
        let has_form = match self {
            Self::Few(rows) | Self::AllBut(rows) => rows.len() <= FEW,
            Self::Some(_, count) => (FEW / 2..=length.saturating_sub(FEW / 2)).contains(count),
        };
        if !has_form {
            *self = std::mem::replace(self, Self::Few(Vec::new())).settled(length);
        }
    }

    fn settled(self, length: usize) -> Self {
        let (count, words) = (self.count(length), self.words(length));
        let rows = |is_in: bool| {
            let at = (0..length as u16).filter(|at| (words[word(*at).0] & word(*at).1 != 0) == is_in);
            at.collect::<Vec<u16>>()
        };
        if count <= FEW {
            Self::Few(rows(true))
        } else if length - count <= FEW {
            Self::AllBut(rows(false))
        } else {
            Self::Some(Box::new(words), count)
        }
    }

    fn count(&self, length: usize) -> usize {
        match self {
            Self::Few(rows) => rows.len(),
            Self::AllBut(rows) => length - rows.len(),
            Self::Some(_, count) => *count,
        }
    }

    /// A bit per row.
    fn words(&self, length: usize) -> [u64; WORDS] {
        let (rows, is_in) = match self {
            Self::Some(words, _) => return **words,
            Self::Few(rows) => (rows, true),
            Self::AllBut(rows) => (rows, false),
        };
        let mut words = [0; WORDS];
        if !is_in {
            words[..length / 64].fill(u64::MAX);
            if !length.is_multiple_of(64) {
                words[length / 64] = (1 << (length % 64)) - 1;
            }
        }
        rows.iter().map(|&at| word(at)).for_each(|(word, bit)| words[word] ^= bit);
        words
    }
}

/// Rows mostly come in their order.
fn insert(rows: &mut Vec<u16>, at: u16) {
    if rows.last().is_none_or(|last| *last < at) {
        rows.push(at);
    } else if let Err(place) = rows.binary_search(&at) {
        rows.insert(place, at);
    }
}

fn remove(rows: &mut Vec<u16>, at: u16) {
    if let Ok(place) = rows.binary_search(&at) {
        rows.remove(place);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::{any, prop};
    use proptest::{prop_assert, prop_assert_eq, proptest};

    use super::*;

    #[test]
    fn rows_are_put_in_and_taken_out() {
        let mut bits = Bits::none(130);
        for row in [0, 63, 64, 129, 130, 4_000_000_000] {
            bits.put(row);
        }
        assert_eq!(bits.iter().collect::<Vec<_>>(), [0, 63, 64, 129]);
        assert!(bits.has(63) && !bits.has(62) && !bits.has(130));
        bits.take_out(64);
        assert_eq!(bits.count(), 3);
        let mut put = Put::default();
        bits.put_into(&mut put);
        assert_eq!(Bits::take_from(&mut Take(&put.0)), Some(bits));
        let mut none = Bits::none(70);
        none.take_out(69);
        assert!(!none.has(69) && none.iter().next().is_none() && none.stretches.is_empty());
        none.put(69);
        none.take_out(69);
        assert_eq!(none, Bits::none(70), "made and empty");
        let mut empty = Put::default();
        Bits::none(70).put_into(&mut empty);
        assert_eq!(Bits::take_from(&mut Take(&empty.0)), Some(none));
        put.0.pop();
        assert_eq!(Bits::take_from(&mut Take(&put.0)), None);
    }

    fn bytes(bits: &Bits) -> usize {
        let one = |stretch: &Stretch| match stretch {
            Stretch::Few(rows) | Stretch::AllBut(rows) => rows.capacity() * 2,
            Stretch::Some(..) => WORDS * 8,
        };
        bits.stretches.iter().map(|stretch| size_of::<Stretch>() + one(stretch)).sum()
    }

    #[test]
    fn sets_that_are_nearly_empty_or_nearly_full_take_little() {
        let rows = 1_000_000;
        let mut bits = Bits::none(rows);
        (0..rows).filter(|row| row % 1_000 == 7).for_each(|row| bits.put(row));
        assert!(bytes(&bits) < 10_000, "{}", bytes(&bits));
        // All the rest, in another order.
        (0..rows).rev().filter(|row| row % 1_000 != 9).for_each(|row| bits.put(row));
        assert_eq!(bits.count(), 999_000);
        assert!(bytes(&bits) < 20_000, "{}", bytes(&bits));
        assert!((0..rows).all(|row| bits.has(row) == (row % 1_000 != 9)));
        (0..rows).filter(|row| row % 2 == 0).for_each(|row| bits.take_out(row));
        assert!(bytes(&bits) < 130_000, "{}", bytes(&bits));
        assert!((0..rows).all(|row| bits.has(row) == (row % 2 == 1 && row % 1_000 != 9)));
    }

    proptest! {
        #[test]
        fn a_set_is_what_was_put_in_and_not_taken_out(
            rows in prop::sample::select(vec![1, 64, 200, 300, 32_767, 32_768, 32_769, 66_000_u32]),
            steps in prop::collection::vec((any::<bool>(), any::<u32>(), 0_u32..400, any::<bool>()), 0..12),
        ) {
            let (mut bits, mut expected) = (Bits::none(rows), BTreeSet::new());
            for (is_in, from, count, is_wide) in steps {
                let (from, step) = (from % rows, if is_wide { 97 } else { 1 });
                let count = if is_wide { count } else { count * 97 };
                for row in (0..count).map(|at| from.saturating_add(at * step)) {
                    if is_in { bits.put(row) } else { bits.take_out(row) }
                    if is_in && row < rows { expected.insert(row); } else { expected.remove(&row); }
                }
                prop_assert_eq!(bits.count(), expected.len() as u64);
            }
            prop_assert!(bits.iter().eq(expected.iter().copied()));
            prop_assert!((0..rows + 3).all(|row| bits.has(row) == expected.contains(&row)));
            prop_assert!(Bits::outside(&bits, &Bits::none(rows)).eq((0..rows).filter(|row| !expected.contains(row))));
            prop_assert_eq!(Bits::outside(&Bits::none(rows), &bits).count(), rows as usize - expected.len());
            for range in [0..rows, 5..100, rows / 3..rows.saturating_sub(3), rows - 1..rows + 9, 70..70] {
                prop_assert!(bits.within(range.clone()).eq(expected.iter().copied().filter(|row| range.contains(row))));
            }
            let mut every_third = Bits::none(rows);
            (0..rows).filter(|row| row % 3 == 0).for_each(|row| every_third.put(row));
            let mut all = every_third.clone();
            all.put_others(&Bits::none(rows), [&bits, &every_third]);
            prop_assert_eq!(&all, &every_third);
            all.put_others(&bits, [&Bits::none(rows), &every_third]);
            prop_assert!(all.iter().eq((0..rows).filter(|row| row % 3 == 0 || expected.contains(row))));
            let mut some = Bits::none(rows);
            some.put_others(&every_third, [&bits, &Bits::none(rows)]);
            prop_assert!(some.iter().eq((0..rows).filter(|row| row % 3 == 0 && !expected.contains(row))));
            let mut put = Put::default();
            bits.put_into(&mut put);
            prop_assert_eq!(put.0.len(), 4 + 8 * rows.div_ceil(64) as usize);
            prop_assert_eq!(Bits::take_from(&mut Take(&put.0)), Some(bits));
        }
    }
}
