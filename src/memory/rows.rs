//! Lines of details as rows, which hold everything that matching asks a line for, in few bytes: places and times as differences from the
//! line before, numbers as short as they are. Texts that repeat are numbers, as symbols have them in the run that writes; the file has a
//! table of these.

use super::bytes::{Put, Take};
use crate::calendar::Instant;
use crate::id::{Key, Symbol, Symbols};
use crate::money::{Currencies, Currency};
use crate::movement::{EntryType, Status};
use crate::report::{Line, Original, Place};

/// About how many bytes a row has.
pub(super) const ROW_BYTES: usize = 48;

/// The position of no word.
const NOTHING: u8 = u8::MAX;

/// What a row has or says, a bit each.
const NAMES_PARTY: u8 = 1;
const HAS_TIME: u8 = 2;
const HAS_ORIGINAL: u8 = 4;
const IS_SETTLED: u8 = 8;
const IS_SETTLED_IN_ITS_CURRENCY: u8 = 16;

/// What a row is written as a difference from: the one before it in its block; and the currencies that were read.
#[derive(Debug, Default)]
pub(super) struct Before {
    line: u32,
    offset: u64,
    at: i64,
    currencies: Currencies,
}

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
    put.0.extend_from_slice(&currency.map_or([0; 3], |known| known.letters()));
}

/// Reads a currency, or that there is none; the outer nothing is a code that nobody knows.
pub(super) fn take_currency(take: &mut Take<'_>) -> Option<Option<Currency>> {
    take_code(take, Currency::parse)
}

/// The same, where many are read one after the other.
pub(super) fn take_next_currency(take: &mut Take<'_>, known: &mut Currencies) -> Option<Option<Currency>> {
    take_code(take, |code| known.read(code))
}

fn take_code(take: &mut Take<'_>, currency: impl FnOnce(&[u8]) -> Option<Currency>) -> Option<Option<Currency>> {
    match take.array::<3>()? {
        [0, 0, 0] => Some(None),
        code => currency(&code).map(Some),
    }
}

/// Writes a line with what it says of its original. The upper half of its own keys is left out: it stands among the ids of the block.
pub(super) fn put_line(put: &mut Put, line: &Line, original: Option<Original>, before: &mut Before) {
    let settled = line.settlement_currency;
    let flags = [
        (NAMES_PARTY, line.names_party),
        (HAS_TIME, line.at.is_some()),
        (HAS_ORIGINAL, original.is_some()),
        (IS_SETTLED, settled.is_some()),
        (IS_SETTLED_IN_ITS_CURRENCY, settled == Some(line.currency)),
    ];
    put.u8(flags.into_iter().fold(0, |all, (flag, is_set)| if is_set { all | flag } else { all }));
    put.u64(line.by_request.low());
    put.u64(line.by_antom.low());
    put.number(line.place.line.wrapping_sub(before.line).into());
    put.number(line.place.offset.wrapping_sub(before.offset));
    put.number(line.place.length.into());
    (before.line, before.offset) = (line.place.line, line.place.offset);
    put.signed(line.amount);
    put.signed(line.net);
    put.signed(line.fee);
    put_currency(put, Some(line.currency));
    if settled != Some(line.currency) && settled.is_some() {
        put_currency(put, settled);
    }
    for symbol in [line.party, line.merchant, line.batch, line.raw_type] {
        put.number(symbol.number().into());
    }
    put_word(put, EntryType::ALL, line.entry_type);
    put_word(put, Status::ALL, line.status);
    if let Some(at) = line.at.map(Instant::millis) {
        put.signed(at.wrapping_sub(before.at));
        before.at = at;
    }
    if let Some(original) = original {
        put.u128(original.by_request.to_bits());
        put.u128(original.by_antom.to_bits());
    }
}

/// Reads a line of a file that is number `file` of the run, with what it says of its original; `original` of the line is left to
/// the caller. `ids` are those of the line's own keys. Nothing if the bytes are no line.
pub(super) fn take_line(
    take: &mut Take<'_>,
    (file, names): (u32, &Names),
    [request, antom]: [u64; 2],
    before: &mut Before,
) -> Option<(Line, Option<Original>)> {
    let flags = take.u8()?;
    let has = |flag| flags & flag != 0;
    let (by_request, by_antom) = (Key::of_halves(request, take.u64()?), Key::of_halves(antom, take.u64()?));
    before.line = before.line.wrapping_add(u32::try_from(take.number()?).ok()?);
    before.offset = before.offset.wrapping_add(take.number()?);
    let length = u32::try_from(take.number()?).ok()?;
    let place = Place { file, line: before.line, offset: before.offset, length };
    let (amount, net, fee) = (take.signed()?, take.signed()?, take.signed()?);
    let currency = take_next_currency(take, &mut before.currencies)??;
    let settlement_currency = match (has(IS_SETTLED), has(IS_SETTLED_IN_ITS_CURRENCY)) {
        (_, true) => Some(currency),
        (true, false) => take_next_currency(take, &mut before.currencies)?,
        (false, false) => None,
    };
    let mut symbol = || names.symbol(u32::try_from(take.number()?).ok()?);
    let (party, merchant, batch, raw_type) = (symbol()?, symbol()?, symbol()?, symbol()?);
    let (entry_type, status) = (take_word(take, EntryType::ALL)?, take_word(take, Status::ALL)?);
    let at = if has(HAS_TIME) {
        before.at = before.at.wrapping_add(take.signed()?);
        Some(Instant::from_millis(before.at))
    } else {
        None
    };
    let original = if has(HAS_ORIGINAL) {
        Some(Original { by_request: Key::from_bits(take.u128()?), by_antom: Key::from_bits(take.u128()?) })
    } else {
        None
    };
    let line = Line {
        place,
        by_request,
        by_antom,
        amount,
        net,
        fee,
        at,
        currency,
        settlement_currency,
        party,
        merchant,
        batch,
        raw_type,
        original: None,
        entry_type,
        status,
        names_party: has(NAMES_PARTY),
    };
    Some((line, original))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::KeyMaker;

    #[test]
    fn any_line_is_read_back() {
        let symbols = Symbols::new();
        let (keys, of) = (KeyMaker::new(3), |text: &[u8]| symbols.intern(text));
        let (usd, jpy) = (Currency::parse(b"USD").expect("known"), Currency::parse(b"JPY").expect("known"));
        let plain = Line {
            place: Place { file: 9, line: 2, offset: 700, length: 250 },
            by_request: keys.key(1, b"r1"),
            by_antom: keys.key(2, b"a1"),
            amount: 12_345,
            net: 12_000,
            fee: -345,
            at: Some(Instant::from_millis(1_772_380_799_000)),
            currency: usd,
            settlement_currency: Some(usd),
            party: of(b"s1"),
            merchant: of(b"m1"),
            batch: of(b"b1"),
            raw_type: of(b"PAYMENT"),
            original: None,
            entry_type: Some(EntryType::Payment),
            status: Some(Status::Success),
            names_party: true,
        };
        let original = Original { by_request: Key::NONE, by_antom: keys.key(3, b"p1") };
        let place = |line, offset| Place { line, offset, ..plain.place };
        let lines = [
            (plain, None),
            (Line { place: place(3, 951), settlement_currency: Some(jpy), ..plain }, Some(original)),
            (Line { place: place(9, 1 << 40), settlement_currency: None, at: None, names_party: false, ..plain }, None),
            (Line { place: place(u32::MAX, u64::MAX), entry_type: None, status: None, ..plain }, None),
            // Such lines there are not, but the form must not depend on it.
            (Line { place: place(1, 0), amount: i64::MIN, net: i64::MAX, by_request: Key::NONE, ..plain }, None),
            (Line { at: Some(Instant::from_millis(i64::MIN)), party: Symbol::EMPTY, ..plain }, Some(original)),
            (Line { at: Some(Instant::from_millis(i64::MAX)), ..plain }, None),
        ];
        let (mut put, mut used, mut before) = (Put::default(), Used::default(), Before::default());
        for (line, original) in &lines {
            used.add(line);
            put_line(&mut put, line, *original, &mut before);
        }
        let mut table = Put::default();
        used.put_into(&mut table, &symbols);
        let names = Names::take_from(&mut Take(&table.0), &symbols).expect("a table");
        let (mut take, mut before) = (Take(&put.0), Before::default());
        for expected in &lines {
            let ids = [expected.0.by_request.hint(), expected.0.by_antom.hint()];
            assert_eq!(take_line(&mut take, (9, &names), ids, &mut before).as_ref(), Some(expected));
        }
        assert_eq!(take.0, b"", "nothing is left");
        assert_eq!(take_line(&mut take, (9, &names), [0, 0], &mut before), None, "there are no more");
    }
}
