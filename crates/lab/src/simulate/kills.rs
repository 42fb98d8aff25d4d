//! The program is killed, and run again.

use super::catalogue::Trouble;
use super::trouble::Troubles;
use crate::quarter::course::Course;
use crate::quarter::desk::tree;
use anyhow::{Context as _, Result, ensure};
use chrono::NaiveDate;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How often a run is killed before it is let through.
const KILLS: usize = 3;

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
            let words = course.desk.words(&["run", "--date", &day.to_string()]);
            let mut command = (self.tools.program)(&words)?;
            let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().context("the job")?;
            // Some time in a run that takes as long as the one before.
            let share = u32::try_from(rng.below(1_000)).unwrap_or(0);
            std::thread::sleep(self.took.get() * share / 1_000);
            if trouble == Trouble::Killed {
                child.kill().context("the job cannot be killed")?;
                child.wait()?;
            } else {
                terminate(&mut child)?;
            }
            let now = course.desk.published(day).exists().then(|| content(course, day)).transpose()?;
            ensure!(published.is_none() || published == now, "outputs of {day} changed after a killed run");
            published = now;
        }
        self.done(course, day)?;
        let now = Some(content(course, day)?);
        ensure!(published.is_none() || published == now, "outputs of {day} were half-written by a killed run");
        Ok(())
    }
}

/// Sends SIGTERM and waits for the end.
fn terminate(child: &mut Child) -> Result<()> {
    let sent = Command::new("kill").arg("-TERM").arg(child.id().to_string()).stderr(Stdio::null()).status();
    sent.context("`kill` cannot be started")?;
    let started = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if started.elapsed() > PATIENCE {
            child.kill()?;
            child.wait()?;
            anyhow::bail!("the job hangs after SIGTERM");
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    // Before its first line the process has no handler yet, and the signal itself ends it.
    let is_right = matches!(status.code(), None | Some(0 | TERMINATED));
    ensure!(is_right, "after SIGTERM the job ended with {status}; expected {TERMINATED}");
    Ok(())
}

/// Everything in the published folder of a date.
fn content(course: &Course<'_, '_>, day: NaiveDate) -> Result<Vec<(String, Vec<u8>)>> {
    let paths = tree(&course.desk.published(day))?;
    let read = |path: &std::path::PathBuf| Ok((path.display().to_string(), std::fs::read(path)?));
    paths.iter().filter(|path| !path.ends_with("summary.json")).map(read).collect()
}
