//! What happens in the world of a seed: its plan, and the faults of the catalogue with their days.

use super::catalogue::{Family, Fault, Trouble};
use crate::world::calendar::{after, is_business_day};
use crate::world::faults::Fault as Value;
use crate::world::layout::Layout;
use crate::world::plan::Plan;
use crate::world::quarter::{Bookkeeping, Days, Placed, Restated, Special, Writing};
use crate::world::rng::Rng;
use crate::world::style::{Empty, Offsets, Style};
use chrono::NaiveDate;

/// The first day that a world can begin with.
const FIRST: NaiveDate = NaiveDate::from_ymd_opt(2026, 9, 7).expect("a Monday");

/// Values that disagree per world: at least so many, and at most so many more.
const VALUES: (u64, u64) = (6, 7);

/// A day that may have a trouble has one in so many of 100 cases.
const TROUBLED: u64 = 75;

/// Makes the seed of a generator for what all days of a world have in common: other draws do not move with it.
const HABITS: u64 = 0x6861_6269_7473_2e31;

/// Values about which Antom is asked, each with an answer that the world knows.
const ASKED: [Value; 8] = [
    Value::PaymentNotBooked,
    Value::RefundNotBooked,
    Value::NotReportedButTrue,
    Value::NotReportedUnknown,
    Value::NotReportedFailed,
    Value::NotReportedProcessing,
    Value::CurrencyDiffers,
    Value::AmountDiffers,
];

/// A fault of a world, and its day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Drawn {
    /// What goes wrong.
    pub fault: Fault,
    /// The date whose run is the first to notice.
    pub day: NaiveDate,
    /// The ledger is corrected before the run of this date, where people can correct it.
    pub corrected_before: Option<NaiveDate>,
}

/// The world of a seed.
#[derive(Debug, Clone)]
pub struct Drawing {
    /// Its days.
    pub plan: Plan,
    /// What its ledger lets people correct.
    pub bookkeeping: Bookkeeping,
    /// Whether Antom's API can be asked.
    pub asks: bool,
    /// Days with honest cases that look like faults.
    traps: Vec<NaiveDate>,
    /// What goes wrong in it.
    pub faults: Vec<Drawn>,
}

impl Drawing {
    /// The world of a seed: the same for ever, whatever is left out of it afterwards.
    #[must_use]
    pub fn of(seed: u64, days: u32, payments: u32) -> Self {
        let rng = &mut Rng::new(seed);
        let habits = &mut Rng::new(seed ^ HABITS);
        let layout = *rng.pick(&Layout::ALL);
        let plan = Plan {
            splits: habits.chance(50),
            first_day: after(FIRST, rng.below(14)),
            days,
            payments,
            layout,
            sellers: 3 + small(rng, 6),
            settle_after: u32::from(habits.chance(50)),
            settlement_due_days: 1 + small(rng, 3),
            pending_max_days: 1 + small(rng, 3),
            book_adjustments: true,
            style: Style { minor_units: habits.chance(15), ..style(rng) },
            ..Plan::one_day(seed)
        };
        let bookkeeping = if rng.chance(50) { Bookkeeping::Free } else { Bookkeeping::AddOnly };
        let asks = rng.chance(70);
        let mut drawing = Self { plan, bookkeeping, asks, traps: Vec::new(), faults: Vec::new() };
        drawing.draw_troubles(rng);
        drawing.draw_values(rng);
        drawing.faults.sort_by_key(|drawn| drawn.day);
        drawing
    }

    /// Days of their own for troubles, every second one, so that what follows a trouble is an ordinary day.
    fn draw_troubles(&mut self, rng: &mut Rng) {
        let days = self.plan.all_days();
        let first = 1 + usize::from(rng.chance(50));
        for index in (first..days.len()).step_by(2) {
            let is_last = index + 1 == days.len();
            let open: Vec<Trouble> = Trouble::ALL
                .iter()
                .copied()
                .filter(|trouble| self.fits(*trouble, days[index], is_last))
                .filter(|trouble| self.faults.iter().all(|drawn| drawn.fault != Fault::Trouble(*trouble)))
                .collect();
            let all: u64 = open.iter().map(|trouble| trouble.weight()).sum();
            let mut place = rng.below(all);
            let drawn = open.into_iter().find(|trouble| {
                let is_here = place < trouble.weight();
                place = place.saturating_sub(trouble.weight());
                is_here
            });
            if let Some(trouble) = drawn.filter(|_| rng.chance(TROUBLED)) {
                self.add(Fault::Trouble(trouble), days[index], None);
            }
        }
    }

    /// Whether a day can have a trouble.
    fn fits(&self, trouble: Trouble, day: NaiveDate, is_last: bool) -> bool {
        match trouble {
            Trouble::Late | Trouble::GivenUp => !is_last,
            Trouble::RestatedForgotten | Trouble::RestatedValues | Trouble::RestatedSettlement => {
                !is_last && is_business_day(day)
            }
            // Without balances the next day's cannot be proved, and a world would have to know which.
            Trouble::BalancesMissing => is_last,
            // The columns of these two hold the same ids, so that the books need not know which day has which.
            Trouble::OtherGeneration => {
                matches!(self.plan.layout, Layout::Marketplace | Layout::Gen1) && !self.plan.style.reversed_columns
            }
            _ => trouble.family() != Family::Answers || self.asks,
        }
    }

    /// Values disagree on days without a trouble, so that it is clear what each run must list first.
    fn draw_values(&mut self, rng: &mut Rng) {
        let days = self.plan.all_days();
        let troubled = |day: &NaiveDate| self.faults.iter().any(|drawn| drawn.day == *day);
        let quiet: Vec<NaiveDate> = days.iter().copied().filter(|day| !troubled(day)).collect();
        let asked = self.faults.iter().filter(|drawn| drawn.fault.family() == Family::Answers).map(|drawn| drawn.day);
        let asked: Vec<NaiveDate> = asked.collect();
        self.traps = quiet.iter().copied().skip(1).filter(|_| rng.chance(20)).collect();
        // An answer that is none needs a question: a day that cannot have one has no such trouble.
        for day in asked {
            let before: Vec<NaiveDate> = quiet.iter().copied().filter(|quiet| *quiet < day).collect();
            self.draw_value(*rng.pick(&ASKED), &before, None, rng);
            if !self.has_question(day) {
                self.faults.retain(|drawn| drawn.day != day || drawn.fault.family() != Family::Answers);
            }
        }
        for _ in 0..VALUES.0 + rng.below(VALUES.1) {
            let value = *rng.pick(&Value::ALL);
            let corrected = rng.chance(50).then(|| 1 + rng.below(3));
            self.draw_value(value, &quiet, corrected, rng);
        }
    }

    /// Puts a value on one of these days, if it fits on any and is not there yet.
    fn draw_value(&mut self, value: Value, days: &[NaiveDate], corrected_after: Option<u64>, rng: &mut Rng) {
        let is_new = self.faults.iter().all(|drawn| drawn.fault != Fault::Value(value));
        let last = self.plan.last_day();
        let fits = |day: &NaiveDate| value.fits(&self.days_until(*day)) && *day >= value.day(&self.days_until(*day));
        let fitting: Vec<NaiveDate> = days.iter().copied().filter(fits).collect();
        if !is_new || value == Value::ReportRestated || fitting.is_empty() {
            return;
        }
        let day = *rng.pick(&fitting);
        let corrected_before = corrected_after.map(|days| after(day, days)).filter(|before| *before <= last);
        self.add(Fault::Value(value), day, corrected_before);
    }

    /// Whether something is open on a day about which Antom is asked.
    pub(super) fn has_question(&self, day: NaiveDate) -> bool {
        let is_asked = |drawn: &Drawn| {
            let is_open = drawn.day < day && drawn.corrected_before.is_none();
            is_open && ASKED.iter().any(|value| drawn.fault == Fault::Value(*value))
        };
        self.faults.iter().any(is_asked)
    }

    fn days_until(&self, day: NaiveDate) -> Plan {
        let days = u32::try_from((day - self.plan.first_day).num_days() + 1).unwrap_or(1);
        Plan { days, ..self.plan.clone() }
    }

    fn add(&mut self, fault: Fault, day: NaiveDate, corrected_before: Option<NaiveDate>) {
        self.faults.push(Drawn { fault, day, corrected_before });
    }

    /// The same world with these faults only; gives those that it does not have.
    pub fn keep(&mut self, wanted: &[Fault]) -> Vec<Fault> {
        let absent = wanted.iter().copied().filter(|fault| self.faults.iter().all(|drawn| drawn.fault != *fault));
        let absent = absent.collect();
        self.faults.retain(|drawn| wanted.contains(&drawn.fault));
        absent
    }

    /// The day of a trouble, if the world has it.
    fn day_of(&self, trouble: Trouble) -> Option<NaiveDate> {
        self.faults.iter().find(|drawn| drawn.fault == Fault::Trouble(trouble)).map(|drawn| drawn.day)
    }

    /// What the world's generator is to make.
    #[must_use]
    pub fn days(&self) -> Days {
        let placed = self.faults.iter().filter_map(|drawn| match drawn.fault {
            Fault::Value(fault) => Some(Placed { fault, day: drawn.day, corrected_before: drawn.corrected_before }),
            Fault::Trouble(_) => None,
        });
        let on = |trouble| self.day_of(trouble);
        let special = Special {
            given_up: on(Trouble::GivenUp),
            lacking: on(Trouble::BalancesMissing),
            early: on(Trouble::Early),
            repeated: on(Trouble::Repeated),
            doubled: on(Trouble::Duplicated),
            ..Special::default()
        };
        let restated = [
            (Trouble::RestatedForgotten, Restated::Forgotten),
            (Trouble::RestatedValues, Restated::Values),
            (Trouble::RestatedSettlement, Restated::Settlement),
        ];
        let style = self.plan.style;
        let sibling = if self.plan.layout == Layout::Gen1 { Layout::Marketplace } else { Layout::Gen1 };
        let written = [
            (Trouble::Workbook, Writing::In(Style { xlsx: true, ..style })),
            (Trouble::CarriageReturns, Writing::In(Style { crlf: true, ..style })),
            (Trouble::ByteOrderMark, Writing::In(Style { bom: true, ..style })),
            (Trouble::OtherOrder, Writing::In(Style { reversed_columns: !style.reversed_columns, ..style })),
            (Trouble::OtherGeneration, Writing::Generation(sibling)),
        ];
        Days {
            plan: self.plan.clone(),
            bookkeeping: self.bookkeeping,
            placed: placed.collect(),
            special,
            restated: restated.into_iter().filter_map(|(trouble, how)| Some((how, on(trouble)?, 1))).collect(),
            written: written.into_iter().filter_map(|(trouble, writing)| Some((on(trouble)?, writing))).collect(),
            traps: self.traps.clone(),
        }
    }
}

fn small(rng: &mut Rng, bound: u64) -> u32 {
    u32::try_from(rng.below(bound)).unwrap_or(0)
}

/// How this Antom writes its files.
fn style(rng: &mut Rng) -> Style {
    Style {
        empty: *rng.pick(&[Empty::Blank, Empty::None, Empty::Null]),
        offsets: *rng.pick(&[Offsets::Antom, Offsets::Minutes(-210), Offsets::Minutes(0), Offsets::Mixed]),
        reversed_columns: rng.chance(25),
        extra_column: rng.chance(25),
        positive_out: rng.chance(25),
        dashed_dates: rng.chance(25),
        ..Style::default()
    }
}

#[cfg(test)]
mod tests {
    use super::{Drawing, Fault};
    use std::collections::BTreeSet;

    #[test]
    fn every_fault_is_drawn_many_times() {
        let drawn = |seed| Drawing::of(seed, 10, 4).faults.into_iter().map(|drawn| drawn.fault);
        let all: Vec<Fault> = (1..=400).flat_map(drawn).collect();
        for fault in Fault::all() {
            let count = all.iter().filter(|one| **one == fault).count();
            assert!(count >= 4, "`{fault}` in {count} of 400 worlds");
        }
    }

    #[test]
    fn a_fault_stays_on_its_day_when_others_are_left_out() {
        let whole = Drawing::of(7, 10, 4);
        let wanted: Vec<Fault> = whole.faults.iter().step_by(3).map(|drawn| drawn.fault).collect();
        let mut some = whole.clone();
        assert_eq!(some.keep(&wanted), []);
        assert_eq!(some.faults.len(), wanted.len());
        assert!(some.faults.iter().all(|drawn| whole.faults.contains(drawn)));
        let days: BTreeSet<_> = whole
            .faults
            .iter()
            .filter(|one| matches!(one.fault, Fault::Trouble(_)))
            .collect::<Vec<_>>()
            .iter()
            .map(|one| one.day)
            .collect();
        assert!(whole.days().placed.iter().all(|placed| !days.contains(&placed.day)));
    }
}
