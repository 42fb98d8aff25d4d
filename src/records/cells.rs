//! The cells of a record.

use memchr::{memchr, memchr_iter};

use super::scan::closing_quote;

/// Cuts records into cells, in buffers that are reused from record to record.
#[derive(Debug, Default)]
pub struct Cells {
    /// Start and end of each cell in the record, or in `unquoted`.
    spans: Vec<(u32, u32)>,
    /// The cells' text without quotes, if the record has any.
    unquoted: Vec<u8>,
}

/// The cells of one record.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    text: &'a [u8],
    spans: &'a [(u32, u32)],
}

impl Cells {
    /// Cuts one record (without its line end; at most 4 GiB, which [`MAX_RECORD_BYTES`](super::MAX_RECORD_BYTES) is far below).
    pub fn cut<'a>(&'a mut self, record: &'a [u8]) -> Row<'a> {
        self.spans.clear();
        if memchr(b'"', record).is_some() {
            return self.unquote(record);
        }
        self.cut_at_commas(record);
        self.row(record)
    }

    /// Cuts a record without quotes.
    fn cut_at_commas(&mut self, record: &[u8]) {
        let mut start = 0;
        for comma in memchr_iter(b',', record).map(position) {
            self.spans.push((start, comma));
            start = comma + 1;
        }
        self.spans.push((start, position(record.len())));
    }

    /// Where the cells of the next record go, for a caller that cuts records without quotes itself.
    pub(super) fn start(&mut self) -> &mut Vec<(u32, u32)> {
        self.spans.clear();
        &mut self.spans
    }

    /// The cells that were cut out of this text.
    pub(super) fn row<'a>(&'a self, text: &'a [u8]) -> Row<'a> {
        Row { text, spans: &self.spans }
    }

    /// Cuts a record with quotes; what follows a closing quote up to the comma is taken as it stands.
    pub(super) fn unquote(&mut self, record: &[u8]) -> Row<'_> {
        self.spans.clear();
        self.unquoted.clear();
        let mut at = 0;
        loop {
            let start = self.unquoted.len();
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
            self.spans.push((position(start), position(self.unquoted.len())));
            if length.is_none() {
                return Row { text: &self.unquoted, spans: &self.spans };
            }
            at = end + 1;
        }
    }
}

impl<'a> Row<'a> {
    /// How many cells there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.spans.len()
    }

    /// Whether there is no cell; a record has at least one.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// The cell at a position; empty beyond the last.
    #[must_use]
    pub fn get(&self, at: usize) -> &'a [u8] {
        match self.spans.get(at) {
            Some(&(start, end)) => &self.text[start as usize..end as usize],
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
