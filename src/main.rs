//! The binary: arguments in, exit code out.

use std::process::ExitCode;

#[allow(clippy::disallowed_methods, reason = "this is where the arguments are read")]
fn main() -> ExitCode {
    ExitCode::from(antom_recon::cli::start(std::env::args_os()))
}
