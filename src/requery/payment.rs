//! Of which payment a discrepancy speaks, under whichever of its ids.

use std::collections::BTreeMap;

use super::question::{Endpoint, Question};
use crate::discrepancy::Discrepancy;
use crate::movement::EntryType;

/// The ids of a payment, either of which may be unknown (empty).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PaymentIds<'a> {
    /// `paymentId`.
    pub(super) antom: &'a str,
    /// `paymentRequestId`.
    pub(super) request: &'a str,
}

/// The payment of a row: its own ids for a payment or authorisation, its original's for everything else (table 4.2 of the fact
/// sheet).
///
/// A `CANCEL`, `VOID` or `PAYMENT_REVERSAL` that names no original carries the payment's `transactionRequestId`, and a cancel
/// its `transactionId` too. A share's request id is the payment's (its Antom id may be a `settlementId`).
pub(super) fn payment_of(row: &Discrepancy) -> PaymentIds<'_> {
    use EntryType::*;
    let original = PaymentIds { antom: &row.original_antom_id, request: &row.original_request_id };
    if !original.antom.is_empty() || !original.request.is_empty() {
        return original;
    }
    match row.typed {
        Some(Payment | Authorization) => PaymentIds { antom: &row.antom_id, request: &row.request_id },
        Some(Cancel) if row.request_id.is_empty() => PaymentIds { antom: &row.antom_id, request: "" },
        Some(Cancel | Void | PaymentReversal | Settlement) => PaymentIds { antom: "", request: &row.request_id },
        _ => original,
    }
}

/// Which `paymentId` belongs to a `paymentRequestId`, as far as any row knows both, so that rows that know different ids of one
/// payment share a question.
pub(super) struct Aliases<'a>(BTreeMap<&'a str, &'a str>);

impl<'a> Aliases<'a> {
    pub(super) fn of(rows: &'a [Discrepancy]) -> Self {
        let both = rows.iter().map(payment_of).filter(|ids| !ids.antom.is_empty() && !ids.request.is_empty());
        let mut aliases = BTreeMap::new();
        for ids in both {
            // Two payments under one request id cannot be; if a report says so, the smaller id decides, in any order of rows.
            let known = aliases.entry(ids.request).or_insert(ids.antom);
            *known = (*known).min(ids.antom);
        }
        Self(aliases)
    }

    /// `inquiryPayment` about the payment of a row; none if no id of it is known.
    pub(super) fn payment_question(&self, row: &Discrepancy) -> Option<Question> {
        let ids = payment_of(row);
        let known = || self.0.get(ids.request).copied().unwrap_or_default();
        let antom = if ids.antom.is_empty() { known() } else { ids.antom };
        Question::by(Endpoint::InquiryPayment, antom, ids.request)
    }
}
