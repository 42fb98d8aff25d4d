//! `antom-recon parse`: normalised lines.
#![allow(clippy::disallowed_types, clippy::disallowed_methods, reason = "the files of the command line are read here")]

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::Serialize;

use crate::calendar::Instant;
use crate::commands::check::{Outcome, must_be_files};
use crate::fetch::LocalReport;
use crate::id::{KeyMaker, Symbols};
use crate::movement::EntryType;
use crate::pipeline::{damaged, ignored_sheets};
use crate::report::{
    ActivityLine, AnyReport, BalanceLine, FeeKind, Layout, Line, LineText, Place, ReportRules, SummaryLine,
    detect_kind, parse_any,
};

/// Print the normalised lines of report files
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Report files
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// One CSV table, or one JSON object per line
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t)]
    pub format: Format,
}

/// How lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Format {
    /// A table with a header
    #[default]
    Csv,
    /// One object per line
    Jsonl,
}

/// A line in its normalised form, whatever its report; what the report does not say is empty. Amounts are in major units of their
/// currency and signed; a time is RFC 3339 in UTC. The names are those of the columns, and stable.
#[derive(Debug, Default, Serialize)]
struct Normalised<'a> {
    file: &'a str,
    line: u32,
    entry_type: &'a str,
    raw_type: &'a str,
    status: &'a str,
    request_id: &'a str,
    antom_id: &'a str,
    original_request_id: &'a str,
    original_antom_id: &'a str,
    order_id: &'a str,
    sub_merchant_id: &'a str,
    merchant_id: &'a str,
    settlement_batch_id: &'a str,
    amount: String,
    currency: String,
    net: String,
    fee: String,
    settlement_currency: String,
    occurred_at: String,
    account_no: &'a str,
    account_log_id: &'a str,
    direction: &'a str,
    balance_on: String,
    summary_type: &'a str,
    count: String,
}

/// The names of the columns, in the order of [`Normalised`].
const COLUMNS: [&str; 25] = [
    "file",
    "line",
    "entry_type",
    "raw_type",
    "status",
    "request_id",
    "antom_id",
    "original_request_id",
    "original_antom_id",
    "order_id",
    "sub_merchant_id",
    "merchant_id",
    "settlement_batch_id",
    "amount",
    "currency",
    "net",
    "fee",
    "settlement_currency",
    "occurred_at",
    "account_no",
    "account_log_id",
    "direction",
    "balance_on",
    "summary_type",
    "count",
];

/// Where lines are written.
enum Sink<'a> {
    Csv(Box<csv::Writer<&'a mut dyn Write>>),
    Jsonl(&'a mut dyn Write),
}

/// Writes the lines of all files. Rejects and files that are refused are warnings on stderr, and the rest is written all the
/// same.
///
/// # Errors
/// A failure of usage for a file that cannot be opened, before anything is written; a failure of writing, or of reading a line
/// again.
pub fn run(args: &Args, rules: &ReportRules, out: &mut dyn Write) -> anyhow::Result<Outcome> {
    must_be_files(&args.files)?;
    let mut sink = Sink::new(args.format, out)?;
    let mut outcome = Outcome::default();
    for path in &args.files {
        let file = path.display();
        match read_any(path, rules) {
            Err(error) => {
                tracing::warn!("{file}: refused: {error:#}");
                outcome.refused += 1;
            }
            Ok((report, text)) => {
                for reject in report.rejects() {
                    tracing::warn!("{file} line {}, `{}`: {}", reject.place.line, reject.column, reject.reason);
                }
                for remark in report.remarks() {
                    tracing::warn!("{file}: {remark}");
                }
                outcome.rejected += report.rejects().len();
                write_lines((path, &text), &report, &mut sink)
                    .with_context(|| format!("writing the lines of {file}"))?;
            }
        }
    }
    sink.finish()?;
    Ok(outcome)
}

/// Reads a report whose kind its header tells, and gives its text to read lines again.
fn read_any(path: &Path, rules: &ReportRules) -> anyhow::Result<(AnyReport, File)> {
    let LocalReport { csv: mut text, converted } = LocalReport::open(path)?;
    let kind = detect_kind(&text, rules)?;
    text.rewind()?;
    let mut options = rules.of(kind);
    options.damaged = damaged(converted.as_ref().map_or(&[], |known| &known.lossy));
    // Nothing is joined here, so the seed of the keys does not matter.
    let mut report = parse_any(&text, 0, kind, &options, KeyMaker::new(0), &Symbols::new())?;
    report.remarks_mut().extend(ignored_sheets(converted.as_ref().map_or(&[], |known| &known.ignored_sheets)));
    Ok((report, text))
}

fn write_lines(file: (&Path, &File), report: &AnyReport, sink: &mut Sink<'_>) -> anyhow::Result<()> {
    match report {
        AnyReport::Details(details) => write_each(file, &details.layout, &details.lines, sink),
        AnyReport::Summary(summary) => write_each(file, &summary.layout, &summary.lines, sink),
        AnyReport::Activity(activity) => write_each(file, &activity.layout, &activity.lines, sink),
        AnyReport::Balances(balances) => write_each(file, &balances.layout, &balances.lines, sink),
    }
}

/// Reads the bytes of each line again, in file order, and writes the line.
fn write_each(
    (path, text): (&Path, &File),
    layout: &Layout,
    lines: &[impl Normalise],
    sink: &mut Sink<'_>,
) -> anyhow::Result<()> {
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
    let mut input = BufReader::new(text);
    let mut position = input.seek(SeekFrom::Start(0))?;
    let mut raw = Vec::new();
    for line in lines {
        let place = line.place();
        let skipped = place.offset.checked_sub(position).context("lines are in file order")?;
        input.seek_relative(i64::try_from(skipped)?)?;
        raw.resize(usize::try_from(place.length)?, 0);
        input.read_exact(&mut raw)?;
        position = place.offset + u64::from(place.length);
        let text = layout.text(&raw);
        sink.write(&line.normalise(&text, Normalised::of_text(&name, place, &text)))?;
    }
    Ok(())
}

impl<'a> Normalised<'a> {
    /// What every line says in the same way.
    fn of_text(file: &'a str, place: Place, text: &'a LineText) -> Self {
        Self {
            file,
            line: place.line,
            raw_type: &text.raw_type,
            request_id: &text.request_id,
            antom_id: &text.antom_id,
            original_request_id: &text.original_request_id,
            original_antom_id: &text.original_antom_id,
            order_id: &text.order_id,
            sub_merchant_id: &text.sub_merchant_id,
            merchant_id: &text.merchant_id,
            settlement_batch_id: &text.batch_id,
            account_no: &text.account_no,
            account_log_id: &text.log_id,
            ..Self::default()
        }
    }
}

/// A line of one kind of report.
trait Normalise {
    fn place(&self) -> Place;

    /// Adds what only this kind of line says.
    fn normalise<'a>(&self, text: &'a LineText, common: Normalised<'a>) -> Normalised<'a>;
}

impl Normalise for Line {
    fn place(&self) -> Place {
        self.place
    }

    fn normalise<'a>(&self, text: &'a LineText, common: Normalised<'a>) -> Normalised<'a> {
        let settlement = |amount: i64| {
            self.settlement_currency.map(|currency| currency.major(amount.into()).to_string()).unwrap_or_default()
        };
        Normalised {
            entry_type: self.entry_type.map_or("", EntryType::as_str),
            status: match self.status {
                Some(status) => status.as_str(),
                None => &text.raw_status,
            },
            amount: self.currency.major(self.amount.into()).to_string(),
            currency: self.currency.to_string(),
            net: settlement(self.net),
            fee: settlement(self.fee),
            settlement_currency: self.settlement_currency.map(|currency| currency.to_string()).unwrap_or_default(),
            occurred_at: self.at.map(Instant::rfc3339).unwrap_or_default(),
            ..common
        }
    }
}

impl Normalise for SummaryLine {
    fn place(&self) -> Place {
        self.place
    }

    fn normalise<'a>(&self, text: &'a LineText, common: Normalised<'a>) -> Normalised<'a> {
        Normalised {
            raw_type: "",
            summary_type: &text.raw_type,
            count: self.count.map(|count| count.to_string()).unwrap_or_default(),
            net: self.currency.major(self.net.into()).to_string(),
            fee: fee(self).map(|fee| self.currency.major(fee).to_string()).unwrap_or_default(),
            settlement_currency: self.currency.to_string(),
            ..common
        }
    }
}

/// The fees of a summary's row in its currency, in smallest units, if it names any: the aggregate if there is one, else the parts.
fn fee(line: &SummaryLine) -> Option<i128> {
    let aggregate = line.fees.iter().any(|fee| fee.kind == FeeKind::Total);
    let counted = line.fees.iter().filter(|fee| fee.currency == line.currency);
    let amounts = counted.filter(|fee| (fee.kind == FeeKind::Total) == aggregate).map(|fee| i128::from(fee.amount));
    (!line.fees.is_empty()).then(|| amounts.sum())
}

impl Normalise for ActivityLine {
    fn place(&self) -> Place {
        self.place
    }

    fn normalise<'a>(&self, _: &'a LineText, common: Normalised<'a>) -> Normalised<'a> {
        Normalised {
            direction: if self.out { "OUT" } else { "IN" },
            amount: self.currency.major(self.amount.into()).to_string(),
            currency: self.currency.to_string(),
            ..common
        }
    }
}

impl Normalise for BalanceLine {
    fn place(&self) -> Place {
        self.place
    }

    fn normalise<'a>(&self, _: &'a LineText, common: Normalised<'a>) -> Normalised<'a> {
        Normalised {
            amount: self.currency.major(self.balance.into()).to_string(),
            currency: self.currency.to_string(),
            balance_on: self.on.to_string(),
            ..common
        }
    }
}

impl<'a> Sink<'a> {
    fn new(format: Format, out: &'a mut dyn Write) -> anyhow::Result<Self> {
        match format {
            Format::Jsonl => Ok(Self::Jsonl(out)),
            Format::Csv => {
                let mut writer = csv::WriterBuilder::new().has_headers(false).from_writer(out);
                writer.write_record(COLUMNS)?;
                Ok(Self::Csv(Box::new(writer)))
            }
        }
    }

    fn write(&mut self, line: &Normalised<'_>) -> anyhow::Result<()> {
        match self {
            Self::Csv(writer) => writer.serialize(line)?,
            Self::Jsonl(out) => {
                serde_json::to_writer(&mut **out, line)?;
                out.write_all(b"\n")?;
            }
        }
        Ok(())
    }

    fn finish(self) -> anyhow::Result<()> {
        match self {
            Self::Csv(mut writer) => writer.flush()?,
            Self::Jsonl(out) => out.flush()?,
        }
        Ok(())
    }
}
