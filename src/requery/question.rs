//! One inquiry, and the text by which it is stored and found again.

use std::fmt;

use crate::id::{AntomId, RequestId};
use crate::movement::closed_words;

closed_words! {
    /// The inquiries that decide discrepancies (pages `paymentri_online` and `ir_online`).
    Endpoint {
        /// A payment with its captures and refunds.
        InquiryPayment = "inquiryPayment",
        /// One refund.
        InquiryRefund = "inquiryRefund",
    }
}

/// By which id Antom is asked. Antom's own id wins where both are known (page `paymentri_online`).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Subject {
    /// `paymentId` or `refundId`.
    Antom(AntomId),
    /// `paymentRequestId` or `refundRequestId`.
    Request(RequestId),
}

/// One inquiry.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Question {
    /// Which call.
    pub endpoint: Endpoint,
    /// About what.
    pub subject: Subject,
}

impl Question {
    /// The inquiry by Antom's id if it is known, else by the marketplace's; none without either.
    #[must_use]
    pub fn by(endpoint: Endpoint, antom_id: &str, request_id: &str) -> Option<Self> {
        let subject = match (antom_id, request_id) {
            ("", "") => return None,
            ("", request_id) => Subject::Request(RequestId::new(request_id)),
            (antom_id, _) => Subject::Antom(AntomId::new(antom_id)),
        };
        Some(Self { endpoint, subject })
    }

    /// The name under which the answer is stored: `inquiryPayment?paymentId=…`. Stable for ever.
    #[must_use]
    pub fn key(&self) -> String {
        self.to_string()
    }
}

impl fmt::Display for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.endpoint {
            Endpoint::InquiryPayment => "payment",
            Endpoint::InquiryRefund => "refund",
        };
        match &self.subject {
            Subject::Antom(id) => write!(f, "{}?{what}Id={id}", self.endpoint),
            Subject::Request(id) => write!(f, "{}?{what}RequestId={id}", self.endpoint),
        }
    }
}
