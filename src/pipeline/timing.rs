//! How long each stage took, and how much memory the process had held by its end.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "the kernel's account of this process is a file"
)]

use crate::clock::Stopwatch;
use crate::export::StageTiming;
use crate::points::{Point, reached};
use crate::progress::Progress;

/// Timings of a run, in the order of its stages.
#[derive(Debug)]
pub struct Timings {
    watch: Stopwatch,
    stages: Vec<StageTiming>,
}

impl Timings {
    /// The run begins.
    pub fn start() -> Self {
        Self { watch: Stopwatch::start(), stages: Vec::new() }
    }

    /// Runs a stage that does not wait.
    pub fn stage<T>(&mut self, name: &str, lines: u64, work: impl FnOnce() -> T) -> T {
        self.watch.lap();
        let shown = Progress::stage(name, lines);
        let result = work();
        drop(shown);
        self.end(name, lines);
        result
    }

    /// A stage that waits begins.
    pub fn begin(&mut self) {
        self.watch.lap();
    }

    /// The stage that began last ends.
    pub fn end(&mut self, name: &str, lines: u64) {
        let elapsed = self.watch.lap();
        tracing::debug!(stage = name, lines, ?elapsed, "stage done");
        self.stages.push(StageTiming {
            stage: name.to_owned(),
            elapsed,
            lines: Some(lines),
            peak_memory_bytes: peak_memory_bytes(),
        });
        reached(Point::StageDone);
    }

    /// All stages so far.
    pub fn stages(&self) -> Vec<StageTiming> {
        self.stages.clone()
    }
}

/// The most memory that the process has held at once, as Linux accounts for it; none elsewhere.
fn peak_memory_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}
