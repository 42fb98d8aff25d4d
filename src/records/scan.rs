//! Where a record ends. The one place that knows how quotes and line ends play together.

use memchr::{memchr, memchr2};

/// What the bytes from the start of a record say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scan {
    /// A whole record: its content is `..end`, the next record starts at `next`.
    Whole {
        /// End of the content, before the line end.
        end: usize,
        /// Start of the next record.
        next: usize,
    },
    /// The bytes end before the record does.
    Unfinished {
        /// Whether they end inside quotes.
        quoted: bool,
    },
    /// A closing quote is followed by something else than a comma or a line end.
    TextAfterQuote,
}

/// Finds the end of the record that starts with these bytes, and has a quote in its first physical line; `last` says that the file
/// ends with them.
///
/// A quote opens only at the start of a field; elsewhere it is data. LF and CRLF end a record, and so does the end of the
/// file, with or without a CR before it; any other CR is data.
pub(super) fn scan_quoted(bytes: &[u8], last: bool) -> Scan {
    let mut at = 0;
    loop {
        if bytes.get(at) != Some(&b'"') {
            match memchr2(b',', b'\n', &bytes[at..]) {
                Some(length) if bytes[at + length] == b',' => at += length + 1,
                Some(length) => return whole(bytes, at + length, at + length + 1),
                None if last => return whole(bytes, bytes.len(), bytes.len()),
                None => return Scan::Unfinished { quoted: false },
            }
            continue;
        }
        let Some(closing) = closing_quote(bytes, at + 1) else { return Scan::Unfinished { quoted: true } };
        at = closing + 1;
        match &bytes[at..] {
            [b',', ..] => at += 1,
            [b'\n', ..] => return Scan::Whole { end: at, next: at + 1 },
            [b'\r', b'\n', ..] => return Scan::Whole { end: at, next: at + 2 },
            [] | [b'\r'] if last => return Scan::Whole { end: at, next: bytes.len() },
            [] | [b'\r'] => return Scan::Unfinished { quoted: false },
            _ => return Scan::TextAfterQuote,
        }
    }
}

/// A record whose last field is not quoted; a CR before its end belongs to the line end.
fn whole(bytes: &[u8], end: usize, next: usize) -> Scan {
    Scan::Whole { end: end - usize::from(bytes[..end].last() == Some(&b'\r')), next }
}

/// Where the first quote stands, or the end of the bytes.
pub(super) fn first_quote(bytes: &[u8]) -> usize {
    memchr(b'"', bytes).unwrap_or(bytes.len())
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
