//! What a correct program must say about an injected fault, and about an item that merely waits.

use super::faults::Fault;
use super::money::{Currency, major};
use super::story::LineId;
use chrono::NaiveDate;

/// One row that `discrepancies.csv` must have. A cell that is `None` is left open by the contract and not compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    /// The fault that causes it.
    pub fault: Fault,
    /// The discrepancy kind of the contract.
    pub kind: &'static str,
    /// The first run that must list it.
    pub seen_on: NaiveDate,
    /// `business_date`.
    pub business_date: Option<NaiveDate>,
    /// `stage`.
    pub stage: Option<&'static str>,
    /// `entry_type`.
    pub entry_type: Option<&'static str>,
    /// `request_id`.
    pub request_id: Option<String>,
    /// `antom_id`.
    pub antom_id: Option<String>,
    /// `sub_merchant_id`.
    pub sub_merchant_id: Option<String>,
    /// `currency`.
    pub currency: Option<&'static str>,
    /// `ledger_amount`: major units; empty for a side that is missing.
    pub ledger_amount: Option<String>,
    /// `report_amount`: major units; empty for a side that is missing.
    pub report_amount: Option<String>,
    /// `answer`, if Antom was asked.
    pub answer: Option<&'static str>,
    /// The line that `report_file` and `report_line` must name.
    pub line: Option<LineId>,
    /// The end of `report_file`, filled in when the files are written.
    pub report_file: Option<String>,
    /// `report_line`, filled in when the files are written.
    pub report_line: Option<u64>,
    /// The Antom id, where it is not known before everything is made.
    pub(super) later_id: Option<LaterId>,
}

/// An Antom id that is given late.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LaterId {
    /// That of the ordinary batch of the last day in this currency.
    Batch(Currency),
    /// The log id of the account's movement with this name.
    Log(LineId),
}

impl Expected {
    pub(super) fn new(fault: Fault, kind: &'static str, seen_on: NaiveDate) -> Self {
        Self {
            fault,
            kind,
            seen_on,
            business_date: None,
            stage: None,
            entry_type: None,
            request_id: None,
            antom_id: None,
            sub_merchant_id: None,
            currency: None,
            ledger_amount: None,
            report_amount: None,
            answer: None,
            line: None,
            report_file: None,
            report_line: None,
            later_id: None,
        }
    }

    pub(super) fn on(mut self, business_date: NaiveDate) -> Self {
        self.business_date = Some(business_date);
        self
    }

    pub(super) fn stage(mut self, stage: &'static str) -> Self {
        self.stage = Some(stage);
        self
    }

    pub(super) fn about(mut self, entry_type: &'static str, request_id: &str) -> Self {
        self.entry_type = Some(entry_type);
        self.request_id = Some(request_id.to_owned());
        self
    }

    pub(super) fn antom_id(mut self, antom_id: &str) -> Self {
        self.antom_id = Some(antom_id.to_owned());
        self
    }

    pub(super) fn sub_merchant(mut self, reference: &str) -> Self {
        self.sub_merchant_id = Some(reference.to_owned());
        self
    }

    pub(super) fn later_id(mut self, id: LaterId) -> Self {
        self.later_id = Some(id);
        self
    }

    pub(super) fn ledger(mut self, amount_minor: i64, currency: Currency) -> Self {
        self.ledger_amount = Some(major(amount_minor, currency));
        self.currency.get_or_insert(currency.code);
        self
    }

    pub(super) fn no_ledger(mut self) -> Self {
        self.ledger_amount = Some(String::new());
        self
    }

    /// The report's currency is the row's.
    pub(super) fn report(mut self, amount_minor: i64, currency: Currency) -> Self {
        self.report_amount = Some(major(amount_minor, currency));
        self.currency = Some(currency.code);
        self
    }

    pub(super) fn no_report(mut self) -> Self {
        self.report_amount = Some(String::new());
        self
    }

    pub(super) fn answer(mut self, answer: &'static str) -> Self {
        self.answer = Some(answer);
        self
    }

    pub(super) fn at(mut self, line: LineId) -> Self {
        self.line = Some(line);
        self
    }
}

/// An item that is inside its window after the run of the last day: `in_transit.csv` must have it, and no other file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// Why it waits.
    pub why: &'static str,
    /// `request_id`.
    pub request_id: String,
    /// `entry_type`.
    pub entry_type: &'static str,
    /// `side`.
    pub side: &'static str,
}
