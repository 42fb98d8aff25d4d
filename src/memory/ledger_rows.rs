//! The ledger's entries of a run, block by block on the disk: their ids to be searched, and what matching asks them for.

use super::block_ids::BlockIds;
use super::bytes::{Put, Take};
use super::rows::{put_currency, put_word, take_currency, take_word};
use super::scratch::{Piece, Scratch};
use super::{Memory, MemoryError};
use crate::calendar::Instant;
use crate::id::{Key, Symbol};
use crate::ledger::{Entry, RefundSource};
use crate::movement::{EntryType, Status};
use crate::report::{Original, Place};

/// Fastest.
const COMPRESSION_LEVEL: i32 = -5;

/// Bytes of an entry, without its ids.
const ROW_BYTES: usize = 42;

/// Entries in the order of the ledger.
#[derive(Debug)]
pub struct LedgerRows {
    scratch: Scratch,
    blocks: Vec<Block>,
    rows: u32,
}

/// Where the entries of a block stand.
#[derive(Debug)]
struct Block {
    first: u32,
    rows: u32,
    ids: Piece,
    /// The halves of the keys that the ids lack; most of it is a hash, which nothing makes smaller.
    halves: Piece,
    values: Piece,
}

/// The entries of one block, ready to be written.
#[derive(Debug, Default)]
pub struct PackedEntries {
    rows: u32,
    ids: Vec<u8>,
    halves: Vec<u8>,
    values: Vec<u8>,
}

impl PackedEntries {
    /// Packs entries that follow one another. An entry's `original` is an index into these originals.
    ///
    /// # Errors
    /// The compressor gives up.
    pub fn of(entries: &[Entry], originals: &[Original]) -> std::io::Result<Self> {
        let mut values = Put(Vec::with_capacity(entries.len() * ROW_BYTES));
        let mut halves = Put(Vec::with_capacity(entries.len() * 16));
        let (mut named, mut whole) = (Vec::new(), Put::default());
        for (at, entry) in (0_u32..).zip(entries) {
            put_values(&mut values, entry);
            [entry.by_request, entry.by_antom].into_iter().for_each(|key| halves.u64(key.to_bits() as u64));
            if let Some(original) = entry.original.and_then(|at| originals.get(at as usize)) {
                let ids = [original.by_request, original.by_antom];
                named.extend(ids.into_iter().filter(|id| !id.is_none()).map(|id| (at, id.hint())));
                whole.u32(at);
                ids.into_iter().for_each(|id| whole.u128(id.to_bits()));
            }
        }
        values.0.append(&mut whole.0);
        let mut packed = Put::default();
        packed.length(values.0.len());
        packed.0.append(&mut zstd::bulk::compress(&values.0, COMPRESSION_LEVEL)?);
        let ids = BlockIds::pack(entries.iter().map(|entry| [entry.by_request, entry.by_antom]), &named);
        let rows = u32::try_from(entries.len()).unwrap_or(u32::MAX);
        Ok(Self { rows, ids, halves: halves.0, values: packed.0 })
    }

    /// Number of entries.
    #[must_use]
    pub const fn rows(&self) -> u32 {
        self.rows
    }
}

impl LedgerRows {
    /// None yet.
    ///
    /// # Errors
    /// [`MemoryError::File`].
    pub fn new(memory: &Memory) -> Result<Self, MemoryError> {
        Ok(Self { scratch: memory.scratch()?, blocks: Vec::new(), rows: 0 })
    }

    /// Takes the next entries.
    ///
    /// # Errors
    /// [`MemoryError::File`].
    pub fn put(&mut self, packed: &PackedEntries) -> Result<(), MemoryError> {
        let block = Block {
            first: self.rows,
            rows: packed.rows,
            ids: self.scratch.put(&packed.ids)?,
            halves: self.scratch.put(&packed.halves)?,
            values: self.scratch.put(&packed.values)?,
        };
        self.rows += block.rows;
        self.blocks.push(block);
        Ok(())
    }

    /// The entries of a block cannot be packed.
    #[must_use]
    pub fn failed(&self, source: std::io::Error) -> MemoryError {
        self.scratch.failed(source)
    }

    /// Number of entries.
    #[must_use]
    pub const fn rows(&self) -> u32 {
        self.rows
    }

    /// Number of blocks.
    #[must_use]
    pub fn blocks(&self) -> usize {
        self.blocks.len()
    }

    /// The block in which an entry stands.
    #[must_use]
    pub fn block_of(&self, row: u32) -> usize {
        self.blocks.partition_point(|block| block.first <= row).saturating_sub(1)
    }

    /// The ids of a block's entries.
    ///
    /// # Errors
    /// [`MemoryError::File`], [`MemoryError::Scratch`].
    pub fn ids(&self, block: usize) -> Result<BlockIds, MemoryError> {
        let known = &self.blocks[block];
        BlockIds::unpack(&self.scratch.read(known.ids)?, known.first).ok_or_else(|| self.scratch.damaged())
    }

    /// Entries of a block, by their numbers in the ledger in rising order, with what they say of their originals.
    ///
    /// # Errors
    /// As for [`ids`](Self::ids).
    pub fn entries(&self, block: usize, wanted: &[u32]) -> Result<Vec<(Entry, Option<Original>)>, MemoryError> {
        let known = &self.blocks[block];
        let (ids, halves, values) =
            (self.ids(block)?, self.scratch.read(known.halves)?, self.scratch.read(known.values)?);
        self.unpack(known, (&ids, &halves, &values), wanted).ok_or_else(|| self.scratch.damaged())
    }

    fn unpack(
        &self,
        block: &Block,
        (ids, halves, values): (&BlockIds, &[u8], &[u8]),
        wanted: &[u32],
    ) -> Option<Vec<(Entry, Option<Original>)>> {
        let mut packed = Take(values);
        let size = packed.length()?;
        let values = zstd::bulk::decompress(packed.0, size).ok()?;
        let (values, whole) = values.split_at_checked(block.rows as usize * ROW_BYTES)?;
        let mut originals = Take(whole);
        let mut next = || {
            Some((originals.u32()?, Original { by_request: key(originals.u128()?), by_antom: key(originals.u128()?) }))
        };
        let mut upcoming = next();
        let mut found = Vec::with_capacity(wanted.len());
        for &row in wanted {
            let at = row.checked_sub(block.first)?;
            while upcoming.is_some_and(|(of, _)| of < at) {
                upcoming = next();
            }
            let own = [0, 1].map(|which| {
                let low = halves.get((at as usize * 2 + which) * 8..)?.first_chunk()?;
                let high = ids.own(which, at)?;
                Some(key(u128::from(high) << 64 | u128::from(u64::from_le_bytes(*low))))
            });
            let entry = take_values(values.get(at as usize * ROW_BYTES..)?, [own[0]?, own[1]?])?;
            found.push((entry, upcoming.filter(|(of, _)| *of == at).map(|(_, original)| original)));
        }
        Some(found)
    }
}

fn key(bits: u128) -> Key {
    Key::from_bits(bits)
}

fn put_values(put: &mut Put, entry: &Entry) {
    put.u32(entry.place.line);
    put.u64(entry.place.offset);
    put.u32(entry.place.length);
    put.i64(entry.amount);
    put.i64(entry.occurred_at.millis());
    put_currency(put, Some(entry.currency));
    put.u32(entry.party.number());
    put_word(put, EntryType::ALL, Some(entry.entry_type));
    put_word(put, Status::ALL, Some(entry.status));
    put_word(put, RefundSource::ALL, Some(entry.refund_from));
}

fn take_values(bytes: &[u8], [by_request, by_antom]: [Key; 2]) -> Option<Entry> {
    let mut take = Take(bytes);
    let place = Place { file: 0, line: take.u32()?, offset: take.u64()?, length: take.u32()? };
    Some(Entry {
        place,
        by_request,
        by_antom,
        amount: take.i64()?,
        occurred_at: Instant::from_millis(take.i64()?),
        currency: take_currency(&mut take)??,
        party: Symbol::of_number(take.u32()?),
        entry_type: take_word(&mut take, EntryType::ALL)??,
        status: take_word(&mut take, Status::ALL)??,
        refund_from: take_word(&mut take, RefundSource::ALL)??,
        original: None,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::id::{PlatformMerchantId, Symbols};
    use crate::ledger::parse_ledger;

    const HEADER: &str = "entry_id,entry_type,request_id,antom_id,original_request_id,original_antom_id,sub_merchant_id,amount_minor,currency,status,\
         occurred_at,refund_from\n";

    fn ledger() -> String {
        let mut text = HEADER.to_owned();
        for at in 0..500 {
            text.push_str(&format!(
                "e{at},PAYMENT,r{at},,,,S{},{at},USD,SUCCESS,2026-03-01T10:00:00.{at:03}Z,\n",
                at % 7
            ));
            if at % 50 == 0 {
                text.push_str(&format!(
                    "f{at},REFUND,f{at},g{at},r{at},a{at},,-{at},JPY,PENDING,2026-03-02T10:00:00Z,SELLER\n"
                ));
            }
        }
        text
    }

    #[test]
    fn entries_are_read_back_as_they_were() {
        let folder = tempfile::tempdir().unwrap();
        let memory = Memory::open(folder.path(), &PlatformMerchantId::new("2188"), false).unwrap();
        let symbols = Symbols::new();
        let parsed = parse_ledger(ledger().as_bytes(), memory.keys(), &symbols, None).unwrap();
        assert_eq!((parsed.entries.len(), parsed.originals.len()), (510, 10));
        let mut kept = LedgerRows::new(&memory).unwrap();
        for entries in parsed.entries.chunks(200) {
            kept.put(&PackedEntries::of(entries, &parsed.originals).unwrap()).unwrap();
        }
        assert_eq!((kept.rows(), kept.blocks()), (510, 3));
        let all: Vec<u32> = (0..510).collect();
        let mut found = Vec::new();
        for rows in all.chunk_by(|one, two| kept.block_of(*one) == kept.block_of(*two)) {
            found.extend(kept.entries(kept.block_of(rows[0]), rows).unwrap());
        }
        let expected = parsed.entries.iter().map(|entry| {
            let original = entry.original.map(|at| parsed.originals[at as usize]);
            (Entry { original: None, ..*entry }, original)
        });
        let expected: Vec<_> = expected.collect();
        assert!(found == expected, "every entry is as it was");
        assert_eq!(kept.entries(1, &[255, 399]).unwrap(), [expected[255], expected[399]]);
        assert!(matches!(kept.entries(1, &[199]), Err(MemoryError::Scratch(_))), "an entry of another block");
        let ids: Vec<(u32, u64)> =
            (0..3).flat_map(|block| kept.ids(block).unwrap().all().collect::<Vec<_>>()).collect();
        for (row, (entry, original)) in (0..).zip(&expected) {
            let original = original.unwrap_or_default();
            let keys = [entry.by_request, entry.by_antom, original.by_request, original.by_antom];
            let has = keys.iter().filter(|key| !key.is_none()).all(|key| ids.contains(&(row, key.hint())));
            assert!(has, "row {row}");
        }
    }
}
