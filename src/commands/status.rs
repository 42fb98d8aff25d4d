//! `antom-recon status`: where things stand.

use std::io::Write;

use crate::config::Config;
use crate::failure::{Failure, Kind};

/// Show runs, open items by age, and reports that are expected and missing
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Writes runs, open items and missing reports to `out`.
///
/// # Errors
/// See [`crate::failure`].
pub fn run(_args: &Args, _config: &Config, _out: &mut dyn Write) -> anyhow::Result<()> {
    Err(Failure::new(Kind::Unforeseen, "`status` is not joined to the store yet").into())
}
