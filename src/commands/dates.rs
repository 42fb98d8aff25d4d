//! Which business dates a command is about.

use clap::Args;

use crate::calendar::BusinessDate;
use crate::failure::Failure;

/// The longest range: a leap year, the most that an audit asks for. A mistyped year must not start a run over decades.
const MAX_RANGE_DAYS: usize = 366;

/// `--date`, or `--from` and `--to`, or none of them.
#[derive(Debug, Clone, Args)]
pub struct Dates {
    /// Business date, as YYYY-MM-DD, or `yesterday`: the last one that has ended where the merchant's business day ends
    #[arg(long, value_name = "DATE", conflicts_with_all = ["from", "to"])]
    date: Option<Day>,
    /// First business date of a range, oldest first
    #[arg(long, value_name = "DATE", requires = "to")]
    from: Option<BusinessDate>,
    /// Last business date of the range
    #[arg(long, value_name = "DATE", requires = "from")]
    to: Option<BusinessDate>,
}

/// A day as it is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Day {
    /// This one.
    On(BusinessDate),
    /// The one before the current one.
    Yesterday,
}

impl std::str::FromStr for Day {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "yesterday" {
            return Ok(Self::Yesterday);
        }
        text.parse().map(Self::On).map_err(|error| format!("{error} or `yesterday`"))
    }
}

impl Dates {
    /// The dates, oldest first. `today` is the current business date, which has not ended.
    ///
    /// # Errors
    /// A [`Failure`] of usage: none is given, or the range is empty or longer than [`MAX_RANGE_DAYS`].
    pub fn all(&self, today: BusinessDate) -> Result<Vec<BusinessDate>, Failure> {
        let none = || Failure::usage("no date is given; expected `--date`, or `--from` and `--to`");
        self.given(today)?.ok_or_else(none)
    }

    /// The dates, oldest first; none if none are given.
    ///
    /// # Errors
    /// A [`Failure`] of usage: the range is empty or longer than [`MAX_RANGE_DAYS`].
    pub fn given(&self, today: BusinessDate) -> Result<Option<Vec<BusinessDate>>, Failure> {
        let (from, to) = match (self.date, self.from, self.to) {
            (Some(Day::On(date)), ..) => (date, date),
            (Some(Day::Yesterday), ..) => (today.minus_days(1), today.minus_days(1)),
            (None, Some(from), Some(to)) => (from, to),
            _ => return Ok(None),
        };
        if from > to {
            let sentence = format!("`--from {from}` is later than `--to {to}`; expected the older date first");
            return Err(Failure::usage(sentence));
        }
        let dates = range(from, to);
        if dates.len() > MAX_RANGE_DAYS {
            let sentence =
                format!("`--from {from}` to `--to {to}` is more than {MAX_RANGE_DAYS} days; split the range");
            return Err(Failure::usage(sentence));
        }
        Ok(Some(dates))
    }

    /// What was missed: from the day after the last completed date to yesterday, oldest first; yesterday alone if nothing was ever
    /// completed. `today` is the current business date, which has not ended.
    ///
    /// # Errors
    /// A [`Failure`] of usage: that is longer than [`MAX_RANGE_DAYS`].
    pub fn missed(last: Option<BusinessDate>, today: BusinessDate) -> Result<Vec<BusinessDate>, Failure> {
        let yesterday = today.minus_days(1);
        let from = last.map_or(yesterday, |last| last.plus_days(1));
        let dates = range(from, yesterday);
        if dates.len() > MAX_RANGE_DAYS {
            let sentence = format!(
                "nothing was completed since {}, more than {MAX_RANGE_DAYS} days ago; say with `--from` and `--to` what to run",
                from.minus_days(1)
            );
            return Err(Failure::usage(sentence));
        }
        Ok(dates)
    }
}

/// The dates of a range, oldest first; one more than [`MAX_RANGE_DAYS`] if there are too many.
fn range(from: BusinessDate, to: BusinessDate) -> Vec<BusinessDate> {
    let days = |date: &BusinessDate| Some(date.plus_days(1)).filter(|next| *next <= to);
    std::iter::successors(Some(from).filter(|from| *from <= to), days).take(MAX_RANGE_DAYS + 1).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        dates: Dates,
    }

    /// The dates of a command line, the first and the last of them, or the kind of error.
    fn check(line: &str, expected: &str) {
        let words = std::iter::once("test").chain(line.split_whitespace());
        let today = "2026-03-02".parse().expect("a date");
        let found = match Line::try_parse_from(words) {
            Err(error) => format!("{:?}", error.kind()),
            Ok(line) => match line.dates.all(today) {
                Err(failure) => failure.to_string(),
                Ok(dates) => format!("{}: {}..{}", dates.len(), dates[0], dates[dates.len() - 1]),
            },
        };
        assert_eq!(found, expected, "`{line}`");
    }

    #[test]
    fn dates() {
        check("--date 2026-02-28", "1: 2026-02-28..2026-02-28");
        check("--date yesterday", "1: 2026-03-01..2026-03-01");
        check("--from 2026-02-27 --to 2026-03-02", "4: 2026-02-27..2026-03-02");
        check("--from 2026-03-01 --to 2026-03-01", "1: 2026-03-01..2026-03-01");
        check("--from 2024-01-01 --to 2024-12-31", "366: 2024-01-01..2024-12-31");
    }

    /// What was missed on 2026-03-02, the first and the last date of it.
    fn check_missed(last: &str, expected: &str) {
        let last = (!last.is_empty()).then(|| last.parse().expect("a date"));
        let found = match Dates::missed(last, "2026-03-02".parse().expect("a date")) {
            Err(failure) => failure.to_string(),
            Ok(dates) if dates.is_empty() => "nothing".to_owned(),
            Ok(dates) => format!("{}: {}..{}", dates.len(), dates[0], dates[dates.len() - 1]),
        };
        assert_eq!(found, expected);
    }

    #[test]
    fn what_was_missed() {
        check_missed("", "1: 2026-03-01..2026-03-01");
        check_missed("2026-02-26", "3: 2026-02-27..2026-03-01");
        check_missed("2026-02-28", "1: 2026-03-01..2026-03-01");
        check_missed("2026-03-01", "nothing");
        check_missed("2026-03-02", "nothing");
        check_missed("2025-02-28", "366: 2025-03-01..2026-03-01");
        check_missed(
            "2025-02-27",
            "nothing was completed since 2025-02-27, more than 366 days ago; say with `--from` and `--to` what to run",
        );
    }

    #[test]
    fn wrong_dates() {
        check("", "no date is given; expected `--date`, or `--from` and `--to`");
        check("--from 2026-02-27", "MissingRequiredArgument");
        check("--to 2026-02-27", "MissingRequiredArgument");
        check("--date 2026-02-27 --from 2026-02-27 --to 2026-02-27", "ArgumentConflict");
        check("--date 2026-02-30", "ValueValidation");
        check("--date tomorrow", "ValueValidation");
        check(
            "--from 2026-03-02 --to 2026-03-01",
            "`--from 2026-03-02` is later than `--to 2026-03-01`; expected the older date first",
        );
        check(
            "--from 2025-01-01 --to 2026-03-01",
            "`--from 2025-01-01` to `--to 2026-03-01` is more than 366 days; split the range",
        );
    }
}
