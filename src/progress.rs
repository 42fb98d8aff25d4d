//! Bars on a terminal, silence in a pipe. Log lines and bars share stderr without tearing each other.

use std::io::{self, IsTerminal, Write};
use std::sync::OnceLock;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

/// How often a bar is drawn anew while nothing is counted: a person sees that the program lives.
const TICK: Duration = Duration::from_millis(200);

/// All bars of the process: there is one terminal.
fn bars() -> &'static MultiProgress {
    static BARS: OnceLock<MultiProgress> = OnceLock::new();
    BARS.get_or_init(|| {
        let terminal = io::stderr().is_terminal();
        let target = if terminal { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        MultiProgress::with_draw_target(target)
    })
}

/// The progress of one stage. It disappears when it is dropped.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
}

impl Progress {
    /// Progress of something whose length is not known.
    #[must_use]
    pub fn open_ended(what: &'static str) -> Self {
        Self::with(ProgressBar::no_length(), "{spinner} {msg} {human_pos}", what)
    }

    /// Progress of `total` things.
    #[must_use]
    pub fn of(what: &'static str, total: u64) -> Self {
        Self::with(ProgressBar::new(total), "{spinner} {msg} {wide_bar} {human_pos}/{human_len}", what)
    }

    /// Progress of `total` bytes.
    #[must_use]
    pub fn of_bytes(what: &'static str, total: u64) -> Self {
        let template = "{spinner} {msg} {wide_bar} {binary_bytes}/{binary_total_bytes} {binary_bytes_per_sec}";
        Self::with(ProgressBar::new(total), template, what)
    }

    fn with(bar: ProgressBar, template: &str, what: &'static str) -> Self {
        let style = ProgressStyle::with_template(template).expect("the templates stand above and are tested");
        let bar = bars().add(bar.with_style(style).with_message(what));
        if !bar.is_hidden() {
            bar.enable_steady_tick(TICK);
        }
        Self { bar }
    }

    /// Counts `more`. Cheap, from any thread.
    pub fn add(&self, more: u64) {
        self.bar.inc(more);
    }

    /// How many have been counted.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.bar.position()
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
        bars().remove(&self.bar);
    }
}

/// Standard error for log lines: bars are taken away while a line is written.
#[derive(Debug, Clone, Copy, Default)]
pub struct Stderr;

impl Write for Stderr {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        bars().suspend(|| io::stderr().write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_counts_and_is_silent_without_a_terminal() {
        let all = [Progress::open_ended("reading"), Progress::of("asking", 3), Progress::of_bytes("fetching", 1 << 20)];
        for progress in &all {
            progress.add(2);
            progress.add(1);
            assert_eq!(progress.count(), 3);
            assert_eq!(progress.bar.is_hidden(), !io::stderr().is_terminal());
        }
    }
}
