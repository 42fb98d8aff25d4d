//! What this Antom knows: payments with their refunds and captures, refunds, balances.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A payment as `inquiryPayment` tells it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PaymentRecord {
    /// Antom's id.
    pub payment_id: String,
    /// The marketplace's id.
    pub payment_request_id: String,
    /// `SUCCESS`, `FAIL`, `PROCESSING`, `CANCELLED` or `PENDING` (fact sheet, 4.4); other text is passed on as it is.
    pub status: String,
    /// Amount in the currency's smallest unit; never negative in the API.
    pub amount_minor: u64,
    /// ISO 4217 code.
    pub currency: String,
    /// ISO 8601 with offset, passed on as it is; told only when the status is `SUCCESS`.
    pub payment_time: Option<String>,
    /// From when the money may be settled; ISO 8601 with offset.
    pub earliest_settlement_time: Option<String>,
    /// Refunds, captures and so on of this payment.
    pub transactions: Vec<TransactionRecord>,
}

/// An element of `transactions[]` in the answer of `inquiryPayment`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TransactionRecord {
    /// Antom's id: `refundId`, `captureId`, …
    pub transaction_id: String,
    /// The marketplace's id: `refundRequestId`, `captureRequestId`, …
    pub transaction_request_id: String,
    /// `PAYMENT`, `REFUND`, `CAPTURE`, `CANCEL`, `AUTHORIZATION`, `VOID` or `INCREMENTAL`.
    pub transaction_type: String,
    /// As [`PaymentRecord::status`].
    pub status: String,
    /// Amount in the currency's smallest unit; never negative in the API.
    pub amount_minor: u64,
    /// ISO 4217 code.
    pub currency: String,
    /// ISO 8601 with offset.
    pub transaction_time: Option<String>,
}

/// A refund as `inquiryRefund` tells it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RefundRecord {
    /// Antom's id.
    pub refund_id: String,
    /// The marketplace's id.
    pub refund_request_id: String,
    /// `SUCCESS`, `PROCESSING` or `FAIL` (fact sheet, 4.4); other text is passed on as it is.
    pub status: String,
    /// Amount in the currency's smallest unit; never negative in the API.
    pub amount_minor: u64,
    /// ISO 4217 code.
    pub currency: String,
    /// ISO 8601 with offset; told only when the status is `SUCCESS`.
    pub refund_time: Option<String>,
}

/// One currency of one account as `inquireBalance` tells it (SDK class `AccountBalance`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BalanceRecord {
    /// The sub-merchant; `None` for the marketplace itself.
    pub reference_merchant_id: Option<String>,
    /// Account number.
    pub account_no: String,
    /// ISO 4217 code.
    pub currency: String,
    /// Free to use, in the smallest unit.
    pub available_minor: u64,
    /// Held back, in the smallest unit.
    pub frozen_minor: u64,
    /// What is told as the sum; not computed, so that it can be wrong.
    pub total_minor: u64,
}

/// All that a server is to know at its start.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Book {
    /// Payments with their transactions.
    pub payments: Vec<PaymentRecord>,
    /// Refunds that `inquiryRefund` finds. They are not taken from the payments' transactions.
    pub refunds: Vec<RefundRecord>,
    /// Balances per account and currency.
    pub balances: Vec<BalanceRecord>,
}

/// The book of a running server, shared and changeable at any time.
#[derive(Clone, Default)]
pub struct ApiState(Arc<Mutex<Shelves>>);

#[derive(Default)]
struct Shelves {
    payments: HashMap<String, Arc<PaymentRecord>>,
    refunds: HashMap<String, Arc<RefundRecord>>,
    balances: Vec<BalanceRecord>,
}

impl ApiState {
    /// A state that knows what is in `book`.
    #[must_use]
    pub fn new(book: Book) -> Self {
        let state = Self::default();
        state.replace(book);
        state
    }

    /// Forgets everything and knows what is in `book`.
    pub fn replace(&self, book: Book) {
        *self.lock() = Shelves::default();
        book.payments.into_iter().for_each(|payment| self.put_payment(payment));
        book.refunds.into_iter().for_each(|refund| self.put_refund(refund));
        book.balances.into_iter().for_each(|balance| self.put_balance(balance));
    }

    /// Adds a payment, in place of one with the same id.
    pub fn put_payment(&self, payment: PaymentRecord) {
        let payment = Arc::new(payment);
        let mut shelves = self.lock();
        shelves.payments.insert(payment.payment_id.clone(), Arc::clone(&payment));
        shelves.payments.insert(payment.payment_request_id.clone(), payment);
    }

    /// Adds a refund, in place of one with the same id.
    pub fn put_refund(&self, refund: RefundRecord) {
        let refund = Arc::new(refund);
        let mut shelves = self.lock();
        shelves.refunds.insert(refund.refund_id.clone(), Arc::clone(&refund));
        shelves.refunds.insert(refund.refund_request_id.clone(), refund);
    }

    /// Adds a balance, in place of one with the same account and currency.
    pub fn put_balance(&self, balance: BalanceRecord) {
        let key = |known: &BalanceRecord| (known.account_no.clone(), known.currency.clone());
        let mut shelves = self.lock();
        shelves.balances.retain(|known| key(known) != key(&balance));
        shelves.balances.push(balance);
    }

    /// The payment with this Antom id. A request id is not an Antom id, and the other way round.
    pub(crate) fn payment_by_id(&self, id: &str) -> Option<Arc<PaymentRecord>> {
        self.lock().payments.get(id).filter(|payment| payment.payment_id == id).cloned()
    }

    pub(crate) fn payment_by_request_id(&self, id: &str) -> Option<Arc<PaymentRecord>> {
        self.lock().payments.get(id).filter(|payment| payment.payment_request_id == id).cloned()
    }

    pub(crate) fn refund_by_id(&self, id: &str) -> Option<Arc<RefundRecord>> {
        self.lock().refunds.get(id).filter(|refund| refund.refund_id == id).cloned()
    }

    pub(crate) fn refund_by_request_id(&self, id: &str) -> Option<Arc<RefundRecord>> {
        self.lock().refunds.get(id).filter(|refund| refund.refund_request_id == id).cloned()
    }

    /// Balances of a sub-merchant, or of the marketplace itself.
    pub(crate) fn balances(&self, reference_merchant_id: Option<&str>) -> Vec<BalanceRecord> {
        let wanted = |balance: &&BalanceRecord| balance.reference_merchant_id.as_deref() == reference_merchant_id;
        self.lock().balances.iter().filter(wanted).cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, Shelves> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
