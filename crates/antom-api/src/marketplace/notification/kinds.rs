//! The notifications about payments, refunds, settlements, sub-merchants and transfers (fact sheet, 1.2, 1.4 and 6.8).

use chrono::{DateTime, FixedOffset};

use super::super::RegistrationStatus;
use super::super::body::body;
use crate::answer::ResultInfo;
use crate::model::{Amount, BodyError, Fields, FromFields, Quote, RefundStatus, UnknownFields};

/// `notifyPayment`: what came of a payment. [`Notified::result`](super::Notified::result) says it: `S` paid (or, of a pending one,
/// being processed), `F` failed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PaymentNotification {
    /// Whether it is `PAYMENT_PENDING`: the outcome is still to come.
    pub is_pending: bool,
    /// `paymentRequestId`.
    pub payment_request_id: Option<String>,
    /// `paymentId`.
    pub payment_id: Option<String>,
    /// `paymentAmount`.
    pub payment_amount: Option<Amount>,
    /// `paymentCreateTime`.
    pub payment_create_time: Option<DateTime<FixedOffset>>,
    /// `paymentTime`: when it was paid.
    pub payment_time: Option<DateTime<FixedOffset>>,
    /// `earliestSettlementTime`: from when it may be split.
    pub earliest_settlement_time: Option<DateTime<FixedOffset>>,
    /// `grossSettlementAmount`.
    pub gross_settlement_amount: Option<Amount>,
    /// `settlementQuote`.
    pub settlement_quote: Option<Quote>,
    /// `acquirerReferenceNo`.
    pub acquirer_reference_no: Option<String>,
    /// `paymentMethodType`.
    pub payment_method_type: Option<String>,
    /// Everything else.
    pub other: UnknownFields,
}

impl FromFields for PaymentNotification {
    fn from_fields(mut fields: Fields) -> Result<Self, BodyError> {
        Ok(PaymentNotification {
            is_pending: false,
            payment_request_id: fields.text("paymentRequestId")?,
            payment_id: fields.text("paymentId")?,
            payment_amount: fields.amount("paymentAmount")?,
            payment_create_time: fields.time("paymentCreateTime")?,
            payment_time: fields.time("paymentTime")?,
            earliest_settlement_time: fields.time("earliestSettlementTime")?,
            gross_settlement_amount: fields.amount("grossSettlementAmount")?,
            settlement_quote: fields.quote("settlementQuote")?,
            acquirer_reference_no: fields.text("acquirerReferenceNo")?,
            payment_method_type: fields.text("paymentMethodType")?,
            other: fields.rest(),
        })
    }
}

body! {
    /// `notifyCapture`.
    pub struct CaptureNotification {
        /// `captureRequestId`.
        capture_request_id: Option<String> = text("captureRequestId"),
        /// `captureId`.
        capture_id: Option<String> = text("captureId"),
        /// `paymentId`.
        payment_id: Option<String> = text("paymentId"),
        /// `captureAmount`.
        capture_amount: Option<Amount> = amount("captureAmount"),
        /// `captureTime`.
        capture_time: Option<DateTime<FixedOffset>> = time("captureTime"),
        /// `acquirerReferenceNo`.
        acquirer_reference_no: Option<String> = text("acquirerReferenceNo"),
    }
}

body! {
    /// `notifyRefund`. `SUCCESS` means that the channel took it: it can still bounce, which the settlement report alone tells.
    pub struct RefundNotification {
        /// `refundStatus`.
        refund_status: Option<RefundStatus> = status("refundStatus"),
        /// `refundRequestId`.
        refund_request_id: Option<String> = text("refundRequestId"),
        /// `refundId`.
        refund_id: Option<String> = text("refundId"),
        /// `refundAmount`.
        refund_amount: Option<Amount> = amount("refundAmount"),
        /// `actualRefundAmount`.
        actual_refund_amount: Option<Amount> = amount("actualRefundAmount"),
        /// `refundTime`.
        refund_time: Option<DateTime<FixedOffset>> = time("refundTime"),
        /// `grossSettlementAmount`.
        gross_settlement_amount: Option<Amount> = amount("grossSettlementAmount"),
        /// `settlementQuote`.
        settlement_quote: Option<Quote> = quote("settlementQuote"),
        /// `arn`: the acquirer's reference number.
        arn: Option<String> = text("arn"),
    }
}

body! {
    /// `notifySettlement`: a party was paid. With the batch and the party it is the settlement summary's row.
    pub struct SettlementNotification {
        /// `settlementBatchId`.
        settlement_batch_id: Option<String> = text("settlementBatchId"),
        /// `referenceMerchantId`: the seller; none for the marketplace.
        reference_merchant_id: Option<String> = text("referenceMerchantId"),
        /// `settleTo`: `SELLER` or `MARKETPLACE`.
        settle_to: Option<String> = text("settleTo"),
        /// `settlementArrivalTime`.
        settlement_arrival_time: Option<DateTime<FixedOffset>> = time("settlementArrivalTime"),
        /// `actualSettlementAmount`.
        actual_settlement_amount: Option<Amount> = amount("actualSettlementAmount"),
    }
}

body! {
    /// `notifyRegistration`.
    pub struct RegistrationNotification {
        /// `referenceMerchantId`.
        reference_merchant_id: Option<String> = text("referenceMerchantId"),
        /// `registrationRequestId`.
        registration_request_id: Option<String> = text("registrationRequestId"),
        /// `registrationStatus`.
        registration_status: Option<RegistrationStatus> = status("registrationStatus"),
        /// `reasonCode`, when it failed.
        reason_code: Option<String> = text("reasonCode"),
        /// `reasonMessage`, when it failed.
        reason_message: Option<String> = text("reasonMessage"),
    }
}

body! {
    /// The result of `settlementInfo/update`. No source shows its members: these are named as those of the request and of
    /// `notifyRegistration`, and all of them are optional.
    pub struct SettlementInfoNotification {
        /// `updateRequestId`.
        update_request_id: Option<String> = text("updateRequestId"),
        /// `referenceMerchantId`.
        reference_merchant_id: Option<String> = text("referenceMerchantId"),
        /// `settlementCurrency`.
        settlement_currency: Option<String> = text("settlementCurrency"),
        /// `updateStatus`.
        update_status: Option<RegistrationStatus> = status("updateStatus"),
        /// `reasonCode`, when it failed.
        reason_code: Option<String> = text("reasonCode"),
    }
}

body! {
    /// The result of `createTransfer` or `createPayout` (SDK `AlipayAbaTransferNotify`).
    pub struct TransferNotification {
        /// `transferRequestId`.
        transfer_request_id: Option<String> = text("transferRequestId"),
        /// `transferId`.
        transfer_id: Option<String> = text("transferId"),
        /// `transferResult`.
        transfer_result: Option<ResultInfo> = object("transferResult"),
        /// `transferFinishTime`.
        transfer_finish_time: Option<DateTime<FixedOffset>> = time("transferFinishTime"),
    }
}
