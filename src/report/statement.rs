//! Lines of the three reports that are sums, movements and balances: settlement summary, account activity, daily ending balance.

use crate::calendar::BusinessDate;
use crate::id::{Key, Symbol};
use crate::money::Currency;
use crate::movement::ReportKind;

use super::schema::{FeeKind, Layout};
use super::{ParsedReport, Place, Reject};

/// One fee of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FeeAmount {
    /// What it is for.
    pub kind: FeeKind,
    /// As reported, in the smallest unit of `currency`: a charged fee is negative in most files.
    pub amount: i64,
    /// Its currency, which may be another one than the settlement's.
    pub currency: Currency,
}

/// What a row of a settlement summary sums up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SummaryRole {
    /// All that a party gets: the marketplace layout, which has no `summaryType`.
    Party,
    /// One type of lines.
    Type,
    /// A correction row (`summaryType` = `DEFAULT`, page `autodebitpay/settlementsummary`).
    Correction,
    /// The whole batch (`summaryType` = `TOTAL`).
    Total,
}

/// One row of a settlement summary.
#[derive(Debug, Clone, PartialEq)]
pub struct SummaryLine {
    /// Where it stands.
    pub place: Place,
    /// `settlementBatchId`.
    pub batch: Symbol,
    /// `merchantId` or `customerId`.
    pub merchant: Symbol,
    /// `referenceMerchantId`; empty for the marketplace, and where the layout has no such column.
    pub party: Symbol,
    /// `summaryType` as written; empty in the marketplace layout.
    pub raw_type: Symbol,
    /// What the row sums up.
    pub role: SummaryRole,
    /// `count`, where the layout has it and the cell is not empty.
    pub count: Option<u64>,
    /// `settlementAmountValue` in the smallest unit of `currency`. A correction row without one moves its aggregate fee.
    pub net: i64,
    /// `settlementCurrency`.
    pub currency: Currency,
    /// The fees that are there, zero or not.
    pub fees: Vec<FeeAmount>,
}

/// One movement of an account.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ActivityLine {
    /// Where it stands.
    pub place: Place,
    /// `accountLogId`, as a key: its text is read again for the few lines that end in an output.
    pub log: Key,
    /// `merchantId`.
    pub merchant: Symbol,
    /// `referenceMerchantId`; empty for the marketplace.
    pub party: Symbol,
    /// `accountNo`.
    pub account: Symbol,
    /// `transType`, where the file has it (no page of Antom's names it).
    pub raw_type: Symbol,
    /// `settlementBatchId`, where the file has it.
    pub batch: Symbol,
    /// `amount` in the smallest unit of `currency`: in is positive, out negative, whatever sign the file gives an `OUT`.
    pub amount: i64,
    /// `accountCurrency`.
    pub currency: Currency,
    /// Whether `transDirection` is `OUT`.
    pub out: bool,
}

/// The balance of one account at the end of a day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BalanceLine {
    /// Where it stands.
    pub place: Place,
    /// `merchantId`.
    pub merchant: Symbol,
    /// `referenceMerchantId`; empty for the marketplace.
    pub party: Symbol,
    /// `accountNo`.
    pub account: Symbol,
    /// `balance` in the smallest unit of `currency`.
    pub balance: i64,
    /// `accountCurrency`.
    pub currency: Currency,
    /// `accountDate`: the day at whose end the balance was taken.
    pub on: BusinessDate,
}

/// One file of these reports after parsing.
#[derive(Debug)]
pub struct Statement<L> {
    /// Which report it is.
    pub kind: ReportKind,
    /// Its lines, in file order.
    pub lines: Vec<L>,
    /// Its rejects, in file order.
    pub rejects: Vec<Reject>,
    /// Columns of the header that no rule knows, in file order.
    pub unknown_columns: Vec<String>,
    /// Remarks for the operator.
    pub remarks: Vec<String>,
    /// Whether the layout has a `referenceMerchantId` column.
    pub names_party: bool,
    /// Where the columns stand.
    pub layout: Layout,
}

/// One file of any kind after parsing.
#[derive(Debug)]
pub enum AnyReport {
    /// Transaction details or settlement details.
    Details(ParsedReport),
    /// A settlement summary.
    Summary(Statement<SummaryLine>),
    /// Account activity.
    Activity(Statement<ActivityLine>),
    /// Daily ending balances.
    Balances(Statement<BalanceLine>),
}

/// The same of every kind of report.
macro_rules! of_any {
    ($report:expr, $any:ident => $value:expr) => {
        match $report {
            AnyReport::Details($any) => $value,
            AnyReport::Summary($any) => $value,
            AnyReport::Activity($any) => $value,
            AnyReport::Balances($any) => $value,
        }
    };
}

impl AnyReport {
    /// Which report it is.
    #[must_use]
    pub const fn kind(&self) -> ReportKind {
        of_any!(self, report => report.kind)
    }

    /// How many lines it has, without the rejects.
    #[must_use]
    pub const fn lines(&self) -> usize {
        of_any!(self, report => report.lines.len())
    }

    /// Its rejects, in file order.
    #[must_use]
    pub fn rejects(&self) -> &[Reject] {
        of_any!(self, report => &report.rejects)
    }

    /// Remarks for the operator.
    #[must_use]
    pub fn remarks(&self) -> &[String] {
        of_any!(self, report => &report.remarks)
    }

    /// The same, to add to them what the reader of the file knows.
    pub const fn remarks_mut(&mut self) -> &mut Vec<String> {
        of_any!(self, report => &mut report.remarks)
    }

    /// Columns of the header that no rule knows, in file order.
    #[must_use]
    pub fn unknown_columns(&self) -> &[String] {
        of_any!(self, report => &report.unknown_columns)
    }

    /// Where the columns stand.
    #[must_use]
    pub const fn layout(&self) -> &Layout {
        of_any!(self, report => &report.layout)
    }
}
