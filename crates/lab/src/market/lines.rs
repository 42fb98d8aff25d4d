//! What reports say about a movement: a line of transaction details, and the parts of it that are settled.

use super::accounts::Party;
use super::money::Money;
use super::records::Payment;
use super::state::Market;

/// A line of transaction details.
#[derive(Debug, Clone)]
pub(super) struct Line {
    /// `transactionType`.
    pub(super) kind: &'static str,
    pub(super) party: Party,
    /// The sub-merchant of the payment, whosever part this is.
    pub(super) seller: String,
    /// `transactionId`.
    pub(super) id: String,
    /// `originalTransactionId`; empty for a payment or authorisation.
    pub(super) original: String,
    /// `transactionRequestId`; empty for a dispute.
    pub(super) request_id: String,
    pub(super) order_id: String,
    pub(super) description: String,
    pub(super) method: &'static str,
    pub(super) wallet: &'static str,
    pub(super) at: i64,
    /// Signed: what goes out is negative.
    pub(super) money: Money,
}

/// A party's part of a line, on its way into a batch.
#[derive(Debug, Clone)]
pub(super) struct Part {
    /// The line with the party's share of the amount.
    pub(super) line: Line,
    /// What is charged on it: negative, or nothing.
    pub(super) fee: i64,
    /// The batch that it was settled in, by place.
    pub(super) batch: Option<usize>,
}

impl Part {
    pub(super) fn net(&self) -> i64 {
        self.line.money.minor + self.fee
    }
}

impl Line {
    /// A line about a payment, with the payment's own ids.
    pub(super) fn of(payment: &Payment, kind: &'static str, minor: i64, at: i64) -> Self {
        Self {
            kind,
            party: Party::Seller(payment.seller.clone()),
            seller: payment.seller.clone(),
            id: payment.id.clone(),
            original: String::new(),
            request_id: payment.request_id.clone(),
            order_id: payment.order_id.clone(),
            description: payment.description.clone(),
            method: payment.method.code,
            wallet: payment.method.wallet,
            at,
            money: Money::new(minor, payment.money.currency),
        }
    }

    /// A line about something that happened to a payment, with ids of its own.
    pub(super) fn about(payment: &Payment, kind: &'static str, ids: (&str, &str), minor: i64, at: i64) -> Self {
        let (id, request_id) = (ids.0.to_owned(), ids.1.to_owned());
        Self { id, request_id, original: payment.id.clone(), ..Self::of(payment, kind, minor, at) }
    }

    pub(super) fn share(&self, party: Party, minor: i64) -> Self {
        Self { party, money: Money::new(minor, self.money.currency), ..self.clone() }
    }
}

impl Market {
    /// A movement that is settled as it is, on one party's account.
    pub(super) fn report_and_settle(&mut self, line: Line) {
        self.await_settlement(line.clone());
        self.lines.push(line);
    }

    /// A part of a movement that waits for a batch, without a fee.
    pub(super) fn await_settlement(&mut self, line: Line) {
        self.parts.push(Part { line, fee: 0, batch: None });
    }
}
