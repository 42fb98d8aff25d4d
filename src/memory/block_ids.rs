//! The ids of a block of rows, to be searched without the rows.

use super::bits::Bits;
use super::bytes::{Put, Take};
use crate::id::Key;

/// The ids of a block's lines, in 64 bits each.
#[derive(Debug)]
pub struct BlockIds {
    /// The row of its first line in the file.
    pub first: u32,
    /// Own request ids and Antom ids, one after the other; 0 where a line has none.
    pub(super) own: [Vec<u64>; 2],
    /// Ids of originals, by the line's number in the block.
    originals: Vec<(u32, u64)>,
}

impl BlockIds {
    /// The bytes of rows that have these ids of their own, and of those of originals that some of them name, in 64 bits.
    pub(super) fn pack(own: impl ExactSizeIterator<Item = [Key; 2]> + Clone, named: &[(u32, u64)]) -> Vec<u8> {
        let mut ids = Put(Vec::with_capacity(16 * own.len() + 12 * named.len() + 8));
        ids.length(own.len());
        own.clone().for_each(|[by_request, _]| ids.u64(by_request.hint()));
        own.for_each(|[_, by_antom]| ids.u64(by_antom.hint()));
        ids.length(named.len());
        for &(at, id) in named {
            ids.u32(at);
            ids.u64(id);
        }
        ids.0
    }

    /// The ids of these bytes, of rows from this one on; nothing if the bytes are no ids.
    pub(super) fn unpack(bytes: &[u8], first: u32) -> Option<Self> {
        let mut take = Take(bytes);
        let rows = take.length()?;
        let mut column = || {
            let (chunks, _) = take.0.split_at_checked(rows * 8)?.0.as_chunks::<8>();
            take.0 = &take.0[rows * 8..];
            Some(chunks.iter().map(|bytes| u64::from_le_bytes(*bytes)).collect::<Vec<u64>>())
        };
        let own = [column()?, column()?];
        let originals = take.list(|take| Some((take.u32()?, take.u64()?)))?;
        Some(Self { first, own, originals })
    }

    /// Number of lines.
    #[must_use]
    pub fn lines(&self) -> u32 {
        u32::try_from(self.own[0].len()).unwrap_or(u32::MAX)
    }

    /// Every id of those lines of the block that are in a set of the file's lines, in no order.
    pub fn of(&self, rows: &Bits) -> impl Iterator<Item = u64> {
        let own = rows.within(self.first..self.first.saturating_add(self.lines())).flat_map(|row| {
            let at = (row - self.first) as usize;
            self.own.iter().filter_map(move |ids| ids.get(at).copied())
        });
        let originals = self.originals.iter().filter(|(at, _)| rows.has(self.first + at)).map(|&(_, id)| id);
        own.chain(originals).filter(|id| *id != 0)
    }

    /// Every id of a line of the block, with the line's number in the file. A line has up to four; they come in no order.
    pub fn all(&self) -> impl Iterator<Item = (u32, u64)> + '_ {
        let own = self.own.iter().flat_map(|ids| (0_u32..).zip(ids).map(|(at, &id)| (at, id)));
        own.chain(self.originals.iter().copied()).filter(|(_, id)| *id != 0).map(|(at, id)| (self.first + at, id))
    }
}
