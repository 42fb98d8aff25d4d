//! Lines of details as rows of one width, which hold everything that matching asks a line for. Texts that repeat, currencies and
//! symbols, are numbers of a table of the file's own.

use std::collections::HashMap;

use super::bytes::{Put, Take};
use crate::calendar::Instant;
use crate::id::{Key, Symbol, Symbols};
use crate::money::Currency;
use crate::movement::{EntryType, Status};
use crate::report::{Line, Original, Place};

/// Bytes of a row.
pub(super) const ROW_BYTES: usize = 136;

/// The number of nothing in tables of 16 and 8 bits.
const NO_CURRENCY: u16 = u16::MAX;
const NOTHING: u8 = u8::MAX;

/// The instant of a line that has none; no report is from that year.
const NO_INSTANT: i64 = i64::MIN;

/// Numbers for the texts of a file.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    symbols: HashMap<Symbol, u32>,
    texts: Vec<Symbol>,
    currencies: HashMap<Currency, u16>,
    codes: Vec<Currency>,
}

impl Numbers {
    /// Of every text that these lines have.
    pub(super) fn of(lines: &[Line]) -> Self {
        let mut numbers = Self::default();
        for line in lines {
            for currency in [Some(line.currency), line.settlement_currency].into_iter().flatten() {
                numbers.add_currency(currency);
            }
            for symbol in [line.party, line.merchant, line.batch, line.raw_type] {
                numbers.add_symbol(symbol);
            }
        }
        numbers
    }

    fn add_symbol(&mut self, symbol: Symbol) {
        self.symbols.entry(symbol).or_insert_with(|| {
            self.texts.push(symbol);
            u32::try_from(self.texts.len() - 1).unwrap_or(u32::MAX)
        });
    }

    fn add_currency(&mut self, currency: Currency) {
        self.currencies.entry(currency).or_insert_with(|| {
            self.codes.push(currency);
            u16::try_from(self.codes.len() - 1).unwrap_or(NO_CURRENCY)
        });
    }

    /// A text that was never added has a number that nobody has: what is written of it cannot be read.
    pub(super) fn symbol(&self, symbol: Symbol) -> u32 {
        self.symbols.get(&symbol).copied().unwrap_or(u32::MAX)
    }

    pub(super) fn currency(&self, currency: Option<Currency>) -> u16 {
        currency.map_or(NO_CURRENCY, |known| self.currencies.get(&known).copied().unwrap_or(NO_CURRENCY - 1))
    }

    pub(super) fn put_into(&self, put: &mut Put, symbols: &Symbols) {
        put.length(self.texts.len());
        for &symbol in &self.texts {
            put.text(&symbols.text(symbol));
        }
        put.length(self.codes.len());
        for currency in &self.codes {
            put.text(currency.code());
        }
    }
}

/// What the numbers of a file stand for in this run.
#[derive(Debug)]
pub(super) struct Names {
    symbols: Vec<Symbol>,
    currencies: Vec<Currency>,
}

impl Names {
    pub(super) fn take_from(take: &mut Take<'_>, symbols: &Symbols) -> Option<Self> {
        let symbols = take.list(|take| Some(symbols.intern(take.bytes()?)))?;
        let currencies = take.list(|take| Currency::parse(take.bytes()?))?;
        Some(Self { symbols, currencies })
    }

    pub(super) fn symbol(&self, number: u32) -> Option<Symbol> {
        self.symbols.get(usize::try_from(number).ok()?).copied()
    }

    pub(super) fn currency(&self, number: u16) -> Option<Option<Currency>> {
        match number {
            NO_CURRENCY => Some(None),
            known => self.currencies.get(usize::from(known)).copied().map(Some),
        }
    }
}

/// Writes a line with what it says of its original.
pub(super) fn put_line(put: &mut Put, line: &Line, original: Option<Original>, numbers: &Numbers) {
    put.u32(line.place.line);
    put.u64(line.place.offset);
    put.u32(line.place.length);
    put.u128(line.by_request.to_bits());
    put.u128(line.by_antom.to_bits());
    put.i64(line.amount);
    put.i64(line.net);
    put.i64(line.fee);
    put.i64(line.at.map_or(NO_INSTANT, Instant::millis));
    put.u16(numbers.currency(Some(line.currency)));
    put.u16(numbers.currency(line.settlement_currency));
    for symbol in [line.party, line.merchant, line.batch, line.raw_type] {
        put.u32(numbers.symbol(symbol));
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
        currency: names.currency(take.u16()?)??,
        settlement_currency: names.currency(take.u16()?)?,
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
