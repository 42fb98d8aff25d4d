//! What differs between two contents of one report, line by line.
//!
//! Lines are told apart by what they are about (`mark`): the ids of a movement and its type, the parties and types of a summary,
//! the movement or the number of an account. Of each line three hashes are kept and no text; both sides are sorted and merged
//! (`pair`), which is linear but for the sorting. The text of the few lines that differ is read again by whoever has the files,
//! and cut into cells here.

mod cells;
mod mark;
mod pair;

use std::io::Read;

use crate::id::KeyMaker;
use crate::movement::ReportKind;
use crate::records::{Piece, Splitter, in_order};

use super::parse::{ReportError, read_header};
use super::{Layout, LineText, ReportOptions};
pub use cells::CellChange;
use mark::{Mark, Marker};

/// Where a line lies in the CSV of its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// Physical line where it starts; the header is line 1.
    pub line: u32,
    /// Number of bytes without the line end; of a line that cannot be cut, of those that are read again.
    pub length: u32,
    /// Offset of its first byte.
    pub offset: u64,
}

/// What became of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LineChange {
    /// The newer content lacks it.
    Removed(Span),
    /// The newer content has it with other cells: the older line, then the newer one.
    Changed(Span, Span),
    /// The older content lacks it.
    Added(Span),
}

/// How many lines were added, removed and changed, and how many are as they were.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Lines that only the newer content has.
    pub added: u64,
    /// Lines that only the older content has.
    pub removed: u64,
    /// Lines that both have, with other cells.
    pub changed: u64,
    /// Lines that both have as they are, wherever they stand.
    pub same: u64,
}

/// One content of a report.
#[derive(Debug, Clone)]
struct Side {
    /// The names of its columns.
    names: Vec<String>,
    /// What its columns mean; none if the header is not that of the report.
    layout: Option<Layout>,
}

/// What differs between two contents of a report.
#[derive(Debug, Clone)]
pub struct Difference {
    /// How many lines.
    pub counts: Counts,
    /// Which: what became of the older lines, in their order, then the added ones in theirs.
    pub lines: Vec<LineChange>,
    older: Side,
    newer: Side,
    /// Positions of the columns that both have, in the newer order: in the older content, in the newer one.
    shared: Vec<(usize, usize)>,
}

/// Why two contents cannot be compared.
#[derive(Debug, thiserror::Error)]
#[error("the {which} content cannot be read: {error}")]
pub struct Incomparable {
    /// `older` or `newer`.
    pub which: &'static str,
    /// What is wrong with it.
    #[source]
    pub error: ReportError,
}

/// Compares two contents of a report on the current rayon pool. Only columns that both have are compared, by their names: other
/// columns, another order of columns or lines, and other quotes make no line another one.
///
/// # Errors
/// A content that cannot be read, or whose header cannot. Lines that cannot be cut are compared as they stand.
pub fn compare(
    older: impl Read + Send,
    newer: impl Read + Send,
    kind: ReportKind,
    options: &ReportOptions,
    keys: KeyMaker,
) -> Result<Difference, Incomparable> {
    let of = |which| move |error| Incomparable { which, error };
    let older = Opened::new(older, kind, options).map_err(of("older"))?;
    let newer = Opened::new(newer, kind, options).map_err(of("newer"))?;
    let shared = shared(&older.side.names, &newer.side.names);
    let by_ids = older.side.layout.is_some() && newer.side.layout.is_some();
    let is_same_header = older.side.names == newer.side.names;
    let marker = |side: &Side, columns: Vec<usize>| {
        let layout = side.layout.clone().filter(|_| by_ids);
        Marker { kind, layout, columns: (!is_same_header).then_some(columns), keys }
    };
    let (older_side, newer_side) = (older.side.clone(), newer.side.clone());
    let columns = shared.iter().map(|&(at, _)| at).collect();
    let older = older.marks(&marker(&older_side, columns)).map_err(of("older"))?;
    let columns = shared.iter().map(|&(_, at)| at).collect();
    let newer = newer.marks(&marker(&newer_side, columns)).map_err(of("newer"))?;
    let (counts, lines) = pair::pair(older, newer);
    Ok(Difference { counts, lines, older: older_side, newer: newer_side, shared })
}

/// Where the columns stand that both headers have.
fn shared(older: &[String], newer: &[String]) -> Vec<(usize, usize)> {
    let place = |(at, name): (usize, &String)| Some((older.iter().position(|known| known == name)?, at));
    newer.iter().enumerate().filter(|(_, name)| !name.is_empty()).filter_map(place).collect()
}

/// A content whose header is read.
struct Opened<R> {
    splitter: Splitter<R>,
    /// The rest of the block that the header stands in.
    rest: Option<Piece>,
    side: Side,
}

impl<R: Read + Send> Opened<R> {
    fn new(input: R, kind: ReportKind, options: &ReportOptions) -> Result<Self, ReportError> {
        let mut splitter = Splitter::new(input);
        let (headings, rest) = read_header(&mut splitter)?;
        let layout = headings.understand(kind, options).ok().map(|header| header.layout);
        Ok(Self { splitter, rest: rest.map(Piece::Records), side: Side { names: headings.into_names(), layout } })
    }

    fn marks(mut self, marker: &Marker) -> Result<Vec<Mark>, ReportError> {
        let mut marks = self.rest.as_ref().map(|piece| marker.marks(piece)).unwrap_or_default();
        in_order(
            &mut self.splitter,
            |piece| marker.marks(piece),
            |more| {
                marks.extend(more);
                Ok::<_, ReportError>(())
            },
        )?;
        Ok(marks)
    }
}

#[cfg(test)]
mod tests;
