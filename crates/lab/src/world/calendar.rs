//! Business days and instants of the world. Antom's day is 24 hours in +08:00 (`antom.md`, 9.13).

use chrono::{DateTime, Datelike as _, Days, FixedOffset, NaiveDate, NaiveTime, Weekday};

/// Seconds in a day.
pub const DAY_SECONDS: i64 = 86_400;
/// Antom's offset from UTC in minutes.
pub const ANTOM_OFFSET_MINUTES: i32 = 480;

/// The instant (seconds since 1970 UTC) that lies `second` seconds into Antom's day `day`.
#[must_use]
pub fn instant(day: NaiveDate, second: i64) -> i64 {
    day.and_time(NaiveTime::MIN).and_utc().timestamp() - i64::from(ANTOM_OFFSET_MINUTES) * 60 + second
}

/// Antom's day of an instant (seconds since 1970 UTC).
#[must_use]
pub fn day_of(at: i64) -> NaiveDate {
    let shifted = DateTime::from_timestamp(at + i64::from(ANTOM_OFFSET_MINUTES) * 60, 0);
    shifted.expect("instants of this world lie in this century").date_naive()
}

/// `at` as `YYYY-MM-DDTHH:MM:SS±hh:mm` at the given offset.
#[must_use]
pub fn iso(at: i64, offset_minutes: i32) -> String {
    let offset = FixedOffset::east_opt(offset_minutes * 60).expect("offsets of this world are below a day");
    let utc = DateTime::from_timestamp(at, 0).expect("instants of this world lie in this century");
    utc.with_timezone(&offset).format("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

/// `day` as eight digits, as in Antom's directories and file names.
#[must_use]
pub fn compact(day: NaiveDate) -> String {
    day.format("%Y%m%d").to_string()
}

/// Monday to Friday; this world has no other holidays.
#[must_use]
pub fn is_business_day(day: NaiveDate) -> bool {
    !matches!(day.weekday(), Weekday::Sat | Weekday::Sun)
}

/// The day `count` days after `day`.
#[must_use]
pub fn after(day: NaiveDate, count: u64) -> NaiveDate {
    day.checked_add_days(Days::new(count)).expect("days of this world lie in this century")
}

/// The day `count` days before `day`.
#[must_use]
pub fn before(day: NaiveDate, count: u64) -> NaiveDate {
    day.checked_sub_days(Days::new(count)).expect("days of this world lie in this century")
}

/// The business day `count` business days after `day`; with 0 the day itself, or the next business day.
#[must_use]
pub fn business_after(day: NaiveDate, count: u32) -> NaiveDate {
    let mut found = day;
    let mut left = count;
    loop {
        if is_business_day(found) {
            if left == 0 {
                return found;
            }
            left -= 1;
        }
        found = after(found, 1);
    }
}

/// The business day `count` business days before the business day `day`.
#[must_use]
pub fn business_before(day: NaiveDate, count: u32) -> NaiveDate {
    let mut found = day;
    let mut left = count;
    while left > 0 {
        found = before(found, 1);
        if is_business_day(found) {
            left -= 1;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{business_after, business_before, instant, iso};
    use chrono::NaiveDate;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a date")
    }

    #[test]
    fn business_days_step_over_the_weekend() {
        let friday = day("2026-11-20");
        let steps = [0, 1, 2].map(|count| business_after(friday, count).to_string());
        assert_eq!(steps, ["2026-11-20", "2026-11-23", "2026-11-24"]);
        assert_eq!(business_after(day("2026-11-21"), 0), day("2026-11-23"));
        assert_eq!(business_before(day("2026-11-23"), 1), friday);
    }

    #[test]
    fn one_instant_reads_alike_at_every_offset() {
        let at = instant(day("2026-11-20"), 30);
        assert_eq!(iso(at, 480), "2026-11-20T00:00:30+08:00");
        assert_eq!(iso(at, -420), "2026-11-19T09:00:30-07:00");
        assert_eq!(iso(at, 510), "2026-11-20T00:30:30+08:30");
    }
}
