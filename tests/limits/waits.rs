//! What waits for its settlement, and what is settled a day later: as many payments as a day has, on the disk.

use std::collections::BTreeMap;

use super::day::{Day, entry, line, settled};
use super::{MIB, sized};

/// Every this many payments, one is out of the ordinary.
const EVERY: usize = 1_000;

fn id(number: usize) -> String {
    format!("r{number:09}")
}

fn tomorrow(text: &str) -> String {
    text.replace("2026-03-02", "2026-03-03")
}

/// A day of payments that all wait, with some that are in no report and some that are not booked.
fn first_day(count: usize) -> Day {
    let day = Day::new();
    day.settlements([]);
    day.transactions((0..count).filter(|number| number % EVERY != 1).map(|number| line(number, &id(number))));
    day.entries(booked(count));
    day
}

fn booked(count: usize) -> impl Iterator<Item = String> {
    (0..count).filter(|number| number % EVERY != 2).map(|number| entry(number, &id(number)))
}

/// The day after: as many new payments, and what was paid the day before is settled, but for some that wait on, some of another amount,
/// some that are refunded, and some that are settled twice.
fn second_day(day: &Day, count: usize) {
    day.turn_to("2026-03-03");
    let new = count..2 * count;
    let refund = |number: usize| {
        let text = tomorrow(&line(number, &format!("refund-{number}"))).replace(",PAYMENT,", ",REFUND,");
        text.replace(&format!(",a{number},,"), &format!(",b{number},a{number},")).replace("10.00", "-10.00")
    };
    let refunded: Vec<usize> = (0..count).filter(|number| number % EVERY == 5).collect();
    let lines = new.clone().map(|number| tomorrow(&line(number, &id(number))));
    day.transactions(lines.chain(refunded.iter().map(|number| refund(*number))));
    let of = |rest: usize| (0..count).filter(move |number| number % EVERY == rest);
    let usual = (0..count).filter(|number| !matches!(number % EVERY, 1 | 3));
    let text = |number: usize| {
        let text = settled(number, &id(number));
        let text = text.replace("2026-03-02T20", "2026-03-03T20");
        if number % EVERY == 4 { text.replace("10.00,USD,10.00", "9.99,USD,9.99") } else { text }
    };
    day.settlements(usual.chain(of(6)).map(text));
    let refund_entry = |number: &usize| {
        format!(
            "f{number},REFUND,refund-{number},b{number},{},a{number},,seller-1,-1000,USD,SUCCESS,2026-03-03T10:00:00+08:00,,,",
            id(*number)
        )
    };
    let entries = booked(count).chain(new.map(|number| tomorrow(&entry(number, &id(number)))));
    day.entries(entries.chain(refunded.iter().map(refund_entry)));
}

fn rows(outputs: &BTreeMap<String, String>, name: &str) -> usize {
    outputs[name].lines().count() - 1
}

#[test]
fn what_waits_on_the_disk_changes_no_byte() {
    let count = sized(30_000, 1_000_000);
    let some = count / EVERY;
    let mut first = None;
    for flags in [
        "--threads 2",
        "--threads 1 --memory-limit 128MiB",
        "--threads 2 --memory-limit 128MiB --without-memory",
        "--threads 8 --memory-limit 16GiB",
    ] {
        let day = first_day(count);
        day.run(flags).with_code(0);
        let waits = day.outputs();
        assert_eq!(rows(&waits, "in_transit.csv"), count - 2 * some, "{flags}");
        second_day(&day, count);
        day.run(flags).with_code(0);
        let (kinds, settles) = (day.discrepancies().0, day.outputs());
        // What is in no report, what is not booked, and what is settled for another amount stay apart; the refunds wait.
        assert_eq!(rows(&settles, "in_transit.csv"), count + some + some, "{flags}");
        assert_eq!(rows(&settles, "cleared.csv"), count - 4 * some, "{flags}");
        assert_eq!(kinds["AMOUNT_MISMATCH"], some, "{kinds:?}");
        assert_eq!(kinds["DUPLICATE_IN_REPORT"], some, "{kinds:?}");
        assert_eq!(kinds["MISSING_IN_REPORT"], some, "{kinds:?}");
        let both = (waits, settles);
        match &first {
            None => first = Some(both),
            Some(first) => assert!(*first == both, "{flags} writes other bytes"),
        }
        let again = day.run(flags).with_code(0);
        assert!(again.stdout.contains("(unchanged)"), "{}", again.stdout);
    }
}

#[test]
fn a_limit_bounds_what_waits() {
    let count = sized(150_000, 10_000_000);
    let limit = 124 * MIB;
    let day = first_day(count);
    day.run("--threads 2 --memory-limit 124MiB").with_code(0).within(limit);
    second_day(&day, count);
    day.run("--threads 2 --memory-limit 124MiB").with_code(0).within(limit);
}
