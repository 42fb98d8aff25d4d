//! The layouts of Antom's reports: which columns, and which words and ids each type carries.

use super::columns;
use super::story::{Line, Movement};

/// A layout of Antom's reports (`antom.md`, 2.6 and 9.1, 9.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Layout {
    /// The marketplace pages, completed by the working defaults of `antom.md`, 9.
    Marketplace,
    /// The general layout to mid 2023.
    Gen1,
    /// The general layout from 2023 to about 2025.
    Gen2,
    /// The newest general layout: every type carries the paymentId, statuses are in the file.
    Gen3,
}

/// The five reports (`antom.md`, 2.1 to 2.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Report {
    /// `transactionItems_…`.
    TransactionDetails,
    /// `settlementItems_…`.
    SettlementDetails,
    /// `settlementSummary_…`.
    SettlementSummary,
    /// `accountActivity_…`.
    AccountActivity,
    /// `dailyEndingBalance_…`.
    DailyEndingBalance,
}

impl Report {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::TransactionDetails,
        Self::SettlementDetails,
        Self::SettlementSummary,
        Self::AccountActivity,
        Self::DailyEndingBalance,
    ];
}

/// The ids of a line as a layout writes them; empty where it has none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ids<'l> {
    /// `transactionId`.
    pub transaction: &'l str,
    /// `originalTransactionId`.
    pub original: &'l str,
    /// `transactionRequestId`.
    pub request: &'l str,
    /// `originalTransactionRequestId`.
    pub original_request: &'l str,
}

impl Layout {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Marketplace, Self::Gen1, Self::Gen2, Self::Gen3];

    /// The name used on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Marketplace => "marketplace",
            Self::Gen1 => "gen1",
            Self::Gen2 => "gen2",
            Self::Gen3 => "gen3",
        }
    }

    /// Whether the layout has a name for this movement (`antom.md`, 4.1 to 4.3).
    #[must_use]
    pub fn names(self, movement: Movement) -> bool {
        match movement {
            Movement::Void => self != Self::Gen3,
            Movement::RapidDisputeResolution => self != Self::Gen1,
            Movement::Correction => self.has_aggregate_fee(),
            movement => !movement.is_of_batch() || self != Self::Gen1,
        }
    }

    /// Whether `feeAmountValue` holds the fees of a line together (`antom.md`, 3.3).
    #[must_use]
    pub fn has_aggregate_fee(self) -> bool {
        matches!(self, Self::Gen1 | Self::Gen2)
    }

    /// Whether the summary has a row per type and a total, in place of one row per party.
    #[must_use]
    pub fn has_summary_types(self) -> bool {
        self != Self::Marketplace
    }

    /// The `transactionType` of a movement in this layout.
    #[must_use]
    pub fn transaction_type(self, movement: Movement) -> &'static str {
        let newest = self == Self::Gen3;
        match movement {
            Movement::RapidDisputeResolution => "RAPID_DISPUTE_RESOLUTION",
            Movement::SettlementFee => "SETTLEMENT_FEE",
            Movement::ReserveWithheld if newest => "RESERVE",
            Movement::ReserveWithheld => "RESERVE_WITHHOLDING",
            Movement::ReserveReleased if newest => "RESERVE_RELEASED",
            Movement::ReserveReleased => "RESERVE_RELEASE",
            Movement::CollateralWithheld if newest => "COLLATERAL_WITHHELD",
            Movement::CollateralWithheld => "COLLATERAL_WITHHOLDING",
            Movement::CollateralReleased if newest => "COLLATERAL_RELEASED",
            Movement::CollateralReleased => "COLLATERAL_RELEASE",
            Movement::Correction => "DEFAULT",
            Movement::Unheard => "LOYALTY_TOP_UP",
            known => known.entry_type(),
        }
    }

    /// The ids that a line carries: the old rule of `antom.md`, 4.2, or the new one in the newest layout.
    #[must_use]
    pub fn ids(self, line: &Line) -> Ids<'_> {
        let payment = &line.payment;
        let is_first = matches!(line.movement, Movement::Payment | Movement::Authorization);
        if line.movement.is_of_batch() {
            return Ids { transaction: &line.own_id, ..Ids::default() };
        }
        if self == Self::Gen3 {
            let original_request = if is_first { "" } else { &payment.request_id };
            return Ids { transaction: &payment.id, original: "", request: &line.own_request_id, original_request };
        }
        if is_first {
            return Ids { transaction: &payment.id, request: &payment.request_id, ..Ids::default() };
        }
        let original = if line.movement == Movement::Cancel && self == Self::Gen1 { "" } else { &payment.id };
        let request = match line.movement {
            Movement::Capture if self == Self::Gen2 => &payment.request_id,
            Movement::Void => &payment.request_id,
            _ => &line.own_request_id,
        };
        Ids { transaction: &line.own_id, original, request, original_request: &payment.request_id }
    }

    /// The columns of a report, in order.
    #[must_use]
    pub fn columns(self, report: Report) -> Vec<&'static str> {
        columns::header(self, report).split(',').collect()
    }
}
