//! A memory of texts that repeat from line to line, so that most of them are interned without a lock.

use std::sync::{Mutex, PoisonError};

use crate::id::{Key, KeyMaker, Symbol, Symbols};

/// Pairs of places in a memory; a power of two. Twice as many places as most marketplaces have sub-merchants, in 1 MiB, which
/// stays in a core's cache.
const PAIRS: usize = 1 << 14;

/// The symbols that a thread met last, each in one of the two places that its text's key names. Texts are told apart by their keys, as ids
/// are (see [`Key`]).
#[derive(Debug)]
pub struct SymbolCache<'a> {
    symbols: &'a Symbols,
    keys: KeyMaker,
    pairs: Vec<[(Key, Symbol); 2]>,
}

/// The memories of all threads: each block takes one and gives it back, so that it stays warm.
#[derive(Debug)]
pub struct SymbolCaches<'a> {
    symbols: &'a Symbols,
    keys: KeyMaker,
    idle: Mutex<Vec<SymbolCache<'a>>>,
}

impl<'a> SymbolCaches<'a> {
    /// Memories in front of these symbols.
    #[must_use]
    pub const fn new(symbols: &'a Symbols, keys: KeyMaker) -> Self {
        Self { symbols, keys, idle: Mutex::new(Vec::new()) }
    }

    /// A memory that no other block uses now.
    #[must_use]
    pub fn take(&self) -> SymbolCache<'a> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        idle.unwrap_or_else(|| SymbolCache {
            symbols: self.symbols,
            keys: self.keys,
            pairs: vec![[(Key::NONE, Symbol::EMPTY); 2]; PAIRS],
        })
    }

    /// Gives a memory back.
    pub fn give_back(&self, cache: SymbolCache<'a>) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(cache);
    }
}

impl SymbolCache<'_> {
    /// The symbol of a text.
    pub fn symbol(&mut self, text: &[u8]) -> Symbol {
        if text.is_empty() {
            return Symbol::EMPTY;
        }
        let key = self.keys.key(0, text);
        let [first, second] = &mut self.pairs[key.partition(PAIRS)];
        if first.0 == key {
            return first.1;
        }
        if second.0 != key {
            *second = (key, self.symbols.intern(text));
        }
        // The one met last comes first, and the other makes room next.
        std::mem::swap(first, second);
        first.1
    }
}
