//! The bench where payments are settled on the next day: what it makes, with a plain job, and what the real one finds.

use crate::bench::{compare_shares, config, options, report, write_outputs};
use crate::reading::{Row, micros, table};
use lab::bench::{Jobs, Options, run};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

const NO_LINE: &str = "MISSING_IN_REPORT";

/// What is wrong with an entry of the day before, and whether the settlement closes something of it.
fn of_day_before(entry: &Row, line: Option<&Row>, settled: Option<&Row>) -> (Option<&'static str>, bool) {
    let Some(line) = line else {
        return settled.map_or((Some(NO_LINE), false), |_| (Some("SETTLED_NOT_REPORTED"), true));
    };
    let settled = settled.expect("what was reported is settled");
    assert_eq!(settled["paymentTime"], line["paymentTime"]);
    assert_eq!(settled["settlementTime"], "2026-11-18T20:00:00+08:00");
    assert_eq!(settled["transactionAmountValue"], settled["settlementAmountValue"]);
    assert_eq!(micros(&line["transactionAmountValue"]), booked(entry), "the ledger is right about the day before");
    match entry["status"].as_str() {
        "SUCCESS" if line["transactionAmountValue"] == settled["transactionAmountValue"] => (None, true),
        "SUCCESS" => (Some("AMOUNT_MISMATCH"), false),
        _ => (Some("STATUS_MISMATCH"), false),
    }
}

/// What is wrong with an entry of the measured day.
fn of_day(entry: &Row, line: Option<&Row>) -> Option<&'static str> {
    let Some(line) = line else { return Some(NO_LINE) };
    if micros(&line["transactionAmountValue"]) != booked(entry) {
        Some("AMOUNT_MISMATCH")
    } else {
        (entry["status"] != "SUCCESS").then_some("STATUS_MISMATCH")
    }
}

fn booked(entry: &Row) -> i128 {
    entry["amount_minor"].parse::<i128>().unwrap() * if entry["currency"] == "JPY" { 1_000_000 } else { 10_000 }
}

/// The ledger's shares, and its other entries by request id.
fn ledger(folder: &Path) -> (Vec<Row>, BTreeMap<String, Row>) {
    let rows = table(&fs::read_to_string(folder.join("ledger.csv")).unwrap());
    let (shares, entries): (Vec<Row>, Vec<Row>) = rows.into_iter().partition(|row| row["entry_type"] == "SETTLEMENT");
    let count = entries.len();
    let entries: BTreeMap<String, Row> = entries.into_iter().map(|row| (row["request_id"].clone(), row)).collect();
    assert_eq!(entries.len(), count, "no entry twice");
    (shares, entries)
}

/// Reconciles both days by maps of text, the way one would by hand.
fn plain(command: Vec<OsString>) -> u8 {
    let folder = config(&command).parent().unwrap().to_owned();
    let before = report(&folder, "20261117/transactionItems_20261117_000.csv");
    let reported = report(&folder, "20261118/transactionItems_20261118_000.csv");
    let settled = report(&folder, "20261118/settlementItems_USD_2026111811021040000_000.csv");
    let days = |rows: &BTreeMap<String, Row>, day: &str| rows.keys().all(|id| id.starts_with(&format!("pay{day}")));
    assert!(days(&before, "20261117") && days(&settled, "20261117") && days(&reported, "20261118"));
    assert_eq!(fs::read_dir(folder.join("remote/v1/settlements/2188120000000001/20261117")).unwrap().count(), 1);
    let (shares, entries) = ledger(&folder);
    if fs::read_to_string(config(&command)).unwrap().contains("splits = false") {
        assert!(shares.is_empty(), "nobody compares {} shares", shares.len());
    } else {
        compare_shares(&shares, &settled);
        assert!(shares.iter().all(|share| share["occurred_at"].starts_with("2026-11-18")));
    }
    let (mut kinds, mut in_transit, mut cleared) = (Vec::new(), 0, 0);
    for (id, entry) in &entries {
        if entry["occurred_at"].starts_with("2026-11-17") {
            let (kind, is_closed) = of_day_before(entry, before.get(id), settled.get(id));
            kinds.extend(kind);
            cleared += usize::from(is_closed);
        } else {
            let kind = of_day(entry, reported.get(id));
            kinds.extend(kind);
            in_transit += usize::from(kind.is_none());
        }
    }
    let lines = before.keys().chain(reported.keys());
    kinds.extend(lines.filter(|id| !entries.contains_key(*id)).map(|_| "MISSING_IN_LEDGER"));
    write_outputs(&folder, &kinds, [in_transit, cleared]);
    0
}

#[test]
fn what_is_made_has_the_counts_that_are_checked() {
    for shares in [false, true] {
        let ran = RefCell::new(Vec::new());
        let apart = |words: &[OsString]| {
            ran.borrow_mut().push(words[..words.len() - 1].to_vec());
            Ok(Command::new("true"))
        };
        let limit = Some("128MB".to_owned());
        let options = Options { next_day: true, shares, threads: Some(2), memory_limit: limit, ..options(10_000) };
        let mut out = Vec::new();
        let is_right = run(&options, Jobs { here: plain, apart: &apart }, &mut out).unwrap();
        let said = String::from_utf8(out).unwrap();
        assert!(is_right, "{said}");
        let words = "run --date 2026-11-17 --threads 2 --memory-limit 128MB --config";
        assert_eq!(*ran.borrow(), [words.split(' ').map(OsString::from).collect::<Vec<_>>()]);
        let made = if shares {
            "a side, with shares, settled on the next day, on 2"
        } else {
            "a side, settled on the next day, on 2"
        };
        assert!(said.contains(made), "{said}");
        assert!(said.contains("$ antom-recon run --date 2026-11-18 --threads 2 --memory-limit 128MB\n"), "{said}");
    }
}

#[test]
fn a_day_before_that_fails_is_an_error() {
    let options = Options { next_day: true, ..options(10) };
    let apart = |_: &[OsString]| Ok(Command::new("false"));
    let error = run(&options, Jobs { here: plain, apart: &apart }, &mut Vec::new()).unwrap_err();
    assert_eq!(error.to_string(), "`antom-recon run` of 2026-11-17 ended with exit status: 1");
}

fn bench(words: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lab"));
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("ANTOM_RECON_")) {
        command.env_remove(name);
    }
    command.args(["bench", "--rows", "5000"]).args(words).output().unwrap()
}

/// The real job's page, word by word with one space between.
fn page(words: &[&str]) -> String {
    let output = bench(words);
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{words:?}: {said}{}", String::from_utf8_lossy(&output.stderr));
    said.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn the_job_finds_what_is_made() {
    // Of 5,000 payments a day, one is of each of the five kinds. Those of the day before stay open; but the one that transaction
    // details lacked is now settled, which gives it another kind and clears the row that it had.
    let next_day = "MISSING_IN_LEDGER 2 2 MISSING_IN_REPORT 3 3 SETTLED_NOT_REPORTED 1 1 AMOUNT_MISMATCH 2 2 STATUS_MISMATCH 2 2 \
                    (rows of in_transit.csv) 4 995 4 995 (rows of cleared.csv) 4 996 4 996";
    let three_days = "MISSING_IN_LEDGER 3 3 MISSING_IN_REPORT 4 4 SETTLED_NOT_REPORTED 2 2 AMOUNT_MISMATCH 3 3 STATUS_MISMATCH 3 3 \
                      (rows of in_transit.csv) 4 995 4 995 (rows of cleared.csv) 4 996 4 996";
    let unsettled = "MISSING_IN_LEDGER 1 1 MISSING_IN_REPORT 2 2 SETTLED_NOT_REPORTED 0 0 AMOUNT_MISMATCH 1 1 STATUS_MISMATCH 1 1 \
                     (rows of in_transit.csv) 4 995 4 995 (rows of cleared.csv) 0 0";
    let cases: [(&[&str], &str, &str); 4] = [
        (&["--next-day"], next_day, " 14 996 "),
        (&["--next-day", "--shares", "--memory-limit", "256MB", "--threads", "1"], next_day, " 19 995 "),
        (&["--next-day", "--days", "3", "--without-memory"], three_days, " 14 996 "),
        (&["--unsettled", "--memory-limit", "256MB"], unsettled, " 9 997 "),
    ];
    for (words, found, lines) in cases {
        let said = page(words);
        assert!(said.contains(found), "{words:?}: {said}");
        let total = said.split_once(" total ").unwrap().1;
        assert!(total.contains(lines), "{words:?}: {lines} are not the day's lines and entries in {said}");
    }
}

#[test]
fn a_table_as_ledger_and_the_limit_change_nothing() {
    let place = tempfile::tempdir().unwrap();
    let outputs = |name: &str, words: &[&str]| {
        let folder = place.path().join(name);
        page(&[&["--next-day", "--shares", "--keep", "--dir", folder.to_str().unwrap()], words].concat());
        let outputs = folder.join("out/2188120000000001/2026-11-18");
        ["discrepancies.csv", "in_transit.csv", "cleared.csv", "control_totals.csv", "roll_forward.csv"]
            .map(|name| fs::read_to_string(outputs.join(name)).unwrap())
    };
    let as_it_is = outputs("plain", &[]);
    let database = format!("sqlite://{}", place.path().join("table.db").display());
    assert!(as_it_is == outputs("table", &["--database", &database]), "the ledger as a table changes the outputs");
    assert!(
        as_it_is == outputs("limit", &["--memory-limit", "128MB", "--threads", "1"]),
        "the limit changes the outputs"
    );
}

#[test]
fn what_waits_forever_is_not_settled_on_the_next_day() {
    let output = bench(&["--next-day", "--unsettled"]);
    assert!(!output.status.success());
    assert!(String::from_utf8(output.stderr).unwrap().contains("cannot be used with"));
}
