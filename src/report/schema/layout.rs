//! Where the columns of one file's header stand, and what its ids mean.

use crate::movement::{EntryType, ReportKind, closed_words};
use crate::records::{Cells, Row};
use crate::report::LineText;
use std::fmt;

use super::columns::{CONVERTED, COUPON, is_details};
use super::header::{Headings, Positions};
use super::{Column, FeeKind, HeaderError, IdRule, ReportOptions, entry_type, is_empty};

closed_words! {
    /// Which of Antom's layouts a header follows.
    Generation {
        /// The marketplace pages'.
        Marketplace = "marketplace",
        /// Until 2023.
        First = "generation 1",
        /// 2023 to 2025.
        Second = "generation 2",
        /// Since 2025.
        Third = "generation 3",
    }
}

/// The position of a column that a file lacks: no row has a cell there.
const NOWHERE: usize = usize::MAX;

/// The columns that say when a movement happened, in the order of what they mean.
const TIMES: [Column; 4] = [Column::PaymentTime, Column::CompletionTime, Column::UpdateTime, Column::CreationTime];

/// Where an amount and its currency stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::report) struct AmountColumns {
    pub(in crate::report) amount: usize,
    pub(in crate::report) currency: Option<usize>,
}

impl AmountColumns {
    /// Whether a line has nothing in either, as most lines have in most fees.
    pub(in crate::report) fn are_empty(&self, row: Row<'_>) -> bool {
        row.get(self.amount).is_empty() && self.currency.is_none_or(|at| row.get(at).is_empty())
    }
}

/// Where the columns of one file's header stand.
#[derive(Debug, Clone)]
pub struct Layout {
    names: Vec<String>,
    /// Empty cells behind the last name of the header, which lines may have as well.
    surplus: usize,
    /// Where each column stands; [`NOWHERE`] if the file lacks it.
    positions: [usize; Column::ALL.len()],
    /// Where the columns stand that say when a movement happened.
    times: Vec<usize>,
    fee_aggregate: Option<AmountColumns>,
    fees: Vec<(FeeKind, AmountColumns)>,
    converted: Option<AmountColumns>,
    coupon: Option<AmountColumns>,
    /// Columns that no rule knows, in file order.
    unknown: Vec<usize>,
    /// Whether `transactionId` is the paymentId for every type.
    new_ids: bool,
    details: bool,
    settlement: bool,
}

/// The ids of a line, as far as it names them; each may be empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::report) struct Ids<'a> {
    /// The request id, if it is the line's own.
    pub(in crate::report) request: &'a [u8],
    /// Antom's id, if it is the line's own.
    pub(in crate::report) antom: &'a [u8],
    pub(in crate::report) original_request: &'a [u8],
    pub(in crate::report) original_antom: &'a [u8],
}

impl Default for Layout {
    /// A layout without columns.
    fn default() -> Self {
        Self {
            names: Vec::new(),
            surplus: 0,
            positions: [NOWHERE; Column::ALL.len()],
            times: Vec::new(),
            fee_aggregate: None,
            fees: Vec::new(),
            converted: None,
            coupon: None,
            unknown: Vec::new(),
            new_ids: false,
            details: false,
            settlement: false,
        }
    }
}

impl Layout {
    /// The layout of a header that was read before: its names, and the number of empty cells behind them.
    ///
    /// # Errors
    /// By these options it is not a header of the report.
    pub fn of_names(
        names: Vec<String>,
        surplus: usize,
        kind: ReportKind,
        options: &ReportOptions,
    ) -> Result<Self, HeaderError> {
        Ok(Headings::of(names, surplus).understand(kind, options)?.layout)
    }

    pub(super) fn new(
        kind: ReportKind,
        (names, surplus): (Vec<String>, usize),
        positions: &Positions,
        unknown: Vec<usize>,
        id_rule: IdRule,
    ) -> Self {
        let pair = |(amount, currency): (&str, &str)| {
            let currency = positions.get(currency).copied();
            positions.get(amount).map(|&amount| AmountColumns { amount, currency })
        };
        let fee = |&kind: &FeeKind| Some((kind, kind.columns().and_then(pair)?));
        let mut places = [NOWHERE; Column::ALL.len()];
        for &column in Column::ALL {
            places[column as usize] = positions.get(column.as_str()).copied().unwrap_or(NOWHERE);
        }
        let mut layout = Self {
            names,
            surplus,
            positions: places,
            times: TIMES.iter().filter_map(|column| positions.get(column.as_str()).copied()).collect(),
            fee_aggregate: FeeKind::Total.columns().and_then(pair),
            fees: FeeKind::ALL.iter().filter(|&&kind| kind != FeeKind::Total).filter_map(fee).collect(),
            converted: pair(CONVERTED),
            coupon: pair(COUPON),
            unknown,
            new_ids: id_rule == IdRule::New,
            details: is_details(kind),
            settlement: kind == ReportKind::SettlementDetails,
        };
        if id_rule == IdRule::Auto {
            layout.new_ids =
                layout.has(Column::OriginalTransactionRequestId) && !layout.has(Column::OriginalTransactionId);
        }
        layout
    }

    /// Number of columns.
    #[must_use]
    pub const fn width(&self) -> usize {
        self.names.len()
    }

    /// The names of all columns as the file writes them, in its order.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Number of cells that a line may have: as many as the header, the empty ones at its end included.
    #[must_use]
    pub const fn widest(&self) -> usize {
        self.names.len() + self.surplus
    }

    /// The name of a column as the file writes it.
    #[must_use]
    pub fn name(&self, at: usize) -> &str {
        self.names.get(at).map_or("", String::as_str)
    }

    /// The name of a column as the file writes it, or its canonical name if the file lacks it.
    #[must_use]
    pub fn name_of(&self, column: Column) -> &str {
        self.position(column).map_or(column.as_str(), |at| self.name(at))
    }

    /// Where a column stands.
    #[must_use]
    pub const fn position(&self, column: Column) -> Option<usize> {
        match self.positions[column as usize] {
            NOWHERE => None,
            at => Some(at),
        }
    }

    /// Whether the file has a column.
    #[must_use]
    pub const fn has(&self, column: Column) -> bool {
        self.position(column).is_some()
    }

    /// Whether `transactionId` is the paymentId for every type.
    #[must_use]
    pub const fn has_new_ids(&self) -> bool {
        self.new_ids
    }

    /// Which of Antom's layouts it follows. Summaries of the first two generations differ in the tax alone (the sample of the page
    /// `autodebitpay/settlementsummary` against the matrix of `reconcile_cn/fields`).
    #[must_use]
    pub fn generation(&self) -> Generation {
        let named = |name: &str| self.names.iter().any(|found| found == name);
        let third = ["PSP", "ARN", "wallet", "settlementInitiatedDate", "transactionCompletionTime"];
        let is_second = if self.has(Column::SummaryType) {
            self.fees.iter().any(|(kind, _)| *kind == FeeKind::Tax)
        } else {
            self.has(Column::OriginalTransactionRequestId)
        };
        if third.iter().any(|name| named(name)) {
            Generation::Third
        } else if named("customerId") && is_second {
            Generation::Second
        } else if named("customerId") {
            Generation::First
        } else {
            Generation::Marketplace
        }
    }

    pub(in crate::report) const fn is_settlement(&self) -> bool {
        self.settlement
    }

    /// The kinds of fees whose columns the file has, the aggregate included.
    #[must_use]
    pub fn fee_kinds(&self) -> Vec<FeeKind> {
        let parts = self.fees.iter().map(|(kind, _)| *kind);
        parts.chain(self.fee_aggregate.map(|_| FeeKind::Total)).collect()
    }

    pub(in crate::report) const fn fee_aggregate(&self) -> Option<AmountColumns> {
        self.fee_aggregate
    }

    /// The single fees, in the order of their kinds.
    pub(in crate::report) fn fees(&self) -> &[(FeeKind, AmountColumns)] {
        &self.fees
    }

    pub(in crate::report) const fn converted(&self) -> Option<AmountColumns> {
        self.converted
    }

    pub(in crate::report) const fn coupon(&self) -> Option<AmountColumns> {
        self.coupon
    }

    /// Where the columns stand that say when a movement happened, in the order of what they mean.
    pub(in crate::report) fn times(&self) -> &[usize] {
        &self.times
    }

    /// Where the columns stand that no rule knows.
    pub(in crate::report) fn unknown(&self) -> &[usize] {
        &self.unknown
    }

    /// The type of a line of details, in the ledger's word.
    pub(in crate::report) fn entry_type(&self, row: Row<'_>) -> Option<EntryType> {
        if self.details { entry_type(self.cell(row, Column::TransactionType)) } else { None }
    }

    /// A line's cell; empty if the layout lacks the column or the cell says nothing.
    #[inline]
    pub(in crate::report) fn cell<'a>(&self, row: Row<'a>, column: Column) -> &'a [u8] {
        let cell = row.get(self.positions[column as usize]);
        if is_empty(cell) { b"" } else { cell }
    }

    /// A line's id; a dash says nothing either.
    pub(in crate::report) fn id<'a>(&self, row: Row<'a>, column: Column) -> &'a [u8] {
        let cell = self.cell(row, column);
        if cell == b"-" { b"" } else { cell }
    }

    /// What the ids of a line are ids of, by the file's id rule (`antom.md` 4.2).
    pub(in crate::report) fn ids<'a>(&self, row: Row<'a>, entry_type: Option<EntryType>) -> Ids<'a> {
        use EntryType::*;
        let antom = self.id(row, Column::TransactionId);
        let request = self.id(row, Column::TransactionRequestId);
        let mut ids = Ids { request, antom, ..Ids::default() };
        let Some(entry_type) = entry_type.filter(|known| known.has_original()) else { return ids };
        ids.original_request = self.id(row, Column::OriginalTransactionRequestId);
        ids.original_antom = self.id(row, Column::OriginalTransactionId);
        if matches!(entry_type, Capture | Void) && request == ids.original_request {
            ids.request = b"";
        }
        if self.new_ids {
            ids.original_antom = antom;
            if entry_type != Cancel {
                ids.antom = b"";
            }
            return ids;
        }
        // A cancel names the payment by the payment's own ids, and a payment's reversal by the payment's request id.
        if matches!(entry_type, Cancel | PaymentReversal) && ids.original_request.is_empty() {
            ids.original_request = request;
        }
        if entry_type == Cancel && ids.original_antom.is_empty() {
            ids.original_antom = antom;
        }
        ids
    }

    /// Cuts the bytes of a line (without its line end) again into its ids.
    #[must_use]
    pub fn text(&self, raw: &[u8]) -> LineText {
        let mut cells = Cells::default();
        self.line_text(cells.cut(raw))
    }

    pub(in crate::report) fn line_text(&self, row: Row<'_>) -> LineText {
        let text = |cell: &[u8]| String::from_utf8_lossy(cell).into_owned();
        let id = |column| text(self.id(row, column));
        let types = [Column::TransactionType, Column::SummaryType, Column::TransType];
        let raw_type = types.into_iter().map(|column| self.cell(row, column)).find(|cell| !cell.is_empty());
        let ids = self.ids(row, self.entry_type(row));
        LineText {
            request_id: id(Column::TransactionRequestId),
            antom_id: id(Column::TransactionId),
            original_request_id: text(ids.original_request),
            original_antom_id: text(ids.original_antom),
            order_id: id(Column::ReferenceTransactionId),
            sub_merchant_id: id(Column::ReferenceMerchantId),
            merchant_id: id(Column::MerchantId),
            batch_id: id(Column::BatchId),
            raw_type: text(raw_type.unwrap_or_default()),
            raw_status: text(self.cell(row, Column::Status)),
            account_no: id(Column::AccountNo),
            log_id: id(Column::AccountLogId),
        }
    }
}
