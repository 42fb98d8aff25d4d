//! Rows of text as an Office Open XML workbook, in the ways in which programs write them (ECMA-376, part 1, chapter 18).

mod number;
mod sheet;

use std::io::{Cursor, Write as _};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use sheet::{Names, Strings};

/// How numeric cells are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Numbers {
    /// The text as it stands.
    #[default]
    AsWritten,
    /// The nearest double with up to 17 significant digits, as Excel saves it: `1234.56` becomes `1234.5599999999999`.
    SeventeenDigits,
    /// One digit before the point and an exponent: `1234.56` becomes `1.23456E+3`.
    Exponent,
}

/// What makes one workbook different from another with the same cells. By default: references, deflated, one sheet.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Options {
    /// Leave out the `r` attributes of rows and cells; an empty text is then an empty cell, which keeps the place.
    pub without_references: bool,
    /// Store the entries of the archive instead of deflating them.
    pub stored: bool,
    /// Add a second sheet with other cells, named before the first one in the archive and in the relationships.
    pub second_sheet: bool,
    /// Give every element a namespace prefix (`<x:row>`) and the relationships absolute targets, as some libraries do.
    pub prefixed: bool,
    /// Split shared strings into runs of formatted text.
    pub runs: bool,
    /// How numbers are written.
    pub numbers: Numbers,
}

/// The bytes of a workbook whose first sheet holds `rows`; see [`workbook_with`].
#[must_use]
pub fn workbook(rows: &[Vec<String>], numbers: &[usize]) -> Vec<u8> {
    workbook_with(rows, numbers, Options::default())
}

/// The bytes of a workbook whose first sheet holds `rows`.
///
/// Plain decimals in the columns `numbers` (counted from 0) become numeric cells. Other texts are shared strings and inline
/// strings by turns. Empty texts make no cell and rows of them no row. The declared dimension is too small, as it is in
/// files that nobody may trust it in. The same rows make the same bytes.
#[must_use]
pub fn workbook_with(rows: &[Vec<String>], numbers: &[usize], options: Options) -> Vec<u8> {
    let names = if options.prefixed { Names::PREFIXED } else { Names::PLAIN };
    let mut strings = Strings::default();
    let first = sheet::worksheet(rows, numbers, options, names, &mut strings);
    let mut archive = Archive::new(options.stored);
    archive.add("[Content_Types].xml", &content_types(options.second_sheet));
    archive.add("_rels/.rels", &relationships(&[("rId1", "officeDocument", "xl/workbook.xml")], options.prefixed));
    archive.add("xl/workbook.xml", &book(names, options.second_sheet));
    if options.second_sheet {
        let note = [vec!["Made by a program".to_owned(), "1.5".to_owned()]];
        archive.add("xl/worksheets/sheet2.xml", &sheet::worksheet(&note, &[1], options, names, &mut strings));
    }
    archive.add("xl/_rels/workbook.xml.rels", &book_relationships(options));
    archive.add("xl/styles.xml", &styles(names));
    archive.add("xl/sharedStrings.xml", &strings.xml(names, options.runs));
    archive.add("xl/worksheets/sheet1.xml", &first);
    archive.finish()
}

/// The first line of every part.
const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n";
const PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006";
const DOCUMENT: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const MAIN_TYPE: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml";

fn content_types(second_sheet: bool) -> String {
    let part = |name: &str, kind: &str| {
        format!("<Override PartName=\"/xl/{name}.xml\" ContentType=\"{MAIN_TYPE}.{kind}+xml\"/>")
    };
    let second = if second_sheet { part("worksheets/sheet2", "worksheet") } else { String::new() };
    format!(
        "{DECLARATION}<Types xmlns=\"{PACKAGE}/content-types\">\
         <Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>\
         <Default Extension=\"xml\" ContentType=\"application/xml\"/>{}{}{}{}{second}</Types>",
        part("workbook", "sheet.main"),
        part("worksheets/sheet1", "worksheet"),
        part("styles", "styles"),
        part("sharedStrings", "sharedStrings"),
    )
}

/// Relationships of (id, kind, target); targets are made absolute by a leading slash.
fn relationships(parts: &[(&str, &str, &str)], absolute: bool) -> String {
    let slash = if absolute { "/" } else { "" };
    let list: String = parts
        .iter()
        .map(|(id, kind, target)| {
            format!("<Relationship Id=\"{id}\" Type=\"{DOCUMENT}/{kind}\" Target=\"{slash}{target}\"/>")
        })
        .collect();
    format!("{DECLARATION}<Relationships xmlns=\"{PACKAGE}/relationships\">{list}</Relationships>")
}

fn book_relationships(options: Options) -> String {
    let mut parts = Vec::new();
    if options.second_sheet {
        parts.push(("rId4", "worksheet", "worksheets/sheet2.xml"));
    }
    parts.extend([
        ("rId1", "worksheet", "worksheets/sheet1.xml"),
        ("rId2", "styles", "styles.xml"),
        ("rId3", "sharedStrings", "sharedStrings.xml"),
    ]);
    let absolute: Vec<_> = parts.iter().map(|(id, kind, target)| (*id, *kind, format!("xl/{target}"))).collect();
    if options.prefixed {
        parts = absolute.iter().map(|(id, kind, target)| (*id, *kind, target.as_str())).collect();
    }
    relationships(&parts, options.prefixed)
}

fn book(names: Names, second_sheet: bool) -> String {
    let Names { prefix, declared } = names;
    let sheet = |name: &str, number: u32, id: &str| {
        format!("<{prefix}sheet name=\"{name}\" sheetId=\"{number}\" r:id=\"{id}\"/>")
    };
    let second = if second_sheet { sheet("Notes", 2, "rId4") } else { String::new() };
    let first = sheet("Report", 1, "rId1");
    format!(
        "{DECLARATION}<{prefix}workbook {declared} xmlns:r=\"{DOCUMENT}\">\
         <{prefix}sheets>{first}{second}</{prefix}sheets></{prefix}workbook>"
    )
}

fn styles(names: Names) -> String {
    let Names { prefix, declared } = names;
    let list = |name: &str, content: &str| {
        let content =
            content.replace('<', &format!("<{prefix}")).replace(&format!("<{prefix}/"), &format!("</{prefix}"));
        format!("<{prefix}{name} count=\"1\">{content}</{prefix}{name}>")
    };
    format!(
        "{DECLARATION}<{prefix}styleSheet {declared}>{}{}{}{}{}</{prefix}styleSheet>",
        list("fonts", "<font><sz val=\"11\"/><name val=\"Calibri\"/></font>"),
        list("fills", "<fill><patternFill patternType=\"none\"/></fill>"),
        list("borders", "<border><left/><right/><top/><bottom/><diagonal/></border>"),
        list("cellStyleXfs", "<xf numFmtId=\"0\" fontId=\"0\" fillId=\"0\" borderId=\"0\"/>"),
        list("cellXfs", "<xf numFmtId=\"0\" fontId=\"0\" fillId=\"0\" borderId=\"0\" xfId=\"0\"/>"),
    )
}

/// A zip archive in memory.
struct Archive {
    writer: ZipWriter<Cursor<Vec<u8>>>,
    options: SimpleFileOptions,
}

impl Archive {
    fn new(stored: bool) -> Self {
        let method = if stored { CompressionMethod::Stored } else { CompressionMethod::Deflated };
        let options = SimpleFileOptions::default().compression_method(method);
        Self { writer: ZipWriter::new(Cursor::new(Vec::new())), options }
    }

    fn add(&mut self, name: &str, text: &str) {
        self.writer.start_file(name, self.options).expect("a new name in a small archive");
        self.writer.write_all(text.as_bytes()).expect("memory takes what it is given");
    }

    fn finish(self) -> Vec<u8> {
        self.writer.finish().expect("memory takes what it is given").into_inner()
    }
}
