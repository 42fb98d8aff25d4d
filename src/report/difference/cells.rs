//! The cells in which two lines differ.

use crate::records::{Cells, bounded_text};

use super::{Difference, LineText};

/// A cell that is another one now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CellChange {
    /// The name of its column; empty for the line as a whole.
    pub column: String,
    /// What it said, as it was written; empty for a line that was added.
    pub old: String,
    /// What it says now; empty for a line that was removed.
    pub new: String,
}

impl Difference {
    /// The ids of a line of the older content.
    #[must_use]
    pub fn older_text(&self, raw: &[u8]) -> LineText {
        self.older.layout.as_ref().map(|layout| layout.text(raw)).unwrap_or_default()
    }

    /// The ids of a line of the newer content.
    #[must_use]
    pub fn newer_text(&self, raw: &[u8]) -> LineText {
        self.newer.layout.as_ref().map(|layout| layout.text(raw)).unwrap_or_default()
    }

    /// The cells in which a changed line differs, in the order of the newer header. Lines that differ in nothing that has a name
    /// (a cell beyond the header) are given as a whole.
    #[must_use]
    pub fn cells(&self, old: &[u8], new: &[u8]) -> Vec<CellChange> {
        let (mut before, mut after) = (Cells::default(), Cells::default());
        let (before, after) = (before.cut(old), after.cut(new));
        let differs = |&&(old, new): &&(usize, usize)| before.get(old) != after.get(new);
        let change = |&(old, new): &(usize, usize)| CellChange {
            column: self.newer.names[new].clone(),
            old: bounded_text(before.get(old)),
            new: bounded_text(after.get(new)),
        };
        let changes: Vec<CellChange> = self.shared.iter().filter(differs).map(change).collect();
        if changes.is_empty() { vec![self.whole(old, new)] } else { changes }
    }

    /// A line as a whole: one that was added or removed, the other side being empty.
    #[must_use]
    pub fn whole(&self, old: &[u8], new: &[u8]) -> CellChange {
        CellChange { column: String::new(), old: bounded_text(old), new: bounded_text(new) }
    }

    /// Columns that only the newer content has, and those that only the older one had.
    #[must_use]
    pub fn columns(&self) -> (Vec<&str>, Vec<&str>) {
        let (older, newer) = (&self.older.names, &self.newer.names);
        (only(newer, older), only(older, newer))
    }
}

fn only<'a>(names: &'a [String], others: &[String]) -> Vec<&'a str> {
    let named = names.iter().filter(|name| !name.is_empty() && !others.contains(name));
    named.map(String::as_str).collect()
}
