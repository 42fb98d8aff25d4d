//! A settlement batch: what its lines come to, and what the outputs said of it. Of millions of lines, sums are told.
#![allow(clippy::disallowed_types, clippy::disallowed_methods, reason = "published outputs are read")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io;

use crate::config::Config;
use crate::export::{self, Output};
use crate::failure::{Failure, Kind, OrFail};
use crate::id::PlatformMerchantId;
use crate::money::Currency;
use crate::movement::ReportKind;
use crate::proof::sums_of_lines;

use super::reports::{FoundFile, Reader};

/// How many published days after the batch's first one are looked through for its row: its payout may come later.
const DAYS: u32 = 31;

/// What the lines of one party and currency come to, in smallest units, as in `settlement_batches.csv`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sum {
    /// How many lines.
    pub lines: u64,
    /// All movements before fees.
    pub gross: i128,
    /// All fees; charged ones are negative.
    pub fees: i128,
    /// Everything that is neither.
    pub other: i128,
    /// What is settled.
    pub net: i128,
}

/// Whose lines a sum is of: the party (empty for the marketplace) and the settlement currency.
pub type Party = (String, Currency);

/// A batch.
#[derive(Debug, Default)]
pub struct Batch {
    /// By party.
    pub sums: BTreeMap<Party, Sum>,
    /// The columns of `settlement_batches.csv` and its rows of the batch, of the newest day that has any: the day, and the cells.
    pub published: Option<(String, Vec<String>, Vec<Vec<String>>)>,
}

/// The batches that lines name as theirs.
pub fn batch_ids(found: &[FoundFile]) -> BTreeSet<String> {
    let parsed = found.iter().filter_map(|file| Some((file, file.parsed.as_ref()?)));
    parsed.flat_map(|(file, parsed)| file.hits.kept.iter().map(|hit| parsed.text(hit).batch_id)).collect()
}

/// Adds up the lines of a batch, and looks for its rows in the outputs.
///
/// # Errors
/// The archive or the outputs cannot be read.
pub fn batch(
    id: &str,
    config: &Config,
    merchant: &PlatformMerchantId,
    reader: &Reader<'_>,
    found: &[FoundFile],
) -> anyhow::Result<Batch> {
    let mut batch = Batch::default();
    let symbol = reader.symbols.intern(id.as_bytes());
    let details = |found: &&FoundFile| found.file.in_force && found.file.kind == ReportKind::SettlementDetails;
    for found in found.iter().filter(details) {
        let report = reader.parse_whole(&found.file)?;
        for (key, lines) in sums_of_lines(report.lines.iter().filter(|line| line.batch == symbol)) {
            let sum = batch.sums.entry((reader.symbols.text(key.party), key.currency)).or_default();
            sum.lines += lines.lines;
            sum.gross += lines.gross();
            sum.fees += lines.fees();
            sum.other += lines.other();
            sum.net += lines.net;
        }
    }
    let Some(first) = found.iter().map(|found| found.file.date).min() else { return Ok(batch) };
    for later in (0..DAYS).rev() {
        let date = first.plus_days(later);
        let folder = export::published_folder(&config.output_dir(), merchant, date)
            .map_err(|error| Failure::new(Kind::Unforeseen, error.to_string()))?;
        let path = folder.join(Output::SettlementBatches.as_str());
        let file = match File::open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            file => file.or_fail(Kind::Unforeseen, || format!("cannot read `{}`", path.display()))?,
        };
        let (columns, rows) =
            rows_of(id, file).or_fail(Kind::Unforeseen, || format!("cannot read `{}`", path.display()))?;
        if !rows.is_empty() {
            batch.published = Some((date.to_string(), columns, rows));
            break;
        }
    }
    Ok(batch)
}

/// The header of the output, and the rows of the batch.
fn rows_of(id: &str, file: File) -> csv::Result<(Vec<String>, Vec<Vec<String>>)> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(file);
    let cells = |record: &csv::StringRecord| record.iter().map(str::to_owned).collect::<Vec<String>>();
    let columns = cells(reader.headers()?);
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record?;
        if record.get(0).is_some_and(|cell| export::unshielded(cell) == id) {
            rows.push(cells(&record));
        }
    }
    Ok((columns, rows))
}
