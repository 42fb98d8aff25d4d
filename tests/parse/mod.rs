//! `check` and `parse` on files in every documented layout, and on files that are refused.

use std::io::{Cursor, Write};
use std::path::PathBuf;

use antom_recon::commands::{check, parse};
use antom_recon::config::{Config, Flags};
use antom_recon::environment::Environment;
use antom_recon::fetch::LocalReport;
use antom_recon::money::AmountUnit;
use antom_recon::movement::ReportKind;
use antom_recon::report::{ReportOptions, ReportRules};

/// The folder of sample reports.
fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/reports")
}

/// What is written about the sample reports of these names, without this machine's paths.
fn written(names: &[&str], run: impl Fn(Vec<PathBuf>, &mut Vec<u8>)) -> String {
    let folder = folder();
    let mut out = Vec::new();
    run(names.iter().map(|name| folder.join(name)).collect(), &mut out);
    let text = String::from_utf8(out).expect("outputs are UTF-8");
    text.replace(&format!("{}/", folder.display()), "")
}

/// The configuration of a machine that has none.
fn defaults() -> Config {
    let defaults = Config::load_if_present(None, &Environment::default(), &Flags::default());
    defaults.unwrap_or_else(|failure| panic!("defaults are right: {failure}"))
}

fn checked(names: &[&str], format: check::Format) -> String {
    written(names, |files, out| {
        let args = check::Args { files, format, fail_on: None };
        check::run(&args, &defaults(), out).expect("writing to memory works");
    })
}

fn parsed(names: &[&str], format: parse::Format) -> String {
    parsed_by(&ReportRules::default(), names, format)
}

fn parsed_by(rules: &ReportRules, names: &[&str], format: parse::Format) -> String {
    written(names, |files, out| {
        parse::run(&parse::Args { files, format }, rules, out).expect("writing to memory works");
    })
}

/// All layouts, in the order of their age.
const LAYOUTS: [&str; 6] = [
    "transaction-items-generation-1.csv",
    "settlement-items-generation-1.csv",
    "settlement-details-generation-2.csv",
    "transaction-details-generation-3.csv",
    "settlement-details-generation-3.csv",
    "transaction-details-marketplace.csv",
];

/// Sums, movements and balances in major units.
const STATEMENTS: [&str; 5] = [
    "settlement-summary-marketplace.csv",
    "settlement-summary-generation-2.csv",
    "settlement-summary-generation-3.csv",
    "account-activity.csv",
    "daily-ending-balance.csv",
];

/// Antom's own samples, which are in smallest units.
const IN_SMALLEST_UNITS: [&str; 2] = ["settlement-summary-generation-1.csv", "daily-ending-balance.csv"];

/// Files that are no complete report, and one with no line, which is.
const REFUSED: [&str; 5] = ["empty.csv", "header-only.csv", "truncated.csv", "not-utf8.csv", "missing-column.csv"];

#[test]
fn every_layout_is_checked() {
    let text = checked(&LAYOUTS, check::Format::Text);
    insta::assert_snapshot!("check_layouts", text);
}

#[test]
fn every_layout_is_parsed_to_the_same_columns() {
    let text = parsed(&LAYOUTS, parse::Format::Csv);
    insta::assert_snapshot!("parse_layouts", text);
    let again = parsed(&LAYOUTS, parse::Format::Csv);
    assert_eq!(text, again);
}

#[test]
fn summaries_activity_and_balances_are_parsed_to_these_columns_too() {
    let text = parsed(&STATEMENTS, parse::Format::Csv);
    insta::assert_snapshot!("parse_statements", text);
    let minor = ReportOptions { amount_unit: AmountUnit::Minor, ..ReportOptions::default() };
    let kinds = [ReportKind::SettlementSummary, ReportKind::DailyEndingBalance];
    let rules = ReportRules { by_kind: kinds.map(|kind| (kind, minor.clone())).into() };
    let text = parsed_by(&rules, &IN_SMALLEST_UNITS, parse::Format::Csv);
    insta::assert_snapshot!("parse_smallest_units", text);
    let text = parsed(&["account-activity.csv"], parse::Format::Jsonl);
    insta::assert_snapshot!("parse_activity_jsonl", text);
}

#[test]
fn json_says_the_same() {
    let text = checked(&["transaction-details-marketplace.csv"], check::Format::Json);
    insta::assert_snapshot!("check_json", text);
    let text = parsed(&["transaction-details-marketplace.csv"], parse::Format::Jsonl);
    insta::assert_snapshot!("parse_jsonl", text);
}

#[test]
fn a_file_that_is_refused_does_not_stop_the_others() {
    let text = checked(&REFUSED, check::Format::Text);
    insta::assert_snapshot!("check_refused", text);
    let text = parsed(&REFUSED, parse::Format::Csv);
    assert_eq!(text.lines().count(), 1);
}

#[test]
fn a_workbook_is_parsed_as_the_text_that_it_stands_for() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures/scenarios/workbooks/remote/v1/settlements/2188120000000001/20260303");
    let parsed = |files: Vec<PathBuf>| {
        let mut out = Vec::new();
        let args = parse::Args { files, format: parse::Format::Csv };
        let outcome = parse::run(&args, &ReportRules::default(), &mut out).expect("writing to memory works");
        (String::from_utf8(out).expect("outputs are UTF-8"), outcome)
    };
    for name in [
        "transactionItems_20260303_000",
        "settlementItems_USD_202603032188120000000001_000",
        "settlementSummary_USD_202603032188120000000001_000",
        "accountActivity_20260303_000",
        "dailyEndingBalance_20260303_000",
    ] {
        let book = folder.join(format!("{name}.xlsx"));
        let dir = tempfile::tempdir().expect("a folder");
        let text = dir.path().join(format!("{name}.csv"));
        let mut report = LocalReport::open(&book).expect("a workbook");
        std::io::copy(&mut report.csv, &mut std::fs::File::create(&text).expect("a file")).expect("room");
        let ((of_book, outcome), (of_text, _)) = (parsed(vec![book]), parsed(vec![text]));
        assert_eq!(outcome.refused, 0, "{name}");
        assert!(of_book.lines().count() > 1, "{name}");
        assert_eq!(of_book.replace(".xlsx,", ".csv,"), of_text, "{name}");
    }
    // A line in which a number lost digits is no line of either.
    let (_, outcome) = parsed(vec![folder.join("../20260304/transactionItems_20260304_000.xlsx")]);
    assert_eq!((outcome.refused, outcome.rejected), (0, 1));
}

/// A workbook of these rows of XML.
fn workbook(rows: &str) -> Vec<u8> {
    let office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let relation = |kind, target| {
        format!(r#"<Relationships><Relationship Id="a" Type="{office}/{kind}" Target="{target}"/></Relationships>"#)
    };
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in [
        ("_rels/.rels", relation("officeDocument", "xl/workbook.xml")),
        ("xl/_rels/workbook.xml.rels", relation("worksheet", "sheet.xml")),
        ("xl/workbook.xml", r#"<workbook><sheets><sheet name="A" r:id="a"/></sheets></workbook>"#.to_owned()),
        ("xl/sheet.xml", format!("<worksheet><sheetData>{rows}</sheetData></worksheet>")),
    ] {
        writer.start_file(name, zip::write::SimpleFileOptions::default()).expect("a part");
        writer.write_all(text.as_bytes()).expect("memory has room");
    }
    writer.finish().expect("a workbook").into_inner()
}

#[test]
fn a_formula_without_a_value_rejects_its_line() {
    let day = "fixtures/scenarios/a_quiet_day/remote/v1/settlements/2188120000000001/20260302/transactionItems_20260302_000.csv";
    let text = std::fs::read_to_string(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(day)).expect("a report");
    for column in ["transactionAmountValue", "transactionId", "orderDescription"] {
        let header = text.lines().next().expect("a header");
        let at = header.split(',').position(|name| name == column).expect("the column");
        let cell = |(line, place): (usize, usize), text: &str| match (line, place == at) {
            (1, true) => "<c><f>0-1.5</f></c>".to_owned(),
            _ => format!(r#"<c t="inlineStr"><is><t>{}</t></is></c>"#, text.replace('<', "&lt;")),
        };
        let row = |(line, text): (usize, &str)| {
            let cells = text.split(',').enumerate().map(|(place, text)| cell((line, place), text));
            format!("<row>{}</row>", cells.collect::<String>())
        };
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("transactionItems_20260302_000.xlsx");
        std::fs::write(&path, workbook(&text.lines().enumerate().map(row).collect::<String>())).expect("a file");
        let mut out = Vec::new();
        let args = check::Args { files: vec![path], format: check::Format::Json, fail_on: None };
        check::run(&args, &defaults(), &mut out).expect("writing to memory works");
        let found: serde_json::Value = serde_json::from_slice(&out).expect("an object");
        let rejects = &found["files"][0]["rejects"];
        assert_eq!((&rejects[0]["line"], &rejects[0]["column"]), (&2.into(), &column.into()), "{found}");
        let reason = rejects[0]["reason"].as_str().unwrap_or_default();
        assert!(reason.contains("2 holds a formula whose value was not saved; expected a value"), "{reason}");
        assert_eq!(found["files"][0]["rejected"], 1, "{found}");
    }
}
