//! The job, as a function: what a shell would start, run in this process.

use anyhow::{Context as _, Result, ensure};
use std::ffi::OsString;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Takes the command line, the program's name first, and returns the exit code of the contract. It makes its own
/// runtime, so it must not be called from inside one.
pub type Job = fn(Vec<OsString>) -> u8;

/// Shows a command as it would be typed, runs it with `--config config`, and returns its exit code.
///
/// # Errors
///
/// If `out` cannot be written.
pub(crate) fn run(job: Job, words: &[&str], config: &Path, out: &mut dyn Write) -> std::io::Result<u8> {
    writeln!(out, "\n$ antom-recon {}", words.join(" "))?;
    out.flush()?;
    let mut command: Vec<OsString> = ["antom-recon"].iter().chain(words).map(OsString::from).collect();
    command.extend(["--config".into(), config.into()]);
    Ok(job(command))
}

/// The folder to work in: `dir`, which must be empty or not exist yet, or a new one for temporary files.
///
/// # Errors
///
/// If it cannot be made or is not empty.
pub(crate) fn folder(dir: Option<&Path>, prefix: &str) -> Result<PathBuf> {
    let Some(dir) = dir else {
        let folder = tempfile::Builder::new().prefix(prefix).tempdir();
        return Ok(folder.context("no folder for temporary files can be made")?.keep());
    };
    fs::create_dir_all(dir).with_context(|| format!("`{}` cannot be made", dir.display()))?;
    let mut content = fs::read_dir(dir).with_context(|| format!("`{}` cannot be read", dir.display()))?;
    ensure!(content.next().is_none(), "`{}` is not empty; name a new folder", dir.display());
    dir.canonicalize().with_context(|| format!("`{}` cannot be resolved", dir.display()))
}
