//! Bars on a terminal, silence in a pipe. Log lines and bars share stderr without tearing each other.

use std::fmt;
use std::io::{self, IsTerminal, Read, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use memchr::memchr_iter;

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

/// Takes all bars off the terminal, before the process ends where they are.
pub fn clear() {
    // A terminal that is gone has no bars either.
    let _gone = bars().clear();
}

/// The progress of one stage. It disappears when it is dropped.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
    /// Lines among the bytes that were counted.
    lines: Arc<AtomicU64>,
}

impl Progress {
    /// A stage that works on so many lines at once, and counts nothing on its way.
    #[must_use]
    pub fn stage(name: &str, lines: u64) -> Self {
        Self::with(ProgressBar::new(lines), "{spinner} {msg:<10} {human_len} lines, {elapsed}", name)
    }

    /// A stage that waits for others, and of which nothing is counted.
    #[must_use]
    pub fn waiting(name: &str) -> Self {
        Self::with(ProgressBar::no_length(), "{spinner} {msg:<10} {elapsed}", name)
    }

    /// Progress of lines whose number is not known.
    #[must_use]
    pub fn open_ended(name: &str) -> Self {
        let template = "{spinner} {msg:<10} {human_pos} lines, {per_second}, {elapsed}";
        Self::with(ProgressBar::no_length(), template, name)
    }

    /// Progress of `total` bytes, read through [`Progress::reading`]; also tells how many lines they have a second.
    #[must_use]
    pub fn of_lines(name: &str, total_bytes: u64) -> Self {
        let template = "{spinner} {msg:<10} {wide_bar} {percent:>3} %, {lines_per_second}, {eta} left";
        Self::with(ProgressBar::new(total_bytes), template, name)
    }

    /// Progress of bytes, whose number may become known on the way: [`Progress::expect`].
    #[must_use]
    pub fn of_bytes(name: &str) -> Self {
        let template = "{spinner} {msg:<10} {wide_bar} {bytes}/{total_bytes}, {bytes_per_sec}, {eta} left";
        Self::with(ProgressBar::new(0), template, name)
    }

    fn with(bar: ProgressBar, template: &str, name: &str) -> Self {
        let lines = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&lines);
        let style = ProgressStyle::with_template(template).expect("the templates stand above and are tested");
        let style = style
            .with_key("lines_per_second", move |state: &ProgressState, out: &mut dyn fmt::Write| {
                tell_rate(counted.load(Ordering::Relaxed), state.elapsed(), out);
            })
            .with_key("per_second", |state: &ProgressState, out: &mut dyn fmt::Write| {
                tell_rate(state.pos(), state.elapsed(), out);
            });
        let bar = bars().add(bar.with_style(style).with_message(name.to_owned()));
        if !bar.is_hidden() {
            bar.enable_steady_tick(TICK);
        }
        Self { bar, lines }
    }

    /// Counts `more`. Cheap, from any thread.
    pub fn add(&self, more: u64) {
        self.bar.inc(more);
    }

    /// So much that was counted counts no longer.
    pub fn take_back(&self, less: u64) {
        self.bar.dec(less.min(self.count()));
    }

    /// So many bytes are to come.
    pub fn expect(&self, total: u64) {
        self.bar.set_length(total);
    }

    /// How much has been counted.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.bar.position()
    }

    /// The same reader, whose bytes and lines are counted.
    pub const fn reading<R>(&self, input: R) -> Reading<'_, R> {
        Reading { progress: self, input }
    }

    /// Counts bytes and, if anybody sees it, the lines that end in them.
    fn add_text(&self, bytes: &[u8]) {
        if !self.bar.is_hidden() {
            self.lines.fetch_add(memchr_iter(b'\n', bytes).count() as u64, Ordering::Relaxed);
        }
        self.add(bytes.len() as u64);
    }
}

/// Writes how many lines there were a second.
fn tell_rate(lines: u64, elapsed: Duration, out: &mut dyn fmt::Write) {
    let per_second = u128::from(lines) * 1_000 / elapsed.as_millis().max(1);
    let digits = per_second.to_string();
    let mut text = String::with_capacity(digits.len() * 2);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    // What is written to is the bar's own text.
    let _never = write!(out, "{text} lines/s");
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
        bars().remove(&self.bar);
    }
}

/// A reader whose bytes and lines are counted.
#[derive(Debug)]
pub struct Reading<'a, R> {
    progress: &'a Progress,
    input: R,
}

impl<R: Read> Read for Reading<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.input.read(buffer)?;
        self.progress.add_text(&buffer[..length]);
        Ok(length)
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
        let all = [
            Progress::stage("matching", 7),
            Progress::waiting("recording"),
            Progress::open_ended("importing"),
            Progress::of_lines("parsing", 1 << 20),
            Progress::of_bytes("fetching"),
        ];
        for progress in &all {
            progress.expect(10);
            progress.add(2);
            progress.add(4);
            progress.take_back(3);
            assert_eq!(progress.count(), 3);
            assert_eq!(progress.bar.is_hidden(), !io::stderr().is_terminal());
        }
    }

    #[test]
    fn what_is_read_is_counted_and_stays_as_it_is() {
        let progress = Progress::of_lines("parsing", 8);
        let mut text = String::new();
        progress.reading(&b"one\ntwo\n"[..]).read_to_string(&mut text).expect("memory can be read");
        assert_eq!((text.as_str(), progress.count()), ("one\ntwo\n", 8));
    }

    #[test]
    fn rates_are_whole_numbers_with_their_thousands_apart() {
        let told = |lines, millis| {
            let mut text = String::new();
            tell_rate(lines, Duration::from_millis(millis), &mut text);
            text
        };
        assert_eq!(
            [told(0, 0), told(999, 1_000), told(3_000_000, 2_000)],
            ["0 lines/s", "999 lines/s", "1,500,000 lines/s"]
        );
    }
}
