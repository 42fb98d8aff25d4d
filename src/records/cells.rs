//! The cells of a record.

use memchr::memchr;

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
            self.unquote(record);
            return Row { text: &self.unquoted, spans: &self.spans };
        }
        self.cut_at_commas(record);
        Row { text: record, spans: &self.spans }
    }

    /// Cuts a record without quotes. Cells are short, so commas are looked for in eight bytes at a time rather than one by one.
    fn cut_at_commas(&mut self, record: &[u8]) {
        const COMMAS: u64 = u64::from_ne_bytes([b','; 8]);
        let mut start = 0;
        let mut cell_ends_at = |comma: u32| {
            self.spans.push((start, comma));
            start = comma + 1;
        };
        let (words, rest) = record.as_chunks::<8>();
        let mut base = 0;
        for word in words {
            let mut commas = zero_bytes(u64::from_le_bytes(*word) ^ COMMAS);
            while commas != 0 {
                cell_ends_at(base + commas.trailing_zeros() / 8);
                commas &= commas - 1;
            }
            base += 8;
        }
        for &byte in rest {
            if byte == b',' {
                cell_ends_at(base);
            }
            base += 1;
        }
        self.spans.push((start, base));
    }

    /// Cuts a record with quotes; what follows a closing quote up to the comma is taken as it stands.
    fn unquote(&mut self, record: &[u8]) {
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
                return;
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

/// The highest bit of each byte that is zero.
const fn zero_bytes(word: u64) -> u64 {
    const LOW_SEVEN: u64 = u64::from_ne_bytes([0x7f; 8]);
    !(((word & LOW_SEVEN) + LOW_SEVEN) | word | LOW_SEVEN)
}

/// An offset inside a record.
fn position(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}
