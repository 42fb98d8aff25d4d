//! Days in which exactly those things happen that somebody names.

use super::special::Special;
use super::tales::{self, Made, Restated};
use super::{Bookkeeping, Quarter, Whole};
use crate::world::calendar::is_business_day;
use crate::world::faults::Fault;
use crate::world::layout::{Layout, Report};
use crate::world::merchants::Merchants;
use crate::world::payments::Maker;
use crate::world::plan::Plan;
use crate::world::rng::Rng;
use crate::world::style::Style;
use crate::world::writer::{self, Content, ReportFile};
use chrono::NaiveDate;

/// A fault, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placed {
    /// What is wrong; at most once in a course of days.
    pub fault: Fault,
    /// The date of the first run that lists it.
    pub day: NaiveDate,
    /// The ledger is corrected before the run of this date, where people can correct it.
    pub corrected_before: Option<NaiveDate>,
}

/// What a course of days is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Days {
    /// All of its days; the faults of the plan itself are not looked at.
    pub plan: Plan,
    /// What the ledger lets people correct.
    pub bookkeeping: Bookkeeping,
    /// What is wrong.
    pub placed: Vec<Placed>,
    /// The days on which files do not come as they should; restatements are those of `restated`.
    pub special: Special,
    /// What is restated, on which day, and how many dates are run before it is.
    pub restated: Vec<(Restated, NaiveDate, usize)>,
    /// Days whose files are written in another way, in the end a day's own files all the same.
    pub written: Vec<(NaiveDate, Writing)>,
    /// Days with honest cases that look like faults.
    pub traps: Vec<NaiveDate>,
}

/// Another way to write the files of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Writing {
    /// All reports in this style.
    In(Style),
    /// Transaction details in another generation's columns.
    Generation(Layout),
}

impl Days {
    /// The plan that ends with `day`: faults are placed by its last day.
    #[must_use]
    pub fn until(&self, day: NaiveDate) -> Plan {
        let days = u32::try_from((day - self.plan.first_day).num_days() + 1).unwrap_or(1);
        Plan { days, ..self.plan.clone() }
    }

    /// A generator of its own for everything that is placed: what happens besides it does not change its amounts.
    fn rng(&self, name: &str) -> Rng {
        let mix = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        Rng::new(name.bytes().fold(self.plan.seed ^ 0xcbf2_9ce4_8422_2325, mix))
    }
}

/// Writes the files of some days again, in their own way, in place of those that are there.
pub(super) fn rewrite(
    files: &mut Vec<ReportFile>,
    plan: &Plan,
    content: Content<'_>,
    written: &[(NaiveDate, Writing)],
) {
    for (day, writing) in written {
        let plan = match writing {
            Writing::In(style) => Plan { style: *style, ..plan.clone() },
            Writing::Generation(layout) => Plan { layout: *layout, ..plan.clone() },
        };
        let is_meant = |file: &ReportFile| {
            let all = matches!(writing, Writing::In(_));
            file.day == *day && (all || file.report == Report::TransactionDetails)
        };
        files.retain(|file| !is_meant(file));
        files.extend(writer::files(&plan, content).into_iter().filter(is_meant));
    }
    files.sort_by(|left, right| left.path.cmp(&right.path));
}

impl Quarter {
    /// Makes these days.
    #[must_use]
    pub fn of(days: &Days) -> Self {
        let plan = &days.plan;
        let mut rng = Rng::new(plan.seed);
        let merchants = Merchants::new(&mut rng, &plan.platform, plan.sellers, plan.first_day);
        let until: Vec<Plan> = plan.all_days().into_iter().map(|day| days.until(day)).collect();
        let plan_of = |day: NaiveDate| until.iter().find(|plan| plan.last_day() == day).unwrap_or(plan);
        let mut maker = Maker::new(plan, &merchants, rng);
        let mut made = Made::new(plan.all_days().into_iter().flat_map(|day| maker.honest_day(day, plan.payments)));
        for day in &days.traps {
            (maker.plan, maker.rng) = (plan_of(*day), days.rng(&format!("trap {day}")));
            tales::trap(&mut maker, &mut made);
        }
        for placed in &days.placed {
            (maker.plan, maker.rng) = (plan_of(placed.day), days.rng(&format!("{:?}", placed.fault)));
            tales::one(&mut maker, days.bookkeeping, placed.fault, placed.corrected_before, &mut made);
        }
        let mut restated = days.restated.clone();
        restated.sort_by_key(|(_, day, _)| *day);
        for (edition, (how, day, _)) in (1..).zip(&restated) {
            (maker.plan, maker.rng) = (plan_of(*day), days.rng(&format!("{how:?}")));
            tales::changed(&mut maker, *how, edition, &mut made);
        }
        let restatements = restated.iter().map(|(_, day, runs)| (*day, *runs)).collect();
        let whole = Whole {
            special: Special { restatements, ..days.special.clone() },
            business_days: plan.all_days().into_iter().filter(|day| is_business_day(*day)).count(),
            faults: days.placed.len(),
            written: days.written.clone(),
        };
        Self::assembled(maker, plan, made, whole)
    }
}
