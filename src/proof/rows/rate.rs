//! The exchange rate of a line, exactly as written, and what an amount is worth by it.

use std::fmt;

use crate::money::Currency;
use crate::report::Quote;

use super::super::fees::{Rounding, power_of_ten, signed_mul_div};

/// The largest magnitude that a conversion may give. An amount has at most 18 digits; a million times that is none, and sums and
/// rates of what is smaller fit in 128 bits.
const MAX_CONVERTED: i128 = 10_i128.pow(24);

/// A quote that can be computed with: one unit of `left` is `digits` / 10^`decimals` units of `right`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rate {
    left: Currency,
    right: Currency,
    digits: u128,
    decimals: u32,
}

/// Why a conversion cannot be recomputed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoRate {
    /// There is no pair.
    NoPair,
    /// There is no price.
    NoPrice,
    /// The price is zero.
    ZeroPrice,
    /// The price has more digits than can be computed with.
    LongPrice,
    /// The pair is of other currencies.
    OtherPair(Currency, Currency),
    /// The result has more digits than any amount.
    TooLarge,
}

impl fmt::Display for NoRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoPair => f.write_str("`quoteCurrencyPair` is empty"),
            Self::NoPrice => f.write_str("`quotePrice` is empty"),
            Self::ZeroPrice => f.write_str("`quotePrice` is zero"),
            Self::LongPrice => f.write_str("`quotePrice` has more digits than can be computed with"),
            Self::OtherPair(left, right) => write!(f, "`quoteCurrencyPair` is `{left}/{right}`"),
            Self::TooLarge => f.write_str("its result is larger than any amount"),
        }
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let places = self.decimals as usize;
        let digits = format!("{:0width$}", self.digits, width = places + 1);
        let (whole, decimals) = digits.split_at(digits.len() - places);
        let point = if decimals.is_empty() { "" } else { "." };
        write!(f, "{whole}{point}{decimals} ({}/{})", self.left, self.right)
    }
}

impl Rate {
    /// Reads a quote.
    pub(super) fn of(quote: &Quote<'_>) -> Result<Self, NoRate> {
        let (left, right) = quote.pair.ok_or(NoRate::NoPair)?;
        let (digits, decimals) = read_price(quote.price)?;
        Ok(Self { left, right, digits, decimals })
    }

    /// Whether the price multiplies an amount of one currency into the other; it divides the other way.
    fn multiplies(&self, from: Currency, to: Currency) -> Result<bool, NoRate> {
        match (from == self.left && to == self.right, from == self.right && to == self.left) {
            (true, _) => Ok(true),
            (_, true) => Ok(false),
            _ => Err(NoRate::OtherPair(self.left, self.right)),
        }
    }

    /// What an amount is worth in the other currency, rounded half to even at its own places.
    pub(super) fn convert(&self, amount: i128, from: Currency, to: Currency) -> Result<i128, NoRate> {
        self.apply(amount, from, to, self.multiplies(from, to)?)
    }

    /// The same with the price applied the wrong way round.
    pub(super) fn convert_the_wrong_way(&self, amount: i128, from: Currency, to: Currency) -> Result<i128, NoRate> {
        self.apply(amount, from, to, !self.multiplies(from, to)?)
    }

    fn apply(&self, amount: i128, from: Currency, to: Currency, multiply: bool) -> Result<i128, NoRate> {
        let (from, to) = (u32::from(from.places()), u32::from(to.places()));
        let scaled = |digits: u128, exponent: u32| {
            power_of_ten(exponent).and_then(|power| digits.checked_mul(power)).ok_or(NoRate::LongPrice)
        };
        let (factor, divisor) = if multiply {
            (scaled(self.digits, to)?, scaled(1, self.decimals + from)?)
        } else {
            (scaled(1, self.decimals + to)?, scaled(self.digits, from)?)
        };
        let worth = signed_mul_div(amount, factor, divisor, Rounding::HalfEven);
        worth.filter(|worth| worth.abs() <= MAX_CONVERTED).ok_or(NoRate::TooLarge)
    }
}

/// The digits of a price as a number, and how many of them are decimals. Zeros that say nothing are left out.
fn read_price(text: &[u8]) -> Result<(u128, u32), NoRate> {
    let (mut digits, mut decimals, mut zeros, mut fraction) = (0_u128, 0_u32, 0_u32, false);
    if text.is_empty() {
        return Err(NoRate::NoPrice);
    }
    for &byte in text {
        match byte {
            b'.' => fraction = true,
            b'0' if fraction => zeros += 1,
            b'0'..=b'9' => {
                let places = if fraction { zeros + 1 } else { 1 };
                let power = power_of_ten(places).ok_or(NoRate::LongPrice)?;
                let grown = digits.checked_mul(power).and_then(|tens| tens.checked_add(u128::from(byte - b'0')));
                digits = grown.ok_or(NoRate::LongPrice)?;
                if fraction {
                    decimals += places;
                    zeros = 0;
                }
            }
            // The parser lets digits and one point through only; anything else is no price.
            _ => return Err(NoRate::NoPrice),
        }
    }
    if digits == 0 { Err(NoRate::ZeroPrice) } else { Ok((digits, decimals)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn currency(code: &str) -> Currency {
        Currency::parse(code.as_bytes()).expect("a known currency")
    }

    /// Cases: smallest units, from, to, pair, price, what comes out.
    #[test]
    fn conversions() {
        let table = "
            10000 USD SGD USD/SGD 1.35    13500
            13500 SGD USD USD/SGD 1.35    10000
            10000 USD JPY USD/JPY 150.25  15025
            15025 JPY USD USD/JPY 150.25  10000
            1 JPY KWD KWD/JPY 487.5       2
            1000 KWD JPY KWD/JPY 487.5    488
            3000 KWD JPY KWD/JPY 487.5    1462
            1 USD JPY USD/JPY 50          0
            3 USD JPY USD/JPY 50          2
            -3 USD JPY USD/JPY 50         -2
            1 USD JPY USD/JPY 50.0000001  1
            -10000 USD SGD USD/SGD 1.35   -13500
            999999999999999999 JPY USD JPY/USD 0.00670000000000001 670000000000000999
            999999999999999999 USD JPY JPY/USD 0.00670000000000001 1492537313432833592
            999999999999999999 USD JPY USD/JPY 149.1234567890123456789 1491234567890123455
            1 USD SGD USD/SGD 1.350000000000000000000000000000000000000000000000000000 1
            1 USD SGD USD/SGD 0.0000000000000000000000000000000000001 digits
            1 USD SGD USD/SGD 1.0000000000000000000000000000000000000001 digits
            999999999999999999 USD SGD USD/SGD 99999999999999999999999999999999 larger
            999999999999999999 USD SGD USD/SGD 1000001 larger
            1 USD SGD USD/SGD 1000000000000000000000000 1000000000000000000000000
            1 USD SGD USD/SGD 1000000000000000000000001 larger
            10000 USD SGD USD/EUR 1.35    USD/EUR
            10000 USD SGD SGD/EUR 1.35    SGD/EUR
            10000 USD SGD USD/SGD 0.000   zero
            10000 USD SGD USD/SGD -       empty
        ";
        for row in table.lines().map(str::trim).filter(|row| !row.is_empty()) {
            let [amount, from, to, pair, price, expected] = row.split_whitespace().collect::<Vec<_>>()[..] else {
                panic!("row `{row}`");
            };
            let (left, right) = pair.split_once('/').expect("a pair");
            let price = if price == "-" { "" } else { price };
            let quote = Quote { pair: Some((currency(left), currency(right))), price: price.as_bytes() };
            let found = Rate::of(&quote)
                .and_then(|rate| rate.convert(amount.parse().expect("digits"), currency(from), currency(to)));
            match found {
                Ok(found) => assert_eq!(found.to_string(), expected, "`{row}`"),
                Err(reason) => assert!(reason.to_string().contains(expected), "`{row}`: {reason}"),
            }
        }
        let price = |price| Rate::of(&Quote { pair: Some((currency("USD"), currency("SGD"))), price });
        assert_eq!(price(b"1.3500").map(|rate| rate.to_string()), Ok("1.35 (USD/SGD)".to_owned()));
        assert_eq!(price(b"0.0050").map(|rate| rate.to_string()), Ok("0.005 (USD/SGD)".to_owned()));
        assert_eq!(Rate::of(&Quote::default()), Err(NoRate::NoPair));
    }
}
