//! The strings that cells name by number. A small workbook may hold a gigabyte of them, so that only the first lie in memory, among
//! which are those that come again and again: programs number them as they come. The others lie in a file of the caller's.
//!
//! ```text
//! page: where each of its strings ends (u32, little endian), then their texts, one after the other
//! page
//! …
//! ```

use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};

use super::WorkbookError;
use super::bounds::{Limits, MAX_SHARED_BYTES, MAX_SHARED_STRINGS};
use super::strings::rich_text;
use super::xml::{Node, Xml};

/// Bytes after which a page ends: as much as is read for one string, and 300,000 pages at most, 8 bytes of memory each.
const PAGE_BYTES: usize = 4 << 10;

/// Pages that lie in memory, 8 MiB of them if each ends with the longest string.
const CACHED_PAGES: usize = 64;

/// Bytes that are written at once.
const BUFFER_BYTES: usize = 256 << 10;

/// Bytes of where a string ends.
const END_BYTES: usize = size_of::<u32>();

// All places in the file are numbers of 32 bits.
const _: () = assert!(MAX_SHARED_BYTES + END_BYTES * MAX_SHARED_STRINGS < u32::MAX as usize);

/// The shared strings of a workbook.
pub(super) struct SharedStrings<S> {
    /// How many there are.
    count: usize,
    /// The first ones.
    held: Strings,
    file: S,
    /// The pages of the file, in order.
    pages: Vec<Page>,
    /// Where the last page ends.
    end: u32,
    /// Pages that were read last, each where its number modulo [`CACHED_PAGES`] puts it.
    cache: Vec<Cached>,
}

/// Strings, one after the other.
#[derive(Debug, Default)]
struct Strings {
    text: String,
    /// Where each ends; it starts where the one before ends.
    ends: Vec<u32>,
}

/// Strings in the file.
#[derive(Debug, Clone, Copy)]
struct Page {
    /// The number of its first string.
    first: u32,
    /// Where it starts.
    at: u32,
}

/// A page in memory; none if there are no bytes.
#[derive(Debug, Clone, Default)]
struct Cached {
    page: usize,
    bytes: Vec<u8>,
}

impl Strings {
    fn bytes(&self) -> usize {
        self.text.len() + END_BYTES * self.ends.len()
    }

    fn get(&self, number: usize) -> Option<&str> {
        let end = *self.ends.get(number)? as usize;
        let start = number.checked_sub(1).map_or(0, |before| self.ends[before] as usize);
        self.text.get(start..end)
    }

    /// Writes them as a page, and forgets them.
    fn write(&mut self, out: &mut impl Write) -> io::Result<()> {
        self.ends.iter().try_for_each(|end| out.write_all(&end.to_le_bytes()))?;
        out.write_all(self.text.as_bytes())?;
        self.text.clear();
        self.ends.clear();
        Ok(())
    }
}

impl<S> SharedStrings<S> {
    /// None.
    pub(super) fn none(file: S) -> Self {
        Self { count: 0, held: Strings::default(), file, pages: Vec::new(), end: 0, cache: Vec::new() }
    }
}

impl<S: Write> SharedStrings<S> {
    /// Reads them all, into a file that is empty.
    pub(super) fn read(mut xml: Xml<'_>, file: S, limits: &Limits) -> Result<Self, WorkbookError> {
        let place = format!("part `{}`", xml.part());
        let bound = |what, most: usize| WorkbookError::Bound { place: place.clone(), what, most: most as u64 };
        let mut strings = SharedStrings::none(BufWriter::with_capacity(BUFFER_BYTES, file));
        let (mut filling, mut bytes) = (Strings::default(), 0);
        xml.root("sst")?;
        loop {
            let before = filling.text.len();
            match xml.next()? {
                Node::Open(tag) if tag.name() == "si" => rich_text(&mut xml, &mut filling.text, limits)?,
                Node::Open(_) => {
                    xml.skip()?;
                    continue;
                }
                Node::Close => break,
                Node::Text(_) | Node::Nothing | Node::End => continue,
            }
            bytes += filling.text.len() - before;
            if bytes > limits.shared_bytes {
                return Err(bound("bytes of shared strings", limits.shared_bytes));
            }
            if strings.count >= limits.shared_strings {
                return Err(bound("shared strings", limits.shared_strings));
            }
            strings.count += 1;
            filling.ends.push(small(filling.text.len()));
            strings.put_away(&mut filling, limits)?;
        }
        xml.finish()?;
        strings.finish(filling)
    }
}

impl<S: Write> SharedStrings<BufWriter<S>> {
    /// Keeps what was read, if it is as much as is kept at once.
    fn put_away(&mut self, filling: &mut Strings, limits: &Limits) -> Result<(), WorkbookError> {
        let is_first = self.held.ends.is_empty();
        if is_first && filling.bytes() >= limits.held_bytes {
            self.held = std::mem::take(filling);
        } else if !is_first && filling.bytes() >= PAGE_BYTES {
            self.write_page(filling)?;
        }
        Ok(())
    }

    fn write_page(&mut self, filling: &mut Strings) -> Result<(), WorkbookError> {
        self.pages.push(Page { first: small(self.count - filling.ends.len()), at: self.end });
        self.end += small(filling.bytes());
        filling.write(&mut self.file).map_err(WorkbookError::Write)
    }

    /// Keeps the rest.
    fn finish(mut self, mut filling: Strings) -> Result<SharedStrings<S>, WorkbookError> {
        if self.held.ends.is_empty() {
            self.held = filling;
        } else if !filling.ends.is_empty() {
            self.write_page(&mut filling)?;
        }
        let Self { count, held, file, pages, end, cache } = self;
        let file = file.into_inner().map_err(|error| WorkbookError::Write(error.into_error()))?;
        Ok(SharedStrings { count, held, file, pages, end, cache })
    }
}

impl<S: Read + Seek> SharedStrings<S> {
    /// How many there are.
    pub(super) const fn len(&self) -> usize {
        self.count
    }

    /// The string of a number, counted from 0.
    pub(super) fn get(&mut self, number: usize) -> Result<Option<&str>, WorkbookError> {
        if number < self.held.ends.len() {
            return Ok(self.held.get(number));
        }
        if number >= self.count {
            return Ok(None);
        }
        self.of_page(number).map(Some).map_err(WorkbookError::Write)
    }

    /// The string of a number that is in the file.
    fn of_page(&mut self, number: usize) -> io::Result<&str> {
        let page = self.pages.partition_point(|page| page.first as usize <= number) - 1;
        let Page { first, at } = self.pages[page];
        let (next, end) = self.pages.get(page + 1).map_or((small(self.count), self.end), |next| (next.first, next.at));
        if self.cache.is_empty() {
            self.cache.resize(CACHED_PAGES, Cached::default());
        }
        let cached = &mut self.cache[page % CACHED_PAGES];
        if cached.page != page || cached.bytes.is_empty() {
            // What was there is gone, whether the new page can be read or not.
            *cached = Cached { page, bytes: Vec::new() };
            let mut bytes = vec![0; (end - at) as usize];
            self.file.seek(SeekFrom::Start(at.into()))?;
            self.file.read_exact(&mut bytes)?;
            cached.bytes = bytes;
        }
        let (ends, text) = cached.bytes.split_at(END_BYTES * (next - first) as usize);
        let ends = ends.as_chunks::<END_BYTES>().0;
        let place = number - first as usize;
        let end_of = |place: usize| u32::from_le_bytes(ends[place]) as usize;
        let start = place.checked_sub(1).map_or(0, end_of);
        let string = text.get(start..end_of(place)).and_then(|string| std::str::from_utf8(string).ok());
        string
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "shared strings are not those that were written"))
    }
}

/// A number that the bounds of shared strings keep small.
fn small(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
