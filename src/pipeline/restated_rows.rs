//! The rows of `restated_lines.csv`: lines that were added or removed, and the cells of those that changed.

use std::io;

use crate::export::RestatedRow;
use crate::report::{CellChange, LineChange, LineText, Span};

use super::intake::Restatement;

/// A row per line or cell, restatement by restatement. Only the lines that differ are read.
pub fn rows(restatements: &[Restatement]) -> impl Iterator<Item = io::Result<RestatedRow>> {
    restatements.iter().flat_map(|restatement| {
        let of_change = |change: io::Result<LineChange>| of_line(restatement, change?);
        restatement.changes().flat_map(move |change| of_change(change).unwrap_or_else(|error| vec![Err(error)]))
    })
}

fn of_line(restatement: &Restatement, change: LineChange) -> io::Result<Vec<io::Result<RestatedRow>>> {
    let difference = &restatement.difference;
    let (word, old, new) = match change {
        LineChange::Removed(old) => ("removed", Some(old), None),
        LineChange::Changed(old, new) => ("changed", Some(old), Some(new)),
        LineChange::Added(new) => ("added", None, Some(new)),
    };
    let older = old.map(|span| restatement.older(span)).transpose()?;
    let newer = new.map(|span| restatement.newer(span)).transpose()?;
    let (text, cells) = match (&older, &newer) {
        (Some(older), Some(newer)) => (difference.newer_text(newer), difference.cells(older, newer)),
        (Some(older), None) => (difference.older_text(older), vec![difference.whole(older, b"")]),
        (None, newer) => {
            let newer = newer.as_deref().unwrap_or_default();
            (difference.newer_text(newer), vec![difference.whole(b"", newer)])
        }
    };
    let row = |cell| Ok(row(&restatement.name, word, (old, new), &text, cell));
    Ok(cells.into_iter().map(row).collect())
}

fn row(
    file: &str,
    change: &'static str,
    (old, new): (Option<Span>, Option<Span>),
    text: &LineText,
    cell: CellChange,
) -> RestatedRow {
    // What Antom calls the line: a movement, a movement of an account, an account, a batch.
    let ids = [&text.antom_id, &text.log_id, &text.account_no, &text.batch_id];
    RestatedRow {
        file: file.to_owned(),
        change,
        old_line: old.map(|span| span.line),
        new_line: new.map(|span| span.line),
        entry_type: text.raw_type.clone(),
        request_id: text.request_id.clone(),
        antom_id: ids.into_iter().find(|id| !id.is_empty()).cloned().unwrap_or_default(),
        sub_merchant_id: text.sub_merchant_id.clone(),
        column: cell.column,
        old_value: cell.old,
        new_value: cell.new,
    }
}
