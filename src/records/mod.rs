//! CSV bytes into records and cells by RFC 4180: blocks of whole records from a stream, parsed on all cores, in file order.
//!
//! Reading is sequential and cheap ([`Splitter`]): a block is cut where a record ends, and knows its offset and its physical
//! line. Everything costlier happens per block, several at a time ([`in_order`]). The results come back in file order, so
//! nothing depends on the number of threads or on where the borders between blocks fall.

mod cells;
mod idle;
mod order;
mod rows;
mod scan;
mod split;
mod symbols;

pub use cells::{Cells, Row};
pub use idle::Idle;
pub use order::in_order;
pub use rows::{Records, Rows};
pub use scan::Record;
pub(crate) use scan::closing_quote;
pub use split::{Block, BreakCause, Broken, Piece, SplitError, Splitter};
pub use symbols::{SymbolCache, SymbolCaches};

/// Size of a block: large enough that the work on a block (about 1,000 lines of 250 bytes, half a millisecond) dwarfs the cost of
/// handing it to another thread, small enough that it stays in a core's cache with what is made of it.
pub const BLOCK_BYTES: usize = 256 << 10;

/// The longest record that is read. The widest documented layout has about 100 columns of at most 256 characters of at most 4
/// bytes: 100 KiB; ten times as much leaves room for free text. What is longer is not a line of a report.
pub const MAX_RECORD_BYTES: usize = 1 << 20;

/// How many records of a file may be broken (too long, or with wrong quotes) before the file is refused. Each of them can make
/// the reader look [`MAX_RECORD_BYTES`] ahead in vain, so this bounds the extra work to about a gigabyte.
pub const MAX_BROKEN_RECORDS: u32 = 1_000;

/// How much of a rejected line is kept: what a spreadsheet's cell can hold (32,767 characters).
pub const MAX_RAW_BYTES: usize = 32_767;

/// How many blocks are read ahead per thread: enough that the wait for the last block of them is short, few enough that all in flight
/// are a few dozen MiB.
const BLOCKS_PER_THREAD: usize = 8;

/// The first bytes of a text, as text, up to [`MAX_RAW_BYTES`] and never inside a character.
#[must_use]
pub fn bounded_text(bytes: &[u8]) -> String {
    let mut end = bytes.len().min(MAX_RAW_BYTES);
    while end < bytes.len() && end > 0 && bytes[end] & 0xc0 == 0x80 {
        end -= 1;
    }
    String::from_utf8_lossy(&bytes[..end]).into_owned()
}

#[cfg(test)]
mod tests;
