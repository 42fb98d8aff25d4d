//! Whole days from folders: `fixtures/scenarios/<name>/` holds a configuration, the source's tree, a ledger, and `steps.txt`: the
//! arguments of one run of the program per line, or `put <folder>`, which copies that folder over the scenario's as Antom or the
//! marketplace would, or `take <path>`, which removes a file or folder. Every run is made twice, and its second time must change nothing. What a person gets to see is a snapshot
//! per step.

mod render;
mod stage;

use std::collections::BTreeSet;
use std::path::Path;

use stage::{Stage, Step};

/// Where the scenarios are.
fn scenarios() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/scenarios"))
}

/// Plays a scenario: each run twice, a snapshot of each; then in other ways that must not make a difference.
fn play(name: &str) {
    let stage = Stage::build(name);
    for (at, step) in stage.steps().iter().enumerate() {
        let Step::Run(args) = step else {
            stage.change(step);
            continue;
        };
        let first = stage.run(args, &[]);
        let before = stage.everything();
        let second = stage.run(args, &[]);
        assert_eq!(first.code, second.code, "{name}: `{args}` ends otherwise the second time");
        assert_eq!(before, stage.everything(), "{name}: `{args}` changes something the second time");
        let shown = render::step(args, &first, &stage);
        let folder = format!("snapshots/{name}");
        insta::with_settings!({ snapshot_path => folder, prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!(format!("{}_{}__{name}", at + 1, render::slug(args)), shown);
        });
    }
    let expected = stage.all_outputs();
    for (threads, shuffle) in [("1", None), ("2", Some(7)), ("8", Some(4_242))] {
        let other = Stage::build(name);
        if let Some(seed) = shuffle {
            other.shuffle_ledger(seed);
        }
        for step in other.steps() {
            match &step {
                Step::Run(args) if args.starts_with("run ") => drop(other.run(args, &["--threads", threads])),
                Step::Run(args) => drop(other.run(args, &[])),
                Step::Put(_) | Step::Take(_) => other.change(&step),
            }
        }
        let how = format!("{name} with {threads} threads, ledger shuffled: {}", shuffle.is_some());
        assert_eq!(expected.keys().collect::<Vec<_>>(), other.all_outputs().keys().collect::<Vec<_>>(), "{how}");
        for (file, bytes) in other.all_outputs() {
            // The digest of a shuffled ledger is another one, and says so in the summary.
            let is_bound_to_differ = shuffle.is_some() && file.ends_with("summary.json");
            assert!(is_bound_to_differ || bytes == expected[&file], "{how}: `{file}` differs");
        }
    }
}

macro_rules! scenarios {
    ($($name:ident)+) => {
        $(#[test]
        fn $name() {
            play(stringify!($name));
        })+

        #[test]
        fn every_folder_is_played() {
            let folders: BTreeSet<String> = std::fs::read_dir(scenarios())
                .unwrap()
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .collect();
            assert_eq!(folders, BTreeSet::from([$(stringify!($name).to_owned()),+]));
        }
    };
}

scenarios! {
    a_batch_tied_out
    a_header_that_changed
    a_missing_report
    a_part_is_missing
    a_pending_entry_moves_on
    a_quiet_day
    a_restated_file
    a_restatement_and_the_days_after
    a_source_that_lets_go
    a_summary_a_day_late
    a_summary_against_itself
    adjustments_that_must_be_booked
    an_acquirer_that_turns_signs
    an_old_original
    balances_that_do_not_roll
    cells_that_are_formulas
    crossing_midnight
    currencies
    days_left_out
    duplicates
    every_value_mismatch
    fees_against_the_contract
    fees_in_other_currencies
    files_in_parts
    large_sums
    missing_on_either_side
    off_by_one
    parties_that_do_not_agree
    payouts
    payouts_that_come_later
    payouts_told_by_type_and_batch
    proof_rows_stay_open
    quotes
    rejected_lines
    reserves_held
    settled_late
    the_first_layout
    the_life_of_a_payment
    the_newest_layout
    totals_of_the_newest_layout
    totals_of_the_second_layout
    two_batches_in_one_file
    unknown_fee_column
    unknown_sub_merchants
    workbooks
}
