//! The bytes of one report file to lines, rejects and totals: a [`ParsedReport`] of details, a [`Statement`] of the other kinds.
//!
//! Blocks of whole lines are read one after the other and parsed on all cores (`block`); what they give is put together in file
//! order (`gather`), so the result is the same for every number of threads and every size of block. What differs between the
//! kinds of reports is a `LineKind` each.

mod account;
mod block;
mod cells;
mod details;
mod error;
mod evidence;
mod gather;
mod line;
mod summary;
mod sums;

use std::io::Read;

use crate::id::{KeyMaker, Symbols};
use crate::movement::ReportKind;
use crate::records::{Block, Broken, Idle, Piece, Splitter, SymbolCaches, in_order};

use super::schema::{Header, Headings, is_details};
use super::{
    ActivityLine, AnyReport, BalanceLine, Column, Examiner, Keeper, Layout, ParsedReport, Reject, ReportOptions,
    ReportRules, Statement, SummaryLine,
};
use account::{Activity, Balances};
pub(super) use block::is_end;
use block::{BlockResult, Context, LineKind, read_block};
use details::Details;
pub use error::{MAX_REJECTS, ReportError};
use gather::Gathered;
use summary::Summaries;

/// The last line of every report that is complete (all report pages).
const END: &[u8] = b"<END>";

/// What all files of a run have in common: the maker of their keys, and their texts.
#[derive(Debug, Clone, Copy)]
pub struct Run<'a> {
    /// Makes the keys.
    pub keys: KeyMaker,
    /// Interns texts.
    pub symbols: &'a Symbols,
}

/// A file of details after parsing, with what was said and noted of it on the way.
pub struct ParsedDetails<E: Examiner> {
    /// What it says; without lines if a keeper took them.
    pub report: ParsedReport,
    /// The examiner, made for the file's layout.
    pub examiner: E,
    /// Its notes.
    pub notes: E::Notes,
    /// Whether the lines that take money out get their sign from their type ([`Line::turn`](super::Line::turn)): only the whole file
    /// can tell, so a keeper has them as they are written.
    pub turned: bool,
}

/// What one file is read as.
struct Source<'a> {
    /// Index of the file among the run's inputs.
    file: u32,
    kind: ReportKind,
    options: &'a ReportOptions,
    keys: KeyMaker,
    symbols: &'a Symbols,
}

/// Parses one file of transaction details or settlement details on the current rayon pool. `file` is the file's index among the
/// run's inputs; [`detect_kind`] finds the `kind` where nothing else tells it.
///
/// # Errors
/// The file cannot be read, is not UTF-8, has no header that fits, or is incomplete; see [`ReportError`]. Bad lines are no
/// errors but rejects.
pub fn parse_report(
    input: impl Read + Send,
    file: u32,
    kind: ReportKind,
    options: &ReportOptions,
    keys: KeyMaker,
    symbols: &Symbols,
) -> Result<ParsedReport, ReportError> {
    if !is_details(kind) {
        return Err(ReportError::UnsupportedKind { kind });
    }
    let source = Source { file, kind, options, keys, symbols };
    Ok(details(Splitter::new(input), &source, |_| (), &())?.report)
}

/// Parses settlement details as [`parse_report`] does, and shows every line that is accepted to an examiner, block by block; the
/// notes of the blocks are put together in file order. The examiner is made for the file's layout, and given back with its notes.
///
/// # Errors
/// As [`parse_report`].
pub fn parse_settlement<E: Examiner>(
    input: impl Read + Send,
    file: u32,
    options: &ReportOptions,
    keys: KeyMaker,
    symbols: &Symbols,
    examiner: impl FnOnce(&Layout) -> E,
) -> Result<(ParsedReport, E, E::Notes), ReportError> {
    let source = Source { file, kind: ReportKind::SettlementDetails, options, keys, symbols };
    let ParsedDetails { report, examiner, notes, .. } = details(Splitter::new(input), &source, examiner, &())?;
    Ok((report, examiner, notes))
}

/// Parses one file of details as [`parse_report`] does, shows every line that is accepted to an examiner, and gives the lines to a
/// keeper, block by block.
///
/// # Errors
/// As [`parse_report`]; what the keeper has by then is of no use.
pub fn parse_details<E: Examiner>(
    input: impl Read + Send,
    (file, kind): (u32, ReportKind),
    options: &ReportOptions,
    run: Run<'_>,
    examiner: impl FnOnce(&Layout) -> E,
    keeper: &impl Keeper,
) -> Result<ParsedDetails<E>, ReportError> {
    if !is_details(kind) {
        return Err(ReportError::UnsupportedKind { kind });
    }
    let source = Source { file, kind, options, keys: run.keys, symbols: run.symbols };
    details(Splitter::new(input), &source, examiner, keeper)
}

/// Parses one file of a settlement summary, of the marketplace or in a general layout, as [`parse_report`] does.
///
/// # Errors
/// As [`parse_report`].
pub fn parse_summary(
    input: impl Read + Send,
    file: u32,
    options: &ReportOptions,
    keys: KeyMaker,
    symbols: &Symbols,
) -> Result<Statement<SummaryLine>, ReportError> {
    let source = Source { file, kind: ReportKind::SettlementSummary, options, keys, symbols };
    statement(Splitter::new(input), &source, &Summaries)
}

/// Parses one file of account activity as [`parse_report`] does.
///
/// # Errors
/// As [`parse_report`].
pub fn parse_activity(
    input: impl Read + Send,
    file: u32,
    options: &ReportOptions,
    keys: KeyMaker,
    symbols: &Symbols,
) -> Result<Statement<ActivityLine>, ReportError> {
    let source = Source { file, kind: ReportKind::AccountActivity, options, keys, symbols };
    statement(Splitter::new(input), &source, &Activity)
}

/// Parses one file of daily ending balances as [`parse_report`] does.
///
/// # Errors
/// As [`parse_report`].
pub fn parse_balances(
    input: impl Read + Send,
    file: u32,
    options: &ReportOptions,
    keys: KeyMaker,
    symbols: &Symbols,
) -> Result<Statement<BalanceLine>, ReportError> {
    let source = Source { file, kind: ReportKind::DailyEndingBalance, options, keys, symbols };
    statement(Splitter::new(input), &source, &Balances)
}

/// Parses one file of any kind as [`parse_report`] does.
///
/// # Errors
/// As [`parse_report`].
pub fn parse_any(
    input: impl Read + Send,
    file: u32,
    kind: ReportKind,
    options: &ReportOptions,
    keys: KeyMaker,
    symbols: &Symbols,
) -> Result<AnyReport, ReportError> {
    use ReportKind::*;
    Ok(match kind {
        TransactionDetails | SettlementDetails => {
            AnyReport::Details(parse_report(input, file, kind, options, keys, symbols)?)
        }
        SettlementSummary => AnyReport::Summary(parse_summary(input, file, options, keys, symbols)?),
        AccountActivity => AnyReport::Activity(parse_activity(input, file, options, keys, symbols)?),
        DailyEndingBalance => AnyReport::Balances(parse_balances(input, file, options, keys, symbols)?),
    })
}

/// Finds out which report a file is, by its header.
///
/// # Errors
/// As [`parse_report`]; the file is read as far as the header.
pub fn detect_kind(input: impl Read, rules: &ReportRules) -> Result<ReportKind, ReportError> {
    let headings = read_header(&mut Splitter::new(input))?.0;
    Ok(headings.kind(|kind| rules.of(kind))?)
}

fn details<E: Examiner>(
    splitter: Splitter<impl Read + Send>,
    source: &Source<'_>,
    examiner: impl FnOnce(&Layout) -> E,
    keeper: &impl Keeper,
) -> Result<ParsedDetails<E>, ReportError> {
    let opened = open(splitter, source)?;
    let examiner = examiner(&opened.header.layout);
    let (header, gathered) = read_lines(opened, source, &Details { examiner: &examiner, keeper })?;
    let (report, notes, turned) = gathered.into_report(source, header);
    Ok(ParsedDetails { report, examiner, notes, turned })
}

fn statement<K: LineKind<Beside = ()>>(
    splitter: Splitter<impl Read + Send>,
    source: &Source<'_>,
    kind: &K,
) -> Result<Statement<K::Line>, ReportError> {
    let (header, gathered) = read_lines(open(splitter, source)?, source, kind)?;
    let Header { layout, unknown, mut remarks } = header;
    remarks.extend(gathered.evidence.suspicious_unit(source.options.amount_unit));
    remarks.extend(gathered.evidence.remark_directions());
    Ok(Statement {
        kind: source.kind,
        lines: gathered.lines,
        rejects: gathered.rejects,
        unknown_columns: unknown,
        remarks,
        names_party: layout.has(Column::ReferenceMerchantId),
        layout,
    })
}

/// A file whose header is read and understood.
struct Opened<R> {
    splitter: Splitter<R>,
    header: Header,
    /// The rest of the block that the header stands in.
    rest: Option<Block>,
}

fn open<R: Read + Send>(mut splitter: Splitter<R>, source: &Source<'_>) -> Result<Opened<R>, ReportError> {
    let (headings, rest) = read_header(&mut splitter)?;
    let header = headings.understand(source.kind, source.options)?;
    Ok(Opened { splitter, header, rest })
}

/// Reads all lines of a file.
fn read_lines<K: LineKind>(
    opened: Opened<impl Read + Send>,
    source: &Source<'_>,
    kind: &K,
) -> Result<(Header, Gathered<K>), ReportError> {
    let &Source { file, options, keys, symbols, .. } = source;
    let Opened { mut splitter, header, rest } = opened;
    let caches = SymbolCaches::new(symbols, keys);
    let (layout, unit, damaged) = (&header.layout, options.amount_unit, &options.damaged);
    let context = Context { layout, unit, file, keys, symbols: caches, damaged };
    let (rooms, mut gathered) = (Idle::default(), Gathered::new());
    if let Some(rest) = rest {
        gathered.take(kind, read_block(kind, (&context, &rooms), &rest))?;
    }
    in_order(
        &mut splitter,
        |piece| match piece {
            Piece::Records(block) => read_block(kind, (&context, &rooms), block),
            Piece::Broken(broken) => read_broken(file, broken),
        },
        |result| gathered.take(kind, result),
    )?;
    gathered.check_end()?;
    Ok((header, gathered))
}

/// Reads the header, and gives the rest of the block that it stands in.
pub(super) fn read_header(splitter: &mut Splitter<impl Read>) -> Result<(Headings, Option<Block>), ReportError> {
    loop {
        let block = match splitter.next_piece()? {
            None => return Err(ReportError::Empty),
            Some(Piece::Broken(broken)) => {
                return Err(ReportError::BrokenHeader { line: broken.line, reason: broken.cause.reason() });
            }
            Some(Piece::Records(block)) => block,
        };
        block::check_utf8(&block.bytes, block.offset, block.line)?;
        let mut records = block.records();
        let Some(header) = records.find(|record| !record.is_blank()) else { continue };
        if block::is_end(header.bytes) {
            return Err(ReportError::NoHeader { line: header.line });
        }
        let headings = Headings::read(header.bytes)?;
        let rest = records.next().map(|next| {
            let start = usize::try_from(next.offset - block.offset).unwrap_or(block.bytes.len());
            Block { bytes: block.bytes[start..].to_vec(), offset: next.offset, line: next.line }
        });
        return Ok((headings, rest));
    }
}

/// A line at which no record could be read.
fn read_broken<K: LineKind>(file: u32, broken: &Broken) -> Result<BlockResult<K>, ReportError> {
    // The kept part may end inside a character, which is no fault of the file.
    if let Err(error) = std::str::from_utf8(&broken.raw)
        && error.error_len().is_some()
    {
        return Err(block::not_utf8(&broken.raw, error, broken.offset, broken.line));
    }
    let place = super::Place {
        file,
        line: broken.line,
        offset: broken.offset,
        length: u32::try_from(broken.length).unwrap_or(u32::MAX),
    };
    Ok(BlockResult::of_reject(Reject::of_whole_line(place, &broken.raw, broken.cause.reason())))
}

#[cfg(test)]
mod tests;
