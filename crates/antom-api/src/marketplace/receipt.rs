//! How a call ended, verified.

use chrono::{DateTime, FixedOffset, Utc};

use crate::answer::{Answer, Outcome, RawBody, ResultInfo, ResultStatus, Signed};

/// Antom's codes for "accepted, and the outcome comes later", all with status `U`.
const IN_PROCESS: [&str; 4] = ["PAYMENT_IN_PROCESS", "CAPTURE_IN_PROCESS", "REFUND_IN_PROCESS", "PROCESSING"];

/// What the answer to a call means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Standing {
    /// `S`: Antom did it, or took it on for a review or a bank (`registrationStatus`, `refundStatus` say which).
    Done,
    /// `U`, and Antom is at it: do not send it again, wait for the notification or inquire.
    InProcess,
    /// `F`: Antom does not know what the request is about.
    NotFound,
    /// `F`: refused, final for this request.
    Refused,
    /// `U`: Antom could not say, however often it was asked. Send the same request again later.
    Unknown,
}

/// The verified answer to a call: evidence, as an [`Answer`] is.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Receipt<T> {
    /// What it means.
    pub standing: Standing,
    /// Antom's own verdict on the call.
    pub result: ResultInfo,
    /// The answer, typed. Mostly empty after a refusal.
    pub body: T,
    /// The exact text of the body, as it was signed.
    pub raw: RawBody,
    /// When Antom answered, by its own clock (to the second) and in its own offset.
    pub response_time: DateTime<FixedOffset>,
    /// When the last attempt was sent, by our clock.
    pub asked_at: DateTime<Utc>,
    /// How often it was sent, this time included.
    pub attempts: u32,
    /// What else is needed to verify the raw body once more, years later.
    pub signed: Signed,
}

impl<T> Receipt<T> {
    /// `is_final`: asking again would bring nothing new, by what the call itself knows of Antom's words.
    pub(super) fn of(answer: Answer<T>, is_final: bool) -> Self {
        let standing = match (&answer.result.status, answer.outcome) {
            (ResultStatus::Success, _) => Standing::Done,
            (ResultStatus::Failed, Outcome::NotFound) => Standing::NotFound,
            (ResultStatus::Failed, _) => Standing::Refused,
            _ if is_final => Standing::InProcess,
            _ => Standing::Unknown,
        };
        let Answer { result, body, raw, response_time, asked_at, attempts, signed, .. } = answer;
        Receipt { standing, result, body, raw, response_time, asked_at, attempts, signed }
    }
}

pub(super) fn is_in_process(result: &ResultInfo) -> bool {
    result.status == ResultStatus::Unknown && IN_PROCESS.contains(&result.code.as_str())
}
