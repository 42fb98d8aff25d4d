//! What a quarter came to, day by day.

use crate::audit::books::{Day, IN_TRANSIT, Told};
use crate::print::Sheet;
use chrono::NaiveDate;
use std::io::{self, Write};

/// One run, as the table shows it.
struct Row {
    date: NaiveDate,
    cells: Vec<String>,
    notes: Vec<String>,
}

/// What happened so far.
pub(crate) struct Log {
    rows: Vec<Row>,
    /// Notes for the next row.
    notes: Vec<String>,
    /// Everything that disagreed.
    pub(crate) problems: Vec<String>,
    /// Runs that were compared.
    pub(crate) runs: usize,
    /// Runs that ended because reports were not there.
    pub(crate) refused: usize,
    last: Option<NaiveDate>,
    /// How the rows of all runs agreed.
    pub(crate) told: Vec<Told>,
}

impl Log {
    pub(crate) fn new() -> Self {
        Self {
            rows: Vec::new(),
            notes: Vec::new(),
            problems: Vec::new(),
            runs: 0,
            refused: 0,
            last: None,
            told: Vec::new(),
        }
    }

    /// The latest date that was run.
    pub(crate) fn last_date(&self) -> Option<NaiveDate> {
        self.last
    }

    pub(crate) fn event(&mut self, note: &str) {
        self.notes.push(note.to_owned());
    }

    /// How the rows of a run agreed with what had to be listed.
    pub(crate) fn told(&mut self, told: Vec<Told>) {
        self.told.extend(told);
    }

    pub(crate) fn refused(&mut self) {
        self.refused += 1;
    }

    /// A date whose reports have not come.
    pub(crate) fn waits(&mut self, date: NaiveDate) {
        self.notes.push("no reports yet: exit code 3".to_owned());
        let notes = std::mem::take(&mut self.notes);
        self.rows.push(Row { date, cells: vec![String::new(); 6], notes });
    }

    /// A run that was compared with the books.
    pub(crate) fn day(&mut self, day: &Day, is_late: bool, problems: Vec<String>) {
        let count = |open: &[crate::audit::books::Open], is_transit: bool| {
            open.iter().filter(|open| (open.item.kind == IN_TRANSIT) == is_transit).count().to_string()
        };
        let verdict = if problems.is_empty() { "agreed".to_owned() } else { format!("{} DIFFER", problems.len()) };
        let cells = vec![
            count(&day.opening, false),
            count(&day.closing, false),
            count(&day.opening, true),
            count(&day.closing, true),
            day.cleared.len().to_string(),
            verdict,
        ];
        if is_late {
            self.notes.push("late".to_owned());
        }
        let notes = std::mem::take(&mut self.notes);
        self.rows.push(Row { date: day.date, cells, notes });
        self.problems.extend(problems.into_iter().map(|problem| format!("{}: {problem}", day.date)));
        self.runs += 1;
        self.last = self.last.max(Some(day.date));
    }

    pub(crate) fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let titles =
            ["date", ">discrepancies", ">then", ">in transit", ">then", ">cleared", "the books", "what happened"];
        let mut sheet = Sheet::new(&titles);
        for row in &self.rows {
            let date = row.date.format("%a %Y-%m-%d").to_string();
            sheet.row([vec![date], row.cells.clone(), vec![row.notes.join(", ")]].concat());
        }
        sheet.write(out)
    }
}
