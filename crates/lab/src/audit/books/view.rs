//! What a run of one date can know of a tale, and the windows of the contract.

use crate::world::calendar::{after, day_of, instant, is_business_day};
use crate::world::layout::Layout;
use crate::world::merchants::Merchants;
use crate::world::plan::Plan;
use crate::world::quarter::Tale;
use crate::world::story::{Entry, Line, Settled, Spoil};
use chrono::NaiveDate;
use std::collections::BTreeMap;

/// `cutoff_grace` in seconds.
const GRACE_SECONDS: i64 = 15 * 60;

/// The files with which a date was run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Files {
    /// Their edition.
    pub edition: usize,
    /// Whether transaction details are missing.
    pub lacks_transactions: bool,
    /// Whether transaction details are there under two names.
    pub doubled: bool,
    /// Whether a second name of transaction details was there before and is gone.
    pub withdrawn: bool,
    /// Whether no ending balances are there.
    pub lacks_balances: bool,
}

/// What a run knows.
pub(super) struct View<'v> {
    pub(super) plan: &'v Plan,
    pub(super) merchants: &'v Merchants,
    /// The date of the run.
    pub(super) date: NaiveDate,
    /// The files of this and all earlier dates, as their newest runs have them.
    pub(super) files: &'v BTreeMap<NaiveDate, Files>,
}

impl View<'_> {
    pub(super) fn layout(&self) -> Layout {
        self.plan.layout
    }

    fn files_of(&self, day: NaiveDate) -> Option<Files> {
        if day > self.date { None } else { self.files.get(&day).copied() }
    }

    /// The lines of transaction details with the dates of their files; a file that is there twice has them twice.
    pub(super) fn reported<'t>(&self, tale: &'t Tale) -> Vec<(NaiveDate, &'t Line)> {
        let mut lines = Vec::new();
        for (day, files) in self.files.range(..=self.date).filter(|(_, files)| !files.lacks_transactions) {
            let reported = &tale.lines_in(files.edition).reported;
            let of_day = reported.iter().filter(|reported| reported.day == *day).map(|reported| (*day, &reported.line));
            let times = if files.doubled { 2 } else { 1 };
            for _ in 0..times {
                lines.extend(of_day.clone());
            }
        }
        lines
    }

    /// The lines of settlement details.
    pub(super) fn settled<'t>(&self, tale: &'t Tale) -> Vec<&'t Settled> {
        let mut lines = Vec::new();
        for (index, settled) in tale.story.settled.iter().enumerate() {
            if let Some(files) = self.files_of(settled.on) {
                lines.extend(tale.lines_in(files.edition).settled.get(index));
            }
        }
        lines
    }

    /// The entries that can be looked at: those of tomorrow are found by their ids.
    pub(super) fn entries<'t>(&self, tale: &'t Tale) -> Vec<&'t Entry> {
        let is_near = |entry: &&Entry| day_of(entry.occurred_at) <= after(self.date, 1);
        tale.story.entries.iter().filter(is_near).collect()
    }

    /// Whether a run answers for the day of an entry: this one, or an earlier one.
    pub(super) fn answers_for(&self, entry: &Entry) -> bool {
        self.files_of(day_of(entry.occurred_at)).is_some()
    }

    /// Whether the day was run without transaction details.
    pub(super) fn lacks_report(&self, day: NaiveDate) -> bool {
        self.files_of(day).is_some_and(|files| files.lacks_transactions)
    }

    /// Whether the sub-merchant of a line is registered; the marketplace is.
    pub(super) fn is_registered(&self, line: &Line) -> bool {
        let reference = &line.party.reference;
        let known = self.merchants.sellers.iter().chain(&self.merchants.spare);
        reference.is_empty() || known.into_iter().any(|seller| seller.reference == *reference)
    }

    /// The last day on which something of `day` may wait for its settlement.
    pub(super) fn settlement_due(&self, day: NaiveDate) -> NaiveDate {
        let (mut due_on, mut left) = (day, self.plan.settlement_due_days);
        while left > 0 {
            due_on = after(due_on, 1);
            left -= u32::from(is_business_day(due_on));
        }
        due_on
    }

    /// The last day on which something undecided of `day` may wait.
    pub(super) fn pending_due(&self, day: NaiveDate) -> NaiveDate {
        after(day, u64::from(self.plan.pending_max_days))
    }
}

/// Whether an instant of `day` is so near to its end that the other side may have it on the next one.
pub(super) fn is_near_end(at: i64, day: NaiveDate) -> bool {
    day_of(at) == day && at >= instant(after(day, 1), 0) - GRACE_SECONDS
}

/// Whether nothing of a line can be used.
pub(super) fn is_rejected(line: &Line) -> bool {
    matches!(line.spoil, Some(Spoil::Cell(..) | Spoil::Times(_) | Spoil::CutAfter(_)))
}

/// Business days after `since` up to and including `day`.
pub(super) fn age(since: NaiveDate, day: NaiveDate) -> i64 {
    let days = since.iter_days().skip(1).take_while(|other| *other <= day).filter(|other| is_business_day(*other));
    i64::try_from(days.count()).expect("a quarter has some eighty days")
}
