//! Tests.
mod export;
mod requery;
