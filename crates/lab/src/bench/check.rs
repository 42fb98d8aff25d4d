//! What a run's outputs have against what was made.

use super::fate::{Expected, KINDS};
use crate::audit::Table;
use crate::print::{Sheet, thousands};
use anyhow::Result;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

/// Prints counts per kind as made and as found. Returns whether all agree.
pub(super) fn compare(outputs: &Path, expected: &Expected, out: &mut dyn Write) -> Result<bool> {
    let rows = Table::read(&outputs.join("discrepancies.csv"))?;
    let mut found: BTreeMap<String, u64> = BTreeMap::new();
    for row in 0..rows.len() {
        *found.entry(rows.cell(row, "kind").to_owned()).or_default() += 1;
    }
    let mut counts: Vec<(String, u64, u64)> =
        KINDS.iter().map(|kind| ((*kind).to_owned(), expected.of(kind), found.remove(*kind).unwrap_or(0))).collect();
    counts.extend(found.into_iter().map(|(kind, count)| (kind, 0, count)));
    let mut sheet = Sheet::new(&["kind", ">made", ">found", ""]);
    for (kind, made, count) in &counts {
        let mark = if made == count { "" } else { "WRONG" };
        sheet.row([kind.clone(), thousands(*made), thousands(*count), mark.to_owned()]);
    }
    writeln!(out)?;
    sheet.write(out)?;
    Ok(counts.iter().all(|(_, made, count)| made == count))
}
