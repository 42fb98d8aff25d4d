//! Notifications: what Antom posts to the marketplace, verified before it is read.
//!
//! Antom repeats a notification until it is acknowledged: within 24 h of the first, up to 8 times. So a notification may come
//! twice, before or after the answer to the call that it is about. Keep them by [`Notified::key`].

mod dispute;
mod kinds;

use chrono::{DateTime, FixedOffset};
use thiserror::Error;

pub use dispute::{DisputeEvent, DisputeNotification};
pub use kinds::{
    CaptureNotification, PaymentNotification, RefundNotification, RegistrationNotification, SettlementInfoNotification,
    SettlementNotification, TransferNotification,
};

use crate::answer::{RawBody, ResultInfo};
use crate::excerpt;
use crate::key::PublicKey;
use crate::model::{BodyError, Fields, FromFields as _, UnknownFields, parse_time};
use crate::signature::{self, SignatureError};

/// The body that acknowledges a notification, to be sent with HTTP 200. It is not signed. Without it Antom sends again.
pub const ACKNOWLEDGEMENT: &str = r#"{"result":{"resultCode":"SUCCESS","resultStatus":"S","resultMessage":"success"}}"#;

/// A notification as it came in.
#[derive(Debug, Clone, Copy)]
pub struct Delivery<'a> {
    /// The path of our own address to which it was posted, with the query if there is one.
    pub path: &'a str,
    /// The `client-id` header; empty if there is none.
    pub client_id: &'a str,
    /// The `request-time` header, unchanged; empty if there is none.
    pub request_time: &'a str,
    /// The `signature` header, unchanged; empty if there is none.
    pub signature: &'a str,
    /// The exact body.
    pub body: &'a [u8],
}

/// Verifies notifications with Antom's key, then reads them.
#[derive(Debug, Clone)]
pub struct NotificationReader {
    key: PublicKey,
    client_id: String,
}

/// A verified notification.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Notified {
    /// `result`, where the notification carries one: of a payment or refund it says what came of it.
    pub result: Option<ResultInfo>,
    /// What is notified.
    pub notification: Notification,
    /// When this delivery was signed.
    pub request_time: DateTime<FixedOffset>,
    /// The exact text of the body, as it was signed.
    pub raw: RawBody,
}

/// What is notified.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Notification {
    /// `notifyPayment`.
    Payment(PaymentNotification),
    /// `notifyCapture`.
    Capture(CaptureNotification),
    /// `notifyRefund`.
    Refund(RefundNotification),
    /// `notifyDispute`.
    Dispute(DisputeNotification),
    /// `notifySettlement`.
    Settlement(SettlementNotification),
    /// `notifyRegistration`.
    Registration(RegistrationNotification),
    /// The result of `settlementInfo/update`.
    SettlementInfo(SettlementInfoNotification),
    /// The result of a transfer or payout.
    Transfer(TransferNotification),
    /// Verified, and of a type that this crate does not know.
    Other {
        /// `notifyType`; empty if there is none.
        notify_type: String,
        /// The body's members.
        members: UnknownFields,
    },
}

/// Why a delivery is no evidence.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum NotificationError {
    /// A header that every notification has.
    #[error("the notification has no `{missing}` header; expected a signed one from Antom")]
    Unsigned {
        /// The header.
        missing: &'static str,
    },
    /// It is for another client.
    #[error("the notification is for client `{found}`, and this is `{expected}`")]
    OtherClient {
        /// The `client-id` header.
        found: String,
        /// Our client id.
        expected: String,
    },
    /// The signature does not hold.
    #[error(transparent)]
    BadSignature(#[from] SignatureError),
    /// Signed by Antom, and not understood.
    #[error("the signed notification cannot be read: {0}")]
    Unreadable(#[from] BodyError),
}

impl NotificationReader {
    /// Reads notifications for `client_id` that are signed with this key.
    #[must_use]
    pub fn new(antom_public_key: PublicKey, client_id: impl Into<String>) -> Self {
        NotificationReader { key: antom_public_key, client_id: client_id.into() }
    }

    /// Verifies a delivery over its exact bytes, then reads it.
    ///
    /// # Errors
    ///
    /// [`NotificationError`]: it must not be believed, or is not understood. Do not acknowledge it.
    pub fn read(&self, delivery: &Delivery<'_>) -> Result<Notified, NotificationError> {
        let Delivery { path, client_id, request_time, signature, body } = *delivery;
        for (missing, text) in [("signature", signature), ("request-time", request_time), ("client-id", client_id)] {
            if text.is_empty() {
                return Err(NotificationError::Unsigned { missing });
            }
        }
        if client_id != self.client_id {
            let (found, expected) = (excerpt(client_id), self.client_id.clone());
            return Err(NotificationError::OtherClient { found, expected });
        }
        signature::verify(&self.key, path, client_id, request_time, body, signature)?;
        let not_utf8 =
            |error: std::str::Utf8Error| BodyError::Json { place: "the body".to_owned(), reason: error.to_string() };
        let text = std::str::from_utf8(body).map_err(not_utf8)?;
        let request_time = parse_time(request_time).ok_or_else(|| BodyError::Unexpected {
            field: "request-time".to_owned(),
            found: excerpt(request_time),
            expected: "milliseconds since 1970, or a time such as `2019-05-28T12:12:14+08:00`",
        })?;
        let (result, notification) = read(text)?;
        Ok(Notified { result, notification, request_time, raw: RawBody::new(text.to_owned()) })
    }
}

fn read(text: &str) -> Result<(Option<ResultInfo>, Notification), BodyError> {
    let mut fields = Fields::parse(text)?;
    let result = fields.object("result")?;
    let notify_type = fields.text("notifyType")?.unwrap_or_default();
    let dispute = fields.text("disputeNotificationType")?;
    let notification = match (notify_type.as_str(), dispute) {
        (_, Some(event)) => Notification::Dispute(DisputeNotification::read(event, fields)?),
        ("PAYMENT_RESULT" | "PAYMENT_PENDING", _) => {
            let is_pending = notify_type == "PAYMENT_PENDING";
            Notification::Payment(PaymentNotification { is_pending, ..PaymentNotification::from_fields(fields)? })
        }
        ("CAPTURE_RESULT", _) => Notification::Capture(CaptureNotification::from_fields(fields)?),
        ("REFUND_RESULT", _) => Notification::Refund(RefundNotification::from_fields(fields)?),
        ("SETTLEMENT_RESULT", _) => Notification::Settlement(SettlementNotification::from_fields(fields)?),
        ("REGISTRATION_RESULT", _) => Notification::Registration(RegistrationNotification::from_fields(fields)?),
        ("SETTLEMENT_INFO_UPDATE_RESULT", _) => {
            Notification::SettlementInfo(SettlementInfoNotification::from_fields(fields)?)
        }
        ("TRANSFER_RESULT", _) => Notification::Transfer(TransferNotification::from_fields(fields)?),
        _ => Notification::Other { notify_type, members: fields.rest() },
    };
    Ok((result, notification))
}

impl Notified {
    /// What makes it the same as another one: the kind, and the id of what it is about. Two deliveries with the same key say the
    /// same; `None` for types that this crate does not know.
    #[must_use]
    pub fn key(&self) -> Option<(String, String)> {
        let (kind, id) = match &self.notification {
            Notification::Payment(it) if it.is_pending => ("PAYMENT_PENDING", &it.payment_id),
            Notification::Payment(it) => ("PAYMENT_RESULT", &it.payment_id),
            Notification::Capture(it) => ("CAPTURE_RESULT", &it.capture_request_id),
            Notification::Refund(it) => ("REFUND_RESULT", &it.refund_request_id),
            Notification::Dispute(it) => (it.event.as_str(), &it.dispute_id),
            Notification::Settlement(it) => {
                let party = it.reference_merchant_id.as_deref().unwrap_or_default();
                let batch = it.settlement_batch_id.as_deref()?;
                return Some(("SETTLEMENT_RESULT".to_owned(), format!("{batch} {party}")));
            }
            Notification::Registration(it) => ("REGISTRATION_RESULT", &it.registration_request_id),
            Notification::SettlementInfo(it) => ("SETTLEMENT_INFO_UPDATE_RESULT", &it.update_request_id),
            Notification::Transfer(it) => ("TRANSFER_RESULT", &it.transfer_request_id),
            Notification::Other { .. } => return None,
        };
        Some((kind.to_owned(), id.clone()?))
    }
}
