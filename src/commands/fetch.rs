//! `antom-recon fetch`: the first stage alone.

use std::io::Write;

use super::Dates;
use crate::config::Config;
use crate::failure::{Failure, Kind};

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
pub fn run(_args: &Args, _config: &Config, _out: &mut dyn Write) -> anyhow::Result<()> {
    Err(Failure::new(Kind::Unforeseen, "`fetch` is not joined to the pipeline yet").into())
}
