//! Ids made to meet: all the same, all in one partition of the join, all twice.

use std::collections::{BTreeSet, HashMap};

use antom_recon::calendar::{CutOff, SettlementCalendar};
use antom_recon::id::{KeyMaker, KeySet, Symbols};
use antom_recon::ledger::parse_ledger;
use antom_recon::matching::{Adjustments, DayReport, Inputs, Policy, State, reconcile};
use antom_recon::movement::{EntryType, ReportKind};
use antom_recon::report::{ReportOptions, parse_report};

use super::day::{Day, entry, line, settled};
use super::{MIB, sized};

/// What one row more may cost: lines, entries and outputs in memory, with room.
pub const BYTES_PER_ROW: u64 = 4_096;

#[test]
fn all_keys_equal() {
    let (day, count) = (Day::new(), sized(20_000, 1_000_000));
    day.transactions((0..count).map(|_| line(1, "r1")));
    day.settlements((0..count).map(|_| settled(1, "r1")));
    day.entries((0..count).map(|number| entry(number, "r1").replace(&format!(",a{number},"), ",a1,")));
    day.run("--threads 2").with_code(0).within(Day::idle_peak() + 3 * count as u64 * BYTES_PER_ROW);
    let kinds = day.kinds();
    assert_eq!(kinds["DUPLICATE_IN_REPORT"], 2 * (count - 1), "{kinds:?}");
    assert_eq!(kinds["DUPLICATE_IN_LEDGER"], count - 1, "{kinds:?}");
}

#[test]
fn all_lines_twice_are_the_same_bytes_with_any_number_of_threads() {
    let count = sized(50_000, 5_000_000);
    let id = |number: usize| format!("r{number:09}");
    let mut first = None;
    for threads in [1, 2, 8] {
        let day = Day::new();
        // The second ones in another order, blocks away from the first.
        let twice = || (0..count).chain((0..count).rev());
        day.transactions(twice().map(|number| line(number, &id(number))));
        day.entries((0..count).map(|number| entry(number, &id(number))));
        let ran = day.run(&format!("--threads {threads}")).with_code(0);
        ran.within(Day::idle_peak() + 3 * count as u64 * BYTES_PER_ROW + 64 * MIB);
        let (kinds, outputs) = (day.kinds(), day.outputs());
        assert_eq!(kinds, [("DUPLICATE_IN_REPORT".to_owned(), count)].into());
        match &first {
            None => first = Some(outputs),
            Some(first) => assert!(*first == outputs, "{threads} threads write other bytes"),
        }
    }
}

/// Nobody outside can do this, because keys are under a seed that nobody outside knows.
#[test]
fn all_keys_in_one_partition() {
    let (keys, symbols, count) = (KeyMaker::new(7), Symbols::new(), sized(10_000, 1_000_000));
    let space = EntryType::Payment.request_space();
    // The most partitions that the join has, and more: all of these ids are in the first of 1,024.
    let ids: Vec<String> = (0_u64..)
        .map(|number| format!("r{number}"))
        .filter(|id| keys.key(space, id.as_bytes()).partition(1_024) == 0)
        .take(count)
        .collect();
    let day = Day::new();
    day.transactions(ids.iter().enumerate().map(|(number, id)| line(number, id)));
    day.entries(ids.iter().enumerate().map(|(number, id)| entry(number, id)));
    let read = |path: std::path::PathBuf| std::fs::read(path).unwrap();
    let report = read(day.remote().join("transactionItems_20260302_000.csv"));
    let kind = ReportKind::TransactionDetails;
    let parsed = parse_report(&report[..], 0, kind, &ReportOptions::default(), keys, &symbols).unwrap();
    let ledger = parse_ledger(&read(day.path("ledger.csv"))[..], keys, &symbols, None).unwrap();
    let today = "2026-03-02".parse().unwrap();
    let reports = [DayReport { date: today, name: "report.csv".to_owned(), parsed }];
    let inputs = Inputs {
        transactions: &reports,
        settlements: &[],
        ledger: &ledger,
        registry: None::<&HashMap<_, _>>,
        scope: &BTreeSet::from([today]),
        missing: &BTreeSet::new(),
        known_originals: &KeySet::default(),
        entry_id: &|entry| entry.place.line.to_string(),
    };
    let policy = Policy {
        today,
        cut_off: CutOff::parse("+08:00").unwrap(),
        cutoff_grace_ms: 0,
        settlement_due_days: 7,
        pending_max_days: 3,
        splits: false,
        adjustments: Adjustments::Proved,
        calendar: SettlementCalendar::default(),
        window_start: today,
    };
    let found = reconcile(&inputs, &policy);
    assert_eq!(found.ledger.iter().filter(|state| **state == State::Matched).count(), count);
    assert!(found.findings.is_empty());
}
