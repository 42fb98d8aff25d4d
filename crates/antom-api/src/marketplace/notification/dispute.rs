//! `notifyDispute`.

use chrono::{DateTime, FixedOffset};

use crate::model::{Amount, BodyError, Fields, UnknownFields, open_enum};

open_enum! {
    /// `disputeNotificationType`: what happened to the dispute.
    pub enum DisputeEvent {
        /// It was opened; the funds are frozen until it is decided.
        Created = "DISPUTE_CREATED",
        /// The defence's documents arrived.
        DefenseSupplied = "DEFENSE_SUPPLIED",
        /// The defence is due within 24 hours.
        DefenseDueAlert = "DEFENSE_DUE_ALERT",
        /// It was given up, by the marketplace or by letting the time pass.
        Accepted = "DISPUTE_ACCEPTED",
        /// It was decided.
        Judged = "DISPUTE_JUDGED",
        /// It was withdrawn.
        Cancelled = "DISPUTE_CANCELLED",
        /// It ended at once, by rapid dispute resolution.
        RdrResolved = "RDR_RESOLVED",
    }
}

/// `notifyDispute`. Times may have any offset.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DisputeNotification {
    /// `disputeNotificationType`.
    pub event: DisputeEvent,
    /// `disputeId`.
    pub dispute_id: Option<String>,
    /// `paymentId`.
    pub payment_id: Option<String>,
    /// `paymentRequestId`.
    pub payment_request_id: Option<String>,
    /// `captureId`.
    pub capture_id: Option<String>,
    /// `disputeTime`.
    pub dispute_time: Option<DateTime<FixedOffset>>,
    /// `disputeAmount`.
    pub dispute_amount: Option<Amount>,
    /// `disputeType`: `CHARGEBACK`, `RETRIEVAL_REQUEST` or `COMPLIANCE_REQUEST`.
    pub dispute_type: Option<String>,
    /// `disputeReasonCode`, the scheme's.
    pub dispute_reason_code: Option<String>,
    /// `disputeReasonMsg`.
    pub dispute_reason_msg: Option<String>,
    /// `disputeSource`, such as `Mastercard`.
    pub dispute_source: Option<String>,
    /// `defendable`.
    pub defendable: Option<bool>,
    /// `defenseDueTime`.
    pub defense_due_time: Option<DateTime<FixedOffset>>,
    /// `disputeJudgedTime`.
    pub dispute_judged_time: Option<DateTime<FixedOffset>>,
    /// `disputeJudgedAmount`: what is deducted.
    pub dispute_judged_amount: Option<Amount>,
    /// `disputeJudgedResult`: `ACCEPT_BY_MERCHANT`, `ACCEPT_BY_CUSTOMER`, …
    pub dispute_judged_result: Option<String>,
    /// `disputeAcceptReason`: `MERCHANT_ACCEPTED`, `TIMEOUT` or `MANUAL_PROCESSING_ACCEPTED`.
    pub dispute_accept_reason: Option<String>,
    /// `disputeAcceptTime`.
    pub dispute_accept_time: Option<DateTime<FixedOffset>>,
    /// `arn`: the acquirer's reference number.
    pub arn: Option<String>,
    /// Everything else.
    pub other: UnknownFields,
}

impl DisputeNotification {
    pub(super) fn read(event: String, mut fields: Fields) -> Result<Self, BodyError> {
        Ok(DisputeNotification {
            event: DisputeEvent::from(event),
            dispute_id: fields.text("disputeId")?,
            payment_id: fields.text("paymentId")?,
            payment_request_id: fields.text("paymentRequestId")?,
            capture_id: fields.text("captureId")?,
            dispute_time: fields.time("disputeTime")?,
            dispute_amount: fields.amount("disputeAmount")?,
            dispute_type: fields.text("disputeType")?,
            dispute_reason_code: fields.text("disputeReasonCode")?,
            dispute_reason_msg: fields.text("disputeReasonMsg")?,
            dispute_source: fields.text("disputeSource")?,
            defendable: fields.flag("defendable")?,
            defense_due_time: fields.time("defenseDueTime")?,
            dispute_judged_time: fields.time("disputeJudgedTime")?,
            dispute_judged_amount: fields.amount("disputeJudgedAmount")?,
            dispute_judged_result: fields.text("disputeJudgedResult")?,
            dispute_accept_reason: fields.text("disputeAcceptReason")?,
            dispute_accept_time: fields.time("disputeAcceptTime")?,
            arn: fields.text("arn")?,
            other: fields.rest(),
        })
    }
}
