//! A memory of texts that repeat from line to line, so that most of them are interned without a lock.

use crate::id::{Symbol, Symbols};

/// Places in the memory; a power of two. A block has about 4,000 lines with three such texts each.
const PLACES: usize = 1024;

/// The symbols that one block met last, each text in the place that its hash names.
#[derive(Debug)]
pub struct SymbolCache<'a> {
    symbols: &'a Symbols,
    places: Vec<(Vec<u8>, Symbol)>,
}

impl<'a> SymbolCache<'a> {
    /// An empty memory in front of these symbols.
    #[must_use]
    pub fn new(symbols: &'a Symbols) -> Self {
        Self { symbols, places: vec![(Vec::new(), Symbol::EMPTY); PLACES] }
    }

    /// The symbol of a text.
    pub fn symbol(&mut self, text: &[u8]) -> Symbol {
        if text.is_empty() {
            return Symbol::EMPTY;
        }
        let hash = xxhash_rust::xxh3::xxh3_64(text);
        let at = usize::try_from(hash & (PLACES as u64 - 1)).unwrap_or_default();
        let (known, symbol) = &mut self.places[at];
        if known != text {
            *symbol = self.symbols.intern(text);
            known.clear();
            known.extend_from_slice(text);
        }
        *symbol
    }
}
