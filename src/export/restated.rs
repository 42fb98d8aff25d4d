//! `restated_lines.csv`: what became of the lines of reports that were restated.

use std::io::{self, Write};

use super::{CsvOut, Written};

/// The columns of `restated_lines.csv`.
pub const RESTATED_COLUMNS: [&str; 11] = [
    "file",
    "change",
    "old_line",
    "new_line",
    "entry_type",
    "request_id",
    "antom_id",
    "sub_merchant_id",
    "column",
    "old_value",
    "new_value",
];

/// A line that was added or removed, or a cell of one that changed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RestatedRow {
    /// The file's name.
    pub file: String,
    /// `added`, `removed` or `changed`.
    pub change: &'static str,
    /// The physical line in the older content (header = 1).
    pub old_line: Option<u32>,
    /// The physical line in the newer content.
    pub new_line: Option<u32>,
    /// The type as written.
    pub entry_type: String,
    /// The marketplace's id.
    pub request_id: String,
    /// Antom's id; of a summary the batch, of activity and balances the movement or the account.
    pub antom_id: String,
    /// The party; empty for the marketplace.
    pub sub_merchant_id: String,
    /// The column of the cell; empty for the line as a whole.
    pub column: String,
    /// What the older content says.
    pub old_value: String,
    /// What the newer content says.
    pub new_value: String,
}

/// Writes `restated_lines.csv`, in the order given; a row that cannot be made ends it.
///
/// # Errors
/// The sink's, and those of the rows.
pub fn restated_lines<W: Write>(
    sink: W,
    rows: impl IntoIterator<Item = io::Result<RestatedRow>>,
) -> io::Result<Written> {
    let mut table = CsvOut::new(sink, &RESTATED_COLUMNS)?;
    for row in rows {
        let row = row?;
        table.text(&row.file)?;
        table.value(row.change)?;
        table.optional(row.old_line)?;
        table.optional(row.new_line)?;
        table.text(&row.entry_type)?;
        table.text(&row.request_id)?;
        table.text(&row.antom_id)?;
        table.text(&row.sub_merchant_id)?;
        table.text(&row.column)?;
        cell(&mut table, &row.old_value)?;
        cell(&mut table, &row.new_value)?;
        table.end()?;
    }
    table.finish()
}

/// A cell of a report: numbers stay numbers, the negative ones too.
fn cell<W: Write>(table: &mut CsvOut<W>, text: &str) -> io::Result<()> {
    if is_number(text) { table.value(text) } else { table.text(text) }
}

/// Whether it is a decimal as reports write amounts.
fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, behind) = digits.split_once('.').unwrap_or((digits, "0"));
    [whole, behind].iter().all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn text_is_shielded_and_numbers_stay_numbers() {
        let row = |old: &str, new: &str| {
            Ok(RestatedRow {
                change: "changed",
                old_value: old.to_owned(),
                new_value: new.to_owned(),
                ..RestatedRow::default()
            })
        };
        let mut bytes = Vec::new();
        let rows = [row("-1.50", "-2"), row("-1+1", "=1"), row("-", "1."), row("a,b", "-.5")];
        restated_lines(&mut bytes, rows).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        let cells: Vec<&str> = text.lines().skip(1).map(|line| line.trim_start_matches(",changed,,,,,,,,")).collect();
        assert_eq!(cells, ["-1.50,-2", "'-1+1,'=1", "'-,1.", "\"a,b\",'-.5"]);
    }

    #[test]
    fn a_row_that_cannot_be_made_ends_it() {
        let rows = [Err(io::Error::other("gone"))];
        assert_eq!(restated_lines(Vec::new(), rows).unwrap_err().to_string(), "gone");
    }
}
