//! Rows of a run of which there may be more than memory holds: they are given one by one, as often as it takes.

use std::fmt;
use std::io;

use super::bulk::{Cell, Rows, Table};

/// Rows that are being read; reading may fail.
pub type Reading<'a, T> = Box<dyn Iterator<Item = io::Result<T>> + Send + 'a>;

/// Rows in two orders.
pub trait Many<T>: fmt::Debug + Send + Sync {
    /// In the order in which they are listed.
    ///
    /// # Errors
    /// They cannot be read.
    fn listed(&self) -> io::Result<Reading<'_, T>>;

    /// By id: an index that grows in order takes each of its pages in hand once.
    ///
    /// # Errors
    /// They cannot be read.
    fn by_id(&self) -> io::Result<Reading<'_, T>>;
}

impl<'a> Rows<'a> {
    /// The cells of each of many rows.
    pub(super) fn of_many<T: 'a, const N: usize>(
        table: &'static Table,
        many: &'a dyn Many<T>,
        cells: fn(T) -> [Cell<'a>; N],
    ) -> Self {
        Self::reading(table, move |is_by_id| {
            let rows = if is_by_id { many.by_id()? } else { many.listed()? };
            Ok(Box::new(rows.map(move |row| Ok(cells(row?).into()))))
        })
    }
}
