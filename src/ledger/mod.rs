//! The marketplace's own side: ledger entries, from CSV bytes (a file, or what a database gave) to typed values.

mod entry;
mod import;
mod parse;
mod row;

pub use entry::{COLUMNS, Entry, EntryText, ParsedLedger, RefundSource};
pub use import::{BadRow, BadRows, Import, ImportRow, MAX_BAD_ROWS};
pub use parse::{Keeper, LedgerError, MAX_REJECTS, parse_ledger, parse_ledger_to};

#[cfg(test)]
mod tests;
