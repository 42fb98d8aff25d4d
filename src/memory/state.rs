//! What was closed after a run: for each file of details a bit per line, for each date the fingerprints of the ledger's entries.

use std::collections::BTreeMap;
use std::io::Read as _;

use xxhash_rust::xxh3::xxh3_128;

use super::bits::Bits;
use super::bytes::{Put, Take};
use crate::calendar::BusinessDate;

/// The level of compression: the bits of a day that is over are all set.
const COMPRESSION_LEVEL: i32 = 1;

/// The most that is unpacked: bits of 8,589,934,592 lines.
const MAX_BYTES: u64 = 1 << 30;

/// A file of details of a run: the date of its directory, its name, and the digest of its content.
pub type FileKey = (BusinessDate, String, String);

/// What was closed after a run.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct State {
    /// A hash of the rules of matching, under the seed of the keys: with others, nothing is known to be closed.
    pub rules: u64,
    /// Hashes of the registered parties, sorted; none without a registry.
    pub parties: Option<Vec<u64>>,
    /// The lines that were closed, by file.
    pub lines: BTreeMap<FileKey, Bits>,
    /// The names of the lists of closed entries, by business date.
    pub entries: BTreeMap<BusinessDate, String>,
}

impl State {
    pub(super) fn to_bytes(&self) -> std::io::Result<Vec<u8>> {
        let mut put = Put::default();
        put.text(super::VERSION);
        put.u64(self.rules);
        put.u8(u8::from(self.parties.is_some()));
        let parties = self.parties.as_deref().unwrap_or_default();
        put.length(parties.len());
        parties.iter().for_each(|&party| put.u64(party));
        put.length(self.lines.len());
        for ((date, name, digest), bits) in &self.lines {
            put.text(&date.to_string());
            put.text(name);
            put.text(digest);
            bits.put_into(&mut put);
        }
        put.length(self.entries.len());
        for (date, name) in &self.entries {
            put.text(&date.to_string());
            put.text(name);
        }
        put.u128(xxh3_128(&put.0));
        zstd::bulk::compress(&put.0, COMPRESSION_LEVEL)
    }

    /// Nothing if the bytes are not whole, or another version's.
    pub(super) fn from_bytes(packed: &[u8]) -> Option<Self> {
        let mut bytes = Vec::new();
        zstd::Decoder::new(packed).ok()?.take(MAX_BYTES).read_to_end(&mut bytes).ok()?;
        let (body, hash) = bytes.split_last_chunk::<16>()?;
        if xxh3_128(body) != u128::from_le_bytes(*hash) {
            return None;
        }
        let mut take = Take(body);
        if take.text()? != super::VERSION {
            return None;
        }
        let rules = take.u64()?;
        let has_parties = take.u8()? == 1;
        let parties = Some(take.list(Take::u64)?).filter(|_| has_parties);
        let file = |take: &mut Take<'_>| {
            let key = (take.text()?.parse().ok()?, take.text()?, take.text()?);
            Some((key, Bits::take_from(take)?))
        };
        let lines = take.list(file)?.into_iter().collect();
        let entries = take.list(|take| Some((take.text()?.parse().ok()?, take.text()?)))?.into_iter().collect();
        Some(Self { rules, parties, lines, entries })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_read_back_whole_or_not_at_all() {
        let mut bits = Bits::none(70);
        bits.put(69);
        let day = |text: &str| text.parse().expect("a date");
        let state = State {
            rules: 7,
            parties: Some(vec![1, 2]),
            lines: BTreeMap::from([((day("2026-03-02"), "a.csv".to_owned(), "aa".to_owned()), bits)]),
            entries: BTreeMap::from([(day("2026-03-01"), "00".to_owned())]),
        };
        let bytes = state.to_bytes().expect("memory is enough");
        assert_eq!(State::from_bytes(&bytes), Some(state));
        assert_eq!(State::from_bytes(&bytes[..bytes.len() - 1]), None);
        let mut unpacked = zstd::bulk::decompress(&bytes, 1 << 16).expect("what was packed");
        unpacked[12] ^= 1;
        assert_eq!(State::from_bytes(&zstd::bulk::compress(&unpacked, 1).expect("memory is enough")), None);
    }
}
