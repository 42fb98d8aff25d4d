//! Blocks of whole records from a stream of bytes, with bounded memory whatever the bytes are.

use std::io::{self, Read};

use memchr::{memchr, memchr_iter, memrchr};

use super::rows::{Records, Rows};
use super::scan::{Scan, scan_quoted};
use super::{BLOCK_BYTES, MAX_BROKEN_RECORDS, MAX_RAW_BYTES, MAX_RECORD_BYTES};

/// Why a stream cannot be cut into records.
#[derive(Debug, thiserror::Error)]
pub enum SplitError {
    /// The stream itself failed.
    #[error("reading failed after byte {offset}: {source}")]
    Read {
        /// How far it was read.
        offset: u64,
        /// What the source of the bytes says.
        source: io::Error,
    },
    /// Too many records that are too long or have wrong quotes.
    #[error(
        "line {line}: more than {MAX_BROKEN_RECORDS} records with wrong quotes or without an end; expected a CSV file by RFC 4180"
    )]
    TooManyBroken {
        /// The physical line of the first one too many.
        line: u32,
    },
    /// More lines than can be numbered.
    #[error("more than {} lines; split the file", u32::MAX)]
    TooManyLines,
}

/// Whole records, in file order.
#[derive(Debug)]
pub struct Block {
    /// Their bytes, with line ends.
    pub bytes: Vec<u8>,
    /// Offset of the first byte in the file.
    pub offset: u64,
    /// Physical line of the first byte; the file starts with line 1.
    pub line: u32,
}

impl Block {
    /// The block's records.
    #[must_use]
    pub fn records(&self) -> Records<'_> {
        self.rows().into()
    }

    /// The block's records with their cells.
    #[must_use]
    pub fn rows(&self) -> Rows<'_> {
        Rows::new(self)
    }
}

/// Why a physical line is no part of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BreakCause {
    /// The record is longer than [`MAX_RECORD_BYTES`].
    TooLong,
    /// A quote opens and does not close within [`MAX_RECORD_BYTES`] or the file.
    OpenQuote,
    /// A closing quote is followed by text.
    TextAfterQuote,
}

impl BreakCause {
    /// What was found and what was expected.
    #[must_use]
    pub fn reason(self) -> String {
        match self {
            Self::TooLong => format!("longer than {MAX_RECORD_BYTES} bytes; expected one line of a report"),
            Self::OpenQuote => format!("a quote opens and does not close within {MAX_RECORD_BYTES} bytes or the file"),
            Self::TextAfterQuote => {
                "text after a closing quote; expected a comma or a line end, and quotes inside a field doubled"
                    .to_owned()
            }
        }
    }
}

/// A physical line at which a record starts that cannot be read. Reading goes on with the next physical line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// Its first bytes, at most [`MAX_RAW_BYTES`].
    pub raw: Vec<u8>,
    /// Offset of its first byte in the file.
    pub offset: u64,
    /// Its number.
    pub line: u32,
    /// Its length without the line end.
    pub length: u64,
    /// What is wrong.
    pub cause: BreakCause,
}

/// What comes out of a stream, in file order.
#[derive(Debug)]
pub enum Piece {
    /// Whole records.
    Records(Block),
    /// A line that is none.
    Broken(Broken),
}

/// Cuts a stream into [`Piece`]s. Holds at most a block and a record.
#[derive(Debug)]
pub struct Splitter<R> {
    input: R,
    block_bytes: usize,
    /// Begins with what was read and not handed out, which starts where a record starts. Behind it may stand anything, so that a
    /// buffer which is used again is not filled with zeros first.
    buffer: Vec<u8>,
    /// How many bytes of it are pending.
    filled: usize,
    /// Offset of what is pending in the file.
    offset: u64,
    /// Physical line of what is pending.
    line: u32,
    /// Whether it reaches the end of the file.
    ended: bool,
    /// Whether the byte order mark was looked for.
    started: bool,
    broken: u32,
    spare: Vec<Vec<u8>>,
}

/// Where to cut what is pending.
enum Cut {
    At(usize),
    Break(BreakCause),
    More,
}

impl<R: Read> Splitter<R> {
    /// Blocks of about [`BLOCK_BYTES`].
    pub const fn new(input: R) -> Self {
        Self::with_block_bytes(input, BLOCK_BYTES)
    }

    /// Blocks of about this size; tests let the borders fall everywhere.
    pub const fn with_block_bytes(input: R, block_bytes: usize) -> Self {
        let block_bytes = if block_bytes == 0 { 1 } else { block_bytes };
        Self {
            input,
            block_bytes,
            buffer: Vec::new(),
            filled: 0,
            offset: 0,
            line: 1,
            ended: false,
            started: false,
            broken: 0,
            spare: Vec::new(),
        }
    }

    /// The next piece; none at the end of the file.
    ///
    /// # Errors
    /// See [`SplitError`].
    pub fn next_piece(&mut self) -> Result<Option<Piece>, SplitError> {
        self.start()?;
        self.fill(self.block_bytes)?;
        if self.filled == 0 {
            return Ok(None);
        }
        loop {
            match self.cut() {
                Cut::At(at) => return self.hand_out(at).map(|block| Some(Piece::Records(block))),
                Cut::Break(cause) => return self.break_line(cause).map(|broken| Some(Piece::Broken(broken))),
                Cut::More => self.fill(self.filled + self.block_bytes)?,
            }
        }
    }

    /// Takes a block's buffer back for reuse.
    pub fn recycle(&mut self, piece: Piece) {
        if let Piece::Records(block) = piece {
            self.spare.push(block.bytes);
        }
    }

    /// Drops the byte order mark, if there is one.
    fn start(&mut self) -> Result<(), SplitError> {
        const MARK: &[u8] = b"\xef\xbb\xbf";
        if !self.started {
            self.started = true;
            self.fill(MARK.len())?;
            if self.pending().starts_with(MARK) {
                self.drop_first(MARK.len());
                self.offset = MARK.len() as u64;
            }
        }
        Ok(())
    }

    /// Reads until this many bytes are pending or the file ends.
    fn fill(&mut self, wanted: usize) -> Result<(), SplitError> {
        if wanted > self.buffer.len() {
            self.buffer.resize(wanted, 0);
        }
        let offset = self.offset + self.filled as u64;
        while self.filled < wanted && !self.ended {
            match self.input.read(&mut self.buffer[self.filled..wanted]) {
                Ok(0) => self.ended = true,
                Ok(read) => self.filled += read,
                Err(source) if source.kind() == io::ErrorKind::Interrupted => {}
                Err(source) => return Err(SplitError::Read { offset, source }),
            }
        }
        Ok(())
    }

    fn pending(&self) -> &[u8] {
        &self.buffer[..self.filled]
    }

    fn drop_first(&mut self, bytes: usize) {
        self.buffer.copy_within(bytes..self.filled, 0);
        self.filled -= bytes;
    }

    /// Decides where whole records end. Lines that are too long but without quotes are left to [`Block::records`]' reader.
    fn cut(&self) -> Cut {
        let bytes = self.pending();
        let mut at = 0;
        while let Some(quote) = memchr(b'"', &bytes[at..]) {
            at = memrchr(b'\n', &bytes[at..at + quote]).map_or(at, |end| at + end + 1);
            let cause = match scan_quoted(&bytes[at..], self.ended) {
                Scan::Whole { end, .. } if end > MAX_RECORD_BYTES => BreakCause::TooLong,
                Scan::Whole { next, .. } => {
                    at += next;
                    continue;
                }
                Scan::TextAfterQuote => BreakCause::TextAfterQuote,
                Scan::Unfinished { quoted } if self.ended || bytes.len() - at > MAX_RECORD_BYTES => {
                    if quoted {
                        BreakCause::OpenQuote
                    } else {
                        BreakCause::TooLong
                    }
                }
                Scan::Unfinished { .. } if at > 0 => return Cut::At(at),
                Scan::Unfinished { .. } => return Cut::More,
            };
            return if at > 0 { Cut::At(at) } else { Cut::Break(cause) };
        }
        if self.ended {
            return Cut::At(bytes.len());
        }
        match memrchr(b'\n', &bytes[at..]).map_or(at, |end| at + end + 1) {
            0 if bytes.len() > MAX_RECORD_BYTES => Cut::Break(BreakCause::TooLong),
            0 => Cut::More,
            end => Cut::At(end),
        }
    }

    /// Hands out the first `at` bytes.
    fn hand_out(&mut self, at: usize) -> Result<Block, SplitError> {
        // Memory that is asked for as zeros costs no pass over it.
        let mut rest = self.spare.pop().unwrap_or_else(|| vec![0; self.block_bytes]);
        let behind = &self.buffer[at..self.filled];
        rest.resize(rest.len().max(behind.len()), 0);
        rest[..behind.len()].copy_from_slice(behind);
        self.filled = behind.len();
        let mut bytes = std::mem::replace(&mut self.buffer, rest);
        bytes.truncate(at);
        let (offset, line) = (self.offset, self.line);
        self.advance(at as u64, memchr_iter(b'\n', &bytes).count())?;
        Ok(Block { bytes, offset, line })
    }

    /// Takes the first physical line off as broken. A line without an end is dropped while it is read.
    fn break_line(&mut self, cause: BreakCause) -> Result<Broken, SplitError> {
        self.broken += 1;
        if self.broken > MAX_BROKEN_RECORDS {
            return Err(SplitError::TooManyBroken { line: self.line });
        }
        let (offset, line) = (self.offset, self.line);
        let mut raw = Vec::new();
        let mut dropped = 0;
        let end = loop {
            let end = memchr(b'\n', self.pending());
            let content = &self.pending()[..end.unwrap_or(self.filled)];
            raw.extend_from_slice(&content[..content.len().min(MAX_RAW_BYTES + 1 - raw.len())]);
            if let Some(end) = end {
                break end + 1;
            }
            if self.ended {
                break self.filled;
            }
            dropped += self.filled as u64;
            self.filled = 0;
            self.fill(self.block_bytes)?;
        };
        let has_line_end = end > 0 && self.buffer[end - 1] == b'\n';
        self.drop_first(end);
        let taken = dropped + end as u64;
        let mut length = taken - u64::from(has_line_end);
        if raw.len() as u64 == length && raw.last() == Some(&b'\r') {
            raw.pop();
            length -= 1;
        }
        raw.truncate(MAX_RAW_BYTES);
        self.advance(taken, usize::from(has_line_end))?;
        Ok(Broken { raw, offset, line, length, cause })
    }

    fn advance(&mut self, bytes: u64, lines: usize) -> Result<(), SplitError> {
        self.offset += bytes;
        let lines = u32::try_from(lines).map_err(|_| SplitError::TooManyLines)?;
        self.line = self.line.checked_add(lines).ok_or(SplitError::TooManyLines)?;
        Ok(())
    }
}
