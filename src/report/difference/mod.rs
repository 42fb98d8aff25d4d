//! What differs between two contents of one report, line by line.
//!
//! Lines are told apart by what they are about (`mark`): the ids of a movement and its type, the parties and types of a summary,
//! the movement or the number of an account. Of each line three hashes are kept and no text ([`LineMark`]), by partitions in which all
//! lines about the same are, so that whoever compares keeps them where there is room. Both sides of a partition are sorted and merged
//! ([`pair`]), which is linear but for the sorting. The text of the few lines that differ is read again by whoever has the files, and
//! cut into cells here.

mod cells;
mod mark;
mod pair;

use std::io::Read;

use crate::id::KeyMaker;
use crate::movement::ReportKind;
use crate::records::{Piece, SplitError, Splitter, in_order};

use super::parse::{ReportError, read_header};
use super::{Layout, LineText, ReportOptions};
pub use cells::CellChange;
use mark::Marker;
pub use mark::{LineMark, PARTITIONS};
pub use pair::pair;

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

impl LineChange {
    /// The place of a change among the others: what became of the older lines, in their order, then the added ones in theirs.
    #[must_use]
    pub const fn place(&self) -> (bool, u32) {
        match self {
            Self::Removed(span) | Self::Changed(span, _) => (false, span.line),
            Self::Added(span) => (true, span.line),
        }
    }
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

impl Counts {
    /// These and others together.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self {
            added: self.added + other.added,
            removed: self.removed + other.removed,
            changed: self.changed + other.changed,
            same: self.same + other.same,
        }
    }
}

/// One content of a report.
#[derive(Debug, Clone)]
struct Side {
    /// The names of its columns.
    names: Vec<String>,
    /// What its columns mean; none if the header is not that of the report.
    layout: Option<Layout>,
}

/// What differs between two contents of a report, apart from their lines.
#[derive(Debug, Clone)]
pub struct Difference {
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

/// Why the marks of two contents are not at hand.
#[derive(Debug)]
pub enum Stopped<E> {
    /// A content cannot be read.
    Incomparable(Incomparable),
    /// What whoever takes the marks says.
    Taking(E),
}

/// Which of two contents a line is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Age {
    /// The one that was there before.
    Older,
    /// The one that is in force.
    Newer,
}

/// Two contents of a report whose headers are read. Only columns that both have are compared, by their names: other columns, another
/// order of columns or lines, and other quotes make no line another one.
pub struct Contents<A, B> {
    older: (Opened<A>, Marker),
    newer: (Opened<B>, Marker),
    difference: Difference,
}

impl<A: Read + Send, B: Read + Send> Contents<A, B> {
    /// Reads both headers.
    ///
    /// # Errors
    /// A content that cannot be read, or whose header cannot.
    pub fn open(
        older: A,
        newer: B,
        kind: ReportKind,
        options: &ReportOptions,
        keys: KeyMaker,
    ) -> Result<Self, Incomparable> {
        let of = |which| move |error| Incomparable { which, error };
        let (older, older_side) = Opened::new(older, kind, options).map_err(of("older"))?;
        let (newer, newer_side) = Opened::new(newer, kind, options).map_err(of("newer"))?;
        let shared = shared(&older_side.names, &newer_side.names);
        let by_ids = older_side.layout.is_some() && newer_side.layout.is_some();
        let is_same_header = older_side.names == newer_side.names;
        let marker = |side: &Side, columns: Vec<usize>| {
            let layout = side.layout.clone().filter(|_| by_ids);
            Marker { kind, layout, columns: (!is_same_header).then_some(columns), keys }
        };
        Ok(Self {
            older: (older, marker(&older_side, shared.iter().map(|&(at, _)| at).collect())),
            newer: (newer, marker(&newer_side, shared.iter().map(|&(_, at)| at).collect())),
            difference: Difference { older: older_side, newer: newer_side, shared },
        })
    }

    /// Reads the lines on the current rayon pool, and gives a mark of each. Lines that cannot be cut are marked as they stand.
    ///
    /// # Errors
    /// A content that cannot be read, and what `take` says.
    pub fn read<E: Send>(
        self,
        mut take: impl FnMut(Age, LineMark) -> Result<(), E> + Send,
    ) -> Result<Difference, Stopped<E>> {
        let of = |which| {
            move |stopped| match stopped {
                Reading::Report(error) => Stopped::Incomparable(Incomparable { which, error }),
                Reading::Taking(error) => Stopped::Taking(error),
            }
        };
        let ((older, marker), mut show) = (self.older, |mark| take(Age::Older, mark));
        older.marks(&marker, &mut show).map_err(of("older"))?;
        let ((newer, marker), mut show) = (self.newer, |mark| take(Age::Newer, mark));
        newer.marks(&marker, &mut show).map_err(of("newer"))?;
        Ok(self.difference)
    }
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
}

/// Why reading stopped.
enum Reading<E> {
    Report(ReportError),
    Taking(E),
}

impl<E> From<SplitError> for Reading<E> {
    fn from(error: SplitError) -> Self {
        Self::Report(error.into())
    }
}

impl<R: Read + Send> Opened<R> {
    fn new(input: R, kind: ReportKind, options: &ReportOptions) -> Result<(Self, Side), ReportError> {
        let mut splitter = Splitter::new(input);
        let (headings, rest) = read_header(&mut splitter)?;
        let layout = headings.understand(kind, options).ok().map(|header| header.layout);
        let side = Side { names: headings.into_names(), layout };
        Ok((Self { splitter, rest: rest.map(Piece::Records) }, side))
    }

    fn marks<E: Send>(
        mut self,
        marker: &Marker,
        take: &mut (impl FnMut(LineMark) -> Result<(), E> + Send),
    ) -> Result<(), Reading<E>> {
        let mut all = |marks: Vec<LineMark>| marks.into_iter().try_for_each(&mut *take).map_err(Reading::Taking);
        self.rest.as_ref().map_or(Ok(()), |piece| all(marker.marks(piece)))?;
        in_order(&mut self.splitter, |piece| marker.marks(piece), all)
    }
}

#[cfg(test)]
mod tests;
