//! `antom-recon doctor`: whether everything that a run needs is there.
#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "trying to write is how free space is tried")]

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::{open_store, session};
use crate::config::{self, Config};
use crate::failure::{Failure, Kind};
use crate::fetch;
use crate::id::PlatformMerchantId;
use crate::pipeline::{self, OrKind};

/// Try configuration, database, SFTP, API and disk, and say what is wrong
///
/// Every part is tried, whatever becomes of the others. Ends with the exit code of the first part that fails.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Free space is tried with this much: less would not hold a day's outputs of a small marketplace.
const TRIED_BYTES: usize = 16 << 20;

/// Tries every part and writes a line for each to `out`.
///
/// # Errors
/// See [`crate::failure`]; the first failing part decides.
pub fn run(_args: &Args, config: &Config, out: &mut dyn Write) -> anyhow::Result<()> {
    session(async {
        let mut first = None;
        let mut note = |part: &str, result: anyhow::Result<String>| -> anyhow::Result<()> {
            match result {
                Ok(facts) => writeln!(out, "ok      {part:<14} {facts}")?,
                Err(error) => {
                    writeln!(out, "FAILED  {part:<14} {error:#}")?;
                    first.get_or_insert(Failure::new(Failure::of(&error), format!("{part}: {error:#}")));
                }
            }
            Ok(())
        };
        note("configuration", configuration(config))?;
        note("database", database(config).await)?;
        note("source", source(config).await)?;
        if config.requery().is_ok_and(|requery| requery.enabled) {
            note("api", pipeline::asking::probe(config).await)?;
        } else {
            note("api", Ok("not asked: `[requery] enabled` is off".to_owned()))?;
        }
        note("archive", writable(&config.archive_dir()))?;
        note("output", writable(&folder_of_outputs(config)))?;
        first.map_or(Ok(()), |failure| Err(failure.into()))
    })
}

/// Reads every section that a run reads.
fn configuration(config: &Config) -> anyhow::Result<String> {
    pipeline::check(config)?;
    let merchant = config.merchant()?;
    let ledger = match config.ledger()? {
        config::Ledger::Table => "the built-in table",
        config::Ledger::Csv(_) => "a CSV file",
        config::Ledger::Query { .. } => "a query",
    };
    let (file, id) = (config.file().display(), merchant.platform_merchant_id);
    Ok(format!("`{file}`: merchant {id}, the ledger is {ledger}"))
}

async fn database(config: &Config) -> anyhow::Result<String> {
    let store = open_store(config).await?;
    let migrations = store.check_migrations().await.or_kind()?;
    let facts = format!("{}: schema version {}", store.name(), migrations.newest);
    store.close().await;
    Ok(facts)
}

/// Host key, login and listing.
async fn source(config: &Config) -> anyhow::Result<String> {
    let source = pipeline::source(config)?;
    let merchant = PlatformMerchantId::new(config.merchant()?.platform_merchant_id);
    let probe =
        tokio::task::spawn_blocking(move || fetch::probe(&source, &merchant, &pipeline::control())).await?.or_kind()?;
    let facts: Vec<String> = probe.facts.iter().map(|(name, value)| format!("{name} {value}")).collect();
    let dates = match &probe.dates {
        None => format!("`{}` does not exist", probe.directory),
        Some(dates) => match dates.last() {
            None => format!("`{}` has no dates", probe.directory),
            Some(newest) => format!("`{}` has {} dates, the newest is {newest}", probe.directory, dates.len()),
        },
    };
    Ok(format!("{}: {dates}; {}", probe.address, facts.join(", ")))
}

/// Where a run writes: the merchant's folder once there is one, whose rights may be others.
fn folder_of_outputs(config: &Config) -> PathBuf {
    let all = config.output_dir();
    let own = config.merchant().map(|merchant| all.join(merchant.platform_merchant_id));
    own.ok().filter(|own| own.is_dir() && own.parent() == Some(&all)).unwrap_or(all)
}

/// Writes and removes a file, so that rights and space are tried and not guessed.
fn writable(folder: &Path) -> anyhow::Result<String> {
    let tried = || -> io::Result<()> {
        std::fs::create_dir_all(folder)?;
        let mut file: File = tempfile::tempfile_in(folder)?;
        file.write_all(&vec![0; TRIED_BYTES])?;
        file.sync_all()
    };
    tried().map_err(|error| {
        let folder = folder.display();
        let expected = "expected a folder with free space that this user may write";
        Failure::new(Kind::of_folder(error.kind()), format!("cannot write to `{folder}`: {error}; {expected}"))
    })?;
    Ok(format!("`{}` takes {} MiB", folder.display(), TRIED_BYTES >> 20))
}
