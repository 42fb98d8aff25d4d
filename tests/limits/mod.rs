//! Inputs made to hurt, against the built program: it ends by itself, in bounded memory, and says what is wrong.
//!
//! No test looks at a clock. Whatever is not linear would need hours and gigabytes at these sizes: memory is measured, and a
//! program that does not end is killed after [`day::PATIENCE`]. With `ANTOM_RECON_LIMITS=full` in the environment, and a release
//! build, the same tests run at full size (`README.md`).

mod candidates;
mod day;
mod disk;
mod keys;
mod lines;
mod room;
mod spill;
mod terminal;
mod waits;
mod workbooks;

/// A size for every test run, or that of the full run.
fn sized(usual: usize, full: usize) -> usize {
    if std::env::var("ANTOM_RECON_LIMITS").is_ok_and(|size| size == "full") { full } else { usual }
}

/// A mebibyte.
const MIB: u64 = 1 << 20;
