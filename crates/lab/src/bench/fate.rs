//! Which days there are, what becomes of a payment, and what must be found of it after the last day.

use super::Options;
use chrono::NaiveDate;
use std::collections::BTreeMap;

/// The day that is measured, a Wednesday.
pub(super) const DATE: NaiveDate = NaiveDate::from_ymd_opt(2026, 11, 18).expect("a date");

/// Every so many payments, one is of each of the five kinds below.
const PERIOD: u64 = 5_000;

/// The kinds of discrepancies that are made, in the contract's order.
pub(super) const KINDS: [&str; 5] =
    ["MISSING_IN_LEDGER", "MISSING_IN_REPORT", "SETTLED_NOT_REPORTED", "AMOUNT_MISMATCH", "STATUS_MISMATCH"];

/// What became of a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Honest,
    /// In the ledger; or, where it is settled on the next day, in the settled line alone.
    AmountDiffers,
    NotBooked,
    NotReported,
    BookedAsFailed,
    /// Transaction details lack it. As long as it is not settled, that is all there is to it.
    SettledNotReported,
}

impl Fate {
    /// The remainders are spread over the currencies, which follow the payment's number as well.
    pub(super) fn of(payment: u64) -> Self {
        match payment % PERIOD {
            503 => Self::AmountDiffers,
            1_501 => Self::NotBooked,
            2_499 => Self::NotReported,
            3_495 => Self::BookedAsFailed,
            4_496 => Self::SettledNotReported,
            _ => Self::Honest,
        }
    }

    /// Whether something of it was open until its settlement on the next day closed that: a line that waited, or an entry without
    /// a line, which has another kind from then on. What waited and is settled otherwise became a discrepancy, which closes nothing.
    fn is_closed_by_settlement(self) -> bool {
        matches!(self, Self::Honest | Self::SettledNotReported)
    }

    /// The contract's kind for it once its day's payments are settled as `settled` says.
    fn kind(self, settled: Settled) -> Option<&'static str> {
        match self {
            Self::Honest => None,
            Self::AmountDiffers => Some("AMOUNT_MISMATCH"),
            Self::NotBooked => Some("MISSING_IN_LEDGER"),
            Self::SettledNotReported if settled != Settled::NotYet => Some("SETTLED_NOT_REPORTED"),
            Self::NotReported | Self::SettledNotReported => Some("MISSING_IN_REPORT"),
            Self::BookedAsFailed => Some("STATUS_MISMATCH"),
        }
    }
}

/// When the payments of a day are settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Settled {
    AtOnce,
    NextDay,
    NotYet,
}

/// A day of the bench.
#[derive(Debug, Clone, Copy)]
pub(super) struct Day {
    pub(super) date: NaiveDate,
    /// When its own payments are settled.
    pub(super) settled: Settled,
    /// The day whose payments its settlement details have; there are none without.
    pub(super) settles: Option<NaiveDate>,
}

/// The days that end with [`DATE`], oldest first. Where payments are settled on the next day, there are at least two.
pub(super) fn days(options: &Options) -> Vec<Day> {
    let count = options.days.max(if options.next_day { 2 } else { 1 });
    let dates = DATE.iter_days().rev().take(usize::try_from(count).unwrap_or(usize::MAX));
    let mut days: Vec<Day> = dates.map(|date| day(date, options)).collect();
    days.reverse();
    if options.next_day
        && let Some(first) = days.first_mut()
    {
        first.settles = None;
    }
    days
}

fn day(date: NaiveDate, options: &Options) -> Day {
    let (settled, settles) = match options {
        Options { unsettled: true, .. } => (Settled::NotYet, None),
        Options { next_day: true, .. } => {
            (if date == DATE { Settled::NotYet } else { Settled::NextDay }, date.pred_opt())
        }
        _ => (Settled::AtOnce, Some(date)),
    };
    Day { date, settled, settles }
}

/// What must be found after the last day.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Expected {
    kinds: BTreeMap<&'static str, u64>,
    /// What waits.
    pub(super) in_transit: u64,
    /// What the last day closed.
    pub(super) cleared: u64,
}

impl Expected {
    /// How many discrepancies of this kind are open.
    pub(super) fn of(&self, kind: &str) -> u64 {
        self.kinds.get(kind).copied().unwrap_or(0)
    }

    /// Counts a payment of a day.
    pub(super) fn count(&mut self, fate: Fate, day: &Day) {
        if let Some(kind) = fate.kind(day.settled) {
            *self.kinds.entry(kind).or_default() += 1;
        } else if day.settled == Settled::NotYet {
            self.in_transit += 1;
        }
        if day.settled == Settled::NextDay && day.date.succ_opt() == Some(DATE) && fate.is_closed_by_settlement() {
            self.cleared += 1;
        }
    }
}
