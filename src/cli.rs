//! The command line: from arguments to an exit code.

use std::ffi::OsString;
use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

use clap::Parser;
use tracing_subscriber::EnvFilter;

use crate::clock;
use crate::commands::{Command, Global};
use crate::environment::{self, Environment, LOG, PREFIX};
use crate::failure::{Failure, Kind, LogFormat, render};
use crate::progress::Stderr;

/// What the exit codes mean, below the help of the program.
const EXIT_CODES: &str = "\
Exit codes:
  0    done, with or without discrepancies
  1    done, and a discrepancy reaches --fail-on
  2    usage or configuration
  3    an expected report is missing or incomplete: try again later
  4    a partner or the database could not be reached: try again
  5    integrity: something that must agree does not, or nobody foresaw it: page someone
  6    another run holds the lock: try again later
  130  stopped by SIGINT
  143  stopped by SIGTERM

ANTOM_RECON_LOG sets what is logged: error, warn, info (the default), debug, trace";

/// Reconciles Antom's marketplace reports with a marketplace's ledger, every business day
#[derive(Debug, Parser)]
#[command(name = "antom-recon", version, after_help = EXIT_CODES, max_term_width = 100)]
pub struct Cli {
    /// What every command takes.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The same as [`run`] in a process that does nothing else: where memory is limited, the process begins anew first, with a
/// setting of the allocator that can only be made from outside ([`environment::begin_sparing`]).
pub fn start(args: impl IntoIterator<Item = OsString>) -> u8 {
    let args: Vec<OsString> = args.into_iter().collect();
    if is_limited(&args) {
        environment::begin_sparing();
    }
    run(args)
}

/// Whether it is a run whose memory is limited. What is wrong with the arguments or the configuration is said by the run.
fn is_limited(args: &[OsString]) -> bool {
    Cli::try_parse_from(args).is_ok_and(|cli| cli.command.is_limited(&cli.global, &Environment::read()))
}

/// Runs the program with these arguments, the first being its name, and gives the exit code. Results go to stdout, logs and
/// failures to stderr. May be called several times in one process.
#[allow(clippy::disallowed_methods, reason = "this is where results go to stdout")]
pub fn run(args: impl IntoIterator<Item = OsString>) -> u8 {
    run_with(args, &Environment::read(), &mut io::stdout())
}

/// The same with another environment and another place for results.
pub fn run_with(args: impl IntoIterator<Item = OsString>, environment: &Environment, out: &mut dyn Write) -> u8 {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => return show_usage(&error, out),
    };
    prepare_process(cli.global.log_format, environment);
    let mut out = Results { out, reader_gone: false };
    let result = catch_unwind(AssertUnwindSafe(|| {
        cli.command.run(&cli.global, environment, &mut out)?;
        out.flush().map_err(anyhow::Error::from)
    }));
    let result = result.unwrap_or_else(|_| {
        let sentence = "a defect of this program, described above; nothing half-written is visible; please report it";
        Err(Failure::new(Kind::Unforeseen, sentence).into())
    });
    match result {
        Ok(()) => 0,
        // `antom-recon parse … | head`: the reader has seen enough.
        Err(_) if out.reader_gone => 0,
        Err(error) => {
            show(&render(&error, cli.global.log_format, clock::now()));
            Failure::of(&error).exit_code()
        }
    }
}

/// Shows help and version on `out`, mistakes on stderr.
fn show_usage(error: &clap::Error, out: &mut dyn Write) -> u8 {
    if error.use_stderr() {
        show(&error.render().to_string());
        return Kind::Usage.exit_code();
    }
    // Whoever asked for help and went away has no use for an error.
    let _gone = write!(out, "{}", error.render()).and_then(|()| out.flush());
    0
}

/// Writes to stderr. If stderr is gone, the exit code still tells.
fn show(text: &str) {
    let _gone = Stderr.write_all(text.as_bytes());
}

/// What is done once per process: logs, and the provider of cryptography for TLS.
fn prepare_process(format: LogFormat, environment: &Environment) {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let (filter, problem) = match environment.get(LOG).map(EnvFilter::try_new) {
            None => (EnvFilter::new("info"), None),
            Some(Ok(filter)) => (filter, None),
            Some(Err(error)) => (EnvFilter::new("info"), Some(error)),
        };
        let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(|| Stderr);
        // A process that embeds this one may log already; then its way of logging holds.
        let _already = match format {
            LogFormat::Text => logs.with_ansi(false).with_target(false).try_init(),
            LogFormat::Json => logs.json().try_init(),
        };
        if let Some(error) = problem {
            tracing::warn!("environment variable `{PREFIX}{LOG}` is no filter ({error}); logging from `info` upwards");
        }
        #[cfg(debug_assertions)]
        crate::signal::obey_points(environment);
        if rustls::crypto::ring::default_provider().install_default().is_err() {
            tracing::debug!("a provider of cryptography is installed already");
        }
    });
}

/// Standard output that remembers whether its reader went away.
struct Results<'a> {
    out: &'a mut dyn Write,
    reader_gone: bool,
}

impl Results<'_> {
    fn note<T>(&mut self, result: io::Result<T>) -> io::Result<T> {
        self.reader_gone |= result.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::BrokenPipe);
        result
    }
}

impl Write for Results<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let result = self.out.write(bytes);
        self.note(result)
    }

    fn flush(&mut self) -> io::Result<()> {
        let result = self.out.flush();
        self.note(result)
    }
}
