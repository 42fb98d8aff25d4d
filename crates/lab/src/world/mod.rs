//! A marketplace's days whose right answer is known.
//!
//! From a seed: sub-merchants, payments and what follows them, the ledger that an honest marketplace keeps, Antom's
//! files, and what its API would say. Then faults from a catalogue, each on payments of its own, with the rows that a
//! correct program must report. Everything here is written from the documentation of Antom's reports and shares no
//! code with the job, so that a mistake on one side is not hidden by the same mistake on the other.
//!
//! A world has one or more days. Faults are placed so that the run of the *last* day is the first to list them; the
//! runs of the days before it must find nothing.

mod accounts;
pub mod book;
pub mod calendar;
mod cells;
mod columns;
pub mod expected;
pub mod faults;
mod fees;
pub mod layout;
pub mod ledger_csv;
pub mod merchants;
pub mod money;
mod payments;
pub mod plan;
pub mod quarter;
pub mod rng;
mod rows;
mod schedule;
pub mod settlement;
mod sheet;
pub mod story;
pub mod style;
mod summary;
mod traffic;
pub mod writer;
mod wrong;

use accounts::Accounts;
use book::Book;
use expected::{Expected, LaterId, Waiting};
use faults::Fault;
use merchants::Merchants;
use payments::Maker;
use rng::Rng;
use settlement::Batch;
use std::path::Path;
use story::{Entry, Story};
use writer::{Content, ReportFile};

pub use plan::Plan;

/// A world, complete.
#[derive(Debug, Clone)]
pub struct World {
    /// What it was made from.
    pub plan: Plan,
    /// Who sells.
    pub merchants: Merchants,
    /// Payments with all that happens to them, faults included.
    pub stories: Vec<Story>,
    /// What is paid out together; batches after the last day are known but not written.
    pub batches: Vec<Batch>,
    /// The ledger, in the order of its entry ids.
    pub ledger: Vec<Entry>,
    /// Antom's files, in the order of their paths.
    pub files: Vec<ReportFile>,
    /// Files that are delivered a second time after the run of the last day, with another content; often none.
    pub later_files: Vec<ReportFile>,
    /// What the run of the last day must list, and the runs before it must not.
    pub expected: Vec<Expected>,
    /// What the last day must list besides, when it is run again after the second delivery.
    pub later_expected: Vec<Expected>,
    /// What must be waiting after the run of the last day (not all of it: what the traps put there).
    pub waiting: Vec<Waiting>,
    /// What the API would say.
    pub book: Book,
}

impl World {
    /// Makes the world of a plan.
    #[must_use]
    pub fn generate(plan: Plan) -> Self {
        let mut rng = Rng::new(plan.seed);
        let merchants = Merchants::new(&mut rng, &plan.platform, plan.sellers, plan.first_day);
        let mut maker = Maker::new(&plan, &merchants, rng);
        let mut stories = Vec::new();
        for day in plan.all_days() {
            stories.extend(maker.honest_day(day, plan.payments));
        }
        let mut waiting = Vec::new();
        if plan.traps {
            let (honest, waits) = faults::traps(&mut maker);
            stories.extend(honest);
            waiting = waits;
        }
        let (mut expected, mut later_expected) = (Vec::new(), Vec::new());
        let (mut loose, mut wrongs) = (Vec::new(), Vec::new());
        for fault in plan.faults.iter().filter(|fault| fault.fits(&plan)) {
            let injected = faults::inject(&mut maker, *fault);
            stories.extend(injected.story);
            let seen = if *fault == Fault::ReportRestated { &mut later_expected } else { &mut expected };
            seen.push(injected.expected);
            loose.extend(injected.batch_lines);
            wrongs.extend(injected.wrong);
        }
        let (mut batches, fees) = settlement::batches(&mut maker, &stories);
        settlement::add_loose(&mut batches, loose);
        let mut ledger: Vec<Entry> = stories.iter().flat_map(|story| story.entries.clone()).chain(fees).collect();
        ledger.sort_by(|left, right| left.entry_id.cmp(&right.entry_id));
        let summaries = summary::summaries(&mut maker, &batches, &wrongs);
        let accounts = accounts::accounts(&mut maker, &batches, &summaries, &wrongs);
        let content = Content {
            stories: &stories,
            batches: &batches,
            summaries: &summaries,
            accounts: &accounts,
            wrongs: &wrongs,
        };
        let files = writer::files(&plan, content);
        let later_files = if later_expected.is_empty() { Vec::new() } else { writer::restated(&plan, &stories) };
        identify(&mut expected, &batches, &accounts);
        place(&mut expected, &files);
        let payments = stories.iter().filter_map(|story| story.record.clone()).collect();
        let book = Book { payments };
        Self { merchants, stories, batches, ledger, files, later_files, expected, later_expected, waiting, book, plan }
    }

    /// The ledger as CSV in the contract's columns.
    #[must_use]
    pub fn ledger_csv(&self) -> String {
        ledger_csv::ledger_csv(&self.ledger)
    }

    /// The fees of the contract, as a schedule for the job: a TOML file of `[[rule]]` tables.
    #[must_use]
    pub fn fees_toml(&self) -> String {
        schedule::toml(&schedule::rules(self.plan.layout))
    }

    /// Writes `remote/` (the tree of the SFTP server), `ledger.csv`, `sub-merchants.csv` and `fees.toml` below `folder`.
    ///
    /// # Errors
    ///
    /// If a folder cannot be made or a file cannot be written.
    pub fn write(&self, folder: &Path) -> std::io::Result<()> {
        deliver(&self.files, folder)?;
        std::fs::write(folder.join("ledger.csv"), self.ledger_csv())?;
        std::fs::write(folder.join("fees.toml"), self.fees_toml())?;
        std::fs::write(folder.join("sub-merchants.csv"), self.merchants.registry_csv())
    }

    /// Writes the files of the second delivery over those of the first, in `remote/` below `folder`.
    ///
    /// # Errors
    ///
    /// If a folder cannot be made or a file cannot be written.
    pub fn write_later(&self, folder: &Path) -> std::io::Result<()> {
        deliver(&self.later_files, folder)
    }
}

impl World {
    /// What the run of the last day must list once the second delivery has come: the same, at the places that its files have.
    #[must_use]
    pub fn expected_later(&self) -> Vec<Expected> {
        let mut expected = [&self.expected[..], &self.later_expected].concat();
        for row in &mut expected {
            let name = row.report_file.as_deref().unwrap_or_default();
            if self.later_files.iter().any(|file| file.name() == name) {
                place(std::slice::from_mut(row), &self.later_files);
            }
        }
        expected
    }
}

fn deliver(files: &[ReportFile], folder: &Path) -> std::io::Result<()> {
    for file in files {
        let path = folder.join("remote").join(&file.path);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        std::fs::write(path, &file.bytes)?;
    }
    Ok(())
}

/// Tells each expected row the batch or the movement that it is about, where that was numbered after the fault was made.
fn identify(expected: &mut [Expected], batches: &[Batch], accounts: &Accounts) {
    for row in expected {
        let id = row.later_id.and_then(|id| match id {
            LaterId::Batch(currency) => {
                settlement::ordinary(batches, row.seen_on, currency).map(|index| batches[index].id.clone())
            }
            LaterId::Log(name) => accounts.activity.iter().find(|line| line.id == name).map(|line| line.log_id.clone()),
        });
        row.antom_id = id.or(row.antom_id.take());
    }
}

/// Tells each expected row the file and the physical line of its line.
fn place(expected: &mut [Expected], files: &[ReportFile]) {
    for row in expected {
        let Some(line) = row.line else { continue };
        let found = files.iter().find_map(|file| {
            let (_, number) = file.positions.iter().find(|(id, _)| *id == line)?;
            Some((file.name().to_owned(), *number))
        });
        (row.report_file, row.report_line) = found.unzip();
    }
}
