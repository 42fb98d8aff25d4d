//! The cells of a record.

use memchr::{memchr, memchr_iter};

use super::scan::closing_quote;

/// Cuts records into cells, in buffers that are reused from record to record.
#[derive(Debug, Default)]
pub struct Cells {
    bounds: Bounds,
    /// The cells' text without quotes, with a comma after each, if the record has any.
    unquoted: Vec<u8>,
}

/// What stands around the cells of a record: the byte before the first, which may be none, and the byte behind each.
#[derive(Debug, Default)]
pub(super) struct Bounds {
    /// Has room for a chunk's more than it holds.
    places: Vec<u32>,
    held: usize,
}

/// The cells of one record.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    text: &'a [u8],
    /// As in [`Bounds`].
    bounds: &'a [u32],
}

impl Bounds {
    /// Cells that end in a chunk at most.
    const CHUNK: usize = u64::BITS as usize;

    /// Starts a record, of which no cell is known.
    pub(super) fn start(&mut self, at: u32) {
        self.held = 0;
        self.end(at.wrapping_sub(1));
    }

    /// Ends a cell before this byte.
    pub(super) fn end(&mut self, at: u32) {
        self.room()[0] = at;
        self.held += 1;
    }

    /// Ends a cell before each byte of a chunk that has a bit; the lowest is that of the byte at `base`.
    pub(super) fn end_all(&mut self, base: u32, mut bits: u64) {
        let found = bits.count_ones() as usize;
        let room = self.room();
        let next = |bits: &mut u64| {
            let at = base.wrapping_add(bits.trailing_zeros());
            *bits &= bits.wrapping_sub(1);
            at
        };
        // As many as most chunks have, whether they are there or not: a processor need not guess how many there are.
        for place in &mut room[..8] {
            *place = next(&mut bits);
        }
        let mut at = 8;
        while bits != 0 {
            room[at % Self::CHUNK] = next(&mut bits);
            at += 1;
        }
        self.held += found;
    }

    /// Where the cell begins that is not ended yet.
    pub(super) fn open(&self) -> u32 {
        self.all().last().map_or(0, |before| before.wrapping_add(1))
    }

    fn all(&self) -> &[u32] {
        &self.places[..self.held]
    }

    fn room(&mut self) -> &mut [u32; Self::CHUNK] {
        if self.places.len() < self.held + Self::CHUNK {
            self.places.resize(2 * (self.held + Self::CHUNK), 0);
        }
        self.places[self.held..].first_chunk_mut().expect("there is room for a chunk")
    }
}

impl Cells {
    /// Cuts one record (without its line end; at most 4 GiB, which [`MAX_RECORD_BYTES`](super::MAX_RECORD_BYTES) is far below).
    pub fn cut<'a>(&'a mut self, record: &'a [u8]) -> Row<'a> {
        if memchr(b'"', record).is_some() {
            return self.unquote(record);
        }
        self.bounds.start(0);
        memchr_iter(b',', record).map(position).for_each(|comma| self.bounds.end(comma));
        self.bounds.end(position(record.len()));
        self.row(record)
    }

    /// Where the cells of the next record go, for a caller that cuts records without quotes itself.
    pub(super) const fn bounds(&mut self) -> &mut Bounds {
        &mut self.bounds
    }

    /// The cells that were cut out of this text.
    pub(super) fn row<'a>(&'a self, text: &'a [u8]) -> Row<'a> {
        Row { text, bounds: self.bounds.all() }
    }

    /// Cuts a record with quotes; what follows a closing quote up to the comma is taken as it stands.
    pub(super) fn unquote(&mut self, record: &[u8]) -> Row<'_> {
        self.bounds.start(0);
        self.unquoted.clear();
        let mut at = 0;
        loop {
            if record.get(at) == Some(&b'"') {
                let closing = closing_quote(record, at + 1).unwrap_or(record.len());
                let mut rest = &record[at + 1..closing];
                while let Some(quote) = memchr(b'"', rest) {
                    self.unquoted.extend_from_slice(&rest[..=quote]);
                    rest = &rest[(quote + 2).min(rest.len())..];
                }
                self.unquoted.extend_from_slice(rest);
                at = (closing + 1).min(record.len());
            }
            let length = memchr(b',', &record[at..]);
            let end = length.map_or(record.len(), |length| at + length);
            self.unquoted.extend_from_slice(&record[at..end]);
            self.bounds.end(position(self.unquoted.len()));
            if length.is_none() {
                return self.row(&self.unquoted);
            }
            self.unquoted.push(b',');
            at = end + 1;
        }
    }
}

impl<'a> Row<'a> {
    /// How many cells there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.bounds.len().saturating_sub(1)
    }

    /// Whether there is no cell; a record has at least one.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The cell at a position; empty beyond the last.
    #[must_use]
    pub fn get(&self, at: usize) -> &'a [u8] {
        match self.bounds.get(at..).and_then(<[u32]>::first_chunk) {
            Some(&[before, end]) => &self.text[before.wrapping_add(1) as usize..end as usize],
            None => b"",
        }
    }

    /// All cells.
    pub fn iter(&self) -> impl Iterator<Item = &'a [u8]> + '_ {
        (0..self.len()).map(|at| self.get(at))
    }
}

/// An offset inside a record.
pub(super) fn position(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}
