//! An outside client: Antom's official SDK for Python signs in, registers, pays, splits, refunds and inquires, and verifies what
//! is signed here.
//!
//! It is installed into a virtual environment below the target folder, from its registry, in the pinned version. Without Python
//! or the registry the test says that it is skipped; in CI it fails.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use lab::api::{ApiFault, Repeat, Scope};
use lab::keys::{ANTOM, MERCHANT};
use lab::market::{Control, MarketOptions};

use super::command;
use super::harness::{CLIENT_ID, Lab, friday};

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/market/sdk.py");
const REQUIREMENTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/market/python-requirements.txt");

/// Runs a command; on failure says what it said.
fn run(command: &mut Command) -> Result<String, String> {
    let output = command.output().map_err(|error| format!("{command:?} cannot be started: {error}"))?;
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if output.status.success() {
        return Ok(said(&output.stdout));
    }
    Err(format!("{command:?} failed:\n{}{}", said(&output.stdout), said(&output.stderr)))
}

/// A Python that has the SDK. The environment is complete once its mark is there, and is kept for the next run.
fn python() -> Result<PathBuf, String> {
    let pins = std::fs::read_to_string(REQUIREMENTS).unwrap();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("antom-python-sdk");
    let (python, mark) = (folder.join("bin/python"), folder.join("installed"));
    if std::fs::read_to_string(&mark).ok().as_ref() == Some(&pins) {
        return Ok(python);
    }
    run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder))?;
    let install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--requirement"];
    run(Command::new(&python).args(install).arg(REQUIREMENTS))?;
    std::fs::write(&mark, pins).unwrap();
    Ok(python)
}

/// Says that the test did not run, past the capturing of output, so that a person sees it; in CI that is a failure.
fn skipped(why: &str) {
    assert!(std::env::var("CI").as_deref() != Ok("true"), "nothing may be skipped in CI: {why}");
    let line = format!("SKIPPED, nothing was tested with Antom's SDK for Python: {why}\n");
    std::io::stderr().write_all(line.as_bytes()).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn antoms_own_sdk_for_python_works_against_the_laboratory() {
    let python = match python() {
        Ok(python) => python,
        Err(why) => return skipped(&why),
    };
    let lab = Lab::with(MarketOptions { fee_basis_points: 0, ..MarketOptions::new(CLIENT_ID, friday()) }).await;
    let control = Control::start(lab.market.clone(), 0).await.unwrap();
    lab.server.faults().plan(Scope::id("forged"), ApiFault::WrongKey, Repeat::Always);
    let keys = format!("{}\n{}\n", MERCHANT.private_base64(), ANTOM.public_base64());
    let arguments = [SCRIPT.to_owned(), lab.server.url(), control.url(), CLIENT_ID.to_owned()];
    let program = python.to_str().unwrap().to_owned();
    let script = move || command::run(Path::new("."), &program, &arguments, keys.as_bytes());
    let output = tokio::task::spawn_blocking(script).await.unwrap();
    let said = command::said(&output);
    assert!(said.ends_with("done\n"), "{said}");
    let held = lab.market.holdings();
    assert!(held.values().all(|minor| *minor == 0), "all of it was paid out: {held:?}");
    let paid: Vec<_> = lab.market.notifications().into_iter().filter(|sent| sent.kind == "SETTLEMENT_RESULT").collect();
    assert_eq!(paid.len(), 2);
    assert!(paid.iter().all(|sent| sent.is_acknowledged));
}
