//! `inquiryRefund`.

use chrono::{DateTime, FixedOffset};

use super::{Amount, Body, BodyError, Fields, FromFields, Quote, RefundStatus, UnknownFields, read_body};
use crate::answer::{Outcome, ResultInfo};

/// The answer to `inquiryRefund`.
///
/// Source: SDK `AlipayRefundQueryResponse`, page `ir_online`. What reconciliation does not need is
/// in `other`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RefundInquiry {
    /// `refundStatus`: what became of the refund.
    pub refund_status: Option<RefundStatus>,
    /// `refundId`: Antom's id of the refund.
    pub refund_id: Option<String>,
    /// `refundRequestId`: the merchant's id of the refund.
    pub refund_request_id: Option<String>,
    /// `refundAmount`: what was asked for, in the currency of the payment.
    pub refund_amount: Option<Amount>,
    /// `actualRefundAmount`: what the buyer gets.
    pub actual_refund_amount: Option<Amount>,
    /// `refundTime`: when it succeeded, only then.
    pub refund_time: Option<DateTime<FixedOffset>>,
    /// `grossSettlementAmount`: in settlement currency, only if the rate was locked with the
    /// transaction.
    pub gross_settlement_amount: Option<Amount>,
    /// `settlementQuote`: that rate.
    pub settlement_quote: Option<Quote>,
    /// `arn`: the acquirer's reference number.
    pub arn: Option<String>,
    /// `rrn`: the retrieval reference number.
    pub rrn: Option<String>,
    /// Everything else.
    pub other: UnknownFields,
}

impl RefundInquiry {
    /// Reads a stored body again. It does not verify anything: that happened when it was asked for.
    ///
    /// # Errors
    ///
    /// [`BodyError`] names the member that cannot be read.
    pub fn from_json(text: &str) -> Result<(ResultInfo, Self), BodyError> {
        read_body(text)
    }
}

impl FromFields for RefundInquiry {
    fn from_fields(mut fields: Fields) -> Result<Self, BodyError> {
        Ok(RefundInquiry {
            refund_status: fields.status("refundStatus")?,
            refund_id: fields.text("refundId")?,
            refund_request_id: fields.text("refundRequestId")?,
            refund_amount: fields.amount("refundAmount")?,
            actual_refund_amount: fields.amount("actualRefundAmount")?,
            refund_time: fields.time("refundTime")?,
            gross_settlement_amount: fields.amount("grossSettlementAmount")?,
            settlement_quote: fields.quote("settlementQuote")?,
            arn: fields.text("arn")?,
            rrn: fields.text("rrn")?,
            other: fields.rest(),
        })
    }
}

impl Body for RefundInquiry {
    /// The page of `inquiryRefund` says that the fields are null when the refund is not found.
    fn outcome_of_success(&self) -> Outcome {
        match (&self.refund_status, &self.refund_id, &self.refund_amount) {
            (Some(_), _, _) => Outcome::Found,
            (None, None, None) => Outcome::NotFound,
            (None, _, _) => Outcome::Unknown,
        }
    }
}
