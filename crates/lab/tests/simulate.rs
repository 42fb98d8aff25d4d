//! Simulated worlds: a hundred of them, the same whatever the number of threads, and a wrong program that is caught and made small.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on must stop")]

use anyhow::Result;
use lab::simulate::{Drawing, Family, Fault, Options, faults_of, run};
use lab::world::faults::Fault as Value;
use std::ffi::OsString;
use std::process::{Command, Output};

/// Small worlds: all that is drawn fits in, and a hundred of them take a minute or two.
const DAYS: u32 = 4;
const PAYMENTS: u32 = 5;

/// Days of worlds in which everything fits that does not fit in the small ones.
const LONGER: u32 = 8;

fn options(first_seed: u64, seeds: u64, threads: usize) -> Options {
    Options { seeds, first_seed, days: DAYS, payments: PAYMENTS, threads, faults: None }
}

fn without_settings(mut command: Command) -> Command {
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("ANTOM_RECON_")) {
        command.env_remove(name);
    }
    command
}

fn right(words: &[OsString]) -> Result<Command> {
    let mut command = without_settings(Command::new(env!("CARGO_BIN_EXE_lab")));
    command.arg("job").arg("--").args(words);
    Ok(command)
}

/// The job, and after each of its commands every row of one kind disappears from what it published.
fn forgetful(words: &[OsString]) -> Result<Command> {
    const SCRIPT: &str = r#"
        "$0" job -- "$@"
        code=$?
        for config; do :; done
        for outputs in "$(dirname "$config")"/out/*/*/discrepancies.csv; do
            if [ -e "$outputs" ]; then sed -i '/,SETTLED_TWICE,/d' "$outputs"; fi
        done
        exit $code
    "#;
    let mut command = without_settings(Command::new("sh"));
    command.arg("-c").arg(SCRIPT).arg(env!("CARGO_BIN_EXE_lab")).args(words);
    Ok(command)
}

fn page(options: &Options, program: &(dyn Fn(&[OsString]) -> Result<Command> + Sync)) -> (bool, String) {
    let mut page = Vec::new();
    let is_right = run(options, program, &mut page);
    let page = String::from_utf8(page).unwrap();
    (is_right.unwrap_or_else(|error| panic!("{error:#}\n{page}")), page)
}

#[test]
fn a_hundred_worlds_agree_with_their_books() {
    let options = options(1, 100, 0);
    let (is_right, page) = page(&options, &right);
    assert!(is_right, "{page}");
    assert!(page.contains("100 seeds of 4 days"), "{page}");
    let drawn: Vec<Fault> = (1..=100).flat_map(|seed| drawn(seed, DAYS)).collect();
    for family in [Family::Values, Family::Deliveries, Family::Answers, Family::Connections, Family::Database] {
        assert!(drawn.iter().filter(|fault| fault.family() == family).count() >= 10, "{family:?}");
    }
    assert!(drawn.iter().any(|fault| fault.family() == Family::Kills));
    // What none of the hundred has happens in a few longer worlds.
    let mut missing: Vec<Fault> = Fault::all().filter(|fault| !drawn.contains(fault)).collect();
    while let Some(wanted) = missing.first().copied() {
        let common = |seed: &u64| self::drawn(*seed, LONGER).iter().filter(|fault| missing.contains(fault)).count();
        let seed =
            (1_000..1_300).filter(|seed| self::drawn(*seed, LONGER).contains(&wanted)).max_by_key(common).unwrap();
        let (is_right, page) = self::page(&Options { days: LONGER, ..self::options(seed, 1, 1) }, &right);
        assert!(is_right, "{page}");
        missing.retain(|fault| !self::drawn(seed, LONGER).contains(fault));
    }
}

fn drawn(seed: u64, days: u32) -> Vec<Fault> {
    Drawing::of(seed, days, PAYMENTS).faults.into_iter().map(|drawn| drawn.fault).collect()
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let without_time = |threads| {
        let (is_right, page) = page(&options(201, 4, threads), &right);
        assert!(is_right, "{page}");
        page.lines().filter(|line| !line.contains(" s with ")).collect::<Vec<_>>().join("\n")
    };
    let page = without_time(1);
    assert_eq!(page, without_time(3));
    let all: Vec<Fault> = (201..=204).flat_map(|seed| drawn(seed, DAYS)).collect();
    for fault in &all {
        let count = all.iter().filter(|other| *other == fault).count().to_string();
        let row = [fault.family().word(), &fault.to_string(), &count, &count].map(str::to_owned);
        assert!(page.lines().any(|line| line.split_whitespace().eq(&row)), "{row:?} is not in {page}");
    }
    assert!(page.contains("IN_LEDGER"), "{page}");
}

#[test]
fn a_wrong_program_is_caught_and_the_failure_made_small() {
    let settled_twice = Fault::Value(Value::SettledTwice);
    let has = |seed: &u64| Drawing::of(*seed, DAYS, PAYMENTS).faults.iter().any(|drawn| drawn.fault == settled_twice);
    let seed = (300..).find(has).unwrap();
    let (is_right, page) = page(&options(seed, 1, 1), &forgetful);
    assert!(!is_right, "{page}");
    for part in [
        format!("Seed {seed} FAILED"),
        "discrepancies.csv lacks SETTLED_TWICE".to_owned(),
        format!("simulate --days {DAYS} --payments {PAYMENTS} --seed {seed} --faults \"settled-twice\""),
    ] {
        assert!(page.contains(&part), "`{part}` is not in {page}");
    }
    // What repeats it fails again, and with the right program it does not.
    let faults = Some(faults_of(&["settled-twice".to_owned()]).unwrap());
    let again = Options { faults, ..options(seed, 1, 1) };
    assert!(!self::page(&again, &forgetful).0);
    let (is_right, page) = self::page(&again, &right);
    assert!(is_right, "{page}");
}

fn lab(words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_lab")).arg("simulate").args(words).output().unwrap()
}

#[test]
fn bad_arguments_are_refused_with_what_was_expected() {
    let absent = Drawing::of(1, DAYS, PAYMENTS);
    let absent = Fault::all().find(|fault| absent.faults.iter().all(|drawn| drawn.fault != *fault)).unwrap();
    let absent = absent.to_string();
    let cases: [(&[&str], &[&str]); 6] = [
        (
            &["--seed", "1", "--faults", "late,amount-differ"],
            &["unknown fault `amount-differ`", "amount-differs, ", "killed"],
        ),
        (&["--seed", "1", "--days", "4", "--payments", "5", "--faults", &absent], &["seed 1 has no `", "it has "]),
        (&["--faults", "late"], &["--seed"]),
        (&["--seed", "1", "--seeds", "2"], &["cannot be used with"]),
        (&["--days", "2"], &["3..=60"]),
        (&["--seeds", "0"], &["1..=1000000"]),
    ];
    for (words, parts) in cases {
        let output = lab(words);
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success(), "{words:?}");
        assert!(parts.iter().all(|part| said.contains(part)), "{words:?}: {said}");
    }
}
