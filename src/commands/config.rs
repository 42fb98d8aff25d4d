//! `antom-recon config`: help with the configuration.

use std::io::Write;

use crate::config::EXAMPLE;

/// Work with the configuration
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What to do with it.
    #[command(subcommand)]
    pub action: Action,
}

/// What can be done with the configuration.
#[derive(Debug, clap::Subcommand)]
pub enum Action {
    /// Print a commented configuration with every key
    ///
    /// Begin with it: antom-recon config example > antom-recon.toml
    Example,
}

/// Writes the example to `out`.
///
/// # Errors
/// If `out` cannot be written to.
pub fn run(args: &Args, out: &mut dyn Write) -> anyhow::Result<()> {
    match args.action {
        Action::Example => out.write_all(EXAMPLE.as_bytes())?,
    }
    Ok(())
}
