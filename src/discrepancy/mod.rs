//! Discrepancies: from what matching found to what an analyst reads.
//!
//! `describe` puts words and ids to a finding, `row` is the result, `severity` says how much it matters. The closed words
//! themselves are in [`crate::kind`].

mod describe;
mod name;
mod proofs;
mod row;
mod severity;

pub use crate::kind::{Answer, DiscrepancyKind, Severity, Stage};
pub use describe::{Describer, EntryEvidence, LineEvidence, payment_request_id};
pub use name::{Names, file_discrepancy_id};
pub use proofs::ProofTexts;
pub use row::{ClearedRow, Discrepancy, InTransitRow, Side};
pub use severity::SeverityRule;
