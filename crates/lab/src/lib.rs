//! A local Antom and marketplace days whose right answer is known. Never shipped.
//!
//! | Module | Holds |
//! |---|---|
//! | [`world`] | days made from a seed: ledger, registry, Antom's files, what its API would say, and faults |
//! | [`audit`] | whether the job's outputs say exactly what was wrong |
//! | [`demo`] | a business week from the made-up world to the audited outputs, for a person to watch |
//! | [`quarter`] | sixty business days one after the other, audited day by day, and whether tampering is found |
//! | [`simulate`](mod@simulate) | worlds by the thousand with drawn faults, audited day by day, and failures made small |
//! | [`bench`](mod@bench) | a large day against the clock |
//! | [`keys`] | throw-away keys of both sides |
//! | [`sftp`] | an SFTP server over a folder of reports, read-only, with faults |
//! | [`api`] | Antom's API on loopback, strict about signatures, signing its answers, with faults |
//! | [`market`] | a marketplace at Antom behind it: sellers, payments, splits, disputes, accounts, reports, notifications |
//! | [`wire`] | a TCP line to any server on which things go wrong: late, cut, half open, stalled, refused, a bit turned |
//! | [`serve`](mod@serve) | both servers up, and a folder with what a person needs to connect |
//! | [`xlsx`] | rows of text as a workbook, in the ways in which programs write them |
//!
//! Antom's side is implemented from the fact sheet alone. Nothing here uses the job's parser or matcher or the API
//! client's signing code, so an error on one side is not hidden by the same error on the other. The job itself is
//! handed in by `main` as a function.

pub mod api;
pub mod audit;
pub mod bench;
pub mod demo;
mod job;
pub mod keys;
pub mod market;
mod print;
pub mod quarter;
mod repeat;
pub mod serve;
pub mod sftp;
pub mod simulate;
pub mod wire;
pub mod world;
pub mod xlsx;

pub use job::Job;
