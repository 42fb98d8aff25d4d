//! The laboratory's command line: `demo`, `quarter`, `simulate`, `bench`, `serve`, `market` and `wire`.

use anyhow::{Context as _, Result};
use chrono::{DateTime, FixedOffset};
use clap::{Parser, Subcommand, ValueEnum};
use lab::wire::{Connections, Disturbance, Ending, Fault};
use lab::world::layout::Layout;
use lab::world::quarter::Bookkeeping;
use lab::world::style::Style;
use lab::world::{Plan, World};
use lab::{bench, demo, quarter, serve, simulate, wire};
use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Command as Process, ExitCode, Stdio};
use std::time::Duration;

/// A local Antom, to show the job at work, to measure it, and to try things by hand.
#[derive(Parser)]
#[command(name = "lab")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Make a business week with every kind of fault, run the job over it, and check what it found
    Demo {
        /// The same seed makes the same week
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// An empty folder to work in [default: a new one for temporary files]
        #[arg(long)]
        dir: Option<PathBuf>,
        /// Honest payments per day
        #[arg(long, default_value_t = 400)]
        payments: u32,
        /// Layout of Antom's files
        #[arg(long, default_value = "marketplace")]
        layout: LayoutName,
        /// Write the files in the most awkward way: CR LF, a byte order mark, `None`, mixed offsets, several parts
        #[arg(long)]
        awkward: bool,
        /// Write all reports as workbooks in place of CSV files
        #[arg(long)]
        xlsx: bool,
    },
    /// Make a quarter of business days, run the job over them one by one, and audit each run and the trail
    Quarter {
        /// The same seed makes the same quarter
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// Business days
        #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(20..=60))]
        days: u32,
        /// Honest payments per day
        #[arg(long, default_value_t = 12)]
        payments: u32,
        /// Layout of Antom's files
        #[arg(long, default_value = "marketplace")]
        layout: LayoutName,
        /// Days for which the job looks back; people correct what is up to 11 days old
        #[arg(long, default_value_t = 35, value_parser = clap::value_parser!(u32).range(14..=100))]
        lookback: u32,
        /// Where the job keeps its records: `sqlite`, or the address of an empty PostgreSQL database
        #[arg(long, default_value = "sqlite")]
        database: String,
        /// The ledger: a CSV file in which everything can be corrected, or the built-in table
        #[arg(long, default_value = "csv")]
        ledger: LedgerName,
        /// An empty folder to work in [default: a new one for temporary files]
        #[arg(long)]
        dir: Option<PathBuf>,
        /// Change each column of each kind of record once, in place of one column
        #[arg(long)]
        thorough: bool,
    },
    /// Make worlds by the thousand, let drawn faults happen in them, run the job over their days, and audit each run
    Simulate {
        /// How many worlds
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
        seeds: u64,
        /// Days of each, weekends included
        #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(3..=60))]
        days: u32,
        /// The seed of the first world; the others follow it
        #[arg(long, default_value_t = 1)]
        first_seed: u64,
        /// Worlds at the same time [default: one for each core]
        #[arg(long, default_value_t = 0, hide_default_value = true)]
        threads: usize,
        /// Honest payments per day
        #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(2..=1_000))]
        payments: u32,
        /// One world alone
        #[arg(long, conflicts_with_all = ["seeds", "first_seed"])]
        seed: Option<u64>,
        /// The faults that happen in this world, in place of all that its seed draws; empty for none
        #[arg(long, value_delimiter = ',', requires = "seed")]
        faults: Option<Vec<String>>,
    },
    /// Run the job itself with these words
    #[command(hide = true)]
    Job {
        /// The words
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        words: Vec<OsString>,
    },
    /// Run the job over a large day and print what each stage took
    Bench(bench::Options),
    /// Make a week and keep both servers up until Ctrl-C
    Serve {
        /// The same seed makes the same week
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// The folder to work in; files of an earlier start are written again
        #[arg(long, default_value = "lab-antom")]
        dir: PathBuf,
        /// Layout of Antom's files
        #[arg(long, default_value = "marketplace")]
        layout: LayoutName,
        /// Loopback port of the SFTP server [default: a free one]
        #[arg(long, default_value_t = 0, hide_default_value = true)]
        sftp_port: u16,
        /// Loopback port of the API [default: a free one]
        #[arg(long, default_value_t = 0, hide_default_value = true)]
        api_port: u16,
    },
    /// Keep an empty marketplace at Antom up until Ctrl-C: all of its calls, its reports, and a port that moves time
    Market {
        /// The folder to work in; files of an earlier start are written again
        #[arg(long, default_value = "lab-market")]
        dir: PathBuf,
        /// What the marketplace's clock shows at the start
        #[arg(long, default_value = "2026-11-16T09:00:00+08:00")]
        start: DateTime<FixedOffset>,
        /// Loopback port of the SFTP server [default: a free one]
        #[arg(long, default_value_t = 0, hide_default_value = true)]
        sftp_port: u16,
        /// Loopback port of the API [default: a free one]
        #[arg(long, default_value_t = 0, hide_default_value = true)]
        api_port: u16,
        /// Loopback port of the control port [default: a free one]
        #[arg(long, default_value_t = 0, hide_default_value = true)]
        control_port: u16,
    },
    /// Lead connections to a server through a line on which something goes wrong, until Ctrl-C
    ///
    /// Clients connect to the wire's port in place of the server's. Bytes are counted for each connection, from the server to the
    /// client unless --to-server is given.
    Wire(WireArgs),
}

#[derive(clap::Args)]
struct WireArgs {
    /// Where the server is, such as 127.0.0.1:5432
    #[arg(long, value_name = "ADDRESS")]
    to: SocketAddr,
    /// Loopback port of the wire [default: a free one]
    #[arg(long, default_value_t = 0, hide_default_value = true)]
    port: u16,
    /// What goes wrong
    #[arg(long, default_value = "none")]
    fault: WireFault,
    /// Bytes that pass before it (cut, reset, half-open, flip)
    #[arg(long, default_value_t = 0, value_name = "BYTES")]
    after: u64,
    /// Milliseconds by which everything is late, or of the pause before each drop
    #[arg(long, default_value_t = 100)]
    millis: u64,
    /// Bytes of a drop (trickle)
    #[arg(long, default_value_t = 16, value_name = "BYTES")]
    drop: usize,
    /// On the way to the server, in place of from it
    #[arg(long)]
    to_server: bool,
    /// Only on this connection, counted from 1 [default: all]
    #[arg(long, value_name = "NUMBER")]
    connection: Option<usize>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum WireFault {
    /// Nothing does
    None,
    /// Everything arrives later
    Late,
    /// Bytes drip
    Trickle,
    /// Both sides are cut off in good order (FIN)
    Cut,
    /// Both sides are cut off with a reset (RST)
    Reset,
    /// Nothing passes any more, both sides stay connected
    HalfOpen,
    /// Connections are taken and nobody answers
    Stall,
    /// Connections are refused
    Refuse,
    /// One bit is turned
    Flip,
}

impl WireArgs {
    fn options(&self) -> wire::Options {
        let (after, time) = (self.after, Duration::from_millis(self.millis));
        let fault = match self.fault {
            WireFault::None | WireFault::Refuse => None,
            WireFault::Late => Some(Fault::Late(time)),
            WireFault::Trickle => Some(Fault::Trickle { bytes: self.drop, pause: time }),
            WireFault::Cut => Some(Fault::Cut { after, ending: Ending::Fin }),
            WireFault::Reset => Some(Fault::Cut { after, ending: Ending::Reset }),
            WireFault::HalfOpen => Some(Fault::HalfOpen { after }),
            WireFault::Stall => Some(Fault::Stall),
            WireFault::Flip => Some(Fault::Flip { at: after }),
        };
        let disturbance = fault.map(|fault| {
            let disturbance = Disturbance::of(fault).on(self.connection.map_or(Connections::All, Connections::Nth));
            if self.to_server { disturbance.to_server() } else { disturbance }
        });
        wire::Options { server: self.to, port: self.port, refuse: self.fault == WireFault::Refuse, disturbance }
    }
}

#[derive(Clone, Copy, ValueEnum)]
enum LedgerName {
    Csv,
    Table,
}

#[derive(Clone, Copy, ValueEnum)]
enum LayoutName {
    Marketplace,
    Gen1,
    Gen2,
    Gen3,
}

impl From<LayoutName> for Layout {
    fn from(name: LayoutName) -> Self {
        match name {
            LayoutName::Marketplace => Self::Marketplace,
            LayoutName::Gen1 => Self::Gen1,
            LayoutName::Gen2 => Self::Gen2,
            LayoutName::Gen3 => Self::Gen3,
        }
    }
}

fn main() -> Result<ExitCode> {
    let out = &mut std::io::stdout();
    let right = match Cli::parse().command {
        Command::Demo { seed, dir, payments, layout, awkward, xlsx } => {
            let style = if awkward { Style::hardest() } else { Style::default() };
            let style = Style { xlsx, ..style };
            let options = demo::Options { seed, dir, payments, layout: layout.into(), style, proofs_again: true };
            demo::run(&options, job, out)?
        }
        Command::Quarter { seed, days, payments, layout, lookback, database, ledger, dir, thorough } => {
            let bookkeeping = match ledger {
                LedgerName::Csv => Bookkeeping::Free,
                LedgerName::Table => Bookkeeping::AddOnly,
            };
            let database = Some(database).filter(|database| database != "sqlite");
            let layout = layout.into();
            let options =
                quarter::Options { seed, days, payments, layout, lookback, bookkeeping, database, dir, thorough };
            quarter::run(&options, &apart, out)?
        }
        Command::Simulate { seeds, days, first_seed, threads, payments, seed, faults } => {
            let faults = faults.as_deref().map(simulate::faults_of).transpose()?;
            let (seeds, first_seed) = seed.map_or((seeds, first_seed), |seed| (1, seed));
            let options = simulate::Options { seeds, first_seed, days, payments, threads, faults };
            simulate::run(&options, &process, out)?
        }
        Command::Job { words } => {
            let words = [vec!["antom-recon".into()], words].concat();
            return Ok(ExitCode::from(antom_recon::cli::start(words)));
        }
        Command::Bench(options) => {
            if options.memory_limit.is_some() || antom_recon::environment::memory::is_confined() {
                // As the job does on its own.
                antom_recon::environment::begin_sparing();
            }
            bench::run(&options, bench::Jobs { here: job, apart: &beside }, out)?
        }
        Command::Serve { seed, dir, layout, sftp_port, api_port } => {
            let plan = Plan { layout: layout.into(), ..Plan::one_week(seed) };
            demo::serve(World::generate(plan), &dir, serve::Ports { sftp: sftp_port, api: api_port }, out)?;
            true
        }
        Command::Market { dir, start, sftp_port, api_port, control_port } => {
            let ports = serve::Ports { sftp: sftp_port, api: api_port };
            serve::marketplace(&dir, start.timestamp(), ports, control_port, out)?;
            true
        }
        Command::Wire(args) => {
            wire::run(&args.options(), out)?;
            true
        }
    };
    Ok(if right { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The job itself, in this process.
fn job(command: Vec<OsString>) -> u8 {
    antom_recon::cli::run(command)
}

/// The job in a process of its own, run to its end.
fn apart(words: &[OsString]) -> Result<quarter::Ran> {
    quarter::Ran::of(process(words)?.stdin(Stdio::null()).output().context("the job cannot be started")?)
}

/// The job in a process of its own.
fn beside(words: &[OsString]) -> Result<Process> {
    let mut command = Process::new(std::env::current_exe()?);
    command.arg("job").arg("--").args(words);
    Ok(command)
}

/// The job in a process of its own, without whatever this one's environment says about it.
fn process(words: &[OsString]) -> Result<Process> {
    let mut command = beside(words)?;
    let ours = |(name, _): &(OsString, OsString)| name.to_string_lossy().starts_with("ANTOM_RECON_");
    for (name, _) in std::env::vars_os().filter(ours) {
        command.env_remove(name);
    }
    Ok(command)
}
