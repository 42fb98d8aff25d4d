//! Lines of details as rows of one width, which hold everything that matching asks a line for. Texts that repeat are numbers, as symbols
//! have them in the run that writes; the file has a table of these.

use super::bytes::{Put, Take};
use crate::calendar::Instant;
use crate::id::{Key, Symbol, Symbols};
use crate::money::Currency;
use crate::movement::{EntryType, Status};
use crate::report::{Line, Original, Place};

/// Bytes of a row.
pub(super) const ROW_BYTES: usize = 138;

/// The position of no word.
const NOTHING: u8 = u8::MAX;

/// The instant of a line that has none; no report is from that year.
const NO_INSTANT: i64 = i64::MIN;

/// The symbols of some lines, a bit each.
#[derive(Debug, Default)]
pub(super) struct Used(Vec<u64>);

impl Used {
    pub(super) fn add(&mut self, line: &Line) {
        for symbol in [line.party, line.merchant, line.batch, line.raw_type] {
            let (word, bit) = (symbol.number() as usize / 64, symbol.number() % 64);
            if word >= self.0.len() {
                self.0.resize(word + 1, 0);
            }
            self.0[word] |= 1 << bit;
        }
    }

    pub(super) fn merge(&mut self, other: &Self) {
        if self.0.len() < other.0.len() {
            self.0.resize(other.0.len(), 0);
        }
        for (word, more) in self.0.iter_mut().zip(&other.0) {
            *word |= more;
        }
    }

    /// Writes each symbol's number with its text.
    pub(super) fn put_into(&self, put: &mut Put, symbols: &Symbols) {
        let has = |word: u64, bit: u32| word >> bit & 1 == 1;
        let numbers = (0_u32..)
            .zip(&self.0)
            .flat_map(|(at, &word)| (0..64).filter(move |&bit| has(word, bit)).map(move |bit| at * 64 + bit));
        let numbers: Vec<u32> = numbers.collect();
        put.length(numbers.len());
        for number in numbers {
            put.u32(number);
            put.text(&symbols.text_of(number));
        }
    }
}

/// What the numbers of a file's symbols stand for in this run.
#[derive(Debug)]
pub(super) struct Names(Vec<Option<Symbol>>);

impl Names {
    pub(super) fn take_from(take: &mut Take<'_>, symbols: &Symbols) -> Option<Self> {
        let mut names = Vec::new();
        let mut one = |take: &mut Take<'_>| {
            let number = take.u32()? as usize;
            let symbol = symbols.intern(take.bytes()?);
            if number >= names.len() {
                names.resize(number + 1, None);
            }
            names[number] = Some(symbol);
            Some(())
        };
        take.list(&mut one)?;
        Some(Self(names))
    }

    pub(super) fn symbol(&self, number: u32) -> Option<Symbol> {
        self.0.get(usize::try_from(number).ok()?).copied().flatten()
    }
}

/// Writes a currency's code, or three zeros.
pub(super) fn put_currency(put: &mut Put, currency: Option<Currency>) {
    put.0.extend_from_slice(currency.as_ref().map_or(&[0; 3], |known| known.code().as_bytes()));
}

/// Reads a currency, or that there is none; the outer nothing is a code that nobody knows.
pub(super) fn take_currency(take: &mut Take<'_>) -> Option<Option<Currency>> {
    match take.array::<3>()? {
        [0, 0, 0] => Some(None),
        code => Currency::parse(&code).map(Some),
    }
}

/// Writes a line with what it says of its original.
pub(super) fn put_line(put: &mut Put, line: &Line, original: Option<Original>) {
    put.u32(line.place.line);
    put.u64(line.place.offset);
    put.u32(line.place.length);
    put.u128(line.by_request.to_bits());
    put.u128(line.by_antom.to_bits());
    put.i64(line.amount);
    put.i64(line.net);
    put.i64(line.fee);
    put.i64(line.at.map_or(NO_INSTANT, Instant::millis));
    put_currency(put, Some(line.currency));
    put_currency(put, line.settlement_currency);
    for symbol in [line.party, line.merchant, line.batch, line.raw_type] {
        put.u32(symbol.number());
    }
    put_word(put, EntryType::ALL, line.entry_type);
    put_word(put, Status::ALL, line.status);
    put.u8(u8::from(line.names_party));
    put.u8(u8::from(original.is_some()));
    let original = original.unwrap_or_default();
    put.u128(original.by_request.to_bits());
    put.u128(original.by_antom.to_bits());
}

/// Reads a line of a file that is number `file` of the run, with what it says of its original; `original` of the line is left to
/// the caller. Nothing if the bytes are no line.
pub(super) fn take_line(take: &mut Take<'_>, file: u32, names: &Names) -> Option<(Line, Option<Original>)> {
    let place = Place { file, line: take.u32()?, offset: take.u64()?, length: take.u32()? };
    let line = Line {
        place,
        by_request: Key::from_bits(take.u128()?),
        by_antom: Key::from_bits(take.u128()?),
        amount: take.i64()?,
        net: take.i64()?,
        fee: take.i64()?,
        at: Some(take.i64()?).filter(|&millis| millis != NO_INSTANT).map(Instant::from_millis),
        currency: take_currency(take)??,
        settlement_currency: take_currency(take)?,
        party: names.symbol(take.u32()?)?,
        merchant: names.symbol(take.u32()?)?,
        batch: names.symbol(take.u32()?)?,
        raw_type: names.symbol(take.u32()?)?,
        original: None,
        entry_type: take_word(take, EntryType::ALL)?,
        status: take_word(take, Status::ALL)?,
        names_party: take.u8()? == 1,
    };
    let has_original = take.u8()? == 1;
    let original = Original { by_request: Key::from_bits(take.u128()?), by_antom: Key::from_bits(take.u128()?) };
    Some((line, has_original.then_some(original)))
}

/// Writes the position of a closed word; words are never moved, only added (the format of the file says when they were).
pub(super) fn put_word<T: PartialEq>(put: &mut Put, all: &[T], word: Option<T>) {
    let at = word.and_then(|word| all.iter().position(|known| *known == word));
    put.u8(at.and_then(|at| u8::try_from(at).ok()).unwrap_or(NOTHING));
}

/// Reads the position of a closed word; the outer nothing is a position that no word has.
pub(super) fn take_word<T: Copy>(take: &mut Take<'_>, all: &[T]) -> Option<Option<T>> {
    match take.u8()? {
        NOTHING => Some(None),
        at => all.get(usize::from(at)).copied().map(Some),
    }
}
