//! What buyers, banks and reviewers will do, planned by request id before they do it. Without a plan all goes well.

use std::collections::HashMap;

/// What will come of a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Buyer {
    /// Pays after so many seconds.
    PaysAfter(i64),
    /// Is refused after so many seconds, with this result code (`RISK_REJECT`, `USER_BALANCE_NOT_ENOUGH`, …).
    FailsAfter(i64, String),
    /// Does nothing.
    Waits,
}

/// What will come of a capture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bank {
    /// Refuses at once, with this result code.
    Refuses(String),
    /// Takes its time, then does it.
    IsSlow,
    /// Takes its time, then fails with this result code.
    IsSlowAndFails(String),
}

/// What a review ends with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Successful.
    Accept,
    /// Failed: `MISSING_OR_INCORRECT_INFO`.
    MissingInfo,
    /// Failed: `REJECT_FOR_RISK`.
    RejectForRisk,
    /// Failed: `REGISTRATION_FAILED`.
    Failed,
}

impl Verdict {
    /// `reasonCode`; none when accepted.
    #[must_use]
    pub fn reason(self) -> Option<&'static str> {
        match self {
            Self::Accept => None,
            Self::MissingInfo => Some("MISSING_OR_INCORRECT_INFO"),
            Self::RejectForRisk => Some("REJECT_FOR_RISK"),
            Self::Failed => Some("REGISTRATION_FAILED"),
        }
    }
}

/// All plans, by request id.
#[derive(Debug, Default)]
pub(super) struct Plans {
    pub(super) buyers: HashMap<String, Buyer>,
    /// By `captureRequestId`, `refundRequestId` or `transferRequestId`.
    pub(super) banks: HashMap<String, Bank>,
    /// By `registrationRequestId` or `updateRequestId`.
    pub(super) verdicts: HashMap<String, Verdict>,
}
