//! One world from beginning to end: its servers, its folder, its days.

use super::draw::Drawing;
use super::trouble::Troubles;
use super::{Lent, Tools};
use crate::api::Book as ApiBook;
use crate::audit::books::Told;
use crate::demo::api_book;
use crate::quarter::course::Course;
use crate::quarter::desk::{Desk, Ran};
use crate::quarter::tell::Log;
use crate::serve::{Running, serve};
use crate::world::book::Book;
use crate::world::quarter::Quarter;
use anyhow::{Context as _, Result};
use std::cell::Cell;
use std::ffi::OsString;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::Stdio;
use std::time::{Duration, Instant};

/// `lookback_days` of the job: longer than any world here.
const LOOKBACK: u32 = 35;

/// The database has a folder of its own, which can be taken away.
const DATABASE: &str = "sqlite://db/antom-recon.db";

/// What a world came to.
#[derive(Debug, Clone, Default)]
pub(super) struct Outcome {
    /// Everything that disagreed; empty if the program was right.
    pub(super) problems: Vec<String>,
    /// How each row of each run agreed.
    pub(super) told: Vec<Told>,
    /// Runs that were compared.
    pub(super) runs: usize,
}

/// Runs the job over a world. Whatever is wrong is in the outcome, a panic of the laboratory included.
pub(super) fn simulate(tools: &Tools<'_>, lent: &Lent<'_>, world: &Drawing) -> Outcome {
    let log = catch_unwind(AssertUnwindSafe(|| course(tools, lent, world)));
    match log {
        Ok(Ok(Log { problems, told, runs, .. })) => Outcome { problems, told, runs },
        Ok(Err(error)) => Outcome { problems: vec![format!("{error:#}")], ..Outcome::default() },
        Err(_) => Outcome { problems: vec!["the laboratory panicked".to_owned()], ..Outcome::default() },
    }
}

fn course(tools: &Tools<'_>, lent: &Lent<'_>, world: &Drawing) -> Result<Log> {
    let folder = tempfile::Builder::new().prefix("antom-recon-simulate-").tempdir();
    let folder = folder.context("no folder for temporary files can be made")?;
    let quarter = Quarter::of(&world.days());
    let servers = tools.runtime.block_on(serve(folder.path(), book(&quarter)))?;
    let took = Cell::new(Duration::ZERO);
    let program = |words: &[OsString]| {
        let started = Instant::now();
        let ran = Ran::of((tools.program)(words)?.stdin(Stdio::null()).output().context("the job cannot be started")?);
        if words.first().is_some_and(|word| word == "run") {
            took.set(started.elapsed());
        }
        ran
    };
    let kept = (world.bookkeeping, LOOKBACK);
    let mut desk = Desk::new(folder.path().to_owned(), &quarter.plan, kept, DATABASE, &program)?;
    desk.reconfigure(|text| configuration(text, &servers, world.asks))?;
    let troubles = Troubles::new((tools, lent), &took, &servers, &quarter, world);
    let course = Course::new(&quarter, desk)?.with(&troubles);
    let log = course.run().map(|(_, log)| log);
    let writes = servers.sftp.log().attempted_writes();
    tools.runtime.block_on(servers.stop());
    let mut log = log?;
    log.problems.extend(writes.iter().map(|path| format!("the job tried to write `{path}` on the SFTP server")));
    Ok(log)
}

/// What the API knows.
fn book(quarter: &Quarter) -> ApiBook {
    api_book(&Book { payments: quarter.tales.iter().filter_map(|tale| tale.story.record.clone()).collect() })
}

/// One thread for the job: there is a world for every core. A question that fails is put once more.
fn configuration(text: &str, servers: &Running, asks: bool) -> String {
    let sections = servers.config_sections();
    let api = sections.find("[api]").map_or("", |place| &sections[place..]);
    let api = if asks { api.replace("[api]\n", "[api]\nattempts = 2\n") } else { String::new() };
    format!("{text}\n[run]\nthreads = 1\n\n{api}")
}
