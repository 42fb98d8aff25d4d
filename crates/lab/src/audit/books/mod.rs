//! The auditor's own books: what is open after every run of a quarter, from the world's truth.
//!
//! The books are told what happens: entries that are corrected, files with which a date is run, decisions. For each run they say
//! what must be listed, what must wait, what was closed, and what the roll-forward must be, and compare it with the outputs.
//!
//! | Module | Holds |
//! |---|---|
//! | `item` | something that is open |
//! | `view` | what a run of a date can know, and the contract's windows |
//! | `movement`, `limits`, `shares` | the rules |
//! | `roll` | opening, new, cleared, closing |
//! | `agree` | the job's outputs against all of it |

mod agree;
mod item;
mod limits;
mod movement;
mod roll;
mod shares;
mod view;

use crate::world::expected::Expected;
use crate::world::layout::Report;
use crate::world::quarter::second_name;
use crate::world::quarter::{Change, Correction, ProofRow, Quarter, Tale};
use crate::world::story::LineId;
use crate::world::writer::ReportFile;
use chrono::NaiveDate;
use std::collections::{BTreeMap, BTreeSet};

pub use agree::Told;
pub use item::{IN_TRANSIT, Item};
pub use roll::Roll;
pub use view::Files;
use view::View;

/// Kinds that are about a file, and listed on its own date only.
const OF_FILES: [&str; 5] = ["FILE_MISSING", "FILE_INCOMPLETE", "FILE_RESTATED", "SCHEMA_DRIFT", "CONTROL_TOTAL"];

/// An item that is open after a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Open {
    /// The item.
    pub item: Item,
    /// The date of the run that first listed it.
    pub first_seen_on: NaiveDate,
}

/// What one run must come to.
#[derive(Debug, Clone)]
pub struct Day {
    /// The date of the run.
    pub date: NaiveDate,
    /// What the latest date before left open.
    pub opening: Vec<Open>,
    /// What is open.
    pub closing: Vec<Open>,
    /// What `cleared.csv` lists.
    pub cleared: Vec<Open>,
    /// File and line of the lines that rows must point to.
    places: BTreeMap<LineId, (String, u64)>,
}

/// The auditor's books over a quarter.
#[derive(Debug)]
pub struct Books<'q> {
    quarter: &'q Quarter,
    /// The tales with the entries as they are booked now.
    tales: Vec<Tale>,
    /// The files with which each date was run last.
    files: BTreeMap<NaiveDate, Files>,
    /// What the newest run of each date left open.
    open: BTreeMap<NaiveDate, Vec<Open>>,
    /// When discrepancies were listed, superseded runs included: the run's date, and since when.
    listed: BTreeMap<String, Vec<(NaiveDate, NaiveDate)>>,
    /// What was accepted, and the date that first told so.
    accepted: BTreeMap<String, Option<NaiveDate>>,
    /// Rows about the files of a date, as its newest run has them: kind and file.
    noted: BTreeMap<NaiveDate, Vec<(&'static str, String)>>,
}

impl<'q> Books<'q> {
    /// Books in which nothing was run yet.
    #[must_use]
    pub fn new(quarter: &'q Quarter) -> Self {
        Self {
            quarter,
            tales: quarter.tales.clone(),
            files: BTreeMap::new(),
            open: BTreeMap::new(),
            listed: BTreeMap::new(),
            accepted: BTreeMap::new(),
            noted: BTreeMap::new(),
        }
    }

    /// Corrects what is booked.
    pub fn correct(&mut self, correction: &Correction) {
        let entries = &mut self.tales[correction.tale].story.entries;
        match &correction.change {
            Change::Book(entry) => entries.push(entry.clone()),
            Change::Amend(entry) => {
                for known in entries.iter_mut().filter(|known| known.entry_id == entry.entry_id) {
                    known.clone_from(entry);
                }
            }
            Change::Delete(entry_id) => entries.retain(|known| known.entry_id != *entry_id),
        }
    }

    /// Takes an item out of what is open from the next run on, for somebody has accepted it.
    pub fn accept(&mut self, key: &str) {
        self.accepted.entry(key.to_owned()).or_default();
    }

    /// The rows about files of a date that its runs must list from now on: kind and file.
    pub fn note(&mut self, date: NaiveDate, rows: Vec<(&'static str, String)>) {
        self.noted.insert(date, rows);
    }

    /// What the newest run of a date left open.
    #[must_use]
    pub fn open_after(&self, date: NaiveDate) -> &[Open] {
        self.open.get(&date).map(Vec::as_slice).unwrap_or_default()
    }

    /// Runs a date with these files, and says what the run must come to.
    pub fn run(&mut self, date: NaiveDate, files: Files) -> Day {
        self.files.insert(date, files);
        let opening = self.open.range(..date).next_back().map(|(_, open)| open.clone()).unwrap_or_default();
        let items = self.items(date).into_iter();
        let items = items.map(|item| Open { first_seen_on: self.first_seen_on(&item, date, &opening), item });
        let (settled, closing): (Vec<Open>, Vec<Open>) =
            items.partition(|open| self.accepted.contains_key(&open.item.key));
        for open in closing.iter().filter(|open| open.item.kind != IN_TRANSIT) {
            self.listed.entry(open.item.key.clone()).or_default().push((date, open.first_seen_on));
        }
        self.open.insert(date, closing.clone());
        let mut cleared = cleared(&opening, &closing, &settled);
        cleared.extend(self.accepted_anew(date, settled, &opening));
        Day { date, opening, closing, cleared, places: self.places() }
    }

    /// What would be open had it not been accepted, and was never open after a run: it is told once, by the first date that knows.
    fn accepted_anew(&mut self, date: NaiveDate, settled: Vec<Open>, opening: &[Open]) -> Vec<Open> {
        let mut told = Vec::new();
        for open in settled {
            let Some(first) = self.accepted.get_mut(&open.item.key) else { continue };
            let is_first = *first.get_or_insert(date) >= date;
            if is_first && !opening.iter().any(|before| before.item.key == open.item.key) {
                *first = Some(date);
                told.push(open);
            }
        }
        told
    }

    /// What waits is as old as it has been waiting without a break; a discrepancy as its first listing by a run of an earlier date.
    fn first_seen_on(&self, item: &Item, date: NaiveDate, opening: &[Open]) -> NaiveDate {
        if item.kind == IN_TRANSIT {
            let waited = opening.iter().find(|open| open.item.key == item.key);
            return waited.map_or(date, |open| open.first_seen_on);
        }
        let listed = self.listed.get(&item.key).into_iter().flatten();
        listed.filter(|(run, _)| *run < date).map(|(_, since)| *since).min().unwrap_or(date)
    }

    /// Everything that is open in the view of a date.
    fn items(&self, date: NaiveDate) -> Vec<Item> {
        let Quarter { plan, merchants, .. } = self.quarter;
        let view = View { plan, merchants, date, files: &self.files };
        let mut items = Vec::new();
        for tale in &self.tales {
            movement::open(&view, tale, &mut items);
            shares::open(&view, tale, &mut items);
        }
        items.extend(self.quarter.proofs.iter().filter(|row| self.is_open(row, date)).map(of_proof));
        items.extend(self.about_files(date));
        items
    }

    /// A proof's row stays until its own date is run with files that no longer have it; a file's is listed on its own date.
    fn is_open(&self, row: &ProofRow, date: NaiveDate) -> bool {
        let on = row.expected.seen_on;
        let is_mended = || {
            let edition = self.files.get(&on).map_or(0, |files| files.edition);
            row.mended_by.is_some_and(|mended_by| mended_by <= edition)
        };
        if OF_FILES.contains(&row.expected.kind) { on == date } else { on <= date && !is_mended() }
    }

    /// Files of the date that are missing, were withdrawn, or were delivered again with other content.
    fn about_files(&self, date: NaiveDate) -> Vec<Item> {
        let files = self.files.get(&date).copied().unwrap_or_default();
        let mut items = Vec::new();
        for (lacks, report) in
            [(files.lacks_transactions, "transaction_details"), (files.lacks_balances, "daily_ending_balance")]
        {
            if lacks {
                items.push(of_file("FILE_MISSING", date, report, ""));
            }
        }
        for file in self.quarter.editions[0].iter().filter(|file| files.withdrawn && file.day == date) {
            if file.report == Report::TransactionDetails {
                let name = second_name(file.name());
                items.push(of_file("FILE_RESTATED", date, &name, &name));
            }
        }
        for (kind, name) in self.noted.get(&date).into_iter().flatten() {
            items.push(of_file(kind, date, name, name));
        }
        for file in self.quarter.restated_files(date, files.edition) {
            items.push(of_file("FILE_RESTATED", date, file.name(), file.name()));
        }
        items
    }

    /// Where the lines of the files in force stand.
    fn places(&self) -> BTreeMap<LineId, (String, u64)> {
        let in_force = |(number, file): &(usize, &ReportFile)| {
            self.files.get(&file.day).is_some_and(|files| files.edition == *number)
        };
        let editions = self.quarter.editions.iter().enumerate();
        let files = editions.flat_map(|(number, files)| files.iter().map(move |file| (number, file)));
        let lines = files.filter(in_force).flat_map(|(_, file)| {
            file.positions.iter().map(|(line, number)| (*line, (file.name().to_owned(), *number)))
        });
        lines.collect()
    }
}

/// What was open and is not any more. What became part of a discrepancy was not closed, and rows about files go by themselves.
fn cleared(opening: &[Open], closing: &[Open], settled: &[Open]) -> Vec<Open> {
    let open: BTreeSet<&str> = closing.iter().map(|open| open.item.key.as_str()).collect();
    let taken = closing.iter().chain(settled).flat_map(|open| &open.item.takes_over);
    let taken: BTreeSet<&str> = taken.map(String::as_str).collect();
    let is_cleared = |before: &&Open| {
        let item = &before.item;
        let goes_by_itself = OF_FILES.contains(&item.kind) || (item.kind == IN_TRANSIT && taken.contains(&*item.key));
        !open.contains(&*item.key) && !goes_by_itself
    };
    opening.iter().filter(is_cleared).cloned().collect()
}

/// The row of a proof, as far as the catalogue of faults says what it holds.
fn of_proof(row: &ProofRow) -> Item {
    let Expected { kind, stage, entry_type, request_id, antom_id, currency, .. } = &row.expected;
    let Expected { ledger_amount, report_amount, report_file, business_date, line, .. } = &row.expected;
    let number = |text: &Option<String>| text.as_deref().and_then(super::exact::micros).unwrap_or(0);
    let mut cells = vec![("kind", (*kind).to_owned())];
    let known = [
        ("stage", stage.map(str::to_owned)),
        ("business_date", business_date.map(|date| date.to_string())),
        ("entry_type", entry_type.map(str::to_owned)),
        ("request_id", request_id.clone()),
        ("antom_id", antom_id.clone()),
        ("currency", currency.map(str::to_owned)),
        ("ledger_amount", ledger_amount.clone()),
        ("report_amount", report_amount.clone()),
        ("report_file", report_file.clone().filter(|_| line.is_none())),
    ];
    cells.extend(known.into_iter().filter_map(|(column, text)| Some((column, text?))));
    Item {
        key: format!("{kind} {} {request_id:?} {antom_id:?} {report_file:?}", row.expected.seen_on),
        kind,
        currency: currency.unwrap_or_default().to_owned(),
        micros: number(report_amount) - number(ledger_amount),
        cells,
        line: *line,
        takes_over: Vec::new(),
    }
}

fn of_file(kind: &'static str, date: NaiveDate, name: &str, report_file: &str) -> Item {
    let cells = [
        ("kind", kind.to_owned()),
        ("stage", "file".to_owned()),
        ("business_date", date.to_string()),
        ("report_file", report_file.to_owned()),
    ];
    Item {
        key: format!("{kind} {date} {name}"),
        kind,
        currency: String::new(),
        micros: 0,
        cells: cells.to_vec(),
        line: None,
        takes_over: Vec::new(),
    }
}
