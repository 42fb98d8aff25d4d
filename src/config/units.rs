//! Durations, sizes and thresholds, read strictly.

use std::time::Duration;

/// Reads a whole number and one of the units `ms`, `s`, `m`, `h`, without a space: `15m`.
pub fn parse_duration(text: &str) -> Option<Duration> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().ok()?;
    let millis_per_unit = match unit {
        "ms" => 1,
        "s" => 1000,
        "m" => 60 * 1000,
        "h" => 60 * 60 * 1000,
        _ => return None,
    };
    number.checked_mul(millis_per_unit).map(Duration::from_millis)
}

/// Reads a whole number of bytes with its unit: `MB` and `GB` of thousands, `MiB` and `GiB` of 1,024, with or without a space and the `B`.
pub fn parse_bytes(text: &str) -> Option<u64> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().ok()?;
    let unit = unit.strip_prefix(' ').unwrap_or(unit);
    let bytes_per_unit = match unit.strip_suffix('B').unwrap_or(unit) {
        "" if unit.is_empty() && digits == text.len() => 1,
        "M" => 1_000_000,
        "G" => 1_000_000_000,
        "Mi" => 1 << 20,
        "Gi" => 1 << 30,
        _ => return None,
    };
    number.checked_mul(bytes_per_unit)
}

/// Places that a threshold may have: no currency has more.
const PLACES: u8 = 4;

/// Digits before the point that a threshold may have: an amount has at most 18 digits in all.
const MAX_WHOLE_DIGITS: usize = 14;

/// An amount in major units of whatever currency it is compared with, such as a threshold. Never negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct MajorAmount {
    /// In units of 10^-[`PLACES`].
    scaled: u128,
}

impl MajorAmount {
    /// Reads `digits[.digits]` with at most four decimals.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
        let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if !all_digits(whole)
            || !all_digits(decimals)
            || whole.len() > MAX_WHOLE_DIGITS
            || decimals.len() > PLACES.into()
        {
            return None;
        }
        let digits = format!("{whole}{decimals:0<width$}", width = usize::from(PLACES));
        digits.parse().ok().map(|scaled| Self { scaled })
    }

    /// The amount in the smallest unit of a currency with this many places, rounded up: what reaches it reaches the threshold.
    #[must_use]
    pub fn in_minor(self, places: u8) -> u128 {
        if places >= PLACES {
            return self.scaled * 10u128.pow((places - PLACES).into());
        }
        self.scaled.div_ceil(10u128.pow((PLACES - places).into()))
    }

    /// The smallest amount above it, in the smallest unit of a currency with this many places.
    #[must_use]
    pub fn above_in_minor(self, places: u8) -> u128 {
        match places >= PLACES {
            true => self.in_minor(places) + 1,
            false => self.scaled / 10u128.pow((PLACES - places).into()) + 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_strictly() {
        for (text, millis) in [("0s", 0), ("250ms", 250), ("10s", 10_000), ("15m", 900_000), ("24h", 86_400_000)] {
            assert_eq!(parse_duration(text), Some(Duration::from_millis(millis)), "`{text}`");
        }
        for text in [
            "",
            "15",
            "m",
            "15 m",
            "1.5h",
            "-1s",
            "+1s",
            "15M",
            "1d",
            "15min",
            "99999999999999999999s",
            "18446744073709551615h",
        ] {
            assert_eq!(parse_duration(text), None, "`{text}`");
        }
    }

    #[test]
    fn sizes_are_read_strictly() {
        for (text, bytes) in [
            ("134217728", 134_217_728),
            ("512MB", 512_000_000),
            ("512 MB", 512_000_000),
            ("2G", 2_000_000_000),
            ("512Mi", 512 << 20),
            ("512 MiB", 512 << 20),
            ("1GiB", 1 << 30),
        ] {
            assert_eq!(parse_bytes(text), Some(bytes), "`{text}`");
        }
        for text in
            ["", "MB", "512B", "512 ", "512  MB", "512mb", "1.5GB", "-1MB", "+1MB", "512 KB", "99999999999999GiB"]
        {
            assert_eq!(parse_bytes(text), None, "`{text}`");
        }
    }

    #[test]
    fn thresholds_follow_the_currency() {
        let minor = |text, places| MajorAmount::parse(text).map(|amount| amount.in_minor(places));
        assert_eq!(minor("1000.00", 2), Some(100_000));
        assert_eq!(minor("1000.00", 0), Some(1000));
        assert_eq!(minor("1000", 3), Some(1_000_000));
        assert_eq!(minor("0.5", 0), Some(1));
        assert_eq!(minor("0.005", 2), Some(1));
        assert_eq!(minor("1", 6), Some(1_000_000));
        let above = |text, places| MajorAmount::parse(text).map(|amount| amount.above_in_minor(places));
        assert_eq!(above("1000.00", 2), Some(100_001));
        assert_eq!(above("1000.00", 0), Some(1001));
        assert_eq!(above("0.005", 2), Some(1));
        assert_eq!(above("1", 6), Some(1_000_001));
        for text in ["", "-1", "+1", "1,000", "1.", ".5", "1e3", "0.00001", "123456789012345", "1.2.3"] {
            assert_eq!(MajorAmount::parse(text), None, "`{text}`");
        }
    }
}
