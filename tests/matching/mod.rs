//! The rules of matching as cases in text, and properties that hold for any case.
//!
//! Each case goes through the real parsers, matching, describing and the proof of conservation, in memory; `case` says how a
//! case is written, `show` how a result is.

mod agreed;
mod case;
mod run;
mod show;
mod tables;

mod ambiguous;
mod bookings;
mod corrections;
mod families;
mod identity;
mod links;
mod properties;
mod reversals;
mod settlement;
mod splits;
mod values;
mod windows;
mod world;

use std::collections::BTreeSet;

use case::Case;

/// Runs a case for each of its dates, the oldest first, and compares what was found with what it expects.
fn check(text: &str) {
    let case = Case::read(text);
    assert!(!case.expected.is_empty(), "the case expects nothing: it lacks `= day`");
    let (reports, mut open) = (run::Reports::of(&case), BTreeSet::new());
    for (today, expected) in &case.expected {
        let day = run::run(&case, &reports, *today, &open);
        let found = show::shown(&day);
        let (wanted, got) = (expected.join("\n  "), found.join("\n  "));
        assert!(found == *expected, "the run of {today} found\n\n  {got}\n\nand the case expects\n\n  {wanted}\n");
        let ids: Vec<&str> = day.found.iter().map(|(_, row)| row.discrepancy_id.as_str()).collect();
        open = ids.iter().map(|id| (*id).to_owned()).collect();
        assert_eq!(open.len(), ids.len(), "two discrepancies of {today} have one id:\n{got}");
    }
}
