//! Currencies, amounts in smallest units, exact fractions and rounding: 128-bit integers throughout.

use std::cmp::Ordering;
use std::fmt;

/// Currencies without decimals (`antom.md`, 6.5, and ISO 4217).
const WITHOUT_PLACES: &str = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF";
/// Currencies with three decimals (ISO 4217).
const THREE_PLACES: &str = "BHD IQD JOD KWD LYD OMR TND";

/// The longest amount that is read, in digits of the smallest unit; Antom's columns have 16 characters.
const MAX_DIGITS: usize = 18;

/// A currency by its code.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

impl Currency {
    /// The currency of three capital letters.
    pub fn parse(text: &str) -> Option<Self> {
        let code: [u8; 3] = text.as_bytes().try_into().ok()?;
        code.iter().all(u8::is_ascii_uppercase).then_some(Self(code))
    }

    /// The code.
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).expect("capital letters")
    }

    /// Decimal places between the smallest and the major unit.
    pub fn places(self) -> u32 {
        let is_in = |list: &str| list.split(' ').any(|code| code == self.code());
        if is_in(WITHOUT_PLACES) {
            0
        } else if is_in(THREE_PLACES) {
            3
        } else {
            2
        }
    }

    /// `minor` smallest units as a decimal in major units with the currency's own places.
    pub fn major(self, minor: i128) -> String {
        decimal(minor, self.places())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.code())
    }
}

/// `value / 10^places` with exactly that many decimals.
pub fn decimal(value: i128, places: u32) -> String {
    let sign = if value < 0 { "-" } else { "" };
    if places == 0 {
        return value.to_string();
    }
    let unit = 10_u128.pow(places);
    let width = usize::try_from(places).expect("a handful of places");
    format!("{sign}{}.{:0width$}", value.unsigned_abs() / unit, value.unsigned_abs() % unit)
}

/// Reads an amount into smallest units; `None` if it is not one of this currency.
pub fn amount(text: &str, currency: Currency, minor_units: bool) -> Option<i128> {
    let (digits, scale) = digits(text)?;
    let places = if minor_units { 0 } else { currency.places() };
    let missing = places.checked_sub(scale)?;
    let whole = format!("{digits}{}", "0".repeat(usize::try_from(missing).ok()?));
    let significant = whole.trim_start_matches('-').trim_start_matches('0').len();
    if significant > MAX_DIGITS || (minor_units && text.contains('.')) {
        return None;
    }
    whole.parse().ok()
}

/// The digits of a plain decimal with its sign, and how many of them are decimals.
fn digits(text: &str) -> Option<(String, u32)> {
    let (sign, rest) = match text.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, fraction) = rest.split_once('.').unwrap_or((rest, ""));
    let plain = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || rest.ends_with('.') || !plain(whole) || !plain(fraction) {
        return None;
    }
    Some((format!("{sign}{whole}{fraction}"), u32::try_from(fraction.len()).ok()?))
}

/// How a fraction becomes a whole number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Rounding {
    /// To the nearest; halves to the even neighbour.
    #[default]
    HalfEven,
    /// To the nearest; halves away from zero.
    HalfUp,
    /// Away from zero.
    Up,
    /// Towards zero.
    Down,
}

/// An exact fraction in lowest terms, its denominator positive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fraction {
    numerator: i128,
    denominator: i128,
}

impl Fraction {
    /// `numerator / denominator`; the denominator must not be zero.
    pub fn new(numerator: i128, denominator: i128) -> Self {
        let shared = common_divisor(numerator.unsigned_abs(), denominator.unsigned_abs());
        let shared = i128::try_from(shared).expect("below 2^127") * denominator.signum();
        Self { numerator: numerator / shared, denominator: denominator / shared }
    }

    /// Reads a plain decimal.
    pub fn parse(text: &str) -> Option<Self> {
        let (digits, scale) = digits(text)?;
        Some(Self::new(digits.parse().ok()?, 10_i128.checked_pow(scale)?))
    }

    /// Whether it is not above zero.
    pub fn is_not_positive(self) -> bool {
        self.numerator <= 0
    }

    /// The product.
    pub fn times(self, other: Self) -> Self {
        // Crosswise first, so that the products stay as small as they can be.
        let (left, right) =
            (Self::new(self.numerator, other.denominator), Self::new(other.numerator, self.denominator));
        Self {
            numerator: checked(left.numerator.checked_mul(right.numerator)),
            denominator: checked(left.denominator.checked_mul(right.denominator)),
        }
    }

    /// The quotient; `other` must not be zero.
    pub fn divided_by(self, other: Self) -> Self {
        self.times(Self::new(other.denominator, other.numerator))
    }

    /// The sum.
    pub fn plus(self, other: Self) -> Self {
        let left = checked(self.numerator.checked_mul(other.denominator));
        let right = checked(other.numerator.checked_mul(self.denominator));
        Self::new(checked(left.checked_add(right)), checked(self.denominator.checked_mul(other.denominator)))
    }

    /// The nearest whole number.
    pub fn rounded(self, rounding: Rounding) -> i128 {
        let (quotient, rest) = (self.numerator / self.denominator, self.numerator % self.denominator);
        let half = (rest.abs() * 2).cmp(&self.denominator);
        let away = match rounding {
            Rounding::HalfEven => half == Ordering::Greater || (half == Ordering::Equal && quotient % 2 != 0),
            Rounding::HalfUp => half != Ordering::Less,
            Rounding::Up => rest != 0,
            Rounding::Down => false,
        };
        quotient + if away { self.numerator.signum() } else { 0 }
    }
}

impl PartialOrd for Fraction {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Fraction {
    fn cmp(&self, other: &Self) -> Ordering {
        let left = checked(self.numerator.checked_mul(other.denominator));
        left.cmp(&checked(other.numerator.checked_mul(self.denominator)))
    }
}

fn checked(value: Option<i128>) -> i128 {
    value.expect("amounts of 18 digits times prices and rates of 12 stay below 2^127")
}

fn common_divisor(left: u128, right: u128) -> u128 {
    if right == 0 { left } else { common_divisor(right, left % right) }
}

/// `minor` of `from` in the currency `to` at a price of `right` per `left`, rounded half to even; `None` if the pair is not of
/// these currencies or the price is not above zero (`antom.md`, 3.1: the left multiplies, the right divides).
pub fn convert(minor: i128, from: Currency, to: Currency, pair: (Currency, Currency), price: Fraction) -> Option<i128> {
    if price.is_not_positive() || from == to {
        return None;
    }
    let amount = Fraction::new(minor, 10_i128.pow(from.places()));
    let major = if pair == (from, to) {
        amount.times(price)
    } else if pair == (to, from) {
        amount.divided_by(price)
    } else {
        return None;
    };
    Some(major.times(Fraction::new(10_i128.pow(to.places()), 1)).rounded(Rounding::HalfEven))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on must stop")]
    use super::*;

    fn currency(code: &str) -> Currency {
        Currency::parse(code).unwrap()
    }

    #[test]
    fn amounts_have_the_places_of_their_currency() {
        let table = "
            12.5                 USD 1250
            -0.05                USD -5
            +7                   USD 700
            18000                JPY 18000
            1.005                KWD 1005
            9999999999999.99     USD 999999999999999
            9999999999999999     USD 999999999999999900
            000000000000000000.1 USD 10
            1.5                  JPY -
            1.005                USD -
            1.                   USD -
            .5                   USD -
            1,000                USD -
            1e3                  USD -
            99999999999999999    USD -
        ";
        for line in table.lines().filter(|line| !line.trim().is_empty()) {
            let cells: Vec<&str> = line.split_whitespace().collect();
            let read = amount(cells[0], currency(cells[1]), false);
            assert_eq!(read.map_or("-".to_owned(), |minor| minor.to_string()), cells[2], "{line}");
        }
        assert_eq!(amount("1450", currency("USD"), true), Some(1450));
        assert_eq!(amount("14.50", currency("USD"), true), None);
        assert_eq!(["USD", "JPY", "KWD"].map(|code| currency(code).major(-1005)), ["-10.05", "-1005", "-1.005"]);
    }

    #[test]
    fn fractions_round_as_told_on_both_sides_of_zero() {
        let rounded = |rounding| [5, 15, -15, 11, -11, 20].map(|tenths| Fraction::new(tenths, 10).rounded(rounding));
        assert_eq!(rounded(Rounding::HalfEven), [0, 2, -2, 1, -1, 2]);
        assert_eq!(rounded(Rounding::HalfUp), [1, 2, -2, 1, -1, 2]);
        assert_eq!(rounded(Rounding::Up), [1, 2, -2, 2, -2, 2]);
        assert_eq!(rounded(Rounding::Down), [0, 1, -1, 1, -1, 2]);
    }

    #[test]
    fn the_left_of_a_pair_multiplies_and_the_right_divides() {
        let (usd, krw, kwd) = (currency("USD"), currency("KRW"), currency("KWD"));
        let price = Fraction::parse("1187.25").unwrap();
        assert_eq!(convert(118_725, krw, usd, (usd, krw), price), Some(10_000));
        assert_eq!(convert(10_000, usd, krw, (usd, krw), price), Some(118_725));
        assert_eq!(convert(1, usd, kwd, (usd, krw), price), None);
        assert_eq!(convert(1, usd, krw, (usd, krw), Fraction::parse("0.000").unwrap()), None);
        let largest =
            convert(999_999_999_999_999_999, kwd, usd, (kwd, usd), Fraction::parse("3.256478912345").unwrap());
        assert_eq!(largest, Some(325_647_891_234_500_000));
    }
}
