//! The reports' side of looking back: which lines of remembered files a run needs.
//!
//! Matching asks a row for others only by ids that they share: a payment, its captures, refunds, disputes, shares and entries hang
//! together. So a run needs every row that is open, and every row that shares an id with one that it needs. The rest was closed by
//! an earlier run and nothing has touched it since.

use rayon::iter::{IntoParallelIterator, IntoParallelRefIterator, IntoParallelRefMutIterator, ParallelIterator};

use super::entries::{Entries, ids_at};
use super::ids::Ids;
use crate::calendar::BusinessDate;
use crate::ledger::ParsedLedger;
use crate::memory::{Bits, Extract, MemoryError, Unkept};
use crate::movement::ReportKind;
use crate::report::{Line, Original};

/// A file of details whose lines are beside the archive: an earlier run read them, or this one.
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
    /// Whether this run read them, and later ones do not find them yet.
    pub unkept: Option<Unkept>,
    /// The lines that were closed.
    pub closed: Bits,
    /// The lines of the day that agree with their others ([`matching::agreed`](crate::matching::agreed)).
    pub agreed: Bits,
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
    /// A file of which nothing is closed.
    pub fn new(
        (kind, date, name, sha256): (ReportKind, BusinessDate, String, String),
        file: u32,
        extract: Extract,
    ) -> Self {
        let none = || Bits::none(extract.lines());
        let (closed, agreed, needed) = (none(), none(), none());
        Self { kind, date, name, sha256, file, extract, unkept: None, closed, agreed, needed }
    }

    /// Whether a line is neither closed nor agreed.
    fn is_open(&self, row: u32) -> bool {
        !self.closed.has(row) && !self.agreed.has(row)
    }

    /// Takes every line that is open, and gives those of their ids that count.
    fn take_open(&mut self, counts: impl Fn(u64) -> bool) -> Result<Vec<u64>, MemoryError> {
        for row in 0..self.extract.lines() {
            if self.is_open(row) {
                self.needed.put(row);
            }
        }
        let mut ids = Vec::new();
        self.show_ids(&self.needed, |id| ids.extend(Some(id).filter(|id| counts(*id))))?;
        Ok(ids)
    }

    /// Shows the ids of some of its lines, block by block.
    fn show_ids(&self, rows: &Bits, mut show: impl FnMut(u64)) -> Result<(), MemoryError> {
        if rows.count() > 0 {
            for block in 0..self.extract.blocks() {
                let ids = self.extract.ids(block)?;
                ids.all().filter(|(row, _)| rows.has(*row)).for_each(|(_, id)| show(id));
            }
        }
        Ok(())
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
            wanted.chunk_by(|one, two| self.extract.block_of(*one) == self.extract.block_of(*two)).collect();
        let read = |rows: &&[u32]| self.extract.rows(self.extract.block_of(rows[0]), self.file, rows);
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
    let sum = |of: fn(&Remembered) -> u64| files.iter().map(of).sum::<u64>();
    let agreeing = entries.agreed.count() + sum(|file| file.agreed.count());
    let closed = entries.closed.count() + sum(|file| file.closed.count());
    let all = u64::from(count) + sum(|file| file.extract.lines().into());
    let is_any_closed = closed > 0;
    if !is_any_closed && agreeing == 0 {
        // Nothing is known to be closed or agreed, so that all of it is needed.
        (0..count).for_each(|row| rows.put(row));
        files.iter_mut().for_each(|file| (0..file.extract.lines()).for_each(|row| file.needed.put(row)));
        return Ok(rows);
    }
    // Where nothing is closed, only rows that agree can be asked for: if most rows are open, their ids need not be kept in mind.
    let is_mostly_open = all - closed - agreeing > agreeing;
    let knows_agreed = agreeing > 0 && (is_any_closed || is_mostly_open);
    let agreed = if knows_agreed { ids_of_agreed(files, ledger, entries)? } else { Ids::default() };
    let counts = |id: u64| is_any_closed || !is_mostly_open || agreed.has(id);
    let mut known = Ids::default();
    let mut asked = Ids::default();
    let mut ask = |asked: &mut Ids, id: u64| {
        if counts(id) && known.add(id) {
            asked.add(id);
        }
    };
    seeds.chain(entries.lost.iter().copied()).for_each(|id| ask(&mut asked, id));
    shared_with_closed(files, ledger, (entries, &agreed))?.into_iter().for_each(|id| ask(&mut asked, id));
    for row in (0..count).filter(|&row| !entries.closed.has(row) && !entries.agreed.has(row)) {
        rows.put(row);
        ids_at(ledger, row).into_iter().for_each(|id| ask(&mut asked, id));
    }
    for file in files.iter_mut() {
        file.take_open(counts)?.into_iter().for_each(|id| ask(&mut asked, id));
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

/// The ids of the rows that agree.
fn ids_of_agreed(files: &[Remembered], ledger: &ParsedLedger, entries: &Entries) -> Result<Ids, MemoryError> {
    let mut agreed = Ids::default();
    let mut add = |id| {
        agreed.add(id);
    };
    files.iter().try_for_each(|file| file.show_ids(&file.agreed, &mut add))?;
    entries.agreed.iter().flat_map(|row| ids_at(ledger, row)).for_each(add);
    Ok(agreed)
}

/// The ids that rows which agree share with rows that were closed by earlier runs: neither side would ask for the other.
fn shared_with_closed(
    files: &[Remembered],
    ledger: &ParsedLedger,
    (entries, agreed): (&Entries, &Ids),
) -> Result<Vec<u64>, MemoryError> {
    if agreed.is_empty() {
        return Ok(Vec::new());
    }
    let shared = |file: &Remembered| {
        let mut ids = Vec::new();
        file.show_ids(&file.closed, |id| ids.extend(Some(id).filter(|id| agreed.has(*id))))?;
        Ok(ids)
    };
    let of_files: Vec<Vec<u64>> = files.par_iter().map(shared).collect::<Result<_, MemoryError>>()?;
    let of_entries = entries.closed.iter().flat_map(|row| ids_at(ledger, row)).filter(|id| agreed.has(*id));
    Ok(of_files.into_iter().flatten().chain(of_entries).collect())
}
