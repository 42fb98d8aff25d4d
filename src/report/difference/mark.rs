//! What is kept of a line while two contents are compared: hashes of what it is about and of what it says, and its place.

use crate::id::{Key, KeyMaker};
use crate::movement::ReportKind;
use crate::records::{MAX_RAW_BYTES, Piece, Row};

use super::super::parse::is_end;
use super::{Layout, Span};
use crate::report::Column;

/// What is read again of a line that cannot be cut, which may be as long as a file: all that is written of it, and one byte by which a
/// character that is cut off is known.
const BROKEN_BYTES: u32 = MAX_RAW_BYTES as u32 + 1;

/// Number of partitions. At ten million lines a side each holds 40,000 marks: two megabytes.
pub const PARTITIONS: usize = 256;

/// A line without its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LineMark {
    /// What it is about.
    pub(super) identity: Key,
    /// What tells lines of one identity apart: party, batch, currency.
    pub(super) within: u64,
    /// All that it says.
    pub(super) content: u64,
    pub(super) offset: u64,
    pub(super) line: u32,
    pub(super) length: u32,
}

impl LineMark {
    /// Bytes of a mark.
    pub const BYTES: usize = 48;

    /// The partition in which all lines about the same are.
    #[must_use]
    pub const fn partition(&self) -> usize {
        (self.identity.hint() % PARTITIONS as u64) as usize
    }

    /// Writes the mark.
    pub fn put(&self, to: &mut Vec<u8>) {
        to.extend_from_slice(&self.identity.to_bits().to_le_bytes());
        [self.within, self.content, self.offset].iter().for_each(|number| to.extend_from_slice(&number.to_le_bytes()));
        [self.line, self.length].iter().for_each(|number| to.extend_from_slice(&number.to_le_bytes()));
    }

    /// Reads a mark; nothing if these bytes are none.
    #[must_use]
    pub fn take(bytes: &[u8]) -> Option<Self> {
        let (identity, rest) = bytes.split_first_chunk()?;
        let (numbers, rest) = rest.as_chunks();
        let [within, content, offset, _] = numbers[..] else { return None };
        let last = bytes.last_chunk::<8>()?;
        let ([line, length], []) = (last.as_chunks::<4>().0, rest) else { return None };
        Some(Self {
            identity: Key::from_bits(u128::from_le_bytes(*identity)),
            within: u64::from_le_bytes(within),
            content: u64::from_le_bytes(content),
            offset: u64::from_le_bytes(offset),
            line: u32::from_le_bytes(*line),
            length: u32::from_le_bytes(*length),
        })
    }

    pub(super) const fn span(&self) -> Span {
        Span { line: self.line, length: self.length, offset: self.offset }
    }
}

/// Makes the marks of one content.
pub(super) struct Marker {
    pub(super) kind: ReportKind,
    /// What the columns mean; without it a line is about all that it says.
    pub(super) layout: Option<Layout>,
    /// The columns that count, in the order of both contents; all of them as they stand if there are none.
    pub(super) columns: Option<Vec<usize>>,
    pub(super) keys: KeyMaker,
}

/// Texts that are made for each line, in buffers that are reused.
#[derive(Default)]
struct Texts {
    identity: Vec<u8>,
    within: Vec<u8>,
    content: Vec<u8>,
}

impl Marker {
    /// The marks of a piece of the file: of each line, blank ones and the end of the file left out.
    pub(super) fn marks(&self, piece: &Piece) -> Vec<LineMark> {
        let block = match piece {
            Piece::Records(block) => block,
            Piece::Broken(broken) => {
                let content = self.keys.fingerprint(&broken.raw);
                let length = u32::try_from(broken.length).unwrap_or(u32::MAX).min(BROKEN_BYTES);
                let identity = self.keys.key(BY_CONTENT, &broken.raw);
                return vec![LineMark {
                    identity,
                    within: 0,
                    content,
                    offset: broken.offset,
                    line: broken.line,
                    length,
                }];
            }
        };
        let (mut marks, mut texts, mut rows) = (Vec::new(), Texts::default(), block.rows());
        while let Some((record, row)) = rows.next_row() {
            if record.is_blank() || is_end(record.bytes) {
                continue;
            }
            let (identity, within, content) = self.hashes(row, record.bytes, &mut texts);
            let length = u32::try_from(record.bytes.len()).unwrap_or(u32::MAX);
            marks.push(LineMark { identity, within, content, offset: record.offset, line: record.line, length });
        }
        marks
    }

    fn hashes(&self, row: Row<'_>, raw: &[u8], texts: &mut Texts) -> (Key, u64, u64) {
        let Texts { identity, within, content } = texts;
        let said = match &self.columns {
            // Without quotes the line is its own canonical text.
            None if !raw.contains(&b'"') => raw,
            None => canonical(row.iter(), content),
            Some(columns) => canonical(columns.iter().map(|&at| row.get(at)), content),
        };
        let fingerprint = self.keys.fingerprint(said);
        let Some(layout) = &self.layout else { return (self.keys.key(BY_CONTENT, said), 0, fingerprint) };
        identity.clear();
        within.clear();
        about(self.kind, layout, row, identity, within);
        (self.keys.key(BY_IDS, identity), self.keys.fingerprint(within), fingerprint)
    }
}

/// Spaces of keys: a line that is about its ids, and one that is about all that it says.
const BY_IDS: u8 = 1;
const BY_CONTENT: u8 = 2;

/// The cells with as few quotes as can be, so that two lines with the same cells have the same text.
fn canonical<'a, 'b>(cells: impl Iterator<Item = &'b [u8]>, into: &'a mut Vec<u8>) -> &'a [u8] {
    into.clear();
    for (at, cell) in cells.enumerate() {
        if at > 0 {
            into.push(b',');
        }
        if cell.iter().any(|byte| matches!(byte, b',' | b'"' | b'\n' | b'\r')) {
            into.push(b'"');
            for &byte in cell {
                into.extend_from_slice(if byte == b'"' { b"\"\"" } else { std::slice::from_ref(&byte) });
            }
            into.push(b'"');
        } else {
            into.extend_from_slice(cell);
        }
    }
    into
}

/// What a line is about, and what tells it from others about the same.
fn about(kind: ReportKind, layout: &Layout, row: Row<'_>, identity: &mut Vec<u8>, within: &mut Vec<u8>) {
    use Column::*;
    let all =
        |into: &mut Vec<u8>, columns: &[Column]| columns.iter().for_each(|&column| part(into, layout.id(row, column)));
    match kind {
        ReportKind::TransactionDetails | ReportKind::SettlementDetails => {
            let ids = layout.ids(row, layout.entry_type(row));
            part(identity, layout.cell(row, TransactionType));
            // The first that there is: a line keeps its request when Antom gives it another id.
            if !ids.request.is_empty() {
                part(identity, ids.request);
            } else if !ids.antom.is_empty() {
                [&b"antom"[..], ids.antom].into_iter().for_each(|text| part(identity, text));
            } else {
                [&b"of"[..], ids.original_request, ids.original_antom]
                    .into_iter()
                    .for_each(|text| part(identity, text));
            }
            all(
                within,
                &[BatchId, MerchantId, ReferenceMerchantId, TransactionCurrency, SettlementCurrency, TransactionId],
            );
        }
        ReportKind::SettlementSummary => {
            all(identity, &[BatchId, MerchantId, ReferenceMerchantId, SummaryType]);
            all(within, &[SettlementCurrency]);
        }
        ReportKind::AccountActivity => {
            let has_log = !layout.id(row, AccountLogId).is_empty();
            all(identity, if has_log { &[AccountLogId] } else { &[AccountLogId, AccountNo, TransType] });
            all(within, &[AccountNo, AccountCurrency, Direction, BatchId]);
        }
        ReportKind::DailyEndingBalance => {
            let has_number = !layout.id(row, AccountNo).is_empty();
            all(identity, if has_number { &[AccountNo] } else { &[AccountNo, MerchantId, ReferenceMerchantId] });
            all(within, &[AccountCurrency, AccountDate]);
        }
    }
}

/// Adds a text so that it is not confused with its neighbour's.
fn part(into: &mut Vec<u8>, text: &[u8]) {
    into.extend_from_slice(&(text.len() as u64).to_le_bytes());
    into.extend_from_slice(text);
}
