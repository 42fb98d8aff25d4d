//! What people get: the outputs of a run.
//!
//! One pure function per file turns domain rows into bytes, over any writer; [`Publication`] writes the files beside their target,
//! flushes them to the disk, and lets them appear under `out/<platform_merchant_id>/<date>/` all together or not at all. Every byte is hashed on its way, so `summary.json` can name the digest of each output.
//!
//! Rules of cells: amounts in major units with the currency's own number of decimals, a missing side empty, RFC 4180 with CRLF,
//! text that a spreadsheet could run as a formula behind a `'`, numbers always numbers.
#![allow(clippy::disallowed_types, clippy::disallowed_methods, reason = "publishing is writing files")]

mod balances;
mod batches;
mod control_totals;
mod csv_out;
mod digests;
mod discrepancies;
mod fees;
mod journal;
mod neutral;
mod open_items;
mod publish;
mod rejects;
mod restated;
mod roll_forward;
mod summary;

pub use balances::{BALANCE_COLUMNS, BalanceKind, BalanceRow, balances};
pub use batches::{BATCH_COLUMNS, BatchRow, GROSS_TYPES, batch_columns, settlement_batches};
pub use control_totals::{CONTROL_TOTAL_COLUMNS, ControlTotalRow, Placed, control_totals};
pub use csv_out::{CsvOut, Written};
pub use digests::{digests_in, edited_folders, published_folder, ready_folder, superseded_folders};
pub use discrepancies::{DISCREPANCY_COLUMNS, discrepancies, sort_discrepancies};
pub use fees::{FEE_COLUMNS, FeeRow, fees};
pub use journal::{Shown, recover, unfinished};
pub use neutral::unshielded;
pub use open_items::{CLEARED_COLUMNS, IN_TRANSIT_COLUMNS, Show, cleared, in_transit};
pub use publish::{Outcome, Output, OutputDigest, Publication, PublishError, Published, Ready, Render};
pub use rejects::{REJECTED_COLUMNS, RejectedRow, rejected_lines};
pub use restated::{RESTATED_COLUMNS, RestatedRow, restated_lines};
pub use roll_forward::{ROLL_FORWARD_COLUMNS, roll_forward};
pub use summary::{Input, ProofName, ProofState, ProofSummary, SideTotals, StageTiming, Summary, summary};
