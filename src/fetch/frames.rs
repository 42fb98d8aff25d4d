//! Archived bytes as frames of some hundred kilobytes each, with a table behind them that says where each begins, so that a line in
//! the middle of a file is read without unpacking what stands before it.
//!
//! The table is a skippable frame in Zstandard's seekable format (its documents' `zstd_seekable_compression_format.md`), which
//! every tool that knows zstd passes over: `zstd -d` unpacks an archived file. Files that were archived without a table are read from
//! their start.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

use super::FetchError;
use super::archive_reader::damage;

/// Raw bytes of a frame: a thousand lines. Smaller frames compress worse, larger ones take longer to get at one line, and leave a core's
/// cache while they are packed.
const FRAME_BYTES: usize = 256 << 10;

/// The most raw bytes that a frame may have: those of earlier versions were larger.
const MAX_FRAME_BYTES: usize = 4 << 20;

/// The level of compression: level 1 keeps up with a network at several times the speed of level 3, at a tenth more space.
const COMPRESSION_LEVEL: i32 = 1;

/// The first number of the table's frame, and the last one.
const TABLE_MAGIC: u32 = 0x184d_2a5e;
const SEEKABLE_MAGIC: u32 = 0x8f92_eab1;

/// Bytes of a frame's row in the table, of what stands before the rows, and of what stands behind them.
const ROW_BYTES: usize = 8;
const HEAD_BYTES: usize = 8;
const FOOT_BYTES: usize = 9;

/// The most frames that a table may have: of the largest file that is archived.
const MAX_FRAMES: u64 = super::bounds::MAX_FILE_BYTES / FRAME_BYTES as u64 + 1;

/// Packs raw bytes into a file, frame by frame.
pub(super) struct FrameWriter {
    file: File,
    compressor: zstd::bulk::Compressor<'static>,
    raw: Vec<u8>,
    frame_bytes: usize,
    /// Packed and raw length of each frame.
    table: Vec<(u32, u32)>,
}

impl FrameWriter {
    pub(super) fn new(file: File) -> io::Result<Self> {
        Self::with_frame_bytes(file, FRAME_BYTES)
    }

    fn with_frame_bytes(file: File, frame_bytes: usize) -> io::Result<Self> {
        let mut compressor = zstd::bulk::Compressor::new(COMPRESSION_LEVEL)?;
        compressor.include_checksum(true)?;
        Ok(Self { file, compressor, raw: Vec::new(), frame_bytes, table: Vec::new() })
    }

    /// Takes the next raw bytes.
    pub(super) fn push(&mut self, mut block: &[u8]) -> io::Result<()> {
        while !block.is_empty() {
            let (head, rest) = block.split_at(block.len().min(self.frame_bytes - self.raw.len()));
            self.raw.extend_from_slice(head);
            block = rest;
            if self.raw.len() == self.frame_bytes {
                self.end_frame()?;
            }
        }
        Ok(())
    }

    fn end_frame(&mut self) -> io::Result<()> {
        let packed = self.compressor.compress(&self.raw)?;
        self.file.write_all(&packed)?;
        let length = |bytes: usize| u32::try_from(bytes).map_err(io::Error::other);
        self.table.push((length(packed.len())?, length(self.raw.len())?));
        self.raw.clear();
        Ok(())
    }

    /// Writes what is left and the table, and gives the file back. An empty file has one empty frame.
    pub(super) fn finish(mut self) -> io::Result<File> {
        if !self.raw.is_empty() || self.table.is_empty() {
            self.end_frame()?;
        }
        let frames = u32::try_from(self.table.len()).map_err(io::Error::other)?;
        let mut table = Vec::with_capacity(HEAD_BYTES + self.table.len() * ROW_BYTES + FOOT_BYTES);
        let size = u32::try_from(self.table.len() * ROW_BYTES + FOOT_BYTES).map_err(io::Error::other)?;
        for number in [TABLE_MAGIC, size].into_iter().chain(self.table.iter().flat_map(|row| [row.0, row.1])) {
            table.extend_from_slice(&number.to_le_bytes());
        }
        table.extend_from_slice(&frames.to_le_bytes());
        // No checksums in the table: each frame ends with its own.
        table.push(0);
        table.extend_from_slice(&SEEKABLE_MAGIC.to_le_bytes());
        self.file.write_all(&table)?;
        Ok(self.file)
    }
}

/// Where a frame stands.
#[derive(Debug, Clone, Copy)]
struct Frame {
    packed_at: u64,
    packed: usize,
    raw_at: u64,
    raw: usize,
}

/// Reads pieces of an archived file. The checksum of each frame is verified, the digest of the whole file is not: whoever reads
/// pieces compares them with what a verified reading found.
pub struct Pieces {
    file: File,
    path: PathBuf,
    frames: Vec<Frame>,
    decompressor: zstd::bulk::Decompressor<'static>,
    /// A frame's packed bytes, in a buffer that is used again.
    packed: Vec<u8>,
    /// The frame that was unpacked last, and its raw bytes.
    unpacked: Option<usize>,
    raw: Vec<u8>,
}

impl Pieces {
    /// Opens a file; nothing if it has no table.
    pub(super) fn open(file: File, path: PathBuf) -> io::Result<Option<Self>> {
        let Some(frames) = read_table(&file)? else { return Ok(None) };
        let decompressor = zstd::bulk::Decompressor::new()?;
        Ok(Some(Self { file, path, frames, decompressor, packed: Vec::new(), unpacked: None, raw: Vec::new() }))
    }

    /// Reads raw bytes from an offset on, into a buffer that is cleared before.
    ///
    /// # Errors
    ///
    /// [`FetchError::Integrity`] if the file has no such bytes or a frame is damaged, [`FetchError::Archive`] if it cannot be read.
    pub fn read(&mut self, offset: u64, length: usize, into: &mut Vec<u8>) -> Result<(), FetchError> {
        into.clear();
        let mut at = offset;
        while into.len() < length {
            let number = self.frames.partition_point(|frame| frame.raw_at <= at).checked_sub(1);
            let frame = number.and_then(|number| self.unpack(number).transpose()).transpose()?;
            let Some((start, bytes)) = frame else { return Err(self.damaged("is shorter than it was")) };
            let rest = usize::try_from(at - start).ok().and_then(|skip| bytes.get(skip..)).unwrap_or_default();
            if rest.is_empty() {
                return Err(self.damaged("is shorter than it was"));
            }
            let taken = rest.len().min(length - into.len());
            into.extend_from_slice(&rest[..taken]);
            at += taken as u64;
        }
        Ok(())
    }

    /// Whether the byte at this offset is unpacked.
    #[must_use]
    pub fn has(&self, offset: u64) -> bool {
        let known = self.unpacked.and_then(|number| self.frames.get(number));
        known.is_some_and(|frame| (frame.raw_at..frame.raw_at + frame.raw as u64).contains(&offset))
    }

    /// A frame's raw bytes, and the offset of the first.
    fn unpack(&mut self, number: usize) -> Result<Option<(u64, &[u8])>, FetchError> {
        let Some(&frame) = self.frames.get(number) else { return Ok(None) };
        if self.unpacked != Some(number) {
            self.unpacked = None;
            self.packed.resize(frame.packed, 0);
            let read = self.file.read_exact_at(&mut self.packed, frame.packed_at);
            read.map_err(FetchError::archive("read", &self.path))?;
            self.raw.clear();
            self.raw.reserve(frame.raw);
            let unpacked = self.decompressor.decompress_to_buffer(&self.packed, &mut self.raw);
            unpacked.map_err(|error| self.damaged(&format!("cannot be unpacked ({error})")))?;
            if self.raw.len() != frame.raw {
                return Err(self.damaged("has a frame of another length"));
            }
            self.unpacked = Some(number);
        }
        Ok(Some((frame.raw_at, &self.raw)))
    }

    fn damaged(&self, found: &str) -> FetchError {
        FetchError::Integrity(damage(&self.path, found))
    }
}

/// The frames of a file; nothing if it ends with no table, or with one that does not fit the file.
fn read_table(file: &File) -> io::Result<Option<Vec<Frame>>> {
    let size = file.metadata()?.len();
    let Some(foot_at) = size.checked_sub(FOOT_BYTES as u64) else { return Ok(None) };
    let mut foot = [0; FOOT_BYTES];
    file.read_exact_at(&mut foot, foot_at)?;
    let [a, b, c, d, descriptor, magic @ ..] = foot;
    let frames = u64::from(u32::from_le_bytes([a, b, c, d]));
    if u32::from_le_bytes(magic) != SEEKABLE_MAGIC || descriptor != 0 || frames > MAX_FRAMES {
        return Ok(None);
    }
    let rows_bytes = frames * ROW_BYTES as u64;
    let Some(rows_at) = foot_at.checked_sub(rows_bytes) else { return Ok(None) };
    let mut rows = vec![0; usize::try_from(rows_bytes).map_err(io::Error::other)?];
    file.read_exact_at(&mut rows, rows_at)?;
    let (mut packed_at, mut raw_at) = (0, 0);
    let mut table = Vec::new();
    for row in rows.as_chunks::<ROW_BYTES>().0 {
        let [p0, p1, p2, p3, r0, r1, r2, r3] = *row;
        let (packed, raw) = (u32::from_le_bytes([p0, p1, p2, p3]), u32::from_le_bytes([r0, r1, r2, r3]));
        if raw as usize > MAX_FRAME_BYTES {
            return Ok(None);
        }
        table.push(Frame { packed_at, packed: packed as usize, raw_at, raw: raw as usize });
        packed_at += u64::from(packed);
        raw_at += u64::from(raw);
    }
    Ok((packed_at + HEAD_BYTES as u64 == rows_at).then_some(table))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::fs;
    use std::io::Read;

    use super::*;

    fn archived(raw: &[u8]) -> (tempfile::TempDir, PathBuf) {
        archived_in(raw, FRAME_BYTES)
    }

    fn archived_in(raw: &[u8], frame_bytes: usize) -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.zst");
        let mut writer = FrameWriter::with_frame_bytes(File::create_new(&path).unwrap(), frame_bytes).unwrap();
        raw.chunks(700_001).for_each(|block| writer.push(block).unwrap());
        drop(writer.finish().unwrap());
        (dir, path)
    }

    fn bytes(length: usize) -> Vec<u8> {
        (0_u32..).flat_map(|at| at.wrapping_mul(2_654_435_761).to_le_bytes()).take(length).collect()
    }

    #[test]
    fn pieces_are_those_of_the_whole() {
        let raw = bytes(2 * FRAME_BYTES + 12_345);
        let (_dir, path) = archived(&raw);
        let mut whole = Vec::new();
        zstd::Decoder::new(File::open(&path).unwrap()).unwrap().read_to_end(&mut whole).unwrap();
        assert!(whole == raw, "any decoder passes over the table");
        let mut pieces = Pieces::open(File::open(&path).unwrap(), path.clone()).unwrap().unwrap();
        let mut piece = Vec::new();
        let edge = FRAME_BYTES as u64;
        for (offset, length) in [(0, 1), (edge - 3, 7), (edge, 0), (5, FRAME_BYTES + 9), (2 * edge + 12_344, 1), (1, 4)]
        {
            pieces.read(offset, length, &mut piece).unwrap();
            let from = usize::try_from(offset).unwrap();
            assert!(piece == raw[from..from + length], "{length} bytes from {offset}");
        }
        for (offset, length) in [(2 * edge + 12_345, 1), (2 * edge, FRAME_BYTES), (u64::MAX, 1)] {
            let error = pieces.read(offset, length, &mut piece).unwrap_err();
            assert!(matches!(error, FetchError::Integrity(_)), "{error}");
        }
    }

    #[test]
    fn frames_of_earlier_versions_are_read_and_larger_ones_are_none() {
        let raw = bytes(MAX_FRAME_BYTES + 12_345);
        let (_dir, path) = archived_in(&raw, MAX_FRAME_BYTES);
        let mut pieces = Pieces::open(File::open(&path).unwrap(), path.clone()).unwrap().unwrap();
        let mut piece = Vec::new();
        pieces.read(MAX_FRAME_BYTES as u64 - 3, 7, &mut piece).unwrap();
        assert!(piece == raw[MAX_FRAME_BYTES - 3..][..7] && pieces.has(MAX_FRAME_BYTES as u64) && !pieces.has(5));
        let (_dir, path) = archived_in(&raw, MAX_FRAME_BYTES + 1);
        assert!(Pieces::open(File::open(&path).unwrap(), path.clone()).unwrap().is_none());
    }

    #[test]
    fn an_empty_file_is_empty() {
        let (_dir, path) = archived(b"");
        let mut whole = Vec::new();
        zstd::Decoder::new(File::open(&path).unwrap()).unwrap().read_to_end(&mut whole).unwrap();
        assert_eq!(whole, b"");
        let mut pieces = Pieces::open(File::open(&path).unwrap(), path.clone()).unwrap().unwrap();
        assert!(pieces.read(0, 1, &mut Vec::new()).is_err());
    }

    #[test]
    fn files_without_a_table_and_damage_are_noticed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("old.zst");
        fs::write(&path, zstd::encode_all(&b"an old file"[..], 1).unwrap()).unwrap();
        assert!(Pieces::open(File::open(&path).unwrap(), path).unwrap().is_none());

        let (_dir, path) = archived(&bytes(100_000));
        let mut packed = fs::read(&path).unwrap();
        packed[50_000] ^= 1;
        fs::write(&path, &packed).unwrap();
        let mut pieces = Pieces::open(File::open(&path).unwrap(), path.clone()).unwrap().unwrap();
        let error = pieces.read(0, 1, &mut Vec::new()).unwrap_err();
        assert!(matches!(error, FetchError::Integrity(_)), "{error}");
        // A table that does not fit its file is none.
        packed.drain(..10);
        fs::write(&path, &packed).unwrap();
        assert!(Pieces::open(File::open(&path).unwrap(), path.clone()).unwrap().is_none());
    }
}
