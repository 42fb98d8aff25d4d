//! Whether a report is whole: its last line that is not empty must be `<END>`, the only mark of completeness that Antom
//! documents (antom.md 5 and 7.16).

use super::bounds::quoted;

/// How a text ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// With `<END>`.
    Whole,
    /// There is nothing in it but white space.
    Empty,
    /// There is a first line and nothing else.
    OnlyHeader,
    /// With another line.
    Cut {
        /// That line, escaped and shortened.
        last_line: String,
    },
}

/// Bytes of the end that are kept: enough to hold the mark and to quote what stands there instead.
const TAIL_BYTES: usize = 1024;

/// Lines that have to be counted to tell a header from more.
const LINES_COUNTED: u8 = 2;

/// Watches a text go by and remembers how it ends, in constant memory.
#[derive(Default)]
pub(super) struct EndWatch {
    /// The last bytes, ending with one that is not white space.
    tail: Vec<u8>,
    /// Whether a line break was seen after the tail.
    broken: bool,
    /// Whether white space was seen after the tail.
    spaced: bool,
    /// Lines that are not empty, counted up to [`LINES_COUNTED`].
    lines: u8,
}

const BOM: &[u8] = b"\xef\xbb\xbf";

impl EndWatch {
    /// Takes the next bytes.
    pub(super) fn push(&mut self, block: &[u8]) {
        let mut rest = block;
        // Lines are counted one by one only until the header is told from more; then only the end of a block matters.
        while self.lines < LINES_COUNTED {
            let Some(at) = memchr::memchr(b'\n', rest) else { break };
            self.take(&rest[..=at]);
            rest = &rest[at + 1..];
        }
        self.take(rest);
    }

    fn take(&mut self, bytes: &[u8]) {
        let Some(end) = bytes.iter().rposition(|byte| !byte.is_ascii_whitespace()) else {
            self.note_space(bytes);
            return;
        };
        let (body, space) = bytes.split_at(end + 1);
        if (self.broken || self.tail.is_empty()) && self.lines < LINES_COUNTED {
            self.lines += 1;
        }
        if self.broken {
            self.tail.push(b'\n');
        } else if self.spaced {
            self.tail.push(b' ');
        }
        (self.broken, self.spaced) = (false, false);
        self.tail.extend_from_slice(&body[body.len().saturating_sub(TAIL_BYTES)..]);
        if self.tail.len() > TAIL_BYTES {
            self.tail.drain(..self.tail.len() - TAIL_BYTES);
        }
        self.note_space(space);
    }

    fn note_space(&mut self, space: &[u8]) {
        self.spaced |= !space.is_empty();
        self.broken |= memchr::memchr2(b'\n', b'\r', space).is_some();
    }

    /// How it ended.
    pub(super) fn ending(&self) -> Ending {
        let last = self.tail.rsplit(|byte| matches!(byte, b'\n' | b'\r')).map(bare).find(|line| !line.is_empty());
        match last {
            None => Ending::Empty,
            Some(line) if is_end(line) => Ending::Whole,
            Some(_) if self.lines < LINES_COUNTED => Ending::OnlyHeader,
            Some(line) => Ending::Cut { last_line: quoted(line) },
        }
    }
}

/// Whether a line is `<END>`, quoted or not, perhaps with the empty cells that a program adds to fill its columns.
fn is_end(line: &[u8]) -> bool {
    let cells = line.strip_prefix(b"<END>").or_else(|| line.strip_prefix(b"\"<END>\""));
    cells.is_some_and(|cells| cells.iter().all(|byte| *byte == b','))
}

/// A line without white space and BOM around it.
fn bare(line: &[u8]) -> &[u8] {
    let line = line.trim_ascii();
    line.strip_prefix(BOM).unwrap_or(line).trim_ascii()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(last_line: &str) -> Ending {
        Ending::Cut { last_line: last_line.into() }
    }

    #[test]
    fn endings_are_told_whatever_the_blocks() {
        let long = format!("h\n{}\n", "x".repeat(5000));
        let cases: Vec<(Vec<u8>, Ending)> = vec![
            (b"".into(), Ending::Empty),
            (b"\xef\xbb\xbf".into(), Ending::Empty),
            (b"\xef\xbb\xbf\r\n \n".into(), Ending::Empty),
            (b"\r\n\n".into(), Ending::Empty),
            (b"a,b".into(), Ending::OnlyHeader),
            (b"\xef\xbb\xbfa,b\r\n\r\n".into(), Ending::OnlyHeader),
            (b"a,b c d\n".into(), Ending::OnlyHeader),
            (b"a,b\n<END>".into(), Ending::Whole),
            (b"a,b\r\n<END>\r\n".into(), Ending::Whole),
            (b"a,b\r<END>\r".into(), Ending::Whole),
            (b"a,b\n\"<END>\"\n".into(), Ending::Whole),
            (b"a,b\n1,2\n  <END> \t\r\n\r\n\n".into(), Ending::Whole),
            (b"<END>\n".into(), Ending::Whole),
            (b"\xef\xbb\xbf<END>\n".into(), Ending::Whole),
            (b"a,b\n<END>,\n".into(), Ending::Whole),
            (b"a,b\n<END>,x\n".into(), cut("<END>,x")),
            (b"a,b\n1,2\n".into(), cut("1,2")),
            (b"a,b\n1,2".into(), cut("1,2")),
            (b"a,b\n<END>\n1,2\n".into(), cut("1,2")),
            (b"a,b\n1,2\n<EN".into(), cut("<EN")),
            (b"a,b\n1,2 <END>\n".into(), cut("1,2 <END>")),
            (b"a,b\n1,\xff\n".into(), cut("1,\\xff")),
            ([b"a,b\n1,2\n<END>\n".to_vec(), vec![b' '; 5000], vec![b'\n'; 5000]].concat(), Ending::Whole),
            (long.into(), cut(&format!("{}…", "x".repeat(120)))),
        ];
        for (text, expected) in cases {
            for block in [1, 2, 3, 7, 64, 8192] {
                let mut watch = EndWatch::default();
                text.chunks(block).for_each(|part| watch.push(part));
                let shown = quoted(&text);
                assert_eq!(watch.ending(), expected, "`{shown}` in blocks of {block}");
            }
        }
    }
}
