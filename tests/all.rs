//! Tests.
mod fetch;
