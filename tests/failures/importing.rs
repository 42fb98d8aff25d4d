//! `ledger import`: all or nothing, idempotent, every bad row named.

use std::fs;

use super::{Page, Place};

/// The quiet day with the built-in ledger.
fn with_table() -> Place {
    let place = Place::quiet_day();
    place.configure("kind = \"csv\"\npath = \"ledger.csv\"", "kind = \"table\"");
    place
}

fn import(place: &Place, file: &str) -> (Option<i32>, String) {
    let ended = place.run(&format!("ledger import {file}"));
    (ended.code, ended.stdout)
}

#[test]
fn the_same_file_twice_is_the_same_ledger() {
    let place = with_table();
    let told = |text: &str| (Some(0), format!("{text}\n"));
    assert_eq!(import(&place, "ledger.csv"), told("8 entries imported, 0 updated, 0 were there already"));
    assert_eq!(import(&place, "ledger.csv"), told("0 entries imported, 0 updated, 8 were there already"));
    let ended = place.run_day();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stdout.contains("ledger   USD          6  = matched 6"), "{}", ended.stdout);
}

#[test]
fn bad_rows_are_all_named_and_nothing_is_imported() {
    let place = with_table();
    let mut ledger = fs::read_to_string(place.path("ledger.csv")).unwrap();
    for row in [
        "b-1,PAYMENT,pay-b1,,,,,,12.50,USD,SUCCESS,2026-03-02T10:00:00Z,,,",
        "b-2,PAYMENTS,pay-b2,,,,,,1250,USD,SUCCESS,2026-03-02T10:00:00Z,,,",
        "b-3,PAYMENT,pay-b3,,,,,,1250,US,SUCCESS,2026-03-02T10:00:00Z,,,",
        "b-4,PAYMENT,pay-b4,,,,,,1250,USD,DONE,2026-03-02T10:00:00Z,,,",
        "b-5,PAYMENT,pay-b5,,,,,,1250,USD,SUCCESS,2026-03-02,,,",
        "b-6,PAYMENT,pay-b6,,,,,,1250,USD,SUCCESS,2026-03-02T10:00:00Z,BOTH,,",
        "b-7,REFUND,pay-b7,,,,,,-1250,USD,SUCCESS,2026-03-02T10:00:00Z,,NOBODY,",
        ",PAYMENT,pay-b8,,,,,,1250,USD,SUCCESS,2026-03-02T10:00:00Z,,,",
        "b-9,PAYMENT,pay-b9",
        "b-10,PAYMENT,pay-b10,,,,,,,USD,SUCCESS,2026-03-02T10:00:00Z,,,",
        "b-11,PAYMENT,pay-\0b11,,,,,,1250,USD,SUCCESS,2026-03-02T10:00:00Z,,,",
        "b-12,PAYMENT,pay-b12,,,,,,1250,USD,SUCCESS,9999-12-31T23:59:59Z,,,",
    ] {
        ledger.push_str(row);
        ledger.push('\n');
    }
    place.write("bad.csv", ledger);
    let mut page = Page::default();
    page.note("bad rows", 2, &place.run("ledger import bad.csv"));
    place.write("no-header.csv", "");
    page.note("an empty file", 2, &place.run("ledger import no-header.csv"));
    place.write("half-header.csv", "entry_id,entry_type,amount\n");
    page.note("columns that are missing", 2, &place.run("ledger import half-header.csv"));
    place.write("latin.csv", b"entry_id,entry_type\nM\xfcller,PAYMENT\n");
    page.note("not UTF-8", 2, &place.run("ledger import latin.csv"));
    let told = "8 entries imported, 0 updated, 0 were there already\n";
    assert_eq!(import(&place, "ledger.csv"), (Some(0), told.to_owned()), "the good rows were not imported before");
    assert_page!("import", &page.0);
}

#[test]
fn an_entry_never_becomes_another_but_a_pending_one_may_end() {
    let place = with_table();
    let ledger = fs::read_to_string(place.path("ledger.csv")).unwrap();
    place.write("pending.csv", ledger.replace(",EUR,SUCCESS,", ",EUR,PENDING,"));
    assert_eq!(import(&place, "pending.csv").0, Some(0));
    let mut page = Page::default();
    place.write("other.csv", ledger.replace(",2550,", ",2551,").replace("pay-2", "pay-two"));
    page.note("another amount and id", 2, &place.run("ledger import other.csv"));
    let told = "0 entries imported, 2 updated, 6 were there already\n";
    assert_eq!(import(&place, "ledger.csv"), (Some(0), told.to_owned()), "the conflict kept nothing");
    assert_page!("import_conflict", &page.0);
}
