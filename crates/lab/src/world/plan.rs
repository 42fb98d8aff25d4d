//! What a world is to be.

use super::calendar;
use super::faults::Fault;
use super::layout::{Layout, Report};
use super::style::Style;
use chrono::NaiveDate;

/// Whether plans have the faults of [`Fault::PROOFS`] unless they say otherwise. This is the one switch: it is on when the
/// job knows all kinds.
pub const PROOFS: bool = true;

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
    /// Whether the ledger books every fee, reserve, collateral and correction (`adjustments = "ledger"`); else it books one
    /// batch fee in two, and nothing else of these.
    pub book_adjustments: bool,
    /// Whether the faults of [`Fault::PROOFS`] are put in as well.
    pub proofs: bool,
    /// The layout of the reports.
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
            book_adjustments: false,
            proofs: PROOFS,
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

    /// November and the first of December: 22 business days without faults, settled on the next business day.
    #[must_use]
    pub fn one_month(seed: u64) -> Self {
        Self {
            first_day: NaiveDate::from_ymd_opt(2026, 11, 2).expect("a Monday"),
            days: 30,
            payments: 20,
            settle_after: 1,
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

    /// The columns of its files, in order.
    #[must_use]
    pub fn columns(&self, report: Report) -> Vec<&'static str> {
        let mut columns = self.layout.columns(report);
        if self.style.reversed_columns {
            columns.reverse();
        }
        columns
    }

    /// The settlement date of what happens on `day`.
    #[must_use]
    pub fn settlement_day(&self, day: NaiveDate) -> NaiveDate {
        calendar::business_after(day, self.settle_after)
    }
}
