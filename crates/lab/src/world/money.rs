//! Antom's money, written from the fact sheet alone: smallest units, major units, quotes and half-even rounding.

/// A currency and its number of decimal places (`antom.md`, 6.5; KWD from ISO 4217).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency {
    /// The ISO 4217 code.
    pub code: &'static str,
    /// Decimal places between the smallest and the major unit.
    pub decimals: u32,
}

const fn currency(code: &'static str, decimals: u32) -> Currency {
    Currency { code, decimals }
}

/// US dollar.
pub const USD: Currency = currency("USD", 2);
/// Brazilian real.
pub const BRL: Currency = currency("BRL", 2);
/// Euro.
pub const EUR: Currency = currency("EUR", 2);
/// Singapore dollar, settled in US dollars here.
pub const SGD: Currency = currency("SGD", 2);
/// Japanese yen: no decimals.
pub const JPY: Currency = currency("JPY", 0);
/// Korean won: no decimals, settled in US dollars here.
pub const KRW: Currency = currency("KRW", 0);
/// Kuwaiti dinar: three decimals.
pub const KWD: Currency = currency("KWD", 3);

/// The currencies that buyers of this world pay in.
pub const CURRENCIES: [Currency; 7] = [USD, BRL, EUR, SGD, JPY, KRW, KWD];

/// Written as Antom's reports write it: a decimal in major units with the currency's own number of places.
#[must_use]
pub fn major(amount_minor: i64, currency: Currency) -> String {
    let sign = if amount_minor < 0 { "-" } else { "" };
    let digits = amount_minor.unsigned_abs();
    if currency.decimals == 0 {
        return format!("{sign}{digits}");
    }
    let unit = 10_u64.pow(currency.decimals);
    let places = usize::try_from(currency.decimals).expect("a handful of decimals");
    format!("{sign}{}.{:0places$}", digits / unit, digits % unit)
}

/// `numerator / denominator` rounded half to even; `denominator` must be positive.
#[must_use]
pub fn half_even(numerator: i128, denominator: i128) -> i64 {
    let (quotient, rest) = (numerator.div_euclid(denominator), numerator.rem_euclid(denominator));
    let up = match (rest * 2).cmp(&denominator) {
        std::cmp::Ordering::Less => false,
        std::cmp::Ordering::Greater => true,
        std::cmp::Ordering::Equal => quotient % 2 != 0,
    };
    i64::try_from(quotient + i128::from(up)).expect("amounts of this world stay far below 2^63")
}

/// An exchange quote as settlement details carry it (`quoteCurrencyPair`, `quotePrice`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quote {
    /// The currency left of the slash.
    pub left: Currency,
    /// The currency right of the slash.
    pub right: Currency,
    /// Units of `right` per unit of `left`, in millionths.
    pub price_micros: i64,
}

const MICROS: i128 = 1_000_000;

impl Quote {
    /// The text of `quoteCurrencyPair`.
    #[must_use]
    pub fn pair(&self) -> String {
        format!("{}/{}", self.left.code, self.right.code)
    }

    /// The text of `quotePrice`, always with six decimals.
    #[must_use]
    pub fn price(&self) -> String {
        let unit = 1_000_000;
        format!("{}.{:06}", self.price_micros / unit, self.price_micros % unit)
    }

    /// `amount_minor` of `from` in the other currency of the pair: left multiplies, right divides (`antom.md`, 3.1).
    #[must_use]
    pub fn convert(&self, amount_minor: i64, from: Currency) -> i64 {
        let amount = i128::from(amount_minor);
        let price = i128::from(self.price_micros);
        let left_unit = 10_i128.pow(self.left.decimals);
        let right_unit = 10_i128.pow(self.right.decimals);
        if from == self.left {
            half_even(amount * price * right_unit, MICROS * left_unit)
        } else {
            half_even(amount * MICROS * left_unit, price * right_unit)
        }
    }
}

/// The currency that payments in `currency` settle in, with the quote if that is another one.
#[must_use]
pub fn settles_in(currency: Currency) -> (Currency, Option<Quote>) {
    let quote = if currency == KRW {
        Quote { left: USD, right: KRW, price_micros: 1_187_250_000 }
    } else if currency == SGD {
        Quote { left: SGD, right: USD, price_micros: 741_650 }
    } else {
        return (currency, None);
    };
    (USD, Some(quote))
}

#[cfg(test)]
mod tests {
    use super::{JPY, KRW, KWD, SGD, USD, half_even, major, settles_in};

    #[test]
    fn amounts_carry_the_places_of_their_currency() {
        let written = [major(725, USD), major(-5, USD), major(18_000, KRW), major(-1, JPY), major(1_005, KWD)];
        assert_eq!(written, ["7.25", "-0.05", "18000", "-1", "1.005"]);
    }

    #[test]
    fn halves_round_to_the_even_neighbour_on_both_sides_of_zero() {
        assert_eq!([5, 15, 25, -5, -15].map(|tenths| half_even(tenths, 10)), [0, 2, 2, 0, -2]);
    }

    #[test]
    fn a_quote_multiplies_from_the_left_and_divides_from_the_right() {
        let quote = settles_in(KRW).1.expect("won settles in dollars");
        // 118,725 KRW at 1,187.25 KRW per USD is exactly 100.00 USD, in both directions.
        assert_eq!(quote.convert(118_725, KRW), 10_000);
        assert_eq!(quote.convert(10_000, USD), 118_725);
        let quote = settles_in(SGD).1.expect("Singapore dollars settle in US dollars");
        assert_eq!(quote.convert(100, SGD), 74);
        assert_eq!(quote.price(), "0.741650");
    }
}
