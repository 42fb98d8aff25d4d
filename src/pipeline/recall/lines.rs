//! The reports' side of looking back: which lines of remembered files a run needs.
//!
//! Matching asks a row for others only by ids that they share: a payment, its captures, refunds, disputes, shares and entries hang
//! together. So a run needs every row that is open, and every row that shares an id with one that it needs. The rest was closed by
//! an earlier run and nothing has touched it since.

use rayon::iter::{IntoParallelIterator, IntoParallelRefIterator, IntoParallelRefMutIterator, ParallelIterator};

use super::entries::{Entries, ids_at};
use super::ids::{Ids, ids_of};
use crate::calendar::BusinessDate;
use crate::ledger::ParsedLedger;
use crate::memory::{Bits, Extract, MemoryError};
use crate::movement::ReportKind;
use crate::report::{Line, Original};

/// A file whose lines were read by an earlier run.
pub struct Remembered {
    /// Which report.
    pub kind: ReportKind,
    /// The date of its directory.
    pub date: BusinessDate,
    /// Its name.
    pub name: String,
    /// The digest of its content.
    pub sha256: String,
    /// Its number among the run's inputs.
    pub file: u32,
    /// What it says.
    pub extract: Extract,
    /// The lines that were closed.
    pub closed: Bits,
    /// The lines that this run needs.
    pub needed: Bits,
}

/// Lines of a remembered file, in its order.
pub(super) struct Lines {
    pub(super) lines: Vec<Line>,
    /// What they say of their originals.
    pub(super) originals: Vec<Original>,
    /// Their numbers among the file's lines.
    pub(super) numbers: Vec<u32>,
}

impl Remembered {
    /// Takes every line that is not closed, and gives the ids of these lines.
    fn take_open(&mut self) -> Result<Vec<u64>, MemoryError> {
        for row in (0..self.extract.lines()).filter(|&row| !self.closed.has(row)) {
            self.needed.put(row);
        }
        let open: Vec<u32> = self.needed.iter().collect();
        let mut blocks: Vec<usize> = open.into_iter().map(Extract::block_of).collect();
        blocks.dedup();
        let mut ids = Vec::new();
        for block in blocks {
            let all = self.extract.ids(block)?;
            ids.extend(all.all().filter(|(row, _)| self.needed.has(*row)).map(|(_, id)| id));
        }
        Ok(ids)
    }

    /// Takes every line that shares an id with those that are asked for, and gives all ids of the lines that it took.
    fn take_related(&mut self, asked: &Ids) -> Result<Vec<u64>, MemoryError> {
        let mut found = Vec::new();
        for block in 0..self.extract.blocks() {
            let ids = self.extract.ids(block)?;
            let mut fresh = Bits::none(ids.lines());
            for (row, id) in ids.all() {
                if asked.has(id) && !self.needed.has(row) {
                    fresh.put(row - ids.first);
                }
            }
            if fresh.count() == 0 {
                continue;
            }
            for (row, id) in ids.all().filter(|(row, _)| fresh.has(row - ids.first)) {
                self.needed.put(row);
                found.push(id);
            }
        }
        Ok(found)
    }

    /// Reads the lines that are needed.
    pub(super) fn read(&self) -> Result<Lines, MemoryError> {
        let wanted: Vec<u32> = self.needed.iter().collect();
        let blocks: Vec<&[u32]> =
            wanted.chunk_by(|one, two| Extract::block_of(*one) == Extract::block_of(*two)).collect();
        let read = |rows: &&[u32]| self.extract.rows(Extract::block_of(rows[0]), self.file, rows);
        let parts: Vec<_> = blocks.par_iter().map(read).collect::<Result<_, _>>()?;
        let (mut lines, mut originals) = (Vec::with_capacity(wanted.len()), Vec::new());
        for (mut line, original) in parts.into_iter().flatten() {
            if let Some(original) = original {
                line.original = Some(u32::try_from(originals.len()).unwrap_or(u32::MAX));
                originals.push(original);
            }
            lines.push(line);
        }
        Ok(Lines { lines, originals, numbers: wanted })
    }
}

/// Finds the lines of the remembered files and the entries of the ledger that a run needs. `seeds` are the ids of everything that
/// was read anew. Gives the entries.
pub(super) fn needed(
    files: &mut [Remembered],
    ledger: &ParsedLedger,
    entries: &Entries,
    seeds: impl Iterator<Item = u64>,
) -> Result<Bits, MemoryError> {
    let count = u32::try_from(ledger.entries.len()).unwrap_or(u32::MAX);
    let mut rows = Bits::none(count);
    if files.is_empty() && entries.closed.count() == 0 {
        // Nothing is known to be closed, so that all of it is needed.
        (0..count).for_each(|row| rows.put(row));
        return Ok(rows);
    }
    let mut known = Ids::default();
    let mut asked = Ids::default();
    let mut ask = |asked: &mut Ids, id: u64| {
        if known.add(id) {
            asked.add(id);
        }
    };
    seeds.chain(entries.lost.iter().copied()).for_each(|id| ask(&mut asked, id));
    for row in (0..count).filter(|&row| !entries.closed.has(row)) {
        rows.put(row);
        ids_at(ledger, row).into_iter().for_each(|id| ask(&mut asked, id));
    }
    for file in files.iter_mut() {
        file.take_open()?.into_iter().for_each(|id| ask(&mut asked, id));
    }
    while !asked.is_empty() {
        let mut next = Ids::default();
        let found: Vec<Vec<u64>> =
            files.par_iter_mut().map(|file| file.take_related(&asked)).collect::<Result<_, _>>()?;
        found.into_iter().flatten().for_each(|id| ask(&mut next, id));
        let related = (0..count).into_par_iter().filter(|&row| !rows.has(row));
        let related: Vec<u32> =
            related.filter(|&row| ids_at(ledger, row).into_iter().any(|id| asked.has(id))).collect();
        for row in related {
            rows.put(row);
            ids_at(ledger, row).into_iter().for_each(|id| ask(&mut next, id));
        }
        asked = next;
    }
    Ok(rows)
}

/// The ids of lines that were read anew.
pub(super) fn ids_of_lines<'a>(lines: &'a [Line], originals: &'a [Original]) -> impl Iterator<Item = u64> + 'a {
    lines.iter().flat_map(|line| {
        let original = line.original.and_then(|at| originals.get(at as usize)).copied();
        ids_of(line.by_request, line.by_antom, original)
    })
}
