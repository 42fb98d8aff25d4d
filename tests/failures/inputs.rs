//! Exit code 3: reports that are missing or cannot be what they should be; nothing is written then.

use std::fs;

use super::{Page, Place};

/// Runs the quiet day with a report of these bytes; none removes it.
fn with_report(case: &str, bytes: Option<Vec<u8>>, page: &mut Page) {
    let place = Place::quiet_day();
    match bytes {
        Some(bytes) => fs::write(place.report(), bytes).unwrap(),
        None => fs::remove_file(place.report()).unwrap(),
    }
    page.note(case, 3, &place.run_day());
    assert!(!place.has_outputs(), "{case}: something was written");
    // As an optional report it is a discrepancy, and the day goes on.
    let ended = place.run("run --date 2026-03-02 --allow-missing");
    assert_eq!(ended.code, Some(0), "{case}: {}", ended.stderr);
    let found = ["FILE_MISSING", "FILE_INCOMPLETE", "SCHEMA_DRIFT"];
    assert!(found.iter().any(|kind| ended.stdout.contains(kind)), "{case}: {}", ended.stdout);
}

#[test]
fn reports_that_are_missing_or_broken() {
    let good = fs::read_to_string(Place::quiet_day().report()).unwrap();
    let header = good.lines().next().unwrap();
    let mut page = Page::default();
    with_report("missing", None, &mut page);
    with_report("empty", Some(Vec::new()), &mut page);
    with_report("blank", Some(b"\n \n".to_vec()), &mut page);
    with_report("a header alone", Some(format!("{header}\n").into_bytes()), &mut page);
    with_report("cut off between lines", Some(good.replace("<END>\n", "").into_bytes()), &mut page);
    with_report("cut off in a line", Some(good.as_bytes()[..good.len() / 2].to_vec()), &mut page);
    with_report("an end without a header", Some(b"<END>\n".to_vec()), &mut page);
    with_report("lines after its end", Some(format!("<END>\n{good}").into_bytes()), &mut page);
    with_report("an end in the middle", Some(good.replacen('\n', "\n<END>\n", 2).into_bytes()), &mut page);
    let mut bytes = good.clone().into_bytes();
    bytes[header.len() + 5] = 0xff;
    with_report("not UTF-8", Some(bytes), &mut page);
    with_report("UTF-16", Some(good.encode_utf16().flat_map(u16::to_le_bytes).collect()), &mut page);
    let drifted = good.replacen("transactionAmountValue", "amount", 1);
    with_report("without a required column", Some(drifted.into_bytes()), &mut page);
    with_report("a column twice", Some(good.replacen("pspName", "acquirer", 1).into_bytes()), &mut page);
    with_report("a page of HTML", Some(b"<html>Bad gateway</html>\n<END>\n".to_vec()), &mut page);
    assert_page!("reports", &page.0);
}

#[test]
fn a_day_without_a_directory() {
    let place = Place::quiet_day();
    let mut page = Page::default();
    page.note("run", 3, &place.run("run --date 2026-03-01"));
    page.note("fetch", 3, &place.run("fetch --date 2026-03-01"));
    page.note("a range", 3, &place.run("run --from 2026-03-01 --to 2026-03-02"));
    assert!(!place.has_outputs(), "the first failure ends a range");
    assert_page!("no_directory", &page.0);
}

#[test]
fn a_day_without_transactions_is_a_day() {
    let place = Place::quiet_day();
    let good = fs::read_to_string(place.report()).unwrap();
    fs::write(place.report(), format!("{}\r\n<END>", good.lines().next().unwrap())).unwrap();
    let ended = place.run_day();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stdout.contains("read     transaction_details           0 lines"), "{}", ended.stdout);
}
