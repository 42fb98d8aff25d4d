//! From each module's typed errors to the kinds of failure that the contract's exit codes name.

use std::io::ErrorKind;

use crate::export::PublishError;
use crate::failure::{Failure, Kind};
use crate::fetch::FetchError;
use crate::memory::MemoryError;
use crate::store::StoreError;

/// Says what kind of failure a module's error is.
pub trait OrKind<T> {
    /// The value, or the error as a [`Failure`] of its kind.
    ///
    /// # Errors
    /// The error, classified.
    fn or_kind(self) -> anyhow::Result<T>;
}

impl<T> OrKind<T> for Result<T, StoreError> {
    fn or_kind(self) -> anyhow::Result<T> {
        self.map_err(|error| {
            let kind = match &error {
                StoreError::Address { .. }
                | StoreError::Migration { .. }
                | StoreError::Conflict { .. }
                | StoreError::Pruned { .. }
                | StoreError::Rights { .. }
                | StoreError::LedgerQuery { .. } => Kind::Configuration,
                StoreError::Unreachable { .. } => Kind::Unreachable,
                StoreError::Locked { .. } => Kind::Locked,
                StoreError::Integrity { .. } => Kind::Integrity,
                StoreError::Query { .. } | StoreError::Rows { .. } | StoreError::Output(_) => Kind::Unforeseen,
            };
            Failure::new(kind, error.to_string()).into()
        })
    }
}

/// The failure that a fetch error is.
pub fn fetch_failure(error: &FetchError) -> Failure {
    let kind = match error {
        // What is read is more than there is memory for (`Room::watched`).
        FetchError::Archive { source, .. } if source.kind() == ErrorKind::OutOfMemory => Kind::Configuration,
        FetchError::Archive { source, .. } => Kind::of_folder(source.kind()),
        FetchError::Configuration(_) => Kind::Configuration,
        FetchError::NotReady(_) | FetchError::Bounds(_) => Kind::NotReady,
        FetchError::Unreachable(_) => Kind::Unreachable,
        FetchError::Integrity(_) => Kind::Integrity,
        FetchError::Cancelled => Kind::Interrupted,
    };
    Failure::new(kind, error.to_string())
}

impl<T> OrKind<T> for Result<T, FetchError> {
    fn or_kind(self) -> anyhow::Result<T> {
        self.map_err(|error| fetch_failure(&error).into())
    }
}

impl<T> OrKind<T> for Result<T, PublishError> {
    fn or_kind(self) -> anyhow::Result<T> {
        self.map_err(|error| {
            let kind = match &error {
                PublishError::Merchant(_) => Kind::Configuration,
                PublishError::FileSystem { source, .. } => Kind::of_folder(source.kind()),
            };
            Failure::new(kind, error.to_string()).into()
        })
    }
}

/// The failure that an error of the memory is.
pub fn memory_failure(error: &MemoryError) -> Failure {
    let kind = match error {
        MemoryError::File { source, .. } => Kind::of_folder(source.kind()),
        MemoryError::Damaged(_) => Kind::Integrity,
        MemoryError::Scratch(_) => Kind::Unforeseen,
    };
    Failure::new(kind, error.to_string())
}
