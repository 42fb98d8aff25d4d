//! What an answer says, in the domain's words. Derived from the signed body alone, so that a stored body gives the same facts.

use antom_api::{Amount, BodyError, PaymentInquiry, RefundInquiry, Transaction};

use super::question::Endpoint;
use crate::calendar::Instant;
use crate::money::Currency;

/// What Antom says about one movement.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Fact {
    /// Antom's word for its type; empty if it gave none.
    pub transaction_type: String,
    /// `transactionId`: Antom's id of it.
    pub antom_id: String,
    /// `transactionRequestId`: the marketplace's.
    pub request_id: String,
    /// Antom's word for its state; empty if it gave none.
    pub status: String,
    /// Amount in smallest units, never negative: direction is never in Antom's sign.
    pub amount: Option<(i128, Currency)>,
}

/// What an answer says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AnswerFacts {
    /// `resultCode`, such as `SUCCESS` or `ORDER_NOT_EXIST`.
    pub result_code: String,
    /// The payment or refund that was asked about.
    pub subject: Fact,
    /// A payment's captures, refunds and the rest, in Antom's order.
    pub transactions: Vec<Fact>,
    /// From when the payment may be settled (`earliestSettlementTime`).
    pub earliest_settlement: Option<Instant>,
}

/// Why a body gives no facts.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FactsError {
    /// The body is not what Antom's pages describe.
    #[error("the stored answer cannot be read: {0}")]
    Body(#[from] BodyError),
    /// A currency that has no known number of decimals.
    #[error("the answer's currency `{0}` is neither in Antom's list nor in ISO 4217")]
    Currency(String),
}

/// Reads a body again that was verified when it came.
///
/// # Errors
/// A body that cannot be read, or an amount in an unknown currency.
pub fn facts_from_body(endpoint: Endpoint, raw: &str) -> Result<AnswerFacts, FactsError> {
    match endpoint {
        Endpoint::InquiryPayment => {
            let (result, payment) = PaymentInquiry::from_json(raw)?;
            payment_facts(result.code, payment)
        }
        Endpoint::InquiryRefund => {
            let (result, refund) = RefundInquiry::from_json(raw)?;
            refund_facts(result.code, refund)
        }
    }
}

fn payment_facts(result_code: String, payment: PaymentInquiry) -> Result<AnswerFacts, FactsError> {
    let subject = Fact {
        transaction_type: "PAYMENT".to_owned(),
        antom_id: payment.payment_id.unwrap_or_default(),
        request_id: payment.payment_request_id.unwrap_or_default(),
        status: payment.payment_status.map(|status| status.to_string()).unwrap_or_default(),
        amount: money(payment.payment_amount)?,
    };
    let transactions = payment.transactions.into_iter().map(transaction_fact).collect::<Result<_, _>>()?;
    let earliest = payment.earliest_settlement_time.map(|time| Instant::from_millis(time.timestamp_millis()));
    Ok(AnswerFacts { result_code, subject, transactions, earliest_settlement: earliest })
}

fn transaction_fact(transaction: Transaction) -> Result<Fact, FactsError> {
    Ok(Fact {
        transaction_type: transaction.transaction_type.map(|word| word.to_string()).unwrap_or_default(),
        antom_id: transaction.transaction_id.unwrap_or_default(),
        request_id: transaction.transaction_request_id.unwrap_or_default(),
        status: transaction.transaction_status.map(|status| status.to_string()).unwrap_or_default(),
        amount: money(transaction.transaction_amount)?,
    })
}

fn refund_facts(result_code: String, refund: RefundInquiry) -> Result<AnswerFacts, FactsError> {
    let subject = Fact {
        transaction_type: "REFUND".to_owned(),
        antom_id: refund.refund_id.unwrap_or_default(),
        request_id: refund.refund_request_id.unwrap_or_default(),
        status: refund.refund_status.map(|status| status.to_string()).unwrap_or_default(),
        amount: money(refund.refund_amount)?,
    };
    Ok(AnswerFacts { result_code, subject, ..AnswerFacts::default() })
}

fn money(amount: Option<Amount>) -> Result<Option<(i128, Currency)>, FactsError> {
    let Some(Amount { currency, value }) = amount else { return Ok(None) };
    match Currency::parse(currency.as_bytes()) {
        Some(known) => Ok(Some((i128::from(value), known))),
        None => Err(FactsError::Currency(currency)),
    }
}
