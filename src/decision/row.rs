//! What a row says, and whether it still says the same.

use std::fmt;

use crate::discrepancy::{Answer, Discrepancy};

/// The columns of `discrepancies.csv` that tell what a row says.
pub const ROW_COLUMNS: [&str; 8] =
    ["kind", "currency", "ledger_amount", "report_amount", "delta", "ledger_status", "report_status", "answer"];

/// Those of [`ROW_COLUMNS`] that are amounts.
const AMOUNTS: std::ops::Range<usize> = 2..5;

/// That of [`ROW_COLUMNS`] that changes whenever Antom is asked again, and about which nobody decides.
const ANSWER: usize = 7;

/// What a file says of the row that it decides on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Said {
    /// The cells of [`ROW_COLUMNS`]; none for a column that the file lacks.
    pub cells: [Option<String>; ROW_COLUMNS.len()],
    /// The cell of `row_digest`; none if the file lacks it or it is empty.
    pub digest: Option<String>,
    /// Whether a comma stands for the decimal point.
    pub decimal_comma: bool,
}

/// A cell that is no longer what it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The column.
    pub column: &'static str,
    /// What it was when the decision was made.
    pub was: String,
    /// What it is now.
    pub is: String,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} was `{}`, is `{}`", self.column, self.was, self.is)
    }
}

/// The cells of [`ROW_COLUMNS`] as `discrepancies.csv` writes them.
fn cells_of(row: &Discrepancy) -> [String; ROW_COLUMNS.len()] {
    let ledger_currency = row.ledger_currency.or(row.currency);
    let amount = |minor: Option<i128>, currency: Option<crate::money::Currency>| {
        minor.zip(currency).map(|(minor, currency)| currency.major(minor).to_string()).unwrap_or_default()
    };
    [
        row.kind.as_str().to_owned(),
        row.currency.map(|currency| currency.code().to_owned()).unwrap_or_default(),
        amount(row.ledger_amount, ledger_currency),
        amount(row.report_amount, row.currency),
        amount(row.delta(), row.currency),
        row.ledger_status.clone(),
        row.report_status.clone(),
        row.answer.map_or("", Answer::as_str).to_owned(),
    ]
}

/// The digest of what a row says: SHA-256 of the cells of [`ROW_COLUMNS`], each followed by a line feed, in hexadecimal.
#[must_use]
pub fn row_digest(row: &Discrepancy) -> String {
    let text: String = cells_of(row).iter().map(|cell| format!("{cell}\n")).collect();
    let digest = ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
    digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The first cell in which the row is no longer what a file says of it. Columns that the file lacks are not compared.
#[must_use]
pub fn changed_since(said: &Said, row: &Discrepancy) -> Option<Change> {
    let is = cells_of(row);
    for (at, column) in ROW_COLUMNS.into_iter().enumerate() {
        let Some(was) = &said.cells[at] else { continue };
        let same = match AMOUNTS.contains(&at) {
            true => amount_text(was, said.decimal_comma) == amount_text(&is[at], false),
            false => *was == is[at].trim(),
        };
        if !same {
            return Some(Change { column, was: was.clone(), is: is[at].clone() });
        }
    }
    let digest = row_digest(row);
    let was = said.digest.as_ref().filter(|was| !was.eq_ignore_ascii_case(&digest))?;
    Some(Change { column: "row_digest", was: was.clone(), is: digest })
}

/// The first cell in which a row is no longer what was decided on: kind, currencies, amounts, statuses.
pub(super) fn change(decided: &Discrepancy, now: &Discrepancy) -> Option<Change> {
    let (was, is) = (cells_of(decided), cells_of(now));
    let code = |row: &Discrepancy| row.ledger_currency.map(|known| known.code().to_owned()).unwrap_or_default();
    if code(decided) != code(now) {
        return Some(Change { column: "ledger_currency", was: code(decided), is: code(now) });
    }
    let at = (0..ANSWER).find(|&at| was[at] != is[at])?;
    Some(Change { column: ROW_COLUMNS[at], was: was[at].clone(), is: is[at].clone() })
}

/// An amount without what a spreadsheet adds or drops: zeros at either end, a plus sign, a comma for the point. Whatever is no
/// decimal number stays as it is.
fn amount_text(text: &str, decimal_comma: bool) -> String {
    let text = text.trim();
    let pointed = if decimal_comma { text.replace(',', ".") } else { text.to_owned() };
    let (sign, digits) = match pointed.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", pointed.strip_prefix('+').unwrap_or(&pointed)),
    };
    let (whole, decimals) = digits.split_once('.').unwrap_or((digits, "0"));
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(whole) || !is_number(decimals) {
        return text.to_owned();
    }
    let (whole, decimals) = (whole.trim_start_matches('0'), decimals.trim_end_matches('0'));
    let sign = if whole.is_empty() && decimals.is_empty() { "" } else { sign };
    format!("{sign}{}.{decimals}", if whole.is_empty() { "0" } else { whole })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_compared_as_numbers() {
        for (said, comma, is, same) in [
            ("2.00", false, "2.00", true),
            ("2", false, "2.00", true),
            ("2,00", true, "2.00", true),
            ("+2.0", false, "2.00", true),
            ("-0", false, "0.00", true),
            ("-.5", false, "-0.50", false),
            ("-0,5", true, "-0.50", true),
            ("2,00", false, "2.00", false),
            ("2.01", false, "2.00", false),
            ("-2.00", false, "2.00", false),
            ("", false, "", true),
            ("", false, "0.00", false),
            ("0", false, "", false),
            ("1.23E+29", false, "123000000000000000000000000000.00", false),
        ] {
            assert_eq!(amount_text(said, comma) == amount_text(is, false), same, "`{said}` and `{is}`");
        }
    }
}
