//! `antom-recon explain`: everything that is known about an id.

use std::io::Write;

use crate::config::Config;
use crate::failure::{Failure, Kind};

/// Tell everything that is known about an id
///
/// Lines with file and line number, entries, matches, Antom's answers, and what became of them day by day.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A request id, an Antom id or a discrepancy id
    #[arg(value_name = "ID")]
    pub id: String,
}

/// Writes all that is known about the id to `out`.
///
/// # Errors
/// See [`crate::failure`].
pub fn run(_args: &Args, _config: &Config, _out: &mut dyn Write) -> anyhow::Result<()> {
    Err(Failure::new(Kind::Unforeseen, "`explain` is not joined to the store yet").into())
}
