//! Weeks that follow one another, on both databases: every kind of fault, reports that come late, early, twice, not at all and again
//! with other content, outages, and bookings corrected afterwards. The laboratory's own books agree with every run, and no byte
//! of the trail can be changed unnoticed. (`cargo run --release -p lab -- quarter` has sixty business days of it.)

use std::ffi::OsString;
use std::process::{Command, Stdio};

use lab::quarter::{Options, Ran, run};
use lab::world::layout::Layout;
use lab::world::quarter::{Bookkeeping, MIN_BUSINESS_DAYS};

use super::rows::new_postgres;

fn program(words: &[OsString]) -> anyhow::Result<Ran> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_antom-recon"));
    let ours = |(name, _): &(String, String)| name.starts_with("ANTOM_RECON_");
    for (name, _) in std::env::vars().filter(ours) {
        command.env_remove(name);
    }
    Ran::of(command.args(words).stdin(Stdio::null()).output()?)
}

fn the_books_agree(seed: u64, layout: Layout, bookkeeping: Bookkeeping, database: Option<String>) {
    let folder = tempfile::tempdir().unwrap();
    let dir = Some(folder.path().join("quarter"));
    // Twenty-six days in all: what is open outlives the lookback, and so do payments that are refunded.
    let (days, payments, lookback) = (MIN_BUSINESS_DAYS, 11, 14);
    let options = Options { seed, days, payments, layout, lookback, bookkeeping, database, dir, thorough: false };
    let mut page = Vec::new();
    let is_right = run(&options, &program, &mut page);
    let page = String::from_utf8_lossy(&page);
    assert!(is_right.unwrap_or_else(|error| panic!("{error:#}\n{page}")), "{page}");
    for part in
        ["3 restatements, 2 outages", "6 ended with exit code 3", "an archived file", "a record in `run_outputs`"]
    {
        assert!(page.contains(part), "`{part}` in {page}");
    }
}

#[test]
fn the_books_agree_with_every_run_on_sqlite() {
    the_books_agree(91, Layout::Marketplace, Bookkeeping::Free, None);
}

#[test]
fn the_books_agree_with_every_run_on_postgres() {
    let Some(url) = new_postgres() else { return };
    the_books_agree(92, Layout::Gen3, Bookkeeping::AddOnly, Some(url));
}
