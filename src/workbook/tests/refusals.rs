//! What is refused, and how it is said.

use super::*;

/// What a file of these bytes is refused with.
#[track_caller]
fn refused(bytes: Vec<u8>) -> WorkbookError {
    convert_bytes(bytes, &Limits::FORMAT).unwrap_err()
}

fn whole() -> Vec<u8> {
    Book::of(r#"<row r="1"><c t="s"><v>0</v></c></row>"#).strings("<si><t>text</t></si>").bytes()
}

#[test]
fn a_cut_workbook_is_incomplete() {
    let bytes = whole();
    for length in [0, 1, 3, 4, 30, bytes.len() / 2, bytes.len() - 22, bytes.len() - 1] {
        let error = refused(bytes[..length].to_vec());
        assert!(error.is_incomplete() && !error.is_io(), "{length} bytes: {error}");
        assert!(error.to_string().ends_with("fetch it again"), "{error}");
    }
    convert_bytes(bytes, &Limits::FORMAT).unwrap();
}

#[test]
fn what_is_no_workbook_is_told_by_its_start() {
    let ole = [&[0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1][..], &[0; 512]].concat();
    let zip = |name| zipped([(name, "x")].into_iter());
    for (bytes, expected) in [
        (ole, "an encrypted workbook or an old `.xls`"),
        (b"merchantId,amount\n<END>\n".to_vec(), "not a workbook: it begins with `merc`"),
        (b"\xff\xfeP".to_vec(), "not a workbook: it begins with `\\xff\\xfeP`"),
        (zip("readme.txt"), "not a workbook: a zip archive without `_rels/.rels`"),
        (
            zipped([("_rels/.rels", "<Relationships/>")].into_iter()),
            "not a workbook: an archive that names no document",
        ),
    ] {
        let error = refused(bytes);
        assert!(error.to_string().starts_with(expected) && !error.is_incomplete(), "{error}");
    }
}

#[test]
fn damage_is_noticed() {
    // A byte of a packed part: the XML may still be well-formed, but the checksum is another.
    let (bytes, mut noticed) = (whole(), 0);
    let directory = bytes.windows(4).position(|window| window == b"PK\x01\x02").unwrap();
    for at in 0..directory {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x10;
        match convert_bytes(damaged, &Limits::FORMAT) {
            // A date or a name in a part's own header, which the directory repeats and nobody needs.
            Ok((csv, _)) => assert_eq!(csv, "text\n", "byte {at}"),
            Err(error) => {
                assert!(!error.is_io(), "byte {at}: {error}");
                noticed += 1;
            }
        }
    }
    assert!(noticed > directory / 2, "only {noticed} of {directory} were noticed");
}

#[test]
fn nothing_that_a_part_says_is_too_much() {
    let rows = r#"<row r="1"><c r="A1" t="s"><v>0</v></c><c s="1"><v>44858.5</v></c><c t="inlineStr"><is><t>x</t></is></c></row>"#;
    let book = Book::of(rows).strings("<si><r><t>text_x000D_&amp;</t></r></si>").styles(&["0", "yyyy"]);
    let (mut read, mut refused) = (0, 0);
    for part in 0..book.parts.len() {
        for at in 0..book.parts[part].1.len() {
            for character in ["<", "\"", "9", ""] {
                let mut other = Book { parts: book.parts.clone(), ..Book::of("") };
                (other.sheets, other.relations) = (book.sheets.clone(), book.relations.clone());
                other.parts[part].1.replace_range(at..=at, character);
                match other.convert(&Limits::FORMAT) {
                    Ok(_) => read += 1,
                    Err(error) => {
                        assert!(!error.is_io() && !error.is_incomplete(), "{}: {error}", other.parts[part].1);
                        refused += 1;
                    }
                }
            }
        }
    }
    assert!(read > 1_000 && refused > 1_000, "{read} were read, {refused} refused");
}

#[test]
fn parts_say_what_they_are() {
    let unknown = Book::of(r#"<row><c t="s"><v>1</v></c></row>"#).strings("<si><t>0</t></si>");
    let nothing = Book::of(r#"<row><c t="s"><v>0</v></c></row>"#);
    let sheet = |xml: &str| {
        let mut book = Book::of("");
        book.parts[0].1 = xml.to_owned();
        book
    };
    let bomb = r#"<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><worksheet><sheetData><row><c t="str"><v>&b;</v></c></row></sheetData></worksheet>"#;
    let mut unrelated = Book::of("");
    unrelated.relations.clear();
    let mut missing = Book::of("");
    missing.parts.clear();
    let cases = [
        (Book::new(), "no worksheet that is not hidden; expected the report in the first one"),
        (Book::new().sheet("A", "hidden", ""), "no worksheet that is not hidden; expected the report in the first one"),
        (
            unrelated,
            "part `xl/workbook.xml`: found the sheet `Report` without a relationship; expected a part for every sheet",
        ),
        (missing, "part `xl/worksheets/sheet0.xml`: found no such part; expected it, because another part names it"),
        (unknown, "sheet `Report`, cell A1: found the shared string `1`; expected one that exists"),
        (nothing, "sheet `Report`, cell A1: found the shared string `0`; expected no shared string, as there are none"),
        (
            Book::of(r#"<row r="3"><c r="C3" t="x"><v>0</v></c></row>"#),
            "sheet `Report`, cell C3: found a cell of the type `x`; expected b, d, e, inlineStr, n, s or str",
        ),
        (
            Book::of(r#"<row r="3"/><row r="3"/>"#),
            "sheet `Report`, row 4: found the number `3`; expected one above the row before",
        ),
        (Book::of(r#"<row r="0"/>"#), "sheet `Report`, row 1: found the number `0`; expected one above the row before"),
        (
            Book::of(r#"<row r="1"><c r="B1"><v>1</v></c><c r="B1"><v>2</v></c></row>"#),
            "sheet `Report`, row 1: found a cell at `B1`; expected a cell of this row, after the one before",
        ),
        (
            Book::of(r#"<row r="1"><c r="A2"><v>1</v></c></row>"#),
            "sheet `Report`, row 1: found a cell at `A2`; expected a cell of this row, after the one before",
        ),
        (sheet(bomb), "part `xl/worksheets/sheet0.xml`: found a document type; expected none in a part of a workbook"),
        (
            Book::of(r#"<row><c t="str"><v>&amp;&b;</v></c></row>"#),
            "part `xl/worksheets/sheet0.xml`: found the reference `&b;`; expected a character or one of `&amp;`, `&lt;`, \
             `&gt;`, `&quot;`, `&apos;`",
        ),
        (
            sheet("<chartsheet/>"),
            "part `xl/worksheets/sheet0.xml`: found the element `chartsheet`; expected a part of the kind that its \
             relationship says",
        ),
        (
            sheet("<worksheet><x/></worksheet>"),
            "part `xl/worksheets/sheet0.xml`: found no `sheetData`; expected the rows of a sheet",
        ),
        (
            sheet("<worksheet><sheetData><row><c t=\"str\"><v>1</v></c>"),
            "part `xl/worksheets/sheet0.xml`: found the end inside of an element; expected every element closed",
        ),
        (
            sheet("<worksheet><sheetData></worksheet>"),
            "part `xl/worksheets/sheet0.xml`: found ill-formed document: expected `</sheetData>`, but `</worksheet>` was \
             found; expected well-formed XML in UTF-8",
        ),
        (
            Book::of(r#"<row r="1" r="2"/>"#),
            "part `xl/worksheets/sheet0.xml`: found position 10: duplicated attribute, previous declaration at position 4 in \
             the element `row`; expected well-formed XML",
        ),
        (
            Book::of("").part("XL/worksheets/SHEET0.xml", ""),
            "part `the directory of parts`: found XL/worksheets/SHEET0.xml twice; expected every part once",
        ),
    ];
    for (book, expected) in cases {
        assert_eq!(book.refusal(), expected);
    }
}

#[test]
fn nothing_is_read_beyond_its_bound() {
    let rows = r#"<row r="1"><c t="s"><v>0</v></c><c t="s"><v>1</v></c></row><row r="3"><c r="C3"><v>1</v></c></row>"#;
    let book = Book::of(rows).strings("<si><t>text</t></si><si><t>é</t></si>");
    let size = book.bytes().len() as u64;
    let unpacked = zip::ZipArchive::new(Cursor::new(book.bytes())).unwrap().decompressed_size().unwrap();
    let unpacked = u64::try_from(unpacked).unwrap();
    let exact = Limits {
        workbook_bytes: size,
        unpacked_bytes: unpacked,
        entries: 5,
        csv_bytes: 13,
        rows: 3,
        columns: 3,
        cell_chars: 4,
        shared_strings: 2,
        shared_bytes: 6,
        lossy_cells: 0,
        ..Limits::FORMAT
    };
    assert_eq!(book.convert(&exact).unwrap().0, "text,é\n\n,,1\n");
    let sheet = "sheet `Report`: more than";
    let strings = "part `xl/sharedStrings.xml`: more than";
    let cases = [
        (Limits { workbook_bytes: size - 1, ..exact }, format!("the workbook: more than {} bytes", size - 1)),
        (Limits { entries: 4, ..exact }, "the workbook: more than 4 parts".to_owned()),
        (Limits { csv_bytes: 12, ..exact }, "the sheet: more than 12 bytes of CSV".to_owned()),
        (Limits { rows: 2, ..exact }, format!("{sheet} 2 rows")),
        (Limits { columns: 2, ..exact }, format!("{sheet} 2 columns")),
        (Limits { cell_chars: 3, ..exact }, format!("{strings} 3 characters in a cell")),
        (Limits { shared_strings: 1, ..exact }, format!("{strings} 1 shared strings")),
        (Limits { shared_bytes: 5, ..exact }, format!("{strings} 5 bytes of shared strings")),
        (
            Limits { index_bytes: 100, ..exact },
            "part `_rels/.rels`: more than 100 bytes unpacked from a part that describes others".to_owned(),
        ),
        (
            Limits { unpacked_bytes: unpacked - 1, ..exact },
            format!("part `xl/worksheets/sheet0.xml`: more than {} bytes unpacked", unpacked - 1),
        ),
    ];
    for (limits, expected) in cases {
        let error = book.convert(&limits).unwrap_err();
        let expected = format!("{expected}, the most that is read from a workbook");
        assert_eq!((error.to_string(), error.is_incomplete()), (expected, false));
    }
}

#[test]
fn what_names_parts_is_bounded() {
    let exact = Limits { entries: 8, index_bytes: 10_000, ..Limits::FORMAT };
    let (place, end) = ("part `xl/", "the most that is read from a workbook");
    // The same part as many sheets as there are words for.
    let sheets = |count: usize| {
        let mut book = Book::of("");
        book.sheets = r#"<sheet name="A" r:id="s0"/>"#.repeat(count);
        book.convert(&exact)
    };
    sheets(8).unwrap();
    assert_eq!(sheets(9).unwrap_err().to_string(), format!("{place}workbook.xml`: more than 8 sheets, {end}"));
    let related = |count: usize, target: &str| {
        let mut book = Book::of("");
        book.relations += &format!(r#"<Relationship Id="x" Type="x/notes" Target="{target}"/>"#).repeat(count);
        book.convert(&exact)
    };
    related(7, "notes.xml").unwrap();
    let rels = "_rels/workbook.xml.rels`: more than";
    let error = related(8, "notes.xml").unwrap_err().to_string();
    assert_eq!(error, format!("{place}{rels} 8 relationships, {end}"));
    // A folder's name is said once, and is part of every name in it.
    let folder = "f".repeat(1_000);
    let office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let named =
        |kind: &str, target: &str| format!(r#"<Relationship Id="a" Type="{office}/{kind}" Target="{target}"/>"#);
    let parts = [
        ("_rels/.rels".to_owned(), named("officeDocument", &format!("{folder}/b.xml"))),
        (format!("{folder}/_rels/b.xml.rels"), named("notes", "n").repeat(8)),
        (format!("{folder}/b.xml"), String::new()),
    ];
    let parts = parts.map(|(name, xml)| (name, format!("<Relationships>{xml}</Relationships>")));
    let bytes = zipped(parts.iter().map(|(name, xml)| (name.as_str(), xml.as_str())));
    let error = convert_bytes(bytes, &Limits { index_bytes: 5_000, ..exact }).unwrap_err().to_string();
    assert!(error.ends_with(&format!(": more than 5000 bytes in the names of related parts, {end}")), "{error}");
}

#[test]
fn pieces_and_depth_are_bounded() {
    let long = "x".repeat(bounds::MAX_PIECE_BYTES + (70 << 10));
    let deep = |depth: usize| format!("{}{}", "<a>".repeat(depth), "</a>".repeat(depth));
    let place = "part `xl/worksheets/sheet0.xml`: more than";
    for (rows, expected) in [
        (format!("<row><c t=\"str\"><v>{long}</v></c></row>"), "262144 bytes in one piece of XML"),
        (format!("<!--{long}-->"), "262144 bytes in one piece of XML"),
        (format!("<row {long}='1'/>"), "262144 bytes in one piece of XML"),
        (format!("<row><c t=\"str\"><v>{}</v></c></row>", "&lt;".repeat(32_768)), "32767 characters in a cell"),
        (
            format!("<row><c t=\"str\"><v>{}</v></c></row>", format!("{}&lt;", "x".repeat(50_000)).repeat(5)),
            "229369 bytes in the text of a cell",
        ),
        (deep(63), "64 elements inside each other"),
    ] {
        assert_eq!(Book::of(&rows).refusal(), format!("{place} {expected}, the most that is read from a workbook"));
    }
    assert_eq!(Book::of(&deep(62)).csv(), "");
    let longest = format!("<row><c t=\"str\"><v>{}</v></c></row>", "&lt;".repeat(32_767));
    assert_eq!(Book::of(&longest).csv().len(), 32_768);
}

#[test]
fn a_bomb_of_parts_is_not_opened() {
    let names: Vec<String> = (0..30_000).map(|number| format!("{number:0>200}")).collect();
    let error = refused(zipped(names.iter().map(|name| (name.as_str(), ""))));
    assert_eq!(
        error.to_string(),
        "part `the directory of parts`: more than 5242880 bytes in the directory of parts, the most that is read from a workbook"
    );
}

/// A file whose disk fails.
struct Broken;

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
        Err(std::io::Error::other("the disk is gone"))
    }
}

impl Seek for Broken {
    fn seek(&mut self, _: std::io::SeekFrom) -> std::io::Result<u64> {
        Ok(100)
    }
}

/// A disk that is full.
struct Full;

impl Write for Full {
    fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
        Err(std::io::Error::from(std::io::ErrorKind::StorageFull))
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A file that does not keep what is written to it.
enum Forgetful {
    Full,
    Blank,
}

impl Read for Forgetful {
    fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
        Ok(0)
    }
}

impl Write for Forgetful {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        match self {
            Self::Full => Full.write(bytes),
            Self::Blank => Ok(bytes.len()),
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Seek for Forgetful {
    fn seek(&mut self, _: std::io::SeekFrom) -> std::io::Result<u64> {
        Ok(0)
    }
}

#[test]
fn failures_of_reading_and_writing_are_told_from_bad_workbooks() {
    let error = to_csv(Broken, Vec::new(), Cursor::new(Vec::new())).unwrap_err();
    assert!(error.is_io() && error.to_string() == "the workbook cannot be read: the disk is gone", "{error}");
    let error = to_csv(Cursor::new(whole()), Full, Cursor::new(Vec::new())).unwrap_err();
    assert!(error.is_io() && error.to_string().starts_with("the workbook's rows cannot be written: "), "{error}");
    let limits = Limits { held_bytes: 0, ..Limits::FORMAT };
    let book = Book::of(r#"<row><c t="s"><v>1</v></c></row>"#).strings("<si><t>one</t></si><si><t>two</t></si>");
    for (file, expected) in [(Forgetful::Full, "no storage space"), (Forgetful::Blank, "failed to fill whole buffer")] {
        let error = convert(Cursor::new(book.bytes()), Vec::new(), file, &limits).unwrap_err();
        assert!(error.is_io() && error.to_string().ends_with(expected), "{error}");
    }
}
