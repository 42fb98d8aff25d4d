//! `inquiryPayment`.

use chrono::{DateTime, FixedOffset};

use super::{
    Amount, Body, BodyError, Fields, FromFields, PaymentStatus, Quote, TransactionType, UnknownFields, read_body,
};
use crate::answer::{Outcome, ResultInfo};

/// The answer to `inquiryPayment`: a payment with its captures and refunds.
///
/// Source: SDK `AlipayPayQueryResponse`, page `paymentri_online`. What reconciliation does not need
/// is in `other`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PaymentInquiry {
    /// `paymentStatus`: what became of the payment.
    pub payment_status: Option<PaymentStatus>,
    /// `paymentResultCode`: why, for payments that failed.
    pub payment_result_code: Option<String>,
    /// `paymentResultMessage`.
    pub payment_result_message: Option<String>,
    /// `paymentRequestId`: the merchant's id of the payment.
    pub payment_request_id: Option<String>,
    /// `paymentId`: Antom's id of the payment.
    pub payment_id: Option<String>,
    /// `authPaymentId`: Antom's id of the authorisation.
    pub auth_payment_id: Option<String>,
    /// `paymentAmount`: what the order asked for.
    pub payment_amount: Option<Amount>,
    /// `actualPaymentAmount`: what the buyer paid.
    pub actual_payment_amount: Option<Amount>,
    /// `paymentQuote`: the rate between the two.
    pub payment_quote: Option<Quote>,
    /// `paymentCreateTime`.
    pub payment_create_time: Option<DateTime<FixedOffset>>,
    /// `paymentTime`: when it succeeded, only then.
    pub payment_time: Option<DateTime<FixedOffset>>,
    /// `authExpiryTime`: until when an authorisation can be captured.
    pub auth_expiry_time: Option<DateTime<FixedOffset>>,
    /// `earliestSettlementTime`: from when a marketplace may settle (split) the payment.
    pub earliest_settlement_time: Option<DateTime<FixedOffset>>,
    /// `grossSettlementAmount`: in settlement currency, only if the rate was locked with the
    /// transaction.
    pub gross_settlement_amount: Option<Amount>,
    /// `settlementQuote`: that rate.
    pub settlement_quote: Option<Quote>,
    /// `acquirerReferenceNo`.
    pub acquirer_reference_no: Option<String>,
    /// `paymentMethodType`, such as `CARD`.
    pub payment_method_type: Option<String>,
    /// `merchantAccountId`.
    pub merchant_account_id: Option<String>,
    /// `transactions`: the captures, refunds and the rest that happened to the payment. Empty if
    /// Antom sent none.
    pub transactions: Vec<Transaction>,
    /// Everything else.
    pub other: UnknownFields,
}

impl PaymentInquiry {
    /// Reads a stored body again. It does not verify anything: that happened when it was asked for.
    ///
    /// # Errors
    ///
    /// [`BodyError`] names the member that cannot be read.
    pub fn from_json(text: &str) -> Result<(ResultInfo, Self), BodyError> {
        read_body(text)
    }
}

impl FromFields for PaymentInquiry {
    fn from_fields(mut fields: Fields) -> Result<Self, BodyError> {
        Ok(PaymentInquiry {
            payment_status: fields.status("paymentStatus")?,
            payment_result_code: fields.text("paymentResultCode")?,
            payment_result_message: fields.text("paymentResultMessage")?,
            payment_request_id: fields.text("paymentRequestId")?,
            payment_id: fields.text("paymentId")?,
            auth_payment_id: fields.text("authPaymentId")?,
            payment_amount: fields.amount("paymentAmount")?,
            actual_payment_amount: fields.amount("actualPaymentAmount")?,
            payment_quote: fields.quote("paymentQuote")?,
            payment_create_time: fields.time("paymentCreateTime")?,
            payment_time: fields.time("paymentTime")?,
            auth_expiry_time: fields.time("authExpiryTime")?,
            earliest_settlement_time: fields.time("earliestSettlementTime")?,
            gross_settlement_amount: fields.amount("grossSettlementAmount")?,
            settlement_quote: fields.quote("settlementQuote")?,
            acquirer_reference_no: fields.text("acquirerReferenceNo")?,
            payment_method_type: fields.text("paymentMethodType")?,
            merchant_account_id: fields.text("merchantAccountId")?,
            transactions: fields.list("transactions")?.unwrap_or_default(),
            other: fields.rest(),
        })
    }
}

impl Body for PaymentInquiry {
    fn outcome_of_success(&self) -> Outcome {
        match self.payment_status {
            Some(_) => Outcome::Found,
            None => Outcome::Unknown,
        }
    }

    fn account(&self) -> Option<&str> {
        self.merchant_account_id.as_deref()
    }
}

/// One of `transactions` in the answer to `inquiryPayment`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Transaction {
    /// `transactionType`.
    pub transaction_type: Option<TransactionType>,
    /// `transactionStatus`.
    pub transaction_status: Option<PaymentStatus>,
    /// `transactionId`: Antom's `refundId` or `captureId`.
    pub transaction_id: Option<String>,
    /// `transactionRequestId`: the merchant's `refundRequestId` or `captureRequestId`.
    pub transaction_request_id: Option<String>,
    /// `transactionAmount`.
    pub transaction_amount: Option<Amount>,
    /// `transactionTime`.
    pub transaction_time: Option<DateTime<FixedOffset>>,
    /// `transactionResult`: Antom's verdict on this transaction.
    pub transaction_result: Option<ResultInfo>,
    /// `grossSettlementAmount`: in settlement currency, only if the rate was locked with the
    /// transaction.
    pub gross_settlement_amount: Option<Amount>,
    /// `settlementQuote`: that rate.
    pub settlement_quote: Option<Quote>,
    /// Everything else.
    pub other: UnknownFields,
}

impl FromFields for Transaction {
    fn from_fields(mut fields: Fields) -> Result<Self, BodyError> {
        Ok(Transaction {
            transaction_type: fields.status("transactionType")?,
            transaction_status: fields.status("transactionStatus")?,
            transaction_id: fields.text("transactionId")?,
            transaction_request_id: fields.text("transactionRequestId")?,
            transaction_amount: fields.amount("transactionAmount")?,
            transaction_time: fields.time("transactionTime")?,
            transaction_result: fields.object("transactionResult")?,
            gross_settlement_amount: fields.amount("grossSettlementAmount")?,
            settlement_quote: fields.quote("settlementQuote")?,
            other: fields.rest(),
        })
    }
}
