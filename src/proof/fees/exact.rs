//! Exact division of products that may be wider than 128 bits, with one rounding at the end.

/// How a fraction of a smallest unit is rounded; of a negative amount, its magnitude is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Rounding {
    /// To the nearest; of two equally near ones, to the even.
    #[default]
    HalfEven,
    /// To the nearest; of two equally near ones, away from zero.
    HalfUp,
    /// Away from zero.
    Up,
    /// Towards zero.
    Down,
}

impl Rounding {
    /// The words of a schedule.
    pub const WORDS: [(&'static str, Self); 4] =
        [("half_even", Self::HalfEven), ("half_up", Self::HalfUp), ("up", Self::Up), ("down", Self::Down)];

    /// The rounding of a word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::WORDS.iter().find(|(known, _)| *known == word).map(|(_, rounding)| *rounding)
    }

    /// Whether a magnitude is rounded up, given the remainder of its division.
    const fn goes_up(self, quotient: u128, remainder: u128, divisor: u128) -> bool {
        // The remainder is compared with what it lacks to the divisor, because its double may not fit.
        let lack = divisor - remainder;
        match self {
            Self::HalfEven => remainder > lack || (remainder == lack && quotient % 2 == 1),
            Self::HalfUp => remainder >= lack,
            Self::Up => remainder > 0,
            Self::Down => false,
        }
    }
}

/// `a` × `b` ÷ `divisor`, rounded; none if the divisor is zero or the result has more than 128 bits.
fn mul_div(a: u128, b: u128, divisor: u128, rounding: Rounding) -> Option<u128> {
    let (high, low) = wide_product(a, b);
    let (quotient, remainder) = wide_quotient(high, low, divisor)?;
    if rounding.goes_up(quotient, remainder, divisor) { quotient.checked_add(1) } else { Some(quotient) }
}

/// The same of signed numbers over a positive divisor: the magnitude is rounded.
pub(in crate::proof) fn signed_mul_div(a: i128, b: u128, divisor: u128, rounding: Rounding) -> Option<i128> {
    let magnitude = i128::try_from(mul_div(a.unsigned_abs(), b, divisor, rounding)?).ok()?;
    Some(if a < 0 { -magnitude } else { magnitude })
}

/// Ten to the power of `exponent`, if it fits.
pub(in crate::proof) const fn power_of_ten(exponent: u32) -> Option<u128> {
    10_u128.checked_pow(exponent)
}

/// The 256-bit product, its upper and its lower half.
const fn wide_product(a: u128, b: u128) -> (u128, u128) {
    const HALF: u128 = u64::MAX as u128;
    let (a_high, a_low, b_high, b_low) = (a >> 64, a & HALF, b >> 64, b & HALF);
    let low = a_low * b_low;
    let (first, second) = (a_high * b_low, a_low * b_high);
    // Three numbers below 2^64 fit easily.
    let middle = (low >> 64) + (first & HALF) + (second & HALF);
    let high = a_high * b_high + (first >> 64) + (second >> 64) + (middle >> 64);
    (high, (middle << 64) | (low & HALF))
}

/// Quotient and remainder of a 256-bit number; none if the quotient has more than 128 bits.
const fn wide_quotient(high: u128, low: u128, divisor: u128) -> Option<(u128, u128)> {
    if high >= divisor {
        return None;
    }
    if high == 0 {
        return Some((low / divisor, low % divisor));
    }
    let (mut quotient, mut remainder) = (0, high);
    let mut bit = 128;
    while bit > 0 {
        bit -= 1;
        let carry = remainder >> 127 == 1;
        remainder = (remainder << 1) | ((low >> bit) & 1);
        if carry || remainder >= divisor {
            // With a carry the true remainder is 2^128 larger, and the subtraction brings it back below 2^128.
            remainder = remainder.wrapping_sub(divisor);
            quotient |= 1 << bit;
        }
    }
    Some((quotient, remainder))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_rounding_at_every_kind_of_fraction() {
        // Tenths, and what each rounding makes of them.
        let table = "
            tenths half_even half_up up down
            20     2         2       2  2
            21     2         2       3  2
            25     2         3       3  2
            26     3         3       3  2
            35     4         4       4  3
            -21    -2        -2      -3 -2
            -25    -2        -3      -3 -2
            -35    -4        -4      -4 -3
        ";
        let mut rows = table.lines().map(str::trim).filter(|row| !row.is_empty());
        let words: Vec<&str> = rows.next().expect("a head").split_whitespace().skip(1).collect();
        for row in rows {
            let numbers: Vec<i128> = row.split_whitespace().map(|cell| cell.parse().expect("a number")).collect();
            for (word, expected) in words.iter().zip(&numbers[1..]) {
                let rounding = Rounding::parse(word).expect("a rounding");
                assert_eq!(signed_mul_div(numbers[0], 1, 10, rounding), Some(*expected), "`{row}` {word}");
            }
        }
    }

    #[test]
    fn beyond_128_bits() {
        let eighteen = 999_999_999_999_999_999_u128;
        let power = |exponent| power_of_ten(exponent).expect("a power that fits");
        // (10^18 - 1)^2 × 10^4 has 40 digits.
        let product = mul_div(eighteen * eighteen, power(4), power(22), Rounding::Down);
        assert_eq!(product, Some(999_999_999_999_999_998));
        assert_eq!(mul_div(u128::MAX, u128::MAX, u128::MAX, Rounding::HalfEven), Some(u128::MAX));
        assert_eq!(mul_div(u128::MAX, u128::MAX, u128::MAX - 1, Rounding::HalfEven), None);
        assert_eq!(mul_div(u128::MAX, 3, 4, Rounding::Up), Some((u128::MAX >> 2) * 3 + 3));
        assert_eq!(mul_div(1, 1, 0, Rounding::Up), None);
        assert_eq!(power_of_ten(39), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        /// What a division gives, multiplied back, is the number that was divided.
        #[test]
        fn quotients_multiply_back(a in any::<u128>(), b in any::<u128>(), divisor in 1_u128..) {
            let (high, low) = wide_product(a, b);
            if let Some((quotient, remainder)) = wide_quotient(high, low, divisor) {
                prop_assert!(remainder < divisor);
                let (back_high, back_low) = wide_product(quotient, divisor);
                let (sum, carry) = back_low.overflowing_add(remainder);
                prop_assert_eq!((back_high + u128::from(carry), sum), (high, low));
            } else {
                prop_assert!(high >= divisor);
            }
        }
    }
}
