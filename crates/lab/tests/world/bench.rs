//! The bench with a plain job in place of the real one: what it makes has the discrepancies that it says.

use crate::reading::{Row, micros, table};
use anyhow::Result;
use lab::bench::{Jobs, Options, run};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs;
use std::iter::repeat_n;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The bench as it is where nothing is said.
pub fn options(rows: u64) -> Options {
    Options {
        rows,
        threads: None,
        dir: None,
        keep: false,
        database: None,
        unsettled: false,
        next_day: false,
        shares: false,
        days: 1,
        without_memory: false,
        memory_limit: None,
    }
}

/// Of a single day, no run comes before the measured one.
fn alone(here: fn(Vec<OsString>) -> u8) -> Jobs<'static> {
    let apart = &|words: &[OsString]| -> Result<Command> { panic!("{words:?}") };
    Jobs { here, apart }
}

pub fn config(command: &[OsString]) -> PathBuf {
    let flag = command.iter().position(|word| word == "--config").unwrap();
    PathBuf::from(&command[flag + 1])
}

/// The lines of a report by request id; none if there is no such report. Its name begins with its day's folder.
pub fn report(folder: &Path, name: &str) -> BTreeMap<String, Row> {
    let path = folder.join("remote/v1/settlements/2188120000000001").join(name);
    let Ok(text) = fs::read_to_string(path) else { return BTreeMap::new() };
    let text = text.strip_suffix("<END>\n").unwrap();
    let width = |line: &str| line.split(',').count();
    let columns = text.lines().next().map(width).unwrap();
    assert!(text.lines().all(|line| width(line) == columns), "`{name}`: every line has {columns} cells");
    let rows = table(text);
    let count = rows.len();
    let rows: BTreeMap<String, Row> = rows.into_iter().map(|row| (row["transactionRequestId"].clone(), row)).collect();
    assert_eq!(rows.len(), count, "no request id twice");
    rows
}

/// Every settled line has its share, and there is no other.
pub fn compare_shares(shares: &[Row], settled: &BTreeMap<String, Row>) {
    let of_payment: BTreeMap<&String, &Row> =
        shares.iter().map(|share| (&share["original_request_id"], share)).collect();
    assert_eq!((shares.len(), of_payment.len()), (settled.len(), settled.len()), "one share for each settled line");
    let ids: BTreeSet<&String> = shares.iter().flat_map(|share| [&share["entry_id"], &share["request_id"]]).collect();
    assert_eq!(ids.len(), 2 * shares.len(), "no id twice");
    for (id, line) in settled {
        let share = of_payment[id];
        let unit = if share["currency"] == "JPY" { 1_000_000 } else { 10_000 };
        assert_eq!(share["amount_minor"].parse::<i128>().unwrap() * unit, micros(&line["transactionAmountValue"]));
        assert_eq!(share["sub_merchant_id"], line["referenceMerchantId"]);
        assert_eq!(share["original_antom_id"], line["transactionId"]);
        assert_eq!((share["status"].as_str(), share["settle_to"].as_str()), ("SUCCESS", "SELLER"));
    }
}

/// Reconciles by maps of text, the way one would by hand.
fn plain(command: Vec<OsString>) -> u8 {
    let folder = config(&command).parent().unwrap().to_owned();
    let reported = report(&folder, "20261118/transactionItems_20261118_000.csv");
    let settled = report(&folder, "20261118/settlementItems_USD_2026111811021040000_000.csv");
    let ledger = table(&fs::read_to_string(folder.join("ledger.csv")).unwrap());
    let (shares, ledger): (Vec<Row>, Vec<Row>) =
        ledger.into_iter().partition(|entry| entry["entry_type"] == "SETTLEMENT");
    if fs::read_to_string(config(&command)).unwrap().contains("splits = false") {
        assert!(shares.is_empty(), "nobody compares {} shares", shares.len());
    } else {
        compare_shares(&shares, &settled);
    }
    let mut kinds = Vec::new();
    for entry in &ledger {
        let id = &entry["request_id"];
        let unit = if entry["currency"] == "JPY" { 1_000_000 } else { 10_000 };
        let booked = entry["amount_minor"].parse::<i128>().unwrap() * unit;
        match (reported.get(id), settled.get(id)) {
            (None, None) => kinds.push("MISSING_IN_REPORT"),
            (None, Some(_)) => kinds.push("SETTLED_NOT_REPORTED"),
            (Some(line), Some(settled)) => {
                assert_eq!(line["transactionAmountValue"], settled["settlementAmountValue"]);
                assert_eq!(line["transactionId"], entry["antom_id"]);
                if micros(&line["transactionAmountValue"]) != booked {
                    kinds.push("AMOUNT_MISMATCH");
                } else if entry["status"] != "SUCCESS" {
                    kinds.push("STATUS_MISMATCH");
                }
            }
            (Some(_), None) => assert!(settled.is_empty(), "everything reported is settled, or nothing"),
        }
    }
    let booked: BTreeMap<&String, &Row> = ledger.iter().map(|entry| (&entry["request_id"], entry)).collect();
    assert_eq!(booked.len(), ledger.len(), "no entry twice");
    kinds.extend(reported.keys().filter(|id| !booked.contains_key(id)).map(|_| "MISSING_IN_LEDGER"));
    write_outputs(&folder, &kinds, [0, 0]);
    0
}

/// What the bench reads of a run: discrepancies of these kinds, so many items in transit and cleared.
pub fn write_outputs(folder: &Path, kinds: &[&str], [in_transit, cleared]: [usize; 2]) {
    let outputs = folder.join("out/2188120000000001/2026-11-18");
    fs::create_dir_all(&outputs).unwrap();
    let lines = |header: &str, rows: &[&str]| format!("{header}\n{}", rows.join("\n"));
    fs::write(outputs.join("discrepancies.csv"), lines("kind", kinds)).unwrap();
    for (name, count) in [("in_transit.csv", in_transit), ("cleared.csv", cleared)] {
        fs::write(outputs.join(name), lines("item_id", &repeat_n("T-1", count).collect::<Vec<_>>())).unwrap();
    }
    let summary = r#"{"timings": {"parse": {"seconds": 0.5, "lines": 40000}, "match": {"seconds": 0.001}}}"#;
    fs::write(outputs.join("summary.json"), summary).unwrap();
}

fn finds_nothing(command: Vec<OsString>) -> u8 {
    write_outputs(config(&command).parent().unwrap(), &[], [0, 0]);
    0
}

#[test]
fn a_right_job_is_measured_and_its_counts_agree() {
    let place = tempfile::tempdir().unwrap();
    let mut out = Vec::new();
    let options = Options { threads: Some(2), dir: Some(place.path().join("bench")), keep: true, ..options(10_000) };
    assert!(run(&options, alone(plain), &mut out).unwrap());
    let said = String::from_utf8(out).unwrap();
    let words = said.split_whitespace().collect::<Vec<_>>().join(" ");
    for part in [
        "$ antom-recon run --date 2026-11-18 --threads 2 ",
        " % 40 000 80 000 ",
        "(rest) ",
        "processor time ",
        "MISSING_IN_LEDGER 2 2",
        "STATUS_MISMATCH 2 2",
    ] {
        assert!(words.contains(part), "{said}");
    }
    assert!(place.path().join("bench/ledger.csv").exists(), "the files were to be kept");
    assert!(run(&options, alone(plain), &mut Vec::new()).is_err(), "a folder with files is refused");
}

#[test]
fn shares_are_booked_for_what_is_settled_and_differ_in_nothing() {
    let options = Options { shares: true, ..options(10_000) };
    let mut out = Vec::new();
    assert!(run(&options, alone(plain), &mut out).unwrap());
    let said = String::from_utf8(out).unwrap();
    assert!(said.contains("10 000 lines a side, with shares, on 1 days"), "{said}");
}

/// Finds what is wrong without settlements, and takes the ledger from a table that must be filled before.
fn plain_with_a_table(command: Vec<OsString>) -> u8 {
    let folder = config(&command).parent().unwrap().to_owned();
    if command[1] == "ledger" {
        assert_eq!(command[2..4], [OsString::from("import"), folder.join("ledger.csv").into()]);
        fs::write(folder.join("imported"), "").unwrap();
        return 0;
    }
    assert!(folder.join("imported").exists());
    let text = fs::read_to_string(config(&command)).unwrap();
    assert!(text.contains("url = \"postgres://bench\"") && text.contains("kind = \"table\""), "{text}");
    let ledger = table(&fs::read_to_string(folder.join("ledger.csv")).unwrap());
    let reported = report(&folder, "20261118/transactionItems_20261118_000.csv");
    assert!(report(&folder, "20261118/settlementItems_USD_2026111811021040000_000.csv").is_empty());
    let missing = ledger.iter().filter(|entry| !reported.contains_key(&entry["request_id"])).count();
    assert_eq!(missing, 4, "those that are not reported, and those that would only be settled");
    finds_nothing(command)
}

#[test]
fn the_ledger_may_be_a_table_and_everything_may_wait() {
    let database = Some("postgres://bench".to_owned());
    let options = Options { database, unsettled: true, ..options(10_000) };
    let mut out = Vec::new();
    assert!(!run(&options, alone(plain_with_a_table), &mut out).unwrap());
    let said = String::from_utf8(out).unwrap();
    let words = said.split_whitespace().collect::<Vec<_>>().join(" ");
    for part in [
        "imported in ",
        " entries/s",
        "MISSING_IN_REPORT 4 0 WRONG",
        "SETTLED_NOT_REPORTED 0 0",
        "(rows of in_transit.csv) 9 990 0 WRONG",
    ] {
        assert!(words.contains(part), "{said}");
    }
}

#[test]
fn a_job_that_finds_nothing_is_wrong_and_the_folder_goes() {
    let place = tempfile::tempdir().unwrap();
    let mut out = Vec::new();
    let options = Options { dir: Some(place.path().join("bench")), ..options(5_000) };
    assert!(!run(&options, alone(finds_nothing), &mut out).unwrap());
    assert!(String::from_utf8(out).unwrap().contains("WRONG"));
    assert!(!place.path().join("bench").exists());
}

#[test]
fn a_job_that_fails_is_an_error() {
    let options = options(10);
    let error = run(&options, alone(|_| 4), &mut Vec::new()).unwrap_err();
    assert_eq!(error.to_string(), "`antom-recon run` ended with exit code 4");
}
