//! What Antom's API would say about the payments of the world, in plain values for an emulator to serve.

/// Everything that the inquiries can be asked about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Book {
    /// One record per payment that Antom knows, in the order in which they were made.
    pub payments: Vec<PaymentRecord>,
}

/// One payment, as `inquiryPayment` answers (`antom.md`, 6.6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentRecord {
    /// Antom's id.
    pub payment_id: String,
    /// The marketplace's id of the request.
    pub payment_request_id: String,
    /// `paymentStatus`: `SUCCESS`, `FAIL`, `PROCESSING`, `CANCELLED` or `PENDING`.
    pub status: &'static str,
    /// `paymentAmount.value`: not negative, in the currency's smallest unit.
    pub amount_minor: i64,
    /// `paymentAmount.currency`.
    pub currency: &'static str,
    /// `paymentTime`, ISO 8601; there only on success.
    pub payment_time: Option<String>,
    /// `earliestSettlementTime`, ISO 8601; there only on success.
    pub earliest_settlement_time: Option<String>,
    /// Refunds and captures, and the other movements of the payment that the API lists.
    pub transactions: Vec<TransactionRecord>,
}

/// One of `transactions[]`; a `REFUND` is also what `inquiryRefund` answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransactionRecord {
    /// `refundId` or `captureId`.
    pub transaction_id: String,
    /// `refundRequestId` or `captureRequestId`.
    pub transaction_request_id: String,
    /// `REFUND`, `CAPTURE`, `CANCEL`, `AUTHORIZATION` or `VOID`.
    pub transaction_type: &'static str,
    /// `SUCCESS`, `FAIL` or `PROCESSING`.
    pub status: &'static str,
    /// Not negative, in the currency's smallest unit.
    pub amount_minor: i64,
    /// ISO 4217 code.
    pub currency: &'static str,
    /// ISO 8601; there only on success.
    pub time: Option<String>,
}
