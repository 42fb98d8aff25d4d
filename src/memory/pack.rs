//! Packing bytes for the disk, by a compressor of each thread's own: to make one takes as long as to pack a small block.

use std::cell::RefCell;
use std::io;

use zstd::bulk::{Compressor, Decompressor};

thread_local! {
    static COMPRESSOR: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
    static DECOMPRESSOR: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
}

/// Packs bytes, with a checksum if nothing else has one of them.
pub(super) fn packed(bytes: &[u8], level: i32, with_checksum: bool) -> io::Result<Vec<u8>> {
    COMPRESSOR.with_borrow_mut(|own| {
        let compressor = match own {
            Some(compressor) => compressor,
            none => none.insert(Compressor::new(level)?),
        };
        compressor.set_compression_level(level)?;
        compressor.include_checksum(with_checksum)?;
        compressor.compress(bytes)
    })
}

/// Unpacks bytes, of which there are no more than this.
pub(super) fn unpacked(packed: &[u8], most: usize) -> io::Result<Vec<u8>> {
    DECOMPRESSOR.with_borrow_mut(|own| {
        let decompressor = match own {
            Some(decompressor) => decompressor,
            none => none.insert(Decompressor::new()?),
        };
        decompressor.decompress(packed, most)
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_was_packed_comes_back_whatever_was_packed_before() {
        for (length, level, with_checksum) in [(0, 1, false), (100_000, -5, true), (3, 1, false), (70_000, 1, true)] {
            let bytes: Vec<u8> = (0..length).map(|at: u32| (at / 7) as u8).collect();
            let mut small = packed(&bytes, level, with_checksum).unwrap();
            assert_eq!(unpacked(&small, bytes.len()).unwrap(), bytes);
            assert!(bytes.is_empty() || unpacked(&small, bytes.len() - 1).is_err(), "there are more");
            small.truncate(small.len() / 2);
            assert!(unpacked(&small, bytes.len()).is_err());
        }
        // Damage does not spoil what comes after it.
        assert_eq!(unpacked(&packed(b"abc", 1, true).unwrap(), 3).unwrap(), b"abc");
    }
}
