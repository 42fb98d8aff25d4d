//! What was asked, so that tests can count questions.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// An inquiry of Antom's API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Endpoint {
    /// `payments/inquiryPayment` (fact sheet, 6.6).
    InquiryPayment,
    /// `payments/inquiryRefund` (fact sheet, 6.6).
    InquiryRefund,
    /// `accounts/inquireBalance` (fact sheet, 1.4).
    InquireBalance,
}

impl Endpoint {
    pub(crate) const ALL: [Self; 3] = [Self::InquiryPayment, Self::InquiryRefund, Self::InquireBalance];

    /// The path below `/ams/api/v1/` or `/ams/sandbox/api/v1/`.
    #[must_use]
    pub fn path(self) -> &'static str {
        match self {
            Self::InquiryPayment => "payments/inquiryPayment",
            Self::InquiryRefund => "payments/inquiryRefund",
            Self::InquireBalance => "accounts/inquireBalance",
        }
    }
}

/// One HTTP request and how it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// Which inquiry; `None` when the path is none of them.
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
