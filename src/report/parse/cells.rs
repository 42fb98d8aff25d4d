//! Values in cells, and memories of the values that repeat.

use crate::calendar::{BusinessDate, Instant, Instants};
use crate::id::Symbol;
use crate::money::{AmountUnit, Currencies, Currency, parse_amount};
use crate::records::SymbolCache;
use crate::report::Column;

/// Why a line is rejected: the position of the cell, and what was found and expected.
pub(super) struct Unreadable {
    pub(super) column: Option<usize>,
    pub(super) reason: String,
}

impl Unreadable {
    pub(super) const fn at(column: usize, reason: String) -> Self {
        Self { column: Some(column), reason }
    }

    /// A cell and why it cannot be read.
    pub(super) fn cell(column: usize, cell: &[u8], expected: impl std::fmt::Display) -> Self {
        Self::at(column, format!("`{}`: {expected}", shortened(cell)))
    }
}

/// A cell for a message: the first 64 characters.
fn shortened(cell: &[u8]) -> String {
    let text = String::from_utf8_lossy(cell);
    match text.char_indices().nth(64) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.into_owned(),
    }
}

/// Memories of a block, so that texts which repeat need no lock and no second look.
pub(super) struct Caches<'a> {
    pub(super) symbols: SymbolCache<'a>,
    /// The last text of each column that says the same for many lines on end.
    last: Vec<(Vec<u8>, Symbol)>,
    currencies: Currencies,
    instants: Instants,
    /// The last settlement time that was readable.
    settled_at: Vec<u8>,
    /// The last date, as written and as read.
    date: Option<(Vec<u8>, BusinessDate)>,
}

impl<'a> Caches<'a> {
    pub(super) fn new(symbols: SymbolCache<'a>) -> Self {
        let last = vec![(Vec::new(), Symbol::EMPTY); Column::ALL.len()];
        let (currencies, instants) = (Currencies::default(), Instants::default());
        Self { symbols, last, currencies, instants, settled_at: Vec::new(), date: None }
    }

    /// The symbol of a text.
    pub(super) fn symbol(&mut self, text: &[u8]) -> Symbol {
        self.symbols.symbol(text)
    }

    /// The symbol of a text in a column that says the same for many lines on end, which costs a comparison and no hash.
    pub(super) fn lasting(&mut self, column: Column, text: &[u8]) -> Symbol {
        if text.is_empty() {
            return Symbol::EMPTY;
        }
        let (known, symbol) = &mut self.last[column as usize];
        if known != text {
            *symbol = self.symbols.symbol(text);
            known.clear();
            known.extend_from_slice(text);
        }
        *symbol
    }

    /// The currency with a code.
    #[inline]
    pub(super) fn currency(&mut self, column: usize, cell: &[u8]) -> Result<Currency, Unreadable> {
        let expected = "no currency that is known; expected a code of ISO 4217";
        self.currencies.read(cell).ok_or_else(|| Unreadable::cell(column, cell, expected))
    }

    /// The point in time that a cell names.
    #[inline]
    pub(super) fn instant(&mut self, column: usize, cell: &[u8]) -> Result<Instant, Unreadable> {
        let expected = "no time; expected `YYYY-MM-DDTHH:MM:SS±hh:mm`, from 1970 to 9989, with its offset from UTC";
        self.instants.read(cell).ok_or_else(|| Unreadable::cell(column, cell, expected))
    }

    /// Checks the time of the settlement, which may be a date.
    #[inline]
    pub(super) fn settlement_time(&mut self, column: usize, cell: &[u8]) -> Result<(), Unreadable> {
        if cell == self.settled_at {
            return Ok(());
        }
        let is_date = || std::str::from_utf8(cell).is_ok_and(|text| text.parse::<BusinessDate>().is_ok());
        if self.instants.read(cell).is_none() && !is_date() {
            let expected = "no time; expected `YYYY-MM-DDTHH:MM:SS±hh:mm`, `YYYY-MM-DD` or `YYYYMMDD`";
            return Err(Unreadable::cell(column, cell, expected));
        }
        self.settled_at.clear();
        self.settled_at.extend_from_slice(cell);
        Ok(())
    }

    /// The day that a cell names.
    pub(super) fn date(&mut self, column: usize, cell: &[u8]) -> Result<BusinessDate, Unreadable> {
        match &self.date {
            Some((text, known)) if text == cell => Ok(*known),
            _ => {
                let date = date(column, cell)?;
                self.date = Some((cell.to_vec(), date));
                Ok(date)
            }
        }
    }
}

/// Reads a date of eight digits, with or without dashes between year, month and day.
fn date(column: usize, cell: &[u8]) -> Result<BusinessDate, Unreadable> {
    let is_shaped = match cell.len() {
        8 => cell.iter().all(u8::is_ascii_digit),
        10 => cell.iter().enumerate().all(|(at, byte)| match at {
            4 | 7 => *byte == b'-',
            _ => byte.is_ascii_digit(),
        }),
        _ => false,
    };
    let read = std::str::from_utf8(cell).ok().filter(|_| is_shaped).and_then(|text| text.parse().ok());
    read.ok_or_else(|| Unreadable::cell(column, cell, "no date; expected `YYYYMMDD` or `YYYY-MM-DD`"))
}

/// Reads a count.
pub(super) fn count(column: usize, cell: &[u8]) -> Result<u64, Unreadable> {
    let digits = std::str::from_utf8(cell).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    let read = digits.and_then(|text| text.parse().ok());
    read.ok_or_else(|| Unreadable::cell(column, cell, "no count; expected digits"))
}

/// Reads an amount.
#[inline]
pub(super) fn amount(column: usize, cell: &[u8], currency: Currency, unit: AmountUnit) -> Result<i64, Unreadable> {
    parse_amount(cell, currency, unit).map_err(|error| Unreadable::cell(column, cell, error))
}

/// Checks a rate: digits with at most one decimal point between them.
pub(super) fn rate(column: usize, cell: &[u8]) -> Result<(), Unreadable> {
    let digits = |part: &[u8]| !part.is_empty() && part.iter().all(u8::is_ascii_digit);
    let mut parts = cell.splitn(2, |&byte| byte == b'.');
    if parts.all(digits) {
        return Ok(());
    }
    Err(Unreadable::cell(column, cell, "no rate; expected digits and at most one decimal point between them"))
}
