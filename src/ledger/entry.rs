//! What the ledger gives.

use crate::calendar::Instant;
use crate::id::{Key, Symbol};
use crate::money::Currency;
use crate::movement::{EntryType, Status, closed_words};
use crate::report::{Original, Place, Reject};
use std::fmt;

/// The columns of the ledger, in the contract's order: CSV header, built-in table and custom query alike.
pub const COLUMNS: [&str; 15] = [
    "entry_id",
    "entry_type",
    "request_id",
    "antom_id",
    "original_request_id",
    "original_antom_id",
    "order_id",
    "sub_merchant_id",
    "amount_minor",
    "currency",
    "status",
    "occurred_at",
    "settle_to",
    "refund_from",
    "settlement_batch_id",
];

closed_words! {
    /// Whose funds a refund is taken from (`RefundFromType` of the SDK), or nothing is said.
    RefundSource {
        /// Nothing is said.
        Unknown = "",
        /// The sub-merchant's.
        Seller = "SELLER",
        /// The marketplace's.
        Marketplace = "MARKETPLACE",
        /// The payment's funds that are not settled yet.
        UnsettledFunds = "UNSETTLED_FUNDS",
    }
}

/// One entry of the ledger: a small fixed-size value without text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Entry {
    /// Where it stands in the ledger's CSV (the file, or the canonical copy of what the database gave); `file` is unused.
    pub place: Place,
    /// Key of type and request id, in the type's request space.
    pub by_request: Key,
    /// Key of type and Antom id, in the type's Antom space.
    pub by_antom: Key,
    /// Amount in the currency's smallest unit, signed from the marketplace's side.
    pub amount: i64,
    /// When the entry reached its status.
    pub occurred_at: Instant,
    /// Its currency.
    pub currency: Currency,
    /// The party: the sub-merchant, empty for the marketplace. A share that settles to `MARKETPLACE` has the empty party.
    pub party: Symbol,
    /// Index into [`ParsedLedger::originals`], if the entry names an original.
    pub original: Option<u32>,
    /// Whose funds a refund is taken from.
    pub refund_from: RefundSource,
    /// Its type.
    pub entry_type: EntryType,
    /// Its status.
    pub status: Status,
}

/// The text of an entry, read again from its bytes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EntryText {
    /// Primary key.
    pub entry_id: String,
    /// Type as written.
    pub entry_type: String,
    /// The marketplace's id of the request.
    pub request_id: String,
    /// The id that Antom gave.
    pub antom_id: String,
    /// The original's request id.
    pub original_request_id: String,
    /// The original's Antom id.
    pub original_antom_id: String,
    /// The order.
    pub order_id: String,
    /// The sub-merchant.
    pub sub_merchant_id: String,
    /// Amount in smallest units, as written.
    pub amount_minor: String,
    /// Currency, as written.
    pub currency: String,
    /// Status, as written.
    pub status: String,
    /// RFC 3339 instant, as written.
    pub occurred_at: String,
    /// `SELLER`, `MARKETPLACE` or empty.
    pub settle_to: String,
    /// Source of a refund, or empty.
    pub refund_from: String,
    /// The settlement batch, or empty.
    pub settlement_batch_id: String,
}

/// A ledger after parsing.
#[derive(Debug, Default)]
pub struct ParsedLedger {
    /// Its entries, in the order of the input.
    pub entries: Vec<Entry>,
    /// What they say of their originals.
    pub originals: Vec<Original>,
    /// Rows that could not be read.
    pub rejects: Vec<Reject>,
    /// Position of each column in the input's header, by [`COLUMNS`]; none if it lacks.
    pub columns: [Option<usize>; 15],
}
