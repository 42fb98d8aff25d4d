//! Decimals as numeric cells, in integers throughout.

use super::Numbers;

/// Significant digits with which Excel saves a number.
const DIGITS: usize = 17;

/// Bits of the mantissa of a double.
const MANTISSA_BITS: u32 = 53;

/// Whether `text` is digits with at most one decimal point between them and at most one sign before them.
pub(super) fn is_plain(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    [whole, fraction].iter().all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
}

/// A plain decimal as it stands in a numeric cell. What is too long to be computed with stays as it stands.
pub(super) fn written(text: &str, numbers: Numbers) -> String {
    let (sign, digits) = text.strip_prefix('-').map_or(("", text), |rest| ("-", rest));
    let changed = match numbers {
        Numbers::AsWritten => None,
        Numbers::SeventeenDigits => nearest_double(digits).map(|(digits, point)| with_point(&digits, point)),
        Numbers::Exponent => exponent(digits),
    };
    changed.map_or_else(|| text.to_owned(), |changed| format!("{sign}{changed}"))
}

/// The significant digits of a decimal and the number of places that they are shifted to the right of the point.
fn parts(digits: &str) -> Option<(u128, u32)> {
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let value = format!("{whole}{fraction}").parse().ok()?;
    Some((value, u32::try_from(fraction.len()).ok()?))
}

/// The nearest double of a decimal, as its first 17 significant digits, and where the point stands among them.
fn nearest_double(digits: &str) -> Option<(String, i32)> {
    let (value, places) = parts(digits)?;
    let unit = 10_u128.checked_pow(places)?;
    if value == 0 {
        return None;
    }
    let limit = unit.checked_mul(1 << MANTISSA_BITS)?;
    let (mut scaled, mut shift) = (value, 0_u32);
    while scaled.checked_mul(2)? < limit {
        scaled *= 2;
        shift += 1;
    }
    if scaled >= limit {
        return None;
    }
    let mantissa = round(scaled, unit);
    // mantissa / 2^shift is the double; as many powers of ten as make it 17 digits.
    let mut point = 0_i32;
    let mut shown = mantissa;
    let least = 10_u128.pow(16).checked_mul(1_u128.checked_shl(shift)?)?;
    while shown < least {
        shown = shown.checked_mul(10)?;
        point += 1;
    }
    let text = round(shown, 1_u128.checked_shl(shift)?).to_string();
    let point = i32::try_from(text.len()).ok()? - point;
    Some((text, point))
}

/// A quotient rounded half to even.
fn round(numerator: u128, denominator: u128) -> u128 {
    let (quotient, rest) = (numerator / denominator, numerator % denominator);
    let up = match (rest * 2).cmp(&denominator) {
        std::cmp::Ordering::Less => false,
        std::cmp::Ordering::Greater => true,
        std::cmp::Ordering::Equal => quotient % 2 == 1,
    };
    quotient + u128::from(up)
}

/// Digits with a decimal point after the first `point` of them, and without needless zeros.
fn with_point(digits: &str, point: i32) -> String {
    let significant = &digits[..digits.len().min(DIGITS)];
    let text = match usize::try_from(point) {
        Ok(0) | Err(_) => format!("0.{}{significant}", "0".repeat(usize::try_from(-point).unwrap_or(0))),
        Ok(whole) if whole >= significant.len() => return format!("{significant:0<whole$}"),
        Ok(whole) => format!("{}.{}", &significant[..whole], &significant[whole..]),
    };
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// `1234.56` as `1.23456E+3`.
fn exponent(digits: &str) -> Option<String> {
    let (value, places) = parts(digits)?;
    if value == 0 {
        return Some("0E+0".to_owned());
    }
    let all = value.to_string();
    let power = i32::try_from(all.len()).ok()? - 1 - i32::try_from(places).ok()?;
    let (first, rest) = all.split_at(1);
    let rest = rest.trim_end_matches('0');
    let point = if rest.is_empty() { "" } else { "." };
    Some(format!("{first}{point}{rest}E{power:+}"))
}

#[cfg(test)]
mod tests {
    use super::super::Numbers::{AsWritten, Exponent, SeventeenDigits};
    use super::{is_plain, written};

    #[test]
    fn only_plain_decimals_are_numbers() {
        for text in ["0", "-1", "12.50", "007", "99999999999999999999"] {
            assert!(is_plain(text), "{text}");
        }
        for text in ["", "-", ".5", "1.", "1,000", "1e3", "+1", "<END>", "None", "2026-11-18"] {
            assert!(!is_plain(text), "{text}");
        }
    }

    #[test]
    fn numbers_are_written_as_programs_write_them() {
        // Columns: the text, with 17 digits as Excel saves the nearest double, with an exponent.
        let table = "
            1234.56             1234.5599999999999   1.23456E+3
            -1234.56            -1234.5599999999999  -1.23456E+3
            0.1                 0.10000000000000001  1E-1
            0.05                0.050000000000000003 5E-2
            7.00                7                    7E+0
            18000               18000                1.8E+4
            1.005               1.0049999999999999   1.005E+0
            0.30                0.29999999999999999  3E-1
            1.11                1.1100000000000001   1.11E+0
            1000000             1000000              1E+6
            9007199254740991    9007199254740991     9.007199254740991E+15
            90071992547409.91   90071992547409.906   9.007199254740991E+13
            0                   0                    0E+0
            0.00                0.00                 0E+0
        ";
        for line in table.lines().filter(|line| !line.trim().is_empty()) {
            let cells: Vec<&str> = line.split_whitespace().collect();
            assert_eq!(written(cells[0], AsWritten), cells[0]);
            assert_eq!(written(cells[0], SeventeenDigits), cells[1], "{line}");
            assert_eq!(written(cells[0], Exponent), cells[2], "{line}");
        }
    }
}
