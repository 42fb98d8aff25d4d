//! A quarter: many business days one after the other, faults on most of them, reports that come late, early, twice, not at
//! all or again with other content, and bookings that are corrected days later.
//!
//! Everything that may still change is a [`Tale`]: one payment, or one line of a whole batch, with its entries and lines. What
//! Antom's files say is written in *editions*: the first one, and one for each restatement.

mod corrections;
mod drawn;
mod special;
mod tales;

use super::accounts::accounts;
use super::calendar::{after, is_business_day};
use super::expected::Expected;
use super::layout::Layout;
use super::merchants::Merchants;
use super::payments::Maker;
use super::plan::Plan;
use super::rng::Rng;
use super::settlement::{self, Batch};
use super::story::{Entry, Settled, Story};
use super::summary::summaries;
use super::writer::{self, Content, ReportFile};
use chrono::NaiveDate;

pub use corrections::{Bookkeeping, Change, Correction};
pub use drawn::{Days, Placed, Writing};
pub use special::{Special, second_name};
pub use tales::Restated;

/// Fewer business days have no room for everything that happens in a quarter.
pub const MIN_BUSINESS_DAYS: u32 = 20;

/// What a quarter is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuarterPlan {
    /// The same seed and plan give the same quarter.
    pub seed: u64,
    /// How many business days, at least [`MIN_BUSINESS_DAYS`]; the weekends between them are days as well.
    pub business_days: u32,
    /// Honest payments per day.
    pub payments: u32,
    /// The layout of Antom's files.
    pub layout: Layout,
    /// What the ledger lets people correct.
    pub bookkeeping: Bookkeeping,
}

/// A payment with all that happens to it, or a line of a whole batch.
#[derive(Debug, Clone)]
pub struct Tale {
    /// What is booked, reported and settled. Entries are those of the first day that has them, before any correction.
    pub story: Story,
    /// Its lines from this edition on, if a restatement changes them.
    pub restated: Option<(usize, Story)>,
}

/// A row that a proof or a file causes.
#[derive(Debug, Clone)]
pub struct ProofRow {
    /// The row; `seen_on` is the date of the file.
    pub expected: Expected,
    /// The edition of that date's files that no longer has it.
    pub mended_by: Option<usize>,
}

/// A quarter, complete.
#[derive(Debug, Clone)]
pub struct Quarter {
    /// The plan of its days.
    pub plan: Plan,
    /// Who sells.
    pub merchants: Merchants,
    /// Everything that is matched.
    pub tales: Vec<Tale>,
    /// Everything that proofs and files cause.
    pub proofs: Vec<ProofRow>,
    /// Rows about which Antom is asked, with its answers.
    pub asked: Vec<Expected>,
    /// Antom's files in each edition.
    pub editions: Vec<Vec<ReportFile>>,
    /// What is corrected in the ledger, in the order in which it happens.
    pub corrections: Vec<Correction>,
    /// The days on which files do not come as they should.
    pub special: Special,
    /// How many business days it has.
    pub business_days: usize,
    /// How many faults were put in.
    pub faults: usize,
}

impl QuarterPlan {
    /// The first Monday.
    fn first_day() -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 9, 7).expect("a Monday")
    }

    /// The business days, oldest first.
    #[must_use]
    pub fn business(&self) -> Vec<NaiveDate> {
        let days = (0_u64..).map(|count| after(Self::first_day(), count)).filter(|day| is_business_day(*day));
        days.take(self.business_days.max(MIN_BUSINESS_DAYS) as usize).collect()
    }

    fn plan(&self, last: NaiveDate) -> Plan {
        let days = (last - Self::first_day()).num_days() + 1;
        Plan {
            first_day: Self::first_day(),
            days: u32::try_from(days).expect("a quarter has some eighty days"),
            payments: self.payments,
            layout: self.layout,
            settle_after: 1,
            settlement_due_days: 3,
            book_adjustments: true,
            ..Plan::one_day(self.seed)
        }
    }
}

impl Quarter {
    /// Makes the quarter of a plan.
    #[must_use]
    pub fn generate(quarter: &QuarterPlan) -> Self {
        let business = quarter.business();
        // Faults are placed by the plan whose last day is theirs.
        let until: Vec<Plan> = business.iter().map(|day| quarter.plan(*day)).collect();
        let plan = until.last().expect("there are business days");
        let mut rng = Rng::new(plan.seed);
        let merchants = Merchants::new(&mut rng, &plan.platform, plan.sellers, plan.first_day);
        let special = Special::of(&business);
        let mut maker = Maker::new(plan, &merchants, rng);
        let mut made =
            tales::Made::new(plan.all_days().into_iter().flat_map(|day| maker.honest_day(day, plan.payments)));
        tales::traps(&mut maker, &until, &special, &mut made);
        tales::slow(&mut maker, &business, &mut made);
        let faults = tales::faults(&mut maker, quarter, &until, &special, &mut made);
        tales::restated(&mut maker, &until, &special, &mut made);
        corrections::second_thoughts(quarter, &business, &mut made);
        let whole = Whole { special, business_days: business.len(), faults, written: Vec::new() };
        Self::assembled(maker, plan, made, whole)
    }

    /// Writes the files of everything that was made, and numbers what depends on them.
    fn assembled<'w>(mut maker: Maker<'w>, plan: &'w Plan, made: tales::Made, whole: Whole) -> Self {
        let Whole { special, business_days, faults, written } = whole;
        maker.plan = plan;
        let tales::Made { mut tales, mut proofs, loose, wrongs, mut corrections, asked } = made;
        let stories: Vec<Story> = tales.iter().map(|tale| tale.story.clone()).collect();
        let (mut batches, fees) = settlement::batches(&mut maker, &stories);
        settlement::add_loose(&mut batches, loose.iter().map(|(settled, _)| settled.clone()).collect());
        let first_of_batches = tales.len();
        tales.extend(of_batches(&batches, &fees));
        corrections::book_loose(&tales[first_of_batches..], first_of_batches, &loose, &mut corrections);
        let summaries = summaries(&mut maker, &batches, &wrongs);
        let accounts = accounts(&mut maker, &batches, &summaries, &wrongs);
        let edition = |number: usize| {
            let (stories, batches) = restated(&tales[..first_of_batches], &batches, number);
            let content = Content {
                stories: &stories,
                batches: &batches,
                summaries: &summaries,
                accounts: &accounts,
                wrongs: &wrongs,
            };
            let mut files = writer::files(plan, content);
            drawn::rewrite(&mut files, plan, content, &written);
            files
        };
        let editions: Vec<Vec<ReportFile>> = (0..=special.restatements.len()).map(edition).collect();
        for row in &mut proofs {
            super::identify(std::slice::from_mut(&mut row.expected), &batches, &accounts);
            super::place(std::slice::from_mut(&mut row.expected), &editions[0]);
        }
        corrections.sort_by_key(|correction| correction.before);
        let (plan, merchants) = (plan.clone(), maker.merchants.clone());
        Self { plan, merchants, tales, proofs, asked, editions, corrections, special, business_days, faults }
    }

    /// All entries as they are booked at first, in the order of their ids.
    #[must_use]
    pub fn first_entries(&self) -> Vec<Entry> {
        let mut entries: Vec<Entry> = self.tales.iter().flat_map(|tale| tale.story.entries.clone()).collect();
        entries.sort_by(|left, right| left.entry_id.cmp(&right.entry_id));
        entries
    }

    /// The files of a date that an edition has with another content than the first one.
    pub fn restated_files(&self, day: NaiveDate, edition: usize) -> impl Iterator<Item = &ReportFile> {
        let first = &self.editions[0];
        let is_other = move |file: &&ReportFile| {
            file.day == day && first.iter().any(|known| known.path == file.path && known.bytes != file.bytes)
        };
        self.editions[edition].iter().filter(is_other)
    }

    /// The fees of the contract, as a schedule for the job.
    #[must_use]
    pub fn fees_toml(&self) -> String {
        super::schedule::toml(&super::schedule::rules(self.plan.layout))
    }
}

/// What is known of a quarter before its files are.
struct Whole {
    special: Special,
    business_days: usize,
    faults: usize,
    written: Vec<(NaiveDate, Writing)>,
}

/// Lines of whole batches as tales of their own, with what the ledger books for them.
fn of_batches(batches: &[Batch], fees: &[Entry]) -> Vec<Tale> {
    let lines = batches.iter().flat_map(|batch| &batch.lines).filter(|settled| settled.line.movement.is_of_batch());
    let tale = |settled: &Settled| {
        let entries = fees.iter().filter(|entry| entry.antom_id == settled.line.own_id).cloned().collect();
        let story = Story {
            first: settled.line.clone(),
            settles_on: Some(settled.on),
            entries,
            reported: Vec::new(),
            settled: vec![settled.clone()],
            record: None,
        };
        Tale { story, restated: None }
    };
    lines.map(tale).collect()
}

/// Stories and batches as an edition has them.
fn restated(tales: &[Tale], batches: &[Batch], edition: usize) -> (Vec<Story>, Vec<Batch>) {
    let stories: Vec<Story> = tales.iter().map(|tale| tale.lines_in(edition).clone()).collect();
    let mut batches = batches.to_vec();
    let changed = tales.iter().filter(|tale| tale.restated.as_ref().is_some_and(|(from, _)| *from <= edition));
    for settled in changed.flat_map(|tale| &tale.lines_in(edition).settled) {
        let lines = batches.iter_mut().flat_map(|batch| &mut batch.lines);
        for line in lines.filter(|line| line.line.id == settled.line.id) {
            *line = settled.clone();
        }
    }
    (stories, batches)
}

impl Tale {
    fn new(story: Story) -> Self {
        Self { story, restated: None }
    }

    /// The story whose lines an edition has; its entries are not to be looked at.
    #[must_use]
    pub fn lines_in(&self, edition: usize) -> &Story {
        match &self.restated {
            Some((from, story)) if *from <= edition => story,
            _ => &self.story,
        }
    }
}
