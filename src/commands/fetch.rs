//! `antom-recon fetch`: the first stage alone.

use std::io::Write;

use super::{Dates, open_store, session};
use crate::clock;
use crate::config::Config;
use crate::failure::{Failure, Kind};
use crate::fetch::Fetched;
use crate::id::PlatformMerchantId;
use crate::pipeline::{OrKind, expected, fetch_day, not_ready};
use crate::store::{Store, StoreError};

/// Fetch and archive the reports of a business date, nothing else
///
/// Files are archived as they came, under their SHA-256, and noted in the database if it can be reached, so that a later run
/// finds them when the server has them no longer. Nothing on the server is changed. Exit code 3 if an expected report is missing
/// or incomplete.
#[derive(Debug, clap::Args)]
#[command(
    override_usage = "antom-recon fetch --date <DATE> [OPTIONS]\n       antom-recon fetch --from <DATE> --to <DATE> [OPTIONS]"
)]
pub struct Args {
    /// Which dates.
    #[command(flatten)]
    pub dates: Dates,
}

/// Fetches the reports of every date and lists them on `out`.
///
/// # Errors
/// See [`crate::failure`].
pub fn run(args: &Args, config: &Config, out: &mut dyn Write) -> anyhow::Result<()> {
    let dates = args.dates.all(config.cut_off()?.date_of(clock::now()))?;
    let merchant = PlatformMerchantId::new(config.merchant()?.platform_merchant_id);
    session(async {
        let mut problems = Vec::new();
        let store = store(config).await;
        for date in dates {
            let fetched = fetch_day(config, &merchant, date).await?;
            for file in &fetched.files {
                writeln!(out, "{date}  {:<22} {:>12} bytes  {}  {}", file.kind, file.size, file.digest, file.name)?;
            }
            for file in &fetched.incomplete {
                writeln!(out, "{date}  {:<22} incomplete: {file}", file.kind)?;
            }
            for entry in &fetched.ignored {
                writeln!(out, "{date}  {:<22} {entry}", "not used")?;
            }
            if let Some(store) = &store {
                note(store, &merchant, &fetched).await?;
            }
            let missing = not_ready(&fetched, &expected(config, date)?);
            problems.extend(missing.into_iter().map(|(_, sentence)| format!("{date}: {sentence}")));
        }
        if let Some(store) = store {
            store.close().await;
        }
        if problems.is_empty() {
            return Ok(());
        }
        Err(Failure::new(Kind::NotReady, format!("{}; run again when Antom has delivered", problems.join("; "))).into())
    })
}

/// What is said if fetched files stand in the archive alone.
const NOT_NOTED: &str = "what is fetched cannot be noted, so that runs look for it at the source only";

/// The database; none if it cannot be reached, for the reports are what must not be lost.
async fn store(config: &Config) -> Option<Store> {
    match open_store(config).await {
        Ok(store) => Some(store),
        Err(error) => {
            tracing::warn!("{NOT_NOTED}: {error}");
            None
        }
    }
}

/// Notes what was fetched as seen; it is archived already, and a database that is away or busy for too long changes nothing of that.
async fn note(store: &Store, merchant: &PlatformMerchantId, fetched: &Fetched) -> anyhow::Result<()> {
    let files: Vec<(&str, String)> = fetched.files.iter().map(|file| (&*file.path, file.digest.to_string())).collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(path, digest)| (*path, digest.as_str())).collect();
    match store.note_files_seen(merchant.as_str(), &files, clock::now()).await {
        Err(error @ StoreError::Unreachable { .. }) => {
            tracing::warn!("{NOT_NOTED}: {error}");
            Ok(())
        }
        noted => noted.or_kind(),
    }
}
