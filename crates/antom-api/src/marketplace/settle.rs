//! The split: `settle`.

use serde::Serialize;

use super::body::receipt;
use super::check;
use crate::error::{Distrust, NotAsked};
use crate::model::Amount;
use crate::question::{Question, same};

/// Most shares of one call (fact sheet, 1.4).
const MOST_DETAILS: usize = 20;

/// Splits a payment (fact sheet, 1.4). Idempotent by `settlement_request_id`; there is no inquiry for it, so that a split in doubt
/// is sent again as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Settle {
    /// `settlementRequestId`.
    pub settlement_request_id: String,
    /// `paymentId`.
    pub payment_id: String,
    /// `settlementDetails`, at most 20.
    pub settlement_details: Vec<SettlementDetail>,
}

/// One share.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SettlementDetail {
    /// `settleTo`.
    pub settle_to: SettleTo,
    /// `settlementAmount`.
    pub settlement_amount: Amount,
}

/// Whose share it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SettleTo {
    /// The sub-merchant's.
    Seller,
    /// The marketplace's.
    Marketplace,
}

receipt! {
    /// The answer to `settle`.
    pub struct SettleReceipt {
        /// `settlementRequestId`.
        settlement_request_id: Option<String> = text("settlementRequestId"),
        /// `settlementId`: Antom's id of the split.
        settlement_id: Option<String> = text("settlementId"),
    }
}

impl SettlementDetail {
    /// The sub-merchant's share.
    #[must_use]
    pub fn seller(settlement_amount: Amount) -> Self {
        SettlementDetail { settle_to: SettleTo::Seller, settlement_amount }
    }

    /// The marketplace's share.
    #[must_use]
    pub fn marketplace(settlement_amount: Amount) -> Self {
        SettlementDetail { settle_to: SettleTo::Marketplace, settlement_amount }
    }
}

impl Settle {
    /// All members.
    #[must_use]
    pub fn new(
        settlement_request_id: impl Into<String>,
        payment_id: impl Into<String>,
        settlement_details: Vec<SettlementDetail>,
    ) -> Self {
        Settle {
            settlement_request_id: settlement_request_id.into(),
            payment_id: payment_id.into(),
            settlement_details,
        }
    }
}

impl Question for Settle {
    type Body = SettleReceipt;
    const API: &'static str = "v1/payments/settle";

    fn request(&self, _merchant_account_id: Option<&str>) -> Result<Vec<u8>, NotAsked> {
        check::id("settlementRequestId", &self.settlement_request_id)?;
        check::id("paymentId", &self.payment_id)?;
        check::list("settlementDetails", &self.settlement_details, MOST_DETAILS)?;
        for detail in &self.settlement_details {
            check::amount("settlementAmount", &detail.settlement_amount)?;
        }
        let amounts = self.settlement_details.iter().map(|detail| &detail.settlement_amount);
        check::one_currency("settlementAmount", amounts)?;
        Ok(check::json(self, None))
    }

    fn recognise(&self, answer: &SettleReceipt) -> Result<(), Distrust> {
        same("settlementRequestId", &self.settlement_request_id, answer.settlement_request_id.as_deref())
    }
}
