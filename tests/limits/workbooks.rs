//! Workbooks that are small and say much.

use std::fs::File;
use std::io::Write;

use zip::write::SimpleFileOptions;

use super::day::{Day, line};
use super::{MIB, sized};

const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

/// Replaces the transaction details of a day by a workbook that says the same and has this many long texts besides.
fn as_workbook(day: &Day, texts: usize) {
    let csv = day.remote().join("transactionItems_20260302_000.csv");
    let cell = |text: &str| format!(r#"<c t="inlineStr"><is><t>{}</t></is></c>"#, text.replace('<', "&lt;"));
    let row = |line: &str| format!("<row>{}</row>", line.split(',').map(cell).collect::<String>());
    let sheet: String = std::fs::read_to_string(&csv).unwrap().lines().map(row).collect();
    std::fs::remove_file(&csv).unwrap();
    let relation = |id: &str, kind: &str, target: &str| {
        format!(r#"<Relationship Id="{id}" Type="{OFFICE}/{kind}" Target="{target}"/>"#)
    };
    let related = relation("a", "worksheet", "sheet.xml") + &relation("b", "sharedStrings", "strings.xml");
    let mut writer = zip::ZipWriter::new(File::create(csv.with_extension("xlsx")).unwrap());
    let mut part = |name: &str, pieces: &mut dyn Iterator<Item = String>| {
        writer.start_file(name, SimpleFileOptions::default()).unwrap();
        pieces.for_each(|piece| writer.write_all(piece.as_bytes()).unwrap());
    };
    let one = std::iter::once::<String>;
    let root = relation("a", "officeDocument", "xl/workbook.xml");
    part("_rels/.rels", &mut one(format!("<Relationships>{root}</Relationships>")));
    part("xl/_rels/workbook.xml.rels", &mut one(format!("<Relationships>{related}</Relationships>")));
    let book = r#"<workbook><sheets><sheet name="A" r:id="a"/></sheets></workbook>"#;
    part("xl/workbook.xml", &mut one(book.to_owned()));
    part("xl/sheet.xml", &mut one(format!("<worksheet><sheetData>{sheet}</sheetData></worksheet>")));
    let text = format!("<si><t>{}</t></si>", "x".repeat(32_000));
    let strings = std::iter::repeat_n(text, texts);
    part("xl/strings.xml", &mut one("<sst>".to_owned()).chain(strings).chain(one("</sst>".to_owned())));
    writer.finish().unwrap();
}

#[test]
fn shared_texts_take_no_memory() {
    let day = Day::new();
    day.transactions([line(1, "r1")]);
    as_workbook(&day, sized(6_000, 26_000));
    let book = day.remote().join("transactionItems_20260302_000.xlsx");
    assert!(book.metadata().unwrap().len() < 2 * MIB, "small");
    let limit = 128 * MIB;
    let ran = day.run("--threads 2 --memory-limit 128MiB").with_code(0);
    assert!(ran.peak < limit, "{} MiB", ran.peak / MIB);
    assert_eq!(day.kinds(), [("MISSING_IN_LEDGER".to_owned(), 1)].into());
    let checked = day.command(&format!("check {}", book.display())).with_code(0);
    assert!(checked.peak < limit, "{} MiB", checked.peak / MIB);
}
