//! Exact decimals for checking, kept in millionths.

const PLACES: usize = 6;

/// `text` in millionths; `None` unless it is a plain decimal number with at most six places.
pub(super) fn micros(text: &str) -> Option<i128> {
    let (negative, digits) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let plain = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let dangling = digits.ends_with('.');
    if whole.is_empty() || dangling || fraction.len() > PLACES || !plain(whole) || !plain(fraction) {
        return None;
    }
    let value: i128 = format!("{whole}{fraction:0<PLACES$}").parse().ok()?;
    Some(if negative { -value } else { value })
}

/// How many decimals `text` shows.
pub(super) fn places(text: &str) -> usize {
    text.split_once('.').map_or(0, |(_, fraction)| fraction.len())
}

/// Millionths as a decimal without needless zeros, but with two places at least if it has any.
pub(super) fn text(micros: i128) -> String {
    let unit = 1_000_000;
    let sign = if micros < 0 { "-" } else { "" };
    let (whole, rest) = (micros.unsigned_abs() / unit, micros.unsigned_abs() % unit);
    if rest == 0 {
        return format!("{sign}{whole}");
    }
    let fraction = format!("{rest:06}");
    let short = fraction.trim_end_matches('0');
    format!("{sign}{whole}.{short:0<2}")
}

#[cfg(test)]
mod tests {
    use super::{micros, text};

    #[test]
    fn only_plain_decimals_are_numbers() {
        let numbers = ["0", "-0.05", "12.345", "7"].map(micros);
        assert_eq!(numbers, [Some(0), Some(-50_000), Some(12_345_000), Some(7_000_000)]);
        for wrong in ["", "-", "1.", ".5", "1,000", "1e3", "+1", "0.1234567", "--1"] {
            assert_eq!(micros(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn sums_are_written_without_needless_zeros() {
        assert_eq!([0, -50_000, 12_345_000, 7_500_000].map(text), ["0", "-0.05", "12.345", "7.50"]);
    }
}
