#![allow(clippy::unwrap_used)]

use std::io::Cursor;

use zip::write::SimpleFileOptions;

use super::*;

mod cells;
mod refusals;

/// A workbook that a test writes.
struct Book {
    parts: Vec<(String, String)>,
    sheets: String,
    relations: String,
    properties: &'static str,
}

/// What every sheet has before its rows: a dimension that is wrong, as in some of Antom's workbooks.
const BEFORE_ROWS: &str = r#"<dimension ref="A1:A1"/><sheetViews><sheetView workbookViewId="0"/></sheetViews>"#;

impl Book {
    /// One sheet with these rows.
    fn of(rows: &str) -> Self {
        Self::new().sheet("Report", "visible", rows)
    }

    fn new() -> Self {
        Self { parts: Vec::new(), sheets: String::new(), relations: String::new(), properties: "" }
    }

    fn sheet(mut self, name: &str, state: &str, rows: &str) -> Self {
        let number = self.parts.len();
        self.sheets += &format!(r#"<sheet name="{name}" sheetId="{number}" state="{state}" r:id="s{number}"/>"#);
        let part = format!("worksheets/sheet{number}.xml");
        let xml = format!(
            r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
            <worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">{BEFORE_ROWS}<sheetData>{rows}</sheetData>
            <extLst><ext><c><v>9</v></c></ext></extLst></worksheet>"#
        );
        self.related(&format!("s{number}"), "worksheet", &part, &xml)
    }

    /// Adds a part that the workbook names.
    fn related(mut self, id: &str, kind: &str, part: &str, xml: &str) -> Self {
        let namespace = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
        self.relations += &format!(r#"<Relationship Id="{id}" Type="{namespace}/{kind}" Target="{part}"/>"#);
        self.part(&format!("xl/{part}"), xml)
    }

    fn strings(self, items: &str) -> Self {
        self.related("strings", "sharedStrings", "sharedStrings.xml", &format!("<sst>{items}</sst>"))
    }

    /// Cell styles with these formats: `14`, or a text of its own.
    fn styles(self, formats: &[&str]) -> Self {
        let (mut texts, mut cells) = (String::new(), String::new());
        for (number, format) in (200..).zip(formats) {
            let number = format.parse().unwrap_or(number);
            if number >= 200 {
                texts += &format!(r#"<numFmt numFmtId="{number}" formatCode="{format}"/>"#);
            }
            cells += &format!(r#"<xf numFmtId="{number}" xfId="0"><alignment/></xf>"#);
        }
        let xml = format!(
            r#"<styleSheet><numFmts>{texts}</numFmts><cellStyleXfs><xf numFmtId="14"/></cellStyleXfs>
            <cellXfs>{cells}</cellXfs></styleSheet>"#
        );
        self.related("styles", "styles", "styles.xml", &xml)
    }

    fn part(mut self, name: &str, xml: &str) -> Self {
        self.parts.push((name.to_owned(), xml.to_owned()));
        self
    }

    /// The file.
    fn bytes(&self) -> Vec<u8> {
        let office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument";
        let workbook = format!(
            r#"<workbook xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">{}<sheets>{}</sheets></workbook>"#,
            self.properties, self.sheets
        );
        zipped(
            [
                (
                    "_rels/.rels",
                    format!(r#"<Relationships><Relationship Id="r" Type="{office}" Target="xl/workbook.xml"/></Relationships>"#),
                ),
                ("xl/workbook.xml", workbook),
                ("xl/_rels/workbook.xml.rels", format!("<Relationships>{}</Relationships>", self.relations)),
            ]
            .iter()
            .map(|(name, xml)| (*name, xml.as_str()))
            .chain(self.parts.iter().map(|(name, xml)| (name.as_str(), xml.as_str()))),
        )
    }

    fn convert(&self, limits: &Limits) -> Result<(String, Converted), WorkbookError> {
        convert_bytes(self.bytes(), limits)
    }

    /// The CSV and what is known of it.
    #[track_caller]
    fn read(&self) -> (String, Converted) {
        self.convert(&Limits::FORMAT).unwrap_or_else(|error| panic!("{error}"))
    }

    #[track_caller]
    fn csv(&self) -> String {
        self.read().0
    }

    /// Why it is refused.
    #[track_caller]
    fn refusal(&self) -> String {
        self.convert(&Limits::FORMAT).unwrap_err().to_string()
    }
}

fn convert_bytes(bytes: Vec<u8>, limits: &Limits) -> Result<(String, Converted), WorkbookError> {
    let mut csv = Vec::new();
    let converted = convert(Cursor::new(bytes), &mut csv, Cursor::new(Vec::new()), limits)?;
    Ok((String::from_utf8(csv).unwrap(), converted))
}

/// A zip archive of these files.
fn zipped<'a>(files: impl Iterator<Item = (&'a str, &'a str)>) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in files {
        writer.start_file(name, SimpleFileOptions::default()).unwrap();
        writer.write_all(text.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}
