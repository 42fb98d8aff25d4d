//! Ids: newtypes for text that names things, symbols for the few that repeat on every line, keys for joining.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::hash::{BuildHasher, BuildHasherDefault, Hasher, RandomState};
use std::sync::{PoisonError, RwLock};

macro_rules! id_newtypes {
    ($($(#[$doc:meta])* $name:ident;)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
        pub struct $name(String);

        impl $name {
            /// Takes the text as it stands; empty means unknown.
            #[must_use]
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// Whether the id is unknown.
            #[must_use]
            pub fn is_empty(&self) -> bool {
                self.0.is_empty()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }
    )+};
}

id_newtypes! {
    /// The marketplace's own id of a request: `paymentRequestId`, `captureRequestId`, `refundRequestId`, `settlementRequestId`.
    RequestId;
    /// The id that Antom gave in return: paymentId, captureId, refundId, disputeId.
    AntomId;
    /// The marketplace's id of the order (`referenceOrderId`, reported as `referenceTransactionId`).
    OrderId;
    /// The marketplace's id of a sub-merchant (`referenceMerchantId`); empty means the marketplace itself.
    SubMerchantId;
    /// The primary key of a ledger entry.
    EntryId;
    /// The id of a discrepancy, derived from content, for life.
    DiscrepancyId;
    /// Antom's id of a settlement period (`settlementBatchId`).
    BatchId;
    /// Antom's id of the marketplace (`platformMerchantId` in paths).
    PlatformMerchantId;
}

/// A 128-bit join key: 120 bits of hash of an id, and the space (a type, and which of its ids) in the lowest byte.
/// Zero means that there is no id.
///
/// Hashes are under a seed that differs in every process, so nobody outside can prepare two ids that collide; by chance, two
/// of 2^25 ids collide with a probability below 2^-70. Keys leave the process only for the memory beside the archive, which keeps
/// its seed as secret as they are; no output and no order depends on them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Key(u128);

impl Key {
    /// No id.
    pub const NONE: Self = Self(0);

    /// Whether there is no id.
    #[must_use]
    pub const fn is_none(self) -> bool {
        self.0 == 0
    }

    /// The key itself if there is one, else the other.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        if self.is_none() { other } else { self }
    }

    /// The key of the same id in another space: the payment that a refund names, for example.
    #[must_use]
    pub const fn in_space(self, space: u8) -> Self {
        if self.is_none() { self } else { Self(self.0 & !0xff | space as u128) }
    }

    /// A key of this id together with a number, in the same space.
    #[must_use]
    pub const fn salted(self, salt: i64) -> Self {
        // A multiplication by an odd number loses nothing; the space stays in the lowest byte.
        let spread = (salt.cast_unsigned() as u128).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
        Self((self.0 ^ (spread << 8)) | 0x100)
    }

    /// The id behind the key in 64 bits, whatever its space; 0 if there is none. Two ids may have the same: it finds candidates and
    /// decides nothing.
    #[must_use]
    pub const fn hint(self) -> u64 {
        (self.0 >> 64) as u64
    }

    /// The other half of the key, beside the [`hint`](Self::hint).
    #[must_use]
    pub const fn low(self) -> u64 {
        self.0 as u64
    }

    /// The key of these halves: its hint, and the other one.
    #[must_use]
    pub const fn of_halves(hint: u64, low: u64) -> Self {
        Self((hint as u128) << 64 | low as u128)
    }

    /// All bits, to be kept with the seed.
    #[must_use]
    pub const fn to_bits(self) -> u128 {
        self.0
    }

    /// The key of these bits.
    #[must_use]
    pub const fn from_bits(bits: u128) -> Self {
        Self(bits)
    }

    /// One of `count` partitions, the same for equal keys; `count` is a power of two.
    #[must_use]
    pub fn partition(self, count: usize) -> usize {
        debug_assert!(count.is_power_of_two());
        usize::try_from(self.0 >> 96).unwrap_or_default() & (count - 1)
    }
}

/// Hashes a [`Key`], which is a hash already, for use in maps.
#[derive(Debug, Clone, Copy, Default)]
pub struct KeyHasher(u64);

impl Hasher for KeyHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = (self.0.rotate_left(8) ^ u64::from(byte)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        }
    }

    fn write_u128(&mut self, key: u128) {
        // The space in the lowest byte is mixed in by the rotation; the upper bits are spread already.
        self.0 ^= ((key >> 64) as u64) ^ (key as u64).rotate_left(29);
    }
}

/// A map by key.
pub type KeyMap<V> = HashMap<Key, V, BuildHasherDefault<KeyHasher>>;

/// A set of keys.
pub type KeySet = HashSet<Key, BuildHasherDefault<KeyHasher>>;

/// Makes [`Key`]s. One per run, shared by everything that is joined in it.
#[derive(Debug, Clone, Copy)]
pub struct KeyMaker {
    seed: u64,
}

impl KeyMaker {
    /// Keys under this seed; the assembly draws it at random.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self { seed }
    }

    /// The key of an id within a space; [`Key::NONE`] for an empty id.
    #[must_use]
    pub fn key(&self, space: u8, id: &[u8]) -> Key {
        if id.is_empty() {
            return Key::NONE;
        }
        // Bit 8 is set so that no id has the key zero.
        let hash = xxhash_rust::xxh3::xxh3_128_with_seed(id, self.seed) | 0x100;
        Key(hash).in_space(space)
    }

    /// 64 bits of hash of a text, to tell whether two texts are the same.
    #[must_use]
    pub fn fingerprint(&self, text: &[u8]) -> u64 {
        xxhash_rust::xxh3::xxh3_64_with_seed(text, self.seed)
    }

    /// The key of several parts together, none of which is confused with another's text.
    #[must_use]
    pub fn combined(&self, space: u8, parts: &[&[u8]]) -> Key {
        let mut text = Vec::with_capacity(parts.iter().map(|part| part.len() + 8).sum());
        for part in parts {
            text.extend_from_slice(&(part.len() as u64).to_le_bytes());
            text.extend_from_slice(part);
        }
        self.key(space, &text)
    }
}

/// An interned text that repeats on many lines: a sub-merchant, a merchant, a batch, a raw type.
///
/// Numbers are given in the order of first sight, which differs between runs with several threads: compare symbols for
/// equality, and sort by their text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, PartialOrd, Ord)]
pub struct Symbol(u32);

impl Symbol {
    /// The empty text.
    pub const EMPTY: Self = Self(0);

    /// Whether the text is empty.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The symbol of a number that [`number`](Self::number) gave, of the same table.
    #[must_use]
    pub const fn of_number(number: u32) -> Self {
        Self(number)
    }

    /// Its number, which means nothing outside of its table.
    #[must_use]
    pub const fn number(self) -> u32 {
        self.0
    }
}

/// The interned texts of a run; shared by all threads.
#[derive(Debug)]
pub struct Symbols {
    /// Under a seed of their own, which nobody outside can know: texts are told apart by their keys, as ids are (see [`Key`]).
    keys: KeyMaker,
    inner: RwLock<SymbolTable>,
}

#[derive(Debug, Default)]
struct SymbolTable {
    numbers: KeyMap<Symbol>,
    texts: Vec<Box<str>>,
}

impl Default for Symbols {
    fn default() -> Self {
        Self::new()
    }
}

impl Symbols {
    /// An empty table; the empty text is [`Symbol::EMPTY`].
    #[must_use]
    pub fn new() -> Self {
        let mut table = SymbolTable::default();
        table.texts.push(Box::default());
        // A hasher that was fed nothing gives 64 bits of the seed that the standard library draws for every map.
        let keys = KeyMaker::new(RandomState::new().build_hasher().finish());
        Self { keys, inner: RwLock::new(table) }
    }

    /// The symbol of a text. Bytes that are not UTF-8 are replaced, so callers check their encoding first.
    /// Takes a lock: keep a small cache per block of lines in front of it.
    #[must_use]
    pub fn intern(&self, text: &[u8]) -> Symbol {
        if text.is_empty() {
            return Symbol::EMPTY;
        }
        let key = self.keys.key(0, text);
        if let Some(&known) = self.inner.read().unwrap_or_else(PoisonError::into_inner).numbers.get(&key) {
            return known;
        }
        let mut table = self.inner.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(&known) = table.numbers.get(&key) {
            return known;
        }
        let symbol = Symbol(u32::try_from(table.texts.len()).expect("fewer than 2^32 distinct texts fit in memory"));
        table.texts.push(String::from_utf8_lossy(text).into());
        table.numbers.insert(key, symbol);
        symbol
    }

    /// The text of a symbol of this table.
    #[must_use]
    pub fn text(&self, symbol: Symbol) -> String {
        self.text_of(symbol.0)
    }

    /// The text of the symbol with this number.
    #[must_use]
    pub fn text_of(&self, number: u32) -> String {
        let table = self.inner.read().unwrap_or_else(PoisonError::into_inner);
        usize::try_from(number).ok().and_then(|at| table.texts.get(at)).map(ToString::to_string).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_tell_spaces_and_parts_apart() {
        let keys = KeyMaker::new(7);
        assert_eq!(keys.key(1, b"a"), keys.key(1, b"a"));
        assert_ne!(keys.key(1, b"a"), keys.key(2, b"a"));
        assert_eq!(keys.key(1, b"a").in_space(2), keys.key(2, b"a"));
        assert_ne!(keys.combined(1, &[b"ab", b"c"]), keys.combined(1, &[b"a", b"bc"]));
        assert!(keys.key(1, b"").is_none());
        assert_ne!(KeyMaker::new(8).key(1, b"a"), keys.key(1, b"a"));
    }

    #[test]
    fn symbols_give_their_text_back() {
        let symbols = Symbols::new();
        let seller = symbols.intern(b"seller-1");
        assert_eq!(symbols.intern(b"seller-1"), seller);
        assert_eq!(symbols.text(seller), "seller-1");
        assert_eq!(symbols.text(Symbol::EMPTY), "");
    }
}
