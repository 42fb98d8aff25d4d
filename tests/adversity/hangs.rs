//! While the program computes and waits for nothing, in every long stage: SIGINT and SIGTERM end it all the same.

use std::time::{Duration, Instant};

use lab::world::faults::Fault;

use super::antom::{Antom, day_with};
use super::child::Running;

/// Where the run hangs, as if the stage that is under way there had no end; `stage: done` is the end of fetch, parse, ledger, recall,
/// match, classify, prove, ask, record, write and remember.
const PLACES: [&str; 18] = [
    "fetch: part received",
    "archive: file flushed",
    "stage: done#1",
    "stage: done#2",
    "ledger: part read",
    "stage: done#3",
    "stage: done#4",
    "stage: done#5",
    "stage: done#6",
    "stage: done#7",
    "answer: received",
    "record: table inserted#3",
    "record: chained",
    "stage: done#9",
    "publication: output written#4",
    "publication: flushed",
    "publication: ready",
    "memory: file flushed#2",
];

/// Waits until it says that it hangs.
fn hangs(running: &Running) {
    let started = Instant::now();
    while !running.stderr_so_far().contains("hangs at `") {
        assert!(started.elapsed() < Duration::from_secs(60), "it hangs nowhere: {}", running.stderr_so_far());
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_signal_ends_every_stage() {
    let antom = Antom::of(day_with(55, &[Fault::PaymentNotBooked, Fault::DuplicateLine]));
    let fresh = antom.filled_desk();
    let done = fresh.copy();
    done.done(&antom.run());
    let expected = done.outputs(&antom.date());
    for (at, place) in PLACES.into_iter().enumerate() {
        let (signal, code, word) = [("INT", 130, "interrupted"), ("TERM", 143, "terminated")][at % 2];
        let desk = fresh.copy();
        let mut command = desk.command(&antom.run());
        command.env("ANTOM_RECON_HANG_AT", place);
        let running = Running::start(command);
        hangs(&running);
        running.signal(signal);
        running.wait().with_code(code).says(&[&format!("{word}: stopped by SIG{signal}"), place]);
        if desk.published(&antom.date()).exists() {
            assert_eq!(desk.outputs(&antom.date()), expected, "{place}: what is visible is whole");
        }
        desk.done(&antom.run());
        assert_eq!(desk.outputs(&antom.date()), expected, "{place}");
        assert_eq!(desk.archive_leftovers(), [""; 0], "{place}");
    }
}

#[test]
fn a_signal_ends_an_import() {
    let antom = Antom::of(day_with(56, &[]));
    let desk = antom.desk();
    let mut command = desk.command("ledger import ledger.csv");
    command.env("ANTOM_RECON_HANG_AT", "import: part inserted");
    let running = Running::start(command);
    hangs(&running);
    running.signal("INT");
    running.wait().with_code(130).says(&["interrupted: stopped by SIGINT"]);
    desk.done("ledger import ledger.csv").shows(&[", 0 updated, 0 were there already"]);
}
