//! All tests of the job as a whole, in one binary: a module per subject.
#![allow(clippy::disallowed_types, clippy::disallowed_methods, reason = "tests make files and start servers")]
#![allow(clippy::unwrap_used)]

mod adversity;
mod cli;
mod export;
mod failures;
mod fetch;
mod limits;
mod matching;
mod parse;
mod requery;
mod scenarios;
mod shipped;
mod store;
mod tidy;
