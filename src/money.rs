//! Money: currencies, amounts in smallest units, and how they are read and written. Integers only.
//!
//! An amount is an `i64` number of the currency's smallest unit (cents of USD, yen of JPY, fils of KWD), signed from the
//! marketplace's side: money in is positive. Sums are `i128`, so that no day can overflow them.

use std::fmt;
use std::hash::{Hash, Hasher};

/// A currency: its ISO 4217 code and its own number of decimal places.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(align(4))]
pub struct Currency(
    /// The code, then the places: one number to a processor, which moves and compares it at once.
    [u8; 4],
);

/// Number of decimal places of the currencies in Antom's own table (page `ams/amount`); others follow ISO 4217.
const ANTOM_PLACES: [([u8; 3], u8); 24] = [
    (*b"AUD", 2),
    (*b"BDT", 2),
    (*b"BRL", 2),
    (*b"CAD", 2),
    (*b"CLP", 0),
    (*b"CNY", 2),
    (*b"EUR", 2),
    (*b"GBP", 2),
    (*b"HKD", 2),
    (*b"IDR", 2),
    (*b"JPY", 0),
    (*b"KRW", 0),
    (*b"MXN", 2),
    (*b"MYR", 2),
    (*b"NZD", 2),
    (*b"PEN", 2),
    (*b"PHP", 2),
    (*b"PKR", 2),
    (*b"PLN", 2),
    (*b"SGD", 2),
    (*b"THB", 2),
    (*b"TWD", 2),
    (*b"USD", 2),
    (*b"VND", 0),
];

impl Currency {
    /// The currency with this three-letter upper-case code, or `None` if neither Antom nor ISO 4217 knows it.
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<Self> {
        let code: [u8; 3] = text.try_into().ok()?;
        let number = |[first, second, third]: [u8; 3]| u32::from_be_bytes([0, first, second, third]);
        let places = match ANTOM_PLACES.binary_search_by_key(&number(code), |(known, _)| number(*known)) {
            Ok(at) => ANTOM_PLACES[at].1,
            Err(_) => {
                let iso = iso_currency::Currency::from_code(std::str::from_utf8(&code).ok()?)?;
                u8::try_from(iso.exponent()?).ok()?
            }
        };
        let [first, second, third] = code;
        Some(Self([first, second, third, places]))
    }

    /// The three-letter code.
    #[must_use]
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0[..3]).unwrap_or("???")
    }

    /// The three letters of the code.
    #[must_use]
    pub const fn letters(&self) -> [u8; 3] {
        let [first, second, third, _] = self.0;
        [first, second, third]
    }

    /// Number of decimal places of the major unit: 2 for USD, 0 for JPY, 3 for KWD.
    #[must_use]
    pub const fn places(&self) -> u8 {
        self.0[3]
    }

    /// An amount of this currency, for display in major units with exactly [`places`](Self::places) decimals.
    #[must_use]
    pub fn major(&self, amount_minor: i128) -> Major {
        Major { amount_minor, places: self.places() }
    }
}

impl Hash for Currency {
    /// As one number: lines are added up by currency.
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u32(u32::from_le_bytes(self.0));
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// Reads currencies one after the other: a file has few of them, and those met before are compared and not looked up again.
#[derive(Debug, Default)]
pub struct Currencies(Vec<Currency>);

impl Currencies {
    /// The currency with this code; see [`Currency::parse`].
    pub fn read(&mut self, text: &[u8]) -> Option<Currency> {
        let code: [u8; 3] = text.try_into().ok()?;
        let known = self.0.iter().find(|known| known.0[..3] == code);
        known.copied().or_else(|| {
            let currency = Currency::parse(&code)?;
            self.0.push(currency);
            Some(currency)
        })
    }
}

/// How a report or ledger writes its amounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AmountUnit {
    /// Major units with up to the currency's number of decimals: `7.25` is USD 7.25. Antom's reports (since May 2023).
    #[default]
    Major,
    /// Smallest units, an integer: `725` is USD 7.25. Antom's API, older reports, and the ledger.
    Minor,
}

/// Why a cell is not an amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// The cell holds nothing.
    #[error("an amount was expected, the cell is empty")]
    Empty,
    /// The cell holds something else than an optional sign, digits and at most one decimal point between digits.
    #[error("not an amount: expected an optional sign, digits and at most one decimal point")]
    NotANumber,
    /// More decimals than the currency has. Never rounded.
    #[error("too many decimals: the currency has {places}")]
    TooManyDecimals {
        /// The currency's number of decimal places.
        places: u8,
    },
    /// A decimal point in a file whose amounts are configured as smallest units.
    #[error("a decimal point in an amount that is configured as smallest units (`amount_unit = \"minor\"`)")]
    PointInMinor,
    /// More than 18 digits of smallest units; such an amount does not fit and is no payment.
    #[error("too large: an amount has at most 18 digits in the smallest unit")]
    TooLarge,
}

/// The largest amount that is read: 18 digits. Two of them still add up in an `i64`, and every sum is an `i128`.
const MAX_AMOUNT_MINOR: u64 = 999_999_999_999_999_999;

/// Reads an amount, in the given unit, into the currency's smallest unit.
///
/// # Errors
/// Anything but `[+-]digits[.digits]` with at most the currency's decimals (none at all for [`AmountUnit::Minor`]).
pub fn parse_amount(text: &[u8], currency: Currency, unit: AmountUnit) -> Result<i64, AmountError> {
    let (negative, digits) = match text {
        [] => return Err(AmountError::Empty),
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    let (whole, fraction) = match digits.iter().position(|&byte| byte == b'.') {
        Some(_) if unit == AmountUnit::Minor => return Err(AmountError::PointInMinor),
        Some(at) => (&digits[..at], Some(&digits[at + 1..])),
        None => (digits, None),
    };
    if whole.is_empty() || fraction.is_some_and(<[u8]>::is_empty) {
        return Err(AmountError::NotANumber);
    }
    let mut amount = push_digits(0, whole)?;
    if unit == AmountUnit::Major {
        let fraction = fraction.unwrap_or_default();
        let missing = usize::from(currency.places()).checked_sub(fraction.len());
        amount = push_digits(amount, fraction)?;
        let missing = missing.ok_or(AmountError::TooManyDecimals { places: currency.places() })?;
        for _ in 0..missing {
            amount = push_digits(amount, b"0")?;
        }
    }
    let amount = amount.cast_signed();
    Ok(if negative { -amount } else { amount })
}

/// Appends decimal digits to a number of at most [`MAX_AMOUNT_MINOR`], of which one more digit does not overflow.
fn push_digits(mut amount: u64, digits: &[u8]) -> Result<u64, AmountError> {
    for &digit in digits {
        let digit = digit.wrapping_sub(b'0');
        if digit > 9 {
            return Err(AmountError::NotANumber);
        }
        amount = amount * 10 + u64::from(digit);
        if amount > MAX_AMOUNT_MINOR {
            return Err(AmountError::TooLarge);
        }
    }
    Ok(amount)
}

/// An amount in major units, displayed with exactly the currency's decimals: no separator, no rounding, no float.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Major {
    amount_minor: i128,
    places: u8,
}

impl fmt::Display for Major {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.amount_minor < 0 { "-" } else { "" };
        let magnitude = self.amount_minor.unsigned_abs();
        let scale = 10_u128.pow(u32::from(self.places));
        if self.places == 0 {
            return write!(f, "{sign}{magnitude}");
        }
        let width = usize::from(self.places);
        write!(f, "{sign}{}.{:0width$}", magnitude / scale, magnitude % scale)
    }
}

/// A number of items and the sums of their debits and credits, in one currency's smallest unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// How many items.
    pub count: u64,
    /// Sum of the positive amounts: money in.
    pub debit: i128,
    /// Sum of the negative amounts, itself negative or zero: money out.
    pub credit: i128,
}

impl Tally {
    /// Counts one more item.
    pub fn add(&mut self, amount_minor: i64) {
        self.count += 1;
        if amount_minor >= 0 {
            self.debit += i128::from(amount_minor);
        } else {
            self.credit += i128::from(amount_minor);
        }
    }

    /// Counts one item less, which was counted before.
    pub fn take_out(&mut self, amount_minor: i64) {
        self.count -= 1;
        if amount_minor >= 0 {
            self.debit -= i128::from(amount_minor);
        } else {
            self.credit -= i128::from(amount_minor);
        }
    }

    /// Counts the items of another tally of the same currency.
    pub fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.debit += other.debit;
        self.credit += other.credit;
    }

    /// Sum of all amounts.
    #[must_use]
    pub const fn sum(&self) -> i128 {
        self.debit + self.credit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Cases as a text table: cell, currency, unit, expected amount or error.
    #[test]
    fn amounts() {
        let table = "
            7.25     USD major  725
            7.2      USD major  720
            7        USD major  700
            -7.25    USD major  -725
            +7.25    USD major  725
            007.25   USD major  725
            0        JPY major  0
            1450     JPY major  1450
            1450.0   JPY major  TooManyDecimals
            1.2345   KWD major  TooManyDecimals
            1.234    KWD major  1234
            1.2      KWD major  1200
            7.255    USD major  TooManyDecimals
            725      USD minor  725
            7.25     USD minor  PointInMinor
            1,000.00 USD major  NotANumber
            1e5      USD major  NotANumber
            .5       USD major  NotANumber
            5.       USD major  NotANumber
            -        USD major  NotANumber
            ()       USD major  Empty
            --5      USD major  NotANumber
            9999999999999999.99 USD major 999999999999999999
            10000000000000000.00 USD major TooLarge
            99999999999999999999999 JPY major TooLarge
        ";
        for row in table.lines().map(str::trim).filter(|row| !row.is_empty()) {
            let [cell, currency, unit, expected] = row.split_whitespace().collect::<Vec<_>>()[..] else {
                panic!("row `{row}`");
            };
            let currency = Currency::parse(currency.as_bytes()).expect("a known currency");
            let unit = if unit == "minor" { AmountUnit::Minor } else { AmountUnit::Major };
            // `()` is an empty cell.
            let found = match parse_amount(cell.trim_matches(['(', ')']).as_bytes(), currency, unit) {
                Ok(amount) => amount.to_string(),
                Err(error) => format!("{error:?}"),
            };
            assert!(found.starts_with(expected), "`{row}` gave {found}");
        }
    }

    #[test]
    fn amounts_are_displayed_with_the_currencys_decimals() {
        for (code, amount, expected) in [
            ("USD", -5, "-0.05"),
            ("USD", 725, "7.25"),
            ("JPY", 1450, "1450"),
            ("JPY", 0, "0"),
            ("USD", 0, "0.00"),
            ("KWD", 1, "0.001"),
            ("IDR", 100, "1.00"),
        ] {
            let currency = Currency::parse(code.as_bytes()).expect("a known currency");
            assert_eq!(currency.major(amount).to_string(), expected);
            assert_eq!(format!("{currency} {currency:?} {currency:>5}"), format!("{code} {code}   {code}"));
        }
    }

    #[test]
    fn a_tally_keeps_debits_and_credits_apart() {
        let (mut tally, mut other) = (Tally::default(), Tally::default());
        [700, -250, 0, 25, -5].into_iter().for_each(|amount| tally.add(amount));
        assert_eq!(tally, Tally { count: 5, debit: 725, credit: -255 });
        assert_eq!(tally.sum(), 470);
        [25, -5].into_iter().for_each(|amount| tally.take_out(amount));
        assert_eq!(tally, Tally { count: 3, debit: 700, credit: -250 });
        [25, -5].into_iter().for_each(|amount| tally.add(amount));
        [i64::MAX, i64::MAX, i64::MIN].into_iter().for_each(|amount| other.add(amount));
        assert_eq!(other.sum(), i128::from(i64::MAX) - 1, "sums do not overflow");
        other.merge(&tally);
        let debit = 2 * i128::from(i64::MAX) + 725;
        assert_eq!(other, Tally { count: 8, debit, credit: i128::from(i64::MIN) - 255 });
    }

    #[test]
    fn the_table_is_sorted_and_unknown_codes_are_refused() {
        assert!(ANTOM_PLACES.is_sorted_by_key(|(code, _)| *code));
        assert_eq!(Currency::parse(b"BHD").map(|known| known.places()), Some(3));
        assert_eq!(Currency::parse(b"XXQ"), None);
        assert_eq!(Currency::parse(b"usd"), None);
    }
}
