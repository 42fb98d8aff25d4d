//! The same file with blank lines behind its header, as many as it takes for the border between two blocks to fall into its lines.
//! What is read from it must be the same, its lines so much later.

use antom_recon::records::{BLOCK_BYTES, Piece, Splitter};

/// Where the line after the header starts: what to put blank lines in front of.
pub(crate) fn after_header(data: &[u8]) -> Option<usize> {
    let Ok(Some(Piece::Records(block))) = Splitter::new(data).next_piece() else { return None };
    let mut records = block.records().skip_while(|record| record.is_blank());
    records.next()?;
    usize::try_from(records.next()?.offset).ok()
}

/// The file with blank lines at `at`, so that the first block ends about `inside` bytes after them; and how many they are.
pub(crate) fn padded(data: &[u8], at: usize, inside: usize) -> (Vec<u8>, usize) {
    let count = BLOCK_BYTES.saturating_sub(at + inside);
    let mut padded = Vec::with_capacity(data.len() + count);
    padded.extend_from_slice(&data[..at]);
    padded.resize(at + count, b'\n');
    padded.extend_from_slice(&data[at..]);
    (padded, count)
}
