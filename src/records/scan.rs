//! Where a record ends. The one place that knows how quotes and line ends play together.

use memchr::{memchr, memchr_iter, memchr2};

/// What the bytes from the start of a record say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scan {
    /// A whole record: its content is `..end`, the next record starts at `next`.
    Whole {
        /// End of the content, before the line end.
        end: usize,
        /// Start of the next record.
        next: usize,
        /// Whether it holds quotes, and so perhaps line ends.
        quoted: bool,
    },
    /// The bytes end before the record does.
    Unfinished {
        /// Whether they end inside quotes.
        quoted: bool,
    },
    /// A closing quote is followed by something else than a comma or a line end.
    TextAfterQuote,
}

/// Finds the end of the record that starts with these bytes; `last` says that the file ends with them.
///
/// A quote opens only at the start of a field; elsewhere it is data. LF and CRLF end a record, and so does the end of the
/// file, with or without a CR before it; any other CR is data.
pub(super) fn scan_record(bytes: &[u8], last: bool) -> Scan {
    let line_end = memchr(b'\n', bytes);
    let physical_line = &bytes[..line_end.unwrap_or(bytes.len())];
    if memchr(b'"', physical_line).is_none() {
        return match line_end {
            Some(at) => whole(bytes, at, at + 1, false),
            None if last => whole(bytes, bytes.len(), bytes.len(), false),
            None => Scan::Unfinished { quoted: false },
        };
    }
    scan_quoted(bytes, last)
}

/// Scans field by field.
fn scan_quoted(bytes: &[u8], last: bool) -> Scan {
    let mut at = 0;
    loop {
        if bytes.get(at) != Some(&b'"') {
            match memchr2(b',', b'\n', &bytes[at..]) {
                Some(length) if bytes[at + length] == b',' => at += length + 1,
                Some(length) => return whole(bytes, at + length, at + length + 1, true),
                None if last => return whole(bytes, bytes.len(), bytes.len(), true),
                None => return Scan::Unfinished { quoted: false },
            }
            continue;
        }
        let Some(closing) = closing_quote(bytes, at + 1) else { return Scan::Unfinished { quoted: true } };
        at = closing + 1;
        match &bytes[at..] {
            [b',', ..] => at += 1,
            [b'\n', ..] => return Scan::Whole { end: at, next: at + 1, quoted: true },
            [b'\r', b'\n', ..] => return Scan::Whole { end: at, next: at + 2, quoted: true },
            [] | [b'\r'] if last => return Scan::Whole { end: at, next: bytes.len(), quoted: true },
            [] | [b'\r'] => return Scan::Unfinished { quoted: false },
            _ => return Scan::TextAfterQuote,
        }
    }
}

/// A record whose last field is not quoted; a CR before its end belongs to the line end.
fn whole(bytes: &[u8], end: usize, next: usize, quoted: bool) -> Scan {
    Scan::Whole { end: end - usize::from(bytes[..end].last() == Some(&b'\r')), next, quoted }
}

/// The quote that closes a field whose content starts at `from`: the first that is not doubled.
pub(crate) fn closing_quote(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        at += memchr(b'"', bytes.get(at..)?)?;
        if bytes.get(at + 1) != Some(&b'"') {
            return Some(at);
        }
        at += 2;
    }
}

/// One record of a block, without its line end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record<'a> {
    /// Its bytes.
    pub bytes: &'a [u8],
    /// Offset of its first byte in the file.
    pub offset: u64,
    /// Physical line where it starts.
    pub line: u32,
}

impl Record<'_> {
    /// Whether it holds nothing but blanks.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        self.bytes.first().is_none_or(u8::is_ascii_whitespace) && self.bytes.trim_ascii().is_empty()
    }
}

/// The records of a block of whole records.
#[derive(Debug)]
pub struct Records<'a> {
    rest: &'a [u8],
    offset: u64,
    line: u32,
}

impl<'a> Records<'a> {
    pub(super) const fn new(bytes: &'a [u8], offset: u64, line: u32) -> Self {
        Self { rest: bytes, offset, line }
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = Record<'a>;

    fn next(&mut self) -> Option<Record<'a>> {
        if self.rest.is_empty() {
            return None;
        }
        // A block holds whole records only; should that ever fail, the rest of it comes out as one record.
        let (end, next, quoted) = match scan_record(self.rest, true) {
            Scan::Whole { end, next, quoted } => (end, next, quoted),
            Scan::Unfinished { .. } | Scan::TextAfterQuote => (self.rest.len(), self.rest.len(), true),
        };
        let (taken, rest) = self.rest.split_at(next);
        let record = Record { bytes: &taken[..end], offset: self.offset, line: self.line };
        self.rest = rest;
        self.offset += next as u64;
        let inside = if quoted { memchr_iter(b'\n', &taken[..end]).count() } else { 0 };
        let breaks = inside + usize::from(taken.last() == Some(&b'\n'));
        self.line = self.line.saturating_add(u32::try_from(breaks).unwrap_or(u32::MAX));
        Some(record)
    }
}
