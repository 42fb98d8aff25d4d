//! Several files at once: workers with a connection each, and one queue.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::FetchError;
use super::archive::Archive;
use super::control::Control;
use super::endpoint::{Connection, Endpoint, Trouble};
use super::outcome::Wanted;
use super::transfer::{Transfer, Transferred};

/// What the workers share.
struct Crew<'a> {
    endpoint: &'a dyn Endpoint,
    archive: &'a Archive,
    control: &'a Control<'a>,
    wanted: &'a [Wanted],
    queue: Mutex<VecDeque<usize>>,
    done: Mutex<Vec<Option<Transferred>>>,
    failure: Mutex<Option<FetchError>>,
}

/// Transfers all files; the results are in the order of `wanted`. The first worker takes over `connection`.
pub(super) fn transfer_all(
    endpoint: &dyn Endpoint,
    archive: &Archive,
    control: &Control<'_>,
    connection: Box<dyn Connection>,
    wanted: &[Wanted],
) -> Result<Vec<Transferred>, FetchError> {
    // The largest first, so that no worker is left alone with one at the end.
    let mut order: Vec<usize> = (0..wanted.len()).collect();
    order.sort_by_key(|&at| std::cmp::Reverse(wanted[at].size));
    let control = Control { progress: control.progress, cancel: control.cancel.child() };
    let crew = Crew {
        endpoint,
        archive,
        control: &control,
        wanted,
        queue: Mutex::new(order.into()),
        done: Mutex::new(wanted.iter().map(|_| None).collect()),
        failure: Mutex::new(None),
    };
    std::thread::scope(|scope| {
        for _ in 1..endpoint.connections().min(wanted.len()) {
            scope.spawn(|| crew.join_in());
        }
        crew.work(connection);
    });
    match crew.failure.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some(error) => Err(error),
        None => Ok(crew.done.into_inner().unwrap_or_else(PoisonError::into_inner).into_iter().flatten().collect()),
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Crew<'_> {
    /// A further worker. A server that has no room for its connection leaves its share to the others; a server that is not
    /// the right one ends everything.
    fn join_in(&self) {
        match self.endpoint.connect(self.control) {
            Ok(connection) => self.work(connection),
            Err(Trouble::Fatal(error @ (FetchError::Integrity(_) | FetchError::Cancelled))) => self.fail(error),
            Err(Trouble::Fatal(_) | Trouble::Broken(_) | Trouble::Absent) => {}
        }
    }

    fn work(&self, connection: Box<dyn Connection>) {
        let mut connection = Some(connection);
        while let Some(at) = self.next() {
            let file = &self.wanted[at];
            let transfer = Transfer {
                endpoint: self.endpoint,
                archive: self.archive,
                control: self.control,
                name: &file.name,
                path: &file.path,
            };
            match transfer.run(&mut connection) {
                Ok(transferred) => locked(&self.done)[at] = Some(transferred),
                Err(error) => return self.fail(error),
            }
        }
    }

    fn next(&self) -> Option<usize> {
        if self.control.cancel.is_cancelled() && locked(&self.failure).is_none() {
            self.fail(FetchError::Cancelled);
        }
        if locked(&self.failure).is_some() { None } else { locked(&self.queue).pop_front() }
    }

    /// Keeps the first failure and stops the others.
    fn fail(&self, error: FetchError) {
        locked(&self.failure).get_or_insert(error);
        self.control.cancel.cancel();
    }
}
