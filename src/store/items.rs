//! Items, of which a run may have millions, on their way into the database. A thread of its own makes them ready, so that the database
//! never waits for them; what is made of them beside, hints and their digest, is made there as well, and the database is not asked for
//! them again.

use std::io;
use std::thread::{Builder, JoinHandle};

use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::bulk::{Cell, Table};
use super::chain::TableDigests;
use super::digest::{Rows, RowsDigest};
use super::hints::{HINTS, Hinter};
use super::many::CellRows;
use super::prepare::{Preparing, Ready, Unready};

/// Statements that are ready and wait.
const WAITING: usize = 2;

/// Items of a run that are being added, table by table.
#[derive(Default)]
pub(super) struct Items {
    hinter: Hinter,
    /// Of the tables that are done.
    digests: TableDigests,
}

/// What is next to be done with the database.
pub(super) enum Step {
    /// Rows are inserted into a table.
    Insert(&'static Table, Ready),
    /// All of them are.
    Done(Items),
}

/// Steps that are made ahead.
pub(super) struct Steps {
    coming: Receiver<Result<Step, Unready>>,
    thread: Option<JoinHandle<()>>,
}

impl Items {
    /// The digests of the tables that are done.
    pub(super) fn into_digests(self) -> TableDigests {
        self.digests
    }

    /// Begins to make the rows of a table ready.
    ///
    /// # Errors
    /// There can be no thread.
    pub(super) fn prepare(self, table: &'static Table, rows: Box<dyn CellRows>, run: (i64, bool)) -> io::Result<Steps> {
        let (sender, coming) = channel(WAITING);
        let prepare = move || {
            // Nobody waits for more where the receiver is gone.
            let _gone = match self.send(table, rows, run, &sender) {
                Ok(None) => Ok(()),
                Ok(Some(items)) => sender.blocking_send(Ok(Step::Done(items))),
                Err(error) => sender.blocking_send(Err(error)),
            };
        };
        let thread = Builder::new().name("prepare".to_owned()).spawn(prepare)?;
        Ok(Steps { coming, thread: Some(thread) })
    }

    /// Sends all rows, and hints for their ids; nothing comes back if nobody wants them any more.
    fn send(
        mut self,
        table: &'static Table,
        mut rows: Box<dyn CellRows>,
        (run_id, is_sqlite): (i64, bool),
        to: &Sender<Result<Step, Unready>>,
    ) -> Result<Option<Self>, Unready> {
        let (run, mut checked) = (Cell::Integer(run_id), ById::default());
        let (mut preparing, mut hints) = (Preparing::new(table, is_sqlite), Preparing::new(&HINTS, is_sqlite));
        let mut is_more = true;
        while is_more {
            is_more = preparing.add_more(&run, &mut *rows, |cells| {
                self.hinter.note(cells);
                checked.add(table, cells);
            })?;
            if self.hinter.is_full() || !is_more {
                for row in self.hinter.close(run_id, table.name).chunks(HINTS.columns.len()) {
                    hints.add(row.iter()).map_err(Unready::Refused)?;
                }
            }
            for (table, preparing) in [(table, &mut preparing), (&HINTS, &mut hints)] {
                if let Some(ready) = preparing.take(!is_more)
                    && to.blocking_send(Ok(Step::Insert(table, ready))).is_err()
                {
                    return Ok(None);
                }
            }
        }
        self.digests.insert(table.name.to_owned(), checked.finish(table).map_err(Unready::Defect)?);
        Ok(Some(self))
    }
}

impl Steps {
    /// The next step; the last one is [`Step::Done`].
    pub(super) async fn next(&mut self) -> Result<Step, Unready> {
        if let Some(step) = self.coming.recv().await {
            return step;
        }
        if let Some(Err(panic)) = self.thread.take().map(JoinHandle::join) {
            std::panic::resume_unwind(panic);
        }
        Err(Unready::Defect("there is no step after the last one".to_owned()))
    }
}

/// The digest over rows as the database will give them back: by their ids, which are their first cells without the run's.
#[derive(Default)]
struct ById {
    rows: Rows,
    /// The id of the row before.
    last: String,
    /// The first id that does not stand behind the one before it.
    misplaced: Option<String>,
}

impl ById {
    fn add(&mut self, table: &Table, cells: &[Cell<'_>]) {
        let id = cells.first().map(Cell::stored).unwrap_or_default();
        if self.misplaced.is_none() && self.rows.count() > 0 && *id <= *self.last {
            self.misplaced = Some(id.to_string());
        }
        self.last.clear();
        self.last.push_str(&id);
        self.rows.add_cells(table, cells);
    }

    fn finish(self, table: &Table) -> Result<RowsDigest, String> {
        match self.misplaced {
            Some(id) => {
                Err(format!("`{id}` of `{}` does not stand behind a lesser id; please report this defect", table.name))
            }
            None => Ok(self.rows.finish()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::rows::CLEARED;
    use super::*;

    fn finish(ids: &[&str]) -> Result<i64, String> {
        let mut rows = ById::default();
        ids.iter().for_each(|id| rows.add(&CLEARED, &[Cell::text(*id)]));
        rows.finish(&CLEARED).map(|digest| digest.count)
    }

    #[test]
    fn items_come_by_id() {
        assert_eq!(finish(&[]), Ok(0));
        assert_eq!(finish(&[""]), Ok(1));
        assert_eq!(finish(&["T-1", "T-10", "T-2", "Z", "a", "é"]), Ok(6));
        for (ids, misplaced) in
            [(["T-2", "T-1", "T-0"], "T-1"), (["T-1", "T-2", "T-10"], "T-10"), (["a", "b", "b"], "b")]
        {
            let problem = finish(&ids).expect_err("they are in no order");
            assert!(problem.starts_with(&format!("`{misplaced}` of `run_cleared`")), "{problem}");
        }
    }
}
