//! One row of the ledger: where its columns stand, and what its cells say.

use crate::calendar::{Instant, Instants};
use crate::ledger::{COLUMNS, EntryText, LedgerError, RefundSource};
use crate::money::{AmountUnit, Currencies, Currency, parse_amount};
use crate::movement::{EntryType, Status};
use crate::records::{Cells, Row};
use crate::report::{LineText, Original};

/// Indices into [`COLUMNS`].
pub(super) mod column {
    pub(in crate::ledger) const ENTRY_ID: usize = 0;
    pub(in crate::ledger) const ENTRY_TYPE: usize = 1;
    pub(in crate::ledger) const REQUEST_ID: usize = 2;
    pub(in crate::ledger) const ANTOM_ID: usize = 3;
    pub(in crate::ledger) const ORIGINAL_REQUEST_ID: usize = 4;
    pub(in crate::ledger) const ORIGINAL_ANTOM_ID: usize = 5;
    pub(in crate::ledger) const ORDER_ID: usize = 6;
    pub(in crate::ledger) const SUB_MERCHANT_ID: usize = 7;
    pub(in crate::ledger) const AMOUNT_MINOR: usize = 8;
    pub(in crate::ledger) const CURRENCY: usize = 9;
    pub(in crate::ledger) const STATUS: usize = 10;
    pub(in crate::ledger) const OCCURRED_AT: usize = 11;
    pub(in crate::ledger) const SETTLE_TO: usize = 12;
    pub(in crate::ledger) const REFUND_FROM: usize = 13;
    pub(in crate::ledger) const SETTLEMENT_BATCH_ID: usize = 14;
}
use column::*;

/// Columns that every row needs.
const REQUIRED: [usize; 6] = [ENTRY_ID, ENTRY_TYPE, AMOUNT_MINOR, CURRENCY, STATUS, OCCURRED_AT];

/// Where the columns stand in a ledger's header.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Columns {
    pub(super) positions: [Option<usize>; COLUMNS.len()],
    pub(super) width: usize,
}

/// Why a row is rejected.
pub(super) struct Unreadable {
    /// The name of its column; empty for the row as a whole.
    pub(super) column: &'static str,
    /// What was found and what was expected.
    pub(super) reason: String,
}

/// The typed cells of a row.
pub(super) struct Values {
    pub(super) entry_type: EntryType,
    pub(super) amount: i64,
    pub(super) currency: Currency,
    pub(super) status: Status,
    pub(super) occurred_at: Instant,
    /// Whether the share is the marketplace's own.
    pub(super) to_marketplace: bool,
    pub(super) refund_from: RefundSource,
}

/// Memories of the values that repeat from row to row.
#[derive(Debug, Default)]
pub(super) struct Before {
    currencies: Currencies,
    instants: Instants,
}

impl Columns {
    /// Understands a header: the contract's columns in any order, case as it comes, others ignored.
    pub(super) fn read(record: &[u8]) -> Result<Self, LedgerError> {
        let mut cells = Cells::default();
        let row = cells.cut(record);
        let mut columns = Self { width: row.len(), ..Self::default() };
        for (at, cell) in row.iter().enumerate() {
            let found = COLUMNS.iter().position(|name| cell.trim_ascii().eq_ignore_ascii_case(name.as_bytes()));
            let Some(found) = found else { continue };
            if let Some(first) = columns.positions[found].replace(at) {
                let name = COLUMNS[found];
                return Err(LedgerError::DuplicateColumn { name, first: first + 1, second: at + 1 });
            }
        }
        let missing: Vec<&str> =
            REQUIRED.into_iter().filter(|&at| columns.positions[at].is_none()).map(|at| COLUMNS[at]).collect();
        if missing.is_empty() {
            return Ok(columns);
        }
        let found = row.iter().map(|cell| String::from_utf8_lossy(cell).into_owned()).collect::<Vec<_>>().join(", ");
        Err(LedgerError::MissingColumns { missing: missing.join("`, `"), found })
    }

    /// A cell; empty if the ledger lacks the column.
    pub(super) fn cell<'a>(&self, row: Row<'a>, column: usize) -> &'a [u8] {
        self.positions[column].map_or(b"", |at| row.get(at))
    }

    /// Reads the typed cells of a row.
    pub(super) fn values(&self, row: Row<'_>, before: &mut Before) -> Result<Values, Unreadable> {
        let is_wider = row.len() > self.width;
        if row.len() < self.width || is_wider && !row.iter().skip(self.width).all(<[u8]>::is_empty) {
            let reason = format!("{} cells; expected {}, as many as the header has", row.len(), self.width);
            return Err(Unreadable { column: "", reason });
        }
        if self.cell(row, ENTRY_ID).is_empty() {
            return Err(Unreadable { column: COLUMNS[ENTRY_ID], reason: "empty; expected the entry's id".to_owned() });
        }
        let entry_type = self.word(row, ENTRY_TYPE, EntryType::parse_bytes, EntryType::ALL)?;
        let currency_cell = self.cell(row, CURRENCY);
        let currency = (before.currencies.read(currency_cell))
            .ok_or_else(|| unreadable(CURRENCY, currency_cell, "expected a currency code of ISO 4217"))?;
        let amount_cell = self.cell(row, AMOUNT_MINOR);
        let amount = parse_amount(amount_cell, currency, AmountUnit::Minor).map_err(|_| {
            unreadable(
                AMOUNT_MINOR,
                amount_cell,
                "expected a signed integer in the currency's smallest unit, at most 18 digits",
            )
        })?;
        let status = self.word(row, STATUS, Status::parse_bytes, Status::ALL)?;
        let time_cell = self.cell(row, OCCURRED_AT);
        let occurred_at = before.instants.read(time_cell).ok_or_else(|| {
            unreadable(
                OCCURRED_AT,
                time_cell,
                "expected an RFC 3339 instant from 1970 to 9989 such as `2026-03-01T09:30:00+08:00`",
            )
        })?;
        let settle_to = self.cell(row, SETTLE_TO);
        if !matches!(settle_to, b"" | b"SELLER" | b"MARKETPLACE") {
            return Err(unreadable(SETTLE_TO, settle_to, "expected `SELLER`, `MARKETPLACE` or nothing"));
        }
        let refund_from = self.word(row, REFUND_FROM, RefundSource::parse_bytes, RefundSource::ALL)?;
        Ok(Values {
            entry_type,
            amount,
            currency,
            status,
            occurred_at,
            to_marketplace: settle_to == b"MARKETPLACE",
            refund_from,
        })
    }

    /// Reads a word of a closed set.
    fn word<T: std::fmt::Display>(
        &self,
        row: Row<'_>,
        column: usize,
        parse: impl Fn(&[u8]) -> Option<T>,
        all: &[T],
    ) -> Result<T, Unreadable> {
        let cell = self.cell(row, column);
        parse(cell).ok_or_else(|| {
            let words =
                all.iter().map(ToString::to_string).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
            unreadable(column, cell, &format!("expected one of {words}"))
        })
    }

    /// The text of a row.
    pub(super) fn entry_text(&self, row: Row<'_>) -> EntryText {
        let text = |column| String::from_utf8_lossy(self.cell(row, column)).into_owned();
        EntryText {
            entry_id: text(ENTRY_ID),
            entry_type: text(ENTRY_TYPE),
            request_id: text(REQUEST_ID),
            antom_id: text(ANTOM_ID),
            original_request_id: text(ORIGINAL_REQUEST_ID),
            original_antom_id: text(ORIGINAL_ANTOM_ID),
            order_id: text(ORDER_ID),
            sub_merchant_id: text(SUB_MERCHANT_ID),
            amount_minor: text(AMOUNT_MINOR),
            currency: text(CURRENCY),
            status: text(STATUS),
            occurred_at: text(OCCURRED_AT),
            settle_to: text(SETTLE_TO),
            refund_from: text(REFUND_FROM),
            settlement_batch_id: text(SETTLEMENT_BATCH_ID),
        }
    }

    /// The text of a rejected row, in the words of a line.
    pub(super) fn line_text(&self, row: Row<'_>) -> LineText {
        let text = self.entry_text(row);
        LineText {
            request_id: text.request_id,
            antom_id: text.antom_id,
            original_request_id: text.original_request_id,
            original_antom_id: text.original_antom_id,
            order_id: text.order_id,
            sub_merchant_id: text.sub_merchant_id,
            merchant_id: String::new(),
            batch_id: text.settlement_batch_id,
            raw_type: text.entry_type,
            raw_status: text.status,
            ..LineText::default()
        }
    }
}

/// A cell and what was expected of it.
fn unreadable(column: usize, cell: &[u8], expected: &str) -> Unreadable {
    let found = String::from_utf8_lossy(cell);
    let reason = match found.char_indices().nth(64) {
        _ if found.is_empty() => format!("empty; {expected}"),
        Some((end, _)) => format!("`{}…`; {expected}", &found[..end]),
        None => format!("`{found}`; {expected}"),
    };
    Unreadable { column: COLUMNS[column], reason }
}

/// Whether an entry says anything of its original.
pub(super) fn named(original: Original) -> Option<Original> {
    (original != Original::default()).then_some(original)
}
