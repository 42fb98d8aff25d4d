//! Where the time of a run went: a row per stage, and what no stage counts.

use super::memory::Processor;
use super::timings::{self, Stage};
use crate::print::{Sheet, thousands};
use anyhow::{Context as _, Result};
use std::fs;
use std::io::Write;
use std::path::Path;
use std::time::Duration;

/// A run as a whole.
pub(super) struct Total {
    /// Of the day: its reports' lines, and its entries.
    pub(super) lines: u64,
    pub(super) bytes: Bytes,
    pub(super) ran: Ran,
}

/// What a run took.
pub(super) struct Ran {
    pub(super) elapsed: Duration,
    pub(super) processor: Option<Processor>,
    pub(super) peak: Option<u64>,
    pub(super) peak_is_ours: bool,
}

/// What a run reads.
pub(super) struct Bytes {
    /// Of the day's reports.
    pub(super) reports: u64,
    /// Of the ledger, if it is a file.
    pub(super) ledger: u64,
}

impl Bytes {
    /// What a stage reads of them; none where a stage works on what others have read.
    fn of(&self, stage: &str) -> Option<u64> {
        let bytes = match stage {
            "fetch" | "parse" => self.reports,
            "ledger" => self.ledger,
            _ => 0,
        };
        (bytes > 0).then_some(bytes)
    }
}

/// Writes the table of a run's stages.
pub(super) fn write(outputs: &Path, total: &Total, out: &mut dyn Write) -> Result<()> {
    let path = outputs.join("summary.json");
    let text = fs::read(&path).with_context(|| format!("`{}` cannot be read", path.display()))?;
    let stages = timings::read(&text).with_context(|| format!("`{}`", path.display()))?;
    writeln!(out)?;
    table(&stages, total).write(out)?;
    if let Some(Processor { user, system }) = total.ran.processor {
        writeln!(out, "  processor time {} s, of which the system {} s", millis(user + system), millis(system))?;
    }
    if !total.ran.peak_is_ours {
        writeln!(out, "  (the peak may be that of making the files: it could not be reset)")?;
    }
    Ok(())
}

fn table(stages: &[Stage], total: &Total) -> Sheet {
    let whole = micros(total.ran.elapsed);
    let mut sheet = Sheet::new(&["stage", ">seconds", ">share", ">lines", ">lines/s", ">MB/s", ">peak MB"]);
    for stage in stages {
        let per_second = |count: Option<u64>| count.zip(stage.micros).map(|(count, micros)| rate(count, micros));
        sheet.row([
            stage.name.clone(),
            stage.micros.map_or_else(String::new, millis),
            stage.micros.map_or_else(String::new, |micros| share(micros, whole)),
            stage.lines.map_or_else(String::new, thousands),
            per_second(stage.lines).unwrap_or_default(),
            per_second(total.bytes.of(&stage.name).map(|bytes| bytes / 1_000_000)).unwrap_or_default(),
            megabytes(stage.peak_bytes).unwrap_or_default(),
        ]);
    }
    // Opening the database, remembering, warnings: what the run does before its first and after its last stage is written down.
    let rest = whole.saturating_sub(stages.iter().filter_map(|stage| stage.micros).sum());
    let none = String::new;
    sheet.row(["(rest)".to_owned(), millis(rest), share(rest, whole), none(), none(), none(), none()]);
    sheet.row([
        "total".to_owned(),
        millis(whole),
        share(whole, whole),
        thousands(total.lines),
        rate(total.lines, whole),
        none(),
        megabytes(total.ran.peak).unwrap_or_else(|| "unknown".to_owned()),
    ]);
    sheet
}

fn megabytes(bytes: Option<u64>) -> Option<String> {
    bytes.map(|bytes| thousands(bytes / 1_000_000))
}

/// A part in percent of the whole.
fn share(part: u64, whole: u64) -> String {
    let tenths = u128::from(part) * 1_000 / u128::from(whole.max(1));
    format!("{}.{} %", tenths / 10, tenths % 10)
}

pub(super) fn seconds(elapsed: Duration) -> String {
    millis(micros(elapsed))
}

fn micros(elapsed: Duration) -> u64 {
    u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX)
}

/// Microseconds as seconds with three places.
fn millis(micros: u64) -> String {
    format!("{}.{:03}", micros / 1_000_000, micros % 1_000_000 / 1_000)
}

pub(super) fn rate(count: u64, micros: u64) -> String {
    let per_second = u128::from(count) * 1_000_000 / u128::from(micros.max(1));
    u64::try_from(per_second).map_or_else(|_| String::new(), thousands)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_microsecond_is_in_one_row() {
        let stage = |name: &str, micros, lines| Stage {
            name: name.to_owned(),
            micros: Some(micros),
            lines: Some(lines),
            peak_bytes: Some(7_000_000),
        };
        let stages = [stage("parse", 500_000, 2_000), stage("ledger", 250_000, 1_000), stage("match", 150_000, 3_000)];
        let total = Total {
            lines: 3_000,
            bytes: Bytes { reports: 10_000_000, ledger: 0 },
            ran: Ran { elapsed: Duration::from_secs(1), processor: None, peak: None, peak_is_ours: true },
        };
        let mut text = Vec::new();
        table(&stages, &total).write(&mut text).expect("memory can be written");
        let text = String::from_utf8(text).expect("it is text");
        let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
        for row in [
            "parse 0.500 50.0 % 2 000 4 000 20 7",
            "ledger 0.250 25.0 % 1 000 4 000 7",
            "(rest) 0.100 10.0 %",
            "total 1.000 100.0 % 3 000 3 000 unknown",
        ] {
            assert!(words.contains(row), "{row}: {text}");
        }
    }
}
