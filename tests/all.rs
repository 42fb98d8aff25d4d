//! Tests.
mod export;
