//! What one report file of details says, in a form from which single lines are read without its text.
//!
//! ```text
//! block: the ids of its lines in 64 bits (to be searched), then its lines as rows of one width, compressed
//! block
//! …
//! footer: version, rules, texts, header, rejects, sums of batches, where each block stands and its checksums
//! length and checksum of the footer
//! ```

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use rayon::iter::{IndexedParallelIterator, ParallelIterator};
use rayon::slice::ParallelSlice;
use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

use super::MemoryError;
use super::bytes::{Put, Take};
use super::rejects::{put_reject, put_sums, take_reject, take_sums};
use super::rows::{Names, Numbers, ROW_BYTES, put_line, put_word, take_line, take_word};
use crate::id::Symbols;
use crate::movement::ReportKind;
use crate::proof::BatchSums;
use crate::report::{Line, Original, ParsedReport, Reject};

/// Lines of a block: small enough that one line costs little to read (a megabyte to unpack), large enough to compress well.
const BLOCK_LINES: u32 = 8_192;

/// Blocks that are compressed before they are written: as many as keep all cores busy, some tens of megabytes.
const BLOCKS_AT_ONCE: usize = 32;

/// Fast: what is written today is read for a month, and most of a row is a hash, which nothing makes smaller.
const COMPRESSION_LEVEL: i32 = 1;

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
}

/// A file that was read by an earlier run.
#[derive(Debug)]
pub struct Extract {
    path: PathBuf,
    file: File,
    kind: ReportKind,
    lines: u32,
    names: Names,
    header: Vec<String>,
    surplus: u32,
    footer: Vec<u8>,
    /// Where rejects and sums stand in the footer.
    details_at: usize,
    blocks: Vec<Block>,
}

/// The ids of a block's lines, in 64 bits each.
#[derive(Debug)]
pub struct BlockIds {
    /// The row of its first line in the file.
    pub first: u32,
    /// Own request ids and Antom ids, one after the other; 0 where a line has none.
    own: [Vec<u64>; 2],
    /// Ids of originals, by the line's number in the block.
    originals: Vec<(u32, u64)>,
}

impl BlockIds {
    /// Number of lines.
    #[must_use]
    pub fn lines(&self) -> u32 {
        u32::try_from(self.own[0].len()).unwrap_or(u32::MAX)
    }

    /// Every id of a line of the block, with the line's number in the file. A line has up to four; they come in no order.
    pub fn all(&self) -> impl Iterator<Item = (u32, u64)> + '_ {
        let own = self.own.iter().flat_map(|ids| (0_u32..).zip(ids).map(|(at, &id)| (at, id)));
        own.chain(self.originals.iter().copied()).filter(|(_, id)| *id != 0).map(|(at, id)| (self.first + at, id))
    }
}

/// Writes what a report says, and what the lines of its batches come to.
pub(super) fn write(
    sink: &mut impl Write,
    parsed: &ParsedReport,
    sums: &BatchSums,
    symbols: &Symbols,
    meaning: Meaning,
) -> io::Result<()> {
    let numbers = Numbers::of(&parsed.lines);
    let (mut blocks, mut offset) = (Vec::new(), 0_u64);
    for lines in parsed.lines.chunks(BLOCK_LINES as usize * BLOCKS_AT_ONCE) {
        let packed = lines.par_chunks(BLOCK_LINES as usize).map(|lines| pack(lines, parsed, &numbers));
        let mut ready = Vec::new();
        packed.collect_into_vec(&mut ready);
        for block in ready {
            let (ids, rows) = block?;
            let length = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap_or(u32::MAX);
            let (ids_hash, rows_hash) = (xxh3_64(&ids), xxh3_64(&rows));
            blocks.push(Block { offset, ids: length(&ids), rows: length(&rows), ids_hash, rows_hash });
            offset += (ids.len() + rows.len()) as u64;
            sink.write_all(&ids)?;
            sink.write_all(&rows)?;
        }
    }
    let footer = footer(parsed, sums, symbols, meaning, (&numbers, &blocks));
    sink.write_all(&footer)?;
    let mut tail = Put::default();
    tail.u64(footer.len() as u64);
    tail.u128(xxh3_128(&footer));
    sink.write_all(&tail.0)
}

fn pack(lines: &[Line], parsed: &ParsedReport, numbers: &Numbers) -> io::Result<(Vec<u8>, Vec<u8>)> {
    let (mut ids, mut originals, mut count) = (Put::default(), Put::default(), 0_u32);
    let mut rows = Put(Vec::with_capacity(lines.len() * ROW_BYTES));
    ids.length(lines.len());
    for of in [|line: &Line| line.by_request, |line: &Line| line.by_antom] {
        for line in lines {
            ids.u64(of(line).hint());
        }
    }
    for (at, line) in (0_u32..).zip(lines) {
        let original = line.original.and_then(|at| parsed.originals.get(at as usize)).copied();
        for id in original.into_iter().flat_map(|known| [known.by_request, known.by_antom]) {
            if !id.is_none() {
                originals.u32(at);
                originals.u64(id.hint());
                count += 1;
            }
        }
        put_line(&mut rows, line, original, numbers);
    }
    ids.u32(count);
    ids.0.extend_from_slice(&originals.0);
    Ok((ids.0, zstd::bulk::compress(&rows.0, COMPRESSION_LEVEL)?))
}

fn footer(
    parsed: &ParsedReport,
    sums: &BatchSums,
    symbols: &Symbols,
    meaning: Meaning,
    (numbers, blocks): (&Numbers, &[Block]),
) -> Vec<u8> {
    let mut put = Put::default();
    put.text(super::VERSION);
    put.u64(meaning.seed);
    put.u64(meaning.rules);
    put_word(&mut put, ReportKind::ALL, Some(parsed.kind));
    put.length(parsed.lines.len());
    numbers.put_into(&mut put, symbols);
    put.length(parsed.layout.width());
    for name in parsed.layout.names() {
        put.text(name);
    }
    put.length(parsed.layout.widest() - parsed.layout.width());
    put.length(blocks.len());
    for block in blocks {
        put.u64(block.offset);
        put.u32(block.ids);
        put.u32(block.rows);
        put.u64(block.ids_hash);
        put.u64(block.rows_hash);
    }
    put.length(parsed.rejects.len());
    for reject in &parsed.rejects {
        put_reject(&mut put, reject);
    }
    put_sums(&mut put, sums, numbers);
    put.0
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
        let lines = take.u32()?;
        let names = Names::take_from(&mut take, symbols)?;
        let header = take.list(Take::text)?;
        let surplus = take.u32()?;
        let block = |take: &mut Take<'_>| {
            let (offset, ids, rows) = (take.u64()?, take.u32()?, take.u32()?);
            Some(Block { offset, ids, rows, ids_hash: take.u64()?, rows_hash: take.u64()? })
        };
        let blocks = take.list(block)?;
        let details_at = footer.len() - take.0.len();
        Some(Self { path: path.to_owned(), file, kind, lines, names, header, surplus, details_at, blocks, footer })
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
        let first = u32::try_from(block).unwrap_or(u32::MAX).saturating_mul(BLOCK_LINES);
        let mut take = Take(&bytes);
        let lines = take.length().ok_or_else(|| self.damaged())?;
        let mut column = || {
            let (chunks, _) = take.0.split_at_checked(lines * 8)?.0.as_chunks::<8>();
            take.0 = &take.0[lines * 8..];
            Some(chunks.iter().map(|bytes| u64::from_le_bytes(*bytes)).collect::<Vec<u64>>())
        };
        let own = column().zip(column()).ok_or_else(|| self.damaged())?;
        let originals = take.list(|take| Some((take.u32()?, take.u64()?))).ok_or_else(|| self.damaged())?;
        Ok(BlockIds { first, own: [own.0, own.1], originals })
    }

    /// Lines of a block, by their numbers in the file in rising order, with what they say of their originals. `file` is the number
    /// of the file among the run's inputs.
    ///
    /// # Errors
    /// As for [`ids`](Self::ids).
    pub fn rows(&self, block: usize, file: u32, wanted: &[u32]) -> Result<Vec<(Line, Option<Original>)>, MemoryError> {
        let known = &self.blocks[block];
        let packed = self.read(known.offset + u64::from(known.ids), known.rows, known.rows_hash)?;
        let bytes = zstd::bulk::decompress(&packed, BLOCK_LINES as usize * ROW_BYTES).map_err(|_| self.damaged())?;
        let first = u32::try_from(block).unwrap_or(u32::MAX).saturating_mul(BLOCK_LINES);
        let row = |&row: &u32| {
            let at = (row.checked_sub(first)? as usize) * ROW_BYTES;
            take_line(&mut Take(bytes.get(at..at + ROW_BYTES)?), file, &self.names)
        };
        wanted.iter().map(|wanted| row(wanted).ok_or_else(|| self.damaged())).collect()
    }

    /// The block in which a row stands.
    #[must_use]
    pub const fn block_of(row: u32) -> usize {
        (row / BLOCK_LINES) as usize
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
