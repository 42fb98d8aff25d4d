//! `fees.csv`: what was charged per kind of fee, method, brand, party and currency, against the contract.

use std::borrow::Borrow;
use std::fmt;
use std::io::{self, Write};

use super::{CsvOut, Written};
use crate::money::Currency;
use crate::report::FeeKind;

/// The columns of `fees.csv`.
pub const FEE_COLUMNS: [&str; 12] = [
    "fee_kind",
    "method",
    "brand",
    "sub_merchant_id",
    "currency",
    "model",
    "count",
    "base",
    "charged",
    "expected",
    "difference",
    "effective_rate",
];

/// Decimals of `effective_rate`: a hundredth of a basis point.
const RATE_PLACES: usize = 6;

/// One kind of fee, payment method, brand, party and settlement currency. Amounts are in smallest units, signed as in the report:
/// a charged fee is negative.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeeRow {
    /// What the fee is for.
    pub kind: FeeKind,
    /// The payment method.
    pub method: String,
    /// The card's brand; empty if there is none.
    pub brand: String,
    /// `referenceMerchantId` of the party; empty for the marketplace.
    pub sub_merchant_id: String,
    /// The settlement currency.
    pub currency: Currency,
    /// How the fee is made up: `ic++`, `blended` or `unknown`.
    pub model: &'static str,
    /// Number of lines.
    pub count: u64,
    /// Sum of what the lines are worth before fees.
    pub base: i128,
    /// Sum of the fees that were charged.
    pub charged: i128,
    /// Sum of the fees that the contract asks for; none if no rule names them.
    pub expected: Option<i128>,
}

/// Writes `fees.csv`, in the order given. `difference` is charged − expected, empty without a rule; `effective_rate` is
/// −charged ÷ base with six decimals, rounded half to even, empty if the base is zero.
///
/// # Errors
/// The sink's.
pub fn fees<W, I>(sink: W, rows: I) -> io::Result<Written>
where
    W: Write,
    I: IntoIterator<Item: Borrow<FeeRow>>,
{
    let mut table = CsvOut::new(sink, &FEE_COLUMNS)?;
    for row in rows {
        let row = row.borrow();
        let currency = Some(row.currency);
        table.value(row.kind)?;
        table.text(&row.method)?;
        table.text(&row.brand)?;
        table.text(&row.sub_merchant_id)?;
        table.value(row.currency)?;
        table.value(row.model)?;
        table.value(row.count)?;
        table.amount(Some(row.base), currency)?;
        table.amount(Some(row.charged), currency)?;
        table.amount(row.expected, currency)?;
        table.amount(row.expected.map(|expected| row.charged - expected), currency)?;
        table.optional(Ratio::of(row.charged, row.base))?;
        table.end()?;
    }
    table.finish()
}

/// A decimal of [`RATE_PLACES`] places.
struct Ratio {
    negative: bool,
    whole: u128,
    fraction: u128,
}

impl Ratio {
    /// −charged ÷ base, rounded half to even; none for a base of zero. A sum of 10^14 amounts of 18 digits has 32 digits, so that
    /// ten times a remainder still has room.
    const fn of(charged: i128, base: i128) -> Option<Self> {
        if base == 0 {
            return None;
        }
        let divisor = base.unsigned_abs();
        let whole = charged.unsigned_abs() / divisor;
        let mut rest = charged.unsigned_abs() % divisor;
        let mut fraction = 0;
        let mut place = 0;
        while place < RATE_PLACES {
            rest *= 10;
            fraction = fraction * 10 + rest / divisor;
            rest %= divisor;
            place += 1;
        }
        // Compared with the other half, because twice the remainder says no more.
        let above = rest > divisor - rest;
        let tie = rest == divisor - rest;
        if above || (tie && fraction % 2 == 1) {
            fraction += 1;
        }
        let one = 10_u128.pow(RATE_PLACES as u32);
        let (whole, fraction) = (whole + fraction / one, fraction % one);
        let zero = whole == 0 && fraction == 0;
        Some(Self { negative: !zero && (charged > 0) == (base > 0), whole, fraction })
    }
}

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.negative { "-" } else { "" };
        write!(f, "{sign}{}.{:0places$}", self.whole, self.fraction, places = RATE_PLACES)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Cases as a text table: charged, base, rate.
    #[test]
    fn effective_rates() {
        let table = "
            -290                 10000                0.029000
            -1                   3                    0.333333
            -2                   3                    0.666667
            290                  10000                -0.029000
            -290                 -10000               -0.029000
            290                  -10000               0.029000
            0                    10000                0.000000
            0                    -5                   0.000000
            -5                   0                    none
            0                    0                    none
            -15000               10000                1.500000
            -1                   2000000              0.000000
            -3                   2000000              0.000002
            -5                   2000000              0.000002
            -7                   2000000              0.000004
            -1                   1999999              0.000001
            1                    3000000              0.000000
            -1999999             2000000              1.000000
            -1999997             2000000              0.999998
            -99999999999999999999999999999999 99999999999999999999999999999998 1.000000
            -33333333333333333333333333333333 100000000000000000000000000000000 0.333333
        ";
        let mut cases = 0;
        for row in table.lines().map(str::trim).filter(|row| !row.is_empty()) {
            let [charged, base, expected] = row.split_whitespace().collect::<Vec<_>>()[..] else {
                panic!("row `{row}`");
            };
            let rate = Ratio::of(charged.parse().expect("a number"), base.parse().expect("a number"));
            assert_eq!(rate.map_or_else(|| "none".to_owned(), |rate| rate.to_string()), expected, "`{row}`");
            cases += 1;
        }
        assert_eq!(cases, 21);
    }
}
