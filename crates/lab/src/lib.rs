//! The laboratory: a local Antom, and marketplace days whose right answer is known. Never shipped.
//!
//! - [`world`] makes the days: ledger, registry, Antom's files, and what the API would say, with faults from a
//!   catalogue.
//! - [`audit`] compares what the job wrote with what was injected.
//! - [`demo`] does a whole day for a person to watch, [`bench`] a large one against the clock.
//!
//! Nothing here uses the job's parser, matcher or client: an error on one side must not be hidden by the same error on
//! the other. The job itself is handed in by `main` as a function.

pub mod audit;
pub mod world;
