//! Reading Antom's files and the ledger back, with a plain CSV reader and integers.

use lab::world::layout::Report;
use lab::world::writer::ReportFile;
use lab::world::{Plan, World};
use std::collections::BTreeMap;

/// A line by column name.
pub type Row = BTreeMap<String, String>;

pub fn text(file: &ReportFile) -> String {
    String::from_utf8(file.bytes.clone()).unwrap()
}

/// The data rows of a file, without its end.
pub fn rows(file: &ReportFile) -> Vec<Row> {
    let text = text(file);
    let body = text.trim_start_matches('\u{feff}').trim_end().strip_suffix("<END>").unwrap().to_owned();
    table(&body)
}

pub fn table(text: &str) -> Vec<Row> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    let header = reader.headers().unwrap().clone();
    let named = |record: csv::StringRecord| {
        header.iter().zip(record.iter()).map(|(name, cell)| (name.to_owned(), cell.to_owned())).collect()
    };
    reader.records().map(|record| named(record.unwrap())).collect()
}

pub fn all(world: &World, report: Report) -> Vec<Row> {
    world.files.iter().filter(|file| file.report == report).flat_map(rows).collect()
}

pub fn ledger(world: &World) -> Vec<Row> {
    table(&world.ledger_csv())
}

/// Decimal text in millionths; `None` unless it is a plain number.
pub fn number(text: &str) -> Option<i128> {
    if text.is_empty() {
        return Some(0);
    }
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = format!("{}{fraction:0<6}", whole.trim_start_matches('-'));
    let value: i128 = digits.parse().ok()?;
    Some(if text.starts_with('-') { -value } else { value })
}

/// Decimal text in millionths; nothing counts as zero, as Antom's own tool has it.
pub fn micros(text: &str) -> i128 {
    number(text).unwrap()
}

/// A week without faults.
pub fn honest_week(plan: Plan) -> World {
    World::generate(Plan { faults: Vec::new(), ..plan })
}

/// The unit of an amount column in a currency: the number of decimals.
pub fn decimals(currency: &str) -> u32 {
    match currency {
        "JPY" | "KRW" => 0,
        "KWD" => 3,
        _ => 2,
    }
}
