//! Both contents of a report, line by line, within the memory that a run may take: marks wait by partition, on the disk where memory is
//! short, and so does what became of the lines.

use std::io::{BufReader, Read};

use rayon::iter::{IntoParallelIterator, ParallelIterator};

use crate::memory::{MemoryError, Sorted, Sorter, Spilled, by_place};
use crate::movement::ReportKind;
use crate::report::{
    Age, Contents, Counts, Difference, Incomparable, LineChange, LineMark, PARTITIONS, ReportOptions, Stopped, pair,
};

use crate::pipeline::aside::Aside;
use crate::pipeline::{Job, recall};

/// What became of the lines may take so much memory.
const HELD_BYTES: usize = 32 << 20;

/// A partition of which both sides take so much need not be asked for: 80,000 lines.
const UNASKED_BYTES: u64 = 4 << 20;

impl Spilled for LineMark {
    const BYTES: usize = Self::BYTES;

    fn put(&self, to: &mut Vec<u8>) {
        Self::put(self, to);
    }

    fn take(bytes: &[u8]) -> Option<Self> {
        Self::take(bytes)
    }
}

/// What differs between two contents.
pub(super) struct Compared {
    /// Columns, and how cells are read.
    pub(super) difference: Difference,
    /// How many lines.
    pub(super) counts: Counts,
    /// Which, in the order of their places.
    pub(super) lines: Sorted<LineChange>,
}

/// Compares two contents on the current rayon pool, or says why they cannot be compared.
pub(super) fn compare(
    job: &Job<'_>,
    (older, newer): (impl Read + Send, impl Read + Send),
    (kind, rules): (ReportKind, &ReportOptions),
) -> anyhow::Result<Result<Compared, Incomparable>> {
    let opened = Contents::open(BufReader::new(older), BufReader::new(newer), kind, rules, job.keys);
    let contents = match opened {
        Ok(contents) => contents,
        Err(why) => return Ok(Err(why)),
    };
    let aside = || Aside::new(&job.memory, job.room).map_err(recall::failed);
    let (mut before, mut after) = (aside()?, aside()?);
    let read = contents.read(|age, mark| {
        let side = if age == Age::Older { &mut before } else { &mut after };
        side.put(mark.partition(), mark)
    });
    let difference = match read {
        Ok(difference) => difference,
        Err(Stopped::Incomparable(why)) => return Ok(Err(why)),
        Err(Stopped::Taking(error)) => return Err(recall::failed(error)),
    };
    let (counts, lines) = paired(job, &before, &after)?;
    Ok(Ok(Compared { difference, counts, lines }))
}

/// Pairs the lines of each partition, some partitions at a time.
fn paired(
    job: &Job<'_>,
    before: &Aside<LineMark>,
    after: &Aside<LineMark>,
) -> anyhow::Result<(Counts, Sorted<LineChange>)> {
    let all = 0..PARTITIONS;
    let largest = before.largest_bytes(all.clone()) + after.largest_bytes(all.clone());
    if largest > UNASKED_BYTES {
        // Once as they are read, and again by what is left of those about the same, and by what became of them.
        job.room.for_stage("comparing a restated report", 4 * largest)?;
    }
    let together = before.at_once(all.clone()).min(after.at_once(all));
    let held = job.room.for_waiting_rows().map_or(HELD_BYTES, |bytes| HELD_BYTES.min(bytes));
    let (mut counts, mut lines) = (Counts::default(), Sorter::new(&job.memory, by_place, held));
    for first in (0..PARTITIONS).step_by(together) {
        let some = (first..PARTITIONS.min(first + together)).into_par_iter();
        let one = |at: usize| Ok(pair(before.read(at)?, after.read(at)?));
        let some: Vec<Result<_, MemoryError>> = some.map(one).collect();
        for of_partition in some {
            let (more, changes) = of_partition.map_err(recall::failed)?;
            counts = counts.with(more);
            changes.iter().try_for_each(|change| lines.put(change)).map_err(recall::failed)?;
        }
    }
    Ok((counts, lines.finish().map_err(recall::failed)?))
}
