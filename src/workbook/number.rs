//! Numbers of a workbook as decimal digits. No number is ever converted to binary.
//!
//! A workbook keeps a number in binary and writes up to 17 digits of it, of which 15 are right: `1234.56` may come as
//! `1234.5599999999999`. So a longer text is rounded to 15 digits. What had more digits than that when it was put in has lost
//! them, and is never passed off as a number.

use std::cmp::Ordering;

/// The digits that a workbook keeps of any number.
const KEPT_DIGITS: usize = 15;

/// The digits that programs write, which tell every binary number from its neighbours.
const WRITTEN_DIGITS: usize = 17;

/// Digits before the decimal point from which on rounding to 15 digits could change an amount: below it, at least four decimals
/// are kept, as many as any currency has.
const LARGE_POINT: i32 = 12;

/// The largest power of ten that a number of a workbook has.
const MAX_EXPONENT: i32 = 308;

/// A number as it is written, in digits: `0.d₁d₂d₃… × 10^point`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Decimal {
    is_negative: bool,
    /// Values 0 to 9; the first and the last are not zero. None for zero.
    digits: Vec<u8>,
    /// Where the decimal point is, counted from before the first digit.
    point: i32,
}

/// What a cell's number is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Exactness {
    /// As it was put in.
    Exact(Decimal),
    /// With more digits than the workbook could keep: this many.
    Lost(u32),
}

impl Decimal {
    /// Reads `-12.5E-3`; none if the text is no number.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (is_negative, text) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
            None => (text, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let has_digits = !whole.is_empty() || !fraction.is_empty();
        let all = || whole.bytes().chain(fraction.bytes());
        if !has_digits || !all().all(|byte| byte.is_ascii_digit()) || exponent.abs() > MAX_EXPONENT {
            return None;
        }
        let digits = all().map(|byte| byte - b'0').collect();
        let point = i32::try_from(whole.len()).ok()?.checked_add(exponent)?;
        Some(Self { is_negative, digits, point }.trimmed())
    }

    /// Takes zeros off both ends.
    fn trimmed(mut self) -> Self {
        let zeros = self.digits.iter().take_while(|digit| **digit == 0).count();
        self.digits.drain(..zeros);
        self.point -= i32::try_from(zeros).unwrap_or(i32::MAX);
        while self.digits.last() == Some(&0) {
            self.digits.pop();
        }
        if self.digits.is_empty() {
            (self.is_negative, self.point) = (false, 0);
        }
        self
    }

    /// The number that was put into the workbook, if it has kept it.
    pub(super) fn exactness(&self) -> Exactness {
        let count = self.digits.len();
        let rounded = if count <= KEPT_DIGITS { self.clone() } else { self.rounded(KEPT_DIGITS) };
        if let Some(lost) = usize::try_from(rounded.point).ok().filter(|whole| *whole > KEPT_DIGITS) {
            return Exactness::Lost(u32::try_from(lost).unwrap_or(u32::MAX));
        }
        if count > KEPT_DIGITS && rounded.point >= LARGE_POINT && !self.may_be_written_for(&rounded) {
            return Exactness::Lost(u32::try_from(count).unwrap_or(u32::MAX));
        }
        Exactness::Exact(rounded)
    }

    /// The nearest number of at most so many digits; halves go away from zero.
    fn rounded(&self, places: usize) -> Self {
        let mut kept = self.clone();
        kept.digits.truncate(places);
        if self.digits.get(places).is_some_and(|digit| *digit >= 5) {
            let mut at = kept.digits.len();
            loop {
                if at == 0 {
                    kept.digits.insert(0, 1);
                    kept.point += 1;
                    break;
                }
                at -= 1;
                if kept.digits[at] < 9 {
                    kept.digits[at] += 1;
                    break;
                }
                kept.digits[at] = 0;
            }
        }
        kept.trimmed()
    }

    /// Whether a program may write this for the number `short`: their difference is at most what conversion to binary (half of
    /// 2⁻⁵² of the number) and writing 17 digits of it make.
    fn may_be_written_for(&self, short: &Self) -> bool {
        let (long, short) = (self.integer(self.point), short.integer(self.point));
        let tolerance = long / (1 << 53) + 2;
        long.abs_diff(short) <= tolerance
    }

    /// The first 17 digits as an integer, aligned to a decimal point; for numbers as large as those this is asked of.
    fn integer(&self, point: i32) -> u64 {
        let shift = usize::try_from(self.point - point).unwrap_or(0);
        let digits = self.digits.iter().copied().chain(std::iter::repeat(0));
        digits.take(WRITTEN_DIGITS + shift).fold(0, |sum, digit| sum * 10 + u64::from(digit))
    }

    /// The text, without an exponent and without zeros at the end of a fraction.
    pub(super) fn write(&self, out: &mut String) {
        if self.is_negative {
            out.push('-');
        }
        let whole = usize::try_from(self.point).unwrap_or(0);
        let zeros = usize::try_from(-self.point).unwrap_or(0);
        let digit = |at: usize| char::from(b'0' + self.digits.get(at).copied().unwrap_or(0));
        if whole == 0 {
            out.push('0');
        }
        out.extend((0..whole).map(digit));
        if self.digits.len() > whole {
            out.push('.');
            out.extend(std::iter::repeat_n('0', zeros));
            out.extend((whole..self.digits.len()).map(digit));
        }
    }

    /// Days and seconds of a date's serial number, rounded to the second; none for a negative number or one that is no date.
    pub(super) fn days_and_seconds(&self) -> Option<(u32, u32)> {
        if self.is_negative || self.point > 7 {
            return None;
        }
        let whole = usize::try_from(self.point).unwrap_or(0);
        let zeros = usize::try_from(-self.point).unwrap_or(0);
        let digit = |at: usize| self.digits.get(at).copied().unwrap_or(0);
        let days = (0..whole).fold(0, |days, at| days * 10 + u32::from(digit(at)));
        let fraction = std::iter::repeat_n(0, zeros).chain((whole..).map(digit)).take(WRITTEN_DIGITS);
        let fraction = fraction.fold(0, |sum, digit| sum * 10 + u128::from(digit));
        let unit = 10_u128.pow(WRITTEN_DIGITS as u32);
        let seconds = u32::try_from((fraction * u128::from(DAY_SECONDS) + unit / 2) / unit).ok()?;
        match seconds.cmp(&DAY_SECONDS) {
            Ordering::Less => Some((days, seconds)),
            _ => Some((days + 1, 0)),
        }
    }
}

/// Seconds of a day.
const DAY_SECONDS: u32 = 86_400;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        match Decimal::parse(text).map(|number| number.exactness()) {
            None => "no number".into(),
            Some(Exactness::Lost(digits)) => format!("lost {digits}"),
            Some(Exactness::Exact(number)) => {
                let mut out = String::new();
                number.write(&mut out);
                out
            }
        }
    }

    #[test]
    fn numbers_are_read_as_they_were_put_in() {
        let table = "
            0                        0
            -0.00                    0
            007                      7
            +5                       5
            .5                       0.5
            5.                       5
            -12.50                   -12.5
            100                      100
            0.001                    0.001
            1.5E3                    1500
            1.5e+3                   1500
            2.5E-2                   0.025
            -1.25E-7                 -0.000000125
            1E+2                     100
            1234.5599999999999       1234.56
            -1234.5599999999999      -1234.56
            1234.5600000000002       1234.56
            0.30000000000000004      0.3
            9.9499999999999993       9.95
            99999999.999999999       100000000
            1234.5600000000013       1234.56
            0.14084507042253522      0.140845070422535
            123456789012345          123456789012345
            9999999999999.99         9999999999999.99
            1234567890123.4501       1234567890123.45
            12345678901234.561       lost_17
            1.234567890123456E13     lost_16
            999999999999999.96       lost_16
            1234567890123456         lost_16
            1000000000000000         lost_16
            2.02210240012345E+19     lost_20
            2022102400123456789012   lost_22
            999999999999999.9999     lost_16
            1E-400                   no_number
            1E400                    no_number
            1E                       no_number
            1,234                    no_number
            12a                      no_number
            -                        no_number
            .                        no_number
            NaN                      no_number
        ";
        for line in table.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let (text, expected) = line.split_once(char::is_whitespace).unwrap();
            assert_eq!(shown(text), expected.trim().replace('_', " "), "`{text}`");
        }
        assert_eq!(shown(""), "no number");
    }

    #[test]
    fn what_seventeen_digits_are_written_for_is_found_again() {
        // Amounts of 15 digits as a program writes them that prints 17 digits of the binary number. Here that number is found by
        // integers: at this size, where its error is largest, binary numbers are 2⁻⁹ apart.
        let mut changed = 0;
        for cents in (900_000_000_000_000_u64..).step_by(7_919).take(20_000) {
            let binary = (u128::from(cents) * 512 + 50) / 100;
            let printed = (binary * 10_000 + 256) / 512;
            let written = format!("{}.{:04}", printed / 10_000, printed % 10_000);
            let put_in = format!("{}.{:02}", cents / 100, cents % 100);
            let short = |text: &str| text.trim_end_matches('0').trim_end_matches('.').to_owned();
            changed += u32::from(short(&written) != short(&put_in));
            assert_eq!(shown(&written), short(&put_in), "`{written}`");
        }
        assert!(changed > 10_000, "only {changed} were written otherwise than they were put in");
    }

    #[test]
    fn serials_have_days_and_seconds() {
        for (text, expected) in [
            ("44927", Some((44_927, 0))),
            ("44927.5", Some((44_927, 43_200))),
            ("44927.999999", Some((44_928, 0))),
            ("44927.524305555555", Some((44_927, 45_300))),
            ("0.25", Some((0, 21_600))),
            ("1.1574074074074073E-5", Some((0, 1))),
            ("0", Some((0, 0))),
            ("-1", None),
            ("1E9", None),
        ] {
            assert_eq!(Decimal::parse(text).unwrap().days_and_seconds(), expected, "`{text}`");
        }
    }
}
