//! The catalogue of faults. Each one gets payments of its own, placed so that the run of the last day is the first to
//! list it: the runs before it must be silent.

mod catalogue;
mod existence;
mod identity;
mod lines;
mod reports;
mod traps;
mod values;

use super::calendar::{before, business_before, is_business_day};
use super::expected::Expected;
use super::layout::Layout;
use super::payments::Maker;
use super::story::{Movement, Settled, Story};
use super::wrong::Wrong;
use super::{Plan, money};
use chrono::NaiveDate;

pub use catalogue::Fault;
pub(in crate::world) use traps::traps;

impl Fault {
    /// The day of the payment at fault, so that the last day's run is the first to see it.
    #[must_use]
    pub fn day(self, plan: &Plan) -> NaiveDate {
        let last = plan.last_day();
        match self {
            Self::NotSettled => business_before(last, plan.settlement_due_days + 1),
            Self::PendingTooLong => before(last, u64::from(plan.pending_max_days) + 1),
            Self::SettledTwice
            | Self::ShareNotBooked
            | Self::SplitDiffers
            | Self::BounceNotBooked
            | Self::SettledAmountDiffers
            | Self::SettledCurrencyDiffers
            | Self::FeeOvercharged
            | Self::FeeUndercharged
            | Self::FeeWithoutRule
            | Self::FeeInOtherCurrency
            | Self::QuoteMissing
            | Self::QuoteTurnedRound
            | Self::ConvertedDiffers
            | Self::NetOffByOneCent
            | Self::NetOffByOneYen
            | Self::NetOffByOneFils
            | Self::TotalDiffers
            | Self::TotalCountDiffers
            | Self::TotalFeeDiffers
            | Self::SummaryDiffers
            | Self::PartyNotInSummary
            | Self::PartyOnlyInSummary
            | Self::PayoutNotMade
            | Self::PayoutDiffers => business_before(last, plan.settle_after),
            _ => last,
        }
    }

    /// Whether this world can have the fault: its days reach back far enough, and its layout can show it.
    #[must_use]
    pub fn fits(self, plan: &Plan) -> bool {
        let shows = match self {
            Self::AmbiguousDispute => plan.layout == Layout::Gen3,
            Self::UnreadableSettlementAmount => plan.layout.names(Movement::SettlementFee),
            Self::ShareNotBooked | Self::SplitDiffers => plan.splits,
            // In smallest units every whole number is readable, so there are no decimals to exceed.
            Self::TooManyDecimals => !plan.style.minor_units,
            // A row of a workbook has no end of its own: what is missing may as well be empty.
            Self::CutLine => !plan.style.xlsx,
            Self::TotalDiffers | Self::TotalCountDiffers | Self::TotalFeeDiffers => plan.layout.has_summary_types(),
            // An aggregate may leave out what a part in another currency is, so only separate fees prove it.
            Self::FeeInOtherCurrency => !plan.layout.has_aggregate_fee(),
            Self::ConvertedDiffers => plan.layout == Layout::Gen3,
            // Whoever begins with the last day knows neither yesterday's columns nor yesterday's balances.
            Self::ColumnAppears | Self::BalanceDiffers | Self::BalanceVanishes => plan.first_day < plan.last_day(),
            Self::ReserveNotBooked => plan.book_adjustments,
            _ => true,
        };
        let wanted = plan.proofs || Self::MATCHING.contains(&self);
        wanted && shows && self.day(plan) >= plan.first_day && is_business_day(plan.last_day())
    }
}

/// A fault put into the world: its story, what must be reported, lines of a batch that belong to no payment, and what is
/// wrong in the reports that are made from others.
pub(in crate::world) struct Injected {
    pub(in crate::world) story: Option<Story>,
    pub(in crate::world) expected: Expected,
    pub(in crate::world) batch_lines: Vec<Settled>,
    pub(in crate::world) wrong: Option<Wrong>,
}

impl Injected {
    fn new(story: Story, expected: Expected) -> Self {
        Self { story: Some(story), expected, batch_lines: Vec::new(), wrong: None }
    }
}

/// Puts `fault` into the world; it must fit the plan.
pub(in crate::world) fn inject(maker: &mut Maker<'_>, fault: Fault) -> Injected {
    identity::inject(maker, fault)
        .or_else(|| existence::inject(maker, fault))
        .or_else(|| values::inject(maker, fault))
        .or_else(|| lines::inject(maker, fault))
        .or_else(|| reports::inject(maker, fault))
        .expect("each fault is injected by one of the modules, which the tests of the catalogue prove")
}

/// A new row for `fault`, listed first by the run of the last day.
fn row(maker: &Maker<'_>, fault: Fault, kind: &'static str) -> Expected {
    Expected::new(fault, kind, maker.plan.last_day())
}

/// A payment of the fault's day in US dollars, where a case needs two decimals and no quote.
fn dollars(maker: &mut Maker<'_>, fault: Fault) -> super::payments::Shape {
    let mut shape = maker.shape(fault.day(maker.plan));
    shape.currency = money::USD;
    shape.amount_minor = maker.amount(money::USD);
    shape
}
