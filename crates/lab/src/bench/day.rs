//! The large day, and those before it: files written line by line, with about one discrepancy in a thousand lines, of five kinds.

use super::Options;
use super::template::Template;
use crate::world::layout::{Layout, Report};
use crate::world::ledger_csv::HEADER;
use anyhow::{Context as _, Result};
use chrono::NaiveDate;
use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::Path;

/// The platform of the bench.
pub(super) const PLATFORM: &str = "2188120000000001";
/// The day that is measured, a Wednesday.
pub(super) const DATE: NaiveDate = NaiveDate::from_ymd_opt(2026, 11, 18).expect("a date");

/// Bytes gathered before they are written: large enough that system calls do not count.
const BUFFER: usize = 1 << 20;

/// Every so many payments, one is of each of the five kinds below.
const PERIOD: u64 = 5_000;

/// What became of a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Honest,
    AmountDiffers,
    NotBooked,
    NotReported,
    BookedAsFailed,
    SettledNotReported,
}

/// The remainders are spread over the currencies, which follow the payment's number as well.
fn fate(payment: u64) -> Fate {
    match payment % PERIOD {
        503 => Fate::AmountDiffers,
        1_501 => Fate::NotBooked,
        2_499 => Fate::NotReported,
        3_495 => Fate::BookedAsFailed,
        4_496 => Fate::SettledNotReported,
        _ => Fate::Honest,
    }
}

/// How many discrepancies of each kind were made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sprinkled {
    amount_differs: u64,
    not_booked: u64,
    not_reported: u64,
    booked_as_failed: u64,
    settled_not_reported: u64,
}

impl Sprinkled {
    /// The contract's kind and the count of each.
    #[must_use]
    pub fn counts(&self) -> [(&'static str, u64); 5] {
        [
            ("MISSING_IN_LEDGER", self.not_booked),
            ("MISSING_IN_REPORT", self.not_reported),
            ("SETTLED_NOT_REPORTED", self.settled_not_reported),
            ("AMOUNT_MISMATCH", self.amount_differs),
            ("STATUS_MISMATCH", self.booked_as_failed),
        ]
    }

    fn add(&mut self, other: &Self) {
        self.amount_differs += other.amount_differs;
        self.not_booked += other.not_booked;
        self.not_reported += other.not_reported;
        self.booked_as_failed += other.booked_as_failed;
        self.settled_not_reported += other.settled_not_reported;
    }

    fn count(&mut self, fate: Fate) {
        match fate {
            Fate::Honest => {}
            Fate::AmountDiffers => self.amount_differs += 1,
            Fate::NotBooked => self.not_booked += 1,
            Fate::NotReported => self.not_reported += 1,
            Fate::BookedAsFailed => self.booked_as_failed += 1,
            Fate::SettledNotReported => self.settled_not_reported += 1,
        }
    }
}

/// What was written.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Made {
    pub(super) bytes: u64,
    /// Those of them that are in reports.
    pub(super) report_bytes: u64,
    /// Report lines and ledger entries together.
    pub(super) lines: u64,
    /// Those of them that are in the ledger.
    pub(super) entries: u64,
    pub(super) sprinkled: Sprinkled,
}

/// The ways in which the lines of a currency differ.
struct Templates {
    transaction: Template,
    settlement: Template,
    entry: Template,
    failed_entry: Template,
    share: Template,
}

/// Slots of all templates: number of the payment (14 and 12 digits), sub-merchant, time, amount.
fn templates(day: NaiveDate, currency: &str, amount: &str) -> Templates {
    let (compact, batch) = (compact(day), batch(day));
    let payment = format!("{compact}194010800##############");
    let request = format!("pay{compact}############");
    let minor = amount.replace('.', "");
    let time = format!("{day}T##:##:##+08:00");
    let transaction = format!(
        "21591102########,Alipay_SG,seller####,{payment},,{request},order-############,Goods,KAKAOPAY,KaKaoPay,PAYMENT,\
         {time},CASHIER_PAYMENT,{amount},{currency}\n"
    );
    let settlement = format!(
        "{batch},21591102########,seller####,{payment},,{request},order-############,KAKAOPAY,KaKaoPay,PAYMENT,{time},\
         {day}T20:00:00+08:00,CASHIER_PAYMENT,{amount},{currency},{amount},{currency}"
    );
    // No quote and no fees: as many empty cells as the layout has columns behind the settlement's currency.
    let columns = Layout::Marketplace.columns(Report::SettlementDetails).len();
    let settlement = format!("{settlement}{}\n", ",".repeat(columns - settlement.split(',').count()));
    let entry = |status: &str| {
        format!(
            "e{compact}############,PAYMENT,{request},{payment},,,order-############,seller####,{minor},{currency},{status},{time},,,\n"
        )
    };
    let share = format!(
        "s{compact}############,SETTLEMENT,set{compact}############,{compact}194010802##############,{request},{payment},\
         order-############,seller####,{minor},{currency},SUCCESS,{time},SELLER,,\n"
    );
    Templates {
        transaction: Template::new(&transaction),
        settlement: Template::new(&settlement),
        entry: Template::new(&entry("SUCCESS")),
        failed_entry: Template::new(&entry("FAILED")),
        share: Template::new(&share),
    }
}

/// The numbers of one payment.
struct Payment {
    number: u64,
    seller: u64,
    /// Hour, minute, second.
    time: [u64; 3],
    /// Five digits of smallest units.
    amount: u64,
    has_decimals: bool,
}

impl Payment {
    fn new(number: u64) -> Self {
        let second = 3_600 + number % 72_000;
        Self {
            number,
            seller: 1_001 + number % 997,
            time: [second / 3_600, second / 60 % 60, second % 60],
            amount: 10_000 + number * 7_919 % 80_000,
            has_decimals: number % 8 != 7,
        }
    }

    /// The amount in as many slots as its template has.
    fn amount(&self) -> AmountSlots {
        if self.has_decimals { [Some(self.amount / 100), Some(self.amount % 100)] } else { [Some(self.amount), None] }
    }
}

/// One slot for a currency without decimals, two for the others.
type AmountSlots = [Option<u64>; 2];

/// Numbers for the slots of a line, on the stack.
struct Numbers {
    slots: [u64; 16],
    filled: usize,
}

impl Numbers {
    fn of(parts: &[&[u64]]) -> Self {
        let mut numbers = Self { slots: [0; 16], filled: 0 };
        for number in parts.iter().copied().flatten() {
            numbers.slots[numbers.filled] = *number;
            numbers.filled += 1;
        }
        numbers
    }

    fn with(mut self, amount: AmountSlots) -> Self {
        for number in amount.into_iter().flatten() {
            self.slots[self.filled] = number;
            self.filled += 1;
        }
        self
    }

    fn as_slice(&self) -> &[u64] {
        &self.slots[..self.filled]
    }
}

/// Counts the bytes on their way to a buffered file.
struct Sink {
    file: BufWriter<File>,
    made: Made,
}

impl Sink {
    fn create(path: &Path) -> Result<Self> {
        let file = File::create(path).with_context(|| format!("`{}` cannot be made", path.display()))?;
        Ok(Self { file: BufWriter::with_capacity(BUFFER, file), made: Made::default() })
    }

    fn text(&mut self, text: &[u8]) -> Result<()> {
        self.made.bytes += u64::try_from(text.len())?;
        Ok(self.file.write_all(text)?)
    }

    fn line(&mut self, line: &[u8]) -> Result<()> {
        self.made.lines += 1;
        self.text(line)
    }

    fn finish(mut self) -> Result<Made> {
        self.file.flush()?;
        Ok(self.made)
    }
}

fn compact(day: NaiveDate) -> String {
    day.format("%Y%m%d").to_string()
}

fn batch(day: NaiveDate) -> String {
    format!("{}11021040000", compact(day))
}

/// The days that end with [`DATE`], oldest first.
pub(super) fn days(count: u32) -> Vec<NaiveDate> {
    let mut days: Vec<NaiveDate> = DATE.iter_days().rev().take(usize::try_from(count).unwrap_or(usize::MAX)).collect();
    days.reverse();
    days
}

/// Writes `remote/` and `ledger.csv` below `folder` for these days; without settlement details if nothing is settled yet.
pub(super) fn write(folder: &Path, days: &[NaiveDate], options: &Options) -> Result<Made> {
    let Options { rows, unsettled, shares, .. } = *options;
    let mut made = Made::default();
    for &day in days {
        let remote = folder.join("remote/v1/settlements").join(PLATFORM).join(compact(day));
        fs::create_dir_all(&remote).with_context(|| format!("`{}` cannot be made", remote.display()))?;
        let reports = [
            (Report::TransactionDetails, format!("transactionItems_{}_000.csv", compact(day))),
            (Report::SettlementDetails, format!("settlementItems_USD_{}_000.csv", batch(day))),
        ];
        for (report, name) in reports.into_iter().take(if unsettled { 1 } else { 2 }) {
            made.add(&write_report(&remote.join(name), (day, report), rows)?);
        }
    }
    made.report_bytes = made.bytes;
    let ledger = write_ledger(&folder.join("ledger.csv"), days, rows, shares && !unsettled)?;
    made.entries = ledger.lines;
    made.add(&ledger);
    if unsettled {
        made.sprinkled.not_reported += std::mem::take(&mut made.sprinkled.settled_not_reported);
    }
    Ok(made)
}

impl Made {
    /// Adds a further file; only the ledger knows what was sprinkled.
    fn add(&mut self, file: &Self) {
        self.bytes += file.bytes;
        self.lines += file.lines;
        self.sprinkled.add(&file.sprinkled);
    }
}

fn currencies(day: NaiveDate) -> [Templates; 3] {
    [templates(day, "USD", "###.##"), templates(day, "BRL", "###.##"), templates(day, "JPY", "#####")]
}

fn currency(payment: &Payment) -> usize {
    match payment.number % 8 {
        7 => 2,
        5 | 6 => 1,
        _ => 0,
    }
}

fn write_report(path: &Path, (day, report): (NaiveDate, Report), rows: u64) -> Result<Made> {
    let mut sink = Sink::create(path)?;
    let header = Layout::Marketplace.columns(report).join(",") + "\n";
    sink.text(header.as_bytes())?;
    let mut templates = currencies(day);
    let stride = stride(rows, if report == Report::SettlementDetails { 7_368_787 } else { 1 });
    for index in 0..rows {
        let payment = Payment::new(index * stride % rows);
        let absent = match fate(payment.number) {
            Fate::NotReported => true,
            Fate::SettledNotReported => report == Report::TransactionDetails,
            _ => false,
        };
        if absent {
            continue;
        }
        let Payment { number, seller, time, .. } = payment;
        let ids = [62_710_000 + seller, seller, number, number, number];
        let numbers = Numbers::of(&[&ids, &time]).with(payment.amount());
        let templates = &mut templates[currency(&payment)];
        let line = match report {
            Report::TransactionDetails => templates.transaction.fill(numbers.as_slice()),
            _ => {
                // The date of the settlement time has digits, not slots; the net amount equals the gross.
                templates.settlement.fill(numbers.with(payment.amount()).as_slice())
            }
        };
        sink.line(line)?;
    }
    sink.text(b"<END>\n")?;
    sink.finish()
}

fn write_ledger(path: &Path, days: &[NaiveDate], rows: u64, shares: bool) -> Result<Made> {
    let mut sink = Sink::create(path)?;
    sink.text(format!("{HEADER}\n").as_bytes())?;
    for &day in days {
        write_entries(&mut sink, day, rows, shares)?;
    }
    sink.finish()
}

/// The entry of each payment, and a share for each settled line if shares are booked.
fn write_entries(sink: &mut Sink, day: NaiveDate, rows: u64, shares: bool) -> Result<()> {
    let mut templates = currencies(day);
    let stride = stride(rows, 15_485_863);
    for index in 0..rows {
        let payment = Payment::new(index * stride % rows);
        let fate = fate(payment.number);
        sink.made.sprinkled.count(fate);
        let Payment { number, seller, time, amount, .. } = payment;
        let templates = &mut templates[currency(&payment)];
        if fate != Fate::NotBooked {
            let booked = amount + u64::from(fate == Fate::AmountDiffers);
            let numbers = Numbers::of(&[&[index, number, number, number, seller, booked], &time]);
            let failed = fate == Fate::BookedAsFailed;
            let template = if failed { &mut templates.failed_entry } else { &mut templates.entry };
            sink.line(template.fill(numbers.as_slice()))?;
        }
        if shares && fate != Fate::NotReported {
            let ids = [index, number, number, number, number, number];
            let numbers = Numbers::of(&[&ids, &[seller, amount], &time]);
            sink.line(templates.share.fill(numbers.as_slice()))?;
        }
    }
    Ok(())
}

/// A step that visits every payment once in a scattered order: `prime` unless the number of rows is a multiple of it.
fn stride(rows: u64, prime: u64) -> u64 {
    if rows.is_multiple_of(prime) { 1 } else { prime % rows.max(1) }.max(1)
}
