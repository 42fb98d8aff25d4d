//! Taking the lines of a file of details from the parser: they go to the memory beside the archive, block by block, and what is compared
//! of the day's plain payments is marked (`matching::agreed`). So no file's lines are ever in memory at once.

use std::sync::{Mutex, PoisonError};

use crate::id::Symbols;
use crate::matching::agreed::{Mark, Marker};
use crate::memory::{Extract, Meaning, MemoryError, PackedLines, Unkept, Writer};
use crate::movement::ReportKind;
use crate::pipeline::marks::Marks;
use crate::proof::{BatchSums, LineSums};
use crate::report::{Keeper, Line, Original, ParsedReport};

/// Takes the lines of one file.
pub(super) struct Keeping<'a> {
    kind: ReportKind,
    /// Marks the lines of the day.
    marker: Option<Marker<'a>>,
    /// Adds up lines of settlement details whose money nobody looks at.
    sums: Option<LineSums>,
    state: Mutex<State<'a>>,
}

struct State<'a> {
    writer: Writer,
    marks: &'a mut Marks,
    lines: u32,
    has_marked: bool,
    failed: Option<MemoryError>,
}

/// The lines of one block.
#[derive(Default)]
pub(super) struct Packed {
    lines: Option<PackedLines>,
    marks: Vec<Mark>,
}

/// What was kept of a file.
pub(super) struct Kept {
    pub(super) extract: Extract,
    pub(super) unkept: Unkept,
    /// What the lines of its batches come to.
    pub(super) sums: BatchSums,
    pub(super) lines: u64,
}

impl<'a> Keeping<'a> {
    /// Takes the lines of a file; `adds_up` them if nothing else does.
    pub(super) fn new(
        (kind, adds_up): (ReportKind, bool),
        writer: Writer,
        marker: Option<Marker<'a>>,
        marks: &'a mut Marks,
    ) -> Self {
        let state = State { writer, marks, lines: 0, has_marked: false, failed: None };
        Self { kind, marker, sums: adds_up.then(LineSums::default), state: Mutex::new(state) }
    }

    /// Whether lines were marked.
    pub(super) fn has_marked(&self) -> bool {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).has_marked
    }

    /// When all lines are taken; `proved` is what they come to if that was added up elsewhere.
    pub(super) fn finish(
        self,
        (report, turned): (&ParsedReport, bool),
        proved: Option<BatchSums>,
        symbols: &Symbols,
        meaning: Meaning,
    ) -> Result<Kept, MemoryError> {
        let sums = self.sums.map(LineSums::finish).or(proved).unwrap_or_default();
        let State { writer, lines, failed, .. } = self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        if let Some(error) = failed {
            return Err(error);
        }
        let (extract, unkept) = writer.finish((report, &sums, turned), symbols, meaning)?;
        Ok(Kept { extract, unkept, sums, lines: u64::from(lines) })
    }
}

impl Keeper for Keeping<'_> {
    type Packed = Packed;

    fn pack(&self, lines: &[Line], originals: &[Original]) -> Packed {
        let of = |marker: Marker<'_>| (self.kind, marker.today);
        let mark = |(row, line): (u32, &Line)| self.marker.and_then(|marker| marker.line(of(marker), line, row));
        if let Some(sums) = &self.sums {
            sums.add(lines);
        }
        let mut marks = Vec::with_capacity(if self.marker.is_some() { lines.len() } else { 0 });
        marks.extend((0..).zip(lines).filter_map(mark));
        Packed { lines: Some(PackedLines::of(lines, originals)), marks }
    }

    fn take(&self, packed: Packed) {
        let Some(lines) = packed.lines else { return };
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let state = &mut *state;
        if state.failed.is_some() {
            return;
        }
        let written = state.writer.put(&lines).and_then(|()| {
            state.has_marked |= !packed.marks.is_empty();
            state.marks.extend(packed.marks.iter().map(|mark| mark.moved(state.lines)))?;
            state.lines += lines.lines();
            Ok(())
        });
        state.failed = written.err();
    }
}
