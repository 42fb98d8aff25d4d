//! One block of lines.

use memchr::memchr_iter;

use crate::id::{Key, KeyMaker, Symbol};
use crate::money::{AmountUnit, Currency, Tally};
use crate::movement::EntryType;
use crate::records::{Block, Cells, MAX_RECORD_BYTES, Record, Row, SymbolCaches, bounded_text};
use crate::report::schema::{Layout, entry_type, is_empty};
use crate::report::{Column, Line, LineText, Original, Place, Reject, ReportError};

use super::END;
use super::cells::{Caches, Unreadable};

/// What every block is read with.
pub(super) struct Context<'a> {
    pub(super) layout: &'a Layout,
    pub(super) unit: AmountUnit,
    pub(super) file: u32,
    pub(super) keys: KeyMaker,
    pub(super) symbols: SymbolCaches<'a>,
}

/// What a block gives.
#[derive(Default)]
pub(super) struct BlockResult {
    pub(super) lines: Vec<Line>,
    /// Lines refer to these by their index within the block.
    pub(super) originals: Vec<Original>,
    pub(super) rejects: Vec<Reject>,
    pub(super) totals: Vec<BlockTotal>,
    pub(super) evidence: Evidence,
    /// The first and the last line that are not blank.
    pub(super) first_line: Option<u32>,
    pub(super) last_line: Option<u32>,
    /// The line of `<END>`, and the first line after it that is not blank.
    pub(super) end: Option<u32>,
    pub(super) after_end: Option<u32>,
}

/// A control total of a block.
pub(super) struct BlockTotal {
    pub(super) raw_type: Symbol,
    pub(super) entry_type: Option<EntryType>,
    pub(super) currency: Currency,
    pub(super) tally: Tally,
}

/// What the lines tell about how their file is to be read.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Evidence {
    /// Transaction amounts of currencies with decimals.
    pub(super) with_places: u64,
    /// Those of them that are written with a decimal point.
    pub(super) with_point: u64,
    /// Lines with a fee in another currency than the settlement's.
    pub(super) foreign_fees: u64,
    /// Lines of types that take money out, by the sign of their amount.
    pub(super) outgoing_positive: u64,
    pub(super) outgoing_negative: u64,
}

impl BlockResult {
    pub(super) fn of_reject(reject: Reject) -> Self {
        let line = Some(reject.place.line);
        Self { first_line: line, last_line: line, rejects: vec![reject], ..Self::default() }
    }

    fn add_to_totals(&mut self, line: &Line) {
        let known =
            self.totals.iter_mut().find(|total| total.raw_type == line.raw_type && total.currency == line.currency);
        if let Some(total) = known {
            total.tally.add(line.amount);
            return;
        }
        let mut tally = Tally::default();
        tally.add(line.amount);
        let (raw_type, entry_type, currency) = (line.raw_type, line.entry_type, line.currency);
        self.totals.push(BlockTotal { raw_type, entry_type, currency, tally });
    }
}

/// Reads the lines of a block.
pub(super) fn read_block(context: &Context<'_>, block: &Block) -> Result<BlockResult, ReportError> {
    check_utf8(&block.bytes, block.offset, block.line)?;
    let mut cells = Cells::default();
    let mut reader =
        BlockReader { context, caches: Caches::new(context.symbols.take()), result: BlockResult::default() };
    // Lines of the documented layouts have about 250 bytes.
    reader.result.lines.reserve(block.bytes.len() / 200);
    for record in block.records() {
        if record.is_blank() {
            continue;
        }
        reader.result.first_line = reader.result.first_line.or(Some(record.line));
        reader.result.last_line = Some(record.line);
        if reader.result.end.is_some() {
            reader.result.after_end = Some(record.line);
            break;
        }
        if record.bytes.len() > MAX_RECORD_BYTES {
            let reason = format!("longer than {MAX_RECORD_BYTES} bytes; expected one line of a report");
            reader.result.rejects.push(Reject::of_whole_line(context.place(record), record.bytes, reason));
        } else if is_end(record.bytes) {
            reader.result.end = Some(record.line);
        } else {
            reader.read_record(record, cells.cut(record.bytes));
        }
    }
    context.symbols.give_back(reader.caches.symbols);
    Ok(reader.result)
}

/// Whether a record is `<END>`, quoted or not, perhaps with empty cells after it.
pub(super) fn is_end(record: &[u8]) -> bool {
    let record = record.trim_ascii_start();
    let rest = record.strip_prefix(END).or_else(|| record.strip_prefix(b"\"")?.strip_prefix(END)?.strip_prefix(b"\""));
    rest.is_some_and(|rest| rest.iter().all(|byte| matches!(byte, b',' | b'"' | b' ' | b'\t')))
}

pub(super) fn check_utf8(bytes: &[u8], offset: u64, line: u32) -> Result<(), ReportError> {
    std::str::from_utf8(bytes).map(drop).map_err(|error| not_utf8(bytes, error, offset, line))
}

pub(super) fn not_utf8(bytes: &[u8], error: std::str::Utf8Error, offset: u64, line: u32) -> ReportError {
    let at = error.valid_up_to();
    let before = memchr_iter(b'\n', &bytes[..at]).count();
    ReportError::NotUtf8 {
        byte: bytes.get(at).copied().unwrap_or_default(),
        offset: offset + at as u64,
        line: line.saturating_add(u32::try_from(before).unwrap_or(u32::MAX)),
    }
}

impl Context<'_> {
    fn place(&self, record: Record<'_>) -> Place {
        let length = u32::try_from(record.bytes.len()).unwrap_or(u32::MAX);
        Place { file: self.file, line: record.line, offset: record.offset, length }
    }
}

/// Reads one line after the other.
pub(super) struct BlockReader<'c, 'a> {
    pub(super) context: &'c Context<'a>,
    pub(super) caches: Caches<'a>,
    pub(super) result: BlockResult,
}

impl BlockReader<'_, '_> {
    fn read_record(&mut self, record: Record<'_>, row: Row<'_>) {
        let place = self.context.place(record);
        match self.check_width(row).and_then(|()| self.read_line(place, row)) {
            Ok(line) => {
                self.result.add_to_totals(&line);
                self.result.lines.push(line);
            }
            Err(unreadable) => {
                let reject = self.reject(place, record, row, unreadable);
                self.result.rejects.push(reject);
            }
        }
    }

    /// A line has as many cells as the header; empty ones beyond are tolerated, as spreadsheets write them.
    fn check_width(&self, row: Row<'_>) -> Result<(), Unreadable> {
        let width = self.context.layout.width();
        if row.len() == width || (row.len() > width && row.iter().skip(width).all(<[u8]>::is_empty)) {
            return Ok(());
        }
        let reason = format!("{} cells; expected {width}, as many as the header has", row.len());
        Err(Unreadable { column: None, reason })
    }

    fn reject(&mut self, place: Place, record: Record<'_>, row: Row<'_>, unreadable: Unreadable) -> Reject {
        let layout = self.context.layout;
        let entry_type = entry_type(layout.cell(row, Column::TransactionType));
        let currency = [Column::TransactionCurrency, Column::SettlementCurrency].into_iter().find_map(|column| {
            let cell = layout.cell(row, column);
            if is_empty(cell) { None } else { Currency::parse(cell) }
        });
        let ids = layout.ids(row, entry_type);
        let keys = self.context.keys;
        Reject {
            place,
            raw: bounded_text(record.bytes),
            column: unreadable.column.map(|at| layout.name(at).to_owned()).unwrap_or_default(),
            reason: unreadable.reason,
            entry_type,
            currency,
            by_request: entry_type.map_or(Key::NONE, |known| keys.key(known.request_space(), ids.request)),
            by_antom: entry_type.map_or(Key::NONE, |known| keys.key(known.antom_space(), ids.antom)),
            text: layout.line_text(row),
        }
    }
}

impl Reject {
    /// A line that cannot even be cut into cells.
    pub(crate) fn of_whole_line(place: Place, raw: &[u8], reason: String) -> Self {
        Self {
            place,
            raw: bounded_text(raw),
            column: String::new(),
            reason,
            entry_type: None,
            currency: None,
            by_request: Key::NONE,
            by_antom: Key::NONE,
            text: LineText::default(),
        }
    }
}
