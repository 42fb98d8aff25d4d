//! Names for life: the ids of discrepancies and of items in transit, derived from what they are about.

use crate::id::DiscrepancyId;
use crate::kind::{DiscrepancyKind, Stage};

/// Crockford's base 32: no letter that is taken for a digit. With the prefix, no spreadsheet takes an id for a number.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Number of characters of an id: 100 bits of SHA-256, so that among 2^30 ids two are equal with a probability below 2^-40.
const LENGTH: usize = 20;

/// Makes names for one marketplace.
#[derive(Debug, Clone)]
pub struct Names {
    merchant: String,
}

impl Names {
    /// Names for the marketplace with this id.
    #[must_use]
    pub fn new(merchant: &str) -> Self {
        Self { merchant: merchant.to_owned() }
    }

    /// The id of a discrepancy. A movement has one per stage, so the kind is not part of it: a break that changes its kind (an
    /// entry corrected halfway) stays the same break. `distinction` tells apart what shares movement and stage: repetitions,
    /// parties, raw lines.
    #[must_use]
    pub fn discrepancy(&self, stage: Stage, identity: &[&str], distinction: &[&str]) -> DiscrepancyId {
        let parts = [&["discrepancy", self.merchant.as_str(), stage.as_str()][..], identity, &["/"], distinction];
        DiscrepancyId::new(name("D-", parts))
    }

    /// The id of an item in transit.
    #[must_use]
    pub fn item(&self, identity: &[&str]) -> String {
        name("T-", [&["item", self.merchant.as_str()][..], identity])
    }
}

/// The id of a discrepancy about a file.
#[must_use]
pub fn file_discrepancy_id(names: &Names, kind: DiscrepancyKind, path: &str, digest: &str) -> DiscrepancyId {
    names.discrepancy(Stage::File, &[kind.as_str(), path], &[digest])
}

/// A prefix, and base 32 of the SHA-256 of length-prefixed parts.
fn name<const N: usize>(prefix: &str, parts: [&[&str]; N]) -> String {
    let mut context = ring::digest::Context::new(&ring::digest::SHA256);
    for part in parts.into_iter().flatten() {
        context.update(&(part.len() as u64).to_le_bytes());
        context.update(part.as_bytes());
    }
    let hash = context.finish();
    let length = prefix.len() + LENGTH;
    let (mut text, mut bits, mut held) = (String::with_capacity(length), 0_u32, 0_u32);
    text.push_str(prefix);
    for &byte in hash.as_ref() {
        held = (held << 8) | u32::from(byte);
        bits += 8;
        while bits >= 5 && text.len() < length {
            bits -= 5;
            text.push(char::from(ALPHABET[(held >> bits) as usize & 31]));
        }
        held &= (1 << bits) - 1;
        if text.len() == length {
            break;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_depend_on_every_part_and_on_nothing_else() {
        let names = Names::new("2188");
        let id = names.discrepancy(Stage::Transactions, &["PAYMENT", "r-1"], &[]);
        assert_eq!(id, names.discrepancy(Stage::Transactions, &["PAYMENT", "r-1"], &[]));
        assert_eq!(id.as_str().len(), 2 + LENGTH);
        for other in [
            names.discrepancy(Stage::Settlement, &["PAYMENT", "r-1"], &[]),
            names.discrepancy(Stage::Transactions, &["PAYMENTr", "-1"], &[]),
            names.discrepancy(Stage::Transactions, &["PAYMENT", "r-1"], &["2"]),
            Names::new("2189").discrepancy(Stage::Transactions, &["PAYMENT", "r-1"], &[]),
        ] {
            assert_ne!(id, other);
        }
    }
}
