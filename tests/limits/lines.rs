//! Lines that no report has: endless, never closed, far too wide, with bytes that are no text.

use std::iter::{once, repeat_n};

use super::day::{Day, entry, line};
use super::{MIB, sized};

/// The header and one good line, as the start of a file that goes wrong afterwards.
fn good_start(day: &Day) -> Vec<u8> {
    day.transactions([line(1, "r1")]).entries([entry(1, "r1")]);
    let text = std::fs::read(transactions(day)).unwrap();
    text.strip_suffix(b"<END>\n").unwrap().to_vec()
}

fn transactions(day: &Day) -> std::path::PathBuf {
    day.remote().join("transactionItems_20260302_000.csv")
}

fn chunks(of: u8, mebibytes: usize) -> impl Iterator<Item = Vec<u8>> {
    repeat_n(vec![of; 1 << 20], mebibytes)
}

#[test]
fn one_giant_line_is_rejected_in_little_memory() {
    let (day, size) = (Day::new(), sized(64, 1_024));
    let end = format!("\n{}\n<END>\n", line(2, "r2")).into_bytes();
    let parts = once(good_start(&day)).chain(chunks(b'x', size)).chain(once(end));
    day.raw(transactions(&day), parts).entries([entry(1, "r1"), entry(2, "r2")]);
    day.run("--threads 2").with_code(0).within(Day::idle_peak() + 40 * MIB);
    let (kinds, rows) = (day.kinds(), day.discrepancies());
    assert_eq!(kinds, [("REJECTED_LINE".to_owned(), 1)].into(), "the lines before and after it are read");
    assert_eq!((&*rows[0]["report_file"], &*rows[0]["report_line"]), ("transactionItems_20260302_000.csv", "3"));
    assert!(rows[0]["explanation"].contains("longer than 1048576 bytes"), "{}", rows[0]["explanation"]);
}

#[test]
fn one_giant_line_is_told_in_little_memory_when_it_is_restated() {
    let (day, size) = (Day::new(), sized(64, 1_024));
    let start = good_start(&day);
    day.run("--threads 2").with_code(0);
    let parts = once(start).chain(chunks(b'x', size)).chain(once(b"\n<END>\n".to_vec()));
    day.raw(transactions(&day), parts);
    day.run("--threads 2").with_code(0).within(Day::idle_peak() + 40 * MIB);
    let restated = &day.outputs()["restated_lines.csv"];
    let row = restated.lines().nth(1).unwrap();
    let expected = "transactionItems_20260302_000.csv,added,,3,,,,,,,";
    assert!(row.strip_prefix(expected).is_some_and(|text| text == "x".repeat(32_767)), "{} bytes", row.len());
}

#[test]
fn one_giant_line_as_the_whole_file_is_refused_in_little_memory() {
    let (day, size) = (Day::new(), sized(64, 1_024));
    day.raw(transactions(&day), chunks(b'x', size).chain(once(b"\n<END>\n".to_vec())));
    let ran = day.run("--threads 2").with_code(3).within(Day::idle_peak() + 40 * MIB);
    ran.says(&["transactionItems_20260302_000.csv", "line 1", "longer than 1048576 bytes"]);
}

#[test]
fn one_giant_entry_is_rejected_in_little_memory() {
    let (day, size) = (Day::new(), sized(64, 1_024));
    good_start(&day);
    let ledger = std::fs::read(day.path("ledger.csv")).unwrap();
    day.raw(day.path("ledger.csv"), once(ledger).chain(chunks(b'x', size)).chain(once(b"\n".to_vec())));
    day.run("--threads 2").with_code(0).within(Day::idle_peak() + 40 * MIB);
    let rejected = &day.outputs()["rejected_lines.csv"];
    assert!(rejected.contains("longer than 1048576 bytes") && rejected.len() < 100_000, "{} bytes", rejected.len());
}

#[test]
fn a_quote_that_never_closes_costs_its_own_line() {
    let (day, count) = (Day::new(), sized(50_000, 1_000_000));
    let open = line(0, "r0").replace("seller-1", "\"seller-1");
    let id = |number: usize| format!("r{number}");
    let good = |from: usize| (from..=count).map(move |number| line(number, &id(number)));
    day.transactions(once(line(1, "r1")).chain(once(open)).chain(good(2)));
    day.entries((0..=count).map(|number| entry(number, &id(number))));
    day.run("--threads 2").with_code(0);
    let (kinds, rows) = (day.kinds(), day.discrepancies());
    assert_eq!(kinds["REJECTED_LINE"], 1, "{kinds:?}");
    let rejected = rows.iter().find(|row| row["kind"] == "REJECTED_LINE").unwrap();
    assert_eq!(rejected["report_line"], "3");
    assert!(rejected["explanation"].contains("a quote opens and does not close"), "{}", rejected["explanation"]);
}

#[test]
fn quotes_that_never_close_on_every_line_end_the_reading() {
    let (day, count) = (Day::new(), sized(3_000, 1_000_000));
    let open = |number: usize| line(number, &format!("r{number}")).replace("seller-1", "\"seller-1\"x\"");
    day.transactions((0..count).map(open)).entries([entry(1, "r1")]);
    let ran = day.run("--threads 2").with_code(3).within(Day::idle_peak() + 64 * MIB);
    ran.says(&["transactionItems_20260302_000.csv", "line 1002", "more than 1000 records"]);
}

#[test]
fn very_many_columns_are_read_by_name() {
    // As many as fit into a header of 1 MiB.
    let (day, count) = (Day::new(), 100_000);
    let columns: String = (0..count).map(|number| format!(",x{number}")).collect();
    let wide = |number: usize| line(number, &format!("r{number}")) + &",".repeat(count);
    day.transactions_with(&columns, (0..20).map(wide)).entries((0..20).map(|n| entry(n, &format!("r{n}"))));
    day.run("--threads 2").with_code(0).within(Day::idle_peak() + 256 * MIB);
    assert_eq!(day.kinds(), [].into());
    assert!(day.outputs()["summary.json"].contains("x99999"), "unknown columns are named");
}

#[test]
fn too_many_columns_are_refused() {
    let (day, count) = (Day::new(), 400_000);
    let columns: String = (0..count).map(|number| format!(",x{number}")).collect();
    day.transactions_with(&columns, []);
    let ran = day.run("--threads 2").with_code(3).within(Day::idle_peak() + 64 * MIB);
    ran.says(&["transactionItems_20260302_000.csv", "line 1", "1048576 bytes"]);
}

#[test]
fn very_long_cells_are_kept_and_stay_bounded() {
    let (day, count) = (Day::new(), sized(20, 500));
    // Just short of what a line may have; each is another seller, and each differs from the ledger's.
    let long = |number: usize| {
        let seller = format!("{number}{}", "s".repeat(1_000_000));
        line(number, &format!("r{number}")).replace("seller-1", &seller)
    };
    day.transactions((0..count).map(long)).entries((0..count).map(|number| entry(number, &format!("r{number}"))));
    // The text stands in two cells of each row, which is rendered, recorded and written.
    let file = count as u64 * MIB;
    day.run("--threads 2").with_code(0).within(Day::idle_peak() + 20 * file);
    assert_eq!(day.kinds(), [("SUB_MERCHANT_MISMATCH".to_owned(), count)].into());
}

#[test]
fn bytes_that_are_no_text_are_told_with_their_place() {
    let day = Day::new();
    let mut text = good_start(&day);
    text.extend_from_slice(&line(2, "r\u{0}2").into_bytes());
    text.extend_from_slice(b"\n");
    text.extend_from_slice(&line(3, "r3").replace("10.00", "10.0\u{0}").into_bytes());
    text.extend_from_slice(b"\n<END>\n");
    day.raw(transactions(&day), [text]).entries([entry(1, "r1"), entry(2, "r\u{0}2"), entry(3, "r3")]);
    day.run("--threads 2").with_code(0);
    let (kinds, rows) = (day.kinds(), day.discrepancies());
    assert_eq!(kinds["REJECTED_LINE"], 1, "{kinds:?}");
    let row = rows.iter().find(|row| row["kind"] == "REJECTED_LINE").unwrap();
    assert_eq!(row["report_line"], "4");
    let mut text = good_start(&day);
    text.extend_from_slice(b"\xff\xfe\n<END>\n");
    day.raw(transactions(&day), [text]);
    day.run("--threads 2").with_code(3).says(&["transactionItems_20260302_000.csv", "line 3", "0xFF"]);
}
