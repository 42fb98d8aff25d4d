//! Finding ids in files of tens of millions of lines: a search for their bytes block by block, and only where they stand are
//! records cut.

use std::io::Read;

use memchr::memmem::Finder;

use crate::records::{MAX_RAW_BYTES, Piece, Record, SplitError, Splitter};

/// How many records of one file are kept; the others are counted. More than anybody reads about one movement.
pub const MAX_KEPT: usize = 1_000;

/// Ids to look for.
pub struct Needles<'a> {
    finders: Vec<Finder<'a>>,
}

/// A record that has one of the ids as a cell of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// Physical line where it starts.
    pub line: u32,
    /// Its bytes without the line end.
    pub raw: Vec<u8>,
}

/// What a file has of the ids.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Hits {
    /// The file's header.
    pub header: Vec<u8>,
    /// The first of them, in file order.
    pub kept: Vec<Hit>,
    /// How many there are.
    pub count: u64,
    /// How many bytes were searched.
    pub bytes: u64,
}

impl<'a> Needles<'a> {
    /// Looks for these ids; empty ones are found nowhere.
    pub fn new(ids: impl IntoIterator<Item = &'a str>) -> Self {
        let ids = ids.into_iter().filter(|id| !id.is_empty());
        Self { finders: ids.map(|id| Finder::new(id.as_bytes())).collect() }
    }

    /// Searches a file from its start to its end.
    ///
    /// # Errors
    /// It cannot be read, or not be cut into records.
    pub fn search(&self, input: impl Read) -> Result<Hits, SplitError> {
        let mut splitter = Splitter::new(input);
        let mut hits = Hits::default();
        while let Some(piece) = splitter.next_piece()? {
            match &piece {
                Piece::Records(block) => {
                    hits.bytes += block.bytes.len() as u64;
                    if hits.header.is_empty() {
                        let header = block.records().find(|record| !record.is_blank());
                        hits.header = header.map(|record| record.bytes.to_vec()).unwrap_or_default();
                    }
                    // Most blocks have none of the ids, and are not cut.
                    if self.finders.iter().any(|finder| finder.find(&block.bytes).is_some()) {
                        block.records().for_each(|record| self.note(&record, &mut hits));
                    }
                }
                Piece::Broken(broken) => {
                    hits.bytes += broken.length;
                    self.note(&Record { bytes: &broken.raw, offset: broken.offset, line: broken.line }, &mut hits);
                }
            }
            splitter.recycle(piece);
        }
        Ok(hits)
    }

    fn note(&self, record: &Record<'_>, hits: &mut Hits) {
        if !self.has_cell(record.bytes) {
            return;
        }
        hits.count += 1;
        if hits.kept.len() < MAX_KEPT {
            let raw = record.bytes[..record.bytes.len().min(MAX_RAW_BYTES)].to_vec();
            hits.kept.push(Hit { line: record.line, raw });
        }
    }

    /// Whether a record has one of the ids as a cell of its own, and not as a part of a longer one.
    fn has_cell(&self, record: &[u8]) -> bool {
        let is_edge = |byte: Option<&u8>| byte.is_none_or(|byte| matches!(byte, b',' | b'"' | b'\r' | b'\n'));
        self.finders.iter().any(|finder| {
            finder.find_iter(record).any(|start| {
                let end = start + finder.needle().len();
                is_edge(start.checked_sub(1).and_then(|before| record.get(before))) && is_edge(record.get(end))
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_found_as_a_cell_and_not_inside_another() {
        for (line, expected) in [
            ("r1,x", true),
            ("x,r1", true),
            ("x,\"r1\",y", true),
            ("x,r1\r", true),
            ("r11,x", false),
            ("x,ar1", false),
            ("r11,r1,r12", true),
            ("", false),
        ] {
            assert_eq!(Needles::new(["r1", ""]).has_cell(line.as_bytes()), expected, "`{line}`");
        }
    }

    #[test]
    fn records_are_found_with_their_physical_lines() {
        let text = "a,b\r\nr1,\"two\r\nlines\"\r\nx,y\r\nr2,r1\r\nbad,\"r1\" x\r\n<END>\r\n";
        let hits = Needles::new(["r1"]).search(text.as_bytes()).expect("it can be read");
        let lines: Vec<u32> = hits.kept.iter().map(|hit| hit.line).collect();
        assert_eq!((hits.header.as_slice(), lines, hits.count), (&b"a,b"[..], vec![2, 5, 6], 3));
        assert_eq!(hits.kept[0].raw, b"r1,\"two\r\nlines\"");
    }

    #[test]
    fn what_is_not_kept_is_counted() {
        let text = format!("a\n{}", "r1\n".repeat(MAX_KEPT + 7));
        let hits = Needles::new(["r1"]).search(text.as_bytes()).expect("it can be read");
        assert_eq!((hits.kept.len(), hits.count), (MAX_KEPT, MAX_KEPT as u64 + 7));
        assert_eq!(hits.bytes, text.len() as u64);
    }
}
