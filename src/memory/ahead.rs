//! Reading ahead: what is read is made on a thread of its own while somebody works on what was read before.

use std::io;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread::{Builder, JoinHandle};

use super::MemoryError;

/// How many times some rows may wait: one is being worked on, one is ready, one is being made.
const WAITING: usize = 1;

/// Rows that are made ahead, some at a time. Their memory goes to and fro between the threads: if one made what the other drops,
/// both would mostly wait for the allocator.
#[derive(Debug)]
pub(super) struct Ahead<T> {
    rows: Vec<T>,
    coming: Receiver<Result<Vec<T>, MemoryError>>,
    back: Sender<Vec<T>>,
    /// Until it is known to have ended.
    thread: Option<JoinHandle<()>>,
}

impl<T: Send + 'static> Ahead<T> {
    /// Begins to read. `fill` puts the next rows in the place of those that it is given; none after the last.
    ///
    /// # Errors
    /// There can be no thread.
    pub(super) fn of(fill: impl FnMut(&mut Vec<T>) -> Result<(), MemoryError> + Send + 'static) -> io::Result<Self> {
        let (sender, coming) = sync_channel(WAITING);
        let (back, used) = channel();
        let thread = Builder::new().name("read-ahead".to_owned()).spawn(move || send(fill, &used, &sender))?;
        Ok(Self { rows: Vec::new(), coming, back, thread: Some(thread) })
    }
}

/// Sends all rows, unless nobody wants them any more.
fn send<T>(
    mut fill: impl FnMut(&mut Vec<T>) -> Result<(), MemoryError>,
    used: &Receiver<Vec<T>>,
    to: &SyncSender<Result<Vec<T>, MemoryError>>,
) {
    loop {
        let mut rows = used.try_recv().unwrap_or_default();
        let filled = fill(&mut rows);
        let is_last = filled.is_err() || rows.is_empty();
        if to.send(filled.map(|()| rows)).is_err() || is_last {
            return;
        }
    }
}

impl<T> Ahead<T> {
    /// The next rows; none after the last, and after an error.
    ///
    /// # Errors
    /// What making them says.
    pub(super) fn more(&mut self) -> Result<&[T], MemoryError> {
        let used = std::mem::take(&mut self.rows);
        // Nobody takes it when all rows are made.
        let _ended = self.back.send(used);
        if let Ok(rows) = self.coming.recv() {
            self.rows = rows?;
        } else if let Some(Err(panic)) = self.thread.take().map(JoinHandle::join) {
            // A panic is no end of the rows.
            std::panic::resume_unwind(panic);
        }
        Ok(&self.rows)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    /// The numbers from 0, seven at a time.
    fn numbers(count: usize) -> impl FnMut(&mut Vec<usize>) -> Result<(), MemoryError> {
        let mut next = 0;
        move |rows| {
            rows.clear();
            rows.extend(next..count.min(next + 7));
            next += rows.len();
            Ok(())
        }
    }

    fn all(mut ahead: Ahead<usize>) -> Vec<usize> {
        let mut rows = Vec::new();
        loop {
            let some = ahead.more().unwrap();
            if some.is_empty() {
                assert!(ahead.more().unwrap().is_empty(), "nor is there any more");
                return rows;
            }
            rows.extend(some);
        }
    }

    #[test]
    fn rows_come_as_they_are() {
        for count in [0, 1, 7, 8, 700] {
            assert!(all(Ahead::of(numbers(count)).unwrap()).into_iter().eq(0..count));
        }
        let mut few = Ahead::of(numbers(usize::MAX)).unwrap();
        assert_eq!(few.more().unwrap(), [0, 1, 2, 3, 4, 5, 6]);
    }

    #[test]
    fn an_error_ends_the_rows() {
        let mut fill = numbers(usize::MAX);
        let mut ahead = Ahead::of(move |rows| {
            fill(rows)?;
            if rows[0] < 14 { Ok(()) } else { Err(MemoryError::Scratch("here".into())) }
        })
        .unwrap();
        assert_eq!(ahead.more().unwrap().len(), 7);
        assert_eq!(ahead.more().unwrap().len(), 7);
        assert!(ahead.more().is_err());
        assert!(ahead.more().unwrap().is_empty());
    }

    #[test]
    #[should_panic = "row 700 is bad"]
    fn a_panic_is_no_end() {
        let mut fill = numbers(usize::MAX);
        let ahead = Ahead::of(move |rows| {
            fill(rows)?;
            assert!(rows.iter().all(|row| *row < 700), "row 700 is bad");
            Ok(())
        });
        all(ahead.unwrap());
    }
}
