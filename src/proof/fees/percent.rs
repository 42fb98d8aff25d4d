//! A percentage as an exact decimal.

use std::fmt;

use super::exact::power_of_ten;

/// Decimals that a percentage may have: a millionth of a basis point has eight, and products with 18-digit amounts still fit.
const MAX_DECIMALS: usize = 12;

/// A percentage, exactly as written; at most 100 in magnitude.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Percent {
    /// The digits as a number.
    digits: i64,
    /// How many of them are decimals.
    decimals: u8,
}

impl Percent {
    /// Reads `[-]digits[.digits]` with at most twelve decimals.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (negative, rest) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (whole, decimals) = rest.split_once('.').unwrap_or((rest, ""));
        let only_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        let pointed = rest.len() > whole.len();
        if whole.is_empty() || whole.len() > 3 || !only_digits(whole) || !only_digits(decimals) {
            return None;
        }
        if decimals.len() > MAX_DECIMALS || (pointed && decimals.is_empty()) {
            return None;
        }
        let digits: i64 = format!("{whole}{decimals}").parse().ok()?;
        let decimals = u8::try_from(decimals.len()).ok()?;
        let percent = Self { digits: if negative { -digits } else { digits }, decimals };
        let hundred = 100 * power_of_ten(decimals.into())?;
        (u128::from(digits.unsigned_abs()) <= hundred).then_some(percent)
    }

    /// The digits as a number.
    pub(super) fn digits(self) -> i128 {
        self.digits.into()
    }

    /// What the digits are divided by to give the fraction of a whole: the decimals, and the hundred of the percentage.
    pub(super) fn divisor(self) -> i128 {
        10_i128.pow(u32::from(self.decimals) + 2)
    }

    /// Whether it takes no part of anything.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.digits == 0
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.digits < 0 { "-" } else { "" };
        let digits = format!("{:0width$}", self.digits.unsigned_abs(), width = usize::from(self.decimals) + 1);
        let (whole, decimals) = digits.split_at(digits.len() - usize::from(self.decimals));
        let point = if decimals.is_empty() { "" } else { "." };
        f.pad(&format!("{sign}{whole}{point}{decimals}"))
    }
}

impl fmt::Debug for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}%")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_are_read_strictly_and_written_as_read() {
        for text in ["0", "2.90", "0.000000000001", "100", "100.00", "-1.5", "-0.05", "99.999999999999"] {
            assert_eq!(Percent::parse(text).map(|percent| percent.to_string()).as_deref(), Some(text));
        }
        for text in
            ["", "-", "+1", ".5", "1.", "1e2", "1,5", "2.9%", "100.01", "1000", "0.0000000000001", "1.2.3", "- 1"]
        {
            assert_eq!(Percent::parse(text), None, "`{text}`");
        }
    }
}
