//! Discrepancies: the closed list of kinds, what is said about each, and how items age.

mod kind;
mod row;

pub use kind::{Answer, DiscrepancyKind, Severity, Stage};
pub use row::{ClearedRow, Discrepancy, InTransitRow, Side};
