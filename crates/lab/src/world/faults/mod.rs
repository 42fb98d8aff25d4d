//! The catalogue of faults. Each one gets payments of its own, placed so that the run of the last day is the first to
//! list it: the runs before it must be silent.

mod existence;
mod identity;
mod traps;
mod values;

use super::calendar::{before, business_before, is_business_day};
use super::expected::Expected;
use super::layout::Layout;
use super::payments::Maker;
use super::story::{Movement, Settled, Story};
use super::{Plan, money};
use chrono::NaiveDate;

pub(super) use traps::traps;

/// A way in which ledger and reports may come to disagree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// The amount of a line is not a number.
    UnreadableAmount,
    /// The amount of a line has more decimals than its currency.
    TooManyDecimals,
    /// The time of a line does not exist.
    UnreadableTime,
    /// The currency of a line is none.
    UnreadableCurrency,
    /// A line ends in the middle.
    CutLine,
    /// The settlement amount of a batch fee is not a number.
    UnreadableSettlementAmount,
    /// A line has a type that no page names.
    UnknownType,
    /// A line stands twice in transaction details.
    DuplicateLine,
    /// A payment was booked twice.
    DuplicateEntry,
    /// A payment was settled in two batches.
    SettledTwice,
    /// Two disputes of one payment were booked, and one line without a dispute id fits both.
    AmbiguousDispute,
    /// A line is for a sub-merchant that the registry does not know.
    StrangerSells,
    /// A line is for a sub-merchant whose registration failed.
    RefusedSells,
    /// A payment was not booked.
    PaymentNotBooked,
    /// A refund, made by hand at Antom, was not booked.
    RefundNotBooked,
    /// A refund that bounced was not booked.
    BounceNotBooked,
    /// The marketplace's share of a payment was not booked.
    ShareNotBooked,
    /// A booked payment is in no report; Antom confirms it.
    NotReportedButTrue,
    /// A booked payment is in no report; Antom does not know it.
    NotReportedUnknown,
    /// A booked payment is in no report; Antom says it failed.
    NotReportedFailed,
    /// A booked payment is in no report; Antom still works on it.
    NotReportedProcessing,
    /// A booked refund is in no report.
    RefundNotReported,
    /// A payment was settled but is not in transaction details.
    SettledNotReported,
    /// A payment was not settled in time.
    NotSettled,
    /// A refund of a payment that nobody knows.
    OrphanRefund,
    /// A payment was booked in another currency.
    CurrencyDiffers,
    /// A payment was booked with another amount.
    AmountDiffers,
    /// A yen payment was booked one yen too high.
    AmountDiffersByOneYen,
    /// A dinar payment was booked a thousandth of a dinar too low.
    AmountDiffersByOneFils,
    /// A payment was booked with another amount, and Antom's API says a third one.
    AmountContradicted,
    /// A refund was settled with another amount than the one reported.
    SettledAmountDiffers,
    /// A refund was settled in another transaction currency than the one reported.
    SettledCurrencyDiffers,
    /// A payment that Antom reports was booked as failed.
    BookedAsFailed,
    /// A payment that Antom reports is still pending in the ledger.
    StillPending,
    /// A payment stays pending for longer than it may, and no report has it.
    PendingTooLong,
    /// A payment was booked for another sub-merchant.
    OtherSubMerchant,
    /// The marketplace's share was booked with another amount than the one settled.
    SplitDiffers,
    /// Two refunds add up to more than their payment.
    RefundsExceedPayment,
    /// Two captures add up to more than their authorisation.
    CapturesExceedAuthorization,
}

impl Fault {
    /// All of them, in the contract's order of kinds.
    pub const ALL: [Self; 39] = [
        Self::UnreadableAmount,
        Self::TooManyDecimals,
        Self::UnreadableTime,
        Self::UnreadableCurrency,
        Self::CutLine,
        Self::UnreadableSettlementAmount,
        Self::UnknownType,
        Self::DuplicateLine,
        Self::DuplicateEntry,
        Self::SettledTwice,
        Self::AmbiguousDispute,
        Self::StrangerSells,
        Self::RefusedSells,
        Self::PaymentNotBooked,
        Self::RefundNotBooked,
        Self::BounceNotBooked,
        Self::ShareNotBooked,
        Self::NotReportedButTrue,
        Self::NotReportedUnknown,
        Self::NotReportedFailed,
        Self::NotReportedProcessing,
        Self::RefundNotReported,
        Self::SettledNotReported,
        Self::NotSettled,
        Self::OrphanRefund,
        Self::CurrencyDiffers,
        Self::AmountDiffers,
        Self::AmountDiffersByOneYen,
        Self::AmountDiffersByOneFils,
        Self::AmountContradicted,
        Self::SettledAmountDiffers,
        Self::SettledCurrencyDiffers,
        Self::BookedAsFailed,
        Self::StillPending,
        Self::PendingTooLong,
        Self::OtherSubMerchant,
        Self::SplitDiffers,
        Self::RefundsExceedPayment,
        Self::CapturesExceedAuthorization,
    ];

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
            | Self::SettledCurrencyDiffers => business_before(last, plan.settle_after),
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
            _ => true,
        };
        shows && self.day(plan) >= plan.first_day && is_business_day(plan.last_day())
    }

    /// The words under which the fault is shown to people.
    #[must_use]
    pub fn story(self) -> &'static str {
        match self {
            Self::UnreadableAmount => "an amount that is not a number",
            Self::TooManyDecimals => "an amount with more decimals than its currency",
            Self::UnreadableTime => "a time that does not exist",
            Self::UnreadableCurrency => "a currency that is none",
            Self::CutLine => "a line that ends in the middle",
            Self::UnreadableSettlementAmount => "a batch fee that is not a number",
            Self::UnknownType => "a type that no page names",
            Self::DuplicateLine => "a line that stands twice",
            Self::DuplicateEntry => "a payment booked twice",
            Self::SettledTwice => "a payment settled in two batches",
            Self::AmbiguousDispute => "two booked disputes, one line",
            Self::StrangerSells => "a seller that nobody registered",
            Self::RefusedSells => "a seller whose registration failed",
            Self::PaymentNotBooked => "a payment not booked",
            Self::RefundNotBooked => "a refund made by hand, not booked",
            Self::BounceNotBooked => "a bounced refund not booked",
            Self::ShareNotBooked => "the marketplace's share not booked",
            Self::NotReportedButTrue => "booked, not reported, confirmed by the API",
            Self::NotReportedUnknown => "booked, not reported, unknown to the API",
            Self::NotReportedFailed => "booked, not reported, failed says the API",
            Self::NotReportedProcessing => "booked, not reported, in process says the API",
            Self::RefundNotReported => "a booked refund in no report",
            Self::SettledNotReported => "settled without being reported",
            Self::NotSettled => "a payment overdue for settlement",
            Self::OrphanRefund => "a refund of a payment nobody knows",
            Self::CurrencyDiffers => "booked in another currency",
            Self::AmountDiffers => "booked with another amount",
            Self::AmountDiffersByOneYen => "booked one yen too high",
            Self::AmountDiffersByOneFils => "booked a thousandth of a dinar too low",
            Self::AmountContradicted => "three sources, three amounts",
            Self::SettledAmountDiffers => "a refund settled with another amount",
            Self::SettledCurrencyDiffers => "a refund settled in another currency",
            Self::BookedAsFailed => "reported, but booked as failed",
            Self::StillPending => "reported, but still pending in the ledger",
            Self::PendingTooLong => "pending in the ledger for too long",
            Self::OtherSubMerchant => "booked for another seller",
            Self::SplitDiffers => "the marketplace's share booked too high",
            Self::RefundsExceedPayment => "two refunds above their payment",
            Self::CapturesExceedAuthorization => "two captures above their authorisation",
        }
    }
}

/// A fault put into the world: its story, what must be reported, and lines of a batch that belong to no payment.
pub(super) struct Injected {
    pub(super) story: Option<Story>,
    pub(super) expected: Expected,
    pub(super) batch_lines: Vec<Settled>,
}

impl Injected {
    fn new(story: Story, expected: Expected) -> Self {
        Self { story: Some(story), expected, batch_lines: Vec::new() }
    }
}

/// Puts `fault` into the world; it must fit the plan.
pub(super) fn inject(maker: &mut Maker<'_>, fault: Fault) -> Injected {
    identity::inject(maker, fault)
        .or_else(|| existence::inject(maker, fault))
        .or_else(|| values::inject(maker, fault))
        .expect("each fault is injected by one of the three modules, which the tests of the catalogue prove")
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
