//! `antom-recon check`: report files alone.

use std::io::Write;
use std::path::PathBuf;

use crate::config::Config;
use crate::failure::{Failure, Kind};

/// Parse and prove report files alone: no ledger, no database
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Report files
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
}

/// Replaced by the parsing branch.
///
/// # Errors
/// See [`crate::failure`].
pub fn run(_args: &Args, _config: &Config, _out: &mut dyn Write) -> anyhow::Result<()> {
    Err(Failure::new(Kind::Unforeseen, "`check` is not joined to the parser yet").into())
}
