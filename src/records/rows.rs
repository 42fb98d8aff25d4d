//! The records of a block, and their cells.

use memchr::memchr_iter;
use wide::u8x16;

use super::Block;
use super::cells::{Cells, Row, position};
use super::scan::{Record, Scan, first_quote, scan_quoted};

/// How many bytes are looked at together.
const CHUNK: usize = 64;

/// The records of a block of whole records, each cut into cells, in buffers that are used again for the next one.
#[derive(Debug)]
pub struct Rows<'a> {
    block: &'a Block,
    /// Where the next record starts, in the block and as a physical line.
    start: u32,
    line: u32,
    /// The first quote that does not stand before the next record, or the end of the block.
    quote: u32,
    breaks: Breaks,
    cells: Cells,
}

/// Where the commas and line ends of a chunk stand, from some place on: a bit for each byte, the lowest for the first.
#[derive(Debug, Clone, Copy, Default)]
struct Breaks {
    /// The chunk starts here.
    base: u32,
    commas: u64,
    ends: u64,
}

impl Breaks {
    /// Of the chunk that starts here.
    fn at(bytes: &[u8], base: u32) -> Self {
        let bytes = bytes.get(base as usize..).unwrap_or_default();
        let chunk = bytes.first_chunk::<CHUNK>().copied().unwrap_or_else(|| {
            let mut padded = [0; CHUNK];
            padded[..bytes.len()].copy_from_slice(bytes);
            padded
        });
        Self { base, commas: places(&chunk, b','), ends: places(&chunk, b'\n') }
    }
}

/// Where a byte stands in a chunk.
fn places(chunk: &[u8; CHUNK], wanted: u8) -> u64 {
    let wanted = u8x16::splat(wanted);
    let sixteen = |bytes: &[u8; 16]| u64::from(u8x16::new(*bytes).simd_eq(wanted).to_bitmask());
    chunk.as_chunks().0.iter().rev().fold(0, |all, bytes| all << 16 | sixteen(bytes))
}

impl<'a> Rows<'a> {
    pub(super) fn new(block: &'a Block) -> Self {
        let (quote, breaks) = (position(first_quote(&block.bytes)), Breaks::at(&block.bytes, 0));
        Self { block, start: 0, line: block.line, quote, breaks, cells: Cells::default() }
    }

    /// The next record.
    pub fn next_row(&mut self) -> Option<(Record<'a>, Row<'_>)> {
        let bytes = &self.block.bytes[..];
        if self.start as usize >= bytes.len() {
            return None;
        }
        let (end, line_end) = self.cut_line();
        if self.quote < end {
            return Some(self.quoted_row());
        }
        let record = self.record(end as usize);
        self.line = self.line.saturating_add(u32::from(bytes.len() > line_end as usize));
        self.start = line_end + 1;
        Some((record, self.cells.row(bytes)))
    }

    fn record(&self, end: usize) -> Record<'a> {
        let start = self.start as usize;
        Record { bytes: &self.block.bytes[start..end], offset: self.block.offset + start as u64, line: self.line }
    }

    /// Cuts the next physical line as if it had no quotes, and gives the end of its last cell and of itself.
    fn cut_line(&mut self) -> (u32, u32) {
        let (bytes, bounds) = (&self.block.bytes[..], self.cells.bounds());
        bounds.start(self.start);
        let whole = position(bytes.len());
        let mut breaks = self.breaks;
        let line_end = loop {
            let Breaks { base, commas, ends } = breaks;
            if ends != 0 {
                let end = ends.trailing_zeros();
                // The bits below the line's end.
                let inside = (1 << end) - 1;
                bounds.end_all(base, commas & inside);
                breaks = Breaks { base, commas: commas & !inside, ends: ends & (ends - 1) };
                break base + end;
            }
            bounds.end_all(base, commas);
            let next = base.saturating_add(CHUNK as u32);
            if next >= whole {
                breaks = Breaks { base: next, ..Breaks::default() };
                break whole;
            }
            breaks = Breaks::at(bytes, next);
        };
        self.breaks = breaks;
        // A CR before the end of a line belongs to it.
        let last = bytes[bounds.open() as usize..line_end as usize].last();
        let end = line_end - u32::from(last == Some(&b'\r'));
        bounds.end(end);
        (end, line_end)
    }

    /// The next record, whose first physical line has a quote.
    #[cold]
    fn quoted_row(&mut self) -> (Record<'a>, Row<'_>) {
        let (bytes, start) = (&self.block.bytes[..], self.start as usize);
        // A block holds whole records only; should that ever fail, the rest of it comes out as one record.
        let (end, next) = match scan_quoted(&bytes[start..], true) {
            Scan::Whole { end, next } => (start + end, start + next),
            Scan::Unfinished { .. } | Scan::TextAfterQuote => (bytes.len(), bytes.len()),
        };
        let record = self.record(end);
        let breaks = memchr_iter(b'\n', record.bytes).count() + usize::from(bytes[..next].last() == Some(&b'\n'));
        self.line = self.line.saturating_add(u32::try_from(breaks).unwrap_or(u32::MAX));
        self.start = position(next);
        self.quote = position(next + first_quote(&bytes[next..]));
        self.breaks = Breaks::at(bytes, self.start);
        (record, self.cells.unquote(record.bytes))
    }
}

/// The records of a block of whole records.
#[derive(Debug)]
pub struct Records<'a>(Rows<'a>);

impl<'a> From<Rows<'a>> for Records<'a> {
    fn from(rows: Rows<'a>) -> Self {
        Self(rows)
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = Record<'a>;

    fn next(&mut self) -> Option<Record<'a>> {
        self.0.next_row().map(|(record, _)| record)
    }
}
