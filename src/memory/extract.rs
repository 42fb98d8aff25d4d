//! What one report file of details says, in a form from which single lines are read without its text.
//!
//! ```text
//! block: the ids of its lines in 64 bits (to be searched), then its lines as rows, one after the other
//! block
//! …
//! footer: version, rules, texts, header, rejects, sums of batches, where each block stands and its checksums
//! length and checksum of the footer
//! ```

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

use super::MemoryError;
use super::block_ids::BlockIds;
use super::bytes::{Put, Take};
use super::rejects::{put_reject, put_sums, take_reject, take_sums};
use super::rows::{Before, Names, ROW_BYTES, Used, put_line, put_word, take_line, take_word};
use crate::id::Symbols;
use crate::movement::ReportKind;
use crate::proof::BatchSums;
use crate::report::{Line, Original, ParsedReport, Reject};

/// Bytes at the end of the file: length and checksum of the footer.
const TAIL_BYTES: u64 = 24;

/// What the lines of a file mean: they are read again only if all of this is as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Meaning {
    /// A check of the seed of the keys.
    pub(super) seed: u64,
    /// A hash of the rules by which the file was read.
    pub rules: u64,
}

/// Where a block stands in the file.
#[derive(Debug, Clone, Copy)]
struct Block {
    offset: u64,
    ids: u32,
    rows: u32,
    ids_hash: u64,
    rows_hash: u64,
    /// The row of its first line in the file, and the number of its lines.
    first: u32,
    lines: u32,
}

/// A file that was read by an earlier run.
#[derive(Debug)]
pub struct Extract {
    path: PathBuf,
    file: File,
    kind: ReportKind,
    lines: u32,
    /// Whether what takes money out gets its sign from its type.
    turned: bool,
    names: Names,
    header: Vec<String>,
    surplus: u32,
    footer: Vec<u8>,
    /// Where rejects and sums stand in the footer.
    details_at: usize,
    blocks: Vec<Block>,
}

/// The lines of one block, ready to be written.
#[derive(Debug, Default)]
pub struct PackedLines {
    ids: Vec<u8>,
    rows: Vec<u8>,
    ids_hash: u64,
    rows_hash: u64,
    lines: u32,
    used: Used,
}

impl PackedLines {
    /// Packs lines that follow one another in a file. A line's `original` is an index into these originals.
    #[must_use]
    pub fn of(lines: &[Line], originals: &[Original]) -> Self {
        let mut rows = Put(Vec::with_capacity(lines.len() * ROW_BYTES));
        let (mut named, mut used, mut before) = (Vec::new(), Used::default(), Before::default());
        for (at, line) in (0_u32..).zip(lines) {
            let original = line.original.and_then(|at| originals.get(at as usize)).copied();
            for id in original.into_iter().flat_map(|known| [known.by_request, known.by_antom]) {
                if !id.is_none() {
                    named.push((at, id.hint()));
                }
            }
            used.add(line);
            put_line(&mut rows, line, original, &mut before);
        }
        let ids = BlockIds::pack(lines.iter().map(|line| [line.by_request, line.by_antom]), &named);
        let (ids_hash, rows_hash) = (xxh3_64(&ids), xxh3_64(&rows.0));
        let lines = u32::try_from(lines.len()).unwrap_or(u32::MAX);
        Self { ids, rows: rows.0, ids_hash, rows_hash, lines, used }
    }

    /// Number of lines.
    #[must_use]
    pub const fn lines(&self) -> u32 {
        self.lines
    }
}

/// Blocks in the order of their file, as they are written.
#[derive(Debug, Default)]
pub(super) struct Blocks {
    blocks: Vec<Block>,
    used: Used,
    offset: u64,
    lines: u32,
}

impl Blocks {
    /// Writes the next block.
    pub(super) fn put(&mut self, sink: &mut impl Write, packed: &PackedLines) -> io::Result<()> {
        let length = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        let PackedLines { ids, rows, ids_hash, rows_hash, lines, used } = packed;
        self.blocks.push(Block {
            offset: self.offset,
            ids: length(ids),
            rows: length(rows),
            ids_hash: *ids_hash,
            rows_hash: *rows_hash,
            first: self.lines,
            lines: *lines,
        });
        self.used.merge(used);
        self.offset += (ids.len() + rows.len()) as u64;
        self.lines += lines;
        sink.write_all(ids)?;
        sink.write_all(rows)
    }

    /// Writes what stands behind the last block: what the whole report says, and what the lines of its batches come to.
    pub(super) fn finish(
        &self,
        sink: &mut impl Write,
        (parsed, sums, turned): (&ParsedReport, &BatchSums, bool),
        symbols: &Symbols,
        meaning: Meaning,
    ) -> io::Result<()> {
        let footer = self.footer(parsed, (sums, turned), symbols, meaning);
        sink.write_all(&footer)?;
        let mut tail = Put::default();
        tail.u64(footer.len() as u64);
        tail.u128(xxh3_128(&footer));
        sink.write_all(&tail.0)
    }

    fn footer(
        &self,
        parsed: &ParsedReport,
        (sums, turned): (&BatchSums, bool),
        symbols: &Symbols,
        meaning: Meaning,
    ) -> Vec<u8> {
        let mut put = Put::default();
        put.text(super::VERSION);
        put.u64(meaning.seed);
        put.u64(meaning.rules);
        put_word(&mut put, ReportKind::ALL, Some(parsed.kind));
        put.u32(self.lines);
        put.u8(u8::from(turned));
        self.used.put_into(&mut put, symbols);
        put.length(parsed.layout.width());
        for name in parsed.layout.names() {
            put.text(name);
        }
        put.length(parsed.layout.widest() - parsed.layout.width());
        put.length(self.blocks.len());
        for block in &self.blocks {
            put.u64(block.offset);
            put.u32(block.ids);
            put.u32(block.rows);
            put.u64(block.ids_hash);
            put.u64(block.rows_hash);
            put.u32(block.first);
            put.u32(block.lines);
        }
        put.length(parsed.rejects.len());
        for reject in &parsed.rejects {
            put_reject(&mut put, reject);
        }
        put_sums(&mut put, sums);
        put.0
    }
}

impl Extract {
    /// Opens what was written; nothing if it is not whole, or does not mean what is asked for.
    pub(super) fn open(path: &Path, file: File, meaning: Meaning, symbols: &Symbols) -> io::Result<Option<Self>> {
        let size = file.metadata()?.len();
        let Some(footer_end) = size.checked_sub(TAIL_BYTES) else { return Ok(None) };
        let mut tail = [0; TAIL_BYTES as usize];
        file.read_exact_at(&mut tail, footer_end)?;
        let mut tail = Take(&tail);
        let (length, hash) = (tail.u64().unwrap_or_default(), tail.u128().unwrap_or_default());
        let (Some(start), Ok(bytes)) = (footer_end.checked_sub(length), usize::try_from(length)) else {
            return Ok(None);
        };
        let mut footer = vec![0; bytes];
        file.read_exact_at(&mut footer, start)?;
        if xxh3_128(&footer) != hash {
            return Ok(None);
        }
        Ok(Self::of_footer(path, file, footer, meaning, symbols))
    }

    fn of_footer(path: &Path, file: File, footer: Vec<u8>, meaning: Meaning, symbols: &Symbols) -> Option<Self> {
        let mut take = Take(&footer);
        if take.text()? != super::VERSION || Some(meaning) != Some(Meaning { seed: take.u64()?, rules: take.u64()? }) {
            return None;
        }
        let kind = take_word(&mut take, ReportKind::ALL)??;
        let (lines, turned) = (take.u32()?, take.u8()? == 1);
        let names = Names::take_from(&mut take, symbols)?;
        let header = take.list(Take::text)?;
        let surplus = take.u32()?;
        let block = |take: &mut Take<'_>| {
            let (offset, ids, rows) = (take.u64()?, take.u32()?, take.u32()?);
            let (ids_hash, rows_hash) = (take.u64()?, take.u64()?);
            Some(Block { offset, ids, rows, ids_hash, rows_hash, first: take.u32()?, lines: take.u32()? })
        };
        let blocks = take.list(block)?;
        let details_at = footer.len() - take.0.len();
        Some(Self {
            path: path.to_owned(),
            file,
            kind,
            lines,
            turned,
            names,
            header,
            surplus,
            details_at,
            blocks,
            footer,
        })
    }

    /// Which report it is.
    #[must_use]
    pub const fn kind(&self) -> ReportKind {
        self.kind
    }

    /// Number of lines, rejects not counted.
    #[must_use]
    pub const fn lines(&self) -> u32 {
        self.lines
    }

    /// Number of blocks.
    #[must_use]
    pub fn blocks(&self) -> usize {
        self.blocks.len()
    }

    /// The names of the header, and the number of empty cells behind them.
    #[must_use]
    pub fn header(&self) -> (&[String], u32) {
        (&self.header, self.surplus)
    }

    /// The rejects of the file, which is number `file` of the run, and what the lines of its batches come to.
    ///
    /// # Errors
    /// [`MemoryError::Damaged`].
    pub fn details(&self, file: u32) -> Result<(Vec<Reject>, BatchSums), MemoryError> {
        let mut take = Take(&self.footer[self.details_at..]);
        let rejects = take.list(|take| take_reject(take, file));
        let sums = take_sums(&mut take, file, &self.names);
        rejects.zip(sums).ok_or_else(|| self.damaged())
    }

    /// The ids of a block's lines.
    ///
    /// # Errors
    /// The file cannot be read, or is damaged.
    pub fn ids(&self, block: usize) -> Result<BlockIds, MemoryError> {
        let known = &self.blocks[block];
        let bytes = self.read(known.offset, known.ids, known.ids_hash)?;
        BlockIds::unpack(&bytes, known.first).ok_or_else(|| self.damaged())
    }

    /// Lines of a block, by their numbers in the file in rising order, with what they say of their originals. `file` is the number
    /// of the file among the run's inputs.
    ///
    /// # Errors
    /// As for [`ids`](Self::ids).
    pub fn rows(&self, block: usize, file: u32, wanted: &[u32]) -> Result<Vec<(Line, Option<Original>)>, MemoryError> {
        let known = &self.blocks[block];
        let bytes = self.read(known.offset + u64::from(known.ids), known.rows, known.rows_hash)?;
        let [request, antom] = self.ids(block)?.own;
        let (mut take, mut before) = (Take(&bytes), Before::default());
        let (mut found, mut wanted) = (Vec::with_capacity(wanted.len()), wanted.iter().peekable());
        for (row, ids) in (known.first..).zip(request.into_iter().zip(antom)) {
            if wanted.peek().is_none() {
                break;
            }
            let line = take_line(&mut take, (file, &self.names), ids.into(), &mut before);
            let (mut line, original) = line.ok_or_else(|| self.damaged())?;
            if wanted.next_if_eq(&&row).is_some() {
                if self.turned {
                    line.turn();
                }
                found.push((line, original));
            }
        }
        if wanted.peek().is_none() { Ok(found) } else { Err(self.damaged()) }
    }

    /// The block in which a row stands.
    #[must_use]
    pub fn block_of(&self, row: u32) -> usize {
        self.blocks.partition_point(|block| block.first <= row).saturating_sub(1)
    }

    fn read(&self, offset: u64, length: u32, hash: u64) -> Result<Vec<u8>, MemoryError> {
        let mut bytes = vec![0; length as usize];
        self.file.read_exact_at(&mut bytes, offset).map_err(MemoryError::file("read", &self.path))?;
        if xxh3_64(&bytes) == hash { Ok(bytes) } else { Err(self.damaged()) }
    }

    fn damaged(&self) -> MemoryError {
        MemoryError::Damaged(self.path.clone())
    }
}
