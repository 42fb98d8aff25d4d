//! What a run's outputs have against what was made.

use super::fate::{Expected, KINDS};
use crate::audit::Table;
use crate::print::{Sheet, thousands};
use anyhow::{Context as _, Result};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

/// Prints counts per kind, of what waits and of what was closed, as made and as found. Returns whether all agree.
pub(super) fn compare(outputs: &Path, expected: &Expected, out: &mut dyn Write) -> Result<bool> {
    let rows = Table::read(&outputs.join("discrepancies.csv"))?;
    let mut found: BTreeMap<String, u64> = BTreeMap::new();
    for row in 0..rows.len() {
        *found.entry(rows.cell(row, "kind").to_owned()).or_default() += 1;
    }
    let mut counts: Vec<(String, u64, u64)> =
        KINDS.iter().map(|kind| ((*kind).to_owned(), expected.of(kind), found.remove(*kind).unwrap_or(0))).collect();
    counts.extend(found.into_iter().map(|(kind, count)| (kind, 0, count)));
    for (name, made) in [("in_transit.csv", expected.in_transit), ("cleared.csv", expected.cleared)] {
        counts.push((format!("(rows of {name})"), made, rows_of(&outputs.join(name))?));
    }
    let mut sheet = Sheet::new(&["kind", ">made", ">found", ""]);
    for (kind, made, count) in &counts {
        let mark = if made == count { "" } else { "WRONG" };
        sheet.row([kind.clone(), thousands(*made), thousands(*count), mark.to_owned()]);
    }
    writeln!(out)?;
    sheet.write(out)?;
    Ok(counts.iter().all(|(_, made, count)| made == count))
}

/// How many rows an output has, of which none is kept: there may be millions.
fn rows_of(path: &Path) -> Result<u64> {
    let place = || format!("output `{}` cannot be read", path.display());
    let mut reader = csv::Reader::from_path(path).with_context(place)?;
    let mut row = csv::ByteRecord::new();
    let mut count = 0;
    while reader.read_byte_record(&mut row).with_context(place)? {
        count += 1;
    }
    Ok(count)
}
