//! The laboratory's worlds obey Antom's documentation, add up, and are the same for the same seed; its auditor finds
//! what is wrong with outputs and nothing else.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on must stop")]

#[path = "world/contract.rs"]
mod contract;
#[path = "world/proving.rs"]
mod proving;
#[path = "world/reading.rs"]
mod reading;

#[path = "world/auditor.rs"]
mod auditor;
#[path = "world/bench.rs"]
mod bench;
#[path = "world/books.rs"]
mod books;
#[path = "world/demo.rs"]
mod demo;
#[path = "world/faults.rs"]
mod faults;
#[path = "world/files.rs"]
mod files;
#[path = "world/honest.rs"]
mod honest;
#[path = "world/next_day.rs"]
mod next_day;
#[path = "world/proofs.rs"]
mod proofs;
#[path = "world/proofs_accounts.rs"]
mod proofs_accounts;
#[path = "world/proofs_batches.rs"]
mod proofs_batches;
#[path = "world/proofs_fees.rs"]
mod proofs_fees;
#[path = "world/proofs_outputs.rs"]
mod proofs_outputs;
#[path = "world/proofs_world.rs"]
mod proofs_world;
#[path = "world/quarter.rs"]
mod quarter;
#[path = "world/xlsx.rs"]
mod xlsx;
