//! The large day, and those before it: files written line by line, with about one discrepancy in a thousand lines, of five kinds.

use super::Options;
use super::fate::{Day, Expected, Fate, Settled};
use super::lines::{Numbers, Payment, batch, compact, currencies};
use crate::world::layout::{Layout, Report};
use crate::world::ledger_csv::HEADER;
use anyhow::{Context as _, Result};
use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::Path;

/// The platform of the bench.
pub(super) const PLATFORM: &str = "2188120000000001";

/// Bytes gathered before they are written: large enough that system calls do not count.
const BUFFER: usize = 1 << 20;

/// How much was written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Size {
    pub(super) bytes: u64,
    /// Report lines or ledger entries.
    pub(super) lines: u64,
}

impl Size {
    fn add(&mut self, other: Self) {
        self.bytes += other.bytes;
        self.lines += other.lines;
    }
}

/// What was written.
#[derive(Debug, Clone, Default)]
pub(super) struct Made {
    /// All reports.
    pub(super) reports: Size,
    /// The whole ledger.
    pub(super) ledger: Size,
    /// The reports of the last day.
    pub(super) last_reports: Size,
    /// The entries of the last day.
    pub(super) last_entries: u64,
    pub(super) expected: Expected,
}

/// Counts the bytes on their way to a buffered file.
struct Sink {
    file: BufWriter<File>,
    size: Size,
}

impl Sink {
    fn create(path: &Path) -> Result<Self> {
        let file = File::create(path).with_context(|| format!("`{}` cannot be made", path.display()))?;
        Ok(Self { file: BufWriter::with_capacity(BUFFER, file), size: Size::default() })
    }

    fn text(&mut self, text: &[u8]) -> Result<()> {
        self.size.bytes += u64::try_from(text.len())?;
        Ok(self.file.write_all(text)?)
    }

    fn line(&mut self, line: &[u8]) -> Result<()> {
        self.size.lines += 1;
        self.text(line)
    }

    fn finish(mut self) -> Result<Size> {
        self.file.flush()?;
        Ok(self.size)
    }
}

/// Writes `remote/` and `ledger.csv` below `folder` for these days; without settlement details where a day settles nothing.
pub(super) fn write(folder: &Path, days: &[Day], options: &Options) -> Result<Made> {
    let mut made = Made::default();
    for day in days {
        made.last_reports = write_reports(folder, day, options.rows)?;
        made.reports.add(made.last_reports);
    }
    let mut sink = Sink::create(&folder.join("ledger.csv"))?;
    sink.text(format!("{HEADER}\n").as_bytes())?;
    for day in days {
        let before = sink.size.lines;
        write_entries(&mut sink, day, options, &mut made.expected)?;
        made.last_entries = sink.size.lines - before;
    }
    made.ledger = sink.finish()?;
    Ok(made)
}

fn write_reports(folder: &Path, day: &Day, rows: u64) -> Result<Size> {
    let remote = folder.join("remote/v1/settlements").join(PLATFORM).join(compact(day.date));
    fs::create_dir_all(&remote).with_context(|| format!("`{}` cannot be made", remote.display()))?;
    let transactions = remote.join(format!("transactionItems_{}_000.csv", compact(day.date)));
    let mut size = write_report(&transactions, (day, Report::TransactionDetails), rows)?;
    if day.settles.is_some() {
        let settlement = remote.join(format!("settlementItems_USD_{}_000.csv", batch(day.date)));
        size.add(write_report(&settlement, (day, Report::SettlementDetails), rows)?);
    }
    Ok(size)
}

fn write_report(path: &Path, (day, report): (&Day, Report), rows: u64) -> Result<Size> {
    let mut sink = Sink::create(path)?;
    let header = Layout::Marketplace.columns(report).join(",") + "\n";
    sink.text(header.as_bytes())?;
    let mut templates = currencies(day);
    let stride = stride(rows, if report == Report::SettlementDetails { 7_368_787 } else { 1 });
    for index in 0..rows {
        let payment = Payment::new(index * stride % rows);
        let fate = Fate::of(payment.number);
        let absent = match fate {
            Fate::NotReported => true,
            Fate::SettledNotReported => report == Report::TransactionDetails,
            _ => false,
        };
        if absent {
            continue;
        }
        let Payment { number, seller, time, .. } = payment;
        let ids = [62_710_000 + seller, seller, number, number, number];
        let numbers = Numbers::of(&[&ids, &time]);
        let templates = &mut templates[payment.currency()];
        let line = match report {
            Report::TransactionDetails => {
                templates.transaction.fill(numbers.with(payment.slots(payment.amount)).as_slice())
            }
            _ => {
                // The date of the settlement time has digits, not slots; the net amount equals the gross.
                let amount = payment.slots(settled_amount(&payment, fate, day));
                templates.settlement.fill(numbers.with(amount).with(amount).as_slice())
            }
        };
        sink.line(line)?;
    }
    sink.text(b"<END>\n")?;
    sink.finish()
}

/// What the day's settlement details say of a payment: another amount only if it was made on a day before.
fn settled_amount(payment: &Payment, fate: Fate, day: &Day) -> u64 {
    let differs = fate == Fate::AmountDiffers && day.settles != Some(day.date);
    payment.amount + u64::from(differs)
}

/// The entry of each payment, and a share for each line that the day settles if shares are booked.
fn write_entries(sink: &mut Sink, day: &Day, options: &Options, expected: &mut Expected) -> Result<()> {
    let rows = options.rows;
    let shares = options.shares && day.settles.is_some();
    let mut templates = currencies(day);
    let stride = stride(rows, 15_485_863);
    for index in 0..rows {
        let payment = Payment::new(index * stride % rows);
        let fate = Fate::of(payment.number);
        expected.count(fate, day);
        let Payment { number, seller, time, amount, .. } = payment;
        let templates = &mut templates[payment.currency()];
        if fate != Fate::NotBooked {
            let differs = fate == Fate::AmountDiffers && day.settled != Settled::NextDay;
            let numbers = Numbers::of(&[&[index, number, number, number, seller, amount + u64::from(differs)], &time]);
            let failed = fate == Fate::BookedAsFailed;
            let template = if failed { &mut templates.failed_entry } else { &mut templates.entry };
            sink.line(template.fill(numbers.as_slice()))?;
        }
        if shares && fate != Fate::NotReported {
            let ids = [index, number, number, number, number, number];
            let numbers = Numbers::of(&[&ids, &[seller, settled_amount(&payment, fate, day)], &time]);
            sink.line(templates.share.fill(numbers.as_slice()))?;
        }
    }
    Ok(())
}

/// A step that visits every payment once in a scattered order: `prime` unless the number of rows is a multiple of it.
fn stride(rows: u64, prime: u64) -> u64 {
    if rows.is_multiple_of(prime) { 1 } else { prime % rows.max(1) }.max(1)
}
