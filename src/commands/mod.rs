//! One file per subcommand: its `Args`, whose doc comments are the help, and one function `run`.
//!
//! This page is the list of them, and what they share.

use std::io::Write;
use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Subcommand};

use crate::config::{Config as Configuration, Flags};
use crate::discrepancy::Severity;
use crate::environment::{Environment, memory};
use crate::failure::{Kind, LogFormat, OrFail};
use crate::pipeline::{OrKind, own_store_options, report_rules};
use crate::signal::until_stopped;
use crate::store::Store;

pub mod check;
pub mod config;
mod dates;
pub mod decide;
pub mod doctor;
pub mod explain;
pub mod fetch;
pub mod ledger;
pub mod migrate;
pub mod parse;
pub mod prune;
pub mod run;
pub mod status;
pub mod verify;

pub use dates::Dates;

/// What every command takes.
#[derive(Debug, Args)]
pub struct Global {
    /// Configuration file [default: antom-recon.toml]
    #[arg(long, global = true, value_name = "FILE", help_heading = "For every command")]
    pub config: Option<PathBuf>,
    /// How logs are written to stderr
    #[arg(long, global = true, value_name = "FORMAT", value_parser = log_format(), default_value = "text")]
    #[arg(help_heading = "For every command")]
    pub log_format: LogFormat,
}

/// The words of [`LogFormat`].
fn log_format() -> impl TypedValueParser<Value = LogFormat> {
    PossibleValuesParser::new(LogFormat::WORDS).try_map(|word| LogFormat::parse(&word).ok_or("not a format"))
}

/// The words of [`Severity`].
fn severity() -> impl TypedValueParser<Value = Severity> {
    let words = Severity::ALL.iter().map(|level| level.as_str());
    PossibleValuesParser::new(words).try_map(|word| Severity::parse(&word).ok_or("not a severity"))
}

/// The commands, in the order of a first day with the program.
#[derive(Debug, Subcommand)]
#[allow(missing_docs, reason = "the doc comment of each command's Args is its help; one here would hide it")]
pub enum Command {
    Run(run::Args),
    Fetch(fetch::Args),
    Check(check::Args),
    Parse(parse::Args),
    Ledger(ledger::Args),
    Decide(decide::Args),
    Explain(explain::Args),
    Status(status::Args),
    Verify(verify::Args),
    Prune(prune::Args),
    Migrate(migrate::Args),
    Doctor(doctor::Args),
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
            Self::Check(args) => check::run(args, &load_if_present()?, out).map(drop),
            Self::Parse(args) => parse::run(args, &report_rules(&load_if_present()?)?, out).map(drop),
            Self::Ledger(args) => ledger::run(args, &load()?, out),
            Self::Decide(args) => decide::run(args, &load()?, out),
            Self::Explain(args) => explain::run(args, &load()?, out),
            Self::Status(args) => status::run(args, &load()?, out),
            Self::Verify(args) => verify::run(args, &load()?, out),
            Self::Prune(args) => prune::run(args, &load()?, out),
            Self::Migrate(args) => migrate::run(args, load, out),
            Self::Doctor(args) => doctor::run(args, &load()?, out),
            Self::Config(args) => config::run(args, out),
        }
    }
}

impl Command {
    /// Whether the configuration, a container or the system says how much memory the command may take. What is wrong with the
    /// configuration, the command says.
    #[must_use]
    pub fn is_limited(&self, global: &Global, environment: &Environment) -> bool {
        let Self::Run(args) = self else { return false };
        let config = Configuration::load(global.config.as_deref(), environment, &args.flags());
        config.and_then(|config| config.memory_limit()).is_ok_and(|limit| limit.is_some() || memory::is_confined())
    }
}

/// Runs the waiting part of a command: on a runtime of its own, until it ends or the process is told to stop.
fn session<T>(command: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.or_fail(Kind::Unforeseen, || "cannot start threads; expected the system to allow a few")?;
    let result = runtime.block_on(until_stopped(command));
    // A stopped command may leave a transfer behind that nobody waits for.
    runtime.shutdown_background();
    result
}

/// Opens the database and brings its schema up to date.
async fn open_store(config: &Configuration) -> anyhow::Result<Store> {
    Store::open(config.database()?.expose(), own_store_options(config)?).await.or_kind()
}
