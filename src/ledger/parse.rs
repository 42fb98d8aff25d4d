//! The bytes of a ledger to a [`ParsedLedger`], on all cores, in the order of the input.

use std::io::Read;

use memchr::memchr_iter;

use crate::calendar::Instant;
use crate::id::{KeyMaker, Symbols};
use crate::ledger::row::{Before, Columns, Unreadable, Values, column, named};
use crate::ledger::{COLUMNS, Entry, EntryText, ParsedLedger};
use crate::money::Currency;
use crate::movement::EntryType;
use crate::records::{
    Block, Broken, Cells, MAX_RECORD_BYTES, Piece, Record, Row, SplitError, Splitter, SymbolCache, SymbolCaches,
    bounded_text, in_order,
};
use crate::report::{Original, Place, Reject};

/// How many rejects are kept. A ledger with more is not one with bad rows but another file, and each reject holds its row.
pub const MAX_REJECTS: usize = 100_000;

/// Why a ledger as a whole is refused.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// Reading or cutting failed.
    #[error(transparent)]
    Split(#[from] SplitError),
    /// Bytes that are not UTF-8.
    #[error("not UTF-8: byte `0x{byte:02X}` at offset {offset}, line {line}; expected a ledger in UTF-8")]
    NotUtf8 {
        /// The first byte that is wrong.
        byte: u8,
        /// Its offset, from 0.
        offset: u64,
        /// Its physical line.
        line: u32,
    },
    /// There is no header.
    #[error("the ledger is empty; expected a header with the columns `{}`", COLUMNS.join("`, `"))]
    Empty,
    /// The header cannot be cut into cells.
    #[error("line {line}: the header cannot be read: {reason}")]
    BrokenHeader {
        /// Its physical line.
        line: u32,
        /// What is wrong with it.
        reason: String,
    },
    /// A column stands twice.
    #[error("the header names `{name}` twice, in columns {first} and {second}")]
    DuplicateColumn {
        /// Its name.
        name: &'static str,
        /// Position of the first, from 1.
        first: usize,
        /// Position of the second.
        second: usize,
    },
    /// Required columns are not there.
    #[error("the header lacks `{missing}`; found `{found}`")]
    MissingColumns {
        /// Their names.
        missing: String,
        /// The header.
        found: String,
    },
    /// More than [`MAX_REJECTS`] rows that cannot be read.
    #[error("more than {MAX_REJECTS} rows cannot be read, the first is line {line}: {reason}")]
    TooManyRejects {
        /// The first of them.
        line: u32,
        /// Why.
        reason: String,
    },
}

/// Parses a ledger on the current rayon pool. With a `window`, entries before its first instant or at or after its second are
/// left out; rows that cannot be read are rejects wherever they stand.
///
/// # Errors
/// The ledger cannot be read, is not UTF-8 or has no header that fits; see [`LedgerError`].
pub fn parse_ledger(
    input: impl Read + Send,
    keys: KeyMaker,
    symbols: &Symbols,
    window: Option<(Instant, Instant)>,
) -> Result<ParsedLedger, LedgerError> {
    parse_pieces(&(), Splitter::new(input), keys, symbols, window)
}

/// Takes the entries from the parser, block by block. Blocks are packed on all cores, and taken in the order of the ledger.
pub trait Keeper: Sync {
    /// What is made of the entries of one block.
    type Packed: Default + Send;

    /// Whether entries are taken; if not, they stay in the ledger.
    const KEEPS: bool = true;

    /// Packs the entries of one block. An entry's `original` is an index into these originals.
    fn pack(&self, entries: &[Entry], originals: &[Original]) -> Self::Packed;

    /// Takes the next block.
    fn take(&self, packed: Self::Packed);
}

/// Nothing is taken.
impl Keeper for () {
    type Packed = ();
    const KEEPS: bool = false;

    fn pack(&self, _: &[Entry], _: &[Original]) {}

    fn take(&self, (): ()) {}
}

/// Parses a ledger whose entries are taken away block by block, so that millions of them are never in memory at once: it comes without
/// them.
///
/// # Errors
/// As for [`parse_ledger`].
pub fn parse_ledger_to(
    keeper: &impl Keeper,
    input: impl Read + Send,
    keys: KeyMaker,
    symbols: &Symbols,
    window: Option<(Instant, Instant)>,
) -> Result<ParsedLedger, LedgerError> {
    parse_pieces(keeper, Splitter::new(input), keys, symbols, window)
}

pub(super) fn parse_pieces<K: Keeper>(
    keeper: &K,
    mut splitter: Splitter<impl Read + Send>,
    keys: KeyMaker,
    symbols: &Symbols,
    window: Option<(Instant, Instant)>,
) -> Result<ParsedLedger, LedgerError> {
    let (columns, rest) = read_header(&mut splitter)?;
    let reader = Reader { columns, keys, symbols: SymbolCaches::new(symbols, keys), window };
    let mut ledger = ParsedLedger { columns: columns.positions, ..ParsedLedger::default() };
    let mut take = |block: Result<(ParsedLedger, K::Packed), LedgerError>| {
        let (block, packed) = block?;
        if K::KEEPS {
            keeper.take(packed);
        }
        let base = u32::try_from(ledger.originals.len()).unwrap_or(u32::MAX);
        ledger.originals.extend(block.originals);
        ledger.entries.extend(block.entries.into_iter().map(|mut entry| {
            entry.original = entry.original.map(|at| at.saturating_add(base));
            entry
        }));
        ledger.rejects.extend(block.rejects);
        match ledger.rejects.first() {
            Some(first) if ledger.rejects.len() > MAX_REJECTS => {
                Err(LedgerError::TooManyRejects { line: first.place.line, reason: first.reason.clone() })
            }
            _ => Ok(()),
        }
    };
    let work = |block: &Block| {
        let mut read = reader.read_block(block)?;
        let packed = if K::KEEPS { keeper.pack(&read.entries, &read.originals) } else { K::Packed::default() };
        if K::KEEPS {
            // Their room as well: the results of some blocks wait for their turn.
            (read.entries, read.originals) = (Vec::new(), Vec::new());
        }
        Ok((read, packed))
    };
    if let Some(rest) = rest {
        take(work(&rest))?;
    }
    let work = |piece: &Piece| match piece {
        Piece::Records(block) => work(block),
        Piece::Broken(broken) => Ok((read_broken(broken), K::Packed::default())),
    };
    in_order(&mut splitter, work, take)?;
    Ok(ledger)
}

/// Reads the header, and gives the rest of the block that it stands in.
pub(super) fn read_header(splitter: &mut Splitter<impl Read>) -> Result<(Columns, Option<Block>), LedgerError> {
    loop {
        let block = match splitter.next_piece()? {
            None => return Err(LedgerError::Empty),
            Some(Piece::Broken(broken)) => {
                return Err(LedgerError::BrokenHeader { line: broken.line, reason: broken.cause.reason() });
            }
            Some(Piece::Records(block)) => block,
        };
        check_utf8(&block)?;
        let mut records = block.records();
        let Some(header) = records.find(|record| !record.is_blank()) else { continue };
        let columns = Columns::read(header.bytes)?;
        let rest = records.next().map(|next| {
            let start = usize::try_from(next.offset - block.offset).unwrap_or(block.bytes.len());
            Block { bytes: block.bytes[start..].to_vec(), offset: next.offset, line: next.line }
        });
        return Ok((columns, rest));
    }
}

pub(super) fn check_utf8(block: &Block) -> Result<(), LedgerError> {
    // Most blocks are ASCII alone, which is found out faster.
    if block.bytes.is_ascii() {
        return Ok(());
    }
    std::str::from_utf8(&block.bytes).map(drop).map_err(|error| {
        let at = error.valid_up_to();
        let before = u32::try_from(memchr_iter(b'\n', &block.bytes[..at]).count()).unwrap_or(u32::MAX);
        LedgerError::NotUtf8 {
            byte: block.bytes.get(at).copied().unwrap_or_default(),
            offset: block.offset + at as u64,
            line: block.line.saturating_add(before),
        }
    })
}

/// A line at which no record could be read.
fn read_broken(broken: &Broken) -> ParsedLedger {
    let length = u32::try_from(broken.length).unwrap_or(u32::MAX);
    let place = Place { file: 0, line: broken.line, offset: broken.offset, length };
    let reject = Reject::of_whole_line(place, &broken.raw, broken.cause.reason());
    ParsedLedger { rejects: vec![reject], ..ParsedLedger::default() }
}

/// What every block is read with.
struct Reader<'a> {
    columns: Columns,
    keys: KeyMaker,
    symbols: SymbolCaches<'a>,
    window: Option<(Instant, Instant)>,
}

impl Reader<'_> {
    fn read_block(&self, block: &Block) -> Result<ParsedLedger, LedgerError> {
        check_utf8(block)?;
        let (mut ledger, mut before) = (ParsedLedger::default(), Before::default());
        let mut parties = self.symbols.take();
        let mut rows = block.rows();
        while let Some((record, row)) = rows.next_row() {
            if record.is_blank() {
                continue;
            }
            let length = u32::try_from(record.bytes.len()).unwrap_or(u32::MAX);
            let place = Place { file: 0, line: record.line, offset: record.offset, length };
            if record.bytes.len() > MAX_RECORD_BYTES {
                let reason = format!("longer than {MAX_RECORD_BYTES} bytes; expected one row of a ledger");
                ledger.rejects.push(Reject::of_whole_line(place, record.bytes, reason));
                continue;
            }
            match self.columns.values(row, &mut before) {
                Ok(values) if !self.is_inside(values.occurred_at) => {}
                Ok(values) => self.keep(&mut ledger, &mut parties, place, row, &values),
                Err(unreadable) => ledger.rejects.push(self.reject(place, record, row, unreadable)),
            }
        }
        self.symbols.give_back(parties);
        Ok(ledger)
    }

    fn is_inside(&self, at: Instant) -> bool {
        self.window.is_none_or(|(from, until)| from <= at && at < until)
    }

    fn keep(
        &self,
        ledger: &mut ParsedLedger,
        parties: &mut SymbolCache<'_>,
        place: Place,
        row: Row<'_>,
        values: &Values,
    ) {
        let cell = |column| self.columns.cell(row, column);
        let original = named(Original {
            by_request: self.keys.key(EntryType::Payment.request_space(), cell(column::ORIGINAL_REQUEST_ID)),
            by_antom: self.keys.key(EntryType::Payment.antom_space(), cell(column::ORIGINAL_ANTOM_ID)),
        });
        let party = if values.to_marketplace { b"" } else { cell(column::SUB_MERCHANT_ID) };
        let at = u32::try_from(ledger.originals.len()).unwrap_or(u32::MAX);
        ledger.originals.extend(original);
        ledger.entries.push(Entry {
            place,
            by_request: self.keys.key(values.entry_type.request_space(), cell(column::REQUEST_ID)),
            by_antom: self.keys.key(values.entry_type.antom_space(), cell(column::ANTOM_ID)),
            amount: values.amount,
            occurred_at: values.occurred_at,
            currency: values.currency,
            party: parties.symbol(party),
            original: original.map(|_| at),
            refund_from: values.refund_from,
            entry_type: values.entry_type,
            status: values.status,
        });
    }

    fn reject(&self, place: Place, record: Record<'_>, row: Row<'_>, unreadable: Unreadable) -> Reject {
        let cell = |column| self.columns.cell(row, column);
        let entry_type = EntryType::parse_bytes(cell(column::ENTRY_TYPE));
        let [by_request, by_antom] =
            Reject::keys(self.keys, entry_type, cell(column::REQUEST_ID), cell(column::ANTOM_ID));
        Reject {
            place,
            raw: bounded_text(record.bytes),
            column: unreadable.column.to_owned(),
            reason: unreadable.reason,
            entry_type,
            currency: Currency::parse(cell(column::CURRENCY)),
            by_request,
            by_antom,
            text: self.columns.line_text(row),
        }
    }
}

impl ParsedLedger {
    /// Cuts the bytes of a row (without its line end) again into text.
    #[must_use]
    pub fn text(&self, raw: &[u8]) -> EntryText {
        let mut cells = Cells::default();
        Columns { positions: self.columns, width: 0 }.entry_text(cells.cut(raw))
    }
}
