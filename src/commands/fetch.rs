//! `antom-recon fetch`: the first stage alone.

use std::io::Write;

use super::{Dates, session};
use crate::clock;
use crate::config::Config;
use crate::failure::{Failure, Kind};
use crate::id::PlatformMerchantId;
use crate::pipeline::{expected, fetch_day, not_ready};

/// Fetch and archive the reports of a business date, nothing else
///
/// Files are archived as they came, under their SHA-256. Nothing on the server is changed. Exit code 3 if an expected report is
/// missing or incomplete.
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
            let missing = not_ready(&fetched, &expected(config, date)?);
            problems.extend(missing.into_iter().map(|(_, sentence)| format!("{date}: {sentence}")));
        }
        if problems.is_empty() {
            return Ok(());
        }
        Err(Failure::new(Kind::NotReady, format!("{}; run again when Antom has delivered", problems.join("; "))).into())
    })
}
