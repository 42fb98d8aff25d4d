//! What happens in a quarter besides honest days: faults, waiting that ends late, and lines that a restatement changes.

use super::corrections::{self, Bookkeeping, Correction};
use super::special::Special;
use super::{ProofRow, QuarterPlan, Tale};
use crate::world::calendar::{after, business_after};
use crate::world::expected::Expected;
use crate::world::faults::{self, Fault, Injected};
use crate::world::payments::Maker;
use crate::world::plan::Plan;
use crate::world::story::{Entry, Settled, Spoil, Story};
use crate::world::wrong::Wrong;
use chrono::NaiveDate;

/// Business days that faults need before their own.
const WARM_UP: usize = 5;

/// A trap lies on one business day of so many.
const TRAP_EVERY: usize = 4;

/// Everything that was made so far.
pub(super) struct Made {
    pub(super) tales: Vec<Tale>,
    pub(super) proofs: Vec<ProofRow>,
    /// Lines of whole batches, with the day before whose run they are booked, and the entry.
    pub(super) loose: Vec<(Settled, Option<(NaiveDate, Entry)>)>,
    pub(super) wrongs: Vec<Wrong>,
    pub(super) corrections: Vec<Correction>,
    /// Rows about which Antom is asked.
    pub(super) asked: Vec<Expected>,
}

impl Made {
    pub(super) fn new(honest: impl Iterator<Item = Story>) -> Self {
        let tales = honest.map(Tale::new).collect();
        let (proofs, loose, wrongs, corrections, asked) = Default::default();
        Self { tales, proofs, loose, wrongs, corrections, asked }
    }

    /// What an injection leaves besides its story.
    fn keep(&mut self, injected: Injected, mended_by: Option<usize>) {
        let stage = injected.expected.stage;
        self.asked.extend(Some(&injected.expected).filter(|row| row.answer.is_some()).cloned());
        if matches!(stage, Some("proof" | "file")) && injected.expected.kind != "UNEXPLAINED_ADJUSTMENT" {
            self.proofs.push(ProofRow { expected: injected.expected, mended_by });
        }
        self.wrongs.extend(injected.wrong);
    }
}

/// Honest cases that look like faults, every few days.
pub(super) fn traps<'w>(maker: &mut Maker<'w>, until: &'w [Plan], special: &Special, made: &mut Made) {
    let quiet = until.iter().skip(1).step_by(TRAP_EVERY).filter(|plan| special.spares(plan.last_day()));
    for plan in quiet {
        maker.plan = plan;
        trap(maker, made);
    }
}

/// Honest cases that look like faults, on the last day of the maker's plan.
pub(super) fn trap(maker: &mut Maker<'_>, made: &mut Made) {
    let (stories, _) = faults::traps(maker);
    made.tales.extend(stories.into_iter().map(Tale::new));
}

/// Payments whose line, settlement or refund comes late.
pub(super) fn slow(maker: &mut Maker<'_>, business: &[NaiveDate], made: &mut Made) {
    for day in business.iter().skip(1).step_by(business.len() / 4) {
        made.tales.push(Tale::new(reported_late(maker, *day)));
        made.tales.push(Tale::new(settled_late(maker, *day)));
    }
    made.tales.push(Tale::new(refunded_late(maker, business)));
}

/// The line stands in the next day's report.
fn reported_late(maker: &mut Maker<'_>, day: NaiveDate) -> Story {
    let mut shape = maker.shape(day);
    let next = after(day, 1);
    shape.settles_on = Some(maker.plan.settlement_day(next));
    let mut story = maker.payment(&shape, false);
    story.reported[0].day = next;
    story
}

/// Overdue for two business days, and settled then.
fn settled_late(maker: &mut Maker<'_>, day: NaiveDate) -> Story {
    let mut shape = maker.shape(day);
    shape.shared = true;
    shape.settles_on = Some(business_after(day, maker.plan.settlement_due_days + 3));
    maker.payment(&shape, false)
}

/// Refunded near the end, when a long quarter's lookback no longer reaches the payment.
fn refunded_late(maker: &mut Maker<'_>, business: &[NaiveDate]) -> Story {
    let shape = maker.shape(business[1]);
    let mut story = maker.payment(&shape, false);
    maker.refund(&mut story, -(shape.amount_minor / 3), business[business.len() - 3], &["SELLER"]);
    story
}

/// Every fault that fits, and each one that can be corrected a second time, on the days that nothing special has. Gives how many.
pub(super) fn faults<'w>(
    maker: &mut Maker<'w>,
    quarter: &QuarterPlan,
    until: &'w [Plan],
    special: &Special,
    made: &mut Made,
) -> usize {
    let last = until.last().expect("there are business days");
    let lacking = until.iter().position(|plan| special.lacking == Some(plan.last_day())).unwrap_or(until.len());
    let days: Vec<usize> = (WARM_UP..lacking).filter(|index| special.spares(until[*index].last_day())).collect();
    let fitting = Fault::ALL.into_iter().filter(|fault| *fault != Fault::ReportRestated && fault.fits(last));
    let corrected = fitting.clone().filter(|fault| corrections::is_known(quarter.bookkeeping, *fault));
    let mut wanted: Vec<(Fault, bool)> =
        fitting.map(|fault| (fault, false)).chain(corrected.map(|fault| (fault, true))).collect();
    shuffle(maker, &mut wanted);
    for (number, (fault, is_corrected)) in wanted.iter().enumerate() {
        let index = days[number * days.len() / wanted.len()];
        maker.plan = &until[index];
        let mended_on = until[(index + 1 + number % 4).min(until.len() - 1)].last_day();
        one(maker, quarter.bookkeeping, *fault, is_corrected.then_some(mended_on), made);
    }
    wanted.len()
}

/// Puts a fault on the last day of the maker's plan; the ledger is corrected before the run of another, if it is.
pub(super) fn one(
    maker: &mut Maker<'_>,
    bookkeeping: Bookkeeping,
    fault: Fault,
    mended_on: Option<NaiveDate>,
    made: &mut Made,
) {
    let mended_on = mended_on.filter(|_| corrections::is_known(bookkeeping, fault));
    let mut injected = faults::inject(maker, fault);
    for settled in std::mem::take(&mut injected.batch_lines) {
        let entry = mended_on.map(|day| (day, corrections::of_batch(maker, &settled)));
        made.loose.push((settled, entry));
    }
    if let Some(story) = injected.story.take() {
        if let Some(before) = mended_on {
            let changes = corrections::of(maker, fault, &story);
            let tale = made.tales.len();
            made.corrections.extend(changes.map(|change| Correction { before, tale, change }));
        }
        made.tales.push(Tale::new(story));
    }
    made.keep(injected, None);
}

fn shuffle<T>(maker: &mut Maker<'_>, items: &mut [T]) {
    for left in (1..items.len()).rev() {
        let bound = u64::try_from(left + 1).expect("a handful of faults");
        items.swap(left, usize::try_from(maker.rng.below(bound)).expect("below a handful"));
    }
}

/// What a restatement changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Restated {
    /// Lines that were forgotten.
    Forgotten,
    /// A wrong amount and one that becomes wrong, a line that should not be there, a line that could not be read.
    Values,
    /// A fee's currency and a missing quote.
    Settlement,
}

impl Restated {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Forgotten, Self::Values, Self::Settlement];
}

/// Three restatements, one of each.
pub(super) fn restated<'w>(maker: &mut Maker<'w>, until: &'w [Plan], special: &Special, made: &mut Made) {
    for ((number, how), (day, _)) in (1..).zip(Restated::ALL).zip(&special.restatements) {
        maker.plan = until.iter().find(|plan| plan.last_day() == *day).expect("restatements are on business days");
        changed(maker, how, number, made);
    }
}

/// What the last day of the maker's plan has with another content from `edition` on.
pub(super) fn changed(maker: &mut Maker<'_>, how: Restated, edition: usize, made: &mut Made) {
    match how {
        Restated::Forgotten => {
            for _ in 0..2 {
                lines(maker, edition, made, |story| story.reported.clear(), |_| {});
            }
        }
        Restated::Values => {
            let unreadable = Spoil::Cell("transactionAmountValue", "-");
            lines(maker, edition, made, |story| story.reported[0].line.amount_minor += 500, |_| {});
            lines(maker, edition, made, |_| {}, |story| story.reported.clear());
            lines(maker, edition, made, |_| {}, |story| story.reported[0].line.amount_minor += 300);
            lines(maker, edition, made, |story| story.reported[0].line.spoil = Some(unreadable), |_| {});
        }
        Restated::Settlement => {
            settlement(maker, Fault::FeeInOtherCurrency, edition, made);
            settlement(maker, Fault::QuoteMissing, edition, made);
        }
    }
}

/// A payment of the plan's last day whose lines are changed by `before` in the first edition, and by `after` from `edition` on.
fn lines(
    maker: &mut Maker<'_>,
    edition: usize,
    made: &mut Made,
    before: impl FnOnce(&mut Story),
    after: impl FnOnce(&mut Story),
) {
    let shape = maker.shape(maker.plan.last_day());
    let honest = maker.payment(&shape, false);
    let (mut first, mut later) = (honest.clone(), honest);
    before(&mut first);
    after(&mut later);
    made.tales.push(Tale { story: first, restated: Some((edition, later)) });
}

/// A fault in a settled line that an edition mends, without touching what the line pays out.
fn settlement(maker: &mut Maker<'_>, fault: Fault, edition: usize, made: &mut Made) {
    if !fault.fits(maker.plan) {
        return;
    }
    let mut injected = faults::inject(maker, fault);
    let Some(story) = injected.story.take() else { return };
    let mut later = story.clone();
    for settled in &mut later.settled {
        settled.line.spoil = None;
        settled.payout = maker.payout(&settled.line);
    }
    made.tales.push(Tale { story, restated: Some((edition, later)) });
    made.keep(injected, Some(edition));
}
