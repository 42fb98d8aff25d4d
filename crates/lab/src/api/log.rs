//! What was asked, so that tests can count questions.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A call of Antom's API. The inquiries are there always, the others where the server has a marketplace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Endpoint {
    /// `payments/inquiryPayment` (fact sheet, 6.6).
    InquiryPayment,
    /// `payments/inquiryRefund` (fact sheet, 6.6).
    InquiryRefund,
    /// `accounts/inquireBalance` (fact sheet, 1.4).
    InquireBalance,
    /// `merchants/register` (fact sheet, 1.2).
    Register,
    /// `merchants/settlementInfo/update` (fact sheet, 1.2).
    UpdateSettlementInfo,
    /// `payments/consult` (fact sheet, 6.7).
    Consult,
    /// `payments/pay` (fact sheet, 6.7).
    Pay,
    /// `payments/capture` (fact sheet, 6.7).
    Capture,
    /// `payments/cancel` (fact sheet, 1.5).
    Cancel,
    /// `payments/settle` (fact sheet, 1.4).
    Settle,
    /// `payments/refund` (fact sheet, 1.6).
    Refund,
    /// `payments/acceptDispute` (fact sheet, 6.7).
    AcceptDispute,
    /// `payments/supplyDefenseDocument` (fact sheet, 6.7).
    SupplyDefenseDocument,
    /// `payments/downloadDisputeEvidence` (fact sheet, 6.7).
    DownloadDisputeEvidence,
    /// `funds/createTransfer` (fact sheet, 1.4).
    CreateTransfer,
    /// `funds/createPayout` (fact sheet, 1.4).
    CreatePayout,
}

impl Endpoint {
    pub(crate) const INQUIRIES: [Self; 3] = [Self::InquiryPayment, Self::InquiryRefund, Self::InquireBalance];

    /// All calls of a marketplace.
    pub const ALL: [Self; 16] = [
        Self::InquiryPayment,
        Self::InquiryRefund,
        Self::InquireBalance,
        Self::Register,
        Self::UpdateSettlementInfo,
        Self::Consult,
        Self::Pay,
        Self::Capture,
        Self::Cancel,
        Self::Settle,
        Self::Refund,
        Self::AcceptDispute,
        Self::SupplyDefenseDocument,
        Self::DownloadDisputeEvidence,
        Self::CreateTransfer,
        Self::CreatePayout,
    ];

    /// Whether it only asks.
    #[must_use]
    pub fn is_inquiry(self) -> bool {
        Self::INQUIRIES.contains(&self)
    }

    /// The path below `/ams/api/v1/` or `/ams/sandbox/api/v1/`.
    #[must_use]
    pub fn path(self) -> &'static str {
        match self {
            Self::InquiryPayment => "payments/inquiryPayment",
            Self::InquiryRefund => "payments/inquiryRefund",
            Self::InquireBalance => "accounts/inquireBalance",
            Self::Register => "merchants/register",
            Self::UpdateSettlementInfo => "merchants/settlementInfo/update",
            Self::Consult => "payments/consult",
            Self::Pay => "payments/pay",
            Self::Capture => "payments/capture",
            Self::Cancel => "payments/cancel",
            Self::Settle => "payments/settle",
            Self::Refund => "payments/refund",
            Self::AcceptDispute => "payments/acceptDispute",
            Self::SupplyDefenseDocument => "payments/supplyDefenseDocument",
            Self::DownloadDisputeEvidence => "payments/downloadDisputeEvidence",
            Self::CreateTransfer => "funds/createTransfer",
            Self::CreatePayout => "funds/createPayout",
        }
    }
}

/// One HTTP request and how it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// Which call; `None` when the path is none that there is.
    pub endpoint: Option<Endpoint>,
    /// Ids that the request named, and those of the payment or refund that it found.
    pub ids: Vec<String>,
    /// The `resultCode` of the answer, or `HTTP 500`, or `RESET`.
    pub outcome: String,
}

#[derive(Default)]
struct Notes {
    questions: Vec<Question>,
    in_flight: usize,
    most_in_flight: usize,
}

/// The requests of one server in the order in which they were decided, shared.
#[derive(Clone, Default)]
pub struct ApiLog(Arc<Mutex<Notes>>);

/// A request that is being answered; ends when dropped.
pub(crate) struct InFlight(ApiLog);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.lock().in_flight -= 1;
    }
}

impl ApiLog {
    /// All requests so far.
    #[must_use]
    pub fn questions(&self) -> Vec<Question> {
        self.lock().questions.clone()
    }

    /// How many requests came in so far, refused ones included.
    #[must_use]
    pub fn total(&self) -> usize {
        self.lock().questions.len()
    }

    /// How often `endpoint` was asked about `id`: Antom's id and the request id count as the same.
    #[must_use]
    pub fn count(&self, endpoint: Endpoint, id: &str) -> usize {
        let about =
            |question: &&Question| question.endpoint == Some(endpoint) && question.ids.iter().any(|known| known == id);
        self.lock().questions.iter().filter(about).count()
    }

    /// How often `endpoint` was asked.
    #[must_use]
    pub fn count_endpoint(&self, endpoint: Endpoint) -> usize {
        self.lock().questions.iter().filter(|question| question.endpoint == Some(endpoint)).count()
    }

    /// The most requests that were being answered at the same time.
    #[must_use]
    pub fn most_in_flight(&self) -> usize {
        self.lock().most_in_flight
    }

    pub(crate) fn begin(&self) -> InFlight {
        let mut notes = self.lock();
        notes.in_flight += 1;
        notes.most_in_flight = notes.most_in_flight.max(notes.in_flight);
        drop(notes);
        InFlight(self.clone())
    }

    pub(crate) fn add(&self, endpoint: Option<Endpoint>, ids: Vec<String>, outcome: impl Into<String>) {
        self.lock().questions.push(Question { endpoint, ids, outcome: outcome.into() });
    }

    fn lock(&self) -> MutexGuard<'_, Notes> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
