//! What holds for every case, plausible or not. Each property counts the cases that could have refuted it.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use antom_recon::matching::{ItemRef, State};
use proptest::prelude::*;

use super::case::Case;
use super::run::{Day, Reports, run};
use super::show;
use super::world::{CaseText, colliding, holds, plausible};

/// All runs of a case, the oldest first. Running alone proves conservation: `run` panics otherwise.
fn days(case: &Case) -> Vec<Day> {
    let (reports, mut open) = (Reports::of(case), BTreeSet::new());
    let mut days = Vec::new();
    for (today, _) in &case.expected {
        let day = run(case, &reports, *today, &open);
        open = day.found.iter().map(|(_, row)| row.discrepancy_id.as_str().to_owned()).collect();
        days.push(day);
    }
    days
}

fn has_both_ends(days: &[Day]) -> bool {
    let has = |wanted: State| {
        days.iter().any(|day| {
            let reports = day.reconciliation.transactions.iter().chain(&day.reconciliation.settlements);
            reports.flatten().chain(&day.reconciliation.ledger).any(|state| *state == wanted)
        })
    };
    has(State::Matched) && has(State::Discrepancy)
}

/// Rows with ids and explanations, in no order, and the counts.
fn full(day: &Day) -> (BTreeSet<String>, Vec<String>) {
    let told = day.found.iter().map(|(_, row)| format!("{} {}", row.discrepancy_id, row.explanation));
    let mut rows: BTreeSet<String> = told.collect();
    let shown = show::shown(day);
    rows.extend(shown.iter().cloned());
    let mut order = shown;
    order.sort();
    (rows, order)
}

/// Rows without their places, in no order.
fn without_places(day: &Day) -> Vec<String> {
    let strip = |row: String| row.split(' ').filter(|word| !word.contains(':')).collect::<Vec<_>>().join(" ");
    let ids = day.found.iter().map(|(_, row)| row.discrepancy_id.as_str().to_owned());
    let mut rows: Vec<String> = show::shown(day).into_iter().map(strip).chain(ids).collect();
    rows.sort();
    rows
}

/// Puts a list in the order of the numbers.
fn permuted<T: Clone>(list: &[T], numbers: &[u32]) -> Vec<T> {
    let mut keyed: Vec<(u32, usize)> = (0..list.len()).map(|at| (numbers[at % numbers.len()], at)).collect();
    keyed.sort_unstable();
    keyed.into_iter().map(|(_, at)| list[at].clone()).collect()
}

fn numbers() -> impl Strategy<Value = Vec<u32>> {
    prop::collection::vec(any::<u32>(), 24)
}

#[test]
fn plausible_days_are_conserved() {
    holds(200, 100, &plausible(), |text| Ok(has_both_ends(&days(&Case::read(&text.text())))));
}

#[test]
fn colliding_rows_are_conserved() {
    holds(400, 100, &colliding(), |text| Ok(has_both_ends(&days(&Case::read(&text.text())))));
}

/// `agreed::check` compares; here it is counted whether there was anything to compare.
#[test]
fn payments_that_agree_are_matched_and_nobody_misses_them() {
    let either = prop_oneof![plausible(), colliding()];
    holds(400, 15, &either, |text| {
        let days = days(&Case::read(&text.text()));
        Ok(days.iter().any(|day| day.agreed_payments > 0))
    });
}

#[test]
fn the_order_of_entries_changes_nothing() {
    let either = prop_oneof![plausible(), colliding()];
    holds(400, 200, &(either, numbers()), |(text, numbers)| {
        let other = CaseText { entries: permuted(&text.entries, &numbers), ..text.clone() };
        for (one, other) in days(&Case::read(&text.text())).iter().zip(&days(&Case::read(&other.text()))) {
            prop_assert_eq!(full(one), full(other));
        }
        Ok(other.entries != text.entries)
    });
}

#[test]
fn the_order_of_lines_changes_nothing_but_places() {
    holds(300, 200, &(plausible(), numbers()), |(text, numbers)| {
        let other = CaseText {
            transactions: permuted(&text.transactions, &numbers),
            settlements: permuted(&text.settlements, &numbers),
            ..text.clone()
        };
        for (one, other) in days(&Case::read(&text.text())).iter().zip(&days(&Case::read(&other.text()))) {
            prop_assert_eq!(without_places(one), without_places(other));
        }
        Ok(other.transactions != text.transactions)
    });
}

#[test]
fn no_row_is_consumed_twice_within_a_stage() {
    let either = prop_oneof![plausible(), colliding()];
    holds(400, 150, &either, |text| {
        let mut most = 0;
        for day in days(&Case::read(&text.text())) {
            let mut consumed = BTreeMap::<_, HashSet<ItemRef>>::new();
            for (finding, row) in &day.found {
                for item in &finding.consumed {
                    let is_first = consumed.entry(finding.stage).or_default().insert(*item);
                    prop_assert!(is_first, "{:?} a second time: {}", item, row.explanation);
                    prop_assert_eq!(day.reconciliation.state(*item), State::Discrepancy);
                }
            }
            most = most.max(consumed.values().map(HashSet::len).sum());
        }
        Ok(most > 1)
    });
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let pools = [1, 2, 8].map(|threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap());
    holds(80, 40, &prop_oneof![plausible(), colliding()], |text| {
        let case = Case::read(&text.text());
        let shown = |days: Vec<Day>| -> Vec<Vec<String>> { days.iter().map(show::shown).collect() };
        let [one, two, eight] = pools.each_ref().map(|pool| shown(pool.install(|| days(&case))));
        prop_assert_eq!(&one, &two);
        prop_assert_eq!(&one, &eight);
        Ok(one.iter().any(|rows| rows.len() > 3))
    });
}

#[test]
fn ids_are_unique_and_stay_when_unrelated_rows_come() {
    holds(300, 150, &plausible(), |text| {
        let mut other = text.clone();
        other.transactions.insert(0, (3, "PAYMENT z1 y1 7.00".to_owned()));
        other.settlements.insert(0, (3, "PAYMENT z2 y2 7.00".to_owned()));
        other.entries.insert(0, "e-1 03-03 PAYMENT z3 y3 7.00".to_owned());
        let mut found = 0;
        for (one, other) in days(&Case::read(&text.text())).iter().zip(&days(&Case::read(&other.text()))) {
            let ids = |day: &Day| -> Vec<String> {
                day.found.iter().map(|(_, row)| row.discrepancy_id.as_str().to_owned()).collect()
            };
            let (before, after) = (ids(one), ids(other));
            let unique: BTreeSet<&String> = before.iter().collect();
            prop_assert_eq!(unique.len(), before.len(), "two discrepancies have one id");
            prop_assert!(before.iter().all(|id| after.contains(id)), "an id changed");
            found += before.len();
        }
        Ok(found > 1)
    });
}
