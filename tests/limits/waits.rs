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

/// A day of payments that all wait, with some that are in no report and some that are not booked. The ledger goes on to the next day.
fn first_day(count: usize, splits: bool) -> Day {
    let day = Day::new();
    if splits {
        day.configure("splits = false", "splits = true");
    }
    day.settlements([]);
    day.transactions((0..count).filter(|number| number % EVERY != 1).map(|number| line(number, &id(number))));
    let booked = (0..count).filter(|number| number % EVERY != 2).map(|number| entry(number, &id(number)));
    let new = (count..2 * count).map(|number| tomorrow(&entry(number, &id(number))));
    let refunds = refunded(count).map(|number| {
        let original = format!("refund-{number},b{number},{},a{number}", id(number));
        format!("f{number},REFUND,{original},,seller-1,-1000,USD,SUCCESS,2026-03-03T10:00:00+08:00,,,")
    });
    let shares = settled_later(count).filter(|_| splits).map(|number| {
        let amount = if number % EVERY == 4 { 999 } else { 1000 };
        let original = format!("share-{number},,{},a{number}", id(number));
        format!("s{number},SETTLEMENT,{original},,seller-1,{amount},USD,SUCCESS,2026-03-03T20:00:00+08:00,SELLER,,")
    });
    day.entries(booked.chain(new).chain(refunds).chain(shares));
    day
}

/// Those of the first day's payments that are refunded on the second.
fn refunded(count: usize) -> impl Iterator<Item = usize> {
    (0..count).filter(|number| number % EVERY == 5)
}

/// Those that are settled on the second.
fn settled_later(count: usize) -> impl Iterator<Item = usize> {
    (0..count).filter(|number| !matches!(number % EVERY, 1 | 3))
}

/// The day after: as many new payments, and what was paid the day before is settled, but for some that wait on, some of another amount,
/// and some that are settled twice.
fn second_day(day: &Day, count: usize) {
    day.turn_to("2026-03-03");
    let new = (count..2 * count).map(|number| tomorrow(&line(number, &id(number))));
    let refunds = refunded(count).map(|number| {
        let text = tomorrow(&line(number, &format!("refund-{number}"))).replace(",PAYMENT,", ",REFUND,");
        text.replace(&format!(",a{number},,"), &format!(",b{number},a{number},")).replace("10.00", "-10.00")
    });
    day.transactions(new.chain(refunds));
    let twice = (0..count).filter(|number| number % EVERY == 6);
    day.settlements(settled_later(count).chain(twice).map(|number| {
        let text = settled(number, &id(number)).replace("2026-03-02T20", "2026-03-03T20");
        if number % EVERY == 4 { text.replace("10.00,USD,10.00", "9.99,USD,9.99") } else { text }
    }));
}

fn rows(outputs: &BTreeMap<String, String>, name: &str) -> usize {
    outputs[name].lines().count() - 1
}

fn is_the_same_for_all(count: usize, splits: bool) {
    let some = count / EVERY;
    let mut first = None;
    for flags in [
        "--threads 2",
        "--threads 1 --memory-limit 128MiB",
        "--threads 2 --memory-limit 128MiB --without-memory",
        "--threads 8 --memory-limit 16GiB",
    ] {
        let day = first_day(count, splits);
        day.run(flags).with_code(0);
        let waits = day.outputs();
        assert_eq!(rows(&waits, "in_transit.csv"), count - 2 * some, "{flags}");
        second_day(&day, count);
        day.run(flags).with_code(0);
        let (kinds, settles) = (day.kinds(), day.outputs());
        // What is in no report, what is not booked, and what is settled for another amount stay apart; the refunds wait.
        assert_eq!(rows(&settles, "in_transit.csv"), count + some + some, "{flags}");
        assert_eq!(rows(&settles, "cleared.csv"), count - 4 * some, "{flags}");
        assert_eq!(kinds["AMOUNT_MISMATCH"], some, "{kinds:?}");
        assert_eq!(kinds["DUPLICATE_IN_REPORT"], some, "{kinds:?}");
        assert_eq!(kinds["MISSING_IN_REPORT"], some, "{kinds:?}");
        assert_eq!(kinds["MISSING_IN_LEDGER"], some, "{kinds:?}");
        assert_eq!(kinds.len(), 4, "{kinds:?}");
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
fn what_waits_on_the_disk_changes_no_byte() {
    is_the_same_for_all(sized(30_000, 1_000_000), false);
}

#[test]
fn with_shares_what_waits_changes_no_byte_either() {
    is_the_same_for_all(sized(20_000, 1_000_000), true);
}

#[test]
fn a_limit_bounds_what_waits() {
    // At full size, 185,000 rows must be matched in full and become 40,000 discrepancies: 75 MiB that cannot wait on the disk.
    let (count, mebibytes) = (sized(150_000, 10_000_000), sized(124, 256));
    let (limit, flags) = (mebibytes as u64 * MIB, format!("--threads 2 --memory-limit {mebibytes}MiB"));
    let day = first_day(count, true);
    day.run(&flags).with_code(0).within(limit);
    second_day(&day, count);
    day.run(&flags).with_code(0).within(limit);
}

/// A workbook is read from its start on, and what waits of it is listed in parts all the same.
#[test]
fn a_limit_bounds_what_waits_of_a_workbook() {
    let (count, limit) = (sized(100_000, 1_000_000), sized(92, 128));
    let day = first_day(count, false);
    day.run("--threads 2").with_code(0);
    let as_text = day.outputs();
    let book = first_day(count, false);
    let report = book.remote().join("transactionItems_20260302_000.csv");
    let text = std::fs::read_to_string(&report).unwrap();
    let cells = |line: &str| line.split(',').map(str::to_owned).collect();
    let sheet: Vec<Vec<String>> = text.lines().map(cells).collect();
    std::fs::write(report.with_extension("xlsx"), lab::xlsx::workbook(&sheet, &[])).unwrap();
    std::fs::remove_file(report).unwrap();
    book.run(&format!("--threads 2 --memory-limit {limit}MiB")).with_code(0).within(limit as u64 * MIB);
    let outputs = book.outputs();
    assert_eq!(rows(&outputs, "in_transit.csv"), count - 2 * (count / EVERY));
    assert!(outputs["in_transit.csv"] == as_text["in_transit.csv"], "other rows, or in another order");
}
