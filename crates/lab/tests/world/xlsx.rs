//! Workbooks: well-formed archives whose cells are the texts that went in, however they are written.

use lab::xlsx::{Numbers, Options, workbook, workbook_with};
use std::io::{Cursor, Read as _};
use zip::{CompressionMethod, ZipArchive};

fn rows() -> Vec<Vec<String>> {
    let rows = [
        &["merchantId", "orderDescription", "amount"][..],
        &["2188120000000001", "Mug & \"cup\" <blue>", "1234.56"],
        &["", "", ""],
        &["None", " two lines\nof text ", "-0.30"],
        &["<END>"],
    ];
    rows.iter().map(|row| row.iter().map(|&cell| cell.to_owned()).collect()).collect()
}

fn archive(bytes: Vec<u8>) -> ZipArchive<Cursor<Vec<u8>>> {
    ZipArchive::new(Cursor::new(bytes)).unwrap()
}

fn part(bytes: &[u8], name: &str) -> String {
    let mut text = String::new();
    archive(bytes.to_vec()).by_name(name).unwrap().read_to_string(&mut text).unwrap();
    text
}

/// The elements must close in the order in which they opened, and `&` must begin an entity.
fn assert_well_formed(name: &str, xml: &str) {
    let body = xml.strip_prefix("<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n").unwrap();
    let mut open = Vec::new();
    for piece in body.split('<').skip(1) {
        let (tag, text) = piece.split_once('>').unwrap_or_else(|| panic!("{name}: `<{piece}`"));
        for entity in text.split('&').skip(1) {
            assert!(["amp;", "lt;", "gt;", "quot;"].iter().any(|known| entity.starts_with(known)), "{name}: {text}");
        }
        let word = tag.split([' ', '/']).next().unwrap();
        if let Some(closed) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(closed), "{name}");
        } else if !tag.ends_with('/') {
            open.push(word);
        }
    }
    assert_eq!(open, Vec::<&str>::new(), "{name}");
}

fn all_options() -> Vec<Options> {
    let plain = Options::default();
    vec![
        plain,
        Options { without_references: true, ..plain },
        Options { stored: true, ..plain },
        Options { second_sheet: true, ..plain },
        Options { prefixed: true, second_sheet: true, ..plain },
        Options { runs: true, numbers: Numbers::SeventeenDigits, ..plain },
        Options { numbers: Numbers::Exponent, ..plain },
    ]
}

#[test]
fn every_archive_is_well_formed_and_deterministic() {
    for options in all_options() {
        let bytes = workbook_with(&rows(), &[0, 2], options);
        assert_eq!(bytes, workbook_with(&rows(), &[0, 2], options));
        let mut archive = archive(bytes);
        let expected = if options.second_sheet { 8 } else { 7 };
        assert_eq!(archive.len(), expected, "{options:?}");
        for index in 0..archive.len() {
            let mut entry = archive.by_index(index).unwrap();
            let method = if options.stored { CompressionMethod::Stored } else { CompressionMethod::Deflated };
            assert_eq!(entry.compression(), method);
            let mut text = String::new();
            entry.read_to_string(&mut text).unwrap();
            assert_well_formed(&entry.name().unwrap(), &text);
        }
    }
}

#[test]
fn cells_are_numbers_shared_strings_and_inline_strings() {
    let bytes = workbook(&rows(), &[0, 2]);
    let sheet = part(&bytes, "xl/worksheets/sheet1.xml");
    let expected = "<dimension ref=\"A1:A1\"/>\
        <sheetViews><sheetView workbookViewId=\"0\"/></sheetViews><sheetData>\
        <row r=\"1\"><c r=\"A1\" t=\"s\"><v>0</v></c>\
        <c r=\"B1\" t=\"inlineStr\"><is><t>orderDescription</t></is></c><c r=\"C1\" t=\"s\"><v>1</v></c></row>\
        <row r=\"2\"><c r=\"A2\"><v>2188120000000001</v></c><c r=\"B2\" t=\"s\"><v>2</v></c>\
        <c r=\"C2\"><v>1234.56</v></c></row>\
        <row r=\"4\"><c r=\"A4\" t=\"inlineStr\"><is><t>None</t></is></c><c r=\"B4\" t=\"s\"><v>3</v></c>\
        <c r=\"C4\"><v>-0.30</v></c></row>\
        <row r=\"5\"><c r=\"A5\" t=\"s\"><v>4</v></c></row></sheetData></worksheet>";
    assert!(sheet.ends_with(expected), "{sheet}");
    let strings = part(&bytes, "xl/sharedStrings.xml");
    let expected = "count=\"5\" uniqueCount=\"5\"><si><t>merchantId</t></si><si><t>amount</t></si>\
        <si><t>Mug &amp; &quot;cup&quot; &lt;blue&gt;</t></si>\
        <si><t xml:space=\"preserve\"> two lines\nof text </t></si><si><t>&lt;END&gt;</t></si></sst>";
    assert!(strings.ends_with(expected), "{strings}");
}

#[test]
fn cells_without_references_keep_their_places() {
    let bytes = workbook_with(&rows(), &[2], Options { without_references: true, ..Options::default() });
    let sheet = part(&bytes, "xl/worksheets/sheet1.xml");
    assert!(sheet.contains("</row><row><c/><c/><c/></row><row><c t="), "{sheet}");
    assert!(!sheet.contains(" r="), "{sheet}");
}

#[test]
fn a_second_sheet_comes_second_in_the_workbook_alone() {
    let bytes = workbook_with(&rows(), &[2], Options { second_sheet: true, prefixed: true, ..Options::default() });
    let book = part(&bytes, "xl/workbook.xml");
    let sheets =
        "<x:sheet name=\"Report\" sheetId=\"1\" r:id=\"rId1\"/><x:sheet name=\"Notes\" sheetId=\"2\" r:id=\"rId4\"/>";
    assert!(book.contains(sheets), "{book}");
    let links = part(&bytes, "xl/_rels/workbook.xml.rels");
    let [first, second] =
        ["/xl/worksheets/sheet1.xml", "/xl/worksheets/sheet2.xml"].map(|target| links.find(target).unwrap());
    assert!(second < first, "{links}");
    assert!(part(&bytes, "xl/worksheets/sheet1.xml").contains("<x:row r=\"1\"><x:c r=\"A1\" t=\"s\"><x:v>"));
}

#[test]
fn numbers_may_be_written_as_excel_does() {
    let numbers = |numbers| {
        let bytes = workbook_with(&rows(), &[2], Options { numbers, ..Options::default() });
        part(&bytes, "xl/worksheets/sheet1.xml")
    };
    let sheet = numbers(Numbers::SeventeenDigits);
    assert!(sheet.contains("<v>1234.5599999999999</v>") && sheet.contains("<v>-0.29999999999999999</v>"), "{sheet}");
    let sheet = numbers(Numbers::Exponent);
    assert!(sheet.contains("<v>1.23456E+3</v>") && sheet.contains("<v>-3E-1</v>"), "{sheet}");
}

#[test]
fn shared_strings_may_be_split_into_runs() {
    let bytes = workbook_with(&rows(), &[2], Options { runs: true, ..Options::default() });
    let strings = part(&bytes, "xl/sharedStrings.xml");
    assert!(
        strings.contains("<si><r><rPr><b/></rPr><t>merch</t></r><r><rPr><b/></rPr><t>antId</t></r></si>"),
        "{strings}"
    );
}
