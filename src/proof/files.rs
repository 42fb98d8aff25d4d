//! The statements that proofs compare: files of the settlement summary, the account activity and the daily ending balance.

use crate::calendar::BusinessDate;
use crate::id::Symbols;
use crate::money::Currency;
use crate::report::Statement;

use super::{BatchKey, Proved};

/// One file of such a report, of the day or of an earlier day.
#[derive(Debug)]
pub struct DayStatement<L> {
    /// The business date whose directory it came from.
    pub date: BusinessDate,
    /// Its name.
    pub name: String,
    /// What it says.
    pub parsed: Statement<L>,
}

impl<L: Clone> DayStatement<L> {
    /// The same file with some of its lines, and without its rejects and remarks; none if no line is wanted.
    #[must_use]
    pub fn with_lines(&self, wanted: impl Fn(&L) -> bool) -> Option<Self> {
        let lines: Vec<L> = self.parsed.lines.iter().filter(|line| wanted(line)).cloned().collect();
        let parsed = Statement {
            kind: self.parsed.kind,
            lines,
            rejects: Vec::new(),
            unknown_columns: Vec::new(),
            remarks: Vec::new(),
            names_party: self.parsed.names_party,
            layout: self.parsed.layout.clone(),
        };
        let is_empty = parsed.lines.is_empty();
        (!is_empty).then(|| Self { date: self.date, name: self.name.clone(), parsed })
    }
}

/// Where the lines of some files ended: one place per file and line, in the order in which they were given.
pub type Places = Vec<Vec<Proved>>;

/// One line, with the file it stands in.
#[derive(Debug)]
pub(super) struct Seen<'a, L> {
    pub(super) file: &'a DayStatement<L>,
    pub(super) line: &'a L,
    /// Which file and which of its lines, as they were given.
    pub(super) at: (usize, usize),
}

impl<L> Clone for Seen<'_, L> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<L> Copy for Seen<'_, L> {}

/// All lines, ordered by date, name of the file and place in it: nothing depends on the order in which files are given.
pub(super) fn in_order<L>(files: &[DayStatement<L>]) -> impl Iterator<Item = Seen<'_, L>> {
    let mut order: Vec<(usize, &DayStatement<L>)> = files.iter().enumerate().collect();
    order.sort_by_key(|(_, file)| (file.date, &file.name));
    order.into_iter().flat_map(|(at, file)| {
        file.parsed.lines.iter().enumerate().map(move |(line_at, line)| Seen { file, line, at: (at, line_at) })
    })
}

/// A place for every line, none of them judged yet.
pub(super) fn not_run<L>(files: &[DayStatement<L>]) -> Places {
    files.iter().map(|file| vec![Proved::NotRun; file.parsed.lines.len()]).collect()
}

/// Puts a line where it ended; a line that is part of a discrepancy stays there.
pub(super) fn place(places: &mut Places, at: (usize, usize), proved: Proved) {
    let cell = &mut places[at.0][at.1];
    *cell = (*cell).max(proved);
}

/// Joins what two proofs say of the same lines: a line that fails one of them is part of a discrepancy.
pub fn join_places(places: &mut Places, others: &Places) {
    for (lines, other_lines) in places.iter_mut().zip(others) {
        for (cell, &other) in lines.iter_mut().zip(other_lines) {
            *cell = (*cell).max(other);
        }
    }
}

/// How many lines of these files could not be read.
pub(super) fn rejected<L>(files: &[DayStatement<L>]) -> usize {
    files.iter().map(|file| file.parsed.rejects.len()).sum()
}

/// `1 line`, `2 lines`.
pub(super) fn lines(count: u64) -> String {
    if count == 1 { "1 line".to_owned() } else { format!("{count} lines") }
}

/// A place in words.
pub(super) fn spot(file: &str, line: u32) -> String {
    format!("`{file}` line {line}")
}

/// The texts of a batch, party and currency: rows are ordered by them, since symbols are numbered by chance.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct KeyText {
    pub(super) batch: String,
    pub(super) merchant: String,
    pub(super) party: String,
    pub(super) currency: Currency,
}

impl KeyText {
    pub(super) fn of(key: &BatchKey, symbols: &Symbols) -> Self {
        let (batch, merchant) = (symbols.text(key.batch), symbols.text(key.merchant));
        Self { batch, merchant, party: symbols.text(key.party), currency: key.currency }
    }

    /// Whom an amount is for, in words.
    pub(super) fn who(&self, all_parties: bool) -> String {
        let Self { batch, merchant, party, .. } = self;
        if all_parties {
            format!("batch `{batch}`, customer `{merchant}`, all parties")
        } else {
            format!("batch `{batch}`, {}", party_words(merchant, party))
        }
    }

    /// An amount with its currency, in words.
    pub(super) fn money(&self, amount_minor: i128) -> String {
        money(amount_minor, self.currency)
    }
}

/// A party in words.
pub(super) fn party_words(merchant: &str, party: &str) -> String {
    if party.is_empty() { format!("merchant `{merchant}`") } else { format!("sub-merchant `{party}` (`{merchant}`)") }
}

/// An amount with its currency, in words.
pub(super) fn money(amount_minor: i128, currency: Currency) -> String {
    format!("{} {currency}", currency.major(amount_minor))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{KeyMaker, Symbols};
    use crate::report::{BalanceLine, ReportOptions, parse_balances};

    #[test]
    fn a_file_keeps_the_wanted_lines_and_is_none_without_any() {
        let text = include_str!("../../fixtures/reports/daily-ending-balance.csv");
        let (options, symbols) = (ReportOptions::default(), Symbols::new());
        let parsed = parse_balances(text.as_bytes(), 0, &options, KeyMaker::new(3), &symbols).expect("a report");
        let date = "2026-03-02".parse().expect("a date");
        let whole = DayStatement { date, name: "b.csv".to_owned(), parsed };
        let last: &BalanceLine = whole.parsed.lines.last().expect("lines");
        let kept = whole.with_lines(|line| line.place == last.place).expect("one line is wanted");
        assert_eq!((kept.date, kept.name.as_str(), &kept.parsed.lines[..]), (date, "b.csv", &[*last][..]));
        assert!(whole.parsed.lines.len() > 1 && whole.with_lines(|_| false).is_none());
    }
}
