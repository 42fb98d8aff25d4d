//! One file per subcommand: its `Args`, whose doc comments are the help, and one function `run`.
//!
//! This page is the list of them, and what they share.

use std::io::Write;
use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::config::{Config as Configuration, Flags};
use crate::environment::Environment;
use crate::failure::LogFormat;
use crate::pipeline::report_rules;

pub mod check;
pub mod config;
mod dates;
pub mod doctor;
pub mod explain;
pub mod fetch;
pub mod ledger;
pub mod parse;
pub mod run;
pub mod status;

pub use dates::Dates;

/// What every command takes.
#[derive(Debug, Args)]
pub struct Global {
    /// Configuration file [default: antom-recon.toml]
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// How logs are written to stderr
    #[arg(long, global = true, value_name = "FORMAT", value_enum, default_value_t)]
    pub log_format: LogFormat,
}

/// The commands, in the order of a first day with the program.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the whole job for a business date: fetch, parse, prove, match, ask, write
    Run(run::Args),
    /// Fetch and archive the reports of a business date, nothing else
    Fetch(fetch::Args),
    /// Parse and prove report files alone: no ledger, no database
    Check(check::Args),
    /// Print the normalised lines of report files
    Parse(parse::Args),
    /// Work with the built-in ledger
    Ledger(ledger::Args),
    /// Tell everything that is known about an id
    Explain(explain::Args),
    /// Show runs, open items by age, and reports that are expected and missing
    Status(status::Args),
    /// Try configuration, database, SFTP, API and disk, and say what is wrong
    Doctor(doctor::Args),
    /// Work with the configuration
    Config(config::Args),
}

impl Command {
    /// Runs the command. Results go to `out`.
    ///
    /// # Errors
    /// Those of the command; [`crate::failure`] says what each means for the exit code.
    pub fn run(&self, global: &Global, environment: &Environment, out: &mut dyn Write) -> anyhow::Result<()> {
        let file = global.config.as_deref();
        let load = || Configuration::load(file, environment, &Flags::default());
        let load_if_present = || Configuration::load_if_present(file, environment, &Flags::default());
        match self {
            Self::Run(args) => run::run(args, &Configuration::load(file, environment, &args.flags())?, out),
            Self::Fetch(args) => fetch::run(args, &load()?, out),
            Self::Check(args) => check::run(args, &report_rules(&load_if_present()?)?, out).map(drop),
            Self::Parse(args) => parse::run(args, &report_rules(&load_if_present()?)?, out).map(drop),
            Self::Ledger(args) => ledger::run(args, &load()?, out),
            Self::Explain(args) => explain::run(args, &load()?, out),
            Self::Status(args) => status::run(args, &load()?, out),
            Self::Doctor(args) => doctor::run(args, &load()?, out),
            Self::Config(args) => config::run(args, out),
        }
    }
}
