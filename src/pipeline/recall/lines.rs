//! Which lines of the reports and entries of the ledger a run needs.
//!
//! Matching asks a row for others only by ids that they share: a payment, its captures, refunds, disputes, shares and entries hang
//! together. So a run needs every row that is open, and every row that shares an id with one that it needs. The rest was closed by
//! an earlier run and nothing has touched it since, or agrees.

use rayon::iter::{IntoParallelIterator, IntoParallelRefIterator, ParallelIterator};

use super::bloom::Bloom;
use super::ids::Ids;
use crate::calendar::BusinessDate;
use crate::ledger::Entry;
use crate::matching::agreed::Fate;
use crate::memory::{Bits, BlockIds, Extract, LedgerRows, MemoryError, Unkept};
use crate::movement::ReportKind;
use crate::report::{Line, Original};

/// The rows of a file, or of the ledger, by what is known of them.
pub struct Rows {
    /// Those that were closed.
    pub closed: Bits,
    /// Those that agree with their others ([`matching::agreed`](crate::matching::agreed)).
    pub agreed: Bits,
    /// Those of them whose payment waits for its settlement.
    pub waits: Bits,
    /// Those that this run needs.
    pub needed: Bits,
}

impl Rows {
    /// Rows of which nothing is known.
    pub fn new(rows: u32) -> Self {
        let none = Bits::none(rows);
        Self { closed: none.clone(), agreed: none.clone(), waits: none.clone(), needed: none }
    }

    /// Notes that a row agrees, and what becomes of its family.
    pub fn put_agreed(&mut self, row: u32, fate: Fate) {
        self.agreed.put(row);
        if fate == Fate::Waits {
            self.waits.put(row);
        }
    }

    /// Whether a row was left out of full matching and is still open.
    pub fn is_left_waiting(&self, row: u32) -> bool {
        self.waits.has(row) && !self.needed.has(row)
    }

    /// Number of rows that are neither closed nor agreed.
    pub fn open(&self) -> u64 {
        u64::from(self.needed.rows()).saturating_sub(self.closed.count() + self.agreed.count())
    }

    /// Takes every row that is neither closed nor agreed.
    fn take_open(&mut self) {
        Bits::outside(&self.closed, &self.agreed).for_each(|row| self.needed.put(row));
    }
}

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
    /// What is known of its lines.
    pub rows: Rows,
}

/// Lines of a file, or entries of the ledger, in its order.
pub(super) struct Taken<T> {
    pub(super) rows: Vec<T>,
    /// What they say of their originals.
    pub(super) originals: Vec<Original>,
    /// Their numbers in the file, or in the ledger.
    pub(super) numbers: Vec<u32>,
}

impl Remembered {
    /// A file of which nothing is closed.
    pub fn new(
        (kind, date, name, sha256): (ReportKind, BusinessDate, String, String),
        file: u32,
        extract: Extract,
    ) -> Self {
        let rows = Rows::new(extract.lines());
        Self { kind, date, name, sha256, file, extract, unkept: None, rows }
    }

    /// Reads the lines that are needed.
    pub(super) fn read(&self) -> Result<Taken<Line>, MemoryError> {
        let (extract, file) = (&self.extract, self.file);
        let read = |rows: &[u32]| extract.rows(extract.block_of(rows[0]), file, rows);
        take(&self.rows.needed, |row| extract.block_of(row), read, |line, original| line.original = original)
    }
}

/// Reads some lines of a file, block by block, some blocks at a time on all cores, and takes what `work` makes of each block's lines and
/// their numbers, in their order. A line's `original` says only whether it names one.
pub fn read_some<T: Send>(
    (extract, file): (&Extract, u32),
    rows: impl Iterator<Item = u32>,
    work: impl Fn(&[u32], Vec<Line>) -> T + Sync,
    mut take: impl FnMut(T) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    const BLOCKS_AT_ONCE: usize = 16;
    let one = |rows: &Vec<u32>| {
        let lines = extract.rows(extract.block_of(rows[0]), file, rows)?.into_iter();
        let lines = lines.map(|(line, original)| Line { original: original.map(|_| 0), ..line }).collect();
        Ok(work(rows, lines))
    };
    let mut blocks: Vec<Vec<u32>> = Vec::new();
    let mut flush = |blocks: &mut Vec<Vec<u32>>| {
        let made: Vec<Result<T, MemoryError>> = blocks.par_iter().map(one).collect();
        blocks.clear();
        made.into_iter().try_for_each(|made| take(made.map_err(super::failed)?))
    };
    for row in rows {
        match blocks.last_mut() {
            Some(block) if extract.block_of(block[0]) == extract.block_of(row) => block.push(row),
            _ => {
                if blocks.len() == BLOCKS_AT_ONCE {
                    flush(&mut blocks)?;
                }
                blocks.push(vec![row]);
            }
        }
    }
    flush(&mut blocks)
}

/// Reads the entries that are needed.
pub(super) fn read_entries(kept: &LedgerRows, needed: &Bits) -> Result<Taken<Entry>, MemoryError> {
    let read = |rows: &[u32]| kept.entries(kept.block_of(rows[0]), rows);
    take(needed, |row| kept.block_of(row), read, |entry, original| entry.original = original)
}

/// Reads rows block by block, some blocks at a time on all cores, and takes them in their order; `name` tells a row where its original
/// stands.
fn take<T: Send>(
    needed: &Bits,
    block_of: impl Fn(u32) -> usize,
    read: impl Fn(&[u32]) -> Result<Vec<(T, Option<Original>)>, MemoryError> + Sync,
    name: impl Fn(&mut T, Option<u32>),
) -> Result<Taken<T>, MemoryError> {
    /// Few enough that the rows of these blocks are little beside all that are taken.
    const BLOCKS_AT_ONCE: usize = 64;
    let numbers: Vec<u32> = needed.iter().collect();
    let (mut taken, mut originals) = (Vec::with_capacity(numbers.len()), Vec::new());
    let blocks: Vec<&[u32]> = numbers.chunk_by(|one, two| block_of(*one) == block_of(*two)).collect();
    for blocks in blocks.chunks(BLOCKS_AT_ONCE) {
        let parts: Vec<Vec<(T, Option<Original>)>> =
            blocks.par_iter().map(|rows| read(rows)).collect::<Result<_, _>>()?;
        for (mut row, original) in parts.into_iter().flatten() {
            name(&mut row, original.map(|_| u32::try_from(originals.len()).unwrap_or(u32::MAX)));
            originals.extend(original);
            taken.push(row);
        }
    }
    Ok(Taken { rows: taken, originals, numbers })
}

/// Where the ids of rows can be looked up.
pub(super) trait Source: Sync {
    fn blocks(&self) -> usize;
    fn ids(&self, block: usize) -> Result<BlockIds, MemoryError>;
}

impl Source for Extract {
    fn blocks(&self) -> usize {
        Self::blocks(self)
    }

    fn ids(&self, block: usize) -> Result<BlockIds, MemoryError> {
        Self::ids(self, block)
    }
}

impl Source for LedgerRows {
    fn blocks(&self) -> usize {
        Self::blocks(self)
    }

    fn ids(&self, block: usize) -> Result<BlockIds, MemoryError> {
        Self::ids(self, block)
    }
}

/// Rows among which is searched.
pub(super) struct Searched<'a> {
    pub(super) source: &'a dyn Source,
    pub(super) rows: &'a mut Rows,
}

impl Searched<'_> {
    /// Looks at all ids, on all cores, and gives those of some rows that count, in the order of the blocks.
    fn ids(
        &self,
        of: impl Fn(&Rows) -> &Bits + Sync,
        counts: impl Fn(u64) -> bool + Sync,
    ) -> Result<Vec<u64>, MemoryError> {
        let rows = of(self.rows);
        if rows.count() == 0 {
            return Ok(Vec::new());
        }
        let one = |block: usize| {
            let ids = self.source.ids(block)?;
            Ok(ids.of(rows).filter(|id| counts(*id)).collect())
        };
        let found: Vec<Vec<u64>> = (0..self.source.blocks()).into_par_iter().map(one).collect::<Result<_, _>>()?;
        Ok(found.concat())
    }

    /// Takes every row that shares an id with those that are asked for, and gives all ids of the rows that it took.
    fn take_related(&mut self, asked: &Ids) -> Result<Vec<u64>, MemoryError> {
        let needed = &self.rows.needed;
        let one = |block: usize| {
            let ids = self.source.ids(block)?;
            let mut fresh = Bits::none(ids.lines());
            for (row, id) in ids.all() {
                if asked.has(id) && !needed.has(row) {
                    fresh.put(row - ids.first);
                }
            }
            let is_any = fresh.count() > 0;
            let of_fresh = |(row, _): &(u32, u64)| is_any && fresh.has(row - ids.first);
            let found = ids.all().filter(of_fresh).map(|(_, id)| id).collect();
            Ok((fresh.iter().map(|row| row + ids.first).collect(), found))
        };
        let blocks = (0..self.source.blocks()).into_par_iter();
        let found: Vec<(Vec<u32>, Vec<u64>)> = blocks.map(one).collect::<Result<_, MemoryError>>()?;
        let mut all = Vec::new();
        for (rows, ids) in found {
            rows.into_iter().for_each(|row| self.rows.needed.put(row));
            all.extend(ids);
        }
        Ok(all)
    }
}

/// Finds the rows that a run needs. `seeds` are the ids of everything that is known to be touched; `filter_bytes` is what a filter of ids
/// may take.
pub(super) fn needed(
    sides: &mut [Searched<'_>],
    seeds: impl Iterator<Item = u64>,
    filter_bytes: u64,
) -> Result<(), MemoryError> {
    let sum = |of: fn(&Rows) -> u64| sides.iter().map(|side| of(side.rows)).sum::<u64>();
    let (agreeing, closed) = (sum(|rows| rows.agreed.count()), sum(|rows| rows.closed.count()));
    let all = sum(|rows| rows.needed.rows().into());
    let is_any_closed = closed > 0;
    sides.iter_mut().for_each(|side| side.rows.take_open());
    if !is_any_closed && agreeing == 0 {
        // Nothing is known to be closed or agreed, so that all of it is needed.
        return Ok(());
    }
    // Where nothing is closed, only rows that agree can be asked for: if most rows are open, their ids need not be kept in mind.
    let is_mostly_open = all - closed - agreeing > agreeing;
    let agreed = (!is_any_closed && is_mostly_open).then(|| ids_of_agreed(sides, Bloom::for_ids(agreeing)));
    let agreed = agreed.transpose()?;
    let counts = |id: u64| agreed.as_ref().is_none_or(|agreed| agreed.may_have(id));
    let (mut known, mut asked) = (Ids::default(), Ids::default());
    let mut ask = |asked: &mut Ids, id: u64| {
        if counts(id) && known.add(id) {
            asked.add(id);
        }
    };
    seeds.for_each(|id| ask(&mut asked, id));
    if is_any_closed && agreeing > 0 {
        // A row has one or two ids, and shares them with its others: there are about as many as rows.
        let parts = Bloom::parts(agreeing, filter_bytes);
        for part in 0..parts {
            let agreed = ids_of_agreed(sides, Bloom::part(agreeing, (part, parts)))?;
            shared_with_closed(sides, &agreed)?.into_iter().for_each(|id| ask(&mut asked, id));
        }
    }
    for side in sides.iter() {
        side.ids(|rows| &rows.needed, counts)?.into_iter().for_each(|id| ask(&mut asked, id));
    }
    while !asked.is_empty() {
        let mut next = Ids::default();
        for side in sides.iter_mut() {
            side.take_related(&asked)?.into_iter().for_each(|id| ask(&mut next, id));
        }
        asked = next;
    }
    Ok(())
}

/// Adds the ids of the rows that agree to a filter.
fn ids_of_agreed(sides: &[Searched<'_>], agreed: Bloom) -> Result<Bloom, MemoryError> {
    let add = |id: u64| {
        agreed.add(id);
        false
    };
    sides.iter().try_for_each(|side| side.ids(|rows| &rows.agreed, add).map(drop))?;
    Ok(agreed)
}

/// The ids that rows which agree share with rows that were closed by earlier runs: neither side would ask for the other. The filter
/// gives a few too many; those are held against the ids themselves.
fn shared_with_closed(sides: &[Searched<'_>], agreed: &Bloom) -> Result<Vec<u64>, MemoryError> {
    let mut likely = Ids::default();
    for side in sides {
        for id in side.ids(|rows| &rows.closed, |id| agreed.may_have(id))? {
            likely.add(id);
        }
    }
    let mut shared = Vec::new();
    if !likely.is_empty() {
        for side in sides {
            shared.extend(side.ids(|rows| &rows.agreed, |id| likely.has(id))?);
        }
    }
    Ok(shared)
}
