//! What the outputs say, as domain values: the text of amounts and cells is made in `export`.

use crate::calendar::BusinessDate;
use crate::id::DiscrepancyId;
use crate::kind::{Answer, DiscrepancyKind, Severity, Stage};
use crate::money::Currency;
use crate::movement::{EntryType, closed_words};
use std::fmt;

closed_words! {
    /// Which side an item stands on.
    Side {
        /// Antom's reports.
        Report = "report",
        /// The marketplace's ledger.
        Ledger = "ledger",
    }
}

/// One discrepancy that is open after the run. Amounts are in smallest units, signed like the ledger; a missing side's cells
/// are none or empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Discrepancy {
    /// Derived from content, for life.
    pub discrepancy_id: DiscrepancyId,
    /// What is wrong.
    pub kind: DiscrepancyKind,
    /// How much it matters.
    pub severity: Severity,
    /// The movement's business date (the file's, for proofs, files and rejected lines).
    pub business_date: BusinessDate,
    /// The date of the run that first listed it.
    pub first_seen_on: BusinessDate,
    /// Business days since then.
    pub age_days: u32,
    /// The sub-merchant; empty for the marketplace.
    pub sub_merchant_id: String,
    /// The type as a word of the contract, or as written in the report if it is not known; empty for files.
    pub entry_type: String,
    /// The same, typed; none if it is not known.
    pub typed: Option<EntryType>,
    /// The marketplace's id.
    pub request_id: String,
    /// Antom's id; the batch id or account number in proofs.
    pub antom_id: String,
    /// The original payment's ids, which a question about a reversal needs.
    pub original_request_id: String,
    /// The original payment's Antom id.
    pub original_antom_id: String,
    /// The order.
    pub order_id: String,
    /// Currency of the amounts (the report's, for `CURRENCY_MISMATCH`); none for files.
    pub currency: Option<Currency>,
    /// Currency of the ledger's amount where it differs.
    pub ledger_currency: Option<Currency>,
    /// The ledger's amount, or the expected one.
    pub ledger_amount: Option<i128>,
    /// The report's amount.
    pub report_amount: Option<i128>,
    /// The ledger's status, as a word of the contract.
    pub ledger_status: String,
    /// The report's status.
    pub report_status: String,
    /// What Antom answered; none if nothing was asked.
    pub answer: Option<Answer>,
    /// Antom's status, as answered.
    pub answer_status: String,
    /// Antom's amount, signed like the ledger.
    pub answer_amount: Option<i128>,
    /// Currency of Antom's amount.
    pub answer_currency: Option<Currency>,
    /// For the analyst: what was found, what was expected, which other kinds apply.
    pub explanation: String,
    /// The entry, if there is one.
    pub ledger_entry_id: String,
    /// The report file's name, if a line is involved.
    pub report_file: String,
    /// The physical line in it (header = 1).
    pub report_line: Option<u32>,
    /// Where in the day it was found.
    pub stage: Stage,
}

impl Discrepancy {
    /// `report - ledger`, a missing side counting as zero; none where the currencies differ or no side has an amount.
    #[must_use]
    pub fn delta(&self) -> Option<i128> {
        if self.ledger_currency.is_some() && self.ledger_currency != self.currency {
            return None;
        }
        match (self.ledger_amount, self.report_amount) {
            (None, None) => None,
            (ledger, report) => Some(report.unwrap_or(0) - ledger.unwrap_or(0)),
        }
    }

    /// The largest amount at stake, in smallest units of its currency, never negative.
    #[must_use]
    pub fn at_stake(&self) -> u128 {
        [self.ledger_amount, self.report_amount, self.delta()]
            .into_iter()
            .flatten()
            .map(i128::unsigned_abs)
            .max()
            .unwrap_or(0)
    }
}

/// One item that waits inside its window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InTransitRow {
    /// Derived from content, for life.
    pub item_id: String,
    /// The marketplace's id.
    pub request_id: String,
    /// Antom's id.
    pub antom_id: String,
    /// The type.
    pub entry_type: EntryType,
    /// Currency of `amount`.
    pub currency: Currency,
    /// Smallest units, signed like the ledger.
    pub amount: i128,
    /// The side on which the item stands.
    pub side: Side,
    /// The movement's business date.
    pub business_date: BusinessDate,
    /// The last day of its window.
    pub due_on: BusinessDate,
    /// What it waits for, for the analyst.
    pub waits_for: &'static str,
    /// The date of the run that first listed it as waiting.
    pub first_seen_on: BusinessDate,
}

/// One discrepancy or waiting item of an earlier run that this run closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClearedRow {
    /// The id it had.
    pub item_id: String,
    /// The marketplace's id.
    pub request_id: String,
    /// Antom's id.
    pub antom_id: String,
    /// The type, as written.
    pub entry_type: String,
    /// Currency of `amount`; none for files.
    pub currency: Option<Currency>,
    /// Smallest units, signed like the ledger.
    pub amount: Option<i128>,
    /// The side on which it stood.
    pub side: Side,
    /// The movement's business date.
    pub business_date: BusinessDate,
    /// The last day of its window, for an item that was in transit.
    pub due_on: Option<BusinessDate>,
    /// What closed it.
    pub cleared_by: String,
    /// The date of the run that closed it.
    pub cleared_on: BusinessDate,
    /// The date of the run that first listed it; none if that run did not note it yet.
    pub first_seen_on: Option<BusinessDate>,
}
