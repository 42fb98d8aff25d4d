//! Giving back: `refund`, from three sources.

use chrono::{DateTime, FixedOffset};
use serde::Serialize;

use super::body::receipt;
use super::check;
use crate::error::{Distrust, NotAsked};
use crate::excerpt;
use crate::model::{Amount, Quote};
use crate::question::{Question, same};

/// There are three sources.
const MOST_DETAILS: usize = 20;
/// Longest `refundReason` (SDK comments).
const MOST_REASON: usize = 256;

/// Gives back all or a part of a payment (fact sheet, 1.6). Idempotent by `refund_request_id`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Refund {
    /// `refundRequestId`.
    pub refund_request_id: String,
    /// `paymentId`.
    pub payment_id: String,
    /// `refundAmount`, in the currency of the payment.
    pub refund_amount: Amount,
    /// `refundDetails`: where it is taken from; their sum is the amount.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub refund_details: Vec<RefundDetail>,
    /// `refundReason`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refund_reason: Option<String>,
    /// `refundNotifyUrl`: in place of the one in the dashboard.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refund_notify_url: Option<String>,
    /// `isAsyncRefund`: Antom answers before it is done.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "check::flag")]
    pub is_async_refund: Option<bool>,
    /// `captureId`: of which capture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capture_id: Option<String>,
}

/// What is taken from one source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RefundDetail {
    /// `refundFrom`.
    pub refund_from: RefundFrom,
    /// `refundAmount`.
    pub refund_amount: Amount,
}

/// Whose money is given back. Meanings are inferred from the values' names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RefundFrom {
    /// The sub-merchant's.
    Seller,
    /// The marketplace's.
    Marketplace,
    /// What was paid and is not split yet.
    UnsettledFunds,
}

receipt! {
    /// The answer to `refund`.
    pub struct RefundReceipt {
        /// `refundRequestId`.
        refund_request_id: Option<String> = text("refundRequestId"),
        /// `refundId`: Antom's id.
        refund_id: Option<String> = text("refundId"),
        /// `paymentId`.
        payment_id: Option<String> = text("paymentId"),
        /// `refundAmount`.
        refund_amount: Option<Amount> = amount("refundAmount"),
        /// `actualRefundAmount`.
        actual_refund_amount: Option<Amount> = amount("actualRefundAmount"),
        /// `refundTime`, once it succeeded.
        refund_time: Option<DateTime<FixedOffset>> = time("refundTime"),
        /// `grossSettlementAmount`.
        gross_settlement_amount: Option<Amount> = amount("grossSettlementAmount"),
        /// `settlementQuote`.
        settlement_quote: Option<Quote> = quote("settlementQuote"),
        /// `acquirerReferenceNo`.
        acquirer_reference_no: Option<String> = text("acquirerReferenceNo"),
    }
}

impl Refund {
    /// Takes `refund_amount` from one source.
    #[must_use]
    pub fn new(
        refund_request_id: impl Into<String>,
        payment_id: impl Into<String>,
        refund_amount: Amount,
        refund_from: RefundFrom,
    ) -> Self {
        Refund {
            refund_request_id: refund_request_id.into(),
            payment_id: payment_id.into(),
            refund_details: vec![RefundDetail { refund_from, refund_amount: refund_amount.clone() }],
            refund_amount,
            refund_reason: None,
            refund_notify_url: None,
            is_async_refund: None,
            capture_id: None,
        }
    }

    fn check_details(&self) -> Result<(), NotAsked> {
        if self.refund_details.is_empty() {
            return Ok(());
        }
        check::list("refundDetails", &self.refund_details, MOST_DETAILS)?;
        let mut sum = 0_i64;
        for RefundDetail { refund_amount, .. } in &self.refund_details {
            check::amount("refundDetails.refundAmount", refund_amount)?;
            sum = sum.saturating_add(refund_amount.value);
        }
        let amounts = self.refund_details.iter().map(|detail| &detail.refund_amount);
        check::one_currency("refundDetails.refundAmount", amounts.chain([&self.refund_amount]))?;
        if sum == self.refund_amount.value {
            return Ok(());
        }
        let found = excerpt(&sum.to_string());
        Err(NotAsked::Value { field: "refundDetails", found, expected: "parts that add up to `refundAmount`" })
    }
}

impl Question for Refund {
    type Body = RefundReceipt;
    const API: &'static str = "v1/payments/refund";

    fn request(&self, _merchant_account_id: Option<&str>) -> Result<Vec<u8>, NotAsked> {
        check::id("refundRequestId", &self.refund_request_id)?;
        check::id("paymentId", &self.payment_id)?;
        check::optional_id("captureId", self.capture_id.as_deref())?;
        check::amount("refundAmount", &self.refund_amount)?;
        self.check_details()?;
        if let Some(reason) = &self.refund_reason {
            check::text("refundReason", reason, MOST_REASON)?;
        }
        check::url("refundNotifyUrl", self.refund_notify_url.as_deref())?;
        Ok(check::json(self, None))
    }

    fn recognise(&self, answer: &RefundReceipt) -> Result<(), Distrust> {
        same("refundRequestId", &self.refund_request_id, answer.refund_request_id.as_deref())?;
        same("paymentId", &self.payment_id, answer.payment_id.as_deref())
    }

    fn is_final(&self, result: &crate::ResultInfo, _answer: &RefundReceipt) -> bool {
        super::receipt::is_in_process(result) || !result.is_worth_a_retry()
    }
}
