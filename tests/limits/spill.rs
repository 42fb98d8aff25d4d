//! A limit of the job's own: rows that wait go to the disk, and the same bytes come out.

use super::day::{Day, entry, line, settled};
use super::{MIB, sized};

/// Payments of which most agree, and some do not: in amount, on one side only, twice.
fn day_of(count: usize) -> Day {
    let id = |number: usize| format!("r{number:09}");
    let day = Day::new();
    let has = |number: &usize, rest: usize| number % 1_000 != rest;
    day.transactions((0..count).filter(|number| has(number, 1)).map(|number| line(number, &id(number))));
    let twice = (0..count).filter(|number| number % 1_000 == 2);
    let settlements = (0..count).filter(|number| has(number, 3)).chain(twice);
    day.settlements(settlements.map(|number| settled(number, &id(number))));
    let entries = (0..count).filter(|number| has(number, 4)).map(|number| {
        let text = entry(number, &id(number));
        if has(&number, 5) { text } else { text.replace(",1000,USD", ",1001,USD") }
    });
    day.entries(entries);
    day
}

#[test]
fn rows_that_wait_on_the_disk_change_no_byte() {
    let count = sized(80_000, 2_000_000);
    let mut first = None;
    for flags in [
        "--threads 2",
        "--threads 1 --memory-limit 128MiB",
        "--threads 2 --memory-limit 128MiB",
        "--threads 8 --memory-limit 16GiB",
    ] {
        let day = day_of(count);
        day.log_everything();
        let ran = day.run(flags).with_code(0);
        assert_eq!(ran.stderr.contains("rows are put on the disk"), flags.contains("128MiB"), "{flags}");
        let (kinds, outputs) = (day.kinds(), day.outputs());
        assert_eq!(kinds["AMOUNT_MISMATCH"], count / 1_000, "{kinds:?}");
        assert_eq!(kinds["DUPLICATE_IN_REPORT"], count / 1_000, "{kinds:?}");
        match &first {
            None => first = Some(outputs),
            Some(first) => assert!(*first == outputs, "{flags} writes other bytes"),
        }
        let names = std::fs::read_dir(day.path("archive/memory/2188120000000001")).unwrap();
        let names = names.map(|file| file.unwrap().file_name().into_string().unwrap());
        let unknown: Vec<String> = names.filter(|name| name.contains("tmp") || name.ends_with(".new")).collect();
        assert!(unknown.is_empty(), "{unknown:?} is left");
    }
}

#[test]
fn a_limit_bounds_the_memory() {
    let day = day_of(sized(500_000, 10_000_000));
    let limit = 124 * MIB;
    let ran = day.run("--threads 2").with_code(0);
    assert!(ran.peak > limit, "{} MiB without a limit: this proves nothing", ran.peak >> 20);
    day.run("--threads 2 --memory-limit 124MiB").with_code(0).within(limit);
}

/// Every line of a report is restated, but for some that are removed, added, or as they were.
#[test]
fn a_limit_bounds_a_restated_report() {
    let (count, limit) = (sized(300_000, 2_000_000), 84 * MIB);
    let id = |number: usize| format!("r{number:09}");
    let mut first = None;
    for flags in ["--threads 2", "--threads 2 --memory-limit 84MiB"] {
        let day = Day::new();
        day.entries((0..count).map(|number| entry(number, &id(number))));
        day.transactions((0..count).filter(|number| number % 1_000 != 1).map(|number| line(number, &id(number))));
        day.run("--threads 2 --memory-limit 84MiB").with_code(0);
        day.transactions((0..count).rev().filter(|number| number % 1_000 != 2).map(|number| match number % 1_000 {
            3 => line(number, &id(number)),
            _ => line(number, &id(number)).replace(",,PAYMENT,", &format!(",o{number},PAYMENT,")),
        }));
        let ran = day.run(flags).with_code(0);
        let outputs = day.outputs();
        let some = count / 1_000;
        let told = format!("lines added {some}, removed {some}, changed {}, as before {some}: ", count - 3 * some);
        assert!(outputs["discrepancies.csv"].contains(&told), "{flags}");
        assert_eq!(outputs["restated_lines.csv"].lines().count(), 1 + count - some, "{flags}");
        match &first {
            None => {
                assert!(ran.peak > limit, "{} MiB without a limit: this proves nothing", ran.peak / MIB);
                first = Some(outputs);
            }
            Some(first) => {
                assert!(*first == outputs, "{flags} writes other bytes");
                ran.within(limit);
            }
        }
    }
}

#[test]
fn a_limit_bounds_an_import() {
    let count = sized(400_000, 5_000_000);
    let peak_within = |limit: u64| {
        let day = Day::new();
        day.entries((0..count).map(|number| entry(number, &format!("r{number:09}"))));
        day.configure("[requery]", &format!("[run]\nmemory_limit = \"{} MiB\"\n[requery]", limit / MIB));
        let ran = day.command("ledger import ledger.csv").with_code(0);
        assert_eq!(ran.stdout, format!("{count} entries imported, 0 updated, 0 were there already\n"));
        ran.peak
    };
    let limit = 96 * MIB;
    let (free, bounded) = (peak_within(16 << 30), peak_within(limit));
    assert!(free > limit, "{} MiB without a limit: this proves nothing", free / MIB);
    assert!(bounded <= limit, "{} MiB within {}", bounded / MIB, limit / MIB);
}

#[test]
fn a_limit_that_is_none_is_refused() {
    let day = Day::new();
    for (limit, found) in [("10MiB", "10MiB"), ("lots", "lots"), ("512mb", "512mb")] {
        let ran = day.run(&format!("--memory-limit {limit}"));
        assert_eq!(ran.code, Some(2), "{}", ran.stderr);
        ran.says(&[found]);
    }
    day.run("--memory-limit 10MiB").says(&["expected a size of at least 64 MiB, such as `512 MiB` or `2 GB`"]);
}
