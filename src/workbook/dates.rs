//! Dates of a workbook: serial numbers that a number format shows as dates.

use super::number::Decimal;

/// Days from 0000-03-01 to 1899-12-30, from which the serials of the 1900 system count after its leap day that never was.
const EPOCH_1900: u32 = 693_899;

/// Days from 0000-03-01 to 1904-01-01, from which those of the 1904 system count.
const EPOCH_1904: u32 = 695_361;

/// The serial that the 1900 system gives to 1900-02-29, a day that never was.
const LEAP_DAY_THAT_NEVER_WAS: u32 = 60;

/// Days from 0000-03-01 to 10000-01-01, where the dates of a workbook end.
const END: u32 = 3_652_365;

/// Whether a number format shows numbers as dates or times. Its number counts first: the built-in formats have no text. 27 to 36
/// and 50 to 58 are dates in Chinese, Japanese and Korean (ISO/IEC 29500-1, 18.8.30).
pub(super) const fn is_builtin_date(number: u32) -> bool {
    matches!(number, 14..=22 | 27..=36 | 45..=47 | 50..=58)
}

/// Whether a format's text has a letter of a date (y, m, d, h, s) in its first section, outside of quotes, brackets and escapes.
pub(super) fn is_date_format(code: &str) -> bool {
    let mut characters = code.chars();
    while let Some(character) = characters.next() {
        match character {
            '"' => drop(characters.find(|character| *character == '"')),
            '[' => drop(characters.find(|character| *character == ']')),
            // What follows is shown as it is, is a width, or is a filling.
            '\\' | '_' | '*' => drop(characters.next()),
            ';' => return false,
            'y' | 'm' | 'd' | 'h' | 's' | 'Y' | 'M' | 'D' | 'H' | 'S' => return true,
            _ => {}
        }
    }
    false
}

/// Appends the date of a serial number as `YYYY-MM-DD`, with ` HH:MM:SS` if it has a time, or only the time if it is less than
/// a day of the 1900 system. Gives false, and appends nothing, if it is no date.
pub(super) fn write_date(serial: &Decimal, from_1904: bool, out: &mut String) -> bool {
    let Some((serial, seconds)) = serial.days_and_seconds() else { return false };
    let day = match serial {
        _ if from_1904 => Some(EPOCH_1904 + serial),
        0 | LEAP_DAY_THAT_NEVER_WAS => None,
        1..LEAP_DAY_THAT_NEVER_WAS => Some(EPOCH_1900 + serial + 1),
        _ => Some(EPOCH_1900 + serial),
    };
    if day.is_some_and(|day| day >= END) {
        return false;
    }
    let has_date = serial > 0 || from_1904;
    if has_date {
        // The day that never was is written as a spreadsheet shows it; whoever reads dates will refuse it.
        let (year, month, day) = day.map_or((1900, 2, 29), civil);
        out.push_str(&format!("{year:04}-{month:02}-{day:02}"));
    }
    if seconds > 0 || !has_date {
        let gap = if has_date { " " } else { "" };
        let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        out.push_str(&format!("{gap}{hour:02}:{minute:02}:{second:02}"));
    }
    true
}

/// Year, month and day of a number of days since 0000-03-01. Years begin in March here, so that a leap day ends one.
const fn civil(days: u32) -> (u32, u32, u32) {
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (era * 400 + year_of_era + next, month, day)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn shown(serial: &str, from_1904: bool) -> String {
        let mut out = String::new();
        let is_date = write_date(&Decimal::parse(serial).unwrap(), from_1904, &mut out);
        if is_date { out } else { format!("no date{out}") }
    }

    #[test]
    fn serials_are_dates() {
        for (serial, expected) in [
            ("0", "00:00:00"),
            ("0.75", "18:00:00"),
            ("1", "1900-01-01"),
            ("59", "1900-02-28"),
            ("60", "1900-02-29"),
            ("61", "1900-03-01"),
            ("36526", "2000-01-01"),
            ("44858", "2022-10-24"),
            ("45351", "2024-02-29"),
            ("45352", "2024-03-01"),
            ("44858.5", "2022-10-24 12:00:00"),
            ("44858.999988425923", "2022-10-24 23:59:59"),
            ("44858.9999999", "2022-10-25"),
            ("44858.000011574073", "2022-10-24 00:00:01"),
            ("2958465", "9999-12-31"),
            ("2958466", "no date"),
            ("2958465.9999999", "no date"),
            ("-1", "no date"),
        ] {
            assert_eq!(shown(serial, false), expected, "`{serial}`");
        }
        for (serial, expected) in [
            ("0", "1904-01-01"),
            ("0.5", "1904-01-01 12:00:00"),
            ("43396", "2022-10-24"),
            ("2957003", "9999-12-31"),
            ("2957004", "no date"),
        ] {
            assert_eq!(shown(serial, true), expected, "`{serial}` from 1904");
        }
    }

    #[test]
    fn formats_of_dates_are_told_from_others() {
        for (code, expected) in [
            ("yyyy-mm-dd", true),
            ("YYYY/M/D", true),
            ("[$-409]d-mmm-yy;@", true),
            ("yyyy\"年\"m\"月\"d\"日\"", true),
            ("[h]:mm:ss", true),
            ("\\d\\a\\y 0", false),
            ("General", false),
            ("0", false),
            ("@", false),
            ("#,##0.00_);[Red](#,##0.00)", false),
            ("#,##0.00 \"USD\"", false),
            ("[$USD] 0.00", false),
            ("0.00E+00", false),
            ("_d0.00", false),
            ("0.00;\"s\"d", false),
            ("\"days", false),
            ("", false),
        ] {
            assert_eq!(is_date_format(code), expected, "`{code}`");
        }
    }
}
