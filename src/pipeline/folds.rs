//! From each module's typed errors to the kinds of failure that the contract's exit codes name.

use std::io::ErrorKind;

use crate::failure::{Failure, Kind};
use crate::fetch::FetchError;
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
        // Nothing is wrong with the configuration.
        FetchError::Archive { source, .. }
            if matches!(source.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded) =>
        {
            Kind::Unforeseen
        }
        FetchError::Configuration(_) | FetchError::Archive { .. } => Kind::Configuration,
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
