//! What is open: a discrepancy or an item in transit, with all that its rows must say.

use crate::world::layout::Layout;
use crate::world::money::{Currency, major};
use crate::world::story::{Entry, Line, LineId, Movement};
use chrono::NaiveDate;

/// The kind of what waits inside its window.
pub const IN_TRANSIT: &str = "IN_TRANSIT";

/// Something that is open after a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Its name for life, in the auditor's own words.
    pub key: String,
    /// A kind of the contract, or [`IN_TRANSIT`].
    pub kind: &'static str,
    /// The currency of its row; empty if it has none.
    pub currency: String,
    /// What it adds to the roll-forward, in millionths of the major unit.
    pub micros: i128,
    /// Cells that its row must have.
    pub cells: Vec<(&'static str, String)>,
    /// The line that `report_file` and `report_line` must name.
    pub line: Option<LineId>,
    /// The keys of items in transit that it takes over, so that they do not count as cleared.
    pub takes_over: Vec<String>,
}

/// What a discrepancy is about.
pub(super) struct About<'a> {
    pub(super) kind: &'static str,
    pub(super) stage: &'static str,
    pub(super) date: NaiveDate,
    pub(super) entry_type: &'static str,
    pub(super) line: Option<&'a Line>,
    pub(super) entry: Option<&'a Entry>,
    pub(super) ledger: Option<Amount>,
    pub(super) report: Option<Amount>,
}

/// An amount in smallest units.
pub(super) type Amount = (i64, Currency);

/// An amount in millionths of the major unit.
pub(super) fn micros((minor, currency): Amount) -> i128 {
    i128::from(minor) * 10_i128.pow(6 - currency.decimals)
}

/// The key of a line as an item in transit.
pub(super) fn line_key(layout: Layout, line: &Line) -> String {
    let ids = layout.ids(line);
    format!("report {} {} {} {}", line.movement.entry_type(), ids.request, ids.transaction, line.own_id)
}

/// The key of an entry as an item in transit.
pub(super) fn entry_key(entry: &Entry) -> String {
    format!("ledger {} {}", entry.entry_type, entry.entry_id)
}

/// What tells a movement from the others of its story.
pub(super) fn identity(line: &Line) -> &str {
    if line.own_request_id.is_empty() { &line.own_id } else { &line.own_request_id }
}

impl About<'_> {
    /// The row. `name` tells the movement, and repetitions or parties of it, from all others of its stage.
    pub(super) fn item(&self, layout: Layout, name: &str, takes_over: Vec<String>) -> Item {
        let amount =
            |amount: Option<Amount>| amount.map(|(minor, currency)| major(minor, currency)).unwrap_or_default();
        let currency = self.report.or(self.ledger).map(|(_, currency)| currency);
        let delta = self.report.map_or(0, micros) - self.ledger.map_or(0, micros);
        let (request_id, antom_id) = self.ids(layout);
        Item {
            key: format!("{} {} {name}", self.stage, self.entry_type),
            kind: self.kind,
            currency: currency.map(|known| known.code.to_owned()).unwrap_or_default(),
            micros: if self.kind == "CURRENCY_MISMATCH" { 0 } else { delta },
            cells: vec![
                ("kind", self.kind.to_owned()),
                ("stage", self.stage.to_owned()),
                ("business_date", self.date.to_string()),
                ("entry_type", self.entry_type.to_owned()),
                ("request_id", request_id),
                ("antom_id", antom_id),
                ("currency", currency.map(|known| known.code.to_owned()).unwrap_or_default()),
                ("ledger_amount", amount(self.ledger)),
                ("report_amount", amount(self.report)),
            ],
            line: self.line.map(|line| line.id),
            takes_over,
        }
    }

    /// Request id and Antom id: the report's first, completed by the ledger's; a capture's own are the ledger's.
    fn ids(&self, layout: Layout) -> (String, String) {
        let of_line = self.line.map(|line| layout.ids(line)).unwrap_or_default();
        let of_entry = self.entry.map_or(("", ""), |entry| (&entry.request_id, &entry.antom_id));
        let first = |one: &str, other: &str| if one.is_empty() { other.to_owned() } else { one.to_owned() };
        let prefers_entry = self.line.is_some_and(|line| matches!(line.movement, Movement::Capture | Movement::Void));
        let request_id =
            if prefers_entry { first(of_entry.0, of_line.request) } else { first(of_line.request, of_entry.0) };
        (request_id, first(of_line.transaction, of_entry.1))
    }
}

/// An item in transit of a line.
pub(super) fn waiting_line(layout: Layout, line: &Line, date: NaiveDate, due_on: NaiveDate) -> Item {
    let ids = layout.ids(line);
    let amount = (line.amount_minor, line.currency);
    let cells = (line.movement.entry_type(), ids.request, ids.transaction);
    waiting(line_key(layout, line), "report", cells, amount, (date, due_on))
}

/// An item in transit of an entry.
pub(super) fn waiting_entry(entry: &Entry, date: NaiveDate, due_on: NaiveDate) -> Item {
    let cells = (entry.entry_type, entry.request_id.as_str(), entry.antom_id.as_str());
    waiting(entry_key(entry), "ledger", cells, (entry.amount_minor, entry.currency), (date, due_on))
}

fn waiting(
    key: String,
    side: &str,
    (entry_type, request_id, antom_id): (&str, &str, &str),
    amount: Amount,
    (date, due_on): (NaiveDate, NaiveDate),
) -> Item {
    Item {
        key,
        kind: IN_TRANSIT,
        currency: amount.1.code.to_owned(),
        micros: micros(amount),
        cells: vec![
            ("entry_type", entry_type.to_owned()),
            ("request_id", request_id.to_owned()),
            ("antom_id", antom_id.to_owned()),
            ("currency", amount.1.code.to_owned()),
            ("amount", major(amount.0, amount.1)),
            ("side", side.to_owned()),
            ("business_date", date.to_string()),
            ("due_on", due_on.to_string()),
        ],
        line: None,
        takes_over: Vec::new(),
    }
}
