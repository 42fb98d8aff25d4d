//! A marketplace's days whose right answer is known.
//!
//! From a seed: sub-merchants, payments and what follows them, the ledger that an honest marketplace keeps, Antom's
//! files, and what its API would say. Then faults from a catalogue, each on payments of its own, with the rows that a
//! correct program must report. Everything here is written from the documentation of Antom's reports and shares no
//! code with the job, so that a mistake on one side is not hidden by the same mistake on the other.
//!
//! A world has one or more days. Faults are placed so that the run of the *last* day is the first to list them; the
//! runs of the days before it must find nothing.

pub mod book;
pub mod calendar;
mod cells;
pub mod expected;
pub mod faults;
mod fees;
pub mod layout;
pub mod ledger_csv;
pub mod merchants;
pub mod money;
mod payments;
pub mod rng;
pub mod settlement;
pub mod story;
pub mod style;
mod traffic;
pub mod writer;

use book::Book;
use chrono::NaiveDate;
use expected::{Expected, Waiting};
use faults::Fault;
use layout::Layout;
use merchants::Merchants;
use payments::Maker;
use rng::Rng;
use settlement::Batch;
use std::path::Path;
use story::{Entry, Story};
use style::Style;
use writer::ReportFile;

/// What a world is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The same seed and plan give the same bytes.
    pub seed: u64,
    /// Antom's id of the marketplace.
    pub platform: String,
    /// The first of its days.
    pub first_day: NaiveDate,
    /// How many days it has, weekends included; 0 counts as 1.
    pub days: u32,
    /// Honest payments per day.
    pub payments: u32,
    /// Registered sub-merchants, at least 2.
    pub sellers: u32,
    /// Business days from a transaction to its settlement; 0 settles on the day itself.
    pub settle_after: u32,
    /// `settlement_due_days` of the job's configuration.
    pub settlement_due_days: u32,
    /// `pending_max_days` of the job's configuration.
    pub pending_max_days: u32,
    /// Whether payments are split between seller and marketplace, and the ledger books the shares.
    pub splits: bool,
    /// Whether the last day has honest cases that look like faults.
    pub traps: bool,
    /// The layout of both reports.
    pub layout: Layout,
    /// How the files are written.
    pub style: Style,
    /// What is wrong with it. Faults that do not fit the plan are left out.
    pub faults: Vec<Fault>,
}

impl Plan {
    /// One honest Wednesday in the marketplace layout, settled on the day itself.
    #[must_use]
    pub fn one_day(seed: u64) -> Self {
        Self {
            seed,
            platform: "2188120000000001".to_owned(),
            first_day: NaiveDate::from_ymd_opt(2026, 11, 18).expect("a Wednesday"),
            days: 1,
            payments: 60,
            sellers: 6,
            settle_after: 0,
            settlement_due_days: 7,
            pending_max_days: 3,
            splits: true,
            traps: true,
            layout: Layout::Marketplace,
            style: Style::default(),
            faults: Vec::new(),
        }
    }

    /// Monday to Friday, settled on the next business day and overdue after it, so that Friday's run can list every
    /// fault of the catalogue.
    #[must_use]
    pub fn one_week(seed: u64) -> Self {
        Self {
            first_day: NaiveDate::from_ymd_opt(2026, 11, 16).expect("a Monday"),
            days: 5,
            settle_after: 1,
            settlement_due_days: 1,
            faults: Fault::ALL.to_vec(),
            ..Self::one_day(seed)
        }
    }

    /// The last day.
    #[must_use]
    pub fn last_day(&self) -> NaiveDate {
        calendar::after(self.first_day, u64::from(self.days.max(1)) - 1)
    }

    /// All days, weekends included.
    #[must_use]
    pub fn all_days(&self) -> Vec<NaiveDate> {
        (0..self.days.max(1)).map(|count| calendar::after(self.first_day, u64::from(count))).collect()
    }

    /// The settlement date of what happens on `day`.
    #[must_use]
    pub fn settlement_day(&self, day: NaiveDate) -> NaiveDate {
        calendar::business_after(day, self.settle_after)
    }
}

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
    /// What the run of the last day must list, and the runs before it must not.
    pub expected: Vec<Expected>,
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
        let (mut expected, mut loose) = (Vec::new(), Vec::new());
        for fault in plan.faults.iter().filter(|fault| fault.fits(&plan)) {
            let injected = faults::inject(&mut maker, *fault);
            stories.extend(injected.story);
            expected.push(injected.expected);
            loose.extend(injected.batch_lines);
        }
        let (mut batches, fees) = settlement::batches(&mut maker, &stories);
        settlement::add_loose(&mut batches, loose);
        let mut ledger: Vec<Entry> = stories.iter().flat_map(|story| story.entries.clone()).chain(fees).collect();
        ledger.sort_by(|left, right| left.entry_id.cmp(&right.entry_id));
        let files = writer::files(&plan, &stories, &batches);
        place(&mut expected, &files);
        let payments = stories.iter().filter_map(|story| story.record.clone()).collect();
        Self { merchants, stories, batches, ledger, files, expected, waiting, book: Book { payments }, plan }
    }

    /// The ledger as CSV in the contract's columns.
    #[must_use]
    pub fn ledger_csv(&self) -> String {
        ledger_csv::ledger_csv(&self.ledger)
    }

    /// Writes `remote/` (the tree of the SFTP server), `ledger.csv` and `sub-merchants.csv` below `folder`.
    ///
    /// # Errors
    ///
    /// If a folder cannot be made or a file cannot be written.
    pub fn write(&self, folder: &Path) -> std::io::Result<()> {
        for file in &self.files {
            let path = folder.join("remote").join(&file.path);
            if let Some(parent) = path.parent() {
                std::fs::create_dir_all(parent)?;
            }
            std::fs::write(path, &file.bytes)?;
        }
        std::fs::write(folder.join("ledger.csv"), self.ledger_csv())?;
        std::fs::write(folder.join("sub-merchants.csv"), self.merchants.registry_csv())
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
