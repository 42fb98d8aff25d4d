//! Worlds by the thousand: from each seed a marketplace of some days, in which faults happen that are drawn from one catalogue.
//! The job runs day by day as it does over a [`quarter`](crate::quarter), and the auditor's books must agree with every run.
//!
//! | Module | Holds |
//! |---|---|
//! | `catalogue` | every fault: its name, what it does, what a correct program must make of it |
//! | `draw` | which of them a seed has, and when |
//! | `trouble`, `partners`, `kills` | the days on which something goes wrong besides values |
//! | `seed` | one world from beginning to end |
//! | `cores` | several at the same time |
//! | `shrink` | the smallest set of faults that still fails |
//! | `tell` | the tables |

mod catalogue;
mod cores;
mod draw;
mod kills;
mod partners;
mod seed;
mod shrink;
mod tell;
mod trouble;

use anyhow::{Context as _, Result, ensure};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{IsTerminal as _, Write};
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;
use tokio::runtime::Runtime;

pub use catalogue::{Family, Fault, Trouble};
use cores::{Cores, Lent};
pub use draw::{Drawing, Drawn};
use seed::Outcome;
use tell::Totals;

/// Starts the job: takes the words of a command, without the program's name, and gives the process that is to be.
pub type Program<'p> = &'p (dyn Fn(&[OsString]) -> Result<Command> + Sync);

/// What is simulated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// How many worlds.
    pub seeds: u64,
    /// The seed of the first one; the others follow it.
    pub first_seed: u64,
    /// Days of each, weekends included.
    pub days: u32,
    /// Honest payments per day.
    pub payments: u32,
    /// Worlds at the same time; 0 for as many as there are cores.
    pub threads: usize,
    /// The faults that the world has, in place of all that its seed draws; for one world only.
    pub faults: Option<Vec<Fault>>,
}

/// Worlds that wait for a server's silence to end, besides those that are at work.
const WAITING: usize = 6;

/// Failing worlds that are made small; each takes some tens of runs of it.
const SHRUNK: usize = 3;

/// Problems of a failing world that are told.
const TOLD: usize = 12;

/// What all worlds use.
struct Tools<'t> {
    program: Program<'t>,
    runtime: Runtime,
}

/// Reads the names of faults.
///
/// # Errors
///
/// If one is in no catalogue; the message has all that are.
pub fn faults_of(names: &[String]) -> Result<Vec<Fault>> {
    let fault = |name: &String| {
        let known = || Fault::all().map(|fault| fault.to_string()).collect::<Vec<_>>().join(", ");
        Fault::named(name.trim()).with_context(|| format!("unknown fault `{name}`; expected one of {}", known()))
    };
    names.iter().filter(|name| !name.trim().is_empty()).map(fault).collect()
}

/// Makes the worlds, runs the job over them, tells what happened on `out`, and returns whether everything agreed.
///
/// # Errors
///
/// If a fault is asked for that the seed's world does not have, or `out` cannot be written.
pub fn run(options: &Options, program: Program<'_>, out: &mut dyn Write) -> Result<bool> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let tools = Tools { program, runtime: runtime.context("the servers' threads cannot be started")? };
    let mut worlds = Vec::new();
    for seed in options.first_seed..options.first_seed.saturating_add(options.seeds) {
        worlds.push(drawing(options, seed)?);
    }
    let started = Instant::now();
    let cores = Cores::new(threads(options));
    let outcomes = all(&tools, &cores, &worlds);
    let totals = Totals::of(&worlds, &outcomes);
    totals.write(options, started.elapsed(), out)?;
    let failed: Vec<usize> = (0..worlds.len()).filter(|index| !outcomes[index].problems.is_empty()).collect();
    for index in failed.iter().take(SHRUNK) {
        tell_failure(&tools, &cores, options, (&worlds[*index], &outcomes[index]), out)?;
    }
    if failed.len() > SHRUNK {
        let others: Vec<String> = failed[SHRUNK..].iter().map(|index| worlds[*index].plan.seed.to_string()).collect();
        writeln!(out, "\nThese seeds failed as well: {}", others.join(", "))?;
    }
    Ok(failed.is_empty())
}

fn threads(options: &Options) -> usize {
    if options.threads > 0 { options.threads } else { std::thread::available_parallelism().map_or(1, usize::from) }
}

/// The world of a seed, with the faults that are asked for.
fn drawing(options: &Options, seed: u64) -> Result<Drawing> {
    let mut drawing = Drawing::of(seed, options.days, options.payments);
    if let Some(wanted) = &options.faults {
        let has: Vec<String> = drawing.faults.iter().map(|drawn| drawn.fault.to_string()).collect();
        let absent = drawing.keep(wanted);
        ensure!(absent.is_empty(), "the world of seed {seed} has no `{}`; it has {}", absent[0], has.join(", "));
    }
    Ok(drawing)
}

/// Simulates all worlds, as many at a time as there are cores.
fn all(tools: &Tools<'_>, cores: &Cores, worlds: &[Drawing]) -> BTreeMap<usize, Outcome> {
    let (next, outcomes) = (AtomicU64::new(0), Mutex::new(BTreeMap::new()));
    let work = || {
        loop {
            let index = usize::try_from(next.fetch_add(1, Ordering::Relaxed)).unwrap_or(usize::MAX);
            let Some(world) = worlds.get(index) else { return };
            let outcome = seed::simulate(tools, &cores.lend(), world);
            let mut outcomes = outcomes.lock().unwrap_or_else(PoisonError::into_inner);
            outcomes.insert(index, outcome);
            let failed = outcomes.values().filter(|outcome: &&Outcome| !outcome.problems.is_empty()).count();
            progress(outcomes.len(), worlds.len(), failed);
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..worlds.len().min(cores.count() + WAITING) {
            scope.spawn(work);
        }
    });
    progress(0, 0, 0);
    outcomes.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// One line on a terminal, written over and over; nothing at all elsewhere. At the end it is wiped out.
fn progress(done: usize, all: usize, failed: usize) {
    let mut stderr = std::io::stderr();
    if stderr.is_terminal() {
        let text = if all == 0 { String::new() } else { format!("{done} of {all} seeds, {failed} failed") };
        // A terminal that is gone takes no line, and that is no news.
        let _gone = write!(stderr, "\r\u{1b}[K{text}").and_then(|()| stderr.flush());
    }
}

/// Makes a failure small, and tells it with the command that repeats it.
fn tell_failure(
    tools: &Tools<'_>,
    cores: &Cores,
    options: &Options,
    (world, outcome): (&Drawing, &Outcome),
    out: &mut dyn Write,
) -> Result<()> {
    let faults: Vec<Fault> = world.faults.iter().map(|drawn| drawn.fault).collect();
    let mut last = outcome.problems.clone();
    let smallest = shrink::shrink(&faults, |some| {
        let mut smaller = world.clone();
        smaller.keep(some);
        let problems = seed::simulate(tools, &cores.lend(), &smaller).problems;
        let fails = !problems.is_empty();
        if fails {
            last = problems;
        }
        fails
    });
    let seed = world.plan.seed;
    writeln!(out, "\nSeed {seed} FAILED. Of its {} faults these are enough:", faults.len())?;
    for drawn in world.faults.iter().filter(|drawn| smallest.contains(&drawn.fault)) {
        writeln!(out, "  {} on {}: {}", drawn.fault, drawn.day, drawn.fault.what())?;
        if let Fault::Trouble(trouble) = drawn.fault {
            writeln!(out, "    must be: {}", trouble.must())?;
        }
    }
    for problem in last.iter().take(TOLD) {
        writeln!(out, "- {problem}")?;
    }
    if last.len() > TOLD {
        writeln!(out, "- and {} more", last.len() - TOLD)?;
    }
    let names: Vec<String> = smallest.iter().map(Fault::to_string).collect();
    let Options { days, payments, .. } = options;
    writeln!(
        out,
        "Again: cargo run --release -p lab -- simulate --days {days} --payments {payments} --seed {seed} --faults \"{}\"",
        names.join(",")
    )?;
    Ok(())
}
