//! The ledger's entries of a run, block by block on the disk: their ids to be searched, and what matching asks them for.

use super::block_ids::BlockIds;
use super::bytes::{Put, Take};
use super::rows::{put_currency, put_word, take_next_currency, take_word};
use super::scratch::{Piece, Scratch};
use super::{Memory, MemoryError};
use crate::calendar::Instant;
use crate::id::{Key, Symbol};
use crate::ledger::{Entry, RefundSource};
use crate::money::Currencies;
use crate::movement::{EntryType, Status};
use crate::report::{Original, Place};

/// About how many bytes an entry has.
const ROW_BYTES: usize = 40;

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
    values: Piece,
}

/// The entries of one block, ready to be written.
#[derive(Debug, Default)]
pub struct PackedEntries {
    rows: u32,
    ids: Vec<u8>,
    values: Vec<u8>,
}

impl PackedEntries {
    /// Packs entries that follow one another. An entry's `original` is an index into these originals.
    #[must_use]
    pub fn of(entries: &[Entry], originals: &[Original]) -> Self {
        let mut values = Put(Vec::with_capacity(entries.len() * ROW_BYTES));
        let (mut named, mut before) = (Vec::new(), Before::default());
        for (at, entry) in (0_u32..).zip(entries) {
            let original = entry.original.and_then(|at| originals.get(at as usize)).copied();
            let ids = original.map_or([Key::NONE; 2], |known| [known.by_request, known.by_antom]);
            named.extend(ids.into_iter().filter(|id| !id.is_none()).map(|id| (at, id.hint())));
            put_entry(&mut values, entry, original, &mut before);
        }
        let ids = BlockIds::pack(entries.iter().map(|entry| [entry.by_request, entry.by_antom]), &named);
        Self { rows: u32::try_from(entries.len()).unwrap_or(u32::MAX), ids, values: values.0 }
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
            values: self.scratch.put(&packed.values)?,
        };
        self.rows += block.rows;
        self.blocks.push(block);
        Ok(())
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
        let [request, antom] = self.ids(block)?.own;
        let values = self.scratch.read(known.values)?;
        let (mut take, mut before) = (Take(&values), Before::default());
        let (mut found, mut wanted) = (Vec::with_capacity(wanted.len()), wanted.iter().peekable());
        for (row, ids) in (known.first..known.first + known.rows).zip(request.into_iter().zip(antom)) {
            if wanted.peek().is_none() {
                break;
            }
            let entry = take_entry(&mut take, ids.into(), &mut before).ok_or_else(|| self.scratch.damaged())?;
            if wanted.next_if_eq(&&row).is_some() {
                found.push(entry);
            }
        }
        if wanted.peek().is_none() { Ok(found) } else { Err(self.scratch.damaged()) }
    }
}

/// What an entry is written as a difference from: the one before it in its block; and the currencies that were read.
#[derive(Debug, Default)]
struct Before {
    line: u32,
    offset: u64,
    at: i64,
    currencies: Currencies,
}

/// Writes an entry with what it says of its original. The upper half of its own keys is left out: it stands among the ids of the block.
fn put_entry(put: &mut Put, entry: &Entry, original: Option<Original>, before: &mut Before) {
    put.u8(u8::from(original.is_some()));
    put.u64(entry.by_request.low());
    put.u64(entry.by_antom.low());
    put.number(entry.place.line.wrapping_sub(before.line).into());
    put.number(entry.place.offset.wrapping_sub(before.offset));
    put.number(entry.place.length.into());
    put.signed(entry.amount);
    let at = entry.occurred_at.millis();
    put.signed(at.wrapping_sub(before.at));
    (before.line, before.offset, before.at) = (entry.place.line, entry.place.offset, at);
    put_currency(put, Some(entry.currency));
    put.number(entry.party.number().into());
    put_word(put, EntryType::ALL, Some(entry.entry_type));
    put_word(put, Status::ALL, Some(entry.status));
    put_word(put, RefundSource::ALL, Some(entry.refund_from));
    if let Some(original) = original {
        put.u128(original.by_request.to_bits());
        put.u128(original.by_antom.to_bits());
    }
}

/// Reads an entry, with what it says of its original; `original` of the entry is left to the caller. `ids` are those of its own keys.
/// Nothing if the bytes are no entry.
fn take_entry(
    take: &mut Take<'_>,
    [request, antom]: [u64; 2],
    before: &mut Before,
) -> Option<(Entry, Option<Original>)> {
    let has_original = take.u8()? == 1;
    let (by_request, by_antom) = (Key::of_halves(request, take.u64()?), Key::of_halves(antom, take.u64()?));
    before.line = before.line.wrapping_add(u32::try_from(take.number()?).ok()?);
    before.offset = before.offset.wrapping_add(take.number()?);
    let length = u32::try_from(take.number()?).ok()?;
    let amount = take.signed()?;
    before.at = before.at.wrapping_add(take.signed()?);
    let entry = Entry {
        place: Place { file: 0, line: before.line, offset: before.offset, length },
        by_request,
        by_antom,
        amount,
        occurred_at: Instant::from_millis(before.at),
        currency: take_next_currency(take, &mut before.currencies)??,
        party: Symbol::of_number(u32::try_from(take.number()?).ok()?),
        entry_type: take_word(take, EntryType::ALL)??,
        status: take_word(take, Status::ALL)??,
        refund_from: take_word(take, RefundSource::ALL)??,
        original: None,
    };
    let original = if has_original {
        Some(Original { by_request: Key::from_bits(take.u128()?), by_antom: Key::from_bits(take.u128()?) })
    } else {
        None
    };
    Some((entry, original))
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
            kept.put(&PackedEntries::of(entries, &parsed.originals)).unwrap();
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
