//! The records of a block, and their cells.

use memchr::memchr_iter;

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
    breaks: Breaks<'a>,
    cells: Cells,
}

/// Where the commas and line ends of a block stand, from some place on.
#[derive(Debug, Clone, Copy)]
struct Breaks<'a> {
    bytes: &'a [u8],
    /// The chunk that is looked at starts here.
    base: u32,
    /// What of the chunk is left, a bit for each byte.
    found: u64,
}

impl<'a> Breaks<'a> {
    fn from(bytes: &'a [u8], base: u32) -> Self {
        Self { bytes, base, found: breaks(&bytes[base as usize..]) }
    }
}

impl Iterator for Breaks<'_> {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        while self.found == 0 {
            self.base += CHUNK as u32;
            self.found = breaks(self.bytes.get(self.base as usize..)?);
        }
        let at = self.base + self.found.trailing_zeros();
        self.found &= self.found - 1;
        Some(at)
    }
}

/// The commas and line ends of the first bytes, up to a chunk: a bit for each byte, the lowest for the first.
fn breaks(bytes: &[u8]) -> u64 {
    let chunk = bytes.first_chunk::<CHUNK>().copied().unwrap_or_else(|| {
        let mut padded = [0; CHUNK];
        padded[..bytes.len()].copy_from_slice(bytes);
        padded
    });
    // All at once and without a branch, so that the compiler compares many bytes at a time.
    let mut ones = [0; CHUNK];
    for (one, &byte) in ones.iter_mut().zip(&chunk) {
        *one = u8::from(byte == b',' || byte == b'\n');
    }
    // The multiplication puts the ones of eight bytes side by side in the highest byte.
    let bits = |word: &[u8; 8]| u64::from_le_bytes(*word).wrapping_mul(0x0102_0408_1020_4080) >> 56;
    ones.as_chunks().0.iter().rev().fold(0, |all, word| all << 8 | bits(word))
}

impl<'a> Rows<'a> {
    pub(super) fn new(block: &'a Block) -> Self {
        let (quote, breaks) = (position(first_quote(&block.bytes)), Breaks::from(&block.bytes, 0));
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
        let (bytes, spans) = (&self.block.bytes[..], self.cells.start());
        let (mut cell, mut line_end) = (self.start, position(bytes.len()));
        for at in &mut self.breaks {
            if bytes.get(at as usize) != Some(&b',') {
                line_end = at;
                break;
            }
            spans.push((cell, at));
            cell = at + 1;
        }
        // A CR before the end of a line belongs to it.
        let end = line_end - u32::from(bytes[cell as usize..line_end as usize].last() == Some(&b'\r'));
        spans.push((cell, end));
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
        self.breaks = Breaks::from(bytes, self.start);
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
