//! Instants from texts.

use super::{DAY_MS, Instant};

/// 1970-01-02 and 9990-01-01, in UTC.
const EARLIEST: i64 = DAY_MS;
const LATEST: i64 = 2_929_245 * DAY_MS;

/// Reads instants one after the other. Most of a file lie on one day, and all are written with one offset from UTC: date and offset are
/// compared with those before, and understood only if they are others.
#[derive(Debug)]
pub struct Instants {
    /// The last date as it was written, and its days since 1970-01-01.
    date: ([u8; 10], i64),
    /// The last offset as it was written, and its milliseconds.
    offset: ([u8; 6], i64),
}

impl Default for Instants {
    fn default() -> Self {
        Self { date: (*b"1970-01-01", 0), offset: (*b"+00:00", 0) }
    }
}

impl Instants {
    /// Reads `YYYY-MM-DDTHH:MM:SS[.fraction](Z|±hh:mm|±hhmm)`, with a space allowed for the `T`, as Antom's pages show both.
    /// A time without an offset is no instant. Digits beyond milliseconds are cut off. So that its date has four digits wherever the day
    /// begins, and with it all dates that are counted from it, it is refused before 1970-01-02 and from 9990 on, in UTC.
    #[must_use]
    pub fn read(&mut self, text: &[u8]) -> Option<Instant> {
        let (date, rest) = text.split_first_chunk::<10>()?;
        let [b'T' | b't' | b' ', h1, h2, b':', m1, m2, b':', s1, s2, rest @ ..] = rest else { return None };
        let (hour, minute, second) = (number(*h1, *h2)?, number(*m1, *m2)?, number(*s1, *s2)?);
        // 60 is a leap second, which counts as the last second of its minute.
        if hour > 23 || minute > 59 || second > 60 {
            return None;
        }
        let (fraction_ms, offset) = match rest {
            [b'.', fraction @ ..] => fraction_millis(fraction)?,
            offset => (0, offset),
        };
        let time_ms = ((hour * 60 + minute) * 60 + second.min(59)) * 1000 + fraction_ms;
        let millis = self.days(date)? * DAY_MS + time_ms - self.offset_ms(offset)?;
        (EARLIEST..LATEST).contains(&millis).then_some(Instant(millis))
    }

    fn days(&mut self, date: &[u8; 10]) -> Option<i64> {
        if *date != self.date.0 {
            self.date = (*date, read_days(date)?);
        }
        Some(self.date.1)
    }

    fn offset_ms(&mut self, offset: &[u8]) -> Option<i64> {
        let Ok(offset) = <&[u8; 6]>::try_from(offset) else { return offset_millis(offset) };
        if *offset != self.offset.0 {
            self.offset = (*offset, offset_millis(offset)?);
        }
        Some(self.offset.1)
    }
}

/// Reads two ASCII digits.
fn number(tens: u8, ones: u8) -> Option<i64> {
    let (tens, ones) = (tens.wrapping_sub(b'0'), ones.wrapping_sub(b'0'));
    (tens <= 9 && ones <= 9).then(|| i64::from(tens * 10 + ones))
}

/// Days since 1970-01-01 of a date as it is written.
fn read_days(date: &[u8; 10]) -> Option<i64> {
    let [y1, y2, y3, y4, b'-', mo1, mo2, b'-', d1, d2] = *date else { return None };
    let year = number(y1, y2)? * 100 + number(y3, y4)?;
    if year < 1970 {
        return None;
    }
    days_from_civil(year, number(mo1, mo2)?, number(d1, d2)?)
}

/// Days since 1970-01-01 of a date of the Gregorian calendar; `None` if there is no such day.
fn days_from_civil(year: i64, month: i64, day: i64) -> Option<i64> {
    const BEFORE_MONTH: [i64; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
    const LENGTH: [i64; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let at = usize::try_from(month.checked_sub(1)?).ok().filter(|&at| at < 12)?;
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = LENGTH[at] + i64::from(leap && month == 2);
    if !(1..=length).contains(&day) {
        return None;
    }
    let last = year - 1;
    // Leap days up to the end of the year before; 719_162 days lie between 0001-01-01 and 1970-01-01.
    let before_year = last * 365 + last / 4 - last / 100 + last / 400 - 719_162;
    Some(before_year + BEFORE_MONTH[at] + i64::from(leap && month > 2) + day - 1)
}

/// Reads the digits that the text starts with, at least one, and gives the rest.
fn fraction_millis(text: &[u8]) -> Option<(i64, &[u8])> {
    let length = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if length == 0 {
        return None;
    }
    let millis = (0..3).fold(0, |sum, place| {
        let digit = text.get(place).filter(|_| place < length).map_or(0, |digit| i64::from(digit - b'0'));
        sum * 10 + digit
    });
    Some((millis, &text[length..]))
}

/// Reads `Z`, `±hh:mm` or `±hhmm`.
pub(super) fn offset_millis(text: &[u8]) -> Option<i64> {
    let (sign, digits) = match text {
        b"Z" | b"z" => return Some(0),
        [b'+', h1, h2, b':', m1, m2] | [b'+', h1, h2, m1, m2] => (1, [*h1, *h2, *m1, *m2]),
        [b'-', h1, h2, b':', m1, m2] | [b'-', h1, h2, m1, m2] => (-1, [*h1, *h2, *m1, *m2]),
        _ => return None,
    };
    let [h1, h2, m1, m2] = digits;
    let (hours, minutes) = (number(h1, h2)?, number(m1, m2)?);
    (hours <= 18 && minutes <= 59).then_some(sign * (hours * 60 + minutes) * 60_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_read_before_changes_nothing() {
        let texts = [
            "1970-01-01T23:59:59+00:00",
            "1970-01-02T00:00:00+00:00",
            "9989-12-31T23:59:59Z",
            "9990-01-01T07:59:59+08:00",
            "9990-01-01T08:00:00+08:00",
            "9999-12-31T23:59:59+00:00",
            "2026-11-18T10:00:00+08:00",
            "2026-11-18T23:59:59.5+08:00",
            "2026-11-18T10:00:00-08:00",
            "2026-11-18T10:00:00Z",
            "2026-11-19T10:00:00+0800",
            "2026-11-31T10:00:00+08:00",
            "2026-11-31T10:00:00+08:00",
            "2026-11-19T10:00:00+08:60",
            "2026-11-19T10:00:00+08:60",
            "1969-12-31T10:00:00+08:00",
            "2026-11-19T10:00:00+08:00",
        ];
        let mut instants = Instants::default();
        let found: Vec<_> = texts.iter().map(|text| instants.read(text.as_bytes())).collect();
        assert_eq!(found, texts.map(|text| Instant::parse(text.as_bytes())));
        assert_eq!(
            found.iter().filter(|at| at.is_none()).count(),
            8,
            "no such day, no such offset, too early, too late"
        );
        assert_eq!(found[1], Some(Instant(EARLIEST)));
        assert!(found[2].is_some() && found[3] == Some(Instant(LATEST - 1_000)) && found[4].is_none());
    }
}
