//! Reading ahead: what is read is made on a thread of its own while somebody works on what was read before.

use std::io;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{Builder, JoinHandle};
use std::vec::IntoIter;

/// Rows that are handed over at once: so many that neither thread waits for the other at each of them.
const ROWS: usize = 256;

/// How many times that many may wait: one is being worked on, one is ready, one is being made.
const WAITING: usize = 1;

/// The same rows as of another iterator, made ahead.
#[derive(Debug)]
pub(super) struct Ahead<T> {
    rows: IntoIter<T>,
    coming: Receiver<Vec<T>>,
    /// Until it is known to have ended.
    thread: Option<JoinHandle<()>>,
}

impl<T: Send + 'static> Ahead<T> {
    /// Begins to read.
    ///
    /// # Errors
    /// There can be no thread.
    pub(super) fn of(rows: impl Iterator<Item = T> + Send + 'static) -> io::Result<Self> {
        let (sender, coming) = sync_channel(WAITING);
        let thread = Builder::new().name("read-ahead".to_owned()).spawn(move || send(rows, &sender))?;
        Ok(Self { rows: Vec::new().into_iter(), coming, thread: Some(thread) })
    }
}

/// Sends all rows, unless nobody wants them any more.
fn send<T>(mut rows: impl Iterator<Item = T>, to: &SyncSender<Vec<T>>) {
    loop {
        let some: Vec<T> = rows.by_ref().take(ROWS).collect();
        if some.is_empty() || to.send(some).is_err() {
            return;
        }
    }
}

impl<T> Iterator for Ahead<T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        if let Some(row) = self.rows.next() {
            return Some(row);
        }
        if let Ok(some) = self.coming.recv() {
            self.rows = some.into_iter();
            return self.rows.next();
        }
        // A panic is no end of the rows.
        if let Some(Err(panic)) = self.thread.take().map(JoinHandle::join) {
            std::panic::resume_unwind(panic);
        }
        None
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn rows_come_as_they_are() {
        for count in [0, 1, ROWS, 3 * ROWS + 1] {
            assert!(Ahead::of(0..count).unwrap().eq(0..count));
        }
        let mut few = Ahead::of(0_u64..).unwrap();
        assert_eq!(few.nth(1_000), Some(1_000));
    }

    #[test]
    #[should_panic = "row 700 is bad"]
    fn a_panic_is_no_end() {
        let rows = (0..9_999).inspect(|row| assert!(*row < 700, "row 700 is bad"));
        let _ = Ahead::of(rows).unwrap().count();
    }
}
