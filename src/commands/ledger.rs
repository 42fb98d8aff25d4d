//! `antom-recon ledger`: the built-in ledger.

use std::io::Write;
use std::path::PathBuf;

use crate::config::Config;
use crate::failure::{Failure, Kind};

/// Work with the built-in ledger
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What to do with it.
    #[command(subcommand)]
    pub action: Action,
}

/// What can be done with the built-in ledger.
#[derive(Debug, clap::Subcommand)]
pub enum Action {
    /// Load entries from a CSV file
    ///
    /// All or nothing: if a row is wrong, every wrong row is named with its line and nothing is loaded. An entry whose entry_id
    /// is already there with the same content is skipped, so the same file may be loaded again.
    ///
    /// Header: entry_id, entry_type, request_id, antom_id, original_request_id, original_antom_id, order_id, sub_merchant_id,
    /// amount_minor, currency, status, occurred_at, settle_to, refund_from, settlement_batch_id
    Import(ImportArgs),
}

/// Arguments of `ledger import`.
#[derive(Debug, clap::Args)]
pub struct ImportArgs {
    /// CSV file with the entries
    #[arg(value_name = "FILE.csv")]
    pub file: PathBuf,
}

/// Loads the entries and says on `out` how many were new.
///
/// # Errors
/// See [`crate::failure`].
pub fn run(_args: &Args, _config: &Config, _out: &mut dyn Write) -> anyhow::Result<()> {
    Err(Failure::new(Kind::Unforeseen, "`ledger import` is not joined to the store yet").into())
}
