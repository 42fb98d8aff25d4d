//! `antom-recon parse`: normalised lines.
#![allow(clippy::disallowed_types, clippy::disallowed_methods, reason = "the files of the command line are read here")]

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::Serialize;

use crate::calendar::Instant;
use crate::commands::check::{must_be_files, read_report};
use crate::id::Symbols;
use crate::movement::EntryType;
use crate::report::{Line, LineText, ParsedReport, ReportRules};

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

/// A line in its normalised form. Amounts are in major units of their currency; a time is RFC 3339 in UTC. The names are those
/// of the columns, and stable.
#[derive(Debug, Serialize)]
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
}

/// The names of the columns, in the order of [`Normalised`].
const COLUMNS: [&str; 19] = [
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
pub fn run(args: &Args, rules: &ReportRules, out: &mut dyn Write) -> anyhow::Result<()> {
    must_be_files(&args.files)?;
    let mut sink = Sink::new(args.format, out)?;
    for path in &args.files {
        let file = path.display();
        match read_report(path, 0, rules, &Symbols::new()) {
            Err(error) => tracing::warn!("{file}: refused: {error:#}"),
            Ok(report) => {
                for reject in &report.rejects {
                    tracing::warn!("{file} line {}, `{}`: {}", reject.place.line, reject.column, reject.reason);
                }
                for remark in &report.remarks {
                    tracing::warn!("{file}: {remark}");
                }
                write_lines(path, &report, &mut sink).with_context(|| format!("writing the lines of {file}"))?;
            }
        }
    }
    sink.finish()?;
    Ok(())
}

/// Reads the bytes of each line again, in file order, and writes the line.
fn write_lines(path: &Path, report: &ParsedReport, sink: &mut Sink<'_>) -> anyhow::Result<()> {
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
    let mut input = BufReader::new(File::open(path)?);
    let mut position = input.seek(SeekFrom::Start(0))?;
    let mut raw = Vec::new();
    for line in &report.lines {
        let skipped = line.place.offset.checked_sub(position).context("lines are in file order")?;
        input.seek_relative(i64::try_from(skipped)?)?;
        raw.resize(usize::try_from(line.place.length)?, 0);
        input.read_exact(&mut raw)?;
        position = line.place.offset + u64::from(line.place.length);
        sink.write(&Normalised::new(&name, line, &report.layout.text(&raw)))?;
    }
    Ok(())
}

impl<'a> Normalised<'a> {
    fn new(file: &'a str, line: &Line, text: &'a LineText) -> Self {
        let settlement = |amount: i64| {
            line.settlement_currency.map(|currency| currency.major(amount.into()).to_string()).unwrap_or_default()
        };
        Self {
            file,
            line: line.place.line,
            entry_type: line.entry_type.map_or("", EntryType::as_str),
            raw_type: &text.raw_type,
            status: match line.status {
                Some(status) => status.as_str(),
                None => &text.raw_status,
            },
            request_id: &text.request_id,
            antom_id: &text.antom_id,
            original_request_id: &text.original_request_id,
            original_antom_id: &text.original_antom_id,
            order_id: &text.order_id,
            sub_merchant_id: &text.sub_merchant_id,
            merchant_id: &text.merchant_id,
            settlement_batch_id: &text.batch_id,
            amount: line.currency.major(line.amount.into()).to_string(),
            currency: line.currency.to_string(),
            net: settlement(line.net),
            fee: settlement(line.fee),
            settlement_currency: line.settlement_currency.map(|currency| currency.to_string()).unwrap_or_default(),
            occurred_at: line.at.map(Instant::rfc3339).unwrap_or_default(),
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
