//! Terse tables for a terminal.

use std::io::{self, Write};

/// Rows of text in aligned columns: those whose title begins with `>` to the right, the others to the left.
pub(crate) struct Sheet {
    titles: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

impl Sheet {
    pub(crate) fn new(titles: &[&'static str]) -> Self {
        Self { titles: titles.to_vec(), rows: Vec::new() }
    }

    /// Adds a row; it should have as many cells as there are titles.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    pub(crate) fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let titles: Vec<String> = self.titles.iter().map(|title| title.trim_start_matches('>').to_owned()).collect();
        let widths: Vec<usize> = (0..titles.len()).map(|column| self.width(column, &titles[column])).collect();
        self.line(out, &titles, &widths)?;
        let rules: Vec<String> = widths.iter().map(|width| "─".repeat(*width)).collect();
        self.line(out, &rules, &widths)?;
        self.rows.iter().try_for_each(|row| self.line(out, row, &widths))
    }

    fn width(&self, column: usize, title: &str) -> usize {
        let cells = self.rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).chain([title.chars().count()]).max().unwrap_or(0)
    }

    fn line(&self, out: &mut dyn Write, cells: &[String], widths: &[usize]) -> io::Result<()> {
        let mut text = String::from("  ");
        for ((cell, width), title) in cells.iter().zip(widths).zip(&self.titles) {
            let aligned =
                if title.starts_with('>') { format!("{cell:>width$}  ") } else { format!("{cell:<width$}  ") };
            text.push_str(&aligned);
        }
        writeln!(out, "{}", text.trim_end())
    }
}

/// A whole number with spaces between thousands.
pub(crate) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{Sheet, thousands};

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!([0, 999, 1_000, 12_345_678].map(thousands), ["0", "999", "1 000", "12 345 678"]);
    }

    #[test]
    fn columns_line_up() {
        let mut sheet = Sheet::new(&["kind", ">count"]);
        sheet.row(["SETTLED_TWICE".to_owned(), "1".to_owned()]);
        sheet.row(["AMBIGUOUS".to_owned(), "12".to_owned()]);
        let mut text = Vec::new();
        sheet.write(&mut text).expect("memory can be written");
        let text = String::from_utf8(text).expect("it is text");
        let ends: Vec<usize> = text.lines().map(|line| line.chars().count()).collect();
        assert_eq!(ends, [22, 22, 22, 22], "{text}");
    }
}
