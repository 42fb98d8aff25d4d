//! What Antom said, verified: evidence.

use std::fmt;

use chrono::{DateTime, FixedOffset, Utc};

use crate::model::open_enum;

/// A verified answer. There is no other way to get one than to ask and to check the signature.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Answer<T> {
    /// What it means for the question.
    pub outcome: Outcome,
    /// Antom's own verdict on the call. It does not say what became of the payment or refund: the
    /// body does.
    pub result: ResultInfo,
    /// The answer, typed. Mostly empty unless the outcome is [`Outcome::Found`].
    pub body: T,
    /// The exact text of the body, as it was signed.
    pub raw: RawBody,
    /// When Antom answered, by its own clock (to the second) and in its own offset.
    pub response_time: DateTime<FixedOffset>,
    /// When the last attempt was sent, by our clock: with `response_time` it shows how far the
    /// clocks are apart.
    pub asked_at: DateTime<Utc>,
    /// How often it was asked, this time included.
    pub attempts: u32,
    /// What else is needed to verify the raw body once more, years later.
    pub signed: Signed,
}

/// The parts of an answer that its signature covers besides the body, and the signature: with
/// Antom's key, [`signature::verify`](crate::signature::verify) needs no more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// The path that was called.
    pub path: String,
    /// The client id that asked.
    pub client_id: String,
    /// The `response-time` header, unchanged.
    pub response_time: String,
    /// The `signature` header, unchanged.
    pub signature: String,
}

/// What an answer means for the question that was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// Antom knows it, and the body says how it stands.
    Found,
    /// Antom does not know it.
    NotFound,
    /// Antom refused the question (`F`): permission, contract or a parameter. Final.
    Refused,
    /// Antom could not say (`U`), however often it was asked, or said nothing. Ask again later.
    Unknown,
}

/// `result`, which every answer carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResultInfo {
    /// `resultCode`, such as `SUCCESS` or `ORDER_NOT_EXIST`. Empty if Antom left it out.
    pub code: String,
    /// `resultStatus`.
    pub status: ResultStatus,
    /// `resultMessage`, for people. Empty if Antom left it out.
    pub message: String,
}

open_enum! {
    /// `resultStatus`: whether the call worked. Source: every API page, "result process logic".
    pub enum ResultStatus {
        /// The call worked.
        Success = "S",
        /// The call failed, and will fail again.
        Failed = "F",
        /// Not known, not final.
        Unknown = "U",
    }
}

impl ResultInfo {
    /// Whether the same question may get another answer soon: everything that is not final (`U`,
    /// and statuses that Antom may invent), and throttling whatever its status.
    #[must_use]
    pub fn is_worth_a_retry(&self) -> bool {
        match self.status {
            ResultStatus::Success => false,
            ResultStatus::Failed => self.is_throttled(),
            ResultStatus::Unknown | ResultStatus::Other(_) => true,
        }
    }

    /// Whether Antom asks to be called less often.
    #[must_use]
    pub fn is_throttled(&self) -> bool {
        self.code == "REQUEST_TRAFFIC_EXCEED_LIMIT"
    }
}

impl fmt::Display for ResultInfo {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} ({})", self.code, self.status)?;
        match self.message.as_str() {
            "" => Ok(()),
            message => write!(formatter, ": {message}"),
        }
    }
}

/// The codes that, with status `F`, say that the payment or refund does not exist. Antom's tables
/// for the inquiries have not been seen in full; `ORDER_NOT_EXIST` is what sister calls use, the
/// others are the same in other words.
pub const NOT_FOUND_CODES: &[&str] = &[
    "ORDER_NOT_EXIST",
    "ORDER_NOT_FOUND",
    "PAYMENT_NOT_EXIST",
    "PAYMENT_NOT_FOUND",
    "REFUND_NOT_EXIST",
    "REFUND_NOT_FOUND",
    "REFUND_ORDER_NOT_EXIST",
    "TRANSACTION_NOT_EXIST",
    "TRANSACTION_NOT_FOUND",
];

/// The exact text of a body. It may contain personal data of a buyer, so debugging shows its length
/// only.
#[derive(Clone, PartialEq, Eq)]
pub struct RawBody(String);

impl RawBody {
    pub(crate) fn new(text: String) -> Self {
        RawBody(text)
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The bytes that the signature covers.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// The text, to keep.
    #[must_use]
    pub fn into_string(self) -> String {
        self.0
    }
}

impl fmt::Debug for RawBody {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "RawBody({} bytes)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_worth_a_retry() {
        for (code, status, expected) in [
            ("SUCCESS", "S", false),
            ("UNKNOWN_EXCEPTION", "U", true),
            ("REQUEST_TRAFFIC_EXCEED_LIMIT", "U", true),
            ("REQUEST_TRAFFIC_EXCEED_LIMIT", "F", true),
            ("SOMETHING_NEW", "U", true),
            ("SOMETHING_NEW", "X", true),
            ("PROCESS_FAIL", "F", false),
            ("ORDER_NOT_EXIST", "F", false),
        ] {
            let result =
                ResultInfo { code: code.to_owned(), status: ResultStatus::from(status), message: String::new() };
            assert_eq!(result.is_worth_a_retry(), expected, "{result}");
        }
    }

    #[test]
    fn a_raw_body_does_not_show_itself() {
        assert_eq!(format!("{:?}", RawBody::new("{\"buyer\":1}".to_owned())), "RawBody(11 bytes)");
    }
}
