//! Times as Antom writes them.

use chrono::{DateTime, FixedOffset};

/// Reads an instant with its offset. The documented form is ISO 8601 (`2019-05-28T12:12:14+08:00`);
/// the offset without its colon is ISO 8601 as well, and milliseconds since 1970 are what request
/// times have been since June 2023.
pub(crate) fn parse_time(text: &str) -> Option<DateTime<FixedOffset>> {
    let with_colon = || DateTime::parse_from_rfc3339(text).ok();
    let without_colon = || DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f%z").ok();
    let milliseconds = || {
        let digits_only = text.bytes().all(|digit| digit.is_ascii_digit());
        let number = text.parse().ok().filter(|_| digits_only && text.len() >= 12)?;
        Some(DateTime::from_timestamp_millis(number)?.fixed_offset())
    };
    with_colon().or_else(without_colon).or_else(milliseconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_that_are_read_and_forms_that_are_not() {
        for (text, expected) in [
            ("2019-05-28T12:12:14+08:00", Some(1_559_016_734_000)),
            ("2019-05-28T12:12:14+0800", Some(1_559_016_734_000)),
            ("2019-05-28T12:12:14.250+08:00", Some(1_559_016_734_250)),
            ("2019-05-28T04:12:14Z", Some(1_559_016_734_000)),
            ("2019-05-27T21:12:14-07:00", Some(1_559_016_734_000)),
            ("1559016734000", Some(1_559_016_734_000)),
            ("2019-05-28T12:12:14", None),
            ("2019-05-28", None),
            ("20190528", None),
            ("-1559016734000", None),
            ("yesterday", None),
        ] {
            assert_eq!(parse_time(text).map(|time| time.timestamp_millis()), expected, "{text}");
        }
    }
}
