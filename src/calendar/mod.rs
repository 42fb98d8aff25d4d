//! Time without a clock: business dates, the cut-off between them, business days of settlement, instants.

mod age;
mod instants;

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use chrono::{Datelike, Days, NaiveDate, Weekday};

pub use age::AgeBucket;
pub use instants::Instants;
use instants::offset_millis;

/// A business day of Antom: 24 hours in the cut-off's zone (UTC+8 by default).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BusinessDate(
    /// Days since 1970-01-01: each row has dates that are compared, and few of them are written.
    i32,
);

/// Why a text is not a date.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a date; expected YYYY-MM-DD")]
pub struct DateError(String);

impl BusinessDate {
    /// Wraps a civil date.
    #[must_use]
    pub const fn new(date: NaiveDate) -> Self {
        Self(date.to_epoch_days())
    }

    /// The civil date; the last that can be represented if there is none.
    fn civil(self) -> NaiveDate {
        NaiveDate::from_epoch_days(self.0).unwrap_or(NaiveDate::MAX)
    }

    /// Days since 1970-01-01, for compact storage.
    #[must_use]
    pub const fn days_since_epoch(self) -> i32 {
        self.0
    }

    /// The date that lies this many days after 1970-01-01.
    #[must_use]
    pub fn from_days_since_epoch(days: i32) -> Option<Self> {
        NaiveDate::from_epoch_days(days).map(Self::new)
    }

    /// The directory name of the date on Antom's server: `20221024`.
    #[must_use]
    pub fn compact(self) -> String {
        self.civil().format("%Y%m%d").to_string()
    }

    /// The day that lies `days` calendar days later; the last representable day if there is none.
    #[must_use]
    pub fn plus_days(self, days: u32) -> Self {
        Self::new(self.civil().checked_add_days(Days::new(days.into())).unwrap_or(NaiveDate::MAX))
    }

    /// The day that lies `days` calendar days earlier; the first representable day if there is none.
    #[must_use]
    pub fn minus_days(self, days: u32) -> Self {
        Self::new(self.civil().checked_sub_days(Days::new(days.into())).unwrap_or(NaiveDate::MIN))
    }

    /// The first day of its month.
    #[must_use]
    pub fn first_of_month(self) -> Self {
        Self::new(self.civil().with_day(1).unwrap_or(NaiveDate::MIN))
    }
}

impl fmt::Display for BusinessDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let date = self.civil();
        let (Ok(year @ 0..=9999), month, day) = (u32::try_from(date.year()), date.month(), date.day()) else {
            return fmt::Display::fmt(&date, f);
        };
        // The same, digit by digit: a million rows have several dates each.
        let mut text = *b"0000-00-00";
        for (at, number) in [(0, year / 100), (2, year % 100), (5, month), (8, day)] {
            text[at] += (number / 10) as u8;
            text[at + 1] += (number % 10) as u8;
        }
        f.write_str(std::str::from_utf8(&text).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for BusinessDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A date as `YYYY-MM-DD` and nothing else, from 1970 on.
fn plain_date(text: &[u8]) -> Option<NaiveDate> {
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = text else { return None };
    let number = |digits: &[&u8]| {
        digits
            .iter()
            .try_fold(0_u32, |number, digit| digit.is_ascii_digit().then(|| number * 10 + u32::from(**digit - b'0')))
    };
    let year = i32::try_from(number(&[y1, y2, y3, y4])?).ok().filter(|year| *year >= 1970)?;
    NaiveDate::from_ymd_opt(year, number(&[m1, m2])?, number(&[d1, d2])?)
}

impl FromStr for BusinessDate {
    type Err = DateError;

    /// Reads `YYYY-MM-DD` or Antom's `YYYYMMDD`.
    fn from_str(text: &str) -> Result<Self, DateError> {
        // What this program writes itself, a million times in a run's history.
        if let Some(date) = plain_date(text.as_bytes()) {
            return Ok(Self::new(date));
        }
        let format = if text.len() == 8 { "%Y%m%d" } else { "%Y-%m-%d" };
        let date = NaiveDate::parse_from_str(text, format).map_err(|_| DateError(text.to_owned()))?;
        if (1970..=9999).contains(&date.year()) { Ok(Self::new(date)) } else { Err(DateError(text.to_owned())) }
    }
}

/// A point in time, in milliseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Instant(i64);

/// Milliseconds of a day.
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

impl Instant {
    /// Wraps milliseconds since the epoch.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since the epoch.
    #[must_use]
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Reads one instant as [`Instants`] do many.
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<Self> {
        Instants::default().read(text)
    }

    /// RFC 3339 in UTC with second or millisecond accuracy.
    #[must_use]
    pub fn rfc3339(self) -> String {
        let format = chrono::SecondsFormat::AutoSi;
        chrono::DateTime::from_timestamp_millis(self.0).map(|at| at.to_rfc3339_opts(format, true)).unwrap_or_default()
    }
}

/// Where one business day ends and the next begins: midnight in a fixed zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CutOff {
    offset_ms: i64,
}

impl CutOff {
    /// Reads an offset such as `+08:00`.
    #[must_use]
    pub fn parse(offset: &str) -> Option<Self> {
        offset_millis(offset.as_bytes()).map(|offset_ms| Self { offset_ms })
    }

    /// The business date of an instant.
    #[must_use]
    pub fn date_of(&self, at: Instant) -> BusinessDate {
        let days = (at.0 + self.offset_ms).div_euclid(DAY_MS);
        BusinessDate(i32::try_from(days).unwrap_or(i32::MAX))
    }

    /// The first instant of a business date.
    #[must_use]
    pub fn start_of(&self, date: BusinessDate) -> Instant {
        Instant(i64::from(date.days_since_epoch()) * DAY_MS - self.offset_ms)
    }

    /// Whether an instant lies within `grace_ms` before the end of its business date.
    #[must_use]
    pub fn near_end(&self, at: Instant, grace_ms: i64) -> bool {
        DAY_MS - (at.0 + self.offset_ms).rem_euclid(DAY_MS) <= grace_ms
    }
}

/// The days on which Antom settles: Monday to Friday, less holidays.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SettlementCalendar {
    holidays: BTreeSet<BusinessDate>,
}

impl SettlementCalendar {
    /// A calendar with these holidays.
    #[must_use]
    pub fn new(holidays: impl IntoIterator<Item = BusinessDate>) -> Self {
        Self { holidays: holidays.into_iter().collect() }
    }

    /// Whether money is settled on this day.
    #[must_use]
    pub fn is_business_day(&self, date: BusinessDate) -> bool {
        !matches!(date.civil().weekday(), Weekday::Sat | Weekday::Sun) && !self.holidays.contains(&date)
    }

    /// The day that lies `days` business days after `from` (from itself for 0).
    #[must_use]
    pub fn plus_business_days(&self, from: BusinessDate, days: u32) -> BusinessDate {
        let (mut date, mut left) = (from, days);
        while left > 0 {
            date = date.plus_days(1);
            left -= u32::from(self.is_business_day(date));
        }
        date
    }

    /// How many business days lie after `from` up to and including `to`; 0 if `to` is not later.
    #[must_use]
    pub fn business_days_between(&self, from: BusinessDate, to: BusinessDate) -> u32 {
        let mut date = from;
        let mut count = 0;
        while date < to {
            date = date.plus_days(1);
            count += u32::from(self.is_business_day(date));
        }
        count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> BusinessDate {
        text.parse().expect("a date")
    }

    #[test]
    fn instants() {
        let table = "
            1970-01-02T00:00:00Z            86400000
            1970-01-01T00:00:00Z            -
            2018-12-25T10:00:00+08:30       1545701400000
            2022-09-20T23:41:32-07:00       1663742492000
            2023-01-09_02:45:29+08:00       1673203529000
            2024-02-29T00:00:00.5Z          1709164800500
            2026-03-01T23:59:60+08:00       1772380799000
            2023-02-29T00:00:00Z            -
            2023-01-09T02:45:29             -
            2023-01-09T25:45:29Z            -
            2023-01-09                      -
            2023-01-09T02:45:29+0800        1673203529000
        ";
        for row in table.lines().map(str::trim).filter(|row| !row.is_empty()) {
            let (text, expected) = row.split_once(' ').expect("two columns");
            let found = Instant::parse(text.replace('_', " ").as_bytes());
            assert_eq!(found.map_or("-".into(), |at| at.millis().to_string()), expected.trim(), "`{row}`");
        }
    }

    #[test]
    fn the_cut_off_divides_the_days() {
        let cut_off = CutOff::parse("+08:00").expect("an offset");
        let last = Instant::parse(b"2026-03-01T15:59:59Z").expect("an instant");
        let first = Instant::parse(b"2026-03-01T16:00:00Z").expect("an instant");
        assert_eq!(cut_off.date_of(last), date("2026-03-01"));
        assert_eq!(cut_off.date_of(first), date("2026-03-02"));
        assert_eq!(cut_off.start_of(date("2026-03-02")), first);
        assert!(cut_off.near_end(last, 15 * 60_000));
        assert!(!cut_off.near_end(first, 15 * 60_000));
    }

    #[test]
    fn business_days_skip_weekends_and_holidays() {
        let calendar = SettlementCalendar::new([date("2026-03-03")]);
        assert_eq!(calendar.plus_business_days(date("2026-02-27"), 2), date("2026-03-04"));
        assert_eq!(calendar.plus_business_days(date("2026-02-28"), 0), date("2026-02-28"));
        assert_eq!(calendar.business_days_between(date("2026-02-27"), date("2026-03-04")), 2);
        assert_eq!(calendar.business_days_between(date("2026-03-04"), date("2026-03-04")), 0);
    }

    #[test]
    fn dates_are_read_in_both_forms() {
        assert_eq!(date("20230901"), date("2023-09-01"));
        assert!("2023-13-01".parse::<BusinessDate>().is_err());
        assert!("yesterday".parse::<BusinessDate>().is_err());
    }
}
