//! What parsing gives: lines, rejects and totals.

use std::collections::BTreeMap;

use crate::calendar::Instant;
use crate::id::{Key, KeyMaker, Symbol};
use crate::money::{Currency, Tally};
use crate::movement::{EntryType, ReportKind, Status, UNTYPED_SPACES};

/// Where a line stands: which file, which physical line (header = 1), and its bytes, so that it can be read again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// Index of the file among the run's inputs, in their order.
    pub file: u32,
    /// Physical line where the line starts; the header is line 1. Line breaks inside quotes count.
    pub line: u32,
    /// Offset of its first byte in the uncompressed file.
    pub offset: u64,
    /// Number of bytes without the line end.
    pub length: u32,
}

/// One line of transaction details or settlement details: a small fixed-size value without text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Line {
    /// Where it stands.
    pub place: Place,
    /// Key of type and request id, in the type's request space; none if the line has no request id of its own.
    pub by_request: Key,
    /// Key of type and Antom id, in the type's Antom space; none if the id rule says that `transactionId` is the payment's.
    pub by_antom: Key,
    /// `transactionAmountValue` in the smallest unit of `currency`, signed from the marketplace's side.
    pub amount: i64,
    /// `settlementAmountValue` (net) in the smallest unit of `settlement_currency`; 0 in transaction details.
    pub net: i64,
    /// Sum of the signed fee columns (a charged fee is negative) in the smallest unit of `settlement_currency`; the aggregate
    /// `feeAmountValue` where the layout has one, else its parts.
    pub fee: i64,
    /// When the movement happened, where the layout says so.
    pub at: Option<Instant>,
    /// `transactionCurrency`; that of the settlement where a line has no transaction (fees, reserves).
    pub currency: Currency,
    /// `settlementCurrency`, in settlement details.
    pub settlement_currency: Option<Currency>,
    /// `referenceMerchantId`: the sub-merchant, empty for the marketplace itself.
    pub party: Symbol,
    /// `merchantId` or `customerId`.
    pub merchant: Symbol,
    /// `settlementBatchId`, in settlement details.
    pub batch: Symbol,
    /// `transactionType` as written.
    pub raw_type: Symbol,
    /// Index into [`ParsedReport::originals`], if the line names an original.
    pub original: Option<u32>,
    /// The ledger's word for the type; none for a type that is not known.
    pub entry_type: Option<EntryType>,
    /// `status` where the layout has it (absent = success); none for a word that is not known.
    pub status: Option<Status>,
    /// Whether the layout has a `referenceMerchantId` column at all.
    pub names_party: bool,
}

impl Line {
    /// Takes the sign from the type: what takes money out is negative, however it is written.
    pub fn turn(&mut self) {
        if self.entry_type.is_some_and(EntryType::is_outgoing) {
            self.amount = -self.amount.abs();
        }
    }
}

/// What a reversing line says of its original. Keys are in the spaces of [`EntryType::Payment`]; see [`Key::in_space`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Original {
    /// The original's request id.
    pub by_request: Key,
    /// The original's Antom id (paymentId).
    pub by_antom: Key,
}

/// A line that could not be read, kept whole.
#[derive(Debug, Clone, PartialEq)]
pub struct Reject {
    /// Where it stands.
    pub place: Place,
    /// The raw line, up to a stated bound.
    pub raw: String,
    /// The column that could not be read; empty if the line as a whole could not.
    pub column: String,
    /// What was found and what was expected.
    pub reason: String,
    /// The line's type, if it could be read.
    pub entry_type: Option<EntryType>,
    /// The line's currency, if it could be read.
    pub currency: Option<Currency>,
    /// Key of the request id, if it could be read: of type and id, or of the id alone if the type could not be read.
    pub by_request: Key,
    /// Key of the Antom id, likewise.
    pub by_antom: Key,
    /// The line's text, as far as it could be cut into cells.
    pub text: LineText,
}

impl Reject {
    /// The keys of a rejected row with these ids.
    #[must_use]
    pub fn keys(keys: KeyMaker, entry_type: Option<EntryType>, request: &[u8], antom: &[u8]) -> [Key; 2] {
        let typed = entry_type.map(|known| [known.request_space(), known.antom_space()]);
        let [by_request, by_antom] = typed.unwrap_or(UNTYPED_SPACES);
        [keys.key(by_request, request), keys.key(by_antom, antom)]
    }

    /// The keys that a rejected row has if it is the row with these, whether its type could be read or not.
    #[must_use]
    pub fn keys_of(by_request: Key, by_antom: Key) -> [Key; 4] {
        let [untyped_request, untyped_antom] = UNTYPED_SPACES;
        [by_request, by_antom, by_request.in_space(untyped_request), by_antom.in_space(untyped_antom)]
    }
}

/// The ids of a line as text, read again from its bytes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LineText {
    /// `transactionRequestId`.
    pub request_id: String,
    /// `transactionId`.
    pub antom_id: String,
    /// `originalTransactionRequestId`.
    pub original_request_id: String,
    /// `originalTransactionId`; under the new id rule the `transactionId` of a line that has an original.
    pub original_antom_id: String,
    /// `referenceTransactionId`.
    pub order_id: String,
    /// `referenceMerchantId`.
    pub sub_merchant_id: String,
    /// `merchantId` or `customerId`.
    pub merchant_id: String,
    /// `settlementBatchId`.
    pub batch_id: String,
    /// The type as written: `transactionType`, or `summaryType` or `transType` in the reports that have these.
    pub raw_type: String,
    /// `status` as written.
    pub raw_status: String,
    /// `accountNo`, in account activity and ending balances.
    pub account_no: String,
    /// `accountLogId`, in account activity.
    pub log_id: String,
}

/// Control totals of one file: per type as written and currency.
pub type TypeTotals = BTreeMap<(String, Currency), Tally>;

/// One report file after parsing.
#[derive(Debug)]
pub struct ParsedReport {
    /// Which report it is.
    pub kind: ReportKind,
    /// Its lines, in file order.
    pub lines: Vec<Line>,
    /// What its lines say of their originals.
    pub originals: Vec<Original>,
    /// Its rejects, in file order.
    pub rejects: Vec<Reject>,
    /// Totals of `lines` by type as written and transaction currency, added up while parsing.
    pub totals: TypeTotals,
    /// Columns of the header that no rule knows, in file order.
    pub unknown_columns: Vec<String>,
    /// Remarks for the operator: which sign rule was applied, a suspicious unit, and the like.
    pub remarks: Vec<String>,
    /// Cuts the bytes of a line into [`LineText`].
    pub layout: super::Layout,
}
