//! Rows of a run of which there may be more than memory holds: they are given some at a time, as often as it takes.

use std::fmt;
use std::io;

use super::bulk::{Cell, Table};

/// Rows that are being read.
pub trait Reading<T>: Send {
    /// The next rows, in memory that is used again; none after the last.
    ///
    /// # Errors
    /// They cannot be read.
    fn more(&mut self) -> io::Result<&[T]>;
}

/// Rows in two orders.
pub trait Many<T>: fmt::Debug + Send + Sync {
    /// In the order in which they are listed.
    ///
    /// # Errors
    /// They cannot be read.
    fn listed(&self) -> io::Result<Box<dyn Reading<T>>>;

    /// By id, each of which stands once: an index that grows in order takes each of its pages in hand once.
    ///
    /// # Errors
    /// They cannot be read.
    fn by_id(&self) -> io::Result<Box<dyn Reading<T>>>;

    /// Shows each row in the order in which they are listed.
    ///
    /// # Errors
    /// They cannot be read, and what `show` says.
    fn each_listed(&self, show: &mut dyn FnMut(&T) -> io::Result<()>) -> io::Result<()> {
        let mut reading = self.listed()?;
        loop {
            let rows = reading.more()?;
            if rows.is_empty() {
                return Ok(());
            }
            rows.iter().try_for_each(&mut *show)?;
        }
    }
}

/// Rows that are looked at together, of those that are in memory.
const ROWS: usize = 256;

/// Rows that go into a table, whose cells are made when they are needed: a million of them are never all there as cells.
pub(super) struct Rows<'a> {
    pub(super) table: &'static Table,
    /// In the order in which they are listed.
    listed: Box<ReadRows<'a, 'a>>,
    /// By id, of many.
    by_id: Option<Box<ReadRows<'a, 'static>>>,
}

/// Reads the cells of all rows.
type ReadRows<'a, 'r> = dyn Fn() -> io::Result<Box<dyn CellRows + 'r>> + Send + Sync + 'a;

/// The cells of rows that are being read, without those that all of them begin with.
pub(super) trait CellRows: Send {
    /// Shows the cells of some more rows, row by row; false after the last.
    ///
    /// # Errors
    /// They cannot be read.
    fn show_more(&mut self, show: &mut dyn FnMut(&[Cell<'_>])) -> io::Result<bool>;
}

impl<'a> Rows<'a> {
    /// A row for each item.
    pub(super) fn of<T: Sync, const N: usize>(
        table: &'static Table,
        items: &'a [T],
        cells: impl Fn(usize, &'a T) -> [Cell<'a>; N] + Copy + Send + Sync + 'a,
    ) -> Self {
        let listed = move || {
            let rows = items.iter().enumerate().map(move |(at, item)| cells(at, item));
            Ok(Box::new(InMemory(rows)) as Box<dyn CellRows + 'a>)
        };
        Self { table, listed: Box::new(listed), by_id: None }
    }

    /// A row for each of many.
    pub(super) fn of_many<T: 'static, const N: usize>(
        table: &'static Table,
        many: &'a dyn Many<T>,
        cells: for<'r> fn(&'r T) -> [Cell<'r>; N],
    ) -> Self {
        let listed = move || Ok(Box::new(Made { rows: many.listed()?, cells }) as Box<dyn CellRows + 'a>);
        let by_id = move || Ok(Box::new(Made { rows: many.by_id()?, cells }) as Box<dyn CellRows>);
        Self { table, listed: Box::new(listed), by_id: Some(Box::new(by_id)) }
    }

    /// The rows in the order in which they are listed.
    ///
    /// # Errors
    /// They cannot be read.
    pub(super) fn listed(&self) -> io::Result<Box<dyn CellRows + 'a>> {
        (self.listed)()
    }

    /// The rows by id, if there may be many.
    ///
    /// # Errors
    /// They cannot be read.
    pub(super) fn by_id(&self) -> io::Result<Option<Box<dyn CellRows>>> {
        self.by_id.as_ref().map(|read| read()).transpose()
    }
}

/// Rows of which all items are in memory.
struct InMemory<I>(I);

impl<'a, I: Iterator<Item = [Cell<'a>; N]> + Send, const N: usize> CellRows for InMemory<I> {
    fn show_more(&mut self, show: &mut dyn FnMut(&[Cell<'_>])) -> io::Result<bool> {
        let mut is_any = false;
        for cells in self.0.by_ref().take(ROWS) {
            show(&cells);
            is_any = true;
        }
        Ok(is_any)
    }
}

/// Rows of which there are many.
struct Made<T, const N: usize> {
    rows: Box<dyn Reading<T>>,
    cells: for<'r> fn(&'r T) -> [Cell<'r>; N],
}

impl<T, const N: usize> CellRows for Made<T, N> {
    fn show_more(&mut self, show: &mut dyn FnMut(&[Cell<'_>])) -> io::Result<bool> {
        let rows = self.rows.more()?;
        for row in rows {
            show(&(self.cells)(row));
        }
        Ok(!rows.is_empty())
    }
}
