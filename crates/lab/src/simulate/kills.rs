//! The program is killed, and run again.

use super::catalogue::Trouble;
use super::trouble::Troubles;
use crate::quarter::course::Course;
use crate::quarter::desk::tree;
use anyhow::{Context as _, Result, bail, ensure};
use chrono::NaiveDate;
use serde_json::Value;
use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// How often a run is killed before it is let through.
const KILLS: usize = 3;

/// Runs until one is there when the signal comes: each try waits half as long as the one before, the last not at all.
const TRIES: u32 = 6;

const SIGKILL: i32 = 9;
const SIGTERM: i32 = 15;

/// A run that has not ended by then hangs.
const PATIENCE: Duration = Duration::from_secs(120);

/// The exit code after SIGTERM.
const TERMINATED: i32 = 143;

impl Troubles<'_> {
    pub(super) fn kills(&self, course: &mut Course<'_, '_>, day: NaiveDate, trouble: Trouble) -> Result<()> {
        course.desk.deliver(course.files(day))?;
        let mut rng = self.rng(day);
        let mut published = None;
        let times = if trouble == Trouble::Killed { KILLS } else { 1 };
        for _ in 0..times {
            // Some time in a run that takes as long as the one before.
            let share = u32::try_from(rng.below(1_000)).unwrap_or(0);
            let mut after = self.took.get() * share / 1_000;
            let mut is_struck = false;
            for left in (0..TRIES).rev() {
                is_struck = self.strike_run(course, day, trouble, after)?;
                let now = course.desk.published(day).exists().then(|| content(course, day)).transpose()?;
                ensure!(published.is_none() || published == now, "outputs of {day} changed after a killed run");
                published = now;
                if is_struck {
                    break;
                }
                after = if left == 1 { Duration::ZERO } else { after / 2 };
            }
            ensure!(is_struck, "each of {TRIES} runs of {day} ended before it could be killed");
        }
        self.done(course, day)?;
        let now = Some(content(course, day)?);
        ensure!(published.is_none() || published == now, "outputs of {day} were half-written by a killed run");
        nothing_hidden(course)
    }

    /// Starts a run and sends it the signal after some time; says whether the run was there to be ended by it.
    fn strike_run(&self, course: &Course<'_, '_>, day: NaiveDate, trouble: Trouble, after: Duration) -> Result<bool> {
        let words = course.desk.words(&["run", "--date", &day.to_string()]);
        let mut command = (self.tools.program)(&words)?;
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().context("the job")?;
        std::thread::sleep(after);
        let (signal, status) = if trouble == Trouble::Killed {
            child.kill().context("the job cannot be killed")?;
            (SIGKILL, child.wait()?)
        } else {
            (SIGTERM, terminate(&mut child)?)
        };
        match (status.signal(), status.code()) {
            (Some(by), None) if by == signal => Ok(true),
            (None, Some(TERMINATED)) if signal == SIGTERM => Ok(true),
            (None, Some(0)) => Ok(false),
            _ => bail!("the job ended with {status} after signal {signal}"),
        }
    }
}

/// Sends SIGTERM and waits for the end.
fn terminate(child: &mut Child) -> Result<ExitStatus> {
    let sent = Command::new("kill").arg("-TERM").arg(child.id().to_string()).stderr(Stdio::null()).status();
    sent.context("`kill` cannot be started")?;
    let started = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        if started.elapsed() > PATIENCE {
            child.kill()?;
            child.wait()?;
            bail!("the job hangs after SIGTERM");
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// No folder that is private or on its way is left among the outputs.
fn nothing_hidden(course: &Course<'_, '_>) -> Result<()> {
    for item in fs::read_dir(course.desk.out())? {
        let name = item?.file_name();
        ensure!(!name.to_string_lossy().starts_with('.'), "`{}` was left by a killed run", name.display());
    }
    Ok(())
}

/// Everything in the published folder of a date; of its summary, all but how long things took.
fn content(course: &Course<'_, '_>, day: NaiveDate) -> Result<Vec<(String, Vec<u8>)>> {
    let read = |path: PathBuf| {
        let mut bytes = fs::read(&path)?;
        if path.ends_with("summary.json") {
            let mut summary: Value = serde_json::from_slice(&bytes).context("summary.json")?;
            summary.as_object_mut().and_then(|summary| summary.remove("timings")).context("no timings")?;
            bytes = summary.to_string().into_bytes();
        }
        Ok((path.display().to_string(), bytes))
    };
    tree(&course.desk.published(day))?.into_iter().map(read).collect()
}
