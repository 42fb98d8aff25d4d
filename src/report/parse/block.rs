//! One block of lines, whatever their kind.

use std::collections::BTreeMap;

use memchr::memchr_iter;

use crate::id::{Key, KeyMaker};
use crate::money::{AmountUnit, Currency};
use crate::records::{Block, Idle, MAX_RECORD_BYTES, Record, Row, SymbolCaches, bounded_text};
use crate::report::schema::{Layout, is_empty};
use crate::report::{Column, Damage, LineText, Place, Reject, ReportError};

use super::END;
use super::cells::{Caches, Unreadable};
use super::evidence::Evidence;

/// What every block is read with.
pub(super) struct Context<'a> {
    pub(super) layout: &'a Layout,
    pub(super) unit: AmountUnit,
    pub(super) file: u32,
    pub(super) keys: KeyMaker,
    pub(super) symbols: SymbolCaches<'a>,
    pub(super) damaged: &'a BTreeMap<u32, Damage>,
}

/// How the lines of one kind of report are read. All else is the same for every kind: blocks, order, the end, rejects.
pub(super) trait LineKind: Sync {
    /// What a line comes to.
    type Line: Send;

    /// What is gathered of the lines of a block, beside the lines.
    type Beside: Default + Send;

    /// About how many bytes a line has.
    const LINE_BYTES: usize;

    /// Reads a line of the right width.
    fn read(
        &self,
        reader: &mut LineReader<'_, '_>,
        beside: &mut Self::Beside,
        place: Place,
        row: Row<'_>,
    ) -> Result<Self::Line, Unreadable>;

    /// Looks at the lines of a block as a whole, when all of them are read.
    fn finish(&self, _beside: &mut Self::Beside, _lines: &mut Vec<Self::Line>) {}

    /// Puts what was gathered of the next block behind that of the blocks before it; `lines` are the next block's.
    fn append(&self, beside: &mut Self::Beside, next: Self::Beside, lines: &mut [Self::Line]);
}

/// What a block gives.
pub(super) struct BlockResult<K: LineKind> {
    pub(super) lines: Vec<K::Line>,
    pub(super) beside: K::Beside,
    pub(super) rejects: Vec<Reject>,
    pub(super) evidence: Evidence,
    /// The first and the last line that are not blank.
    pub(super) first_line: Option<u32>,
    pub(super) last_line: Option<u32>,
    /// The line of `<END>`, and the first line after it that is not blank.
    pub(super) end: Option<u32>,
    pub(super) after_end: Option<u32>,
}

impl<K: LineKind> BlockResult<K> {
    fn of_lines(lines: Vec<K::Line>) -> Self {
        Self {
            lines,
            beside: K::Beside::default(),
            rejects: Vec::new(),
            evidence: Evidence::default(),
            first_line: None,
            last_line: None,
            end: None,
            after_end: None,
        }
    }

    pub(super) fn of_reject(reject: Reject) -> Self {
        let line = Some(reject.place.line);
        Self { first_line: line, last_line: line, rejects: vec![reject], ..Self::of_lines(Vec::new()) }
    }
}

/// Reads the lines of a block. Where these are taken away, their room serves the next block.
pub(super) fn read_block<K: LineKind>(
    kind: &K,
    (context, rooms): (&Context<'_>, &Idle<Vec<K::Line>>),
    block: &Block,
) -> Result<BlockResult<K>, ReportError> {
    check_utf8(&block.bytes, block.offset, block.line)?;
    let mut reader = LineReader { context, caches: Caches::new(context.symbols.take()), evidence: Evidence::default() };
    let mut result = BlockResult::<K>::of_lines(rooms.take());
    result.lines.reserve(block.bytes.len() / K::LINE_BYTES);
    let mut rows = block.rows();
    while let Some((record, row)) = rows.next_row() {
        if record.is_blank() {
            continue;
        }
        result.first_line = result.first_line.or(Some(record.line));
        result.last_line = Some(record.line);
        if result.end.is_some() {
            result.after_end = Some(record.line);
            break;
        }
        if record.bytes.len() > MAX_RECORD_BYTES {
            let reason = format!("longer than {MAX_RECORD_BYTES} bytes; expected one line of a report");
            result.rejects.push(Reject::of_whole_line(context.place(record), record.bytes, reason));
        } else if is_end(record.bytes) {
            result.end = Some(record.line);
        } else {
            let place = context.place(record);
            let whole = reader.check_damage(record.line).and_then(|()| reader.check_width(row));
            match whole.and_then(|()| kind.read(&mut reader, &mut result.beside, place, row)) {
                Ok(line) => result.lines.push(line),
                Err(unreadable) => result.rejects.push(reader.reject(place, record, row, unreadable)),
            }
        }
    }
    kind.finish(&mut result.beside, &mut result.lines);
    if result.lines.is_empty() {
        rooms.give_back(std::mem::take(&mut result.lines));
    }
    result.evidence = reader.evidence;
    context.symbols.give_back(reader.caches.symbols);
    Ok(result)
}

/// Whether a record is `<END>`, quoted or not, perhaps with empty cells after it.
pub(in crate::report) fn is_end(record: &[u8]) -> bool {
    let record = record.trim_ascii_start();
    let rest = record.strip_prefix(END).or_else(|| record.strip_prefix(b"\"")?.strip_prefix(END)?.strip_prefix(b"\""));
    rest.is_some_and(|rest| rest.iter().all(|byte| matches!(byte, b',' | b'"' | b' ' | b'\t')))
}

pub(super) fn check_utf8(bytes: &[u8], offset: u64, line: u32) -> Result<(), ReportError> {
    // Most blocks are ASCII alone, which is found out faster.
    if bytes.is_ascii() {
        return Ok(());
    }
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
pub(super) struct LineReader<'c, 'a> {
    pub(super) context: &'c Context<'a>,
    pub(super) caches: Caches<'a>,
    pub(super) evidence: Evidence,
}

impl LineReader<'_, '_> {
    /// A line of which the caller knows that a cell was lost is rejected, whatever stands in its place.
    fn check_damage(&self, line: u32) -> Result<(), Unreadable> {
        match self.context.damaged.get(&line) {
            Some(damage) => Err(Unreadable { column: Some(damage.column), reason: damage.reason.clone() }),
            None => Ok(()),
        }
    }

    /// A line has as many cells as the header; where that ends with empty cells, as spreadsheets write them, lines may as well. Any
    /// other surplus means that a comma stands outside of quotes, and that all cells behind it are in the wrong place.
    fn check_width(&self, row: Row<'_>) -> Result<(), Unreadable> {
        let width = self.context.layout.width();
        let fits = row.len() > width && row.len() <= self.context.layout.widest();
        if row.len() == width || (fits && row.iter().skip(width).all(<[u8]>::is_empty)) {
            return Ok(());
        }
        let reason = format!("{} cells; expected {width}, as many as the header has", row.len());
        Err(Unreadable { column: None, reason })
    }

    fn reject(&self, place: Place, record: Record<'_>, row: Row<'_>, unreadable: Unreadable) -> Reject {
        let layout = self.context.layout;
        let entry_type = layout.entry_type(row);
        let currencies = [Column::TransactionCurrency, Column::SettlementCurrency, Column::AccountCurrency];
        let currency = currencies.into_iter().find_map(|column| {
            let cell = layout.cell(row, column);
            if is_empty(cell) { None } else { Currency::parse(cell) }
        });
        let ids = layout.ids(row, entry_type);
        let [by_request, by_antom] = Reject::keys(self.context.keys, entry_type, ids.request, ids.antom);
        Reject {
            place,
            raw: bounded_text(record.bytes),
            column: unreadable.column.map(|at| layout.name(at).to_owned()).unwrap_or_default(),
            reason: unreadable.reason,
            entry_type,
            currency,
            by_request,
            by_antom,
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
