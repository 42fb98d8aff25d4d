//! Workbooks.

use std::fmt::Write as _;
use std::io::{Cursor, Write as _};

use antom_recon::records::{Cells, Piece, Splitter};
use antom_recon::workbook::to_csv;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::bytes::line;

/// What the bytes of an archive begin with.
const ARCHIVE: &[u8] = b"PK";

/// What a line begins with that names the next part, in bytes that are parts.
const PART: &[u8] = b"#### ";

/// The namespace of relationships.
const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

/// The bytes are a workbook if they begin as an archive, its parts if they begin with `#### name`, and the cells of its sheet
/// otherwise: a row a line, with tabs between. What is converted is CSV that can be cut, has as many lines as it says and none
/// with fewer cells than the header; cells come out as they went in.
pub fn workbook(data: &[u8]) {
    if data.starts_with(ARCHIVE) {
        converts(data);
    } else if data.starts_with(PART) {
        converts(&archive(&parts(data)));
    } else if let Ok(text) = std::str::from_utf8(data) {
        cells_come_out(text);
    }
}

/// Converts a workbook twice, and gives the CSV if it is one.
fn converts(book: &[u8]) -> Option<Vec<u8>> {
    let (mut csv, mut again) = (Vec::new(), Vec::new());
    let read = to_csv(Cursor::new(book), &mut csv, Cursor::new(Vec::new()));
    let read_again = to_csv(Cursor::new(book), &mut again, Cursor::new(Vec::new()));
    let converted = match (read, read_again) {
        (Ok(one), Ok(other)) => {
            assert_eq!((&one, &csv), (&other, &again), "the same workbook, converted twice");
            one
        }
        (Err(one), Err(other)) => {
            assert_eq!(one.to_string(), other.to_string());
            return None;
        }
        (one, other) => panic!("the same workbook: {one:?} / {other:?}"),
    };
    assert!(std::str::from_utf8(&csv).is_ok(), "the CSV is UTF-8");
    assert_eq!(csv.iter().filter(|&&byte| byte == b'\n').count() as u64, converted.rows, "lines");
    assert!(csv.is_empty() || csv.ends_with(b"\n"));
    let rows = rows(&csv);
    let mut filled = rows.iter().filter(|row| row.iter().any(|cell| !cell.is_empty()));
    if let Some(header) = filled.next() {
        let short = filled.find(|row| row.len() < header.len() && row.concat() != b"<END>");
        assert_eq!(short, None, "a line with fewer cells than the header's {}", header.len());
    }
    for lossy in &converted.lossy {
        let row = &rows[lossy.row as usize - 1];
        let cell = String::from_utf8_lossy(&row[lossy.column as usize]).into_owned();
        assert_eq!(cell, lossy.loss.to_string(), "{lossy}");
    }
    Some(csv)
}

/// The cells of each physical line.
fn rows(csv: &[u8]) -> Vec<Vec<Vec<u8>>> {
    let (mut splitter, mut cells, mut rows) = (Splitter::new(csv), Cells::default(), Vec::new());
    while let Some(piece) = splitter.next_piece().expect("CSV that was just written") {
        let Piece::Records(block) = &piece else { panic!("CSV that cannot be cut: {piece:?}") };
        for record in block.records() {
            assert_eq!(record.line as usize, rows.len() + 1, "a row is a line");
            rows.push(cells.cut(record.bytes).iter().map(<[u8]>::to_vec).collect());
        }
    }
    rows
}

/// The parts that bytes name.
fn parts(data: &[u8]) -> Vec<(String, Vec<u8>)> {
    let (mut parts, mut rest) = (Vec::<(String, Vec<u8>)>::new(), data);
    while !rest.is_empty() {
        let (first, behind) = line(rest);
        match (first.strip_prefix(PART), parts.last_mut()) {
            (Some(name), _) => parts.push((String::from_utf8_lossy(name).into_owned(), Vec::new())),
            (None, Some((_, content))) => content.extend_from_slice(&rest[..rest.len() - behind.len()]),
            (None, None) => {}
        }
        rest = behind;
    }
    parts
}

/// An archive of these parts; of two with one name, the first.
fn archive(parts: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    for (name, content) in parts {
        if writer.start_file(name.as_str(), options).is_ok() {
            writer.write_all(content).expect("memory takes everything");
        }
    }
    writer.finish().expect("memory takes everything").into_inner()
}

/// A workbook of texts gives the texts.
fn cells_come_out(text: &str) {
    let is_cell = |c: char| c >= ' ' && c != '_' && !matches!(c, '\u{fffe}' | '\u{ffff}' | '\u{feff}');
    let wanted: Vec<Vec<String>> = text
        .lines()
        .map(|row| row.split('\t').map(|cell| cell.chars().filter(|c| is_cell(*c)).collect()).collect())
        .collect();
    let mut rows = String::new();
    for row in &wanted {
        rows.push_str("<row>");
        for cell in row {
            let cell = cell.replace('&', "&amp;").replace('<', "&lt;");
            write!(rows, r#"<c t="inlineStr"><is><t xml:space="preserve">{cell}</t></is></c>"#).expect("memory");
        }
        rows.push_str("</row>");
    }
    let Some(csv) = converts(&book_of(&rows)) else { panic!("a plain workbook is refused: {text:?}") };
    let found = crate::workbook::rows(&csv);
    let filled = wanted.iter().rposition(|row| row.iter().any(|cell| !cell.trim().is_empty())).map_or(0, |at| at + 1);
    assert!(found.len() <= wanted.len() && found.len() >= filled, "{} rows of {}", found.len(), wanted.len());
    for (row, cells) in found.iter().enumerate() {
        for (at, cell) in wanted[row].iter().enumerate() {
            let there = cells.get(at).map(Vec::as_slice).unwrap_or_default();
            assert_eq!(String::from_utf8_lossy(there).trim(), cell.trim(), "row {row} cell {at} of {text:?}");
        }
    }
}

/// A workbook of one sheet with these rows.
fn book_of(rows: &str) -> Vec<u8> {
    let relation = |kind, target| {
        format!(r#"<Relationships><Relationship Id="a" Type="{OFFICE}/{kind}" Target="{target}"/></Relationships>"#)
    };
    let parts = [
        ("_rels/.rels", relation("officeDocument", "xl/workbook.xml")),
        ("xl/_rels/workbook.xml.rels", relation("worksheet", "sheet.xml")),
        ("xl/workbook.xml", r#"<workbook><sheets><sheet name="A" r:id="a"/></sheets></workbook>"#.to_owned()),
        ("xl/sheet.xml", format!("<worksheet><sheetData>{rows}</sheetData></worksheet>")),
    ];
    archive(&parts.map(|(name, text)| (name.to_owned(), text.into_bytes())))
}
