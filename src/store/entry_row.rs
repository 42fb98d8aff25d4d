//! An entry as it is stored, and what a given one says of it: nothing new, that it moved on, or something else.

use crate::ledger::{COLUMNS, EntryText};

use super::entries::NewEntry;

/// The status of an entry whose end is not known yet.
const PENDING: &str = "PENDING";

/// Columns that may be empty while an entry is pending, because Antom gives the id later or the order does not exist yet.
const FILLED_LATER: [&str; 6] =
    ["request_id", "antom_id", "original_request_id", "original_antom_id", "order_id", "settlement_batch_id"];

/// What a given entry is to the stored one of the same `entry_id`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Relation {
    /// The same, or what the stored one was before it moved on.
    Known,
    /// The stored one was pending, and this is what became of it.
    MovedOn,
    /// Something else: name of the column, what is stored, what was given.
    Other(Vec<(&'static str, String, String)>),
}

/// A stored entry: its columns in the contract's order, then the instant.
#[derive(Clone, sqlx::FromRow)]
pub(super) struct EntryRow {
    pub(super) entry_id: String,
    entry_type: String,
    request_id: String,
    antom_id: String,
    original_request_id: String,
    original_antom_id: String,
    order_id: String,
    sub_merchant_id: String,
    amount_minor: i64,
    currency: String,
    status: String,
    occurred_at: String,
    settle_to: String,
    refund_from: String,
    settlement_batch_id: String,
    occurred_at_ms: i64,
}

impl EntryRow {
    pub(super) fn into_text(self) -> EntryText {
        EntryText {
            entry_id: self.entry_id,
            entry_type: self.entry_type,
            request_id: self.request_id,
            antom_id: self.antom_id,
            original_request_id: self.original_request_id,
            original_antom_id: self.original_antom_id,
            order_id: self.order_id,
            sub_merchant_id: self.sub_merchant_id,
            amount_minor: self.amount_minor.to_string(),
            currency: self.currency,
            status: self.status,
            occurred_at: self.occurred_at,
            settle_to: self.settle_to,
            refund_from: self.refund_from,
            settlement_batch_id: self.settlement_batch_id,
        }
    }

    /// The stored form of a given entry whose amount is known to be this one's.
    pub(super) fn moved_on(&self, given: &NewEntry) -> Self {
        let text = given.text.clone();
        Self {
            request_id: text.request_id,
            antom_id: text.antom_id,
            original_request_id: text.original_request_id,
            original_antom_id: text.original_antom_id,
            order_id: text.order_id,
            settlement_batch_id: text.settlement_batch_id,
            status: text.status,
            occurred_at: text.occurred_at,
            occurred_at_ms: given.occurred_at.millis(),
            ..self.clone()
        }
    }

    /// What a given entry is to this one. A pending entry moves on by its status, its instant and ids that were empty; an entry
    /// that has moved on knows its past, so that one file may hold both and may be loaded again.
    pub(super) fn relation(&self, given: &NewEntry) -> Relation {
        let differences = self.differences(given);
        let later = |column, before: &str| {
            matches!(column, "status" | "occurred_at") || (before.is_empty() && FILLED_LATER.contains(&column))
        };
        let (was_pending, is_pending) = (self.status == PENDING, given.text.status == PENDING);
        if differences.is_empty() {
            Relation::Known
        } else if was_pending && !is_pending && differences.iter().all(|(column, stored, _)| later(*column, stored)) {
            Relation::MovedOn
        } else if is_pending
            && !was_pending
            && given.occurred_at.millis() <= self.occurred_at_ms
            && differences.iter().all(|(column, _, text)| later(*column, text))
        {
            Relation::Known
        } else {
            Relation::Other(differences)
        }
    }

    /// The columns that say something else. Amounts are compared as numbers and `occurred_at` as a point in time, so that an
    /// export in another zone is the same entry.
    fn differences(&self, given: &NewEntry) -> Vec<(&'static str, String, String)> {
        let amount = self.amount_minor.to_string();
        let stored = [
            &self.entry_id,
            &self.entry_type,
            &self.request_id,
            &self.antom_id,
            &self.original_request_id,
            &self.original_antom_id,
            &self.order_id,
            &self.sub_merchant_id,
            &amount,
            &self.currency,
            &self.status,
            &self.occurred_at,
            &self.settle_to,
            &self.refund_from,
            &self.settlement_batch_id,
        ];
        let differs = |column: &str, stored: &str, text: &str| match column {
            "amount_minor" => text.parse() != Ok(self.amount_minor),
            "occurred_at" => given.occurred_at.millis() != self.occurred_at_ms,
            _ => stored != text,
        };
        columns_of(&given.text)
            .into_iter()
            .zip(stored)
            .filter(|((column, text), stored)| differs(column, stored, text))
            .map(|((column, text), stored)| (column, stored.clone(), text.to_owned()))
            .collect()
    }
}

/// The contract's columns of an entry, in order.
pub(super) fn columns_of(text: &EntryText) -> [(&'static str, &str); 15] {
    let cells = [
        &text.entry_id,
        &text.entry_type,
        &text.request_id,
        &text.antom_id,
        &text.original_request_id,
        &text.original_antom_id,
        &text.order_id,
        &text.sub_merchant_id,
        &text.amount_minor,
        &text.currency,
        &text.status,
        &text.occurred_at,
        &text.settle_to,
        &text.refund_from,
        &text.settlement_batch_id,
    ];
    std::array::from_fn(|at| (COLUMNS[at], cells[at].as_str()))
}
