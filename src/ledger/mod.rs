//! The marketplace's own side: ledger entries, from CSV bytes (a file, or what a database gave) to typed values.

mod entry;

pub use entry::{COLUMNS, Entry, EntryText, ParsedLedger, RefundSource};
