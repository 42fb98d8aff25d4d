//! `antom-recon ledger`: the built-in ledger.
#![allow(clippy::disallowed_types, clippy::disallowed_methods, reason = "the file of the command line is read here")]

use std::fs::File;
use std::io::{BufReader, Write};
use std::path::PathBuf;

use anyhow::Context as _;

use super::{open_store, session};
use crate::clock;
use crate::config::Config;
use crate::failure::{Failure, Kind, OrFail};
use crate::ledger::{BadRows, Import, LedgerError};
use crate::pipeline::OrKind;
use crate::progress::Progress;
use crate::store::{Imported, NewEntry};

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
    /// is already there with the same content is skipped, so the same file may be loaded again. An entry that is there as PENDING
    /// and comes as SUCCESS, FAILED or CANCELLED is updated: its status, occurred_at and ids that were empty. Any other change is
    /// refused.
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
pub fn run(args: &Args, config: &Config, out: &mut dyn Write) -> anyhow::Result<()> {
    let Action::Import(args) = &args.action;
    let unreadable = || format!("`{}` cannot be opened; expected a CSV file of entries", args.file.display());
    let file = File::open(&args.file).or_fail(Kind::Usage, unreadable)?;
    let refused = |error: LedgerError| Failure::configuration(format!("`{}`: {error}", args.file.display()));
    session(async {
        let store = open_store(config).await?;
        let progress = Progress::open_ended("import");
        let mut rows = Import::start(BufReader::new(file)).map_err(refused)?;
        let mut import = store.begin_import(clock::now()).await.or_kind()?;
        while let Some(batch) = tokio::task::block_in_place(|| rows.next_batch()).map_err(refused)? {
            progress.add(batch.len() as u64);
            // After the first bad row nothing will be kept; the rest is only read to name all bad rows.
            if rows.bad_rows().count == 0 {
                let entries: Vec<NewEntry> =
                    batch.into_iter().map(|row| NewEntry { text: row.text, occurred_at: row.occurred_at }).collect();
                import.push(&entries).await.or_kind()?;
            }
        }
        let bad = rows.bad_rows();
        if bad.count > 0 {
            return Err(bad_rows(args, bad).into());
        }
        let done = import.commit().await.or_kind().with_context(|| format!("`{}`", args.file.display()))?;
        let Imported { inserted, updated, unchanged } = done;
        writeln!(out, "{inserted} entries imported, {updated} updated, {unchanged} were there already")?;
        store.close().await;
        Ok(())
    })
}

/// All bad rows, each with its line; nothing was imported.
fn bad_rows(args: &ImportArgs, bad: &BadRows) -> Failure {
    let rows = format!("{} of its rows cannot be read, nothing was imported:", bad.count);
    let mut text = format!("`{}`: {rows}", args.file.display());
    for row in &bad.first {
        text.push_str(&format!("\n  {row}"));
    }
    let unlisted = bad.count.saturating_sub(bad.first.len() as u64);
    if unlisted > 0 {
        text.push_str(&format!("\n  and {unlisted} more"));
    }
    Failure::configuration(text)
}
